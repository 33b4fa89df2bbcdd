// SPDX-License-Identifier: ISC
//
// What libssh is asked: does this name fit this pattern or hash, and which key is this. One
// question each; lists are match.h's.
#ifndef HS_KNOWNHOSTS_ASK_H
#define HS_KNOWNHOSTS_ASK_H

#include "agentd/known-hosts/line.h"

// Is pattern, one of a list or a hashed name, that of the name (port 0) or of [name]:port?
// name is an exact host name, pattern of at most HS_PATTERNS_BYTES_MAX bytes without
// blanks, NULs, `,` and `[`. HS_ERR_NOMEM.
int hs_ask_matches(struct hs_str name, unsigned port, struct hs_str pattern, bool *yes);

// The key of the line as a blob, in the place of what is in blob. HS_ERR_KEY_TYPE if it is
// of a type that libssh does not know, or a certificate; HS_ERR_FORMAT if it is none, or is
// not written as ssh writes it: then the same key could be written in two ways.
int hs_ask_key(const struct hs_line *l, struct hs_buf *blob, struct hs_err *err);

#endif
