// SPDX-License-Identifier: ISC
//
// Calendar dates in texts, and the seconds since 1970 that they stand for in UTC. Pure:
// what a date means in a machine's own zone is its reader's.
#ifndef HS_PROTO_DATE_H
#define HS_PROTO_DATE_H

#include "proto/buf.h"

// form: Y M D h m s stand for digits of year, month, day, hour, minute, second (a part that
// is missing is the least), anything else for itself: "YYYY-MM-DDThh:mm:ssZ". HS_ERR_FORMAT
// where text has another form, or is no date from 1970 to 9999; 60 seconds are none.
int hs_date_read(struct hs_str text, const char *form, uint64_t *unix_seconds);

// A time as OpenSSH writes it in options: YYYYMMDD, with hhmm or hhmmss behind it, and with
// Z or UTC at the end. *local: without those, so it is meant in the machine's own zone, and
// *seconds are what it would be in UTC. HS_ERR_FORMAT.
int hs_date_read_openssh(struct hs_str text, uint64_t *seconds, bool *local);

#endif
