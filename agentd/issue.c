// SPDX-License-Identifier: ISC
//
// Deciding about a request and building its certificate. Contract in issue.h.
#include "agentd/issue.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "agentd/explain.h"
#include "proto/names.h"
#include "proto/text.h"

int
hs_issue_scope(struct hs_str text, struct hs_scope **out, struct hs_refusal *why)
{
	struct hs_err err = {0};
	int rc = hs_scope_parse(text, out, &err);

	if (rc == HS_OK)
		return HS_OK;
	if (err.line > 0)
		hs_fail_at(&why->err, (enum hs_code)rc, err.line, err.column,
		    "scope, line %u, column %u: %s", err.line, err.column,
		    hs_err_sentence(&err));
	else
		hs_fail(&why->err, (enum hs_code)rc, "scope: %s", hs_err_sentence(&err));
	return hs_refusal_remedy(why, "see PROTOCOL.scope for how a scope is written");
}

int
hs_issue_reason(struct hs_str reason, struct hs_refusal *why)
{
	size_t at;

	if (reason.len > HS_REASON_MAX) {
		hs_fail(&why->err, HS_ERR_TOO_LONG, "the reason has %zu bytes", reason.len);
		return hs_refusal_remedy(
		    why, "give a reason of one line, at most %d bytes", HS_REASON_MAX);
	}
	if (!hs_text_shown(reason, &at)) {
		hs_fail(&why->err, HS_ERR_FORMAT,
		    "the reason cannot be shown: byte %zu is a control or invisible "
		    "character",
		    at + 1);
		return hs_refusal_remedy(why, "give a reason of one line of plain text");
	}
	return HS_OK;
}

static int
check_agent(struct hs_str agent, char *out, size_t size, struct hs_refusal *why)
{
	if (agent.len == 0)
		agent = hs_str_c(HS_AGENT_UNKNOWN);
	if (!hs_text_is_agent_name(agent) || hs_str_copy(agent, out, size) != HS_OK) {
		hs_fail(&why->err, HS_ERR_FORMAT, "the agent's name is not valid");
		return hs_refusal_remedy(
		    why, "a name begins with a-z or 0-9, then up to 31 of a-z 0-9 . _ -");
	}
	return HS_OK;
}

// The subject: an Ed25519 key that is neither end of the chain above it, in the requester's
// hands.
static int
check_key(const struct hs_session *s, const struct hs_agent_request *req,
    struct hs_key *key, struct hs_refusal *why)
{
	struct hs_buf message = {0}, signed_bytes = {0};
	int rc = hs_key_parse(req->key, key);

	if (rc == HS_ERR_KEY_TYPE ||
	    (rc == HS_OK && !hs_key_is_sk(key) && key->type != HS_KT_ED25519)) {
		hs_fail(
		    &why->err, HS_ERR_KEY_TYPE, "only an ssh-ed25519 key can be certified");
		return hs_refusal_remedy(why, "make one with: ssh-keygen -t ed25519");
	}
	if (rc != HS_OK) {
		hs_fail(&why->err, HS_ERR_FORMAT, "the key is not a public key");
		return hs_refusal_remedy(why, "send the key's own blob, not a certificate");
	}
	if (hs_key_eq(key, &s->key.pub) || hs_key_is_sk(key)) {
		hs_fail(&why->err, HS_NO_SUBJECT,
		    hs_key_is_sk(key) ? "a security key cannot be an agent's key"
				      : "the session key cannot be an agent's key");
		return hs_refusal_remedy(why, "use an ssh-ed25519 key of the agent's own");
	}
	hs_agent_put_proof_message(&message, s->id, req);
	hs_sshsig_put_signed(&signed_bytes, HS_NS_REQUEST, hs_buf_str(&message));
	rc = hs_buf_err(&message) == HS_OK ? hs_buf_err(&signed_bytes)
					   : hs_buf_err(&message);
	if (rc == HS_OK)
		rc = hs_sig_verify(key, req->proof, hs_buf_str(&signed_bytes), NULL);
	hs_buf_free(&message);
	hs_buf_free(&signed_bytes);
	if (rc == HS_OK)
		return HS_OK;
	hs_fail(
	    &why->err, HS_NO_PROOF, "the request is not signed by the key that it names");
	return hs_refusal_remedy(
	    why, "sign this request, for session %s, with that key", s->id);
}

static int
check_uses(const struct hs_session *s, uint64_t uses, struct hs_refusal *why)
{
	if (s->uses_left == HS_USES_ANY || uses <= s->uses_left)
		return HS_OK;
	hs_fail(&why->err, HS_NO_USES, "uses left under the grant: %" PRIu64, s->uses_left);
	if (s->uses_left > 0)
		return hs_refusal_remedy(
		    why, "ask for --uses %" PRIu64 " or fewer", s->uses_left);
	return hs_refusal_remedy(
	    why, "have a person close this session and open another: handseal open");
}

// The end is the nearest of: the scope's max-ttl from now, the grant's end, and the
// session's end by the clock that nobody can set.
static int
set_times(const struct hs_session *s, const struct hs_now *now, struct hs_issue *out,
    uint64_t *after, struct hs_refusal *why)
{
	uint64_t ttl = hs_scope_max_ttl(out->scope);
	uint64_t left = (s->end_boot_ms - now->boot_ms + 999) / 1000;

	*after = now->wall > HS_CLOCK_SLACK ? now->wall - HS_CLOCK_SLACK : 1;
	if (*after < s->grant.cert.valid_after)
		*after = s->grant.cert.valid_after;
	out->issued = now->wall;
	out->end = now->wall + (ttl < left ? ttl : left);
	if (out->end > s->end)
		out->end = s->end;
	if (out->end > *after && now->wall >= s->grant.cert.valid_after)
		return HS_OK;
	hs_fail(&why->err, HS_NO_CLOCK, "the clock was set to before this session began");
	return hs_refusal_remedy(
	    why, "set the clock right, or close the session and open another");
}

static int
build(struct hs_session *s, const struct hs_key *key, uint64_t after, const uint8_t *nonce,
    struct hs_issue *out, struct hs_refusal *why)
{
	struct hs_buf sig = {0};
	struct hs_delegation_spec spec = {.agent_key = key,
	    .session_key = &s->key.pub,
	    .serial = s->last_serial + 1,
	    .valid_after = after,
	    .valid_before = out->end,
	    .agent = hs_str_c(out->agent),
	    .grant = hs_buf_str(&s->grant_blob),
	    .scope = out->scope};
	int rc;

	memcpy(spec.nonce, nonce, sizeof spec.nonce);
	rc = hs_delegation_put_body(&out->certificate, &spec);
	if (rc == HS_OK)
		rc = hs_keys_sign(&s->key, hs_buf_str(&out->certificate), &sig);
	if (rc == HS_OK) {
		hs_cert_put_signature(&out->certificate, hs_buf_str(&sig));
		rc = hs_buf_err(&out->certificate);
	}
	hs_buf_free(&sig);
	if (rc == HS_OK && out->certificate.len > HS_CERT_MAX)
		rc = HS_ERR_TOO_LONG;
	out->serial = spec.serial;
	if (rc == HS_ERR_TOO_LONG) {
		hs_fail(&why->err, HS_ERR_TOO_LONG,
		    "the certificate would be longer than %u bytes", HS_CERT_MAX);
		return hs_refusal_remedy(why, "ask for a smaller scope");
	}
	return rc == HS_OK ? HS_OK : hs_fail(&why->err, (enum hs_code)rc, "%s", "");
}

static int
check_scope(const struct hs_session *s, const struct hs_agent_request *req,
    struct hs_issue *out, struct hs_refusal *why)
{
	int rc = hs_issue_scope(req->scope, &out->scope, why);

	if (rc == HS_OK && !hs_scope_under(out->scope, s->grant.scope))
		rc = hs_explain_outside(out->scope, s->grant.scope, why);
	return rc;
}

int
hs_issue(struct hs_session *s, const struct hs_agent_request *req, const struct hs_now *now,
    const uint8_t nonce[static 32], struct hs_issue *out, struct hs_refusal *why)
{
	struct hs_key key;
	uint64_t after;
	int rc;

	*out = (struct hs_issue){0};
	if (!s->open || hs_session_over(s, now)) {
		hs_fail(&why->err, HS_NO_SESSION, "%s", "");
		return hs_refusal_remedy(why, "have a person open one: handseal open");
	}
	rc = check_agent(req->agent, out->agent, sizeof out->agent, why);
	if (rc == HS_OK)
		rc = hs_issue_reason(req->reason, why);
	if (rc == HS_OK)
		rc = check_key(s, req, &key, why);
	if (rc == HS_OK)
		rc = check_scope(s, req, out, why);
	if (rc == HS_OK)
		rc = check_uses(s, hs_scope_max_uses(out->scope), why);
	if (rc == HS_OK)
		rc = set_times(s, now, out, &after, why);
	if (rc == HS_OK)
		rc = build(s, &key, after, nonce, out, why);
	if (rc != HS_OK)
		return rc;
	hs_key_fingerprint(&key, out->key);
	(void)snprintf(out->id, sizeof out->id, "%s.%" PRIu64, s->id, out->serial);
	out->uses = hs_scope_max_uses(out->scope);
	s->last_serial = out->serial;
	s->count++;
	if (s->uses_left != HS_USES_ANY)
		s->uses_left -= out->uses;
	return HS_OK;
}

void
hs_issue_free(struct hs_issue *i)
{
	hs_buf_free(&i->certificate);
	hs_scope_free(&i->scope);
	*i = (struct hs_issue){0};
}
