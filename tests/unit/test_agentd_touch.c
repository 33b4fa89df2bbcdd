// SPDX-License-Identifier: ISC
//
// What a person, a policy and other clients do to an asking in each of its states: later,
// no, again, a PIN, a policy that changes under it, two that wait for one outcome. Whoever
// goes away is test_agentd_gone.c's.
#include "tests/lib/asking.h"

static void
answer(enum hs_agent_answer_what what)
{
	world_answer(other, code, what, -1);
	assert_int_equal(world_reply(&w, other, HS_EXT_ANSWER, &body), HS_AGENT_DONE);
}

static void
answer_refused(enum hs_agent_answer_what what, enum hs_code want)
{
	world_answer(other, code, what, -1);
	world_refused(&w, other, HS_EXT_ANSWER, want);
}

// Its asker waits, and is told that.
static void
ends_with(enum hs_code want)
{
	world_pending(w.client, code, 30);
	world_refused(&w, w.client, HS_EXT_PENDING, want);
	world_until(&w, -1);
	assert_null(w.d.running);
}

static void
gets_it(void)
{
	struct hs_agent_issued m;

	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_issued_get(&body, &m), HS_OK);
	assert_true(m.certificate.len > 0);
	world_until(&w, -1);
	assert_int_equal(w.d.session.count, 1);
}

// ---- answers

static void
declined_in_each_state(void **unused)
{
	static const int states[] = {SHOWN, ARMED, PARKED};

	(void)unused;
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		begin("wait", states[i] == ARMED ? 0 : 1000000);
		request();
		if (states[i] == PARKED)
			answer(HS_ANSWER_LATER);
		world_until(&w, states[i]);
		answer(HS_ANSWER_DECLINE);
		ends_with(HS_NO_SAID_NO);
		assert_false(w.d.session.open);
		world_request(&w, w.client, SCOPE, "claude", "please");
		world_refused(&w, w.client, HS_EXT_REQUEST, HS_NO_DECLINED);
		end();
	}
}

static void
declined_while_queued(void **unused)
{
	char first[4];

	(void)unused;
	begin("wait", 0);
	request();
	world_until(&w, ARMED);
	memcpy(first, code, 4);
	world_request(&w, other,
	    "max-ttl 60\nmax-uses *\n\naddr *\nhost web2\nuser deploy\n", "claude", "two");
	world_asked(&w, other, HS_EXT_REQUEST, code);
	while (w.d.touches->next->state != QUEUED)
		world_turn(&w);
	answer(HS_ANSWER_DECLINE);
	world_pending(other, code, 30);
	world_refused(&w, other, HS_EXT_PENDING, HS_NO_SAID_NO);
	memcpy(code, first, 4);
	world_touch();
	gets_it();
	end();
}

static void
later_in_each_state_then_again(void **unused)
{
	static const int states[] = {SHOWN, ARMED};

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		begin("wait", states[i] == ARMED ? 0 : 1000000);
		request();
		world_until(&w, states[i]);
		answer(HS_ANSWER_LATER);
		world_until(&w, PARKED);
		assert_null(w.d.running);
		answer(HS_ANSWER_LATER); // it is already
		world_until(&w, PARKED);
		world_set.show_ms = 0;
		answer(HS_ANSWER_ARM);
		world_until(&w, ARMED);
		answer_refused(HS_ANSWER_ARM, HS_ERR_USAGE); // it blinks
		world_touch();
		gets_it();
		end();
	}
}

static void
declined_and_later_at_once(void **unused)
{
	int third;

	(void)unused;
	begin("wait", 0);
	request();
	world_until(&w, ARMED);
	third = world_dial();
	world_answer(third, code, HS_ANSWER_LATER, -1);
	while (!w.d.touches->stopping)
		world_turn(&w);
	world_answer(other, code, HS_ANSWER_DECLINE, -1); // its helper is being ended
	world_refused(&w, other, HS_EXT_ANSWER, HS_NO_SUCH);
	close(third);
	world_until(&w, PARKED);
	answer(HS_ANSWER_DECLINE);
	ends_with(HS_NO_SAID_NO);
	answer_refused(HS_ANSWER_ARM, HS_NO_SUCH);
	end();
}

static void
a_session_is_not_opened_later(void **unused)
{
	(void)unused;
	begin("wait", 0);
	world_open(w.client, SCOPE, 60);
	world_asked(&w, w.client, HS_EXT_OPEN, code);
	world_until(&w, ARMED);
	answer_refused(HS_ANSWER_LATER, HS_ERR_USAGE);
	answer(HS_ANSWER_DECLINE);
	ends_with(HS_NO_SAID_NO);
	world_open(w.client, SCOPE, 60); // a no holds for a while, whatever asks
	world_refused(&w, w.client, HS_EXT_OPEN, HS_NO_DECLINED);
	end();
}

// The text stands for its second, whatever anybody answers.
static void
rule6_an_answer_does_not_shorten_the_showing(void **unused)
{
	(void)unused;
	begin("sign", 1000000);
	request();
	answer(HS_ANSWER_ARM);
	for (int i = 0; i < 100; i++)
		world_turn(&w);
	assert_int_equal(w.d.touches->state, SHOWN);
	end();
}

// ---- what the helper says

static void
nobody_came_parks_a_request(void **unused)
{
	static const char *const codes[] = {"no-device", "no-credential", "touch-timeout",
	    "pin-required", "pin-invalid", "pin-auth-blocked", "uv-invalid"};

	(void)unused;
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		begin(codes[i], 0);
		request();
		world_until(&w, PARKED);
		assert_null(w.d.running);
		assert_null(w.d.touches->key.secret); // no key lies about meanwhile
		assert_int_equal(w.d.touches->pin, strcmp(codes[i], "pin-required") == 0);
		end();
	}
}

static void
what_cannot_be_mended_ends_it(void **unused)
{
	static const char *const codes[] = {"touch-denied", "pin-blocked", "pin-not-set",
	    "uv-blocked", "device-failed", "helper-refused"};

	(void)unused;
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		begin(codes[i], 0);
		request();
		ends_with(hs_code_from_name(codes[i], strlen(codes[i])));
		assert_false(w.d.session.open);
		end();
	}
}

static void
rule1_a_lie_gives_nothing(void **unused)
{
	(void)unused;
	begin("lie", 0);
	request();
	ends_with(HS_SK_LIED);
	assert_false(w.d.session.open);
	end();
}

// A second's silence, and it is nobody's any more.
static void
parked_until_it_is_gone(void **unused)
{
	(void)unused;
	begin("no-device", 0);
	world_policy("Limits\n    Park 1s\nAgent claude\n    Scope *\n");
	assert_int_equal(hs_daemon_reload(&w.d, &w.got, NULL), HS_OK);
	request();
	ends_with(HS_NO_GONE);
	end();
}

// ---- its session closes

// What was asked within a session is for that session: its proof names it.
static void
its_session_closes(void **unused)
{
	static const int states[] = {SHOWN, ARMED, PARKED};
	struct hs_keys key;

	(void)unused;
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		begin("sign", 0);
		world_open(other, SCOPE, 60);
		world_asked(&w, other, HS_EXT_OPEN, code);
		world_pending(other, code, 30);
		assert_int_equal(
		    world_reply(&w, other, HS_EXT_PENDING, &body), HS_AGENT_DONE);
		world_helper("wait");
		world_set.show_ms = states[i] == ARMED ? 0 : 1000000;
		world_request(&w, w.client,
		    "max-ttl 60\nmax-uses *\n\naddr *\nhost web2\nuser deploy\n", "claude",
		    "more");
		world_asked(&w, w.client, HS_EXT_REQUEST, code);
		if (states[i] == PARKED)
			answer(HS_ANSWER_LATER);
		world_until(&w, states[i]);
		hs_daemon_session_close(&w.d, "closed", "the test", &key);
		hs_keys_wipe(&key);
		ends_with(HS_NO_GONE);
		assert_false(w.d.session.open);
		end();
	}
}

// One that was asked for with none open is not about any.
static void
another_session_opens_meanwhile(void **unused)
{
	(void)unused;
	begin("sign", 0);
	world_set.show_ms = 1000000;
	request();
	answer(HS_ANSWER_LATER);
	world_set.show_ms = 0;
	world_open(other, SCOPE, 60);
	{
		char opened[4];

		world_asked(&w, other, HS_EXT_OPEN, opened);
		world_pending(other, opened, 30);
	}
	assert_int_equal(world_reply(&w, other, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	answer(HS_ANSWER_ARM);
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	assert_int_equal(w.d.session.nheld, 2);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(declined_in_each_state),
	    cmocka_unit_test(declined_while_queued),
	    cmocka_unit_test(later_in_each_state_then_again),
	    cmocka_unit_test(declined_and_later_at_once),
	    cmocka_unit_test(a_session_is_not_opened_later),
	    cmocka_unit_test(rule6_an_answer_does_not_shorten_the_showing),
	    cmocka_unit_test(nobody_came_parks_a_request),
	    cmocka_unit_test(what_cannot_be_mended_ends_it),
	    cmocka_unit_test(rule1_a_lie_gives_nothing),
	    cmocka_unit_test(its_session_closes),
	    cmocka_unit_test(another_session_opens_meanwhile),
	    cmocka_unit_test(parked_until_it_is_gone)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
