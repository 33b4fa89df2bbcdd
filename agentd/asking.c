// SPDX-License-Identifier: ISC
//
// Judging and composing an asking. Contract in asking.h.
#include "agentd/asking.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>
#include "agentd/events.h"
#include "agentd/judge.h"
#include "agentd/reply.h"
#include "proto/names.h"

static bool
code_taken(const struct hs_daemon *d, const char *code)
{
	for (const struct hs_touch *t = d->touches; t != NULL; t = t->next)
		if (t->code != code && strcmp(t->code, code) == 0)
			return true;
	return false;
}

static void
make_code(const struct hs_daemon *d, char code[static 4])
{
	static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"; // no 0 O 1 I

	do {
		for (size_t i = 0; i < 3; i++)
			code[i] = letters[randombytes_uniform(sizeof letters - 1)];
		code[3] = '\0';
	} while (code_taken(d, code));
}

static int
read_roots(struct hs_touch *t, struct hs_refusal *why)
{
	int rc = hs_enrolled_read(t->d->set->roots_dir, &t->roots, &why->err);

	if (rc != HS_OK)
		return hs_refusal_remedy(why, "enrol a key first: handseal enroll");
	// a key that was enrolled with its PIN is never used without
	t->pin = t->pin || hs_enrolled_any_verify(&t->roots);
	return HS_OK;
}

static int
compose(struct hs_touch *t, struct hs_compose *c, struct hs_refusal *why)
{
	int rc;

	c->code = t->code;
	c->scope = t->scope;
	c->ttl = t->ttl;
	c->end = t->end;
	c->reason = hs_buf_str(&t->wanted.reason);
	c->peer = &t->peer;
	c->roots = &t->roots;
	c->pin = t->pin;
	c->policy = t->d->policy->policy;
	memcpy(t->policy, c->policy->digest, sizeof t->policy);
	rc = hs_compose_shown(&t->shown, c);
	if (rc == HS_OK)
		return HS_OK;
	hs_fail(&why->err, (enum hs_code)rc, "the text to show would be too long");
	return hs_refusal_remedy(why, "ask for a smaller scope");
}

void
hs_asking_reckon(struct hs_touch *t, const struct hs_now *now)
{
	t->end = now->wall + t->ttl;
	t->end_boot_ms = now->boot_ms + t->ttl * 1000;
	t->offset_ms = (int64_t)now->wall_ms - (int64_t)now->boot_ms;
}

static void
keep_until(struct hs_touch *t, const struct hs_now *now, uint64_t seconds)
{
	t->until = now->wall + seconds;
	t->until_boot_ms = now->boot_ms + seconds * 1000;
}

static int
check_length(const struct hs_touch *t, uint64_t ttl, struct hs_refusal *why)
{
	uint64_t most = t->d->policy->policy->max_ttl;

	if (most > t->d->set->ttl_max)
		most = t->d->set->ttl_max;
	if (ttl > 0 && ttl <= most)
		return HS_OK;
	hs_fail(&why->err, HS_ERR_USAGE,
	    "a session lasts 1 to %" PRIu64 " seconds, not %" PRIu64, most, ttl);
	return hs_refusal_remedy(why, "ask for --ttl %" PRIu64 "s or less", most);
}

int
hs_asking_open(struct hs_touch *t, const struct hs_agent_open *m, const struct hs_now *now,
    struct hs_refusal *why)
{
	struct hs_judge_ask ask = {
	    .agent = HS_AGENT_UNKNOWN, .peer = &t->peer, .opening = true, .listed = true};
	struct hs_decided decided = {0};
	struct hs_compose shown = {0};
	int rc = check_length(t, m->ttl, why);

	t->opening = true;
	if (rc == HS_OK)
		rc = hs_wanted_reason(m->reason, why);
	if (rc == HS_OK)
		rc = hs_wanted_scope(m->scope, &t->scope, why);
	if (rc != HS_OK)
		return rc;
	hs_put_raw(&t->wanted.reason, m->reason.p, m->reason.len);
	ask.scope = t->scope;
	if (hs_judge(t->d, &ask, now, &decided) != HS_DECIDE_ASK) {
		hs_judge_refusal(&decided, why);
		rc = (int)why->err.code;
	}
	t->verify = t->pin = decided.verify;
	hs_decided_free(&decided);
	if (rc == HS_OK)
		rc = read_roots(t, why);
	if (rc != HS_OK)
		return rc;
	make_code(t->d, t->code);
	hs_decide_asker(t->d->policy->policy, hs_str_c(HS_AGENT_UNKNOWN),
	    hs_str_c(hs_peer_hint(&t->peer)), t->asker);
	t->ttl = m->ttl;
	hs_asking_reckon(t, now);
	keep_until(t, now, m->ttl);
	return compose(t, &shown, why);
}

// Who can be asked for a PIN?
static int
check_pin_channel(
    const struct hs_touch *t, const struct hs_now *now, struct hs_refusal *why)
{
	if (!t->pin || hs_events_watched(t->d, now) || hs_prompt_takes_pin(t->d->prompt))
		return HS_OK;
	hs_fail(
	    &why->err, HS_NO_CHANNEL, "a PIN is wanted, and nobody would be asked for it");
	return hs_refusal_remedy(why, "leave open: handseal watch");
}

// The same scope; for one use, where it is to be once: what a touch beyond the session's
// ceiling is good for, but for a seat.
static int
with_uses(
    const struct hs_scope *scope, bool once, struct hs_scope **out, struct hs_err *err)
{
	static const char key[] = "max-uses ";
	struct hs_str text = hs_scope_text(scope);
	const uint8_t *at = memmem(text.p, text.len, key, sizeof key - 1), *lf;
	struct hs_buf b = {0};
	int rc = HS_ERR_INTERNAL; // the head always has it

	if (!once)
		return hs_scope_parse_canonical(text, out, err);
	if (at != NULL &&
	    (lf = memchr(at, '\n', text.len - (size_t)(at - text.p))) != NULL) {
		hs_put_raw(&b, text.p, (size_t)(at - text.p));
		hs_put_fmt(&b, "%s1", key);
		hs_put_raw(&b, lf, text.len - (size_t)(lf - text.p));
		rc = hs_buf_err(&b);
	}
	if (rc == HS_OK)
		rc = hs_scope_parse_canonical(hs_buf_str(&b), out, err);
	hs_buf_free(&b);
	return rc;
}

// All but the scope, which is narrower already.
static void
take_wanted(struct hs_touch *t, struct hs_wanted *w)
{
	memcpy(t->wanted.agent, w->agent, sizeof t->wanted.agent);
	memcpy(t->wanted.fingerprint, w->fingerprint, sizeof t->wanted.fingerprint);
	t->wanted.key = w->key;
	t->wanted.seat = w->seat;
	t->wanted.origin = w->origin;
	t->wanted.shared = w->shared;
	t->wanted.direct = w->direct;
	t->wanted.known = w->known;
	w->known = NULL;
	hs_scope_digest(w->scope, t->asked);
	t->wanted.reason = w->reason;
	w->reason = (struct hs_buf){0};
}

// How long what is touched for lasts. A seat's certificates are renewed, but a direct one.
static void
set_length(struct hs_touch *t, bool direct)
{
	const uint64_t most = t->d->policy->policy->max_ttl;
	uint64_t max_ttl = hs_scope_max_ttl(t->scope);

	if (!t->seating || (direct && (t->ttl == 0 || t->ttl > max_ttl)))
		t->ttl = max_ttl;
	if (t->ttl == 0 || t->ttl > most)
		t->ttl = most;
	if (direct && t->ttl > t->d->set->ttl_max)
		t->ttl = t->d->set->ttl_max;
}

int
hs_asking_request(struct hs_touch *t, struct hs_wanted *wanted,
    const struct hs_decided *decided, const struct hs_now *now, struct hs_refusal *why)
{
	const struct hs_policy *p = t->d->policy->policy;
	const struct hs_seat *seat = hs_seat_find(t->d, wanted->seat);
	const struct hs_judge_ask asker = {
	    .agent = wanted->agent, .peer = &t->peer, .seat = seat};
	struct hs_compose shown = {.agent = wanted->agent,
	    .more = t->d->session.open,
	    .seating = t->seating,
	    .direct = wanted->direct,
	    .seat = seat};
	struct hs_scope *difference = NULL;
	struct hs_sharing shared;
	struct hs_err err = {0};
	bool once;
	int rc;

	t->verify = t->pin = decided->verify;
	rc = read_roots(t, why);
	if (rc == HS_OK)
		rc = check_pin_channel(t, now, why);
	if (rc != HS_OK)
		return rc;
	make_code(t->d, t->code);
	// of a direct certificate nobody counts uses
	once = !wanted->direct && (decided->once || (!t->seating && wanted->seat == 0));
	if (with_uses(wanted->scope, once, &t->scope, &err) != HS_OK ||
	    with_uses(wanted->scope, once, &t->wanted.scope, &err) != HS_OK ||
	    with_uses(decided->difference, once, &difference, &err) != HS_OK) {
		rc = hs_fail(&why->err, err.code != HS_OK ? err.code : HS_ERR_INTERNAL,
		    "%s", hs_err_sentence(&err));
		goto out;
	}
	set_length(t, wanted->direct);
	hs_asking_reckon(t, now);
	keep_until(t, now, p->park);
	hs_judge_asker(t->d, &asker, t->asker);
	take_wanted(t, wanted);
	shown.known = t->wanted.known;
	if (t->wanted.shared != 0 &&
	    (rc = hs_sharing_find(p, t->wanted.shared, geteuid(), &shared, why)) != HS_OK)
		goto out;
	shown.shared = t->wanted.shared != 0 ? &shared : NULL;
	memcpy(t->within, t->d->session.id, sizeof t->within);
	shown.difference = difference;
	rc = compose(t, &shown, why);
out:
	hs_scope_free(&difference);
	return rc;
}

void
hs_asking_who(struct hs_audit_record *r, const struct hs_touch *t)
{
	hs_reply_who(r, &t->peer);
	if (!t->opening)
		r->agent = hs_str_c(t->wanted.agent);
}

void
hs_asking_record(const struct hs_touch *t, const struct hs_now *now,
    uint8_t digest[static 32], struct hs_audit_record *r)
{
	const struct hs_policy *policy = t->d->policy->policy;

	hs_scope_digest(t->scope, digest);
	*r = (struct hs_audit_record){.event = "ask",
	    .time = now->wall,
	    .session = t->d->session.id,
	    .reason = hs_buf_str(&t->wanted.reason),
	    .scope = hs_scope_text(t->scope),
	    .digest = {digest, 32},
	    .policy = {policy->digest, sizeof policy->digest},
	    .seat = t->wanted.seat,
	    .end = t->opening ? t->end : t->until,
	    .ask = hs_str_c(t->code),
	    .shown = hs_buf_str(&t->shown),
	    .simulated = hs_enrolled_any_simulated(&t->roots)};
	if (!t->opening && !t->seating)
		r->key = t->wanted.fingerprint;
	hs_asking_who(r, t);
}

const char *
hs_asking_remedy(enum hs_code code)
{
	switch (code) {
	case HS_SK_NO_DEVICE:
		return "plug in an enrolled key and ask again";
	case HS_SK_NO_CREDENTIAL:
		return "plug in the key that was enrolled, or enrol this one: handseal "
		       "enroll";
	case HS_SK_TIMEOUT:
		return "ask again, and touch the key while it blinks";
	case HS_NO_SAID_NO:
		return "do without it, or ask for less; the same or more is refused for 5 "
		       "minutes";
	case HS_NO_GONE:
		return "ask again";
	case HS_SK_HELPER:
	case HS_SK_LIED:
		return "see that handseal-sk-helper is installed and is the one of this "
		       "version";
	default:
		return "ask again";
	}
}

bool
hs_asking_parks(enum hs_code code)
{
	switch (code) {
	case HS_SK_NO_DEVICE:
	case HS_SK_NO_CREDENTIAL:
	case HS_SK_TIMEOUT:
	case HS_SK_PIN_REQUIRED:
	case HS_SK_PIN_INVALID:
	case HS_SK_PIN_AUTH_BLOCKED:
	case HS_SK_UV_INVALID:
		return true;
	default:
		return false;
	}
}

void
hs_asking_session(const struct hs_touch *t, char id[static HS_SESSION_ID_LEN + 1])
{
	if (t->key.secret != NULL)
		hs_session_id(&t->key.pub, id);
	else
		memcpy(id, t->session, HS_SESSION_ID_LEN + 1);
}

enum hs_origin
hs_asking_origin(const struct hs_touch *t)
{
	const struct hs_seat *s = hs_seat_find(t->d, t->wanted.seat);
	enum hs_origin asked = hs_peer_origin(&t->peer), made = HS_ORIGIN_LOCAL;

	if (s != NULL)
		made = hs_peer_origin(&s->runner);
	return asked > made ? asked : made;
}

const struct hs_key *
hs_asking_subject(const struct hs_touch *t)
{
	if (t->wanted.direct)
		return t->seating ? &t->seat_key.pub : &t->wanted.key;
	return t->key.secret != NULL ? &t->key.pub : &t->d->session.key.pub;
}

// The answer is believed as far as it verifies: which body was signed, by which root.
static int
grant_of(struct hs_touch *t, const struct hs_helper_signed *sig)
{
	struct hs_buf *blob;
	struct hs_held_spec spec = {.silent = t->opening,
	    .direct = t->wanted.direct,
	    .holder = t->holder,
	    .device = sig->device,
	    .end_boot_ms = t->end_boot_ms};
	int rc;

	if (sig->index >= t->roots.n)
		return hs_fail(&t->why.err, HS_SK_LIED,
		    "the FIDO helper named a key that was not offered");
	blob = &t->bodies[sig->index];
	spec.root = &t->roots.v[sig->index];
	spec.subject = hs_asking_subject(t);
	spec.blob = blob;
	hs_clock_read(&spec.now);
	hs_cert_put_signature(blob, sig->signature);
	if (hs_buf_err(blob) != HS_OK || blob->len > HS_CERT_MAX)
		return hs_fail(
		    &t->why.err, HS_SK_LIED, "the FIDO helper's signature is too long");
	rc = hs_held_make(&spec, &t->held, &t->why.err);
	if (rc == HS_OK && (t->verify || spec.root->verify) &&
	    (t->held->sk->flags & HS_SK_FLAG_UV) == 0) {
		hs_held_free(&t->held);
		rc = hs_fail(&t->why.err, HS_SK_LIED,
		    "the touch was to be verified by PIN or finger, and was not");
	}
	return rc;
}

void
hs_asking_believe(struct hs_touch *t, struct hs_str answer)
{
	struct hs_helper_answer m;
	int rc = hs_helper_answer_parse(answer, &m);

	if (rc == HS_OK && m.op == HS_HELPER_UNREAD)
		rc = HS_ERR_FORMAT;
	if (rc != HS_OK || m.op != HS_HELPER_SIGN)
		hs_fail(&t->why.err, HS_SK_HELPER,
		    "the FIDO helper's answer cannot be used: %s",
		    rc == HS_OK		    ? "it is to another question"
		    : answer.len == 0	    ? "there is none"
		    : rc == HS_ERR_TRAILING ? "there is more than one"
					    : hs_code_sentence((enum hs_code)rc));
	else if (m.code != HS_OK)
		hs_fail(&t->why.err, m.code, "%.*s",
		    (int)(m.sentence.len < 300 ? m.sentence.len : 300),
		    m.sentence.len > 0 ? (const char *)m.sentence.p : "");
	else
		(void)grant_of(t, &m.signed_);
}
