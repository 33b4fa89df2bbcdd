// SPDX-License-Identifier: ISC
//
// rule9: a peer of which nothing can be said, since it is in another PID namespace, may ask
// for certificates and say no, and may not do what is a person's: open, hand over a PIN,
// reload the policy.
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
static int watcher, other, fds;
static char code[4];
static struct hs_rd body;

static void
settle(void)
{
	for (int i = 0; i < 30; i++)
		world_turn(&w);
}

// Turns the connection that was made last opaque, as hs_peer_read would have.
static void
make_opaque(void)
{
	struct hs_peer *p;

	settle();
	p = &w.d.conns->peer;
	hs_peer_close(p);
	*p = (struct hs_peer){.uid = p->uid, .pidfd = -1, .opaque = true};
}

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
	make_opaque();
	fds = world_streams();
}

static void
end(void)
{
	world_end(&w);
	close(watcher);
	close(other);
}

static void
rule9_may_not_open(void **unused)
{
	(void)unused;
	begin(NULL);
	world_open(other, SCOPE, 600);
	world_refused(&w, other, HS_EXT_OPEN, HS_NO_PEER);
	assert_null(w.d.touches);
	assert_string_not_equal(world_record("\"event\":\"refuse\",\"pid\":0,"), "");
	assert_string_not_equal(
	    world_record("\"code\":\"peer-refused\",\"sentence\":\"this process is in "
			 "another PID namespace, from where nobody may open a session\""),
	    "");
	world_open(w.client, SCOPE, 600); // one that is seen may
	world_asked(&w, w.client, HS_EXT_OPEN, code);
	end();
}

static void
what_cannot_be_decoded_is_no_refusal(void **unused)
{
	uint8_t reply[5];
	ssize_t n = -1;

	(void)unused;
	begin(NULL);
	world_send(other, HS_EXT_OPEN, NULL, NULL, -1);
	for (int i = 0; n < 0 && i < WORLD_DEADLINE_MS; i++) {
		world_turn(&w);
		n = recv(other, reply, sizeof reply, MSG_DONTWAIT);
	}
	assert_int_equal(n, sizeof reply);
	assert_int_equal(reply[4], HS_AGENT_EXTENSION_FAILURE);
	end();
}

static void
ask_policy(uint8_t what, enum hs_agent_status want)
{
	const struct hs_agent_policy m = {.what = what};

	world_send(other, HS_EXT_POLICY, WORLD_PUT(policy), &m, -1);
	if (want == HS_AGENT_REFUSED)
		world_refused(&w, other, HS_EXT_POLICY, HS_NO_PEER);
	else
		assert_int_equal(world_reply(&w, other, HS_EXT_POLICY, &body), want);
}

static void
rule9_may_not_reload_the_policy(void **unused)
{
	(void)unused;
	begin("Deny user root\n");
	world_policy("Deny user other\n");
	ask_policy(HS_POLICY_ASK_RELOAD, HS_AGENT_REFUSED);
	assert_string_equal(world_record("\"event\":\"policy\""), "");
	ask_policy(HS_POLICY_ASK_SHOW, HS_AGENT_DONE);
	end();
}

static void
give_pin(enum hs_code want)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	world_answer(other, code, HS_ANSWER_ARM, ends[0]);
	close(ends[0]);
	close(ends[1]);
	world_refused(&w, other, HS_EXT_ANSWER, want);
	settle();
	world_streams_are(&w, fds); // closed here, unread
}

static void
rule9_may_not_hand_over_a_pin(void **unused)
{
	(void)unused;
	begin("Session\n    Verify pin\nAgent claude\n    Scope *\n");
	world_request(&w, other, SCOPE, "claude", "to look"); // it may ask
	world_asked(&w, other, HS_EXT_REQUEST, code);
	settle();
	fds = world_streams();
	give_pin(HS_NO_PEER);
	assert_int_equal(w.d.touches->state, SHOWN);
	assert_int_equal(w.d.touches->pin_fd, -1);
	assert_string_equal(world_record("\"event\":\"answer\""), "");
	world_answer(other, code, HS_ANSWER_DECLINE, -1); // and it may say no
	assert_int_equal(world_reply(&w, other, HS_EXT_ANSWER, &body), HS_AGENT_DONE);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule9_may_not_open),
	    cmocka_unit_test(what_cannot_be_decoded_is_no_refusal),
	    cmocka_unit_test(rule9_may_not_reload_the_policy),
	    cmocka_unit_test(rule9_may_not_hand_over_a_pin)};
	int rc = world_program(argc, argv);

	if (rc >= 0)
		return rc;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
