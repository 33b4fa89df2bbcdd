// SPDX-License-Identifier: ISC
//
// authenticatorClientPIN. Contract in pin.h. A wrong PIN is counted on disk before it is
// compared, so that pulling the plug in between gains nothing.
#include "tests/softkey/pin.h"

#include <sodium.h>
#include <string.h>
#include "tests/softkey/cbor.h"
#include "tests/softkey/ctap.h"
#include "tests/softkey/p256.h"
#include "tests/softkey/pinproto.h"

#define MISSES_MAX 3	 // wrong PINs in a row until the key wants to be unplugged
#define PADDED	   64	 // a new PIN travels with zeros behind it
#define COSE_KTY   2	 // EC2
#define COSE_ECDH  (-25) // ECDH-ES + HKDF-256, as the standard has it
#define COSE_P256  1

enum subcommand {
	GET_RETRIES = 1,
	GET_KEY,
	SET_PIN,
	CHANGE_PIN,
	GET_TOKEN,
	GET_TOKEN_PERMS = 9,
};

struct params {
	int64_t proto, sub, perms;
	bool has_perms, has_key, has_rp;
	uint8_t key[HS_P256_PUBLIC];
	struct hs_str auth, new_pin, pin_hash, rp;
};

int
hs_pin_power_up(struct hs_pin *p)
{
	sodium_memzero(p, sizeof *p);
	return hs_p256_make(p->key);
}

void
hs_pin_used(struct hs_pin *p)
{
	p->has_token = false;
	sodium_memzero(p->token, sizeof p->token);
}

// ---- reading

static int
get_coordinate(struct hs_rd *r, uint8_t out[static 32])
{
	struct hs_str s;
	int rc = hs_request_status(hs_cbor_bytes(r, &s));

	if (rc == HS_CTAP_OK && s.len != 32)
		rc = HS_CTAP_INVALID_PARAMETER;
	if (rc == HS_CTAP_OK)
		memcpy(out, s.p, 32);
	return rc;
}

// The host's public key, as COSE. Each part must be there: a map of that form has five.
static int
get_key(struct hs_rd *r, uint8_t out[static HS_P256_PUBLIC])
{
	static const int64_t want[5][2] = {
	    {1, COSE_KTY}, {3, COSE_ECDH}, {-1, COSE_P256}, {-2, 0}, {-3, 0}};
	size_t n = 0;
	int64_t key, v;
	int rc = hs_request_status(hs_cbor_map(r, &n));

	if (rc == HS_CTAP_OK && n != 5)
		rc = HS_CTAP_INVALID_PARAMETER;
	for (size_t i = 0; rc == HS_CTAP_OK && i < 5; i++) {
		rc = hs_request_status(hs_cbor_int(r, &key));
		if (rc == HS_CTAP_OK && key != want[i][0])
			rc = HS_CTAP_INVALID_PARAMETER;
		if (rc != HS_CTAP_OK)
			break;
		if (i >= 3) {
			rc = get_coordinate(r, out + (i == 3 ? 0 : 32));
			continue;
		}
		rc = hs_request_status(hs_cbor_int(r, &v));
		if (rc == HS_CTAP_OK && v != want[i][1])
			rc = HS_CTAP_INVALID_PARAMETER;
	}
	return rc;
}

static int
get_param(struct hs_rd *r, int64_t key, struct params *p)
{
	switch (key) {
	case 1:
		return hs_request_status(hs_cbor_int(r, &p->proto));
	case 2:
		return hs_request_status(hs_cbor_int(r, &p->sub));
	case 3:
		p->has_key = true;
		return get_key(r, p->key);
	case 4:
		return hs_request_status(hs_cbor_bytes(r, &p->auth));
	case 5:
		return hs_request_status(hs_cbor_bytes(r, &p->new_pin));
	case 6:
		return hs_request_status(hs_cbor_bytes(r, &p->pin_hash));
	case 9:
		p->has_perms = true;
		return hs_request_status(hs_cbor_int(r, &p->perms));
	case 10:
		p->has_rp = true;
		return hs_request_status(hs_cbor_text(r, &p->rp));
	default:
		return hs_request_status(hs_cbor_skip(r));
	}
}

static int
get_params(struct hs_str in, struct params *p)
{
	struct hs_rd r = hs_rd_of(in);
	size_t n = 0;
	int64_t key;
	int rc = hs_request_check(in);

	if (rc == HS_CTAP_OK)
		rc = hs_request_status(hs_cbor_map(&r, &n));
	for (size_t i = 0; rc == HS_CTAP_OK && i < n; i++) {
		rc = hs_request_status(hs_cbor_int(&r, &key));
		if (rc == HS_CTAP_OK)
			rc = get_param(&r, key, p);
	}
	if (rc == HS_CTAP_OK && p->sub == 0)
		rc = HS_CTAP_MISSING_PARAMETER;
	return rc;
}

// ---- answering

static void
put_key(struct hs_buf *out, const uint8_t pub[static HS_P256_PUBLIC])
{
	hs_cbor_put_map(out, 1);
	hs_cbor_put_int(out, 1);
	hs_cbor_put_map(out, 5);
	hs_cbor_put_int(out, 1);
	hs_cbor_put_int(out, COSE_KTY);
	hs_cbor_put_int(out, 3);
	hs_cbor_put_int(out, COSE_ECDH);
	hs_cbor_put_int(out, -1);
	hs_cbor_put_int(out, COSE_P256);
	hs_cbor_put_int(out, -2);
	hs_cbor_put_bytes(out, pub, 32);
	hs_cbor_put_int(out, -3);
	hs_cbor_put_bytes(out, pub + 32, 32);
}

static int
agree(struct hs_ctap *c, const struct params *p, struct hs_pinproto *shared)
{
	if (!p->has_key)
		return HS_CTAP_MISSING_PARAMETER;
	return hs_pinproto_agree(shared, (int)p->proto, c->pin.key, p->key) == HS_OK
		   ? HS_CTAP_OK
		   : HS_CTAP_INVALID_PARAMETER;
}

static int
save(struct hs_ctap *c)
{
	return hs_store_save(&c->store, NULL) == HS_OK ? HS_CTAP_OK : HS_CTAP_OTHER;
}

static size_t
characters(struct hs_str utf8)
{
	size_t n = 0;

	for (size_t i = 0; i < utf8.len; i++)
		n += (utf8.p[i] & 0xc0) != 0x80;
	return n;
}

int
hs_pin_set(struct hs_ctap *c, struct hs_str pin)
{
	uint8_t hash[32];

	if (pin.len > HS_PIN_MAX || characters(pin) < HS_PIN_MIN)
		return HS_CTAP_PIN_POLICY;
	crypto_hash_sha256(hash, pin.p, pin.len);
	memcpy(c->store.pin_hash, hash, sizeof c->store.pin_hash);
	c->store.pin_set = true;
	c->store.retries = HS_STORE_PIN_RETRIES;
	c->pin.misses = 0;
	hs_pin_used(&c->pin);
	sodium_memzero(hash, sizeof hash);
	return save(c);
}

// The new PIN out of its encryption, without the zeros behind it.
static int
set_encrypted(struct hs_ctap *c, const struct hs_pinproto *shared, struct hs_str in)
{
	struct hs_buf plain = {0};
	struct hs_str pin;
	int rc = HS_CTAP_INVALID_PARAMETER;

	if (hs_pinproto_decrypt(shared, in, &plain) == HS_OK && plain.len == PADDED) {
		pin = hs_buf_str(&plain);
		while (pin.len > 0 && pin.p[pin.len - 1] == 0)
			pin.len--;
		rc = hs_pin_set(c, pin);
	}
	hs_buf_free(&plain);
	return rc;
}

// Compares the hash of a PIN. Wrong ones cost a retry and a new key agreement.
static int
check_hash(struct hs_ctap *c, const struct hs_pinproto *shared, struct hs_str encrypted)
{
	struct hs_buf plain = {0};
	bool same;
	int rc;

	if (c->store.retries == 0)
		return HS_CTAP_PIN_BLOCKED;
	if (c->pin.misses >= MISSES_MAX)
		return HS_CTAP_PIN_AUTH_BLOCKED;
	c->store.retries--;
	rc = save(c);
	if (rc != HS_CTAP_OK)
		return rc;
	same = hs_pinproto_decrypt(shared, encrypted, &plain) == HS_OK &&
	       plain.len == sizeof c->store.pin_hash &&
	       sodium_memcmp(plain.p, c->store.pin_hash, plain.len) == 0;
	hs_buf_free(&plain);
	if (same) {
		c->pin.misses = 0;
		c->store.retries = HS_STORE_PIN_RETRIES;
		return save(c);
	}
	c->pin.misses++;
	if (hs_p256_make(c->pin.key) != HS_OK)
		return HS_CTAP_OTHER;
	if (c->store.retries == 0)
		return HS_CTAP_PIN_BLOCKED;
	return c->pin.misses >= MISSES_MAX ? HS_CTAP_PIN_AUTH_BLOCKED : HS_CTAP_PIN_INVALID;
}

static int
set_pin(struct hs_ctap *c, const struct params *p)
{
	struct hs_pinproto shared;
	int rc;

	if (p->auth.p == NULL || p->new_pin.p == NULL)
		return HS_CTAP_MISSING_PARAMETER;
	if (c->store.pin_set)
		return HS_CTAP_PIN_AUTH_INVALID;
	rc = agree(c, p, &shared);
	if (rc == HS_CTAP_OK && !hs_pinproto_verify(&shared, p->new_pin, p->auth))
		rc = HS_CTAP_PIN_AUTH_INVALID;
	if (rc == HS_CTAP_OK)
		rc = set_encrypted(c, &shared, p->new_pin);
	sodium_memzero(&shared, sizeof shared);
	return rc;
}

static int
change_pin(struct hs_ctap *c, const struct params *p)
{
	struct hs_buf message = {0};
	struct hs_pinproto shared;
	int rc;

	if (p->auth.p == NULL || p->new_pin.p == NULL || p->pin_hash.p == NULL)
		return HS_CTAP_MISSING_PARAMETER;
	if (!c->store.pin_set)
		return HS_CTAP_PIN_NOT_SET;
	if (c->store.retries == 0)
		return HS_CTAP_PIN_BLOCKED;
	hs_put_raw(&message, p->new_pin.p, p->new_pin.len);
	hs_put_raw(&message, p->pin_hash.p, p->pin_hash.len);
	rc = agree(c, p, &shared);
	if (rc == HS_CTAP_OK &&
	    (hs_buf_err(&message) != HS_OK ||
		!hs_pinproto_verify(&shared, hs_buf_str(&message), p->auth)))
		rc = HS_CTAP_PIN_AUTH_INVALID;
	if (rc == HS_CTAP_OK)
		rc = check_hash(c, &shared, p->pin_hash);
	if (rc == HS_CTAP_OK)
		rc = set_encrypted(c, &shared, p->new_pin);
	sodium_memzero(&shared, sizeof shared);
	hs_buf_free(&message);
	return rc;
}

static int
check_permissions(const struct params *p)
{
	if (p->sub == GET_TOKEN) // the older command: everything that it could do
		return p->has_perms || p->has_rp ? HS_CTAP_INVALID_PARAMETER : HS_CTAP_OK;
	if (!p->has_perms)
		return HS_CTAP_MISSING_PARAMETER;
	if (p->perms <= 0)
		return HS_CTAP_INVALID_PARAMETER;
	if ((p->perms & ~(int64_t)HS_PIN_PERM_ALL) != 0)
		return HS_CTAP_UNAUTHORIZED_PERMISSION;
	return p->has_rp ? HS_CTAP_OK : HS_CTAP_MISSING_PARAMETER;
}

static int
get_token(struct hs_ctap *c, const struct params *p, struct hs_buf *out)
{
	struct hs_buf wrapped = {0};
	struct hs_pinproto shared;
	int rc;

	if (p->pin_hash.p == NULL)
		return HS_CTAP_MISSING_PARAMETER;
	rc = check_permissions(p);
	if (rc == HS_CTAP_OK && !c->store.pin_set)
		rc = HS_CTAP_PIN_NOT_SET;
	if (rc != HS_CTAP_OK)
		return rc;
	rc = agree(c, p, &shared);
	if (rc == HS_CTAP_OK)
		rc = check_hash(c, &shared, p->pin_hash);
	if (rc != HS_CTAP_OK)
		goto out;
	c->pin.has_token = true;
	c->pin.proto = (int)p->proto;
	c->pin.perms = p->has_perms ? (uint8_t)p->perms : HS_PIN_PERM_ALL;
	c->pin.bound = p->has_rp;
	if (p->has_rp)
		crypto_hash_sha256(c->pin.rp_hash, p->rp.p, p->rp.len);
	randombytes_buf(c->pin.token, sizeof c->pin.token);
	if (hs_pinproto_encrypt(&shared, (struct hs_str){c->pin.token, 32}, &wrapped) !=
	    HS_OK) {
		rc = HS_CTAP_OTHER;
		goto out;
	}
	hs_cbor_put_map(out, 1);
	hs_cbor_put_int(out, 2);
	hs_cbor_put_bytes(out, wrapped.p, wrapped.len);
out:
	sodium_memzero(&shared, sizeof shared);
	hs_buf_free(&wrapped);
	return rc;
}

static int
get_retries(const struct hs_ctap *c, struct hs_buf *out)
{
	hs_cbor_put_map(out, 2);
	hs_cbor_put_int(out, 3);
	hs_cbor_put_int(out, c->store.retries);
	hs_cbor_put_int(out, 4); // must it be unplugged first?
	hs_cbor_put_bool(out, c->pin.misses >= MISSES_MAX);
	return HS_CTAP_OK;
}

int
hs_pin_command(struct hs_ctap *c, struct hs_str params, struct hs_buf *out)
{
	uint8_t pub[HS_P256_PUBLIC];
	struct params p = {0};
	int rc = get_params(params, &p);

	if (rc != HS_CTAP_OK)
		return rc;
	if (p.sub == GET_RETRIES)
		return get_retries(c, out);
	if (p.proto == 0)
		return HS_CTAP_MISSING_PARAMETER;
	if (p.proto != 1 && p.proto != 2)
		return HS_CTAP_INVALID_PARAMETER;
	switch (p.sub) {
	case GET_KEY:
		if (hs_p256_public(c->pin.key, pub) != HS_OK)
			return HS_CTAP_OTHER;
		put_key(out, pub);
		return HS_CTAP_OK;
	case SET_PIN:
		return set_pin(c, &p);
	case CHANGE_PIN:
		return change_pin(c, &p);
	case GET_TOKEN:
	case GET_TOKEN_PERMS:
		return get_token(c, &p, out);
	default:
		return HS_CTAP_INVALID_SUBCOMMAND;
	}
}

int
hs_pin_check(struct hs_ctap *c, const struct hs_request *q, uint8_t perm)
{
	struct hs_pin *p = &c->pin;

	if (q->proto == 0)
		return HS_CTAP_MISSING_PARAMETER;
	if (q->proto != 1 && q->proto != 2)
		return HS_CTAP_INVALID_PARAMETER;
	if (!p->has_token || p->proto != q->proto || (p->perms & perm) == 0 ||
	    !hs_pinproto_verify_token(p->proto, p->token, q->hash, q->auth))
		return HS_CTAP_PIN_AUTH_INVALID;
	if (p->bound && memcmp(p->rp_hash, q->rp_hash, sizeof p->rp_hash) != 0)
		return HS_CTAP_PIN_AUTH_INVALID;
	p->bound = true;
	memcpy(p->rp_hash, q->rp_hash, sizeof p->rp_hash);
	return HS_CTAP_OK;
}
