// SPDX-License-Identifier: ISC
//
// Judging askings. A touch is on disk before its grant counts, a certificate before it is
// handed out, a refusal before it is told. Contract in outcome.h.
#include "agentd/outcome.h"

#include <sodium.h>
#include <string.h>
#include "agentd/directnote.h"
#include "agentd/events.h"
#include "agentd/life.h"
#include "agentd/log.h"
#include "agentd/release.h"
#include "agentd/reply.h"
#include "agentd/revocation.h"
#include "agentd/seatask.h"
#include "agentd/seatkeys.h"
#include "agentd/waiter.h"

#define OUTCOME_KEPT_S 600 // at least so long an outcome can be fetched

static const char *
event_of(enum hs_code code)
{
	switch (code) {
	case HS_OK:
		return "granted";
	case HS_NO_SAID_NO:
		return "declined";
	case HS_NO_GONE:
	case HS_SK_CANCELLED:
		return "gone";
	default:
		return "refused";
	}
}

static void
tell_followers(struct hs_touch *t)
{
	struct hs_agent_event e = {.event = hs_str_c(event_of(t->why.err.code)),
	    .code = hs_str_c(t->code),
	    .agent = hs_str_c(t->opening ? "" : t->wanted.agent),
	    .id = hs_str_c(t->d->session.id)};

	if (t->why.err.code != HS_OK) {
		e.why = hs_str_c(hs_code_name(t->why.err.code));
		e.text = hs_str_c(hs_err_sentence(&t->why.err));
	}
	hs_events_put(t->d, &e, t->wanted.seat);
}

static void
keep_for_a_while(struct hs_touch *t)
{
	struct hs_now now;

	hs_clock_read(&now);
	if (t->until_boot_ms < now.boot_ms + OUTCOME_KEPT_S * 1000) {
		t->until_boot_ms = now.boot_ms + OUTCOME_KEPT_S * 1000;
		t->until = now.wall + OUTCOME_KEPT_S;
	}
}

// Everything is on disk: it may be told.
static void
done(struct hs_touch *t)
{
	struct hs_daemon *d = t->d;

	t->state = DONE;
	hs_touch_wipe_keys(t);
	hs_held_free(&t->held);
	if (t->why.err.code != HS_OK)
		hs_log("%s: %s", t->code, hs_err_sentence(&t->why.err));
	tell_followers(t);
	keep_for_a_while(t);
	hs_touch_finished(t); // the next may go on, whoever is slow to listen
	if (hs_waiter_tell(t) || (t->owners == 0 && (!t->kept || d->stopping)))
		hs_touch_forget(t);
}

static void
unrecorded(struct hs_touch *t)
{
	hs_fail(&t->why.err, HS_NO_RECORD, "%s", "");
	hs_refusal_remedy(&t->why, "see that the audit log's disk can be written");
}

// ---- a certificate under the new grant

static void
on_released(void *arg, int code)
{
	struct hs_touch *t = arg;

	if (code == HS_NO_GONE) {
		hs_buf_reset(&t->outcome);
		hs_fail(&t->why.err, HS_NO_GONE, HS_REPLY_GONE);
		hs_refusal_remedy(&t->why, "ask again");
	} else if (code != HS_OK) {
		unrecorded(t);
	}
	done(t);
}

static void
issue(struct hs_touch *t, struct hs_held *held)
{
	struct hs_daemon *d = t->d;
	struct hs_agent_issued m;
	struct hs_issue i = {0};
	struct hs_now now;
	uint8_t nonce[32];
	int rc;

	hs_clock_read(&now);
	randombytes_buf(nonce, sizeof nonce);
	if (held->direct)
		rc = hs_issue_direct(&d->session, held, &now, &i);
	else
		rc =
		    hs_issue(&d->session, held, &t->wanted, NULL, &now, nonce, &i, &t->why);
	if (rc == HS_OK) {
		m = (struct hs_agent_issued){.certificate = hs_buf_str(&i.certificate),
		    .end = i.end,
		    .id = hs_str_c(i.id)};
		hs_agent_issued_put(&t->outcome, &m);
		rc = hs_release(d, &t->wanted, &t->peer, &i, on_released, t);
		if (rc == HS_NO_RECORD)
			unrecorded(t);
		else if (rc != HS_OK)
			hs_fail(&t->why.err, (enum hs_code)rc, "%s", "");
	}
	hs_issue_free(&i);
	if (rc != HS_OK)
		done(t);
}

// ---- the grant

static void
put_opened(struct hs_touch *t, const struct hs_held *h)
{
	struct hs_agent_opened m = {.session = hs_str_c(t->d->session.id),
	    .end = h->end,
	    .root = hs_str_c(h->root),
	    .fingerprint = hs_str_c(h->fingerprint),
	    .flags = h->sk->flags,
	    .simulated = h->simulated,
	    .grant = hs_buf_str(&h->blob)};

	hs_agent_opened_put(&t->outcome, &m);
}

static void
tell_opened(struct hs_daemon *d)
{
	struct hs_agent_event e = {.event = hs_str_c("opened"),
	    .id = hs_str_c(d->session.id),
	    .until = hs_session_end_time(&d->session)};

	hs_events_put(d, &e, 0);
}

// What could not be taken back is not opened, and gets no more.
static bool
revocable(struct hs_touch *t, const struct hs_held *h, const struct hs_now *now, bool first)
{
	struct hs_daemon *d = t->d;
	int rc = HS_OK;

	if (h->direct) // the index has it since before it was recorded
		return hs_directnote_stands(t, h);
	if (first)
		rc = hs_revocation_begin(
		    d->revocation, d->session.id, now->wall, &t->why.err);
	if (rc == HS_OK) {
		rc = hs_revocation_grant(
		    d->revocation, &d->session, h, now->wall, &t->why.err);
		if (rc != HS_OK && first)
			hs_revocation_undo(d->revocation);
	}
	if (rc != HS_OK)
		hs_refusal_remedy(&t->why, "see that the state folder can be written");
	return rc == HS_OK;
}

// The touch is on disk: from now on its grant counts. NULL where there is no session for it
// any more.
static struct hs_held *
attach(struct hs_touch *t)
{
	struct hs_session *s = &t->d->session;
	struct hs_held *h = t->held;
	struct hs_now now;

	t->held = NULL;
	hs_clock_read(&now);
	if (h->device[0] != '\0' && strcmp(h->device, t->pulled) == 0 &&
	    t->d->policy->policy->unplug != HS_UNPLUG_KEEP) {
		hs_held_free(&h);
		hs_fail(&t->why.err, HS_NO_GONE, "the key was unplugged meanwhile");
		hs_refusal_remedy(&t->why, "plug it in and ask again");
		return NULL;
	}
	if (t->key.secret != NULL && !s->open) {
		hs_session_begin(s, &t->key, h, &now);
		// the seat that it is for has taken that
		s->last_serial = h->direct ? h->indexed : t->seat;
		if (!revocable(t, h, &now, true)) {
			hs_session_end(s);
			return NULL;
		}
		hs_log("session %s open, touch of %s", s->id, h->root);
		tell_opened(t->d);
	} else if (t->key.secret != NULL || !s->open || strcmp(s->id, t->session) != 0) {
		hs_held_free(&h);
		hs_fail(&t->why.err, HS_NO_GONE, "the session was closed meanwhile");
		hs_refusal_remedy(&t->why, "ask again");
		return NULL;
	} else if (!revocable(t, h, &now, false)) {
		hs_held_free(&h);
		return NULL;
	} else if (hs_session_add(s, h) != HS_OK) {
		hs_fail(&t->why.err, HS_NO_BUSY, "too many grants live at once");
		hs_refusal_remedy(&t->why, "wait until some end");
		return NULL;
	}
	hs_daemon_session_changed(t->d);
	return h;
}

// ---- a seat, or more for one

static void
on_seat_has_key(void *arg, int code)
{
	struct hs_touch *t = arg;
	struct hs_seat *s = hs_seat_find(t->d, t->seating ? t->seat : t->wanted.seat);
	const struct hs_seat_part *p =
	    s != NULL ? hs_seat_part_under(s, t->grant_serial) : NULL;

	if (code == HS_NO_GONE || (code == HS_OK && p == NULL))
		hs_fail(&t->why.err, HS_NO_GONE, "the seat has ended meanwhile");
	else if (code != HS_OK)
		unrecorded(t);
	else if (t->seating)
		hs_seatask_put_seated(&t->outcome, s);
	else
		hs_seatask_put_issued(&t->outcome, s, p);
	done(t);
}

static void
make_seat(struct hs_touch *t, const struct hs_held *h)
{
	const struct hs_seatask_new n = {.owner = hs_touch_owner(t),
	    .serial = t->seat,
	    .agent = t->wanted.agent,
	    .scope = &t->wanted.scope,
	    .known = &t->wanted.known,
	    .reason = hs_buf_str(&t->wanted.reason),
	    .grant_serial = h->cert->serial,
	    .end = h->end,
	    .end_boot_ms = h->end_boot_ms,
	    .touched = true,
	    .key = h->direct ? &t->seat_key : NULL,
	    .shared = t->wanted.shared};

	if (n.owner == NULL)
		hs_fail(&t->why.err, HS_NO_GONE, "whoever asked went away");
	if (n.owner != NULL &&
	    hs_seatask_make(t->d, &n, on_seat_has_key, t, &t->why) == HS_OK)
		return;
	hs_session_drop(&t->d->session, t->holder); // nobody else may use it
	hs_daemon_session_changed(t->d);
	done(t);
}

static void
give_seat(struct hs_touch *t, const struct hs_held *h)
{
	struct hs_seat *s = hs_seat_find(t->d, t->wanted.seat);
	struct hs_now now;

	hs_clock_read(&now);
	if (s == NULL) {
		hs_session_drop(&t->d->session, t->holder);
		hs_fail(&t->why.err, HS_NO_GONE, "the seat it was for has ended");
	} else if (!hs_seat_add(s, t->wanted.scope, t->wanted.known, h->cert->serial,
		       h->end, h->end_boot_ms)) {
		hs_fail(&t->why.err, HS_NO_BUSY, "the seat was given too much already");
		hs_refusal_remedy(&t->why, "wait until some of it has ended");
	} else {
		s->parts[s->nparts - 1].origin = hs_asking_origin(t);
		s->parts[s->nparts - 1].direct = h->direct;
		t->wanted.scope = NULL; // the two are the seat's
		t->wanted.known = NULL;
		if (hs_seatkeys_renew(
			s, s->nparts - 1, &now, on_seat_has_key, t, &t->why) == HS_OK)
			return;
	}
	done(t);
}

static void
on_recorded(void *arg, int code)
{
	struct hs_touch *t = arg;
	struct hs_held *h = NULL;

	if (code != HS_OK) {
		hs_held_free(&t->held);
		unrecorded(t);
	} else if (t->held != NULL && !t->d->stopping) {
		h = attach(t);
	}
	if (!t->d->session.open) // of one that came to nothing
		hs_revocation_end(t->d->revocation);
	t->grant_serial = h != NULL ? h->cert->serial : 0;
	if (h != NULL && t->seating)
		make_seat(t, h);
	else if (h != NULL && t->wanted.seat > 0)
		give_seat(t, h);
	else if (h != NULL && !t->opening)
		issue(t, h);
	else {
		if (h != NULL)
			put_opened(t, h);
		done(t);
	}
}

// The touch, and what is known of the key that it was of and of whose that is.
static void
put_touch(struct hs_audit_record *r, const struct hs_touch *t, const struct hs_held *h)
{
	const struct hs_root_record *root = t->roots.v;
	size_t i = 0;

	r->numbered = true;
	r->serial = h->cert->serial;
	r->end = h->end;
	r->policy = (struct hs_str){h->payload->policy, sizeof h->payload->policy};
	r->root = h->root;
	r->root_key = h->fingerprint;
	r->touched = true;
	r->flags = h->sk->flags;
	r->counter = h->sk->counter;
	r->simulated = h->simulated;
	if (h->direct)
		r->direct = hs_buf_str(&h->blob);
	else
		r->grant = hs_buf_str(&h->blob);
	r->transport = strncmp(h->device, "/dev/hidraw", 11) == 0 ? "hid"
		       : h->simulated				  ? "software"
								  : NULL;
	while (i < t->roots.n && strcmp(root[i].name, h->root) != 0)
		i++;
	if (i == t->roots.n)
		return;
	r->human = root[i].owner;
	r->attestation = root[i].attestation;
	if (root[i].has_aaguid)
		r->aaguid = (struct hs_str){root[i].aaguid, sizeof root[i].aaguid};
}

void
hs_outcome_judge(struct hs_touch *t)
{
	const struct hs_held *h;
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_audit_record r = {.ask = hs_str_c(t->code),
	    .seat = t->wanted.seat != UINT64_MAX ? t->wanted.seat : 0};
	struct hs_now now;

	t->state = JUDGED;
	hs_clock_read(&now);
	// whoever reads the log has what the record holds
	if (t->held != NULL && t->held->direct && hs_directnote_put(t, &now) != HS_OK)
		hs_held_free(&t->held);
	h = t->held;
	r.event = h != NULL			     ? "touch"
		  : t->why.err.code == HS_NO_SAID_NO ? "declined"
						     : "touch-failed";
	r.code = hs_code_name(t->why.err.code);
	r.time = now.wall;
	hs_asking_who(&r, t);
	if (h != NULL) {
		hs_asking_session(t, id);
		r.session = id;
		put_touch(&r, t, h);
	} else {
		r.sentence = hs_str_c(hs_err_sentence(&t->why.err));
	}
	if (hs_audit_put(t->d->audit, &r, on_recorded, t, NULL, NULL) != HS_OK)
		on_recorded(t, HS_NO_RECORD);
}
