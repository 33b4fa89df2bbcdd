// SPDX-License-Identifier: ISC
//
// What auditread.c and auditread_string.c share: escapes in strings. Not for others.
#ifndef HS_PROTO_AUDITREAD_INTERNAL_H
#define HS_PROTO_AUDITREAD_INTERNAL_H

#include "proto/buf.h"

int hs_audit_hex_digit(uint8_t c); // -1: none; upper case is none

// The escape at s.p[at], which is a backslash: its length and the character; 0: it is none.
size_t hs_audit_escape(struct hs_str s, size_t at, uint32_t *cp);

// Would the writer have escaped that character, in so many bytes?
bool hs_audit_escaped_rightly(uint32_t cp, size_t len);

#endif
