// SPDX-License-Identifier: ISC
//
// Strings of the audit log: their escapes, taken as strictly as they are written.
#include "proto/auditread_internal.h"

#include <string.h>
#include "proto/auditread.h"
#include "proto/text.h"

int
hs_audit_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Four lower-case hex digits behind \u.
static bool
take_unit(struct hs_str s, size_t at, uint32_t *unit)
{
	uint32_t u = 0;

	if (s.len - at < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		int d = hs_audit_hex_digit(s.p[at + i]);

		if (d < 0)
			return false;
		u = u << 4 | (uint32_t)d;
	}
	*unit = u;
	return true;
}

static size_t
put_utf8(uint8_t out[static 4], uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (uint8_t)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (uint8_t)(0xc0 | cp >> 6);
		out[1] = (uint8_t)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (uint8_t)(0xe0 | cp >> 12);
		out[1] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | cp >> 18);
	out[1] = (uint8_t)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (cp & 0x3f));
	return 4;
}

size_t
hs_audit_escape(struct hs_str s, size_t at, uint32_t *cp)
{
	uint32_t low;

	if (s.len - at < 2)
		return 0;
	switch (s.p[at + 1]) {
	case '"':
	case '\\':
		*cp = s.p[at + 1];
		return 2;
	case 'n':
		*cp = '\n';
		return 2;
	case 't':
		*cp = '\t';
		return 2;
	case 'u':
		break;
	default:
		return 0;
	}
	if (!take_unit(s, at + 2, cp))
		return 0;
	if (*cp < 0xd800 || *cp >= 0xe000)
		return 6;
	if (*cp >= 0xdc00 || s.len - at < 12 || s.p[at + 6] != '\\' || s.p[at + 7] != 'u' ||
	    !take_unit(s, at + 8, &low) || low < 0xdc00 || low >= 0xe000)
		return 0;
	*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

bool
hs_audit_escaped_rightly(uint32_t cp, size_t len)
{
	uint8_t utf8[4];

	if (len == 2 || cp == 0xfffd)
		return true;
	if (cp == '"' || cp == '\\' || cp == '\n' || cp == '\t')
		return false;
	return !hs_text_shown((struct hs_str){utf8, put_utf8(utf8, cp)}, NULL);
}

void
hs_auditread_unescape(struct hs_buf *b, struct hs_str raw)
{
	while (raw.len > 0) {
		const uint8_t *slash = memchr(raw.p, '\\', raw.len);
		size_t n = slash != NULL ? (size_t)(slash - raw.p) : raw.len;
		uint8_t utf8[4];
		uint32_t cp;

		hs_put_raw(b, raw.p, n);
		raw.p += n;
		raw.len -= n;
		if (raw.len == 0 || (n = hs_audit_escape(raw, 0, &cp)) == 0)
			return;
		hs_put_raw(b, utf8, put_utf8(utf8, cp));
		raw.p += n;
		raw.len -= n;
	}
}
