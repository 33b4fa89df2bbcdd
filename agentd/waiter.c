// SPDX-License-Identifier: ISC
//
// Waiting for an outcome and telling it. Contract in waiter.h.
#include "agentd/waiter.h"

#include <stdlib.h>
#include "agentd/asking.h"
#include "agentd/reply.h"
#include "proto/names.h"

struct hs_waiter {
	struct hs_conn *conn;
	struct hs_touch *touch;
	bool by_key; // it is not its asking's connection, but the key's holder
	uv_timer_t timer;
};

static void
on_closed(uv_handle_t *h)
{
	free(h->data);
}

void
hs_waiter_abandon(struct hs_conn *c)
{
	struct hs_waiter *w = c->waiter;

	if (w == NULL)
		return;
	c->waiter = NULL;
	w->conn = NULL;
	uv_close((uv_handle_t *)&w->timer, on_closed);
}

static void
reply_waiting(struct hs_conn *c, struct hs_touch *t)
{
	struct hs_agent_waiting m;
	struct hs_buf frame = {0};
	size_t mark = hs_agent_reply_begin(&frame, HS_EXT_PENDING, HS_AGENT_PENDING);

	hs_touch_describe(t, &m);
	hs_agent_waiting_put(&frame, &m);
	hs_agent_frame_end(&frame, mark);
	t->kept =
	    t->kept || !(t->opening || t->seating); // whoever hears this may come back
	hs_conn_reply(c, &frame);
}

static void
on_wait_over(uv_timer_t *timer)
{
	struct hs_waiter *w = timer->data;
	struct hs_conn *c = w->conn;
	struct hs_touch *t = w->touch;

	hs_waiter_abandon(c);
	reply_waiting(c, t);
}

static void
reply_outcome(struct hs_conn *c, const struct hs_touch *t)
{
	struct hs_buf frame = {0};
	size_t mark;

	if (t->why.err.code != HS_OK) {
		hs_reply_put_refusal(&frame, HS_EXT_PENDING, &t->why);
	} else {
		mark = hs_agent_reply_begin(&frame, HS_EXT_PENDING, HS_AGENT_DONE);
		hs_put_raw(&frame, t->outcome.p, t->outcome.len);
		hs_agent_frame_end(&frame, mark);
	}
	hs_conn_reply(c, &frame);
}

static void
tell(struct hs_conn *c, struct hs_touch *t)
{
	struct hs_conn *held = hs_conn_ref(c);

	if (c->touch == t) {
		c->touch = NULL;
		t->owners--;
	}
	reply_outcome(c, t);
	hs_conn_unref(held);
}

bool
hs_waiter_tell(struct hs_touch *t)
{
	struct hs_daemon *d = t->d;
	struct hs_conn *c = d->conns;
	bool told = false, by_key = false;

	while (c != NULL) { // a connection may go away while it is told, so from the start
		if (c->waiter == NULL || c->waiter->touch != t) {
			c = c->next;
			continue;
		}
		told = true;
		by_key = by_key || c->waiter->by_key;
		hs_waiter_abandon(c);
		tell(c, t);
		c = d->conns;
	}
	return told && (t->owners == 0 || by_key);
}

// ---- who may hear it

static struct hs_touch *
find(const struct hs_daemon *d, struct hs_str code)
{
	struct hs_touch *t = d->touches;

	while (t != NULL && (t->state == ASKED || !hs_str_is(code, t->code)))
		t = t->next;
	return t;
}

static int
find_own(
    struct hs_conn *c, struct hs_str code, struct hs_touch **out, struct hs_refusal *why)
{
	struct hs_touch *t = c->touch;

	if (t == NULL || !hs_str_is(code, t->code)) {
		t = find(
		    c->d, code); // what a seat asked for, any connection of it may hear
		if (t != NULL && (c->seat == NULL || t->wanted.seat != c->seat->serial))
			t = NULL;
	}
	if (t != NULL) {
		*out = t;
		return HS_OK;
	}
	hs_fail(&why->err, HS_NO_SUCH, "this connection asked nothing of that code");
	return hs_refusal_remedy(
	    why, "ask on the connection that asked, or with the key that it was for");
}

static int
find_by_key(struct hs_conn *c, const struct hs_agent_pending *m, struct hs_touch **out,
    struct hs_refusal *why)
{
	struct hs_key key;
	int rc = hs_wanted_waits(m->code, m->key, m->proof, &key, why);

	if (rc != HS_OK)
		return rc;
	*out = find(c->d, m->code);
	if (*out != NULL && !(*out)->opening && !(*out)->seating &&
	    hs_key_eq(&(*out)->wanted.key, &key))
		return HS_OK;
	hs_fail(&why->err, HS_NO_SUCH, "nothing of that code waits for this key");
	return hs_refusal_remedy(why, "ask anew: its outcome was told, or it is gone");
}

static int
start_waiting(struct hs_conn *c, struct hs_touch *t, uint32_t wait, bool by_key)
{
	struct hs_waiter *w = calloc(1, sizeof *w);

	if (w == NULL || uv_timer_init(c->d->loop, &w->timer) != 0) {
		free(w);
		return HS_ERR_NOMEM;
	}
	w->conn = c;
	w->touch = t;
	w->by_key = by_key;
	w->timer.data = w;
	c->waiter = w;
	(void)uv_timer_start(&w->timer, on_wait_over, (uint64_t)wait * 1000, 0);
	return HS_OK;
}

int
hs_waiter_pending(
    struct hs_conn *c, const struct hs_agent_pending *m, struct hs_refusal *why)
{
	bool by_key = m->key.len > 0;
	struct hs_touch *t = NULL;
	int rc = by_key ? find_by_key(c, m, &t, why) : find_own(c, m->code, &t, why);

	if (rc != HS_OK || t == NULL)
		return rc;
	if (t->state == DONE) {
		tell(c, t);
		if (t->owners == 0 || by_key)
			hs_touch_forget(t);
		return HS_OK;
	}
	if (m->wait == 0) {
		reply_waiting(c, t);
		return HS_OK;
	}
	rc = start_waiting(c, t, m->wait <= HS_WAIT_MAX ? m->wait : HS_WAIT_MAX, by_key);
	return rc == HS_OK ? HS_OK : hs_fail(&why->err, (enum hs_code)rc, "%s", "");
}
