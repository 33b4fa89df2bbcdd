// SPDX-License-Identifier: ISC
//
// Scope blocks of a policy: the scopes they make, statements, and each mistake at its
// place, all in one run. Values in themselves are test_scope_value.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/policy.h"

static struct hs_policy policy;
static struct hs_buf told;

static void
keep(void *arg, enum hs_policy_note_kind kind, const struct hs_err *err)
{
	(void)arg;
	if (kind == HS_POLICY_ERROR)
		hs_put_fmt(&told, "%u:%u: %s\n", err->line, err->column, err->text);
}

static int
parse(struct hs_str text)
{
	hs_policy_free(&policy);
	hs_buf_reset(&told);
	return hs_policy_parse(text, false, &policy, keep, NULL);
}

static void
makes(const char *text, const char *scope)
{
	if (parse(hs_str_c(text)) != HS_OK)
		fail_msg("%s\n%.*s", text, (int)told.len, (const char *)told.p);
	assert_int_equal(policy.nscopes, 1);
	if (!hs_str_is(hs_scope_text(policy.scopes[0].scope), scope))
		fail_msg("%s\nmade\n%.*s", text,
		    (int)hs_scope_text(policy.scopes[0].scope).len,
		    (const char *)hs_scope_text(policy.scopes[0].scope).p);
}

static void
scopes(void **state)
{
	(void)state;
	makes("Scope a\nMaxTTL 15m\nMaxUses *\nUser u v\nUser w\nHost h\nAddr *\n"
	      "cmd systemctl  restart 'web'\nCmd ls ...\nPermit pty port-forwarding\n"
	      "Open db:1 [2001:DB8::1]:2\nNs git\nCap read:a\n",
	    "max-ttl 900\nmax-uses *\n\naddr *\ncap read:a\ncmd ls ...\ncmd systemctl "
	    "restart web\nhost h\nns git\nopen [2001:db8::1]:2\nopen db:1\npermit "
	    "port-forwarding\npermit pty\nuser u\nuser v\nuser w\n");
	assert_string_equal(policy.scopes[0].name, "a");
	assert_int_equal(policy.scopes[0].line, 1);
	assert_false(policy.scopes[0].always || policy.scopes[0].verify);
	// the head stands anywhere, the first Statement may be written
	makes(
	    "Scope a\nStatement\nNs git\nMaxUses 3\nStatement\nNs file\nCap a:b\nDepth 2\n"
	    "MaxTTL 1d\nTouch always\nVerify pin",
	    "depth 2\nmax-ttl 86400\nmax-uses 3\n\ncap a:b\nns file\n\nns git\n");
	assert_true(policy.scopes[0].always && policy.scopes[0].verify);
	makes("Scope a\nOnEnd drain\nMaxTTL 1\nMaxUses 1\nNs a\n",
	    "max-ttl 1\nmax-uses 1\non-end drain\n\nns a\n");
	makes("Scope a\nonend kill\nMaxTTL 1\nMaxUses 1\nNs a\n",
	    "max-ttl 1\nmax-uses 1\n\nns a\n");
	makes("Scope a\nTouch session\nVerify touch\nMaxTTL 1\nMaxUses 1\nDepth 0\nNs "
	      "*\nNs git",
	    "max-ttl 1\nmax-uses 1\n\nns *\n"); // covered, not repeated
	assert_false(policy.scopes[0].always || policy.scopes[0].verify);
	makes("Scope a\nMaxTTL 1\nMaxUses 1\nCmd '#' ls\nUser u\nHost h\nAddr 10.0.0.0/8\n",
	    "max-ttl 1\nmax-uses 1\n\naddr 10.0.0.0/8\ncmd '#' ls\nhost h\nuser u\n");
}

#define HEAD "Scope a\nMaxTTL 1m\nMaxUses 1\n"
#define NEED                                                                               \
	"4:6: this statement has no Host: absent means none, write `Host *` for any\n"     \
	"4:6: this statement has no Addr: absent means none, write `Addr *` for any\n"

static const struct {
	const char *text, *told;
} bad[] = {
    {"Scope", "1:6: the name of the Scope is missing\n"},
    {"Scope a.b/c", "1:7: a name has lower-case letters, digits and . _ - only, begins "
		    "with a letter or digit, and has at most 32 characters\n"},
    {"Scope a",
	"1:1: this scope has no MaxTTL: write how long a certificate may live, such as "
	"`MaxTTL 15m`\n1:1: this scope has no MaxUses: absent means none, write `MaxUses "
	"*` "
	"for any\n1:1: this scope has no statement, and allows nothing\n"},
    {"Scope a\nMaxTTL x\nMaxUses x\nDepth x\nTouch x\nVerify x\nNs /\tx\t\"\n",
	"2:8: this must be a time such as 900, 15m, 8h or 1d\n"
	"3:9: this must be a number from 1 to 1000000000, or *\n"
	"4:7: this must be a number from 0 to 16\n"
	"5:7: this must be session or always\n"
	"6:8: this must be touch or pin\n"
	"7:8: a namespace has letters, digits and . _ @ + / - only|"},
    {HEAD "MaxTTL 2m\nNs a", "4:1: `MaxTTL` stands in line 2 already\n"},
    {HEAD "MaxUses 0\nNs a", "4:1: `MaxUses` stands in line 3 already\n"},
    {"Scope a\nMaxTTL 1m\nMaxUses 0\nNs a",
	"3:9: this must be a number from 1 to 1000000000, or *\n"},
    {HEAD "Depth 17\nNs a", "4:7: this must be a number from 0 to 16\n"},
    {HEAD "Depth 1 2\nNs a", "4:9: `Depth` takes one value\n"},
    {HEAD "OnEnd later\nNs a", "4:7: this must be drain or kill\n"},
    {HEAD "OnEnd kill\nOnEnd drain\nNs a", "5:1: `OnEnd` stands in line 4 already\n"},
    {HEAD "User u", NEED},
    {HEAD "User -u", "4:6: a login name begins with a letter, a digit or `_`\n" NEED},
    {HEAD "Cmd ls | sh",
	"4:5: this statement has no User: absent means none, write `User *` for any\n"
	"4:5: this statement has no Host: absent means none, write `Host *` for any\n"
	"4:5: this statement has no Addr: absent means none, write `Addr *` for any\n"
	"4:8: a shell would act on this character: quote it\n"},
    {HEAD "Ns a\nStatement\nUser u\nHost h",
	"6:6: this statement has no Addr: absent means none, write `Addr *` for any\n"},
    {HEAD "User u\nHost h\nAddr *\nOpen db:1\nPermit pty",
	"7:6: Open does nothing without `Permit port-forwarding` in the same statement\n"},
    {HEAD "User u\nHost h\nAddr *\nOpen db:1\nPermit ports", // perhaps it was meant
	"8:8: `permit` takes agent-forwarding, port-forwarding, pty, user-rc, "
	"x11-forwarding or *\n"},
    {HEAD "Ns a b a", "4:8: this stands in line 4 already\n"},
    {HEAD "Ns a\nNs  a", "5:5: this stands in line 4 already\n"},
    {HEAD "User u\nHost h\nAddr *\nCmd ls\nCmd 'ls'",
	"8:5: this stands in line 7 already\n"},
    {HEAD "Ns a\nCmd ls\tx\nUser u\nHost h\nAddr *",
	"5:7: TAB does not stand in a command: write a space\n"},
    {HEAD "Ns", "4:3: a value is missing behind `Ns`: absent means none\n"},
    {HEAD "Cmd", "4:4: a value is missing behind `Cmd`: absent means none\n"},
    {HEAD "Ns a # b", "4:6: a comment has a line of its own\n"},
    {HEAD "Cmd # b", "4:5: a comment has a line of its own\n"},
    {HEAD "Ns a\nStatement\nStatement\nNs b", "5:1: this statement has no lines\n"},
    {HEAD "Ns a\n Statement", "5:1: this statement has no lines\n"},
    {HEAD "Statement", "4:1: this statement has no lines\n"},
    {HEAD "Statement\nStatement\nNs a", "4:1: this statement has no lines\n"},
    {HEAD "Ns a\nStatement b\nNs b", "5:11: `Statement` stands alone on its line\n"},
    {HEAD "Ns a\nHostname x",
	"5:1: there is no keyword `Hostname`; here may stand MaxTTL, "
	"MaxUses, Depth, OnEnd, Touch, Verify, Trust, User, Host, Addr, Cmd, Permit, "
	"Open, Ns, Cap, Statement\n"},
    {HEAD "Ns a\nIdle 5m",
	"5:1: `Idle` stands in Session, and this is the Scope of line 1\n"},
    {HEAD "Ns a\n" HEAD "Ns /\" b", "5:7: the scope `a` stands in line 1 already; a "
				    "list of scopes is indented\n8:5|"},
};

// What ends in "|" is how it begins, of all lines told by place.
static void
mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct hs_str want = hs_str_c(bad[i].told);
		bool part = want.p[want.len - 1] == '|';
		bool ok;

		assert_int_equal(parse(hs_str_c(bad[i].text)), HS_ERR_CONFIG);
		want.len -= part;
		ok = told.len >= want.len && memcmp(told.p, want.p, want.len) == 0 &&
		     (part || told.len == want.len);
		if (!ok)
			fail_msg("row %zu, %s\n%.*s", i, bad[i].text, (int)told.len,
			    (const char *)told.p);
		assert_int_equal(policy.nscopes, 0);
	}
}

// ---- limits

static void
put_values(struct hs_buf *b, unsigned n, int width)
{
	for (unsigned i = 0; i < n; i++)
		hs_put_fmt(b, "Ns %0*u\n", width, i);
}

static void
limits(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	for (unsigned n = HS_SCOPE_VALUES_MAX; n < HS_SCOPE_VALUES_MAX + 3; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, HEAD);
		put_values(&b, n, 3);
		assert_int_equal(
		    parse(hs_buf_str(&b)), n > HS_SCOPE_VALUES_MAX ? HS_ERR_CONFIG : HS_OK);
	}
	assert_true(hs_str_is(
	    hs_buf_str(&told), "260:4: a statement has at most 256 values\n")); // once
	for (unsigned n = HS_SCOPE_STATEMENTS_MAX; n < HS_SCOPE_STATEMENTS_MAX + 2; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, HEAD);
		for (unsigned i = 0; i < n; i++)
			hs_put_fmt(&b, "Statement\nNs n%u\n", i);
		assert_int_equal(parse(hs_buf_str(&b)),
		    n > HS_SCOPE_STATEMENTS_MAX ? HS_ERR_CONFIG : HS_OK);
	}
	assert_true(
	    hs_str_is(hs_buf_str(&told), "133:4: a scope has at most 64 statements\n"));
	hs_buf_reset(&b);
	hs_put_fmt(&b, HEAD);
	for (unsigned i = 0; i < 2; i++) {
		hs_put_fmt(&b, "Statement\n");
		put_values(&b, 250, 64); // 68 bytes each
	}
	assert_int_equal(parse(hs_buf_str(&b)), HS_ERR_CONFIG);
	hs_put_u8(&told, 0);
	assert_non_null(strstr(
	    (const char *)told.p, ":4: with this the scope has more than 16384 bytes\n"));
	for (unsigned n = HS_POLICY_SCOPES_MAX; n < HS_POLICY_SCOPES_MAX + 2; n++) {
		hs_buf_reset(&b);
		for (unsigned i = 0; i < n; i++)
			hs_put_fmt(&b, "Scope n%u\nMaxTTL 1\nMaxUses 1\nNs a\n", i);
		assert_int_equal(parse(hs_buf_str(&b)),
		    n > HS_POLICY_SCOPES_MAX ? HS_ERR_CONFIG : HS_OK);
	}
	assert_true(hs_str_is(hs_buf_str(&told), "257:7: there are more than 64 scopes\n"));
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scopes), cmocka_unit_test(mistakes), cmocka_unit_test(limits)};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	hs_policy_free(&policy);
	hs_buf_free(&told);
	return failed;
}
