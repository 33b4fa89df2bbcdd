// SPDX-License-Identifier: ISC
//
// New credentials as a security key returns them: right ones of both types, and ones wrong
// in a single thing, each of which is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "agentd/sk-helper/credential.h"
#include "proto/names.h"
#include "tests/lib/mint.h"

// Authenticator data and its self attestation, to be changed before it is made.
struct made {
	enum hs_key_type type, asked;
	const char *rp;
	uint8_t flags;
	size_t handle_len;
	bool extensions, verify;
	bool other_challenge, no_attestation;
	const char *fmt;
	struct hs_mint mint;
	struct hs_buf auth_data, key;
	fido_cred_t *cred;
	struct hs_helper_enrolled got;
	struct hs_err err;
};

static struct made
right(enum hs_key_type type)
{
	return (struct made){.type = type,
	    .asked = type,
	    .rp = HS_APPLICATION,
	    .flags = 0x41,
	    .handle_len = 64,
	    .fmt = "packed"};
}

static void
put_sha256(struct hs_buf *b, const void *p, size_t len)
{
	uint8_t digest[32];

	(void)crypto_hash_sha256(digest, p, len);
	hs_put_raw(b, digest, sizeof digest);
}

// COSE_Key, canonical CBOR.
static void
put_cose(struct hs_buf *b, const struct hs_key *k)
{
	if (k->type == HS_KT_SK_ED25519) {
		hs_put_raw(b, "\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20", 10);
		hs_put_raw(b, k->pub, 32);
	} else {
		hs_put_raw(b, "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", 10);
		hs_put_raw(b, k->pub + 1, 32);
		hs_put_raw(b, "\x22\x58\x20", 3);
		hs_put_raw(b, k->pub + 33, 32);
	}
}

static void
make_auth_data(struct made *m)
{
	struct hs_buf *b = &m->auth_data;

	put_sha256(b, m->rp, strlen(m->rp));
	hs_put_u8(b, m->flags);
	hs_put_u32(b, 1);
	hs_put_raw(b, "0123456789abcdef", 16); // AAGUID
	hs_put_u8(b, (uint8_t)(m->handle_len >> 8));
	hs_put_u8(b, (uint8_t)m->handle_len);
	(void)hs_put_space(b, m->handle_len);
	put_cose(b, &m->mint.key);
	if (m->extensions)
		hs_put_raw(b,
		    "\xa1\x6b"
		    "credProtect\x02",
		    14);
}

// The credential's own signature over auth_data and the challenge's hash; Ed25519 only,
// since that needs no DER.
static void
attest(struct made *m, const uint8_t *challenge)
{
	uint8_t pub[32], secret[64], sig[64];
	struct hs_buf b = {0};

	hs_put_raw(&b, m->auth_data.p, m->auth_data.len);
	put_sha256(&b, challenge, 32);
	assert_int_equal(crypto_sign_seed_keypair(pub, secret, m->mint.secret), 0);
	(void)crypto_sign_detached(sig, NULL, b.p, b.len, secret);
	assert_int_equal(fido_cred_set_sig(m->cred, sig, sizeof sig), FIDO_OK);
	hs_buf_free(&b);
}

static int
take(struct made *m)
{
	struct hs_helper_enroll req = {
	    .key_type = (uint8_t)m->asked, .challenge = {1, 2, 3}, .verify = m->verify};
	uint8_t other[32] = {4};

	assert_int_equal(hs_mint_make(&m->mint, m->type), HS_OK);
	make_auth_data(m);
	m->cred = fido_cred_new();
	assert_non_null(m->cred);
	assert_int_equal(fido_cred_set_type(m->cred,
			     m->type == HS_KT_SK_ED25519 ? COSE_EDDSA : COSE_ES256),
	    FIDO_OK);
	assert_int_equal(fido_cred_set_rp(m->cred, HS_APPLICATION, NULL), FIDO_OK);
	assert_int_equal(fido_cred_set_clientdata(m->cred, req.challenge, 32), FIDO_OK);
	assert_int_equal(
	    fido_cred_set_authdata_raw(m->cred, m->auth_data.p, m->auth_data.len), FIDO_OK);
	assert_int_equal(fido_cred_set_fmt(m->cred, m->fmt), FIDO_OK);
	if (!m->no_attestation)
		attest(m, m->other_challenge ? other : req.challenge);
	return hs_credential_take(&req, m->cred, &m->key, &m->got, &m->err);
}

static void
done(struct made *m)
{
	fido_cred_free(&m->cred);
	hs_buf_free(&m->auth_data);
	hs_buf_free(&m->key);
}

static void
refused(struct made m, const char *why)
{
	assert_int_equal(take(&m), HS_SK_DEVICE);
	if (strstr(m.err.text, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", m.err.text, why);
	assert_int_equal(m.got.key.len, 0);
	done(&m);
}

static void
right_ones(void **state)
{
	struct made m = right(HS_KT_SK_ED25519);
	struct hs_key key;

	(void)state;
	assert_int_equal(take(&m), HS_OK);
	assert_int_equal(hs_key_parse(m.got.key, &key), HS_OK);
	assert_true(hs_key_eq(&key, &m.mint.key));
	assert_int_equal(m.got.handle.len, 64);
	assert_memory_equal(m.got.aaguid, "0123456789abcdef", 16);
	assert_int_equal(m.got.flags, 0x41);
	assert_true(hs_str_eq(m.got.auth_data, hs_buf_str(&m.auth_data))); // not in CBOR
	assert_int_equal(m.got.attestation_sig.len, 64);
	assert_int_equal(m.got.certificate.len, 0);
	done(&m);
	m = right(HS_KT_SK_ED25519);
	m.flags = 0x45;
	m.handle_len = HS_KEY_HANDLE_MAX;
	m.no_attestation = true;
	m.fmt = "none";
	assert_int_equal(take(&m), HS_OK);
	assert_int_equal(m.got.flags, 0x45);
	assert_int_equal(m.got.attestation_sig.len, 0);
	done(&m);
	m = right(HS_KT_SK_ED25519);
	m.flags = 0x45;
	m.verify = true;
	assert_int_equal(take(&m), HS_OK);
	done(&m);
	m = right(HS_KT_SK_ECDSA);
	m.no_attestation = true;
	m.fmt = "none";
	assert_int_equal(take(&m), HS_OK);
	assert_int_equal(hs_key_parse(m.got.key, &key), HS_OK);
	assert_true(hs_key_eq(&key, &m.mint.key));
	done(&m);
}

static void
rule6_flags(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		struct made m = right(HS_KT_SK_ED25519);

		if ((flags & 0x40) == 0 || (flags & 0x80) != 0)
			continue; // libfido2 would not have parsed it so
		m.flags = (uint8_t)flags;
		if (flags == 0x41 || flags == 0x45)
			assert_int_equal(take(&m), HS_OK);
		else
			assert_int_equal(take(&m), HS_SK_DEVICE);
		done(&m);
	}
}

static void
wrong_ones(void **state)
{
	struct made m = right(HS_KT_SK_ED25519);

	(void)state;
	m.flags = 0x40;
	refused(m, "not touched");
	m.flags = 0x49;
	refused(m, "copied to other devices");
	m.flags = 0x43;
	refused(m, "flags 0x43");
	m.flags = 0x41;
	m.verify = true;
	refused(m, "nobody was verified");
	m = right(HS_KT_SK_ED25519);
	m.flags = 0xc1;
	m.extensions = true;
	refused(m, "flags 0xc1");
	m = right(HS_KT_SK_ED25519);
	m.rp = "ssh:";
	refused(m, "not for ssh:handseal");
	m = right(HS_KT_SK_ED25519);
	m.handle_len = HS_KEY_HANDLE_MAX + 1;
	refused(m, "handle");
	m = right(HS_KT_SK_ED25519);
	m.asked = HS_KT_SK_ECDSA;
	refused(m, "another type");
	m = right(HS_KT_SK_ECDSA);
	m.asked = HS_KT_SK_ED25519;
	m.no_attestation = true;
	refused(m, "another type");
}

static void
attestations(void **state)
{
	struct made m = right(HS_KT_SK_ED25519);

	(void)state;
	m.other_challenge = true;
	refused(m, "attestation does not verify");
	m = right(HS_KT_SK_ED25519);
	m.no_attestation = true; // but it says that there is one
	refused(m, "attestation does not verify");
	m = right(HS_KT_SK_ED25519);
	m.fmt = "none"; // and there is one
	refused(m, "attestation does not verify");
}

// What libfido2 gives where nothing came: no pointers, no lengths.
static void
nothing(void **state)
{
	struct hs_helper_enroll req = {.key_type = HS_KT_SK_ED25519};
	struct hs_helper_enrolled got;
	fido_cred_t *cred = fido_cred_new();
	struct hs_err err = {0};
	struct hs_buf key = {0};

	(void)state;
	assert_non_null(cred);
	assert_int_equal(hs_credential_take(&req, cred, &key, &got, &err), HS_SK_DEVICE);
	fido_cred_free(&cred);
	hs_buf_free(&key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(right_ones),
	    cmocka_unit_test(rule6_flags), cmocka_unit_test(wrong_ones),
	    cmocka_unit_test(attestations), cmocka_unit_test(nothing)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
