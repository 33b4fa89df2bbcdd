// SPDX-License-Identifier: ISC
//
// handseal revoke --by-root: takes back by a root's touch, on whichever machine its key is
// plugged in; no daemon and no session are needed.
#ifndef HS_CLIENT_BYROOT_H
#define HS_CLIENT_BYROOT_H

// The command, with all its arguments: its exit status.
int hs_byroot(int argc, char **argv);

#endif
