// SPDX-License-Identifier: ISC
//
// What must stand in a daemon's state folder, whatever failed under it. Each ends the
// program with a sentence where it does not. For faultrun.c.
#ifndef HS_TESTS_FAULTCHECK_H
#define HS_TESTS_FAULTCHECK_H

#include "tests/lib/crashlog.h"

// Each id is in the file of revocations, and in its session's list (rule 5).
void faultcheck_revoked(const char *state, const struct crashlog_ids *ids);
// The chain over all files; each id that was released is on record, and so many signatures
// of seats (rule 4).
void faultcheck_log(
    const char *state, const struct crashlog_ids *known, unsigned signatures);
// Nothing that was written by half lies about. keys: nor do those of sessions that could
// not begin.
void faultcheck_left(const char *state, bool keys);
// `handseal audit verify` proves it.
void faultcheck_verify(const char *client);

#endif
