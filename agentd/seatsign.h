// SPDX-License-Identifier: ISC
//
// What stock agent clients do on a seat: list, sign, bind to a host. What may be signed is
// decided by proto/guard.h, recorded, and only then handed out (docs/PROTOCOL.seat).
#ifndef HS_AGENTD_SEATSIGN_H
#define HS_AGENTD_SEATSIGN_H

#include "agentd/seat.h"

// A request of the RFC on a seat. It is answered, now or later.
void hs_seatsign_request(struct hs_conn *c, uint8_t type, struct hs_rd *r);
// session-bind@openssh.com. HS_OK: it was answered; else why it could not be decoded.
int hs_seatsign_bind(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now);
void hs_seatsign_forget(struct hs_conn *c); // its binds; the connection ends

// A client that is bound to a server was offered nothing: noted for `why`.
void hs_seatsign_nothing_listed(struct hs_conn *c, const struct hs_now *now);

// Is some statement of scope for the host that this connection is bound to? Yes where it is
// bound to none.
bool hs_seatsign_fits(const struct hs_conn *c, const struct hs_scope *scope);

#endif
