// SPDX-License-Identifier: ISC
//
// What the daemon says beforehand: `policy` asked what would become of a request, of one
// for a direct certificate, and of an `open`; nothing waits or counts for it. How it is
// decided is the tests' of proto/decide.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>
#include "agentd/touch.h"
#include "proto/decide.h"
#include "proto/names.h"
#include "tests/lib/world.h"

#define HEAD	 "max-ttl 60\nmax-uses *\n\naddr *\ncmd id\n"
#define ANYWHERE HEAD "host *\nuser deploy\n"
#define WEB1	 HEAD "host web1\nuser deploy\n"
#define BOX	 HEAD "host *\nuser box\n"
#define STATED	 "    MaxTTL 1m\n    MaxUses *\n    Host *\n    Addr *\n    Cmd id\n"

static const char policy[] = "Deny user root\nAgent claude\n    Scope *\n"
			     "Scope box\n    Trust chain\n    User box\n" STATED
			     "Scope far\n    Trust direct\n    User far\n" STATED
			     "Scope web\n    User deploy\n" STATED;
static struct world w;
static struct hs_rd body;

static void
begin(void)
{
	world_helper("sign");
	world_set.show_ms = world_set.gap_ms = 0;
	world_policy(policy);
	world_begin(&w);
}

static void
explained(const char *scope, enum hs_agent_policy_how how, enum hs_decision want,
    enum hs_code why)
{
	const struct hs_agent_policy m = {.what = HS_POLICY_ASK_EXPLAIN,
	    .scope = hs_str_c(scope),
	    .agent = hs_str_c("claude"),
	    .reason = hs_str_c("to look"),
	    .how = (uint8_t)how};
	struct hs_agent_explained x;

	world_send(w.client, HS_EXT_POLICY, WORLD_PUT(policy), &m, -1);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_POLICY, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_explained_get(&body, &x), HS_OK);
	assert_int_equal(x.decision, want);
	assert_true(hs_str_is(x.code, hs_code_name(why)));
	assert_true(x.sentence.len > 0 && (x.remedy.len > 0) == (why != HS_OK));
	assert_true(hs_str_is(x.difference, want == HS_DECIDE_ASK ? scope : ""));
	assert_null(w.d.touches);
}

// As a request for one would be answered, also where another certificate would be had.
static void
direct(void **unused)
{
	char code[4];
	int watcher;

	(void)unused;
	begin();
	explained(ANYWHERE, HS_POLICY_HOW_DIRECT, HS_DECIDE_REFUSE, HS_NO_CHANNEL);
	watcher = world_dial();
	world_watch(&w, watcher);
	explained(ANYWHERE, HS_POLICY_HOW_DIRECT, HS_DECIDE_ASK, HS_OK);
	explained(WEB1, HS_POLICY_HOW_DIRECT, HS_DECIDE_REFUSE, HS_NO_UNENFORCEABLE);
	explained(WEB1, HS_POLICY_HOW_REQUEST, HS_DECIDE_ASK, HS_OK);
	explained(BOX, HS_POLICY_HOW_DIRECT, HS_DECIDE_REFUSE, HS_NO_POLICY);
	explained(BOX, HS_POLICY_HOW_REQUEST, HS_DECIDE_ASK, HS_OK);
	explained(HEAD "host *\nuser root\n", HS_POLICY_HOW_DIRECT, HS_DECIDE_REFUSE,
	    HS_NO_POLICY);
	world_open(w.client, ANYWHERE, 600);
	world_asked(&w, w.client, HS_EXT_OPEN, code);
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	world_until(&w, -1);
	explained(ANYWHERE, HS_POLICY_HOW_REQUEST, HS_DECIDE_ISSUE, HS_OK);
	explained(ANYWHERE, HS_POLICY_HOW_DIRECT, HS_DECIDE_ASK, HS_OK);
	world_end(&w);
	close(watcher);
}

// names, "a b"; what it says of them, or refuses.
static void
named(const char *names, enum hs_agent_policy_how how, enum hs_code refused)
{
	const struct hs_agent_policy m = {
	    .what = HS_POLICY_ASK_SCOPE, .names = hs_str_c(names), .how = (uint8_t)how};
	struct hs_agent_policy_info info;

	world_send(w.client, HS_EXT_POLICY, WORLD_PUT(policy), &m, -1);
	if (refused != HS_OK) {
		world_refused(&w, w.client, HS_EXT_POLICY, refused);
		return;
	}
	assert_int_equal(world_reply(&w, w.client, HS_EXT_POLICY, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_policy_info_get(&body, &info), HS_OK);
	assert_int_equal(info.direct, strstr(names, "far") != NULL);
}

// A session issues chains, without a touch: what says Trust direct is no part of it.
static void
rule1_no_session_has_what_is_direct(void **unused)
{
	(void)unused;
	begin();
	named("web", HS_POLICY_HOW_OPEN, HS_OK);
	named("web box", HS_POLICY_HOW_OPEN, HS_OK);
	named("far", HS_POLICY_HOW_OPEN, HS_NO_ALWAYS);
	assert_non_null(strstr(world_record("\"refuse\""), "touch-each-time"));
	named("web far box", HS_POLICY_HOW_OPEN, HS_NO_ALWAYS);
	named("nobody far", HS_POLICY_HOW_OPEN, HS_NO_SUCH);
	named("far", HS_POLICY_HOW_REQUEST, HS_OK);
	named("web far", HS_POLICY_HOW_REQUEST, HS_OK);
	world_end(&w);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(direct),
	    cmocka_unit_test(rule1_no_session_has_what_is_direct)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
