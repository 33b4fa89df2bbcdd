// SPDX-License-Identifier: ISC
//
// Servers' signatures: each type of key with each algorithm, and each thing that can be
// wrong with one: lengths, types, integers, malleability, SHA-1. What OpenSSH made is
// verified in test_hostkey.c and test_sessionbind.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/bn.h>
#include <sodium.h>
#include <string.h>
#include "tests/lib/hostmint.h"

static struct hostmint mints[HS_HK_COUNT], others[HS_HK_COUNT];
static struct hs_hostkey keys[HS_HK_COUNT]; // of mints

#define DATA hs_str_c("what the server signed")

static int
make(void **state)
{
	(void)state;
	for (unsigned t = 0; t < HS_HK_COUNT; t++) {
		hostmint_make(&mints[t], (enum hs_hostkey_type)t);
		hostmint_make(&others[t], (enum hs_hostkey_type)t);
		assert_int_equal(
		    hs_hostkey_parse(hs_buf_str(&mints[t].blob), &keys[t]), HS_OK);
	}
	return 0;
}

static int
unmake(void **state)
{
	(void)state;
	for (unsigned t = 0; t < HS_HK_COUNT; t++) {
		hs_hostkey_free(&keys[t]);
		hostmint_free(&mints[t]);
		hostmint_free(&others[t]);
	}
	return 0;
}

static int
verify(unsigned t, const struct hs_buf *sig)
{
	return hs_hostkey_verify(&keys[t], hs_buf_str(sig), DATA);
}

static void
each_by_each(void **state)
{
	(void)state;
	for (unsigned t = 0; t < HS_HK_COUNT; t++) {
		struct hs_buf sig = {0}, other = {0}, empty = {0};

		hostmint_sign(&sig, &mints[t], NULL, DATA);
		for (unsigned u = 0; u < HS_HK_COUNT; u++)
			assert_int_equal(verify(u, &sig), t == u ? HS_OK : HS_ERR_KEY_TYPE);
		assert_int_equal(hs_hostkey_verify(&keys[t], hs_buf_str(&sig),
				     hs_str_c("what the server signeD")),
		    HS_ERR_CRYPTO);
		assert_int_equal(
		    hs_hostkey_verify(&keys[t], hs_buf_str(&sig), (struct hs_str){0}),
		    HS_ERR_CRYPTO);
		hostmint_sign(&other, &others[t], NULL, DATA);
		assert_int_equal(verify(t, &other), HS_ERR_CRYPTO);
		hostmint_sign(&empty, &mints[t], NULL, hs_str_c(""));
		assert_int_equal(
		    hs_hostkey_verify(&keys[t], hs_buf_str(&empty), (struct hs_str){0}),
		    HS_OK);
		hs_buf_free(&sig);
		hs_buf_free(&other);
		hs_buf_free(&empty);
	}
}

static int
signs_as(unsigned t, const char *algorithm)
{
	struct hs_buf sig = {0};
	int rc;

	hostmint_sign(&sig, &mints[t], algorithm, DATA);
	rc = verify(t, &sig);
	hs_buf_free(&sig);
	return rc;
}

// The bytes of one algorithm under the name of another.
static int
named(unsigned t, const char *algorithm, const char *name)
{
	struct hs_buf sig = {0}, b = {0};
	struct hs_str type, raw;
	struct hs_rd r;
	int rc;

	hostmint_sign(&sig, &mints[t], algorithm, DATA);
	r = hs_rd_of(hs_buf_str(&sig));
	assert_int_equal(hs_get_string(&r, &type), HS_OK);
	assert_int_equal(hs_get_string(&r, &raw), HS_OK);
	hs_put_cstring(&b, name);
	hs_put_str(&b, raw);
	rc = verify(t, &b);
	hs_buf_free(&sig);
	hs_buf_free(&b);
	return rc;
}

static void
algorithms(void **state)
{
	(void)state;
	assert_int_equal(signs_as(HS_HK_RSA, "rsa-sha2-256"), HS_OK);
	assert_int_equal(signs_as(HS_HK_RSA, "rsa-sha2-512"), HS_OK);
	assert_int_equal(signs_as(HS_HK_RSA, "ssh-rsa"), HS_ERR_KEY_TYPE); // SHA-1
	assert_int_equal(
	    named(HS_HK_RSA, "ssh-rsa", "rsa-sha2-256"), HS_ERR_CRYPTO); // it still is
	assert_int_equal(named(HS_HK_RSA, "ssh-rsa", "rsa-sha2-512"), HS_ERR_CRYPTO);
	assert_int_equal(named(HS_HK_RSA, "rsa-sha2-256", "rsa-sha2-512"), HS_ERR_CRYPTO);
	assert_int_equal(named(HS_HK_RSA, "rsa-sha2-512", "rsa-sha2-256"), HS_ERR_CRYPTO);
	assert_int_equal(named(HS_HK_RSA, "rsa-sha2-512", "ssh-rsa"), HS_ERR_KEY_TYPE);
	assert_int_equal(named(HS_HK_RSA, "rsa-sha2-512", ""), HS_ERR_KEY_TYPE);
	assert_int_equal(
	    named(HS_HK_RSA, "rsa-sha2-512", "rsa-sha2-512-cert-v01@openssh.com"),
	    HS_ERR_KEY_TYPE);
	assert_int_equal(
	    named(HS_HK_ED25519, "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"),
	    HS_ERR_KEY_TYPE);
	assert_int_equal(
	    named(HS_HK_P256, "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp256"), HS_ERR_CRYPTO);
	assert_int_equal(signs_as(HS_HK_P256, "ecdsa-sha2-nistp384"), HS_ERR_KEY_TYPE);
	assert_int_equal(
	    named(HS_HK_P384, "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"), HS_ERR_CRYPTO);
}

static void
cut_continued_and_changed(void **state)
{
	(void)state;
	for (unsigned t = 0; t < HS_HK_COUNT; t++) {
		struct hs_buf b = {0};

		hostmint_sign(&b, &mints[t], NULL, DATA);
		for (size_t n = 0; n < b.len; n++)
			assert_int_equal(
			    hs_hostkey_verify(&keys[t], (struct hs_str){b.p, n}, DATA),
			    HS_ERR_FORMAT);
		hs_put_u8(&b, 0);
		assert_int_equal(verify(t, &b), HS_ERR_TRAILING);
		b.len--;
		for (size_t i = 0; i < b.len; i++) {
			b.p[i] ^= (uint8_t)(1 << i % 8);
			assert_int_not_equal(verify(t, &b), HS_OK);
			b.p[i] ^= (uint8_t)(1 << i % 8);
		}
		assert_int_equal(verify(t, &b), HS_OK);
		hs_buf_free(&b);
	}
}

// ---- the integers of ECDSA

static int
verify_rs(unsigned t, const void *r, size_t rlen, const void *s, size_t slen)
{
	struct hs_buf b = {0};
	size_t mark;
	int rc;

	hs_put_cstring(&b, hs_hostkey_type_name((enum hs_hostkey_type)t));
	mark = hs_put_string_begin(&b);
	hs_put_string(&b, r, rlen);
	hs_put_string(&b, s, slen);
	hs_put_string_end(&b, mark);
	rc = verify(t, &b);
	hs_buf_free(&b);
	return rc;
}

// x plus or minus the order of the curve, as an mpint's content.
static struct hs_str
order_and(unsigned t, char sign, struct hs_str x, uint8_t mem[static 80])
{
	BIGNUM *n = NULL, *b = BN_bin2bn(x.p, (int)x.len, NULL);
	size_t len;

	assert_int_equal(EVP_PKEY_get_bn_param(mints[t].pkey, "order", &n), 1);
	assert_int_equal(sign == '-' ? BN_sub(n, n, b) : BN_add(n, n, b), 1);
	len = (size_t)BN_num_bits(n) / 8 + 1;
	assert_int_equal(BN_bn2binpad(n, mem, (int)len), len);
	BN_free(n);
	BN_free(b);
	return (struct hs_str){mem, len};
}

static void
bad_integers(unsigned t, struct hs_str r, struct hs_str s)
{
	static const uint8_t zero[2], minus[] = {0x80}, one[] = {1};
	size_t bytes = keys[t].pub.len / 2;
	uint8_t more[90] = {0};

	assert_int_equal(verify_rs(t, r.p, r.len, s.p, s.len), HS_OK);
	assert_int_equal(verify_rs(t, s.p, s.len, r.p, r.len), HS_ERR_CRYPTO);
	assert_int_equal(verify_rs(t, one, 1, one, 1), HS_ERR_CRYPTO);
	for (size_t n = 0; n <= 2; n++) { // zero, in its form and in others
		assert_int_equal(verify_rs(t, zero, n, s.p, s.len), HS_ERR_FORMAT);
		assert_int_equal(verify_rs(t, r.p, r.len, zero, n), HS_ERR_FORMAT);
	}
	assert_int_equal(verify_rs(t, minus, 1, s.p, s.len), HS_ERR_FORMAT);
	assert_int_equal(verify_rs(t, r.p, r.len, minus, 1), HS_ERR_FORMAT);
	memcpy(more + 1, r.p, r.len); // a zero too many
	assert_int_equal(verify_rs(t, more, r.len + 1, s.p, s.len), HS_ERR_FORMAT);
	memset(more, 0x7f, sizeof more);
	assert_int_equal(verify_rs(t, more, bytes + 1, s.p, s.len), HS_ERR_FORMAT);
	assert_int_equal(verify_rs(t, r.p, r.len, more, sizeof more), HS_ERR_FORMAT);
	assert_int_equal(verify_rs(t, more, bytes, s.p, s.len), HS_ERR_CRYPTO);
}

// r and s, and a byte behind them.
static int
byte_behind(unsigned t, struct hs_str part)
{
	struct hs_buf b = {0};
	size_t mark;
	int rc;

	hs_put_cstring(&b, hs_hostkey_type_name((enum hs_hostkey_type)t));
	mark = hs_put_string_begin(&b);
	hs_put_raw(&b, part.p, part.len);
	hs_put_u8(&b, 0);
	hs_put_string_end(&b, mark);
	rc = verify(t, &b);
	hs_buf_free(&b);
	return rc;
}

static void
ecdsa_integers(void **state)
{
	(void)state;
	for (unsigned t = HS_HK_P256; t <= HS_HK_P521; t++) {
		struct hs_buf sig = {0};
		struct hs_str part, r, s, o;
		struct hs_rd rd;
		uint8_t mem[80];

		hostmint_sign(&sig, &mints[t], NULL, DATA);
		rd = hs_rd_of(hs_buf_str(&sig));
		assert_int_equal(hs_get_string(&rd, &part), HS_OK);
		assert_int_equal(hs_get_string(&rd, &part), HS_OK);
		rd = hs_rd_of(part);
		assert_int_equal(hs_get_string(&rd, &r), HS_OK);
		assert_int_equal(hs_get_string(&rd, &s), HS_OK);
		bad_integers(t, r, s);
		assert_int_equal(byte_behind(t, part), HS_ERR_TRAILING);
		o = order_and(t, '+', s, mem); // s + n
		assert_int_not_equal(verify_rs(t, r.p, r.len, o.p, o.len), HS_OK);
		o = order_and(t, '+', r, mem);
		assert_int_not_equal(verify_rs(t, o.p, o.len, s.p, s.len), HS_OK);
		hs_buf_free(&sig);
	}
}

// ---- raw signatures of the others

static int
verify_raw(unsigned t, const char *name, struct hs_str raw)
{
	struct hs_buf b = {0};
	int rc;

	hs_put_cstring(&b, name);
	hs_put_str(&b, raw);
	rc = verify(t, &b);
	hs_buf_free(&b);
	return rc;
}

static void
rsa_lengths(void **state)
{
	uint8_t raw[258] = {0};
	struct hs_buf sig = {0};

	(void)state;
	hostmint_sign(&sig, &mints[HS_HK_RSA], NULL, DATA);
	memcpy(raw + 1, sig.p + sig.len - 256, 256);
	for (size_t n = 0; n < sizeof raw - 1; n++)
		assert_int_equal(
		    verify_raw(HS_HK_RSA, "rsa-sha2-512", (struct hs_str){raw + 1, n}),
		    n == 256 ? HS_OK : HS_ERR_FORMAT);
	assert_int_equal(verify_raw(HS_HK_RSA, "rsa-sha2-512", (struct hs_str){raw, 257}),
	    HS_ERR_FORMAT);	       // a zero in front
	memset(raw, 0xff, sizeof raw); // above the modulus
	assert_int_equal(verify_raw(HS_HK_RSA, "rsa-sha2-512", (struct hs_str){raw, 256}),
	    HS_ERR_CRYPTO);
	memset(raw, 0, sizeof raw);
	assert_int_equal(verify_raw(HS_HK_RSA, "rsa-sha2-512", (struct hs_str){raw, 256}),
	    HS_ERR_CRYPTO);
	raw[255] = 1;
	assert_int_equal(verify_raw(HS_HK_RSA, "rsa-sha2-512", (struct hs_str){raw, 256}),
	    HS_ERR_CRYPTO);
	hs_buf_free(&sig);
}

// What test_sig.c tries at length is tried here once: the same library verifies.
static void
ed25519_forms(void **state)
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
	    0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	uint8_t raw[65] = {0};
	struct hs_buf sig = {0}, weak = {0};
	struct hs_hostkey k;
	unsigned carry = 0;

	(void)state;
	hostmint_sign(&sig, &mints[HS_HK_ED25519], NULL, DATA);
	memcpy(raw, sig.p + sig.len - 64, 64);
	for (size_t n = 0; n <= sizeof raw; n++)
		assert_int_equal(
		    verify_raw(HS_HK_ED25519, "ssh-ed25519", (struct hs_str){raw, n}),
		    n == 64 ? HS_OK : HS_ERR_FORMAT);
	for (size_t i = 0; i < 32; i++) { // s plus the order of the group
		carry += (unsigned)raw[32 + i] + order[i];
		raw[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(verify_raw(HS_HK_ED25519, "ssh-ed25519", (struct hs_str){raw, 64}),
	    HS_ERR_CRYPTO);
	hs_put_cstring(&weak, "ssh-ed25519"); // a key of order 1: s 0 would do for any data
	hs_put_u32(&weak, 32);
	hs_put_u8(&weak, 1);
	hs_put_space(&weak, 31);
	assert_int_equal(hs_hostkey_parse(hs_buf_str(&weak), &k), HS_OK);
	hs_buf_reset(&sig);
	hs_put_cstring(&sig, "ssh-ed25519");
	hs_put_u32(&sig, 64);
	hs_put_u8(&sig, 1);
	hs_put_space(&sig, 63);
	assert_int_equal(hs_hostkey_verify(&k, hs_buf_str(&sig), DATA), HS_ERR_CRYPTO);
	hs_hostkey_free(&k);
	hs_buf_free(&sig);
	hs_buf_free(&weak);
}

// A key that was not decoded, only filled in: nothing verifies, nothing crashes.
static void
no_key(void **state)
{
	static struct hs_hostkey k;

	(void)state;
	for (unsigned t = 0; t < HS_HK_COUNT; t++) {
		struct hs_buf sig = {0};

		hostmint_sign(&sig, &mints[t], NULL, DATA);
		k.type = (enum hs_hostkey_type)t;
		assert_int_not_equal(hs_hostkey_verify(&k, hs_buf_str(&sig), DATA), HS_OK);
		k.type = HS_HK_COUNT;
		assert_int_equal(
		    hs_hostkey_verify(&k, hs_buf_str(&sig), DATA), HS_ERR_KEY_TYPE);
		hs_buf_free(&sig);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_by_each),
	    cmocka_unit_test(algorithms), cmocka_unit_test(cut_continued_and_changed),
	    cmocka_unit_test(ecdsa_integers), cmocka_unit_test(rsa_lengths),
	    cmocka_unit_test(ed25519_forms), cmocka_unit_test(no_key)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, make, unmake);
}
