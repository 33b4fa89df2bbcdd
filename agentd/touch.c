// SPDX-License-Identifier: ISC
//
// An asking's life: recorded, shown, queued, armed, judged, recorded again, told. What the
// helper answers is believed only after the grant was rebuilt and verified here. Contract
// in touch.h.
#include "agentd/touch.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/asking.h"
#include "agentd/compose.h"
#include "agentd/log.h"
#include "agentd/request.h"
#include "proto/names.h"

static void
on_closed(uv_handle_t *h)
{
	struct hs_touch *t = h->data;

	free(t);
}

static void
destroy(struct hs_touch *t)
{
	struct hs_touch **at = &t->d->touches;

	while (*at != NULL && *at != t)
		at = &(*at)->next;
	if (*at == t)
		*at = t->next;
	if (t->conn != NULL)
		t->conn->touch = NULL;
	hs_keys_wipe(&t->key);
	hs_session_end(&t->session);
	hs_buf_free(&t->shown);
	hs_buf_free(&t->reply);
	for (size_t i = 0; i < HS_ROOTS_MAX; i++)
		hs_buf_free(&t->bodies[i]);
	hs_scope_free(&t->scope);
	hs_enrolled_free(&t->roots);
	uv_close((uv_handle_t *)&t->timer, on_closed);
}

static void
tell(struct hs_touch *t)
{
	struct hs_conn *c = t->conn;
	struct hs_buf reply = t->reply;

	t->reply = (struct hs_buf){0};
	destroy(t);
	hs_conn_reply(c, &reply);
}

// ---- the outcome

static void run_next(struct hs_daemon *d);

static void
put_opened(struct hs_touch *t)
{
	const struct hs_session *s = &t->d->session;
	struct hs_agent_opened m = {.session = hs_str_c(s->id),
	    .end = s->end,
	    .root = hs_str_c(s->root),
	    .fingerprint = hs_str_c(s->fingerprint),
	    .flags = s->grant.sk.flags,
	    .simulated = s->simulated,
	    .grant = hs_buf_str(&s->grant_blob)};
	size_t mark = hs_agent_reply_begin(&t->reply, HS_EXT_PENDING, HS_AGENT_DONE);

	hs_agent_opened_put(&t->reply, &m);
	hs_agent_frame_end(&t->reply, mark);
}

static void
on_outcome_recorded(void *arg, int code)
{
	struct hs_touch *t = arg;
	struct hs_daemon *d = t->d;

	if (code != HS_OK) {
		hs_session_end(&t->session);
		hs_fail(&t->why.err, HS_NO_RECORD, "%s", "");
		hs_refusal_remedy(&t->why, "see that the audit log's disk can be written");
	}
	t->state = DONE;
	if (d->running == t)
		d->running = NULL;
	if (t->session.open && !d->stopping) {
		d->session = t->session;
		t->session = (struct hs_session){0};
		hs_daemon_session_opened(d);
		hs_log("session %s open, touch of %s", d->session.id, d->session.root);
		put_opened(t);
	} else {
		hs_log("%s: %s", t->code, hs_err_sentence(&t->why.err));
		hs_request_put_refusal(&t->reply, HS_EXT_PENDING, &t->why);
	}
	if (t->conn == NULL)
		destroy(t);
	else if (t->waiting)
		tell(t);
	run_next(d);
}

// why or session says how it ended; recorded before anybody hears of it.
static void
judge(struct hs_touch *t)
{
	const struct hs_session *s = &t->session;
	struct hs_audit_record r = {.event = s->open ? "touch" : "touch-failed",
	    .code = hs_code_name(t->why.err.code),
	    .ask = hs_str_c(t->code)};
	struct hs_now now;

	t->state = JUDGED;
	hs_keys_wipe(&t->key);
	hs_clock_read(&now);
	r.time = now.wall;
	if (t->conn != NULL)
		hs_request_who(&r, t->conn);
	if (s->open) {
		r.session = s->id;
		r.numbered = true;
		r.serial = s->grant.cert.serial;
		r.end = s->end;
		r.root = s->root;
		r.root_key = s->fingerprint;
		r.touched = true;
		r.flags = s->grant.sk.flags;
		r.counter = s->grant.sk.counter;
		r.simulated = s->simulated;
		r.grant = hs_buf_str(&s->grant_blob);
	} else {
		r.sentence = hs_str_c(hs_err_sentence(&t->why.err));
	}
	if (hs_audit_put(t->d->audit, &r, on_outcome_recorded, t, NULL, NULL) != HS_OK)
		on_outcome_recorded(t, HS_NO_RECORD);
}

static void
fail(struct hs_touch *t, enum hs_code code, const char *sentence, const char *remedy)
{
	hs_fail(&t->why.err, code, "%s", sentence);
	hs_refusal_remedy(&t->why, "%s", remedy);
	judge(t);
}

// ---- the ceremony

static void
judge_failed(struct hs_touch *t)
{
	hs_refusal_remedy(&t->why, "%s", hs_asking_remedy(t->why.err.code));
	judge(t);
}

static void
on_ceremony(void *arg, int code, struct hs_str answer, const struct hs_err *err)
{
	struct hs_touch *t = arg;

	t->ceremony = NULL;
	if (t->conn == NULL)
		hs_fail(&t->why.err, HS_SK_CANCELLED, "whoever asked went away");
	else if (code != HS_OK)
		t->why.err = *err;
	else
		hs_asking_believe(t, answer);
	if (t->why.err.code != HS_OK)
		judge_failed(t);
	else
		judge(t);
}

static int
start_ceremony(struct hs_touch *t, const struct hs_now *now)
{
	const struct hs_settings *set = t->d->set;
	struct hs_buf request = {0};
	uint8_t nonce[32];
	struct hs_compose_grant g = {.session_key = &t->key.pub,
	    .scope = t->scope,
	    .shown = hs_buf_str(&t->shown),
	    .end = t->end,
	    .nonce = nonce,
	    .log_seq = t->log_seq,
	    .log_head = t->log_head,
	    .armed = set->armed};
	int rc = hs_keys_make(&t->key, &t->why.err);

	g.valid_after = now->wall > HS_CLOCK_SLACK ? now->wall - HS_CLOCK_SLACK : 1;
	randombytes_buf(nonce, sizeof nonce);
	while (g.serial == 0)
		randombytes_buf(&g.serial, sizeof g.serial);
	if (rc == HS_OK) {
		rc = hs_compose_request(&g, &t->roots, t->bodies, &request);
		if (rc != HS_OK)
			hs_fail(&t->why.err, (enum hs_code)rc,
			    "the grant cannot be made: %s",
			    hs_code_sentence((enum hs_code)rc));
	}
	if (rc == HS_OK)
		rc = hs_ceremony_start(t->d->loop, set->helper, hs_buf_str(&request),
		    (uint64_t)set->armed * 1000 + set->grace_ms, on_ceremony, t,
		    &t->ceremony, &t->why.err);
	hs_buf_free(&request);
	return rc;
}

static void
arm(struct hs_touch *t)
{
	struct hs_now now;
	int64_t moved;

	hs_daemon_tick(t->d, &now);
	moved = (int64_t)now.wall_ms - (int64_t)now.boot_ms - t->offset_ms;
	t->d->running = t;
	t->state = ARMED;
	if (t->d->session.open)
		fail(t, HS_NO_SESSION_OPEN, "", "close it first: handseal close");
	else if (moved > 2000 || moved < -2000)
		fail(t, HS_NO_CLOCK, "the clock was set after the text was shown",
		    "ask again");
	else if (now.wall >= t->end || now.boot_ms >= t->end_boot_ms)
		fail(
		    t, HS_NO_EXPIRED, "the end that was asked for has passed", "ask again");
	else if (start_ceremony(t, &now) == HS_OK)
		hs_log("%s: touch one of the keys now", t->code);
	else
		judge_failed(t);
}

static void
run_next(struct hs_daemon *d)
{
	struct hs_touch *t = d->touches;

	while (t != NULL && t->state != QUEUED)
		t = t->next;
	if (t != NULL && d->running == NULL && !d->stopping)
		arm(t);
}

// ---- the asking

static void
on_shown(uv_timer_t *timer)
{
	struct hs_touch *t = timer->data;

	t->state = QUEUED;
	run_next(t->d);
}

static void
on_asked(void *arg, int code)
{
	struct hs_touch *t = arg;
	struct hs_buf reply = {0}, names = {0};
	struct hs_agent_asked m = {.code = hs_str_c(t->code),
	    .shown = hs_buf_str(&t->shown),
	    .armed = t->d->set->armed};
	struct hs_conn *c = t->conn;
	size_t mark;

	if (c == NULL && code == HS_OK) {
		fail(t, HS_SK_CANCELLED, "whoever asked went away", "ask again");
		return;
	}
	if (code != HS_OK) {
		hs_fail(&t->why.err, HS_NO_RECORD, "%s", "");
		hs_refusal_remedy(&t->why, "see that the audit log's disk can be written");
		hs_request_put_refusal(&reply, HS_EXT_OPEN, &t->why);
		destroy(t);
		if (c != NULL)
			hs_conn_reply(c, &reply);
		hs_buf_free(&reply);
		return;
	}
	hs_enrolled_put_names(&names, &t->roots);
	m.keys = hs_buf_str(&names);
	mark = hs_agent_reply_begin(&reply, HS_EXT_OPEN, HS_AGENT_PENDING);
	hs_agent_asked_put(&reply, &m);
	hs_agent_frame_end(&reply, mark);
	hs_buf_free(&names);
	t->state = SHOWN;
	(void)uv_timer_start(&t->timer, on_shown, t->d->set->show_ms, 0);
	hs_conn_reply(c, &reply);
}

static struct hs_touch *
new_touch(struct hs_conn *c)
{
	struct hs_touch *t = calloc(1, sizeof *t), **at = &c->d->touches;

	if (t == NULL || uv_timer_init(c->d->loop, &t->timer) != 0) {
		free(t);
		return NULL;
	}
	t->d = c->d;
	t->timer.data = t;
	t->conn = c;
	c->touch = t;
	while (*at != NULL)
		at = &(*at)->next;
	*at = t;
	return t;
}

int
hs_touch_open(struct hs_conn *c, const struct hs_agent_open *m, const struct hs_now *now,
    struct hs_refusal *why)
{
	struct hs_audit_record r;
	struct hs_touch *t;
	uint8_t digest[32];
	int rc;

	if (c->touch != NULL && c->touch->state == DONE)
		destroy(c->touch); // its outcome was never fetched
	rc = hs_asking_check(c, m, why);
	if (rc != HS_OK)
		return rc;
	t = new_touch(c);
	if (t == NULL)
		return hs_fail(&why->err, HS_ERR_NOMEM, "%s", "");
	rc = hs_asking_fill(t, m, now, why);
	if (rc == HS_OK)
		hs_asking_record(t, m, now, digest, &r);
	if (rc == HS_OK &&
	    hs_audit_put(c->d->audit, &r, on_asked, t, &t->log_seq, t->log_head) != HS_OK) {
		hs_fail(&why->err, HS_NO_RECORD, "%s", "");
		rc = hs_refusal_remedy(why, "see that the audit log's disk can be written");
	}
	if (rc != HS_OK)
		destroy(t);
	return rc;
}

int
hs_touch_pending(struct hs_conn *c, struct hs_str code, struct hs_refusal *why)
{
	struct hs_touch *t = c->touch;

	if (t == NULL || !hs_str_is(code, t->code)) {
		hs_fail(
		    &why->err, HS_NO_SUCH, "this connection asked nothing of that code");
		return hs_refusal_remedy(
		    why, "ask on the connection that sent open, with its code");
	}
	if (t->state == DONE)
		tell(t);
	else
		t->waiting = true;
	return HS_OK;
}

void
hs_touch_abandon(struct hs_conn *c)
{
	struct hs_touch *t = c->touch;

	if (t == NULL)
		return;
	t->conn = NULL;
	t->waiting = false;
	c->touch = NULL;
	if (t->state == DONE) {
		destroy(t);
	} else if (t->state == SHOWN || t->state == QUEUED) {
		(void)uv_timer_stop(&t->timer);
		fail(t, HS_SK_CANCELLED, "whoever asked went away", "ask again");
	} else if (t->state == ARMED && t->ceremony != NULL) {
		hs_keys_wipe(&t->key);
		hs_ceremony_cancel(t->ceremony);
	}
}

size_t
hs_touch_waiting(const struct hs_daemon *d)
{
	size_t n = 0;

	for (const struct hs_touch *t = d->touches; t != NULL; t = t->next)
		n += t->state != DONE;
	return n;
}
