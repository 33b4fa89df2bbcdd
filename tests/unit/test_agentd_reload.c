// SPDX-License-Identifier: ISC
//
// The policy changes under an asking: between the prompt and the touch, while it is parked,
// and while the key blinks. What the policy of now does not permit is not made, whatever
// was touched; what it still permits is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/touch.h"
#include "proto/names.h"
#include "tests/lib/world.h"

#define SCOPE "max-ttl 60\nmax-uses *\n\naddr *\ncmd uptime\nhost web1\nuser deploy\n"
#define OPEN  "Agent claude\n    Scope *\n"

static struct world w;
static int watcher, other;
static char code[4];
static struct hs_rd body;

static void
begin(void)
{
	world_helper("wait");
	world_set.show_ms = 0;
	world_set.gap_ms = 0;
	world_policy(OPEN);
	world_begin(&w);
	watcher = world_dial();
	world_watch(&w, watcher);
	other = world_dial();
}

static void
end(void)
{
	world_end(&w);
	close(watcher);
	close(other);
}

// The asking is in that state when the policy becomes text; then it is touched.
static void
under(int state, bool opening, const char *text)
{
	begin();
	world_set.show_ms = state == ARMED ? 0 : 1000000;
	if (opening)
		world_open(w.client, SCOPE, 60);
	else
		world_request(&w, w.client, SCOPE, "claude", "to look");
	world_asked(&w, w.client, opening ? HS_EXT_OPEN : HS_EXT_REQUEST, code);
	if (state == PARKED) {
		world_answer(other, code, HS_ANSWER_LATER, -1);
		(void)world_reply(&w, other, HS_EXT_ANSWER, &body);
	}
	world_until(&w, state);
	world_reload(&w, text);
	world_set.show_ms = 0;
	if (state == PARKED) {
		world_answer(other, code, HS_ANSWER_ARM, -1);
		(void)world_reply(&w, other, HS_EXT_ANSWER, &body);
	} else if (state == SHOWN) {
		(void)uv_timer_start(
		    &w.d.touches->timer, w.d.touches->timer.timer_cb, 0, 0);
	}
	world_touch();
	world_pending(w.client, code, 30);
}

static void
refused(int state, bool opening, const char *text, enum hs_code want)
{
	under(state, opening, text);
	world_refused(&w, w.client, HS_EXT_PENDING, want);
	world_until(&w, -1);
	assert_false(w.d.session.open);
	assert_int_equal(w.d.session.count, 0);
	end();
}

#define IN_EACH_STATE(text, want)                                                          \
	do {                                                                               \
		refused(SHOWN, false, text, want);                                         \
		refused(PARKED, false, text, want);                                        \
		refused(ARMED, false, text, want);                                         \
	} while (0)

static void
denied_meanwhile(void **unused)
{
	(void)unused;
	IN_EACH_STATE("Deny host web1\n" OPEN, HS_NO_POLICY);
	refused(SHOWN, true, "Deny user deploy\n" OPEN, HS_NO_POLICY);
	refused(ARMED, true, "Deny user deploy\n" OPEN, HS_NO_POLICY);
}

static void
not_for_this_agent_any_more(void **unused)
{
	(void)unused;
	IN_EACH_STATE("Agent codex\n    Scope *\n", HS_NO_AGENT);
}

static void
no_escalation_any_more(void **unused)
{
	(void)unused;
	IN_EACH_STATE("Escalate deny\n" OPEN, HS_NO_SESSION); // which is what would help
	refused(ARMED, false, NULL, HS_NO_SESSION);	      // the file is gone
}

static void
touched_each_time_now(void **unused)
{
	static const char text[] =
	    "Scope web\n    Touch always\n    MaxTTL 60\n    MaxUses 1\n"
	    "    User deploy\n    Host web1\n    Addr *\n    Cmd uptime\n" OPEN;

	(void)unused;
	refused(SHOWN, true, text, HS_NO_ALWAYS);
	refused(ARMED, true, text, HS_NO_ALWAYS);
}

static void
verified_now(void **unused)
{
	(void)unused;
	IN_EACH_STATE("Session\n    Verify pin\n" OPEN, HS_SK_PIN_REQUIRED);
	refused(ARMED, true, "Session\n    Verify pin\n" OPEN, HS_SK_PIN_REQUIRED);
}

static void
shorter_now(void **unused)
{
	(void)unused;
	IN_EACH_STATE("Session\n    MaxTTL 59\n" OPEN, HS_NO_POLICY);
	refused(SHOWN, true, "Session\n    MaxTTL 59\n" OPEN, HS_NO_POLICY);
	refused(ARMED, true, "Session\n    MaxTTL 59\n" OPEN, HS_NO_POLICY);
}

// What is still permitted is made.
static void
permitted_still(void **unused)
{
	static const int states[] = {SHOWN, PARKED, ARMED};
	struct hs_agent_issued m;

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		under(states[i], false,
		    "Deny host web2\nSession\n    MaxTTL 60\nAgent claude\n    Scope *\n");
		assert_int_equal(
		    world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
		assert_int_equal(hs_agent_issued_get(&body, &m), HS_OK);
		end();
	}
}

// rule1: what is live is narrowed at once, and never widened.
static void
what_is_live_is_narrowed(void **unused)
{
	struct hs_agent_opened o;
	struct hs_agent_issued m;

	(void)unused;
	begin();
	world_helper("sign");
	world_open(w.client, SCOPE, 60);
	world_asked(&w, w.client, HS_EXT_OPEN, code);
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_opened_get(&body, &o), HS_OK);
	world_request(&w, w.client, SCOPE, "claude", "");
	assert_int_equal(world_reply(&w, w.client, HS_EXT_REQUEST, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_issued_get(&body, &m), HS_OK);
	world_reload(&w, "Deny host web1\n" OPEN);
	world_request(&w, w.client, SCOPE, "claude", "");
	world_refused(&w, w.client, HS_EXT_REQUEST, HS_NO_POLICY);
	world_reload(&w, "MainSocket ask\n" OPEN);
	world_request(&w, w.client, SCOPE, "claude", "");
	world_refused(&w, w.client, HS_EXT_REQUEST, HS_NO_REASON);
	world_reload(&w,
	    "Scope wide\n    MaxTTL 1h\n    MaxUses *\n    User *\n    Host *\n    Cmd *\n"
	    "    Addr *\nSession\n    Scope wide\n" OPEN);
	world_request(&w, w.client, SCOPE, "claude", "");
	assert_int_equal(world_reply(&w, w.client, HS_EXT_REQUEST, &body), HS_AGENT_DONE);
	world_request(&w, w.client,
	    "max-ttl 60\nmax-uses *\n\naddr *\ncmd uptime\nhost web2\nuser deploy\n",
	    "claude", "");
	world_refused(&w, w.client, HS_EXT_REQUEST, HS_NO_REASON);
	end();
}

static void
a_bad_one_leaves_the_old_in_force(void **unused)
{
	struct hs_buf notes = {0};
	struct hs_err err = {0};

	(void)unused;
	begin();
	world_policy("Deny host\n" OPEN);
	assert_int_equal(hs_daemon_reload(&w.d, &notes, &err), HS_ERR_CONFIG);
	assert_int_equal(err.line, 1);
	assert_non_null(memmem(notes.p, notes.len, "/policy:1:", 10));
	assert_int_equal(w.policy.bad.code, HS_ERR_CONFIG);
	world_request(&w, w.client, SCOPE, "claude", "to look");
	world_asked(&w, w.client, HS_EXT_REQUEST, code);
	world_reload(&w, OPEN);
	assert_int_equal(w.policy.bad.code, HS_OK);
	hs_buf_free(&notes);
	end();
}

static void
write_system(const char *text)
{
	FILE *f = fopen(w.policy.system, "w");

	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static uint64_t
recorded(void)
{
	for (int i = 0; i < WORLD_DEADLINE_MS && !hs_audit_idle(w.d.audit); i++)
		world_turn(&w);
	assert_true(hs_audit_idle(w.d.audit));
	return hs_audit_seq(w.d.audit);
}

// What is in force is recorded when it changes, by either file, and only then.
static void
each_change_is_recorded_once(void **unused)
{
	uint64_t seq;

	(void)unused;
	begin();
	seq = recorded();
	world_reload(&w, OPEN);
	world_reload(&w, OPEN);
	assert_int_equal(recorded(), seq);
	write_system("Deny ns prod\n");
	world_reload(&w, OPEN);
	assert_int_equal(recorded(), seq + 1);
	write_system("Session\n    Idle 1m\n");
	world_reload(&w, OPEN);
	world_reload(&w, OPEN);
	assert_int_equal(recorded(), seq + 2);
	assert_int_equal(unlink(w.policy.system), 0);
	world_reload(&w, OPEN);
	assert_int_equal(recorded(), seq + 3);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(denied_meanwhile),
	    cmocka_unit_test(not_for_this_agent_any_more),
	    cmocka_unit_test(no_escalation_any_more),
	    cmocka_unit_test(touched_each_time_now), cmocka_unit_test(verified_now),
	    cmocka_unit_test(shorter_now), cmocka_unit_test(permitted_still),
	    cmocka_unit_test(what_is_live_is_narrowed),
	    cmocka_unit_test(a_bad_one_leaves_the_old_in_force),
	    cmocka_unit_test(each_change_is_recorded_once)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
