// SPDX-License-Identifier: ISC
//
// From a request to its answer: all files are read, then what they revoke is looked for,
// then what they know. Bounded; what does not fit is left out, never what is revoked.
#ifndef HS_KNOWNHOSTS_GATHER_H
#define HS_KNOWNHOSTS_GATHER_H

#include "proto/knownhosts.h"

// Appends the answer. HS_ERR_TOO_LONG where more is revoked than fits, HS_ERR_NOMEM,
// HS_ERR_INTERNAL: there is none then, and err says why.
int hs_gather(
    const struct hs_knownhosts_request *req, struct hs_buf *answer, struct hs_err *err);

#endif
