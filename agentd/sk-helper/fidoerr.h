// SPDX-License-Identifier: ISC
//
// What libfido2 and a security key say, in our codes and in sentences that a person can act
// on. What each device was doing is its caller's.
#ifndef HS_SKHELPER_FIDOERR_H
#define HS_SKHELPER_FIDOERR_H

#include "proto/err.h"

// Fills err for a result of libfido2 (FIDO_ERR_..., not FIDO_OK) and returns its code. An
// error that has no sentence of its own is HS_SK_DEVICE with libfido2's name for it.
int hs_fidoerr(int r, struct hs_err *err);

#endif
