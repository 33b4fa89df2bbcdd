// SPDX-License-Identifier: ISC
//
// The certificates of a seat: made when they are first wanted, renewed at three quarters of
// their lives, recorded before they are listed. What may be signed with them is
// seatsign.h's.
#ifndef HS_AGENTD_SEATKEYS_H
#define HS_AGENTD_SEATKEYS_H

#include "agentd/seat.h"
#include "proto/decide.h"

#define HS_SEAT_LISTED 3 // so many certificates are offered to one host

// Answers SSH_AGENTC_REQUEST_IDENTITIES of a connection of that seat, now or when what is
// due has been renewed.
void hs_seatkeys_list(struct hs_conn *c);

// Makes part i's certificate. done is called once it is on disk (HS_OK) or cannot be,
// later, never from within; not where HS_OK is not returned.
typedef void hs_seatkeys_done(void *arg, int code);
int hs_seatkeys_renew(struct hs_seat *s, size_t i, const struct hs_now *now,
    hs_seatkeys_done *done, void *arg, struct hs_refusal *why);

// Is a certificate there that a server would take now?
bool hs_seatkeys_valid(
    const struct hs_seat *s, const struct hs_seat_part *p, const struct hs_now *now);
// A part as what decides knows a grant, its uses left aside.
struct hs_decide_grant hs_seatkeys_grant(
    const struct hs_seat *s, const struct hs_seat_part *p);
// Does the policy of now permit what that part may? Else why, which may be NULL, says why
// not.
bool hs_seatkeys_permitted(struct hs_seat *s, const struct hs_seat_part *p,
    const struct hs_now *now, struct hs_refusal *why);

void hs_seatkeys_drop(struct hs_seat *s); // the seat ends: nobody waits any longer

#endif
