// SPDX-License-Identifier: ISC
//
// A signature over a grant or a direct certificate, by whichever of the enrolled keys is
// touched; or over a root's list of what is revoked, by that root.
#ifndef HS_SKHELPER_SIGN_H
#define HS_SKHELPER_SIGN_H

#include "proto/helper.h"

// Does what the request asks and appends the whole answer where that went well; else err is
// filled, and *retries has the PIN tries left where it is about that. HS_SK_REFUSED before
// any device is opened. If *stuck, a thread still runs: answer and _exit.
int hs_sign(const struct hs_helper_sign *req, struct hs_buf *answer, uint8_t *retries,
    bool *stuck, struct hs_err *err);
// The same of a list. What is signed is its message with SSHSIG around it.
int hs_sign_list(const struct hs_helper_revoke *req, struct hs_buf *answer,
    uint8_t *retries, bool *stuck, struct hs_err *err);

#endif
