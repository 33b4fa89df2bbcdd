// SPDX-License-Identifier: ISC
//
// What one client can do to the others and to the person: its frames in one go, its asking
// armed again and again, a key pulled at the wrong moment, a root that is removed while its
// asking waits. Each was a way to do harm once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "agentd/asking.h"
#include "agentd/life.h"
#include "proto/names.h"
#include "tests/lib/world.h"

#define SCOPE	   "max-ttl 60\nmax-uses *\n\naddr *\nhost web1\nuser deploy\n"
#define OTHER	   "max-ttl 60\nmax-uses *\n\naddr *\nhost web2\nuser deploy\n"
#define LATER	   "max-ttl 60\nmax-uses *\n\naddr *\nhost web3\nuser deploy\n"
#define UNPLUGGING "Unplug close\nAgent claude\n    Scope *\n"

static struct world w;
static int watcher, other;
static char code[4], second[4];
static struct hs_rd body;

static void
begin(const char *policy)
{
	world_helper("wait");
	world_set.show_ms = world_set.gap_ms = 0;
	world_policy(policy);
	world_begin(&w);
	watcher = world_dial();
	world_watch(&w, watcher);
	other = world_dial();
	world_request(&w, w.client, SCOPE, "claude", "to look");
	world_asked(&w, w.client, HS_EXT_REQUEST, code);
	world_until(&w, ARMED);
}

static void
end(void)
{
	world_end(&w);
	close(watcher);
	close(other);
}

static struct hs_touch *
find(const char *c)
{
	struct hs_touch *t = w.d.touches;

	while (t != NULL && strcmp(t->code, c) != 0)
		t = t->next;
	return t;
}

static void
answers(const char *c, enum hs_agent_answer_what what)
{
	world_answer(other, c, what, -1);
	assert_int_equal(world_reply(&w, other, HS_EXT_ANSWER, &body), HS_AGENT_DONE);
}

// Two waits of one connection for one outcome: one is told it, the other that there is
// none.
static void
two_waits_in_one_go(void **unused)
{
	(void)unused;
	begin("Agent claude\n    Scope *\n");
	world_pending(w.client, code, 30);
	world_pending_by_key(w.client, code, 30);
	for (int i = 0; i < 20; i++)
		world_turn(&w);
	answers(code, HS_ANSWER_DECLINE);
	world_refused(&w, w.client, HS_EXT_PENDING, HS_NO_SAID_NO);
	world_refused(&w, w.client, HS_EXT_PENDING, HS_NO_SUCH);
	world_until(&w, -1);
	end();
}

static void
becomes(const char *c, int state)
{
	for (int i = 0; i < WORLD_DEADLINE_MS && (int)find(c)->state != state; i++)
		world_turn(&w);
	assert_int_equal(find(c)->state, state);
}

// Whoever is armed again stands behind those that are queued, however old its asking is.
static void
rule7_the_longest_queued_is_next(void **unused)
{
	char third[4];
	int late;

	(void)unused;
	begin("Agent claude\n    Scope *\n");
	late = world_dial();
	world_request(&w, other, OTHER, "claude", "to look there");
	world_asked(&w, other, HS_EXT_REQUEST, second);
	becomes(second, QUEUED);
	answers(code, HS_ANSWER_LATER);
	becomes(second, ARMED);
	world_request(&w, late, LATER, "claude", "and there");
	world_asked(&w, late, HS_EXT_REQUEST, third);
	becomes(third, QUEUED);
	answers(code, HS_ANSWER_ARM);
	becomes(code, QUEUED);
	answers(second, HS_ANSWER_LATER);
	becomes(third, ARMED);
	assert_int_equal(find(code)->state, QUEUED);
	end();
	close(late);
}

// One whose time is over is not armed, however it got there (as by a night's sleep).
static void
not_armed_after_its_time(void **unused)
{
	(void)unused;
	begin("Agent claude\n    Scope *\n");
	answers(code, HS_ANSWER_LATER);
	world_until(&w, PARKED);
	w.d.touches->until_boot_ms = 1; // its timer has not noticed: the machine slept
	world_answer(other, code, HS_ANSWER_ARM, -1);
	world_refused(&w, other, HS_EXT_ANSWER, HS_NO_SUCH);
	world_pending(w.client, code, 30);
	world_refused(&w, w.client, HS_EXT_PENDING, HS_NO_GONE);
	world_until(&w, -1);
	end();
}

// The touch is being recorded when its key is pulled out.
static void
unplugged_before_it_counts(const char *policy, bool counts)
{
	char path[HS_DEVICE_PATH_MAX];

	begin(policy);
	atomic_store(&world_log_held, true);
	world_touch();
	world_until(&w, JUDGED);
	assert_non_null(w.d.touches->held);
	(void)snprintf(path, sizeof path, "%s", w.d.touches->held->device);
	assert_true(path[0] != '\0');
	hs_daemon_device(&w.d, path, false);
	atomic_store(&world_log_held, false);
	world_pending(w.client, code, 30);
	if (counts)
		assert_int_equal(
		    world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	else
		world_refused(&w, w.client, HS_EXT_PENDING, HS_NO_GONE);
	assert_int_equal(w.d.session.open, counts);
	end();
}

static void
unplugged_between_touch_and_record(void **unused)
{
	(void)unused;
	unplugged_before_it_counts(UNPLUGGING, false);
	unplugged_before_it_counts("Agent claude\n    Scope *\n", true);
}

// A root that is removed while its asking waits is not offered to the key any more.
static void
rule2_a_removed_root_is_not_asked(void **unused)
{
	struct hs_enrolled e;
	char gone[2 * PATH_MAX];

	(void)unused;
	begin("Agent claude\n    Scope *\n");
	answers(code, HS_ANSWER_LATER);
	world_until(&w, PARKED);
	assert_int_equal(hs_enrolled_read(world_set.roots_dir, &e, NULL), HS_OK);
	for (size_t i = 0; i < e.n; i++) {
		char from[2 * PATH_MAX];

		(void)snprintf(
		    from, sizeof from, "%s/%s", world_set.roots_dir, e.v[i].name);
		(void)snprintf(gone, sizeof gone, "%s.kept-%zu", world_set.roots_dir, i);
		assert_int_equal(rename(from, gone), 0);
	}
	answers(code, HS_ANSWER_ARM);
	world_pending(w.client, code, 30);
	world_refused(&w, w.client, HS_EXT_PENDING, HS_NO_ROOTS);
	for (size_t i = 0; i < e.n; i++) {
		char to[2 * PATH_MAX];

		(void)snprintf(to, sizeof to, "%s/%s", world_set.roots_dir, e.v[i].name);
		(void)snprintf(gone, sizeof gone, "%s.kept-%zu", world_set.roots_dir, i);
		assert_int_equal(rename(gone, to), 0);
	}
	hs_enrolled_free(&e);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(two_waits_in_one_go),
	    cmocka_unit_test(rule7_the_longest_queued_is_next),
	    cmocka_unit_test(not_armed_after_its_time),
	    cmocka_unit_test(unplugged_between_touch_and_record),
	    cmocka_unit_test(rule2_a_removed_root_is_not_asked)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
