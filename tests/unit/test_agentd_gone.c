// SPDX-License-Identifier: ISC
//
// Whoever asked goes away, in each state that an asking can be in, with a log that can be
// written and with one that cannot: nothing is left behind, a session opens only where the
// touch was on record, and a request outlives its connection only where it may.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>
#include "agentd/touch.h"
#include "proto/names.h"
#include "tests/lib/world.h"

#define SCOPE "max-ttl 60\nmax-uses *\n\naddr *\nhost web1\nuser deploy\n"

static const char ask_policy[] = "Agent unknown\n    Scope *\nAgent claude\n    Scope *\n";

// The client goes, the log's fate is decided, and all comes to rest.
static void
go(struct world *w, bool recorded)
{
	close(w->client);
	w->client = -1;
	for (int i = 0; i < WORLD_DEADLINE_MS && w->d.conns != NULL; i++)
		world_turn(w);
	assert_null(w->d.conns);
	atomic_store(&world_log_broken, !recorded);
	atomic_store(&world_log_held, 0);
}

static void
settings(int state)
{
	world_helper(state == ARMED || state == JUDGED ? "wait" : "sign");
	world_set.show_ms = state == SHOWN ? 1000000 : 0;
	world_set.gap_ms = 0;
}

static void
reach(struct world *w, int state)
{
	if (state == JUDGED) {
		world_until(w, ARMED);
		atomic_store(&world_log_held, 1);
		world_touch();
	}
	world_until(w, state);
}

static void
each(int state, bool recorded)
{
	struct world w;
	bool opens = state == DONE || (state == JUDGED && recorded);

	settings(state);
	world_policy(NULL);
	world_begin(&w);
	atomic_store(&world_log_held, state == ASKED);
	world_open(w.client, SCOPE, 60);
	reach(&w, state);
	go(&w, recorded);
	world_until(&w, -1);
	assert_null(w.d.running);
	assert_int_equal(w.d.session.open, opens);
	world_end(&w);
}

#define GONE(name, state)                                                                  \
	static void name(void **unused)                                                    \
	{                                                                                  \
		(void)unused;                                                              \
		each(state, true);                                                         \
		each(state, false);                                                        \
	}
GONE(gone_while_its_asking_is_recorded, ASKED)
GONE(gone_while_its_text_stands, SHOWN)
GONE(gone_while_its_key_blinks, ARMED)
GONE(rule4_gone_while_its_touch_is_recorded, JUDGED)
GONE(gone_before_it_was_told, DONE)

// ---- requests

// A request, asked by w's client and watched by another, on its way to that state.
static void
begin_request(struct world *w, int state, int *watcher, char code[static 4])
{
	settings(state);
	world_policy(ask_policy);
	world_begin(w);
	*watcher = world_dial();
	world_watch(w, *watcher);
	atomic_store(&world_log_held, state == ASKED);
	world_request(w, w->client, SCOPE, "claude", "to look");
	if (state == ASKED) {
		world_until(w, ASKED);
		return;
	}
	world_asked(w, w->client, HS_EXT_REQUEST, code);
	reach(w, state);
}

static void
leave(struct world *w)
{
	size_t n = w->d.nconns;

	close(w->client);
	w->client = -1;
	for (int i = 0; i < WORLD_DEADLINE_MS && w->d.nconns == n; i++)
		world_turn(w);
	assert_int_equal(w->d.nconns, n - 1);
	atomic_store(&world_log_held, 0);
}

static void
an_unparked_request_goes_with_its_asker(void **unused)
{
	static const int states[] = {ASKED, SHOWN, ARMED, JUDGED, DONE};

	(void)unused;
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		char code[4];
		struct world w;
		int watcher;

		begin_request(&w, states[i], &watcher, code);
		leave(&w);
		world_until(&w, -1);
		assert_int_equal(
		    w.d.session.open, states[i] == JUDGED || states[i] == DONE);
		close(watcher);
		world_end(&w);
	}
}

static void
fetch(struct world *w, const char *code, enum hs_code want)
{
	int sock = world_dial();
	struct hs_agent_issued m;
	struct hs_rd body;

	world_pending_by_key(sock, code, 30);
	if (want != HS_OK) {
		world_refused(w, sock, HS_EXT_PENDING, want);
	} else {
		assert_int_equal(
		    world_reply(w, sock, HS_EXT_PENDING, &body), HS_AGENT_DONE);
		assert_int_equal(hs_agent_issued_get(&body, &m), HS_OK);
		assert_true(m.certificate.len > 0);
	}
	close(sock);
}

// A person put it off, its asker went, it was armed again and touched: it can be fetched.
static void
a_parked_request_stays(void **unused)
{
	char code[4];
	struct world w;
	int watcher, other;
	struct hs_rd body;

	(void)unused;
	begin_request(&w, SHOWN, &watcher, code);
	other = world_dial();
	world_answer(other, code, HS_ANSWER_LATER, -1);
	assert_int_equal(world_reply(&w, other, HS_EXT_ANSWER, &body), HS_AGENT_DONE);
	world_until(&w, PARKED);
	leave(&w);
	world_until(&w, PARKED);
	world_set.show_ms = 0; // it is shown again before the key blinks
	world_answer(other, code, HS_ANSWER_ARM, -1);
	assert_int_equal(world_reply(&w, other, HS_EXT_ANSWER, &body), HS_AGENT_DONE);
	world_until(&w, DONE);
	assert_true(w.d.session.open);
	fetch(&w, code, HS_OK);
	world_until(&w, -1);
	fetch(&w, code, HS_NO_SUCH); // told once
	close(other);
	close(watcher);
	world_end(&w);
}

// Its asker was told that it still waits, so may come back.
static void
a_request_that_was_told_to_wait_stays(void **unused)
{
	char code[4];
	struct world w;
	int watcher;
	struct hs_rd body;

	(void)unused;
	begin_request(&w, ARMED, &watcher, code);
	world_pending(w.client, code, 0);
	assert_int_equal(
	    world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_PENDING);
	leave(&w);
	world_until(&w, ARMED);
	world_touch();
	world_until(&w, DONE);
	fetch(&w, code, HS_OK);
	world_until(&w, -1);
	close(watcher);
	world_end(&w);
}

static void
one_of_two_that_ask_the_same_goes(void **unused)
{
	char code[4], same[4];
	struct world w;
	int watcher, second;
	struct hs_agent_issued m;
	struct hs_rd body;

	(void)unused;
	begin_request(&w, ARMED, &watcher, code);
	second = world_dial();
	world_request(&w, second, SCOPE, "claude", "to look");
	world_asked(&w, second, HS_EXT_REQUEST, same);
	assert_string_equal(code, same);
	assert_int_equal(w.d.touches->owners, 2);
	leave(&w);
	assert_int_equal(w.d.touches->owners, 1);
	world_pending(second, code, 30);
	world_touch();
	assert_int_equal(world_reply(&w, second, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_issued_get(&body, &m), HS_OK);
	world_until(&w, -1);
	close(second);
	close(watcher);
	world_end(&w);
}

// The daemon ends, in each state, with and without somebody who may come back.
static void
the_daemon_ends(void **unused)
{
	static const int states[] = {ASKED, SHOWN, ARMED, JUDGED, DONE};

	(void)unused;
	for (size_t i = 0; i < 2 * sizeof states / sizeof states[0]; i++) {
		char code[4];
		struct world w;
		int watcher;

		begin_request(&w, states[i / 2], &watcher, code);
		if (i % 2 == 1)
			w.d.touches->kept = true;
		atomic_store(&world_log_held, 0);
		world_end(&w);
		close(watcher);
	}
}

static void
the_daemon_ends_with_a_parked_one(void **unused)
{
	char code[4];
	struct world w;
	int watcher;

	(void)unused;
	begin_request(&w, SHOWN, &watcher, code);
	close(watcher);
	watcher = world_dial();
	world_answer(watcher, code, HS_ANSWER_LATER, -1);
	world_until(&w, PARKED);
	world_end(&w);
	close(watcher);
}

// The last request holds a grant that was touched; a full log takes it back.
static void
rule4_a_touch_that_is_not_recorded_gives_nothing(void **unused)
{
	char code[4];
	struct world w;
	int watcher;

	(void)unused;
	begin_request(&w, JUDGED, &watcher, code);
	world_pending(w.client, code, 30);
	atomic_store(&world_log_broken, 1);
	atomic_store(&world_log_held, 0);
	world_refused(&w, w.client, HS_EXT_PENDING, HS_NO_RECORD);
	world_until(&w, -1);
	assert_false(w.d.session.open);
	close(watcher);
	world_end(&w);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gone_while_its_asking_is_recorded),
	    cmocka_unit_test(gone_while_its_text_stands),
	    cmocka_unit_test(gone_while_its_key_blinks),
	    cmocka_unit_test(rule4_gone_while_its_touch_is_recorded),
	    cmocka_unit_test(gone_before_it_was_told),
	    cmocka_unit_test(an_unparked_request_goes_with_its_asker),
	    cmocka_unit_test(a_parked_request_stays),
	    cmocka_unit_test(a_request_that_was_told_to_wait_stays),
	    cmocka_unit_test(one_of_two_that_ask_the_same_goes),
	    cmocka_unit_test(the_daemon_ends),
	    cmocka_unit_test(the_daemon_ends_with_a_parked_one),
	    cmocka_unit_test(rule4_a_touch_that_is_not_recorded_gives_nothing)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
