// SPDX-License-Identifier: ISC
//
// Writing what was taken back, off the loop: what waits is made up to a pass, which a
// thread of the pool writes, and when it is on disk all that waited for it hear of that.
// One pass at a time; what is taken meanwhile is the next one's. Contract in revocation.h.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/log.h"
#include "agentd/revocation_internal.h"

#define AGAIN_MS 10000 // what could not be written is tried again

static void on_timer(uv_timer_t *t);
static void start_pass(struct hs_revocation *r);

// ---- one list

static int
make_list(struct hs_revocation *r, struct hs_revocation_session *s, uint64_t now,
    struct hs_revlist *l)
{
	int rc;

	*l = (struct hs_revlist){
	    .has = s->has, .now = now, .next = now + (r->seconds > 0 ? r->seconds : 1)};
	memcpy(l->session, s->id, sizeof l->session);
	rc = hs_revlist_make(l, &r->dirs, &r->log, s->version);
	if (rc == HS_OK)
		s->version = l->version; // nobody else's, also where this one fails
	return rc;
}

// False where it is to be tried again.
static bool
settle_list(struct hs_revocation_session *s, const struct hs_revlist *l)
{
	s->keyless = l->keyless;
	s->behind |= l->rc != HS_OK;
	(void)hs_revocation_told(s->trouble, sizeof s->trouble, l->rc, &l->why, NULL);
	return l->rc == HS_OK || l->keyless;
}

static bool
is_in_pass(const struct hs_revocation *r, const char *session)
{
	for (size_t i = 0; i < r->pass.nlists; i++)
		if (strcmp(r->pass.lists[i].session, session) == 0)
			return true;
	return false;
}

int
hs_revocation_list_now(struct hs_revocation *r, struct hs_revocation_session *s,
    uint64_t now, struct hs_err *err)
{
	struct hs_revlist l;
	int rc = make_list(r, s, now, &l);

	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "%s", "");
	hs_revlist_write(&l, &r->dirs);
	// the pass's is older and may be the one that is left: then once more
	s->behind = is_in_pass(r, s->id);
	s->due |= s->behind;
	(void)settle_list(s, &l);
	if (l.rc != HS_OK)
		*err = l.why;
	else if (r->written != NULL)
		r->written(r->arg);
	hs_revlist_free(&l);
	return l.rc;
}

// ---- a pass

// All that somebody waits for, and of those that are only due one, so that nobody waits for
// many.
static int
make_lists(struct hs_revocation *r, uint64_t now)
{
	struct hs_revocation_pass *p = &r->pass;
	bool due = false;
	int rc = HS_OK;

	p->lists = calloc(r->n > 0 ? r->n : 1, sizeof *p->lists);
	for (size_t i = 0; p->lists != NULL && i < r->n && rc == HS_OK; i++) {
		struct hs_revocation_session *s = &r->v[i];
		bool asked = s->asked && (s->behind || s->version == 0);

		s->asked = false;
		if (!asked && (due || !s->due))
			continue;
		due |= !asked;
		rc = make_list(r, s, now, &p->lists[p->nlists]);
		if (rc != HS_OK)
			break;
		p->nlists++;
		s->due = s->behind = false;
	}
	rc = p->lists != NULL ? rc : HS_ERR_NOMEM;
	// the timer says again that they are due: at once, memory would be as short
	for (size_t i = 0; i < r->n && rc != HS_OK; i++)
		r->v[i].due = false;
	return rc;
}

static void
write_pass(uv_work_t *w)
{
	struct hs_revocation *r = w->data;
	struct hs_revocation_pass *p = &r->pass;

	hs_revlog_write(&r->log, &p->lines);
	for (size_t i = 0; i < p->nlists; i++)
		hs_revlist_write(&p->lists[i], &r->dirs);
	for (size_t i = 0; i < p->nended; i++) {
		p->unsynced += fdatasync(p->ended[i]) != 0;
		(void)close(p->ended[i]);
	}
}

static void
settle(struct hs_revocation *r)
{
	struct hs_revocation_pass *p = &r->pass;
	bool any = false, again = p->lines.rc != HS_OK;

	if (!again || p->lines.upto > r->log.saved) // else it was no line of it that failed
		(void)hs_revocation_told(r->log_trouble, sizeof r->log_trouble, p->lines.rc,
		    &p->lines.why, NULL);
	hs_revlog_wrote(&r->log, &p->lines);
	for (size_t i = 0; i < p->nlists; i++) {
		const struct hs_revlist *l = &p->lists[i];
		struct hs_revocation_session *s = hs_revocation_find(r, l->session);

		any |= l->rc == HS_OK;
		if (l->rc != HS_OK)
			hs_log(
			    "list of session %s: %s", l->session, hs_err_sentence(&l->why));
		if (s != NULL)
			again |= !settle_list(s, l);
	}
	if (p->unsynced > 0)
		hs_log("the index of a session that ended counts as not complete");
	if (any && r->written != NULL)
		r->written(r->arg);
	if (again && r->attached && uv_timer_get_due_in(&r->timer) > AGAIN_MS)
		(void)uv_timer_start(
		    &r->timer, on_timer, AGAIN_MS, (uint64_t)r->seconds * 1000);
}

static void
on_passed(uv_work_t *w, int status)
{
	struct hs_revocation *r = w->data;
	struct hs_revocation_pass *p = &r->pass;
	struct hs_revocation_saving *s, *next;

	(void)status; // it is never cancelled
	settle(r);
	for (s = r->flying; s != NULL; s = next) {
		next = s->next;
		s->done(s->arg, p->lines.rc, &p->lines.why);
	}
	r->flying = NULL;
	for (size_t i = 0; i < p->nlists; i++)
		hs_revlist_free(&p->lists[i]);
	free(p->lists);
	*p = (struct hs_revocation_pass){0};
	r->busy = false;
	start_pass(r);
}

static bool
is_wanted(const struct hs_revocation *r)
{
	bool wanted = r->waiting != NULL || r->tidy || r->nended > 0;

	for (size_t i = 0; i < r->n; i++)
		wanted |= r->v[i].due;
	return wanted;
}

static void
start_pass(struct hs_revocation *r)
{
	struct hs_revocation_pass *p = &r->pass;
	struct hs_now now;
	int rc;

	if (r->busy || !r->attached || !is_wanted(r))
		return;
	hs_clock_read(&now);
	hs_revlog_make(&r->log, r->tidy ? &now : NULL, &p->lines);
	rc = make_lists(r, now.wall);
	if (rc != HS_OK && p->lines.rc == HS_OK)
		p->lines.rc = hs_fail(&p->lines.why, (enum hs_code)rc, "%s", "");
	memcpy(p->ended, r->ended, sizeof p->ended);
	p->nended = r->nended;
	r->nended = 0;
	r->tidy = false;
	r->flying = r->waiting;
	r->waiting = NULL;
	r->last = &r->waiting;
	r->busy = true;
	r->work.data = r;
	if (uv_queue_work(r->loop, &r->work, write_pass, on_passed) != 0)
		abort(); // only without a callback, says libuv
}

// ---- what a pass is wanted for

void
hs_revocation_list(struct hs_revocation *r, const char *session)
{
	struct hs_revocation_session *s = hs_revocation_find(r, session);

	if (s != NULL)
		s->asked = true;
}

void
hs_revocation_save(struct hs_revocation *r, struct hs_revocation_saving *s)
{
	hs_revlog_ready(&r->log, s->mark);
	s->next = NULL;
	*r->last = s;
	r->last = &s->next;
	start_pass(r);
}

int
hs_revocation_listed(const struct hs_revocation *r, const char *session, uint64_t *version,
    struct hs_err *err)
{
	const struct hs_revocation_session *s = hs_revocation_find(r, session);

	if (s == NULL)
		return hs_fail(err, HS_NO_SUCH, "there is no session %s", session);
	for (size_t i = 0; i < r->pass.nlists; i++) {
		const struct hs_revlist *l = &r->pass.lists[i];

		if (l->rc != HS_OK && strcmp(l->session, session) == 0) {
			*err = l->why;
			return l->rc;
		}
	}
	*version = s->version;
	return HS_OK;
}

void
hs_revocation_ended(struct hs_revocation *r, int fd)
{
	if (fd < 0)
		return;
	if (!r->attached || r->nended == HS_REVOCATION_ENDED) {
		(void)fdatasync(fd);
		(void)close(fd);
		return;
	}
	r->ended[r->nended++] = fd;
	start_pass(r);
}

static void
on_timer(uv_timer_t *t)
{
	struct hs_revocation *r = t->data;
	struct hs_now now;

	hs_clock_read(&now);
	hs_revocation_clear_up(r, &now);
	for (size_t i = 0; i < r->n; i++)
		r->v[i].due |= r->v[i].end > now.wall && !r->v[i].keyless;
	r->tidy = true; // which also writes what could not be
	start_pass(r);
}

// ---- its life

int
hs_revocation_attach(struct hs_revocation *r, uv_loop_t *loop, uint32_t seconds)
{
	if (uv_timer_init(loop, &r->timer) != 0)
		return HS_ERR_INTERNAL;
	r->loop = loop;
	r->timer.data = r;
	r->attached = true;
	r->seconds = seconds;
	// soon: the daemon before this one may have been away for long
	return uv_timer_start(&r->timer, on_timer, 100, (uint64_t)seconds * 1000) == 0
		   ? HS_OK
		   : HS_ERR_INTERNAL;
}

void
hs_revocation_follow(struct hs_revocation *r, hs_revocation_written *fn, void *arg)
{
	r->written = fn;
	r->arg = arg;
}

bool
hs_revocation_idle(const struct hs_revocation *r)
{
	return r->waiting == NULL && r->flying == NULL && r->nended == 0 &&
	       r->pass.nended == 0;
}

void
hs_revocation_detach(struct hs_revocation *r)
{
	if (r == NULL || !r->attached)
		return;
	r->attached = false;
	uv_close((uv_handle_t *)&r->timer, NULL);
}
