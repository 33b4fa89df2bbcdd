// SPDX-License-Identifier: ISC
//
// Questions about the policy. Contract in policyask.h.
#include "agentd/policyask.h"

#include <stdio.h>
#include <string.h>
#include "agentd/judge.h"
#include "agentd/wanted.h"
#include "proto/names.h"

#define NAMES_MAX HS_POLICY_SCOPES_MAX

static void
put_info(struct hs_buf *frame, struct hs_str text, struct hs_str notes, bool direct)
{
	const struct hs_agent_policy_info m = {text, notes, direct};
	size_t mark = hs_agent_reply_begin(frame, HS_EXT_POLICY, HS_AGENT_DONE);

	hs_agent_policy_info_put(frame, &m);
	hs_agent_frame_end(frame, mark);
}

static void
show(const struct hs_daemon *d, struct hs_str notes, struct hs_buf *frame)
{
	struct hs_buf text = {0};

	hs_policy_put(&text, d->policy->policy);
	put_info(frame, hs_buf_str(&text), notes, false);
	hs_buf_free(&text);
}

// The first error with its place, and how many more there are.
static void
name_errors(struct hs_str notes, struct hs_err *err)
{
	const uint8_t *lf = notes.len > 0 ? memchr(notes.p, '\n', notes.len) : NULL;
	size_t n = 0;

	if (lf == NULL)
		return; // it is about no line of a file
	for (size_t i = 0; i < notes.len; i++)
		n += notes.p[i] == '\n';
	hs_fail(err, err->code, "%.*s", (int)(lf - notes.p < 280 ? lf - notes.p : 280),
	    (const char *)notes.p);
	if (n > 1) {
		size_t len = strlen(err->text);

		(void)snprintf(
		    err->text + len, sizeof err->text - len, " (and %zu more)", n - 1);
	}
}

static int
reload(struct hs_daemon *d, struct hs_buf *frame, struct hs_refusal *why)
{
	struct hs_buf notes = {0};
	int rc = hs_daemon_reload(d, &notes, &why->err);

	if (rc == HS_OK) {
		show(d, hs_buf_str(&notes), frame);
	} else {
		name_errors(hs_buf_str(&notes), &why->err);
		hs_refusal_remedy(why, "mend it (handseal policy check names every error); "
				       "the old policy stays in force");
	}
	hs_buf_free(&notes);
	return rc;
}

// "a b c" taken apart; the session's where there are none. *direct: the first that says
// Trust direct.
static int
union_of(const struct hs_policy *p, struct hs_str names, struct hs_scope **out,
    const struct hs_policy_scope **direct, struct hs_err *err)
{
	const struct hs_policy_scope *one;
	struct hs_str v[NAMES_MAX];
	size_t n = 0;

	if (names.len == 0)
		for (; n < p->nopen; n++)
			v[n] = hs_str_c(p->scopes[p->open[n]].name);
	while (names.len > 0) {
		struct hs_str word = names;

		word.len = 0;
		while (word.len < names.len && names.p[word.len] != ' ')
			word.len++;
		if (n == NAMES_MAX)
			return hs_fail(err, HS_ERR_TOO_LONG, "too many names");
		v[n++] = word;
		if (word.len == names.len)
			break;
		names.p += word.len + 1;
		names.len -= word.len + 1;
	}
	if (n == 0)
		return hs_fail(err, HS_NO_SUCH,
		    "the policy names no scopes for a session, and none was said");
	for (size_t i = 0; i < n; i++)
		if (*direct == NULL && (one = hs_policy_find(p, v[i])) != NULL &&
		    one->direct)
			*direct = one;
	return hs_policy_union(p, v, n, out, err);
}

// What a session would issue is no direct certificate, and would come without a touch.
static int
no_session_has(const struct hs_policy_scope *s, struct hs_refusal *why)
{
	(void)hs_fail(&why->err, HS_NO_ALWAYS,
	    "the scope %s says Trust direct (policy:%u): each of its certificates costs a "
	    "touch, so no session has it",
	    s->name, s->line);
	return hs_refusal_remedy(why,
	    "open without it, and ask by its name when it is needed: handseal run "
	    "--scope %s, or handseal request --scope %s, which are --direct by that",
	    s->name, s->name);
}

static int
scope(const struct hs_daemon *d, const struct hs_agent_policy *m, struct hs_buf *frame,
    struct hs_refusal *why)
{
	const struct hs_policy_scope *direct = NULL;
	struct hs_scope *s = NULL;
	int rc = union_of(d->policy->policy, m->names, &s, &direct, &why->err);

	if (rc != HS_OK)
		hs_refusal_remedy(why, "name scopes of %s, or say --user, --host and --cmd",
		    d->policy->path);
	else if (direct != NULL && m->how == HS_POLICY_HOW_OPEN)
		rc = no_session_has(direct, why);
	else
		put_info(frame, hs_scope_text(s), (struct hs_str){0}, direct != NULL);
	hs_scope_free(&s);
	return rc;
}

static void
put_explained(struct hs_buf *frame, const struct hs_agent_explained *m)
{
	size_t mark = hs_agent_reply_begin(frame, HS_EXT_POLICY, HS_AGENT_DONE);

	hs_agent_explained_put(frame, m);
	hs_agent_frame_end(frame, mark);
}

static void
judge(struct hs_daemon *d, const struct hs_judge_ask *ask, const struct hs_now *now,
    struct hs_buf *frame)
{
	struct hs_agent_explained x;
	struct hs_decided decided = {0};

	(void)hs_judge(d, ask, now, &decided);
	x = (struct hs_agent_explained){.decision = (uint8_t)decided.what,
	    .code = hs_str_c(hs_code_name(decided.err.code)),
	    .sentence = hs_str_c(hs_err_sentence(&decided.err)),
	    .remedy = hs_str_c(decided.remedy),
	    .pin = decided.verify,
	    .once = decided.once};
	if (decided.difference != NULL)
		x.difference = hs_scope_text(decided.difference);
	put_explained(frame, &x);
	hs_decided_free(&decided);
}

static int
explain(struct hs_conn *c, const struct hs_agent_policy *m, const struct hs_now *now,
    struct hs_buf *frame, struct hs_refusal *why)
{
	char agent[HS_AGENT_NAME_MAX + 1];
	struct hs_judge_ask ask = {.agent = agent,
	    .peer = &c->peer,
	    .reasoned = m->reason.len > 0,
	    .opening = m->how == HS_POLICY_HOW_OPEN,
	    .direct = m->how == HS_POLICY_HOW_DIRECT};
	struct hs_agent_explained no = {.decision = HS_DECIDE_REFUSE};
	struct hs_refusal unenforceable = {0};
	struct hs_scope *s = NULL;
	int rc = hs_wanted_agent(m->agent, agent, why);

	if (rc == HS_OK)
		rc = hs_wanted_scope(m->scope, &s, why);
	if (rc != HS_OK)
		return rc;
	ask.scope = s;
	if (ask.direct && hs_wanted_direct(s, &unenforceable) != HS_OK) {
		no.code = hs_str_c(hs_code_name(unenforceable.err.code));
		no.sentence = hs_str_c(hs_err_sentence(&unenforceable.err));
		no.remedy = hs_str_c(unenforceable.remedy);
		put_explained(frame, &no);
	} else {
		judge(c->d, &ask, now, frame);
	}
	hs_scope_free(&s);
	return HS_OK;
}

int
hs_policyask(struct hs_conn *c, const struct hs_agent_policy *m, const struct hs_now *now,
    struct hs_buf *frame, struct hs_refusal *why)
{
	switch (m->what) {
	case HS_POLICY_ASK_SHOW:
		show(c->d, (struct hs_str){0}, frame);
		return HS_OK;
	case HS_POLICY_ASK_RELOAD:
		return reload(c->d, frame, why);
	case HS_POLICY_ASK_SCOPE:
		return scope(c->d, m, frame, why);
	default:
		return explain(c, m, now, frame, why);
	}
}
