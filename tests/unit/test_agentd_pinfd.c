// SPDX-License-Identifier: ISC
//
// rule8: the PIN's descriptor. It comes with an `answer` or from the askpass program, goes
// to the helper, and is closed here on every path: given twice, not wanted, to what is not
// there, put off, declined, left behind, and when the daemon ends. The daemon never reads
// from it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "agentd/touch.h"
#include "proto/names.h"
#include "tests/lib/world.h"

#define SCOPE "max-ttl 60\nmax-uses *\n\naddr *\nhost web1\nuser deploy\n"
#define PIN   "1234-five\n"

static const char policy[] = "Session\n    Verify pin\nAgent claude\n    Scope *\n";
static struct world w;
static int watcher, other, fds;
static char code[4];
static struct hs_rd body;

static void
settle(void)
{
	for (int i = 0; i < 30; i++)
		world_turn(&w);
}

static void
begin(const char *how, const char *text)
{
	world_helper(how);
	world_set.show_ms = world_set.gap_ms = 0;
	world_policy(text);
	world_begin(&w);
	watcher = world_dial();
	world_watch(&w, watcher);
	other = world_dial();
	world_request(&w, w.client, SCOPE, "claude", "to look");
	world_asked(&w, w.client, HS_EXT_REQUEST, code);
	settle();
	fds = world_streams();
}

static void
end(void)
{
	world_end(&w);
	close(watcher);
	close(other);
}

// A pipe with the PIN in it; what is returned is the end to read from.
static int
pin(void)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], PIN, sizeof PIN - 1), sizeof PIN - 1);
	close(ends[1]);
	return ends[0];
}

static enum hs_agent_status
give(enum hs_agent_answer_what what)
{
	int fd = pin();
	enum hs_agent_status status;

	world_answer(other, code, what, fd);
	close(fd);
	status = world_reply(&w, other, HS_EXT_ANSWER, &body);
	settle();
	return status;
}

static void
refused_for(enum hs_code want)
{
	assert_int_equal(hs_code_from_name((const char *)body.p, body.left), want);
}

static void
ends_with(enum hs_code want)
{
	world_pending(w.client, code, 30);
	world_refused(&w, w.client, HS_EXT_PENDING, want);
	world_until(&w, -1);
	settle();
	world_streams_are(&w, fds);
}

static void
it_goes_to_the_helper(void **unused)
{
	struct hs_agent_issued m;

	(void)unused;
	begin("wait", policy);
	assert_true(w.d.touches->pin && w.d.touches->verify);
	assert_int_equal(w.d.touches->state, SHOWN); // until the PIN comes
	assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_DONE);
	world_until(&w, ARMED);
	assert_true(w.d.touches->pin_fd >= 0);
	world_touch();
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_issued_get(&body, &m), HS_OK);
	world_pin(PIN);
	settle();
	assert_true(w.d.session.open);
	world_streams_are(&w, fds);
	end();
}

static void
none_where_one_is_wanted(void **unused)
{
	(void)unused;
	begin("wait", policy);
	world_answer(other, code, HS_ANSWER_ARM, -1);
	world_refused(&w, other, HS_EXT_ANSWER, HS_ERR_USAGE);
	assert_int_equal(w.d.touches->state, SHOWN);
	end();
}

static void
one_where_none_is_wanted(void **unused)
{
	(void)unused;
	begin("wait", "Agent claude\n    Scope *\n");
	world_until(&w, ARMED);
	fds = world_streams();
	assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_REFUSED);
	refused_for(HS_ERR_USAGE);
	world_streams_are(&w, fds);
	assert_int_equal(give(HS_ANSWER_LATER), HS_AGENT_DONE); // the PIN was of no use
	world_until(&w, PARKED);
	assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_REFUSED);
	refused_for(HS_ERR_USAGE);
	fds = world_streams();
	assert_int_equal(give(HS_ANSWER_DECLINE), HS_AGENT_DONE);
	ends_with(HS_NO_SAID_NO);
	end();
}

static void
for_what_is_not_there(void **unused)
{
	(void)unused;
	begin("wait", policy);
	memcpy(code, code[0] == 'Z' ? "YYY" : "ZZZ", 4);
	assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_REFUSED);
	refused_for(HS_NO_SUCH);
	world_streams_are(&w, fds);
	end();
}

static void
promised_and_not_sent(void **unused)
{
	const struct hs_agent_answer m = {
	    .code = hs_str_c(code), .what = HS_ANSWER_ARM, .pin = 1};

	(void)unused;
	begin("wait", policy);
	world_send(other, HS_EXT_ANSWER, WORLD_PUT(answer), &m, -1);
	world_refused(&w, other, HS_EXT_ANSWER, HS_ERR_USAGE);
	end();
}

// With a frame that has no word for one; and more of them than anybody needs.
static void
sent_and_not_promised(void **unused)
{
	int fd = pin();

	(void)unused;
	begin("wait", policy);
	for (int i = 0; i < 20; i++) {
		world_send(other, HS_EXT_STATUS, NULL, NULL, fd);
		assert_int_equal(
		    world_reply(&w, other, HS_EXT_STATUS, &body), HS_AGENT_DONE);
	}
	settle();
	world_streams_are(&w, fds);
	close(fd);
	end();
}

static void
given_twice_the_first_counts(void **unused)
{
	char second[4], first[4];
	struct hs_touch *t;

	(void)unused;
	begin("wait", policy);
	assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_DONE);
	world_until(&w, ARMED);
	memcpy(first, code, 4);
	world_request(&w, other,
	    "max-ttl 60\nmax-uses *\n\naddr *\nhost web2\nuser deploy\n", "claude", "two");
	world_asked(&w, other, HS_EXT_REQUEST, second);
	memcpy(code, second, 4);
	settle();
	assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_DONE);
	t = w.d.touches->next;
	assert_int_equal(t->state, QUEUED);
	fds = world_streams();
	assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_REFUSED);
	world_streams_are(&w, fds); // nobody puts another in its place
	assert_true(t->pin_fd >= 0);
	assert_int_equal(give(HS_ANSWER_LATER), HS_AGENT_DONE);
	assert_int_equal(t->state, PARKED);
	assert_int_equal(t->pin_fd, -1); // it is not kept for an hour
	world_streams_are(&w, fds - 1);
	end();
}

static void
dropped_when_it_is_declined_or_left(void **unused)
{
	(void)unused;
	for (int how = 0; how < 3; how++) {
		begin("wait", policy);
		assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_DONE);
		world_until(&w, ARMED);
		if (how == 0) {
			assert_int_equal(give(HS_ANSWER_DECLINE), HS_AGENT_DONE);
			ends_with(HS_NO_SAID_NO);
		} else if (how == 1) {
			close(w.client);
			w.client = -1;
			world_until(&w, -1);
			settle();
			world_streams_are(
			    &w, fds - 3); // its socket's two ends, and its pidfd
		}
		end(); // or the daemon ends while it has it
	}
}

static void
a_wrong_one_is_asked_for_anew(void **unused)
{
	static const char *const codes[] = {"pin-invalid", "pin-auth-blocked"};

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		begin(codes[i], policy);
		assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_DONE);
		world_until(&w, PARKED);
		settle();
		world_streams_are(&w, fds);
		assert_int_equal(w.d.touches->pin_fd, -1);
		world_answer(other, code, HS_ANSWER_ARM, -1);
		world_refused(&w, other, HS_EXT_ANSWER, HS_ERR_USAGE);
		world_helper("wait");
		assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_DONE);
		world_until(&w, ARMED);
		end();
	}
}

static void
a_blocked_one_ends_it(void **unused)
{
	(void)unused;
	begin("pin-blocked", policy);
	assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_DONE);
	ends_with(HS_SK_PIN_BLOCKED);
	end();
}

// It was given the PIN, and its signature does not say so.
static void
rule1_touched_and_not_verified(void **unused)
{
	(void)unused;
	begin("unverified", policy);
	assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_DONE);
	ends_with(HS_SK_LIED);
	assert_false(w.d.session.open);
	end();
}

// A key that always wants one, which is learnt when it is asked.
static void
a_key_that_wants_one(void **unused)
{
	(void)unused;
	begin("pin-required", "Agent claude\n    Scope *\n");
	world_until(&w, PARKED);
	assert_true(w.d.touches->pin);
	world_helper("wait");
	assert_int_equal(give(HS_ANSWER_ARM), HS_AGENT_DONE);
	world_until(&w, ARMED);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(it_goes_to_the_helper),
	    cmocka_unit_test(none_where_one_is_wanted),
	    cmocka_unit_test(one_where_none_is_wanted),
	    cmocka_unit_test(for_what_is_not_there),
	    cmocka_unit_test(promised_and_not_sent),
	    cmocka_unit_test(sent_and_not_promised),
	    cmocka_unit_test(given_twice_the_first_counts),
	    cmocka_unit_test(dropped_when_it_is_declined_or_left),
	    cmocka_unit_test(a_wrong_one_is_asked_for_anew),
	    cmocka_unit_test(a_blocked_one_ends_it),
	    cmocka_unit_test(rule1_touched_and_not_verified),
	    cmocka_unit_test(a_key_that_wants_one)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
