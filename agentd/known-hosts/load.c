// SPDX-License-Identifier: ISC
//
// Careful reading of one file. Contract in load.h.
#include "agentd/known-hosts/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Before a byte is read: whose words would these be?
static int
check(int fd, struct hs_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return hs_fail(err, HS_ERR_IO, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return hs_fail(err, HS_ERR_IO, "it is not a regular file, and not used");
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return hs_fail(err, HS_ERR_IO,
		    "it belongs to uid %lu, neither to you nor to root, and is not used",
		    (unsigned long)st.st_uid);
	if ((st.st_mode & 022) != 0)
		return hs_fail(err, HS_ERR_IO,
		    "others can write it (mode %04o), so it is not used; chmod go-w",
		    (unsigned)(st.st_mode & 07777));
	if (st.st_size > (off_t)HS_LOAD_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "it is longer than %u bytes, and not used", HS_LOAD_MAX);
	return HS_OK;
}

// It may grow or shrink meanwhile: one byte of room more tells.
static int
read_all(int fd, uint8_t *text, size_t *len, struct hs_err *err)
{
	size_t done = 0;
	ssize_t n = 1;

	while (n != 0 && done <= HS_LOAD_MAX) {
		n = read(fd, text + done, HS_LOAD_MAX + 1 - done);
		if (n < 0 && errno != EINTR)
			return hs_fail(err, HS_ERR_IO, "%s", strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	if (done > HS_LOAD_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "it is longer than %u bytes, and not used", HS_LOAD_MAX);
	*len = done;
	return HS_OK;
}

int
hs_load_file(const char *path, uint8_t **text, size_t *len, struct hs_err *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	uint8_t *p = NULL;
	int rc;

	*text = NULL;
	*len = 0;
	if (fd < 0)
		return hs_fail(
		    err, errno == ENOENT ? HS_NO_SUCH : HS_ERR_IO, "%s", strerror(errno));
	rc = check(fd, err);
	if (rc == HS_OK) {
		p = malloc(HS_LOAD_MAX + 1);
		rc = p != NULL ? read_all(fd, p, len, err) : HS_ERR_NOMEM;
	}
	if (rc == HS_OK) {
		*text = p;
		p = NULL;
	}
	free(p);
	(void)close(fd);
	return rc;
}
