// SPDX-License-Identifier: ISC
//
// P-256 private keys as bare 32-byte scalars: public point, signature, key agreement. Thin
// over OpenSSL; where keys come from and what they sign is the callers'.
#ifndef HS_SOFTKEY_P256_H
#define HS_SOFTKEY_P256_H

#include <openssl/evp.h>
#include "proto/buf.h"

#define HS_P256_SECRET 32
#define HS_P256_PUBLIC 64 // x, then y, big-endian

// All return HS_OK or HS_ERR_CRYPTO.
int hs_p256_make(uint8_t secret[static HS_P256_SECRET]);
int hs_p256_public(
    const uint8_t secret[static HS_P256_SECRET], uint8_t out[static HS_P256_PUBLIC]);
// Appends the DER signature over SHA-256 of message.
int hs_p256_sign(
    const uint8_t secret[static HS_P256_SECRET], struct hs_str message, struct hs_buf *out);
// The x coordinate of secret times that point, which is refused if it is not on the curve.
int hs_p256_agree(const uint8_t secret[static HS_P256_SECRET],
    const uint8_t peer[static HS_P256_PUBLIC], uint8_t out[static 32]);
// The key as OpenSSL has it, for EVP_PKEY_free; NULL on failure.
EVP_PKEY *hs_p256_pkey(const uint8_t secret[static HS_P256_SECRET]);

#endif
