// SPDX-License-Identifier: ISC
//
// Several seats: of one connection, below one another, of sessions that follow each other.
// What a review found is kept here.
#include "tests/lib/seating.h"

#define DEEP "max-ttl 3600\nmax-uses 10\ndepth 2\n" STATEMENT

// One connection waits for a touch for one, and has another made meanwhile.
static void
one_connection_has_one(void **unused)
{
	int watcher;

	(void)unused;
	begin(POLICY);
	open_session();
	watcher = world_dial();
	world_watch(&w, watcher);
	world_helper("wait");
	ask(w.client, "max-ttl 60\nmax-uses *\n\naddr *\ncmd id\nhost *\nuser root\n",
	    "more");
	world_asked(&w, w.client, HS_EXT_SEAT, code);
	ask(w.client, SCOPE, "");
	world_refused(&w, w.client, HS_EXT_SEAT, HS_NO_BUSY);
	world_until(&w, ARMED);
	world_touch();
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	seated();
	assert_null(w.d.seats->next);
	ask(w.client, SCOPE, "");
	world_refused(&w, w.client, HS_EXT_SEAT, HS_NO_BUSY);
	close(watcher);
	end();
}

// Whatever makes it fail, what a child would have had is what its parent has again.
static void
uses_come_back_once(void **unused)
{
	int child;

	(void)unused;
	begin(POLICY);
	world_open(w.client, DEEP, 600);
	world_asked(&w, w.client, HS_EXT_OPEN, code);
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	world_until(&w, -1);
	ask(w.client, "max-ttl 60\nmax-uses 8\ndepth 1\n" STATEMENT, "");
	assert_int_equal(world_reply(&w, w.client, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	seated();
	assert_int_equal(w.d.session.held[0]->uses_left, 2);
	child = world_dial_at(socket_path);
	atomic_store(&world_log_broken, true);
	ask(child, "max-ttl 60\nmax-uses 3\n" STATEMENT, "");
	world_refused(&w, child, HS_EXT_SEAT, HS_NO_RECORD);
	assert_int_equal(left(), 8);
	atomic_store(&world_log_broken, false);
	ask(child, "max-ttl 60\nmax-uses 3\n" STATEMENT, "");
	assert_int_equal(world_reply(&w, child, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	assert_int_equal(w.d.seats->next->parts[0].uses_left, 5);
	close(child);
	while (w.d.seats->next != NULL)
		world_turn(&w);
	assert_int_equal(left(), 8);
	end();
}

// A seat that a touch made takes its grant along, and the session that was for it alone.
static void
its_grant_goes_with_it(void **unused)
{
	int watcher, other;

	(void)unused;
	begin(POLICY);
	watcher = world_dial();
	world_watch(&w, watcher);
	other = world_dial();
	ask(other, SCOPE, "");
	world_asked(&w, other, HS_EXT_SEAT, code);
	world_pending(other, code, 30);
	assert_int_equal(world_reply(&w, other, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	assert_int_equal(w.d.session.nheld, 1);
	close(other);
	while (w.d.session.open)
		world_turn(&w);
	assert_null(w.d.seats);
	close(watcher);
	end();
}

// The next session's first seat has the serial of the last one's, and hears nothing of it.
static void
another_sessions_seat(void **unused)
{
	const struct hs_agent_events m = {.after = 1, .wait = 0};
	struct hs_agent_told told;
	char first[4];
	int watcher, other;

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	watcher = world_dial();
	world_watch(&w, watcher);
	world_helper("wait");
	{
		const struct hs_agent_request r = {
		    .scope = hs_str_c(
			"max-ttl 60\nmax-uses 1\n\naddr *\ncmd id\nhost *\nuser root\n"),
		    .reason = hs_str_c("a secret reason")};

		world_send(agent, HS_EXT_REQUEST, WORLD_PUT(request), &r, -1);
	}
	world_asked(&w, agent, HS_EXT_REQUEST, first);
	world_send(w.client, HS_EXT_CLOSE, NULL, NULL, -1);
	while (w.d.session.open)
		world_turn(&w);
	close(agent);
	agent = -1;
	other = world_dial();
	close(w.client);
	w.client = other;
	world_helper("sign");
	open_session();
	make();
	world_send(agent, HS_EXT_EVENTS, WORLD_PUT(events), &m, -1);
	assert_int_equal(world_reply(&w, agent, HS_EXT_EVENTS, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_told_get(&body, &told), HS_OK);
	assert_null(memmem(body.p, body.left, "secret", 6));
	world_pending(agent, first, 0);
	world_refused(&w, agent, HS_EXT_PENDING, HS_NO_SUCH);
	close(watcher);
	end();
}

#define ANY_USES "max-ttl 60\nmax-uses *\n" STATEMENT
#define EACH_TIME                                                                          \
	"Scope web\n    Touch always\n    MaxTTL 60\n    MaxUses 1\n    User deploy\n"     \
	"    Host *\n    Addr *\n    Cmd uptime\n" POLICY

// A seat that was touched for any number of uses. Who looks on, for the caller to close.
static int
touched(const char *policy, const char *reason)
{
	int watcher;

	begin(policy);
	watcher = world_dial();
	world_watch(&w, watcher);
	ask(w.client, ANY_USES, reason);
	world_asked(&w, w.client, HS_EXT_SEAT, code);
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	seated();
	return watcher;
}

// rule1: what was touched for any number of uses is none of those that cost a touch each.
static void
touched_each_time_now(void **unused)
{
	struct hs_buf key = {0}, none = {0};
	int watcher;

	(void)unused;
	watcher = touched(POLICY, "");
	assert_int_equal(list(&key), 1);
	assert_true(signs(&key, "deploy"));
	world_reload(&w, EACH_TIME);
	assert_int_equal(list(&none), 0);
	assert_false(signs(&key, "deploy"));
	world_reload(&w, POLICY);
	assert_true(signs(&key, "deploy"));
	hs_buf_free(&key);
	hs_buf_free(&none);
	close(watcher);
	end();
}

// The same where the policy changes between the prompt and the touch.
static void
touched_each_time_meanwhile(void **unused)
{
	int watcher;

	(void)unused;
	begin(POLICY);
	watcher = world_dial();
	world_watch(&w, watcher);
	world_helper("wait");
	ask(w.client, ANY_USES, "");
	world_asked(&w, w.client, HS_EXT_SEAT, code);
	world_until(&w, ARMED);
	world_reload(&w, EACH_TIME);
	world_touch();
	world_pending(w.client, code, 30);
	world_refused(&w, w.client, HS_EXT_PENDING, HS_NO_POLICY);
	assert_false(w.d.session.open);
	close(watcher);
	end();
}

// What was asked for under such a scope has the one use that its prompt said.
static void
one_touch_one_use(void **unused)
{
	struct hs_buf key = {0};
	int watcher;

	(void)unused;
	watcher = touched(EACH_TIME, "to look");
	assert_int_equal(list(&key), 1);
	assert_int_equal(left(), 1);
	assert_true(signs(&key, "deploy"));
	assert_false(signs(&key, "deploy"));
	hs_buf_free(&key);
	close(watcher);
	end();
}

#define MANY POLICY "Limits\n    Prompts 100\n    PromptsAll 100\n"

// More on the seat, by a touch.
static void
more(const char *scope, bool given)
{
	const struct hs_agent_request m = {
	    .scope = hs_str_c(scope), .reason = hs_str_c("more")};

	world_send(agent, HS_EXT_REQUEST, WORLD_PUT(request), &m, -1);
	world_asked(&w, agent, HS_EXT_REQUEST, code);
	world_pending(agent, code, 30);
	if (given)
		assert_int_equal(
		    world_reply(&w, agent, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	else
		world_refused(&w, agent, HS_EXT_PENDING, HS_NO_BUSY);
}

// A part that covers what a seat below asks for, but for its uses, hides no other that has
// them; and one whose uses such a seat holds stays, whatever a touch gives besides.
static void
below_one_of_its_parts(void **unused)
{
	char scope[128];
	const struct hs_seat *above;
	int watcher, first, second, third;
	uint64_t serial;

	(void)unused;
	begin(MANY);
	watcher = world_dial();
	world_watch(&w, watcher);
	world_open(w.client, DEEP, 600);
	world_asked(&w, w.client, HS_EXT_OPEN, code);
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	ask(w.client, "max-ttl 60\nmax-uses 3\ndepth 1\n" STATEMENT, "");
	assert_int_equal(world_reply(&w, w.client, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	seated();
	more("max-ttl 60\nmax-uses 5\ndepth 1\n" STATEMENT, true);
	serial = w.d.seats->parts[1].grant_serial;
	first = world_dial_at(socket_path);
	ask(first, "max-ttl 60\nmax-uses 2\n" STATEMENT, "");
	assert_int_equal(world_reply(&w, first, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	second = world_dial_at(socket_path);
	ask(second, "max-ttl 60\nmax-uses 3\n" STATEMENT, "");
	assert_int_equal(world_reply(&w, second, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	third = world_dial_at(socket_path);
	ask(third, "max-ttl 60\nmax-uses 3\n" STATEMENT, "");
	world_refused(&w, third, HS_EXT_SEAT, HS_NO_USES);
	ask(third, "max-ttl 60\nmax-uses 2\n" STATEMENT, "");
	assert_int_equal(world_reply(&w, third, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	above = hs_seat_top(w.d.seats);
	assert_int_equal(above->parts[0].uses_left, 1);
	assert_int_equal(above->parts[1].uses_left, 0);
	for (size_t i = 0; i < 7; i++) {
		(void)snprintf(scope, sizeof scope,
		    "max-ttl 60\nmax-uses 1\n\naddr *\ncmd c%zu\nhost *\nuser deploy\n", i);
		more(scope, i < 6);
	}
	close(first);
	close(second);
	close(third);
	while (w.d.seats->next != NULL)
		world_turn(&w);
	assert_int_equal(left(), 3);
	assert_int_equal(w.d.seats->parts[1].grant_serial, serial);
	assert_int_equal(w.d.seats->parts[1].uses_left, 5);
	close(watcher);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(one_connection_has_one),
	    cmocka_unit_test(uses_come_back_once), cmocka_unit_test(its_grant_goes_with_it),
	    cmocka_unit_test(another_sessions_seat),
	    cmocka_unit_test(touched_each_time_now),
	    cmocka_unit_test(touched_each_time_meanwhile),
	    cmocka_unit_test(one_touch_one_use), cmocka_unit_test(below_one_of_its_parts)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
