// SPDX-License-Identifier: ISC
//
// Counting refusals that repeat. Contract in repeats.h.
//
// Who repeats: a program that tries again without pause, and who would fill the disk or
// bury something in the log. What is counted is never lost to a newcomer: whatever has to
// make room is put on record first.
#include "agentd/repeats.h"

#include <stdlib.h>
#include <string.h>

#define KINDS	  64
#define WINDOW_MS 1000

struct repeat {
	bool used;
	uint8_t kind[HS_AUDIT_HASH]; // of all but its time
	uint64_t since_ms;	     // since boot: of the last record of it
	uint64_t more;		     // since then
	struct hs_audit_record r; // what is to be recorded, where more > 0; views into mem
	struct hs_buf mem;
};

struct hs_repeats {
	struct hs_daemon *d;
	uv_timer_t timer; // to the end of the first window in which something was counted
	struct repeat v[KINDS];
};

static bool
kind_of(const struct hs_audit_record *r, uint8_t kind[static HS_AUDIT_HASH])
{
	struct hs_audit_record timeless = *r;
	struct hs_buf line = {0};
	bool good;

	timeless.time = 0;
	hs_auditline_put(&line, &timeless);
	good = hs_buf_err(&line) == HS_OK &&
	       hs_auditline_hash(hs_buf_str(&line), kind) == HS_OK;
	hs_buf_free(&line);
	return good;
}

static void
put(struct hs_repeats *x, struct repeat *p)
{
	if (p->more == 0)
		return;
	p->r.counted = true;
	p->r.count = p->more;
	p->more = 0;
	hs_daemon_note(x->d, &p->r);
	hs_buf_free(&p->mem);
}

// One that is not used, or that was recorded longest ago.
static struct repeat *
make_room(struct hs_repeats *x)
{
	struct repeat *room = &x->v[0];

	for (size_t i = 0; i < KINDS && room->used; i++)
		if (!x->v[i].used || x->v[i].since_ms < room->since_ms)
			room = &x->v[i];
	if (room->used)
		put(x, room);
	return room;
}

static struct repeat *
find(struct hs_repeats *x, const uint8_t kind[static HS_AUDIT_HASH])
{
	for (size_t i = 0; i < KINDS; i++)
		if (x->v[i].used && memcmp(x->v[i].kind, kind, HS_AUDIT_HASH) == 0)
			return &x->v[i];
	return NULL;
}

static void on_timer(uv_timer_t *t);

static void
set_timer(struct hs_repeats *x, const struct hs_now *now)
{
	uint64_t wait = UINT64_MAX;

	for (size_t i = 0; i < KINDS; i++) {
		const struct repeat *p = &x->v[i];
		uint64_t gone = now->boot_ms - p->since_ms;

		if (!p->used || p->more == 0)
			continue;
		gone = gone < WINDOW_MS ? WINDOW_MS - gone : 0;
		wait = gone < wait ? gone : wait;
	}
	if (wait != UINT64_MAX)
		(void)uv_timer_start(&x->timer, on_timer, wait, 0);
}

static void
on_timer(uv_timer_t *t)
{
	struct hs_repeats *x = t->data;
	struct hs_now now;

	hs_clock_read(&now);
	for (size_t i = 0; i < KINDS; i++) {
		struct repeat *p = &x->v[i];

		if (!p->used || now.boot_ms - p->since_ms < WINDOW_MS)
			continue;
		p->used = p->more > 0; // who goes on has one more second
		put(x, p);
		p->since_ms = now.boot_ms;
	}
	set_timer(x, &now);
}

// False: it cannot be kept, and is recorded at once.
static bool
count(struct hs_repeats *x, struct repeat *p, const struct hs_audit_record *r,
    const struct hs_now *now)
{
	if (p->more == 0) {
		p->r = *r;
		hs_buf_free(&p->mem);
		if (hs_auditline_keep(&p->r, &p->mem) != HS_OK)
			return false;
	}
	p->more++;
	if (!uv_is_active((uv_handle_t *)&x->timer))
		set_timer(x, now);
	return true;
}

bool
hs_repeats_counted(
    struct hs_repeats *x, const struct hs_audit_record *r, const struct hs_now *now)
{
	uint8_t kind[HS_AUDIT_HASH];
	struct repeat *p;

	// behind the last flush it would be counted for nothing
	if (x->d->stopping || !hs_audit_ok(x->d->audit) || !kind_of(r, kind))
		return false;
	p = find(x, kind);
	if (p != NULL && (p->more > 0 || now->boot_ms - p->since_ms < WINDOW_MS))
		return count(x, p, r, now);
	if (p == NULL)
		p = make_room(x);
	p->used = true;
	memcpy(p->kind, kind, sizeof kind);
	p->since_ms = now->boot_ms;
	return false;
}

void
hs_repeats_flush(struct hs_repeats *x)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (x->v[i].used)
			put(x, &x->v[i]);
		x->v[i].used = false;
	}
}

struct hs_repeats *
hs_repeats_new(struct hs_daemon *d)
{
	struct hs_repeats *x = calloc(1, sizeof *x);

	if (x == NULL || uv_timer_init(d->loop, &x->timer) != 0) {
		free(x);
		return NULL;
	}
	x->d = d;
	x->timer.data = x;
	uv_unref((uv_handle_t *)&x->timer);
	return x;
}

static void
on_closed(uv_handle_t *h)
{
	struct hs_repeats *x = h->data;

	for (size_t i = 0; i < KINDS; i++)
		hs_buf_free(&x->v[i].mem);
	free(x);
}

void
hs_repeats_free(struct hs_repeats **x)
{
	if (x == NULL || *x == NULL)
		return;
	uv_close((uv_handle_t *)&(*x)->timer, on_closed);
	*x = NULL;
}
