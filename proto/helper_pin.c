// SPDX-License-Identifier: ISC
//
// Could this be a PIN at all (CTAP 2.1, 6.5.1)? Asked before a security key is, since each
// PIN that it refuses costs a try. Whether it is the right one only the key can say.
// Contract in helper.h.
#include "proto/helper.h"

#include <string.h>

// The length of the UTF-8 sequence at p, 0 where it is none. Unlike text that is shown, a
// PIN may hold characters that nobody sees.
static size_t
utf8_char(const uint8_t *p, size_t left)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t cp;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	n = p[0] >= 0xf0 && p[0] < 0xf8	  ? 4
	    : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
	    : p[0] >= 0xc0 && p[0] < 0xe0 ? 2
					  : 0;
	if (n == 0 || left < n)
		return 0;
	cp = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3fu);
	}
	if (cp < least[n] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	return n;
}

int
hs_helper_pin_check(struct hs_str raw, size_t *len, struct hs_err *err)
{
	size_t points = 0, n;

	if (raw.len > 0 && raw.p[raw.len - 1] == '\n')
		raw.len--;
	if (raw.len > HS_HELPER_PIN_MAX)
		return hs_fail(err, HS_SK_PIN_INVALID,
		    "this is no PIN: it has more than %d bytes", HS_HELPER_PIN_MAX);
	if (raw.len > 0 && memchr(raw.p, '\0', raw.len) != NULL)
		return hs_fail(
		    err, HS_SK_PIN_INVALID, "this is no PIN: there is a NUL in it");
	for (size_t i = 0; i < raw.len; i += n) {
		n = utf8_char(raw.p + i, raw.len - i);
		if (n == 0)
			return hs_fail(
			    err, HS_SK_PIN_INVALID, "this is no PIN: it is not UTF-8");
		points++;
	}
	if (points < HS_HELPER_PIN_MIN)
		return hs_fail(err, HS_SK_PIN_INVALID,
		    "this is no PIN: it has fewer than %d characters", HS_HELPER_PIN_MIN);
	*len = raw.len;
	return HS_OK;
}
