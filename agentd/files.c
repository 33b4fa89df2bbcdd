// SPDX-License-Identifier: ISC
//
// Careful opening of folders and files. Contract in files.h.
#include "agentd/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES 30
#define LOCK_MS	   10 // between two

int
hs_files_trusted(int fd, const char *what, struct hs_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return hs_fail(err, HS_ERR_IO, "%s: %s", what, strerror(errno));
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return hs_fail(err, HS_ERR_IO, "%s belongs to uid %lu, not to you", what,
		    (unsigned long)st.st_uid);
	if ((st.st_mode & 022) != 0)
		return hs_fail(err, HS_ERR_IO,
		    "%s can be written by others (mode %04o); chmod go-w %s", what,
		    (unsigned)(st.st_mode & 07777), what);
	return HS_OK;
}

int
hs_files_open_dir(const char *path, int *fd, struct hs_err *err)
{
	int d = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc;

	if (d < 0)
		return hs_fail(err, errno == ENOENT ? HS_NO_SUCH : HS_ERR_IO, "%s: %s",
		    path, strerror(errno));
	rc = hs_files_trusted(d, path, err);
	if (rc != HS_OK) {
		close(d);
		return rc;
	}
	*fd = d;
	return HS_OK;
}

int
hs_files_make_dirs(const char *path, struct hs_err *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof part)
		return hs_fail(err, HS_ERR_TOO_LONG, "%s: the path is too long", path);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST && errno != EISDIR)
			return hs_fail(err, HS_ERR_IO, "%s: %s", part, strerror(errno));
	}
	return HS_OK;
}

static int
read_all(int fd, size_t max, struct hs_buf *out)
{
	uint8_t chunk[4096];
	ssize_t n;

	for (;;) {
		n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return HS_ERR_IO;
		if (n == 0)
			return hs_buf_err(out);
		if (out->len + (size_t)n > max)
			return HS_ERR_TOO_LONG;
		hs_put_raw(out, chunk, (size_t)n);
	}
}

int
hs_files_read_at(
    int dir, const char *name, size_t max, struct hs_buf *out, struct hs_err *err)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int rc;

	if (fd < 0)
		return hs_fail(err, errno == ENOENT ? HS_NO_SUCH : HS_ERR_IO, "%s: %s",
		    name, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		rc = hs_fail(err, HS_ERR_IO, "%s is not a regular file", name);
		goto out;
	}
	rc = hs_files_trusted(fd, name, err);
	if (rc != HS_OK)
		goto out;
	rc = read_all(fd, max, out);
	if (rc == HS_ERR_TOO_LONG)
		hs_fail(err, HS_ERR_TOO_LONG, "%s is longer than %zu bytes", name, max);
	else if (rc != HS_OK)
		hs_fail(err, (enum hs_code)rc, "%s could not be read", name);
out:
	close(fd);
	return rc;
}

int
hs_files_lock(int fd)
{
	const struct timespec ms = {.tv_nsec = LOCK_MS * 1000000L};
	int tries = LOCK_TRIES, rc;

	while ((rc = flock(fd, LOCK_EX | LOCK_NB)) != 0 &&
	       (errno == EINTR || (errno == EWOULDBLOCK && --tries > 0)))
		(void)nanosleep(&ms, NULL);
	if (rc == 0)
		return HS_OK;
	return errno == EWOULDBLOCK ? HS_NO_BUSY : HS_ERR_IO;
}
