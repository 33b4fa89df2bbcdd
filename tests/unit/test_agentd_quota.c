// SPDX-License-Identifier: ISC
//
// How many prompts there were and what was declined: at the edges of five minutes, with the
// books full, and against a plain model over random steps.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "agentd/quota.h"
#include "proto/policy.h"

#define T0 7000000ull

static struct hs_quota q;

static int
fresh(void **state)
{
	(void)state;
	memset(&q, 0, sizeof q);
	return 0;
}

static int
gone(void **state)
{
	(void)state;
	hs_quota_free(&q);
	assert_int_equal(q.asked.n, 0);
	assert_int_equal(q.declined.n, 0);
	hs_quota_free(&q); // fine
	return 0;
}

static struct hs_scope *
scope_of(const char *ttl, const char *lines)
{
	struct hs_scope *s = NULL;
	struct hs_err err = {0};
	char text[512];

	snprintf(text, sizeof text,
	    "max-ttl %s\nmax-uses *\n\naddr *\nuser deploy\nhost web1.example.com\n%s", ttl,
	    lines);
	if (hs_scope_parse(hs_str_c(text), &s, &err) != HS_OK)
		fail_msg("%s", hs_err_sentence(&err));
	return s;
}

static void
counts(const char *asker, uint64_t now, unsigned want_asker, unsigned want_all)
{
	unsigned by_asker = 77, by_all = 77;

	hs_quota_count(&q, hs_str_c(asker), now, &by_asker, &by_all);
	assert_int_equal(by_asker, want_asker);
	assert_int_equal(by_all, want_all);
}

static void
nothing_yet(void **state)
{
	struct hs_scope *s = scope_of("60", "cmd uptime\n");
	uint64_t until = 5;

	(void)state;
	counts("claude", 0, 0, 0);
	counts("", UINT64_MAX, 0, 0);
	assert_false(hs_quota_is_declined(&q, hs_str_c("claude"), s, T0, &until));
	assert_int_equal(until, 0);
	assert_false(hs_quota_is_declined(&q, hs_str_c("claude"), s, T0, NULL));
	hs_scope_free(&s);
}

static void
prompts_are_counted_for_five_minutes(void **state)
{
	(void)state;
	hs_quota_asked(&q, hs_str_c("claude"), T0);
	hs_quota_asked(&q, hs_str_c("codex"), T0 + 1000);
	hs_quota_asked(&q, hs_str_c("claude"), T0 + 2000);
	counts("claude", T0 + 2000, 2, 3);
	counts("codex", T0 + 2000, 1, 3);
	counts("claud", T0 + 2000, 0, 3);
	counts("claude2", T0 + 2000, 0, 3);
	counts("claude", T0 + HS_QUOTA_MS - 1, 2, 3);
	counts("claude", T0 + HS_QUOTA_MS, 1, 2);
	counts("codex", T0 + 1000 + HS_QUOTA_MS - 1, 1, 2);
	counts("codex", T0 + 1000 + HS_QUOTA_MS, 0, 1);
	counts("claude", T0 + 2000 + HS_QUOTA_MS, 0, 0);
	// what is over makes room, and is not counted again
	hs_quota_asked(&q, hs_str_c("claude"), T0 + 2000 + HS_QUOTA_MS);
	assert_int_equal(q.asked.n, 1);
	counts("claude", T0 + 2000 + HS_QUOTA_MS, 1, 1);
}

static void
a_clock_that_goes_back_frees_nobody(void **state)
{
	struct hs_scope *s = scope_of("60", "cmd uptime\n");
	uint64_t until;

	(void)state;
	hs_quota_asked(&q, hs_str_c("claude"), T0);
	counts("claude", 0, 1, 1);
	hs_quota_asked(&q, hs_str_c("claude"), T0 - 5000);
	counts("claude", T0 + HS_QUOTA_MS - 1, 2, 2);
	counts("claude", T0 + HS_QUOTA_MS, 0, 0);
	hs_quota_declined(&q, hs_str_c("claude"), s, T0);
	assert_true(hs_quota_is_declined(&q, hs_str_c("claude"), s, 0, &until));
	assert_int_equal(until, T0 + HS_QUOTA_MS);
	hs_quota_declined(&q, hs_str_c("codex"), s, T0 - 5000);
	assert_true(hs_quota_is_declined(&q, hs_str_c("codex"), s, T0, &until));
	assert_int_equal(until, T0 + HS_QUOTA_MS);
	hs_scope_free(&s);
}

static void
the_end_of_the_clock(void **state)
{
	struct hs_scope *s = scope_of("60", "cmd uptime\n");
	uint64_t until;

	(void)state;
	hs_quota_asked(&q, hs_str_c("claude"), UINT64_MAX);
	counts("claude", UINT64_MAX, 1, 1);
	hs_quota_declined(&q, hs_str_c("claude"), s, UINT64_MAX - 1);
	assert_true(hs_quota_is_declined(&q, hs_str_c("claude"), s, UINT64_MAX, &until));
	assert_int_equal(until, UINT64_MAX);
	hs_scope_free(&s);
}

// As many as Limits may say are counted one by one, and told so.
static void
as_many_as_a_policy_may_allow(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HS_POLICY_COUNT_MAX; i++) {
		counts("claude", T0 + i, i, i);
		hs_quota_asked(&q, hs_str_c("claude"), T0 + i);
	}
	counts(
	    "claude", T0 + HS_POLICY_COUNT_MAX, HS_POLICY_COUNT_MAX, HS_POLICY_COUNT_MAX);
}

static void
full_books_are_over_every_limit(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HS_QUOTA_MAX; i++)
		hs_quota_asked(&q, hs_str_c(i == 0 ? "first" : "flood"), T0 + i);
	counts("first", T0 + HS_QUOTA_MAX, UINT_MAX, UINT_MAX);
	counts("stranger", T0 + HS_QUOTA_MAX, UINT_MAX, UINT_MAX);
	// one more pushes the first one out; it gains nothing while it would have counted
	hs_quota_asked(&q, hs_str_c("flood"), T0 + HS_QUOTA_MAX);
	assert_int_equal(q.asked.n, HS_QUOTA_MAX);
	counts("first", T0 + HS_QUOTA_MS - 1, UINT_MAX, UINT_MAX);
	counts("first", T0 + HS_QUOTA_MS, UINT_MAX, UINT_MAX);
	counts("first", T0 + 1 + HS_QUOTA_MS, 0, HS_QUOTA_MAX - 1);
	counts("flood", T0 + 1 + HS_QUOTA_MS, HS_QUOTA_MAX - 1, HS_QUOTA_MAX - 1);
}

static void
long_and_odd_names(void **state)
{
	char a[HS_QUOTA_ASKER_MAX + 8], b[HS_QUOTA_ASKER_MAX + 8];
	const struct hs_str none = {NULL, 0}, nul = {(const uint8_t *)"a\0b", 3};

	(void)state;
	memset(a, 'x', sizeof a);
	memset(b, 'x', sizeof b);
	a[sizeof a - 1] = b[sizeof b - 1] = '\0';
	b[HS_QUOTA_ASKER_MAX] = 'y'; // beyond what counts: they share
	hs_quota_asked(&q, hs_str_c(a), T0);
	counts(b, T0, 1, 1);
	b[HS_QUOTA_ASKER_MAX - 1] = 'y';
	counts(b, T0, 0, 1);
	hs_quota_asked(&q, none, T0);
	counts("", T0, 1, 2);
	hs_quota_asked(&q, nul, T0);
	counts("a", T0, 0, 3);
}

static bool
declined(const char *asker, const struct hs_scope *s, uint64_t now, uint64_t want_until)
{
	uint64_t until = 0;
	bool is = hs_quota_is_declined(&q, hs_str_c(asker), s, now, &until);

	assert_int_equal(until, is ? want_until : 0);
	return is;
}

static void
the_same_or_more_is_declined(void **state)
{
	struct hs_scope *s = scope_of("600", "cmd uptime\ncmd id\n"),
			*same_in_other_order = scope_of("10m", "cmd id\ncmd uptime\n"),
			*more = scope_of("600", "cmd uptime\ncmd id\ncmd who\n"),
			*longer = scope_of("601", "cmd uptime\ncmd id\n"),
			*less = scope_of("600", "cmd uptime\n"),
			*shorter = scope_of("599", "cmd uptime\ncmd id\n"),
			*other = scope_of("600", "cmd uptime\ncmd who\n");
	const uint64_t end = T0 + HS_QUOTA_MS;

	(void)state;
	hs_quota_declined(&q, hs_str_c("claude"), s, T0);
	assert_true(declined("claude", s, T0, end));
	assert_true(declined("claude", same_in_other_order, T0, end));
	assert_true(declined("claude", more, T0, end));
	assert_true(declined("claude", longer, T0, end));
	assert_false(declined("claude", less, T0, 0));
	assert_false(declined("claude", shorter, T0, 0));
	assert_false(declined("claude", other, T0, 0));
	assert_false(declined("codex", s, T0, 0));
	assert_true(declined("claude", more, end - 1, end));
	assert_false(declined("claude", more, end, 0));
	hs_scope_free(&same_in_other_order);
	hs_scope_free(&more);
	hs_scope_free(&longer);
	hs_scope_free(&less);
	hs_scope_free(&shorter);
	hs_scope_free(&other);
	hs_scope_free(&s);
}

static void
the_copy_is_our_own_and_the_latest_end_counts(void **state)
{
	struct hs_scope *s = scope_of("600", "cmd uptime\n"), *again,
			*more = scope_of("600", "cmd uptime\ncmd id\n");

	(void)state;
	hs_quota_declined(&q, hs_str_c("claude"), s, T0);
	hs_scope_free(&s);
	again = scope_of("600", "cmd uptime\n");
	assert_true(declined("claude", again, T0 + 1, T0 + HS_QUOTA_MS));
	hs_quota_declined(&q, hs_str_c("claude"), again, T0 + 100000);
	assert_int_equal(q.declined.n, 1); // kept once
	assert_true(declined("claude", again, T0 + 100000, T0 + 100000 + HS_QUOTA_MS));
	hs_quota_declined(&q, hs_str_c("codex"), again, T0 + 100000);
	assert_int_equal(q.declined.n, 2);
	hs_quota_declined(&q, hs_str_c("claude"), more, T0 + 100001);
	assert_true(declined("claude", more, T0 + 100001, T0 + 100001 + HS_QUOTA_MS));
	assert_true(declined("claude", again, T0 + 100001, T0 + 100000 + HS_QUOTA_MS));
	hs_scope_free(&again);
	hs_scope_free(&more);
}

static void
what_could_not_be_copied_is_everything(void **state)
{
	struct hs_scope *s = scope_of("600", "cmd uptime\n"),
			*other = scope_of("1", "cmd id\n");

	(void)state;
	hs_quota_declined(&q, hs_str_c("claude"), s, T0);
	hs_scope_free(&q.declined.e[0].scope); // as if there had been no memory
	assert_true(declined("claude", other, T0, T0 + HS_QUOTA_MS));
	assert_false(declined("codex", other, T0, 0));
	hs_quota_declined(&q, hs_str_c("claude"), s, T0); // no scope to compare with
	assert_int_equal(q.declined.n, 2);
	hs_scope_free(&s);
	hs_scope_free(&other);
}

static void
full_books_decline_everything(void **state)
{
	struct hs_scope *stranger = scope_of("1", "cmd who\n"), *s;
	char line[32];

	(void)state;
	for (unsigned i = 0; i <= HS_QUOTA_MAX; i++) {
		snprintf(line, sizeof line, "cmd c%u\n", i);
		s = scope_of("600", line);
		hs_quota_declined(&q, hs_str_c("claude"), s, T0 + i);
		hs_scope_free(&s);
	}
	assert_int_equal(q.declined.n, HS_QUOTA_MAX);
	s = scope_of("600", "cmd c0\n"); // was pushed out
	assert_true(declined("claude", s, T0 + HS_QUOTA_MS - 1, T0 + 1 + HS_QUOTA_MS));
	assert_true(declined("codex", stranger, T0 + HS_QUOTA_MS, T0 + 1 + HS_QUOTA_MS));
	assert_false(declined("claude", s, T0 + 1 + HS_QUOTA_MS, 0));
	assert_false(declined("codex", stranger, T0 + 1 + HS_QUOTA_MS, 0));
	hs_scope_free(&s);
	hs_scope_free(&stranger);
}

// The model keeps everything for ever.
#define STEPS 4000
static struct {
	uint64_t at;
	unsigned asker;
} model[STEPS];

static void
never_fewer_than_there_were(void **state)
{
	const char *env = getenv("HS_SEED");
	unsigned seed = env != NULL ? (unsigned)strtoul(env, NULL, 10)
				    : (unsigned)time(NULL) ^ (unsigned)getpid();
	static const char *names[] = {"claude", "codex", "7c2e.3", "unknown"};
	uint64_t now = T0;
	size_t n = 0;

	(void)state;
	print_message("# HS_SEED=%u\n", seed);
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned who = (unsigned)rand_r(&seed) % 4, all = 0, mine = 0, a, b;

		// crowded and empty spells in turn
		now += (unsigned)rand_r(&seed) % (step / 500 % 2 == 0 ? 2000 : 90000);
		if (rand_r(&seed) % 2 == 0) {
			hs_quota_asked(&q, hs_str_c(names[who]), now);
			model[n].at = now;
			model[n++].asker = who;
		}
		for (size_t i = 0; i < n; i++) {
			all += now - model[i].at < HS_QUOTA_MS;
			mine += now - model[i].at < HS_QUOTA_MS && model[i].asker == who;
		}
		hs_quota_count(&q, hs_str_c(names[who]), now, &a, &b);
		assert_int_equal(b, all >= HS_QUOTA_MAX ? UINT_MAX : all);
		assert_int_equal(a, all >= HS_QUOTA_MAX ? UINT_MAX : mine);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fresh, gone)
	const struct CMUnitTest tests[] = {
	    T(nothing_yet),
	    T(prompts_are_counted_for_five_minutes),
	    T(a_clock_that_goes_back_frees_nobody),
	    T(the_end_of_the_clock),
	    T(as_many_as_a_policy_may_allow),
	    T(full_books_are_over_every_limit),
	    T(long_and_odd_names),
	    T(the_same_or_more_is_declined),
	    T(the_copy_is_our_own_and_the_latest_end_counts),
	    T(what_could_not_be_copied_is_everything),
	    T(full_books_decline_everything),
	    T(never_fewer_than_there_were),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
