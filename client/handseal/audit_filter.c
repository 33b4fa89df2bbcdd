// SPDX-License-Identifier: ISC
//
// Choosing records. Contract in audit_filter.h.
#include "client/handseal/audit_filter.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "proto/audittouch.h"
#include "proto/text.h"

#define SHORTEST_PREFIX 4

bool
hs_auditfilter_time(const char *text, uint64_t now, uint64_t *out)
{
	struct tm tm = {0};
	const char *end;
	uint64_t n;
	time_t t;

	if (hs_text_u64(hs_str_c(text), INT64_MAX, out) == HS_OK)
		return true;
	if (hs_text_span(hs_str_c(text), HS_TTL_MAX, &n) == HS_OK) {
		*out = n < now ? now - n : 0;
		return true;
	}
	end = strptime(text, "%Y-%m-%d", &tm);
	if (end != NULL && *end != '\0')
		end = strptime(end, "T%H:%M:%SZ", &tm);
	if (end == NULL || *end != '\0')
		return false;
	t = timegm(&tm);
	*out = t > 0 ? (uint64_t)t : 0;
	return t >= 0;
}

bool
hs_auditfilter_option(struct hs_auditfilter *f, int opt, const char *value, uint64_t now)
{
	switch (opt) {
	case HS_FILTER_AGENT:
		f->agent = value;
		return true;
	case HS_FILTER_SCOPE:
		f->scope = value;
		return true;
	case HS_FILTER_EVENT:
		f->event = value;
		return true;
	case HS_FILTER_SINCE:
		return hs_auditfilter_time(value, now, &f->since);
	default:
		return hs_auditfilter_time(value, now, &f->until) && f->until > 0;
	}
}

void
hs_auditfilter_free(struct hs_auditfilter *f)
{
	free(f->asks);
	free(f->grants);
	f->asks = f->grants = NULL;
	f->n = 0;
}

// ---- one certificate's or seat's life

struct finding {
	struct hs_auditfilter *f;
	char prefix[HS_SESSION_ID_LEN + 1];
	uint64_t parent; // the grant it was made under, where the record says so
	size_t cap;
	bool several;
	struct hs_buf blob;
};

static bool
parse_id(struct finding *g, const char *typed)
{
	const char *point = strchr(typed, '.'), *serial = point != NULL ? point + 1 : typed;
	size_t n = point != NULL ? (size_t)(point - typed) : 0;

	if ((point != NULL && n < SHORTEST_PREFIX) || n > HS_SESSION_ID_LEN ||
	    hs_text_u64(hs_str_c(serial), UINT64_MAX, &g->f->serial) != HS_OK ||
	    g->f->serial == 0)
		return false;
	memcpy(g->prefix, typed, n);
	return true;
}

static int
take_made(void *arg, struct hs_audit_place place, struct hs_str line)
{
	struct finding *g = arg;
	struct hs_auditread r;
	struct hs_str session;

	(void)place;
	if (hs_auditread(line, &r, NULL) != HS_OK ||
	    (!hs_str_is(r.event, "issue") && !hs_str_is(r.event, "seat")) ||
	    hs_auditread_u64(&r, HS_AM_SERIAL) != g->f->serial)
		return HS_OK;
	session = hs_auditread_raw(&r, HS_AM_SESSION);
	if (session.len != HS_SESSION_ID_LEN ||
	    memcmp(session.p, g->prefix, strlen(g->prefix)) != 0)
		return HS_OK;
	g->several |= g->f->found && !hs_str_is(session, g->f->session);
	g->f->found = true;
	g->parent = hs_auditread_u64(&r, HS_AM_PARENT);
	return hs_str_copy(session, g->f->session, sizeof g->f->session);
}

static int
keep(struct finding *g, uint64_t ask, uint64_t grant)
{
	if (g->f->n == g->cap) {
		size_t more = g->cap > 0 ? g->cap * 2 : 8;
		uint64_t *a = reallocarray(g->f->asks, more, sizeof *a), *b;

		if (a == NULL)
			return HS_ERR_NOMEM;
		g->f->asks = a;
		b = reallocarray(g->f->grants, more, sizeof *b);
		if (b == NULL)
			return HS_ERR_NOMEM;
		g->f->grants = b;
		g->cap = more;
	}
	g->f->asks[g->f->n] = ask;
	g->f->grants[g->f->n++] = grant;
	return HS_OK;
}

// The touch that it was made under; where the log does not say which, all of its session.
static int
take_touch(void *arg, struct hs_audit_place place, struct hs_str line)
{
	struct finding *g = arg;
	struct hs_auditread r;
	struct hs_audittouch t;
	uint64_t serial;

	(void)place;
	if (hs_auditread(line, &r, NULL) != HS_OK || !hs_str_is(r.event, "touch") ||
	    !hs_auditread_is(&r, HS_AM_SESSION, g->f->session))
		return HS_OK;
	serial = hs_auditread_u64(&r, HS_AM_SERIAL);
	if (g->parent != 0 && serial != g->parent)
		return HS_OK;
	if (g->parent == 0 && hs_auditread_has(&r, HS_AM_DIRECT))
		return HS_OK; // what it made says so
	if (hs_audittouch_read(&r, &g->blob, &t) != HS_OK)
		return HS_OK;
	g->f->direct = t.direct;
	return keep(g, t.payload.log_seq, serial);
}

int
hs_auditfilter_find(
    struct hs_auditfilter *f, const struct hs_auditfiles *files, struct hs_err *err)
{
	struct finding g = {.f = f};
	int rc = HS_OK;

	if (f->id == NULL)
		return HS_OK;
	if (!parse_id(&g, f->id))
		return hs_fail(err, HS_ERR_USAGE,
		    "an ID is SERIAL, or SESSION.SERIAL with four or more digits of the "
		    "session, as show and list print it");
	rc = hs_auditfiles_each(files, take_made, &g, NULL, err);
	if (rc == HS_OK && !f->found)
		rc = hs_fail(err, HS_NO_SUCH, "no record is of %s", f->id);
	if (rc == HS_OK && g.several)
		rc = hs_fail(err, HS_NO_SUCH,
		    "%s is of several sessions: put the session in front of it", f->id);
	if (rc == HS_OK)
		rc = hs_auditfiles_each(files, take_touch, &g, NULL, err);
	hs_buf_free(&g.blob);
	return rc;
}

static bool
of_life(const struct hs_auditfilter *f, const struct hs_auditread *r)
{
	bool mine = hs_auditread_is(r, HS_AM_SESSION, f->session);
	uint64_t serial = hs_auditread_u64(r, HS_AM_SERIAL);

	if (hs_str_is(r->event, "ask") || hs_str_is(r->event, "touch"))
		for (size_t i = 0; i < f->n; i++)
			if (hs_str_is(r->event, "ask") ? r->seq == f->asks[i]
						       : mine && serial == f->grants[i])
				return true;
	if (!mine || hs_str_is(r->event, "ask") || hs_str_is(r->event, "touch") ||
	    hs_str_is(r->event, "checkpoint"))
		return false;
	if (hs_auditread_has(r, HS_AM_SERIAL))
		return serial == f->serial || hs_auditread_lists(r, f->serial) ||
		       hs_auditread_u64(r, HS_AM_SEAT) == f->serial;
	return hs_str_is(r->event, "close") || hs_str_is(r->event, "expire") ||
	       hs_str_is(r->event, "revoke");
}

bool
hs_auditfilter_wants(const struct hs_auditfilter *f, const struct hs_auditread *r)
{
	bool wanted = r->time >= f->since && (f->until == 0 || r->time < f->until);
	struct hs_buf text = {0};

	if (wanted && f->agent != NULL)
		wanted = hs_auditread_is(r, HS_AM_AGENT, f->agent);
	if (wanted && f->event != NULL)
		wanted = hs_str_is(r->event, f->event);
	if (wanted && f->found)
		wanted = of_life(f, r);
	if (wanted && f->scope != NULL) {
		hs_auditread_put(&text, r, HS_AM_SCOPE);
		wanted = text.len > 0 &&
			 memmem(text.p, text.len, f->scope, strlen(f->scope)) != NULL;
		hs_buf_free(&text);
	}
	return wanted;
}
