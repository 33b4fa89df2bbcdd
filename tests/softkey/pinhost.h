// SPDX-License-Identifier: ISC
//
// For unit tests of clientPIN: a key without a transport, and a host of our own, which can
// say what libfido2 never would. Linked into no program.
#ifndef HS_SOFTKEY_PINHOST_H
#define HS_SOFTKEY_PINHOST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "tests/softkey/cbor.h"
#include "tests/softkey/credkey.h"
#include "tests/softkey/ctap.h"
#include "tests/softkey/p256.h"
#include "tests/softkey/pinproto.h"

#define PIN "2468"
#define RP  "ssh:handseal"

static struct hs_ctap *ctap;
static struct hs_buf out;
static uint8_t secret[32], public[64]; // the host's, of key agreement
static struct hs_pinproto shared;

static inline int
setup(void **state)
{
	(void)state;
	if (hs_ctap_new(&ctap, NULL, NULL) != HS_OK || hs_p256_make(secret) != HS_OK ||
	    hs_p256_public(secret, public) != HS_OK)
		return -1;
	ctap->auto_touch = true;
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	hs_ctap_free(ctap);
	hs_buf_free(&out);
	return 0;
}

static inline int
run(const struct hs_buf *b)
{
	assert_int_equal(hs_buf_err(b), HS_OK);
	hs_buf_reset(&out);
	assert_int_equal(hs_ctap_run(ctap, hs_buf_str(b), &out), HS_CTAP_ANSWER);
	if (out.p[0] != HS_CTAP_OK)
		assert_int_equal(out.len, 1);
	return out.p[0];
}

// ---- the host's part

struct ask {
	int64_t proto, sub; // 0: left out
	bool key;
	const struct hs_buf *auth, *pin, *hash; // NULL: left out
	int64_t perms;
	const char *rp;
	int64_t future; // a parameter that nobody knows yet
};

static inline void
put_key(struct hs_buf *b, int64_t kty, int64_t alg, int64_t curve, size_t xlen)
{
	hs_cbor_put_map(b, 5);
	hs_cbor_put_int(b, 1);
	hs_cbor_put_int(b, kty);
	hs_cbor_put_int(b, 3);
	hs_cbor_put_int(b, alg);
	hs_cbor_put_int(b, -1);
	hs_cbor_put_int(b, curve);
	hs_cbor_put_int(b, -2);
	hs_cbor_put_bytes(b, public, xlen);
	hs_cbor_put_int(b, -3);
	hs_cbor_put_bytes(b, public + 32, 32);
}

static inline size_t
one(bool there)
{
	return there ? 1 : 0;
}

static inline void
put_blob(struct hs_buf *b, int64_t key, const struct hs_buf *blob)
{
	if (blob == NULL)
		return;
	hs_cbor_put_int(b, key);
	hs_cbor_put_bytes(b, blob->p, blob->len);
}

static inline int
ask(const struct ask *a)
{
	struct hs_buf b = {0};
	int rc;

	hs_put_u8(&b, HS_CTAP_CLIENT_PIN);
	hs_cbor_put_map(&b, one(a->proto != 0) + one(a->sub != 0) + one(a->key) +
				one(a->auth != NULL) + one(a->pin != NULL) +
				one(a->hash != NULL) + one(a->perms != 0) +
				one(a->rp != NULL) + one(a->future != 0));
	if (a->proto != 0) {
		hs_cbor_put_int(&b, 1);
		hs_cbor_put_int(&b, a->proto);
	}
	if (a->sub != 0) {
		hs_cbor_put_int(&b, 2);
		hs_cbor_put_int(&b, a->sub);
	}
	if (a->key) {
		hs_cbor_put_int(&b, 3);
		put_key(&b, 2, -25, 1, 32);
	}
	put_blob(&b, 4, a->auth);
	put_blob(&b, 5, a->pin);
	put_blob(&b, 6, a->hash);
	if (a->perms != 0) {
		hs_cbor_put_int(&b, 9);
		hs_cbor_put_int(&b, a->perms);
	}
	if (a->rp != NULL) {
		hs_cbor_put_int(&b, 10);
		hs_cbor_put_text(&b, a->rp);
	}
	if (a->future != 0) {
		hs_cbor_put_int(&b, 99);
		hs_cbor_put_int(&b, a->future);
	}
	rc = run(&b);
	hs_buf_free(&b);
	return rc;
}

#define ASK(...) ask(&(struct ask){__VA_ARGS__})

// Fetches the key's point and agrees with it.
static inline void
agree(int proto)
{
	static const uint8_t x[3] = {0x21, 0x58, 0x20}, y[3] = {0x22, 0x58, 0x20};
	uint8_t peer[64];
	const uint8_t *at;

	assert_int_equal(ASK(.proto = proto, .sub = 2), HS_CTAP_OK);
	at = memmem(out.p, out.len, x, sizeof x);
	assert_non_null(at);
	memcpy(peer, at + 3, 32);
	at = memmem(at + 35, out.len - (size_t)(at + 35 - out.p), y, sizeof y);
	assert_non_null(at);
	memcpy(peer + 32, at + 3, 32);
	assert_int_equal(hs_pinproto_agree(&shared, proto, secret, peer), HS_OK);
}

static inline void
hash_of(const char *pin, struct hs_buf *b)
{
	uint8_t hash[32];

	hs_buf_reset(b);
	crypto_hash_sha256(hash, (const uint8_t *)pin, strlen(pin));
	assert_int_equal(hs_pinproto_encrypt(&shared, (struct hs_str){hash, 16}, b), HS_OK);
}

static inline void
mac(const uint8_t key[static 32], struct hs_str message, int proto, struct hs_buf *b)
{
	uint8_t full[32];

	hs_buf_reset(b);
	crypto_auth_hmacsha256(full, message.p, message.len, key);
	hs_put_raw(b, full, proto == 1 ? 16 : 32);
}

// Fetches a token for the right PIN.
static inline int
get_token(int proto, int64_t perms, const char *rp, uint8_t token[static 32])
{
	struct hs_buf hash = {0}, plain = {0};
	const size_t skip = 5; // status, map of one, key 2, head of the bytes
	int rc;

	agree(proto);
	hash_of(PIN, &hash);
	rc = ASK(.proto = proto, .sub = perms != 0 ? 9 : 5, .key = true, .hash = &hash,
	    .perms = perms, .rp = rp);
	if (rc == HS_CTAP_OK) {
		assert_int_equal(hs_pinproto_decrypt(&shared,
				     (struct hs_str){out.p + skip, out.len - skip}, &plain),
		    HS_OK);
		assert_int_equal(plain.len, 32);
		memcpy(token, plain.p, 32);
	}
	hs_buf_free(&hash);
	hs_buf_free(&plain);
	return rc;
}

static const uint8_t client_hash[32] = "a client data hash of 32 bytes.";

// makeCredential (1) or getAssertion (2) with that pinUvAuthParam.
static inline int
use(int cmd, const char *rp, int proto, const struct hs_buf *auth)
{
	struct hs_buf b = {0};
	int rc;

	hs_put_u8(&b, (uint8_t)cmd);
	hs_cbor_put_map(&b, cmd == 1 ? 6 : 4);
	hs_cbor_put_int(&b, 1);
	if (cmd == 1)
		hs_cbor_put_bytes(&b, client_hash, 32);
	else
		hs_cbor_put_text(&b, rp);
	hs_cbor_put_int(&b, 2);
	if (cmd == 1) {
		hs_cbor_put_map(&b, 1);
		hs_cbor_put_text(&b, "id");
		hs_cbor_put_text(&b, rp);
		hs_cbor_put_int(&b, 3);
		hs_cbor_put_map(&b, 1);
		hs_cbor_put_text(&b, "id");
		hs_cbor_put_bytes(&b, "u", 1);
		hs_cbor_put_int(&b, 4);
		hs_cbor_put_array(&b, 1);
		hs_cbor_put_map(&b, 2);
		hs_cbor_put_text(&b, "alg");
		hs_cbor_put_int(&b, HS_COSE_EDDSA);
		hs_cbor_put_text(&b, "type");
		hs_cbor_put_text(&b, "public-key");
	} else {
		hs_cbor_put_bytes(&b, client_hash, 32);
	}
	hs_cbor_put_int(&b, cmd == 1 ? 8 : 6);
	hs_cbor_put_bytes(&b, auth->p, auth->len);
	hs_cbor_put_int(&b, cmd == 1 ? 9 : 7);
	hs_cbor_put_int(&b, proto);
	rc = run(&b);
	hs_buf_free(&b);
	return rc;
}

static inline int
use_token(int cmd, const char *rp, int proto, const uint8_t token[static 32])
{
	struct hs_buf auth = {0};
	int rc;

	mac(token, (struct hs_str){client_hash, 32}, proto, &auth);
	rc = use(cmd, rp, proto, &auth);
	hs_buf_free(&auth);
	return rc;
}

#endif
