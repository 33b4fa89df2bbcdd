// SPDX-License-Identifier: ISC
//
// The audit log's file. Who could write it: only its owner, who can also delete it; so what
// is read back is decoded strictly, and a file that is not as this program left it is not
// written to. Contract in audit_file.h.
#include "agentd/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/files.h"
#include "proto/limits.h"

#define NAME "audit.jsonl"

const struct hs_audit_io hs_audit_real = {writev, fdatasync, ftruncate};

static int
open_locked(struct hs_audit_file *f, int dir, struct hs_err *err)
{
	struct stat st;
	int rc;

	f->fd = openat(dir, NAME,
	    O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
	    0600);
	if (f->fd < 0)
		return hs_fail(err, HS_ERR_IO, NAME ": %s", strerror(errno));
	if (fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return hs_fail(err, HS_ERR_IO, NAME " is not a regular file");
	rc = hs_files_trusted(f->fd, NAME, err);
	if (rc != HS_OK)
		return rc;
	if ((st.st_mode & 077) != 0 && fchmod(f->fd, 0600) != 0)
		return hs_fail(err, HS_ERR_IO, NAME ": %s", strerror(errno));
	if (flock(f->fd, LOCK_EX | LOCK_NB) != 0)
		return hs_fail(err, HS_ERR_IO,
		    errno == EWOULDBLOCK ? "another handseald writes this audit log"
					 : "the audit log cannot be locked");
	// only now: until it was locked, another handseald could still append
	if (fstat(f->fd, &st) != 0)
		return hs_fail(err, HS_ERR_IO, NAME ": %s", strerror(errno));
	f->len = (uint64_t)st.st_size;
	// the name must outlast a crash too
	if (fsync(dir) != 0)
		return hs_fail(err, HS_ERR_IO, NAME "'s folder: %s", strerror(errno));
	return HS_OK;
}

static int
read_at(int fd, uint8_t *p, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t got = pread(fd, p, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return HS_ERR_IO;
		p += got;
		n -= (size_t)got;
		at += (uint64_t)got;
	}
	return HS_OK;
}

// Finds the last whole line in the tail: from is where it begins, to where it ends.
static bool
last_line(const uint8_t *tail, size_t n, bool whole, size_t *from, size_t *to)
{
	const uint8_t *lf = n > 0 ? memrchr(tail, '\n', n) : NULL;
	const uint8_t *before;

	*from = *to = 0;
	if (lf == NULL)
		return whole; // nothing but a torn line, where this is the whole file
	*to = (size_t)(lf - tail) + 1;
	before = memrchr(tail, '\n', *to - 1);
	if (before != NULL)
		*from = (size_t)(before - tail) + 1;
	return before != NULL || whole;
}

static int
read_end(
    struct hs_audit_file *f, struct hs_audit_end *end, uint64_t *keep, struct hs_err *err)
{
	// a line is never longer than a buffer, and neither is a torn one
	size_t n = f->len < 2 * HS_BUF_MAX ? (size_t)f->len : 2 * HS_BUF_MAX;
	uint64_t start = f->len - n;
	uint8_t *tail = malloc(n > 0 ? n : 1);
	uint8_t prev[HS_AUDIT_HASH];
	struct hs_str line;
	size_t from, to;
	int rc = HS_ERR_NOMEM;

	if (tail == NULL)
		goto out;
	rc = read_at(f->fd, tail, n, start);
	if (rc != HS_OK)
		goto out;
	if (!last_line(tail, n, start == 0, &from, &to)) {
		rc = HS_ERR_FORMAT;
		goto out;
	}
	*keep = start + to;
	line = (struct hs_str){tail + from, to - from};
	if (to > 0)
		rc = hs_auditline_parse(line, &end->seq, prev);
	if (rc == HS_OK && to > 0)
		rc = hs_auditline_hash(line, end->head);
out:
	free(tail);
	if (rc == HS_ERR_FORMAT)
		return hs_fail(err, HS_ERR_IO,
		    NAME " does not end with a record; move it away to begin a new one");
	return rc == HS_OK ? HS_OK : hs_fail(err, HS_ERR_IO, NAME " could not be read");
}

int
hs_audit_file_open(struct hs_audit_file *f, const char *dir, const struct hs_audit_io *io,
    struct hs_audit_end *end, uint64_t *torn, struct hs_err *err)
{
	uint64_t keep = 0;
	int d = -1, rc;

	*f = (struct hs_audit_file){.fd = -1, .io = io};
	*end = (struct hs_audit_end){0};
	rc = hs_files_make_dirs(dir, err);
	if (rc == HS_OK)
		rc = hs_files_open_dir(dir, &d, err);
	if (rc == HS_OK)
		rc = open_locked(f, d, err);
	if (rc == HS_OK)
		rc = read_end(f, end, &keep, err);
	if (rc != HS_OK)
		goto out;
	*torn = f->len - keep;
	if (*torn > 0 && (io->truncate(f->fd, (off_t)keep) != 0 || io->sync(f->fd) != 0))
		rc = hs_fail(err, HS_ERR_IO, NAME ": %s", strerror(errno));
	f->len = keep;
out:
	if (d >= 0)
		close(d);
	if (rc != HS_OK)
		hs_audit_file_close(f);
	return rc;
}

static int
write_all(struct hs_audit_file *f, struct iovec *v, size_t n, uint64_t *written)
{
	while (n > 0) {
		ssize_t did = f->io->write(f->fd, v, n < IOV_MAX ? (int)n : IOV_MAX);

		if (did < 0 && errno == EINTR)
			continue;
		if (did <= 0)
			return hs_fail(&f->err, HS_ERR_IO, NAME ": %s",
			    did == 0 ? "nothing could be written" : strerror(errno));
		*written += (uint64_t)did;
		while (n > 0 && (size_t)did >= v->iov_len) {
			did -= (ssize_t)v->iov_len;
			v++;
			n--;
		}
		if (did > 0) {
			v->iov_base = (uint8_t *)v->iov_base + did;
			v->iov_len -= (size_t)did;
		}
	}
	return HS_OK;
}

// Is the file still there, and as it was left?
static int
check(struct hs_audit_file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) != 0)
		return hs_fail(&f->err, HS_ERR_IO, NAME ": %s", strerror(errno));
	if (st.st_nlink == 0)
		return hs_fail(
		    &f->err, HS_ERR_IO, NAME " was deleted; start handseald anew");
	if (f->dirty) {
		if (f->io->truncate(f->fd, (off_t)f->len) != 0)
			return hs_fail(&f->err, HS_ERR_IO, NAME ": %s", strerror(errno));
		f->dirty = false;
	} else if ((uint64_t)st.st_size != f->len) {
		return hs_fail(&f->err, HS_ERR_IO,
		    NAME " was changed by another program; start handseald anew");
	}
	return HS_OK;
}

int
hs_audit_file_append(struct hs_audit_file *f, struct iovec *v, size_t n)
{
	uint64_t written = 0;
	int rc = check(f);

	if (rc != HS_OK)
		return rc;
	rc = write_all(f, v, n, &written);
	if (rc == HS_OK && f->io->sync(f->fd) != 0)
		rc = hs_fail(&f->err, HS_ERR_IO, NAME ": %s", strerror(errno));
	if (rc == HS_OK) {
		f->len += written;
		return HS_OK;
	}
	f->dirty = f->io->truncate(f->fd, (off_t)f->len) != 0;
	return rc;
}

void
hs_audit_file_close(struct hs_audit_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
