// SPDX-License-Identifier: ISC
//
// The two numbers of an ECDSA signature as SSH has them (RFC 5656 section 3.1.2), turned
// into what OpenSSL verifies. For sig.c and hostkey_sig.c, which verify.
#ifndef HS_PROTO_ECDSA_H
#define HS_PROTO_ECDSA_H

#include <stdint.h>
#include "proto/buf.h"

#define HS_ECDSA_DER_MAX 160 // an ECDSA-Sig-Value of two 67-byte integers takes 141

// raw is mpint r, mpint s, each of at most bytes, all of it. DER in der, its length in
// *len. HS_ERR_SHORT, HS_ERR_FORMAT, HS_ERR_TOO_LONG, HS_ERR_TRAILING, HS_ERR_CRYPTO.
int hs_ecdsa_der(
    struct hs_str raw, size_t bytes, uint8_t der[static HS_ECDSA_DER_MAX], size_t *len);

#endif
