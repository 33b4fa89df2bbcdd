// SPDX-License-Identifier: ISC
//
// A policy in memory: none at all, one narrowed by the system's, its scopes by name and
// together (docs/PROTOCOL.policy, "Narrowing"). Reading texts is policy_parse.c's, writing
// them policy_put.c's.
#include "proto/policy_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void
hs_policy_free(struct hs_policy *p)
{
	for (size_t i = 0; i < p->nscopes; i++)
		hs_scope_free(&p->scopes[i].scope);
	for (size_t i = 0; i < p->ndenies; i++)
		free(p->denies[i].value);
	free(p->denies);
	memset(p, 0, sizeof(*p));
}

void
hs_policy_none(struct hs_policy *out)
{
	*out = (struct hs_policy){.max_ttl = HS_SESSION_TTL,
	    .forwarded = HS_FORWARDED_ASK,
	    .idle = 1800,
	    .known_hosts = {"~/.ssh/known_hosts", "~/.ssh/known_hosts2",
		"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"}, // ssh's own
	    .nknown_hosts = 4,
	    .log_size = 64u << 20,
	    .log_age = 30u * 86400,
	    .log_copy = true,
	    .park = 3600,
	    .per_asker = 3,
	    .all = 6,
	    .waiting = 8};
	(void)crypto_hash_sha256(out->digest, (const uint8_t *)"", 0);
}

const struct hs_policy_scope *
hs_policy_find(const struct hs_policy *p, struct hs_str name)
{
	for (size_t i = 0; i < p->nscopes; i++)
		if (hs_str_is(name, p->scopes[i].name))
			return &p->scopes[i];
	return NULL;
}

// ---- narrowing

static bool
denies(const struct hs_policy *p, const struct hs_policy_deny *d)
{
	for (size_t i = 0; i < p->ndenies; i++)
		if (p->denies[i].key == d->key && strcmp(p->denies[i].value, d->value) == 0)
			return true;
	return false;
}

static int
add_denies(struct hs_policy *p, const struct hs_policy *system)
{
	struct hs_policy_deny *v;

	for (size_t i = 0; i < system->ndenies; i++) {
		if (denies(p, &system->denies[i]))
			continue;
		if (p->ndenies == HS_POLICY_DENIES_MAX)
			return HS_ERR_TOO_LONG;
		v = realloc(p->denies, (p->ndenies + 1) * sizeof(*v));
		if (v == NULL)
			return HS_ERR_NOMEM;
		p->denies = v;
		v[p->ndenies] = system->denies[i];
		v[p->ndenies].system = true;
		v[p->ndenies].value = strdup(system->denies[i].value);
		if (v[p->ndenies].value == NULL)
			return HS_ERR_NOMEM;
		p->ndenies++;
	}
	return HS_OK;
}

static void
smaller(struct hs_policy *p, enum hs_policy_word word, uint64_t *mine, uint64_t theirs)
{
	if (theirs >= *mine)
		return;
	*mine = theirs;
	p->narrowed |= word;
}

static void
fewer(struct hs_policy *p, enum hs_policy_word word, uint32_t *mine, uint32_t theirs)
{
	if (theirs >= *mine)
		return;
	*mine = theirs;
	p->narrowed |= word;
}

static void
stricter(
    struct hs_policy *p, enum hs_policy_word word, bool *mine, bool theirs, bool strict)
{
	if (*mine == strict || theirs != strict)
		return;
	*mine = strict;
	p->narrowed |= word;
}

// What is kept longer is stricter.
static void
narrow_log(struct hs_policy *p, const struct hs_policy *system)
{
	stricter(p, HS_POLICY_LOG_COPY, &p->log_copy, system->log_copy, true);
	if (p->log_keep == 0 || (system->log_keep > 0 && system->log_keep <= p->log_keep))
		return;
	p->log_keep = system->log_keep;
	p->narrowed |= HS_POLICY_LOG_KEEP;
}

int
hs_policy_narrow(struct hs_policy *p, const struct hs_policy *system)
{
	uint64_t mine = p->idle > 0 ? p->idle : UINT64_MAX; // 0 is the longest
	uint64_t theirs = system->idle > 0 ? system->idle : UINT64_MAX;

	narrow_log(p, system);
	smaller(p, HS_POLICY_MAX_TTL, &p->max_ttl, system->max_ttl);
	smaller(p, HS_POLICY_IDLE, &mine, theirs);
	p->idle = mine == UINT64_MAX ? 0 : mine;
	smaller(p, HS_POLICY_PARK, &p->park, system->park);
	fewer(p, HS_POLICY_PROMPTS, &p->per_asker, system->per_asker);
	fewer(p, HS_POLICY_PROMPTS_ALL, &p->all, system->all);
	fewer(p, HS_POLICY_WAITING, &p->waiting, system->waiting);
	stricter(p, HS_POLICY_VERIFY, &p->verify, system->verify, true);
	stricter(p, HS_POLICY_MAIN_SOCKET, &p->main_asks, system->main_asks, true);
	stricter(p, HS_POLICY_ESCALATE, &p->escalate, system->escalate, false);
	stricter(p, HS_POLICY_HOST_BINDING, &p->binding, system->binding, true);
	if (system->forwarded > p->forwarded) {
		p->forwarded = system->forwarded;
		p->narrowed |= HS_POLICY_FORWARDED;
	}
	if (system->unplug > p->unplug) {
		p->unplug = system->unplug;
		p->narrowed |= HS_POLICY_UNPLUG;
	}
	policy_narrow_users(p, system);
	return add_denies(p, system);
}

// ---- several scopes as one

struct joined {
	uint64_t ttl, uses;
	uint32_t depth;
	bool drain;
	struct hs_buf statements;
};

static void
join(struct joined *j, const struct hs_scope *s)
{
	struct hs_str t = hs_scope_text(s);
	size_t n = 1; // of the head, with its LF

	while (n < t.len && !(t.p[n] == '\n' && t.p[n - 1] == '\n'))
		n++;
	hs_put_raw(&j->statements, t.p + n, t.len - n);
	if (hs_scope_max_ttl(s) < j->ttl)
		j->ttl = hs_scope_max_ttl(s);
	if (hs_scope_max_uses(s) < j->uses)
		j->uses = hs_scope_max_uses(s);
	if (hs_scope_depth(s) < j->depth)
		j->depth = hs_scope_depth(s);
	j->drain = j->drain && hs_scope_drains(s);
}

static int
read_joined(const struct joined *j, struct hs_scope **out, struct hs_err *err)
{
	struct hs_buf text = {0};
	int rc;

	hs_put_fmt(&text, "depth %u\nmax-ttl %llu\n", (unsigned)j->depth,
	    (unsigned long long)j->ttl);
	if (j->uses == HS_USES_ANY)
		hs_put_fmt(&text, "max-uses *\n");
	else
		hs_put_fmt(&text, "max-uses %llu\n", (unsigned long long)j->uses);
	if (j->drain)
		hs_put_fmt(&text, "on-end drain\n");
	hs_put_raw(&text, j->statements.p, j->statements.len);
	rc = hs_buf_err(&j->statements);
	if (rc == HS_OK)
		rc = hs_buf_err(&text);
	if (rc == HS_OK)
		rc = hs_scope_parse(hs_buf_str(&text), out, NULL);
	if (rc == HS_ERR_TOO_LONG)
		rc = hs_fail(err, HS_ERR_SCOPE,
		    "these scopes do not fit into one: name fewer at a time");
	else if (rc != HS_OK)
		rc = hs_fail(
		    err, (enum hs_code)rc, "%s", hs_code_sentence((enum hs_code)rc));
	hs_buf_free(&text);
	return rc;
}

int
hs_policy_union(const struct hs_policy *p, const struct hs_str *names, size_t n,
    struct hs_scope **out, struct hs_err *err)
{
	struct joined j = {
	    .ttl = UINT64_MAX, .uses = HS_USES_ANY, .depth = UINT32_MAX, .drain = true};
	bool seen[HS_POLICY_SCOPES_MAX] = {false};
	int rc = HS_OK;

	*out = NULL;
	if (n == 0)
		rc = hs_fail(err, HS_ERR_USAGE, "no scope is named");
	for (size_t i = 0; i < n && rc == HS_OK; i++) {
		const struct hs_policy_scope *s = hs_policy_find(p, names[i]);

		if (s == NULL) {
			rc = hs_fail(err, HS_NO_SUCH, "the policy has no scope `%.*s`",
			    names[i].len < 64 ? (int)names[i].len : 64,
			    (const char *)names[i].p);
		} else if (!seen[s - p->scopes]) {
			seen[s - p->scopes] = true;
			join(&j, s->scope);
		}
	}
	if (rc == HS_OK)
		rc = read_joined(&j, out, err);
	hs_buf_free(&j.statements);
	return rc;
}
