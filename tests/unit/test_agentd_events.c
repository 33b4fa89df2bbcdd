// SPDX-License-Identifier: ISC
//
// Events: numbered without gaps, kept for those that lag, a snapshot for those that are
// new, and a follower that goes away, does not read, or was the asker itself, at any
// moment. Of those that lag too far: test_agentd_events_missed.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "agentd/touch.h"
#include "proto/names.h"
#include "tests/lib/world.h"

#define SCOPE "max-ttl 60\nmax-uses *\n\naddr *\nhost web1\nuser deploy\n"

static struct world w;
static struct hs_rd body;
static uint64_t last;		    // as the last answer said
static bool anew;		    // it starts anew
static uint32_t got;		    // events in it
static struct hs_agent_event event; // the last of them

static void
ask(int sock, uint64_t after, uint32_t wait, bool prompts)
{
	const struct hs_agent_events m = {.after = after, .wait = wait, .prompts = prompts};

	world_send(sock, HS_EXT_EVENTS, WORLD_PUT(events), &m, -1);
}

static void
take(int sock)
{
	struct hs_agent_told told;
	uint64_t seq = 0;

	assert_int_equal(world_reply(&w, sock, HS_EXT_EVENTS, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_told_get(&body, &told), HS_OK);
	last = told.last;
	anew = told.anew == 1;
	got = told.n;
	for (uint32_t i = 0; i < got; i++) {
		assert_int_equal(hs_agent_event_get(&body, &event), HS_OK);
		assert_true(event.seq >= seq && event.seq <= last);
		seq = event.seq;
	}
	assert_int_equal(hs_rd_end(&body), HS_OK);
}

static void
put(const char *name)
{
	const struct hs_agent_event e = {.event = hs_str_c(name)};

	hs_events_put(&w.d, &e, 0);
}

static int
setup(void **state)
{
	(void)state;
	world_helper("wait");
	world_set.show_ms = world_set.gap_ms = 0;
	world_policy("Agent claude\n    Scope *\n");
	world_begin(&w);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	world_end(&w);
	return 0;
}

static void
turn_a_while(void)
{
	for (int i = 0; i < 20; i++)
		world_turn(&w);
}

static void
nothing_waits(void **state)
{
	(void)state;
	ask(w.client, 0, 3600, false);
	take(w.client); // at once, though nothing waits: whoever is new learns where it is
	assert_int_equal(got, 0);
	assert_true(last > 0 && anew);
	ask(w.client, last, 0, false);
	take(w.client);
	assert_int_equal(got, 0);
	assert_false(anew);
	ask(w.client, last, 1, false);
	take(w.client); // a second later
	assert_int_equal(got, 0);
	assert_false(anew);
	ask(w.client, last + 1000, 3600, false); // of a daemon before this one
	take(w.client);
	assert_true(anew);
	ask(w.client, UINT64_MAX, 3600, false);
	take(w.client);
	assert_int_equal(got, 0);
	assert_true(anew);
}

static void
numbered_without_gaps(void **state)
{
	uint64_t first;

	(void)state;
	ask(w.client, 0, 0, false);
	take(w.client);
	first = last;
	for (int i = 0; i < 10; i++)
		put("plugged");
	ask(w.client, first, 0, false);
	take(w.client);
	assert_int_equal(got, 10);
	assert_false(anew);
	assert_int_equal(last, first + 10);
	assert_int_equal(event.seq, last);
	ask(w.client, first + 7, 3600, false);
	take(w.client);
	assert_int_equal(got, 3);
	ask(w.client, last, 3600, false);
	turn_a_while();
	put("unplugged");
	take(w.client);
	assert_int_equal(got, 1);
	assert_true(hs_str_is(event.event, "unplugged"));
	assert_int_equal(event.seq, first + 11);
}

// As many as a frame holds; the rest with the next question.
static void
long_ones_come_in_several_answers(void **state)
{
	static char text[32000];
	struct hs_agent_event e = {.event = hs_str_c("asked")};
	uint64_t first;
	size_t all = 0;

	(void)state;
	memset(text, 'a', sizeof text - 1);
	e.text = hs_str_c(text);
	ask(w.client, 0, 0, false);
	take(w.client);
	first = last;
	for (int i = 0; i < 20; i++)
		hs_events_put(&w.d, &e, 0);
	while (last < first + 20) {
		ask(w.client, last, 0, false);
		take(w.client);
		assert_true(got > 0 && got < 20 && !anew);
		all += got;
	}
	assert_int_equal(all, 20);
}

static void
many_follow(void **state)
{
	int socks[10];

	(void)state;
	for (int i = 0; i < 10; i++) {
		socks[i] = world_dial();
		ask(socks[i], 0, 0, false);
		take(socks[i]);
		ask(socks[i], last, 3600, false);
	}
	turn_a_while();
	close(socks[3]); // unheard
	put("plugged");
	put("unplugged");
	for (int i = 0; i < 10; i++) {
		if (i == 3)
			continue;
		take(socks[i]);
		assert_int_equal(got, 2); // told together
		close(socks[i]);
	}
}

static void
what_waits_is_in_the_snapshot(void **state)
{
	char code[4];
	int watcher = world_dial();

	(void)state;
	world_watch(&w, watcher);
	world_request(&w, w.client, SCOPE, "claude", "to look");
	world_asked(&w, w.client, HS_EXT_REQUEST, code);
	world_until(&w, ARMED);
	ask(w.client, 0, 3600, false);
	take(w.client);
	assert_int_equal(got, 1);
	assert_true(hs_str_is(event.event, "armed"));
	assert_true(hs_str_is(event.code, code));
	assert_true(hs_str_is(event.agent, "claude"));
	assert_non_null(memmem(event.text.p, event.text.len, "NEW", 3));
	assert_true(event.until > 0);
	assert_int_equal(event.seq, last);
	close(watcher);
}

// ---- is anybody there to see a prompt?

static bool
watched(int64_t later_ms)
{
	struct hs_now now;

	hs_clock_read(&now);
	now.boot_ms += (uint64_t)later_ms;
	return hs_events_watched(&w.d, &now);
}

static void
who_watches(void **state)
{
	int sock = world_dial();

	(void)state;
	assert_false(watched(0));
	ask(w.client, 0, 0, false);
	take(w.client);
	assert_false(watched(0)); // it follows, and shows nobody
	ask(sock, 0, 0, true);
	take(sock);
	assert_true(watched(0));
	assert_true(watched(HS_EVENTS_GRACE_MS - 1000));
	assert_false(watched(HS_EVENTS_GRACE_MS + 1));
	ask(sock, last, 3600, true);
	turn_a_while();
	assert_true(watched(1000000)); // while it waits
	put("plugged");
	take(sock);
	assert_true(watched(0));
	assert_false(watched(HS_EVENTS_GRACE_MS + 1000));
	ask(sock, last, 3600, false); // it stopped showing
	turn_a_while();
	assert_false(watched(0));
	close(sock);
}

// One that was killed while its question was held back is no place where a person looks.
static void
a_watcher_that_died(void **state)
{
	int sock = world_dial();

	(void)state;
	world_watch(&w, sock);
	assert_true(watched(0));
	close(sock);
	turn_a_while();
	assert_int_equal(w.d.nconns, 1);
	assert_false(watched(0));
	world_request(&w, w.client, SCOPE, "claude", "to look");
	world_refused(&w, w.client, HS_EXT_REQUEST, HS_NO_CHANNEL);
}

// ---- a follower that is its own asker and does not read

static struct hs_conn *
asker(void)
{
	struct hs_conn *c = w.d.conns;

	while (c != NULL && c->touch == NULL)
		c = c->next;
	assert_non_null(c);
	return c;
}

// Until not one answer more has room.
static void
fill(struct hs_conn *c)
{
	static uint8_t zeros[1000];
	size_t n;

	do {
		struct hs_buf frame = {0};

		n = HS_CONN_QUEUE_MAX -
		    uv_stream_get_write_queue_size((uv_stream_t *)&c->pipe);
		n = n > sizeof zeros ? sizeof zeros : n;
		hs_put_raw(&frame, zeros, n);
		hs_conn_reply(c, &frame);
		assert_false(c->closed);
	} while (n == sizeof zeros);
}

// Telling it of what happens to its own asking ends its connection in the middle of that:
// as it is armed, or as it is done, whichever way.
static void
its_connection_ends_while_it_is_told(void **state)
{
	static const char *const how[] = {"wait", "wait", "touch-denied", "no-device"};

	(void)state;
	for (size_t i = 0; i < sizeof how / sizeof how[0]; i++) {
		int watcher = world_dial(), sock = world_dial();
		char code[4];

		world_watch(&w, watcher);
		world_helper(how[i]);
		world_set.show_ms = i == 0 ? 0 : 100;
		world_request(&w, sock, SCOPE, "claude", "to look");
		world_asked(&w, sock, HS_EXT_REQUEST, code);
		if (i == 0)
			world_until(&w, ARMED);
		ask(sock, 0, 0, false);
		take(sock);
		ask(sock, last, 3600, false);
		while (asker()->follow == NULL)
			world_turn(&w);
		fill(asker());
		if (i == 0)
			world_answer(w.client, code, HS_ANSWER_DECLINE, -1);
		world_touch();
		world_until(&w, -1);
		assert_null(w.d.running);
		close(sock);
		close(watcher);
		turn_a_while();
		hs_quota_free(&w.d.quota);
		w.d.quota = (struct hs_quota){0};
		hs_session_end(&w.d.session);
	}
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(nothing_waits), T(numbered_without_gaps),
	    T(long_ones_come_in_several_answers), T(many_follow),
	    T(what_waits_is_in_the_snapshot), T(who_watches), T(a_watcher_that_died),
	    T(its_connection_ends_while_it_is_told)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
