// SPDX-License-Identifier: ISC
//
// The software key's CBOR: what is canonical and what is not, readers that stop in front of
// what they refuse, writers, and libcbor as an independent judge of both.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <cbor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tests/softkey/cbor.h"

struct sample {
	const char *bytes;
	size_t len;
	int rc;
};

#define S(b, rc)                                                                           \
	{                                                                                  \
		(b), sizeof(b) - 1, (rc)                                                   \
	}

static const struct sample samples[] = {
    S("\x00", HS_OK),
    S("\x17", HS_OK),
    S("\x18\x18", HS_OK),
    S("\x18\x17", HS_ERR_FORMAT), // not the shortest
    S("\x19\x01\x00", HS_OK),
    S("\x19\x00\xff", HS_ERR_FORMAT),
    S("\x1a\x00\x01\x00\x00", HS_OK),
    S("\x1a\x00\x00\xff\xff", HS_ERR_FORMAT),
    S("\x1b\x00\x00\x00\x01\x00\x00\x00\x00", HS_OK),
    S("\x1b\x00\x00\x00\x00\xff\xff\xff\xff", HS_ERR_FORMAT),
    S("\x1c", HS_ERR_FORMAT), // reserved
    S("\x1f", HS_ERR_FORMAT),
    S("\x20", HS_OK),
    S("\x38\x18", HS_OK),
    S("\x40", HS_OK),
    S("\x42\x01\x02", HS_OK),
    S("\x42\x01", HS_ERR_SHORT),
    S("\x5f\x41\x00\xff", HS_ERR_FORMAT), // of no given length
    S("\x5b\xff\xff\xff\xff\xff\xff\xff\xff", HS_ERR_SHORT),
    S("\x61\x61", HS_OK),
    S("\x7b\x7f\xff\xff\xff\xff\xff\xff\xff", HS_ERR_SHORT),
    S("\x62\xc3\xa4", HS_OK),
    S("\x63\xe2\x82\xac", HS_OK),
    S("\x63\xed\x9f\xbf", HS_OK),
    S("\x64\xf0\x90\x80\x80", HS_OK),
    S("\x64\xf4\x8f\xbf\xbf", HS_OK),
    S("\x61\x80", HS_ERR_FORMAT), // text is UTF-8
    S("\x61\xc3", HS_ERR_FORMAT),
    S("\x62\xc3\x20", HS_ERR_FORMAT),
    S("\x62\xc1\xbf", HS_ERR_FORMAT), // overlong
    S("\x63\xe0\x9f\xbf", HS_ERR_FORMAT),
    S("\x64\xf0\x8f\xbf\xbf", HS_ERR_FORMAT),
    S("\x63\xed\xa0\x80", HS_ERR_FORMAT), // a surrogate
    S("\x64\xf4\x90\x80\x80", HS_ERR_FORMAT),
    S("\x64\xf5\x80\x80\x80", HS_ERR_FORMAT),
    S("\xa1\x61\xff\x00", HS_ERR_FORMAT), // in keys too
    S("\x80", HS_OK),
    S("\x82\x01\x02", HS_OK),
    S("\x82\x01", HS_ERR_SHORT),
    S("\x9f\xff", HS_ERR_FORMAT),
    S("\x9b\xff\xff\xff\xff\xff\xff\xff\xff", HS_ERR_SHORT),
    S("\x81\x81\x81\x81\x00", HS_OK), // four levels
    S("\x81\x81\x81\x81\x80", HS_ERR_TOO_LONG),
    S("\xa0", HS_OK),
    S("\xa2\x01\x02\x03\x04", HS_OK),
    S("\xa2\x03\x02\x01\x04", HS_ERR_FORMAT), // not in order
    S("\xa2\x01\x02\x01\x04", HS_ERR_FORMAT), // twice
    S("\xa2\x20\x02\x01\x04", HS_ERR_FORMAT),
    S("\xa2\x01\x02\x20\x04", HS_OK),
    S("\xa2\x61\x62\x00\x62\x61\x61\x00", HS_OK), // the shorter first
    S("\xa2\x62\x61\x61\x00\x61\x62\x00", HS_ERR_FORMAT),
    S("\xa2\x61\x61\x00\x61\x61\x00", HS_ERR_FORMAT),
    S("\xa1\x41\x61\x00", HS_ERR_FORMAT), // keys are numbers or text
    S("\xa1\xf5\x00", HS_ERR_FORMAT),
    S("\xa1\x80\x00", HS_ERR_FORMAT),
    S("\xa1\x01", HS_ERR_SHORT),
    S("\xbb\x7f\xff\xff\xff\xff\xff\xff\xff", HS_ERR_SHORT),
    S("\xa1\x01\xa1\x01\xa1\x01\xa1\x01\x00", HS_OK),
    S("\xa1\x01\xa1\x01\xa1\x01\xa1\x01\xa0", HS_ERR_TOO_LONG),
    S("\xc0\x00", HS_ERR_FORMAT), // a tag
    S("\xf4", HS_OK),
    S("\xf5", HS_OK),
    S("\xf6", HS_OK),
    S("\xf7", HS_ERR_FORMAT),
    S("\xf8\x20", HS_ERR_FORMAT),
    S("\xf9\x00\x00", HS_ERR_FORMAT), // a float
    S("\xff", HS_ERR_FORMAT),
    S("\x00\x00", HS_ERR_TRAILING),
    S("\xa0\xa0", HS_ERR_TRAILING),
    S("", HS_ERR_SHORT),
};

static void
canonical_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		const struct sample *s = &samples[i];
		struct hs_rd r = hs_rd_init(s->bytes, s->len);

		if (hs_cbor_check((struct hs_str){r.p, r.left}) != s->rc)
			fail_msg("sample %zu", i);
		if (s->rc == HS_OK || s->rc == HS_ERR_TRAILING)
			assert_int_equal(hs_cbor_skip(&r), HS_OK);
		else
			assert_int_equal(hs_cbor_skip(&r), s->rc);
		assert_int_equal(
		    r.left, s->rc == HS_OK ? 0 : (s->rc == HS_ERR_TRAILING ? 1 : s->len));
	}
}

// Each reader takes its own type only, and moves only past what it took.
static void
types(void **state)
{
	static const struct sample items[] = {S("\x05", 0), S("\x24", 0), S("\x41x", 1),
	    S("\x61x", 2), S("\x80", 3), S("\xa0", 4), S("\xf5", 5), S("\xf4", 5),
	    S("\xf6", 6)};

	(void)state;
	for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
		for (int reader = 0; reader < 6; reader++) {
			struct hs_rd r = hs_rd_init(items[i].bytes, items[i].len);
			struct hs_str s;
			int64_t v;
			size_t n;
			bool flag;
			int rc = reader == 0   ? hs_cbor_int(&r, &v)
				 : reader == 1 ? hs_cbor_bytes(&r, &s)
				 : reader == 2 ? hs_cbor_text(&r, &s)
				 : reader == 3 ? hs_cbor_array(&r, &n)
				 : reader == 4 ? hs_cbor_map(&r, &n)
					       : hs_cbor_bool(&r, &flag);

			assert_int_equal(rc, reader == items[i].rc ? HS_OK : HS_ERR_FORMAT);
			assert_int_equal(r.left, rc == HS_OK ? 0 : items[i].len);
		}
	}
}

static void
integers(void **state)
{
	static const int64_t values[] = {0, 1, 23, 24, 255, 256, 65535, 65536, 0xffffffff,
	    0x100000000, INT64_MAX, -1, -24, -25, -256, -257, -65536, -65537, INT64_MIN};

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct hs_buf b = {0};
		struct hs_rd r;
		int64_t v = 77;

		hs_cbor_put_int(&b, values[i]);
		assert_int_equal(hs_cbor_check(hs_buf_str(&b)), HS_OK);
		r = hs_rd_of(hs_buf_str(&b));
		assert_int_equal(hs_cbor_int(&r, &v), HS_OK);
		assert_true(v == values[i]);
		for (size_t cut = 0; cut < b.len; cut++) {
			r = hs_rd_init(b.p, cut);
			assert_int_equal(hs_cbor_int(&r, &v), HS_ERR_SHORT);
			assert_int_equal(r.left, cut);
		}
		hs_buf_free(&b);
	}
	{
		struct hs_rd r = hs_rd_init("\x1b\x80\0\0\0\0\0\0\0", 9); // 2^63
		int64_t v;

		assert_int_equal(hs_cbor_int(&r, &v), HS_ERR_FORMAT);
		r = hs_rd_init("\x3b\x80\0\0\0\0\0\0\0", 9); // -2^63 - 1
		assert_int_equal(hs_cbor_int(&r, &v), HS_ERR_FORMAT);
	}
}

static void
writers_as_libcbor_reads_them(void **state)
{
	struct hs_buf b = {0};
	struct cbor_load_result result;
	cbor_item_t *item;
	unsigned char again[512];
	char text[300];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	hs_cbor_put_map(&b, 4);
	hs_cbor_put_int(&b, 1);
	hs_cbor_put_array(&b, 3);
	hs_cbor_put_bool(&b, true);
	hs_cbor_put_bool(&b, false);
	hs_cbor_put_int(&b, -70000);
	hs_cbor_put_int(&b, 24);
	hs_cbor_put_bytes(&b, "abc", 3);
	hs_cbor_put_int(&b, -1);
	hs_cbor_put_bytes(&b, NULL, 0);
	hs_cbor_put_text(&b, "key");
	hs_cbor_put_text(&b, text);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	assert_int_equal(hs_cbor_check(hs_buf_str(&b)), HS_OK);
	item = cbor_load(b.p, b.len, &result);
	assert_non_null(item);
	assert_int_equal(result.read, b.len);
	assert_int_equal(cbor_serialize(item, again, sizeof again), b.len);
	assert_memory_equal(again, b.p, b.len);
	cbor_decref(&item);
	hs_buf_free(&b);
}

// What the check takes, libcbor takes too, and finds the same end.
static void
random_bytes(void **state)
{
	const char *text = getenv("HS_SEED");
	unsigned seed =
	    text != NULL ? (unsigned)strtoul(text, NULL, 0) : (unsigned)time(NULL);
	static const uint8_t likely[] = {0xa1, 0xa2, 0x81, 0x82, 0x01, 0x02, 0x20, 0x41,
	    0x61, 0x18, 0xf5, 0xf4, 0x80, 0xa0, 0x62, 0x03};
	uint64_t x = seed | 1;
	unsigned good = 0;

	(void)state;
	print_message("# seed %u\n", seed);
	for (int i = 0; i < 200000; i++) {
		struct cbor_load_result result;
		uint8_t bytes[12];
		size_t len;

		x = x * 6364136223846793005u + 1442695040888963407u;
		len = 1 + (size_t)(x >> 60) % 12;
		for (size_t k = 0; k < len; k++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			bytes[k] = (x >> 40) % 16 == 0 ? (uint8_t)(x >> 32)
						       : likely[(x >> 33) % sizeof likely];
		}
		if (hs_cbor_check((struct hs_str){bytes, len}) == HS_OK) {
			cbor_item_t *item = cbor_load(bytes, len, &result);

			assert_non_null(item);
			assert_int_equal(result.read, len);
			cbor_decref(&item);
			good++;
		}
	}
	assert_true(good > 1000); // the test means something
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(canonical_or_not),
	    cmocka_unit_test(types),
	    cmocka_unit_test(integers),
	    cmocka_unit_test(writers_as_libcbor_reads_them),
	    cmocka_unit_test(random_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
