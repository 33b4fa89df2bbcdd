// SPDX-License-Identifier: ISC
//
// Signatures of SSH servers and of those who certify them, verified; nothing here makes
// one. Contract in hostkey.h.
#include "proto/hostkey.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include "proto/ecdsa.h"

// What a key of a type signs as.
struct algorithm {
	enum hs_hostkey_type type;
	const char *name;
	const char *group;	     // OpenSSL's name of the curve
	size_t bytes;		     // of a number of a signature
	const EVP_MD *(*hash)(void); // NULL: Ed25519, which hashes by itself
};

static const struct algorithm algorithms[] = {
    {HS_HK_ED25519, "ssh-ed25519", NULL, 0, NULL},
    {HS_HK_P256, "ecdsa-sha2-nistp256", "P-256", 32, EVP_sha256},
    {HS_HK_P384, "ecdsa-sha2-nistp384", "P-384", 48, EVP_sha384},
    {HS_HK_P521, "ecdsa-sha2-nistp521", "P-521", 66, EVP_sha512},
    {HS_HK_RSA, "rsa-sha2-256", NULL, 0, EVP_sha256},
    {HS_HK_RSA, "rsa-sha2-512", NULL, 0, EVP_sha512},
};

static const struct algorithm *
algorithm_of(enum hs_hostkey_type type, struct hs_str name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (algorithms[i].type == type && hs_str_is(name, algorithms[i].name))
			return &algorithms[i];
	return NULL;
}

// ---- OpenSSL's idea of the key

static EVP_PKEY *
pkey_of(const char *type, OSSL_PARAM_BLD *bld)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static EVP_PKEY *
ecdsa_pkey(const struct hs_hostkey *k, const char *group)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (bld != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) ==
		1 &&
	    OSSL_PARAM_BLD_push_octet_string(
		bld, OSSL_PKEY_PARAM_PUB_KEY, k->pub.p, k->pub.len) == 1)
		pkey = pkey_of("EC", bld);
	OSSL_PARAM_BLD_free(bld);
	return pkey;
}

static EVP_PKEY *
rsa_pkey(const struct hs_hostkey *k)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(k->pub.p, (int)k->pub.len, NULL);
	BIGNUM *e = BN_bin2bn(k->exponent.p, (int)k->exponent.len, NULL);
	EVP_PKEY *pkey = NULL;

	if (bld != NULL && n != NULL && e != NULL &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		pkey = pkey_of("RSA", bld);
	OSSL_PARAM_BLD_free(bld); // holds n and e until then
	BN_free(n);
	BN_free(e);
	return pkey;
}

// ---- signatures

static int
verify_digest(EVP_PKEY *pkey, const EVP_MD *hash, struct hs_str sig, struct hs_str data)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = HS_ERR_CRYPTO;

	if (pkey != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, hash, NULL, pkey) == 1 &&
	    EVP_DigestVerify(ctx, sig.p, sig.len, data.p, data.len) == 1)
		rc = HS_OK;
	EVP_MD_CTX_free(ctx);
	return rc;
}

static int
verify_raw(const struct hs_hostkey *k, const struct algorithm *a, struct hs_str raw,
    struct hs_str data)
{
	uint8_t der[HS_ECDSA_DER_MAX];
	EVP_PKEY *pkey = NULL;
	int rc = HS_OK;

	if (a->hash == NULL) {
		// libsodium refuses points of small order and encodings not canonical
		if (raw.len != crypto_sign_BYTES ||
		    k->pub.len != crypto_sign_PUBLICKEYBYTES)
			return HS_ERR_FORMAT;
		return crypto_sign_verify_detached(raw.p, data.p, data.len, k->pub.p) == 0
			   ? HS_OK
			   : HS_ERR_CRYPTO;
	}
	if (a->group != NULL) {
		if ((rc = hs_ecdsa_der(raw, a->bytes, der, &raw.len)) != HS_OK)
			return rc;
		raw.p = der;
		pkey = ecdsa_pkey(k, a->group);
	} else {
		if (raw.len != k->pub.len) // RFC 8332: as long as the modulus
			return HS_ERR_FORMAT;
		pkey = rsa_pkey(k);
	}
	rc = verify_digest(pkey, a->hash(), raw, data);
	EVP_PKEY_free(pkey);
	return rc;
}

int
hs_hostkey_verify(const struct hs_hostkey *k, struct hs_str sig, struct hs_str data)
{
	static const uint8_t none[1];
	const struct algorithm *a;
	struct hs_rd r = hs_rd_of(sig);
	struct hs_str type, raw;
	int rc;

	if (hs_get_string(&r, &type) != HS_OK)
		return HS_ERR_FORMAT;
	if ((a = algorithm_of(k->type, type)) == NULL)
		return HS_ERR_KEY_TYPE;
	if (hs_get_string(&r, &raw) != HS_OK)
		return HS_ERR_FORMAT;
	if ((rc = hs_rd_end(&r)) != HS_OK)
		return rc;
	if (data.p == NULL)
		data.p = none;
	rc = verify_raw(k, a, raw, data);
	return rc == HS_ERR_SHORT || rc == HS_ERR_TOO_LONG ? HS_ERR_FORMAT : rc;
}

// ---- certificates

static int
check_signer(const struct hs_hostkey *k, struct hs_err *err)
{
	struct hs_hostkey ca;
	int rc = hs_hostkey_parse(k->ca, &ca);

	if (rc == HS_ERR_KEY_TYPE || (rc == HS_OK && ca.certificate))
		rc = hs_fail(err, HS_ERR_KEY_TYPE,
		    "the signer of the host's certificate has a key of a type that is not "
		    "taken");
	else if (rc == HS_ERR_NOMEM || rc == HS_ERR_CRYPTO)
		rc = hs_fail(
		    err, (enum hs_code)rc, "%s", hs_code_sentence((enum hs_code)rc));
	else if (rc != HS_OK)
		rc = hs_fail(err, HS_ERR_FORMAT,
		    "the key of the host's certificate's signer is malformed");
	else if (hs_hostkey_verify(&ca, k->signature, k->body) != HS_OK)
		rc = hs_fail(err, HS_NO_SIG_CERT,
		    "the signature on the host's certificate is not good");
	hs_hostkey_free(&ca);
	return rc;
}

int
hs_hostkey_check_cert(const struct hs_hostkey *k, uint64_t now, struct hs_err *err)
{
	if (!k->certificate)
		return hs_fail(err, HS_ERR_USAGE, "the host's key is not a certificate");
	if (k->cert_type != HS_CERT_HOST)
		return hs_fail(
		    err, HS_ERR_FORMAT, "the certificate is a user's, not a host's");
	if (k->ncritical > 0)
		return hs_fail(err, HS_ERR_UNSUPPORTED,
		    "the host's certificate has a critical option, and none is known");
	if (now < k->valid_after)
		return hs_fail(
		    err, HS_NO_NOT_YET, "the host's certificate is not valid yet");
	if (now >= k->valid_before)
		return hs_fail(err, HS_NO_EXPIRED, "the host's certificate has expired");
	return check_signer(k, err);
}
