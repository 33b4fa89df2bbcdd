// SPDX-License-Identifier: ISC
//
// Events that somebody missed: whoever lags further than the ring holds, or has not had one
// that was lost for want of memory, is told anew what waits, and so never keeps an asking
// that has ended or lacks one that waits. And what waits is told whole, where its texts do
// not fit a reply too.
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

#define SCOPE "max-ttl 60\nmax-uses *\n\naddr *\nhost web%d\nuser deploy\n"
#define MANY  12 // askings

static struct world w;
static int watcher;
static struct hs_rd body;
static struct hs_agent_told told;
static struct hs_agent_event events[HS_EVENTS_KEPT]; // of the last answer

static void
ask(uint64_t after, uint32_t wait)
{
	const struct hs_agent_events m = {.after = after, .wait = wait};

	world_send(w.client, HS_EXT_EVENTS, WORLD_PUT(events), &m, -1);
}

static void
take(void)
{
	assert_int_equal(world_reply(&w, w.client, HS_EXT_EVENTS, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_told_get(&body, &told), HS_OK);
	assert_true(told.n <= HS_EVENTS_KEPT);
	for (uint32_t i = 0; i < told.n; i++) {
		assert_int_equal(hs_agent_event_get(&body, &events[i]), HS_OK);
		assert_true(told.anew ? events[i].seq <= told.last
				      : events[i].seq == told.last - told.n + 1 + i);
	}
	assert_int_equal(hs_rd_end(&body), HS_OK);
}

// Where it is now.
static uint64_t
start(void)
{
	ask(0, 0);
	take();
	assert_int_equal(told.anew, 1);
	return told.last;
}

static void
put(size_t n)
{
	const struct hs_agent_event e = {.event = hs_str_c("plugged")};

	while (n-- > 0)
		hs_events_put(&w.d, &e, 0);
}

// One that cannot be kept, as where memory is short.
static void
put_lost(void)
{
	static char text[HS_FRAME_MAX];
	struct hs_agent_event e = {.event = hs_str_c("plugged")};

	memset(text, 'a', sizeof text - 1);
	e.text = hs_str_c(text);
	hs_events_put(&w.d, &e, 0);
}

static int
setup(void **state)
{
	(void)state;
	world_helper("wait");
	world_set.show_ms = world_set.gap_ms = 0;
	world_policy(
	    "Agent claude\n    Scope *\nLimits\n    Prompts 100\n    PromptsAll 100\n"
	    "    Waiting 100\n");
	world_begin(&w);
	watcher = world_dial();
	world_watch(&w, watcher);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(watcher);
	world_end(&w);
	return 0;
}

static void
asks(int sock, int host, char code[static 4])
{
	char scope[128];

	snprintf(scope, sizeof scope, SCOPE, host);
	world_request(&w, sock, scope, "claude", "to look");
	world_asked(&w, sock, HS_EXT_REQUEST, code);
}

static void
answers(const char *code, enum hs_agent_answer_what what)
{
	world_answer(w.client, code, what, -1);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_ANSWER, &body), HS_AGENT_DONE);
}

static void
as_many_as_are_kept(void **state)
{
	uint64_t first = start();

	(void)state;
	put(HS_EVENTS_KEPT);
	ask(first, 0);
	take();
	assert_int_equal(told.anew, 0);
	assert_int_equal(told.n, HS_EVENTS_KEPT);
	assert_int_equal(told.last, first + HS_EVENTS_KEPT);
	put(1);
	ask(first, 3600);
	take(); // at once
	assert_int_equal(told.anew, 1);
	assert_int_equal(told.n, 0);
	assert_int_equal(told.last, first + HS_EVENTS_KEPT + 1);
	ask(told.last, 3600);
	put(1);
	take(); // it goes on from there
	assert_int_equal(told.anew, 0);
	assert_int_equal(told.n, 1);
}

static void
what_waits_is_not_missed(void **state)
{
	uint64_t first = start();
	int sock = world_dial();
	char code[4];

	(void)state;
	asks(sock, 1, code);
	world_until(&w, ARMED);
	put(HS_EVENTS_KEPT);
	ask(first, 0);
	take();
	assert_int_equal(told.anew, 1);
	assert_int_equal(told.n, 1);
	assert_true(hs_str_is(events[0].event, "armed"));
	assert_true(hs_str_is(events[0].code, code));
	assert_non_null(memmem(events[0].text.p, events[0].text.len, "web1", 4));
	first = told.last;
	answers(code, HS_ANSWER_DECLINE);
	world_until(&w, DONE);
	put(HS_EVENTS_KEPT);
	ask(first, 0);
	take();
	assert_int_equal(told.anew, 1);
	assert_int_equal(told.n, 0); // nor is it kept
	close(sock);
}

// More than the ring holds within one turn of the loop.
static void
a_question_that_is_held_back(void **state)
{
	uint64_t first = start();

	(void)state;
	ask(first, 3600);
	for (int i = 0; i < 20; i++)
		world_turn(&w);
	put(HS_EVENTS_KEPT + 1);
	take();
	assert_int_equal(told.anew, 1);
	assert_int_equal(told.last, first + HS_EVENTS_KEPT + 1);
}

static void
one_that_could_not_be_kept(void **state)
{
	uint64_t first = start();

	(void)state;
	put(2);
	put_lost();
	put(2);
	for (uint64_t i = 0; i < 3; i++) {
		ask(first + i, 0);
		take();
		assert_int_equal(told.anew, 1);
		assert_int_equal(told.last, first + 5);
	}
	ask(first + 3, 0); // whoever had it, or was told anew, misses nothing
	take();
	assert_int_equal(told.anew, 0);
	assert_int_equal(told.n, 2);
	ask(told.last, 3600);
	for (int i = 0; i < 20; i++)
		world_turn(&w);
	put_lost();
	take();
	assert_int_equal(told.anew, 1);
	assert_int_equal(told.last, first + 6);
}

// The oldest are parked, the last blinks; their texts, as long as any may be, are more than
// a reply holds.
static void
each_is_told_if_not_its_text(void **state)
{
	char codes[MANY][4];
	int socks[MANY];
	size_t with = 0;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		socks[i] = world_dial();
		asks(socks[i], i, codes[i]);
	}
	for (int i = 0; i < MANY - 1; i++)
		answers(codes[i], HS_ANSWER_LATER);
	for (struct hs_touch *t = w.d.touches; t != NULL; t = t->next) {
		while (t->next == NULL && t->state != ARMED)
			world_turn(&w);
		hs_buf_reset(&t->shown);
		while (t->shown.len < HS_SHOWN_MAX)
			hs_put_u8(&t->shown, 'a');
	}
	(void)start(); // which fits a frame, or it would not have come
	assert_int_equal(told.n, MANY);
	for (uint32_t i = 0; i < told.n; i++) {
		assert_true(hs_str_is(events[i].code, codes[i]));
		assert_true(events[i].until > 0);
		assert_true(events[i].text.len == 0 || events[i].text.len == HS_SHOWN_MAX);
		with += events[i].text.len > 0;
	}
	assert_int_equal(with, HS_FRAME_MAX / HS_SHOWN_MAX - 1); // what is around them
	assert_true(hs_str_is(events[MANY - 1].event, "armed"));
	assert_int_equal(events[MANY - 1].text.len, HS_SHOWN_MAX);
	for (int i = 0; i < MANY; i++)
		close(socks[i]);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(as_many_as_are_kept),
	    T(what_waits_is_not_missed), T(a_question_that_is_held_back),
	    T(one_that_could_not_be_kept), T(each_is_told_if_not_its_text)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
