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
#include "proto/names.h"
#include "proto/serverconf.h"

#define A 1
#define B 2

static struct hs_roots roots;
static struct hs_buf said; // "LINE:COLUMN: sentence" of each line that was skipped

static void
on_bad(void *arg, const struct hs_err *err)
{
	assert_int_equal(err->code, HS_ERR_CONFIG);
	hs_put_fmt(arg, "%u:%u: %s\n", err->line, err->column, hs_err_sentence(err));
}

// A security key of any bytes; the Ed25519 kind does not look at them.
static void
put_key(struct hs_buf *b, uint8_t fill)
{
	struct hs_key k = {.type = HS_KT_SK_ED25519, .publen = 32};

	memset(k.pub, fill, 32);
	snprintf(k.application, sizeof k.application, "%s", HS_APPLICATION);
	hs_key_put_line(b, &k);
}

// The server's own file, of one line.
static void
roots_begin(const char *options, uint8_t key)
{
	struct hs_buf b = {0};

	hs_put_fmt(&b, "%s", options);
	put_key(&b, key);
	hs_roots_free(&roots);
	hs_buf_reset(&said);
	assert_int_equal(hs_roots_parse(hs_buf_str(&b), &roots, on_bad, &said), HS_OK);
	assert_true(said.len == 0 && roots.n == 1);
	hs_buf_free(&b);
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

// Adds lines for deploy behind those of roots that are there; how many it holds then.
static size_t
add(const char *options, uint8_t key)
{
	struct hs_buf b = {0};

	hs_put_fmt(&b, "# deploy's\n%s", options);
	put_key(&b, key);
	hs_buf_reset(&said);
	assert_int_equal(
	    hs_roots_add(&roots, hs_buf_str(&b), hs_str_c("deploy"), on_bad, &said), HS_OK);
	hs_put_u8(&said, 0);
	hs_buf_free(&b);
	return roots.n;
}

static void
rule2_one_users_roots(void **state)
{
	static const char *const others[] = {"users=\"root\" ", "users=\"*\" ",
	    "users=\"deploy,root\" ", "direct,users=\"Deploy\" "};

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		roots_begin("users=\"root\" ", A);
		assert_int_equal(add(others[i], B), 1);
		assert_string_equal((char *)said.p,
		    "2:1: in this file users= can name deploy alone, or be left out\n");
	}
	for (size_t i = 0; i < 2; i++) {
		roots_begin("users=\"root\" ", A);
		assert_int_equal(
		    add(i == 0 ? "max-grant=1h,direct " : "users=\"deploy\",direct ", B),
		    2);
		assert_string_equal((char *)said.p, "");
		assert_true(roots.v[1].of_user && roots.v[1].direct && !roots.v[0].of_user);
		assert_true(hs_root_admits(&roots.v[1], hs_str_c("deploy")));
		assert_false(hs_root_admits(&roots.v[1], hs_str_c("root")));
		assert_false(hs_root_admits(&roots.v[0], hs_str_c("deploy")));
	}
	// no second opinion about a root that the server's own file has
	roots_begin("users=\"root\",require-uv ", A);
	assert_int_equal(add("", A), 1);
	assert_string_equal(
	    (char *)said.p, "2:1: the key stands in line 1 of roots already\n");
	assert_int_equal(
	    hs_roots_add(&roots, hs_str_c(""), hs_str_c(".."), NULL, NULL), HS_ERR_USAGE);
}

static int
teardown(void **state)
{
	(void)state;
	hs_roots_free(&roots);
	hs_buf_free(&said);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule2_whose_file),
	    cmocka_unit_test(rule2_one_users_roots),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, teardown);
}
