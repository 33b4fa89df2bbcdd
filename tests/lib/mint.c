// SPDX-License-Identifier: ISC
//
// Secret keys for forged chains. Contract in mint.h.
#include "tests/lib/mint.h"

#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include "proto/cert.h"
#include "proto/names.h"
#include "proto/text.h"

static void
set_application(struct hs_mint *m)
{
	if (hs_key_is_sk(&m->key))
		memcpy(m->key.application, HS_APPLICATION, sizeof HS_APPLICATION);
}

int
hs_mint_ed25519(struct hs_mint *m, enum hs_key_type type, const uint8_t seed[static 32])
{
	uint8_t secret[64];

	memset(m, 0, sizeof *m);
	m->key.type = type;
	m->key.publen = 32;
	memcpy(m->secret, seed, sizeof m->secret);
	set_application(m);
	return crypto_sign_seed_keypair(m->key.pub, secret, seed) == 0 ? HS_OK
								       : HS_ERR_CRYPTO;
}

int
hs_mint_make(struct hs_mint *m, enum hs_key_type type)
{
	EVP_PKEY *pkey = NULL;
	BIGNUM *d = NULL;
	uint8_t seed[32];
	int rc = HS_ERR_CRYPTO;

	if (type == HS_KT_ED25519 || type == HS_KT_SK_ED25519) {
		randombytes_buf(seed, sizeof seed);
		return hs_mint_ed25519(m, type, seed);
	}
	memset(m, 0, sizeof *m);
	m->key.type = type;
	set_application(m);
	pkey = EVP_EC_gen("prime256v1");
	if (pkey != NULL &&
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
	    BN_bn2binpad(d, m->secret, 32) == 32 &&
	    EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
		m->key.pub, sizeof m->key.pub, &m->key.publen) == 1 &&
	    m->key.publen == 65)
		rc = HS_OK;
	BN_clear_free(d);
	EVP_PKEY_free(pkey);
	return rc;
}

static EVP_PKEY *
p256_of(const struct hs_mint *m)
{
	BIGNUM *d = BN_bin2bn(m->secret, 32, NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (d != NULL && bld != NULL && ctx != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(
		bld, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(
		bld, OSSL_PKEY_PARAM_PUB_KEY, m->key.pub, m->key.publen) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(bld)) != NULL &&
	    EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_clear_free(d);
	return pkey;
}

static int
put_integer(struct hs_buf *out, const BIGNUM *n)
{
	uint8_t be[32];

	if (BN_bn2binpad(n, be, sizeof be) != (int)sizeof be)
		return HS_ERR_CRYPTO;
	hs_put_mpint(out, be, sizeof be);
	return HS_OK;
}

static int
put_ecdsa(struct hs_buf *out, const struct hs_mint *m, struct hs_str message)
{
	EVP_PKEY *pkey = p256_of(m);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[128];
	const uint8_t *p = der;
	size_t len = sizeof der, mark;
	ECDSA_SIG *sig = NULL;
	int rc = HS_ERR_CRYPTO;

	if (pkey == NULL || ctx == NULL ||
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) != 1 ||
	    EVP_DigestSign(ctx, der, &len, message.p, message.len) != 1 ||
	    (sig = d2i_ECDSA_SIG(NULL, &p, (long)len)) == NULL)
		goto out;
	mark = hs_put_string_begin(out);
	rc = put_integer(out, ECDSA_SIG_get0_r(sig));
	if (rc == HS_OK)
		rc = put_integer(out, ECDSA_SIG_get0_s(sig));
	hs_put_string_end(out, mark);
out:
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return rc;
}

static int
put_ed25519(struct hs_buf *out, const struct hs_mint *m, struct hs_str message)
{
	uint8_t raw[64], pub[32], secret[64];

	if (crypto_sign_seed_keypair(pub, secret, m->secret) != 0 ||
	    crypto_sign_detached(raw, NULL, message.p, message.len, secret) != 0)
		return HS_ERR_CRYPTO;
	hs_put_string(out, raw, sizeof raw);
	return HS_OK;
}

static void
put_sha256(struct hs_buf *b, const void *p, size_t len)
{
	uint8_t digest[32];

	(void)crypto_hash_sha256(digest, p, len);
	hs_put_raw(b, digest, sizeof digest);
}

int
hs_mint_sign(const struct hs_mint *m, struct hs_buf *body, uint8_t flags, uint32_t counter)
{
	bool sk = hs_key_is_sk(&m->key);
	struct hs_buf message = {0}, sig = {0};
	int rc;

	if (sk) { // what an authenticator signs
		put_sha256(&message, m->key.application, strlen(m->key.application));
		hs_put_u8(&message, flags);
		hs_put_u32(&message, counter);
		put_sha256(&message, body->p, body->len);
	} else {
		hs_put_raw(&message, body->p, body->len);
	}
	hs_put_cstring(&sig, hs_key_type_name(m->key.type));
	rc = m->key.type == HS_KT_SK_ECDSA ? put_ecdsa(&sig, m, hs_buf_str(&message))
					   : put_ed25519(&sig, m, hs_buf_str(&message));
	if (sk) {
		hs_put_u8(&sig, flags);
		hs_put_u32(&sig, counter);
	}
	if (rc == HS_OK)
		rc = hs_buf_err(&sig);
	hs_cert_put_signature(body, hs_buf_str(&sig));
	hs_buf_free(&message);
	hs_buf_free(&sig);
	return rc == HS_OK ? hs_buf_err(body) : rc;
}

int
hs_mint_put_openssh(struct hs_buf *text, const struct hs_mint *m)
{
	uint8_t pub[32], secret[64], pad = 0;
	struct hs_buf b = {0};
	size_t mark, begin;

	if (crypto_sign_seed_keypair(pub, secret, m->secret) != 0)
		return HS_ERR_CRYPTO;
	hs_put_raw(&b, "openssh-key-v1", 15); // with its NUL
	hs_put_cstring(&b, "none");
	hs_put_cstring(&b, "none");
	hs_put_cstring(&b, "");
	hs_put_u32(&b, 1);
	mark = hs_put_string_begin(&b);
	hs_key_put(&b, &m->key);
	hs_put_string_end(&b, mark);
	mark = hs_put_string_begin(&b);
	begin = b.len;
	hs_put_u32(&b, 7); // twice the same: the check of a passphrase
	hs_put_u32(&b, 7);
	hs_key_put(&b, &m->key);
	hs_put_string(&b, secret, sizeof secret);
	hs_put_cstring(&b, "session");
	while ((b.len - begin) % 8 != 0 && hs_buf_err(&b) == HS_OK)
		hs_put_u8(&b, ++pad);
	hs_put_string_end(&b, mark);
	hs_put_fmt(text, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	hs_text_put_base64(text, hs_buf_str(&b));
	hs_put_fmt(text, "\n-----END OPENSSH PRIVATE KEY-----\n");
	hs_buf_free(&b);
	return hs_buf_err(text);
}
