// SPDX-License-Identifier: ISC
//
// The proof that a server does what it should: one delegated login that must work, and one
// that must fail with handseal-shell's own code; and that who could log in before still
// can. Not for what is changed there.
#ifndef HS_CLIENT_SERVER_PROOF_H
#define HS_CLIENT_SERVER_PROOF_H

#include "client/handseal/server.h"

struct hs_serverproof {
	char dir[64]; // 0700, ours; "": no proof was begun
	char login[65];
};

// Gets a certificate for one harmless command, the ordinary way: what is not open yet costs
// a touch. Before anything is changed on the server, so that no touch is waited for then.
// login and name are whom it is for, and this server. 0, or the exit status of what was
// told.
int hs_serverproof_ask(struct hs_serverproof *p, const struct hs_server *s,
    struct hs_str login, struct hs_str name, struct hs_err *err);
// A new connection of the user's own, as they logged in before. HS_ERR_IO.
int hs_serverproof_admin(const struct hs_server *s, struct hs_err *err);
// Both logins. HS_ERR_IO with which one did not do what it should.
int hs_serverproof_try(
    const struct hs_serverproof *p, const struct hs_server *s, struct hs_err *err);
void hs_serverproof_end(struct hs_serverproof *p);

#endif
