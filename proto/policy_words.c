// SPDX-License-Identifier: ISC
//
// The keywords of a policy, which block each stands in, and what those before the blocks,
// in Session and in Limits mean (docs/PROTOCOL.policy sections 2, 3 and 6). Lines are
// policy_parse.c's, the other blocks policy_scope.c's and policy_agent.c's.
#include "proto/policy_internal.h"

#include <stdlib.h>
#include <string.h>

// ---- arguments

// Where the first of the words holds anyway, the system's policy may not say it.
size_t
policy_choice(struct policy_parser *x, const char *const *words, size_t n)
{
	struct hs_str word;
	struct hs_buf b = {0};
	size_t i = 0;

	if (!policy_one(x, &word))
		return n;
	while (i < n && !hs_str_is(word, words[i]))
		i++;
	if (i == n) {
		for (size_t k = 0; k < n; k++)
			hs_put_fmt(&b, "%s%s",
			    k == 0	 ? ""
			    : k + 1 == n ? " or "
					 : ", ",
			    words[k]);
		if (hs_buf_err(&b) != HS_OK)
			policy_no_memory(x);
		policy_refuse(x, policy_at(x, word.p), "this must be %.*s", (int)b.len,
		    (const char *)b.p);
		hs_buf_free(&b);
	} else if (i == 0 && x->system) {
		policy_refuse(x, policy_at(x, word.p),
		    "this is what holds anyway; the system's policy only narrows: `%s %s`",
		    x->keyword->name, words[1]);
		i = n;
	}
	return i;
}

bool
policy_span(struct policy_parser *x, struct hs_str in, uint64_t max, uint64_t *out)
{
	switch (hs_text_span(in, max, out)) {
	case HS_OK:
		return true;
	case HS_ERR_TOO_LONG:
		policy_refuse(x, policy_at(x, in.p), "this is longer than %u %s",
		    (unsigned)(max / (max > 86400 ? 86400 : 3600)),
		    max > 86400 ? "days" : "hours");
		return false;
	default:
		policy_refuse(x, policy_at(x, in.p),
		    "this must be a time such as 900, 15m, 8h or 1d");
		return false;
	}
}

static void
read_count(struct policy_parser *x, uint32_t *out)
{
	struct hs_str word;
	uint64_t n;

	if (!policy_one(x, &word))
		return;
	if (hs_text_u64(word, HS_POLICY_COUNT_MAX, &n) != HS_OK || n == 0)
		policy_refuse(x, policy_at(x, word.p), "this must be a number from 1 to %d",
		    HS_POLICY_COUNT_MAX);
	else
		*out = (uint32_t)n;
}

// ---- before the blocks

// The key by its name; HS_KEY_COUNT for another.
static enum hs_scope_key
find_key(struct hs_str name)
{
	unsigned k = 0;

	while (k < HS_KEY_COUNT && !hs_str_is(name, scope_key_name((enum hs_scope_key)k)))
		k++;
	return (enum hs_scope_key)k;
}

static void
add_deny(
    struct policy_parser *x, enum hs_scope_key key, struct hs_str value, uint8_t const *at)
{
	struct hs_policy *p = x->p;
	struct hs_policy_deny *v;
	char *copy;

	for (size_t i = 0; i < p->ndenies; i++)
		if (p->denies[i].key == key && hs_str_is(value, p->denies[i].value)) {
			policy_refuse(x, policy_at(x, at),
			    "this is denied in line %u already", p->denies[i].line);
			return;
		}
	if (p->ndenies == HS_POLICY_DENIES_MAX) {
		policy_refuse(x, policy_at(x, at), "there are more than %d Deny lines",
		    HS_POLICY_DENIES_MAX);
		return;
	}
	v = realloc(p->denies, (p->ndenies + 1) * sizeof(*v));
	if (v != NULL)
		p->denies = v;
	copy = v != NULL ? malloc(value.len + 1) : NULL;
	if (copy == NULL) {
		policy_no_memory(x);
		return;
	}
	memcpy(copy, value.p, value.len);
	copy[value.len] = '\0';
	v[p->ndenies++] = (struct hs_policy_deny){
	    .key = key, .value = copy, .line = x->l.number, .system = x->system};
}

static void
read_deny(struct policy_parser *x)
{
	struct hs_str name, value;
	struct scope_value v;
	struct arena arena = {0};
	struct hs_err why = {0};
	enum hs_scope_key key;
	size_t at;

	if (!policy_next(x, &name))
		return;
	key = find_key(name);
	value = x->l.rest;
	if (key == HS_KEY_COUNT) {
		policy_refuse(x, policy_at(x, name.p),
		    "this must be a key: addr, cap, cmd, host, ns, open, permit or user");
	} else if (value.len == 0) {
		policy_refuse(
		    x, policy_at(x, value.p), "what is denied is missing: a value, or *");
	} else if (value.len > HS_POLICY_VALUE_MAX) {
		policy_refuse(x, policy_at(x, value.p),
		    "what is denied has at most %d bytes", HS_POLICY_VALUE_MAX);
	} else if (!hs_text_shown(value, &at)) {
		policy_refuse(
		    x, policy_at(x, value.p + at), "TAB stands between words only");
	} else if (scope_value_read(&arena, key, value, &v, &why) != HS_OK) {
		if (why.code == HS_ERR_NOMEM)
			policy_no_memory(x);
		policy_refuse(x,
		    policy_at(x, value.p + (why.column > 0 ? why.column - 1 : 0)), "%s",
		    hs_err_sentence(&why));
	} else {
		add_deny(x, key, v.text, value.p);
	}
	scope_arena_free(&arena);
}

static void
read_main_socket(struct policy_parser *x)
{
	static const char *const words[] = {"grant", "ask"};

	x->p->main_asks = policy_choice(x, words, 2) == 1;
}

static void
read_forwarded(struct policy_parser *x)
{
	static const char *const words[] = {"grant", "ask", "deny"};
	struct policy_place at = policy_at(x, x->l.rest.p);
	size_t i = policy_choice(x, words, 3);

	if (i < 3)
		x->p->forwarded = (enum hs_forwarded)i;
	if (i == HS_FORWARDED_GRANT)
		policy_warn(x, at,
		    "what is open is given silently to any program of a host that the "
		    "main socket is forwarded to");
}

static void
read_escalate(struct policy_parser *x)
{
	static const char *const words[] = {"ask", "deny"};

	x->p->escalate = policy_choice(x, words, 2) != 1;
}

static void
read_unplug(struct policy_parser *x)
{
	static const char *const words[] = {"keep", "close", "revoke"};
	size_t i = policy_choice(x, words, 3);

	if (i < 3)
		x->p->unplug = (enum hs_unplug)i;
}

static bool
is_known_hosts_path(struct hs_str s)
{
	if (s.len > 1 && s.p[0] == '~')
		conf_skip(&s, 1);
	return policy_is_path(s);
}

static void
add_known_hosts(struct policy_parser *x, struct hs_str path)
{
	struct hs_policy *p = x->p;

	if (!is_known_hosts_path(path)) {
		policy_refuse(x, policy_at(x, path.p),
		    "this must be an absolute path, or one that begins with ~/, without "
		    "`.`, `..` and empty parts%s",
		    hs_str_is(path, "none") ? "; `none` stands alone" : "");
		return;
	}
	if (path.len >= HS_POLICY_PATH_MAX) {
		policy_refuse(x, policy_at(x, path.p + HS_POLICY_PATH_MAX - 1),
		    "a path has at most %d bytes", HS_POLICY_PATH_MAX - 1);
		return;
	}
	for (size_t i = 0; i < p->nknown_hosts; i++)
		if (hs_str_is(path, p->known_hosts[i])) {
			policy_refuse(
			    x, policy_at(x, path.p), "this stands in the line already");
			return;
		}
	if (p->nknown_hosts == HS_POLICY_FILES_MAX)
		policy_refuse(x, policy_at(x, path.p), "there are more than %d files",
		    HS_POLICY_FILES_MAX);
	else
		(void)hs_str_copy(
		    path, p->known_hosts[p->nknown_hosts++], sizeof(p->known_hosts[0]));
}

static void
read_known_hosts(struct policy_parser *x)
{
	struct hs_str path;

	memset(x->p->known_hosts, 0, sizeof(x->p->known_hosts)); // the default
	x->p->nknown_hosts = 0;
	if (hs_str_is(x->l.rest, "none"))
		return;
	do {
		if (!policy_next(x, &path))
			return;
		add_known_hosts(x, path);
	} while (x->l.rest.len > 0);
}

static void
read_host_binding(struct policy_parser *x)
{
	static const char *const words[] = {"prefer", "require"};

	x->p->binding = policy_choice(x, words, 2) == 1;
}

// ---- Session

static void
read_session_ttl(struct policy_parser *x)
{
	struct hs_str word;

	if (policy_one(x, &word))
		(void)policy_span(x, word, HS_TTL_MAX, &x->p->max_ttl);
}

static void
read_idle(struct policy_parser *x)
{
	struct hs_str word;

	if (!policy_one(x, &word))
		return;
	if (!hs_str_is(word, "none"))
		(void)policy_span(x, word, HS_TTL_MAX, &x->p->idle);
	else if (x->system)
		policy_refuse(x, policy_at(x, word.p),
		    "this is what holds anyway; the system's policy only narrows: `Idle "
		    "30m`");
	else
		x->p->idle = 0;
}

static void
read_session_verify(struct policy_parser *x)
{
	static const char *const words[] = {"touch", "pin"};

	x->p->verify = policy_choice(x, words, 2) == 1;
}

// ---- Limits

static void
read_prompts(struct policy_parser *x)
{
	read_count(x, &x->p->per_asker);
}

static void
read_prompts_all(struct policy_parser *x)
{
	read_count(x, &x->p->all);
}

static void
read_waiting(struct policy_parser *x)
{
	read_count(x, &x->p->waiting);
}

static void
read_park(struct policy_parser *x)
{
	struct hs_str word;

	if (policy_one(x, &word))
		(void)policy_span(x, word, HS_POLICY_PARK_MAX, &x->p->park);
}

#define VALUES(name, key)                                                                  \
	{                                                                                  \
		name, POLICY_SCOPE, true, false, policy_read_values, key                   \
	}

const struct policy_keyword policy_keywords[POLICY_KEYWORDS] = {
    {"Deny", POLICY_TOP, true, true, read_deny, HS_KEY_COUNT},
    {"MainSocket", POLICY_TOP, false, true, read_main_socket, HS_KEY_COUNT},
    {"Forwarded", POLICY_TOP, false, true, read_forwarded, HS_KEY_COUNT},
    {"Escalate", POLICY_TOP, false, true, read_escalate, HS_KEY_COUNT},
    {"Unplug", POLICY_TOP, false, true, read_unplug, HS_KEY_COUNT},
    {"KnownHosts", POLICY_TOP, false, false, read_known_hosts, HS_KEY_COUNT},
    {"HostBinding", POLICY_TOP, false, true, read_host_binding, HS_KEY_COUNT},
    {"AllowUser", POLICY_TOP, false, true, policy_read_users, HS_KEY_COUNT},
    {"Publish", POLICY_TOP, true, false, policy_read_publish, HS_KEY_COUNT},
    {"LogSize", POLICY_TOP, false, false, policy_read_log_size, HS_KEY_COUNT},
    {"LogAge", POLICY_TOP, false, false, policy_read_log_age, HS_KEY_COUNT},
    {"LogKeep", POLICY_TOP, false, true, policy_read_log_keep, HS_KEY_COUNT},
    {"LogCopy", POLICY_TOP, false, true, policy_read_log_copy, HS_KEY_COUNT},
    {"Scope", POLICY_SESSION, true, false, policy_read_list, HS_KEY_COUNT},
    {"MaxTTL", POLICY_SESSION, false, true, read_session_ttl, HS_KEY_COUNT},
    {"Idle", POLICY_SESSION, false, true, read_idle, HS_KEY_COUNT},
    {"Verify", POLICY_SESSION, false, true, read_session_verify, HS_KEY_COUNT},
    {"MaxTTL", POLICY_SCOPE, false, false, policy_read_scope_ttl, HS_KEY_COUNT},
    {"MaxUses", POLICY_SCOPE, false, false, policy_read_scope_uses, HS_KEY_COUNT},
    {"Depth", POLICY_SCOPE, false, false, policy_read_scope_depth, HS_KEY_COUNT},
    {"OnEnd", POLICY_SCOPE, false, false, policy_read_scope_end, HS_KEY_COUNT},
    {"Touch", POLICY_SCOPE, false, false, policy_read_scope_touch, HS_KEY_COUNT},
    {"Verify", POLICY_SCOPE, false, false, policy_read_scope_verify, HS_KEY_COUNT},
    {"Trust", POLICY_SCOPE, false, false, policy_read_scope_trust, HS_KEY_COUNT},
    VALUES("User", HS_KEY_USER),
    VALUES("Host", HS_KEY_HOST),
    VALUES("Addr", HS_KEY_ADDR),
    VALUES("Cmd", HS_KEY_CMD),
    VALUES("Permit", HS_KEY_PERMIT),
    VALUES("Open", HS_KEY_OPEN),
    VALUES("Ns", HS_KEY_NS),
    VALUES("Cap", HS_KEY_CAP),
    {"Statement", POLICY_SCOPE, true, false, policy_read_statement, HS_KEY_COUNT},
    {"Scope", POLICY_AGENT, true, false, policy_read_agent_list, HS_KEY_COUNT},
    {"Exe", POLICY_AGENT, false, false, policy_read_exe, HS_KEY_COUNT},
    {"Prompts", POLICY_LIMITS, false, true, read_prompts, HS_KEY_COUNT},
    {"PromptsAll", POLICY_LIMITS, false, true, read_prompts_all, HS_KEY_COUNT},
    {"Park", POLICY_LIMITS, false, true, read_park, HS_KEY_COUNT},
    {"Waiting", POLICY_LIMITS, false, true, read_waiting, HS_KEY_COUNT},
};
