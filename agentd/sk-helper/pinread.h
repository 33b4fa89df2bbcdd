// SPDX-License-Identifier: ISC
//
// Reads a PIN from the descriptor that it is passed on, into guarded memory. When, and for
// which key, is person.h's.
#ifndef HS_SKHELPER_PINREAD_H
#define HS_SKHELPER_PINREAD_H

#include <stdatomic.h>
#include <stdint.h>
#include "proto/err.h"

// Reads fd until its end, for at most that many seconds, and closes it. *pin is a string in
// guarded memory: free it with sodium_free, which wipes it. HS_SK_PIN_INVALID: what came is
// none; HS_SK_PIN_REQUIRED: nothing came; HS_SK_TIMEOUT, HS_SK_CANCELLED once *stop is
// true, HS_ERR_IO, HS_ERR_NOMEM. *pin is NULL then.
int hs_pinread(
    int fd, uint32_t seconds, const atomic_bool *stop, char **pin, struct hs_err *err);

#endif
