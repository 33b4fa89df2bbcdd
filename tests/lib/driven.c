// SPDX-License-Identifier: ISC
//
// A daemon that may go at any time. Contract in driven.h.
#include "tests/lib/driven.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "proto/key.h"
#include "proto/names.h"

#define END_US 20000000 // no daemon takes longer to end

struct driven driven;
static pid_t owner; // its children end nothing

void
driven_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

uint64_t
driven_now_us(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		driven_die("clock");
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
driven_random(uint64_t *s) // splitmix64
{
	uint64_t z = (*s += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

// ---- the daemon

static void
end_it(void)
{
	if (driven.pid > 0 && owner == getpid())
		(void)kill(driven.pid, SIGKILL);
}

void
driven_start(void)
{
	const char *preload = getenv("HS_PRELOAD");
	int null, said;

	if (owner == 0) {
		owner = getpid();
		(void)atexit(end_it);
		(void)signal(SIGPIPE, SIG_IGN);
	}
	driven.pid = fork();
	if (driven.pid < 0)
		driven_die("fork");
	if (driven.pid > 0)
		return;
	null = open("/dev/null", O_RDWR);
	(void)dup2(null, STDOUT_FILENO);
	if (driven.said != NULL) {
		said = open(driven.said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		(void)dup2(said, STDERR_FILENO);
	}
	if (preload != NULL)
		(void)setenv("LD_PRELOAD", preload, 1);
	execl(driven.handseald, driven.handseald, "-D", "-a", driven.sock, (char *)NULL);
	_exit(127);
}

bool
driven_lives(void)
{
	if (driven.pid <= 0)
		return false;
	if (waitpid(driven.pid, &driven.status, WNOHANG) != driven.pid)
		return true;
	driven.pid = 0;
	return false;
}

int
driven_stop(int sig)
{
	uint64_t until = driven_now_us() + END_US;

	if (driven.pid > 0)
		(void)kill(driven.pid, sig);
	while (driven_lives()) {
		if (driven_now_us() > until)
			driven_die("the daemon does not end");
		(void)usleep(500);
	}
	return driven.status;
}

// ---- connections

enum driven_how
driven_dial(struct driven_conn *c, const char *path, uint64_t until)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	c->have = 0;
	for (;;) {
		c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (c->fd < 0)
			driven_die("socket");
		if (connect(c->fd, (const struct sockaddr *)&at, sizeof at) == 0)
			return DRIVEN_DONE;
		driven_hang_up(c);
		if (driven_now_us() > until || (owner == getpid() && !driven_lives()))
			return DRIVEN_GONE;
		(void)usleep(1000);
	}
}

void
driven_hang_up(struct driven_conn *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
}

static bool
receive(struct driven_conn *c, uint64_t until)
{
	size_t used;

	c->have = 0; // one reply at a time
	while (hs_agent_frame((struct hs_str){c->in, c->have}, &c->frame, &used) != HS_OK) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		uint64_t now = driven_now_us();
		ssize_t n;

		if (now >= until || c->have == sizeof c->in ||
		    poll(&p, 1, (int)((until - now) / 1000 + 1)) <= 0)
			return false;
		n = recv(c->fd, c->in + c->have, sizeof c->in - c->have, 0);
		if (n <= 0)
			return false;
		c->have += (size_t)n;
	}
	return true;
}

enum driven_how
driven_frame(struct driven_conn *c, uint64_t until, struct hs_str frame, const char *ext)
{
	struct hs_agent_refusal no = {0};
	enum hs_agent_status status;

	c->code[0] = c->sentence[0] = '\0';
	if (c->fd < 0)
		return DRIVEN_GONE;
	while (frame.len > 0) {
		ssize_t n = send(c->fd, frame.p, frame.len, MSG_NOSIGNAL);

		if (n <= 0)
			return DRIVEN_GONE;
		frame.p += n;
		frame.len -= (size_t)n;
	}
	if (!receive(c, until))
		return DRIVEN_GONE;
	if (ext == NULL) {
		c->body = hs_rd_of(c->frame);
		return c->frame.p[0] == HS_AGENT_FAILURE ? DRIVEN_REFUSED : DRIVEN_DONE;
	}
	if (hs_agent_parse_reply(c->frame, ext, &status, &c->body, &no) != HS_OK)
		driven_die(ext);
	if (status != HS_AGENT_REFUSED)
		return DRIVEN_DONE;
	if (hs_str_copy(no.code, c->code, sizeof c->code) != HS_OK ||
	    hs_str_copy(no.sentence, c->sentence, sizeof c->sentence) != HS_OK)
		driven_die("a refusal");
	return DRIVEN_REFUSED;
}

enum driven_how
driven_call(struct driven_conn *c, uint64_t until, const char *ext,
    void (*put)(struct hs_buf *, const void *), const void *m)
{
	struct hs_buf b = {0};
	size_t mark = hs_agent_frame_begin(&b);
	enum driven_how how;

	hs_put_u8(&b, HS_AGENT_EXTENSION);
	hs_put_cstring(&b, ext);
	if (put != NULL)
		put(&b, m);
	hs_agent_frame_end(&b, mark);
	how = driven_frame(c, until, hs_buf_str(&b), ext);
	hs_buf_free(&b);
	return how;
}

enum driven_how
driven_reach(struct driven_conn *c, uint64_t until)
{
	while (driven_dial(c, driven.sock, until) == DRIVEN_DONE) {
		if (driven_call(c, until, HS_EXT_STATUS, NULL, NULL) == DRIVEN_DONE)
			return DRIVEN_DONE;
		driven_hang_up(c);
	}
	return DRIVEN_GONE;
}

enum driven_how
driven_open(struct driven_conn *c, uint64_t until, const char *scope,
    char session[static HS_SESSION_ID_LEN + 1])
{
	const struct hs_agent_open open = {.scope = hs_str_c(scope), .ttl = 3600};
	struct hs_agent_pending pending = {.wait = 60};
	struct hs_agent_asked asked;
	struct hs_agent_opened opened;
	char code[8];
	enum driven_how how = driven_call(c, until, HS_EXT_OPEN, DRIVEN_PUT(open), &open);

	if (how != DRIVEN_DONE)
		return how;
	if (hs_agent_asked_get(&c->body, &asked) != HS_OK ||
	    hs_str_copy(asked.code, code, sizeof code) != HS_OK)
		driven_die("open");
	pending.code = hs_str_c(code);
	how = driven_call(c, until, HS_EXT_PENDING, DRIVEN_PUT(pending), &pending);
	if (how == DRIVEN_DONE &&
	    (hs_agent_opened_get(&c->body, &opened) != HS_OK ||
		hs_str_copy(opened.session, session, HS_SESSION_ID_LEN + 1) != HS_OK))
		driven_die("pending");
	return how;
}

enum driven_how
driven_seat(struct driven_conn *runner, uint64_t until, const char *scope,
    char id[static HS_SESSION_ID_LEN + 24], char socket_path[static 108])
{
	const struct hs_agent_seat m = {
	    .what = HS_SEAT_MAKE, .scope = hs_str_c(scope), .agent = hs_str_c("driven")};
	struct hs_agent_seated got;
	enum driven_how how = driven_call(runner, until, HS_EXT_SEAT, DRIVEN_PUT(seat), &m);

	if (how == DRIVEN_DONE &&
	    (hs_agent_seated_get(&runner->body, &got) != HS_OK ||
		hs_str_copy(got.id, id, HS_SESSION_ID_LEN + 24) != HS_OK ||
		hs_str_copy(got.socket, socket_path, 108) != HS_OK))
		driven_die("seat");
	return how;
}

enum driven_how
driven_sign(struct driven_conn *agent, uint64_t until, bool *none)
{
	static const uint8_t list[] = {0, 0, 0, 1, HS_AGENT_LIST};
	struct hs_buf frame = {0}, message = {0};
	struct hs_str key = {0};
	uint32_t n = 0;
	uint8_t type;
	size_t mark;
	enum driven_how how =
	    driven_frame(agent, until, (struct hs_str){list, sizeof list}, NULL);

	if (how == DRIVEN_DONE &&
	    (hs_get_u8(&agent->body, &type) != HS_OK ||
		hs_get_u32(&agent->body, &n) != HS_OK ||
		(n > 0 && hs_get_string(&agent->body, &key) != HS_OK)))
		driven_die("a list");
	*none = n == 0;
	if (how != DRIVEN_DONE || n == 0)
		return how;
	hs_sshsig_put_signed(&message, "git", hs_str_c("a commit"));
	mark = hs_agent_frame_begin(&frame);
	hs_put_u8(&frame, HS_AGENT_SIGN);
	hs_put_str(&frame, key);
	hs_put_str(&frame, hs_buf_str(&message));
	hs_put_u32(&frame, 0);
	hs_agent_frame_end(&frame, mark);
	how = driven_frame(agent, until, hs_buf_str(&frame), NULL);
	hs_buf_free(&frame);
	hs_buf_free(&message);
	return how;
}
