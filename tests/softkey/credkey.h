// SPDX-License-Identifier: ISC
//
// A credential's key pair, as it is wrapped into a key handle (so that the software key
// need not keep it), shown as a COSE key, and signed with. Which credential may sign is
// assert.c's.
#ifndef HS_SOFTKEY_CREDKEY_H
#define HS_SOFTKEY_CREDKEY_H

#include "proto/buf.h"

#define HS_COSE_ES256 (-7)
#define HS_COSE_EDDSA (-8)

#define HS_CREDKEY_HANDLE (24 + 34 + 16) // nonce, content, tag

struct hs_credkey {
	int alg;	    // HS_COSE_*
	uint8_t protect;    // credProtect's level: 1 to 3
	uint8_t secret[32]; // Ed25519 seed or P-256 scalar; wipe it
};

int hs_credkey_make(struct hs_credkey *k, int alg, uint8_t protect);

// A key handle opens only under the master and for the relying party that it was made with.
int hs_credkey_wrap(const struct hs_credkey *k, const uint8_t master[static 32],
    const uint8_t rp_hash[static 32], uint8_t handle[static HS_CREDKEY_HANDLE]);
// HS_SK_NO_CREDENTIAL if it does not.
int hs_credkey_open(struct hs_credkey *k, const uint8_t master[static 32],
    const uint8_t rp_hash[static 32], struct hs_str handle);

int hs_credkey_put_cose(struct hs_buf *b, const struct hs_credkey *k);
// Appends the signature as WebAuthn has it: DER for ES256, 64 bytes for EdDSA.
int hs_credkey_sign(const struct hs_credkey *k, struct hs_str message, struct hs_buf *out);

#endif
