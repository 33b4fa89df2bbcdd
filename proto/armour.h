// SPDX-License-Identifier: ISC
//
// The lines around OpenSSH's private key files (PROTOCOL.key) and signatures
// (PROTOCOL.sshsig), whatever is in them.
#ifndef HS_PROTO_ARMOUR_H
#define HS_PROTO_ARMOUR_H

#include "proto/buf.h"

#define HS_KEYFILE_MAGIC "openssh-key-v1" // and its NUL: how what is inside begins

// First line, base64 in lines that may end in CRLF, last line, nothing behind it. Appends
// what is inside, at most max bytes, to blob. HS_ERR_KEY_TYPE where the first line is
// another; HS_ERR_SHORT where the last is missing; HS_ERR_TRAILING; HS_ERR_FORMAT;
// HS_ERR_TOO_LONG; HS_ERR_NOMEM. blob may hold a part of it then: free it. Thread-safe.
int hs_armour_unwrap(struct hs_str text, size_t max, struct hs_buf *blob);
// The same between other lines.
int hs_armour_unwrap_as(struct hs_str text, const char *first, const char *last, size_t max,
    struct hs_buf *blob);

#define HS_ARMOUR_SIG_FIRST "-----BEGIN SSH SIGNATURE-----"
#define HS_ARMOUR_SIG_LAST  "-----END SSH SIGNATURE-----"

#endif
