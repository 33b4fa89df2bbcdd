// SPDX-License-Identifier: ISC
//
// Asking for a seat. Who asks: any process of this user, which may ask for what it may have
// by a request too; and an agent on its seat, for less. Contract in seatask.h.
#include "agentd/seatask.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/asking.h"
#include "agentd/explain.h"
#include "agentd/judge.h"
#include "agentd/log.h"
#include "agentd/measure.h"
#include "agentd/reply.h"
#include "agentd/seatbind.h"
#include "agentd/seathosts.h"
#include "agentd/seatkeys.h"
#include "agentd/touch.h"

// ---- seat

// An answer that waits until the seat has its certificate.
struct waiting {
	struct hs_conn *conn;
	uint64_t seat;
};

static void
on_made(void *arg, int code)
{
	struct waiting *w = arg;
	struct hs_conn *c = w->conn;
	struct hs_seat *s = code == HS_OK ? hs_seat_find(c->d, w->seat) : NULL;
	struct hs_refusal why = {0};
	struct hs_buf frame = {0};
	size_t mark;

	if (s != NULL) {
		mark = hs_agent_reply_begin(&frame, HS_EXT_SEAT, HS_AGENT_DONE);
		hs_seatask_put_seated(&frame, s);
		hs_agent_frame_end(&frame, mark);
	} else {
		hs_fail(
		    &why.err, code == HS_OK ? HS_NO_GONE : (enum hs_code)code, "%s", "");
		hs_reply_put_refusal(&frame, HS_EXT_SEAT, &why);
	}
	hs_conn_reply(c, &frame);
	hs_conn_unref(c);
	free(w);
}

static int
too_few_uses(uint64_t left, struct hs_refusal *why)
{
	hs_fail(&why->err, HS_NO_USES, "uses left: %" PRIu64, left);
	return hs_refusal_remedy(why, "ask for --uses %" PRIu64 " or fewer", left);
}

// The uses that a child may spend are its own from now on; they come back when it ends.
static int
make_now(struct hs_conn *c, struct hs_wanted *w, struct hs_seatask_new *n, uint64_t *left,
    struct hs_refusal *why)
{
	struct waiting *wait = calloc(1, sizeof *wait);
	uint64_t uses = hs_scope_max_uses(w->scope);
	int rc = wait != NULL ? HS_OK : hs_fail(&why->err, HS_ERR_NOMEM, "%s", "");

	if (rc == HS_OK && *left != HS_USES_ANY && uses > *left)
		rc = too_few_uses(*left, why);
	n->owner = c;
	n->left = left;
	n->agent = w->agent;
	n->scope = &w->scope;
	n->known = &w->known;
	n->reason = hs_buf_str(&w->reason);
	n->shared = w->shared;
	if (rc == HS_OK)
		rc = hs_seatask_make(c->d, n, on_made, wait, why);
	if (rc != HS_OK) {
		free(wait);
		return rc;
	}
	wait->conn = hs_conn_ref(c);
	wait->seat = c->owns->serial;
	return HS_OK;
}

static void
set_end(struct hs_seatask_new *n, uint64_t ttl, const struct hs_now *now)
{
	if (ttl == 0 || n->end <= now->wall)
		return;
	if (ttl < n->end - now->wall)
		n->end = now->wall + ttl;
	if (now->boot_ms + ttl * 1000 < n->end_boot_ms)
		n->end_boot_ms = now->boot_ms + ttl * 1000;
}

static int
below_session(struct hs_conn *c, struct hs_wanted *w, uint64_t ttl,
    const struct hs_now *now, struct hs_refusal *why)
{
	const struct hs_judge_ask ask = {.scope = w->scope,
	    .agent = w->agent,
	    .peer = &c->peer,
	    .reasoned = w->reason.len > 0,
	    .direct = w->direct,
	    .shared = w->shared != 0};
	struct hs_seatask_new n = {0};
	struct hs_decided decided = {0};
	struct hs_held *h;
	int rc;

	switch (hs_judge(c->d, &ask, now, &decided)) {
	case HS_DECIDE_ISSUE:
		h = c->d->session.held[decided.grant];
		n.grant_serial = h->cert->serial;
		n.end = h->end;
		n.end_boot_ms = h->end_boot_ms;
		set_end(&n, ttl, now);
		rc = make_now(c, w, &n, &h->uses_left, why);
		break;
	case HS_DECIDE_ASK:
		rc = hs_touch_seat(c, w, ttl, &decided, now, why);
		break;
	default:
		hs_judge_refusal(&decided, why);
		rc = (int)why->err.code;
	}
	hs_decided_free(&decided);
	return rc;
}

// A seat below a seat: less than that has, and one level less deep.
static int
below_seat(struct hs_conn *c, struct hs_wanted *w, uint64_t ttl, const struct hs_now *now,
    struct hs_refusal *why)
{
	struct hs_seat *s = c->seat;
	const struct hs_scope *had = NULL; // what is explained: the first that is left
	uint64_t most = 0;		   // uses of a part that has too few

	if (w->direct) {
		hs_fail(&why->err, HS_NO_UNENFORCEABLE,
		    "a direct certificate is nobody's to pass on, so no seat below has "
		    "one");
		return hs_refusal_remedy(
		    why, "ask on this seat: handseal request --direct");
	}
	for (size_t i = 0; i < s->nparts; i++) {
		struct hs_seat_part *p = &s->parts[i];
		struct hs_seatask_new n = {.parent = s,
		    .grant_serial = p->grant_serial,
		    .end = p->end,
		    .end_boot_ms = p->end_boot_ms};

		if (!hs_seat_part_lives(s, p, now) ||
		    !hs_seatkeys_permitted(s, p, now, NULL))
			continue;
		if (!hs_scope_below(w->scope, p->scope)) {
			had = had != NULL ? had : p->scope;
			continue;
		}
		if (hs_scope_max_uses(w->scope) > p->uses_left) {
			most = p->uses_left > most ? p->uses_left : most;
			continue;
		}
		set_end(&n, ttl, now);
		return make_now(c, w, &n, &p->uses_left, why);
	}
	if (most > 0)
		return too_few_uses(most, why);
	if (had != NULL)
		return hs_explain_below(w->scope, had, why);
	hs_fail(&why->err, HS_NO_CEILING, "the seat above has nothing left to pass on");
	return hs_refusal_remedy(why, "ask for it there: handseal request");
}

static int
take_apart(const struct hs_agent_seat *m, struct hs_wanted *w, struct hs_refusal *why)
{
	int rc = hs_wanted_agent(m->agent, w->agent, why);

	if (rc == HS_OK)
		rc = hs_wanted_reason(m->reason, why);
	if (rc == HS_OK)
		rc = hs_wanted_scope(m->scope, &w->scope, why);
	if (rc == HS_OK && m->ttl > HS_TTL_MAX) {
		rc = hs_fail(&why->err, HS_ERR_USAGE, "a seat cannot last that long");
		hs_refusal_remedy(why, "ask for --ttl 8h");
	}
	if (rc == HS_OK && m->direct != 0)
		rc = hs_wanted_direct(w->scope, why);
	w->direct = m->direct != 0;
	hs_put_raw(&w->reason, m->reason.p, m->reason.len);
	return rc == HS_OK ? hs_buf_err(&w->reason) : rc;
}

// One below another is shared as that is, and with nobody else.
static int
check_sharing(struct hs_conn *c, uint32_t uid, struct hs_wanted *w, struct hs_refusal *why)
{
	struct hs_sharing found;

	w->shared = uid;
	if (uid == 0 || (c->seat != NULL && c->seat->shared.uid == uid))
		return HS_OK;
	if (c->seat == NULL)
		return hs_sharing_find(c->d->policy->policy, uid, geteuid(), &found, why);
	hs_fail(&why->err, HS_NO_POLICY, "a seat below another is shared as that one is");
	return hs_refusal_remedy(why, "leave out --share");
}

static void
reply_ended(struct hs_conn *c, const struct hs_now *now)
{
	struct hs_seat *s = c->owns;
	struct hs_agent_unseated m;
	struct hs_refusal why = {0};
	struct hs_buf frame = {0};
	size_t mark;

	if (s == NULL) {
		hs_fail(&why.err, HS_NO_SUCH, "this connection has no seat");
		hs_reply_refuse(
		    c, HS_EXT_SEAT, &why, now, (struct hs_str){0}, (struct hs_str){0});
		return;
	}
	m = (struct hs_agent_unseated){.id = hs_str_c(s->id),
	    .began = s->began,
	    .logins = s->logins,
	    .signatures = s->signatures,
	    .escalations = s->escalations,
	    .refused = s->refused,
	    .last_end = hs_seat_last_end(s)};
	mark = hs_agent_reply_begin(&frame, HS_EXT_SEAT, HS_AGENT_DONE);
	hs_agent_unseated_put(&frame, &m);
	hs_agent_frame_end(&frame, mark);
	s->owner = NULL; // which wants the answer
	c->owns = NULL;
	hs_seat_over(s, "its command ended");
	hs_conn_reply(c, &frame);
}

// ---- asked, with the known hosts read first

#define READING_MAX 256 // at one time

// What a connection asked for, while the files are read.
struct hs_seat_asking {
	struct hs_conn *conn;
	struct hs_wanted wanted;
	struct hs_knownhosts_run *run;
	bool seat; // else more on one
	uint64_t ttl;
	struct hs_buf text; // of the scope, as it was sent
};

static void
free_asking(struct hs_seat_asking *a)
{
	a->conn->d->nreading--;
	hs_conn_unref(a->conn);
	hs_wanted_free(&a->wanted);
	hs_buf_free(&a->text);
	free(a);
}

static void
go_on(struct hs_seat_asking *a)
{
	struct hs_conn *c = a->conn;
	struct hs_refusal why = {0};
	struct hs_now now;
	int rc;

	hs_daemon_tick(c->d, &now);
	if (c->closed)
		return; // its session has just ended, and its seat with it
	if (c->seat != NULL && c->seat->revoked)
		rc = hs_seat_say_revoked(&why);
	else if (!a->seat)
		rc = hs_seatask_more(c, &a->wanted, &now, &why);
	else
		rc = below_session(c, &a->wanted, a->ttl, &now, &why);
	if (rc != HS_OK)
		hs_reply_refuse(c, a->seat ? HS_EXT_SEAT : HS_EXT_REQUEST, &why, &now,
		    hs_str_c(a->wanted.agent), hs_buf_str(&a->text));
}

static void
on_read(void *arg, int code, struct hs_knownhosts *k, const struct hs_err *err)
{
	struct hs_seat_asking *a = arg;

	a->run = NULL;
	a->conn->reading = NULL;
	if (code != HS_OK)
		hs_log("known hosts: %s", hs_err_sentence(err));
	for (size_t i = 0; k != NULL && i < k->nwarnings; i++)
		hs_log("known hosts: %.*s", (int)k->warnings[i].len,
		    (const char *)k->warnings[i].p);
	a->wanted.known = k;
	go_on(a);
	free_asking(a);
}

// Takes w. Where the files cannot be read no host's key has a name, and the rest goes on.
static void
read_hosts_first(struct hs_conn *c, struct hs_wanted *w, bool seat, uint64_t ttl,
    struct hs_str text, const struct hs_now *now)
{
	struct hs_seat_asking *a = calloc(1, sizeof *a);
	struct hs_refusal why = {0};

	if (a != NULL && c->d->nreading == READING_MAX) {
		hs_fail(&why.err, HS_NO_BUSY, "%s", "");
		hs_refusal_remedy(&why, "ask again");
		free(a);
		a = NULL;
	} else if (a == NULL) {
		hs_fail(&why.err, HS_ERR_NOMEM, "%s", "");
	}
	if (a == NULL) {
		hs_reply_refuse(c, seat ? HS_EXT_SEAT : HS_EXT_REQUEST, &why, now,
		    hs_str_c(w->agent), text);
		return;
	}
	*a = (struct hs_seat_asking){
	    .conn = hs_conn_ref(c), .wanted = *w, .seat = seat, .ttl = ttl};
	*w = (struct hs_wanted){0};
	hs_put_raw(&a->text, text.p, text.len);
	c->reading = a;
	c->d->nreading++;
	if (hs_seathosts_read(c->d, a->wanted.scope, on_read, a, &a->run, &why.err) !=
	    HS_OK)
		on_read(a, (int)why.err.code, NULL, &why.err);
}

void
hs_seatask_abandon(struct hs_conn *c)
{
	struct hs_seat_asking *a = c->reading;

	if (a == NULL)
		return;
	c->reading = NULL;
	hs_knownhosts_cancel(&a->run);
	free_asking(a);
}

int
hs_seatask(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_refusal why = {0};
	struct hs_agent_seat m;
	struct hs_wanted w = {0};
	int rc = hs_agent_seat_get(r, &m);

	if (rc != HS_OK)
		return rc;
	if (m.what == HS_SEAT_END) {
		reply_ended(c, now);
		return HS_OK;
	}
	hs_measure_start(c);
	rc = hs_seatbind_local(c, &why);
	if (rc == HS_OK)
		rc = take_apart(&m, &w, &why);
	if (rc == HS_OK && c->seat != NULL && c->seat->revoked)
		rc = hs_seat_say_revoked(&why);
	if (rc == HS_OK)
		rc = check_sharing(c, m.uid, &w, &why);
	if (rc == HS_OK && c->owns != NULL) {
		rc = hs_fail(&why.err, HS_NO_BUSY, "this connection has a seat already");
		hs_refusal_remedy(&why, "make the other on a connection of its own");
	}
	if (rc == HS_OK && c->touch != NULL && c->touch->seating &&
	    c->touch->state != DONE) {
		rc = hs_fail(
		    &why.err, HS_NO_BUSY, "this connection waits for a seat already");
		hs_refusal_remedy(&why, "wait until it is answered");
	}
	if (rc == HS_OK && c->seat != NULL)
		rc = below_seat(c, &w, m.ttl, now, &why);
	else if (rc == HS_OK)
		read_hosts_first(c, &w, true, m.ttl, m.scope, now);
	if (rc != HS_OK)
		hs_reply_refuse(c, HS_EXT_SEAT, &why, now, m.agent, m.scope);
	hs_wanted_free(&w);
	return HS_OK;
}

void
hs_seatask_request(
    struct hs_conn *c, const struct hs_agent_request *m, const struct hs_now *now)
{
	struct hs_seat *s = c->seat;
	struct hs_refusal why = {0};
	struct hs_wanted w = {
	    .key = s->pub, .origin = hs_peer_origin(&c->peer), .seat = s->serial};
	int rc = hs_seatbind_local(c, &why);

	memcpy(w.agent, s->agent, sizeof w.agent); // whatever it calls itself
	hs_key_fingerprint(&s->pub, w.fingerprint);
	if (s->revoked) {
		rc = hs_seat_say_revoked(&why);
	} else if (rc == HS_OK && (m->key.len > 0 || m->proof.len > 0)) {
		rc = hs_fail(&why.err, HS_ERR_USAGE, "a seat has a key of its own");
		hs_refusal_remedy(&why, "leave out --key and -o");
	}
	if (rc == HS_OK)
		rc = hs_wanted_reason(m->reason, &why);
	if (rc == HS_OK)
		rc = hs_wanted_scope(m->scope, &w.scope, &why);
	if (rc == HS_OK && m->direct != 0)
		rc = hs_wanted_direct(w.scope, &why);
	w.direct = m->direct != 0;
	hs_put_raw(&w.reason, m->reason.p, m->reason.len);
	if (rc == HS_OK)
		rc = hs_buf_err(&w.reason);
	if (rc == HS_OK)
		read_hosts_first(c, &w, false, 0, m->scope, now);
	else
		hs_reply_refuse(c, HS_EXT_REQUEST, &why, now, hs_str_c(s->agent), m->scope);
	hs_wanted_free(&w);
}
