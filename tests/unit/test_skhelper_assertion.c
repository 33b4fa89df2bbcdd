// SPDX-License-Identifier: ISC
//
// Signatures as a security key returns them: right ones of both types, and ones wrong in a
// single thing, each of which is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include "agentd/sk-helper/assertion.h"
#include "proto/names.h"
#include "tests/lib/mint.h"

struct made {
	enum hs_key_type type;
	uint8_t flags;
	bool verify, none, twice, other_body, other_key, cut;
	struct hs_buf sig;
	struct hs_err err;
};

// The signature as the authenticator gives it, out of SSH's form.
static void
put_raw(struct hs_buf *raw, enum hs_key_type type, struct hs_str blob)
{
	struct hs_rd r = hs_rd_of(blob);
	struct hs_str name, inner, a, b;
	ECDSA_SIG *sig;
	uint8_t *der = NULL;
	int n;

	assert_int_equal(hs_get_string(&r, &name), HS_OK);
	assert_int_equal(hs_get_string(&r, &inner), HS_OK);
	if (type == HS_KT_SK_ED25519) {
		hs_put_raw(raw, inner.p, inner.len);
		return;
	}
	r = hs_rd_of(inner);
	assert_int_equal(hs_get_mpint(&r, 32, &a), HS_OK);
	assert_int_equal(hs_get_mpint(&r, 32, &b), HS_OK);
	sig = ECDSA_SIG_new();
	assert_non_null(sig);
	assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(a.p, (int)a.len, NULL),
			     BN_bin2bn(b.p, (int)b.len, NULL)),
	    1);
	n = i2d_ECDSA_SIG(sig, &der);
	assert_true(n > 0);
	hs_put_raw(raw, der, (size_t)n);
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
}

static void
put_auth_data(struct hs_buf *b, uint8_t flags)
{
	uint8_t rp[32];

	(void)crypto_hash_sha256(
	    rp, (const uint8_t *)HS_APPLICATION, sizeof HS_APPLICATION - 1);
	hs_put_raw(b, rp, sizeof rp);
	hs_put_u8(b, flags);
	hs_put_u32(b, 7);
}

static void
set(const struct made *m, fido_assert_t *a, struct hs_str raw)
{
	struct hs_buf auth = {0};
	const size_t n = m->none ? 0 : m->twice ? 2 : 1;

	put_auth_data(&auth, m->flags);
	assert_int_equal(fido_assert_set_rp(a, HS_APPLICATION), FIDO_OK);
	assert_int_equal(fido_assert_set_count(a, n), FIDO_OK);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(
		    fido_assert_set_authdata_raw(a, i, auth.p, auth.len), FIDO_OK);
		assert_int_equal(
		    fido_assert_set_sig(a, i, raw.p, raw.len - m->cut), FIDO_OK);
	}
	hs_buf_free(&auth);
}

static int
take(struct made *m)
{
	struct hs_buf key = {0}, body = {0}, raw = {0};
	struct hs_helper_candidate c = {.body = hs_str_c("BODY")};
	fido_assert_t *a = fido_assert_new();
	struct hs_mint mint, other;
	struct hs_rd r;
	struct hs_str blob;
	int rc;

	assert_non_null(a);
	assert_int_equal(hs_mint_make(&mint, m->type), HS_OK);
	assert_int_equal(hs_mint_make(&other, m->type), HS_OK);
	hs_put_raw(&body, m->other_body ? "BODX" : "BODY", 4);
	assert_int_equal(hs_mint_sign(&mint, &body, m->flags, 7), HS_OK);
	r = hs_rd_init(body.p + 4, body.len - 4);
	assert_int_equal(hs_get_string(&r, &blob), HS_OK);
	put_raw(&raw, m->type, blob);
	set(m, a, hs_buf_str(&raw));
	hs_key_put(&key, m->other_key ? &other.key : &mint.key);
	c.key = hs_buf_str(&key);
	rc = hs_assertion_take(&c, m->verify, a, &m->sig, &m->err);
	if (rc == HS_OK) {
		struct hs_sk_sig sk;

		assert_true(hs_str_eq(hs_buf_str(&m->sig), blob));
		assert_int_equal(
		    hs_sig_verify(&mint.key, hs_buf_str(&m->sig), c.body, &sk), HS_OK);
		assert_int_equal(sk.flags, m->flags);
		assert_int_equal(sk.counter, 7);
	}
	hs_buf_free(&m->sig);
	hs_buf_free(&key);
	hs_buf_free(&body);
	hs_buf_free(&raw);
	fido_assert_free(&a);
	return rc;
}

static void
refused(struct made m, const char *why)
{
	assert_int_equal(take(&m), HS_SK_DEVICE);
	if (strstr(m.err.text, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", m.err.text, why);
}

static const enum hs_key_type types[] = {HS_KT_SK_ED25519, HS_KT_SK_ECDSA};

static void
rule6_flags(void **state)
{
	(void)state;
	for (size_t t = 0; t < 2; t++)
		for (unsigned f = 0; f < 256; f++)
			for (int verify = 0; verify < 2; verify++) {
				struct made m = {.type = types[t],
				    .flags = (uint8_t)f,
				    .verify = verify != 0};

				if ((f & 0xc0) != 0)
					continue; // more data would have to follow
				if (f == 0x05 || (f == 0x01 && !verify))
					assert_int_equal(take(&m), HS_OK);
				else
					assert_int_equal(take(&m), HS_SK_DEVICE);
			}
}

static void
lies(void **state)
{
	(void)state;
	for (size_t t = 0; t < 2; t++) {
		const struct made good = {.type = types[t], .flags = 0x01};
		struct made m = good;

		m.flags = 0x00;
		refused(m, "with flags 0x00");
		m.flags = 0x21;
		refused(m, "with flags 0x21");
		m = good;
		m.verify = true;
		refused(m, "without the verification that was asked for");
		m = good;
		m.none = true;
		refused(m, "not once");
		m = good;
		m.twice = true;
		refused(m, "not once");
		m = good;
		m.cut = true;
		refused(m, "is malformed");
		m = good;
		m.other_body = true;
		refused(m, "does not verify");
		m = good;
		m.other_key = true;
		refused(m, "does not verify");
	}
}

// A candidate whose key cannot be read, or is of another type than the signature.
static void
rule9_keys(void **state)
{
	struct hs_helper_candidate c = {
	    .key = hs_str_c("no key"), .body = hs_str_c("BODY")};
	const struct made m = {.flags = 0x01};
	fido_assert_t *a = fido_assert_new();
	struct hs_buf sig = {0}, key = {0};
	struct hs_mint mint;

	(void)state;
	assert_non_null(a);
	set(&m, a, (struct hs_str){(const uint8_t[64]){1}, 64});
	assert_int_equal(hs_assertion_take(&c, false, a, &sig, NULL), HS_SK_DEVICE);
	assert_int_equal(hs_mint_make(&mint, HS_KT_SK_ECDSA), HS_OK);
	hs_key_put(&key, &mint.key);
	c.key = hs_buf_str(&key);
	assert_int_equal(hs_assertion_take(&c, false, a, &sig, NULL), HS_SK_DEVICE);
	hs_buf_free(&sig);
	hs_buf_free(&key);
	fido_assert_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule6_flags),
	    cmocka_unit_test(lies), cmocka_unit_test(rule9_keys)};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
