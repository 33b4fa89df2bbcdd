// SPDX-License-Identifier: ISC
//
// Reading frames and writing replies. Who sends them: any process of this user,
// well-meaning or not; so lengths are bounded, one that does not read is dropped, and
// nobody waits for anybody else. Contract in conn.h.
#include "agentd/conn.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/events.h"
#include "agentd/log.h"
#include "agentd/measure.h"
#include "agentd/repeats.h"
#include "agentd/reply.h"
#include "agentd/request.h"
#include "agentd/seatask.h"
#include "agentd/seatbind.h"
#include "agentd/touch.h"
#include "proto/agent.h"

#define IN_FULL                                                                            \
	(4 + HS_FRAME_MAX) // with one request outstanding, no more than this is kept
#define CHUNK 65536
// Answers under way on one connection. More wait for the next turn of the loop, so that one
// who asks without end keeps nobody waiting.
#define BURST 8

struct writing {
	uv_write_t req;
	struct hs_buf frame;
	struct hs_conn *conn;
};

struct hs_conn *
hs_conn_ref(struct hs_conn *c)
{
	c->refs++;
	return c;
}

void
hs_conn_unref(struct hs_conn *c)
{
	if (--c->refs > 0)
		return;
	hs_buf_free(&c->in);
	free(c);
}

static void
on_closed(uv_handle_t *h)
{
	hs_conn_unref(h->data);
}

static void
drop_fd(struct hs_conn *c)
{
	if (c->passed >= 0)
		(void)close(c->passed);
	c->passed = -1;
}

int
hs_conn_take_fd(struct hs_conn *c)
{
	int fd = c->passed;

	c->passed = -1;
	return fd;
}

void
hs_conn_close(struct hs_conn *c)
{
	if (c->closed)
		return;
	c->closed = true;
	hs_touch_abandon(c);
	hs_events_abandon(c);
	if (c->owns != NULL)
		hs_seat_over(c->owns, "whoever asked for it has ended");
	hs_seatask_abandon(c);
	hs_seatbind_forget(c);
	hs_measure_drop(c);
	hs_peer_close(&c->peer);
	drop_fd(c);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		c->d->conns = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	c->d->nconns--;
	uv_close((uv_handle_t *)&c->pipe, on_closed);
}

// Drops the bytes that were handled.
static void
compact(struct hs_conn *c)
{
	size_t left = c->in.len - c->at;

	if (c->at == 0)
		return;
	if (left > 0)
		memmove(c->in.p, c->in.p + c->at, left);
	memset(c->in.p + left, 0, c->at);
	c->in.len = left;
	c->at = 0;
}

static size_t
queued(const struct hs_conn *c)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&c->pipe);
}

static void start_reading(struct hs_conn *c);

static void
process(struct hs_conn *c)
{
	struct hs_str body;
	size_t used;
	int rc = HS_OK;

	if (c->handling)
		return;
	c->handling = true;
	while (!c->busy && !c->closed && c->writing < BURST) {
		rc = hs_agent_frame(
		    (struct hs_str){c->in.p + c->at, c->in.len - c->at}, &body, &used);
		if (rc != HS_OK)
			break;
		c->busy = true;
		hs_request(c, body);
		drop_fd(c); // one that it did not want
		c->at += used;
	}
	c->handling = false;
	if (c->closed)
		return;
	compact(c);
	if (rc != HS_OK && rc != HS_ERR_SHORT) {
		hs_log("pid %lu: frame: %s", (unsigned long)c->peer.pid,
		    hs_code_sentence((enum hs_code)rc));
		hs_conn_close(c);
	} else if (c->eof && !c->busy && c->writing == 0) {
		hs_conn_close(c);
	} else if (c->paused && c->in.len < IN_FULL) {
		start_reading(c);
	}
}

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	static char chunk[CHUNK]; // one loop, one read at a time

	(void)h;
	(void)suggested;
	*buf = uv_buf_init(chunk, sizeof chunk);
}

static void
on_eof(struct hs_conn *c)
{
	c->eof = true;
	// whoever waits for a touch or for events is gone; other requests are answered
	// first
	if (c->touch != NULL || c->waiter != NULL || c->follow != NULL) {
		hs_conn_close(c);
		return;
	}
	(void)uv_read_stop((uv_stream_t *)&c->pipe);
	process(c);
}

static void
on_passed_closed(uv_handle_t *h)
{
	free(h);
}

// libuv hands a passed descriptor out as a stream of its own, whatever it is. The last one
// of those that came together counts.
static void
receive_fds(struct hs_conn *c)
{
	while (uv_pipe_pending_count(&c->pipe) > 0) {
		uv_pipe_t *p = malloc(sizeof *p);
		uv_os_fd_t fd;

		if (p == NULL || uv_pipe_init(c->d->loop, p, 0) != 0) {
			free(p);
			return; // it goes with the connection
		}
		drop_fd(c);
		if (uv_accept((uv_stream_t *)&c->pipe, (uv_stream_t *)p) == 0 &&
		    uv_fileno((uv_handle_t *)p, &fd) == 0)
			c->passed = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		uv_close((uv_handle_t *)p, on_passed_closed);
	}
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct hs_conn *c = s->data;

	if (n == 0)
		return;
	if (n == UV_EOF) {
		on_eof(c);
		return;
	}
	if (n < 0) {
		hs_conn_close(c);
		return;
	}
	receive_fds(c);
	hs_put_raw(&c->in, buf->base, (size_t)n);
	if (hs_buf_err(&c->in) != HS_OK) {
		hs_conn_close(c);
		return;
	}
	process(c);
	if (c->closed || c->in.len < IN_FULL)
		return;
	if (c->touch != NULL) { // not reading would hide that it goes away
		hs_conn_close(c);
		return;
	}
	c->paused = true;
	(void)uv_read_stop(s);
}

static void
start_reading(struct hs_conn *c)
{
	c->paused = false;
	if (!c->eof && uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) != 0)
		hs_conn_close(c);
}

static void
on_write(uv_write_t *req, int status)
{
	struct writing *w = req->data;
	struct hs_conn *c = w->conn;

	hs_buf_free(&w->frame);
	free(w);
	c->writing--;
	if (status != 0)
		hs_conn_close(c);
	else if (!c->closed)
		process(c);
	hs_conn_unref(c);
}

void
hs_conn_reply(struct hs_conn *c, struct hs_buf *frame)
{
	struct writing *w;
	uv_buf_t out;

	c->busy = false;
	w = c->closed || hs_buf_err(frame) != HS_OK ? NULL : calloc(1, sizeof *w);
	if (w == NULL) {
		hs_buf_free(frame);
		hs_conn_close(c);
		return;
	}
	w->frame = *frame;
	*frame = (struct hs_buf){0};
	w->conn = hs_conn_ref(c);
	w->req.data = w;
	out = uv_buf_init((char *)w->frame.p, (unsigned)w->frame.len);
	if (uv_write(&w->req, (uv_stream_t *)&c->pipe, &out, 1, on_write) != 0) {
		hs_buf_free(&w->frame);
		free(w);
		hs_conn_close(c);
		hs_conn_unref(c);
		return;
	}
	c->writing++;
	if (queued(c) > HS_CONN_QUEUE_MAX) {
		hs_log("pid %lu does not read its answers", (unsigned long)c->peer.pid);
		hs_conn_close(c);
	}
	// its next frame is for when this is written: whoever replies is in the middle of
	// things
}

static size_t
count_of(const struct hs_daemon *d, uid_t uid)
{
	size_t n = 0;

	for (const struct hs_conn *c = d->conns; c != NULL; c = c->next)
		n += c->peer.uid == uid;
	return n;
}

// Whichever socket it found, a process below a seat's runner is on that seat.
static void
place(struct hs_conn *c)
{
	struct hs_seat *above = hs_seat_above(c->d, &c->peer);

	if (above != NULL)
		c->seat = above;
}

// Why the peer may not stay, or NULL.
static const char *
why_not(struct hs_conn *c, bool main)
{
	c->other = hs_peer_allowed(&c->peer, geteuid()) != HS_OK;
	if (c->other && main)
		return "a process of another user connected";
	place(c);
	if (c->other && !hs_seat_admits(c->seat, &c->peer))
		return "a process of another user connected, with whom this seat is not "
		       "shared";
	if (c->d->seats == NULL || c->seat != NULL || c->peer.opaque || c->peer.start > 0)
		return NULL;
	return "a process that has ended connected, which may have been below a seat";
}

// True if the peer may stay; else it was recorded.
static bool
welcome(struct hs_conn *c)
{
	struct hs_audit_record r = {.event = "refuse"};
	struct hs_now now;
	const char *why;
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&c->pipe, &fd) != 0 ||
	    hs_peer_read(fd, &c->peer) != HS_OK)
		return false;
	hs_peer_read_by(&c->peer, c->d->set->client);
	why = why_not(c, c->seat == NULL);
	if (c->d->nconns > HS_CONNS_MAX ||
	    (c->other && count_of(c->d, c->peer.uid) > HS_CONNS_OTHER)) {
		hs_log("pid %lu: too many connections", (unsigned long)c->peer.pid);
		return false;
	}
	if (why == NULL)
		return true;
	r.sentence = hs_str_c(why);
	hs_reply_who(&r, &c->peer);
	r.code = hs_code_name(HS_NO_PEER);
	hs_clock_read(&now);
	if (hs_repeats_counted(c->d->repeats, &r, &now))
		return false;
	hs_log("pid %lu of uid %lu: %s", (unsigned long)c->peer.pid,
	    (unsigned long)c->peer.uid, (const char *)r.sentence.p);
	hs_daemon_note(c->d, &r);
	return false;
}

bool
hs_conn_accept(struct hs_daemon *d, uv_stream_t *listener, struct hs_seat *seat)
{
	struct hs_conn *c = calloc(1, sizeof *c);

	// over a seat no descriptor comes: where none is taken, the kernel drops it, and
	// nobody waits for its file system
	if (c == NULL || uv_pipe_init(d->loop, &c->pipe, seat == NULL) != 0) {
		free(c);
		return false;
	}
	c->d = d;
	c->seat = seat;
	c->pipe.data = c;
	c->refs = 1;
	c->passed = -1;
	c->peer.pidfd = -1;
	c->next = d->conns;
	if (c->next != NULL)
		c->next->prev = c;
	d->conns = c;
	d->nconns++;
	if (uv_accept(listener, (uv_stream_t *)&c->pipe) != 0 || !welcome(c))
		hs_conn_close(c);
	else
		start_reading(c);
	return true;
}
