// SPDX-License-Identifier: ISC
//
// One enrolled key in words, in JSON, and as lines for servers: what `enroll` and `roots`
// share.
#ifndef HS_CLIENT_ROOTINFO_H
#define HS_CLIENT_ROOTINFO_H

#include <jansson.h>
#include "proto/rootfile.h"

// "ed25519-sk" or "ecdsa-sk", as ssh-keygen calls them.
const char *hs_rootinfo_type(const struct hs_root_record *r);

// "touch with PIN" or "touch without PIN": what its owner has it demand.
const char *hs_rootinfo_touch(const struct hs_root_record *r);

// Appends "YubiKey 5C NFC (its own claim: no attestation roots set)", without LF; nothing
// where the key said nothing of itself.
void hs_rootinfo_put_product(struct hs_buf *b, const struct hs_root_record *r);

// Appends a line for /etc/handseal/roots, without LF: users="LOGIN" KEY NAME, OWNER; with
// require-uv where the key is to be touched with its PIN. login
// may be NULL: then a word stands there that no account has, and the line admits nobody
// until it is edited.
void hs_rootinfo_put_server_line(
    struct hs_buf *b, const struct hs_root_record *r, const char *login);
// Appends a line for authorized_keys that makes a stock sshd trust the key itself, without
// LF.
void hs_rootinfo_put_direct_line(struct hs_buf *b, const struct hs_root_record *r);

// All of it but the key handle; NULL only without memory.
json_t *hs_rootinfo_json(const struct hs_root_record *r);

#endif
