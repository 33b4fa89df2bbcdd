// SPDX-License-Identifier: ISC
//
// The state of what can be, and was, taken back. Contract in revocation.h.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/log.h"
#include "agentd/revfiles.h"
#include "agentd/revkey.h"
#include "agentd/revocation_internal.h"

int
hs_revocation_told(
    char *trouble, size_t size, int rc, const struct hs_err *why, struct hs_err *err)
{
	(void)snprintf(trouble, size, "%s", rc == HS_OK ? "" : hs_err_sentence(why));
	if (rc != HS_OK && err != NULL)
		*err = *why;
	return rc;
}

struct hs_revocation_session *
hs_revocation_find(const struct hs_revocation *r, const char *id)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i].id, id) == 0)
			return &r->v[i];
	return NULL;
}

static struct hs_revocation_session *
add(struct hs_revocation *r, const char *id, uint64_t begin, uint64_t end)
{
	size_t cap = r->cap > 0 ? r->cap * 2 : 16;
	struct hs_revocation_session *v;
	struct hs_now now;

	if (r->n == r->cap) {
		v = reallocarray(r->v, cap, sizeof *v);
		if (v == NULL)
			return NULL;
		r->v = v;
		r->cap = cap;
	}
	hs_clock_read(&now);
	v = &r->v[r->n++];
	*v = (struct hs_revocation_session){
	    .begin = begin, .end = end, .since = now.boot_ms};
	(void)snprintf(v->id, sizeof v->id, "%s", id);
	return v;
}

// Of a session that could not begin: where the disk keeps them now, they go later.
static void
remove_failed(struct hs_revocation *r)
{
	if (r->failed[0] != '\0' && hs_revfiles_remove(&r->dirs, r->failed))
		r->failed[0] = '\0';
}

static int
take_session(void *arg, const char *id)
{
	struct hs_revocation_session *s = add(arg, id, 0, 0);

	if (s == NULL)
		return HS_ERR_NOMEM;
	s->unread = true;
	return HS_OK;
}

void
hs_revocation_look(struct hs_revocation *r, uint64_t now)
{
	for (size_t i = 0; i < r->n; i++) {
		struct hs_revocation_session *s = &r->v[i];
		struct hs_revfiles_session f;

		if (!s->unread)
			continue;
		s->unread = !hs_revfiles_read(&r->dirs, s->id, &f);
		s->begin = f.begin;
		s->end = s->unread ? now + HS_TTL_MAX : f.end; // no grant is for longer
		s->has = f.has;
		s->keyless = f.keyless;
	}
}

// A clock that is wrong could say of a session that lives that it is long over. So it must
// say that for longer than the session was to last, by a clock that nobody sets.
static bool
is_over(const struct hs_revocation_session *s, const struct hs_now *now)
{
	uint64_t lasted = s->end > s->begin ? s->end - s->begin : 0;

	if (lasted < HS_SESSION_TTL)
		lasted = HS_SESSION_TTL; // where its beginning is not known well
	return now->wall > s->end && now->wall - s->end > HS_REVFILES_KEPT_S &&
	       now->boot_ms > s->since && (now->boot_ms - s->since) / 1000 > lasted;
}

static void
forget(struct hs_revocation *r, const struct hs_now *now)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (is_over(&r->v[i], now) && strcmp(r->v[i].id, r->open) != 0)
			(void)hs_revfiles_remove(&r->dirs, r->v[i].id);
		else
			r->v[kept++] = r->v[i];
	}
	r->n = kept;
}

void
hs_revocation_clear_up(struct hs_revocation *r, const struct hs_now *now)
{
	remove_failed(r);
	hs_revocation_look(r, now->wall);
	if (!r->busy) // whose lists would be there again
		forget(r, now);
}

int
hs_revocation_open(
    const char *dir, struct hs_revocation **out, uint64_t *torn, struct hs_err *err)
{
	struct hs_revocation *r = calloc(1, sizeof *r);
	int rc;

	*out = NULL;
	*torn = 0;
	if (r == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	r->state = r->dirs.sessions = r->dirs.lists = r->dirs.krl = -1;
	r->log.file.fd = r->index.file.fd = -1;
	r->last = &r->waiting;
	rc = hs_statefile_dir(dir, "", &r->state, err);
	if (rc == HS_OK)
		rc = hs_statefile_dir(dir, "sessions", &r->dirs.sessions, err);
	if (rc == HS_OK)
		rc = hs_statefile_dir(dir, "lists", &r->dirs.lists, err);
	if (rc == HS_OK)
		rc = hs_statefile_dir(dir, "krl", &r->dirs.krl, err);
	if (rc == HS_OK)
		rc = hs_revlog_open(&r->log, r->state, torn, err);
	if (rc == HS_OK) {
		hs_statefile_clean(r->dirs.sessions);
		hs_statefile_clean(r->dirs.lists);
		hs_statefile_clean(r->dirs.krl);
		rc = hs_revfiles_each(&r->dirs, take_session, r, err);
		hs_revocation_look(r, (uint64_t)time(NULL));
	}
	if (rc == HS_OK)
		*out = r;
	else
		hs_revocation_free(&r);
	return rc;
}

void
hs_revocation_free(struct hs_revocation **r)
{
	struct hs_revocation *x = r != NULL ? *r : NULL;

	if (x == NULL)
		return;
	for (size_t i = 0; i < x->nended; i++)
		(void)close(x->ended[i]);
	hs_revlog_close(&x->log);
	hs_revindex_free(&x->index);
	if (x->state >= 0)
		(void)close(x->state);
	if (x->dirs.sessions >= 0)
		(void)close(x->dirs.sessions);
	if (x->dirs.lists >= 0)
		(void)close(x->dirs.lists);
	if (x->dirs.krl >= 0)
		(void)close(x->dirs.krl);
	free(x->v);
	free(x);
	*r = NULL;
}

// ---- the session that is open

static int
note(struct hs_revocation *r, const struct hs_indexed *i, enum hs_revindex_when when,
    struct hs_err *err)
{
	struct hs_revocation_session *k = hs_revocation_find(r, r->open);
	struct hs_err why = {0};
	int rc;

	if (k == NULL)
		return hs_fail(err, HS_ERR_INTERNAL, "no session is open");
	if (i->end > k->end)
		k->end = i->end;
	k->has.direct |= i->what == HS_INDEXED_DIRECT;
	rc = hs_revindex_note(&r->index, i, when, &why);
	if (rc == HS_OK && when == HS_REVINDEX_FLUSHED)
		return HS_OK; // nothing was written
	return hs_revocation_told(r->index_trouble, sizeof r->index_trouble, rc, &why, err);
}

int
hs_revocation_grant(struct hs_revocation *r, const struct hs_session *s,
    const struct hs_held *h, uint64_t now, struct hs_err *err)
{
	struct hs_indexed i = {
	    .what = HS_INDEXED_GRANT, .serial = h->cert->serial, .end = h->end};
	struct hs_revocation_session *k = hs_revocation_find(r, r->open);
	bool first = k != NULL && !k->has.key;
	int rc = HS_OK;

	memcpy(i.root, h->fingerprint, sizeof i.root);
	if (first)
		rc = hs_revkey_make(r->dirs.sessions, s, h, err);
	if (rc == HS_OK)
		rc = note(r, &i, HS_REVINDEX_SYNCED, err);
	if (rc == HS_OK && first) {
		k->has.key = true;
		rc = hs_revocation_list_now(r, k, now, err);
	}
	return rc;
}

int
hs_revocation_begin(
    struct hs_revocation *r, const char *id, uint64_t now, struct hs_err *err)
{
	int rc;

	hs_revocation_end(r);
	remove_failed(r);
	(void)snprintf(r->open, sizeof r->open, "%s", id);
	rc = hs_revindex_begin(&r->index, r->dirs.sessions, id, err);
	if (rc == HS_OK && add(r, id, now, 0) == NULL)
		rc = hs_fail(err, HS_ERR_NOMEM, "%s", "");
	if (rc != HS_OK)
		hs_revocation_undo(r);
	return rc;
}

void
hs_revocation_undo(struct hs_revocation *r)
{
	if (r->n > 0 && strcmp(r->v[r->n - 1].id, r->open) == 0)
		r->n--;
	hs_revindex_free(&r->index);
	memcpy(r->failed, r->open, sizeof r->failed);
	remove_failed(r);
	r->open[0] = r->index_trouble[0] = '\0';
}

int
hs_revocation_note(struct hs_revocation *r, const struct hs_indexed *i, struct hs_err *err)
{
	static const enum hs_revindex_when when[] = {
	    [HS_INDEXED_GRANT] = HS_REVINDEX_SYNCED,
	    [HS_INDEXED_SEAT] = HS_REVINDEX_WRITTEN,
	    [HS_INDEXED_CERT] = HS_REVINDEX_FLUSHED,
	    [HS_INDEXED_DIRECT] = HS_REVINDEX_SYNCED};

	return note(r, i, when[i->what], err);
}

int
hs_revocation_flush(struct hs_revocation *r, struct hs_err *err)
{
	struct hs_err why = {0};
	int rc = hs_revindex_flush(&r->index, &why);

	return hs_revocation_told(r->index_trouble, sizeof r->index_trouble, rc, &why, err);
}

void
hs_revocation_end(struct hs_revocation *r)
{
	if (r == NULL || r->open[0] == '\0')
		return;
	hs_revocation_ended(r, hs_revindex_end(&r->index));
	r->open[0] = r->index_trouble[0] = '\0';
}

// ---- all of them

const struct hs_revocation_session *
hs_revocation_next(const struct hs_revocation *r, uint64_t now, size_t *i)
{
	while (*i < r->n && r->v[*i].end <= now)
		(*i)++;
	return *i < r->n ? &r->v[(*i)++] : NULL;
}

int
hs_revocation_read(struct hs_revocation *r, const char *session, hs_revindex_each *fn,
    void *arg, enum hs_revindex_state *state, struct hs_err *err)
{
	int rc = hs_revindex_read(r->dirs.sessions, session, fn, arg, state, err);

	// what is being released belongs to it too
	if (rc == HS_OK && strcmp(r->open, session) == 0)
		rc = hs_revindex_waiting(&r->index, fn, arg);
	return rc;
}

int
hs_revocation_of(
    const struct hs_revocation *r, const char *session, struct hs_revlog_of *out)
{
	return hs_revlog_of(&r->log, session, 0, out);
}

int
hs_revocation_take(
    struct hs_revocation *r, const struct hs_revoked *v, size_t n, uint64_t *mark)
{
	int rc = hs_revlog_take(&r->log, v, n);

	*mark = r->log.taken;
	for (size_t i = 0; i < n && rc == HS_OK; i++) {
		struct hs_revocation_session *s = hs_revocation_find(r, v[i].session);

		if (s != NULL)
			s->behind = true;
	}
	return rc;
}

void
hs_revocation_put_troubles(const struct hs_revocation *r, uint64_t now, struct hs_buf *b)
{
	if (r == NULL)
		return;
	if (r->index_trouble[0] != '\0')
		hs_put_fmt(b, "nothing can be issued: %s\n", r->index_trouble);
	if (r->log_trouble[0] != '\0')
		hs_put_fmt(b, "a revocation is not remembered, ask for it again: %s\n",
		    r->log_trouble);
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].trouble[0] != '\0' && r->v[i].end > now)
			hs_put_fmt(b,
			    "servers may not know what is revoked of session %s: %s\n",
			    r->v[i].id, r->v[i].trouble);
}
