// SPDX-License-Identifier: ISC
//
// Socket activation without libsystemd. Contract in adopt.h.
#include "agentd/adopt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "proto/text.h"

bool
hs_adopt_offered(void)
{
	const char *pid = getenv("LISTEN_PID");
	uint64_t n;

	return pid != NULL && hs_text_u64(hs_str_c(pid), INT_MAX, &n) == HS_OK &&
	       (pid_t)n == getpid();
}

static bool
int_option(int fd, int option, int want)
{
	int v = 0;
	socklen_t len = sizeof v;

	return getsockopt(fd, SOL_SOCKET, option, &v, &len) == 0 && v == want;
}

static int
check_socket(int fd, char *path, size_t size, struct hs_err *err)
{
	struct sockaddr_un sun = {0};
	socklen_t len = sizeof sun;
	size_t n;

	if (!int_option(fd, SO_DOMAIN, AF_UNIX) || !int_option(fd, SO_TYPE, SOCK_STREAM) ||
	    !int_option(fd, SO_ACCEPTCONN, 1))
		return hs_fail(err, HS_ERR_IO,
		    "LISTEN_FDS: descriptor 3 is not a listening Unix stream socket");
	if (getsockname(fd, (struct sockaddr *)&sun, &len) != 0 ||
	    len <= offsetof(struct sockaddr_un, sun_path) || sun.sun_path[0] != '/')
		return hs_fail(err, HS_ERR_IO, "LISTEN_FDS: the socket has no path");
	n = strnlen(sun.sun_path, sizeof sun.sun_path);
	if (n >= size)
		return hs_fail(err, HS_ERR_TOO_LONG, "LISTEN_FDS: the path is too long");
	memcpy(path, sun.sun_path, n);
	path[n] = '\0';
	return HS_OK;
}

int
hs_adopt(int *fd, char *path, size_t size, bool *adopted, struct hs_err *err)
{
	const char *fds = getenv("LISTEN_FDS");
	bool one = fds != NULL && strcmp(fds, "1") == 0, ours = hs_adopt_offered();
	int flags, rc;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	*adopted = false;
	if (!ours)
		return HS_OK;
	if (!one)
		return hs_fail(
		    err, HS_ERR_IO, "LISTEN_FDS must be 1: one socket is served");
	rc = check_socket(HS_ADOPT_FD, path, size, err);
	if (rc != HS_OK)
		return rc;
	flags = fcntl(HS_ADOPT_FD, F_GETFL);
	if (flags < 0 || fcntl(HS_ADOPT_FD, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(HS_ADOPT_FD, F_SETFD, FD_CLOEXEC) != 0)
		return hs_fail(err, HS_ERR_IO, "LISTEN_FDS: %s", strerror(errno));
	*fd = HS_ADOPT_FD;
	*adopted = true;
	return HS_OK;
}
