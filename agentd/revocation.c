// SPDX-License-Identifier: ISC
//
// The state of what can be, and was, taken back. Contract in revocation.h.
#include "agentd/revocation.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/log.h"
#include "agentd/revkey.h"
#include "agentd/revlist.h"

#define KEPT_S (30 * 24 * 3600) // a session's files, after they were last written

struct hs_revocation {
	int state;
	struct hs_revlist_dirs dirs;
	struct hs_revlog log;
	struct hs_revindex index; // of the session that is open
	struct hs_revocation_session *v;
	size_t n, cap;
	char open[HS_SESSION_ID_LEN + 1]; // "": none
	uv_timer_t timer;
	bool attached;
	uint32_t seconds;
	hs_revocation_written *written;
	void *arg;
};

static struct hs_revocation_session *
find(const struct hs_revocation *r, const char *id)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i].id, id) == 0)
			return &r->v[i];
	return NULL;
}

static struct hs_revocation_session *
add(struct hs_revocation *r, const char *id, uint64_t end)
{
	size_t cap = r->cap > 0 ? r->cap * 2 : 16;
	struct hs_revocation_session *v;

	if (r->n == r->cap) {
		v = reallocarray(r->v, cap, sizeof *v);
		if (v == NULL)
			return NULL;
		r->v = v;
		r->cap = cap;
	}
	v = &r->v[r->n++];
	*v = (struct hs_revocation_session){.end = end};
	(void)snprintf(v->id, sizeof v->id, "%s", id);
	return v;
}

// ---- what earlier daemons left

static int
last_end(void *arg, const struct hs_indexed *i)
{
	uint64_t *end = arg;

	if (i->end > *end)
		*end = i->end;
	return HS_OK;
}

static void
remove_files(struct hs_revocation *r, const char *id)
{
	const struct {
		int dir;
		const char *suffix;
	} files[] = {{r->dirs.lists, HS_REVLIST_SUFFIX}, {r->dirs.krl, HS_REVLIST_KRL},
	    {r->dirs.sessions, HS_REVINDEX_SUFFIX}, {r->dirs.sessions, HS_REVKEY_SUFFIX}};
	char name[64];

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		(void)snprintf(name, sizeof name, "%s%s", id, files[i].suffix);
		(void)unlinkat(files[i].dir, name, 0);
	}
}

// Where the index does not say all, a session has what the touch that opened it allowed: so
// it can still be revoked as a whole.
static void
end_by_key(const struct hs_revocation *r, const char *id, uint64_t *end)
{
	struct hs_revkey key;
	struct hs_err why = {0};

	if (hs_revkey_load(r->dirs.sessions, id, &key, &why) != HS_OK) {
		hs_log("session %s: %s", id, hs_err_sentence(&why));
		return;
	}
	if (key.end > *end)
		*end = key.end;
	hs_revkey_free(&key);
}

// A session by its key's file.
static int
take_session(struct hs_revocation *r, const char *file, time_t now)
{
	char id[HS_SESSION_ID_LEN + 1], name[64];
	struct hs_err why = {0};
	struct stat st;
	uint64_t end = 0;
	bool complete;
	size_t n = strlen(file);

	if (n != HS_SESSION_ID_LEN + strlen(HS_REVKEY_SUFFIX) ||
	    strcmp(file + HS_SESSION_ID_LEN, HS_REVKEY_SUFFIX) != 0)
		return HS_OK;
	memcpy(id, file, HS_SESSION_ID_LEN);
	id[HS_SESSION_ID_LEN] = '\0';
	if (!hs_session_id_valid(hs_str_c(id)))
		return HS_OK;
	(void)snprintf(name, sizeof name, "%s" HS_REVINDEX_SUFFIX, id);
	if (fstatat(r->dirs.sessions, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_mtime < now - KEPT_S) {
		remove_files(r, id);
		return HS_OK;
	}
	if (hs_revindex_read(r->dirs.sessions, id, last_end, &end, &complete, &why) !=
	    HS_OK)
		hs_log("%s", hs_err_sentence(&why));
	if (!complete)
		end_by_key(r, id, &end);
	return add(r, id, end) != NULL ? HS_OK : HS_ERR_NOMEM;
}

static int
take_sessions(struct hs_revocation *r, struct hs_err *err)
{
	int fd = openat(r->dirs.sessions, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	time_t now = time(NULL);
	int rc = HS_OK;

	if (d == NULL && fd >= 0)
		(void)close(fd);
	if (d == NULL)
		return hs_fail(err, HS_ERR_IO, "sessions: %s", strerror(errno));
	while (rc == HS_OK && (e = readdir(d)) != NULL)
		rc = take_session(r, e->d_name, now);
	(void)closedir(d);
	return rc == HS_OK ? HS_OK : hs_fail(err, (enum hs_code)rc, "%s", "");
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
		rc = take_sessions(r, err);
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

// ---- lists

static int
write_list(struct hs_revocation *r, struct hs_revocation_session *s, uint64_t now,
    struct hs_err *err)
{
	uint64_t next = now + (r->seconds > 0 ? r->seconds : 1);
	int rc = hs_revlist_write(&r->dirs, &r->log, s->id, now, next, &s->version, err);

	s->behind = rc != HS_OK;
	if (rc == HS_OK && r->written != NULL)
		r->written(r->arg);
	return rc;
}

static void
on_timer(uv_timer_t *t)
{
	struct hs_revocation *r = t->data;
	struct hs_err why = {0};
	struct hs_now now;

	hs_clock_read(&now);
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].end > now.wall &&
		    write_list(r, &r->v[i], now.wall, &why) != HS_OK)
			hs_log("list of session %s: %s", r->v[i].id, hs_err_sentence(&why));
}

int
hs_revocation_attach(struct hs_revocation *r, uv_loop_t *loop, uint32_t seconds)
{
	if (uv_timer_init(loop, &r->timer) != 0)
		return HS_ERR_INTERNAL;
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

void
hs_revocation_detach(struct hs_revocation *r)
{
	if (r == NULL || !r->attached)
		return;
	r->attached = false;
	uv_close((uv_handle_t *)&r->timer, NULL);
}

// ---- the session that is open

int
hs_revocation_begin(
    struct hs_revocation *r, const struct hs_session *s, uint64_t now, struct hs_err *err)
{
	struct hs_revocation_session *k;
	int rc;

	hs_revocation_end(r);
	rc = hs_revkey_make(r->dirs.sessions, s, err);
	if (rc == HS_OK)
		rc = hs_revindex_begin(&r->index, r->dirs.sessions, s->id, err);
	if (rc != HS_OK)
		return rc;
	memcpy(r->open, s->id, sizeof r->open);
	k = add(r, s->id, 0);
	if (k == NULL)
		rc = hs_fail(err, HS_ERR_NOMEM, "%s", "");
	if (rc == HS_OK)
		rc = hs_revocation_grant(r, s->held[0], err);
	if (rc == HS_OK)
		rc = write_list(r, k, now, err);
	if (rc == HS_OK)
		return HS_OK;
	if (k != NULL)
		r->n--; // it was the last
	hs_revindex_free(&r->index);
	remove_files(r, s->id);
	r->open[0] = '\0';
	return rc;
}

static int
note(struct hs_revocation *r, const struct hs_indexed *i, bool sync, struct hs_err *err)
{
	struct hs_revocation_session *k = find(r, r->open);

	if (k == NULL)
		return hs_fail(err, HS_ERR_INTERNAL, "no session is open");
	if (i->end > k->end)
		k->end = i->end;
	return hs_revindex_note(&r->index, i, sync, err);
}

int
hs_revocation_grant(struct hs_revocation *r, const struct hs_held *h, struct hs_err *err)
{
	struct hs_indexed i = {
	    .what = HS_INDEXED_GRANT, .serial = h->grant.cert.serial, .end = h->end};

	memcpy(i.root, h->fingerprint, sizeof i.root);
	return note(r, &i, true, err);
}

int
hs_revocation_note(struct hs_revocation *r, const struct hs_indexed *i, struct hs_err *err)
{
	return note(r, i, i->what == HS_INDEXED_SEAT, err);
}

int
hs_revocation_flush(struct hs_revocation *r, struct hs_err *err)
{
	return hs_revindex_flush(&r->index, err);
}

void
hs_revocation_end(struct hs_revocation *r)
{
	if (r == NULL || r->open[0] == '\0')
		return;
	hs_revindex_end(&r->index);
	r->open[0] = '\0';
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
    void *arg, bool *complete, struct hs_err *err)
{
	bool open = strcmp(r->open, session) == 0;

	*complete = false;
	// what is being released belongs to it too
	if (open && hs_revindex_flush(&r->index, err) != HS_OK)
		return HS_ERR_IO;
	return hs_revindex_read(r->dirs.sessions, session, fn, arg, complete, err);
}

int
hs_revocation_of(
    const struct hs_revocation *r, const char *session, struct hs_revlog_of *out)
{
	return hs_revlog_of(&r->log, session, 0, out);
}

int
hs_revocation_remember(
    struct hs_revocation *r, const struct hs_revoked *v, size_t n, struct hs_err *err)
{
	int rc = n > 0 ? hs_revlog_add(&r->log, v, n, err) : HS_OK;

	for (size_t i = 0; i < n && rc == HS_OK; i++) {
		struct hs_revocation_session *s = find(r, v[i].session);

		if (s != NULL)
			s->behind = true;
	}
	return rc;
}

int
hs_revocation_list(struct hs_revocation *r, const char *session, uint64_t now,
    uint64_t *version, struct hs_err *err)
{
	struct hs_revocation_session *s = find(r, session);
	int rc;

	if (s == NULL)
		return hs_fail(err, HS_NO_SUCH, "there is no session %s", session);
	// who asks again and again does not keep the disk busy
	rc = s->behind || s->version == 0 ? write_list(r, s, now, err) : HS_OK;
	if (rc == HS_OK && version != NULL)
		*version = s->version;
	return rc;
}
