// SPDX-License-Identifier: ISC
//
// The cryptography of PIN/UV auth protocols 1 and 2 (CTAP 2.1 sections 6.5.6 and 6.5.7).
// What is said with it is pin.c's.
#ifndef HS_SOFTKEY_PINPROTO_H
#define HS_SOFTKEY_PINPROTO_H

#include <stdbool.h>
#include "proto/buf.h"

#define HS_PINPROTO_MAX 256 // bytes of one text

// proto is 1 or 2 everywhere.
struct hs_pinproto {
	int proto;
	uint8_t hmac[32], aes[32]; // the shared secret; wipe it
};

// Agrees with the host's public point (x, y). HS_ERR_CRYPTO if that is no point of the
// curve.
int hs_pinproto_agree(struct hs_pinproto *p, int proto, const uint8_t secret[static 32],
    const uint8_t peer[static 64]);

// Append to out. in must be whole blocks of 16 bytes (of protocol 2, behind 16 bytes of IV,
// when decrypted): else HS_ERR_FORMAT.
int hs_pinproto_encrypt(const struct hs_pinproto *p, struct hs_str in, struct hs_buf *out);
int hs_pinproto_decrypt(const struct hs_pinproto *p, struct hs_str in, struct hs_buf *out);

// Does auth authenticate message under the shared secret, or under a token?
bool hs_pinproto_verify(
    const struct hs_pinproto *p, struct hs_str message, struct hs_str auth);
bool hs_pinproto_verify_token(
    int proto, const uint8_t token[static 32], struct hs_str message, struct hs_str auth);

#endif
