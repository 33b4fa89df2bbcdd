// SPDX-License-Identifier: ISC
//
// Opening the audit log. What is found there only its owner could have written; it is read
// strictly all the same, and what is not as this program leaves it is not written to.
// Contract in audit_file.h.
#include "agentd/audit_file.h"

#define OPENSSL_SUPPRESS_DEPRECATED // EVP loads what the daemon has no other use for
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/files.h"

#define NAME HS_AUDIT_NAME

static int
open_own(const struct hs_audit_file *f, const char *name, int *fd, struct hs_err *err)
{
	struct stat st;
	int rc;

	*fd = f->io->open(f->dir, name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);
	if (*fd < 0)
		return hs_fail(err, HS_ERR_IO, "%s: %s", name, strerror(errno));
	if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode))
		return hs_fail(err, HS_ERR_IO, "%s is not a regular file", name);
	rc = hs_files_trusted(*fd, name, err);
	if (rc != HS_OK)
		return rc;
	if ((st.st_mode & 077) != 0 && fchmod(*fd, 0600) != 0)
		return hs_fail(err, HS_ERR_IO, "%s: %s", name, strerror(errno));
	return HS_OK;
}

// One log, one daemon. Only then is anything read: until it was locked, another handseald
// could still append.
static int
open_locked(struct hs_audit_file *f, struct hs_err *err)
{
	struct stat st;
	int rc = open_own(f, HS_AUDIT_LOCK, &f->lock, err);

	if (rc == HS_OK && (rc = hs_files_lock(f->lock)) != HS_OK)
		rc = hs_fail(err, HS_ERR_IO,
		    rc == HS_NO_BUSY ? "another handseald writes this audit log"
				     : "the audit log cannot be locked");
	if (rc == HS_OK)
		rc = open_own(f, NAME, &f->fd, err);
	if (rc != HS_OK)
		return rc;
	if (fstat(f->fd, &st) != 0)
		return hs_fail(err, HS_ERR_IO, NAME ": %s", strerror(errno));
	f->end = (uint64_t)st.st_size;
	// the name must outlast a crash too
	if (f->io->sync_dir(f->dir) != 0)
		return hs_fail(err, HS_ERR_IO, NAME "'s folder: %s", strerror(errno));
	return HS_OK;
}

static int
told(int rc, const char *name, struct hs_err *err)
{
	if (rc == HS_ERR_FORMAT)
		return hs_fail(err, HS_ERR_IO,
		    "%s does not end with a record; move it away to begin a new one", name);
	return rc == HS_OK ? HS_OK : hs_fail(err, HS_ERR_IO, "%s could not be read", name);
}

// The current file has no record: the chain goes on from the newest that is finished.
static int
read_finished(struct hs_audit_file *f, struct hs_audit_end *end, struct hs_err *err)
{
	char name[HS_AUDIT_NAME_MAX] = "";
	struct hs_audit_tail tail = {0};
	uint64_t newest = 0;
	struct dirent *e;
	struct stat st;
	DIR *d = NULL;
	int rc = HS_OK, fd = openat(f->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || (d = fdopendir(fd)) == NULL) {
		if (fd >= 0)
			close(fd);
		return hs_fail(err, HS_ERR_IO, NAME "'s folder: %s", strerror(errno));
	}
	while ((e = readdir(d)) != NULL)
		if (hs_audit_file_seq(e->d_name) > newest)
			newest = hs_audit_file_seq(e->d_name);
	closedir(d);
	if (newest == 0)
		return HS_OK;
	hs_audit_file_name(name, "", newest);
	fd = openat(f->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		rc = HS_ERR_IO;
	if (rc == HS_OK)
		rc = hs_audit_tail_read(fd, (uint64_t)st.st_size, &tail);
	if (rc == HS_OK && tail.end.seq == 0)
		rc = HS_ERR_FORMAT;
	if (fd >= 0)
		close(fd);
	*end = tail.end;
	return told(rc, name, err);
}

static int
hash_aside(const struct hs_audit_file *f, const char *name, struct hs_audit_torn *torn)
{
	uint8_t mem[65536];
	SHA256_CTX ctx;
	int fd = openat(f->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int rc = SHA256_Init(&ctx) == 1 ? HS_OK : HS_ERR_CRYPTO;
	ssize_t n = 1;

	*torn = (struct hs_audit_torn){0};
	if (fd < 0)
		return errno == ENOENT ? HS_OK : HS_ERR_IO;
	while (rc == HS_OK && n != 0) {
		n = read(fd, mem, sizeof mem);
		if (n < 0 && errno != EINTR)
			rc = HS_ERR_IO;
		if (n <= 0)
			continue;
		torn->bytes += (uint64_t)n;
		if (SHA256_Update(&ctx, mem, (size_t)n) != 1)
			rc = HS_ERR_CRYPTO;
	}
	if (rc == HS_OK && SHA256_Final(torn->sha256, &ctx) != 1)
		rc = HS_ERR_CRYPTO;
	close(fd);
	return rc;
}

// What was torn is set aside under the number of the next record, and then cut off. Where a
// crash came between that and the record, it is found by its name.
static int
set_torn_aside(struct hs_audit_file *f, const struct hs_audit_tail *tail,
    const struct hs_audit_end *end, struct hs_audit_torn *torn, struct hs_err *err)
{
	char name[HS_AUDIT_NAME_MAX];
	int rc = HS_OK;

	hs_audit_file_name(name, "torn", end->seq + 1);
	if (tail->data > tail->keep)
		rc = hs_audit_file_aside(f, name, tail->keep, tail->data);
	if (rc == HS_OK && f->end > tail->keep &&
	    (f->io->truncate(f->fd, (off_t)tail->keep) != 0 || f->io->sync(f->fd) != 0))
		rc = hs_fail(&f->err, HS_ERR_IO, NAME ": %s", strerror(errno));
	if (rc != HS_OK)
		return hs_fail(err, HS_ERR_IO, "%s", hs_err_sentence(&f->err));
	f->len = f->end = tail->keep;
	return told(hash_aside(f, name, torn), name, err);
}

int
hs_audit_file_open(struct hs_audit_file *f, const char *dir, const struct hs_audit_io *io,
    struct hs_audit_end *end, struct hs_audit_torn *torn, struct hs_err *err)
{
	struct hs_audit_tail tail = {0};
	int rc;

	*f = (struct hs_audit_file){
	    .fd = -1, .dir = -1, .lock = -1, .dirty = true, .io = io};
	*end = (struct hs_audit_end){0};
	rc = hs_files_make_dirs(dir, err);
	if (rc == HS_OK)
		rc = hs_files_open_dir(dir, &f->dir, err);
	if (rc == HS_OK)
		rc = open_locked(f, err);
	if (rc == HS_OK)
		rc = told(hs_audit_tail_read(f->fd, f->end, &tail), NAME, err);
	if (rc == HS_OK && tail.end.seq == 0)
		rc = read_finished(f, end, err);
	else
		*end = tail.end;
	if (rc == HS_OK)
		rc = set_torn_aside(f, &tail, end, torn, err);
	if (rc == HS_OK && tail.end.seq > 0)
		rc = told(hs_audit_tail_first(f->fd, &f->first, &f->first_time), NAME, err);
	f->over = tail.rotated; // a crash came before the new file
	f->dirty = rc != HS_OK; // what is not known to be ours is not cut
	if (rc != HS_OK)
		hs_audit_file_close(f);
	return rc;
}
