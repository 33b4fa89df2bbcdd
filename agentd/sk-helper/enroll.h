// SPDX-License-Identifier: ISC
//
// A new credential on whichever security key is touched.
#ifndef HS_SKHELPER_ENROLL_H
#define HS_SKHELPER_ENROLL_H

#include "proto/helper.h"

// Does what the request asks and appends the whole answer where that went well; else err is
// filled, and *retries has the PIN tries left where it is about that. If *stuck, a thread
// still runs: answer and _exit.
int hs_enroll(const struct hs_helper_enroll *req, struct hs_buf *answer, uint8_t *retries,
    bool *stuck, struct hs_err *err);

#endif
