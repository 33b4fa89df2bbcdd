// SPDX-License-Identifier: ISC
//
// Grants: the payload of rule 6, the body that a root signs, and the form of one that comes
// back (docs/PROTOCOL.certs, "Grant"). Whom to trust and until when is chain.c's. Contract
// in grant.h.
#include "proto/grant.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/certform.h"
#include "proto/names.h"

#define SEAT	 "seat:"
#define SEAT_MAX 64

void
hs_grant_payload_put(struct hs_buf *b, const struct hs_grant_payload *p)
{
	hs_put_str(b, p->scope);
	hs_put_str(b, p->holder);
	hs_put_u64(b, p->end);
	hs_put_raw(b, p->shown, sizeof(p->shown));
	hs_put_raw(b, p->policy, sizeof(p->policy));
	hs_put_u64(b, p->log_seq);
	hs_put_raw(b, p->log_head, sizeof(p->log_head));
}

static bool
is_holder(struct hs_str s)
{
	size_t n = strlen(SEAT);

	if (hs_str_is(s, HS_HOLDER_MAIN))
		return true;
	if (s.len <= n || s.len > n + SEAT_MAX || memcmp(s.p, SEAT, n) != 0)
		return false;
	for (size_t i = n; i < s.len; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
			(s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '.' ||
			s.p[i] == '+' || s.p[i] == '-'))
			return false;
	return true;
}

int
hs_grant_payload_parse(struct hs_str data, struct hs_grant_payload *out)
{
	struct hs_rd r = hs_rd_of(data);
	struct hs_grant_payload p;
	struct hs_str shown, policy, head;
	int rc;

	if ((rc = hs_get_string_max(&r, HS_SCOPE_BYTES_MAX, &p.scope)) != HS_OK ||
	    (rc = hs_get_string(&r, &p.holder)) != HS_OK ||
	    (rc = hs_get_u64(&r, &p.end)) != HS_OK ||
	    (rc = hs_get_raw(&r, sizeof(p.shown), &shown)) != HS_OK ||
	    (rc = hs_get_raw(&r, sizeof(p.policy), &policy)) != HS_OK ||
	    (rc = hs_get_u64(&r, &p.log_seq)) != HS_OK ||
	    (rc = hs_get_raw(&r, sizeof(p.log_head), &head)) != HS_OK ||
	    (rc = hs_rd_end(&r)) != HS_OK)
		return rc;
	if (!is_holder(p.holder) || p.log_seq == 0)
		return HS_ERR_FORMAT;
	memcpy(p.shown, shown.p, sizeof(p.shown));
	memcpy(p.policy, policy.p, sizeof(p.policy));
	memcpy(p.log_head, head.p, sizeof(p.log_head));
	*out = p;
	return HS_OK;
}

void
hs_session_id(const struct hs_key *session_key, char out[static HS_SESSION_ID_LEN + 1])
{
	uint8_t mem[256], digest[crypto_hash_sha256_BYTES];
	struct hs_buf b = {.p = mem, .cap = sizeof(mem)}; // never grows: so it cannot fail

	hs_key_put(&b, session_key);
	(void)crypto_hash_sha256(digest, b.p, b.len);
	sodium_bin2hex(out, HS_SESSION_ID_LEN + 1, digest, HS_SESSION_ID_LEN / 2);
}

int
hs_grant_put_body(struct hs_buf *b, const struct hs_grant_spec *spec)
{
	struct hs_str principal = hs_str_c(HS_PRINCIPAL_GRANT);
	char session[HS_SESSION_ID_LEN + 1], id[HS_SESSION_ID_LEN + 32];
	struct hs_option option = {.name = hs_str_c(HS_OPT_GRANT)};
	struct hs_cert_spec cert = {.key = spec->session_key,
	    .ca = spec->root,
	    .serial = spec->serial,
	    .principals = &principal,
	    .nprincipals = 1,
	    .valid_after = spec->valid_after,
	    .valid_before = spec->payload.end,
	    .critical = &option,
	    .ncritical = 1};
	struct hs_buf payload = {0};
	int rc;

	if (spec->session_key->type != HS_KT_ED25519 || !hs_certform_is_root(spec->root))
		return HS_ERR_KEY_TYPE;
	if (spec->serial == 0 || spec->valid_after >= spec->payload.end ||
	    !is_holder(spec->payload.holder) || spec->payload.log_seq == 0)
		return HS_ERR_USAGE;
	hs_session_id(spec->session_key, session);
	(void)snprintf(id, sizeof(id), "handseal:%s:grant", session);
	cert.key_id = hs_str_c(id);
	memcpy(cert.nonce, spec->nonce, sizeof(cert.nonce));
	hs_grant_payload_put(&payload, &spec->payload);
	option.data = hs_buf_str(&payload);
	if ((rc = hs_buf_err(&payload)) == HS_OK) {
		hs_cert_put_body(b, &cert);
		rc = hs_buf_err(b);
	}
	hs_buf_free(&payload);
	return rc;
}

static int
no(struct hs_err *err, const char *what)
{
	return hs_fail(err, HS_NO_GRANT_FORM, "the grant is not formed right: %s", what);
}

// The conditions that deserve a sentence of their own.
static int
check_fields(struct hs_grant *g, struct hs_err *err)
{
	const struct hs_cert *c = &g->cert;
	const struct hs_option *o = hs_options_find(&c->critical, HS_OPT_GRANT);

	if (c->type != HS_CERT_USER || c->key.type != HS_KT_ED25519)
		return no(err, "it is not a user certificate over an Ed25519 key");
	if (!hs_certform_is_root(&c->ca))
		return no(err, "its signer is not a security key for " HS_APPLICATION);
	if (c->nprincipals != 1 || !hs_str_is(c->principals[0], HS_PRINCIPAL_GRANT))
		return no(err, "its only principal must be " HS_PRINCIPAL_GRANT);
	if (o == NULL || c->critical.n != 1 || c->extensions.n != 0)
		return no(err, "its only option must be " HS_OPT_GRANT);
	if (c->serial == 0)
		return no(err, "its serial is 0, which cannot be revoked");
	if (hs_grant_payload_parse(o->data, &g->payload) != HS_OK)
		return no(err, "what the touch signed cannot be read");
	if (g->payload.end != c->valid_before)
		return no(err, "the end that was shown is not its own");
	return HS_OK;
}

int
hs_grant_parse(struct hs_str blob, bool body, struct hs_grant *out, struct hs_err *err)
{
	struct hs_grant_spec spec;
	struct hs_buf want = {0};
	int rc;

	memset(out, 0, sizeof(*out));
	rc = body ? hs_cert_parse_body(blob, &out->cert) : hs_cert_parse(blob, &out->cert);
	if (rc != HS_OK)
		return no(err, hs_code_sentence((enum hs_code)rc));
	if ((rc = check_fields(out, err)) != HS_OK ||
	    (rc = hs_certform_scope(
		 out->payload.scope, HS_NO_GRANT_FORM, &out->scope, err)) != HS_OK)
		return rc;
	spec = (struct hs_grant_spec){.session_key = &out->cert.key,
	    .root = &out->cert.ca,
	    .serial = out->cert.serial,
	    .valid_after = out->cert.valid_after,
	    .payload = out->payload};
	if (!hs_certform_nonce(&out->cert, spec.nonce))
		return no(err, "its nonce has another length than 32 bytes");
	rc = hs_grant_put_body(&want, &spec);
	return hs_certform_same(&out->cert, &want, rc, HS_NO_GRANT_FORM, err);
}

int
hs_grant_check_signature(struct hs_grant *g, struct hs_err *err)
{
	int rc = hs_cert_verify(&g->cert, &g->sk);

	if (rc != HS_OK)
		return hs_fail(
		    err, HS_NO_SIG_GRANT, "%s", hs_code_sentence(HS_NO_SIG_GRANT));
	if (!hs_sk_touched(&g->sk))
		return hs_fail(err, HS_NO_TOUCH,
		    "the root's signature does not say that the key was touched: its flags "
		    "are "
		    "0x%02x",
		    g->sk.flags);
	return HS_OK;
}

void
hs_grant_free(struct hs_grant *g)
{
	hs_scope_free(&g->scope);
	memset(g, 0, sizeof(*g));
}
