// SPDX-License-Identifier: ISC
//
// Refusals that repeat: one peer may be refused the same thousands of times a second, and
// the log has a record of it a second, with a count (docs/PROTOCOL.audit section 3). What
// differs in anything but its time is not the same.
#ifndef HS_AGENTD_REPEATS_H
#define HS_AGENTD_REPEATS_H

#include "agentd/daemon.h"

struct hs_repeats;

struct hs_repeats *hs_repeats_new(struct hs_daemon *d); // NULL: no memory
void hs_repeats_free(struct hs_repeats **x); // memory goes with the loop's next turn

// Was the same put on record within the last second? Then it is counted, a record of it
// follows within a second more, and the refusal may be sent. False: r is to be recorded as
// any other; so it is too while the log cannot be written, or the daemon ends. r->time does
// not matter.
bool hs_repeats_counted(
    struct hs_repeats *x, const struct hs_audit_record *r, const struct hs_now *now);
// Puts on record what was counted until now: before a session or the daemon ends.
void hs_repeats_flush(struct hs_repeats *x);

#endif
