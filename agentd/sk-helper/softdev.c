// SPDX-License-Identifier: ISC
//
// The software key's transport. Contract in softdev.h.
#include "agentd/sk-helper/softdev.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REPORT	 64
#define WRITE_MS 1000 // a key that takes no report for this long is stuck

// libfido2 hands our open function a path and no argument.
static _Thread_local struct hs_softdev *opening;

int
hs_softdev_connect(struct hs_softdev *s, const char *path, struct hs_err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	int rc;

	*s = (struct hs_softdev){.fd = -1};
	if (path[0] != '/' || len >= sizeof sa.sun_path)
		return hs_fail(err, HS_ERR_USAGE,
		    "%s%s: the path must begin with / and be at most %zu bytes long",
		    HS_SOFTDEV_PREFIX, path, sizeof sa.sun_path - 1);
	memcpy(sa.sun_path, path, len + 1);
	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return hs_fail(err, HS_SK_DEVICE, "socket: %s", strerror(errno));
	if (connect(s->fd, (struct sockaddr *)&sa, sizeof sa) == 0)
		return HS_OK;
	if (errno == ENOENT || errno == ECONNREFUSED)
		rc = hs_fail(err, HS_SK_NO_DEVICE, "no software key answers at %s", path);
	else
		rc = hs_fail(err, HS_SK_DEVICE, "the software key at %s: %s", path,
		    errno == EAGAIN ? "too many programs wait for it" : strerror(errno));
	hs_softdev_close(s);
	return rc;
}

void
hs_softdev_close(struct hs_softdev *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

// The socket is closed by its owner, who may still want to know whether it is gone.
static void *
soft_open(const char *path)
{
	struct hs_softdev *s = opening;

	(void)path;
	opening = NULL;
	return s;
}

static void
soft_close(void *handle)
{
	(void)handle;
}

// 1: ready, 0: not within ms (-1: no limit), -1: not at all.
static int
wait_for(struct hs_softdev *s, short events, int ms)
{
	struct pollfd p = {.fd = s->fd, .events = events};
	int n;

	do
		n = poll(&p, 1, ms);
	while (n < 0 && errno == EINTR); // signals are blocked on these threads
	return n;
}

static int
soft_read(void *handle, unsigned char *buf, size_t len, int ms)
{
	struct hs_softdev *s = handle;
	ssize_t n;

	if (len != REPORT || wait_for(s, POLLIN, ms) != 1)
		return -1;
	n = recv(s->fd, buf, len, MSG_TRUNC); // the whole packet's length
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		s->gone = true;
	return n == REPORT ? REPORT : -1;
}

static int
soft_write(void *handle, const unsigned char *buf, size_t len)
{
	struct hs_softdev *s = handle;
	ssize_t n;

	// the first byte is the number of the report, always 0
	if (len != REPORT + 1 || wait_for(s, POLLOUT, WRITE_MS) != 1)
		return -1;
	n = send(s->fd, buf + 1, REPORT, MSG_NOSIGNAL);
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
		s->gone = true;
	return n == REPORT ? (int)len : -1;
}

int
hs_softdev_attach(struct hs_softdev *s, fido_dev_t *dev)
{
	static const fido_dev_io_t io = {soft_open, soft_close, soft_read, soft_write};

	opening = s;
	return fido_dev_set_io_functions(dev, &io);
}
