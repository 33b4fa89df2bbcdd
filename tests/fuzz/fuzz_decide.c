// SPDX-License-Identifier: ISC
//
// Fuzzes the decision: a policy, the system's, what is asked, and grants, each a text that
// ends at a NUL, behind bytes that say the rest. What is issued is inside its grant, the
// system's policy only narrows, and there is an answer always.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/decide.h"
#include "proto/names.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define GRANTS 4
#define NOW    1000u

static void
must(int ok)
{
	if (!ok)
		abort();
}

static uint8_t
byte(struct hs_str *in)
{
	uint8_t b = 0;

	if (in->len > 0) {
		b = in->p[0];
		in->p++;
		in->len--;
	}
	return b;
}

static struct hs_str
part(struct hs_str *in)
{
	const uint8_t *nul = in->len > 0 ? memchr(in->p, 0, in->len) : NULL;
	struct hs_str s = {in->p, nul != NULL ? (size_t)(nul - in->p) : in->len};

	in->p += s.len + (nul != NULL);
	in->len -= s.len + (nul != NULL);
	return s;
}

static bool
denied(const struct hs_policy *p, const struct hs_scope *s)
{
	for (size_t i = 0; i < p->ndenies; i++)
		if (hs_scope_touches(s, p->denies[i].key, hs_str_c(p->denies[i].value)))
			return true;
	return false;
}

static int
judge(const struct hs_decide_input *in)
{
	struct hs_decided d;
	enum hs_decision what = hs_decide(in, &d);

	must(what == d.what && d.err.text[0] != '\0');
	must(hs_text_shown(hs_str_c(d.err.text), NULL));
	must(hs_text_shown(hs_str_c(d.remedy), NULL));
	must((what == HS_DECIDE_REFUSE) == (d.err.code != HS_OK));
	must((what == HS_DECIDE_REFUSE) == (d.remedy[0] != '\0'));
	must((what == HS_DECIDE_ASK) == (d.difference != NULL));
	must(d.err.code != HS_ERR_INTERNAL && d.err.code != HS_ERR_NOMEM);
	must(what == HS_DECIDE_REFUSE || !denied(in->policy, in->scope));
	must(what == HS_DECIDE_REFUSE || !in->opening || in->origin == HS_ORIGIN_LOCAL);
	must(what == HS_DECIDE_REFUSE || !in->forwarded ||
	     in->policy->forwarded != HS_FORWARDED_DENY);
	if (what == HS_DECIDE_ISSUE) {
		must(!in->forwarded || !hs_str_is(in->holder, HS_HOLDER_MAIN) ||
		     in->policy->forwarded == HS_FORWARDED_GRANT);
		must(d.grant < in->ngrants && !in->opening);
		must(hs_scope_under(in->scope, in->grants[d.grant].scope));
		must(hs_scope_max_uses(in->scope) <= in->grants[d.grant].uses_left);
		must(in->grants[d.grant].end > in->now);
		must(hs_str_eq(in->grants[d.grant].holder, in->holder));
	}
	if (what == HS_DECIDE_ASK)
		must(hs_scope_under(d.difference, in->scope));
	hs_decided_free(&d);
	return what == HS_DECIDE_REFUSE ? 0 : what == HS_DECIDE_ASK ? 1 : 2;
}

// Flags of the request, then of each grant.
static void
set(struct hs_decide_input *in, uint8_t flags, uint8_t counts)
{
	static const char *const agents[] = {"x", "y", "unknown", "a"};

	in->opening = (flags & 1) != 0;
	in->reasoned = (flags & 2) == 0;
	in->channel = (flags & 4) == 0;
	in->declined = (flags & 8) != 0;
	in->holder = hs_str_c((flags & 16) != 0 ? "7c2e.1" : HS_HOLDER_MAIN);
	in->exe = hs_str_c((flags & 32) != 0 ? "/x" : "");
	in->agent = hs_str_c(agents[flags >> 6]);
	in->by_asker = counts & 3;
	in->by_all = counts >> 2 & 7;
	in->origin = (counts >> 5 & 3) == 1   ? HS_ORIGIN_FORWARDED
		     : (counts >> 5 & 3) >= 2 ? HS_ORIGIN_OPAQUE
					      : HS_ORIGIN_LOCAL;
	in->forwarded = (counts & 32) != 0; // 1, and 3, which is opaque then
	in->waiting = (counts & 128) != 0 ? 8 : 0;
	in->now = NOW;
}

static void
set_grant(struct hs_decide_grant *g, const struct hs_scope *s, uint8_t flags)
{
	g->scope = s;
	g->end = NOW + (flags & 3u) * 400u;
	g->uses_left = (flags & 4) != 0 ? (uint64_t)(flags >> 3 & 3) : HS_USES_ANY;
	g->silent = (flags & 32) == 0;
	g->verified = (flags & 64) != 0;
	g->holder = hs_str_c((flags & 128) != 0 ? "7c2e.1" : HS_HOLDER_MAIN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct hs_policy policy, system;
	struct hs_str in = {data, len};
	struct hs_scope *scopes[GRANTS] = {0}, *asked = NULL;
	struct hs_decide_grant grants[GRANTS];
	struct hs_decide_input input = {.policy = &policy, .grants = grants};
	uint8_t flags[2 + GRANTS];
	int before, after;

	for (size_t i = 0; i < sizeof(flags); i++)
		flags[i] = byte(&in);
	set(&input, flags[0], flags[1]);
	if (hs_policy_parse(part(&in), false, &policy, NULL, NULL) != HS_OK)
		hs_policy_none(&policy);
	if (hs_policy_parse(part(&in), true, &system, NULL, NULL) != HS_OK)
		must(hs_policy_parse((struct hs_str){0}, true, &system, NULL, NULL) ==
		     HS_OK);
	if (hs_scope_parse(part(&in), &asked, NULL) != HS_OK)
		goto out;
	for (size_t i = 0; i < GRANTS && in.len > 0; i++) {
		if (hs_scope_parse(part(&in), &scopes[i], NULL) == HS_OK)
			set_grant(&grants[input.ngrants++], scopes[i], flags[2 + i]);
	}
	input.scope = asked;
	before = judge(&input);
	must(hs_policy_narrow(&policy, &system) == HS_OK || policy.ndenies > 200);
	after = judge(&input);
	must(after <= before);
out:
	for (size_t i = 0; i < GRANTS; i++)
		hs_scope_free(&scopes[i]);
	hs_scope_free(&asked);
	hs_policy_free(&policy);
	hs_policy_free(&system);
	return 0;
}
