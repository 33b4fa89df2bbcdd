// SPDX-License-Identifier: ISC
//
// Goal of this test: what a root's line lets be done at services other than SSH is what its
// caps= says, and without them nothing (rule2, rule10). The other options are in
// test_roots.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "tests/lib/rootlines.h"

#define A "\x01" // stands for a key's line

static bool
allows(const struct hs_root *r, const char *cap)
{
	return hs_root_allows(r, hs_str_c(cap));
}

static void
rule2_caps(void **state)
{
	const struct hs_root *r;

	(void)state;
	r = rootlines_good("users=\"*\" " A);
	assert_false(allows(r, "read:x") || allows(r, ""));
	r = rootlines_good("caps=\"read:repo/acme/** write:repo/a,b\" " A);
	assert_true(allows(r, "read:repo/acme/web") && allows(r, "write:repo/a,b"));
	assert_false(allows(r, "write:repo/acme/web") || allows(r, "read:repo/acme") ||
		     allows(r, "read:repo/acmes/x") || allows(r, "git") || allows(r, ""));
	r = rootlines_good("caps=\"*:*\" " A);
	assert_true(allows(r, "a:b") && !hs_root_admits(r, hs_str_c("deploy")));
	r = rootlines_good("caps=\"read:*\" " A);
	assert_true(allows(r, "read:b/c") && !allows(r, "a:b"));
}

// A file of one user's is for that user's logins.
static void
rule2_not_in_a_users_file(void **state)
{
	(void)state;
	assert_int_equal(rootlines_parse((struct hs_str){0}), HS_OK);
	assert_int_equal(rootlines_add(hs_str_c("caps=\"*:*\" " A), "deploy"), HS_OK);
	assert_string_equal((char *)rootlines_said.p, "");
	assert_int_equal(rootlines.n, 1);
	assert_false(allows(&rootlines.v[0], "a:b"));
}

static void
rule10_caps(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	rootlines_bad("caps=\"\" " A, "1:7: the value is empty");
	rootlines_bad("caps=\"read:x \" " A, "1:14: the value is empty");
	rootlines_bad("caps=\"read:x  read:y\" " A, "1:14: the value is empty");
	rootlines_bad("caps=\"read\" " A, "1:");
	rootlines_bad("caps=\"read:x,y:z\" " A, "1:");
	rootlines_bad("caps=read:x " A, "1:6: caps needs its values in quotes");
	rootlines_bad(
	    "caps=\"a:b\",caps=\"a:b\" " A, "1:12: this option stands here already");
	rootlines_bad("caps " A, "1:1: this option needs = and a value");
	for (unsigned n = HS_ROOT_CAPS_MAX / 64; n <= HS_ROOT_CAPS_MAX / 64 + 1; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, "caps=\"a:%061u", 0);
		for (unsigned i = 1; i < n; i++)
			hs_put_fmt(&b, " a:%061u", i);
		hs_put_fmt(&b, "\" " A "%c", 0);
		if (n == HS_ROOT_CAPS_MAX / 64)
			assert_int_equal(
			    strlen(rootlines_good((char *)b.p)->caps), 64 * n - 1);
		else
			rootlines_bad((char *)b.p, "1:7: these are more than 1024 bytes");
	}
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule2_caps),
	    cmocka_unit_test(rule2_not_in_a_users_file), cmocka_unit_test(rule10_caps)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("roots, caps", tests, NULL, rootlines_free);
}
