// SPDX-License-Identifier: ISC
//
// AllowUser: which words name a user that a seat may be shared with, which do not, and what
// the system's policy leaves of them (docs/PROTOCOL.policy). Who has which uid is the
// daemon's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/policy.h"

static struct hs_policy one, two;
static struct hs_err first;

static void
note(void *arg, enum hs_policy_note_kind kind, const struct hs_err *err)
{
	(void)arg;
	if (kind == HS_POLICY_ERROR && first.code == HS_OK)
		first = *err;
}

static int
parse(struct hs_policy *p, const char *text, bool system)
{
	hs_policy_free(p);
	first = (struct hs_err){0};
	return hs_policy_parse(hs_str_c(text), system, p, note, NULL);
}

static void
rule2_absent_is_none(void **state)
{
	(void)state;
	hs_policy_none(&one);
	assert_int_equal(one.nusers, 0);
	assert_int_equal(parse(&one, "", false), HS_OK);
	assert_int_equal(one.nusers, 0);
	assert_false(
	    one.limits_users || hs_policy_names_user(&one, hs_str_c("agent-anna")));
	assert_int_equal(parse(&one, "AllowUser none\n", false), HS_OK);
	assert_int_equal(one.nusers, 0);
	assert_false(hs_policy_names_user(&one, hs_str_c("none")));
}

static void
who_is_named(void **state)
{
	(void)state;
	assert_int_equal(
	    parse(&one, "allowuser agent-anna\t4711 1 4294967294\n", false), HS_OK);
	assert_int_equal(one.nusers, 4);
	assert_true(hs_policy_names_user(&one, hs_str_c("agent-anna")));
	assert_true(hs_policy_names_user(&one, hs_str_c("4711")));
	assert_false(hs_policy_names_user(&one, hs_str_c("agent")));
	assert_false(hs_policy_names_user(&one, hs_str_c("agent-anna2")));
	assert_false(hs_policy_names_user(&one, hs_str_c("")));
}

static void
rule9_what_is_no_user(void **state)
{
	static const struct {
		const char *text, *why;
		unsigned column;
	} rows[] = {{"AllowUser", "a value is missing behind `AllowUser`", 10},
	    {"AllowUser *", "users are named: `*` does not stand here", 11},
	    {"AllowUser a none", "`none` stands alone", 13},
	    {"AllowUser none a", "`none` stands alone", 11},
	    {"AllowUser root", "no seat is shared with root or nobody", 11},
	    {"AllowUser a 0", "no seat is shared with root or nobody", 13},
	    {"AllowUser nobody", "no seat is shared", 11},
	    {"AllowUser 65534", "no seat is shared", 11},
	    {"AllowUser 4294967295", "a uid is 1 to 4294967294", 11},
	    {"AllowUser 01", "a uid is 1 to 4294967294, without zeros in front", 11},
	    {"AllowUser 00", "a uid is", 11},
	    {"AllowUser 99999999999999999999", "a uid is", 11},
	    {"AllowUser -a", "a login name begins with", 11},
	    {"AllowUser a:b", "a login name has letters", 12},
	    {"AllowUser a a", "this stands in the line already", 13},
	    {"AllowUser a b c d e f g h i", "there are more than 8 users", 27},
	    {"AllowUser a # b", "a comment has a line of its own", 13},
	    {"AllowUser a\nAllowUser b", "`AllowUser` stands in line 1 already", 1},
	    {"Session\n    AllowUser a", "`AllowUser` stands before the first block", 5}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(parse(&one, rows[i].text, false), HS_ERR_CONFIG);
		if (strstr(first.text, rows[i].why) == NULL ||
		    first.column != rows[i].column)
			fail_msg("%s: %u: %s", rows[i].text, first.column, first.text);
		assert_int_equal(one.nusers, 0); // nothing of it holds
	}
}

// At most those that the system's policy names, by the same words.
static void
rule1_the_system_only_narrows(void **state)
{
	static const struct {
		const char *user, *system, *left;
		bool narrowed;
	} rows[] = {{"AllowUser a b\n", "", "AllowUser a b\n", false},
	    {"AllowUser a b\n", "AllowUser b c\n", "AllowUser b\n", true},
	    {"AllowUser a b\n", "AllowUser b a c\n", "AllowUser a b\n", false},
	    {"AllowUser a b\n", "AllowUser none\n", "AllowUser none\n", true},
	    {"AllowUser 4711\n", "AllowUser agent\n", "AllowUser none\n", true},
	    {"", "AllowUser a\n", "AllowUser none\n", false},
	    {"AllowUser none\n", "AllowUser none\n", "AllowUser none\n", false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hs_buf b = {0};
		char want[128];

		assert_int_equal(parse(&one, rows[i].user, false), HS_OK);
		assert_int_equal(parse(&two, rows[i].system, true), HS_OK);
		assert_int_equal(hs_policy_narrow(&one, &two), HS_OK);
		assert_int_equal((one.narrowed & HS_POLICY_USERS) != 0, rows[i].narrowed);
		(void)snprintf(want, sizeof want, "prefer\n%s%s",
		    rows[i].narrowed ? "# by the system's policy:\n" : "", rows[i].left);
		hs_policy_put(&b, &one);
		hs_put_u8(&b, 0);
		assert_non_null(strstr((const char *)b.p, want));
		assert_int_equal(parse(&two, (const char *)b.p, false), HS_OK);
		assert_int_equal(two.nusers, one.nusers);
		assert_memory_equal(two.users, one.users, sizeof one.users);
		hs_buf_free(&b);
	}
	// without a policy of the user's nobody is named, whatever the system's says
	hs_policy_free(&one);
	hs_policy_none(&one);
	assert_int_equal(parse(&two, "AllowUser a\n", true), HS_OK);
	assert_int_equal(hs_policy_narrow(&one, &two), HS_OK);
	assert_int_equal(one.nusers, 0);
}

static int
done(void **state)
{
	(void)state;
	hs_policy_free(&one);
	hs_policy_free(&two);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule2_absent_is_none),
	    cmocka_unit_test(who_is_named), cmocka_unit_test(rule9_what_is_no_user),
	    cmocka_unit_test(rule1_the_system_only_narrows)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, done);
}
