// SPDX-License-Identifier: ISC
//
// What handseal-verify's answers for programs are made of: the members of an object, each
// with the comma that it needs. By the audit log's bounded writer, so that whatever bytes a
// string holds, the line is valid JSON in UTF-8. The braces are the caller's.
#ifndef HS_VERIFY_JSON_H
#define HS_VERIFY_JSON_H

#include <stdbool.h>
#include "proto/buf.h"

// The name, which is plain ASCII; the caller puts the value behind it.
void hs_json_name(struct hs_buf *b, const char *name);
void hs_json_bool(struct hs_buf *b, const char *name, bool v);
void hs_json_number(struct hs_buf *b, const char *name, uint64_t v);
void hs_json_string(struct hs_buf *b, const char *name, struct hs_str v);

#endif
