// SPDX-License-Identifier: ISC
//
// CBOR as CTAP2 allows it. Contract in cbor.h. The messages come from whoever opened the
// socket, so every length is held against what is left before it is used.
#include "tests/softkey/cbor.h"

#include <string.h>

enum major { UINT = 0, NEGINT, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

#define SIMPLE_FALSE 20
#define SIMPLE_TRUE  21
#define SIMPLE_NULL  22

// The type and the number in front of each item; only the shortest form is taken.
static int
get_head(struct hs_rd *r, enum major *major, uint64_t *v)
{
	struct hs_rd at = *r;
	uint64_t n = 0;
	uint8_t first, byte;
	unsigned more;

	if (hs_get_u8(&at, &first) != HS_OK)
		return HS_ERR_SHORT;
	*v = first & 0x1f;
	*major = (enum major)(first >> 5);
	if (*v > 27) // reserved, or a length that is not given
		return HS_ERR_FORMAT;
	if (*v >= 24) {
		more = 1u << (*v - 24);
		for (unsigned i = 0; i < more; i++) {
			if (hs_get_u8(&at, &byte) != HS_OK)
				return HS_ERR_SHORT;
			n = n << 8 | byte;
		}
		if (n < 24 || (more > 1 && n >> (4 * more) == 0))
			return HS_ERR_FORMAT;
		*v = n;
	}
	*r = at;
	return HS_OK;
}

// As get_head, of that type only.
static int
get_typed(struct hs_rd *r, enum major want, uint64_t *v)
{
	struct hs_rd at = *r;
	enum major major;
	int rc = get_head(&at, &major, v);

	if (rc == HS_OK && major != want)
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK)
		*r = at;
	return rc;
}

int
hs_cbor_int(struct hs_rd *r, int64_t *out)
{
	struct hs_rd at = *r;
	enum major major;
	uint64_t v;
	int rc = get_head(&at, &major, &v);

	if (rc != HS_OK)
		return rc;
	if ((major != UINT && major != NEGINT) || v > INT64_MAX)
		return HS_ERR_FORMAT;
	*out = major == UINT ? (int64_t)v : -1 - (int64_t)v;
	*r = at;
	return HS_OK;
}

static int
get_string(struct hs_rd *r, enum major want, struct hs_str *out)
{
	struct hs_rd at = *r;
	uint64_t len;
	int rc = get_typed(&at, want, &len);

	if (rc == HS_OK && len > at.left)
		rc = HS_ERR_SHORT;
	if (rc == HS_OK)
		rc = hs_get_raw(&at, (size_t)len, out);
	if (rc == HS_OK)
		*r = at;
	return rc;
}

int
hs_cbor_bytes(struct hs_rd *r, struct hs_str *out)
{
	return get_string(r, BYTES, out);
}

int
hs_cbor_text(struct hs_rd *r, struct hs_str *out)
{
	return get_string(r, TEXT, out);
}

int
hs_cbor_bool(struct hs_rd *r, bool *out)
{
	struct hs_rd at = *r;
	uint64_t v;
	int rc = get_typed(&at, SIMPLE, &v);

	if (rc != HS_OK)
		return rc;
	if (v != SIMPLE_FALSE && v != SIMPLE_TRUE)
		return HS_ERR_FORMAT;
	*out = v == SIMPLE_TRUE;
	*r = at;
	return HS_OK;
}

// Each item takes a byte at least, so a count beyond what is left is a cut message.
static int
get_count(struct hs_rd *r, enum major want, size_t each, size_t *n)
{
	struct hs_rd at = *r;
	uint64_t v;
	int rc = get_typed(&at, want, &v);

	if (rc == HS_OK && v > at.left / each)
		rc = HS_ERR_SHORT;
	if (rc != HS_OK)
		return rc;
	*n = (size_t)v;
	*r = at;
	return HS_OK;
}

int
hs_cbor_array(struct hs_rd *r, size_t *n)
{
	return get_count(r, ARRAY, 1, n);
}

int
hs_cbor_map(struct hs_rd *r, size_t *n)
{
	return get_count(r, MAP, 2, n);
}

// UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
static bool
is_utf8(struct hs_str s)
{
	for (size_t i = 0; i < s.len;) {
		uint8_t first = s.p[i++];
		unsigned more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
		uint8_t low = 0x80, high = 0xbf; // of the second byte

		if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || more > s.len - i)
			return false;
		if (first == 0xe0)
			low = 0xa0;
		else if (first == 0xed)
			high = 0x9f;
		else if (first == 0xf0)
			low = 0x90;
		else if (first == 0xf4)
			high = 0x8f;
		for (unsigned k = 0; k < more; k++, i++) {
			if (s.p[i] < low || s.p[i] > high)
				return false;
			low = 0x80;
			high = 0xbf;
		}
	}
	return true;
}

static int check_item(struct hs_rd *r, unsigned depth);

// Keys of one type sort as their encodings do, and of two types likewise.
static int
check_key(struct hs_rd *r, struct hs_str *last)
{
	const uint8_t *start = r->p;
	struct hs_str key;
	enum major major;
	struct hs_rd at = *r;
	uint64_t v;
	size_t both;
	int rc = get_head(&at, &major, &v), order;

	if (rc == HS_OK && major != UINT && major != NEGINT && major != TEXT)
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK)
		rc = check_item(r, HS_CBOR_DEPTH);
	if (rc != HS_OK)
		return rc;
	key = (struct hs_str){start, (size_t)(r->p - start)};
	both = key.len < last->len ? key.len : last->len;
	order = both > 0 ? memcmp(last->p, key.p, both) : -1;
	if (order > 0 || (order == 0 && last->len >= key.len))
		return HS_ERR_FORMAT;
	*last = key;
	return HS_OK;
}

static int
check_inside(struct hs_rd *r, bool map, unsigned depth)
{
	struct hs_str last = {0};
	size_t n = 0;
	int rc = map ? hs_cbor_map(r, &n) : hs_cbor_array(r, &n);

	if (rc == HS_OK && depth >= HS_CBOR_DEPTH)
		rc = HS_ERR_TOO_LONG;
	for (size_t i = 0; rc == HS_OK && i < n; i++) {
		if (map)
			rc = check_key(r, &last);
		if (rc == HS_OK)
			rc = check_item(r, depth + 1);
	}
	return rc;
}

static int
check_item(struct hs_rd *r, unsigned depth)
{
	struct hs_rd at = *r;
	enum major major;
	struct hs_str s;
	uint64_t v;
	int rc = get_head(&at, &major, &v);

	if (rc != HS_OK)
		return rc;
	switch (major) {
	case UINT:
	case NEGINT:
		*r = at;
		return HS_OK;
	case BYTES:
		return get_string(r, major, &s);
	case TEXT:
		at = *r;
		rc = get_string(&at, major, &s);
		if (rc == HS_OK && !is_utf8(s))
			rc = HS_ERR_FORMAT;
		if (rc == HS_OK)
			*r = at;
		return rc;
	case ARRAY:
	case MAP:
		return check_inside(r, major == MAP, depth);
	case SIMPLE:
		*r = at;
		return v >= SIMPLE_FALSE && v <= SIMPLE_NULL ? HS_OK : HS_ERR_FORMAT;
	case TAG:
	default:
		return HS_ERR_FORMAT;
	}
}

int
hs_cbor_check(struct hs_str in)
{
	struct hs_rd r = hs_rd_of(in);
	int rc = check_item(&r, 0);

	return rc == HS_OK ? hs_rd_end(&r) : rc;
}

int
hs_cbor_skip(struct hs_rd *r)
{
	struct hs_rd at = *r;
	int rc = check_item(&at, 0);

	if (rc == HS_OK)
		*r = at;
	return rc;
}

static void
put_head(struct hs_buf *b, enum major major, uint64_t v)
{
	uint8_t type = (uint8_t)(major << 5);

	if (v < 24) {
		hs_put_u8(b, (uint8_t)(type | v));
	} else if (v <= UINT8_MAX) {
		hs_put_u8(b, type | 24);
		hs_put_u8(b, (uint8_t)v);
	} else if (v <= UINT16_MAX) {
		hs_put_u8(b, type | 25);
		hs_put_u8(b, (uint8_t)(v >> 8));
		hs_put_u8(b, (uint8_t)v);
	} else if (v <= UINT32_MAX) {
		hs_put_u8(b, type | 26);
		hs_put_u32(b, (uint32_t)v);
	} else {
		hs_put_u8(b, type | 27);
		hs_put_u64(b, v);
	}
}

void
hs_cbor_put_int(struct hs_buf *b, int64_t v)
{
	if (v >= 0)
		put_head(b, UINT, (uint64_t)v);
	else
		put_head(b, NEGINT, (uint64_t)(-1 - v));
}

void
hs_cbor_put_bytes(struct hs_buf *b, const void *p, size_t len)
{
	put_head(b, BYTES, len);
	hs_put_raw(b, p, len);
}

void
hs_cbor_put_text(struct hs_buf *b, const char *s)
{
	size_t len = strlen(s);

	put_head(b, TEXT, len);
	hs_put_raw(b, s, len);
}

void
hs_cbor_put_bool(struct hs_buf *b, bool v)
{
	put_head(b, SIMPLE, v ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void
hs_cbor_put_array(struct hs_buf *b, size_t n)
{
	put_head(b, ARRAY, n);
}

void
hs_cbor_put_map(struct hs_buf *b, size_t n)
{
	put_head(b, MAP, n);
}
