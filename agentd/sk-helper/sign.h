// SPDX-License-Identifier: ISC
//
// A signature over a grant or a direct certificate, by whichever of the enrolled keys is
// touched.
#ifndef HS_SKHELPER_SIGN_H
#define HS_SKHELPER_SIGN_H

#include "proto/helper.h"

// Does what the request asks. out->signature points into *sig, which the caller frees.
// HS_SK_REFUSED before any device is opened. If *stuck, a thread still runs: answer and
// _exit.
int hs_sign(const struct hs_helper_sign *req, struct hs_helper_signed *out,
    struct hs_buf *sig, bool *stuck, struct hs_err *err);

#endif
