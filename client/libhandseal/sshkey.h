// SPDX-License-Identifier: ISC
//
// A person's or an agent's own Ed25519 key: read from an unencrypted file in OpenSSH's
// format (PROTOCOL.key), and used to sign. Internal to the client. Other key types, and
// encrypted files, are for ssh-agent (sshagent.h).
#ifndef HS_LIBHANDSEAL_SSHKEY_H
#define HS_LIBHANDSEAL_SSHKEY_H

#include "proto/key.h"

#define HS_SSHKEY_FILE_MAX 16384

// Zero-initialise; hs_sshkey_free when done. The secret is in guarded memory.
struct hs_sshkey {
	struct hs_key pub;
	uint8_t *secret; // 64 bytes, as libsodium wants them
};

// Reads the text of a private key file. HS_ERR_UNSUPPORTED: it is encrypted;
// HS_ERR_KEY_TYPE: of another type, or not in OpenSSH's format; HS_ERR_FORMAT,
// HS_ERR_SHORT, HS_ERR_TRAILING; HS_ERR_CRYPTO: its halves do not belong together.
int hs_sshkey_parse(struct hs_str text, struct hs_sshkey *k, struct hs_err *err);

// Appends an SSH signature blob over data.
int hs_sshkey_sign(const struct hs_sshkey *k, struct hs_str data, struct hs_buf *sig);
void hs_sshkey_free(struct hs_sshkey *k);

#endif
