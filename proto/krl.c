// SPDX-License-Identifier: ISC
//
// Writing key revocation lists. Contract in krl.h.
//
// A set of serials can stand as a list of numbers, as ranges and as bitmaps. Each run of
// serials joins the section before it or begins one; what is cheapest for all of them
// together is found from front to back: the least bits up to each run for each kind of last
// section.
#include "proto/krl.h"

#include <stdlib.h>
#include <string.h>
#include "proto/krl_internal.h"

enum kind { LIST, RANGE, BITMAP, KINDS };

#define SECTION	   (5 * 8)			   // type and length
#define BITMAP_NEW (SECTION + (8 + 4 + 1) * 8 + 8) // its start, length, sign, and rounding
#define RUN_MAX	   ((uint64_t)1 << 31)		   // longer runs are ranges, whatever else

void
hs_krl_begin(struct hs_buf *b, uint64_t version, uint64_t date, const char *comment)
{
	hs_put_raw(b, KRL_MAGIC, KRL_MAGIC_LEN);
	hs_put_u32(b, KRL_FORMAT);
	hs_put_u64(b, version);
	hs_put_u64(b, date);
	hs_put_u64(b, 0);      // flags
	hs_put_cstring(b, ""); // reserved
	hs_put_cstring(b, comment);
}

void
hs_krl_put_keys(struct hs_buf *b, const struct hs_key *keys, size_t n)
{
	size_t section, key;

	if (n == 0)
		return;
	hs_put_u8(b, KRL_KEYS);
	section = hs_put_string_begin(b);
	for (size_t i = 0; i < n; i++) {
		key = hs_put_string_begin(b);
		hs_key_put(b, &keys[i]);
		hs_put_string_end(b, key);
	}
	hs_put_string_end(b, section);
}

void
hs_krl_put_hashes(struct hs_buf *b, const uint8_t (*hashes)[HS_KRL_HASH], size_t n)
{
	size_t section;

	if (n == 0)
		return;
	hs_put_u8(b, KRL_SHA256);
	section = hs_put_string_begin(b);
	for (size_t i = 0; i < n; i++)
		hs_put_string(b, hashes[i], HS_KRL_HASH);
	hs_put_string_end(b, section);
}

// ---- serials

static int
by_start(const void *a, const void *b)
{
	const struct hs_krl_range *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

size_t
hs_krl_join(struct hs_krl_range *r, size_t n)
{
	size_t last = 0;

	if (n == 0)
		return 0;
	qsort(r, n, sizeof *r, by_start);
	for (size_t i = 1; i < n; i++) {
		if (r[i].lo <= r[last].hi || r[i].lo - r[last].hi == 1) {
			if (r[i].hi > r[last].hi)
				r[last].hi = r[i].hi;
		} else {
			r[++last] = r[i];
		}
	}
	return last + 1;
}

struct step {
	uint8_t from;  // the kind before
	uint8_t fresh; // it begins a section
};

struct plan {
	const struct hs_krl_range *r;
	struct step (*steps)[KINDS];
	uint64_t cost[KINDS]; // bits up to the run before
	uint64_t start;	      // of the bitmap, where that ends in one
};

static enum kind
cheapest(const uint64_t cost[KINDS])
{
	enum kind best = LIST;

	for (int k = RANGE; k < KINDS; k++)
		if (cost[k] < cost[best])
			best = (enum kind)k;
	return best;
}

static void
plan_run(struct plan *p, size_t i)
{
	const struct hs_krl_range *r = &p->r[i];
	uint64_t run = r->hi - r->lo < RUN_MAX ? r->hi - r->lo + 1 : RUN_MAX;
	enum kind best = cheapest(p->cost);
	uint64_t base = p->cost[best], cost[KINDS], start = r->lo, on;

	for (int k = 0; k < KINDS; k++)
		p->steps[i][k] = (struct step){(uint8_t)best, 1};
	cost[RANGE] = base + SECTION + 2 * 64;
	cost[LIST] = base + SECTION + run * 64;
	if (i > 0 && p->cost[LIST] + run * 64 <= cost[LIST]) {
		cost[LIST] = p->cost[LIST] + run * 64;
		p->steps[i][LIST] = (struct step){LIST, 0};
	}
	cost[BITMAP] = run <= KRL_BITMAP_BITS ? base + BITMAP_NEW + run : UINT64_MAX / 2;
	if (i > 0 && r->hi - p->start < KRL_BITMAP_BITS && run <= KRL_BITMAP_BITS) {
		on = p->cost[BITMAP] + (r->hi - p->r[i - 1].hi);
		if (on <= cost[BITMAP]) {
			cost[BITMAP] = on;
			start = p->start;
			p->steps[i][BITMAP] = (struct step){BITMAP, 0};
		}
	}
	p->start = start;
	memcpy(p->cost, cost, sizeof cost);
}

// What each run becomes: kinds[i], and whether it begins a section.
static void
trace(const struct plan *p, size_t n, struct step *out)
{
	enum kind k = cheapest(p->cost);

	for (size_t i = n; i-- > 0;) {
		out[i] = (struct step){(uint8_t)k, p->steps[i][k].fresh};
		k = (enum kind)p->steps[i][k].from;
	}
}

static void
put_bitmap(struct hs_buf *b, const struct hs_krl_range *r, size_t n)
{
	uint8_t bits[KRL_BITMAP_BITS / 8] = {0};

	for (size_t i = 0; i < n; i++)
		for (uint64_t at = r[i].lo - r[0].lo; at <= r[i].hi - r[0].lo; at++)
			bits[sizeof bits - 1 - at / 8] |= (uint8_t)(1u << at % 8);
	hs_put_u64(b, r[0].lo);
	hs_put_mpint(b, bits, sizeof bits);
}

// A section of n runs of one kind.
static void
put_section(struct hs_buf *b, enum kind k, const struct hs_krl_range *r, size_t n)
{
	static const uint8_t types[KINDS] = {
	    KRL_SERIAL_LIST, KRL_SERIAL_RANGE, KRL_SERIAL_BITMAP};
	size_t section;

	hs_put_u8(b, types[k]);
	section = hs_put_string_begin(b);
	if (k == BITMAP) {
		put_bitmap(b, r, n);
	} else if (k == RANGE) {
		hs_put_u64(b, r->lo);
		hs_put_u64(b, r->hi);
	} else {
		for (size_t i = 0; i < n; i++)
			for (uint64_t s = r[i].lo;; s++) {
				hs_put_u64(b, s);
				if (s == r[i].hi)
					break;
			}
	}
	hs_put_string_end(b, section);
}

static void
put_sections(
    struct hs_buf *b, const struct step *steps, const struct hs_krl_range *r, size_t n)
{
	for (size_t i = 0, end; i < n; i = end) {
		end = i + 1;
		while (end < n && !steps[end].fresh)
			end++;
		put_section(b, (enum kind)steps[i].from, r + i, end - i);
	}
}

int
hs_krl_put_serials(
    struct hs_buf *b, const struct hs_key *ca, struct hs_krl_range *r, size_t n)
{
	struct plan p = {.r = r};
	struct step *chosen = NULL;
	size_t section, key;
	int rc = HS_ERR_NOMEM;

	for (size_t i = 0; i < n; i++)
		if (r[i].lo == 0 || r[i].lo > r[i].hi)
			return HS_ERR_FORMAT;
	n = hs_krl_join(r, n);
	if (n == 0)
		return HS_OK;
	p.steps = calloc(n, sizeof *p.steps);
	chosen = calloc(n, sizeof *chosen);
	if (p.steps == NULL || chosen == NULL)
		goto out;
	for (size_t i = 0; i < n; i++)
		plan_run(&p, i);
	trace(&p, n, chosen);
	hs_put_u8(b, KRL_CERTIFICATES);
	section = hs_put_string_begin(b);
	key = hs_put_string_begin(b);
	if (ca != NULL)
		hs_key_put(b, ca);
	hs_put_string_end(b, key);
	hs_put_cstring(b, ""); // reserved
	put_sections(b, chosen, r, n);
	hs_put_string_end(b, section);
	rc = hs_buf_err(b);
out:
	free(p.steps);
	free(chosen);
	return rc;
}
