// SPDX-License-Identifier: ISC
//
// Revoking at the daemon, and telling what came of it: for `revoke` and `close --revoke`.
#ifndef HS_CLIENT_REVOKING_H
#define HS_CLIENT_REVOKING_H

#include <jansson.h>
#include "client/handseal/daemon.h"

// Asks for it and prints the answer, in JSON where d->json: 0, or the exit status of what
// was told.
int hs_revoking(struct hs_daemon *d, enum hs_agent_revoke_what what, struct hs_str name);

#endif
