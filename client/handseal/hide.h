// SPDX-License-Identifier: ISC
//
// handseal run --hide-keys: a mount namespace in which private key files are covered by an
// empty one. Who is not root gets a user namespace for it, without capabilities once a
// program runs there, so that nothing below can take a cover away or look past it; root can
// undo it. Linux only.
#ifndef HS_CLIENT_HIDE_H
#define HS_CLIENT_HIDE_H

#include "client/handseal/keyfiles.h"

// Would the kernel let us? Tried in a process of its own, which changes nothing here.
// HS_ERR_UNSUPPORTED with a sentence if not; HS_ERR_IO.
int hs_hide_check(const struct hs_keyfiles *k, struct hs_err *err);

// From here on this process, and what it starts, sees cover (an empty file) in the place of
// each of them. For a child that is about to run a program: there is no way back.
// HS_ERR_UNSUPPORTED with a sentence; the process must end then.
int hs_hide(const struct hs_keyfiles *k, const char *cover, struct hs_err *err);

#endif
