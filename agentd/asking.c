// SPDX-License-Identifier: ISC
//
// Judging and composing an asking. Contract in asking.h.
#include "agentd/asking.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include "agentd/compose.h"
#include "agentd/issue.h"
#include "agentd/request.h"

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

int
hs_asking_check(struct hs_conn *c, const struct hs_agent_open *m, struct hs_refusal *why)
{
	const struct hs_daemon *d = c->d;

	if (m->ttl == 0 || m->ttl > d->set->ttl_max) {
		hs_fail(&why->err, HS_ERR_USAGE,
		    "a session lasts 1 to %" PRIu64 " seconds, not %" PRIu64,
		    d->set->ttl_max, m->ttl);
		return hs_refusal_remedy(
		    why, "ask for --ttl %" PRIu64 "s or less", d->set->ttl_max);
	}
	if (d->session.open) {
		hs_fail(&why->err, HS_NO_SESSION_OPEN, "%s", "");
		return hs_refusal_remedy(why, "close it first: handseal close");
	}
	if (c->touch != NULL || hs_touch_waiting(d) >= HS_TOUCHES_MAX) {
		hs_fail(&why->err, HS_NO_BUSY, "%s",
		    c->touch != NULL ? "this connection waits for a touch already"
				     : "too many askings wait for a touch");
		return hs_refusal_remedy(why, "wait until they are answered");
	}
	return hs_issue_reason(m->reason, why);
}

int
hs_asking_fill(struct hs_touch *t, const struct hs_agent_open *m, const struct hs_now *now,
    struct hs_refusal *why)
{
	struct hs_compose shown = {.code = t->code,
	    .ttl = m->ttl,
	    .end = now->wall + m->ttl,
	    .reason = m->reason,
	    .exe = t->conn->peer.exe,
	    .pid = t->conn->peer.pid,
	    .roots = &t->roots};
	int rc = hs_issue_scope(m->scope, &t->scope, why);

	if (rc != HS_OK)
		return rc;
	rc = hs_enrolled_read(t->d->set->roots_dir, &t->roots, &why->err);
	if (rc != HS_OK)
		return hs_refusal_remedy(why, "enrol a key first: handseal enroll");
	make_code(t->d, t->code);
	t->end = shown.end;
	t->end_boot_ms = now->boot_ms + m->ttl * 1000;
	t->offset_ms = (int64_t)now->wall_ms - (int64_t)now->boot_ms;
	shown.scope = t->scope;
	rc = hs_compose_shown(&t->shown, &shown);
	if (rc != HS_OK) {
		hs_fail(&why->err, (enum hs_code)rc, "the text to show would be too long");
		return hs_refusal_remedy(why, "ask for a smaller scope");
	}
	return HS_OK;
}

void
hs_asking_record(const struct hs_touch *t, const struct hs_agent_open *m,
    const struct hs_now *now, uint8_t digest[static 32], struct hs_audit_record *r)
{
	hs_scope_digest(t->scope, digest);
	*r = (struct hs_audit_record){.event = "ask",
	    .time = now->wall,
	    .reason = m->reason,
	    .scope = hs_scope_text(t->scope),
	    .digest = {digest, 32},
	    .end = t->end,
	    .ask = hs_str_c(t->code),
	    .shown = hs_buf_str(&t->shown),
	    .simulated = hs_enrolled_any_simulated(&t->roots)};
	hs_request_who(r, t->conn);
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
	case HS_SK_HELPER:
	case HS_SK_LIED:
		return "see that handseal-sk-helper is installed and is the one of this "
		       "version";
	default:
		return "ask again";
	}
}

// The answer is believed as far as it verifies: which body was signed, by which root.
static int
open_with(struct hs_touch *t, const struct hs_helper_signed *sig)
{
	const struct hs_root_record *root;
	struct hs_session_start start = {.key = &t->key, .end_boot_ms = t->end_boot_ms};
	char fingerprint[HS_FINGERPRINT_LEN + 1];

	if (sig->index >= t->roots.n)
		return hs_fail(&t->why.err, HS_SK_LIED,
		    "the FIDO helper named a key that was not offered");
	root = &t->roots.v[sig->index];
	hs_key_fingerprint(&root->key, fingerprint);
	start.grant = &t->bodies[sig->index];
	start.root = root->name;
	start.fingerprint = fingerprint;
	start.simulated = root->simulated;
	hs_clock_read(&start.now);
	hs_cert_put_signature(start.grant, sig->signature);
	if (hs_buf_err(start.grant) != HS_OK || start.grant->len > HS_CERT_MAX)
		return hs_fail(
		    &t->why.err, HS_SK_LIED, "the FIDO helper's signature is too long");
	return hs_session_begin(&t->session, &start, &t->why.err);
}

void
hs_asking_believe(struct hs_touch *t, struct hs_str answer)
{
	struct hs_helper_answer m;
	int rc = hs_helper_answer_parse(answer, &m);

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
		(void)open_with(t, &m.signed_);
}
