// SPDX-License-Identifier: ISC
//
// Group commit: records that wait are written and synced together, then all who wait for
// them hear of it. Where a group fails, the file is cut back to its last good length and
// every record that was chained behind it fails too. Opening the file is audit_file.c's.
#include "agentd/audit.h"

#include <stdlib.h>
#include <string.h>
#include "agentd/log.h"

struct entry {
	struct hs_buf line;
	uint64_t counts; // records lost if this one is: more than one for a "voided"
	hs_audit_done *done;
	void *arg;
	struct entry *next;
};

struct queue {
	struct entry *first, **last;
	size_t n;
};

struct hs_audit {
	struct hs_audit_file file; // the pool's while busy
	uv_loop_t *loop;
	uv_work_t work;
	uv_prepare_t prepare;
	uv_check_t check;
	struct queue waiting, flying;
	struct iovec *iov; // of flying
	size_t iov_cap;
	int rc;			     // of the last group
	bool busy, attached, failed; // failed: the last group
	uint64_t lost; // records that could not be written since the last that could
	struct hs_audit_end taken; // the newest record taken, which may still wait
	struct hs_audit_end group; // the newest of flying
	struct hs_audit_end disk;  // the newest on disk
	bool sealed;		   // the newest record taken is a checkpoint
	void (*on_taken)(void *arg);
	void *taken_arg;
};

static void
queue_reset(struct queue *q)
{
	*q = (struct queue){.last = &q->first};
}

static void
queue_answer(struct queue *q, int code)
{
	struct entry *e, *next;

	for (e = q->first; e != NULL; e = next) {
		next = e->next;
		if (e->done != NULL)
			e->done(e->arg, code);
		hs_buf_free(&e->line);
		free(e);
	}
}

static void
write_group(uv_work_t *w)
{
	struct hs_audit *a = w->data;

	a->rc = hs_audit_file_append(&a->file, a->iov, a->flying.n);
}

static uint64_t
count(const struct queue *q)
{
	uint64_t n = 0;

	for (const struct entry *e = q->first; e != NULL; e = e->next)
		n += e->counts;
	return n;
}

static void start_group(struct hs_audit *a);

static void
on_written(uv_work_t *w, int status)
{
	struct hs_audit *a = w->data;
	struct queue done = a->flying, failed;
	bool ok = status == 0 && a->rc == HS_OK;

	a->busy = false;
	a->failed = !ok;
	queue_reset(&a->flying);
	queue_reset(&failed);
	if (ok) {
		a->disk = a->group;
	} else {
		hs_log("audit log: %s", hs_err_sentence(&a->file.err));
		// what was taken meanwhile is chained to what is not there
		failed = a->waiting;
		a->lost += count(&done) + count(&failed);
		queue_reset(&a->waiting);
		a->taken = a->disk;
		a->sealed = false;
	}
	queue_answer(&done, ok ? HS_OK : HS_NO_RECORD);
	queue_answer(&failed, HS_NO_RECORD);
	start_group(a);
}

static bool
fill_iov(struct hs_audit *a)
{
	size_t i = 0;

	if (a->iov_cap < a->flying.n) {
		struct iovec *v = reallocarray(a->iov, a->flying.n * 2, sizeof *v);

		if (v == NULL)
			return false;
		a->iov = v;
		a->iov_cap = a->flying.n * 2;
	}
	for (struct entry *e = a->flying.first; e != NULL; e = e->next)
		a->iov[i++] = (struct iovec){e->line.p, e->line.len};
	return true;
}

static void
start_group(struct hs_audit *a)
{
	if (a->busy || !a->attached || a->waiting.n == 0)
		return;
	a->flying = a->waiting;
	if (!fill_iov(a)) // stays waiting: the next turn of the loop tries again
		return;
	queue_reset(&a->waiting);
	a->group = a->taken;
	a->busy = true;
	a->work.data = a;
	if (uv_queue_work(a->loop, &a->work, write_group, on_written) != 0)
		abort(); // only without a callback, says libuv
}

static void
on_prepare(uv_prepare_t *h)
{
	start_group(h->data);
}

static void
on_check(uv_check_t *h)
{
	start_group(h->data);
}

int
hs_audit_open(const char *dir, const struct hs_audit_io *io, struct hs_audit **out,
    uint64_t *torn, struct hs_err *err)
{
	struct hs_audit *a = calloc(1, sizeof *a);
	int rc;

	*out = NULL;
	if (a == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "no memory for the audit log");
	queue_reset(&a->waiting);
	queue_reset(&a->flying);
	rc = hs_audit_file_open(
	    &a->file, dir, io != NULL ? io : &hs_audit_real, &a->disk, torn, err);
	if (rc != HS_OK) {
		free(a);
		return rc;
	}
	a->taken = a->disk;
	*out = a;
	return HS_OK;
}

int
hs_audit_attach(struct hs_audit *a, uv_loop_t *loop)
{
	a->loop = loop;
	if (uv_prepare_init(loop, &a->prepare) != 0 || uv_check_init(loop, &a->check) != 0)
		return HS_ERR_INTERNAL;
	a->prepare.data = a->check.data = a;
	(void)uv_prepare_start(&a->prepare, on_prepare);
	(void)uv_check_start(&a->check, on_check);
	a->attached = true;
	return HS_OK;
}

static struct entry *
take(struct hs_audit *a, struct hs_audit_record *r, hs_audit_done *done, void *arg)
{
	struct entry *e = calloc(1, sizeof *e);
	struct hs_audit_end end = {.seq = a->taken.seq + 1};

	if (e == NULL)
		return NULL;
	r->seq = end.seq;
	memcpy(r->prev, a->taken.head, sizeof r->prev);
	hs_auditline_put(&e->line, r);
	if (hs_buf_err(&e->line) != HS_OK ||
	    hs_auditline_hash(hs_buf_str(&e->line), end.head) != HS_OK) {
		hs_buf_free(&e->line);
		free(e);
		return NULL;
	}
	a->taken = end;
	a->sealed = strcmp(r->event, "checkpoint") == 0;
	e->counts = 1;
	e->done = done;
	e->arg = arg;
	*a->waiting.last = e;
	a->waiting.last = &e->next;
	a->waiting.n++;
	return e;
}

// The first record after records were lost says how many.
static void
tell_lost(struct hs_audit *a, uint64_t now)
{
	struct hs_audit_record r = {.time = now, .event = "voided", .counted = true};
	struct entry *e;

	r.count = a->lost;
	r.sentence = hs_str_c(
	    "so many records could not be written, and what they were of was refused");
	e = take(a, &r, NULL, NULL);
	if (e == NULL)
		return;
	e->counts = a->lost;
	a->lost = 0;
}

int
hs_audit_put(struct hs_audit *a, struct hs_audit_record *r, hs_audit_done *done, void *arg,
    uint64_t *seq, uint8_t *head)
{
	if (!a->attached)
		return HS_NO_RECORD;
	if (a->lost > 0)
		tell_lost(a, r->time);
	if (take(a, r, done, arg) == NULL)
		return HS_NO_RECORD;
	if (seq != NULL)
		*seq = a->taken.seq;
	if (head != NULL)
		memcpy(head, a->taken.head, HS_AUDIT_HASH);
	if (a->on_taken != NULL)
		a->on_taken(a->taken_arg);
	return HS_OK;
}

struct hs_audit_end
hs_audit_tip(struct hs_audit *a, uint64_t now)
{
	if (a->lost > 0)
		tell_lost(a, now);
	return a->taken;
}

bool
hs_audit_sealed(const struct hs_audit *a)
{
	return a->sealed;
}

void
hs_audit_on_taken(struct hs_audit *a, void (*cb)(void *arg), void *arg)
{
	a->on_taken = cb;
	a->taken_arg = arg;
}

bool
hs_audit_ok(const struct hs_audit *a)
{
	return !a->failed;
}

uint64_t
hs_audit_seq(const struct hs_audit *a)
{
	return a->disk.seq;
}

bool
hs_audit_idle(const struct hs_audit *a)
{
	return !a->busy && a->waiting.n == 0;
}

void
hs_audit_detach(struct hs_audit *a)
{
	if (!a->attached)
		return;
	a->attached = false;
	uv_close((uv_handle_t *)&a->prepare, NULL);
	uv_close((uv_handle_t *)&a->check, NULL);
}

void
hs_audit_free(struct hs_audit **a)
{
	if (a == NULL || *a == NULL)
		return;
	hs_audit_file_close(&(*a)->file);
	free((*a)->iov);
	free(*a);
	*a = NULL;
}
