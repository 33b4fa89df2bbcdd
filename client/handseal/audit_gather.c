// SPDX-License-Identifier: ISC
//
// Reading a log into what it tells. Contract in audit_gather.h.
#include "client/handseal/audit_gather.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include "proto/describe.h"
#include "proto/grant.h"

#define FAULTS_MAX 1000
#define ASKED_MAX  64 // askings that no touch has come for, the latest ones

struct asked {
	const char *code, *shown, *reason, *may;
	struct hs_scope *scope; // owned
};

struct hs_audit_gathering {
	struct hs_auditcheck *check;
	void *texts; // tsearch's tree
	struct hs_buf text, other;
	size_t cap_faults, cap_sessions, cap_touches, cap_made, cap_marks;
	size_t session, touch; // the last that something was made in, and under
	const char *scope;     // the text of that scope
	struct asked asked[ASKED_MAX];
	size_t nasked, nfaults; // nfaults: in all
	bool failed;		// no memory
};

// ---- texts, each kept once

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static const char *
intern(struct hs_audit_gathering *w, struct hs_str s)
{
	char *copy = malloc(s.len + 1), **found = NULL;

	if (copy != NULL && hs_str_copy(s, copy, s.len + 1) == HS_OK)
		found = tsearch(copy, &w->texts, by_text);
	if (found == NULL) {
		free(copy);
		w->failed = true;
		return "";
	}
	if (*found != copy)
		free(copy);
	return *found;
}

static const char *
text_of(struct hs_audit_gathering *w, const struct hs_auditread *r, enum hs_audit_member m)
{
	if (!hs_auditread_has(r, m))
		return "";
	hs_buf_reset(&w->text);
	hs_auditread_put(&w->text, r, m);
	return intern(w, hs_buf_str(&w->text));
}

static void *
room(struct hs_audit_gathering *w, void **v, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap > 0 ? *cap * 2 : 64;
	void *p;

	if (n < *cap)
		return (uint8_t *)*v + n * size;
	p = reallocarray(*v, more, size);
	if (p == NULL) {
		w->failed = true;
		return NULL;
	}
	*v = p;
	*cap = more;
	return (uint8_t *)p + n * size;
}

// A scope in a line, and parsed where somebody wants it.
static const char *
may(struct hs_audit_gathering *w, const struct hs_auditread *r, struct hs_scope **out)
{
	struct hs_scope *scope = NULL;
	const char *text;

	hs_buf_reset(&w->text);
	hs_buf_reset(&w->other);
	hs_auditread_put(&w->text, r, HS_AM_SCOPE);
	if (hs_scope_parse_canonical(hs_buf_str(&w->text), &scope, NULL) == HS_OK)
		hs_describe_scope_short(&w->other, scope);
	else
		hs_put_raw(&w->other, w->text.p, w->text.len);
	text = intern(w, hs_buf_str(&w->other));
	if (out != NULL)
		*out = scope;
	else
		hs_scope_free(&scope);
	return text;
}

// ---- records

static size_t
find_session(const struct hs_audit_gathered *g, struct hs_str id)
{
	for (size_t i = g->nsessions; i > 0; i--)
		if (hs_str_is(id, g->sessions[i - 1].id))
			return i - 1;
	return SIZE_MAX;
}

static size_t
session_of(struct hs_audit_gathered *g, const struct hs_auditread *r)
{
	struct hs_str id = hs_auditread_raw(r, HS_AM_SESSION);
	size_t i = find_session(g, id);
	struct hs_audit_session *s;

	if (i != SIZE_MAX)
		return i;
	s = room(g->work, (void **)&g->sessions, g->nsessions, &g->work->cap_sessions,
	    sizeof *s);
	if (s == NULL)
		return SIZE_MAX;
	*s = (struct hs_audit_session){.began = r->time, .how = ""};
	(void)hs_str_copy(id, s->id, sizeof s->id);
	return g->nsessions++;
}

static void
take_ask(struct hs_audit_gathered *g, const struct hs_auditread *r)
{
	struct hs_audit_gathering *w = g->work;
	struct asked *a;

	if (w->nasked == ASKED_MAX) {
		hs_scope_free(&w->asked[0].scope);
		memmove(w->asked, w->asked + 1, sizeof w->asked - sizeof w->asked[0]);
		w->nasked--;
	}
	a = &w->asked[w->nasked++];
	*a = (struct asked){.code = text_of(w, r, HS_AM_ASK),
	    .shown = text_of(w, r, HS_AM_SHOWN),
	    .reason = text_of(w, r, HS_AM_REASON)};
	a->may = may(w, r, &a->scope);
}

// What was asked stands in the last asking of that code.
static void
answer(struct hs_audit_gathering *w, struct hs_audit_touch *t)
{
	for (size_t i = w->nasked; i > 0; i--) {
		struct asked *a = &w->asked[i - 1];

		if (strcmp(a->code, t->code) != 0)
			continue;
		t->shown = a->shown;
		t->reason = a->reason;
		t->may = a->may;
		t->scope = a->scope;
		memmove(a, a + 1, (w->nasked - i) * sizeof *a);
		w->nasked--;
		return;
	}
}

static void
take_key(
    struct hs_audit_gathering *w, const struct hs_auditread *r, struct hs_audit_session *s)
{
	struct hs_grant grant = {0};

	hs_buf_reset(&w->text);
	if (s->key[0] == '\0' &&
	    hs_auditread_bytes(r, HS_AM_GRANT, HS_CERT_MAX, &w->text) == HS_OK &&
	    hs_grant_parse(hs_buf_str(&w->text), false, &grant, NULL) == HS_OK)
		hs_key_fingerprint(&grant.cert.key, s->key);
	hs_grant_free(&grant);
}

static void
take_touch(struct hs_audit_gathered *g, const struct hs_auditread *r, bool bad)
{
	struct hs_audit_gathering *w = g->work;
	size_t session = session_of(g, r);
	struct hs_audit_touch *t =
	    room(w, (void **)&g->touches, g->ntouches, &w->cap_touches, sizeof *t);

	if (t == NULL || session == SIZE_MAX)
		return;
	*t = (struct hs_audit_touch){.session = session,
	    .seq = r->seq,
	    .time = r->time,
	    .end = hs_auditread_u64(r, HS_AM_END),
	    .serial = hs_auditread_u64(r, HS_AM_SERIAL),
	    .flags = hs_auditread_u64(r, HS_AM_FLAGS),
	    .counter = hs_auditread_u64(r, HS_AM_COUNTER),
	    .root = text_of(w, r, HS_AM_ROOT),
	    .root_key = text_of(w, r, HS_AM_ROOT_KEY),
	    .human = text_of(w, r, HS_AM_HUMAN),
	    .code = text_of(w, r, HS_AM_ASK),
	    .agent = text_of(w, r, HS_AM_AGENT),
	    .shown = "",
	    .reason = "",
	    .may = "",
	    .simulated = hs_auditread_has(r, HS_AM_SIMULATED),
	    .direct = hs_auditread_has(r, HS_AM_DIRECT),
	    .bad = bad};
	answer(w, t);
	take_key(w, r, &g->sessions[session]);
	if (t->end > g->sessions[session].ended)
		g->sessions[session].ended = t->end;
	g->ntouches++;
	w->scope = NULL;
}

// The touch it was made under: the one the record names, or else the last of its session
// that allows it.
static size_t
touch_for(struct hs_audit_gathered *g, const struct hs_auditread *r, size_t session)
{
	uint64_t parent = hs_auditread_u64(r, HS_AM_PARENT);
	struct hs_scope *scope = NULL;
	size_t found = SIZE_MAX;

	hs_buf_reset(&g->work->text);
	hs_auditread_put(&g->work->text, r, HS_AM_SCOPE);
	if (parent == 0 &&
	    hs_scope_parse_canonical(hs_buf_str(&g->work->text), &scope, NULL) != HS_OK)
		return SIZE_MAX;
	for (size_t i = g->ntouches; i > 0 && found == SIZE_MAX; i--) {
		const struct hs_audit_touch *t = &g->touches[i - 1];

		if (t->session < session)
			break;
		if (t->session == session &&
		    (parent != 0 ? t->serial == parent
				 : !t->direct && t->scope != NULL &&
				       hs_scope_under(scope, t->scope)))
			found = i - 1;
	}
	hs_scope_free(&scope);
	return found;
}

static void
take_made(struct hs_audit_gathered *g, const struct hs_auditread *r)
{
	struct hs_audit_gathering *w = g->work;
	size_t session = session_of(g, r);
	struct hs_audit_made *m =
	    room(w, (void **)&g->made, g->nmade, &w->cap_made, sizeof *m);

	if (m == NULL || session == SIZE_MAX)
		return;
	*m = (struct hs_audit_made){.session = session,
	    .seq = r->seq,
	    .time = r->time,
	    .end = hs_auditread_u64(r, HS_AM_END),
	    .serial = hs_auditread_u64(r, HS_AM_SERIAL),
	    .seat = hs_str_is(r->event, "seat"),
	    .agent = text_of(w, r, HS_AM_AGENT),
	    .reason = text_of(w, r, HS_AM_REASON),
	    .key = text_of(w, r, HS_AM_KEY),
	    .exe = text_of(w, r, HS_AM_EXE)};
	m->may = may(w, r, NULL);
	if (w->session != session || w->scope != m->may ||
	    hs_auditread_has(r, HS_AM_PARENT))
		w->touch = touch_for(g, r, session);
	w->session = session;
	w->scope = m->may;
	m->touch = w->touch;
	g->sessions[session].nmade++;
	g->nmade++;
}

// Those certificates and seats, or all of the session's, are revoked; or one was used.
static void
take_of_made(struct hs_audit_gathered *g, const struct hs_auditread *r, bool use)
{
	size_t session = find_session(g, hs_auditread_raw(r, HS_AM_SESSION));
	bool all = !hs_auditread_has(r, HS_AM_SERIAL);
	uint64_t serial = hs_auditread_u64(r, HS_AM_SERIAL);

	for (size_t i = g->nmade; i > 0 && session != SIZE_MAX; i--) {
		struct hs_audit_made *m = &g->made[i - 1];

		if (m->session < session)
			break;
		if (m->session != session ||
		    (!all && m->serial != serial && !hs_auditread_lists(r, m->serial)))
			continue;
		if (use) {
			m->uses++;
			m->last_use = r->time;
		} else if (m->revoked == 0) {
			m->revoked = r->time;
		}
		if (!all && m->serial == serial)
			break; // the first of them that was made
	}
}

// The agent whose certificate or seat a record is of.
static const char *
whose(struct hs_audit_gathered *g, const struct hs_auditread *r)
{
	size_t session = find_session(g, hs_auditread_raw(r, HS_AM_SESSION));
	uint64_t serial = hs_auditread_u64(r, HS_AM_SERIAL);

	for (size_t i = g->nmade; i > 0 && serial > 0; i--)
		if (g->made[i - 1].session == session && g->made[i - 1].serial == serial)
			return g->made[i - 1].agent;
	return intern(g->work, hs_str_c(""));
}

static void
take_mark(struct hs_audit_gathered *g, const struct hs_auditread *r)
{
	struct hs_audit_gathering *w = g->work;
	struct hs_audit_mark *m =
	    room(w, (void **)&g->marks, g->nmarks, &w->cap_marks, sizeof *m);

	if (m == NULL)
		return;
	*m = (struct hs_audit_mark){.seq = r->seq,
	    .time = r->time,
	    .event = intern(w, r->event),
	    .agent =
		hs_auditread_has(r, HS_AM_AGENT) ? text_of(w, r, HS_AM_AGENT) : whose(g, r),
	    .code = text_of(w, r, HS_AM_CODE),
	    .sentence = text_of(w, r, HS_AM_SENTENCE)};
	g->nmarks++;
}

static void
end_session(struct hs_audit_gathered *g, const struct hs_auditread *r)
{
	bool start = hs_str_is(r->event, "start");
	size_t i =
	    start ? g->nsessions - 1 : find_session(g, hs_auditread_raw(r, HS_AM_SESSION));
	struct hs_audit_session *s;

	if (i >= g->nsessions)
		return;
	s = &g->sessions[i];
	if (s->how[0] != '\0' || s->ended <= r->time)
		return;
	s->ended = r->time;
	s->how = start ? "stop" : intern(g->work, r->event);
}

static int
take(void *arg, struct hs_audit_place place, struct hs_str line)
{
	struct hs_audit_gathered *g = arg;
	size_t faults = g->work->nfaults;
	struct hs_auditread r;
	int rc = hs_auditcheck_line(g->work->check, place, line, &r);

	if (rc != HS_OK || r.n == 0)
		return rc;
	if (hs_str_is(r.event, "ask"))
		take_ask(g, &r);
	else if (hs_str_is(r.event, "touch"))
		take_touch(g, &r, g->work->nfaults > faults);
	else if (hs_str_is(r.event, "issue") || hs_str_is(r.event, "seat"))
		take_made(g, &r);
	else if (hs_str_is(r.event, "sign"))
		take_of_made(g, &r, true);
	else if (hs_str_is(r.event, "close") || hs_str_is(r.event, "expire") ||
		 hs_str_is(r.event, "start"))
		end_session(g, &r);
	if (hs_str_is(r.event, "revoke"))
		take_of_made(g, &r, false);
	if (hs_str_is(r.event, "refuse") || hs_str_is(r.event, "declined") ||
	    hs_str_is(r.event, "touch-failed") || hs_str_is(r.event, "revoke"))
		take_mark(g, &r);
	return g->work->failed ? HS_ERR_NOMEM : HS_OK;
}

static void
on_fault(void *arg, const struct hs_audit_fault *f)
{
	struct hs_audit_gathered *g = arg;
	struct hs_audit_fault *slot;

	if (g->work->nfaults++ >= FAULTS_MAX)
		return;
	slot = room(
	    g->work, (void **)&g->faults, g->nfaults, &g->work->cap_faults, sizeof *slot);
	if (slot == NULL)
		return;
	*slot = *f;
	g->nfaults++;
}

int
hs_audit_gather(struct hs_audit_gathered *g, const char *roots, char *const *logs,
    size_t nlogs, struct hs_err *err)
{
	int rc;

	*g = (struct hs_audit_gathered){.work = calloc(1, sizeof *g->work)};
	if (g->work == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "out of memory");
	rc = hs_auditroots_load(&g->roots, roots, err);
	if (rc == HS_OK)
		rc = hs_auditfiles_find(&g->files, logs, nlogs, err);
	if (rc == HS_OK)
		rc = hs_auditcheck_new(
		    &g->work->check, g->roots.keys, g->roots.n, on_fault, g);
	if (rc == HS_OK)
		rc = hs_auditfiles_each(&g->files, take, g, &g->torn, err);
	if (rc == HS_OK)
		hs_auditcheck_end(g->work->check, &g->sum);
	return rc == HS_OK || err->code != HS_OK
		   ? rc
		   : hs_fail(err, HS_ERR_NOMEM, "out of memory");
}

void
hs_audit_gathered_free(struct hs_audit_gathered *g)
{
	if (g->work != NULL) {
		hs_auditcheck_free(&g->work->check);
		tdestroy(g->work->texts, free);
		for (size_t i = 0; i < g->work->nasked; i++)
			hs_scope_free(&g->work->asked[i].scope);
		hs_buf_free(&g->work->text);
		hs_buf_free(&g->work->other);
	}
	for (size_t i = 0; i < g->ntouches; i++)
		hs_scope_free(&g->touches[i].scope);
	hs_auditfiles_free(&g->files);
	hs_auditroots_free(&g->roots);
	free(g->faults);
	free(g->sessions);
	free(g->touches);
	free(g->made);
	free(g->marks);
	free(g->work);
	*g = (struct hs_audit_gathered){0};
}
