// SPDX-License-Identifier: ISC
//
// What the parts of an asking's life offer each other: touch.c, asked.c, arming.c,
// answering.c. The contract for everybody else is touch.h.
#ifndef HS_AGENTD_LIFE_H
#define HS_AGENTD_LIFE_H

#include "agentd/asking.h"

bool hs_touch_waits(const struct hs_touch *t); // it has no outcome yet

// Tells programs that follow how it waits now: "asked", "armed" or "parked".
void hs_touch_tell(const struct hs_touch *t);

void hs_touch_show(struct hs_touch *t);	  // its text stands; a second later it is queued
void hs_touch_queue(struct hs_touch *t);  // it is armed when it is its turn
void hs_arming_start(struct hs_touch *t); // it is its turn
void hs_touch_park(struct hs_touch *t);	  // nobody came, as t->why says
void hs_touch_end(struct hs_touch *t);	  // t->held or t->why says how
void hs_touch_fail(struct hs_touch *t, enum hs_code code, const char *sentence);
void hs_touch_decline(struct hs_touch *t); // the person said no

struct hs_conn *hs_touch_owner(
    const struct hs_touch *t); // who asked, if still there; or NULL

void hs_touch_drop_pin(struct hs_touch *t);  // closes the PIN's descriptor
void hs_touch_wipe_keys(struct hs_touch *t); // of what it would have made

#endif
