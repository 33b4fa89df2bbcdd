// SPDX-License-Identifier: ISC
//
// The loop of the software key, and the hands that touch it. Contract in server.h. Nothing
// here blocks: a hand that does not finish its line keeps nobody.
#include "tests/softkey/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "tests/softkey/ctl.h"
#include "tests/softkey/hosts.h"
#include "tests/softkey/socket.h"

#define HANDS 32
#define FDS   (2 + HS_HOSTS_MAX + HANDS)

struct hand {
	int fd;
	char line[HS_CTL_LINE_MAX];
	size_t len;
	bool waits; // its answer is due when an operation waits, or at the deadline
	uint64_t deadline;
};

struct hs_server {
	struct hs_server_options o;
	struct hs_ctap *ctap;
	struct hs_hosts hosts;
	struct hand hands[HANDS];
	int host_fd, hand_fd;
	sigset_t polling; // the signal mask while it waits
};

static volatile sig_atomic_t ended;

static void
on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
close_hand(struct hand *h)
{
	if (h->fd >= 0)
		close(h->fd);
	*h = (struct hand){.fd = -1};
}

// An answer is far shorter than a socket's buffer: what does not fit goes to nobody.
static void
answer_hand(struct hand *h, const struct hs_buf *answer)
{
	ssize_t n = send(h->fd, answer->p, answer->len, MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)n;
	close_hand(h);
}

static void
close_socket(int fd, const char *path)
{
	if (fd < 0)
		return; // not ours
	close(fd);
	unlink(path);
}

// The socket's name is the device node: it is there as long as the key is plugged in.
static void
set_plug(struct hs_server *s, struct hs_ctl *r)
{
	if (r->action == HS_CTL_UNPLUG) {
		hs_hosts_close(&s->hosts);
		close_socket(s->host_fd, s->o.hosts);
		s->host_fd = -1;
	}
	if (s->ctap->plugged && s->host_fd < 0 &&
	    hs_socket_listen(s->o.hosts, SOCK_SEQPACKET, &s->host_fd, NULL) != HS_OK)
		hs_ctl_error(r, "its socket could not be made");
}

static void
run_line(struct hs_server *s, struct hand *h, size_t len, uint64_t now)
{
	struct hs_ctl r;

	hs_ctl_command(s->ctap, (struct hs_str){(uint8_t *)h->line, len}, &r);
	if (r.action == HS_CTL_TOUCH && !hs_hosts_touch(&s->hosts, now))
		hs_ctl_error(&r, "nothing waits");
	set_plug(s, &r);
	if (r.action == HS_CTL_WAIT && !s->ctap->waiting) {
		h->waits = true;
		h->deadline = now + r.seconds * 1000;
	} else {
		answer_hand(h, &r.answer);
	}
	hs_buf_free(&r.answer);
}

static void
read_hand(struct hs_server *s, struct hand *h, uint64_t now)
{
	ssize_t n = recv(h->fd, h->line + h->len, sizeof h->line - h->len, MSG_DONTWAIT);
	char *lf;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_hand(h);
		return;
	}
	h->len += (size_t)n;
	lf = memchr(h->line, '\n', h->len);
	if (h->waits || (lf == NULL && h->len == sizeof h->line) ||
	    (lf != NULL && lf + 1 != h->line + h->len))
		close_hand(h); // more than one line
	else if (lf != NULL)
		run_line(s, h, (size_t)(lf - h->line), now);
}

static void
accept_hand(struct hs_server *s)
{
	int fd = hs_socket_accept(s->hand_fd);

	for (size_t i = 0; fd >= 0 && i < HANDS; i++) {
		if (s->hands[i].fd < 0) {
			s->hands[i].fd = fd;
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

static void
answer_waits(struct hs_server *s, uint64_t now)
{
	struct hs_ctl r = {0};

	for (size_t i = 0; i < HANDS; i++) {
		struct hand *h = &s->hands[i];

		if (!h->waits || (!s->ctap->waiting && now < h->deadline))
			continue;
		if (s->ctap->waiting)
			hs_put_fmt(&r.answer, "ok\n");
		else
			hs_ctl_error(&r, "nothing waited in time");
		answer_hand(h, &r.answer);
		hs_buf_reset(&r.answer);
	}
	hs_buf_free(&r.answer);
}

static int
next_timeout(const struct hs_server *s, uint64_t now)
{
	uint64_t at = hs_hosts_due(&s->hosts);

	for (size_t i = 0; i < HANDS; i++) {
		if (s->hands[i].waits && s->hands[i].deadline < at)
			at = s->hands[i].deadline;
	}
	if (at == HS_HOSTS_NEVER)
		return -1;
	return at <= now ? 0 : (int)(at - now);
}

static void
fill(const struct hs_server *s, struct pollfd fds[static FDS])
{
	fds[0] = (struct pollfd){.fd = s->host_fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = s->hand_fd, .events = POLLIN};
	for (size_t i = 0; i < HANDS; i++)
		fds[2 + i] = (struct pollfd){.fd = s->hands[i].fd, .events = POLLIN};
	hs_hosts_fill(&s->hosts, fds + 2 + HANDS);
}

static void
serve(struct hs_server *s, const struct pollfd fds[static FDS])
{
	uint64_t now = now_ms();
	int fd;

	hs_hosts_serve(&s->hosts, fds + 2 + HANDS, now);
	for (size_t i = 0; i < HANDS; i++) {
		if (s->hands[i].fd >= 0 && fds[2 + i].revents != 0)
			read_hand(s, &s->hands[i], now);
	}
	if (fds[0].revents != 0 && (fd = hs_socket_accept(s->host_fd)) >= 0)
		hs_hosts_add(&s->hosts, fd);
	if (fds[1].revents != 0)
		accept_hand(s);
	hs_hosts_tick(&s->hosts, now);
	answer_waits(s, now);
}

// From here on they arrive in ppoll only, so that none falls between two looks at `ended`.
static void
catch_signals(struct hs_server *s)
{
	struct sigaction sa = {.sa_handler = on_signal};
	sigset_t block;

	ended = 0;
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, &s->polling);
	sigdelset(&s->polling, SIGTERM);
	sigdelset(&s->polling, SIGINT);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
}

int
hs_server_run(struct hs_server *s, struct hs_err *err)
{
	struct pollfd fds[FDS];
	int rc = HS_OK;

	while (ended == 0 && rc == HS_OK) {
		struct timespec ts = {0};
		int ms = next_timeout(s, now_ms());

		if (ms >= 0) {
			ts.tv_sec = ms / 1000;
			ts.tv_nsec = (long)(ms % 1000) * 1000000;
		}
		fill(s, fds);
		if (ppoll(fds, FDS, ms >= 0 ? &ts : NULL, &s->polling) >= 0)
			serve(s, fds);
		else if (errno != EINTR)
			rc = hs_fail(err, HS_ERR_IO, "poll: %s", strerror(errno));
	}
	return rc;
}

int
hs_server_new(struct hs_server **out, struct hs_ctap *c, const struct hs_server_options *o,
    struct hs_err *err)
{
	struct hs_server *s = calloc(1, sizeof *s);
	int rc;

	if (s == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "out of memory");
	s->o = *o;
	s->ctap = c;
	s->host_fd = s->hand_fd = -1;
	hs_hosts_init(&s->hosts, c, o->touch_ms, o->verbose);
	for (size_t i = 0; i < HANDS; i++)
		s->hands[i].fd = -1;
	catch_signals(s);
	rc = hs_socket_listen(o->control, SOCK_STREAM, &s->hand_fd, err);
	if (rc == HS_OK)
		rc = hs_socket_listen(o->hosts, SOCK_SEQPACKET, &s->host_fd, err);
	if (rc != HS_OK) {
		hs_server_free(s);
		return rc;
	}
	*out = s;
	return HS_OK;
}

void
hs_server_free(struct hs_server *s)
{
	if (s == NULL)
		return;
	hs_hosts_close(&s->hosts);
	for (size_t i = 0; i < HANDS; i++)
		close_hand(&s->hands[i]);
	close_socket(s->host_fd, s->o.hosts);
	close_socket(s->hand_fd, s->o.control);
	free(s);
}
