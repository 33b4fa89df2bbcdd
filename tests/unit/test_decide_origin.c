// SPDX-License-Identifier: ISC
//
// The decision by where a request comes from: a row for each origin and each of the
// policy's words about it (docs/PROTOCOL.policy, "Deciding"). All else is test_decide.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "proto/decide.h"
#include "proto/names.h"

#define ANY "Agent unknown\n Scope *\n"
#define BIG "max-ttl 900\nmax-uses 5\n\nns a\nns b\n"
#define ASK "max-ttl 600\nmax-uses 2\n\nns a\n"
#define NEW "max-ttl 600\nmax-uses 2\n\nns c\n"

struct row {
	const char *policy; // NULL: no file
	const char *asked;
	enum hs_origin origin;
	enum hs_decision what;
	enum hs_code code;
	const char *says;
	bool on_seat, opening, spent;
	bool claimed; // an opaque one, which says that it is forwarded
};

static const struct row rows[] = {
    {ANY, ASK, HS_ORIGIN_LOCAL, HS_DECIDE_ISSUE, HS_OK, .says = "a grant covers this"},
    {ANY, ASK, HS_ORIGIN_OPAQUE, HS_DECIDE_ISSUE, HS_OK, .says = "a grant covers this"},
    {ANY, ASK, HS_ORIGIN_FORWARDED, HS_DECIDE_ASK, HS_OK, .says = "Forwarded ask: each"},
    {"Forwarded ask\n" ANY, ASK, HS_ORIGIN_FORWARDED, HS_DECIDE_ASK, HS_OK,
	.says = "Forwarded"},
    {"Forwarded grant\n" ANY, ASK, HS_ORIGIN_FORWARDED, HS_DECIDE_ISSUE, HS_OK,
	.says = "covers"},
    {"Forwarded deny\n" ANY, ASK, HS_ORIGIN_FORWARDED, HS_DECIDE_REFUSE, HS_NO_FORWARD,
	.says = "(Forwarded deny)"},
    {"Forwarded deny\n" ANY, NEW, HS_ORIGIN_FORWARDED, HS_DECIDE_REFUSE, HS_NO_FORWARD,
	.says = "(Forwarded deny)"},
    {"Forwarded deny\n" ANY, ASK, HS_ORIGIN_LOCAL, HS_DECIDE_ISSUE, HS_OK,
	.says = "covers"},
    {"Forwarded deny\n" ANY, ASK, HS_ORIGIN_OPAQUE, HS_DECIDE_ISSUE, HS_OK,
	.says = "covers"},
    {"Forwarded grant\nMainSocket ask\n" ANY, ASK, HS_ORIGIN_FORWARDED, HS_DECIDE_ASK,
	HS_OK, .says = "MainSocket ask"},
    // rule1: to claim it and prove nothing gains nothing
    {ANY, ASK, HS_ORIGIN_OPAQUE, HS_DECIDE_ASK, HS_OK, .says = "Forwarded ask: each",
	.claimed = true},
    {"Forwarded deny\n" ANY, ASK, HS_ORIGIN_OPAQUE, HS_DECIDE_REFUSE, HS_NO_FORWARD,
	.says = "(Forwarded deny)", .claimed = true},
    // what is beyond is asked for as ever
    {ANY, NEW, HS_ORIGIN_FORWARDED, HS_DECIDE_ASK, HS_OK, .says = "ns c is outside"},
    {"Forwarded grant\n" ANY, NEW, HS_ORIGIN_FORWARDED, HS_DECIDE_ASK, HS_OK,
	.says = "ns c"},
    // nothing may be asked for
    {"Escalate deny\n" ANY, ASK, HS_ORIGIN_FORWARDED, HS_DECIDE_REFUSE, HS_NO_FORWARD,
	.says = "(Forwarded ask), and nothing may be asked for"},
    {"Escalate deny\n" ANY, NEW, HS_ORIGIN_FORWARDED, HS_DECIDE_REFUSE, HS_NO_ESCALATION,
	.says = "ns c"},
    {"Escalate deny\n" ANY, ASK, HS_ORIGIN_FORWARDED, HS_DECIDE_REFUSE, HS_NO_USES,
	.says = "uses", .spent = true},
    {NULL, ASK, HS_ORIGIN_FORWARDED, HS_DECIDE_REFUSE, HS_NO_FORWARD,
	.says = "(Forwarded ask)"},
    {NULL, NEW, HS_ORIGIN_FORWARDED, HS_DECIDE_REFUSE, HS_NO_CEILING, .says = "ns c"},
    // a seat's sockets are forwarded by none; who asks for more on one is its own
    {ANY, ASK, HS_ORIGIN_OPAQUE, HS_DECIDE_ISSUE, HS_OK, .says = "covers", .on_seat = true},
    // rule1: a session is opened by who is seen to be here
    {ANY, BIG, HS_ORIGIN_LOCAL, HS_DECIDE_ASK, HS_OK, .says = "opening", .opening = true},
    {ANY, BIG, HS_ORIGIN_FORWARDED, HS_DECIDE_REFUSE, HS_NO_PEER, .says = "from there",
	.opening = true},
    {"Forwarded grant\n" ANY, BIG, HS_ORIGIN_FORWARDED, HS_DECIDE_REFUSE, HS_NO_PEER,
	.says = "from there", .opening = true},
    {ANY, BIG, HS_ORIGIN_OPAQUE, HS_DECIDE_REFUSE, HS_NO_PEER, .says = "from there",
	.opening = true},
};

static struct hs_scope *
scope(const char *text)
{
	struct hs_scope *s = NULL;

	assert_int_equal(hs_scope_parse(hs_str_c(text), &s, NULL), HS_OK);
	return s;
}

static void
decide(const struct row *r)
{
	static struct hs_policy policy;
	struct hs_str holder = hs_str_c(r->on_seat ? "seat:7c2e.1" : HS_HOLDER_MAIN);
	struct hs_scope *asked = scope(r->asked), *granted = scope(BIG);
	const struct hs_decide_grant grant = {.scope = granted,
	    .end = 5000,
	    .uses_left = r->spent ? 0 : 5,
	    .holder = holder,
	    .silent = true};
	const struct hs_decide_input in = {.policy = &policy,
	    .grants = &grant,
	    .ngrants = 1,
	    .holder = holder,
	    .agent = hs_str_c(HS_AGENT_UNKNOWN),
	    .origin = r->origin,
	    .forwarded = r->origin == HS_ORIGIN_FORWARDED || r->claimed,
	    .scope = asked,
	    .opening = r->opening,
	    .reasoned = true,
	    .channel = true,
	    .now = 1000};
	struct hs_decided d;

	if (r->policy == NULL)
		hs_policy_none(&policy);
	else
		assert_int_equal(
		    hs_policy_parse(hs_str_c(r->policy), false, &policy, NULL, NULL),
		    HS_OK);
	if (hs_decide(&in, &d) != r->what || d.err.code != r->code ||
	    strstr(d.err.text, r->says) == NULL)
		fail_msg("row %zu: %d %s: %s", (size_t)(r - rows), d.what,
		    hs_code_name(d.err.code), d.err.text);
	assert_int_equal(d.what == HS_DECIDE_REFUSE, d.remedy[0] != '\0'); // rule9
	hs_decided_free(&d);
	hs_policy_free(&policy);
	hs_scope_free(&asked);
	hs_scope_free(&granted);
}

static void
rule9_every_origin(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		decide(&rows[i]);
}

static void
from_what_is_known(void **state)
{
	static const char *const names[] = {"local", "forwarded", "opaque"};
	static const enum hs_origin of[2][3] = {
	    {HS_ORIGIN_OPAQUE, HS_ORIGIN_OPAQUE, HS_ORIGIN_OPAQUE},
	    {HS_ORIGIN_LOCAL, HS_ORIGIN_FORWARDED, HS_ORIGIN_OPAQUE}};
	enum hs_origin o;

	(void)state;
	for (unsigned seen = 0; seen < 2; seen++)
		for (unsigned f = HS_FORWARDING_NONE; f <= HS_FORWARDING_CLAIMED; f++) {
			o = hs_origin_of(seen == 1, (enum hs_forwarding)f);
			assert_int_equal(o, of[seen][f]);
			// it never gets better
			assert_true(hs_origin_of(false, (enum hs_forwarding)f) >= o);
			for (unsigned g = f; g <= HS_FORWARDING_CLAIMED; g++)
				assert_true(
				    hs_origin_of(seen == 1, (enum hs_forwarding)g) >= o);
		}
	for (unsigned i = 0; i < 3; i++) {
		assert_string_equal(hs_origin_name((enum hs_origin)i), names[i]);
		assert_true(strlen(hs_origin_words((enum hs_origin)i)) > 10);
		assert_int_equal(hs_origin_parse(hs_str_c(names[i]), &o),
		    i == 0 ? HS_ERR_FORMAT : HS_OK);
		if (i > 0)
			assert_int_equal(o, i);
	}
	assert_int_equal(hs_origin_parse(hs_str_c(""), &o), HS_ERR_FORMAT);
	assert_int_equal(hs_origin_parse(hs_str_c("Forwarded"), &o), HS_ERR_FORMAT);
	assert_int_equal(hs_origin_parse(hs_str_c("opaque\n"), &o), HS_ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule9_every_origin), cmocka_unit_test(from_what_is_known)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
