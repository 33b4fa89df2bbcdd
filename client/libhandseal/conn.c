// SPDX-License-Identifier: ISC
//
// The connection to an agent: a Unix socket, one frame and one reply at a time. What comes
// back is bounded in size here and decoded by proto/agent.h. Contract in conn.h.
#include "client/libhandseal/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

_Static_assert(HS_CONN_PATH_MAX == sizeof(((struct sockaddr_un *)NULL)->sun_path),
    "the path of a Unix socket");

int
hs_conn_path(char out[static HS_CONN_PATH_MAX], struct hs_err *err)
{
	const char *path = getenv("HANDSEAL_SOCK"), *dir = getenv("XDG_RUNTIME_DIR");
	int n;

	if (path != NULL && path[0] != '\0')
		n = snprintf(out, HS_CONN_PATH_MAX, "%s", path);
	else if (dir != NULL && dir[0] == '/')
		n = snprintf(out, HS_CONN_PATH_MAX, "%s/handseal/agent.sock", dir);
	else
		return hs_fail(err, HS_NO_SUCH, "HANDSEAL_SOCK is not set");
	if (n < 0 || n >= HS_CONN_PATH_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "the socket's path has %d bytes, and 107 is the most", n);
	return HS_OK;
}

static enum hs_code
connect_code(int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
	case ENOTDIR:
	case ENOTSOCK:
		return HS_NO_SUCH;
	case EAGAIN: // of a Unix socket: its queue is full
		return HS_NO_BUSY;
	default:
		return HS_ERR_IO;
	}
}

int
hs_conn_open(struct hs_conn *c, const char *path, struct hs_err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	int rc;

	*c = (struct hs_conn){.fd = -1, .passed = -1};
	if (len >= sizeof sa.sun_path)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "the socket's path has %zu bytes, and 107 is the most", len);
	memcpy(sa.sun_path, path, len + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return hs_fail(err, HS_ERR_IO, "cannot make a socket: %s", strerror(errno));
	do
		rc = connect(c->fd, (const struct sockaddr *)&sa, sizeof sa);
	while (rc != 0 && errno == EINTR);
	if (rc != 0)
		return hs_fail(err, connect_code(errno), "cannot connect to %s: %s", path,
		    strerror(errno));
	return HS_OK;
}

int
hs_conn_look_at_peer(struct hs_conn *c, const char *path, struct hs_err *err)
{
	const char *seat = getenv("HANDSEAL_SEAT");
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return hs_fail(err, HS_ERR_IO, "cannot tell who listens at %s: %s", path,
		    strerror(errno));
	c->foreign = peer.uid != geteuid();
	if (c->foreign && (seat == NULL || seat[0] == '\0'))
		return hs_fail(err, HS_NO_PEER,
		    "%s is served by uid %u, and this is uid %u", path, (unsigned)peer.uid,
		    (unsigned)geteuid());
	return HS_OK;
}

void
hs_conn_close(struct hs_conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	hs_buf_free(&c->in);
	hs_buf_free(&c->out);
}

int64_t
hs_conn_clock(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0)
		return INT64_MAX;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
hs_conn_begin(struct hs_conn *c, int fd, struct hs_err *err)
{
	if (hs_buf_err(&c->out) != HS_OK || c->out.len > HS_FRAME_MAX + 4u)
		return hs_fail(err, HS_ERR_TOO_LONG, "the request is too long to be sent");
	hs_buf_reset(&c->in);
	c->sent = 0;
	c->passed = fd;
	return HS_OK;
}

short
hs_conn_wants(const struct hs_conn *c)
{
	return c->sent < c->out.len ? POLLOUT : POLLIN;
}

// As send(); the descriptor, unless it is -1, goes with the first byte.
static ssize_t
send_with(int sock, const uint8_t *p, size_t len, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)p, .iov_len = len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (fd >= 0) {
		m.msg_control = control.room;
		m.msg_controllen = sizeof control.room;
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	return sendmsg(sock, &m, MSG_NOSIGNAL);
}

// HS_ERR_SHORT where there is no room now.
static int
send_some(struct hs_conn *c, struct hs_err *err)
{
	while (c->sent < c->out.len) {
		ssize_t n = send_with(c->fd, c->out.p + c->sent, c->out.len - c->sent,
		    c->sent == 0 ? c->passed : -1);

		if (n >= 0)
			c->sent += (size_t)n;
		else if (errno == EAGAIN)
			return HS_ERR_SHORT;
		else if (errno != EINTR)
			return hs_fail(
			    err, HS_ERR_IO, "the other end closed the connection");
	}
	return HS_OK;
}

// More bytes at the end of c->in; HS_ERR_SHORT where none have come.
static int
receive(struct hs_conn *c, struct hs_err *err)
{
	uint8_t chunk[16384];
	ssize_t n;

	do
		n = recv(c->fd, chunk, sizeof chunk, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return HS_ERR_SHORT;
	if (n <= 0)
		return hs_fail(err, HS_ERR_IO, "the other end closed the connection %s",
		    c->in.len > 0 ? "in the middle of its answer" : "and did not answer");
	hs_put_raw(&c->in, chunk, (size_t)n);
	explicit_bzero(chunk, (size_t)n);
	return hs_buf_err(&c->in) == HS_OK ? HS_OK
					   : hs_fail(err, HS_ERR_NOMEM, "out of memory");
}

int
hs_conn_step(struct hs_conn *c, struct hs_str *body, struct hs_err *err)
{
	size_t used = 0;
	int rc = send_some(c, err);

	if (rc != HS_OK)
		return rc;
	while ((rc = hs_agent_frame(hs_buf_str(&c->in), body, &used)) == HS_ERR_SHORT) {
		rc = receive(c, err);
		if (rc != HS_OK)
			return rc;
	}
	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "the answer is no frame: %s",
		    hs_code_sentence((enum hs_code)rc));
	if (used != c->in.len)
		return hs_fail(err, HS_ERR_TRAILING, "the answer has bytes left over");
	return HS_OK;
}

int
hs_conn_exchange(
    struct hs_conn *c, unsigned seconds, struct hs_str *body, struct hs_err *err)
{
	int64_t end = hs_conn_clock() + (int64_t)seconds * 1000, left;
	int rc = hs_conn_begin(c, -1, err);

	while (rc == HS_OK && (rc = hs_conn_step(c, body, err)) == HS_ERR_SHORT) {
		struct pollfd p = {.fd = c->fd, .events = hs_conn_wants(c)};

		left = end - hs_conn_clock();
		if (left <= 0)
			return hs_fail(err, HS_ERR_IO, "there was no answer in time");
		if (poll(&p, 1, left > 1000 ? 1000 : (int)left) < 0 && errno != EINTR)
			return hs_fail(err, HS_ERR_IO, "cannot wait: %s", strerror(errno));
		rc = HS_OK;
	}
	return rc;
}
