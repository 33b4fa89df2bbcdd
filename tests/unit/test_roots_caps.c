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
#include "proto/names.h"
#include "proto/serverconf.h"

#define A "\x01" // stands for a key's line

static struct hs_roots roots;
static char said[512]; // of a line that was skipped

static void
on_bad(void *arg, const struct hs_err *err)
{
	(void)arg;
	snprintf(
	    said, sizeof said, "%u:%u: %s", err->line, err->column, hs_err_sentence(err));
}

static void
parse(const char *text)
{
	struct hs_key key = {
	    .type = HS_KT_SK_ED25519, .publen = 32, .application = HS_APPLICATION};
	struct hs_buf b = {0};

	hs_put_raw(&b, text, strlen(text) - 1);
	hs_key_put_line(&b, &key);
	hs_roots_free(&roots);
	said[0] = '\0';
	assert_int_equal(hs_roots_parse(hs_buf_str(&b), &roots, on_bad, NULL), HS_OK);
	hs_buf_free(&b);
}

static const struct hs_root *
good(const char *text)
{
	parse(text);
	assert_string_equal(said, "");
	assert_int_equal(roots.n, 1);
	return &roots.v[0];
}

static void
bad(const char *text, const char *why)
{
	parse(text);
	assert_int_equal(roots.n, 0);
	if (strncmp(said, why, strlen(why)) != 0)
		fail_msg("%s: %s", text, said);
}

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
	r = good("users=\"*\" " A);
	assert_false(allows(r, "read:x") || allows(r, ""));
	r = good("caps=\"read:repo/acme/** write:repo/a,b\" " A);
	assert_true(allows(r, "read:repo/acme/web") && allows(r, "write:repo/a,b"));
	assert_false(allows(r, "write:repo/acme/web") || allows(r, "read:repo/acme") ||
		     allows(r, "read:repo/acmes/x") || allows(r, "git") || allows(r, ""));
	r = good("caps=\"*:*\" " A);
	assert_true(allows(r, "a:b") && !hs_root_admits(r, hs_str_c("deploy")));
	r = good("caps=\"read:*\" " A);
	assert_true(allows(r, "read:b/c") && !allows(r, "a:b"));
}

// A file of one user's is for that user's logins.
static void
rule2_not_in_a_users_file(void **state)
{
	struct hs_key key = {
	    .type = HS_KT_SK_ED25519, .publen = 32, .application = HS_APPLICATION};
	struct hs_buf b = {0};

	(void)state;
	hs_put_fmt(&b, "caps=\"*:*\" ");
	hs_key_put_line(&b, &key);
	hs_roots_free(&roots);
	assert_int_equal(
	    hs_roots_add(&roots, hs_buf_str(&b), hs_str_c("deploy"), on_bad, NULL), HS_OK);
	assert_int_equal(roots.n, 1);
	assert_false(allows(&roots.v[0], "a:b"));
	hs_buf_free(&b);
}

static void
rule10_caps(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	bad("caps=\"\" " A, "1:7: the value is empty");
	bad("caps=\"read:x \" " A, "1:14: the value is empty");
	bad("caps=\"read:x  read:y\" " A, "1:14: the value is empty");
	bad("caps=\"read\" " A, "1:");
	bad("caps=\"read:x,y:z\" " A, "1:");
	bad("caps=read:x " A, "1:6: caps needs its values in quotes");
	bad("caps=\"a:b\",caps=\"a:b\" " A, "1:12: this option stands here already");
	bad("caps " A, "1:1: this option needs = and a value");
	for (unsigned n = HS_ROOT_CAPS_MAX / 64; n <= HS_ROOT_CAPS_MAX / 64 + 1; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, "caps=\"a:%061u", 0);
		for (unsigned i = 1; i < n; i++)
			hs_put_fmt(&b, " a:%061u", i);
		hs_put_fmt(&b, "\" " A "%c", 0);
		if (n == HS_ROOT_CAPS_MAX / 64)
			assert_int_equal(strlen(good((char *)b.p)->caps), 64 * n - 1);
		else
			bad((char *)b.p, "1:7: these are more than 1024 bytes");
	}
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule2_caps),
	    cmocka_unit_test(rule2_not_in_a_users_file), cmocka_unit_test(rule10_caps)};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests_name("roots, caps", tests, NULL, NULL);
	hs_roots_free(&roots);
	return failed;
}
