// SPDX-License-Identifier: ISC
//
// What stock agent clients do on a seat: list and sign. What may be signed is
// decided by proto/guard.h, recorded, and only then handed out (docs/PROTOCOL.seat).
#ifndef HS_AGENTD_SEATSIGN_H
#define HS_AGENTD_SEATSIGN_H

#include "agentd/seat.h"
#include "proto/guard.h"

// A request of the RFC on a seat. It is answered, now or later.
void hs_seatsign_request(struct hs_conn *c, uint8_t type, struct hs_rd *r);
// Refuses, with a failure that has no words of its own: noted for `why`, recorded first. g
// is what was decided on, or NULL.
void hs_seatsign_refuse(struct hs_conn *c, uint8_t reply, const struct hs_refusal *why,
    const struct hs_guarded *g, const struct hs_now *now);
// A client that is bound to a server was offered nothing: noted for `why`, and recorded.
void hs_seatsign_nothing_listed(struct hs_conn *c, const struct hs_now *now);

#endif
