// SPDX-License-Identifier: ISC
//
// The session key: an Ed25519 private key in guarded, locked memory that is left out of
// core files and is unreadable, for this process too, but while it signs. Never written
// anywhere.
#ifndef HS_AGENTD_KEYS_H
#define HS_AGENTD_KEYS_H

#include "proto/err.h"
#include "proto/key.h"

// Zero-initialise. May be moved by copying the struct and zeroing the old one.
struct hs_keys {
	uint8_t *secret; // sodium_malloc'ed; NULL: no key
	struct hs_key pub;
};

// Makes a new key. HS_ERR_NOMEM with a sentence where memory cannot be had or cannot be
// locked.
int hs_keys_make(struct hs_keys *k, struct hs_err *err);
// Appends an SSH signature blob (string "ssh-ed25519", string signature) over data.
int hs_keys_sign(const struct hs_keys *k, struct hs_str data, struct hs_buf *out);
void hs_keys_wipe(struct hs_keys *k); // wipes, unlocks and frees; fine without a key

#endif
