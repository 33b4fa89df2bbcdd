// SPDX-License-Identifier: ISC
//
// What a security key returned for a signature, looked at before it is passed on. Asking
// for one is sign.c's; credential.h does the same for a new credential.
#ifndef HS_SKHELPER_ASSERTION_H
#define HS_SKHELPER_ASSERTION_H

#include <fido.h>
#include "proto/helper.h"

// Appends the SSH signature blob of a, which c was asked for, to *sig. HS_SK_DEVICE with a
// sentence unless it is one signature by c's key over c's body, with a touch, with
// verification where verify demands it, and with no flags that are not understood. What is
// in *sig is of use only where all went well.
int hs_assertion_take(const struct hs_helper_candidate *c, bool verify,
    const fido_assert_t *a, struct hs_buf *sig, struct hs_err *err);

#endif
