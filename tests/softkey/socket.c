// SPDX-License-Identifier: ISC
//
// Listening Unix sockets. Contract in socket.h.
#include "tests/softkey/socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

// Removes a socket that its listener left behind.
static void
remove_stale(const struct sockaddr_un *addr, int type)
{
	struct stat st;
	int fd;

	if (lstat(addr->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)addr, sizeof *addr) != 0 &&
	    errno == ECONNREFUSED)
		unlink(addr->sun_path);
	close(fd);
}

int
hs_socket_listen(const char *path, int type, int *fd, struct hs_err *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	mode_t mask;
	int s = -1, rc;

	if (len == 0 || len >= sizeof addr.sun_path)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "%s: a socket's path has 1 to %zu bytes", path,
		    sizeof addr.sun_path - 1);
	memcpy(addr.sun_path, path, len);
	remove_stale(&addr, type);
	s = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0177);
	rc = s >= 0 ? bind(s, (const struct sockaddr *)&addr, sizeof addr) : -1;
	umask(mask);
	if (rc != 0 || listen(s, BACKLOG) != 0) {
		rc = hs_fail(err, HS_ERR_IO, "%s: %s", path, strerror(errno));
		if (s >= 0)
			close(s);
		return rc;
	}
	*fd = s;
	return HS_OK;
}

int
hs_socket_accept(int fd)
{
	return accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
