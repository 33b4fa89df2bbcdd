// SPDX-License-Identifier: ISC
//
// Secret keys for forged chains: a root whose "security key" signs with any flags, touched
// or not, and a session key that is not in a daemon. For tests; what is signed is the
// caller's.
#ifndef HS_TESTS_MINT_H
#define HS_TESTS_MINT_H

#include "proto/key.h"

// sk kinds and plain Ed25519; the secret is an Ed25519 seed or a P-256 scalar.
struct hs_mint {
	struct hs_key key;
	uint8_t secret[32];
};

// A fresh key of that type, or the key of that Ed25519 seed. HS_OK or HS_ERR_CRYPTO.
int hs_mint_make(struct hs_mint *m, enum hs_key_type type);
int hs_mint_ed25519(
    struct hs_mint *m, enum hs_key_type type, const uint8_t seed[static 32]);

// Appends the signature of body to it, so that a certificate's body becomes a certificate.
// flags and counter are for sk kinds.
int hs_mint_sign(
    const struct hs_mint *m, struct hs_buf *body, uint8_t flags, uint32_t counter);

// Appends the key as OpenSSH's unencrypted private key file; plain Ed25519 only.
int hs_mint_put_openssh(struct hs_buf *text, const struct hs_mint *m);

#endif
