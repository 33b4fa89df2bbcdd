// SPDX-License-Identifier: ISC
//
// Files of the daemon's state. Contract in statefile.h.
#include "agentd/statefile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/files.h"
#include "agentd/log.h"

static int
failed(struct hs_err *err, const char *what)
{
	return hs_fail(err, HS_ERR_IO, "%s: %s", what, strerror(errno));
}

int
hs_statefile_dir(const char *dir, const char *name, int *fd, struct hs_err *err)
{
	char path[PATH_MAX];
	int n =
	    snprintf(path, sizeof path, "%s%s%s", dir, name[0] != '\0' ? "/" : "", name);
	int rc;

	if (n < 0 || (size_t)n >= sizeof path)
		return hs_fail(err, HS_ERR_TOO_LONG, "the path under %s is too long", dir);
	rc = hs_files_make_dirs(path, err);
	return rc == HS_OK ? hs_files_open_dir(path, fd, err) : rc;
}

static int
write_all(int fd, struct hs_str s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		s.p += n;
		s.len -= (size_t)n;
	}
	return 0;
}

int
hs_statefile_replace(
    int dir, const char *name, mode_t mode, struct hs_str data, struct hs_err *err)
{
	char temporary[sizeof HS_STATEFILE_TEMPORARY + 32] = HS_STATEFILE_TEMPORARY;
	uint8_t random[16];
	int fd, rc = HS_OK;

	randombytes_buf(random, sizeof random);
	(void)sodium_bin2hex(
	    temporary + strlen(temporary), 2 * sizeof random + 1, random, sizeof random);
	fd = openat(
	    dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed(err, name);
	if (write_all(fd, data) != 0 || fchmod(fd, mode) != 0 || fsync(fd) != 0)
		rc = failed(err, name);
	if (close(fd) != 0 && rc == HS_OK)
		rc = failed(err, name);
	if (rc == HS_OK && (renameat(dir, temporary, dir, name) != 0 || fsync(dir) != 0))
		rc = failed(err, name);
	if (rc != HS_OK)
		(void)unlinkat(dir, temporary, 0);
	return rc;
}

void
hs_statefile_clean(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	if (d == NULL && fd >= 0)
		(void)close(fd);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, HS_STATEFILE_TEMPORARY,
			strlen(HS_STATEFILE_TEMPORARY)) == 0)
			(void)unlinkat(dir, e->d_name, 0);
	if (d != NULL)
		(void)closedir(d);
}

int
hs_statefile_open(
    struct hs_statefile *f, int dir, const char *name, bool *made, struct hs_err *err)
{
	struct stat st;
	int rc;

	*f = (struct hs_statefile){.fd = openat(dir, name,
				       O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW |
					   O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
				       0600)};
	if (f->fd < 0)
		return failed(err, name);
	if (fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode))
		rc = hs_fail(err, HS_ERR_IO, "%s is not a regular file", name);
	else
		rc = hs_files_trusted(f->fd, name, err);
	if (rc == HS_OK && (st.st_mode & 077) != 0 && fchmod(f->fd, 0600) != 0)
		rc = failed(err, name);
	// the name must outlast a crash too
	if (rc == HS_OK && st.st_size == 0 && fsync(dir) != 0)
		rc = failed(err, name);
	if (rc != HS_OK) {
		hs_statefile_close(f);
		return rc;
	}
	f->len = (uint64_t)st.st_size;
	if (made != NULL)
		*made = st.st_size == 0;
	return HS_OK;
}

int
hs_statefile_add(struct hs_statefile *f, struct hs_str data, bool sync, struct hs_err *err)
{
	if (f->fd < 0)
		return hs_fail(err, HS_ERR_IO, "the file is not open");
	if (f->dirty && ftruncate(f->fd, (off_t)f->len) != 0)
		return failed(err, "what was added by half cannot be taken back");
	f->dirty = false;
	if (write_all(f->fd, data) == 0 && (!sync || fdatasync(f->fd) == 0)) {
		f->len += data.len;
		return HS_OK;
	}
	(void)failed(err, "it cannot be written");
	f->dirty = ftruncate(f->fd, (off_t)f->len) != 0;
	return HS_ERR_IO;
}

void
hs_statefile_close(struct hs_statefile *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	*f = (struct hs_statefile){.fd = -1};
}

int
hs_statefile_lines(int fd, size_t max, hs_statefile_line *fn, void *arg, uint64_t *torn)
{
	uint8_t chunk[65536];
	size_t have = 0, used;
	unsigned number = 0;
	off_t at = 0;
	int rc = HS_OK;

	if (max > sizeof chunk)
		return HS_ERR_INTERNAL;
	*torn = 0;
	while (rc == HS_OK) {
		ssize_t n = pread(fd, chunk + have, sizeof chunk - have, at);
		const uint8_t *lf;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return HS_ERR_IO;
		at += n;
		have += (size_t)n;
		for (used = 0; rc == HS_OK && used < have &&
			       (lf = memchr(chunk + used, '\n', have - used)) != NULL;
		     used = (size_t)(lf - chunk) + 1)
			rc = fn(arg,
			    (struct hs_str){chunk + used, (size_t)(lf - chunk) - used},
			    ++number);
		memmove(chunk, chunk + used, have - used);
		have -= used;
		*torn = have;
		if (rc == HS_OK && have >= max)
			rc = HS_ERR_TOO_LONG;
		if (n == 0)
			break;
	}
	return rc;
}
