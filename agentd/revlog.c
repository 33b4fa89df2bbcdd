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
#define KEPT_S (30 * 24 * 3600) // after its end, as of all that is a session's

static int
keep(struct hs_revlog *l, const struct hs_revoked *r)
{
	size_t cap = l->cap > 0 ? l->cap * 2 : 64;
	struct hs_revoked *v;

	if (l->n == l->cap) {
		v = reallocarray(l->v, cap, sizeof *v);
		if (v == NULL)
			return HS_ERR_NOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = *r;
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

// Where that is worth it: the lines of all that is not.
static bool
put_kept(const struct hs_revlog *l, const struct hs_now *now, struct hs_buf *lines)
{
	size_t over = 0;

	for (size_t i = 0; i < l->n; i++)
		over += is_over(l, i, now);
	if (over == 0 || 2 * over < l->n)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (!is_over(l, i, now))
			hs_revoked_put(lines, &l->v[i]);
	return true;
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
	*out = (struct hs_revlog_lines){.upto = l->n - (size_t)(l->taken - l->ready)};
	for (size_t i = l->saved; i < out->upto; i++)
		hs_revoked_put(&out->lines, &l->v[i]);
	if (tidy != NULL && l->saved == l->n) {
		out->now = *tidy;
		out->anew = put_kept(l, tidy, &out->lines);
	}
	out->rc = hs_buf_err(&out->lines);
	if (out->rc != HS_OK)
		hs_fail(&out->why, (enum hs_code)out->rc, "%s", "");
}

// Where it fails, all that it would have kept is on disk as it was.
static void
write_anew(struct hs_revlog *l, struct hs_revlog_lines *w)
{
	struct hs_err why = {0};
	int rc;

	if (l->file.dirty) // which the next that is added sees to
		rc = hs_fail(&why, HS_ERR_IO, "what was added by half is still there");
	else
		rc = hs_statefile_replace(l->dir, NAME, 0600, hs_buf_str(&w->lines), &why);
	if (rc != HS_OK)
		hs_log("revoked stays as long as it is: %s", hs_err_sentence(&why));
	// what is open may have no name any more, even where it failed
	if (!l->file.dirty)
		hs_statefile_close(&l->file);
	w->anew = rc == HS_OK;
}

static int
add(struct hs_revlog *l, struct hs_str lines, struct hs_err *err)
{
	int rc = HS_OK;

	if (l->file.fd < 0) {
		rc = hs_statefile_open(&l->file, l->dir, NAME, NULL, err);
		if (rc == HS_OK && fsync(l->dir) != 0) {
			rc = hs_fail(err, HS_ERR_IO, "its folder: %s", strerror(errno));
			hs_statefile_close(&l->file);
		}
	}
	return rc == HS_OK ? hs_statefile_add(&l->file, lines, true, err) : rc;
}

void
hs_revlog_write(struct hs_revlog *l, struct hs_revlog_lines *w)
{
	struct hs_err why = {0};

	if (w->rc != HS_OK)
		return;
	if (w->anew)
		write_anew(l, w);
	else if (w->lines.len > 0 && add(l, hs_buf_str(&w->lines), &why) != HS_OK)
		w->rc = hs_fail(&w->why, HS_ERR_IO, "revoked: %s", hs_err_sentence(&why));
}

void
hs_revlog_wrote(struct hs_revlog *l, struct hs_revlog_lines *w)
{
	if (w->rc == HS_OK && w->anew)
		drop(l, &w->now);
	else if (w->rc == HS_OK)
		l->saved = w->upto;
	hs_buf_free(&w->lines);
}

int
hs_revlog_of(const struct hs_revlog *l, const char *session, uint64_t after,
    struct hs_revlog_of *out)
{
	size_t n = 0;

	*out = (struct hs_revlog_of){0};
	for (size_t i = 0; i < l->n; i++)
		n += strcmp(l->v[i].session, session) == 0;
	out->r = calloc(n > 0 ? n : 1, sizeof *out->r);
	if (out->r == NULL)
		return HS_ERR_NOMEM;
	for (size_t i = 0; i < l->n; i++) {
		const struct hs_revoked *e = &l->v[i];

		if (strcmp(e->session, session) != 0 || e->end <= after)
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
