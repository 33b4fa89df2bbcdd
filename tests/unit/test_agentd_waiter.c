// SPDX-License-Identifier: ISC
//
// Several that wait for one outcome: the asker, others that asked the same, and whoever
// holds the key that it was for. Each is told, whoever goes away; and limits hold for those
// that come at once.
#include "tests/lib/asking.h"

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

static void
waits_by_key(int sock)
{
	world_pending_by_key(sock, code, 30);
	for (int i = 0; i < 20; i++)
		world_turn(&w);
}

static void
both_are_told(void **unused)
{
	struct hs_agent_issued m;

	(void)unused;
	for (int late = 0; late < 2; late++) {
		begin("wait", 0);
		request();
		if (late == 0)
			waits_by_key(other);
		world_pending(w.client, code, 30);
		if (late == 1)
			waits_by_key(other);
		world_until(&w, ARMED);
		world_touch();
		assert_int_equal(
		    world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
		assert_int_equal(hs_agent_issued_get(&body, &m), HS_OK);
		assert_int_equal(
		    world_reply(&w, other, HS_EXT_PENDING, &body), HS_AGENT_DONE);
		assert_int_equal(hs_agent_issued_get(&body, &m), HS_OK);
		world_until(&w, -1);
		end();
	}
}

static void
the_other_is_told_that_its_asker_went(void **unused)
{
	(void)unused;
	begin("wait", 0);
	request();
	waits_by_key(other);
	world_until(&w, ARMED);
	close(w.client);
	w.client = -1;
	world_refused(&w, other, HS_EXT_PENDING, HS_SK_CANCELLED);
	world_until(&w, -1);
	end();
}

static void
whoever_waits_by_key_goes(void **unused)
{
	(void)unused;
	begin("wait", 0);
	request();
	waits_by_key(other);
	assert_int_equal(w.d.nconns, 3);
	close(other);
	for (int i = 0; i < WORLD_DEADLINE_MS && w.d.nconns == 3; i++)
		world_turn(&w);
	assert_int_equal(w.d.nconns, 2); // not when its waiting would have been over
	other = world_dial();
	world_until(&w, ARMED);
	world_touch();
	gets_it();
	end();
}

static void
the_same_on_the_same_connection_is_the_same(void **unused)
{
	char first[4];

	(void)unused;
	begin("wait", 0);
	request();
	memcpy(first, code, 4);
	request();
	assert_string_equal(code, first);
	assert_int_equal(w.d.touches->owners, 1);
	world_until(&w, ARMED);
	world_touch();
	gets_it();
	end();
}

// What waits already costs no prompt, so that limits do not stand in its way.
static void
the_same_is_merged_whatever_the_limits(void **unused)
{
	char first[4];

	(void)unused;
	begin("wait", 0);
	world_policy("Limits\n    Prompts 1\n    Waiting 1\nAgent claude\n    Scope *\n");
	assert_int_equal(hs_daemon_reload(&w.d, &w.got, NULL), HS_OK);
	request();
	memcpy(first, code, 4);
	world_request(&w, other, SCOPE, "claude", "again");
	world_asked(&w, other, HS_EXT_REQUEST, code);
	assert_string_equal(code, first);
	assert_int_equal(w.d.touches->owners, 2);
	end();
}

// All that come before the first is on disk count.
static void
limits_hold_for_those_that_come_at_once(void **unused)
{
	static const char *const hosts[] = {"a", "b", "c", "d", "e"};
	int socks[5];
	size_t asked = 0;

	(void)unused;
	begin("wait", 0);
	atomic_store(&world_log_held, 1);
	for (size_t i = 0; i < 5; i++) {
		char scope[128];

		(void)snprintf(scope, sizeof scope,
		    "max-ttl 60\nmax-uses *\n\naddr *\nhost %s\nuser deploy\n", hosts[i]);
		socks[i] = world_dial();
		world_request(&w, socks[i], scope, "claude", "x");
		for (int j = 0; j < 20; j++)
			world_turn(&w);
	}
	atomic_store(&world_log_held, 0);
	for (size_t i = 0; i < 5; i++) {
		if (world_reply(&w, socks[i], HS_EXT_REQUEST, &body) == HS_AGENT_PENDING)
			asked++;
		else
			assert_int_equal(hs_code_from_name((const char *)body.p, body.left),
			    HS_NO_PROMPTS);
		close(socks[i]);
	}
	assert_int_equal(asked, 3);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(both_are_told),
	    cmocka_unit_test(the_other_is_told_that_its_asker_went),
	    cmocka_unit_test(whoever_waits_by_key_goes),
	    cmocka_unit_test(the_same_on_the_same_connection_is_the_same),
	    cmocka_unit_test(the_same_is_merged_whatever_the_limits),
	    cmocka_unit_test(limits_hold_for_those_that_come_at_once)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
