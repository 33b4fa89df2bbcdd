// SPDX-License-Identifier: ISC
//
// The names of a line. Contract in match.h, the rules in docs/PROTOCOL.knownhosts. Taking
// the list of names apart is patterns.c's, asking libssh ask.c's.
#include "agentd/known-hosts/match.h"

#include <stdlib.h>
#include <string.h>
#include "agentd/known-hosts/ask.h"
#include "agentd/known-hosts/patterns.h"

#define ANY ((struct hs_str){(const uint8_t *)"*", 1})
#define NOT_UNDER_WIDE                                                                     \
	"some of its names are of no use for the patterns of the scope: only `*` and "     \
	"`*.domain` are, without a `!` behind them"

struct hs_match {
	const struct hs_knownhosts_request *req;
	// The scope's exact names and its patterns: sorted, once each; of the patterns none
	// under another.
	struct hs_str *exact, *wide;
	size_t nexact, nwide;
	uint64_t work;
	struct hs_patterns p; // of the line
	// the line that is looked at
	const struct hs_line *line;
	struct hs_buf blob; // its key, once it was read
	bool has_key;
	hs_match_found *found;
	void *arg;
	struct hs_err *err;
};

// ---- the scope

static int
by_bytes(const void *a, const void *b)
{
	return hs_str_cmp(*(const struct hs_str *)a, *(const struct hs_str *)b);
}

static bool
holds(const struct hs_str *v, size_t n, struct hs_str s)
{
	return n > 0 && bsearch(&s, v, n, sizeof(*v), by_bytes) != NULL;
}

// Is the name under one of the patterns? Each `*.` and a part of its end is looked for.
static bool
under_wide(const struct hs_str *wide, size_t n, struct hs_str name)
{
	uint8_t t[HS_KNOWNHOSTS_NAME_MAX];

	if (n == 0 || name.len > sizeof(t))
		return false;
	if (holds(wide, n, ANY))
		return true;
	memcpy(t, name.p, name.len);
	for (size_t i = 1; i < name.len; i++) {
		if (t[i] != '.')
			continue;
		t[i - 1] = '*';
		if (holds(wide, n, (struct hs_str){t + i - 1, name.len - i + 1}))
			return true;
	}
	return false;
}

static bool
is_wide(struct hs_str host)
{
	return host.len > 0 && host.p[0] == '*';
}

static size_t
sort_once(struct hs_str *v, size_t n)
{
	size_t kept = 0;

	if (n > 0)
		qsort(v, n, sizeof(*v), by_bytes);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !hs_str_eq(v[kept - 1], v[i]))
			v[kept++] = v[i];
	return kept;
}

// Of the patterns those that are under no other.
static void
keep_widest(struct hs_match *m, const struct hs_str *all, size_t n)
{
	bool any = holds(all, n, ANY);

	for (size_t i = 0; i < n; i++) {
		const struct hs_str rest = {all[i].p + 2, all[i].len - 2};

		if (all[i].len == 1 || (!any && !under_wide(all, n, rest)))
			m->wide[m->nwide++] = all[i];
	}
}

int
hs_match_new(const struct hs_knownhosts_request *req, struct hs_match **out)
{
	struct hs_match *m = calloc(1, sizeof(*m));
	struct hs_str *all = calloc(req->nhosts + 1, sizeof(*all));
	size_t n = 0;

	*out = m;
	if (m != NULL) {
		m->req = req;
		m->exact = calloc(req->nhosts + 1, sizeof(*m->exact));
		m->wide = calloc(req->nhosts + 1, sizeof(*m->wide));
	}
	if (all == NULL || m == NULL || m->exact == NULL || m->wide == NULL) {
		free(all);
		hs_match_free(out);
		return HS_ERR_NOMEM;
	}
	for (size_t i = 0; i < req->nhosts; i++)
		if (is_wide(req->hosts[i]))
			all[n++] = req->hosts[i];
		else
			m->exact[m->nexact++] = req->hosts[i];
	m->nexact = sort_once(m->exact, m->nexact);
	keep_widest(m, all, sort_once(all, n));
	free(all);
	return HS_OK;
}

void
hs_match_free(struct hs_match **m)
{
	if (m == NULL || *m == NULL)
		return;
	free((*m)->exact);
	free((*m)->wide);
	hs_patterns_free(&(*m)->p);
	hs_buf_free(&(*m)->blob);
	free(*m);
	*m = NULL;
}

// ---- one line

static int
work(struct hs_match *m, size_t n)
{
	m->work += n;
	if (m->work > HS_MATCH_WORK_MAX)
		return hs_fail(m->err, HS_ERR_TOO_LONG,
		    "there is more to be compared than may be; what is from here on is "
		    "left out");
	return HS_OK;
}

static int
ask(struct hs_match *m, struct hs_str name, unsigned port, struct hs_str pattern, bool *yes)
{
	int rc = work(m, m->p.hashed ? HS_MATCH_WORK_HASH : 1);

	return rc == HS_OK ? hs_ask_matches(name, port, pattern, yes) : rc;
}

static int
tell(struct hs_match *m, struct hs_str name)
{
	struct hs_knownhosts_entry e = {.kind = m->line->kind, .name = name};
	int rc = HS_OK;

	if (!m->has_key)
		rc = hs_ask_key(m->line, &m->blob, m->err);
	if (rc != HS_OK)
		return rc;
	m->has_key = true;
	e.key = hs_buf_str(&m->blob);
	return m->found(m->arg, &e);
}

// What is revoked stays so: with another port a negated name may fit all the same.
static int
tell_unless_negated(struct hs_match *m, struct hs_str name)
{
	bool no = false, revoked = m->line->kind == HS_KNOWNHOSTS_REVOKED;
	int rc = HS_OK;

	for (size_t i = 0; !revoked && i < m->p.negated.n && rc == HS_OK && !no; i++)
		rc = ask(m, name, 0, m->p.negated.v[i], &no);
	return rc != HS_OK || no ? rc : tell(m, name);
}

static int
match_hashed(struct hs_match *m)
{
	int rc = HS_OK;

	for (size_t i = 0; i < m->nexact && rc == HS_OK; i++) {
		bool yes = false;

		rc = ask(m, m->exact[i], 0, m->line->hosts, &yes);
		for (size_t k = 0; k < m->req->nports && rc == HS_OK && !yes; k++)
			rc = ask(m, m->exact[i], m->req->ports[k], m->line->hosts, &yes);
		if (rc == HS_OK && yes)
			rc = tell(m, m->exact[i]);
	}
	return rc;
}

static int
match_plain(struct hs_match *m)
{
	char lower[HS_KNOWNHOSTS_NAME_MAX + 1];
	struct hs_str name;
	int rc = HS_OK;

	for (size_t i = 0; i < m->p.plain.n && rc == HS_OK; i++) {
		bool yes = false;

		name = hs_patterns_lower(m->p.plain.v[i], lower, sizeof(lower));
		if (!hs_knownhosts_is_name(name) ||
		    !(holds(m->exact, m->nexact, name) ||
			under_wide(m->wide, m->nwide, name)))
			continue;
		rc = ask(m, name, 0, m->p.plain.v[i], &yes);
		if (rc == HS_OK && yes)
			rc = tell_unless_negated(m, name);
	}
	return rc;
}

static int
match_patterns(struct hs_match *m)
{
	int rc = HS_OK;

	for (size_t i = 0; i < m->nexact && rc == HS_OK; i++) {
		bool yes = false;

		for (size_t k = 0; k < m->p.wild.n && rc == HS_OK && !yes; k++)
			rc = ask(m, m->exact[i], 0, m->p.wild.v[k], &yes);
		if (rc == HS_OK && yes)
			rc = tell_unless_negated(m, m->exact[i]);
	}
	return rc;
}

static int
tell_all(struct hs_match *m)
{
	int rc = HS_OK;

	for (size_t i = 0; i < m->nexact && rc == HS_OK; i++)
		rc = tell(m, m->exact[i]);
	if (rc == HS_OK && m->nwide > 0)
		rc = tell(m, ANY);
	return rc;
}

// ---- patterns of the scope, for which names cannot be asked one by one

static int
revoke_wide(struct hs_match *m)
{
	char lower[HS_KNOWNHOSTS_NAME_MAX + 1];
	int rc = HS_OK;

	for (size_t i = 0; i < m->p.wild.n && rc == HS_OK; i++) {
		struct hs_str s = hs_patterns_lower(m->p.wild.v[i], lower, sizeof(lower));
		bool simple = hs_knownhosts_is_host(s), meets = !simple;

		rc = work(m, m->nwide);
		for (size_t k = 0; k < m->nwide && !meets; k++)
			meets = hs_knownhosts_under(m->wide[k], s) ||
				hs_knownhosts_under(s, m->wide[k]);
		if (rc == HS_OK && meets)
			rc = tell(m, simple ? s : ANY);
	}
	return rc;
}

// What is under both, the pattern of the line and one of the scope.
static int
trust_common(struct hs_match *m, struct hs_str pattern)
{
	int rc = work(m, m->nwide);

	for (size_t i = 0; i < m->nwide && rc == HS_OK; i++)
		if (hs_knownhosts_under(m->wide[i], pattern))
			rc = tell(m, m->wide[i]);
		else if (hs_knownhosts_under(pattern, m->wide[i]))
			rc = tell(m, pattern);
	return rc;
}

static int
trust_wide(struct hs_match *m)
{
	char lower[HS_KNOWNHOSTS_NAME_MAX + 1];
	bool left = m->p.hashed || (m->p.negated.n > 0 && m->p.wild.n > 0);
	size_t n = left ? 0 : m->p.wild.n;
	int rc = HS_OK;

	for (size_t i = 0; i < n && rc == HS_OK; i++) {
		struct hs_str s = hs_patterns_lower(m->p.wild.v[i], lower, sizeof(lower));

		if (hs_knownhosts_is_host(s))
			rc = trust_common(m, s);
		else
			left = true;
	}
	if (rc == HS_OK && left)
		rc = hs_fail(m->err, HS_ERR_UNSUPPORTED, NOT_UNDER_WIDE);
	return rc;
}

static int
match_readable(struct hs_match *m)
{
	bool revoked = m->line->kind == HS_KNOWNHOSTS_REVOKED;
	int rc;

	// of whom it is cannot be told for each port: rather it is revoked for too much
	if (revoked && (m->p.hashed || m->p.ported))
		return tell_all(m);
	if (m->p.hashed) {
		rc = match_hashed(m);
	} else {
		rc = match_plain(m);
		if (rc == HS_OK)
			rc = match_patterns(m);
	}
	if (rc == HS_OK && m->nwide > 0 && revoked)
		rc = revoke_wide(m);
	else if (rc == HS_OK && m->nwide > 0 && m->line->kind == HS_KNOWNHOSTS_CA)
		rc = trust_wide(m);
	return rc;
}

// The names cannot be read: a key is known under none then, and revoked under all.
static int
match_unreadable(struct hs_match *m, const char *why)
{
	bool revoked = m->line->kind == HS_KNOWNHOSTS_REVOKED;
	int rc = revoked ? tell_all(m) : HS_OK;

	if (rc == HS_OK)
		rc = hs_fail(m->err, HS_ERR_FORMAT, "%s%s", why,
		    revoked ? "; its key is taken as revoked for every host" : "");
	return rc;
}

int
hs_match_line(struct hs_match *m, const struct hs_line *l, hs_match_found *found, void *arg,
    struct hs_err *err)
{
	const char *why = NULL;
	int rc = hs_patterns_read(&m->p, l->hosts, &why);

	m->line = l;
	m->found = found;
	m->arg = arg;
	m->err = err;
	m->has_key = false;
	hs_buf_reset(&m->blob);
	if (rc == HS_OK)
		return match_readable(m);
	return rc == HS_ERR_FORMAT ? match_unreadable(m, why) : rc;
}
