// SPDX-License-Identifier: ISC
//
// Taking a client's wishes apart. Who sends them: any process of this user. Contract in
// wanted.h.
#include "agentd/wanted.h"

#include "proto/names.h"
#include "proto/text.h"

int
hs_wanted_scope(struct hs_str text, struct hs_scope **out, struct hs_refusal *why)
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
hs_wanted_direct(const struct hs_scope *scope, struct hs_refusal *why)
{
	int rc = hs_direct_enforceable(scope, &why->err);

	return rc == HS_OK ? HS_OK : hs_refusal_remedy(why, "%s", hs_direct_instead(scope));
}

int
hs_wanted_reason(struct hs_str reason, struct hs_refusal *why)
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

int
hs_wanted_agent(
    struct hs_str agent, char out[static HS_AGENT_NAME_MAX + 1], struct hs_refusal *why)
{
	if (agent.len == 0)
		agent = hs_str_c(HS_AGENT_UNKNOWN);
	if (!hs_text_is_agent_name(agent) ||
	    hs_str_copy(agent, out, HS_AGENT_NAME_MAX + 1) != HS_OK) {
		hs_fail(&why->err, HS_ERR_FORMAT, "the agent's name is not valid");
		return hs_refusal_remedy(
		    why, "a name begins with a-z or 0-9, then up to 31 of a-z 0-9 . _ -");
	}
	return HS_OK;
}

static int
read_key(struct hs_str blob, struct hs_key *key, struct hs_refusal *why)
{
	int rc = hs_key_parse(blob, key);

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
	return HS_OK;
}

// Is proof a signature by key over message, in our own namespace?
static int
check_proof(const struct hs_key *key, struct hs_str proof, const struct hs_buf *message)
{
	struct hs_buf signed_bytes = {0};
	int rc;

	hs_sshsig_put_signed(&signed_bytes, HS_NS_REQUEST, hs_buf_str(message));
	rc = hs_buf_err(message) == HS_OK ? hs_buf_err(&signed_bytes) : hs_buf_err(message);
	if (rc == HS_OK)
		rc = hs_sig_verify(key, proof, hs_buf_str(&signed_bytes), NULL);
	hs_buf_free(&signed_bytes);
	return rc == HS_OK ? HS_OK : HS_NO_PROOF;
}

// Did the key sign this very request? Who renews sends the same bytes again.
static bool
is_proven(struct hs_proofs *proofs, const char *session, const struct hs_agent_request *req,
    const struct hs_key *key)
{
	uint8_t digest[HS_PROOFS_DIGEST];
	struct hs_buf message = {0};
	bool good = false;

	hs_agent_put_proof_message(&message, session, req);
	if (hs_buf_err(&message) != HS_OK ||
	    hs_proofs_digest(hs_buf_str(&message), key, req->proof, digest) != HS_OK)
		goto out;
	good = hs_proofs_known(proofs, digest);
	if (!good && check_proof(key, req->proof, &message) == HS_OK) {
		hs_proofs_add(proofs, digest);
		good = true;
	}
out:
	hs_buf_free(&message);
	return good;
}

// The subject: an Ed25519 key that is neither end of the chain above it, in the requester's
// hands.
static int
check_key(const struct hs_session *s, struct hs_proofs *proofs,
    const struct hs_agent_request *req, struct hs_key *key, struct hs_refusal *why)
{
	int rc = read_key(req->key, key, why);

	if (rc != HS_OK)
		return rc;
	if (hs_key_is_sk(key) || (s->open && hs_key_eq(key, &s->key.pub))) {
		hs_fail(&why->err, HS_NO_SUBJECT,
		    hs_key_is_sk(key) ? "a security key cannot be an agent's key"
				      : "the session key cannot be an agent's key");
		return hs_refusal_remedy(why, "use an ssh-ed25519 key of the agent's own");
	}
	if (is_proven(proofs, s->id, req, key))
		return HS_OK;
	hs_fail(
	    &why->err, HS_NO_PROOF, "the request is not signed by the key that it names");
	if (!s->open)
		return hs_refusal_remedy(
		    why, "sign this request, for no session, with that key");
	return hs_refusal_remedy(
	    why, "sign this request, for session %s, with that key", s->id);
}

int
hs_wanted_waits(struct hs_str code, struct hs_str key, struct hs_str proof,
    struct hs_key *out, struct hs_refusal *why)
{
	struct hs_buf message = {0};
	int rc = read_key(key, out, why);

	if (rc != HS_OK)
		return rc;
	hs_agent_put_wait_message(&message, code, key);
	rc = check_proof(out, proof, &message);
	hs_buf_free(&message);
	if (rc == HS_OK)
		return HS_OK;
	hs_fail(&why->err, HS_NO_PROOF, "this is not signed by the key that it names");
	return hs_refusal_remedy(why, "sign it with the key that the request was for");
}

int
hs_wanted_check(const struct hs_session *s, struct hs_proofs *proofs,
    const struct hs_agent_request *req, struct hs_wanted *out, struct hs_refusal *why)
{
	int rc;

	*out = (struct hs_wanted){0};
	rc = hs_wanted_agent(req->agent, out->agent, why);
	if (rc == HS_OK)
		rc = hs_wanted_reason(req->reason, why);
	if (rc == HS_OK)
		rc = check_key(s, proofs, req, &out->key, why);
	if (rc == HS_OK)
		rc = hs_wanted_scope(req->scope, &out->scope, why);
	if (rc == HS_OK && req->direct != 0)
		rc = hs_wanted_direct(out->scope, why);
	if (rc != HS_OK)
		return rc;
	out->direct = req->direct != 0;
	hs_put_raw(&out->reason, req->reason.p, req->reason.len);
	hs_key_fingerprint(&out->key, out->fingerprint);
	rc = hs_buf_err(&out->reason);
	return rc == HS_OK ? HS_OK : hs_fail(&why->err, (enum hs_code)rc, "%s", "");
}

void
hs_wanted_free(struct hs_wanted *w)
{
	hs_knownhosts_free(&w->known);
	hs_buf_free(&w->reason);
	hs_scope_free(&w->scope);
	*w = (struct hs_wanted){0};
}
