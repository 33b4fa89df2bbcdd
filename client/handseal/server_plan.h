// SPDX-License-Identifier: ISC
//
// What `handseal server add` shows before it asks: what is on the server, and what would be
// changed there. Not for doing it.
#ifndef HS_CLIENT_SERVER_PLAN_H
#define HS_CLIENT_SERVER_PLAN_H

#include "client/handseal/server.h"

// Appends it, of what the server said (facts). users: whom the roots admit, a blank between
// two; login: who is tried. HS_ERR_NOMEM, HS_ERR_TOO_LONG.
int hs_serverplan_put(struct hs_buf *b, const struct hs_server *s, struct hs_str facts,
    struct hs_str users, const char *login);

#endif
