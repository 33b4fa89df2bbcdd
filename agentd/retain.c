// SPDX-License-Identifier: ISC
//
// Forgetting. A file that cannot be read to its end is nobody's to judge: it stays, and so
// do those behind it. Contract in retain.h.
#include "agentd/retain.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/files.h"
#include "agentd/log.h"

#define EVERY_MS (3600u * 1000)

struct hs_retain {
	struct hs_daemon *d;
	uv_timer_t timer;
	uv_work_t work;
	bool busy, freed, closed;
	// of the oldest finished file; first 0: there is none
	uint64_t first;
	struct hs_audit_tail tail;
	int rc;
	char trouble[160]; // "": none
};

static void
release(struct hs_retain *r)
{
	if (r->freed && r->closed && !r->busy)
		free(r);
}

// ---- on the pool

static int
find_oldest(int dir, uint64_t *first)
{
	struct dirent *e;
	DIR *d;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*first = 0;
	d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return HS_ERR_IO;
	}
	while ((e = readdir(d)) != NULL) {
		uint64_t seq = hs_audit_file_seq(e->d_name);

		if (seq > 0 && (*first == 0 || seq < *first))
			*first = seq;
	}
	closedir(d);
	return HS_OK;
}

static int
read_oldest(int dir, uint64_t first, struct hs_audit_tail *tail)
{
	char name[HS_AUDIT_NAME_MAX];
	struct stat st;
	int fd, rc = HS_ERR_IO;

	hs_audit_file_name(name, "", first);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return HS_ERR_IO;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		rc = hs_audit_tail_read(fd, (uint64_t)st.st_size, tail);
	close(fd);
	return rc == HS_OK && tail->end.seq < first ? HS_ERR_FORMAT : rc;
}

static void
look(uv_work_t *w)
{
	struct hs_retain *r = w->data;
	struct hs_err err;
	int dir = -1;

	r->first = 0;
	r->rc = hs_files_open_dir(r->d->set->state_dir, &dir, &err);
	if (r->rc == HS_OK)
		r->rc = find_oldest(dir, &r->first);
	if (r->rc == HS_OK && r->first > 0)
		r->rc = read_oldest(dir, r->first, &r->tail);
	if (dir >= 0)
		close(dir);
}

static void
forget(uv_work_t *w)
{
	struct hs_retain *r = w->data;
	char name[HS_AUDIT_NAME_MAX];
	struct hs_err err;
	int dir = -1;

	hs_audit_file_name(name, "", r->first);
	r->rc = hs_files_open_dir(r->d->set->state_dir, &dir, &err);
	if (r->rc == HS_OK && unlinkat(dir, name, 0) != 0)
		r->rc = HS_ERR_IO;
	if (dir >= 0)
		close(dir);
}

// ---- on the loop

static void on_looked(uv_work_t *w, int status);

static void
work(struct hs_retain *r, uv_work_cb job, uv_after_work_cb done)
{
	r->busy = true;
	r->work.data = r;
	if (uv_queue_work(r->d->loop, &r->work, job, done) != 0)
		abort(); // only without a callback, says libuv
}

static void
on_forgotten(uv_work_t *w, int status)
{
	struct hs_retain *r = w->data;

	(void)status;
	r->busy = false;
	if (r->rc != HS_OK) {
		(void)snprintf(r->trouble, sizeof r->trouble,
		    "audit log: LogKeep's oldest file cannot be deleted: %s",
		    hs_code_sentence((enum hs_code)r->rc));
		hs_log("%s", r->trouble);
	} else if (!r->freed) {
		work(r, look, on_looked); // and the next
	}
	release(r);
}

static void
on_recorded(void *arg, int code)
{
	struct hs_retain *r = arg;

	r->busy = false;
	if (code == HS_OK && !r->freed)
		work(r, forget, on_forgotten);
	release(r);
}

// It stays until it can be read, and so do all behind it.
static void
note_trouble(struct hs_retain *r)
{
	char name[HS_AUDIT_NAME_MAX] = "the log's folder";

	r->trouble[0] = '\0';
	if (r->rc == HS_OK)
		return;
	if (r->first > 0)
		hs_audit_file_name(name, "", r->first);
	(void)snprintf(r->trouble, sizeof r->trouble,
	    "audit log: LogKeep forgets nothing, %s cannot be read: %s", name,
	    hs_code_sentence((enum hs_code)r->rc));
	hs_log("%s", r->trouble);
}

static void
on_looked(uv_work_t *w, int status)
{
	struct hs_retain *r = w->data;
	uint64_t keep = r->d->policy->policy->log_keep;
	struct hs_audit_record rec = {.event = "forget",
	    .first = r->first,
	    .last = r->tail.end.seq,
	    .head = {r->tail.end.head, sizeof r->tail.end.head}};
	struct hs_now now;

	(void)status;
	hs_clock_read(&now);
	r->busy = false;
	note_trouble(r);
	if (r->rc == HS_OK && r->first > 0 && keep > 0 && !r->freed &&
	    now.wall > r->tail.time && now.wall - r->tail.time > keep) {
		rec.time = now.wall;
		r->busy =
		    hs_audit_put(r->d->audit, &rec, on_recorded, r, NULL, NULL) == HS_OK;
	}
	release(r);
}

void
hs_retain_put_trouble(const struct hs_retain *r, struct hs_buf *b)
{
	if (r != NULL && r->trouble[0] != '\0')
		hs_put_fmt(b, "%s\n", r->trouble);
}

void
hs_retain_look(struct hs_retain *r)
{
	if (!r->busy && r->d->policy->policy->log_keep > 0)
		work(r, look, on_looked);
}

static void
on_timer(uv_timer_t *t)
{
	hs_retain_look(t->data);
}

struct hs_retain *
hs_retain_new(struct hs_daemon *d)
{
	struct hs_retain *r = calloc(1, sizeof *r);

	if (r == NULL || uv_timer_init(d->loop, &r->timer) != 0) {
		free(r);
		return NULL;
	}
	r->d = d;
	r->timer.data = r;
	uv_unref((uv_handle_t *)&r->timer);
	(void)uv_timer_start(&r->timer, on_timer, 0, EVERY_MS);
	return r;
}

static void
on_closed(uv_handle_t *h)
{
	struct hs_retain *r = h->data;

	r->closed = true;
	release(r);
}

void
hs_retain_free(struct hs_retain **r)
{
	if (r == NULL || *r == NULL)
		return;
	(*r)->freed = true;
	uv_close((uv_handle_t *)&(*r)->timer, on_closed);
	*r = NULL;
}
