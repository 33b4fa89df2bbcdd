// SPDX-License-Identifier: ISC
//
// What was done under the grants: certificates, seats, signatures, each in a session that a
// touch opened, in its time and inside its scope. Contract in auditcheck_internal.h.
#include <inttypes.h>
#include <string.h>
#include "proto/auditcheck_internal.h"
#include "proto/text.h"

static struct audit_session *
live_session(struct hs_auditcheck *c, const struct hs_auditread *r)
{
	struct audit_session *s =
	    hs_auditcheck_session(c, hs_auditread_raw(r, HS_AM_SESSION));

	if (s != NULL && !s->closed)
		return s;
	if (s == NULL && c->sum.begin != HS_AUDIT_WHOLE)
		c->sum.unknown++;
	else
		hs_auditcheck_fault(c, c->at, c->due, "no-session",
		    s == NULL ? "no touch before it opened its session"
			      : "its session has ended before");
	return NULL;
}

static uint32_t
fnv(uint32_t h, struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ s.p[i]) * 16777619u;
	return h;
}

static struct audit_cached *
slot(struct hs_auditcheck *c, const struct hs_auditread *r)
{
	uint32_t h = fnv(2166136261u, hs_auditread_raw(r, HS_AM_SCOPE));

	return &c->cache[h % HS_AUDITCHECK_CACHE];
}

// The same scope under the same grant as not long ago?
static bool
seen(const struct audit_cached *k, const struct hs_auditread *r, size_t grant)
{
	return k->scope.len > 0 && k->grant == grant &&
	       hs_str_eq(hs_buf_str(&k->scope), hs_auditread_raw(r, HS_AM_SCOPE)) &&
	       hs_str_eq(hs_buf_str(&k->digest), hs_auditread_raw(r, HS_AM_DIGEST));
}

static void
remember(struct audit_cached *k, const struct hs_auditread *r, size_t grant)
{
	struct hs_str scope = hs_auditread_raw(r, HS_AM_SCOPE);
	struct hs_str digest = hs_auditread_raw(r, HS_AM_DIGEST);

	hs_buf_reset(&k->scope);
	hs_buf_reset(&k->digest);
	hs_put_raw(&k->scope, scope.p, scope.len);
	hs_put_raw(&k->digest, digest.p, digest.len);
	if (hs_buf_err(&k->scope) != HS_OK || hs_buf_err(&k->digest) != HS_OK)
		hs_buf_reset(&k->scope);
	k->grant = grant;
}

// The record's scope; NULL: the fault is told.
static struct hs_scope *
read_scope(struct hs_auditcheck *c, const struct hs_auditread *r)
{
	struct hs_scope *scope = NULL;
	struct hs_buf digest = {0};
	uint8_t want[32];

	hs_buf_reset(&c->text);
	hs_auditread_put(&c->text, r, HS_AM_SCOPE);
	if (hs_scope_parse_canonical(hs_buf_str(&c->text), &scope, NULL) != HS_OK) {
		hs_auditcheck_fault(
		    c, c->at, c->due, "malformed", "its scope cannot be read");
		return NULL;
	}
	hs_scope_digest(scope, want);
	if (hs_auditread_bytes(r, HS_AM_DIGEST, sizeof want, &digest) != HS_OK ||
	    digest.len != sizeof want || memcmp(digest.p, want, sizeof want) != 0)
		hs_auditcheck_fault(
		    c, c->at, c->due, "differs", "its digest is not its scope's");
	hs_buf_free(&digest);
	return scope;
}

// In the grant's time, and ending with it at the latest?
static bool
in_time(const struct audit_grant *g, const struct hs_auditread *r)
{
	return g->scope != NULL && r->time >= g->after && r->time < g->end &&
	       hs_auditread_u64(r, HS_AM_END) <= g->end;
}

// A direct certificate is the one thing that its touch made, over that key; only a record
// that names it is of it.
static bool
is_it(struct audit_grant *g, const struct hs_auditread *r)
{
	bool seat = hs_str_is(r->event, "seat");

	if (!hs_auditread_is(r, HS_AM_KEY, g->key) || (g->issued && !seat))
		return false;
	g->issued = g->issued || !seat;
	return true;
}

// Some grant of the session, or the one that the record names, allows it.
static bool
under_a_grant(struct hs_auditcheck *c, const struct hs_auditread *r, size_t session)
{
	struct audit_cached *k = slot(c, r);
	bool named = hs_auditread_has(r, HS_AM_PARENT), read = false, found = false;
	uint64_t parent = hs_auditread_u64(r, HS_AM_PARENT);
	struct hs_scope *scope = NULL;

	for (size_t i = c->ngrants; i > 0 && !found; i--) {
		struct audit_grant *g = &c->grants[i - 1];

		if (g->session < session && c->sessions[g->session].closed)
			break; // what was opened before it has ended
		if (g->session != session || (named && g->serial != parent) ||
		    !in_time(g, r) || (g->direct && (!named || !is_it(g, r))))
			continue;
		if (seen(k, r, i - 1))
			return true;
		if (!read && (scope = read_scope(c, r)) == NULL)
			return true; // told
		read = true;
		found = hs_scope_under(scope, g->scope);
		if (found)
			remember(k, r, i - 1);
	}
	hs_scope_free(&scope);
	return found;
}

// A seat's serial is taken when its key is armed, and its grant names it: while the person
// reached for the key others were given out.
static bool
was_promised(const struct hs_auditcheck *c, size_t session, uint64_t serial)
{
	for (size_t i = c->ngrants; i > 0; i--) {
		const struct audit_grant *g = &c->grants[i - 1];

		if (g->session < session && c->sessions[g->session].closed)
			break;
		if (g->session == session && g->seat == serial)
			return true;
	}
	return false;
}

static void
pass_over(struct hs_auditcheck *c, size_t session, uint64_t from, uint64_t to)
{
	if (from < to)
		c->passed[c->npassed++ % HS_AUDITCHECK_PASSED] =
		    (struct audit_passed){session, from, to};
}

// Was it passed over? It is not any more.
static bool
take_passed(struct hs_auditcheck *c, size_t session, uint64_t serial)
{
	size_t first =
	    c->npassed > HS_AUDITCHECK_PASSED ? c->npassed - HS_AUDITCHECK_PASSED : 0;
	uint64_t to;

	for (size_t i = c->npassed; i > first; i--) {
		struct audit_passed *p = &c->passed[(i - 1) % HS_AUDITCHECK_PASSED];

		if (p->session != session || serial < p->from || serial >= p->to)
			continue;
		to = p->to;
		p->to = serial;
		pass_over(c, session, serial + 1, to);
		return true;
	}
	return false;
}

// Serials ascend, but for that of a seat that was touched for; and none is there twice.
static void
check_serial(struct hs_auditcheck *c, const struct hs_auditread *r, size_t session)
{
	struct audit_session *s = &c->sessions[session];
	uint64_t serial = hs_auditread_u64(r, HS_AM_SERIAL), last = s->serial;

	if (serial > last) {
		s->serial = serial;
		pass_over(c, session, last + 1, serial);
		return;
	}
	if (!hs_str_is(r->event, "seat") || !was_promised(c, session, serial) ||
	    !take_passed(c, session, serial))
		hs_auditcheck_fault(c, c->at, c->due, "serial",
		    "its serial is %" PRIu64 ", and %" PRIu64
		    " was given out in its session "
		    "before",
		    serial, last);
}

int
hs_auditcheck_issue(struct hs_auditcheck *c, const struct hs_auditread *r)
{
	struct audit_session *s = live_session(c, r);

	if (hs_str_is(r->event, "issue"))
		c->sum.issued++;
	else
		c->sum.seats++;
	if (s == NULL)
		return HS_OK;
	check_serial(c, r, (size_t)(s - c->sessions));
	if (!under_a_grant(c, r, (size_t)(s - c->sessions)))
		hs_auditcheck_fault(c, c->at, c->due, "outside-grant",
		    "no touch of its session allows it, or not at its time");
	return HS_OK;
}

int
hs_auditcheck_sign(struct hs_auditcheck *c, const struct hs_auditread *r)
{
	struct audit_session *s = live_session(c, r);
	bool live = false;

	c->sum.signed_++;
	if (s == NULL)
		return HS_OK;
	for (size_t i = c->ngrants; i > 0 && !live; i--) {
		const struct audit_grant *g = &c->grants[i - 1];

		live = &c->sessions[g->session] == s && r->time >= g->after &&
		       r->time < g->end;
	}
	if (!live)
		hs_auditcheck_fault(c, c->at, c->due, "outside-grant",
		    "no grant of its session was live at its time");
	else if (hs_auditread_u64(r, HS_AM_SERIAL) > s->serial)
		hs_auditcheck_fault(c, c->at, c->due, "serial",
		    "its serial %" PRIu64 " was not given out before",
		    hs_auditread_u64(r, HS_AM_SERIAL));
	return HS_OK;
}
