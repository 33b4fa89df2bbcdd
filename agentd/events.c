// SPDX-License-Identifier: ISC
//
// Events and who waits for them. Contract in events.h.
#include "agentd/events.h"

#include <stdlib.h>
#include <string.h>
#include "agentd/touch.h"
#include "proto/names.h"

#define REPLY_MAX (HS_FRAME_MAX - 64)

struct kept {
	uint64_t seq;
	struct hs_buf body; // as hs_agent_event_put writes it
};

struct hs_events {
	uv_timer_t wake; // tells followers, on the loop's next turn
	uint64_t
	    last; // sequence numbers count from 1; one is used up by the daemon's start
	struct kept ring[HS_EVENTS_KEPT];
};

// A connection's outstanding `events`.
struct hs_follow {
	struct hs_conn *conn;
	uint64_t after;
	uv_timer_t timer;
};

struct hs_events *
hs_events_new(uv_loop_t *loop)
{
	struct hs_events *e = calloc(1, sizeof *e);

	if (e == NULL || uv_timer_init(loop, &e->wake) != 0) {
		free(e);
		return NULL;
	}
	e->last = 1;
	return e;
}

static void
on_events_closed(uv_handle_t *h)
{
	struct hs_events *e = (struct hs_events *)(void *)h; // its first member

	for (size_t i = 0; i < HS_EVENTS_KEPT; i++)
		hs_buf_free(&e->ring[i].body);
	free(e);
}

void
hs_events_free(struct hs_events **e)
{
	if (*e != NULL)
		uv_close((uv_handle_t *)&(*e)->wake, on_events_closed);
	*e = NULL;
}

// ---- answering

static void
put_reply(struct hs_conn *c, uint64_t last, uint32_t n, struct hs_str bodies)
{
	struct hs_buf frame = {0};
	size_t mark = hs_agent_reply_begin(&frame, HS_EXT_EVENTS, HS_AGENT_DONE);
	struct hs_now now;

	hs_put_u64(&frame, last);
	hs_put_u32(&frame, n);
	hs_put_raw(&frame, bodies.p, bodies.len);
	hs_agent_frame_end(&frame, mark);
	hs_clock_read(&now);
	c->watches_until = now.boot_ms + HS_EVENTS_GRACE_MS;
	hs_conn_reply(c, &frame);
}

// Those after `after`, as many as fit. False where there are none.
static bool
reply_since(struct hs_conn *c, uint64_t after)
{
	const struct hs_events *e = c->d->events;
	uint64_t oldest = e->last >= HS_EVENTS_KEPT ? e->last - HS_EVENTS_KEPT + 1 : 1;
	uint64_t seq = after + 1 > oldest ? after + 1 : oldest, last = after;
	struct hs_buf bodies = {0};
	uint32_t n = 0;

	for (; seq <= e->last; seq++) {
		const struct kept *k = &e->ring[seq % HS_EVENTS_KEPT];

		if (k->seq != seq) {
			last = seq; // lost
			continue;
		}
		if (bodies.len + k->body.len > REPLY_MAX)
			break;
		hs_put_raw(&bodies, k->body.p, k->body.len);
		last = seq;
		n++;
	}
	if (n > 0)
		put_reply(c, last, n, hs_buf_str(&bodies));
	hs_buf_free(&bodies);
	return n > 0;
}

struct snapshot {
	const struct hs_daemon *d;
	struct hs_buf bodies;
	uint32_t n;
};

static void
add_waiting(void *arg, struct hs_agent_event *event)
{
	struct snapshot *s = arg;
	size_t before = s->bodies.len;

	event->seq = s->d->events->last;
	hs_agent_event_put(&s->bodies, event);
	if (hs_buf_err(&s->bodies) == HS_OK && s->bodies.len <= REPLY_MAX)
		s->n++;
	else
		s->bodies.len = before;
}

static void
reply_waiting(struct hs_conn *c)
{
	struct snapshot s = {.d = c->d};

	hs_touch_each_waiting(c->d, add_waiting, &s);
	put_reply(c, c->d->events->last, s.n, hs_buf_str(&s.bodies));
	hs_buf_free(&s.bodies);
}

// ---- waiting

static void
on_closed(uv_handle_t *h)
{
	free(h->data);
}

void
hs_events_abandon(struct hs_conn *c)
{
	struct hs_follow *f = c->follow;

	if (f == NULL)
		return;
	c->follow = NULL;
	f->conn = NULL;
	uv_close((uv_handle_t *)&f->timer, on_closed);
}

static void
on_wait_over(uv_timer_t *t)
{
	struct hs_follow *f = t->data;
	struct hs_conn *c = f->conn;
	uint64_t after = f->after;

	hs_events_abandon(c);
	put_reply(c, after, 0, (struct hs_str){0});
}

static void
wait_for_next(struct hs_conn *c, const struct hs_agent_events *m)
{
	struct hs_follow *f = m->wait > 0 ? calloc(1, sizeof *f) : NULL;
	uint32_t wait = m->wait <= HS_WAIT_MAX ? m->wait : HS_WAIT_MAX;

	if (f == NULL || uv_timer_init(c->d->loop, &f->timer) != 0) {
		free(f);
		put_reply(c, m->after, 0, (struct hs_str){0});
		return;
	}
	f->conn = c;
	f->after = m->after;
	f->timer.data = f;
	c->follow = f;
	(void)uv_timer_start(&f->timer, on_wait_over, (uint64_t)wait * 1000, 0);
}

void
hs_events_ask(struct hs_conn *c, const struct hs_agent_events *m)
{
	c->watches = m->prompts != 0;
	if (m->after == 0 || m->after > c->d->events->last)
		reply_waiting(c);
	else if (!reply_since(c, m->after))
		wait_for_next(c, m);
}

bool
hs_events_watched(const struct hs_daemon *d, const struct hs_now *now)
{
	for (const struct hs_conn *c = d->conns; c != NULL; c = c->next)
		if (c->watches && (c->follow != NULL || now->boot_ms < c->watches_until))
			return true;
	return false;
}

// ---- telling

// A connection may go away while it is answered, so each round looks from the start. And
// whoever put the event may be in the middle of that connection's asking, so nobody is told
// from within hs_events_put.
static void
wake_all(uv_timer_t *timer)
{
	struct hs_daemon *d = timer->data;
	struct hs_conn *c = d->conns;

	while (c != NULL) {
		struct hs_follow *f = c->follow;
		struct hs_conn *held;
		uint64_t after;

		if (f == NULL || f->after >= d->events->last) {
			c = c->next;
			continue;
		}
		after = f->after;
		held = hs_conn_ref(c);
		hs_events_abandon(c);
		if (!reply_since(c, after))
			put_reply(c, d->events->last, 0, (struct hs_str){0});
		hs_conn_unref(held);
		c = d->conns;
	}
}

void
hs_events_put(struct hs_daemon *d, const struct hs_agent_event *event)
{
	struct hs_events *e = d->events;
	struct hs_agent_event full = *event;
	struct hs_now now;
	struct kept *k;

	hs_clock_read(&now);
	full.seq = ++e->last;
	full.time = now.wall;
	k = &e->ring[full.seq % HS_EVENTS_KEPT];
	hs_buf_free(&k->body);
	hs_agent_event_put(&k->body, &full);
	k->seq = hs_buf_err(&k->body) == HS_OK ? full.seq : 0;
	e->wake.data = d;
	(void)uv_timer_start(&e->wake, wake_all, 0, 0);
}
