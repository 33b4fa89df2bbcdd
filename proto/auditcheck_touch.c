// SPDX-License-Identifier: ISC
//
// Askings, the grants that touches made of them, and checkpoints: each signature verified,
// each grant held against the very line that it signed. Contract in auditcheck_internal.h.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "proto/auditcheck_internal.h"
#include "proto/checkpoint.h"
#include "proto/names.h"
#include "proto/text.h"

// ---- sessions

struct audit_session *
hs_auditcheck_session(struct hs_auditcheck *c, struct hs_str id)
{
	// it is nearly always the last
	for (size_t i = c->nsessions; i > 0; i--)
		if (hs_str_is(id, c->sessions[i - 1].id))
			return &c->sessions[i - 1];
	return NULL;
}

static void
close_one(struct hs_auditcheck *c, size_t session)
{
	c->sessions[session].closed = true;
	c->nopen--;
	for (size_t g = c->ngrants; g > 0 && c->grants[g - 1].session >= session; g--)
		if (c->grants[g - 1].session == session)
			hs_scope_free(&c->grants[g - 1].scope);
}

void
hs_auditcheck_close(struct hs_auditcheck *c, struct hs_str id)
{
	for (size_t i = c->nsessions; i > 0 && c->nopen > 0; i--) {
		struct audit_session *s = &c->sessions[i - 1];

		if (!s->closed && (id.len == 0 || hs_str_is(id, s->id)))
			close_one(c, i - 1);
	}
}

// ---- askings

int
hs_auditcheck_ask(struct hs_auditcheck *c, const struct hs_auditread *r,
    const uint8_t head[static HS_AUDIT_HASH])
{
	struct hs_str code = hs_auditread_raw(r, HS_AM_ASK);
	struct audit_ask a = {
	    .place = c->at, .seq = c->due, .seat = hs_auditread_u64(r, HS_AM_SEAT)};
	bool opening = !hs_auditread_has(r, HS_AM_AGENT);
	int rc;

	c->sum.asks++;
	a.seated = !opening && hs_auditread_has(r, HS_AM_SEAT);
	a.seating = !opening && !a.seated && !hs_auditread_has(r, HS_AM_KEY);
	hs_buf_reset(&c->blob);
	a.policed =
	    hs_auditread_bytes(r, HS_AM_POLICY, sizeof a.policy, &c->blob) == HS_OK &&
	    c->blob.len == sizeof a.policy;
	if (a.policed)
		memcpy(a.policy, c->blob.p, sizeof a.policy);
	memcpy(a.head, head, sizeof a.head);
	if (hs_str_copy(code, a.code, sizeof a.code) != HS_OK)
		hs_auditcheck_fault(c, c->at, a.seq, "malformed", "its code is too long");
	hs_buf_reset(&c->text);
	hs_auditread_put(&c->text, r, HS_AM_SHOWN);
	rc = hs_auditcheck_sha256(hs_buf_str(&c->text), a.shown);
	hs_buf_reset(&c->text);
	hs_auditread_put(&c->text, r, HS_AM_SCOPE);
	if (rc == HS_OK)
		rc = hs_auditcheck_sha256(hs_buf_str(&c->text), a.scope);
	if (rc == HS_OK)
		rc = hs_auditcheck_grow(
		    (void **)&c->asks, c->nasks, &c->cap_asks, sizeof *c->asks);
	if (rc == HS_OK && (c->nasks == 0 || c->asks[c->nasks - 1].seq < a.seq))
		c->asks[c->nasks++] = a;
	return rc;
}

static struct audit_ask *
find_ask(struct hs_auditcheck *c, uint64_t seq)
{
	size_t lo = 0, hi = c->nasks;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->asks[mid].seq < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->nasks && c->asks[lo].seq == seq ? &c->asks[lo] : NULL;
}

// ---- touches

static bool
is_root(const struct hs_auditcheck *c, const struct hs_key *key)
{
	for (size_t i = 0; i < c->nroots; i++)
		if (hs_key_eq(&c->roots[i], key))
			return true;
	return false;
}

// What was touched for: a grant over the session's key, or a direct certificate.
struct touched {
	bool direct;
	struct hs_grant grant;
	struct hs_direct made;
	// views of whichever it is
	const struct hs_cert *cert;
	const struct hs_grant_payload *payload;
	const struct hs_sk_sig *sk;
	struct hs_scope **scope;
	char session[HS_SESSION_ID_LEN + 1]; // of a direct one, the record's word
	uint64_t seat;			     // the seat that it makes; 0: none
};

// Is it a seat of that session? *serial is its.
static bool
is_seat(struct hs_str holder, const char *session, uint64_t *serial)
{
	char prefix[HS_SESSION_ID_LEN + 40];
	size_t n = (size_t)snprintf(prefix, sizeof prefix, HS_HOLDER_SEAT "%s.", session);

	return holder.len > n && memcmp(holder.p, prefix, n) == 0 &&
	       hs_text_u64((struct hs_str){holder.p + n, holder.len - n}, UINT64_MAX,
		   serial) == HS_OK &&
	       *serial > 0;
}

// *made is the seat that is still to be made, or 0.
static bool
holder_fits(
    const struct audit_ask *a, const char *session, struct hs_str holder, uint64_t *made)
{
	uint64_t serial = 0;

	if (!a->seated && !a->seating)
		return hs_str_is(holder, HS_HOLDER_MAIN);
	if (!is_seat(holder, session, &serial) || (a->seated && a->seat != serial))
		return false;
	*made = a->seating ? serial : 0;
	return true;
}

// What the touch signed against the line that it was asked by. True: that line is the one.
static bool
check_asked(struct hs_auditcheck *c, const struct hs_auditread *r, struct touched *t)
{
	const struct hs_grant_payload *p = t->payload;
	struct audit_ask *a = find_ask(c, p->log_seq);
	uint8_t scope[32];
	const char *what = NULL;

	if (a == NULL && p->log_seq < c->sum.first && !c->extract) {
		c->sum.unknown++;
		return false;
	}
	if (a == NULL) {
		hs_auditcheck_fault(c, c->at, c->due, "not-asked",
		    "its grant names record %" PRIu64 " as its asking, which is none",
		    p->log_seq);
		return false;
	}
	if (memcmp(a->head, p->log_head, sizeof a->head) != 0) {
		hs_auditcheck_fault(c, a->place, a->seq, "rewritten",
		    "the touch in record %" PRIu64
		    " signed another line: it, or what stands "
		    "behind record %" PRIu64 " before it, was changed",
		    c->due, c->sum.proven);
		return false;
	}
	if (a->touched)
		hs_auditcheck_fault(c, c->at, c->due, "not-asked",
		    "another touch answered record %" PRIu64 " already", a->seq);
	a->touched = true;
	if (hs_auditcheck_sha256(p->scope, scope) != HS_OK ||
	    memcmp(a->scope, scope, sizeof scope) != 0)
		what = "scope";
	else if (memcmp(a->shown, p->shown, sizeof a->shown) != 0)
		what = "shown text";
	else if (!hs_auditread_is(r, HS_AM_ASK, a->code))
		what = "code";
	else if (a->policed && memcmp(a->policy, p->policy, sizeof a->policy) != 0)
		what = "policy";
	else if (!holder_fits(a, t->session, p->holder, &t->seat))
		what = "holder";
	if (what != NULL)
		hs_auditcheck_fault(c, c->at, c->due, "differs",
		    "its %s is not the one of the asking, record %" PRIu64, what, a->seq);
	return true;
}

// Does the record say what the certificate in it says?
static void
check_record(struct hs_auditcheck *c, const struct hs_auditread *r, const struct touched *t)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	const char *what = NULL;

	hs_key_fingerprint(&t->cert->ca, fingerprint);
	if (!hs_auditread_is(r, HS_AM_SESSION, t->session))
		what = "session";
	else if (hs_auditread_u64(r, HS_AM_SERIAL) != t->cert->serial)
		what = "serial";
	else if (hs_auditread_u64(r, HS_AM_END) != t->payload->end)
		what = "end";
	else if (!hs_auditread_is(r, HS_AM_ROOT_KEY, fingerprint))
		what = "root_key";
	else if (hs_auditread_u64(r, HS_AM_FLAGS) != t->sk->flags ||
		 hs_auditread_u64(r, HS_AM_COUNTER) != t->sk->counter)
		what = "flags and counter";
	else if (r->time < t->cert->valid_after || r->time >= t->payload->end)
		what = "time";
	if (what != NULL)
		hs_auditcheck_fault(c, c->at, c->due, "differs",
		    "its %s is not what its %s says", what,
		    t->direct ? "certificate" : "grant");
}

// The first grant says which key is the session's; a direct certificate is over none of it.
static bool
endorse(struct audit_session *s, const struct touched *t)
{
	if (s->closed)
		return false;
	if (t->direct)
		return true;
	if (!s->endorsed)
		s->key = t->cert->key;
	s->endorsed = true;
	return hs_key_eq(&s->key, &t->cert->key);
}

static int
keep_touched(struct hs_auditcheck *c, struct touched *t)
{
	struct audit_session *s = hs_auditcheck_session(c, hs_str_c(t->session));
	struct audit_grant kept = {.serial = t->cert->serial,
	    .after = t->cert->valid_after,
	    .end = t->payload->end,
	    .direct = t->direct,
	    .seat = t->seat};
	int rc = HS_OK;

	if (t->direct)
		hs_key_fingerprint(&t->cert->key, kept.key);
	if (s == NULL) {
		rc = hs_auditcheck_grow((void **)&c->sessions, c->nsessions,
		    &c->cap_sessions, sizeof *c->sessions);
		if (rc != HS_OK)
			return rc;
		s = &c->sessions[c->nsessions++];
		c->nopen++;
		*s = (struct audit_session){0};
		(void)snprintf(s->id, sizeof s->id, "%s", t->session);
	}
	if (!endorse(s, t)) {
		hs_auditcheck_fault(c, c->at, c->due, "no-session",
		    "its session %s has ended before", t->session);
		return HS_OK;
	}
	kept.session = (size_t)(s - c->sessions);
	rc = hs_auditcheck_grow(
	    (void **)&c->grants, c->ngrants, &c->cap_grants, sizeof *c->grants);
	if (rc != HS_OK)
		return rc;
	kept.scope = *t->scope;
	*t->scope = NULL; // ours now
	c->grants[c->ngrants++] = kept;
	return HS_OK;
}

// Reads it, and verifies the root's signature; false: the fault is told.
static bool
read_touched(struct hs_auditcheck *c, const struct hs_auditread *r, struct touched *t)
{
	const char *what = t->direct ? "direct certificate" : "grant";
	struct hs_err err = {0};
	struct hs_str blob;
	int rc;

	hs_buf_reset(&c->blob);
	rc = hs_auditread_bytes(
	    r, t->direct ? HS_AM_DIRECT : HS_AM_GRANT, HS_CERT_MAX, &c->blob);
	if (rc != HS_OK) {
		hs_auditcheck_fault(
		    c, c->at, c->due, "grant", "it holds no %s that can be read", what);
		return false;
	}
	blob = hs_buf_str(&c->blob);
	rc = t->direct ? hs_direct_parse(blob, false, &t->made, &err)
		       : hs_grant_parse(blob, false, &t->grant, &err);
	if (rc != HS_OK) {
		hs_auditcheck_fault(c, c->at, c->due, "grant", "its %s: %.250s", what,
		    hs_err_sentence(&err));
		return false;
	}
	rc = t->direct ? hs_direct_check_signature(&t->made, &err)
		       : hs_grant_check_signature(&t->grant, &err);
	if (rc != HS_OK)
		hs_auditcheck_fault(c, c->at, c->due, "signature", "its %s: %.250s", what,
		    hs_err_sentence(&err));
	t->cert = t->direct ? &t->made.cert : &t->grant.cert;
	t->payload = t->direct ? &t->made.payload : &t->grant.payload;
	t->sk = t->direct ? &t->made.sk : &t->grant.sk;
	t->scope = t->direct ? &t->made.scope : &t->grant.scope;
	return rc == HS_OK;
}

int
hs_auditcheck_touch(struct hs_auditcheck *c, const struct hs_auditread *r)
{
	struct touched t = {.direct = hs_auditread_has(r, HS_AM_DIRECT)};
	int rc = HS_OK;

	c->sum.touches++;
	c->sum.simulated += hs_auditread_has(r, HS_AM_SIMULATED);
	if (!read_touched(c, r, &t))
		goto out;
	if (!is_root(c, &t.cert->ca)) {
		hs_auditcheck_fault(c, c->at, c->due, "root-unknown",
		    "the key that was touched is none of the roots given");
		goto out;
	}
	if (!t.direct)
		hs_session_id(&t.cert->key, t.session);
	else
		(void)hs_str_copy(
		    hs_auditread_raw(r, HS_AM_SESSION), t.session, sizeof t.session);
	check_record(c, r, &t);
	if (check_asked(c, r, &t))
		hs_auditcheck_signed(c, r, t.payload->log_seq, true);
	rc = keep_touched(c, &t);
out:
	hs_grant_free(&t.grant);
	hs_direct_free(&t.made);
	return rc;
}

// ---- checkpoints

int
hs_auditcheck_checkpoint(struct hs_auditcheck *c, const struct hs_auditread *r)
{
	struct audit_session *s =
	    hs_auditcheck_session(c, hs_auditread_raw(r, HS_AM_SESSION));

	c->sum.checkpoints++;
	if (s == NULL && c->sum.begin != HS_AUDIT_WHOLE) {
		c->sum.unknown++;
		return HS_OK;
	}
	if (s == NULL || !s->endorsed) {
		hs_auditcheck_fault(c, c->at, c->due, "no-session",
		    "no touch before it endorsed its session's key");
		return HS_OK;
	}
	hs_buf_reset(&c->blob);
	hs_buf_reset(&c->text);
	hs_checkpoint_put_signed(&c->text, s->id, r->seq - 1, r->prev);
	if (hs_buf_err(&c->text) != HS_OK)
		return HS_ERR_NOMEM;
	if (hs_auditread_bytes(r, HS_AM_SIGNATURE, 1024, &c->blob) != HS_OK ||
	    hs_sig_verify(&s->key, hs_buf_str(&c->blob), hs_buf_str(&c->text), NULL) !=
		HS_OK)
		hs_auditcheck_fault(c, c->at, c->due, "signature",
		    "session %s did not sign record %" PRIu64
		    " as it stands: it, or what stands "
		    "behind record %" PRIu64 " before it, was changed",
		    s->id, r->seq - 1, c->sum.proven);
	else if (memcmp(r->prev, c->head, sizeof c->head) == 0 && r->seq == c->due)
		hs_auditcheck_signed(c, r, r->seq - 1, false);
	return HS_OK;
}
