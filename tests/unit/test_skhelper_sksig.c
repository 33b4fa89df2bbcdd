// SPDX-License-Identifier: ISC
//
// From an authenticator's signature to SSH's: every oddity of DER is refused, and what
// comes out is what hs_sig_verify reads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <openssl/ecdsa.h>
#include <openssl/bn.h>
#include <string.h>
#include "agentd/sk-helper/sksig.h"
#include "tests/lib/mint.h"

static const struct hs_sk_sig touched = {0x05, 0x01020304};

static int
put(enum hs_key_type type, const void *raw, size_t len, struct hs_buf *b)
{
	return hs_sksig_put(b, type, (struct hs_str){raw, len}, &touched);
}

static void
ed25519(void **state)
{
	uint8_t raw[65] = {0xab};
	struct hs_buf b = {0};
	struct hs_rd r;
	struct hs_str s;
	uint32_t counter;
	uint8_t flags;

	(void)state;
	for (size_t n = 0; n < sizeof raw; n++)
		assert_int_equal(
		    put(HS_KT_SK_ED25519, raw, n, &b), n == 64 ? HS_OK : HS_ERR_FORMAT);
	assert_int_equal(put(HS_KT_SK_ED25519, raw, 65, &b), HS_ERR_FORMAT);
	r = hs_rd_of(hs_buf_str(&b)); // the one that went well, and nothing of the others
	assert_int_equal(hs_get_string(&r, &s), HS_OK);
	assert_true(hs_str_is(s, "sk-ssh-ed25519@openssh.com"));
	assert_int_equal(hs_get_string(&r, &s), HS_OK);
	assert_int_equal(s.len, 64);
	assert_memory_equal(s.p, raw, 64);
	assert_int_equal(hs_get_u8(&r, &flags), HS_OK);
	assert_int_equal(flags, 0x05);
	assert_int_equal(hs_get_u32(&r, &counter), HS_OK);
	assert_int_equal(counter, 0x01020304);
	assert_int_equal(hs_rd_end(&r), HS_OK);
	hs_buf_free(&b);
}

static void
key_types(void **state)
{
	uint8_t raw[64] = {1};
	struct hs_buf b = {0};

	(void)state;
	assert_int_equal(put(HS_KT_ED25519, raw, 64, &b), HS_ERR_KEY_TYPE);
	assert_int_equal(put(HS_KT_ECDSA, raw, 64, &b), HS_ERR_KEY_TYPE);
	assert_int_equal(put(HS_KT_COUNT, raw, 64, &b), HS_ERR_KEY_TYPE);
	assert_int_equal(b.len, 0);
	hs_buf_free(&b);
}

#define HEX(s) (const uint8_t *)(s), sizeof(s) - 1

static void
rule10_der(void **state)
{
	static const struct {
		const char *what;
		const uint8_t *der;
		size_t len;
		int rc;
	} cases[] = {
	    {"the least", HEX("\x30\x06\x02\x01\x01\x02\x01\x01"), HS_OK},
	    {"a sign byte where it must be", HEX("\x30\x07\x02\x02\x00\x80\x02\x01\x7f"),
		HS_OK},
	    {"nothing", HEX(""), HS_ERR_FORMAT},
	    {"no sequence", HEX("\x31\x06\x02\x01\x01\x02\x01\x01"), HS_ERR_FORMAT},
	    {"a byte behind it", HEX("\x30\x06\x02\x01\x01\x02\x01\x01\x00"),
		HS_ERR_FORMAT},
	    {"a byte in it", HEX("\x30\x07\x02\x01\x01\x02\x01\x01\x00"), HS_ERR_FORMAT},
	    {"a third number", HEX("\x30\x09\x02\x01\x01\x02\x01\x01\x02\x01\x01"),
		HS_ERR_FORMAT},
	    {"one number", HEX("\x30\x03\x02\x01\x01"), HS_ERR_FORMAT},
	    {"no numbers", HEX("\x30\x00"), HS_ERR_FORMAT},
	    {"shorter than it says", HEX("\x30\x07\x02\x01\x01\x02\x01\x01"),
		HS_ERR_FORMAT},
	    {"a number longer than it is", HEX("\x30\x06\x02\x01\x01\x02\x02\x01"),
		HS_ERR_FORMAT},
	    {"another tag for r", HEX("\x30\x06\x03\x01\x01\x02\x01\x01"), HS_ERR_FORMAT},
	    {"another tag for s", HEX("\x30\x06\x02\x01\x01\x04\x01\x01"), HS_ERR_FORMAT},
	    {"r is zero", HEX("\x30\x06\x02\x01\x00\x02\x01\x01"), HS_ERR_FORMAT},
	    {"s is zero", HEX("\x30\x06\x02\x01\x01\x02\x01\x00"), HS_ERR_FORMAT},
	    {"r is empty", HEX("\x30\x05\x02\x00\x02\x01\x01"), HS_ERR_FORMAT},
	    {"r is negative", HEX("\x30\x06\x02\x01\x80\x02\x01\x01"), HS_ERR_FORMAT},
	    {"s is negative", HEX("\x30\x06\x02\x01\x01\x02\x01\xff"), HS_ERR_FORMAT},
	    {"r is padded", HEX("\x30\x07\x02\x02\x00\x7f\x02\x01\x01"), HS_ERR_FORMAT},
	    {"r is zero, padded", HEX("\x30\x07\x02\x02\x00\x00\x02\x01\x01"),
		HS_ERR_FORMAT},
	    {"a length in long form", HEX("\x30\x81\x06\x02\x01\x01\x02\x01\x01"),
		HS_ERR_FORMAT},
	    {"a number's in long form", HEX("\x30\x07\x02\x81\x01\x01\x02\x01\x01"),
		HS_ERR_FORMAT},
	    {"an endless length", HEX("\x30\x80\x02\x01\x01\x02\x01\x01\x00\x00"),
		HS_ERR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hs_buf b = {0};

		if (put(HS_KT_SK_ECDSA, cases[i].der, cases[i].len, &b) != cases[i].rc)
			fail_msg("%s", cases[i].what);
		assert_int_equal(b.len == 0, cases[i].rc != HS_OK);
		hs_buf_free(&b);
	}
}

// 30 len, 02 rlen 00? ff.., 02 01 01: a number of n bytes.
static size_t
with_number(uint8_t *out, size_t n, bool sign)
{
	size_t len = n + sign, at = 2;

	out[at++] = 0x02;
	out[at++] = (uint8_t)len;
	if (sign)
		out[at++] = 0;
	memset(out + at, sign ? 0xff : 0x7f, n);
	at += n;
	memcpy(out + at, "\x02\x01\x01", 3);
	out[0] = 0x30;
	out[1] = (uint8_t)(at + 3 - 2);
	return at + 3;
}

static void
number_sizes(void **state)
{
	uint8_t der[128];

	(void)state;
	for (size_t n = 1; n <= 40; n++)
		for (unsigned sign = 0; sign < 2; sign++) {
			struct hs_buf b = {0};
			size_t len = with_number(der, n, sign != 0);

			assert_int_equal(put(HS_KT_SK_ECDSA, der, len, &b),
			    n <= 32 ? HS_OK : HS_ERR_FORMAT);
			hs_buf_free(&b);
		}
}

// A mint's signature, taken apart, made DER, and put together again, is the same and
// verifies.
static void
round_trip(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 64; i++) { // so that short and high r and s come up
		struct hs_buf body = {0}, again = {0};
		struct hs_str blob, type, raw, r, s;
		struct hs_sk_sig sk = {1, i}, got;
		ECDSA_SIG *sig = ECDSA_SIG_new();
		uint8_t *der = NULL;
		struct hs_mint m;
		struct hs_rd rd;
		int len;

		assert_int_equal(hs_mint_make(&m, HS_KT_SK_ECDSA), HS_OK);
		hs_put_raw(&body, "BODY", 4);
		assert_int_equal(hs_mint_sign(&m, &body, sk.flags, sk.counter), HS_OK);
		rd = hs_rd_init(body.p + 4, body.len - 4);
		assert_int_equal(hs_get_string(&rd, &blob), HS_OK);
		rd = hs_rd_of(blob);
		assert_int_equal(hs_get_string(&rd, &type), HS_OK);
		assert_int_equal(hs_get_string(&rd, &raw), HS_OK);
		rd = hs_rd_of(raw);
		assert_int_equal(hs_get_mpint(&rd, 32, &r), HS_OK);
		assert_int_equal(hs_get_mpint(&rd, 32, &s), HS_OK);
		assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(r.p, (int)r.len, NULL),
				     BN_bin2bn(s.p, (int)s.len, NULL)),
		    1);
		len = i2d_ECDSA_SIG(sig, &der);
		assert_true(len > 0);
		assert_int_equal(hs_sksig_put(&again, HS_KT_SK_ECDSA,
				     (struct hs_str){der, (size_t)len}, &sk),
		    HS_OK);
		assert_true(hs_str_eq(hs_buf_str(&again), blob));
		assert_int_equal(
		    hs_sig_verify(&m.key, hs_buf_str(&again), hs_str_c("BODY"), &got),
		    HS_OK);
		assert_int_equal(got.counter, i);
		for (int n = 0; n < len; n++)
			assert_int_equal(
			    put(HS_KT_SK_ECDSA, der, (size_t)n, &again), HS_ERR_FORMAT);
		OPENSSL_free(der);
		ECDSA_SIG_free(sig);
		hs_buf_free(&body);
		hs_buf_free(&again);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(ed25519),
	    cmocka_unit_test(key_types), cmocka_unit_test(rule10_der),
	    cmocka_unit_test(number_sizes), cmocka_unit_test(round_trip)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
