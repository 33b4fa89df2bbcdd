// SPDX-License-Identifier: ISC
//
// Seats in the daemon's loop, where what goes wrong can be chosen: a log that cannot be
// written, an asker that goes at each moment, a policy that changes, keys and data that are
// not the seat's. What stock programs make of a seat is tests/e2e/seat.t's.
#include "tests/lib/seating.h"

static void
signs_what_it_may(void **unused)
{
	struct hs_buf key = {0}, bare = {0};

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	assert_int_equal(w.d.session.held[0]->uses_left, 7); // three are the seat's
	assert_int_equal(list(&key), 1);
	assert_true(signs(&key, "deploy"));
	assert_false(signs(&key, "root"));
	assert_int_equal(left(), 2);
	hs_key_put(&bare, &w.d.seats->pub); // the login names another key then
	assert_false(signs(&bare, "deploy"));
	key.p[key.len - 1] ^= 1;
	assert_false(signs(&key, "deploy"));
	key.p[key.len - 1] ^= 1;
	assert_true(signs(&key, "deploy") && signs(&key, "deploy"));
	assert_false(signs(&key, "deploy"));
	assert_int_equal(list(&key), 0); // nothing that is no good is offered
	hs_buf_free(&key);
	hs_buf_free(&bare);
	end();
}

// Another seat's certificate, and one of none, are not this seat's to sign with.
static void
anothers_certificate(void **unused)
{
	struct hs_buf key = {0};
	int other, first;

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	first = agent;
	other = world_dial();
	ask(other, SCOPE, "");
	assert_int_equal(world_reply(&w, other, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	seated();
	assert_int_equal(list(&key), 1);
	close(agent);
	agent = first;
	assert_false(signs(&key, "deploy"));
	hs_buf_free(&key);
	close(other);
	end();
}

static void
what_is_no_request(void **unused)
{
	static const uint8_t types[] = {0, 1, 5, 9, 11, 13, 17, 18, 19, 22, 23, 25, 255};
	struct hs_buf key = {0};

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	for (size_t i = 0; i < sizeof types; i++) {
		request(agent, types[i], hs_str_c("\1")); // too much, or too little
		assert_int_equal(world_frame(&w, agent).p[0], HS_AGENT_FAILURE);
	}
	assert_int_equal(list(&key), 1);
	hs_buf_free(&key);
	end();
}

static void
rule4_unrecorded_signs_nothing(void **unused)
{
	struct hs_buf key = {0};

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	assert_int_equal(list(&key), 1);
	atomic_store(&world_log_broken, true);
	assert_false(signs(&key, "deploy"));
	assert_int_equal(left(), 3); // it comes back
	assert_int_equal(w.d.seats->logins, 0);
	atomic_store(&world_log_broken, false);
	assert_true(signs(&key, "deploy"));
	hs_buf_free(&key);
	end();
}

static void
rule4_unrecorded_is_not_made(void **unused)
{
	(void)unused;
	begin(POLICY);
	open_session();
	atomic_store(&world_log_broken, true);
	ask(w.client, SCOPE, "");
	world_refused(&w, w.client, HS_EXT_SEAT, HS_NO_RECORD);
	assert_null(w.d.seats);
	assert_int_equal(w.d.session.held[0]->uses_left, 10);
	assert_int_equal(w.d.session.nlive, 0);
	atomic_store(&world_log_broken, false);
	make(); // and the connection may ask again
	end();
}

// While its record is under way, and later.
static void
whoever_asked_goes(void **unused)
{
	int other;

	(void)unused;
	for (int later = 0; later < 2; later++) {
		begin(POLICY);
		open_session();
		other = world_dial();
		atomic_store(&world_log_held, later == 0);
		ask(other, SCOPE, "");
		while (w.d.seats == NULL)
			world_turn(&w);
		if (later == 1)
			assert_int_equal(
			    world_reply(&w, other, HS_EXT_SEAT, &body), HS_AGENT_DONE);
		close(other);
		world_turn(&w);
		atomic_store(&world_log_held, false); // it is made first, for nobody
		while (w.d.seats != NULL)
			world_turn(&w);
		assert_int_equal(w.d.session.held[0]->uses_left, 10); // nothing was used
		end();
	}
}

static void
a_touch_makes_one(void **unused)
{
	struct hs_buf key = {0};

	(void)unused;
	begin(POLICY);
	world_prompts(NULL);
	agent = world_dial();
	world_watch(&w, agent);
	ask(w.client, SCOPE, "");
	world_asked(&w, w.client, HS_EXT_SEAT, code);
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	close(agent);
	seated();
	assert_string_equal(strchr(id, '.'), ".1");
	assert_true(w.d.seats->parts[0].touched);
	assert_true(
	    hs_str_is(w.d.session.held[0]->grant.payload.holder, w.d.seats->holder));
	assert_int_equal(list(&key), 1);
	assert_true(signs(&key, "deploy"));
	hs_buf_free(&key);
	end();
}

// A seat's asking is its connection's: parked or not, it goes with it.
static void
its_asker_goes_while_it_waits(void **unused)
{
	static const int states[] = {ARMED, PARKED};
	int other, watcher;

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		begin(POLICY);
		world_helper("wait");
		watcher = world_dial();
		world_watch(&w, watcher);
		other = world_dial();
		ask(other, SCOPE, "");
		world_asked(&w, other, HS_EXT_SEAT, code);
		world_until(&w, ARMED);
		if (states[i] == PARKED) {
			world_answer(w.client, code, HS_ANSWER_LATER, -1);
			(void)world_reply(&w, w.client, HS_EXT_ANSWER, &body);
			world_until(&w, PARKED);
		}
		close(other);
		world_until(&w, -1);
		assert_null(w.d.seats);
		assert_false(w.d.session.open);
		close(watcher);
		end();
	}
}

static void
denied_meanwhile(void **unused)
{
	struct hs_buf key = {0}, notes = {0};

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	assert_int_equal(list(&key), 1);
	world_policy("Deny user deploy\n" POLICY);
	assert_int_equal(hs_daemon_reload(&w.d, &notes, NULL), HS_OK);
	assert_false(signs(&key, "deploy"));
	assert_int_equal(
	    w.d.seats->refusals[0].why.err.code, HS_NO_POLICY); // its own words
	assert_int_equal(list(&key), 0);
	world_policy(POLICY);
	assert_int_equal(hs_daemon_reload(&w.d, &notes, NULL), HS_OK);
	assert_int_equal(list(&key), 1);
	assert_true(signs(&key, "deploy"));
	hs_buf_free(&notes);
	hs_buf_free(&key);
	end();
}

static void
refuse_to_make(const char *scope, enum hs_code want)
{
	ask(w.client, scope, "");
	world_refused(&w, w.client, HS_EXT_SEAT, want);
}

static void
refused(void **unused)
{
	const struct hs_agent_seat end_it = {.what = HS_SEAT_END};

	(void)unused;
	begin(POLICY);
	open_session();
	world_send(w.client, HS_EXT_SEAT, WORLD_PUT(seat), &end_it, -1);
	world_refused(&w, w.client, HS_EXT_SEAT, HS_NO_SUCH);
	refuse_to_make("max-ttl nothing\n", HS_ERR_SCOPE);
	refuse_to_make("max-ttl 60\nmax-uses 11\n" STATEMENT, HS_NO_REASON);
	make();
	refuse_to_make(SCOPE, HS_NO_BUSY);
	end();
}

// An agent that lists again and again fills no log.
static void
listings_of_nothing_are_one_record(void **unused)
{
	struct hs_buf key = {0};
	uint64_t before;

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	hs_seat_revoke(w.d.seats);
	world_until(&w, -1);
	before = hs_audit_tip(w.d.audit, 1).seq;
	for (int i = 0; i < 50; i++)
		assert_int_equal(list(&key), 0);
	assert_int_equal(w.d.seats->refused, 50);
	// it may have taken a second or two
	assert_in_range(hs_audit_tip(w.d.audit, 1).seq - before, 1, 5);
	assert_int_equal(w.d.seats->refusals[0].why.err.code, HS_NO_REVOKED);
	hs_buf_free(&key);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(signs_what_it_may),
	    cmocka_unit_test(anothers_certificate), cmocka_unit_test(what_is_no_request),
	    cmocka_unit_test(rule4_unrecorded_signs_nothing),
	    cmocka_unit_test(rule4_unrecorded_is_not_made),
	    cmocka_unit_test(whoever_asked_goes), cmocka_unit_test(a_touch_makes_one),
	    cmocka_unit_test(its_asker_goes_while_it_waits),
	    cmocka_unit_test(denied_meanwhile), cmocka_unit_test(refused),
	    cmocka_unit_test(listings_of_nothing_are_one_record)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
