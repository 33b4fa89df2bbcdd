// SPDX-License-Identifier: ISC
//
// Group commit: records that wait are written and synced together, then all who wait for
// them hear of it. Where a group fails, every record that was chained behind it fails too,
// and the next says how many. What becomes of the file then is audit_file.c's.
#include "agentd/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/audit_queue.h"
#include "agentd/clock.h"
#include "agentd/log.h"

#define TICK_MS	   1000 // after a failure it is tried again; ahead is not for longer
#define BUSY_AFTER 200	// groups in that time, for the file to be made ahead
#define SIZE	   (64u << 20)
#define AGE	   (30u * 86400)

struct hs_audit {
	struct hs_audit_file file; // the pool's while busy
	uv_loop_t *loop;
	uv_work_t work;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t timer;
	unsigned groups; // since it went off last
	struct hs_audit_queue waiting, flying;
	struct iovec *iov; // of flying
	size_t iov_cap;
	struct hs_audit_group group;
	int rc;			     // of the last group
	bool busy, attached, failed; // failed: the last group
	bool ahead;
	uint64_t size, age;
	uint64_t lost;		   // records not written since the last that were
	char broke[160];	   // why a file ended; "": it did not, or that is on disk
	bool broke_told;	   // it is taken
	struct hs_audit_end taken; // the newest record taken, which may still wait
	struct hs_audit_end disk;  // the newest on disk
	bool sealed;		   // the newest record taken is a checkpoint
	void (*on_taken)(void *arg);
	void *taken_arg;
	void (*on_disk)(void *arg, struct hs_buf *line);
	void *disk_arg;
};

// ---- taking records

static struct hs_audit_entry *
take(struct hs_audit *a, struct hs_audit_record *r, hs_audit_done *done, void *arg)
{
	struct hs_audit_entry *e = calloc(1, sizeof *e);

	if (e == NULL)
		return NULL;
	e->end.seq = r->seq = a->taken.seq + 1;
	memcpy(r->prev, a->taken.head, sizeof r->prev);
	hs_auditline_put(&e->line, r);
	if (hs_buf_err(&e->line) != HS_OK ||
	    hs_auditline_hash(hs_buf_str(&e->line), e->end.head) != HS_OK) {
		hs_buf_free(&e->line);
		free(e);
		return NULL;
	}
	a->taken = e->end;
	a->sealed = strcmp(r->event, "checkpoint") == 0;
	e->time = r->time;
	e->counts = 1;
	e->done = done;
	e->arg = arg;
	hs_audit_queue_add(&a->waiting, e);
	return e;
}

// The first record after a file that ended otherwise than by "rotate" says so, and the
// first after records were lost, how many.
static void
tell(struct hs_audit *a, uint64_t now)
{
	struct hs_audit_record r = {.time = now, .event = "break"};
	struct hs_audit_entry *e;

	r.sentence = hs_str_c(a->broke);
	if (a->broke[0] != '\0' && !a->broke_told &&
	    (e = take(a, &r, NULL, NULL)) != NULL) {
		e->counts = 0;
		e->breaks = a->broke_told = true;
	}
	if (a->lost == 0)
		return;
	r = (struct hs_audit_record){.time = now, .event = "voided", .counted = true};
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
	tell(a, r->time);
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
	tell(a, now);
	return a->taken;
}

// ---- groups

static void start_group(struct hs_audit *a);

static void
write_group(uv_work_t *w)
{
	struct hs_audit *a = w->data;

	a->rc = hs_audit_file_append(&a->file, &a->group);
}

static void
settle_file(uv_work_t *w)
{
	hs_audit_file_settle(&((struct hs_audit *)w->data)->file);
}

static void
on_settled(uv_work_t *w, int status)
{
	struct hs_audit *a = w->data;

	(void)status;
	a->busy = false;
	start_group(a);
}

static void
work(struct hs_audit *a, uv_work_cb job, uv_after_work_cb done)
{
	a->busy = true;
	a->work.data = a;
	if (uv_queue_work(a->loop, &a->work, job, done) != 0)
		abort(); // only without a callback, says libuv
}

static void
on_timer(uv_timer_t *t)
{
	struct hs_audit *a = t->data;
	unsigned groups = a->groups;
	struct hs_now now;

	a->groups = 0;
	if (a->busy)
		return;
	if (a->failed && a->waiting.n == 0) {
		hs_clock_read(&now);
		tell(a, now.wall);
		start_group(a);
	} else if (groups < BUSY_AFTER) {
		a->ahead = false;
		if (groups == 0)
			(void)uv_timer_stop(t);
		if (a->file.end > a->file.len)
			work(a, settle_file, on_settled);
	}
}

// A group is on disk, or is not and takes along what was taken meanwhile, which is chained
// to what is not there.
static void
account(
    struct hs_audit *a, struct hs_audit_queue *done, struct hs_audit_queue *lost, bool ok)
{
	bool breaks = false;
	struct hs_now now;

	a->failed = !ok;
	if (!ok) {
		hs_log("audit log: %s", hs_err_sentence(&a->file.err));
		*lost = a->waiting;
		a->lost += hs_audit_queue_count(done, &breaks) +
			   hs_audit_queue_count(lost, &breaks);
		hs_audit_queue_reset(&a->waiting);
		a->taken = a->disk;
		a->sealed = false;
		a->broke_told = a->broke_told && !breaks;
	} else {
		(void)hs_audit_queue_count(done, &breaks);
		if (breaks) {
			a->broke[0] = '\0';
			a->broke_told = false;
		}
	}
	if (a->file.broke[0] == '\0')
		return;
	(void)snprintf(a->broke, sizeof a->broke, "%s", a->file.broke);
	a->file.broke[0] = '\0';
	a->broke_told = false;
	hs_log("audit log: %s", a->broke);
	hs_clock_read(&now);
	if (ok)
		tell(a, now.wall);
}

static void
on_written(uv_work_t *w, int status)
{
	struct hs_audit *a = w->data;
	struct hs_audit_queue done = a->flying, lost;
	bool ok = status == 0 && a->rc == HS_OK;

	a->busy = false;
	hs_audit_queue_reset(&a->flying);
	hs_audit_queue_reset(&lost);
	if (ok)
		for (const struct hs_audit_entry *e = done.first; e != NULL; e = e->next)
			a->disk = e->end;
	account(a, &done, &lost, ok);
	hs_audit_queue_answer(&done, ok ? HS_OK : HS_NO_RECORD, a->on_disk, a->disk_arg);
	hs_audit_queue_answer(&lost, HS_NO_RECORD, NULL, NULL);
	if (++a->groups == BUSY_AFTER)
		a->ahead = true;
	if (a->attached && !uv_is_active((uv_handle_t *)&a->timer))
		(void)uv_timer_start(&a->timer, on_timer, TICK_MS, TICK_MS);
	start_group(a);
}

// Is the file finished with what waits? Then its last line says so.
static bool
finish(struct hs_audit *a)
{
	const struct hs_audit_file *f = &a->file;
	const struct hs_audit_entry *e = a->waiting.first;
	struct hs_audit_record r = {.event = "rotate", .time = e->time, .counted = true};
	struct hs_audit_entry *end;

	if (f->over || f->first == 0 || a->waiting.bytes > HS_AUDIT_GROUP_MAX ||
	    (f->len + a->waiting.bytes < a->size &&
		(e->time < f->first_time || e->time - f->first_time < a->age)))
		return false;
	r.count = a->taken.seq + 2 - f->first;
	end = take(a, &r, NULL, NULL);
	if (end != NULL)
		end->counts = 0; // if it is lost, nothing is
	return end != NULL;
}

static bool
fill_iov(struct hs_audit *a)
{
	size_t i = 0;

	if (a->iov_cap < a->waiting.n) {
		struct iovec *v = reallocarray(a->iov, a->waiting.n * 2, sizeof *v);

		if (v == NULL)
			return false;
		a->iov = v;
		a->iov_cap = a->waiting.n * 2;
	}
	a->group = (struct hs_audit_group){.v = a->iov,
	    .first = a->waiting.first->end.seq,
	    .time = a->waiting.first->time,
	    .ahead = a->ahead};
	do {
		struct hs_audit_entry *e = hs_audit_queue_take(&a->waiting);

		a->iov[i++] = (struct iovec){e->line.p, e->line.len};
		hs_audit_queue_add(&a->flying, e);
	} while (a->waiting.n > 0 && a->flying.bytes < HS_AUDIT_GROUP_MAX);
	a->group.n = i;
	a->group.bytes = a->flying.bytes;
	return true;
}

static void
start_group(struct hs_audit *a)
{
	bool last;

	if (a->busy || !a->attached || a->waiting.n == 0)
		return;
	last = finish(a);
	if (!fill_iov(a)) // stays waiting: the next turn of the loop tries again
		return;
	a->group.last = last && a->waiting.n == 0;
	work(a, write_group, on_written);
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

// ---- its life

int
hs_audit_open(const char *dir, const struct hs_audit_io *io, struct hs_audit **out,
    struct hs_audit_torn *torn, struct hs_err *err)
{
	struct hs_audit *a = calloc(1, sizeof *a);
	int rc;

	*out = NULL;
	if (a == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "no memory for the audit log");
	hs_audit_queue_reset(&a->waiting);
	hs_audit_queue_reset(&a->flying);
	hs_audit_limits(a, SIZE, AGE);
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
	if (uv_prepare_init(loop, &a->prepare) != 0 ||
	    uv_check_init(loop, &a->check) != 0 || uv_timer_init(loop, &a->timer) != 0)
		return HS_ERR_INTERNAL;
	a->prepare.data = a->check.data = a->timer.data = a;
	uv_unref((uv_handle_t *)&a->timer);
	(void)uv_prepare_start(&a->prepare, on_prepare);
	(void)uv_check_start(&a->check, on_check);
	a->attached = true;
	return HS_OK;
}

void
hs_audit_limits(struct hs_audit *a, uint64_t size, uint64_t age)
{
	a->size = size;
	a->age = age;
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

void
hs_audit_on_disk(struct hs_audit *a, void (*cb)(void *arg, struct hs_buf *line), void *arg)
{
	a->on_disk = cb;
	a->disk_arg = arg;
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
	uv_close((uv_handle_t *)&a->timer, NULL);
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
