// SPDX-License-Identifier: ISC
//
// The decision about one request (docs/PROTOCOL.policy, "Deciding", whose letters stand
// here). Total: whatever comes in, one answer goes out. What is said of it is
// decide_words.c's.
#include "proto/decide_internal.h"

#include <string.h>
#include "proto/names.h"

void
hs_decided_free(struct hs_decided *d)
{
	hs_scope_free(&d->difference);
	memset(d, 0, sizeof(*d));
}

void
hs_decide_asker(const struct hs_policy *p, struct hs_str agent, struct hs_str exe,
    char out[static HS_AGENT_NAME_MAX + 1])
{
	const struct hs_policy_agent *found = NULL;

	for (size_t i = 0; i < p->nagents && exe.len > 0; i++) {
		const struct hs_policy_agent *a = &p->agents[i];

		if (a->exe[0] == '\0' || !hs_str_is(exe, a->exe))
			continue;
		if (found == NULL || hs_str_is(agent, a->name))
			found = a;
	}
	(void)hs_str_copy(hs_str_c(found != NULL ? found->name : HS_AGENT_UNKNOWN), out,
	    HS_AGENT_NAME_MAX + 1);
}

static const struct hs_policy_agent *
find_agent(const struct hs_policy *p, struct hs_str name, struct hs_str exe)
{
	const struct hs_policy_agent *unknown = NULL;

	for (size_t i = 0; i < p->nagents; i++) {
		const struct hs_policy_agent *a = &p->agents[i];

		if (hs_str_is(name, a->name) &&
		    (a->exe[0] == '\0' || hs_str_is(exe, a->exe)))
			return a;
		if (strcmp(a->name, HS_AGENT_UNKNOWN) == 0)
			unknown = a;
	}
	return unknown;
}

static bool
head_within(const struct hs_scope *a, const struct hs_scope *b)
{
	return a->max_ttl <= b->max_ttl && a->max_uses <= b->max_uses &&
	       a->depth <= b->depth && (!a->drain || b->drain);
}

static bool
has_statement(const struct hs_scope *s, const struct scope_statement *st)
{
	for (size_t i = 0; i < s->n; i++)
		if (scope_statement_under(st, &s->st[i]))
			return true;
	return false;
}

// b: may this agent ask for that?
static bool
agent_may(const struct deciding *d)
{
	const struct hs_scope *asked = d->in->scope;
	const struct hs_policy_agent *a = d->agent;

	if (a == NULL)
		return false;
	for (size_t i = 0; i < asked->n && !a->any; i++) {
		bool found = false;

		for (size_t k = 0; k < a->nscopes && !found; k++) {
			const struct hs_scope *s =
			    d->in->policy->scopes[a->scopes[k]].scope;

			found = head_within(asked, s) && has_statement(s, &asked->st[i]);
		}
		if (!found)
			return false;
	}
	return true;
}

// a
static bool
is_denied(const struct deciding *d)
{
	const struct hs_policy *p = d->in->policy;

	for (size_t i = 0; i < p->ndenies; i++)
		if (hs_scope_touches(
			d->in->scope, p->denies[i].key, hs_str_c(p->denies[i].value)))
			return true;
	return false;
}

// Does some `Trust chain` scope overlap what is to be direct?
static bool
is_chained(struct deciding *d)
{
	const struct hs_policy *p = d->in->policy;

	for (size_t i = 0; i < p->nscopes && d->in->direct && d->chain == NULL; i++)
		if (p->scopes[i].trusted && !p->scopes[i].direct &&
		    hs_scope_overlaps(d->in->scope, p->scopes[i].scope))
			d->chain = &p->scopes[i];
	return d->chain != NULL;
}

// c, d
static void
find_overlaps(struct deciding *d)
{
	const struct hs_policy *p = d->in->policy;

	for (size_t i = 0; i < p->nscopes; i++) {
		const struct hs_policy_scope *s = &p->scopes[i];

		if ((!s->always || d->always != NULL) && (!s->verify || d->pin != NULL))
			continue;
		if (!hs_scope_overlaps(d->in->scope, s->scope))
			continue;
		d->always = s->always && d->always == NULL ? s : d->always;
		d->pin = s->verify && d->pin == NULL ? s : d->pin;
	}
	d->out->verify = p->verify || d->pin != NULL;
}

static bool
is_live(const struct deciding *d, const struct hs_decide_grant *g)
{
	return g->end > d->in->now && hs_str_eq(g->holder, d->in->holder);
}

// Is a, which can issue, the better of the two? Time is compared as what is left.
static bool
is_better(const struct deciding *d, const struct hs_decide_grant *a,
    const struct hs_decide_grant *b)
{
	uint64_t ttl = d->in->scope->max_ttl, now = d->in->now;
	bool a_lasts = a->end - now >= ttl, b_lasts = b->end - now >= ttl;

	if (a_lasts != b_lasts)
		return a_lasts;
	return a_lasts ? a->end < b->end : a->end > b->end;
}

// e: the grant to issue under; NULL, and why not, where there is none.
static const struct hs_decide_grant *
find_grant(struct deciding *d)
{
	const struct hs_decide_input *in = d->in;
	const struct hs_decide_grant *best = NULL;

	for (size_t i = 0; i < in->ngrants; i++) {
		const struct hs_decide_grant *g = &in->grants[i];
		bool uses, verified;

		if (!is_live(d, g))
			continue;
		d->live++;
		if ((d->main && !g->silent) || !hs_scope_under(in->scope, g->scope))
			continue;
		uses = in->scope->max_uses <= g->uses_left;
		verified = g->verified || !d->out->verify;
		d->covered = d->covered || (uses && verified);
		d->spent = d->spent || (!uses && verified);
		d->unverified = d->unverified || (uses && !verified);
		if (uses && verified && (best == NULL || is_better(d, g, best)))
			best = g;
	}
	return best;
}

// ---- f to k: what stands between a request and a prompt

static enum hs_code
why_not_asked(const struct deciding *d)
{
	const struct hs_decide_input *in = d->in;
	const struct hs_policy *p = in->policy;
	bool request = !in->opening;

	if (in->direct && !p->escalate)
		return HS_NO_ESCALATION;
	if (request && !p->escalate && d->away && d->covered && d->always == NULL)
		return HS_NO_FORWARD;
	if (request && !p->escalate && d->spent && !d->covered && d->always == NULL)
		return HS_NO_USES;
	if (request && !p->escalate && d->live == 0 && d->always == NULL)
		return HS_NO_SESSION;
	if (request && !p->escalate)
		return p->exists ? HS_NO_ESCALATION : HS_NO_CEILING;
	if (request && !in->reasoned && (d->live > 0 || d->always != NULL))
		return HS_NO_REASON;
	if (in->declined)
		return HS_NO_DECLINED;
	if (in->by_asker >= p->per_asker || in->by_all >= p->all)
		return HS_NO_PROMPTS;
	if (in->waiting >= p->waiting)
		return HS_NO_BUSY;
	if (request && !in->channel)
		return HS_NO_CHANNEL;
	return HS_OK;
}

// ---- l: the difference

static bool
is_new(const struct deciding *d, const struct scope_statement *st)
{
	for (size_t i = 0; i < d->in->ngrants; i++)
		if (is_live(d, &d->in->grants[i]) &&
		    has_statement(d->in->grants[i].scope, st))
			return false;
	return true;
}

// Does each of the holder's grants fall short of the head?
static bool
is_longer(const struct deciding *d)
{
	for (size_t i = 0; i < d->in->ngrants; i++) {
		const struct hs_decide_grant *g = &d->in->grants[i];

		if (is_live(d, g) && head_within(d->in->scope, g->scope) &&
		    d->in->scope->max_uses <= g->uses_left)
			return false;
	}
	return d->live > 0;
}

static void
put_head(struct hs_buf *b, const struct hs_scope *s, bool once)
{
	hs_put_fmt(b, "depth %u\nmax-ttl %llu\n", (unsigned)s->depth,
	    (unsigned long long)s->max_ttl);
	if (once)
		hs_put_fmt(b, "max-uses 1\n");
	else if (s->max_uses == HS_USES_ANY)
		hs_put_fmt(b, "max-uses *\n");
	else
		hs_put_fmt(b, "max-uses %llu\n", (unsigned long long)s->max_uses);
	if (s->drain)
		hs_put_fmt(b, "on-end drain\n");
}

// The canonical text holds the statements in their order, each behind an empty line.
static int
make_difference(struct deciding *d)
{
	const struct hs_scope *s = d->in->scope;
	struct hs_str rest = hs_scope_text(s);
	struct hs_buf text = {0};
	bool all = d->out->once, any = false;
	int rc;

	for (size_t i = 0; i < s->n && !all; i++)
		any = any || is_new(d, &s->st[i]);
	put_head(&text, s, d->out->once);
	for (size_t i = 0; i <= s->n; i++) { // the head first
		size_t n = 1;

		while (n < rest.len && !(rest.p[n] == '\n' && rest.p[n - 1] == '\n'))
			n++;
		if (i > 0 && (all || !any || is_new(d, &s->st[i - 1])))
			hs_put_raw(&text, rest.p, n);
		rest = (struct hs_str){rest.p + n, rest.len - n};
	}
	rc = hs_buf_err(&text);
	if (rc == HS_OK)
		rc = hs_scope_parse(hs_buf_str(&text), &d->out->difference, NULL);
	hs_buf_free(&text);
	return rc;
}

static void
ask(struct deciding *d)
{
	enum hs_code code = why_not_asked(d);

	d->out->longer = is_longer(d);
	if (code == HS_OK)
		code = (enum hs_code)make_difference(d);
	if (code == HS_OK) {
		d->out->what = HS_DECIDE_ASK;
		decide_explain_asking(d);
	} else {
		decide_refuse(d, code);
	}
}

static void
decide(struct deciding *d)
{
	const struct hs_decide_input *in = d->in;
	const struct hs_decide_grant *g;

	if (is_denied(d) || is_chained(d)) {
		decide_refuse(d, HS_NO_POLICY);
		return;
	}
	if (in->opening && in->origin != HS_ORIGIN_LOCAL) {
		decide_refuse(d, HS_NO_PEER);
		return;
	}
	if (in->forwarded && in->policy->forwarded == HS_FORWARDED_DENY) {
		decide_refuse(d, HS_NO_FORWARD);
		return;
	}
	if (in->policy->exists && !in->opening && !agent_may(d)) {
		decide_refuse(d, HS_NO_AGENT);
		return;
	}
	find_overlaps(d);
	if (d->always != NULL && (in->opening || (in->scope->max_uses != 1 &&
						     in->scope->max_uses != HS_USES_ANY))) {
		decide_refuse(d, HS_NO_ALWAYS);
		return;
	}
	// a direct certificate is one touch's in any case, and counts no uses
	d->out->once = d->always != NULL && !in->direct;
	g = find_grant(d);
	if (g == NULL || d->out->once || in->opening || d->away ||
	    (d->main && in->policy->main_asks)) {
		ask(d);
		return;
	}
	d->out->what = HS_DECIDE_ISSUE;
	d->out->grant = (size_t)(g - in->grants);
	(void)hs_fail(&d->out->err, HS_OK, "a grant covers this");
}

enum hs_decision
hs_decide(const struct hs_decide_input *in, struct hs_decided *out)
{
	struct deciding d = {.in = in, .out = out};

	memset(out, 0, sizeof(*out));
	out->what = HS_DECIDE_REFUSE;
	d.main = hs_str_is(in->holder, HS_HOLDER_MAIN);
	d.away = d.main && in->forwarded && in->policy->forwarded != HS_FORWARDED_GRANT;
	d.agent = find_agent(in->policy, in->agent, in->exe);
	decide(&d);
	if (out->what != HS_DECIDE_ASK)
		out->verify = out->once = out->longer = false;
	return out->what;
}
