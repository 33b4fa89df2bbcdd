// SPDX-License-Identifier: ISC
//
// What was revoked. Contract in revlog.h.
#include "agentd/revlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/log.h"

#define NAME   "revoked"
#define PART   (HS_BUF_MAX / 2) // bytes that are added at once
#define KEPT_S (30 * 24 * 3600) // after its end, as of all that is a session's

static int
keep(struct hs_revlog *l, const struct hs_revoked *r)
{
	size_t cap = l->cap > 0 ? l->cap * 2 : 64;
	struct hs_revoked *v;
	struct hs_now now;

	if (l->n == l->cap) {
		v = reallocarray(l->v, cap, sizeof *v);
		if (v == NULL)
			return HS_ERR_NOMEM;
		l->v = v;
		l->cap = cap;
	}
	hs_clock_read(&now);
	l->v[l->n] = *r;
	l->v[l->n++].known_ms = now.boot_ms;
	return HS_OK;
}

struct reading {
	struct hs_revlog *l;
	unsigned bad; // line
};

static int
take_line(void *arg, struct hs_str line, unsigned number)
{
	struct reading *r = arg;
	struct hs_revoked got;
	int rc = hs_revoked_parse(line, &got);

	if (rc != HS_OK) {
		r->bad = number;
		return HS_ERR_CONFIG;
	}
	return keep(r->l, &got);
}

int
hs_revlog_open(struct hs_revlog *l, int dir, uint64_t *torn, struct hs_err *err)
{
	struct reading r = {.l = l};
	struct hs_now now;
	int rc;

	hs_clock_read(&now);
	*l = (struct hs_revlog){.file = {.fd = -1}, .since = now.boot_ms, .dir = dir};
	*torn = 0;
	rc = hs_statefile_open(&l->file, dir, NAME, NULL, err);
	if (rc != HS_OK)
		return rc;
	rc = hs_statefile_lines(l->file.fd, HS_REVSTATE_LINE_MAX, take_line, &r, torn);
	if (rc == HS_ERR_CONFIG)
		rc = hs_fail_at(err, HS_ERR_CONFIG, r.bad, 1,
		    "revoked, line %u: this is no record of a revocation", r.bad);
	else if (rc != HS_OK)
		rc = hs_fail(err, (enum hs_code)rc, "revoked cannot be read");
	if (rc == HS_OK && *torn > 0) {
		l->file.len -= *torn;
		if (ftruncate(l->file.fd, (off_t)l->file.len) != 0)
			rc = hs_fail(err, HS_ERR_IO, "revoked: %s", strerror(errno));
	}
	// the daemon before may have been killed in front of its sync, and what counts is
	// said to be on disk
	if (rc == HS_OK && (fsync(l->file.fd) != 0 || fsync(dir) != 0))
		rc = hs_fail(err, HS_ERR_IO, "revoked: %s", strerror(errno));
	l->old = l->saved = l->n;
	if (rc != HS_OK)
		hs_revlog_close(l);
	return rc;
}

// ---- dropping

static bool
is_over(const struct hs_revlog *l, size_t i, const struct hs_now *now)
{
	const struct hs_revoked *e = &l->v[i];
	uint64_t lasted = e->end > e->time ? e->end - e->time : 0;

	if (lasted < HS_SESSION_TTL)
		lasted = HS_SESSION_TTL; // of a clock that was wrong at the time
	return i < l->old && now->wall > e->end && now->wall - e->end > KEPT_S &&
	       now->boot_ms > l->since && (now->boot_ms - l->since) / 1000 > lasted;
}

// Is it worth it?
static bool
is_half_over(const struct hs_revlog *l, const struct hs_now *now)
{
	size_t over = 0;

	for (size_t i = 0; i < l->n; i++)
		over += is_over(l, i, now);
	return over > 0 && 2 * over >= l->n;
}

static void
drop(struct hs_revlog *l, const struct hs_now *now)
{
	size_t kept = 0, old = 0, saved = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (is_over(l, i, now))
			continue;
		old += i < l->old;
		saved += i < l->saved;
		l->v[kept++] = l->v[i];
	}
	l->n = kept;
	l->old = old;
	l->saved = saved;
}

// ---- adding

int
hs_revlog_take(struct hs_revlog *l, const struct hs_revoked *v, size_t n)
{
	size_t before = l->n;
	int rc = HS_OK;

	for (size_t i = 0; i < n && rc == HS_OK; i++)
		rc = keep(l, &v[i]);
	if (rc != HS_OK)
		l->n = before;
	l->taken += l->n - before;
	return rc;
}

void
hs_revlog_ready(struct hs_revlog *l, uint64_t taken)
{
	if (taken > l->ready)
		l->ready = taken;
}

void
hs_revlog_make(
    const struct hs_revlog *l, const struct hs_now *tidy, struct hs_revlog_lines *out)
{
	size_t first = l->saved;

	*out = (struct hs_revlog_lines){.upto = l->n - (size_t)(l->taken - l->ready)};
	if (tidy != NULL && l->saved == l->n && is_half_over(l, tidy)) {
		out->now = *tidy;
		out->anew = true;
		first = 0;
	}
	if (out->upto == first)
		return;
	out->v = calloc(out->upto - first, sizeof *out->v);
	if (out->v == NULL && !out->anew) // which can wait
		out->rc = hs_fail(&out->why, HS_ERR_NOMEM, "%s", "");
	out->anew &= out->v != NULL;
	for (size_t i = first; out->v != NULL && i < out->upto; i++)
		if (!out->anew || !is_over(l, i, &out->now))
			out->v[out->n++] = l->v[i];
}

// Where it fails, all that it would have kept is on disk as it was.
static void
write_anew(struct hs_revlog *l, struct hs_revlog_lines *w)
{
	struct hs_buf lines = {0};
	struct hs_err why = {0};
	int rc;

	for (size_t i = 0; i < w->n; i++)
		hs_revoked_put(&lines, &w->v[i]);
	rc = hs_buf_err(&lines);
	if (rc != HS_OK)
		rc = hs_fail(&why, (enum hs_code)rc, "%s", "");
	else if (l->file.dirty) // which the next that is added sees to
		rc = hs_fail(&why, HS_ERR_IO, "what was added by half is still there");
	else
		rc = hs_statefile_replace(l->dir, NAME, 0600, hs_buf_str(&lines), &why);
	hs_buf_free(&lines);
	if (rc != HS_OK)
		hs_log("revoked stays as long as it is: %s", hs_err_sentence(&why));
	// what is open may have no name any more, even where it failed
	if (!l->file.dirty)
		hs_statefile_close(&l->file);
	w->anew = rc == HS_OK;
}

static int
reopen(struct hs_revlog *l, struct hs_err *err)
{
	int rc = hs_statefile_open(&l->file, l->dir, NAME, NULL, err);

	if (rc == HS_OK && fsync(l->dir) != 0) {
		rc = hs_fail(err, HS_ERR_IO, "its folder: %s", strerror(errno));
		hs_statefile_close(&l->file);
	}
	return rc;
}

// All of them or none, in as many parts as it takes: no buffer holds any number, and what
// never could be written would keep all that comes after it from being so.
static int
add(struct hs_revlog *l, const struct hs_revlog_lines *w, struct hs_err *err)
{
	struct hs_buf part = {0};
	int rc = l->file.fd < 0 ? reopen(l, err) : HS_OK;
	uint64_t before = l->file.len;

	for (size_t i = 0; i < w->n && rc == HS_OK; i++) {
		bool last = i + 1 == w->n;

		hs_revoked_put(&part, &w->v[i]);
		if (!last && part.len < PART)
			continue;
		rc = hs_buf_err(&part);
		if (rc != HS_OK)
			rc = hs_fail(err, (enum hs_code)rc, "%s", "");
		else
			rc = hs_statefile_add(&l->file, hs_buf_str(&part), last, err);
		hs_buf_reset(&part);
	}
	hs_buf_free(&part);
	if (rc != HS_OK && l->file.len > before) { // the parts before
		l->file.len = before;
		l->file.dirty = true;
	}
	return rc;
}

void
hs_revlog_write(struct hs_revlog *l, struct hs_revlog_lines *w)
{
	struct hs_err why = {0};

	if (w->rc != HS_OK)
		return;
	if (w->anew)
		write_anew(l, w);
	else if (w->n > 0 && add(l, w, &why) != HS_OK)
		w->rc = hs_fail(&w->why, HS_ERR_IO, "revoked: %s", hs_err_sentence(&why));
}

void
hs_revlog_wrote(struct hs_revlog *l, struct hs_revlog_lines *w)
{
	if (w->rc == HS_OK && w->anew)
		drop(l, &w->now);
	else if (w->rc == HS_OK)
		l->saved = w->upto;
	free(w->v);
	w->v = NULL;
}

// Has it been known here for as long as it was to last? Then a clock that was set ahead is
// not why it seems to have ended.
static bool
has_lasted(const struct hs_revoked *e, uint64_t boot_ms)
{
	uint64_t lasted = e->end > e->time ? e->end - e->time : 0;

	if (lasted > HS_TTL_MAX)
		lasted = HS_TTL_MAX; // of a clock that was behind at the time
	return boot_ms >= e->known_ms && (boot_ms - e->known_ms) / 1000 >= lasted;
}

int
hs_revlog_of(const struct hs_revlog *l, const char *session, uint64_t after,
    struct hs_revlog_of *out)
{
	struct hs_now now;
	size_t n = 0;

	hs_clock_read(&now);
	*out = (struct hs_revlog_of){0};
	for (size_t i = 0; i < l->n; i++)
		n += strcmp(l->v[i].session, session) == 0;
	out->r = calloc(n > 0 ? n : 1, sizeof *out->r);
	if (out->r == NULL)
		return HS_ERR_NOMEM;
	for (size_t i = 0; i < l->n; i++) {
		const struct hs_revoked *e = &l->v[i];

		if (strcmp(e->session, session) != 0 ||
		    (e->end <= after && has_lasted(e, now.boot_ms)))
			continue;
		if (e->whole)
			out->whole = true;
		else
			out->r[out->n++] = (struct hs_krl_range){e->lo, e->hi};
	}
	out->n = hs_krl_join(out->r, out->n);
	return HS_OK;
}

bool
hs_revlog_of_has(const struct hs_revlog_of *o, uint64_t serial)
{
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (o->r[mid].hi < serial)
			low = mid + 1;
		else
			high = mid;
	}
	return low < o->n && o->r[low].lo <= serial;
}

void
hs_revlog_close(struct hs_revlog *l)
{
	hs_statefile_close(&l->file);
	free(l->v);
	*l = (struct hs_revlog){.file = {.fd = -1}, .dir = -1};
}
