// SPDX-License-Identifier: ISC
//
// The decision about a direct certificate: each costs a touch, of what a policy lets be
// direct; what was made is judged by what is denied since, and not by what may be asked.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "proto/decide.h"
#include "proto/names.h"

#define NOW 1795485600u
#define ANY "Agent unknown\n Scope *\n"
#define WEB "Scope web\nMaxTTL 1h\nMaxUses *\nUser deploy\nHost *\nAddr *\nCmd id\n"

static const struct row {
	const char *policy; // NULL: no file
	bool chain;	    // it is no direct one
	bool made;	    // it was made, and its touch stands for it
	enum hs_decision what;
	enum hs_code code;
	const char *says, *remedy; // parts of them
} rows[] = {
    {ANY, .what = HS_DECIDE_ASK, .says = "each direct certificate costs a touch"},
    {ANY WEB "Touch always\n", .what = HS_DECIDE_ASK},
    {ANY WEB "Trust direct\n", .what = HS_DECIDE_ASK},
    {ANY WEB "Trust chain\n", .code = HS_NO_POLICY,
	.says = "the scope web, which says Trust chain (policy:3)",
	.remedy = "ask without --direct"},
    {ANY WEB "Trust chain\n", .chain = true, .what = HS_DECIDE_ASK},
    {ANY WEB "Trust chain\n", .made = true, .code = HS_NO_POLICY},
    {"Deny cmd id\n" ANY, .code = HS_NO_POLICY, .says = "Deny cmd id"},
    {"Deny host prod\n" ANY, .code = HS_NO_POLICY, .says = "Deny host prod"},
    {"Deny cmd id\n" ANY, .made = true, .code = HS_NO_POLICY},
    {"Escalate deny\n" ANY, .code = HS_NO_ESCALATION,
	.says = "the policy says Escalate deny", .remedy = "take `Escalate deny` out"},
    {"Escalate deny\n" ANY, .made = true, .what = HS_DECIDE_ISSUE},
    {"Session\nVerify pin\n" ANY, .made = true, .what = HS_DECIDE_ASK},
    {NULL, .code = HS_NO_ESCALATION, .says = "without a policy file nothing may be asked",
	.remedy = "write a policy"},
    {"Agent unknown\n", .code = HS_NO_AGENT},
};

static void
decided(void **state)
{
	struct hs_policy *p = test_calloc(1, sizeof *p);
	struct hs_scope *scope = NULL;

	(void)state;
	assert_int_equal(
	    hs_scope_parse(hs_str_c("max-ttl 600\nmax-uses *\n\naddr *\ncmd id\n"
				    "host *\nuser deploy\n"),
		&scope, NULL),
	    HS_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		const struct hs_decide_grant made = {.scope = scope,
		    .end = NOW + 60,
		    .uses_left = HS_USES_ANY,
		    .holder = hs_str_c("seat:1"),
		    .silent = true};
		const struct hs_decide_input in = {.policy = p,
		    .grants = &made,
		    .ngrants = r->made ? 1 : 0,
		    .holder = hs_str_c(r->made ? "seat:1" : HS_HOLDER_MAIN),
		    .agent = hs_str_c("unknown"),
		    .scope = scope,
		    .direct = !r->chain,
		    .reasoned = true,
		    .channel = true,
		    .now = NOW};
		struct hs_decided d;

		if (r->policy == NULL)
			hs_policy_none(p);
		else
			assert_int_equal(
			    hs_policy_parse(hs_str_c(r->policy), false, p, NULL, NULL),
			    HS_OK);
		(void)hs_decide(&in, &d);
		if (d.what != r->what || d.err.code != r->code || d.once ||
		    (r->says != NULL && strstr(d.err.text, r->says) == NULL) ||
		    (r->remedy != NULL && strstr(d.remedy, r->remedy) == NULL))
			fail_msg("row %zu: %d %s: %s | %s", i, d.what,
			    hs_code_name(d.err.code), d.err.text, d.remedy);
		hs_decided_free(&d);
		hs_policy_free(p);
	}
	hs_scope_free(&scope);
	test_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(decided)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
