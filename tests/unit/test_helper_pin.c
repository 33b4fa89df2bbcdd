// SPDX-License-Identifier: ISC
//
// What could be a PIN: each bound and each form of what is not UTF-8. Whether a PIN is the
// right one is a security key's to say, and tests/e2e/helper_pin.t's to test.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "proto/helper.h"

static size_t
takes(const void *p, size_t n)
{
	struct hs_err err = {0};
	size_t len = SIZE_MAX;

	assert_int_equal(hs_helper_pin_check((struct hs_str){p, n}, &len, &err), HS_OK);
	assert_int_equal(err.code, HS_OK);
	assert_int_equal(hs_helper_pin_check((struct hs_str){p, n}, &len, NULL), HS_OK);
	return len;
}

static void
refuses(const void *p, size_t n, const char *why)
{
	struct hs_err err = {0};
	size_t len = 7;

	assert_int_equal(
	    hs_helper_pin_check((struct hs_str){p, n}, &len, &err), HS_SK_PIN_INVALID);
	assert_int_equal(err.code, HS_SK_PIN_INVALID);
	if (strstr(err.text, why) == NULL)
		fail_msg("%s", err.text);
	assert_int_equal(len, 7);
}

#define TAKES(s, n)	assert_int_equal(takes(s, sizeof(s) - 1), n)
#define REFUSES(s, why) refuses(s, sizeof(s) - 1, why)

static void
lengths(void **state)
{
	char big[80];

	(void)state;
	memset(big, '7', sizeof big);
	refuses(NULL, 0, "fewer than 4");
	for (size_t n = 1; n < HS_HELPER_PIN_MIN; n++)
		refuses(big, n, "fewer than 4");
	for (size_t n = HS_HELPER_PIN_MIN; n <= HS_HELPER_PIN_MAX; n++)
		assert_int_equal(takes(big, n), n);
	for (size_t n = HS_HELPER_PIN_MAX + 1; n <= sizeof big; n++)
		refuses(big, n, "more than 63");
	big[HS_HELPER_PIN_MAX] = '\n';
	assert_int_equal(takes(big, HS_HELPER_PIN_MAX + 1), HS_HELPER_PIN_MAX);
	big[HS_HELPER_PIN_MAX + 1] = '\n';
	refuses(big, HS_HELPER_PIN_MAX + 2, "more than 63");
}

static void
one_lf_is_cut(void **state)
{
	(void)state;
	TAKES("1234\n", 4);
	TAKES("1234\n\n", 5);
	TAKES("12\n34", 5);
	TAKES("1234\r\n", 5);
	TAKES("    ", 4); // blanks are the person's
	REFUSES("\n", "fewer than 4");
	REFUSES("123\n", "fewer than 4");
}

static void
characters_are_counted(void **state)
{
	(void)state;
	REFUSES("\xc3\xa4\xc3\xb6\xc3\xbc", "fewer than 4");
	TAKES("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 8);
	REFUSES("\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91", "fewer than 4");
	TAKES("\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91", 16);
	TAKES("a\xe2\x80\x8b\x1b\x7f", 6); // nobody needs to see it
}

static void
rule10_not_utf8(void **state)
{
	(void)state;
	REFUSES("1234\x80", "not UTF-8"); // no beginning
	REFUSES("1234\xc3", "not UTF-8"); // no end
	REFUSES("1234\xe2\x82", "not UTF-8");
	REFUSES("1234\xf0\x9f\x94", "not UTF-8");
	REFUSES("1234\xc3(", "not UTF-8");
	REFUSES("1234\xc0\xaf", "not UTF-8"); // longer than it must be
	REFUSES("1234\xe0\x80\xaf", "not UTF-8");
	REFUSES("1234\xf0\x80\x80\xaf", "not UTF-8");
	REFUSES("1234\xed\xa0\x80", "not UTF-8"); // half a surrogate pair
	REFUSES("1234\xed\xbf\xbf", "not UTF-8");
	TAKES("1234\xed\x9f\xbf\xee\x80\x80", 10); // beside them
	TAKES("1234\xf4\x8f\xbf\xbf", 8);	   // the last one
	REFUSES("1234\xf4\x90\x80\x80", "not UTF-8");
	REFUSES("1234\xf8\x88\x80\x80\x80", "not UTF-8");
	REFUSES("1234\xff", "not UTF-8");
	REFUSES("12\0"
		"34",
	    "NUL");
	REFUSES("1234\0", "NUL");
	REFUSES("\0\n", "NUL");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lengths),
	    cmocka_unit_test(one_lf_is_cut), cmocka_unit_test(characters_are_counted),
	    cmocka_unit_test(rule10_not_utf8)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("PINs", tests, NULL, NULL);
}
