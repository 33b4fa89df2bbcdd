// SPDX-License-Identifier: ISC
//
// The table of decisions in docs/PROTOCOL.policy, re-created from the page itself, and the
// difference that an asking tells. All branches are in test_decide.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/decide.h"
#include "proto/names.h"
#include "tests/lib/page.h"

#define NOW 1795485600u

static struct hs_policy policy;

static struct hs_scope *
scope(const char *text)
{
	struct hs_scope *s = NULL;
	struct hs_err err;

	if (hs_scope_parse(hs_str_c(text), &s, &err) != HS_OK)
		fail_msg("%s: %s", text, err.text);
	return s;
}

// ---- the page

static void
read_policy(void)
{
	struct hs_buf b = {0}, text = {0};

	assert_true(hs_page_example("PROTOCOL.policy", "policy", &b));
	for (size_t i = 0; i < b.len; i++)
		if (b.p[i] != '|' || (i > 0 && b.p[i - 1] != '\n'))
			hs_put_u8(&text, b.p[i]);
	assert_int_equal(
	    hs_policy_parse(hs_buf_str(&text), false, &policy, NULL, NULL), HS_OK);
	hs_buf_free(&b);
	hs_buf_free(&text);
}

static struct hs_str
cut(struct hs_str *s, char at)
{
	const uint8_t *p = s->len > 0 ? memchr(s->p, at, s->len) : NULL;
	struct hs_str part = {s->p, p != NULL ? (size_t)(p - s->p) : s->len};

	s->p += part.len + (p != NULL);
	s->len -= part.len + (p != NULL);
	return part;
}

static void
put_line(struct hs_buf *b, const char *key, struct hs_str value)
{
	hs_put_fmt(b, "%s ", key);
	hs_put_raw(b, value.p, value.len);
	hs_put_u8(b, '\n');
}

// The answer as the table has it.
static void
answer(const struct hs_decided *d, char *out, size_t size)
{
	if (d->what == HS_DECIDE_ISSUE)
		snprintf(out, size, "issue");
	else if (d->what == HS_DECIDE_ASK)
		snprintf(out, size, "ask%s%s%s", d->verify ? " verify" : "",
		    d->once ? " once" : "", d->longer ? " longer" : "");
	else
		snprintf(out, size, "%s", hs_code_name(d->err.code));
}

static void
row(struct hs_str line, const struct hs_decide_grant *grant)
{
	struct hs_decide_input in = {.policy = &policy,
	    .grants = grant,
	    .ngrants = 1,
	    .holder = hs_str_c(HS_HOLDER_MAIN),
	    .reasoned = true,
	    .channel = true,
	    .now = NOW};
	struct hs_buf text = {0};
	struct hs_scope *asked;
	struct hs_decided d;
	char got[64];

	in.agent = cut(&line, '\t');
	in.exe = cut(&line, '\t');
	hs_put_fmt(&text, "max-ttl 300\nmax-uses 1\n\naddr 10.0.0.0/8\n");
	put_line(&text, "user", cut(&line, '\t'));
	put_line(&text, "host", cut(&line, '\t'));
	put_line(&text, "cmd", cut(&line, '\t'));
	hs_put_u8(&text, 0);
	in.scope = asked = scope((const char *)text.p);
	(void)hs_decide(&in, &d);
	answer(&d, got, sizeof got);
	if (!hs_str_is(line, got))
		fail_msg("%s is answered %s, not %.*s", (const char *)text.p, got,
		    (int)line.len, (const char *)line.p);
	hs_decided_free(&d);
	hs_scope_free(&asked);
	hs_buf_free(&text);
}

static void
the_page(void **state)
{
	struct hs_str names[] = {hs_str_c("deploy"), hs_str_c("push")}, rest;
	struct hs_scope *ceiling = NULL;
	struct hs_buf b = {0};
	struct hs_err err;
	size_t rows = 0;

	(void)state;
	read_policy();
	assert_int_equal(hs_policy_union(&policy, names, 2, &ceiling, &err), HS_OK);
	struct hs_decide_grant grant = {.scope = ceiling,
	    .end = NOW + 3600,
	    .uses_left = HS_USES_ANY,
	    .holder = hs_str_c(HS_HOLDER_MAIN),
	    .silent = true};
	assert_true(hs_page_example("PROTOCOL.policy",
	    "deciding (agent, executable, user, host, cmd, answer)", &b));
	for (rest = hs_buf_str(&b); rest.len > 0; rows++)
		row(cut(&rest, '\n'), &grant);
	assert_true(rows >= 12);
	hs_buf_free(&b);
	hs_scope_free(&ceiling);
	hs_policy_free(&policy);
}

// ---- the difference

// Decides about asked under these two grants of anybody, and gives what is new.
static void
differs(const char *text, const char *asked, const struct hs_decide_grant grants[static 2],
    const char *want, bool longer)
{
	struct hs_scope *s = scope(asked);
	struct hs_decide_input in = {.policy = &policy,
	    .grants = grants,
	    .ngrants = 2,
	    .holder = hs_str_c(HS_HOLDER_MAIN),
	    .agent = hs_str_c("x"),
	    .scope = s,
	    .reasoned = true,
	    .channel = true,
	    .now = NOW};
	struct hs_decided d;

	assert_int_equal(
	    hs_policy_parse(hs_str_c(text), false, &policy, NULL, NULL), HS_OK);
	assert_int_equal(hs_decide(&in, &d), HS_DECIDE_ASK);
	if (!hs_str_is(hs_scope_text(d.difference), want))
		fail_msg("%s: %.*s", asked, (int)hs_scope_text(d.difference).len,
		    (const char *)hs_scope_text(d.difference).p);
	assert_int_equal(d.longer, longer);
	hs_decided_free(&d);
	hs_scope_free(&s);
	hs_policy_free(&policy);
}

static struct hs_decide_grant
grant(const struct hs_scope *s, const char *holder, uint64_t end, bool silent)
{
	return (struct hs_decide_grant){.scope = s,
	    .end = end,
	    .uses_left = HS_USES_ANY,
	    .holder = hs_str_c(holder),
	    .silent = silent};
}

// Under two of main that live.
static void
difference(const char *text, const char *asked, const char *first, const char *second,
    bool silent, const char *want, bool longer)
{
	struct hs_scope *a = scope(first), *b = scope(second);
	const struct hs_decide_grant grants[] = {grant(a, HS_HOLDER_MAIN, NOW + 1, silent),
	    grant(b, HS_HOLDER_MAIN, NOW + 1, silent)};

	differs(text, asked, grants, want, longer);
	hs_scope_free(&a);
	hs_scope_free(&b);
}

#define HEAD   "max-ttl 60\nmax-uses 2\n\n"
#define WIDE   "max-ttl 60\nmax-uses *\n\n"
#define ANY    "Agent unknown\n Scope *\n"
#define ALWAYS ANY "Scope s\nTouch always\nMaxTTL 1h\nMaxUses 1\nNs c\n"

static void
differences(void **state)
{
	(void)state;
	// what is new alone, in the words that were asked
	difference(ANY, HEAD "ns a\n\ncap a:b\n", WIDE "ns a\n", WIDE "ns b\n", true,
	    HEAD "cap a:b\n", false);
	difference(ANY, HEAD "ns a\nns c\n", WIDE "ns a\n", WIDE "ns b\n", true,
	    HEAD "ns a\nns c\n", false);
	difference(ANY, HEAD "cap a:b\n\ncap c:d\nns c\n\nns d\n", WIDE "cap a:b\n",
	    WIDE "ns *\n", true, HEAD "cap c:d\nns c\n", false);
	// all of it, where each statement is in some grant
	difference(ANY, HEAD "cap a:b\n\nns b\n", WIDE "cap a:b\n", WIDE "ns b\n", true,
	    HEAD "cap a:b\n\nns b\n", false);
	difference(
	    ANY, HEAD "ns a\n", WIDE "ns a\n", WIDE "ns b\n", false, HEAD "ns a\n", false);
	difference("MainSocket ask\n" ANY, HEAD "ns a\n", WIDE "ns a\n", WIDE "ns b\n",
	    true, HEAD "ns a\n", false);
	// the head
	difference(ANY, "depth 1\n" HEAD "ns a\n", WIDE "ns a\n", WIDE "ns b\n", true,
	    "depth 1\n" HEAD "ns a\n", true);
	difference(ANY, "max-ttl 61\nmax-uses *\n\ncap a:b\n\nns a\n", WIDE "ns a\n",
	    WIDE "ns b\n", true, "max-ttl 61\nmax-uses *\n\ncap a:b\n", true);
	// each time: all of it, once
	difference(ALWAYS, "max-ttl 60\nmax-uses *\n\ncap a:b\n\nns *\n", WIDE "cap a:b\n",
	    WIDE "ns *\n", true, "max-ttl 60\nmax-uses 1\n\ncap a:b\n\nns *\n", false);
	difference(ALWAYS, "max-ttl 60\nmax-uses *\n\ncap a:b\n\nns *\n", WIDE "cap a:b\n",
	    WIDE "ns b\n", true, "max-ttl 60\nmax-uses 1\n\ncap a:b\n\nns *\n", false);
	difference(ALWAYS, "depth 2\nmax-ttl 60\nmax-uses 1\n\nns c\n", WIDE "ns b\n",
	    WIDE "ns *\n", true, "depth 2\nmax-ttl 60\nmax-uses 1\n\nns c\n", true);
}

// What a seat was granted, or main once was, is new to main all the same.
static void
new_whoever_else_had_it(void **state)
{
	struct hs_scope *a = scope(WIDE "ns a\n"), *b = scope(WIDE "cap a:b\n");
	struct hs_decide_grant grants[] = {
	    grant(a, HS_HOLDER_MAIN, NOW + 1, true), grant(b, "7c2e.3", NOW + 1, true)};

	(void)state;
	differs(ANY, HEAD "cap a:b\n\nns a\n", grants, HEAD "cap a:b\n", false);
	grants[1] = grant(b, HS_HOLDER_MAIN, NOW, true);
	differs(ANY, HEAD "cap a:b\n\nns a\n", grants, HEAD "cap a:b\n", false);
	grants[0].end = NOW;
	differs(ANY, HEAD "cap a:b\n\nns a\n", grants, HEAD "cap a:b\n\nns a\n", false);
	hs_scope_free(&a);
	hs_scope_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_page),
	    cmocka_unit_test(differences), cmocka_unit_test(new_whoever_else_had_it)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
