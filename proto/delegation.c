// SPDX-License-Identifier: ISC
//
// Delegations: the certificate that an agent gets, with its grant inside
// (docs/PROTOCOL.certs, "Delegation"). Form only: whether the one lies inside the other is
// chain.c's question. Contract in grant.h.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "proto/certform.h"
#include "proto/names.h"
#include "proto/text.h"

#define ID_MAX (9 + HS_SESSION_ID_LEN + 1 + 20 + 1 + HS_AGENT_NAME_MAX + 1)

static void
put_lineage(struct hs_buf *b, const struct hs_delegation_spec *spec)
{
	for (size_t i = 0; i < spec->nlineage; i++)
		hs_put_u64(b, spec->lineage[i]);
}

// Ancestors came before: their serials ascend, and end below this one's.
static bool
lineage_ascends(const uint64_t *v, size_t n, uint64_t serial)
{
	uint64_t before = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i] <= before)
			return false;
		before = v[i];
	}
	return before < serial;
}

static int
check_spec(const struct hs_delegation_spec *spec)
{
	if (spec->agent_key->type != HS_KT_ED25519 ||
	    spec->session_key->type != HS_KT_ED25519)
		return HS_ERR_KEY_TYPE;
	if (spec->nlineage > HS_LINEAGE_MAX || !hs_text_is_agent_name(spec->agent) ||
	    !lineage_ascends(spec->lineage, spec->nlineage, spec->serial) ||
	    spec->valid_after >= spec->valid_before || spec->origin > HS_ORIGIN_OPAQUE)
		return HS_ERR_USAGE;
	return HS_OK;
}

int
hs_delegation_put_body(struct hs_buf *b, const struct hs_delegation_spec *spec)
{
	struct hs_str principal = hs_str_c(HS_PRINCIPAL_DELEGATION);
	struct hs_option ext[5 + HS_CERTFORM_PERMITS];
	char session[HS_SESSION_ID_LEN + 1], id[ID_MAX];
	struct hs_cert_spec cert = {.key = spec->agent_key,
	    .ca = spec->session_key,
	    .serial = spec->serial,
	    .principals = &principal,
	    .nprincipals = 1,
	    .valid_after = spec->valid_after,
	    .valid_before = spec->valid_before,
	    .extensions = ext};
	struct hs_buf lineage = {0};
	int rc = check_spec(spec);

	if (rc != HS_OK)
		return rc;
	hs_session_id(spec->session_key, session);
	(void)snprintf(id, sizeof(id), "handseal:%s:%" PRIu64 ":%.*s", session,
	    spec->serial, (int)spec->agent.len, (const char *)spec->agent.p);
	cert.key_id = hs_str_c(id);
	memcpy(cert.nonce, spec->nonce, sizeof(cert.nonce));
	put_lineage(&lineage, spec);
	ext[0] = (struct hs_option){hs_str_c(HS_OPT_AGENT), spec->agent};
	ext[1] = (struct hs_option){hs_str_c(HS_OPT_GRANT), spec->grant};
	ext[2] = (struct hs_option){hs_str_c(HS_OPT_LINEAGE), hs_buf_str(&lineage)};
	ext[3] = (struct hs_option){hs_str_c(HS_OPT_SCOPE), hs_scope_text(spec->scope)};
	cert.nextensions = 4;
	if (spec->origin != HS_ORIGIN_LOCAL) // one form: what is local is not said
		ext[cert.nextensions++] = (struct hs_option){
		    hs_str_c(HS_OPT_ORIGIN), hs_str_c(hs_origin_name(spec->origin))};
	hs_certform_permits(ext, &cert.nextensions, hs_scope_permit_set(spec->scope));
	hs_certform_sort(ext, cert.nextensions);
	if ((rc = hs_buf_err(&lineage)) == HS_OK) {
		hs_cert_put_body(b, &cert);
		rc = hs_buf_err(b);
	}
	hs_buf_free(&lineage);
	return rc;
}

// ---- reading

static int
no(struct hs_err *err, const char *what)
{
	return hs_fail(err, HS_NO_CERT_FORM,
	    "the certificate is not formed as handseal's are: %s", what);
}

// Does anything in it claim to be ours? What does not is left to whoever else knows it.
static bool
is_marked(const struct hs_cert *c)
{
	static const char vendor[] = HS_VENDOR;
	const struct hs_options *all[] = {&c->critical, &c->extensions};
	size_t n = sizeof(vendor) - 1;

	for (size_t i = 0; i < c->nprincipals; i++)
		if (hs_str_is(c->principals[i], HS_PRINCIPAL_DELEGATION) ||
		    hs_str_is(c->principals[i], HS_PRINCIPAL_REVOKE) ||
		    hs_str_is(c->principals[i], HS_PRINCIPAL_GRANT))
			return true;
	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
		for (size_t i = 0; i < all[k]->n; i++) {
			struct hs_str s = all[k]->v[i].name;

			if (s.len >= n && memcmp(s.p + s.len - n, vendor, n) == 0)
				return true;
		}
	return false;
}

// Which of our kinds a certificate that decodes is.
static int
check_kind(const struct hs_cert *c, struct hs_err *err)
{
	if (!is_marked(c))
		return hs_fail(err, HS_NO_NOT_OURS, "%s", hs_code_sentence(HS_NO_NOT_OURS));
	if (hs_options_find(&c->critical, HS_OPT_GRANT) != NULL)
		return hs_fail(
		    err, HS_NO_GRANT_LOGIN, "%s", hs_code_sentence(HS_NO_GRANT_LOGIN));
	if (c->type != HS_CERT_USER || c->key.type != HS_KT_ED25519)
		return no(err, "it is not a user certificate over an Ed25519 key");
	return HS_OK;
}

static int
read_lineage(struct hs_str data, struct hs_delegation *d)
{
	struct hs_rd r = hs_rd_of(data);

	while (r.left > 0) {
		if (d->nlineage == HS_LINEAGE_MAX)
			return HS_ERR_TOO_LONG;
		if (hs_get_u64(&r, &d->lineage[d->nlineage]) != HS_OK)
			return HS_ERR_FORMAT;
		d->nlineage++;
	}
	return lineage_ascends(d->lineage, d->nlineage, d->cert.serial) ? HS_OK
									: HS_ERR_FORMAT;
}

static int
check_fields(struct hs_delegation *d, struct hs_err *err)
{
	const struct hs_options *x = &d->cert.extensions;
	const struct hs_option *agent = hs_options_find(x, HS_OPT_AGENT),
			       *grant = hs_options_find(x, HS_OPT_GRANT),
			       *lineage = hs_options_find(x, HS_OPT_LINEAGE),
			       *origin = hs_options_find(x, HS_OPT_ORIGIN),
			       *scope = hs_options_find(x, HS_OPT_SCOPE);

	if (agent == NULL || grant == NULL || lineage == NULL || scope == NULL)
		return no(err, "its agent, grant, lineage or scope is missing");
	if (d->cert.critical.n != 0)
		return no(err, "it has a critical option");
	if (d->cert.nprincipals != 1 ||
	    !hs_str_is(d->cert.principals[0], HS_PRINCIPAL_DELEGATION))
		return no(err, "its only principal must be " HS_PRINCIPAL_DELEGATION);
	if (d->cert.serial == 0)
		return no(err, "its serial is 0, which cannot be revoked");
	if (!hs_text_is_agent_name(agent->data))
		return no(err, "its agent's name is not one");
	d->agent = agent->data;
	d->grant_blob = grant->data;
	if (read_lineage(lineage->data, d) != HS_OK)
		return no(err, "its lineage is not one");
	if (origin != NULL && hs_origin_parse(origin->data, &d->origin) != HS_OK)
		return no(err, "its origin is neither forwarded nor opaque");
	return hs_certform_scope(scope->data, HS_NO_CERT_FORM, &d->scope, err);
}

// Its grant is not looked into here: each kind answers for its own form.
static int
check_same(const struct hs_delegation *d, struct hs_err *err)
{
	struct hs_delegation_spec spec = {.agent_key = &d->cert.key,
	    .session_key = &d->cert.ca,
	    .serial = d->cert.serial,
	    .valid_after = d->cert.valid_after,
	    .valid_before = d->cert.valid_before,
	    .agent = d->agent,
	    .grant = d->grant_blob,
	    .lineage = d->lineage,
	    .nlineage = d->nlineage,
	    .origin = d->origin,
	    .scope = d->scope};
	struct hs_buf want = {0};
	int rc;

	if (!hs_certform_nonce(&d->cert, spec.nonce))
		return no(err, "its nonce has another length than 32 bytes");
	rc = hs_delegation_put_body(&want, &spec);
	return hs_certform_same(&d->cert, &want, rc, HS_NO_CERT_FORM, err);
}

int
hs_delegation_parse(struct hs_str blob, struct hs_delegation *out, struct hs_err *err)
{
	int rc;

	memset(out, 0, sizeof(*out));
	rc = hs_cert_parse(blob, &out->cert);
	if (rc == HS_ERR_KEY_TYPE) // subject or signer of a kind that we never use
		return hs_fail(err, HS_NO_NOT_OURS, "%s", hs_code_sentence(HS_NO_NOT_OURS));
	if (rc != HS_OK)
		return no(err, hs_code_sentence((enum hs_code)rc));
	if ((rc = check_kind(&out->cert, err)) != HS_OK ||
	    (rc = check_fields(out, err)) != HS_OK || (rc = check_same(out, err)) != HS_OK)
		return rc;
	return hs_grant_parse(out->grant_blob, false, &out->grant, err);
}

uint64_t
hs_delegation_made(const struct hs_delegation *d)
{
	return d->cert.valid_after > UINT64_MAX - HS_CLOCK_SLACK
		   ? UINT64_MAX
		   : d->cert.valid_after + HS_CLOCK_SLACK;
}

void
hs_delegation_free(struct hs_delegation *d)
{
	hs_scope_free(&d->scope);
	hs_grant_free(&d->grant);
	memset(d, 0, sizeof(*d));
}
