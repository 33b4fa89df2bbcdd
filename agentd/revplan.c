// SPDX-License-Identifier: ISC
//
// Looking up what is to be revoked. Contract in revplan.h.
#include "agentd/revplan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/log.h"
#include "agentd/revids.h"
#include "agentd/revocation.h"
#include "agentd/seat.h"
#include "proto/text.h"

#define RECORD_MAX 4096 // ranges, which is far below what a line may hold

// What a session has issued and what still matters of it.
struct issued {
	uint64_t now;
	struct hs_indexed *v;
	size_t n, cap;
	enum hs_revindex_state state;
};

struct targets { // serials whose subtrees are meant
	uint64_t *v;
	size_t n, cap;
};

struct lookup {
	const struct hs_daemon *d;
	const struct hs_seat *on;
	const struct hs_agent_revoke *m;
	uint64_t now;
	struct hs_revplan *out;
};

static bool
is_certificate(const struct hs_indexed *i)
{
	return i->what == HS_INDEXED_CERT || i->what == HS_INDEXED_DIRECT;
}

static int
collect(void *arg, const struct hs_indexed *i)
{
	struct issued *x = arg;
	size_t cap = x->cap > 0 ? x->cap * 2 : 64;
	struct hs_indexed *v;

	if (is_certificate(i) && i->end <= x->now)
		return HS_OK;
	if (x->n == x->cap) {
		v = reallocarray(x->v, cap, sizeof *v);
		if (v == NULL)
			return HS_ERR_NOMEM;
		x->v = v;
		x->cap = cap;
	}
	x->v[x->n++] = *i;
	return HS_OK;
}

static int
add_target(struct targets *t, uint64_t serial)
{
	size_t cap = t->cap > 0 ? t->cap * 2 : 16;
	uint64_t *v;

	if (t->n == t->cap) {
		v = reallocarray(t->v, cap, sizeof *v);
		if (v == NULL)
			return HS_ERR_NOMEM;
		t->v = v;
		t->cap = cap;
	}
	t->v[t->n++] = serial;
	return HS_OK;
}

static int
by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool
has(const struct targets *t, uint64_t serial)
{
	return t->n > 0 && bsearch(&serial, t->v, t->n, sizeof *t->v, by_number) != NULL;
}

static bool
within(const struct targets *t, const struct hs_indexed *i)
{
	if (i->what == HS_INDEXED_GRANT)
		return false;
	for (size_t k = 0; k < i->nseats; k++)
		if (has(t, i->seats[k]))
			return true;
	return has(t, i->serial);
}

// A certificate of a seat stands for its seat, which would only make another.
static uint64_t
what_ends(const struct hs_indexed *i)
{
	return is_certificate(i) && i->nseats > 0 ? i->seats[i->nseats - 1] : i->serial;
}

// ---- one session

// A seat, which is told of nothing else, and what lives below it.
static int
all_of_seat(struct targets *t, const struct hs_daemon *d, const struct hs_seat *on)
{
	int rc = HS_OK;

	t->n = 0;
	for (const struct hs_seat *s = d->seats; s != NULL && rc == HS_OK; s = s->next)
		if (hs_seat_within(s, on))
			rc = add_target(t, s->serial);
	return rc;
}

static bool
is_indexed(const struct issued *x, uint64_t serial)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->v[i].what != HS_INDEXED_GRANT && x->v[i].serial == serial)
			return true;
	return false;
}

static bool
in_sight(const struct lookup *l, const struct hs_indexed *i)
{
	return l->on == NULL || hs_indexed_within(i, l->on->serial);
}

// The things in it that are named. False: what is missing from the index could be one.
static int
find_targets(
    struct lookup *l, const char *id, const struct issued *x, struct targets *t, bool *sure)
{
	struct hs_str names = l->m->name;
	struct hs_revid r;
	bool good;
	int rc = HS_OK;

	*sure = x->state == HS_REVINDEX_WHOLE;
	if (l->m->what == HS_REVOKE_ALL) // on a seat: itself
		return add_target(t, l->on->serial);
	for (size_t i = 0; l->m->what == HS_REVOKE_AGENT && i < x->n && rc == HS_OK; i++)
		if (x->v[i].what != HS_INDEXED_GRANT && in_sight(l, &x->v[i]) &&
		    hs_str_is(names, x->v[i].agent))
			rc = add_target(t, what_ends(&x->v[i]));
	if (l->m->what != HS_REVOKE_IDS)
		return rc;
	*sure = true;
	while (rc == HS_OK && hs_revids_next(&names, &r, &good)) {
		bool found = false;

		for (size_t i = 0; i < x->n && rc == HS_OK; i++)
			if (hs_revids_names(&r, id, &x->v[i]) && in_sight(l, &x->v[i])) {
				rc = add_target(t, what_ends(&x->v[i]));
				found = true;
			}
		// a direct one that is not here is some other session's or daemon's
		if (hs_revids_begins(id, r.session))
			*sure &= (found && r.lo == r.hi) || x->state == HS_REVINDEX_WHOLE;
	}
	return rc;
}

// Targets that the index lacks: live seats, or one of which only its direct certificate was
// ever made.
static void
mark_unindexed(const struct lookup *l, struct hs_revplan_session *p, const struct issued *x,
    const struct targets *t, const struct hs_revlog_of *was)
{
	for (size_t i = 0; i < t->n && !p->whole; i++) {
		if (is_indexed(x, t->v[i]))
			continue;
		p->serials[p->n++] = t->v[i];
		if (was->whole || hs_revlog_of_has(was, t->v[i])) {
			p->before++;
			continue;
		}
		p->fresh[p->nfresh++] = (struct hs_krl_range){t->v[i], t->v[i]};
		p->seats += hs_seat_find(l->d, t->v[i]) != NULL;
	}
}

// Counts what lives, and notes what is to be revoked.
static int
mark(struct lookup *l, struct hs_revplan_session *p, const struct issued *x,
    const struct targets *t)
{
	struct hs_revlog_of was = {0};
	bool open = strcmp(l->d->session.id, p->id) == 0;
	int rc = hs_revocation_of(l->d->revocation, p->id, &was);
	size_t most = x->n + t->n > 0 ? x->n + t->n : 1;

	p->known = was.whole;
	p->serials = calloc(most, sizeof *p->serials);
	p->fresh = calloc(most, sizeof *p->fresh);
	if (p->serials == NULL || p->fresh == NULL)
		rc = HS_ERR_NOMEM;
	for (size_t i = 0; i < x->n && rc == HS_OK; i++) {
		const struct hs_indexed *e = &x->v[i];
		bool cert = is_certificate(e), before;

		if (e->end > p->end && (p->whole || within(t, e)))
			p->end = e->end;
		if (e->what == HS_INDEXED_GRANT || (!p->whole && !within(t, e)))
			continue;
		before = was.whole || hs_revlog_of_has(&was, e->serial);
		p->serials[p->n++] = e->serial;
		if (!before)
			p->fresh[p->nfresh++] = (struct hs_krl_range){e->serial, e->serial};
		if (!cert && !(open && hs_seat_find(l->d, e->serial) != NULL))
			continue; // that seat ended before
		p->before += before;
		p->certificates += !before && cert;
		p->seats += !before && !cert;
	}
	if (rc == HS_OK)
		mark_unindexed(l, p, x, t, &was);
	p->nfresh = hs_krl_join(p->fresh, p->nfresh);
	free(was.r);
	return rc;
}

static bool
touched_by(const struct issued *x, struct hs_str fingerprint)
{
	char ca[HS_FINGERPRINT_LEN + 1];

	for (size_t i = 0; i < x->n; i++) {
		const struct hs_indexed *e = &x->v[i];

		ca[0] = '\0';
		if (e->what == HS_INDEXED_DIRECT)
			hs_key_fingerprint(&e->ca, ca);
		if (hs_str_is(fingerprint, e->what == HS_INDEXED_GRANT ? e->root : ca))
			return true;
	}
	return false;
}

static bool
is_whole(const struct lookup *l, const char *id, const struct issued *x)
{
	switch (l->m->what) {
	case HS_REVOKE_SESSION:
		return hs_revids_begins(id, l->m->name);
	case HS_REVOKE_ROOT:
		return touched_by(x, l->m->name) || x->state == HS_REVINDEX_DAMAGED;
	case HS_REVOKE_ALL:
		return l->on == NULL;
	default:
		return false;
	}
}

static void
free_session(struct hs_revplan_session *p)
{
	free(p->serials);
	free(p->fresh);
}

static int
look_in(struct lookup *l, const struct hs_revocation_session *s)
{
	struct hs_revplan_session *v, p = {.end = 0};
	struct issued x = {.now = l->now};
	struct targets t = {0};
	struct hs_err why = {0};
	bool sure = true;
	int rc = hs_revocation_read(l->d->revocation, s->id, collect, &x, &x.state, &why);

	if (rc == HS_ERR_NOMEM)
		goto out;
	if (rc != HS_OK) {
		hs_log("%s", hs_err_sentence(&why));
		rc = HS_OK;
	}
	memcpy(p.id, s->id, sizeof p.id);
	p.listed = s->has.key;
	p.whole = is_whole(l, s->id, &x);
	if (!p.whole && (l->m->what == HS_REVOKE_AGENT || l->m->what == HS_REVOKE_IDS ||
			    l->m->what == HS_REVOKE_ALL))
		rc = find_targets(l, s->id, &x, &t, &sure);
	// more than was named, rather than less; but for a seat nothing beyond itself
	if (rc == HS_OK && !sure && l->on != NULL)
		rc = all_of_seat(&t, l->d, l->on);
	else if (!sure)
		p.whole = true;
	if (p.whole || !sure)
		p.end = s->end;
	if (t.n > 0)
		qsort(t.v, t.n, sizeof *t.v, by_number);
	if (rc == HS_OK && (p.whole || t.n > 0))
		rc = mark(l, &p, &x, &t);
	if (rc != HS_OK || (!p.whole && p.n == 0))
		goto out;
	v = reallocarray(l->out->v, l->out->n + 1, sizeof *v);
	if (v == NULL) {
		rc = HS_ERR_NOMEM;
		goto out;
	}
	l->out->v = v;
	v[l->out->n++] = p;
	p = (struct hs_revplan_session){0};
out:
	free_session(&p);
	free(x.v);
	free(t.v);
	return rc;
}

// ---- all of them

static int
check_name(const struct hs_agent_revoke *m, struct hs_refusal *why)
{
	struct hs_str names = m->name;
	struct hs_revid r;
	bool good = true;

	if (m->what == HS_REVOKE_IDS)
		while (good && hs_revids_next(&names, &r, &good))
			;
	if (m->what == HS_REVOKE_SESSION)
		good = m->name.len >= HS_REVID_PREFIX && m->name.len <= HS_SESSION_ID_LEN;
	if (m->what == HS_REVOKE_AGENT)
		good = hs_text_is_agent_name(m->name);
	if (m->what == HS_REVOKE_ROOT)
		good = m->name.len == HS_FINGERPRINT_LEN;
	if (good)
		return HS_OK;
	hs_fail(&why->err, HS_ERR_USAGE, "that is not what one of these is called");
	return hs_refusal_remedy(why,
	    "an id is SESSION.SERIAL, a root is SHA256:..., see handseal list and roots");
}

// A short id must mean one session.
static int
check_prefixes(const struct lookup *l, struct hs_refusal *why)
{
	struct hs_str names = l->m->name;
	struct hs_revid r = {.session = names};
	bool ids = l->m->what == HS_REVOKE_IDS, good = true;
	const struct hs_revocation_session *s;

	while (ids ? hs_revids_next(&names, &r, &good) : names.len > 0) {
		size_t i = 0, n = 0;

		names.len = ids ? names.len : 0;
		while ((s = hs_revocation_next(l->d->revocation, l->now, &i)) != NULL)
			n += hs_revids_begins(s->id, r.session);
		if (n > 1) {
			hs_fail(&why->err, HS_ERR_USAGE,
			    "several sessions' ids begin with %.*s", (int)r.session.len,
			    (const char *)r.session.p);
			return hs_refusal_remedy(why, "write more of it");
		}
	}
	return HS_OK;
}

int
hs_revplan_make(const struct hs_daemon *d, const struct hs_seat *on,
    const struct hs_agent_revoke *m, uint64_t now, struct hs_revplan *out,
    struct hs_refusal *why)
{
	struct lookup l = {.d = d, .on = on, .m = m, .now = now, .out = out};
	const struct hs_revocation_session *s;
	size_t i = 0;
	int rc = check_name(m, why);

	*out = (struct hs_revplan){0};
	hs_revocation_look(d->revocation, now);
	if (rc == HS_OK && (m->what == HS_REVOKE_IDS || m->what == HS_REVOKE_SESSION))
		rc = check_prefixes(&l, why);
	if (rc == HS_OK && on != NULL &&
	    (m->what == HS_REVOKE_SESSION || m->what == HS_REVOKE_ROOT)) {
		hs_fail(&why->err, HS_NO_SUCH, "a seat revokes what is its own and below");
		return hs_refusal_remedy(why, "name ids, or --all of this seat");
	}
	while (rc == HS_OK && (s = hs_revocation_next(d->revocation, now, &i)) != NULL)
		if (on == NULL || strcmp(s->id, d->session.id) == 0)
			if ((rc = look_in(&l, s)) != HS_OK)
				hs_fail(&why->err, (enum hs_code)rc, "%s", "");
	if (rc == HS_OK && out->n == 0) {
		rc = hs_fail(&why->err, HS_NO_SUCH, "nothing of that name lives");
		hs_refusal_remedy(why, "see what there is: handseal list");
	}
	if (rc != HS_OK)
		hs_revplan_free(out);
	return rc;
}

bool
hs_revplan_record(const struct hs_revplan_session *p, size_t *at, struct hs_buf *mem,
    struct hs_audit_record *r)
{
	size_t n = p->whole ? 0 : p->nfresh;

	if (p->n > 0 && !r->numbered)
		r->serial = p->serials[0]; // the outermost: it came first
	if (p->n > 0 || p->whole)
		r->numbered = !p->whole;
	hs_buf_reset(mem);
	for (size_t most = *at + RECORD_MAX; *at < n && *at < most; ++*at) {
		hs_put_fmt(mem, "%s%" PRIu64, mem->len > 0 ? "," : "", p->fresh[*at].lo);
		if (p->fresh[*at].hi > p->fresh[*at].lo)
			hs_put_fmt(mem, "-%" PRIu64, p->fresh[*at].hi);
	}
	r->serials = hs_buf_str(mem);
	return *at == n;
}

void
hs_revplan_free(struct hs_revplan *p)
{
	for (size_t i = 0; i < p->n; i++)
		free_session(&p->v[i]);
	free(p->v);
	*p = (struct hs_revplan){0};
}
