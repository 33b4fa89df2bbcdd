// SPDX-License-Identifier: ISC
//
// Signatures: SSH signature blobs verified, and what SSHSIG and security keys sign. Nothing
// here makes one, and nothing judges flags or counters.
#include "proto/key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>
#include <string.h>
#include "proto/ecdsa.h"

#define SHA256_LEN    32
#define P256_LEN      32
#define SK_SIGNED_LEN (SHA256_LEN + 1 + 4 + SHA256_LEN)

static int
sha256(const void *p, size_t len, uint8_t out[static SHA256_LEN])
{
	return EVP_Digest(len > 0 ? p : "", len, out, NULL, EVP_sha256(), NULL) == 1
		   ? HS_OK
		   : HS_ERR_CRYPTO;
}

static EVP_PKEY *
p256_key(const struct hs_key *k)
{
	char group[] = "prime256v1";
	uint8_t pub[sizeof(k->pub)];
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
	    OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, pub, k->publen),
	    OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *pkey = NULL;

	memcpy(pub, k->pub, sizeof(pub));
	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static int
verify_ecdsa(const struct hs_key *k, struct hs_str raw, struct hs_str data)
{
	uint8_t der[HS_ECDSA_DER_MAX];
	EVP_MD_CTX *ctx = NULL;
	EVP_PKEY *pkey = NULL;
	size_t len = 0;
	int rc;

	if ((rc = hs_ecdsa_der(raw, P256_LEN, der, &len)) != HS_OK)
		return rc;
	rc = HS_ERR_CRYPTO;
	if ((pkey = p256_key(k)) == NULL || (ctx = EVP_MD_CTX_new()) == NULL)
		goto out;
	if (EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
	    EVP_DigestVerify(ctx, der, len, data.p, data.len) == 1)
		rc = HS_OK;
out:
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return rc;
}

// libsodium refuses keys and points of small order and encodings that are not canonical.
static int
verify_ed25519(const struct hs_key *k, struct hs_str raw, struct hs_str data)
{
	if (raw.len != crypto_sign_BYTES)
		return HS_ERR_FORMAT;
	return crypto_sign_verify_detached(raw.p, data.p, data.len, k->pub) == 0
		   ? HS_OK
		   : HS_ERR_CRYPTO;
}

static int
verify_raw(const struct hs_key *k, struct hs_str raw, struct hs_str data)
{
	static const uint8_t none[1];

	if (data.p == NULL)
		data.p = none;
	return k->type == HS_KT_ECDSA || k->type == HS_KT_SK_ECDSA
		   ? verify_ecdsa(k, raw, data)
		   : verify_ed25519(k, raw, data);
}

// What an authenticator signs for data: SHA-256(application), flags, counter,
// SHA-256(data).
static int
sk_signed(const struct hs_key *k, const struct hs_sk_sig *sk, struct hs_str data,
    uint8_t out[static SK_SIGNED_LEN])
{
	uint8_t *p = out + SHA256_LEN;

	p[0] = sk->flags;
	for (unsigned i = 0; i < 4; i++)
		p[1 + i] = (uint8_t)(sk->counter >> (24 - 8 * i));
	if (sha256(k->application, strlen(k->application), out) != HS_OK)
		return HS_ERR_CRYPTO;
	return sha256(data.p, data.len, p + 5);
}

int
hs_sig_verify(
    const struct hs_key *k, struct hs_str sig, struct hs_str data, struct hs_sk_sig *sk)
{
	struct hs_rd r = hs_rd_of(sig);
	struct hs_sk_sig got = {0};
	struct hs_str type, raw;
	uint8_t message[SK_SIGNED_LEN];
	int rc;

	if (sk != NULL)
		*sk = got;
	if (hs_get_string(&r, &type) != HS_OK)
		return HS_ERR_FORMAT;
	if (!hs_str_is(type, hs_key_type_name(k->type)))
		return HS_ERR_KEY_TYPE;
	if (hs_get_string(&r, &raw) != HS_OK)
		return HS_ERR_FORMAT;
	if (hs_key_is_sk(k)) {
		if (hs_get_u8(&r, &got.flags) != HS_OK ||
		    hs_get_u32(&r, &got.counter) != HS_OK)
			return HS_ERR_FORMAT;
		if ((rc = sk_signed(k, &got, data, message)) != HS_OK)
			return rc;
		data = (struct hs_str){message, sizeof(message)};
	}
	if ((rc = hs_rd_end(&r)) != HS_OK)
		return rc;
	rc = verify_raw(k, raw, data);
	if (rc == HS_ERR_SHORT || rc == HS_ERR_TOO_LONG) // of r and s
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK && sk != NULL)
		*sk = got;
	return rc;
}

bool
hs_sk_touched(const struct hs_sk_sig *sk)
{
	return (sk->flags & ~(unsigned)HS_SK_FLAG_UV) == HS_SK_FLAG_UP;
}

void
hs_sshsig_put_signed(struct hs_buf *b, const char *ns, struct hs_str message)
{
	static const uint8_t none[1];
	uint8_t digest[crypto_hash_sha512_BYTES];

	(void)crypto_hash_sha512(digest, message.len > 0 ? message.p : none, message.len);
	hs_put_raw(b, "SSHSIG", 6);
	hs_put_cstring(b, ns);
	hs_put_cstring(b, "");
	hs_put_cstring(b, "sha512");
	hs_put_string(b, digest, sizeof(digest));
}
