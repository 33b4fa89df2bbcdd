// SPDX-License-Identifier: ISC
//
// Bounded SSH wire buffers (RFC 4251 section 5): a growing writer and a reader that never
// copies. Everything hostile is read through struct hs_rd. Not for sockets or files.
#ifndef HS_PROTO_BUF_H
#define HS_PROTO_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proto/err.h"

// A view of bytes that somebody else owns.
struct hs_str {
	const uint8_t *p; // may be NULL when len is 0
	size_t len;
};

// Writer. Zero-initialise; hs_buf_free when done. A failed put marks the buffer (err) and
// later puts do nothing, so a chain of puts is checked once, with hs_buf_err. Never above
// HS_BUF_MAX. Contents are wiped when freed or moved. Not thread-safe.
struct hs_buf {
	uint8_t *p;
	size_t len, cap;
	int err; // first hs_code that went wrong, or 0
};

void hs_buf_free(struct hs_buf *b);  // wipes, frees and zeroes; NULL is fine
void hs_buf_reset(struct hs_buf *b); // length 0, error cleared, memory kept and wiped
int hs_buf_err(const struct hs_buf *b);
struct hs_str hs_buf_str(const struct hs_buf *b);

void hs_put_u8(struct hs_buf *b, uint8_t v);
void hs_put_u32(struct hs_buf *b, uint32_t v);
void hs_put_u64(struct hs_buf *b, uint64_t v);
void hs_put_raw(struct hs_buf *b, const void *p, size_t len);
void hs_put_string(
    struct hs_buf *b, const void *p, size_t len);     // uint32 length, then bytes
void hs_put_str(struct hs_buf *b, struct hs_str s);   // the same from a view
void hs_put_cstring(struct hs_buf *b, const char *s); // without the NUL
void hs_put_mpint(
    struct hs_buf *b, const uint8_t *be, size_t len); // unsigned big-endian -> mpint
// printf into the buffer, raw, without the NUL (for texts)
void hs_put_fmt(struct hs_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
// len zero bytes at the end for the caller to fill in; valid until the next put. NULL on
// failure.
uint8_t *hs_put_space(struct hs_buf *b, size_t len);
// A string whose length is known only after its content is written: mark = begin, ...,
// end(mark).
size_t hs_put_string_begin(struct hs_buf *b);
void hs_put_string_end(struct hs_buf *b, size_t mark);

// Reader over memory that outlives it. Functions return HS_OK or
// HS_ERR_SHORT/_FORMAT/_TOO_LONG and leave *out untouched on failure.
struct hs_rd {
	const uint8_t *p;
	size_t left;
};

struct hs_rd hs_rd_init(const void *p, size_t len);
struct hs_rd hs_rd_of(struct hs_str s);
int hs_get_u8(struct hs_rd *r, uint8_t *out);
int hs_get_u32(struct hs_rd *r, uint32_t *out);
int hs_get_u64(struct hs_rd *r, uint64_t *out);
int hs_get_raw(struct hs_rd *r, size_t len, struct hs_str *out);
int hs_get_string(struct hs_rd *r, struct hs_str *out); // view into r's memory
int hs_get_string_max(struct hs_rd *r, size_t max, struct hs_str *out);
// A positive mpint in its shortest form, as an unsigned big-endian view without the sign
// byte.
int hs_get_mpint(struct hs_rd *r, size_t max, struct hs_str *out);
int hs_rd_end(const struct hs_rd *r); // HS_OK or HS_ERR_TRAILING

struct hs_str hs_str_c(const char *s);
bool hs_str_eq(
    struct hs_str a, struct hs_str b); // not constant time: for public bytes only
bool hs_str_is(struct hs_str a, const char *s);
int hs_str_cmp(struct hs_str a, struct hs_str b); // bytewise, shorter first
// Takes off the front of *rest, with that byte, what stands before the first `by`. Where
// there is none: _cut is false and changes nothing; _next takes all that is left, and is
// false, changing nothing, where that is nothing.
bool hs_str_cut(struct hs_str *rest, uint8_t by, struct hs_str *front);
bool hs_str_next(struct hs_str *rest, uint8_t by, struct hs_str *front);
// Copies into a NUL-terminated array; HS_ERR_TOO_LONG if it does not fit, HS_ERR_FORMAT on
// a NUL.
int hs_str_copy(struct hs_str s, char *dst, size_t dstsz);

#endif
