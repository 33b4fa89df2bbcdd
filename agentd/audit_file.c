// SPDX-License-Identifier: ISC
//
// Appending to the audit log's file, and going on in a new one where that is finished or
// cannot be trusted any more. Who else could write it: only its owner, who can also delete
// it. Contract in audit_file.h.
#include "agentd/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "proto/text.h"

#define AHEAD	   (1u << 20)
#define ASIDES_MAX 100 // files that one seq can be set aside in

static ssize_t
real_write(int fd, const struct iovec *v, int n, off_t at)
{
	return pwritev(fd, v, n, at);
}

static int
real_open(int dir, const char *name, int flags, mode_t mode)
{
	return openat(dir, name, flags, mode);
}

static int
real_rename(int dir, const char *from, const char *to)
{
	struct stat st;

	if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	// a file system that cannot promise it: nobody else makes files of these names
	if (fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(dir, from, dir, to);
}

static int
real_unlink(int dir, const char *name)
{
	return unlinkat(dir, name, 0);
}

const struct hs_audit_io hs_audit_real = {
    real_write, fdatasync, ftruncate, real_open, real_rename, real_unlink, fsync};

void
hs_audit_file_name(char out[static HS_AUDIT_NAME_MAX], const char *kind, uint64_t seq)
{
	bool finished = kind[0] == '\0';

	(void)snprintf(out, HS_AUDIT_NAME_MAX, "audit.%s%s%020" PRIu64 "%s", kind,
	    finished ? "" : ".", seq, finished ? ".jsonl" : "");
}

uint64_t
hs_audit_file_seq(const char *name)
{
	char again[HS_AUDIT_NAME_MAX];
	struct hs_str digits = {(const uint8_t *)name + 6, 20};
	uint64_t seq;

	if (strlen(name) != 6 + 20 + 6)
		return 0;
	while (digits.len > 1 && digits.p[0] == '0') {
		digits.p++;
		digits.len--;
	}
	if (hs_text_u64(digits, UINT64_MAX, &seq) != HS_OK)
		return 0;
	hs_audit_file_name(again, "", seq);
	return strcmp(again, name) == 0 ? seq : 0;
}

static int
failed(struct hs_audit_file *f)
{
	return hs_fail(&f->err, HS_ERR_IO, HS_AUDIT_NAME ": %s", strerror(errno));
}

int
hs_audit_file_sync(struct hs_audit_file *f, int fd)
{
	int rc;

	do
		rc = f->io->sync(fd);
	while (rc != 0 && errno == EINTR);
	return rc == 0 ? HS_OK : failed(f);
}

static int
cut(struct hs_audit_file *f, uint64_t len)
{
	int rc;

	do
		rc = f->io->truncate(f->fd, (off_t)len);
	while (rc != 0 && errno == EINTR);
	if (rc != 0)
		return failed(f);
	f->end = len;
	return HS_OK;
}

// ---- writing

static int
write_all(
    const struct hs_audit_file *f, int fd, const struct iovec *v, size_t n, uint64_t at)
{
	size_t done = 0; // of the first

	while (n > 0) {
		struct iovec rest = {(uint8_t *)v->iov_base + done, v->iov_len - done};
		int many = n < IOV_MAX ? (int)n : IOV_MAX;
		ssize_t did = done > 0 ? f->io->write(fd, &rest, 1, (off_t)at)
				       : f->io->write(fd, v, many, (off_t)at);

		if (did < 0 && errno == EINTR)
			continue;
		if (did == 0)
			errno = EIO;
		if (did <= 0)
			return HS_ERR_IO;
		at += (uint64_t)did;
		done += (size_t)did;
		while (n > 0 && done >= v->iov_len) {
			done -= v->iov_len;
			v++;
			n--;
		}
	}
	return HS_OK;
}

// NULs behind what there will be, so that no sync of what is written over them has to
// record a new length. Where there is no room for them, it goes without.
static int
make_ahead(struct hs_audit_file *f, uint64_t need)
{
	static uint8_t nuls[65536];
	uint64_t to = need + AHEAD;
	int rc = HS_OK;

	while (f->end < to && rc == HS_OK) {
		size_t n = to - f->end < sizeof nuls ? (size_t)(to - f->end) : sizeof nuls;
		struct iovec v = {nuls, n};

		rc = write_all(f, f->fd, &v, 1, f->end);
		if (rc == HS_OK)
			f->end += n;
	}
	return rc == HS_OK ? HS_OK : cut(f, f->len);
}

static int
write_group(struct hs_audit_file *f, const struct hs_audit_group *g)
{
	int rc = HS_OK;

	if (g->ahead && f->len + g->bytes > f->end) {
		f->dirty = true;
		rc = make_ahead(f, f->len + g->bytes);
		f->dirty = rc != HS_OK;
	}
	if (rc != HS_OK)
		return rc;
	f->dirty = true; // until it is known to be whole
	if (write_all(f, f->fd, g->v, g->n, f->len) != HS_OK)
		rc = failed(f);
	if (f->end < f->len + g->bytes)
		f->end = f->len + g->bytes;
	if (rc != HS_OK)
		return rc;
	rc = hs_audit_file_sync(f, f->fd);
	if (rc != HS_OK) { // and no later sync of this file would mean anything
		f->over = true;
		(void)snprintf(f->broke, sizeof f->broke,
		    "the file before could not be synced: %s", strerror(errno));
	}
	return rc;
}

// ---- a file that is not as it was left

static int
broken(struct hs_audit_file *f, const char *what)
{
	f->over = true;
	(void)snprintf(
	    f->broke, sizeof f->broke, "the file before %s by another program", what);
	return hs_fail(&f->err, HS_ERR_IO, HS_AUDIT_NAME " %s by another program", what);
}

static bool
is_ours(const struct hs_audit_file *f, const struct stat *st)
{
	struct stat there;

	return fstatat(f->dir, HS_AUDIT_NAME, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       there.st_ino == st->st_ino && there.st_dev == st->st_dev;
}

static int
check(struct hs_audit_file *f)
{
	struct stat st;
	int rc;

	if (fstat(f->fd, &st) != 0)
		return failed(f);
	if (st.st_nlink == 0)
		return broken(f, "was deleted");
	if (!is_ours(f, &st))
		return broken(f, "was moved away");
	if (f->dirty) {
		rc = cut(f, f->len);
		f->dirty = rc != HS_OK;
		return rc;
	}
	if ((uint64_t)st.st_size < f->len)
		return broken(f, "was cut off");
	if ((uint64_t)st.st_size > f->end)
		return broken(f, "was written to");
	f->end = (uint64_t)st.st_size;
	return HS_OK;
}

// ---- going on in a new file

int
hs_audit_file_aside(struct hs_audit_file *f, const char *name, uint64_t from, uint64_t to)
{
	uint8_t mem[65536];
	uint64_t at = 0;
	ssize_t n = 1;
	int rc = HS_OK, fd = f->io->open(f->dir, name,
			    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return failed(f);
	while (rc == HS_OK && from < to) {
		size_t want = to - from < sizeof mem ? (size_t)(to - from) : sizeof mem;
		struct iovec v = {mem, 0};

		n = pread(f->fd, mem, want, (off_t)from);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		v.iov_len = (size_t)n;
		if (write_all(f, fd, &v, 1, at) != HS_OK)
			rc = failed(f);
		from += (uint64_t)n;
		at += (uint64_t)n;
	}
	if (rc == HS_OK && n < 0)
		rc = failed(f);
	if (rc == HS_OK)
		rc = hs_audit_file_sync(f, fd);
	close(fd);
	if (rc == HS_OK && f->io->sync_dir(f->dir) != 0)
		rc = failed(f);
	return rc;
}

// Another's file has our name. It keeps its bytes under another.
static int
make_way(struct hs_audit_file *f, uint64_t seq)
{
	char name[HS_AUDIT_NAME_MAX], numbered[HS_AUDIT_NAME_MAX + 8];
	struct stat st;

	if (fstatat(f->dir, HS_AUDIT_NAME, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? HS_OK : failed(f);
	hs_audit_file_name(name, "odd", seq);
	for (int i = 0; i < ASIDES_MAX; i++) {
		(void)snprintf(numbered, sizeof numbered, i > 0 ? "%s.%d" : "%s", name, i);
		if (f->io->rename(f->dir, HS_AUDIT_NAME, numbered) == 0)
			return HS_OK;
		if (errno != EEXIST)
			break;
	}
	return failed(f);
}

// What is not ours is set aside, what may be half is cut off.
static int
finish(struct hs_audit_file *f, const struct stat *st, uint64_t seq)
{
	char name[HS_AUDIT_NAME_MAX];
	uint64_t size = (uint64_t)st->st_size;
	int rc = HS_OK;

	if (!f->dirty && size > f->end) {
		hs_audit_file_name(name, "odd", seq);
		rc = hs_audit_file_aside(f, name, f->end, size);
	}
	if (rc == HS_OK && size > f->len)
		rc = cut(f, f->len);
	if (rc != HS_OK)
		return rc;
	f->dirty = false;
	(void)f->io->sync(f->fd); // its length; what counts was synced before
	if (f->first == 0)
		return f->io->unlink(f->dir, HS_AUDIT_NAME) == 0 ? HS_OK : failed(f);
	hs_audit_file_name(name, "", f->first);
	return f->io->rename(f->dir, HS_AUDIT_NAME, name) == 0 ? HS_OK : failed(f);
}

static int
begin_next(struct hs_audit_file *f, uint64_t seq)
{
	struct stat st;
	int rc = HS_OK;

	if (f->fd >= 0 && fstat(f->fd, &st) != 0)
		return failed(f);
	if (f->fd >= 0 && st.st_nlink > 0 && is_ours(f, &st))
		rc = finish(f, &st, seq);
	if (rc != HS_OK)
		return rc;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	rc = make_way(f, seq);
	if (rc != HS_OK)
		return rc;
	f->fd = f->io->open(f->dir, HS_AUDIT_NAME,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->fd < 0)
		return failed(f);
	f->first = f->len = f->end = 0;
	f->dirty = false;
	if (f->io->sync_dir(f->dir) != 0)
		return failed(f); // over still: it is made anew
	f->over = false;
	return HS_OK;
}

int
hs_audit_file_append(struct hs_audit_file *f, const struct hs_audit_group *g)
{
	int rc = f->over ? begin_next(f, g->first) : check(f);

	if (rc == HS_OK) {
		rc = write_group(f, g);
		if (rc != HS_OK && f->over && begin_next(f, g->first) == HS_OK)
			rc = write_group(f, g); // it was not synced: once more, elsewhere
	}
	if (rc != HS_OK) {
		if (f->fd >= 0 && f->dirty)
			f->dirty = cut(f, f->len) != HS_OK;
		return rc;
	}
	f->dirty = false;
	f->len += g->bytes;
	if (f->first == 0) {
		f->first = g->first;
		f->first_time = g->time;
	}
	f->over = g->last;
	return HS_OK;
}

void
hs_audit_file_settle(struct hs_audit_file *f)
{
	struct stat st;

	if (f->fd >= 0 && !f->dirty && !f->over && f->end > f->len &&
	    fstat(f->fd, &st) == 0 && (uint64_t)st.st_size == f->end)
		(void)cut(f, f->len);
}

void
hs_audit_file_close(struct hs_audit_file *f)
{
	hs_audit_file_settle(f);
	if (f->fd >= 0)
		close(f->fd);
	if (f->dir >= 0)
		close(f->dir);
	if (f->lock >= 0)
		close(f->lock);
	f->fd = f->dir = f->lock = -1;
}
