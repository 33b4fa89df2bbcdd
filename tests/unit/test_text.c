// SPDX-License-Identifier: ISC
//
// What may be shown, names, numbers, spans, hex and base64: every edge of each. Shell words
// are in test_words.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/limits.h"
#include "proto/text.h"

static struct hs_str
encode(uint32_t cp, uint8_t out[static 4])
{
	if (cp < 0x80) {
		out[0] = (uint8_t)cp;
		return (struct hs_str){out, 1};
	}
	if (cp < 0x800) {
		out[0] = (uint8_t)(0xc0 | cp >> 6);
		out[1] = (uint8_t)(0x80 | (cp & 0x3f));
		return (struct hs_str){out, 2};
	}
	if (cp < 0x10000) {
		out[0] = (uint8_t)(0xe0 | cp >> 12);
		out[1] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (cp & 0x3f));
		return (struct hs_str){out, 3};
	}
	out[0] = (uint8_t)(0xf0 | cp >> 18);
	out[1] = (uint8_t)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (cp & 0x3f));
	return (struct hs_str){out, 4};
}

static bool
shown(uint32_t cp)
{
	uint8_t mem[4];

	return hs_text_shown(encode(cp, mem), NULL);
}

// Each range: what stands before it and behind it is shown, its ends are not.
static void
characters(void **state)
{
	static const uint32_t hidden[][2] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad},
	    {0x34f, 0x34f}, {0x61c, 0x61c}, {0x115f, 0x1160}, {0x17b4, 0x17b5},
	    {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
	    {0x3164, 0x3164}, {0xd800, 0xdfff}, {0xfdd0, 0xfdef}, {0xfe00, 0xfe0f},
	    {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xfffe, 0xffff},
	    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0x1fffe, 0x1ffff}, {0x5fffe, 0x5ffff},
	    {0xdfffe, 0xe0fff}, {0xffffe, 0xfffff}, {0x10fffe, 0x10ffff}};

	(void)state;
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
		uint32_t first = hidden[i][0], last = hidden[i][1];

		assert_true(first == 0 || shown(first - 1));
		for (uint32_t cp = first; cp <= last; cp++)
			assert_false(shown(cp));
		assert_true(shown(last + 1) != (last == 0x10ffff));
	}
	assert_true(shown('~') && shown(0xa0) && shown(0x20ac) && shown(0x1f511));
	assert_false(shown(0x110000) || shown(0x1fffff));
}

static void
bad_at(const char *s, size_t len, size_t want)
{
	size_t at = 999;

	assert_false(hs_text_shown((struct hs_str){(const uint8_t *)s, len}, &at));
	assert_int_equal(at, want);
}

static void
malformed(void **state)
{
	uint8_t mem[8];

	(void)state;
	assert_true(hs_text_shown((struct hs_str){0}, NULL));
	assert_true(hs_text_shown(hs_str_c("a gr\xc3\xbc\xc3\x9f"
					   "e \xf0\x9f\x94\x91"),
	    NULL));
	bad_at("ab\ncd", 5, 2);
	bad_at("\0", 1, 0);
	bad_at("a\x80", 2, 1); // a continuation alone
	bad_at("a\xc3", 2, 1); // cut
	bad_at("a\xe2\x82", 3, 1);
	bad_at("a\xf0\x9f\x94", 4, 1);
	bad_at("a\xc3z", 3, 1);
	bad_at("a\xe2\x82z", 4, 1);
	bad_at("\xc1\xbf", 2, 0); // too long a form
	bad_at("\xe0\x9f\xbf", 3, 0);
	bad_at("\xf0\x8f\xbf\xbf", 4, 0);
	bad_at("\xf4\x90\x80\x80", 4, 0); // beyond U+10FFFF
	bad_at("\xf8\x88\x80\x80\x80", 5, 0);
	bad_at("\xff", 1, 0);
	for (uint32_t cp = 0x80; cp < 0x110000; cp += 97) { // every cut of every length
		struct hs_str s = encode(cp, mem);

		for (size_t n = 1; n < s.len; n++)
			assert_false(hs_text_shown((struct hs_str){mem, n}, NULL));
	}
}

static void
cleans(const char *in, size_t len, const char *want)
{
	struct hs_buf b = {0};

	hs_text_put_clean(&b, (struct hs_str){(const uint8_t *)in, len});
	assert_int_equal(b.len, len);
	assert_true(hs_str_is(hs_buf_str(&b), want));
	assert_true(hs_text_shown(hs_buf_str(&b), NULL));
	hs_buf_free(&b);
}

static void
cleaned(void **state)
{
	(void)state;
	cleans("", 0, "");
	cleans("a b", 3, "a b");
	cleans("a\nb\r", 4, "a?b?");
	cleans("\0", 1, "?");
	cleans("\xe2\x80\xae"
	       "x",
	    4, "???x");
	cleans("\xc3\xc3\xbc", 3, "?\xc3\xbc");
	cleans("\xf0\x9f\x94", 3, "???");
}

static void
names(void **state)
{
	static const char longest[] = "a123456789.b-c_d.efghijklmnopqrs";
	static const char *const no[] = {"", ".a", "-a", "_a", "a b", "a/b", "a\n",
	    "\xc3\xbc", "a123456789.b-c_d.efghijklmnopqrst", "a:", "a@"};

	(void)state;
	assert_int_equal(strlen(longest), 32);
	assert_true(hs_text_is_agent_name(hs_str_c(longest)));
	assert_true(hs_text_is_label(hs_str_c(longest)));
	assert_true(hs_text_is_agent_name(hs_str_c("0")));
	assert_false(hs_text_is_agent_name(hs_str_c("Claude")));
	assert_false(hs_text_is_agent_name(hs_str_c("cLaude")));
	assert_true(hs_text_is_label(hs_str_c("Blue")));
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
		assert_false(hs_text_is_agent_name(hs_str_c(no[i])));
		assert_false(hs_text_is_label(hs_str_c(no[i])));
	}
	assert_false(hs_text_is_label((struct hs_str){(const uint8_t *)"a\0", 2}));
}

static void
number(const char *s, uint64_t max, int rc, uint64_t want)
{
	uint64_t n = 77;

	if (hs_text_u64(hs_str_c(s), max, &n) != rc || n != (rc == HS_OK ? want : 77))
		fail_msg("%s up to %llu", s, (unsigned long long)max);
}

static void
numbers(void **state)
{
	static const char *const none[] = {"", "-1", "+1", " 1", "1 ", "01", "00", "0x1",
	    "1e3", "1.0", "a", "1a", "\xd9\xa1", "99999999999999999999999x"};

	(void)state;
	number("0", 0, HS_OK, 0);
	number("1", 0, HS_ERR_TOO_LONG, 0);
	number("9", 9, HS_OK, 9);
	number("10", 9, HS_ERR_TOO_LONG, 0);
	number("5", 4, HS_ERR_TOO_LONG, 0);
	number("255", 255, HS_OK, 255);
	number("256", 255, HS_ERR_TOO_LONG, 0);
	number("18446744073709551615", UINT64_MAX, HS_OK, UINT64_MAX);
	number("18446744073709551616", UINT64_MAX, HS_ERR_TOO_LONG, 0);
	number("18446744073709551614", UINT64_MAX - 2, HS_ERR_TOO_LONG, 0);
	number("99999999999999999999999", UINT64_MAX, HS_ERR_TOO_LONG, 0);
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		number(none[i], UINT64_MAX, HS_ERR_FORMAT, 0);
	assert_int_equal(hs_text_u64((struct hs_str){0}, 1, &(uint64_t){0}), HS_ERR_FORMAT);
}

static void
span(const char *s, uint64_t max, int rc, uint64_t want)
{
	uint64_t n = 77;

	if (hs_text_span(hs_str_c(s), max, &n) != rc || n != (rc == HS_OK ? want : 77))
		fail_msg("%s up to %llu", s, (unsigned long long)max);
}

static void
spans(void **state)
{
	static const char *const none[] = {"", "s", "m", "0", "0s", "0m", "0d", "-1s",
	    "01m", "1 m", "1M", "1w", "1y", "1ms", "1mm", "1m30s", "1.5h", " 1h"};

	(void)state;
	span("900", 900, HS_OK, 900);
	span("900s", 900, HS_OK, 900);
	span("15m", 900, HS_OK, 900);
	span("15m", 899, HS_ERR_TOO_LONG, 0);
	span("8h", UINT64_MAX, HS_OK, 28800);
	span("7d", UINT64_MAX, HS_OK, 604800);
	span("1d", 86399, HS_ERR_TOO_LONG, 0);
	span("213503982334601d", UINT64_MAX, HS_OK, UINT64_C(18446744073709526400));
	span("213503982334602d", UINT64_MAX, HS_ERR_TOO_LONG, 0);
	span("18446744073709551615m", UINT64_MAX, HS_ERR_TOO_LONG, 0);
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		span(none[i], UINT64_MAX, HS_ERR_FORMAT, 0);
}

static void
hex(void **state)
{
	struct hs_buf b = {0};
	uint8_t *big = calloc(1, HS_BUF_MAX);

	(void)state;
	hs_text_put_hex(&b, (struct hs_str){0});
	assert_int_equal(b.len, 0);
	hs_text_put_hex(&b, (struct hs_str){(const uint8_t *)"\0\xff\x0a", 3});
	assert_true(hs_str_is(hs_buf_str(&b), "00ff0a"));
	hs_buf_free(&b);
	assert_non_null(big);
	hs_text_put_hex(&b, (struct hs_str){big, HS_BUF_MAX});
	assert_int_equal(hs_buf_err(&b), HS_ERR_TOO_LONG);
	hs_buf_free(&b);
	hs_text_put_hex(&b, (struct hs_str){big, SIZE_MAX});
	assert_int_equal(hs_buf_err(&b), HS_ERR_TOO_LONG);
	hs_buf_free(&b);
	hs_text_put_base64(&b, (struct hs_str){big, HS_BUF_MAX});
	assert_int_equal(hs_buf_err(&b), HS_ERR_TOO_LONG);
	hs_buf_free(&b);
	hs_text_put_base64url(&b, (struct hs_str){big, SIZE_MAX});
	assert_int_equal(hs_buf_err(&b), HS_ERR_TOO_LONG);
	hs_buf_free(&b);
	free(big);
}

static void
base64_both_ways(void **state)
{
	uint8_t in[64];

	(void)state;
	for (size_t n = 0; n <= sizeof in; n++) {
		struct hs_buf text = {0}, back = {0};
		struct hs_str s = {in, n};

		randombytes_buf(in, n);
		hs_text_put_base64(&text, s);
		assert_int_equal(text.len, (n + 2) / 3 * 4);
		assert_int_equal(hs_text_base64(hs_buf_str(&text), n, &back), HS_OK);
		assert_true(hs_str_eq(hs_buf_str(&back), s));
		hs_buf_reset(&back);
		if (n > 0)
			assert_int_equal(hs_text_base64(hs_buf_str(&text), n - 1, &back),
			    HS_ERR_TOO_LONG);
		hs_buf_reset(&text);
		hs_text_put_base64url(&text, s);
		assert_null(text.len > 0 ? memchr(text.p, '=', text.len) : NULL);
		assert_int_equal(hs_text_base64url(hs_buf_str(&text), n, &back), HS_OK);
		assert_true(hs_str_eq(hs_buf_str(&back), s));
		hs_buf_free(&text);
		hs_buf_free(&back);
	}
}

static void
base64_is_strict(void **state)
{
	static const char *const no[] = {"A", "AA", "AAA", "A===", "AA=A",
	    "AB==", "AAB=", "AA==A", "AA==AAAA", "====", "=AAA", "AA= =", "AAAA\n", " AAAA",
	    "AA-_", "AAA!", "A\377AA", "AAAA===", "AAAA===="};
	static const char *const no_url[] = {
	    "A", "AAAAA", "AA==", "AAA=", "AB", "AAB", "AA+/", "AA\n", "A A", "=", "AAAA="};
	struct hs_buf b = {0}, failed = {.err = HS_ERR_NOMEM};

	(void)state;
	hs_put_cstring(&b, "");
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
		if (hs_text_base64(hs_str_c(no[i]), 100, &b) != HS_ERR_FORMAT)
			fail_msg("%s was decoded", no[i]);
		assert_int_equal(b.len, 4); // nothing half decoded is left
	}
	for (size_t i = 0; i < sizeof no_url / sizeof no_url[0]; i++) {
		if (hs_text_base64url(hs_str_c(no_url[i]), 100, &b) != HS_ERR_FORMAT)
			fail_msg("%s was decoded", no_url[i]);
		assert_int_equal(b.len, 4);
	}
	assert_int_equal(hs_text_base64(hs_str_c("AA+/"), 3, &b), HS_OK);
	assert_int_equal(hs_text_base64url(hs_str_c("AA-_"), 3, &b), HS_OK);
	assert_int_equal(b.len, 10); // appended
	assert_memory_equal(b.p, "\0\0\0\0\0\x0f\xbf\0\x0f\xbf", 10);
	assert_int_equal(hs_text_base64((struct hs_str){0}, 0, &b), HS_OK);
	assert_int_equal(hs_text_base64url((struct hs_str){0}, 0, &b), HS_OK);
	assert_int_equal(hs_text_base64(hs_str_c("AAAA"), 3, &failed), HS_ERR_NOMEM);
	assert_int_equal(hs_text_base64(hs_str_c(""), 3, &failed), HS_ERR_NOMEM);
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(characters),
	    cmocka_unit_test(malformed), cmocka_unit_test(cleaned), cmocka_unit_test(names),
	    cmocka_unit_test(numbers), cmocka_unit_test(spans), cmocka_unit_test(hex),
	    cmocka_unit_test(base64_both_ways), cmocka_unit_test(base64_is_strict)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
