// SPDX-License-Identifier: ISC
//
// Revoke-only keys. Contract in revkey.h.
#include "agentd/revkey.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "agentd/files.h"
#include "agentd/statefile.h"
#include "proto/names.h"
#include "proto/revoker.h"

static void
name_of(const char *session, char *out, size_t size)
{
	(void)snprintf(out, size, "%s" HS_REVKEY_SUFFIX, session);
}

// The certificate, signed by the session key.
static int
certify(const struct hs_session *s, const struct hs_held *first, const struct hs_key *key,
    struct hs_buf *out)
{
	struct hs_revoker_spec spec = {.key = key,
	    .session_key = &s->key.pub,
	    .grant = hs_buf_str(&first->blob),
	    .valid_after = first->cert->valid_after};
	struct hs_buf sig = {0};
	int rc;

	randombytes_buf(spec.nonce, sizeof spec.nonce);
	rc = hs_revoker_put_body(out, &spec);
	if (rc == HS_OK)
		rc = hs_keys_sign(&s->key, hs_buf_str(out), &sig);
	if (rc == HS_OK) {
		hs_cert_put_signature(out, hs_buf_str(&sig));
		rc = hs_buf_err(out);
	}
	if (rc == HS_OK && out->len > HS_CERT_MAX)
		rc = HS_ERR_TOO_LONG;
	hs_buf_free(&sig);
	return rc;
}

int
hs_revkey_make(
    int dir, const struct hs_session *s, const struct hs_held *first, struct hs_err *err)
{
	uint8_t seed[HS_REVOKER_SEED], secret[crypto_sign_SECRETKEYBYTES];
	struct hs_key key = {.type = HS_KT_ED25519, .publen = 32};
	struct hs_revoker_file f = {.seed = {seed, sizeof seed}};
	struct hs_buf certificate = {0}, data = {0};
	char name[64];
	int rc;

	randombytes_buf(seed, sizeof seed);
	rc = crypto_sign_seed_keypair(key.pub, secret, seed) == 0 ? HS_OK : HS_ERR_CRYPTO;
	sodium_memzero(secret, sizeof secret);
	if (rc == HS_OK)
		rc = certify(s, first, &key, &certificate);
	if (rc == HS_OK) {
		f.certificate = hs_buf_str(&certificate);
		hs_revoker_file_put(&data, &f);
		rc = hs_buf_err(&data);
	}
	name_of(s->id, name, sizeof name);
	if (rc == HS_OK)
		rc = hs_statefile_replace(dir, name, 0600, hs_buf_str(&data), err);
	else
		rc = hs_fail(err, (enum hs_code)rc, "no revoke-only key could be made");
	sodium_memzero(seed, sizeof seed);
	hs_buf_free(&certificate);
	hs_buf_free(&data);
	return rc;
}

static int
take(struct hs_revkey *k, const char *session, struct hs_str data)
{
	struct hs_revoker_file f;
	struct hs_revoker r = {0};
	struct hs_key pub = {.type = HS_KT_ED25519, .publen = 32};
	int rc = hs_revoker_file_parse(data, &f);

	if (rc == HS_OK)
		rc = hs_revoker_parse(f.certificate, &r, NULL);
	if (rc == HS_OK)
		k->secret = sodium_malloc(crypto_sign_SECRETKEYBYTES);
	if (rc == HS_OK && k->secret == NULL)
		rc = HS_ERR_NOMEM;
	if (rc == HS_OK && crypto_sign_seed_keypair(pub.pub, k->secret, f.seed.p) != 0)
		rc = HS_ERR_CRYPTO;
	if (rc == HS_OK &&
	    (!hs_key_eq(&pub, &r.cert.key) || strcmp(r.session, session) != 0))
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK) {
		k->session_key = r.cert.ca;
		k->begin = r.grant.cert.valid_after;
		k->end = r.grant.payload.end;
		hs_put_raw(&k->certificate, f.certificate.p, f.certificate.len);
		rc = hs_buf_err(&k->certificate);
	}
	hs_revoker_free(&r);
	return rc;
}

int
hs_revkey_load(int dir, const char *session, struct hs_revkey *out, struct hs_err *err)
{
	struct hs_buf data = {0};
	char name[64];
	int rc;

	*out = (struct hs_revkey){0};
	name_of(session, name, sizeof name);
	rc = hs_files_read_at(dir, name, HS_REVOKER_FILE_MAX, &data, err);
	if (rc == HS_OK && (rc = take(out, session, hs_buf_str(&data))) != HS_OK)
		rc = hs_fail(err, rc == HS_ERR_NOMEM ? HS_ERR_NOMEM : HS_ERR_FORMAT,
		    "%s is not the revoke-only key of that session", name);
	if (rc != HS_OK)
		hs_revkey_free(out);
	hs_buf_free(&data);
	return rc;
}

int
hs_revkey_sign(const struct hs_revkey *k, struct hs_str message, struct hs_buf *out)
{
	uint8_t sig[crypto_sign_BYTES];
	struct hs_buf bytes = {0};
	int rc;

	hs_sshsig_put_signed(&bytes, HS_NS_KRL, message);
	rc = hs_buf_err(&bytes);
	if (rc == HS_OK &&
	    crypto_sign_detached(sig, NULL, bytes.p, bytes.len, k->secret) != 0)
		rc = HS_ERR_CRYPTO;
	if (rc == HS_OK) {
		hs_put_cstring(out, "ssh-ed25519");
		hs_put_string(out, sig, sizeof sig);
		rc = hs_buf_err(out);
	}
	hs_buf_free(&bytes);
	return rc;
}

void
hs_revkey_free(struct hs_revkey *k)
{
	sodium_free(k->secret); // wipes; NULL is fine
	hs_buf_free(&k->certificate);
	*k = (struct hs_revkey){0};
}
