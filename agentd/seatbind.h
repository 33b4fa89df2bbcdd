// SPDX-License-Identifier: ISC
//
// Which server a connection of a seat is logging in to, as OpenSSH's clients say it: its
// binds, verified, and the names under which each server's key is known
// (docs/PROTOCOL.seat, "Binds").
#ifndef HS_AGENTD_SEATBIND_H
#define HS_AGENTD_SEATBIND_H

#include "agentd/seat.h"

#define HS_SEAT_BINDS_MAX 16  // of one connection, as ssh-agent
#define HS_SEAT_NAMES_MAX 256 // under which one host key may be known

struct hs_seat_bind {
	struct hs_buf session_id, hostkey;
	bool forwarding;
	struct hs_str names[HS_SEAT_NAMES_MAX]; // in text
	size_t nnames;
	struct hs_buf text;
};

struct hs_seat_binds {
	struct hs_seat_bind v[HS_SEAT_BINDS_MAX];
	size_t n;
	unsigned bad; // that were none
};

// session-bind@openssh.com. HS_OK: it was answered; else why it could not be decoded.
int hs_seatbind(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now);
// Nothing is given or signed over a forwarded connection: HS_OK, or HS_NO_FORWARD with why.
int hs_seatbind_local(const struct hs_conn *c, struct hs_refusal *why);
void hs_seatbind_forget(struct hs_conn *c); // the connection ends

const struct hs_seat_bind *hs_seatbind_last(const struct hs_conn *c); // NULL: it has none

// Is some statement of scope for the server that this connection is bound to? Yes where it
// is bound to none.
bool hs_seatbind_fits(const struct hs_conn *c, const struct hs_scope *scope);

#endif
