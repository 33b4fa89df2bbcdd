// SPDX-License-Identifier: ISC
//
// "a is under b" for values, statements and scopes, case by case, and what it costs on long
// scopes. The same relation over generated scopes is in test_scope_props.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "proto/scope.h"

#define HEAD "max-ttl 60\nmax-uses *\n\n"
#define WHO  "addr *\nhost h\nuser u\n"

static struct hs_scope *
scope(const char *text)
{
	struct hs_scope *s = NULL;
	struct hs_err err;

	if (hs_scope_parse(hs_str_c(text), &s, &err) != HS_OK)
		fail_msg("%u:%u: %s", err.line, err.column, err.text);
	return s;
}

static void
check(const char *a, const char *b, bool under, bool below)
{
	struct hs_scope *sa = scope(a), *sb = scope(b);

	if (hs_scope_under(sa, sb) != under || hs_scope_below(sa, sb) != below)
		fail_msg("%s under %s", a, b);
	hs_scope_free(&sa);
	hs_scope_free(&sb);
}

static void
values(enum hs_scope_key key, const char *a, const char *b, bool ab, bool ba)
{
	assert_true(hs_scope_value_under(key, hs_str_c(a), hs_str_c(a)));
	assert_true(hs_scope_value_under(key, hs_str_c(b), hs_str_c(b)));
	if (hs_scope_value_under(key, hs_str_c(a), hs_str_c(b)) != ab ||
	    hs_scope_value_under(key, hs_str_c(b), hs_str_c(a)) != ba)
		fail_msg("%s and %s", a, b);
}

static void
addresses(void **state)
{
	(void)state;
	values(HS_KEY_ADDR, "10.0.0.0/8", "*", true, false);
	values(HS_KEY_ADDR, "0.0.0.0/0", "*", true, false);
	values(HS_KEY_ADDR, "::/0", "0.0.0.0/0", false, false);
	values(HS_KEY_ADDR, "10.0.0.0/9", "10.0.0.0/8", true, false);
	values(HS_KEY_ADDR, "10.128.0.0/9", "10.0.0.0/9", false, false);
	values(HS_KEY_ADDR, "10.0.0.1/32", "10.0.0.0/31", true, false);
	values(HS_KEY_ADDR, "10.0.0.2/32", "10.0.0.0/31", false, false);
	values(HS_KEY_ADDR, "11.0.0.0/8", "10.0.0.0/7", true, false);
	values(HS_KEY_ADDR, "12.0.0.0/8", "10.0.0.0/7", false, false);
	values(HS_KEY_ADDR, "1.2.3.4/32", "0.0.0.0/0", true, false);
	values(HS_KEY_ADDR, "2001:db8:8000::/33", "2001:db8::/32", true, false);
	values(HS_KEY_ADDR, "2001:db8::1/128", "2001:db8::/127", true, false);
	values(HS_KEY_ADDR, "2001:db8::2/128", "2001:db8::/127", false, false);
	values(HS_KEY_ADDR, "::/0", "*", true, false);
	values(HS_KEY_ADDR, "1::/16", "::/0", true, false);
}

static void
names(void **state)
{
	(void)state;
	values(HS_KEY_HOST, "a.x", "*.x", true, false);
	values(HS_KEY_HOST, "a.b.x", "*.x", true, false);
	values(HS_KEY_HOST, "*.b.x", "*.x", true, false);
	values(HS_KEY_HOST, "x", "*.x", false, false);
	values(HS_KEY_HOST, "ax", "*.x", false, false);
	values(HS_KEY_HOST, "*.ax", "*.x", false, false);
	values(HS_KEY_HOST, "a.xx", "*.x", false, false);
	values(HS_KEY_HOST, "*.x", "*", true, false);
	values(HS_KEY_HOST, "x", "*", true, false);
	values(HS_KEY_USER, "u", "*", true, false);
	values(HS_KEY_USER, "u", "uu", false, false);
	values(HS_KEY_PERMIT, "pty", "*", true, false);
	values(HS_KEY_PERMIT, "pty", "port-forwarding", false, false);
	values(HS_KEY_NS, "git", "*", true, false);
	values(HS_KEY_NS, "git", "gi", false, false);
	values(HS_KEY_OPEN, "db:1", "*", true, false);
	values(HS_KEY_OPEN, "db:1", "db:10", false, false);
}

static void
commands(void **state)
{
	(void)state;
	values(HS_KEY_CMD, "ls", "ls ...", true, false);
	values(HS_KEY_CMD, "ls -l", "ls ...", true, false);
	values(HS_KEY_CMD, "ls -l ...", "ls ...", true, false);
	values(HS_KEY_CMD, "lsof", "ls ...", false, false);
	values(HS_KEY_CMD, "ls -l", "ls -l x ...", false, false);
	values(HS_KEY_CMD, "ls 'a b'", "ls a ...", false, false);
	values(HS_KEY_CMD, "ls '...'", "ls ...", true, false);
	values(HS_KEY_CMD, "ls ...", "ls '...'", false, true);
	values(HS_KEY_CMD, "'*'", "*", true, false);
	values(HS_KEY_CMD, "ls ...", "*", true, false);
	values(HS_KEY_CMD, "subsystem:sftp", "*", true, false);
	values(HS_KEY_CMD, "subsystem:sftp-write", "*", true, false);
	values(HS_KEY_CMD, "subsystem:sftp", "subsystem:sftp-write", false, false);
	values(HS_KEY_CMD, "subsystem:sftp", "'subsystem:sftp'", false, false);
	values(HS_KEY_CMD, "subsystem:sftp", "'subsystem:sftp' ...", false, false);
}

static void
resources(void **state)
{
	(void)state;
	values(HS_KEY_CAP, "a:x", "*:x", true, false);
	values(HS_KEY_CAP, "a:x", "a:*", true, false);
	values(HS_KEY_CAP, "a:x", "b:*", false, false);
	values(HS_KEY_CAP, "a:x/y", "a:x/**", true, false);
	values(HS_KEY_CAP, "a:x/y/**", "a:x/**", true, false);
	values(HS_KEY_CAP, "a:x", "a:x/**", false, false);
	values(HS_KEY_CAP, "a:xy", "a:x/**", false, false);
	values(HS_KEY_CAP, "a:xy/z", "a:x/**", false, false);
	values(HS_KEY_CAP, "a:x/**", "a:*", true, false);
	values(HS_KEY_CAP, "a:x/**", "*:*", true, false);
	values(HS_KEY_CAP, "*:x", "a:*", false, false);
	values(HS_KEY_CAP, "*:x", "*:*", true, false);
	values(HS_KEY_CAP, "a:*", "a:x/**", false, true);
}

// rule 3: in every key, and in the head.
static void
rule3_child_inside_parent(void **state)
{
	static const char *const lines[] = {"addr 10.0.0.0/8\n", "cap a:b\n", "cmd id\n",
	    "host g\n", "ns n\n", "permit pty\n", "user v\n"};
	char a[256], b[256];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		snprintf(
		    a, sizeof a, HEAD "addr 192.0.2.0/24\nhost h\nuser u\n%s", lines[i]);
		snprintf(b, sizeof b, HEAD "addr 192.0.2.0/24\nhost h\nuser u\n");
		check(a, b, false, false); // b has none of that value
		check(b, a, true, false);
	}
	check("max-ttl 60\nmax-uses *\n\nns a\n", "max-ttl 59\nmax-uses *\n\nns a\n", false,
	    false);
	check("max-ttl 59\nmax-uses *\n\nns a\n", "max-ttl 60\nmax-uses *\n\nns a\n", true,
	    false);
	check("max-ttl 1\nmax-uses *\n\nns a\n", "max-ttl 1\nmax-uses 1000000000\n\nns a\n",
	    false, false);
	check("max-ttl 1\nmax-uses 7\n\nns a\n", "max-ttl 1\nmax-uses *\n\nns a\n", true,
	    false);
	check("max-ttl 1\nmax-uses 7\n\nns a\n", "max-ttl 1\nmax-uses 6\n\nns a\n", false,
	    false);
	check("depth 1\n" HEAD "ns a\n", HEAD "ns a\n", false, false);
	check("depth 1\n" HEAD "ns a\n", "depth 1\n" HEAD "ns a\n", true, false);
	check(HEAD "ns a\n", "depth 1\n" HEAD "ns a\n", true, true);
	check("depth 1\n" HEAD "ns b\n", "depth 2\n" HEAD "ns a\n", false, false);
	// to run past the end is more than not to
	check("on-end drain\n" HEAD "ns a\n", HEAD "ns a\n", false, false);
	check("on-end drain\n" HEAD "ns a\n", "on-end drain\n" HEAD "ns a\n", true, false);
	check(HEAD "ns a\n", "on-end drain\n" HEAD "ns a\n", true, false);
	check("on-end kill\n" HEAD "ns a\n", HEAD "ns a\n", true, false);
	check("depth 15\n" HEAD "ns a\n", "depth 16\n" HEAD "ns *\n", true, true);
}

static void
statements(void **state)
{
	(void)state;
	check(HEAD "ns a\n", HEAD "ns b\n\nns a\n", true, false);
	check(HEAD "ns a\n\nns b\n", HEAD "ns b\n\nns a\n", true, false);
	check(HEAD "ns a\n\nns c\n", HEAD "ns b\n\nns a\n", false, false);
	check(HEAD "ns a\nns b\n", HEAD "ns b\n\nns a\n", false, false); // by two: not seen
	check(HEAD "ns a\nns b\n", HEAD "ns b\nns c\nns a\n", true, false);
	check(HEAD WHO "cmd a\n", HEAD WHO "ns a\n\n" WHO "cmd a ...\n", true, false);
	check(HEAD WHO "ns a\n", HEAD WHO "\nns a\n", false, false);
	check(HEAD "ns a\n", HEAD WHO "ns a\n", true, false);
	// many patterns, not in the order of what they cover
	check(HEAD "cap a:b/x\ncap c:y/z\ncap z:q\n", HEAD "cap *:q\ncap a:b/**\ncap c:*\n",
	    true, false);
	check(HEAD "cap a:b/x\ncap d:y/z\ncap z:q\n", HEAD "cap *:q\ncap a:b/**\ncap c:*\n",
	    false, false);
}

static double
cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

// Statements that differ in their last value only: all pairs are compared to the end.
// Measured against parsing as many lines that are all equal, so that a slow machine does
// not matter.
static void
long_scopes_stay_cheap(void **state)
{
	struct hs_buf same = {0}, text = {0};
	double cheap = 1e9, dear = 1e9;

	(void)state;
	hs_put_fmt(&same, "%s", HEAD);
	hs_put_fmt(&text, "%s", HEAD);
	for (unsigned st = 0; st < 9; st++) {
		hs_put_fmt(&same, "\n");
		hs_put_fmt(&text, "\n");
		for (int i = 0; i < 255; i++) {
			hs_put_fmt(&text, "ns %c%c\n", 'a' + i / 26, 'a' + i % 26);
			hs_put_fmt(&same, "ns aa\n");
		}
		hs_put_fmt(&text, "ns z%u\n", st);
		hs_put_fmt(&same, "ns aa\n");
	}
	for (int round = 0; round < 5; round++) {
		struct hs_scope *s = NULL;
		struct hs_err err;
		double at = cpu_ms();

		assert_int_equal(hs_scope_parse(hs_buf_str(&same), &s, &err), HS_OK);
		cheap = cpu_ms() - at < cheap ? cpu_ms() - at : cheap;
		hs_scope_free(&s);
		at = cpu_ms();
		assert_int_equal(hs_scope_parse(hs_buf_str(&text), &s, &err), HS_OK);
		assert_true(hs_scope_under(s, s));
		dear = cpu_ms() - at < dear ? cpu_ms() - at : dear;
		assert_int_equal(hs_scope_statements(s), 9);
		hs_scope_free(&s);
	}
	print_message("# all equal %.2f ms, all different %.2f ms\n", cheap, dear);
	assert_true(dear < 25 * cheap);
	hs_buf_free(&same);
	hs_buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(addresses),
	    cmocka_unit_test(names), cmocka_unit_test(commands),
	    cmocka_unit_test(resources), cmocka_unit_test(rule3_child_inside_parent),
	    cmocka_unit_test(statements), cmocka_unit_test(long_scopes_stay_cheap)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
