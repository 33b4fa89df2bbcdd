// SPDX-License-Identifier: ISC
//
// What the server's programs give up before they read a hostile byte. Not a sandbox.
#ifndef HS_CLIENT_VERIFY_DROP_H
#define HS_CLIENT_VERIFY_DROP_H

#include <stdbool.h>

// Undumpable (no ptrace, no core) and no core file; with no_new_privs also that nothing we
// could be made to run gains anything. 0, or -1 with errno: then go no further.
int hs_drop_enter(bool no_new_privs);

// Gives the core limit back to what is executed next: it is the user's, not ours.
void hs_drop_leave(void);

#endif
