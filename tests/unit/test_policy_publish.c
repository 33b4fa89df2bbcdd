// SPDX-License-Identifier: ISC
//
// Goal of this test: `Publish` in a policy is a name and an argument vector that no shell
// would change, or an error with its place (rule2, rule10); written, it reads back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "proto/policy.h"

static struct hs_policy policy, again;
static char told[400];

static void
on_note(void *arg, enum hs_policy_note_kind kind, const struct hs_err *err)
{
	(void)arg;
	if (kind == HS_POLICY_ERROR && told[0] == '\0')
		(void)snprintf(told, sizeof told, "%u:%u: %s", err->line, err->column,
		    hs_err_sentence(err));
}

static int
parse(const char *text)
{
	told[0] = '\0';
	hs_policy_free(&policy);
	return hs_policy_parse(hs_str_c(text), false, &policy, on_note, NULL);
}

static void
good(const char *text, const char *name, const char *words)
{
	struct hs_buf b = {0};

	if (parse(text) != HS_OK)
		fail_msg("%s: %s", text, told);
	assert_int_equal(policy.npublish, 1);
	assert_string_equal(policy.publish[0].name, name);
	assert_string_equal(policy.publish[0].words, words);
	hs_policy_put(&b, &policy);
	assert_int_equal(hs_policy_parse(hs_buf_str(&b), false, &again, NULL, NULL), HS_OK);
	assert_true(hs_policy_publish_same(&policy, &again));
	hs_policy_free(&again);
	hs_buf_free(&b);
}

static void
what_is_one(void **state)
{
	(void)state;
	good("Publish web1 /bin/true", "web1", "/bin/true");
	good("publish\ta-b.c_9  /usr/bin/rsync -a  %L/ 'web1:/a b/'", "a-b.c_9",
	    "/usr/bin/rsync -a %L/ 'web1:/a b/'");
	good("Publish x /bin/sh -c 'echo \"$HOME\"; ls *' %% %K", "x",
	    "/bin/sh -c 'echo \"$HOME\"; ls *' %% %K");
	good("Publish x '/a dir/prog' '' \\%L", "x", "'/a dir/prog' '' %L");
}

static void
rule2_what_is_none(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {{"Publish", "1:8: a value is missing"},
	    {"Publish web1", "1:13: a value is missing behind `web1`"},
	    {"Publish Web1 /bin/true", "1:9: a name is a lower-case letter"},
	    {"Publish /bin/true", "1:9: a name is a lower-case letter"},
	    {"Publish a true", "1:11: a command begins with the absolute path"},
	    {"Publish a ./true", "1:11: a command begins with the absolute path"},
	    {"Publish a /bin/../x", "1:11: a command begins with the absolute path"},
	    {"Publish a ''", "1:11: a command begins with the absolute path"},
	    {"Publish a /bin/true $HOME", "1:21: "}, {"Publish a /bin/true; ls", "1:20: "},
	    {"Publish a /bin/true >x", "1:21: "}, {"Publish a /bin/true `x`", "1:21: "},
	    {"Publish a /bin/true 'x", "1:"}, {"Publish a /bin/true # x", "1:21: "},
	    {"Publish a /bin/true %", "1:21: % stands before L, K or %"},
	    {"Publish a /bin/true a%d", "1:21: % stands before L, K or %"},
	    {"Publish a /bin/true %%%", "1:21: % stands before L, K or %"},
	    {"Publish a /x\nPublish a /y", "2:9: this name stands here already"},
	    {"Limits\nPublish a /x", "2:1: `Publish` stands before the first block"}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(parse(rows[i].text), HS_ERR_CONFIG);
		if (strncmp(told, rows[i].want, strlen(rows[i].want)) != 0)
			fail_msg("%s -> %s", rows[i].text, told);
	}
}

static void
rule10_bounds(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	for (unsigned n = HS_POLICY_PUBLISHES_MAX; n <= HS_POLICY_PUBLISHES_MAX + 1; n++) {
		hs_buf_reset(&b);
		for (unsigned i = 0; i < n; i++)
			hs_put_fmt(&b, "Publish p%u /x\n", i);
		hs_put_u8(&b, 0);
		assert_int_equal(parse((char *)b.p),
		    n == HS_POLICY_PUBLISHES_MAX ? HS_OK : HS_ERR_CONFIG);
	}
	for (int n = HS_POLICY_PUBLISH_MAX - 2; n <= HS_POLICY_PUBLISH_MAX - 1; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, "Publish p /%0*d%c", n, 0, 0);
		assert_int_equal(parse((char *)b.p),
		    n == HS_POLICY_PUBLISH_MAX - 2 ? HS_OK : HS_ERR_CONFIG);
	}
	for (unsigned n = HS_POLICY_PUBLISH_WORDS; n <= HS_POLICY_PUBLISH_WORDS + 1; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, "Publish p /x");
		for (unsigned i = 1; i < n; i++)
			hs_put_fmt(&b, " a");
		hs_put_u8(&b, 0);
		assert_int_equal(parse((char *)b.p),
		    n == HS_POLICY_PUBLISH_WORDS ? HS_OK : HS_ERR_CONFIG);
	}
	hs_buf_free(&b);
}

static void
the_same(void **state)
{
	static const char *const texts[] = {"", "Publish a /x", "Publish a /y",
	    "Publish b /x", "Publish a /x\nPublish b /x"};

	(void)state;
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < 5; k++) {
			assert_int_equal(parse(texts[i]), HS_OK);
			assert_int_equal(
			    hs_policy_parse(hs_str_c(texts[k]), false, &again, NULL, NULL),
			    HS_OK);
			assert_int_equal(hs_policy_publish_same(&policy, &again), i == k);
			hs_policy_free(&again);
		}
}

static int
forget(void **state)
{
	(void)state;
	hs_policy_free(&policy);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_one),
	    cmocka_unit_test(rule2_what_is_none), cmocka_unit_test(rule10_bounds),
	    cmocka_unit_test(the_same)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("policy_publish", tests, NULL, forget);
}
