// SPDX-License-Identifier: ISC
//
// OpenSSH key revocation lists (PROTOCOL.krl), as far as handseal writes them: lists of
// keys. A session's key in one revokes every certificate that the session signed, later
// ones too.
#ifndef HS_PROTO_KRL_H
#define HS_PROTO_KRL_H

#include "proto/key.h"

// Appends a list that revokes these keys. version grows with each list of the same kind;
// date is Unix seconds; comment is for people.
void hs_krl_put(struct hs_buf *b, uint64_t version, uint64_t date, const char *comment,
    const struct hs_key *keys, size_t nkeys);

#endif
