// SPDX-License-Identifier: ISC
//
// Goal of this test: a file of one user's roots trusts for that user alone, and no second
// opinion about a root of the server's own file (rule2, rule9).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "tests/lib/rootlines.h"

#define A "\x01"
#define B "\x02"

// The server's own file, of one line.
static void
begin(const char *line)
{
	assert_int_equal(rootlines_parse(hs_str_c(line)), HS_OK);
	assert_string_equal((char *)rootlines_said.p, "");
	assert_int_equal(rootlines.n, 1);
}

static void
rule2_whose_file(void **state)
{
	static const char *const good_names[] = {"deploy", "a", "svc-1", "www.data", "_x"};
	static const char *const bad_names[] = {"", ".", "..", "*", "/", "a/b", "../root",
	    "a b", "a:b", "a\n", "-\x01", "a,b", "\"a\""};
	char name[66];

	(void)state;
	for (size_t i = 0; i < sizeof good_names / sizeof good_names[0]; i++)
		if (!hs_roots_is_user(hs_str_c(good_names[i])))
			fail_msg("no user: %s", good_names[i]);
	for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++)
		if (hs_roots_is_user(hs_str_c(bad_names[i])))
			fail_msg("a user: %s", bad_names[i]);
	assert_false(hs_roots_is_user((struct hs_str){(const uint8_t *)"a\0", 2}));
	memset(name, 'a', sizeof name);
	assert_true(hs_roots_is_user((struct hs_str){(uint8_t *)name, 64}));
	assert_false(hs_roots_is_user((struct hs_str){(uint8_t *)name, 65}));
}

// Deploy's file behind it, of one line; how many hold then.
static size_t
add(const char *options, const char *key)
{
	char text[128];

	snprintf(text, sizeof text, "# deploy's\n%s%s", options, key);
	assert_int_equal(rootlines_add(hs_str_c(text), "deploy"), HS_OK);
	return rootlines.n;
}

static void
rule2_one_users_roots(void **state)
{
	static const char *const others[] = {"users=\"root\" ", "users=\"*\" ",
	    "users=\"deploy,root\" ", "direct,users=\"Deploy\" "};

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		begin("users=\"root\" " A);
		assert_int_equal(add(others[i], B), 1);
		assert_string_equal((char *)rootlines_said.p,
		    "2:1: in this file users= can name deploy alone, or be left out\n");
	}
	for (size_t i = 0; i < 2; i++) {
		begin("users=\"root\" " A);
		assert_int_equal(
		    add(i == 0 ? "max-grant=1h,direct " : "users=\"deploy\",direct ", B),
		    2);
		assert_string_equal((char *)rootlines_said.p, "");
		assert_true(rootlines.v[1].of_user && rootlines.v[1].direct &&
			    !rootlines.v[0].of_user);
		assert_true(hs_root_admits(&rootlines.v[1], hs_str_c("deploy")));
		assert_false(hs_root_admits(&rootlines.v[1], hs_str_c("root")));
		assert_false(hs_root_admits(&rootlines.v[0], hs_str_c("deploy")));
	}
	// no second opinion about a root that the server's own file has
	begin("users=\"root\",require-uv " A);
	assert_int_equal(add("", A), 1);
	assert_string_equal(
	    (char *)rootlines_said.p, "2:1: the key stands in line 1 of roots already\n");
	assert_int_equal(hs_roots_add(&rootlines, hs_str_c(""), hs_str_c(".."), NULL, NULL),
	    HS_ERR_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule2_whose_file),
	    cmocka_unit_test(rule2_one_users_roots),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, rootlines_free);
}
