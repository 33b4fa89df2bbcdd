// SPDX-License-Identifier: ISC
//
// A direct certificate in its session's index, before the log has it: its touch's record
// holds it whole, so whoever reads that can log in with it, whatever comes of the asking
// then. What a grant leaves there is outcome.c's.
#ifndef HS_AGENTD_DIRECTNOTE_H
#define HS_AGENTD_DIRECTNOTE_H

#include "agentd/asking.h"

// t->held is direct. Notes it, on disk, and t->held->indexed; where the touch would open
// the session, it begins the index of that. Otherwise t->why says why not, and it may be
// neither recorded nor released: it could not be taken back.
int hs_directnote_put(struct hs_touch *t, const struct hs_now *now);
// h is, or opens, in the session that is open: was it not revoked meanwhile? Else t->why.
bool hs_directnote_stands(struct hs_touch *t, const struct hs_held *h);

#endif
