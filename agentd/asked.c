// SPDX-License-Identifier: ISC
//
// Making an asking: from the wish of a connection to its record on disk and the answer that
// it waits. Contract in touch.h.
#include <stdlib.h>
#include <string.h>
#include "agentd/judge.h"
#include "agentd/life.h"
#include "agentd/reply.h"
#include "proto/names.h"

static const char *
extension_of(const struct hs_touch *t)
{
	return t->opening ? HS_EXT_OPEN : t->seating ? HS_EXT_SEAT : HS_EXT_REQUEST;
}

static void
reply_asked(struct hs_conn *c, const struct hs_touch *t)
{
	struct hs_buf reply = {0}, names = {0};
	struct hs_agent_asked m = {.code = hs_str_c(t->code),
	    .shown = hs_buf_str(&t->shown),
	    .armed = t->d->set->armed,
	    .until = t->until,
	    .pin = t->pin};
	size_t mark;

	hs_enrolled_put_names(&names, &t->roots);
	m.keys = hs_buf_str(&names);
	mark = hs_agent_reply_begin(&reply, extension_of(t), HS_AGENT_PENDING);
	hs_agent_asked_put(&reply, &m);
	hs_agent_frame_end(&reply, mark);
	hs_buf_free(&names);
	hs_conn_reply(c, &reply);
}

// The software keys among the roots: where to see them plugged in and pulled out.
static void
watch_keys(struct hs_touch *t)
{
	const char *softkeys[HS_ROOTS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < t->roots.n; i++)
		if (t->roots.v[i].device[0] != '\0')
			softkeys[n++] = t->roots.v[i].device;
	(void)hs_devices_watch(t->d->devices, softkeys, n);
}

struct hs_conn *
hs_touch_owner(const struct hs_touch *t)
{
	struct hs_conn *c = t->d->conns;

	while (c != NULL && c->touch != t)
		c = c->next;
	return c;
}

static void
on_asked(void *arg, int code)
{
	struct hs_touch *t = arg;
	struct hs_conn *c = hs_touch_owner(t);
	struct hs_buf reply = {0};

	if (code == HS_OK && c == NULL) {
		hs_touch_fail(t, HS_SK_CANCELLED, "whoever asked went away");
		return;
	}
	if (code != HS_OK) {
		hs_fail(&t->why.err, HS_NO_RECORD, "%s", "");
		hs_refusal_remedy(&t->why, "see that the audit log's disk can be written");
		hs_reply_put_refusal(&reply, extension_of(t), &t->why);
		hs_touch_forget(t);
		if (c != NULL)
			hs_conn_reply(c, &reply);
		hs_buf_free(&reply);
		return;
	}
	watch_keys(t);
	hs_touch_show(t);
	hs_touch_tell(t);
	c = hs_touch_owner(t); // it may have gone while others were told
	if (c != NULL)
		reply_asked(c, t);
}

// Where many outcomes were never fetched, the oldest goes; of a session's opening first,
// which only its own connection can fetch.
static void
make_room(struct hs_daemon *d)
{
	struct hs_touch *oldest = NULL;
	size_t n = 0;

	for (struct hs_touch *t = d->touches; t != NULL; t = t->next, n++)
		if (t->state == DONE &&
		    (oldest == NULL || (t->opening && !oldest->opening)))
			oldest = t;
	if (n >= HS_TOUCHES_MAX && oldest != NULL)
		hs_touch_forget(oldest);
}

static struct hs_touch *
new_touch(struct hs_conn *c, struct hs_refusal *why)
{
	struct hs_touch *t = NULL, **at = &c->d->touches;
	size_t n = 0;

	make_room(c->d);

	if (c->touch != NULL && c->touch->state == DONE)
		hs_touch_abandon(c); // its outcome was never fetched
	for (; *at != NULL; n++)
		at = &(*at)->next;
	if (c->touch != NULL || n >= HS_TOUCHES_MAX) {
		hs_fail(&why->err, HS_NO_BUSY, "%s",
		    c->touch != NULL ? "this connection waits for a touch already"
				     : "too many askings are kept");
		(void)hs_refusal_remedy(why, "wait until they are answered");
		return NULL;
	}
	t = calloc(1, sizeof *t);
	if (t == NULL || uv_timer_init(c->d->loop, &t->timer) != 0) {
		free(t);
		hs_fail(&why->err, HS_ERR_NOMEM, "%s", "");
		return NULL;
	}
	t->d = c->d;
	hs_peer_copy(&t->peer, &c->peer);
	t->timer.data = t;
	t->pin_fd = -1;
	t->owners = 1;
	c->touch = t;
	*at = t;
	return t;
}

static int
record_asking(struct hs_touch *t, const struct hs_now *now, struct hs_refusal *why)
{
	struct hs_audit_record r;
	uint8_t digest[32];

	hs_asking_record(t, now, digest, &r);
	if (hs_audit_put(t->d->audit, &r, on_asked, t, &t->log_seq, t->log_head) == HS_OK)
		return HS_OK;
	hs_fail(&why->err, HS_NO_RECORD, "%s", "");
	return hs_refusal_remedy(why, "see that the audit log's disk can be written");
}

int
hs_touch_open(struct hs_conn *c, const struct hs_agent_open *m, const struct hs_now *now,
    struct hs_refusal *why)
{
	struct hs_touch *t;
	int rc;

	if (c->d->session.open) {
		hs_fail(&why->err, HS_NO_SESSION_OPEN, "%s", "");
		return hs_refusal_remedy(why, "close it first: handseal close");
	}
	t = new_touch(c, why);
	if (t == NULL)
		return (int)why->err.code;
	rc = hs_asking_open(t, m, now, why);
	if (rc == HS_OK)
		rc = record_asking(t, now, why);
	if (rc != HS_OK)
		hs_touch_forget(t);
	return rc;
}

// One that waits for the same, for the same key, from the same asker.
static struct hs_touch *
find_same(const struct hs_conn *c, const struct hs_wanted *w)
{
	const struct hs_judge_ask ask = {
	    .agent = w->agent, .peer = &c->peer, .seat = c->seat};
	char asker[HS_AGENT_NAME_MAX + 1];
	struct hs_touch *t = c->d->touches;
	uint8_t digest[32];

	hs_scope_digest(w->scope, digest);
	hs_judge_asker(c->d, &ask, asker);
	while (t != NULL &&
	       (t->opening || t->seating || !hs_touch_waits(t) || t->state == ASKED ||
		   t->stopping || strcmp(t->asker, asker) != 0 ||
		   strcmp(t->wanted.agent, w->agent) != 0 ||
		   hs_peer_origin(&t->peer) != hs_peer_origin(&c->peer) ||
		   t->wanted.direct != w->direct || !hs_key_eq(&t->wanted.key, &w->key) ||
		   memcmp(t->asked, digest, sizeof digest) != 0))
		t = t->next;
	return t;
}

bool
hs_touch_join(struct hs_conn *c, const struct hs_wanted *wanted)
{
	struct hs_touch *t;

	if (c->touch != NULL && c->touch->state == DONE)
		hs_touch_abandon(c);
	t = find_same(c, wanted);
	if (t == NULL || (c->touch != NULL && c->touch != t))
		return false;
	t->owners += c->touch == NULL;
	c->touch = t;
	reply_asked(c, t);
	return true;
}

static int
ask(struct hs_touch *t, struct hs_wanted *wanted, const struct hs_decided *decided,
    const struct hs_now *now, struct hs_refusal *why)
{
	int rc = hs_asking_request(t, wanted, decided, now, why);

	if (rc == HS_OK)
		rc = record_asking(t, now, why);
	if (rc == HS_OK) // now, not when it is on disk: others may come before that
		hs_quota_asked(&t->d->quota, hs_str_c(t->asker), now->boot_ms);
	else
		hs_touch_forget(t);
	return rc;
}

int
hs_touch_request(struct hs_conn *c, struct hs_wanted *wanted,
    const struct hs_decided *decided, const struct hs_now *now, struct hs_refusal *why)
{
	struct hs_touch *t = new_touch(c, why);

	return t == NULL ? (int)why->err.code : ask(t, wanted, decided, now, why);
}

int
hs_touch_seat(struct hs_conn *c, struct hs_wanted *wanted, uint64_t ttl,
    const struct hs_decided *decided, const struct hs_now *now, struct hs_refusal *why)
{
	struct hs_touch *t = new_touch(c, why);

	if (t == NULL)
		return (int)why->err.code;
	t->seating = true;
	t->ttl = ttl;
	return ask(t, wanted, decided, now, why);
}
