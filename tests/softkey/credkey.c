// SPDX-License-Identifier: ISC
//
// Credential key pairs and key handles. Contract in credkey.h.
#include "tests/softkey/credkey.h"

#include <sodium.h>
#include <string.h>
#include "tests/softkey/cbor.h"
#include "tests/softkey/p256.h"

#define NONCE	     crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG	     crypto_aead_xchacha20poly1305_ietf_ABYTES
#define CONTENT	     34 // algorithm, protection, secret
#define ALG_ES256    1
#define ALG_EDDSA    2
#define PROTECT_MIN  1
#define PROTECT_MAX  3
#define COSE_KTY_OKP 1
#define COSE_KTY_EC2 2
#define COSE_P256    1
#define COSE_ED25519 6

_Static_assert(NONCE + CONTENT + TAG == HS_CREDKEY_HANDLE, "a handle's length");

int
hs_credkey_make(struct hs_credkey *k, int alg, uint8_t protect)
{
	k->alg = alg;
	k->protect = protect;
	if (alg == HS_COSE_ES256)
		return hs_p256_make(k->secret);
	if (alg != HS_COSE_EDDSA)
		return HS_SK_ALGORITHM;
	randombytes_buf(k->secret, sizeof k->secret);
	return HS_OK;
}

int
hs_credkey_wrap(const struct hs_credkey *k, const uint8_t master[static 32],
    const uint8_t rp_hash[static 32], uint8_t handle[static HS_CREDKEY_HANDLE])
{
	uint8_t content[CONTENT];
	int rc;

	content[0] = k->alg == HS_COSE_ES256 ? ALG_ES256 : ALG_EDDSA;
	content[1] = k->protect;
	memcpy(content + 2, k->secret, sizeof k->secret);
	randombytes_buf(handle, NONCE);
	rc = crypto_aead_xchacha20poly1305_ietf_encrypt(handle + NONCE, NULL, content,
	    sizeof content, rp_hash, 32, NULL, handle, master);
	sodium_memzero(content, sizeof content);
	return rc == 0 ? HS_OK : HS_ERR_CRYPTO;
}

int
hs_credkey_open(struct hs_credkey *k, const uint8_t master[static 32],
    const uint8_t rp_hash[static 32], struct hs_str handle)
{
	uint8_t content[CONTENT];
	int rc = HS_SK_NO_CREDENTIAL;

	if (handle.len != HS_CREDKEY_HANDLE)
		return rc;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(content, NULL, NULL,
		handle.p + NONCE, handle.len - NONCE, rp_hash, 32, handle.p, master) == 0 &&
	    content[0] >= ALG_ES256 && content[0] <= ALG_EDDSA &&
	    content[1] >= PROTECT_MIN && content[1] <= PROTECT_MAX) {
		k->alg = content[0] == ALG_ES256 ? HS_COSE_ES256 : HS_COSE_EDDSA;
		k->protect = content[1];
		memcpy(k->secret, content + 2, sizeof k->secret);
		rc = HS_OK;
	}
	sodium_memzero(content, sizeof content);
	return rc;
}

static int
put_es256(struct hs_buf *b, const struct hs_credkey *k)
{
	uint8_t pub[HS_P256_PUBLIC];
	int rc = hs_p256_public(k->secret, pub);

	hs_cbor_put_map(b, 5);
	hs_cbor_put_int(b, 1);
	hs_cbor_put_int(b, COSE_KTY_EC2);
	hs_cbor_put_int(b, 3);
	hs_cbor_put_int(b, HS_COSE_ES256);
	hs_cbor_put_int(b, -1);
	hs_cbor_put_int(b, COSE_P256);
	hs_cbor_put_int(b, -2);
	hs_cbor_put_bytes(b, pub, 32);
	hs_cbor_put_int(b, -3);
	hs_cbor_put_bytes(b, pub + 32, 32);
	return rc;
}

static int
put_eddsa(struct hs_buf *b, const struct hs_credkey *k)
{
	uint8_t pub[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
	int rc =
	    crypto_sign_seed_keypair(pub, secret, k->secret) == 0 ? HS_OK : HS_ERR_CRYPTO;

	sodium_memzero(secret, sizeof secret);
	hs_cbor_put_map(b, 4);
	hs_cbor_put_int(b, 1);
	hs_cbor_put_int(b, COSE_KTY_OKP);
	hs_cbor_put_int(b, 3);
	hs_cbor_put_int(b, HS_COSE_EDDSA);
	hs_cbor_put_int(b, -1);
	hs_cbor_put_int(b, COSE_ED25519);
	hs_cbor_put_int(b, -2);
	hs_cbor_put_bytes(b, pub, sizeof pub);
	return rc;
}

int
hs_credkey_put_cose(struct hs_buf *b, const struct hs_credkey *k)
{
	int rc = k->alg == HS_COSE_ES256 ? put_es256(b, k) : put_eddsa(b, k);

	return rc == HS_OK ? hs_buf_err(b) : rc;
}

int
hs_credkey_sign(const struct hs_credkey *k, struct hs_str message, struct hs_buf *out)
{
	uint8_t pub[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
	uint8_t raw[crypto_sign_BYTES];
	int rc = HS_ERR_CRYPTO;

	if (k->alg == HS_COSE_ES256)
		return hs_p256_sign(k->secret, message, out);
	if (crypto_sign_seed_keypair(pub, secret, k->secret) == 0 &&
	    crypto_sign_detached(raw, NULL, message.p, message.len, secret) == 0) {
		hs_put_raw(out, raw, sizeof raw);
		rc = hs_buf_err(out);
	}
	sodium_memzero(secret, sizeof secret);
	return rc;
}
