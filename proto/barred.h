// SPDX-License-Identifier: ISC
//
// /etc/handseal/revoked (docs/PROTOCOL.server section 4): roots and sessions that a
// server's owner refuses whatever else holds. A text; who may write the file is its
// reader's.
#ifndef HS_PROTO_BARRED_H
#define HS_PROTO_BARRED_H

#include "proto/key.h"

// Reads the whole text, and is root or session (NULL: none) in it? HS_OK; HS_NO_REVOKED;
// HS_ERR_CONFIG with line and column of the first mistake: then nobody can be said not to
// be in it.
int hs_barred(
    struct hs_str text, const struct hs_key *root, const char *session, struct hs_err *err);

#endif
