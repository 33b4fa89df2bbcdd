// SPDX-License-Identifier: ISC
//
// What the daemon's policy says about names: the scopes behind them, and how long a session
// may be. Asked over the socket (docs/PROTOCOL.agent section 6.9), since the daemon's
// policy counts and not the file of now.
#ifndef HS_CLIENT_NAMED_H
#define HS_CLIENT_NAMED_H

#include "client/handseal/daemon.h"
#include "client/handseal/scopeopts.h"

// The scope that --scope names, or, where the options say nothing at all, that the policy's
// Session has; made less by --uses, --depth and max_ttl_option. command is for usage.
// *direct is set where one of them says Trust direct; direct NULL: it is for a session,
// which has none of those, and so is refused. 0, or the exit status of what was told.
int hs_named_scope(struct hs_daemon *d, const char *command, const struct hs_scopeopts *o,
    uint64_t max_ttl, const char *max_ttl_option, bool *direct, struct hs_scope **out);

// Seconds that the policy allows a session, at most HS_SESSION_TTL; that too where it
// cannot be told, since the daemon judges it anyway.
uint64_t hs_named_session_ttl(void);

#endif
