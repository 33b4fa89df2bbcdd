// SPDX-License-Identifier: ISC
//
// Signed messages, judged. Contract in signed.h.
#include "proto/signed.h"

#include <string.h>
#include "proto/names.h"

bool
hs_signed_own_ns(struct hs_str ns)
{
	size_t n = strlen(HS_VENDOR);

	return ns.len >= n && memcmp(ns.p + ns.len - n, HS_VENDOR, n) == 0;
}

bool
hs_signed_ours(const struct hs_sshsig *sig)
{
	struct hs_delegation d;
	struct hs_cert c;
	bool ours;

	if (hs_cert_parse(sig->key, &c) != HS_OK)
		return false;
	ours = hs_delegation_parse(sig->key, &d, NULL) != HS_NO_NOT_OURS;
	hs_delegation_free(&d);
	return ours;
}

int
hs_signed_root(const struct hs_sshsig *sig, struct hs_key *root, struct hs_err *err)
{
	struct hs_delegation d;
	int rc = hs_delegation_parse(sig->key, &d, err);

	if (rc == HS_OK)
		*root = d.grant.cert.ca;
	hs_delegation_free(&d);
	return rc;
}

// ---- what the scope says

static bool
statement_has(const struct hs_scope *s, size_t st, enum hs_scope_key key, struct hs_str v)
{
	for (size_t i = 0; i < hs_scope_values(s, st, key); i++)
		if (hs_scope_value_under(key, v, hs_scope_value(s, st, key, i)))
			return true;
	return false;
}

// Both in one statement: what two of them allow apart, nobody allowed together.
static int
check_scope(const struct hs_signed_input *in, struct hs_verdict *v)
{
	const struct hs_scope *s = v->effective;
	bool ns = false;

	for (size_t st = 0; st < hs_scope_statements(s); st++) {
		if (!statement_has(s, st, HS_KEY_NS, in->ns))
			continue;
		if (in->cap.len == 0)
			return HS_OK;
		if (statement_has(s, st, HS_KEY_CAP, in->cap))
			return hs_root_allows(v->root, in->cap)
				   ? HS_OK
				   : hs_fail(&v->err, HS_NO_CAP_ROOT, "%s", "");
		ns = true;
	}
	return hs_fail(&v->err, HS_NO_OTHER, "the scope does not allow %s",
	    ns ? "that namespace together with that cap" : "signatures in that namespace");
}

// Is it something that a scope could say?
static bool
is_value(enum hs_scope_key key, struct hs_str v)
{
	return !hs_str_is(v, "*") && hs_scope_value_under(key, v, v);
}

static int
check_asked(const struct hs_signed_input *in, struct hs_verdict *v)
{
	if (in->digest.len != (in->sig->sha256 ? 32u : 64u))
		return hs_fail(
		    &v->err, HS_ERR_USAGE, "the digest is not of the signature's hash");
	if (in->cap.len > 0 && !is_value(HS_KEY_CAP, in->cap))
		return hs_fail(
		    &v->err, HS_ERR_USAGE, "a cap is action:resource, as a scope has it");
	if (!hs_str_eq(in->sig->ns, in->ns))
		return hs_fail(&v->err, HS_NO_NAMESPACE,
		    "it was signed in the namespace %.*s, not in %.*s",
		    (int)(in->sig->ns.len < 64 ? in->sig->ns.len : 64), in->sig->ns.p,
		    (int)(in->ns.len < 64 ? in->ns.len : 64), in->ns.p);
	// these say what a program proved, never what an agent meant
	if (hs_signed_own_ns(in->ns))
		return hs_fail(&v->err, HS_NO_NAMESPACE,
		    "no message is signed in a namespace of handseal's own");
	return is_value(HS_KEY_NS, in->ns)
		   ? HS_OK
		   : hs_fail(&v->err, HS_NO_NAMESPACE,
			 "no scope can allow a namespace of that form");
}

int
hs_signed_by(const struct hs_sshsig *sig, struct hs_str digest, const struct hs_key *key)
{
	struct hs_buf bytes = {0};
	int rc;

	hs_sshsig_put_digest(&bytes, sig, digest.p, digest.len);
	rc = hs_buf_err(&bytes);
	if (rc == HS_OK)
		rc = hs_sig_verify(key, sig->signature, hs_buf_str(&bytes), NULL);
	hs_buf_free(&bytes);
	return rc;
}

static int
check_message(const struct hs_signed_input *in, struct hs_verdict *v)
{
	const struct hs_key *key =
	    v->direct ? &v->direct_cert.cert.key : &v->delegation.cert.key;
	int rc = hs_signed_by(in->sig, in->digest, key);

	if (rc == HS_OK || rc == HS_ERR_NOMEM)
		return rc == HS_OK ? HS_OK : hs_fail(&v->err, HS_ERR_NOMEM, "%s", "");
	return hs_fail(&v->err, HS_NO_SIG_MESSAGE, "%s", "");
}

enum hs_code
hs_signed_check(const struct hs_signed_input *in, struct hs_verdict *out)
{
	struct hs_chain_input chain = {
	    .cert = in->sig->key, .roots = in->roots, .server = in->server, .now = in->at};
	int rc = (int)hs_chain_check(&chain, out);

	if (rc == HS_OK && (rc = check_asked(in, out)) == HS_OK &&
	    (rc = check_scope(in, out)) == HS_OK)
		rc = check_message(in, out);
	out->code = (enum hs_code)rc;
	out->err.code = out->code;
	if (rc != HS_OK)
		hs_scope_free(&out->effective);
	return out->code;
}

// ---- revocation

struct looking {
	const struct hs_cert *cert;
	struct hs_str ca; // its signer's blob
};

static int
names_key_id(void *arg, const struct hs_krl_item *it)
{
	const struct looking *l = arg;
	bool hit = it->what == HS_KRL_KEY_ID && hs_str_eq(it->value, l->cert->key_id) &&
		   (it->ca.len == 0 || hs_str_eq(it->ca, l->ca));

	return hit ? HS_NO_REVOKED : HS_OK;
}

// A certificate: its subject, its signer, its serial, its key id.
static bool
names_cert(const struct hs_krl *k, const struct hs_cert *c)
{
	struct hs_buf ca = {0};
	struct looking l = {.cert = c};
	bool hit;

	hs_key_put(&ca, &c->ca);
	l.ca = hs_buf_str(&ca);
	// out of memory: better revoked than not
	hit = hs_buf_err(&ca) != HS_OK || hs_krl_has_key(k, &c->key) ||
	      hs_krl_has_serial(k, &c->ca, c->serial) ||
	      hs_krl_walk(k, names_key_id, &l) != HS_OK;
	hs_buf_free(&ca);
	return hit;
}

bool
hs_signed_revoked(const struct hs_krl *k, const struct hs_delegation *d)
{
	for (size_t i = 0; i < d->nlineage; i++)
		if (hs_krl_has_serial(k, &d->cert.ca, d->lineage[i]))
			return true;
	return names_cert(k, &d->cert) || names_cert(k, &d->grant.cert);
}
