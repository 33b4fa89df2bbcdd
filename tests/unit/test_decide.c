// SPDX-License-Identifier: ISC
//
// The decision, a row for every branch: policy, grants, who asks, and what comes of it with
// its code, sentence and remedy (docs/PROTOCOL.policy, "Deciding"). What must hold of all
// decisions is test_decide_props.c's, the difference test_decide_page.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/decide.h"
#include "proto/names.h"
#include "proto/text.h"

#define NOW    1795485600u
#define GRANTS 3

// What a row does not say: one silent grant that lasts, a reason, a channel.
struct grant {
	const char *scope;
	uint64_t left; // seconds; 0: 3600
	uint64_t uses; // 0: any
	const char *holder;
	bool loud, verified, ended;
};

struct row {
	const char *name;
	const char *policy; // NULL: no file
	const char *system;
	const char *asked;
	struct grant grants[GRANTS];
	const char *agent, *exe, *holder;
	bool opening, no_reason, no_channel, declined;
	uint32_t by_asker, by_all, waiting;
	enum hs_decision what;
	enum hs_code code;
	size_t grant;		   // that it is issued under
	const char *set;	   // of "verify", "once", "longer": those that are set
	const char *says, *remedy; // parts of them
};

#define ANY "Agent unknown\n Scope *\n"
#define BIG "max-ttl 900\nmax-uses *\n\nns a\nns b\n"
#define ASK "max-ttl 600\nmax-uses 2\n\nns a\n"
#define NEW "max-ttl 600\nmax-uses 2\n\nns c\n"
#define SURE                                                                               \
	ANY "Scope prod\nTouch always\nMaxTTL 1h\nMaxUses 1\nNs c\n"                       \
	    "Scope safe\nVerify pin\nMaxTTL 1h\nMaxUses *\nNs b\n"
#define SEAT "7c2e.3"

static const struct row rows[] = {
    // a
    {"a: denied", "Deny ns b\nDeny ns a\n" ANY, NULL, ASK, {{.scope = BIG}},
	.code = HS_NO_POLICY, .says = "Deny ns a (policy:2). No touch can allow it",
	.remedy = "no part in ns a"},
    {"a: denied by the system's", ANY, "\nDeny ns *\n", ASK, {{.scope = BIG}},
	.code = HS_NO_POLICY, .says = "Deny ns * (system policy:2). No touch can allow it"},
    {"a: denied without a file", NULL, "Deny ns a\n", ASK, {{.scope = BIG}},
	.code = HS_NO_POLICY},
    {"a: denied to open", "Deny ns a\n" ANY, NULL, BIG, {{.scope = NULL}}, .opening = true,
	.code = HS_NO_POLICY},
    {"a: another key is denied", "Deny user a\n" ANY, NULL, ASK, {{.scope = BIG}},
	.what = HS_DECIDE_ISSUE},
    // b
    {"b: no block for it", "Agent x\n Scope *\n", NULL, ASK, {{.scope = BIG}}, .agent = "y",
	.code = HS_NO_AGENT, .says = "no block for the agent y",
	.remedy = "write `Agent y` into"},
    {"b: a block that says nothing", "Agent x\n", NULL, ASK, {{.scope = BIG}}, .agent = "x",
	.code = HS_NO_AGENT, .says = "agent x ask for (policy:1)",
	.remedy = "give `Agent x` a scope"},
    {"b: outside of its scopes", "Scope s\nMaxTTL 1h\nMaxUses *\nNs b\nAgent x\n Scope s\n",
	NULL, ASK, {{.scope = BIG}}, .agent = "x", .code = HS_NO_AGENT,
	.remedy = "ask within s:"},
    {"b: within one of its scopes",
	"Scope s\nMaxTTL 1h\nMaxUses *\nNs b\nScope t\nMaxTTL 1h\nMaxUses *\nNs a\nAgent "
	"x\n "
	"Scope s t\n",
	NULL, ASK, {{.scope = BIG}}, .agent = "x", .what = HS_DECIDE_ISSUE},
    {"b: longer than its scope", "Scope s\nMaxTTL 9m\nMaxUses *\nNs a\nAgent x\n Scope s\n",
	NULL, ASK, {{.scope = BIG}}, .agent = "x", .code = HS_NO_AGENT},
    {"b: more uses than its scope has",
	"Scope s\nMaxTTL 1h\nMaxUses 1\nNs a\nAgent x\n Scope s\n", NULL, ASK,
	{{.scope = BIG}}, .agent = "x", .code = HS_NO_AGENT},
    {"b: deeper than its scope", "Scope s\nMaxTTL 1h\nMaxUses *\nNs a\nAgent x\n Scope s\n",
	NULL, "depth 1\n" ASK, {{.scope = BIG}}, .agent = "x", .code = HS_NO_AGENT},
    {"b: no more than its scope in anything",
	"Scope s\nMaxTTL 600\nMaxUses 2\nDepth 1\nNs a\nAgent x\n Scope s\n", NULL,
	"depth 1\n" ASK, {{.scope = "depth 1\n" BIG}}, .agent = "x",
	.what = HS_DECIDE_ISSUE},
    {"b: its statements in two scopes",
	"Scope s\nMaxTTL 1h\nMaxUses *\nNs a\nScope t\nMaxTTL 1h\nMaxUses *\nCap a:b\n"
	"Agent x\n Scope s t\n",
	NULL, ASK "\ncap a:b\n", {{.scope = BIG "\ncap a:b\n"}}, .agent = "x",
	.what = HS_DECIDE_ISSUE},
    {"b: one statement in none", "Scope s\nMaxTTL 1h\nMaxUses *\nNs a\nAgent x\n Scope s\n",
	NULL, ASK "\ncap a:b\n", {{.scope = BIG "\ncap a:b\n"}}, .agent = "x",
	.code = HS_NO_AGENT},
    {"b: another executable is unknown", "Agent x\n Scope *\n Exe /x\n", NULL, ASK,
	{{.scope = BIG}}, .agent = "x", .exe = "/y", .code = HS_NO_AGENT},
    {"b: no executable is another", "Agent x\n Scope *\n Exe /x\n", NULL, ASK,
	{{.scope = BIG}}, .agent = "x", .code = HS_NO_AGENT},
    {"b: and unknown may", "Agent x\n Exe /x\n" ANY, NULL, ASK, {{.scope = BIG}},
	.agent = "x", .exe = "/y", .what = HS_DECIDE_ISSUE},
    {"b: its executable", "Agent x\n Scope *\n Exe /x\n", NULL, ASK, {{.scope = BIG}},
	.agent = "x", .exe = "/x", .what = HS_DECIDE_ISSUE},
    {"b: a block holds back what unknown may", "Agent x\n" ANY, NULL, ASK, {{.scope = BIG}},
	.agent = "x", .code = HS_NO_AGENT},
    {"b: not for open", "Agent x\n", NULL, BIG, {{.scope = NULL}}, .agent = "x",
	.opening = true, .what = HS_DECIDE_ASK, .says = "opening a session costs a touch"},
    {"b: not without a file", NULL, NULL, ASK, {{.scope = BIG}}, .what = HS_DECIDE_ISSUE},
    // c
    {"c: open with an always scope in it", SURE, NULL, "max-ttl 1\nmax-uses *\n\nns *\n",
	{{.scope = NULL}}, .opening = true, .code = HS_NO_ALWAYS,
	.says = "the scope prod, which costs a touch each time (policy:3): no session",
	.remedy = "open without it"},
    {"c: asked for many uses", SURE, NULL, NEW, {{.scope = NULL}}, .code = HS_NO_ALWAYS,
	.says = "once only", .remedy = "--uses 1"},
    {"c: though it is granted", SURE, NULL, "max-ttl 600\nmax-uses 1\n\nns c\n",
	{{.scope = "max-ttl 900\nmax-uses *\n\nns *\n"}}, .what = HS_DECIDE_ASK,
	.set = "once", .says = "the scope prod costs a touch each time (policy:3)"},
    {"c: any number of uses is one", SURE, NULL, "max-ttl 600\nmax-uses *\n\nns c\n",
	{{.scope = NULL}}, .what = HS_DECIDE_ASK, .set = "once"},
    {"c: a part of it", SURE, NULL, "max-ttl 600\nmax-uses 1\n\nns a\nns c\n",
	{{.scope = NULL}}, .what = HS_DECIDE_ASK, .set = "once"},
    {"c: needs a reason without a session", SURE, NULL, "max-ttl 600\nmax-uses 1\n\nns c\n",
	{{.scope = NULL}}, .no_reason = true, .code = HS_NO_REASON},
    // d
    {"d: a scope that wants the PIN", SURE, NULL, "max-ttl 600\nmax-uses 1\n\nns b\n",
	{{.scope = BIG}}, .what = HS_DECIDE_ASK, .set = "verify",
	.says = "needs PIN or fingerprint, and the touch for it had neither"},
    {"d: which the touch had", SURE, NULL, "max-ttl 600\nmax-uses 1\n\nns b\n",
	{{.scope = BIG, .verified = true}}, .what = HS_DECIDE_ISSUE},
    {"d: every touch wants it", "Session\nVerify pin\n" ANY, NULL, ASK, {{.scope = BIG}},
	.what = HS_DECIDE_ASK, .set = "verify"},
    {"d: to open, too", SURE, NULL, "max-ttl 600\nmax-uses 1\n\nns b\n", {{.scope = NULL}},
	.opening = true, .what = HS_DECIDE_ASK, .set = "verify"},
    {"d: both", SURE, NULL, "max-ttl 600\nmax-uses 1\n\nns *\n", {{.scope = NULL}},
	.what = HS_DECIDE_ASK, .set = "verify once"},
    {"d: not wanted elsewhere", SURE, NULL, ASK, {{.scope = BIG}}, .what = HS_DECIDE_ISSUE},
    // e
    {"e: covered", ANY, NULL, ASK, {{.scope = BIG}}, .what = HS_DECIDE_ISSUE,
	.says = "a grant covers this"},
    {"e: opening is never issued", ANY, NULL, ASK, {{.scope = BIG}}, .opening = true,
	.what = HS_DECIDE_ASK},
    {"e: MainSocket ask", "MainSocket ask\n" ANY, NULL, ASK, {{.scope = BIG}},
	.what = HS_DECIDE_ASK, .says = "MainSocket ask: each"},
    {"e: which is not for seats", "MainSocket ask\n" ANY, NULL, ASK,
	{{.scope = BIG, .holder = SEAT}}, .holder = SEAT, .what = HS_DECIDE_ISSUE},
    {"e: another's grant", ANY, NULL, ASK, {{.scope = BIG, .holder = SEAT}},
	.what = HS_DECIDE_ASK, .says = "nothing is granted"},
    {"e: main's is not a seat's", ANY, NULL, ASK, {{.scope = BIG}}, .holder = SEAT,
	.what = HS_DECIDE_ASK},
    {"e: not asked for by open", ANY, NULL, ASK, {{.scope = BIG, .loud = true}},
	.what = HS_DECIDE_ASK, .says = "no one grant covers all of this"},
    {"e: which is for main only", ANY, NULL, ASK,
	{{.scope = BIG, .loud = true, .holder = SEAT}}, .holder = SEAT,
	.what = HS_DECIDE_ISSUE},
    {"e: ended", ANY, NULL, ASK, {{.scope = BIG, .ended = true}}, .what = HS_DECIDE_ASK,
	.says = "nothing is granted"},
    {"e: one second left", ANY, NULL, ASK, {{.scope = BIG, .left = 1}},
	.what = HS_DECIDE_ISSUE},
    {"e: outside", ANY, NULL, NEW, {{.scope = BIG}}, .what = HS_DECIDE_ASK,
	.says = "ns c is outside of what is granted"},
    {"e: uses left", ANY, NULL, ASK, {{.scope = BIG, .uses = 2}}, .what = HS_DECIDE_ISSUE},
    {"e: too few uses left", ANY, NULL, ASK, {{.scope = BIG, .uses = 1}},
	.what = HS_DECIDE_ASK, .set = "longer", .says = "no uses are left"},
    {"e: any uses of a number", ANY, NULL, "max-ttl 600\nmax-uses *\n\nns a\n",
	{{.scope = BIG, .uses = 5}}, .what = HS_DECIDE_ASK, .set = "longer"},
    {"e: the one that ends first of those that last", ANY, NULL, ASK,
	{{.scope = BIG, .left = 800}, {.scope = BIG, .left = 600},
	    {.scope = BIG, .left = 599}},
	.grant = 1, .what = HS_DECIDE_ISSUE},
    {"e: the one that ends last of those that do not", ANY, NULL, ASK,
	{{.scope = BIG, .left = 300}, {.scope = BIG, .left = 599},
	    {.scope = BIG, .left = 10}},
	.grant = 1, .what = HS_DECIDE_ISSUE},
    {"e: one that lasts before one that does not", ANY, NULL, ASK,
	{{.scope = BIG, .left = 599}, {.scope = BIG, .left = 900},
	    {.scope = BIG, .left = 300}},
	.grant = 1, .what = HS_DECIDE_ISSUE},
    {"e: of equals the first", ANY, NULL, ASK,
	{{.scope = BIG, .ended = true}, {.scope = BIG, .left = 700},
	    {.scope = BIG, .left = 700}},
	.grant = 1, .what = HS_DECIDE_ISSUE},
    {"e: the one that can", ANY, NULL, ASK,
	{{.scope = BIG, .uses = 1}, {.scope = "max-ttl 900\nmax-uses *\n\nns b\n"},
	    {.scope = BIG, .left = 9}},
	.grant = 2, .what = HS_DECIDE_ISSUE},
    // f
    {"f: no file, no grant", NULL, NULL, ASK, {{.scope = NULL}}, .code = HS_NO_SESSION,
	.says = "no session is open", .remedy = "handseal open"},
    {"f: no file, outside", NULL, NULL, NEW, {{.scope = BIG}}, .code = HS_NO_CEILING,
	.says = "ns c is outside what the touch allowed", .remedy = "ask within: "},
    {"f: no file, longer", NULL, NULL, "max-ttl 901\nmax-uses 1\n\nns a\n",
	{{.scope = BIG}}, .code = HS_NO_CEILING, .says = "more time, uses or depth"},
    {"f: no file, across statements", NULL, NULL, ASK "ns c\n",
	{{.scope = BIG "\nns c\ncap a:b\n"}}, .code = HS_NO_CEILING,
	.says = "this is outside what the touch allowed"},
    {"f: no file, uses spent", NULL, NULL, ASK, {{.scope = BIG, .uses = 1}},
	.code = HS_NO_USES, .says = "no uses are left", .remedy = "fewer uses"},
    {"f: no file, the system wants the PIN", NULL, "Session\nVerify pin\n", ASK,
	{{.scope = BIG}}, .code = HS_NO_CEILING, .says = "needs PIN or fingerprint"},
    {"f: no file, the system wants each asked", NULL, "MainSocket ask\n", ASK,
	{{.scope = BIG}}, .code = HS_NO_CEILING,
	.says = "the system's policy says MainSocket ask"},
    {"f: no file, open", NULL, NULL, BIG, {{.scope = NULL}}, .opening = true,
	.what = HS_DECIDE_ASK},
    {"f: Escalate deny", "Escalate deny\n" ANY, NULL, NEW, {{.scope = BIG}},
	.code = HS_NO_ESCALATION, .says = "ns c is outside", .remedy = "`Escalate deny`"},
    {"f: Escalate deny, no grant", "Escalate deny\n" ANY, NULL, NEW, {{.scope = NULL}},
	.code = HS_NO_SESSION, .remedy = "handseal open"},
    {"f: Escalate deny, uses spent", "Escalate deny\n" ANY, NULL, ASK,
	{{.scope = BIG, .uses = 1}}, .code = HS_NO_USES},
    {"f: Escalate deny, uses spent, and the PIN is missing too",
	"Escalate deny\nSession\nVerify pin\n" ANY, NULL, ASK, {{.scope = BIG, .uses = 1}},
	.code = HS_NO_ESCALATION, .says = "more time, uses or depth"},
    {"f: Escalate deny, another would do but is asked for",
	"Escalate deny\nMainSocket ask\n" ANY, NULL, ASK,
	{{.scope = BIG, .uses = 1}, {.scope = BIG}}, .code = HS_NO_ESCALATION},
    {"f: Escalate deny, each time", "Escalate deny\n" SURE, NULL,
	"max-ttl 1\nmax-uses 1\n\nns c\n", {{.scope = NULL}}, .code = HS_NO_ESCALATION},
    {"f: Escalate deny lets open", "Escalate deny\n" ANY, NULL, BIG, {{.scope = NULL}},
	.opening = true, .what = HS_DECIDE_ASK},
    {"f: Escalate deny lets what is covered", "Escalate deny\n" ANY, NULL, ASK,
	{{.scope = BIG}}, .what = HS_DECIDE_ISSUE},
    // g
    {"g: no reason", ANY, NULL, NEW, {{.scope = BIG}}, .no_reason = true,
	.code = HS_NO_REASON, .remedy = "--reason"},
    {"g: none is needed without a grant", ANY, NULL, NEW, {{.scope = NULL}},
	.no_reason = true, .what = HS_DECIDE_ASK,
	.says = "nothing is granted: a touch grants just this"},
    {"g: nor to open", ANY, NULL, NEW, {{.scope = BIG}}, .no_reason = true, .opening = true,
	.what = HS_DECIDE_ASK},
    // h to k
    {"h: declined", ANY, NULL, NEW, {{.scope = BIG}}, .declined = true,
	.code = HS_NO_DECLINED, .remedy = "ask for less"},
    {"h: declined to open", ANY, NULL, NEW, {{.scope = NULL}}, .declined = true,
	.opening = true, .code = HS_NO_DECLINED},
    {"h: declined, but covered", ANY, NULL, ASK, {{.scope = BIG}}, .declined = true,
	.what = HS_DECIDE_ISSUE},
    {"i: prompts of its own", ANY, NULL, NEW, {{.scope = BIG}}, .by_asker = 3, .by_all = 3,
	.code = HS_NO_PROMPTS, .says = "3 prompts of this asker"},
    {"i: one fewer", ANY, NULL, NEW, {{.scope = BIG}}, .by_asker = 2, .by_all = 5,
	.what = HS_DECIDE_ASK},
    {"i: prompts of all", ANY, NULL, NEW, {{.scope = BIG}}, .by_asker = 2, .by_all = 6,
	.code = HS_NO_PROMPTS, .says = "6 prompts of all askers"},
    {"i: to open, too", ANY, NULL, NEW, {{.scope = NULL}}, .by_asker = 3, .opening = true,
	.code = HS_NO_PROMPTS},
    {"i: as the policy says", "Limits\nPrompts 5\nPromptsAll 5\n" ANY, NULL, NEW,
	{{.scope = BIG}}, .by_asker = 4, .by_all = 4, .what = HS_DECIDE_ASK},
    {"j: too much waits", ANY, NULL, NEW, {{.scope = BIG}}, .waiting = 8,
	.code = HS_NO_BUSY, .says = "8 askings wait already"},
    {"j: one fewer", ANY, NULL, NEW, {{.scope = BIG}}, .waiting = 7, .what = HS_DECIDE_ASK},
    {"k: no channel", ANY, NULL, NEW, {{.scope = BIG}}, .no_channel = true,
	.code = HS_NO_CHANNEL, .says = "nobody would see the prompt",
	.remedy = "handseal watch"},
    {"k: open has its own", ANY, NULL, NEW, {{.scope = NULL}}, .no_channel = true,
	.opening = true, .what = HS_DECIDE_ASK},
    // l
    {"l: the head alone", ANY, NULL, "max-ttl 901\nmax-uses 2\n\nns a\n", {{.scope = BIG}},
	.what = HS_DECIDE_ASK, .set = "longer", .says = "more time, uses or depth"},
    {"l: deeper", ANY, NULL, "depth 1\n" ASK, {{.scope = BIG}}, .what = HS_DECIDE_ASK,
	.set = "longer"},
    {"l: both", ANY, NULL, "max-ttl 901\nmax-uses 2\n\nns c\n", {{.scope = BIG}},
	.what = HS_DECIDE_ASK, .set = "longer"},
    {"l: no longer than a grant", ANY, NULL, "depth 1\nmax-ttl 900\nmax-uses *\n\nns c\n",
	{{.scope = "depth 1\n" BIG}}, .what = HS_DECIDE_ASK},
    {"l: one grant is long enough", ANY, NULL, "max-ttl 901\nmax-uses 2\n\nns a\n",
	{{.scope = BIG}, {.scope = "max-ttl 9999\nmax-uses *\n\nns b\n"}},
	.what = HS_DECIDE_ASK, .says = "no one grant covers all of this"},
};

static struct hs_scope *
scope(const char *text)
{
	struct hs_scope *s = NULL;
	struct hs_err err;

	if (hs_scope_parse(hs_str_c(text), &s, &err) != HS_OK)
		fail_msg("%s: %s", text, err.text);
	return s;
}

static void
make_policy(struct hs_policy *p, const struct row *r)
{
	static struct hs_policy system;

	if (r->policy == NULL)
		hs_policy_none(p);
	else
		assert_int_equal(
		    hs_policy_parse(hs_str_c(r->policy), false, p, NULL, NULL), HS_OK);
	if (r->system != NULL) {
		assert_int_equal(
		    hs_policy_parse(hs_str_c(r->system), true, &system, NULL, NULL), HS_OK);
		assert_int_equal(hs_policy_narrow(p, &system), HS_OK);
		hs_policy_free(&system);
	}
}

static void
make_grants(
    struct hs_decide_input *in, struct hs_decide_grant g[GRANTS], const struct row *r)
{
	for (size_t i = 0; i < GRANTS && r->grants[i].scope != NULL; i++) {
		const struct grant *from = &r->grants[i];

		g[i].scope = scope(from->scope);
		g[i].end = from->ended	    ? NOW
			   : from->left > 0 ? NOW + from->left
					    : NOW + 3600;
		g[i].uses_left = from->uses > 0 ? from->uses : HS_USES_ANY;
		g[i].holder =
		    hs_str_c(from->holder != NULL ? from->holder : HS_HOLDER_MAIN);
		g[i].silent = !from->loud;
		g[i].verified = from->verified;
		in->ngrants = i + 1;
	}
}

static bool
has_part(const char *text, const char *part)
{
	return part == NULL || strstr(text, part) != NULL;
}

static void
check(const struct row *r, const struct hs_decided *d)
{
	char set[32];

	snprintf(set, sizeof(set), "%s%s%s", d->verify ? " verify" : "",
	    d->once ? " once" : "", d->longer ? " longer" : "");
	if (d->what != r->what || d->err.code != r->code || d->grant != r->grant ||
	    strcmp(set[0] == ' ' ? set + 1 : set, r->set != NULL ? r->set : "") != 0 ||
	    !has_part(d->err.text, r->says) || !has_part(d->remedy, r->remedy))
		fail_msg("%s: %d %s grant %zu,%s: %s | %s", r->name, d->what,
		    hs_code_name(d->err.code), d->grant, set, d->err.text, d->remedy);
	// rule9: a refusal has a code, a sentence, and what would help
	assert_true(d->err.text[0] != '\0');
	assert_int_equal(d->what == HS_DECIDE_REFUSE, d->err.code != HS_OK);
	if ((d->what == HS_DECIDE_REFUSE) != (d->remedy[0] != 0))
		fail_msg("%s: no remedy", r->name);
	assert_int_equal(d->what == HS_DECIDE_ASK, d->difference != NULL);
	assert_true(hs_text_shown(hs_str_c(d->err.text), NULL));
	assert_true(hs_text_shown(hs_str_c(d->remedy), NULL));
}

static void
decide(const struct row *r)
{
	static struct hs_policy policy;
	struct hs_decide_grant grants[GRANTS] = {{0}};
	struct hs_scope *asked = scope(r->asked);
	struct hs_decide_input in = {.policy = &policy,
	    .grants = grants,
	    .holder = hs_str_c(r->holder != NULL ? r->holder : HS_HOLDER_MAIN),
	    .agent = hs_str_c(r->agent != NULL ? r->agent : HS_AGENT_UNKNOWN),
	    .exe = hs_str_c(r->exe != NULL ? r->exe : ""),
	    .scope = asked,
	    .opening = r->opening,
	    .reasoned = !r->no_reason,
	    .channel = !r->no_channel,
	    .declined = r->declined,
	    .by_asker = r->by_asker,
	    .by_all = r->by_all,
	    .waiting = r->waiting,
	    .now = NOW};
	enum hs_decision what;
	struct hs_decided d;

	make_policy(&policy, r);
	make_grants(&in, grants, r);
	what = hs_decide(&in, &d);
	assert_int_equal(what, d.what);
	check(r, &d);
	hs_decided_free(&d);
	assert_null(d.difference);
	for (size_t i = 0; i < in.ngrants; i++)
		hs_scope_free((struct hs_scope **)&grants[i].scope);
	hs_scope_free(&asked);
	hs_policy_free(&policy);
}

static void
rule9_every_branch(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		decide(&rows[i]);
}

static void
askers(void **state)
{
	static const struct {
		const char *agent, *exe, *asker;
	} who[] = {{"x", "/x", "x"}, {"y", "/x", "x"}, {"x", "/other", "unknown"},
	    {"x", "", "unknown"}, {"z", "/z", "unknown"}, {"unknown", "/x", "x"},
	    {"p", "/node", "p"}, {"q", "/node", "q"}, {"r", "/node", "p"},
	    {"n", "/n", "unknown"}, {"x", "/x/", "unknown"}};
	char out[HS_AGENT_NAME_MAX + 1];
	struct hs_policy p;

	(void)state;
	assert_int_equal(
	    hs_policy_parse(hs_str_c("Agent n\n Scope *\nAgent x\n Exe /x\nAgent p\n Exe "
				     "/node\nAgent q\n Exe /node\n" ANY),
		false, &p, NULL, NULL),
	    HS_OK);
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		hs_decide_asker(&p, hs_str_c(who[i].agent), hs_str_c(who[i].exe), out);
		assert_string_equal(out, who[i].asker);
	}
	hs_policy_free(&p);
	hs_policy_none(&p);
	hs_decide_asker(&p, hs_str_c("x"), hs_str_c("/x"), out);
	assert_string_equal(out, "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule9_every_branch), cmocka_unit_test(askers)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
