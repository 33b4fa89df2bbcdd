// SPDX-License-Identifier: ISC
//
// What is said of a decision: the refusals' sentences and what would make them succeed, and
// why something is asked. Nothing is decided here.
#include "proto/decide_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include "proto/describe.h"
#include "proto/names.h"

#define SHOW 120 // bytes of a value in a sentence

static int
cut(size_t len)
{
	return len < SHOW ? (int)len : SHOW;
}

__attribute__((format(printf, 2, 3))) static void
remedy(struct deciding *d, const char *fmt, ...)
{
	struct hs_err e = {0}; // cuts and cleans as sentences are
	va_list ap;
	char text[sizeof(e.text)];

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	(void)hs_fail(&e, HS_OK, "%s", text);
	(void)snprintf(d->out->remedy, sizeof(d->out->remedy), "%s", e.text);
}

// ---- what is missing

static bool
is_somewhere(const struct deciding *d, const struct scope_value *v)
{
	for (size_t i = 0; i < d->in->ngrants; i++) {
		const struct hs_decide_grant *g = &d->in->grants[i];

		if (g->end <= d->in->now || !hs_str_eq(g->holder, d->in->holder))
			continue;
		for (size_t s = 0; s < g->scope->n; s++) {
			const struct scope_statement *st = &g->scope->st[s];

			for (size_t k = st->first[v->key]; k < st->first[v->key + 1]; k++)
				if (scope_value_covers(&st->v[k], v))
					return true;
		}
	}
	return false;
}

bool
decide_missing(const struct deciding *d, struct hs_buf *b)
{
	const struct hs_scope *asked = d->in->scope;

	for (size_t s = 0; s < asked->n; s++)
		for (size_t i = 0; i < asked->st[s].n; i++) {
			const struct scope_value *v = &asked->st[s].v[i];

			if (is_somewhere(d, v))
				continue;
			hs_put_fmt(b, "%s %.*s", scope_key_name((enum hs_scope_key)v->key),
			    cut(v->text.len), (const char *)v->text.p);
			return true;
		}
	return false;
}

// ---- refusals

static void
say_denied(struct deciding *d)
{
	const struct hs_policy *p = d->in->policy;
	const struct hs_policy_deny *deny = NULL;

	if (d->chain != NULL) {
		(void)hs_fail(&d->out->err, HS_NO_POLICY,
		    "this has a part in the scope %s, which says Trust chain (policy:%u): "
		    "nothing of it may be direct",
		    d->chain->name, d->chain->line);
		remedy(d, "ask without --direct");
		return;
	}
	for (size_t i = 0; i < p->ndenies && deny == NULL; i++)
		if (hs_scope_touches(
			d->in->scope, p->denies[i].key, hs_str_c(p->denies[i].value)))
			deny = &p->denies[i];
	if (deny == NULL)
		return;
	(void)hs_fail(&d->out->err, HS_NO_POLICY,
	    "Deny %s %.*s (%spolicy:%u). No touch can allow it", scope_key_name(deny->key),
	    SHOW, deny->value, deny->system ? "system " : "", deny->line);
	remedy(d, "ask for what has no part in %s %.*s", scope_key_name(deny->key), SHOW,
	    deny->value);
}

static void
say_agent(struct deciding *d)
{
	const struct hs_policy *p = d->in->policy;
	const struct hs_policy_agent *a = d->agent;
	struct hs_buf b = {0};

	if (a == NULL) {
		(void)hs_fail(&d->out->err, HS_NO_AGENT,
		    "the policy has no block for the agent %.*s, and none for unknown ones",
		    cut(d->in->agent.len), (const char *)d->in->agent.p);
		remedy(d, "have the person write `Agent %.*s` into the policy",
		    cut(d->in->agent.len), (const char *)d->in->agent.p);
		return;
	}
	for (size_t i = 0; i < a->nscopes; i++)
		hs_put_fmt(&b, "%s%s", i > 0 ? ", " : "", p->scopes[a->scopes[i]].name);
	(void)hs_fail(&d->out->err, HS_NO_AGENT,
	    "this is outside of what the policy lets the agent %s ask for (policy:%u)",
	    a->name, a->line);
	if (a->nscopes == 0)
		remedy(d, "have the person give `Agent %s` a scope in the policy", a->name);
	else
		remedy(d, "ask within %.*s: handseal policy show", cut(b.len),
		    (const char *)b.p);
	hs_buf_free(&b);
}

static void
say_always(struct deciding *d)
{
	const struct hs_policy_scope *s = d->always;

	if (d->in->opening) {
		(void)hs_fail(&d->out->err, HS_NO_ALWAYS,
		    "this has a part in the scope %s, which costs a touch each time "
		    "(policy:%u): no session has it",
		    s->name, s->line);
		remedy(d, "open without it, and request it when it is needed");
	} else {
		(void)hs_fail(&d->out->err, HS_NO_ALWAYS,
		    "this has a part in the scope %s, which costs a touch each time "
		    "(policy:%u), so it can be asked for once only",
		    s->name, s->line);
		remedy(d, "ask with --uses 1");
	}
}

// Escalate deny, or no policy.
static void
say_outside(struct deciding *d, enum hs_code code)
{
	struct hs_buf b = {0}, may = {0};

	if (d->in->direct) {
		(void)hs_fail(&d->out->err, code,
		    "each direct certificate costs a touch, and %s",
		    d->in->policy->exists
			? "the policy says Escalate deny"
			: "without a policy file nothing may be asked for");
		remedy(d, "%s",
		    d->in->policy->exists
			? "have the person take `Escalate deny` out of the policy"
			: "have the person write a policy: see handseal_policy(5)");
		return;
	}
	if (!d->in->policy->exists && d->main && d->in->policy->main_asks && d->covered)
		(void)hs_fail(&d->out->err, code,
		    "the system's policy says MainSocket ask, and without a policy file "
		    "nothing may be asked for");
	else if (d->unverified)
		(void)hs_fail(&d->out->err, code,
		    "this needs PIN or fingerprint, and the touch had neither");
	else if (decide_missing(d, &b))
		(void)hs_fail(&d->out->err, code, "%.*s is outside what the touch allowed",
		    (int)b.len, (const char *)b.p);
	else
		(void)hs_fail(&d->out->err, code,
		    "this is outside what the touch allowed%s",
		    d->out->longer ? ": it is for more time, uses or depth, or for running "
				     "past the end"
				   : "");
	if (code == HS_NO_ESCALATION)
		remedy(d, "ask for less, or have the person take `Escalate deny` out");
	for (size_t i = 0; i < d->in->ngrants && may.len == 0; i++)
		if (d->in->grants[i].end > d->in->now &&
		    hs_str_eq(d->in->grants[i].holder, d->in->holder))
			hs_describe_scope_short(&may, d->in->grants[i].scope);
	if (code == HS_NO_CEILING)
		remedy(d,
		    "ask within: %.*s%s, or have a person close this session and open one "
		    "that names it",
		    may.len < 180 ? (int)may.len : 180, (const char *)may.p,
		    may.len > 180 ? "…" : "");
	hs_buf_free(&b);
	hs_buf_free(&may);
}

static void
say_away(struct deciding *d)
{
	if (d->in->policy->forwarded == HS_FORWARDED_DENY)
		(void)hs_fail(&d->out->err, HS_NO_FORWARD,
		    "the policy lets nobody ask over a forwarded connection (Forwarded "
		    "deny)");
	else
		(void)hs_fail(&d->out->err, HS_NO_FORWARD,
		    "over a forwarded connection each certificate costs a touch (Forwarded "
		    "ask), and nothing may be asked for");
	remedy(d, "ask on the machine where handseald runs");
}

static void
say_limits(struct deciding *d, enum hs_code code)
{
	const struct hs_policy *p = d->in->policy;
	bool own = d->in->by_asker >= p->per_asker;

	if (code == HS_NO_PROMPTS) {
		(void)hs_fail(&d->out->err, code,
		    "there were %u prompts %s in 5 minutes, and no more are shown",
		    own ? d->in->by_asker : d->in->by_all,
		    own ? "of this asker" : "of all askers");
		remedy(d, "wait a few minutes, and ask for all that is needed at once");
	} else {
		(void)hs_fail(
		    &d->out->err, code, "%u askings wait already", d->in->waiting);
		remedy(d, "try again when some of them are answered");
	}
}

void
decide_refuse(struct deciding *d, enum hs_code code)
{
	static const struct {
		enum hs_code code;
		const char *remedy;
	} plain[] = {
	    {HS_NO_PEER, "open it on the machine where handseald runs"},
	    {HS_NO_SESSION, "have a person open one: handseal open"},
	    {HS_NO_USES, "ask for fewer uses, or have a person open a session anew"},
	    {HS_NO_REASON, "say why: --reason TEXT"},
	    {HS_NO_DECLINED, "ask for less, or wait 5 minutes"},
	    {HS_NO_CHANNEL, "have a person leave `handseal watch` open in a terminal, or "
			    "give the daemon a display and an askpass program"},
	};

	d->out->what = HS_DECIDE_REFUSE;
	(void)hs_fail(&d->out->err, code, "%s", hs_code_sentence(code));
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i].code == code)
			remedy(d, "%s", plain[i].remedy);
	if (code == HS_NO_CHANNEL)
		(void)hs_fail(&d->out->err, code,
		    "nobody would see the prompt: there is no watch, no display and no "
		    "terminal");
	else if (code == HS_NO_PEER)
		(void)hs_fail(&d->out->err, code, "nobody may open a session from there");
	else if (code == HS_NO_POLICY)
		say_denied(d);
	else if (code == HS_NO_AGENT)
		say_agent(d);
	else if (code == HS_NO_FORWARD)
		say_away(d);
	else if (code == HS_NO_ALWAYS)
		say_always(d);
	else if (code == HS_NO_CEILING || code == HS_NO_ESCALATION)
		say_outside(d, code);
	else if (code == HS_NO_PROMPTS || code == HS_NO_BUSY)
		say_limits(d, code);
}

// ---- askings

void
decide_explain_asking(struct deciding *d)
{
	const struct hs_policy *p = d->in->policy;
	struct hs_err *e = &d->out->err;
	struct hs_buf b = {0};

	if (d->in->opening)
		(void)hs_fail(e, HS_OK, "opening a session costs a touch");
	else if (d->in->direct)
		(void)hs_fail(e, HS_OK, "each direct certificate costs a touch");
	else if (d->always != NULL)
		(void)hs_fail(e, HS_OK, "the scope %s costs a touch each time (policy:%u)",
		    d->always->name, d->always->line);
	else if (d->live == 0)
		(void)hs_fail(e, HS_OK, "nothing is granted: a touch grants just this");
	else if (d->covered && d->away)
		(void)hs_fail(e, HS_OK,
		    "Forwarded ask: each certificate costs a touch over a forwarded "
		    "connection");
	else if (d->covered && d->main && p->main_asks)
		(void)hs_fail(e, HS_OK,
		    "MainSocket ask: each certificate costs a touch on the main socket");
	else if (d->unverified)
		(void)hs_fail(e, HS_OK,
		    "this needs PIN or fingerprint, and the touch for it had neither");
	else if (d->spent)
		(void)hs_fail(e, HS_OK, "no uses are left of what was granted");
	else if (decide_missing(d, &b))
		(void)hs_fail(e, HS_OK, "%.*s is outside of what is granted", (int)b.len,
		    (const char *)b.p);
	else
		(void)hs_fail(e, HS_OK, "%s",
		    d->out->longer ? "this is for more time, uses or depth, or for running "
				     "past the end, than is granted"
				   : "no one grant covers all of this");
	hs_buf_free(&b);
}
