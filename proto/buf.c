// SPDX-License-Identifier: ISC
//
// Bounded SSH wire buffers: the writer grows up to HS_BUF_MAX and wipes what it leaves
// behind, the reader hands out views and never moves past what it refused. Contract in
// buf.h.
#include "proto/buf.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/limits.h"

#define FIRST_CAP 256

void
hs_buf_free(struct hs_buf *b)
{
	if (b == NULL)
		return;
	if (b->p != NULL)
		sodium_memzero(b->p, b->cap);
	free(b->p);
	*b = (struct hs_buf){0};
}

void
hs_buf_reset(struct hs_buf *b)
{
	if (b->len > 0)
		sodium_memzero(b->p, b->len);
	b->len = 0;
	b->err = HS_OK;
}

int
hs_buf_err(const struct hs_buf *b)
{
	return b->err;
}

struct hs_str
hs_buf_str(const struct hs_buf *b)
{
	return (struct hs_str){b->p, b->len};
}

static void
grow(struct hs_buf *b, size_t need)
{
	size_t cap = b->cap > 0 ? b->cap : FIRST_CAP;
	uint8_t *p;

	while (cap < need)
		cap *= 2;
	if (cap > HS_BUF_MAX)
		cap = HS_BUF_MAX;
	p = calloc(1, cap);
	if (p == NULL) {
		b->err = HS_ERR_NOMEM;
		return;
	}
	if (b->p != NULL) {
		memcpy(p, b->p, b->len);
		sodium_memzero(b->p, b->cap);
		free(b->p);
	}
	b->p = p;
	b->cap = cap;
}

static uint8_t *
reserve(struct hs_buf *b, size_t len)
{
	uint8_t *p;

	if (b->err != HS_OK)
		return NULL;
	if (len > HS_BUF_MAX || b->len > HS_BUF_MAX - len) {
		b->err = HS_ERR_TOO_LONG;
		return NULL;
	}
	if (b->p == NULL || b->cap - b->len < len)
		grow(b, b->len + len);
	if (b->err != HS_OK)
		return NULL;
	p = b->p + b->len;
	b->len += len;
	return p;
}

uint8_t *
hs_put_space(struct hs_buf *b, size_t len)
{
	uint8_t *p = reserve(b, len);

	if (p != NULL)
		memset(p, 0, len);
	return p;
}

void
hs_put_raw(struct hs_buf *b, const void *p, size_t len)
{
	uint8_t *dst;

	if (len == 0)
		return;
	dst = reserve(b, len);
	if (dst != NULL)
		memcpy(dst, p, len);
}

void
hs_put_u8(struct hs_buf *b, uint8_t v)
{
	uint8_t *p = reserve(b, 1);

	if (p != NULL)
		*p = v;
}

static void
store_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

void
hs_put_u32(struct hs_buf *b, uint32_t v)
{
	uint8_t *p = reserve(b, 4);

	if (p != NULL)
		store_u32(p, v);
}

void
hs_put_u64(struct hs_buf *b, uint64_t v)
{
	uint8_t *p = reserve(b, 8);

	if (p == NULL)
		return;
	store_u32(p, (uint32_t)(v >> 32));
	store_u32(p + 4, (uint32_t)v);
}

void
hs_put_string(struct hs_buf *b, const void *p, size_t len)
{
	if (len > HS_BUF_MAX) {
		if (b->err == HS_OK)
			b->err = HS_ERR_TOO_LONG;
		return;
	}
	hs_put_u32(b, (uint32_t)len);
	hs_put_raw(b, p, len);
}

void
hs_put_str(struct hs_buf *b, struct hs_str s)
{
	hs_put_string(b, s.p, s.len);
}

void
hs_put_cstring(struct hs_buf *b, const char *s)
{
	hs_put_string(b, s, strlen(s));
}

void
hs_put_mpint(struct hs_buf *b, const uint8_t *be, size_t len)
{
	size_t mark;

	while (len > 0 && be[0] == 0) {
		be++;
		len--;
	}
	mark = hs_put_string_begin(b);
	if (len > 0 && (be[0] & 0x80) != 0)
		hs_put_u8(b, 0);
	hs_put_raw(b, be, len);
	hs_put_string_end(b, mark);
}

void
hs_put_fmt(struct hs_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	uint8_t *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0) {
		if (b->err == HS_OK)
			b->err = HS_ERR_FORMAT;
		goto out;
	}
	p = reserve(b, (size_t)n + 1);
	if (p == NULL)
		goto out;
	(void)vsnprintf((char *)p, (size_t)n + 1, fmt, again);
	b->len--; // the NUL
out:
	va_end(again);
	va_end(ap);
}

size_t
hs_put_string_begin(struct hs_buf *b)
{
	size_t mark = b->len;

	hs_put_u32(b, 0);
	return mark;
}

void
hs_put_string_end(struct hs_buf *b, size_t mark)
{
	if (b->err != HS_OK)
		return;
	if (b->len < 4 || mark > b->len - 4) {
		b->err = HS_ERR_INTERNAL;
		return;
	}
	store_u32(b->p + mark, (uint32_t)(b->len - mark - 4));
}

struct hs_rd
hs_rd_init(const void *p, size_t len)
{
	return (struct hs_rd){p, len};
}

struct hs_rd
hs_rd_of(struct hs_str s)
{
	return (struct hs_rd){s.p, s.len};
}

int
hs_get_raw(struct hs_rd *r, size_t len, struct hs_str *out)
{
	if (r->left < len)
		return HS_ERR_SHORT;
	*out = (struct hs_str){r->p, len};
	if (len > 0)
		r->p += len;
	r->left -= len;
	return HS_OK;
}

int
hs_get_u8(struct hs_rd *r, uint8_t *out)
{
	struct hs_str s;
	int rc = hs_get_raw(r, 1, &s);

	if (rc == HS_OK)
		*out = s.p[0];
	return rc;
}

static uint32_t
load_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int
hs_get_u32(struct hs_rd *r, uint32_t *out)
{
	struct hs_str s;
	int rc = hs_get_raw(r, 4, &s);

	if (rc == HS_OK)
		*out = load_u32(s.p);
	return rc;
}

int
hs_get_u64(struct hs_rd *r, uint64_t *out)
{
	struct hs_str s;
	int rc = hs_get_raw(r, 8, &s);

	if (rc == HS_OK)
		*out = (uint64_t)load_u32(s.p) << 32 | load_u32(s.p + 4);
	return rc;
}

int
hs_get_string_max(struct hs_rd *r, size_t max, struct hs_str *out)
{
	struct hs_rd ahead = *r; // r moves only when everything is there
	uint32_t len;
	int rc;

	rc = hs_get_u32(&ahead, &len);
	if (rc != HS_OK)
		return rc;
	if (len > max)
		return HS_ERR_TOO_LONG;
	rc = hs_get_raw(&ahead, len, out);
	if (rc == HS_OK)
		*r = ahead;
	return rc;
}

int
hs_get_string(struct hs_rd *r, struct hs_str *out)
{
	return hs_get_string_max(r, UINT32_MAX, out);
}

int
hs_get_mpint(struct hs_rd *r, size_t max, struct hs_str *out)
{
	struct hs_rd ahead = *r;
	struct hs_str s;
	int rc;

	rc = hs_get_string_max(&ahead, max < SIZE_MAX ? max + 1 : max, &s);
	if (rc != HS_OK)
		return rc;
	if (s.len == 0 || (s.p[0] & 0x80) != 0)
		return HS_ERR_FORMAT; // zero or negative
	if (s.p[0] == 0) {
		if (s.len == 1 || (s.p[1] & 0x80) == 0)
			return HS_ERR_FORMAT; // not the shortest form
		s.p++;
		s.len--;
	}
	if (s.len > max)
		return HS_ERR_TOO_LONG;
	*out = s;
	*r = ahead;
	return HS_OK;
}

int
hs_rd_end(const struct hs_rd *r)
{
	return r->left == 0 ? HS_OK : HS_ERR_TRAILING;
}

struct hs_str
hs_str_c(const char *s)
{
	return (struct hs_str){(const uint8_t *)s, strlen(s)};
}

bool
hs_str_eq(struct hs_str a, struct hs_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool
hs_str_is(struct hs_str a, const char *s)
{
	return hs_str_eq(a, hs_str_c(s));
}

int
hs_str_cmp(struct hs_str a, struct hs_str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (c != 0)
		return c;
	return (a.len > b.len) - (a.len < b.len);
}

bool
hs_str_cut(struct hs_str *rest, uint8_t by, struct hs_str *front)
{
	const uint8_t *at = rest->len > 0 ? memchr(rest->p, by, rest->len) : NULL;

	if (at == NULL)
		return false;
	*front = (struct hs_str){rest->p, (size_t)(at - rest->p)};
	rest->p += front->len + 1;
	rest->len -= front->len + 1;
	return true;
}

bool
hs_str_next(struct hs_str *rest, uint8_t by, struct hs_str *front)
{
	if (rest->len == 0)
		return false;
	if (!hs_str_cut(rest, by, front)) {
		*front = *rest;
		rest->p += rest->len;
		rest->len = 0;
	}
	return true;
}

int
hs_str_copy(struct hs_str s, char *dst, size_t dstsz)
{
	if (s.len >= dstsz)
		return HS_ERR_TOO_LONG;
	if (s.len > 0 && memchr(s.p, 0, s.len) != NULL)
		return HS_ERR_FORMAT;
	if (s.len > 0)
		memcpy(dst, s.p, s.len);
	dst[s.len] = '\0';
	return HS_OK;
}
