// SPDX-License-Identifier: ISC
//
// Outcomes: names that stay unique and readable, sentences without a full stop, and what
// hs_fail makes of any text.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "proto/text.h"

static void
names_and_sentences(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HS_CODE_COUNT; i++) {
		const char *name = hs_code_name((enum hs_code)i);
		const char *sentence = hs_code_sentence((enum hs_code)i);

		assert_true(strlen(name) > 0);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
		assert_int_equal(hs_code_from_name(name, strlen(name)), i); // unique, too
		assert_true(strlen(sentence) > 3);
		assert_int_not_equal(sentence[strlen(sentence) - 1], '.');
		assert_true(hs_text_shown(hs_str_c(sentence), NULL));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(
			    sentence, hs_code_sentence((enum hs_code)k));
	}
	assert_int_equal(HS_OK, 0);
	assert_string_equal(hs_code_name(HS_OK), "ok");
}

static void
out_of_range(void **state)
{
	(void)state;
	assert_string_equal(hs_code_name(HS_CODE_COUNT), "internal");
	assert_string_equal(hs_code_name((enum hs_code) - 1), "internal");
	assert_string_equal(
	    hs_code_sentence(HS_CODE_COUNT), hs_code_sentence(HS_ERR_INTERNAL));
	assert_string_equal(
	    hs_code_sentence((enum hs_code) - 1), hs_code_sentence(HS_ERR_INTERNAL));
	assert_int_equal(hs_code_from_name("", 0), HS_ERR_INTERNAL);
	assert_int_equal(hs_code_from_name("expire", 6), HS_ERR_INTERNAL);
	assert_int_equal(hs_code_from_name("expiredx", 8), HS_ERR_INTERNAL);
	assert_int_equal(hs_code_from_name("expiredx", 7), HS_NO_EXPIRED);
	assert_int_equal(hs_code_from_name("ok\0", 3), HS_ERR_INTERNAL);
}

static void
failing(void **state)
{
	struct hs_err err = {.line = 9, .column = 9};

	(void)state;
	assert_int_equal(hs_fail(&err, HS_NO_HOST, "on %s, %d", "web1", 7), HS_NO_HOST);
	assert_int_equal(err.code, HS_NO_HOST);
	assert_true(err.line == 0 && err.column == 0);
	assert_string_equal(err.text, "on web1, 7");
	assert_string_equal(hs_err_sentence(&err), "on web1, 7");
	assert_int_equal(
	    hs_fail_at(&err, HS_ERR_SCOPE, 3, 4, "again: %s", err.text), HS_ERR_SCOPE);
	assert_true(err.line == 3 && err.column == 4);
	assert_string_equal(
	    err.text, "again: on web1, 7"); // its own text may be an argument
	assert_int_equal(hs_fail(&err, HS_NO_USER, "%s", ""), HS_NO_USER);
	assert_string_equal(hs_err_sentence(&err), hs_code_sentence(HS_NO_USER));
	assert_int_equal(hs_fail(NULL, HS_NO_USER, "x"), HS_NO_USER);
	assert_int_equal(hs_fail_at(NULL, HS_NO_USER, 1, 1, "x"), HS_NO_USER);
}

static void
becomes(const char *in, const char *want)
{
	struct hs_err err;

	(void)hs_fail(&err, HS_ERR_FORMAT, "%s", in);
	assert_string_equal(err.text, want);
}

static void
what_may_not_be_shown(void **state)
{
	(void)state;
	becomes("gr\xc3\xbc\xc3\x9f"
		"e",
	    "gr\xc3\xbc\xc3\x9f"
	    "e");
	becomes("a\nb\x1b[31mc\x7f", "a?b?[31mc?");
	becomes("a\xff"
		"b\xc3",
	    "a?b?");
	becomes("a\xe2\x80\xae"
		"b",
	    "a???b");
	becomes("\xc0\x80\xed\xa0\x80", "?????");
}

// The cut does not leave half a character, whatever stands before it.
static void
cut(void **state)
{
	static const char *const ends[] = {"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x94\x91"};
	const size_t room = sizeof(((struct hs_err *)0)->text);
	char in[1024];

	(void)state;
	for (size_t e = 0; e < 3; e++) {
		for (size_t n = room - 6; n < room + 2; n++) {
			struct hs_err err;
			size_t fits = n + strlen(ends[e]) < room ? strlen(ends[e]) : 0;

			memset(in, 'a', n);
			snprintf(in + n, sizeof in - n, "%s%s", ends[e], "tail");
			(void)hs_fail(&err, HS_ERR_FORMAT, "%s", in);
			assert_true(hs_text_shown(hs_str_c(err.text), NULL));
			assert_null(strchr(err.text, '?'));
			assert_true(
			    strlen(err.text) >= (n < room - 1 ? n : room - 1) + fits);
			assert_int_equal(strncmp(err.text, in, strlen(err.text)), 0);
		}
	}
	memset(in, 'a', sizeof in);
	memset(in + room - 5, 0xbf, 10); // broken before the cut already
	in[room + 5] = '\0';
	{
		struct hs_err err;

		(void)hs_fail(&err, HS_ERR_FORMAT, "%s", in);
		assert_string_equal(err.text + room - 5, "????");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names_and_sentences),
	    cmocka_unit_test(out_of_range), cmocka_unit_test(failing),
	    cmocka_unit_test(what_may_not_be_shown), cmocka_unit_test(cut)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
