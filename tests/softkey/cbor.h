// SPDX-License-Identifier: ISC
//
// CBOR as CTAP2 allows it (its canonical form, section "Message Encoding"): a check of a
// whole message, bounded readers and writers. Not a general CBOR library: no tags, no
// floats, no indefinite lengths, four levels.
#ifndef HS_SOFTKEY_CBOR_H
#define HS_SOFTKEY_CBOR_H

#include <stdbool.h>
#include "proto/buf.h"

#define HS_CBOR_DEPTH 4

// HS_OK if in is one item in canonical form (shortest lengths, keys of maps ascending, so
// that none repeats; keys are integers or text; text is UTF-8) and nothing behind it.
int hs_cbor_check(struct hs_str in);

// Readers. HS_ERR_FORMAT if the next item is of another type, HS_ERR_SHORT if it is cut;
// both leave r where it was. Views point into r's memory. A map's or an array's items
// follow one by one.
int hs_cbor_int(struct hs_rd *r, int64_t *out); // of either sign
int hs_cbor_bytes(struct hs_rd *r, struct hs_str *out);
int hs_cbor_text(struct hs_rd *r, struct hs_str *out);
int hs_cbor_bool(struct hs_rd *r, bool *out);
int hs_cbor_array(struct hs_rd *r, size_t *n);
int hs_cbor_map(struct hs_rd *r, size_t *n); // n pairs
// Steps over one item with all that is in it.
int hs_cbor_skip(struct hs_rd *r);

void hs_cbor_put_int(struct hs_buf *b, int64_t v);
void hs_cbor_put_bytes(struct hs_buf *b, const void *p, size_t len);
void hs_cbor_put_text(struct hs_buf *b, const char *s);
void hs_cbor_put_bool(struct hs_buf *b, bool v);
void hs_cbor_put_array(struct hs_buf *b, size_t n);
void hs_cbor_put_map(struct hs_buf *b, size_t n);

#endif
