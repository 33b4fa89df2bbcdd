// SPDX-License-Identifier: ISC
//
// P-256 private keys as bare scalars, over OpenSSL. Contract in p256.h.
#include "tests/softkey/p256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <string.h>

#define POINT	(1 + HS_P256_PUBLIC) // 04, x, y
#define DER_MAX 80		     // a signature takes 72

static const char group[] = "prime256v1";

int
hs_p256_make(uint8_t secret[static HS_P256_SECRET])
{
	EVP_PKEY *pkey = EVP_EC_gen(group);
	BIGNUM *d = NULL;
	int rc = HS_ERR_CRYPTO;

	if (pkey != NULL &&
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
	    BN_bn2binpad(d, secret, HS_P256_SECRET) == HS_P256_SECRET)
		rc = HS_OK;
	BN_clear_free(d);
	EVP_PKEY_free(pkey);
	return rc;
}

int
hs_p256_public(
    const uint8_t secret[static HS_P256_SECRET], uint8_t out[static HS_P256_PUBLIC])
{
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = g != NULL ? EC_POINT_new(g) : NULL;
	BIGNUM *d = BN_bin2bn(secret, HS_P256_SECRET, NULL);
	uint8_t raw[POINT];
	int rc = HS_ERR_CRYPTO;

	if (point != NULL && d != NULL &&
	    EC_POINT_mul(g, point, d, NULL, NULL, NULL) == 1 &&
	    EC_POINT_point2oct(g, point, POINT_CONVERSION_UNCOMPRESSED, raw, sizeof raw,
		NULL) == sizeof raw) {
		memcpy(out, raw + 1, HS_P256_PUBLIC);
		rc = HS_OK;
	}
	BN_clear_free(d);
	EC_POINT_free(point);
	EC_GROUP_free(g);
	return rc;
}

// A key pair, or a public key where secret is NULL.
static EVP_PKEY *
make_pkey(const uint8_t *secret, const uint8_t pub[static HS_P256_PUBLIC])
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	BIGNUM *d = secret != NULL ? BN_bin2bn(secret, HS_P256_SECRET, NULL) : NULL;
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;
	uint8_t raw[POINT] = {0x04};

	memcpy(raw + 1, pub, HS_P256_PUBLIC);
	if (bld != NULL && ctx != NULL && (secret == NULL || d != NULL) &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) ==
		1 &&
	    (d == NULL || OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1) &&
	    OSSL_PARAM_BLD_push_octet_string(
		bld, OSSL_PKEY_PARAM_PUB_KEY, raw, sizeof raw) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(bld)) != NULL &&
	    EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey,
		secret != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	OSSL_PARAM_free(params);
	BN_clear_free(d);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_BLD_free(bld);
	return pkey;
}

EVP_PKEY *
hs_p256_pkey(const uint8_t secret[static HS_P256_SECRET])
{
	uint8_t pub[HS_P256_PUBLIC];

	if (hs_p256_public(secret, pub) != HS_OK)
		return NULL;
	return make_pkey(secret, pub);
}

int
hs_p256_sign(
    const uint8_t secret[static HS_P256_SECRET], struct hs_str message, struct hs_buf *out)
{
	EVP_PKEY *pkey = hs_p256_pkey(secret);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[DER_MAX];
	size_t len = sizeof der;
	int rc = HS_ERR_CRYPTO;

	if (pkey != NULL && ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
	    EVP_DigestSign(ctx, der, &len, message.p, message.len) == 1) {
		hs_put_raw(out, der, len);
		rc = hs_buf_err(out);
	}
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return rc;
}

int
hs_p256_agree(const uint8_t secret[static HS_P256_SECRET],
    const uint8_t peer[static HS_P256_PUBLIC], uint8_t out[static 32])
{
	EVP_PKEY *mine = hs_p256_pkey(secret), *theirs = make_pkey(NULL, peer);
	EVP_PKEY_CTX *ctx = mine != NULL ? EVP_PKEY_CTX_new(mine, NULL) : NULL;
	size_t len = 32;
	int rc = HS_ERR_CRYPTO;

	if (ctx != NULL && theirs != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
	    EVP_PKEY_derive(ctx, out, &len) == 1 && len == 32)
		rc = HS_OK;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(mine);
	return rc;
}
