// SPDX-License-Identifier: ISC
//
// Proofs of possession that were found good, so that who renews is not checked anew each
// time. A proof is a signature over all that is asked for and holds nothing fresh
// (docs/PROTOCOL.agent 6.3): the same bytes are as good the second time. Only a lookup:
// who signs what is wanted.c's.
#ifndef HS_AGENTD_PROOFS_H
#define HS_AGENTD_PROOFS_H

#include "proto/key.h"

#define HS_PROOFS_SETS	 256 // by the digest's first byte
#define HS_PROOFS_WAYS	 4   // in a set; a fifth takes the place of one
#define HS_PROOFS_DIGEST 32  // SHA-256

// Zero-initialise. Nothing in it is secret. Not thread-safe.
struct hs_proofs {
	uint8_t seen[HS_PROOFS_SETS][HS_PROOFS_WAYS][HS_PROOFS_DIGEST];
};

// Of a message, the key that signed it and the signature: all that verifying looks at.
// HS_ERR_NOMEM, HS_ERR_CRYPTO.
int hs_proofs_digest(struct hs_str message, const struct hs_key *key, struct hs_str proof,
    uint8_t out[static HS_PROOFS_DIGEST]);
bool hs_proofs_known(
    const struct hs_proofs *p, const uint8_t digest[static HS_PROOFS_DIGEST]);
// Only for a proof that has just been verified.
void hs_proofs_add(struct hs_proofs *p, const uint8_t digest[static HS_PROOFS_DIGEST]);

#endif
