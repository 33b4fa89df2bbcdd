// SPDX-License-Identifier: ISC
//
// What holds of every decision, over policies, grants and requests at random: nothing is
// issued outside of its grant, the system's policy and further Deny lines only narrow, and
// each answer is whole. Prints its seed; HS_SEED repeats a run. Single branches are
// test_decide.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "proto/decide.h"
#include "proto/names.h"
#include "tests/lib/anyscope.h"

#define ROUNDS 3000
#define GRANTS 4
#define NOW    1000u

static const char *const names[HS_KEY_COUNT] = {
    "addr", "cap", "cmd", "host", "ns", "open", "permit", "user"};
static const char *const keywords[HS_KEY_COUNT] = {
    "Addr", "Cap", "Cmd", "Host", "Ns", "Open", "Permit", "User"};
static const char *const holders[] = {HS_HOLDER_MAIN, HS_HOLDER_MAIN, "7c2e.1"};
static const char *const agents[] = {"x", "y", "unknown"};
static const char *const exes[] = {"/x", "/y", ""};
static const char *const forwarded[] = {"grant", "ask", "deny"};

struct world {
	struct hs_policy policy, system;
	struct hs_decide_grant grants[GRANTS];
	struct hs_scope *scopes[GRANTS], *asked;
	struct hs_decide_input in;
};

static bool
chance(size_t n)
{
	return anyscope_below(n) == 0;
}

static void
put_denies(struct hs_buf *b, size_t n)
{
	while (n-- > 0) {
		enum hs_scope_key key = (enum hs_scope_key)anyscope_below(HS_KEY_COUNT);
		const char *value = anyscope_value(key);

		if (strchr(value, '*') == NULL || chance(8)) // most of them: not too much
			hs_put_fmt(b, "Deny %s %s\n", names[key], value);
	}
}

// A random scope as a Scope block. Words that stand twice would be errors.
static void
put_scope(struct hs_buf *b, char name)
{
	struct hs_scope *s = anyscope();

	hs_put_fmt(b, "Scope %c\nMaxTTL %d\nMaxUses *\n", name, 1 + (int)anyscope_below(4));
	if (chance(6))
		hs_put_fmt(b, "Touch always\n");
	if (chance(6))
		hs_put_fmt(b, "Verify pin\n");
	for (size_t st = 0; st < hs_scope_statements(s); st++) {
		hs_put_fmt(b, "Statement\n");
		for (unsigned key = 0; key < HS_KEY_COUNT; key++)
			for (size_t i = 0;
			     i < hs_scope_values(s, st, (enum hs_scope_key)key); i++) {
				struct hs_str v =
				    hs_scope_value(s, st, (enum hs_scope_key)key, i);

				hs_put_fmt(b, "%s %.*s\n", keywords[key], (int)v.len,
				    (const char *)v.p);
			}
	}
	hs_scope_free(&s);
}

static void
put_agents(struct hs_buf *b)
{
	static const char *const lists[] = {"*", "*", "*", "a", "b a", ""};

	for (size_t i = 0; i < 3; i++) {
		const char *list = lists[anyscope_below(6)];

		if (chance(4))
			continue;
		hs_put_fmt(b, "Agent %s\n", agents[i]);
		if (list[0] != '\0')
			hs_put_fmt(b, " Scope %s\n", list);
		if (i < 2 && chance(2))
			hs_put_fmt(b, " Exe %s\n", exes[i]);
	}
}

static void
parse(struct hs_buf *b, bool system, struct hs_policy *p)
{
	if (hs_policy_parse(hs_buf_str(b), system, p, NULL, NULL) != HS_OK) {
		// two random Deny lines may be one: any other error is this test's
		hs_buf_reset(b);
		assert_int_equal(
		    hs_policy_parse(hs_buf_str(b), system, p, NULL, NULL), HS_OK);
	}
	hs_buf_free(b);
}

static void
make_policies(struct world *w)
{
	struct hs_buf b = {0};

	if (chance(6)) {
		hs_policy_none(&w->policy);
	} else {
		put_denies(&b, anyscope_below(2));
		hs_put_fmt(&b, "MainSocket %s\nEscalate %s\nForwarded %s\n",
		    chance(6) ? "ask" : "grant", chance(6) ? "deny" : "ask",
		    forwarded[anyscope_below(3)]);
		put_scope(&b, 'a');
		put_scope(&b, 'b');
		put_agents(&b);
		hs_put_fmt(&b, "Session\nVerify %s\n", chance(6) ? "pin" : "touch");
		parse(&b, false, &w->policy);
	}
	put_denies(&b, anyscope_below(3));
	if (chance(4))
		hs_put_fmt(&b, "MainSocket ask\n");
	if (chance(4))
		hs_put_fmt(&b, "Escalate deny\n");
	if (chance(4))
		hs_put_fmt(&b, "Forwarded %s\n", forwarded[1 + anyscope_below(2)]);
	hs_put_fmt(&b, "Limits\nPrompts %zu\nWaiting %zu\nPromptsAll %zu\n",
	    1 + anyscope_below(9), 1 + anyscope_below(9), 1 + anyscope_below(9));
	if (chance(4))
		hs_put_fmt(&b, "Session\nVerify pin\n");
	parse(&b, true, &w->system);
}

// Often just what a grant covers, or one statement of it and with fewer uses.
static void
make_asked(struct world *w)
{
	struct hs_buf b = {0};
	struct hs_str text;
	size_t n = 1;

	if (chance(3) || w->in.ngrants == 0) {
		w->asked = anyscope();
		return;
	}
	text = hs_scope_text(w->scopes[anyscope_below(w->in.ngrants)]);
	if (chance(2)) { // the last statement alone, under a head of its own
		for (size_t i = 1; i < text.len; i++)
			if (text.p[i] == '\n' && text.p[i - 1] == '\n')
				n = i;
		hs_put_fmt(&b, "max-ttl 1\nmax-uses 1\n");
		hs_put_raw(&b, text.p + n, text.len - n);
		text = hs_buf_str(&b);
	}
	assert_int_equal(hs_scope_parse(text, &w->asked, NULL), HS_OK);
	hs_buf_free(&b);
}

static void
make_world(struct world *w)
{
	memset(w, 0, sizeof(*w));
	make_policies(w);
	w->in.ngrants = anyscope_below(GRANTS + 1);
	for (size_t i = 0; i < w->in.ngrants; i++) {
		w->scopes[i] = anyscope();
		w->grants[i] = (struct hs_decide_grant){.scope = w->scopes[i],
		    .end = NOW - 1 + anyscope_below(8),
		    .uses_left = chance(2) ? HS_USES_ANY : anyscope_below(4),
		    .holder = hs_str_c(holders[anyscope_below(3)]),
		    .silent = !chance(4),
		    .verified = chance(3)};
	}
	make_asked(w);
	w->in.policy = &w->policy;
	w->in.grants = w->grants;
	w->in.holder = hs_str_c(holders[anyscope_below(3)]);
	w->in.agent = hs_str_c(agents[anyscope_below(3)]);
	w->in.exe = hs_str_c(exes[anyscope_below(3)]);
	w->in.scope = w->asked;
	w->in.origin = chance(3) ? (enum hs_origin)anyscope_below(3) : HS_ORIGIN_LOCAL;
	w->in.forwarded = w->in.origin == HS_ORIGIN_FORWARDED ||
			  (w->in.origin == HS_ORIGIN_OPAQUE && chance(2));
	w->in.opening = chance(8);
	w->in.reasoned = !chance(4);
	w->in.channel = !chance(8);
	w->in.declined = chance(8);
	w->in.by_asker = (uint32_t)(chance(4) ? anyscope_below(4) : 0);
	w->in.by_all = (uint32_t)anyscope_below(7);
	w->in.waiting = (uint32_t)anyscope_below(9);
	w->in.now = NOW;
}

static void
free_world(struct world *w)
{
	for (size_t i = 0; i < GRANTS; i++)
		hs_scope_free(&w->scopes[i]);
	hs_scope_free(&w->asked);
	hs_policy_free(&w->policy);
	hs_policy_free(&w->system);
}

static bool
denied(const struct hs_policy *p, const struct hs_scope *s)
{
	for (size_t d = 0; d < p->ndenies; d++)
		for (size_t st = 0; st < hs_scope_statements(s); st++)
			for (size_t i = 0; i < hs_scope_values(s, st, p->denies[d].key);
			     i++)
				if (hs_scope_value_overlaps(p->denies[d].key,
					hs_scope_value(s, st, p->denies[d].key, i),
					hs_str_c(p->denies[d].value)))
					return true;
	return false;
}

static bool
wants_pin(const struct hs_policy *p, const struct hs_scope *s)
{
	for (size_t i = 0; i < p->nscopes; i++)
		if (p->scopes[i].verify && hs_scope_overlaps(s, p->scopes[i].scope))
			return true;
	return p->verify;
}

static bool
costs_a_touch(const struct hs_policy *p, const struct hs_scope *s)
{
	for (size_t i = 0; i < p->nscopes; i++)
		if (p->scopes[i].always && hs_scope_overlaps(s, p->scopes[i].scope))
			return true;
	return false;
}

// rule1, rule3: what is issued is inside one live grant of this holder.
static void
judge_issued(const struct world *w, const struct hs_decided *d)
{
	const struct hs_decide_grant *g = &w->grants[d->grant];

	assert_in_range(d->grant, 0, w->in.ngrants - 1);
	assert_false(w->in.opening);
	assert_true(hs_scope_under(w->asked, g->scope));
	assert_true(hs_scope_max_uses(w->asked) <= g->uses_left);
	assert_true(g->end > NOW);
	assert_true(hs_str_eq(g->holder, w->in.holder));
	if (hs_str_is(w->in.holder, HS_HOLDER_MAIN)) {
		assert_true(g->silent && !w->policy.main_asks);
		assert_true(!w->in.forwarded || w->policy.forwarded == HS_FORWARDED_GRANT);
	}
	assert_true(g->verified || !wants_pin(&w->policy, w->asked));
	assert_false(costs_a_touch(&w->policy, w->asked));
	assert_false(denied(&w->policy, w->asked));
	assert_null(d->difference);
}

static void
judge_asked(const struct world *w, const struct hs_decided *d)
{
	assert_false(denied(&w->policy, w->asked));
	assert_true(w->in.opening || (w->policy.exists && w->policy.escalate));
	assert_true(w->in.opening || w->in.channel);
	assert_false(w->in.declined);
	assert_false(w->in.opening && w->in.origin != HS_ORIGIN_LOCAL);
	assert_false(w->in.forwarded && w->policy.forwarded == HS_FORWARDED_DENY);
	assert_int_equal(d->once, costs_a_touch(&w->policy, w->asked));
	assert_int_equal(d->verify, wants_pin(&w->policy, w->asked));
	assert_non_null(d->difference);
	assert_true(hs_scope_under(d->difference, w->asked));
	if (!d->once)
		assert_int_equal(
		    hs_scope_max_uses(d->difference), hs_scope_max_uses(w->asked));
}

static void
judge(const struct world *w, const struct hs_decided *d)
{
	assert_true(d->err.text[0] != '\0'); // rule9
	switch (d->what) {
	case HS_DECIDE_ISSUE:
		assert_int_equal(d->err.code, HS_OK);
		judge_issued(w, d);
		break;
	case HS_DECIDE_ASK:
		assert_int_equal(d->err.code, HS_OK);
		judge_asked(w, d);
		break;
	case HS_DECIDE_REFUSE:
		assert_int_not_equal(d->err.code, HS_OK);
		assert_int_not_equal(d->err.code, HS_ERR_INTERNAL);
		assert_true(d->remedy[0] != '\0');
		assert_null(d->difference);
		break;
	}
}

static void
rule1_inside_what_was_touched(void **state)
{
	static struct world w;
	size_t count[3] = {0};

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct hs_decided d, again;

		make_world(&w);
		(void)hs_decide(&w.in, &d);
		judge(&w, &d);
		count[d.what]++;
		(void)hs_decide(&w.in, &again); // nothing was changed by it
		assert_int_equal(again.what, d.what);
		assert_int_equal(again.err.code, d.err.code);
		assert_int_equal(again.grant, d.grant);
		assert_string_equal(again.err.text, d.err.text);
		hs_decided_free(&d);
		hs_decided_free(&again);
		free_world(&w);
	}
	print_message(
	    "# refused %zu, issued %zu, asked %zu\n", count[0], count[1], count[2]);
	assert_true(
	    count[0] > ROUNDS / 100 && count[1] > ROUNDS / 100 && count[2] > ROUNDS / 100);
}

// In the order of how much they give.
static int
gives(enum hs_decision what)
{
	return what == HS_DECIDE_REFUSE ? 0 : what == HS_DECIDE_ASK ? 1 : 2;
}

static void
the_system_only_narrows(void **state)
{
	static struct world w;
	size_t less = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct hs_decided before, after;

		make_world(&w);
		(void)hs_decide(&w.in, &before);
		assert_int_equal(hs_policy_narrow(&w.policy, &w.system), HS_OK);
		(void)hs_decide(&w.in, &after);
		judge(&w, &after);
		assert_true(gives(after.what) <= gives(before.what));
		less += gives(after.what) < gives(before.what);
		hs_decided_free(&before);
		hs_decided_free(&after);
		free_world(&w);
	}
	assert_true(less > ROUNDS / 100);
}

// One more Deny line refuses or changes nothing.
static void
deny_more(struct world *w, const struct hs_decided *before)
{
	struct hs_policy_deny denies[8];
	struct hs_policy more = w->policy; // only read
	struct hs_decided after;
	size_t n = more.ndenies;

	assert_in_range(n, 0, 7);
	for (size_t i = 0; i < n; i++)
		denies[i] = more.denies[i];
	denies[n] = (struct hs_policy_deny){
	    .key = (enum hs_scope_key)anyscope_below(HS_KEY_COUNT), .line = 1};
	denies[n].value = (char *)(uintptr_t)anyscope_value(denies[n].key);
	more.denies = denies;
	more.ndenies = n + 1;
	w->in.policy = &more;
	(void)hs_decide(&w->in, &after);
	if (denied(&more, w->asked))
		assert_int_equal(after.err.code, HS_NO_POLICY);
	else
		assert_int_equal(after.what, before->what);
	w->in.policy = &w->policy;
	hs_decided_free(&after);
}

static void
less_is_never_more(void **state)
{
	static struct world w;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct hs_decided before, after;

		make_world(&w);
		(void)hs_decide(&w.in, &before);
		deny_more(&w, &before);
		w.in.ngrants -= w.in.ngrants > 0; // a grant less
		(void)hs_decide(&w.in, &after);
		assert_true(
		    after.what != HS_DECIDE_ISSUE || before.what == HS_DECIDE_ISSUE);
		hs_decided_free(&before);
		hs_decided_free(&after);
		free_world(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule1_inside_what_was_touched),
	    cmocka_unit_test(the_system_only_narrows),
	    cmocka_unit_test(less_is_never_more)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	anyscope_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
