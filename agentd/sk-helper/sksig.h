// SPDX-License-Identifier: ISC
//
// From what an authenticator returns to SSH's form of it (OpenSSH PROTOCOL.u2f). Whether
// the signature is good is hs_sig_verify's to say.
#ifndef HS_SKHELPER_SKSIG_H
#define HS_SKHELPER_SKSIG_H

#include "proto/key.h"

// Appends the signature blob: string type, string signature, byte flags, uint32 counter.
// raw is 64 bytes for Ed25519, a DER ECDSA-Sig-Value for P-256. HS_ERR_FORMAT where it is
// anything else: a number that is negative, zero, padded or over 32 bytes, a length in long
// form, bytes left over. HS_ERR_KEY_TYPE for a key type that is no security key's. b is
// unchanged then.
int hs_sksig_put(
    struct hs_buf *b, enum hs_key_type type, struct hs_str raw, const struct hs_sk_sig *sk);

#endif
