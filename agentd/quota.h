// SPDX-License-Identifier: ISC
//
// Who was shown prompts lately, and what the person declined: remembered for five minutes
// by the clock that counts since boot. It only keeps the books: how many prompts are too
// many, and what follows, is touch.c's. No clock of its own, no I/O.
#ifndef HS_AGENTD_QUOTA_H
#define HS_AGENTD_QUOTA_H

#include <stdbool.h>
#include <stdint.h>
#include "proto/buf.h"
#include "proto/scope.h"

#define HS_QUOTA_MS	   (5 * 60 * 1000)
#define HS_QUOTA_MAX	   128 // of prompts, and of declines: more than Limits may say
#define HS_QUOTA_ASKER_MAX 64  // bytes of an asker's name that count

struct hs_quota_entry {
	uint64_t at; // milliseconds since boot
	uint8_t asker[HS_QUOTA_ASKER_MAX];
	size_t asker_len;
	struct hs_scope *scope; // of a decline; NULL: everything
};

// Entries by time, the oldest first. Where all are younger than five minutes, the oldest
// still goes for a new one, and until there is room again every asker counts as over any
// limit, and everything as declined: nobody gains by what was forgotten.
struct hs_quota_list {
	struct hs_quota_entry e[HS_QUOTA_MAX];
	size_t n;
};

// Zero-initialise; hs_quota_free when done. An asker is any bytes: a seat, an agent's name,
// or the one that unknown ones share. now_ms never goes back; where it does, no time has
// passed.
struct hs_quota {
	struct hs_quota_list asked, declined;
};

void hs_quota_free(struct hs_quota *q);

// A prompt was shown for this asker.
void hs_quota_asked(struct hs_quota *q, struct hs_str asker, uint64_t now_ms);
// How many were, less than five minutes ago: for this asker, and for all. UINT_MAX: more
// than were remembered.
void hs_quota_count(const struct hs_quota *q, struct hs_str asker, uint64_t now_ms,
    unsigned *by_asker, unsigned *by_all);

// The person declined this; a copy of scope is kept. Where there is no memory for one, all
// that this asker asks counts as declined.
void hs_quota_declined(
    struct hs_quota *q, struct hs_str asker, const struct hs_scope *scope, uint64_t now_ms);
// Was the same or less declined to this asker in the last five minutes? *until (may be
// NULL) is when that ends, in milliseconds since boot.
bool hs_quota_is_declined(const struct hs_quota *q, struct hs_str asker,
    const struct hs_scope *scope, uint64_t now_ms, uint64_t *until);

#endif
