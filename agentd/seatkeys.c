// SPDX-License-Identifier: ISC
//
// A seat's certificates. Contract in seatkeys.h.
#include "agentd/seatkeys.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/judge.h"
#include "agentd/log.h"
#include "agentd/release.h"
#include "agentd/reply.h"
#include "agentd/seatbind.h"
#include "agentd/seatsign.h"

// A connection whose list waits for certificates that are being recorded.
struct hs_lister {
	struct hs_conn *conn;
	struct hs_lister *next;
};

// A renewal under way. The seat may end meanwhile, so it is found again by its serial.
struct renewal {
	struct hs_daemon *d;
	char session[HS_SESSION_ID_LEN + 1];
	uint64_t seat, grant_serial, renew_boot_ms, end_boot_ms;
	struct hs_issue issue;
	hs_seatkeys_done *done;
	void *arg;
};

static void answer_listers(struct hs_seat *s);

bool
hs_seatkeys_valid(
    const struct hs_seat *s, const struct hs_seat_part *p, const struct hs_now *now)
{
	return p->certificate.len > 0 && now->wall < p->cert_end &&
	       now->boot_ms < p->cert_end_boot_ms && hs_seat_part_lives(s, p, now);
}

struct hs_decide_grant
hs_seatkeys_grant(const struct hs_seat *s, const struct hs_seat_part *p)
{
	const struct hs_held *h = hs_session_grant(&s->d->session, p->grant_serial);

	return (struct hs_decide_grant){.scope = p->scope,
	    .end = p->end,
	    .uses_left = HS_USES_ANY,
	    .holder = hs_str_c(s->holder),
	    .silent = true,
	    .verified = h != NULL && (h->sk->flags & HS_SK_FLAG_UV) != 0};
}

// What the grants cover and the policy of now permits, as for a request. A part that cost a
// touch of its own, in a scope that does each time, has the one use that it was touched
// for; one that was touched for more, before the scope did, has none.
bool
hs_seatkeys_permitted(struct hs_seat *s, const struct hs_seat_part *p,
    const struct hs_now *now, struct hs_refusal *why)
{
	const struct hs_decide_grant grant = hs_seatkeys_grant(s, p);
	const struct hs_judge_ask ask = {.scope = p->scope,
	    .agent = hs_seat_top(s)->agent, // a seat below is no other agent
	    .peer = &hs_seat_top(s)->runner,
	    .seat = s,
	    .grants = &grant,
	    .ngrants = 1,
	    .reasoned = true,
	    .direct = p->direct,
	    .again = true};
	struct hs_decided decided = {0};
	enum hs_decision what = hs_judge(s->d, &ask, now, &decided);
	bool permitted =
	    what == HS_DECIDE_ISSUE ||
	    (what == HS_DECIDE_ASK && p->touched && decided.once &&
		hs_scope_max_uses(p->scope) == 1 && (grant.verified || !decided.verify));

	if (!permitted && why != NULL && what == HS_DECIDE_ASK) {
		hs_fail(
		    &why->err, decided.once ? HS_NO_ALWAYS : HS_SK_PIN_REQUIRED, "%s", "");
		(void)hs_refusal_remedy(why, "ask for it: handseal request");
	} else if (!permitted && why != NULL) {
		hs_judge_refusal(&decided, why);
	}
	hs_decided_free(&decided);
	return permitted;
}

// ---- renewing

static void
on_renewed(void *arg, int code)
{
	struct renewal *r = arg;
	bool same = r->d->session.open && strcmp(r->d->session.id, r->session) == 0;
	struct hs_seat *s = same ? hs_seat_find(r->d, r->seat) : NULL;
	struct hs_seat_part *p = s != NULL ? hs_seat_part_under(s, r->grant_serial) : NULL;

	if (p != NULL)
		p->renewing = false;
	if (p != NULL && code == HS_OK) {
		hs_buf_free(&p->certificate);
		p->certificate = r->issue.certificate;
		r->issue.certificate = (struct hs_buf){0};
		p->serial = r->issue.serial;
		p->cert_end = r->issue.end;
		p->renew_boot_ms = r->renew_boot_ms;
		p->cert_end_boot_ms = r->end_boot_ms;
	}
	if (s != NULL)
		answer_listers(s);
	if (r->done != NULL)
		r->done(r->arg, s == NULL ? HS_NO_GONE : code);
	hs_issue_free(&r->issue);
	free(r);
}

static int
sign(struct hs_seat *s, struct hs_seat_part *p, const struct hs_now *now,
    struct hs_wanted *w, struct hs_issue *out, struct hs_refusal *why)
{
	struct hs_held *h = hs_session_grant(&s->d->session, p->grant_serial);
	uint64_t lineage[HS_LINEAGE_MAX];
	struct hs_issue_terms terms = {.lineage = lineage, .ttl = HS_SEAT_CERT_TTL};
	uint8_t nonce[32];

	if (!hs_seat_part_lives(s, p, now) || h == NULL || (p->direct && p->serial > 0))
		return hs_fail(
		    &why->err, HS_NO_EXPIRED, "what the seat was given has ended");
	*w = (struct hs_wanted){.key = s->pub,
	    .scope = p->scope,
	    .origin = p->origin,
	    .direct = p->direct,
	    .seat = s->serial};
	memcpy(w->agent, s->agent, sizeof w->agent);
	hs_key_fingerprint(&s->pub, w->fingerprint);
	if (p->direct)
		return hs_issue_direct(&s->d->session, h, now, out);
	terms.nlineage = hs_seat_lineage(s, p->grant_serial, lineage);
	if ((p->end_boot_ms - now->boot_ms + 999) / 1000 < terms.ttl)
		terms.ttl = (p->end_boot_ms - now->boot_ms + 999) / 1000;
	if (p->end - now->wall < terms.ttl)
		terms.ttl = p->end - now->wall;
	randombytes_buf(nonce, sizeof nonce);
	return hs_issue(&s->d->session, h, w, &terms, now, nonce, out, why);
}

int
hs_seatkeys_renew(struct hs_seat *s, size_t i, const struct hs_now *now,
    hs_seatkeys_done *done, void *arg, struct hs_refusal *why)
{
	struct hs_seat_part *p = &s->parts[i];
	struct renewal *r = calloc(1, sizeof *r);
	struct hs_wanted w; // borrows the part's scope
	uint64_t life_ms;
	int rc = r != NULL ? HS_OK : hs_fail(&why->err, HS_ERR_NOMEM, "%s", "");

	if (rc == HS_OK)
		rc = sign(s, p, now, &w, &r->issue, why);
	if (rc != HS_OK)
		goto fail;
	life_ms = (r->issue.end - r->issue.issued) * 1000;
	r->d = s->d;
	memcpy(r->session, s->d->session.id, sizeof r->session);
	r->seat = s->serial;
	r->grant_serial = p->grant_serial;
	r->end_boot_ms = now->boot_ms + life_ms;
	r->renew_boot_ms =
	    p->direct ? UINT64_MAX
		      : now->boot_ms + (s->d->set->seat_renew_s > 0
					       ? (uint64_t)s->d->set->seat_renew_s * 1000
					       : life_ms / 4 * 3);
	r->done = done;
	r->arg = arg;
	rc = hs_release(s->d, &w, &s->runner, &r->issue, on_renewed, r);
	if (rc == HS_OK) {
		p->renewing = true;
		return HS_OK;
	}
	hs_fail(&why->err, (enum hs_code)rc, "%s", "");
fail:
	if (r != NULL)
		hs_issue_free(&r->issue);
	free(r);
	return rc;
}

// ---- listing

static void
reply_list(struct hs_conn *c, const struct hs_now *now)
{
	struct hs_seat *s = c->seat;
	struct hs_buf frame = {0}, keys = {0};
	size_t mark = hs_agent_frame_begin(&frame), comment;
	uint32_t n = 0;

	// what a touch gave last comes first: it is what is wanted now
	for (size_t i = s->nparts; i-- > 0 && n < HS_SEAT_LISTED;) {
		const struct hs_seat_part *p = &s->parts[i];

		if (!hs_seatkeys_valid(s, p, now) || !hs_seatbind_fits(c, p->scope) ||
		    !hs_seatkeys_permitted(s, p, now, NULL))
			continue;
		hs_put_str(&keys, hs_buf_str(&p->certificate));
		comment = hs_put_string_begin(&keys);
		hs_put_fmt(&keys, "handseal seat %s for %s", s->id, s->agent);
		hs_put_string_end(&keys, comment);
		n++;
	}
	if (n == 0)
		hs_seatsign_nothing_listed(c, now);
	hs_put_u8(&frame, HS_AGENT_IDENTITIES);
	hs_put_u32(&frame, n);
	hs_put_raw(&frame, keys.p, keys.len);
	hs_agent_frame_end(&frame, mark);
	hs_buf_free(&keys);
	hs_conn_reply(c, &frame);
}

// Begins what is due. True if something that nothing else stands in for is being made.
static bool
renew_what_is_due(struct hs_conn *c, const struct hs_now *now)
{
	struct hs_seat *s = c->seat;
	bool wait = false;

	for (size_t i = 0; i < s->nparts; i++) {
		struct hs_seat_part *p = &s->parts[i];
		bool valid = hs_seatkeys_valid(s, p, now);
		struct hs_refusal why = {0};

		if ((valid && now->boot_ms < p->renew_boot_ms) ||
		    !hs_seat_part_lives(s, p, now) || !hs_seatbind_fits(c, p->scope) ||
		    !hs_seatkeys_permitted(s, p, now, NULL))
			continue;
		if (!p->renewing && hs_seatkeys_renew(s, i, now, NULL, NULL, &why) != HS_OK)
			hs_log("seat %s: no certificate: %s", s->id,
			    hs_err_sentence(&why.err));
		wait |= p->renewing && !valid;
	}
	return wait;
}

void
hs_seatkeys_list(struct hs_conn *c)
{
	struct hs_lister *l;
	struct hs_now now;

	hs_clock_read(&now);
	if (!renew_what_is_due(c, &now) || (l = calloc(1, sizeof *l)) == NULL) {
		reply_list(c, &now);
		return;
	}
	l->conn = hs_conn_ref(c);
	l->next = c->seat->listers;
	c->seat->listers = l;
}

static void
answer_listers(struct hs_seat *s)
{
	struct hs_lister *l = s->listers;
	struct hs_now now;

	for (size_t i = 0; i < s->nparts; i++)
		if (s->parts[i].renewing)
			return;
	hs_clock_read(&now);
	s->listers = NULL;
	while (l != NULL) {
		struct hs_lister *next = l->next;

		if (!l->conn->closed)
			reply_list(l->conn, &now);
		hs_conn_unref(l->conn);
		free(l);
		l = next;
	}
}

void
hs_seatkeys_drop(struct hs_seat *s)
{
	struct hs_lister *l = s->listers;

	s->listers = NULL;
	while (l != NULL) {
		struct hs_lister *next = l->next;

		hs_conn_unref(l->conn);
		free(l);
		l = next;
	}
}
