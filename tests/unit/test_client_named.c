// SPDX-License-Identifier: ISC
//
// Scopes by name on the command line: which names there can be, that nothing stands beside
// them, and that options make less of what they name, never more (rule 1). What they name
// is the daemon's to say: watch.t.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/handseal/scopeopts.h"
#include "tests/lib/opts.h"

static void
assert_names(const char *first, const char *second, const char *want)
{
	struct hs_scopeopts o = {0};
	struct hs_buf b = {0};

	assert_true(hs_scopeopts_none(&o));
	take(&o, HS_SCOPEOPT_NAME, first, 0);
	if (second != NULL)
		take(&o, HS_SCOPEOPT_NAME, second, 0);
	assert_true(hs_scopeopts_named(&o));
	assert_false(hs_scopeopts_none(&o));
	assert_int_equal(hs_scopeopts_names(&o, &b, NULL), HS_OK);
	assert_true(hs_str_is(hs_buf_str(&b), want));
	hs_buf_free(&b);
}

static void
names_are_all_that_is_asked_for(void **state)
{
	static const char *const bad[] = {"", ",", "a,", ",a", "a,,b", "A", "a b", "-a",
	    "a\nb", "a\033", "a23456789012345678901234567890123"};
	struct hs_scope *scope = NULL;
	struct hs_scopeopts o = {0};
	struct hs_err err = {0};
	struct hs_buf b = {0};

	(void)state;
	assert_names("deploy", NULL, "deploy");
	assert_names("deploy,push", NULL, "deploy push");
	assert_names("deploy", "push,x.y", "deploy push x.y");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		o = (struct hs_scopeopts){0};
		assert_int_equal(
		    hs_scopeopts_take(&o, HS_SCOPEOPT_NAME, bad[i], &err), HS_ERR_USAGE);
	}
	o = (struct hs_scopeopts){0};
	for (size_t i = 0; i < HS_SCOPEOPTS_NAMES; i++)
		take(&o, HS_SCOPEOPT_NAME, "a", 0);
	assert_int_equal(hs_scopeopts_take(&o, HS_SCOPEOPT_NAME, "a", &err), HS_ERR_USAGE);
	o = (struct hs_scopeopts){0};
	take(&o, HS_SCOPEOPT_NAME, "deploy", 0);
	assert_int_equal(hs_scopeopts_build(&o, 60, NULL, &scope, &err), HS_OK);
	assert_null(scope); // the daemon has to be asked
	take(&o, HS_SCOPEOPT_USER, "root", 0);
	assert_refused(&o, NULL, HS_ERR_USAGE, "--user cannot be given too");
	assert_int_equal(hs_scopeopts_names(&o, &b, &err), HS_ERR_USAGE);
	o = (struct hs_scopeopts){0};
	take(&o, HS_SCOPEOPT_NAME, "deploy", HS_SCOPEOPT_FILE, "f", 0);
	assert_refused(&o, NULL, HS_ERR_USAGE, "--scope-file cannot be given too");
	hs_buf_free(&b);
}

#define NAMED                                                                              \
	"depth 2\nmax-ttl 900\nmax-uses 10\n\naddr *\ncmd uptime\nhost a\nuser b\n\nns "   \
	"git\n"

// What the named scopes come to with these options; NULL: refused with that part.
static void
assert_narrowed(
    const char *uses, const char *depth, uint64_t ttl, const char *head, const char *part)
{
	struct hs_scopeopts o = {.uses = uses, .depth = depth};
	struct hs_scope *scope = NULL;
	struct hs_err err = {0};
	const char *option = ttl > 0 ? "--ttl" : NULL;
	struct hs_buf want = {0};

	assert_int_equal(hs_scope_parse_canonical(hs_str_c(NAMED), &scope, NULL), HS_OK);
	if (head != NULL) {
		assert_int_equal(hs_scopeopts_narrow(&o, ttl, option, &scope, &err), HS_OK);
		hs_put_fmt(&want, "%s%s", head, strstr(NAMED, "\n\naddr") + 1);
	} else {
		assert_int_equal(
		    hs_scopeopts_narrow(&o, ttl, option, &scope, &err), HS_ERR_USAGE);
		assert_non_null(strstr(err.text, part));
		hs_put_fmt(&want, "%s", NAMED);
	}
	assert_true(hs_str_eq(hs_scope_text(scope), hs_buf_str(&want)));
	hs_scope_free(&scope);
	hs_buf_free(&want);
}

static void
rule1_named_scopes_are_only_made_less(void **state)
{
	(void)state;
	assert_narrowed(NULL, NULL, 0, "depth 2\nmax-ttl 900\nmax-uses 10\n", NULL);
	assert_narrowed("1", NULL, 0, "depth 2\nmax-ttl 900\nmax-uses 1\n", NULL);
	assert_narrowed(NULL, "0", 0, "max-ttl 900\nmax-uses 10\n", NULL);
	assert_narrowed(NULL, NULL, 60, "depth 2\nmax-ttl 60\nmax-uses 10\n", NULL);
	assert_narrowed("3", "1", 900, "depth 1\nmax-ttl 900\nmax-uses 3\n", NULL);
	assert_narrowed("11", NULL, 0, NULL, "can only make it less");
	assert_narrowed("*", NULL, 0, NULL, "can only make it less");
	assert_narrowed(NULL, "3", 0, NULL, "can only make it less");
	assert_narrowed(NULL, NULL, 901, NULL, "can only make it less");
	assert_narrowed("", NULL, 0, NULL, "--uses is empty");
	assert_narrowed("1\nuser root", NULL, 0, NULL, "control");
	assert_narrowed(NULL, "0\033", 0, NULL, "control");
	assert_narrowed("x", NULL, 0, NULL, "--uses: ");
	assert_narrowed("0", NULL, 0, NULL, "--uses: ");
	assert_narrowed(NULL, "-1", 0, NULL, "--depth: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_all_that_is_asked_for),
	    cmocka_unit_test(rule1_named_scopes_are_only_made_less),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
