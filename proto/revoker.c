// SPDX-License-Identifier: ISC
//
// Certificates over revoke-only keys, and the file of such a key. Contract in revoker.h.
#include "proto/revoker.h"

#include <stdio.h>
#include <string.h>
#include "proto/certform.h"
#include "proto/names.h"

#define FILE_MAGIC     "HSREVK1\n"
#define FILE_MAGIC_LEN 8

int
hs_revoker_put_body(struct hs_buf *b, const struct hs_revoker_spec *spec)
{
	struct hs_str principal = hs_str_c(HS_PRINCIPAL_REVOKE);
	char session[HS_SESSION_ID_LEN + 1], id[HS_SESSION_ID_LEN + 32];
	struct hs_option option = {hs_str_c(HS_OPT_REVOKE), spec->grant};
	struct hs_cert_spec cert = {.key = spec->key,
	    .ca = spec->session_key,
	    .principals = &principal,
	    .nprincipals = 1,
	    .valid_after = spec->valid_after,
	    .valid_before = UINT64_MAX, // it outlives what it revokes
	    .critical = &option,
	    .ncritical = 1};

	if (spec->key->type != HS_KT_ED25519 || spec->session_key->type != HS_KT_ED25519)
		return HS_ERR_KEY_TYPE;
	if (spec->valid_after == UINT64_MAX)
		return HS_ERR_USAGE;
	hs_session_id(spec->session_key, session);
	(void)snprintf(id, sizeof(id), "handseal:%s:revoke", session);
	cert.key_id = hs_str_c(id);
	memcpy(cert.nonce, spec->nonce, sizeof(cert.nonce));
	hs_cert_put_body(b, &cert);
	return hs_buf_err(b);
}

static int
no(struct hs_err *err, const char *what)
{
	return hs_fail(err, HS_NO_CERT_FORM,
	    "the revoke-only key's certificate is not formed right: %s", what);
}

int
hs_revoker_parse(struct hs_str blob, struct hs_revoker *out, struct hs_err *err)
{
	struct hs_revoker_spec spec = {0};
	const struct hs_option *o;
	struct hs_buf want = {0};
	int rc;

	memset(out, 0, sizeof(*out));
	if ((rc = hs_cert_parse(blob, &out->cert)) != HS_OK)
		return no(err, hs_code_sentence((enum hs_code)rc));
	o = hs_options_find(&out->cert.critical, HS_OPT_REVOKE);
	if (o == NULL)
		return no(err, "it has no " HS_OPT_REVOKE);
	if (!hs_certform_nonce(&out->cert, spec.nonce))
		return no(err, "its nonce has another length than 32 bytes");
	spec.key = &out->cert.key;
	spec.session_key = &out->cert.ca;
	spec.grant = o->data;
	spec.valid_after = out->cert.valid_after;
	rc = hs_revoker_put_body(&want, &spec);
	rc = hs_certform_same(&out->cert, &want, rc, HS_NO_CERT_FORM, err);
	if (rc == HS_OK)
		rc = hs_grant_parse(o->data, false, &out->grant, err);
	if (rc == HS_OK)
		hs_session_id(&out->cert.ca, out->session);
	return rc;
}

int
hs_revoker_check(struct hs_revoker *r, const struct hs_roots *roots, struct hs_err *err)
{
	if (!hs_key_eq(&r->cert.ca, &r->grant.cert.key))
		return hs_fail(err, HS_NO_LINK,
		    "the revoke-only key's signer is not the key of its grant");
	if (roots != NULL && hs_roots_find(roots, &r->grant.cert.ca) == NULL)
		return hs_fail(
		    err, HS_NO_ROOT_UNKNOWN, "%s", hs_code_sentence(HS_NO_ROOT_UNKNOWN));
	if (hs_cert_verify(&r->cert, NULL) != HS_OK)
		return hs_fail(err, HS_NO_SIG_CERT,
		    "the session's signature on the revoke-only key is not good");
	return hs_grant_check_signature(&r->grant, err);
}

void
hs_revoker_free(struct hs_revoker *r)
{
	hs_grant_free(&r->grant);
	memset(r, 0, sizeof(*r));
}

// ---- the file

void
hs_revoker_file_put(struct hs_buf *b, const struct hs_revoker_file *f)
{
	hs_put_raw(b, FILE_MAGIC, FILE_MAGIC_LEN);
	hs_put_raw(b, f->seed.p, HS_REVOKER_SEED);
	hs_put_str(b, f->certificate);
}

int
hs_revoker_file_parse(struct hs_str data, struct hs_revoker_file *out)
{
	struct hs_rd r = hs_rd_of(data);
	struct hs_revoker_file f;
	struct hs_str magic;
	int rc = hs_get_raw(&r, FILE_MAGIC_LEN, &magic);

	if (rc == HS_OK && memcmp(magic.p, FILE_MAGIC, FILE_MAGIC_LEN) != 0)
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK)
		rc = hs_get_raw(&r, HS_REVOKER_SEED, &f.seed);
	if (rc == HS_OK)
		rc = hs_get_string_max(&r, HS_CERT_MAX, &f.certificate);
	if (rc == HS_OK)
		rc = hs_rd_end(&r);
	if (rc == HS_OK)
		*out = f;
	return rc;
}
