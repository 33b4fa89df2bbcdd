// SPDX-License-Identifier: ISC
//
// The lists of scopes in a policy, whose names are looked up when all is read, and the
// Agent blocks (docs/PROTOCOL.policy sections 3 and 5). Which block is a request's is
// decide.c's.
#include "proto/policy_internal.h"

#include <stdlib.h>
#include <string.h>
#include "proto/names.h"

// ---- lists of scopes

static void
add_ref(struct policy_parser *x, struct hs_str name, size_t agent)
{
	size_t room = x->refs_room > 0 ? x->refs_room * 2 : 64;
	struct policy_ref *v = x->refs;

	if (x->nrefs == x->refs_room) {
		v = realloc(x->refs, room * sizeof(*v));
		if (v == NULL) {
			policy_no_memory(x);
			return;
		}
		x->refs = v;
		x->refs_room = room;
	}
	v[x->nrefs++] = (struct policy_ref){name, policy_at(x, name.p), agent};
}

void
policy_read_list(struct policy_parser *x)
{
	size_t agent =
	    x->agent != NULL ? (size_t)(x->agent - x->p->agents) : POLICY_AT_SESSION;
	struct hs_str name;

	do {
		if (!policy_next(x, &name))
			return;
		if (hs_text_is_agent_name(name) &&
		    (x->block == POLICY_SESSION || x->agent != NULL))
			add_ref(x, name, agent);
		else if (!hs_text_is_agent_name(name))
			policy_refuse(x, policy_at(x, name.p),
			    "this is no name of a scope%s",
			    !hs_str_is(name, "*") ? ""
			    : x->block == POLICY_SESSION
				? ": `open` asks for scopes by name"
				: ": `*` stands alone");
	} while (x->rc == HS_OK && x->l.rest.len > 0);
}

void
policy_read_agent_list(struct policy_parser *x)
{
	struct hs_policy_agent none, *a = x->agent != NULL ? x->agent : &none;

	if (x->agent == NULL)
		none = (struct hs_policy_agent){0};
	if (a->any) {
		policy_refuse(x, policy_at(x, x->l.rest.p),
		    "`*` stands alone, and stands here "
		    "already");
	} else if (hs_str_is(x->l.rest, "*")) {
		if (x->nrefs > 0 && x->agent != NULL &&
		    x->refs[x->nrefs - 1].agent == (size_t)(a - x->p->agents))
			policy_refuse(x, policy_at(x, x->l.rest.p), "`*` stands alone");
		a->any = true;
	} else {
		policy_read_list(x);
	}
}

void
policy_resolve(struct policy_parser *x)
{
	for (size_t i = 0; i < x->nrefs && x->rc == HS_OK; i++) {
		const struct policy_ref *r = &x->refs[i];
		const struct hs_policy_scope *s = hs_policy_find(x->p, r->name);
		bool session = r->agent == POLICY_AT_SESSION;
		uint8_t *list = session ? x->p->open : x->p->agents[r->agent].scopes;
		size_t *n = session ? &x->p->nopen : &x->p->agents[r->agent].nscopes;
		size_t at = s != NULL ? (size_t)(s - x->p->scopes) : 0;

		if (s == NULL)
			policy_refuse(x, r->at, "there is no scope `%.*s`",
			    (int)r->name.len, (const char *)r->name.p);
		else if (*n > 0 && memchr(list, (int)at, *n) != NULL)
			policy_refuse(
			    x, r->at, "`%s` stands in this list already", s->name);
		else if (session && s->always)
			policy_refuse(x, r->at,
			    "`%s` costs a touch each time (line %u), so no session has it",
			    s->name, s->line);
		else if (session && s->direct)
			policy_refuse(x, r->at,
			    "`%s` says Trust direct (line %u), so each of its certificates "
			    "costs a touch, and no session has it",
			    s->name, s->line);
		else
			list[(*n)++] = (uint8_t)at;
	}
}

// ---- Agent

void
policy_open_agent(struct policy_parser *x, struct hs_str name)
{
	struct hs_policy *p = x->p;

	x->agent = NULL;
	if (name.len == 0)
		return;
	for (size_t i = 0; i < p->nagents; i++)
		if (hs_str_is(name, p->agents[i].name)) {
			policy_refuse(x, policy_at(x, name.p),
			    "the agent `%s` stands in line %u already", p->agents[i].name,
			    p->agents[i].line);
			return;
		}
	if (p->nagents == HS_POLICY_AGENTS_MAX) {
		policy_refuse(x, policy_at(x, name.p), "there are more than %d agents",
		    HS_POLICY_AGENTS_MAX);
		return;
	}
	x->agent = &p->agents[p->nagents++];
	x->agent->line = x->l.number;
	(void)hs_str_copy(name, x->agent->name, sizeof(x->agent->name));
}

// In its shortest form, as the kernel tells an executable: else it would never match.
bool
policy_is_path(struct hs_str s)
{
	if (s.p[0] != '/' || s.len < 2 || s.p[s.len - 1] == '/')
		return false;
	for (size_t i = 0; i < s.len;) {
		size_t n = 1; // the segment behind this slash

		while (i + n < s.len && s.p[i + n] != '/')
			n++;
		if (n == 1 || (n == 2 && s.p[i + 1] == '.') ||
		    (n == 3 && s.p[i + 1] == '.' && s.p[i + 2] == '.'))
			return false;
		i += n;
	}
	return true;
}

void
policy_read_exe(struct policy_parser *x)
{
	struct hs_policy_agent *a = x->agent;
	struct hs_str path = x->l.rest, word;
	size_t at;

	if (!policy_next(x, &word))
		return;
	if (!hs_text_shown(path, &at))
		policy_refuse(
		    x, policy_at(x, path.p + at), "TAB stands between words only");
	else if (!policy_is_path(path))
		policy_refuse(x, policy_at(x, path.p),
		    "this must be an absolute path without `.`, `..` and empty parts");
	else if (path.len >= HS_POLICY_PATH_MAX)
		policy_refuse(x, policy_at(x, path.p + HS_POLICY_PATH_MAX - 1),
		    "a path has at most %d bytes", HS_POLICY_PATH_MAX - 1);
	else if (a != NULL && hs_str_is(hs_str_c(a->name), HS_AGENT_UNKNOWN))
		policy_refuse(x, policy_at(x, path.p),
		    "`unknown` is whoever matches no other block, and has no Exe");
	else if (a != NULL)
		(void)hs_str_copy(path, a->exe, sizeof(a->exe));
}
