// SPDX-License-Identifier: ISC
//
// What a security key returned for a new credential, looked at before it is passed on.
// Asking for one is enroll.c's.
#ifndef HS_SKHELPER_CREDENTIAL_H
#define HS_SKHELPER_CREDENTIAL_H

#include <fido.h>
#include "proto/helper.h"

// Fills out from cred, which was asked for with req: views into cred, but for out->key,
// which is written to key. product and simulated are left to the caller. HS_SK_DEVICE with
// a sentence where it is not what was asked for, or its attestation does not verify.
int hs_credential_take(const struct hs_helper_enroll *req, const fido_cred_t *cred,
    struct hs_buf *key, struct hs_helper_enrolled *out, struct hs_err *err);

#endif
