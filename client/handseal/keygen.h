// SPDX-License-Identifier: ISC
//
// A new Ed25519 key pair for an agent, made and written by libssh. Not for a credential on
// a security key (newkey.h).
#ifndef HS_CLIENT_KEYGEN_H
#define HS_CLIENT_KEYGEN_H

#include "client/libhandseal/sshkey.h"

// Makes a key pair. *file gets the text of its private key file, unencrypted: wipe it by
// hs_buf_free, write it nowhere but where it belongs.
int hs_keygen_make(struct hs_sshkey *k, struct hs_buf *file, struct hs_err *err);

#endif
