// SPDX-License-Identifier: ISC
//
// Policy texts meant to do harm, and those at the limits: NULs, a million lines, the
// longest of each kind. What is right and wrong in a line is test_policy_text.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "proto/policy.h"
#include "tests/lib/policied.h"

static void
zeros_within(void **state)
{
	(void)state;
	assert_int_equal(
	    parse((struct hs_str){(const uint8_t *)"Deny user a\0b", 13}, false),
	    HS_ERR_CONFIG);
	assert_true(hs_str_is(hs_buf_str(&told),
	    "1:12: this is a control or invisible character, or not UTF-8\n"));
	assert_int_equal(
	    parse((struct hs_str){(const uint8_t *)"\0", 1}, false), HS_ERR_CONFIG);
}

static void
repeat(struct hs_buf *b, const char *line, size_t n)
{
	hs_buf_reset(b);
	while (n-- > 0)
		hs_put_raw(b, line, strlen(line));
}

static void
a_million_lines(void **state)
{
	size_t len = 11u * 1000000;
	uint8_t *text = malloc(len);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < len; i += 11)
		memcpy(text + i, "Deny ns ab\n", 11);
	assert_int_equal(parse((struct hs_str){text, len}, false), HS_ERR_TOO_LONG);
	assert_int_equal(notes, 1);
	assert_true(
	    hs_str_is(hs_buf_str(&told), "0:0: a policy has at most 262144 bytes\n"));
	assert_int_equal(
	    hs_policy_parse((struct hs_str){text, len}, false, &policy, NULL, NULL),
	    HS_ERR_TOO_LONG);
	free(text);
}

// At the limit, whatever the lines are, it is done soon: a second is for slow machines and
// sanitizers, the work takes a few milliseconds.
static void
as_long_as_may_be(void **state)
{
	static const char *const lines[] = {"\n", "a\n", "Deny ns a\n", "Agent a\n",
	    "Scope a\n", "Session\n Scope a\n", "Agent a\n Scope a\n", "Scope b\n Ns a\n",
	    " Ns a\n", "#\n", "Scope c\n User a b c d e f g h i j k\n", "\t",
	    "KnownHosts /a /b ~/c\n", "HostBinding require\n"};
	struct hs_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		clock_t start;

		repeat(&b, lines[i], HS_POLICY_BYTES_MAX / strlen(lines[i]));
		start = clock();
		(void)parse(hs_buf_str(&b), false);
		assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
		assert_in_range(notes, 0, HS_POLICY_NOTES_MAX + 1);
	}
	hs_buf_free(&b);
}

static void
more_than_are_told(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	repeat(&b, "What\n", 100);
	assert_int_equal(parse(hs_buf_str(&b), false), HS_ERR_CONFIG);
	assert_int_equal(notes, 100);
	repeat(&b, "What\n", 103);
	assert_int_equal(parse(hs_buf_str(&b), false), HS_ERR_CONFIG);
	assert_int_equal(notes, 101);
	hs_put_u8(&told, 0);
	assert_non_null(strstr((const char *)told.p, "\n0:0: there are 3 more errors\n"));
	hs_buf_free(&b);
}

static void
counted_limits(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	for (unsigned n = HS_POLICY_DENIES_MAX; n < HS_POLICY_DENIES_MAX + 2; n++) {
		hs_buf_reset(&b);
		for (unsigned i = 0; i < n; i++)
			hs_put_fmt(&b, "Deny ns n%u\n", i);
		assert_int_equal(parse(hs_buf_str(&b), false),
		    n > HS_POLICY_DENIES_MAX ? HS_ERR_CONFIG : HS_OK);
	}
	assert_true(
	    hs_str_is(hs_buf_str(&told), "257:9: there are more than 256 Deny lines\n"));
	for (unsigned n = HS_POLICY_AGENTS_MAX; n < HS_POLICY_AGENTS_MAX + 2; n++) {
		hs_buf_reset(&b);
		for (unsigned i = 0; i < n; i++)
			hs_put_fmt(&b, "Agent n%u\n Exe /n%u\n", i, i);
		assert_int_equal(parse(hs_buf_str(&b), false),
		    n > HS_POLICY_AGENTS_MAX ? HS_ERR_CONFIG : HS_OK);
	}
	assert_true(hs_str_is(hs_buf_str(&told), "129:7: there are more than 64 agents\n"));
	for (size_t n = HS_POLICY_PATH_MAX - 1; n < HS_POLICY_PATH_MAX + 1; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, "Agent a\n Exe /%0*d\n", (int)n - 1, 0);
		assert_int_equal(parse(hs_buf_str(&b), false),
		    n >= HS_POLICY_PATH_MAX ? HS_ERR_CONFIG : HS_OK);
	}
	assert_true(hs_str_is(hs_buf_str(&told), "2:261: a path has at most 255 bytes\n"));
	for (size_t n = HS_POLICY_PATH_MAX - 1; n < HS_POLICY_PATH_MAX + 1; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, "KnownHosts ~/%0*d\n", (int)n - 2, 0);
		assert_int_equal(parse(hs_buf_str(&b), false),
		    n >= HS_POLICY_PATH_MAX ? HS_ERR_CONFIG : HS_OK);
	}
	assert_true(hs_str_is(hs_buf_str(&told), "1:267: a path has at most 255 bytes\n"));
	for (size_t n = HS_POLICY_VALUE_MAX; n < HS_POLICY_VALUE_MAX + 2; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, "Deny cmd %0*d\n", (int)n, 0);
		assert_int_equal(parse(hs_buf_str(&b), false),
		    n > HS_POLICY_VALUE_MAX ? HS_ERR_CONFIG : HS_OK);
	}
	hs_buf_reset(&b);
	hs_put_fmt(&b, "#%0*d\n", HS_POLICY_LINE_MAX - 1, 0);
	assert_int_equal(parse(hs_buf_str(&b), false), HS_OK);
	hs_buf_reset(&b);
	hs_put_fmt(&b, "#%0*d\n", HS_POLICY_LINE_MAX, 0);
	assert_int_equal(parse(hs_buf_str(&b), false), HS_ERR_CONFIG);
	assert_true(
	    hs_str_is(hs_buf_str(&told), "1:16385: a line has at most 16384 bytes\n"));
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(zeros_within),
	    cmocka_unit_test(a_million_lines), cmocka_unit_test(as_long_as_may_be),
	    cmocka_unit_test(more_than_are_told), cmocka_unit_test(counted_limits)};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	hs_policy_free(&policy);
	hs_buf_free(&told);
	return failed;
}
