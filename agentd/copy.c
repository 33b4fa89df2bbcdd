// SPDX-License-Identifier: ISC
//
// Handing lines to the system's log, on the pool: a log that is full is waited for a
// little, one that is gone is looked for again with the next lines. Contract in copy.h.
#include "agentd/copy.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "proto/text.h"

#define DATAGRAM_MAX 8192
#define KEPT_MAX     (8u << 20) // bytes that wait
#define WAIT_MS	     200	// for a log that is full
#define AGAIN_MS     1000	// until one that was not there is looked for
#define TOLD_MS	     60000	// between two records of what is missing

struct line {
	struct hs_buf text;
	struct line *next;
};

struct hs_copy {
	struct hs_daemon *d;
	struct sockaddr_un at;
	int fd;		    // the pool's while busy
	struct line *first; // that waits
	struct line **last;
	size_t bytes;
	struct line *going; // the pool's
	uint64_t missed;    // the pool's: of going
	bool met;	    // the pool's: there was a log
	bool seen;	    // the same
	bool busy, freed;
	uint64_t dropped; // not told yet
	uint64_t told_ms; // when it was, since boot
	uint64_t again;	  // by the loop's clock: it is looked for no earlier
	uv_work_t work;
};

// ---- on the pool

static bool
dial(struct hs_copy *c)
{
	if (c->fd >= 0)
		return true;
	c->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return false;
	if (connect(c->fd, (const struct sockaddr *)&c->at, sizeof c->at) == 0) {
		c->met = true;
		return true;
	}
	close(c->fd);
	c->fd = -1;
	return false;
}

// Of a line that is too long, what it takes to miss it, and to know it again.
static void
shorten(struct hs_buf *out, struct hs_str line)
{
	uint8_t hash[HS_AUDIT_HASH];
	struct hs_str event;
	uint64_t when;

	if (hs_auditline_stamp(line, &when, &event) != HS_OK ||
	    hs_auditline_hash(line, hash) != HS_OK)
		return;
	hs_put_raw(out, line.p, (size_t)(event.p - line.p) + event.len);
	hs_put_fmt(out, "\",\"line\":\"");
	hs_text_put_hex(out, (struct hs_str){hash, sizeof hash});
	hs_put_fmt(out, "\"}");
}

static void
compose(struct hs_buf *out, struct hs_str line)
{
	char stamp[32] = "";
	time_t t = time(NULL);
	struct tm tm;

	if (localtime_r(&t, &tm) != NULL)
		(void)strftime(stamp, sizeof stamp, "%b %e %T", &tm);
	hs_put_fmt(out, "<%d>%s handseald[%ld]: @cee:", LOG_AUTHPRIV | LOG_INFO, stamp,
	    (long)getpid());
	if (out->len + line.len - 1 <= DATAGRAM_MAX)
		hs_put_raw(out, line.p, line.len - 1);
	else
		shorten(out, line);
}

static bool
hand_over(struct hs_copy *c, struct hs_str datagram)
{
	for (int tries = 0; tries < 3; tries++) {
		struct pollfd p = {.events = POLLOUT};

		if (!dial(c))
			return false;
		if (send(c->fd, datagram.p, datagram.len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return true;
		if (errno == EINTR)
			continue;
		p.fd = c->fd;
		if (errno == EAGAIN && poll(&p, 1, WAIT_MS) > 0)
			continue;
		if (errno == EAGAIN)
			return false;
		close(c->fd); // it may have been started anew
		c->fd = -1;
	}
	return false;
}

static void
send_all(uv_work_t *w)
{
	struct hs_copy *c = w->data;
	bool takes = true; // one that does not is not waited for again
	struct hs_buf b = {0};

	c->missed = 0;
	for (struct line *l = c->going; l != NULL; l = l->next) {
		hs_buf_reset(&b);
		compose(&b, hs_buf_str(&l->text));
		takes = takes && hs_buf_err(&b) == HS_OK && hand_over(c, hs_buf_str(&b));
		c->missed += !takes;
	}
	hs_buf_free(&b);
}

// ---- on the loop

static void
free_lines(struct line *l)
{
	while (l != NULL) {
		struct line *next = l->next;

		hs_buf_free(&l->text);
		free(l);
		l = next;
	}
}

static void
tell(struct hs_copy *c)
{
	struct hs_audit_record r = {.event = "dropped", .counted = true};
	struct hs_now now;

	hs_clock_read(&now);
	if (c->dropped == 0 || (c->told_ms > 0 && now.boot_ms - c->told_ms < TOLD_MS))
		return;
	c->told_ms = now.boot_ms;
	r.count = c->dropped;
	r.sentence = hs_str_c("the system's log did not take so many records");
	c->dropped = 0;
	hs_daemon_note(c->d, &r);
}

static void
destroy(struct hs_copy *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free_lines(c->first);
	free(c);
}

static void start(struct hs_copy *c);

static void
on_sent(uv_work_t *w, int status)
{
	struct hs_copy *c = w->data;

	(void)status;
	free_lines(c->going);
	c->going = NULL;
	c->busy = false;
	if (c->freed) {
		destroy(c);
		return;
	}
	c->seen = c->met;
	if (c->fd < 0)
		c->again = uv_now(c->d->loop) + AGAIN_MS;
	if (c->seen)
		c->dropped += c->missed;
	tell(c);
	start(c);
}

static void
start(struct hs_copy *c)
{
	if (c->busy || c->first == NULL)
		return;
	c->going = c->first;
	c->first = NULL;
	c->last = &c->first;
	c->bytes = 0;
	c->busy = true;
	c->work.data = c;
	if (uv_queue_work(c->d->loop, &c->work, send_all, on_sent) != 0)
		abort(); // only without a callback, says libuv
}

static void
on_disk(void *arg, struct hs_buf *text)
{
	struct hs_copy *c = arg;
	struct line *l;

	if (!c->d->policy->policy->log_copy)
		return;
	l = c->bytes + text->len <= KEPT_MAX && uv_now(c->d->loop) >= c->again
		? calloc(1, sizeof *l)
		: NULL;
	if (l == NULL) {
		c->dropped += c->seen;
		return;
	}
	l->text = *text;
	*text = (struct hs_buf){0};
	c->bytes += l->text.len;
	*c->last = l;
	c->last = &l->next;
	start(c);
}

struct hs_copy *
hs_copy_new(struct hs_daemon *d, const char *path)
{
	struct hs_copy *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->d = d;
	c->fd = -1;
	c->last = &c->first;
	c->at.sun_family = AF_UNIX;
	(void)snprintf(c->at.sun_path, sizeof c->at.sun_path, "%s", path);
	hs_audit_on_disk(d->audit, on_disk, c);
	return c;
}

bool
hs_copy_idle(const struct hs_copy *c)
{
	return !c->busy;
}

void
hs_copy_free(struct hs_copy **c)
{
	if (c == NULL || *c == NULL)
		return;
	hs_audit_on_disk((*c)->d->audit, NULL, NULL);
	(*c)->freed = true;
	if (!(*c)->busy)
		destroy(*c);
	*c = NULL;
}
