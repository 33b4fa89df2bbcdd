// SPDX-License-Identifier: ISC
//
// A certificate as text, in the two forms that reach us: sshd's "%t %k" and the one line of
// a -cert.pub file. Pure. What the blob means is not looked at.
#ifndef HS_PROTO_CERTLINE_H
#define HS_PROTO_CERTLINE_H

#include "proto/buf.h"
#include "proto/limits.h"

#define HS_CERTLINE_MAX (HS_CERT_MAX / 3 * 4 + 1024) // bytes of such a file

// Decodes base64, at most HS_CERT_MAX bytes, and demands that the blob names the type that
// the text beside it claims. Appends the blob. HS_ERR_FORMAT, HS_ERR_TOO_LONG,
// HS_ERR_NOMEM.
int hs_certline_blob(
    struct hs_str type, struct hs_str base64, struct hs_buf *blob, struct hs_err *err);

// Reads "type base64[ comment]" with an optional line end; a second line is an error.
int hs_certline_file(struct hs_str text, struct hs_buf *blob, struct hs_err *err);

#endif
