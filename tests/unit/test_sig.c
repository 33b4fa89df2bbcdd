// SPDX-License-Identifier: ISC
//
// Signatures against what OpenSSH made or accepts (tests/vectors/keys), and each thing that
// can be wrong with one: lengths, types, integers, malleability, points of small order,
// flags and counters. Keys are in test_key.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/bn.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/key.h"
#include "proto/text.h"

static const char *const files[HS_KT_COUNT] = {
    [HS_KT_ED25519] = "ed25519",
    [HS_KT_ECDSA] = "ecdsa",
    [HS_KT_SK_ED25519] = "sk-ed25519",
    [HS_KT_SK_ECDSA] = "sk-ecdsa",
};

// A key, a signature blob by it, and what that covers.
struct vector {
	struct hs_key key;
	struct hs_buf outer, data;
	struct hs_str sig, raw; // raw: the string inside sig
	uint8_t tail[5];	// flags and counter
};

static void
read_vector(const char *name, const char *suffix, struct hs_buf *out)
{
	const char *src = getenv("HS_SRC");
	char path[4096];
	uint8_t part[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/tests/vectors/keys/%s%s", src != NULL ? src : ".",
	    name, suffix);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(part, 1, sizeof part, f);
	fclose(f);
	assert_true(n > 1 && n < sizeof part);
	hs_put_raw(out, part, n);
}

// The base64 between the armour's lines.
static void
unarmour(const char *name, struct hs_buf *out)
{
	struct hs_buf text = {0}, base64 = {0};
	const char *p, *end;

	read_vector(name, ".sig", &text);
	hs_put_u8(&text, 0);
	p = strchr((const char *)text.p, '\n');
	assert_non_null(p);
	end = strstr(p, "-----END SSH SIGNATURE-----");
	assert_non_null(end);
	for (; p < end; p++)
		if (*p != '\n')
			hs_put_u8(&base64, (uint8_t)*p);
	assert_int_equal(hs_text_base64(hs_buf_str(&base64), 4096, out), HS_OK);
	hs_buf_free(&text);
	hs_buf_free(&base64);
}

static struct vector
load(enum hs_key_type t)
{
	struct vector v = {0};
	struct hs_buf message = {0};
	struct hs_str magic, blob, ns, reserved, hash, type;
	struct hs_rd r;
	uint32_t version;

	unarmour(files[t], &v.outer);
	read_vector("message", "", &message);
	hs_sshsig_put_signed(&v.data, "file", hs_buf_str(&message));
	r = hs_rd_of(hs_buf_str(&v.outer));
	assert_int_equal(hs_get_raw(&r, 6, &magic), HS_OK);
	assert_int_equal(hs_get_u32(&r, &version), HS_OK);
	assert_int_equal(hs_get_string(&r, &blob), HS_OK);
	assert_int_equal(hs_get_string(&r, &ns), HS_OK);
	assert_int_equal(hs_get_string(&r, &reserved), HS_OK);
	assert_int_equal(hs_get_string(&r, &hash), HS_OK);
	assert_int_equal(hs_get_string(&r, &v.sig), HS_OK);
	assert_int_equal(hs_rd_end(&r), HS_OK);
	assert_true(hs_str_is(magic, "SSHSIG") && hs_str_is(hash, "sha512"));
	assert_int_equal(hs_key_parse(blob, &v.key), HS_OK);
	assert_int_equal(v.key.type, t);
	r = hs_rd_of(v.sig);
	assert_int_equal(hs_get_string(&r, &type), HS_OK);
	assert_int_equal(hs_get_string(&r, &v.raw), HS_OK);
	assert_int_equal(r.left, hs_key_is_sk(&v.key) ? 5 : 0);
	memcpy(v.tail, r.p, r.left);
	hs_buf_free(&message);
	return v;
}

static void
unload(struct vector *v)
{
	hs_buf_free(&v->outer);
	hs_buf_free(&v->data);
}

static int
verify(const struct vector *v, struct hs_str sig)
{
	struct hs_sk_sig sk = {0xaa, 0xaaaaaaaa};
	int rc = hs_sig_verify(&v->key, sig, hs_buf_str(&v->data), &sk);

	if (rc != HS_OK)
		assert_true(sk.flags == 0 && sk.counter == 0);
	assert_int_equal(hs_sig_verify(&v->key, sig, hs_buf_str(&v->data), NULL), rc);
	return rc;
}

// A signature of v with another raw part.
static int
verify_raw(const struct vector *v, struct hs_str raw)
{
	struct hs_buf b = {0};
	int rc;

	hs_put_cstring(&b, hs_key_type_name(v->key.type));
	hs_put_str(&b, raw);
	hs_put_raw(&b, v->tail, hs_key_is_sk(&v->key) ? 5 : 0);
	rc = verify(v, hs_buf_str(&b));
	hs_buf_free(&b);
	return rc;
}

static void
openssh_signatures(void **state)
{
	(void)state;
	for (unsigned t = 0; t < HS_KT_COUNT; t++) {
		struct vector v = load(t);
		struct hs_sk_sig sk = {0xaa, 0xaaaaaaaa};

		assert_int_equal(
		    hs_sig_verify(&v.key, v.sig, hs_buf_str(&v.data), &sk), HS_OK);
		assert_int_equal(sk.flags, hs_key_is_sk(&v.key) ? 0x05 : 0);
		assert_int_equal(sk.counter, hs_key_is_sk(&v.key) ? 0x01020304 : 0);
		assert_int_equal(verify_raw(&v, v.raw), HS_OK);
		v.data.p[v.data.len - 1] ^= 1;
		assert_int_equal(verify(&v, v.sig), HS_ERR_CRYPTO);
		v.data.p[v.data.len - 1] ^= 1;
		v.data.len--;
		assert_int_equal(verify(&v, v.sig), HS_ERR_CRYPTO);
		assert_int_equal(
		    hs_sig_verify(&v.key, v.sig, (struct hs_str){0}, NULL), HS_ERR_CRYPTO);
		unload(&v);
	}
}

static void
other_keys(void **state)
{
	(void)state;
	for (unsigned t = 0; t < HS_KT_COUNT; t++) {
		for (unsigned u = 0; u < HS_KT_COUNT; u++) {
			struct vector v = load(t), w = load(u);

			v.key = w.key;
			assert_int_equal(
			    verify(&v, v.sig), t == u ? HS_OK : HS_ERR_KEY_TYPE);
			unload(&v);
			unload(&w);
		}
	}
	for (unsigned t = 0; t < HS_KT_COUNT; t++) { // of the same type
		struct vector v = load(t), w = load(t ^ 2);

		assert_true(hs_key_is_sk(&v.key) != hs_key_is_sk(&w.key));
		memcpy(v.key.pub, w.key.pub, sizeof v.key.pub);
		assert_int_equal(verify(&v, v.sig), HS_ERR_CRYPTO);
		unload(&v);
		unload(&w);
	}
}

static void
cut_continued_and_changed(void **state)
{
	(void)state;
	for (unsigned t = 0; t < HS_KT_COUNT; t++) {
		struct vector v = load(t);
		struct hs_buf b = {0};

		for (size_t n = 0; n < v.sig.len; n++)
			assert_int_equal(
			    verify(&v, (struct hs_str){v.sig.p, n}), HS_ERR_FORMAT);
		hs_put_raw(&b, v.sig.p, v.sig.len);
		hs_put_u8(&b, 0);
		assert_int_equal(verify(&v, hs_buf_str(&b)), HS_ERR_TRAILING);
		b.len--;
		for (size_t bit = 0; bit < 8 * b.len; bit++) {
			b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_not_equal(verify(&v, hs_buf_str(&b)), HS_OK);
			b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(verify(&v, hs_buf_str(&b)), HS_OK);
		assert_int_equal(verify_raw(&v, (struct hs_str){0}), HS_ERR_FORMAT);
		hs_buf_free(&b);
		unload(&v);
	}
}

static void
flags_counter_application(void **state)
{
	(void)state;
	for (unsigned t = HS_KT_SK_ED25519; t <= HS_KT_SK_ECDSA; t++) {
		struct vector v = load(t);

		for (unsigned bit = 0; bit < 40; bit++) {
			v.tail[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(verify_raw(&v, v.raw), HS_ERR_CRYPTO);
			v.tail[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(verify_raw(&v, v.raw), HS_OK);
		memcpy(v.key.application, "ssh:handsea", 12);
		assert_int_equal(verify_raw(&v, v.raw), HS_ERR_CRYPTO);
		memcpy(v.key.application, "ssh:", 5);
		assert_int_equal(verify_raw(&v, v.raw), HS_ERR_CRYPTO);
		unload(&v);
	}
}

// s plus the order of the group: the same signature to who reduces it.
static void
ed25519_is_not_malleable(void **state)
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
	    0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};

	(void)state;
	for (int sk = 0; sk < 2; sk++) {
		struct vector v = load(sk ? HS_KT_SK_ED25519 : HS_KT_ED25519);
		uint8_t raw[65] = {0};

		assert_int_equal(v.raw.len, 64);
		memcpy(raw, v.raw.p, 64);
		assert_int_equal(verify_raw(&v, (struct hs_str){raw, 64}), HS_OK);
		assert_int_equal(verify_raw(&v, (struct hs_str){raw, 63}), HS_ERR_FORMAT);
		assert_int_equal(verify_raw(&v, (struct hs_str){raw, 65}), HS_ERR_FORMAT);
		for (int times = 1; times <= 8; times++) {
			unsigned carry = 0;

			for (int i = 0; i < 32; i++) {
				carry += (unsigned)raw[32 + i] + order[i];
				raw[32 + i] = (uint8_t)carry;
				carry >>= 8;
			}
			assert_int_equal(carry, 0);
			assert_int_equal(
			    verify_raw(&v, (struct hs_str){raw, 64}), HS_ERR_CRYPTO);
		}
		unload(&v);
	}
}

// With such a key or such an R one signature could stand under many messages.
static void
ed25519_small_order(void **state)
{
	static const char *const points[] = {
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
	enum { N = sizeof points / sizeof points[0] };
	uint8_t p[2 * N][32];

	(void)state;
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(
		    sodium_hex2bin(p[i], 32, points[i], 64, NULL, NULL, NULL), 0);
		memcpy(p[N + i], p[i], 32);
		p[N + i][31] ^= 0x80; // the other sign
	}
	for (size_t a = 0; a < 2 * N; a++) {
		struct vector v = load(HS_KT_ED25519);
		uint8_t raw[64] = {0};

		memcpy(raw, v.raw.p, 64);
		memcpy(raw, p[a], 32);
		assert_int_equal(verify_raw(&v, (struct hs_str){raw, 64}), HS_ERR_CRYPTO);
		memcpy(v.key.pub, p[a], 32);
		assert_int_equal(verify(&v, v.sig), HS_ERR_CRYPTO);
		memset(raw + 32, 0, 32);
		for (size_t r = 0; r < 2 * N; r++) {
			memcpy(raw, p[r], 32);
			assert_int_equal(
			    verify_raw(&v, (struct hs_str){raw, 64}), HS_ERR_CRYPTO);
		}
		unload(&v);
	}
}

// ---- the integers of ECDSA

static int
verify_rs(const struct vector *v, const void *r, size_t rlen, const void *s, size_t slen)
{
	struct hs_buf raw = {0};
	int rc;

	hs_put_string(&raw, r, rlen);
	hs_put_string(&raw, s, slen);
	rc = verify_raw(v, hs_buf_str(&raw));
	hs_buf_free(&raw);
	return rc;
}

static void
bad_integers(const struct vector *v, struct hs_str r, struct hs_str s)
{
	static const uint8_t zero[2], minus[] = {0x80}, one[] = {1};
	uint8_t more[40] = {0};

	assert_int_equal(verify_rs(v, r.p, r.len, s.p, s.len), HS_OK);
	assert_int_equal(verify_rs(v, s.p, s.len, r.p, r.len), HS_ERR_CRYPTO);
	assert_int_equal(verify_rs(v, one, 1, one, 1), HS_ERR_CRYPTO);
	for (size_t n = 0; n <= 2; n++) { // zero, in its form and in others
		assert_int_equal(verify_rs(v, zero, n, s.p, s.len), HS_ERR_FORMAT);
		assert_int_equal(verify_rs(v, r.p, r.len, zero, n), HS_ERR_FORMAT);
	}
	assert_int_equal(verify_rs(v, minus, 1, s.p, s.len), HS_ERR_FORMAT);
	assert_int_equal(verify_rs(v, r.p, r.len, minus, 1), HS_ERR_FORMAT);
	memcpy(more + 1, r.p, r.len); // a zero too many
	assert_int_equal(verify_rs(v, more, r.len + 1, s.p, s.len), HS_ERR_FORMAT);
	if (r.p[0] == 0) // and one too few: negative
		assert_int_equal(
		    verify_rs(v, r.p + 1, r.len - 1, s.p, s.len), HS_ERR_FORMAT);
	memset(more, 0x7f, sizeof more);
	assert_int_equal(verify_rs(v, more, 33, s.p, s.len), HS_ERR_FORMAT);
	assert_int_equal(verify_rs(v, more, 34, s.p, s.len), HS_ERR_FORMAT);
	assert_int_equal(verify_rs(v, r.p, r.len, more, 40), HS_ERR_FORMAT);
	assert_int_equal(verify_rs(v, more, 32, s.p, s.len), HS_ERR_CRYPTO);
}

// The integer n plus or minus x, as an mpint's content.
static struct hs_str
order_and(const char *sign, struct hs_str x, uint8_t mem[static 40])
{
	BIGNUM *n = NULL, *b = BN_bin2bn(x.p, (int)x.len, NULL);
	size_t len;

	assert_true(BN_hex2bn(
	    &n, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"));
	assert_int_equal(*sign == '-' ? BN_sub(n, n, b) : BN_add(n, n, b), 1);
	len = (size_t)BN_num_bits(n) / 8 + 1;
	assert_int_equal(BN_bn2binpad(n, mem, (int)len), len);
	BN_free(n);
	BN_free(b);
	return (struct hs_str){mem, len};
}

static void
ecdsa_integers(void **state)
{
	(void)state;
	for (int sk = 0; sk < 2; sk++) {
		struct vector v = load(sk ? HS_KT_SK_ECDSA : HS_KT_ECDSA);
		struct hs_rd rd = hs_rd_of(v.raw);
		struct hs_str r, s, t;
		struct hs_buf b = {0};
		uint8_t mem[40];

		assert_int_equal(hs_get_string(&rd, &r), HS_OK);
		assert_int_equal(hs_get_string(&rd, &s), HS_OK);
		bad_integers(&v, r, s);
		t = order_and("+", s, mem); // s + n, too long or out of range
		assert_int_not_equal(verify_rs(&v, r.p, r.len, t.p, t.len), HS_OK);
		t = order_and("+", r, mem);
		assert_int_not_equal(verify_rs(&v, t.p, t.len, s.p, s.len), HS_OK);
		// n - s is as good as s, in OpenSSH too: a signature names nothing here
		t = order_and("-", s, mem);
		assert_int_equal(verify_rs(&v, r.p, r.len, t.p, t.len), HS_OK);
		hs_put_str(&b, r);
		assert_int_equal(verify_raw(&v, hs_buf_str(&b)), HS_ERR_FORMAT);
		hs_put_str(&b, s);
		hs_put_u8(&b, 0);
		assert_int_equal(verify_raw(&v, hs_buf_str(&b)), HS_ERR_TRAILING);
		hs_buf_free(&b);
		unload(&v);
	}
}

// A key that was not decoded, only filled in: nothing verifies, nothing crashes.
static void
no_key(void **state)
{
	struct vector v = load(HS_KT_ECDSA);

	(void)state;
	memset(v.key.pub, 0, sizeof v.key.pub);
	assert_int_equal(verify(&v, v.sig), HS_ERR_CRYPTO);
	v.key.publen = 0;
	assert_int_equal(verify(&v, v.sig), HS_ERR_CRYPTO);
	unload(&v);
}

static void
what_sshsig_signs(void **state)
{
	static const char want[] =
	    "535348534947000000036769740000000000000006736861353132"
	    "00000040cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
	    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";
	struct hs_buf b = {0}, hex = {0};

	(void)state;
	hs_sshsig_put_signed(&b, "git", (struct hs_str){0}); // SHA-512 of nothing
	hs_text_put_hex(&hex, hs_buf_str(&b));
	assert_true(hs_str_is(hs_buf_str(&hex), want));
	hs_buf_free(&b);
	hs_buf_free(&hex);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(openssh_signatures),
	    cmocka_unit_test(other_keys), cmocka_unit_test(cut_continued_and_changed),
	    cmocka_unit_test(flags_counter_application),
	    cmocka_unit_test(ed25519_is_not_malleable),
	    cmocka_unit_test(ed25519_small_order), cmocka_unit_test(ecdsa_integers),
	    cmocka_unit_test(no_key), cmocka_unit_test(what_sshsig_signs)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
