// SPDX-License-Identifier: ISC
//
// A PIN on its way to handseald: the reading end of a pipe that holds it, for the daemon to
// pass on to the security key's helper unread. How it is asked for is askpin.h's part.
#ifndef HS_CLIENT_PINPIPE_H
#define HS_CLIENT_PINPIPE_H

#include <stdbool.h>
#include "proto/buf.h"
#include "proto/err.h"

// *fd is the caller's to close. HS_SK_CANCELLED: it is empty; HS_SK_PIN_INVALID: it could
// not be a PIN; HS_ERR_IO.
int hs_pinpipe_put(struct hs_str pin, int *fd, struct hs_err *err);

// Asks for it first, as hs_askpin does.
int hs_pinpipe_ask(const char *prompt, int *fd, struct hs_err *err);

// Asks yes or no at the terminal; false where there is none.
bool hs_pinpipe_yes(const char *question);

#endif
