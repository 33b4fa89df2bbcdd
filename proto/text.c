// SPDX-License-Identifier: ISC
//
// What may be shown to a person, names, numbers, hex and base64. Shell words are in
// words.c.
#include "proto/text.h"

#include <sodium.h>
#include <string.h>
#include "proto/limits.h"

struct range {
	uint32_t first, last;
};

// Code points from U+0080 that are well formed but do not show, or change how others show:
// C1, Default_Ignorable_Code_Point, separators, direction marks, interlinear marks,
// noncharacters.
static const struct range hidden[] = {
    {0x0080, 0x009f},
    {0x00ad, 0x00ad},
    {0x034f, 0x034f},
    {0x061c, 0x061c},
    {0x115f, 0x1160},
    {0x17b4, 0x17b5},
    {0x180b, 0x180f},
    {0x200b, 0x200f},
    {0x2028, 0x202e},
    {0x2060, 0x206f},
    {0x3164, 0x3164},
    {0xd800, 0xdfff},
    {0xfdd0, 0xfdef},
    {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},
    {0xfff0, 0xfffb},
    {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a},
    {0xe0000, 0xe0fff},
};

static bool
is_hidden(uint32_t cp)
{
	if ((cp & 0xfffe) == 0xfffe || cp > 0x10ffff)
		return true;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (cp >= hidden[i].first && cp <= hidden[i].last)
			return true;
	return false;
}

// The length of the character at p if it may be shown, else 0. left > 0.
static size_t
shown_char(const uint8_t *p, size_t left)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t cp;
	size_t n;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	if ((p[0] & 0xe0) == 0xc0) {
		n = 2;
		cp = p[0] & 0x1fu;
	} else if ((p[0] & 0xf0) == 0xe0) {
		n = 3;
		cp = p[0] & 0x0fu;
	} else if ((p[0] & 0xf8) == 0xf0) {
		n = 4;
		cp = p[0] & 0x07u;
	} else {
		return 0;
	}
	if (left < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3fu);
	}
	return cp < least[n] || is_hidden(cp) ? 0 : n;
}

bool
hs_text_shown(struct hs_str s, size_t *at)
{
	size_t i = 0, n;

	while (i < s.len) {
		n = shown_char(s.p + i, s.len - i);
		if (n == 0) {
			if (at != NULL)
				*at = i;
			return false;
		}
		i += n;
	}
	return true;
}

int
hs_text_get_shown(struct hs_rd *r, size_t max, struct hs_str *out)
{
	int rc = hs_get_string_max(r, max, out);

	if (rc == HS_OK && !hs_text_shown(*out, NULL))
		rc = HS_ERR_FORMAT;
	return rc;
}

void
hs_text_put_clean(struct hs_buf *b, struct hs_str s)
{
	size_t at;

	while (!hs_text_shown(s, &at)) {
		hs_put_raw(b, s.p, at);
		hs_put_u8(b, '?');
		s.p += at + 1;
		s.len -= at + 1;
	}
	hs_put_raw(b, s.p, s.len);
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_name(struct hs_str s, size_t max, bool upper)
{
	if (s.len < 1 || s.len > max)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (is_lower(c) || is_digit(c) || (upper && is_upper(c)))
			continue;
		if (i == 0 || (c != '.' && c != '_' && c != '-'))
			return false;
	}
	return true;
}

bool
hs_text_is_agent_name(struct hs_str s)
{
	return is_name(s, HS_AGENT_NAME_MAX, false);
}

bool
hs_text_is_label(struct hs_str s)
{
	return is_name(s, HS_ROOT_NAME_MAX, true);
}

int
hs_text_u64(struct hs_str s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0 || (s.len > 1 && s.p[0] == '0'))
		return HS_ERR_FORMAT;
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.p[i]))
			return HS_ERR_FORMAT;
	for (size_t i = 0; i < s.len; i++) {
		uint64_t d = (uint64_t)(s.p[i] - '0');

		if (v > max / 10 || v * 10 > max - d || d > max)
			return HS_ERR_TOO_LONG;
		v = v * 10 + d;
	}
	*out = v;
	return HS_OK;
}

int
hs_text_span(struct hs_str s, uint64_t max, uint64_t *seconds)
{
	uint64_t unit = 1, n;
	int rc;

	if (s.len > 0 && !is_digit(s.p[s.len - 1])) {
		switch (s.p[s.len - 1]) {
		case 's':
			break;
		case 'm':
			unit = 60;
			break;
		case 'h':
			unit = 3600;
			break;
		case 'd':
			unit = 86400;
			break;
		default:
			return HS_ERR_FORMAT;
		}
		s.len--;
	}
	rc = hs_text_u64(s, max / unit, &n);
	if (rc != HS_OK)
		return rc;
	if (n == 0)
		return HS_ERR_FORMAT;
	*seconds = n * unit;
	return HS_OK;
}

void
hs_text_put_hex(struct hs_buf *b, struct hs_str s)
{
	size_t n = s.len <= HS_BUF_MAX ? s.len * 2 + 1 : SIZE_MAX;
	uint8_t *p = hs_put_space(b, n);

	if (p == NULL)
		return;
	if (s.len > 0)
		sodium_bin2hex((char *)p, n, s.p, s.len);
	b->len--; // the NUL
}

static void
put_base64(struct hs_buf *b, struct hs_str s, int variant)
{
	size_t n =
	    s.len <= HS_BUF_MAX ? sodium_base64_encoded_len(s.len, variant) : SIZE_MAX;
	uint8_t *p = hs_put_space(b, n);

	if (p == NULL)
		return;
	if (s.len > 0)
		sodium_bin2base64((char *)p, n, s.p, s.len, variant);
	b->len--; // the NUL
}

void
hs_text_put_base64(struct hs_buf *b, struct hs_str s)
{
	put_base64(b, s, sodium_base64_VARIANT_ORIGINAL);
}

void
hs_text_put_base64url(struct hs_buf *b, struct hs_str s)
{
	put_base64(b, s, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool
is_ascii(struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] >= 0x80)
			return false;
	return true;
}

// digits: the characters without the padding. libsodium's decoder is strict where it is
// told to skip nothing and to end at the end: alphabet, padding, spare bits. Only bytes
// from 0x80 up it takes for digits (1.0.18, where char is signed).
static int
get_base64(struct hs_str s, size_t digits, size_t max, int variant, struct hs_buf *out)
{
	size_t n = digits / 4 * 3 + (digits % 4 > 0 ? digits % 4 - 1 : 0), got = 0;
	uint8_t *p;

	if (digits % 4 == 1 || !is_ascii(s))
		return HS_ERR_FORMAT;
	if (n > max)
		return HS_ERR_TOO_LONG;
	if (s.len == 0)
		return hs_buf_err(out);
	p = hs_put_space(out, n);
	if (p == NULL)
		return hs_buf_err(out);
	if (sodium_base642bin(p, n, (const char *)s.p, s.len, NULL, &got, NULL, variant) !=
		0 ||
	    got != n) {
		sodium_memzero(p, n);
		out->len -= n;
		return HS_ERR_FORMAT;
	}
	return HS_OK;
}

int
hs_text_base64(struct hs_str s, size_t max, struct hs_buf *out)
{
	size_t digits = s.len;

	if (s.len % 4 != 0)
		return HS_ERR_FORMAT;
	while (digits > 0 && s.len - digits < 2 && s.p[digits - 1] == '=')
		digits--;
	return get_base64(s, digits, max, sodium_base64_VARIANT_ORIGINAL, out);
}

int
hs_text_base64url(struct hs_str s, size_t max, struct hs_buf *out)
{
	return get_base64(s, s.len, max, sodium_base64_VARIANT_URLSAFE_NO_PADDING, out);
}
