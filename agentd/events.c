// SPDX-License-Identifier: ISC
//
// Events and who waits for them. Contract in events.h.
#include "agentd/events.h"

#include <stdlib.h>
#include <string.h>
#include "agentd/seat.h"
#include "agentd/touch.h"
#include "proto/names.h"

#define REPLY_MAX (HS_FRAME_MAX - 64)

struct kept {
	uint64_t seq;	    // 0: none, or it was lost
	uint64_t seat;	    // serial of the seat whose it is; 0: the main socket's
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

// A reply's frame up to its events, and the end of it. Where memory was short, the
// connection ends: what nobody was told of is not taken for told.
static size_t
begin_reply(struct hs_buf *frame, const struct hs_agent_told *head)
{
	size_t mark = hs_agent_reply_begin(frame, HS_EXT_EVENTS, HS_AGENT_DONE);

	hs_agent_told_put(frame, head);
	return mark;
}

static void
end_reply(struct hs_conn *c, struct hs_buf *frame, size_t mark)
{
	struct hs_now now;

	hs_agent_frame_end(frame, mark);
	hs_clock_read(&now);
	c->watches_until = now.boot_ms + HS_EVENTS_GRACE_MS;
	hs_conn_reply(c, frame);
}

static void
reply_nothing(struct hs_conn *c, uint64_t after)
{
	const struct hs_agent_told head = {.last = after};
	struct hs_buf frame = {0};
	size_t mark = begin_reply(&frame, &head);

	end_reply(c, &frame, mark);
}

static const struct kept *
kept_at(const struct hs_events *e, uint64_t seq)
{
	return &e->ring[seq % HS_EVENTS_KEPT];
}

// Is each that came after `after` still there?
static bool
all_kept(const struct hs_events *e, uint64_t after)
{
	for (uint64_t seq = after + 1; seq <= e->last; seq++)
		if (kept_at(e, seq)->seq != seq)
			return false;
	return true;
}

// An agent hears of its own seat and what is below it.
static bool
hears(const struct hs_conn *c, uint64_t seat)
{
	return c->seat == NULL || hs_seat_within(hs_seat_find(c->d, seat), c->seat);
}

// What there is to hear after `after`, where all is kept.
static uint32_t
count_since(const struct hs_conn *c, uint64_t after)
{
	const struct hs_events *e = c->d->events;
	uint32_t n = 0;

	for (uint64_t seq = after + 1; seq <= e->last; seq++)
		n += hears(c, kept_at(e, seq)->seat);
	return n;
}

// Those after `after`, which are all kept, as many as fit.
static void
reply_since(struct hs_conn *c, uint64_t after)
{
	const struct hs_events *e = c->d->events;
	struct hs_agent_told head = {.last = after};
	struct hs_buf frame = {0};
	size_t mark, room = REPLY_MAX;

	for (; head.last < e->last; head.last++) {
		const struct kept *k = kept_at(e, head.last + 1);

		if (!hears(c, k->seat))
			continue;
		if (k->body.len > room)
			break;
		head.n++;
		room -= k->body.len;
	}
	mark = begin_reply(&frame, &head);
	for (uint64_t seq = after + 1; seq <= head.last; seq++) {
		const struct kept *k = kept_at(e, seq);

		if (hears(c, k->seat))
			hs_put_raw(&frame, k->body.p, k->body.len);
	}
	end_reply(c, &frame, mark);
}

struct snapshot {
	const struct hs_conn *conn;
	uint64_t last;
	struct hs_buf frame;
	size_t room; // for texts
	uint32_t n;
};

// The text of what blinks is there in any case, since a touch would be for it. Another that
// has no room is told without.
static void
add_waiting(void *arg, struct hs_agent_event *event, uint64_t seat)
{
	struct snapshot *s = arg;

	if (!hears(s->conn, seat))
		return;

	if (!hs_str_is(event->event, "armed")) {
		if (event->text.len > s->room)
			event->text = (struct hs_str){0};
		s->room -= event->text.len;
	}
	event->seq = s->last;
	hs_agent_event_put(&s->frame, event);
	s->n++;
}

static void
reply_waiting(struct hs_conn *c)
{
	struct snapshot s = {.conn = c, .last = c->d->events->last};
	struct hs_agent_told head = {.last = s.last, .anew = 1};
	size_t mark = 0;

	hs_touch_each_waiting(c->d, add_waiting, &s); // without texts: how much is that?
	if (hs_buf_err(&s.frame) == HS_OK) {
		head.n = s.n;
		s.room = s.frame.len < REPLY_MAX ? REPLY_MAX - s.frame.len : 0;
		hs_buf_reset(&s.frame);
		mark = begin_reply(&s.frame, &head);
		hs_touch_each_waiting(c->d, add_waiting, &s);
	}
	end_reply(c, &s.frame, mark);
}

// False where there is nothing to tell.
static bool
reply_now(struct hs_conn *c, uint64_t after)
{
	const struct hs_events *e = c->d->events;

	if (after == e->last)
		return false;
	if (after == 0 || after > e->last || !all_kept(e, after))
		reply_waiting(c);
	else if (count_since(c, after) > 0)
		reply_since(c, after);
	else
		return false;
	return true;
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
	reply_nothing(c, after);
}

static void
wait_for_next(struct hs_conn *c, const struct hs_agent_events *m)
{
	struct hs_follow *f = m->wait > 0 ? calloc(1, sizeof *f) : NULL;
	uint32_t wait = m->wait <= HS_WAIT_MAX ? m->wait : HS_WAIT_MAX;

	if (f == NULL || uv_timer_init(c->d->loop, &f->timer) != 0) {
		free(f);
		reply_nothing(c, m->after);
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
	// neither an agent nor another host is the person at this machine
	c->watches = m->prompts != 0 && c->seat == NULL &&
		     hs_peer_origin(&c->peer) == HS_ORIGIN_LOCAL;
	if (!reply_now(c, m->after))
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

static bool
has_news(const struct hs_conn *c, uint64_t after)
{
	const struct hs_events *e = c->d->events;

	return after < e->last && (!all_kept(e, after) || count_since(c, after) > 0);
}

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

		if (f == NULL || !has_news(c, f->after)) {
			c = c->next;
			continue;
		}
		after = f->after;
		held = hs_conn_ref(c);
		hs_events_abandon(c);
		(void)reply_now(c, after);
		hs_conn_unref(held);
		c = d->conns;
	}
}

void
hs_events_seats_gone(struct hs_daemon *d)
{
	for (size_t i = 0; i < HS_EVENTS_KEPT; i++)
		if (d->events->ring[i].seat > 0)
			d->events->ring[i].seat = UINT64_MAX; // nobody's but main's
}

void
hs_events_put(struct hs_daemon *d, const struct hs_agent_event *event, uint64_t seat)
{
	struct hs_events *e = d->events;
	struct hs_agent_event full = *event;
	struct hs_now now;
	struct kept *k;

	hs_clock_read(&now);
	full.seq = ++e->last;
	full.time = now.wall;
	k = &e->ring[full.seq % HS_EVENTS_KEPT];
	k->seat = seat;
	hs_buf_free(&k->body);
	hs_agent_event_put(&k->body, &full);
	k->seq = hs_buf_err(&k->body) == HS_OK && k->body.len <= REPLY_MAX ? full.seq : 0;
	e->wake.data = d;
	(void)uv_timer_start(&e->wake, wake_all, 0, 0);
}
