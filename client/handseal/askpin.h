// SPDX-License-Identifier: ISC
//
// Asks the person at this program for a security key's PIN: on the terminal, or through an
// askpass program as OpenSSH does. Whether it is the right one is the key's to say.
#ifndef HS_CLIENT_ASKPIN_H
#define HS_CLIENT_ASKPIN_H

#include <stddef.h>
#include "proto/err.h"

// Shows prompt and reads a line that is not echoed, from /dev/tty; where there is none, and
// a display, or where SSH_ASKPASS_REQUIRE says so, from the program that $HANDSEAL_ASKPASS
// or else $SSH_ASKPASS names. *pin is a string of *len bytes in guarded memory, to be freed
// with sodium_free, which wipes it; *len is 0 where just Enter was pressed, else it could
// be a PIN. HS_SK_PIN_INVALID where it could not; HS_SK_CANCELLED on SIGINT, SIGTERM,
// SIGHUP and SIGQUIT, an end of input, or an askpass program that does not exit with 0;
// HS_NO_CHANNEL where there is nowhere to ask; HS_ERR_IO, HS_ERR_NOMEM. The terminal is
// left as it was, whatever happens. For programs of one thread.
int hs_askpin(const char *prompt, char **pin, size_t *len, struct hs_err *err);

#endif
