// SPDX-License-Identifier: ISC
//
// The connection to the daemon: a Unix socket, one request and one reply at a time. What
// comes back is bounded in size and time here and decoded by proto/agent.h. Contract in
// conn.h.
#include "client/libhandseal/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
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

static int
connect_to(struct hs_conn *c, const char *path, struct hs_err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = HS_CONN_SECONDS};
	size_t len = strlen(path);

	*c = (struct hs_conn){.fd = -1};
	if (len >= sizeof sa.sun_path)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "the socket's path has %zu bytes, and 107 is the most", len);
	memcpy(sa.sun_path, path, len + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return hs_fail(err, HS_ERR_IO, "cannot make a socket: %s", strerror(errno));
	// bounds connect() too, should the other end's queue be full
	if (setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0)
		return hs_fail(
		    err, HS_ERR_IO, "cannot set a time limit: %s", strerror(errno));
	if (connect(c->fd, (const struct sockaddr *)&sa, sizeof sa) != 0) {
		enum hs_code code = errno == ENOENT || errno == ECONNREFUSED ||
					    errno == ENOTDIR || errno == ENOTSOCK
					? HS_NO_SUCH
					: HS_ERR_IO;

		return hs_fail(
		    err, code, "cannot connect to %s: %s", path, strerror(errno));
	}
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0)
		return hs_fail(
		    err, HS_ERR_IO, "cannot set up the socket: %s", strerror(errno));
	return HS_OK;
}

int
hs_conn_open_path(struct hs_conn *c, const char *path, struct hs_err *err)
{
	return connect_to(c, path, err);
}

int
hs_conn_open(struct hs_conn *c, struct hs_err *err)
{
	char path[HS_CONN_PATH_MAX];
	struct ucred peer;
	socklen_t len = sizeof peer;
	int rc;

	*c = (struct hs_conn){.fd = -1};
	rc = hs_conn_path(path, err);
	if (rc == HS_OK)
		rc = connect_to(c, path, err);
	if (rc != HS_OK)
		return rc;
	// Another user's daemon could be asked to open a session that it then holds.
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return hs_fail(err, HS_ERR_IO, "cannot tell who listens at %s: %s", path,
		    strerror(errno));
	if (peer.uid != geteuid())
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

// BOOTTIME: an answer that a suspended machine kept us from reading is late all the same.
static int64_t
now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0)
		return INT64_MAX;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
wait_until(struct hs_conn *c, short events, int64_t deadline, struct hs_err *err)
{
	struct pollfd p = {.fd = c->fd, .events = events};

	for (;;) {
		int64_t left = deadline - now_ms();
		int n;

		if (left <= 0)
			return hs_fail(err, HS_ERR_IO, "there was no answer in time");
		n = poll(&p, 1, left > 1000 ? 1000 : (int)left);
		if (n > 0)
			return HS_OK;
		if (c->tick != NULL)
			c->tick(c->tick_arg);
		if (n < 0 && errno != EINTR)
			return hs_fail(err, HS_ERR_IO, "cannot wait: %s", strerror(errno));
	}
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

static int
send_out(struct hs_conn *c, int fd, int64_t deadline, struct hs_err *err)
{
	size_t sent = 0;

	while (sent < c->out.len) {
		ssize_t n = send_with(
		    c->fd, c->out.p + sent, c->out.len - sent, sent == 0 ? fd : -1);
		int rc;

		if (n >= 0) {
			sent += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return hs_fail(
			    err, HS_ERR_IO, "the other end closed the connection");
		rc = wait_until(c, POLLOUT, deadline, err);
		if (rc != HS_OK)
			return rc;
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

// Sends what is in c->out, and gets ready for the reply.
static int
begin(struct hs_conn *c, int fd, int64_t deadline, struct hs_err *err)
{
	if (hs_buf_err(&c->out) != HS_OK || c->out.len > HS_FRAME_MAX + 4u)
		return hs_fail(err, HS_ERR_TOO_LONG, "the request is too long to be sent");
	hs_buf_reset(&c->in);
	return send_out(c, fd, deadline, err);
}

// HS_ERR_SHORT: the reply is not whole yet.
static int
take(struct hs_conn *c, struct hs_str *body, struct hs_err *err)
{
	size_t used = 0;
	int rc;

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

static int
exchange(
    struct hs_conn *c, int fd, unsigned seconds, struct hs_str *body, struct hs_err *err)
{
	int64_t deadline = now_ms() + (int64_t)seconds * 1000;
	int rc = begin(c, fd, deadline, err);

	while (rc == HS_OK && (rc = take(c, body, err)) == HS_ERR_SHORT)
		rc = wait_until(c, POLLIN, deadline, err);
	return rc;
}

int
hs_conn_exchange(
    struct hs_conn *c, unsigned seconds, struct hs_str *body, struct hs_err *err)
{
	return exchange(c, -1, seconds, body, err);
}

static void
compose(struct hs_conn *c, const char *ext, struct hs_str contents)
{
	size_t mark;

	hs_buf_reset(&c->out);
	mark = hs_agent_frame_begin(&c->out);
	hs_put_u8(&c->out, HS_AGENT_EXTENSION);
	hs_put_cstring(&c->out, ext);
	hs_put_raw(&c->out, contents.p, contents.len);
	hs_agent_frame_end(&c->out, mark);
}

static int
parse(struct hs_str body, const char *ext, struct hs_reply *out, struct hs_err *err)
{
	int rc = hs_agent_parse_reply(body, ext, &out->status, &out->body, &out->refusal);

	if (rc == HS_ERR_UNSUPPORTED)
		return hs_fail(err, HS_ERR_UNSUPPORTED,
		    "what listens does not know %s: it is no handseald, or another version",
		    ext);
	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "the answer to %s is malformed", ext);
	return HS_OK;
}

int
hs_conn_call_fd(struct hs_conn *c, const char *ext, struct hs_str contents, int fd,
    unsigned seconds, struct hs_reply *out, struct hs_err *err)
{
	struct hs_str body;
	int rc;

	*out = (struct hs_reply){0};
	compose(c, ext, contents);
	rc = exchange(c, fd, seconds, &body, err);
	return rc == HS_OK ? parse(body, ext, out, err) : rc;
}

int
hs_conn_call(struct hs_conn *c, const char *ext, struct hs_str contents, unsigned seconds,
    struct hs_reply *out, struct hs_err *err)
{
	return hs_conn_call_fd(c, ext, contents, -1, seconds, out, err);
}

int
hs_conn_query(struct hs_conn *c, unsigned seconds, struct hs_rd *names, struct hs_err *err)
{
	struct hs_str body, name = {0};
	struct hs_rd all;
	uint8_t type = 0;
	int rc;

	compose(c, "query", (struct hs_str){0});
	rc = exchange(c, -1, seconds, &body, err);
	if (rc != HS_OK)
		return rc;
	*names = hs_rd_of(body);
	(void)hs_get_u8(names, &type); // a frame's body is never empty
	if (type == HS_AGENT_FAILURE || type == HS_AGENT_EXTENSION_FAILURE)
		return hs_fail(err, HS_ERR_UNSUPPORTED, "what listens knows no query");
	if (type != HS_AGENT_EXTENSION_RESPONSE || hs_get_string(names, &name) != HS_OK ||
	    !hs_str_is(name, "query"))
		rc = HS_ERR_FORMAT;
	for (all = *names; rc == HS_OK && all.left > 0;)
		rc = hs_get_string(&all, &name);
	if (rc != HS_OK)
		return hs_fail(err, HS_ERR_FORMAT, "the answer to query is malformed");
	return HS_OK;
}

bool
hs_conn_knows(struct hs_rd names, const char *ext)
{
	struct hs_str name;

	while (hs_get_string(&names, &name) == HS_OK)
		if (hs_str_is(name, ext))
			return true;
	return false;
}

int
hs_conn_begin(
    struct hs_conn *c, const char *ext, struct hs_str contents, struct hs_err *err)
{
	compose(c, ext, contents);
	return begin(c, -1, now_ms() + HS_CONN_SECONDS * (int64_t)1000, err);
}

int
hs_conn_take(struct hs_conn *c, const char *ext, struct hs_reply *out, struct hs_err *err)
{
	struct hs_str body;
	int rc = take(c, &body, err);

	*out = (struct hs_reply){0};
	return rc == HS_OK ? parse(body, ext, out, err) : rc;
}
