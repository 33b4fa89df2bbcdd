// SPDX-License-Identifier: ISC
//
// What the helper gives up before it reads its first byte. Not a place for waiting or
// talking.
#ifndef HS_SKHELPER_SANDBOX_H
#define HS_SKHELPER_SANDBOX_H

#include <stdbool.h>
#include "proto/err.h"

// Undumpable, no core files, no new privileges, umask 077, no descriptors but stdin, stdout
// and stderr (which are there: /dev/null stands in for stderr) and the one that a PIN may
// come from, SIGPIPE ignored, and
// SIGTERM when whoever started us dies, so that no key goes on blinking for nobody.
// HS_ERR_IO with what could not be done.
int hs_sandbox_enter(struct hs_err *err);

// Once the request is read: keeps the descriptor for the PIN if one is offered, else closes
// it. HS_ERR_USAGE if it was not there to begin with.
int hs_sandbox_pin(bool offered, struct hs_err *err);

#endif
