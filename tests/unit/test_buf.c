// SPDX-License-Identifier: ISC
//
// Wire buffers: what is written byte by byte, what is refused and leaves everything as it
// was, the bound, and that memory is wiped before it is left.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "proto/buf.h"
#include "proto/limits.h"

static void
is_bytes(struct hs_buf *b, const void *want, size_t len)
{
	assert_int_equal(hs_buf_err(b), HS_OK);
	assert_int_equal(hs_buf_str(b).len, len);
	assert_memory_equal(b->p, want, len);
	hs_buf_reset(b);
	assert_int_equal(b->len, 0);
}

static void
numbers_and_strings(void **state)
{
	struct hs_buf b = {0};
	size_t mark;

	(void)state;
	hs_put_u8(&b, 0x81);
	hs_put_u32(&b, 0x82030405);
	hs_put_u64(&b, 0x860708090a0b0c0d);
	is_bytes(&b, "\x81\x82\x03\x04\x05\x86\x07\x08\x09\x0a\x0b\x0c\x0d", 13);
	hs_put_string(&b, "ab", 2);
	hs_put_str(&b, hs_str_c("c"));
	hs_put_cstring(&b, "");
	hs_put_string(&b, NULL, 0);
	is_bytes(&b, "\0\0\0\2ab\0\0\0\1c\0\0\0\0\0\0\0\0", 19);
	hs_put_raw(&b, NULL, 0);
	hs_put_raw(&b, "x\0y", 3);
	hs_put_fmt(&b, "%s-%d", "z", 7);
	hs_put_fmt(&b, "%s", "");
	is_bytes(&b, "x\0yz-7", 6);
	memset(hs_put_space(&b, 3), 'q', 2);
	is_bytes(&b, "qq\0", 3);
	mark = hs_put_string_begin(&b);
	hs_put_u8(&b, 9);
	hs_put_cstring(&b, "in");
	hs_put_string_end(&b, mark);
	is_bytes(&b, "\0\0\0\7\x09\0\0\0\2in", 11);
	mark = hs_put_string_begin(&b);
	hs_put_string_end(&b, mark);
	is_bytes(&b, "\0\0\0\0", 4);
	hs_buf_free(&b);
	assert_null(b.p);
	hs_buf_free(&b);
	hs_buf_free(NULL);
}

static void
mpints_written(void **state)
{
	static const uint8_t big[] = {0, 0, 0x80, 1}, small[] = {0x7f, 0xff},
			     zero[] = {0, 0};
	struct hs_buf b = {0};

	(void)state;
	hs_put_mpint(&b, big, 4);
	is_bytes(&b, "\0\0\0\3\0\x80\1", 7);
	hs_put_mpint(&b, small, 2);
	is_bytes(&b, "\0\0\0\2\x7f\xff", 6);
	hs_put_mpint(&b, zero, 2);
	is_bytes(&b, "\0\0\0\0", 4);
	hs_put_mpint(&b, NULL, 0);
	is_bytes(&b, "\0\0\0\0", 4);
	hs_buf_free(&b);
}

// A mark that is none, and a string that was never begun.
static void
wrong_marks(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	hs_put_string_end(&b, 0);
	assert_int_equal(hs_buf_err(&b), HS_ERR_INTERNAL);
	hs_buf_reset(&b);
	hs_put_u32(&b, 0);
	hs_put_string_end(&b, 1);
	assert_int_equal(hs_buf_err(&b), HS_ERR_INTERNAL);
	hs_buf_reset(&b);
	hs_put_u32(&b, 0);
	hs_put_string_end(&b, SIZE_MAX);
	assert_int_equal(hs_buf_err(&b), HS_ERR_INTERNAL);
	hs_buf_free(&b);
}

static void
put_everything(struct hs_buf *b)
{
	hs_put_u8(b, 1);
	hs_put_u32(b, 1);
	hs_put_u64(b, 1);
	hs_put_raw(b, "x", 1);
	hs_put_string(b, "x", 1);
	hs_put_str(b, hs_str_c("x"));
	hs_put_cstring(b, "x");
	hs_put_mpint(b, (const uint8_t *)"x", 1);
	hs_put_fmt(b, "x");
	assert_null(hs_put_space(b, 1));
	hs_put_string_end(b, hs_put_string_begin(b));
	hs_put_string(b, "x", (size_t)HS_BUF_MAX + 1);
}

// The first error stays, and nothing is written behind it.
static void
errors_stay(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	hs_put_u8(&b, 7);
	b.err = HS_ERR_NOMEM;
	put_everything(&b);
	assert_int_equal(hs_buf_err(&b), HS_ERR_NOMEM);
	assert_int_equal(b.len, 1);
	hs_buf_reset(&b);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	hs_put_u8(&b, 8);
	is_bytes(&b, "\x08", 1);
	hs_buf_free(&b);
}

static void
the_bound(void **state)
{
	struct hs_buf b = {0};
	uint8_t *big = calloc(1, HS_BUF_MAX);

	(void)state;
	assert_non_null(big);
	assert_non_null(hs_put_space(&b, HS_BUF_MAX));
	assert_int_equal(b.len, HS_BUF_MAX);
	assert_true(b.cap <= HS_BUF_MAX);
	hs_put_u8(&b, 1);
	assert_int_equal(hs_buf_err(&b), HS_ERR_TOO_LONG);
	assert_int_equal(b.len, HS_BUF_MAX);
	hs_buf_free(&b);
	hs_put_string(&b, big, HS_BUF_MAX - 4);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	assert_int_equal(b.len, HS_BUF_MAX);
	hs_buf_free(&b);
	hs_put_string(&b, big, HS_BUF_MAX - 3);
	assert_int_equal(hs_buf_err(&b), HS_ERR_TOO_LONG);
	hs_buf_free(&b);
	hs_put_string(&b, big, SIZE_MAX);
	assert_int_equal(hs_buf_err(&b), HS_ERR_TOO_LONG);
	hs_buf_free(&b);
	assert_null(hs_put_space(&b, SIZE_MAX));
	assert_int_equal(hs_buf_err(&b), HS_ERR_TOO_LONG);
	hs_buf_free(&b);
	for (unsigned i = 0; i < HS_BUF_MAX / 1024; i++) // grows step by step
		hs_put_raw(&b, big, 1024);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	hs_put_fmt(&b, "x");
	assert_int_equal(hs_buf_err(&b), HS_ERR_TOO_LONG);
	assert_int_equal(b.len, HS_BUF_MAX);
	hs_buf_free(&b);
	free(big);
}

static void
memory_is_wiped(void **state)
{
	struct hs_buf b = {0};
	static const uint8_t zero[64];

	(void)state;
	memset(hs_put_space(&b, 64), 's', 64);
	hs_buf_reset(&b);
	assert_memory_equal(b.p, zero, 64);
	memset(hs_put_space(&b, 8), 's', 8);
	b.len = 0; // as somebody may who takes bytes back
	assert_memory_equal(hs_put_space(&b, 8), zero, 8);
	hs_buf_free(&b);
}

static void
reading(void **state)
{
	static const uint8_t in[] = {
	    0x81, 0x82, 3, 4, 5, 0x86, 7, 8, 9, 10, 11, 12, 13, 0, 0, 0, 2, 'a', 'b'};
	struct hs_rd r = hs_rd_init(in, sizeof in), before;
	struct hs_str s;
	uint64_t u64;
	uint32_t u32;
	uint8_t u8;

	(void)state;
	assert_int_equal(hs_get_u8(&r, &u8), HS_OK);
	assert_int_equal(u8, 0x81);
	assert_int_equal(hs_get_u32(&r, &u32), HS_OK);
	assert_int_equal(u32, 0x82030405);
	assert_int_equal(hs_get_u64(&r, &u64), HS_OK);
	assert_true(u64 == 0x860708090a0b0c0d);
	before = r;
	assert_int_equal(hs_get_string_max(&r, 1, &s), HS_ERR_TOO_LONG);
	assert_memory_equal(&r, &before, sizeof r);
	assert_int_equal(hs_rd_end(&r), HS_ERR_TRAILING);
	assert_int_equal(hs_get_string_max(&r, 2, &s), HS_OK);
	assert_true(hs_str_is(s, "ab") && s.p == in + 17);
	assert_int_equal(hs_rd_end(&r), HS_OK);
	assert_int_equal(hs_get_raw(&r, 0, &s), HS_OK);
	assert_int_equal(s.len, 0);
	r = hs_rd_of(hs_str_c("xy"));
	assert_int_equal(hs_get_raw(&r, 2, &s), HS_OK);
	assert_true(hs_str_is(s, "xy"));
}

// What is not all there moves nothing and sets nothing.
static void
reading_too_far(void **state)
{
	static const uint8_t in[] = {0, 0, 0, 5, 'a', 'b', 'c', 'd'};
	static const uint8_t most[] = {0xff, 0xff, 0xff, 0xff, 'a'};

	(void)state;
	for (size_t n = 0; n <= sizeof in; n++) {
		struct hs_rd r = hs_rd_init(in, n), before = r;
		struct hs_str s = hs_str_c("kept");
		uint64_t u64 = 7;
		uint32_t u32 = 7;
		uint8_t u8 = 7;

		assert_int_equal(hs_get_string(&r, &s), HS_ERR_SHORT);
		assert_int_equal(hs_get_mpint(&r, 100, &s), HS_ERR_SHORT);
		assert_int_equal(hs_get_raw(&r, n + 1, &s), HS_ERR_SHORT);
		assert_int_equal(hs_get_raw(&r, SIZE_MAX, &s), HS_ERR_SHORT);
		if (n < 8)
			assert_int_equal(hs_get_u64(&r, &u64), HS_ERR_SHORT);
		if (n < 4)
			assert_int_equal(hs_get_u32(&r, &u32), HS_ERR_SHORT);
		if (n < 1)
			assert_int_equal(hs_get_u8(&r, &u8), HS_ERR_SHORT);
		assert_true(u64 == 7 && u32 == 7 && u8 == 7 && hs_str_is(s, "kept"));
		assert_true(r.p == before.p && r.left == before.left);
	}
	for (int i = 0; i < 2; i++) {
		struct hs_rd r = hs_rd_init(most, sizeof most);
		struct hs_str s;

		assert_int_equal(
		    i ? hs_get_string(&r, &s) : hs_get_string_max(&r, SIZE_MAX, &s),
		    HS_ERR_SHORT);
		assert_int_equal(r.left, sizeof most);
	}
}

static int
mpint(const void *content, size_t len, size_t max, struct hs_str *out)
{
	static struct hs_buf b;
	struct hs_rd r;
	int rc;

	hs_buf_free(&b);
	hs_put_string(&b, content, len);
	r = hs_rd_of(hs_buf_str(&b));
	rc = hs_get_mpint(&r, max, out);
	assert_int_equal(r.left, rc == HS_OK ? 0 : b.len);
	return rc;
}

static void
mpints_read(void **state)
{
	struct hs_str s = hs_str_c("kept");

	(void)state;
	assert_int_equal(mpint("", 0, 4, &s), HS_ERR_FORMAT);
	assert_int_equal(mpint("\0", 1, 4, &s), HS_ERR_FORMAT);
	assert_int_equal(mpint("\0\1", 2, 4, &s), HS_ERR_FORMAT);
	assert_int_equal(mpint("\0\0\x80", 3, 4, &s), HS_ERR_FORMAT);
	assert_int_equal(mpint("\x80", 1, 4, &s), HS_ERR_FORMAT);
	assert_int_equal(mpint("\xff\xff", 2, 4, &s), HS_ERR_FORMAT);
	assert_int_equal(mpint("\1\2\3\4\5", 5, 4, &s), HS_ERR_TOO_LONG);
	assert_int_equal(mpint("\0\x82\3\4\5\6", 6, 4, &s), HS_ERR_TOO_LONG);
	assert_true(hs_str_is(s, "kept"));
	assert_int_equal(mpint("\1", 1, 4, &s), HS_OK);
	assert_true(hs_str_is(s, "\1"));
	assert_int_equal(mpint("\0\x82\3\4\5", 5, 4, &s), HS_OK);
	assert_true(hs_str_is(s, "\x82\3\4\5"));
	assert_int_equal(mpint("\1\2\3\4", 4, SIZE_MAX, &s), HS_OK);
	assert_true(hs_str_is(s, "\1\2\3\4"));
	assert_int_equal(mpint("", 0, 0, &s), HS_ERR_FORMAT);
	(void)mpint(NULL, 0, 0, &s);
}

static void
views(void **state)
{
	struct hs_str none = {0}, a = hs_str_c("a"), ab = hs_str_c("ab"), b = hs_str_c("b");
	struct hs_str high = hs_str_c("\xff"), nul = {(const uint8_t *)"a\0b", 3};
	char dst[4] = "xyz";

	(void)state;
	assert_true(hs_str_eq(none, hs_str_c("")) && hs_str_is(none, ""));
	assert_true(hs_str_eq(a, hs_str_c("a")) && !hs_str_eq(a, ab) && !hs_str_eq(a, b));
	assert_false(hs_str_is(nul, "a"));
	assert_int_equal(hs_str_cmp(none, none), 0);
	assert_int_equal(hs_str_cmp(a, a), 0);
	assert_true(hs_str_cmp(none, a) < 0 && hs_str_cmp(a, none) > 0);
	assert_true(hs_str_cmp(a, ab) < 0 && hs_str_cmp(ab, a) > 0);
	assert_true(hs_str_cmp(ab, b) < 0 && hs_str_cmp(b, ab) > 0);
	assert_true(hs_str_cmp(b, high) < 0); // bytes have no sign
	assert_int_equal(hs_str_copy(hs_str_c("abcd"), dst, 4), HS_ERR_TOO_LONG);
	assert_int_equal(hs_str_copy(nul, dst, 4), HS_ERR_FORMAT);
	assert_int_equal(hs_str_copy(none, dst, 0), HS_ERR_TOO_LONG);
	assert_string_equal(dst, "xyz");
	assert_int_equal(hs_str_copy(hs_str_c("abc"), dst, 4), HS_OK);
	assert_string_equal(dst, "abc");
	assert_int_equal(hs_str_copy(none, dst, 1), HS_OK);
	assert_string_equal(dst, "");
}

static void
taken_apart(void **state)
{
	struct hs_str none = {0}, rest = hs_str_c("a..b"), front = {0};

	(void)state;
	assert_false(hs_str_cut(&none, '.', &front) || hs_str_next(&none, '.', &front));
	assert_true(hs_str_cut(&rest, '.', &front) && hs_str_is(front, "a"));
	assert_true(hs_str_cut(&rest, '.', &front) && hs_str_is(front, ""));
	assert_true(hs_str_is(rest, "b"));
	front = hs_str_c("x");
	assert_false(hs_str_cut(&rest, '.', &front));
	assert_true(hs_str_is(rest, "b") && hs_str_is(front, "x"));
	assert_true(hs_str_next(&rest, '.', &front) && hs_str_is(front, "b"));
	assert_false(hs_str_next(&rest, '.', &front) || hs_str_cut(&rest, '.', &front));
	assert_true(hs_str_is(rest, "") && hs_str_is(front, "b"));

	// a byte at the very end ends the last one: nothing stands behind it
	rest = (struct hs_str){(const uint8_t *)"\0a\0\0", 4};
	assert_true(hs_str_next(&rest, 0, &front) && front.len == 0);
	assert_true(hs_str_next(&rest, 0, &front) && hs_str_is(front, "a"));
	assert_true(hs_str_next(&rest, 0, &front) && front.len == 0);
	assert_false(hs_str_next(&rest, 0, &front));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_and_strings),
	    cmocka_unit_test(mpints_written), cmocka_unit_test(wrong_marks),
	    cmocka_unit_test(errors_stay), cmocka_unit_test(the_bound),
	    cmocka_unit_test(memory_is_wiped), cmocka_unit_test(reading),
	    cmocka_unit_test(reading_too_far), cmocka_unit_test(mpints_read),
	    cmocka_unit_test(views), cmocka_unit_test(taken_apart)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
