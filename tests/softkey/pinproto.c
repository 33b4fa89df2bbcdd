// SPDX-License-Identifier: ISC
//
// PIN/UV auth protocols 1 and 2. Contract in pinproto.h.
#include "tests/softkey/pinproto.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>
#include "tests/softkey/p256.h"

#define BLOCK	  16
#define AUTH_ONE  16 // protocol 1 sends half of the HMAC
#define AUTH_TWO  32
#define IV(proto) ((proto) == 2 ? (size_t)BLOCK : 0) // protocol 1 begins with zeros

static void
hmac(const uint8_t key[static 32], struct hs_str message, uint8_t out[static 32])
{
	(void)crypto_auth_hmacsha256(
	    out, message.len > 0 ? message.p : (const uint8_t *)"", message.len, key);
}

// HKDF-SHA-256 (RFC 5869) with a salt of zeros and one block of output, which is all that
// is needed.
static void
hkdf(const uint8_t z[static 32], const char *info, uint8_t out[static 32])
{
	static const uint8_t salt[32];
	uint8_t prk[32], block[32];
	size_t len = strlen(info);

	hmac(salt, (struct hs_str){z, 32}, prk);
	memcpy(block, info, len);
	block[len] = 1;
	hmac(prk, (struct hs_str){block, len + 1}, out);
	sodium_memzero(prk, sizeof prk);
}

int
hs_pinproto_agree(struct hs_pinproto *p, int proto, const uint8_t secret[static 32],
    const uint8_t peer[static 64])
{
	uint8_t z[32];

	if (hs_p256_agree(secret, peer, z) != HS_OK)
		return HS_ERR_CRYPTO;
	p->proto = proto;
	if (proto == 1) {
		crypto_hash_sha256(p->hmac, z, sizeof z);
		memcpy(p->aes, p->hmac, sizeof p->aes);
	} else {
		hkdf(z, "CTAP2 HMAC key", p->hmac);
		hkdf(z, "CTAP2 AES key", p->aes);
	}
	sodium_memzero(z, sizeof z);
	return HS_OK;
}

static int
cbc(const struct hs_pinproto *p, bool encrypt, const uint8_t iv[static BLOCK],
    struct hs_str in, struct hs_buf *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *to = NULL;
	int n = 0, rc = HS_ERR_CRYPTO;

	if (in.len == 0 || in.len % BLOCK != 0 || in.len > HS_PINPROTO_MAX) {
		rc = HS_ERR_FORMAT;
		goto out;
	}
	to = hs_put_space(out, in.len);
	if (ctx != NULL && to != NULL &&
	    EVP_CipherInit_ex(ctx, EVP_aes_256_cbc(), NULL, p->aes, iv, encrypt) == 1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	    EVP_CipherUpdate(ctx, to, &n, in.p, (int)in.len) == 1 && (size_t)n == in.len)
		rc = HS_OK;
out:
	EVP_CIPHER_CTX_free(ctx);
	return rc;
}

int
hs_pinproto_encrypt(const struct hs_pinproto *p, struct hs_str in, struct hs_buf *out)
{
	uint8_t iv[BLOCK] = {0};

	if (p->proto == 2) {
		randombytes_buf(iv, sizeof iv);
		hs_put_raw(out, iv, sizeof iv);
	}
	return cbc(p, true, iv, in, out);
}

int
hs_pinproto_decrypt(const struct hs_pinproto *p, struct hs_str in, struct hs_buf *out)
{
	uint8_t iv[BLOCK] = {0};
	size_t skip = IV(p->proto);

	if (in.len <= skip)
		return HS_ERR_FORMAT;
	memcpy(iv, in.p, skip);
	return cbc(p, false, iv, (struct hs_str){in.p + skip, in.len - skip}, out);
}

bool
hs_pinproto_verify_token(
    int proto, const uint8_t token[static 32], struct hs_str message, struct hs_str auth)
{
	size_t want = proto == 1 ? AUTH_ONE : AUTH_TWO;
	uint8_t mac[32];

	hmac(token, message, mac);
	return auth.len == want && sodium_memcmp(mac, auth.p, want) == 0;
}

bool
hs_pinproto_verify(const struct hs_pinproto *p, struct hs_str message, struct hs_str auth)
{
	return hs_pinproto_verify_token(p->proto, p->hmac, message, auth);
}
