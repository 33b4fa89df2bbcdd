// SPDX-License-Identifier: ISC
//
// Reading a line of the audit log: one pass, no memory of its own. Who could send it:
// whoever can write the log, or hands somebody a copy, and would gain a verdict about
// records that are not there. Contract in auditread.h.
#include "proto/auditread.h"

#include <string.h>
#include "proto/auditread_internal.h"
#include "proto/text.h"

static const struct {
	const char *name;
	uint8_t len, type;
} known[HS_AM_COUNT_OF] = {
#define HS_AM_ROW(sym, name, type) [sym] = {name, sizeof(name) - 1, type},
    HS_AUDIT_MEMBERS(HS_AM_ROW)
#undef HS_AM_ROW
};

// What a byte may be in.
enum {
	PLAIN = 1, // a string, as itself
	WORD = 2,
	HEX = 4,
	BASE64 = 8,
	NAME = 16,
};
#define LOWER (PLAIN | WORD | BASE64 | NAME)
// all but the quote, the backslash and control characters are plain
static const uint8_t classes[256] = {
    [' ' ... '!'] = PLAIN,
    ['#' ... '*'] = PLAIN,
    ['+'] = PLAIN | BASE64,
    [','] = PLAIN,
    ['-'] = PLAIN | WORD,
    ['.'] = PLAIN,
    ['/'] = PLAIN | BASE64,
    ['0' ... '9'] = PLAIN | HEX | BASE64 | NAME,
    [':' ... '<'] = PLAIN,
    ['='] = PLAIN | BASE64,
    ['>' ... '@'] = PLAIN,
    ['A' ... 'Z'] = PLAIN | BASE64,
    ['['] = PLAIN,
    [']' ... '^'] = PLAIN,
    ['_'] = PLAIN | NAME,
    ['`'] = PLAIN,
    ['a' ... 'f'] = LOWER | HEX,
    ['g' ... 'z'] = LOWER,
    ['{' ... '~'] = PLAIN,
};

#define SERIALS_MAX 41 // bytes of two numbers, and what is between them

struct reader {
	struct hs_str line;
	size_t at;
	const char *fault;
};

static bool
fail(struct reader *r, const char *fault)
{
	if (r->fault == NULL)
		r->fault = fault;
	return false;
}

static bool
take(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if (r->line.len - r->at < n || memcmp(r->line.p + r->at, word, n) != 0)
		return false;
	r->at += n;
	return true;
}

// The rest of a string, whose first quote is taken; *raw is what is between.
static bool
take_string(struct reader *r, struct hs_str *raw)
{
	const uint8_t *p = r->line.p;
	size_t start = r->at, at = start, wide = SIZE_MAX;

	for (; at < r->line.len; at++) {
		uint32_t cp;
		size_t n;

		if ((classes[p[at]] & PLAIN) != 0)
			continue;
		if (p[at] == '"')
			break;
		if (p[at] == '\\') {
			n = hs_audit_escape(r->line, at, &cp);
			r->at = at;
			if (n == 0 || !hs_audit_escaped_rightly(cp, n))
				return fail(r, "not an escape that handseald writes");
			at += n - 1;
		} else if (p[at] >= 0x80) {
			wide = wide == SIZE_MAX ? at : wide;
		} else {
			r->at = at;
			return fail(r, "a control character in a string");
		}
	}
	if (at >= r->line.len)
		return fail(r, "a string without its end");
	*raw = (struct hs_str){p + start, at - start};
	// escapes are ASCII, and so pass
	if (wide != SIZE_MAX && !hs_text_shown((struct hs_str){p + wide, at - wide}, NULL))
		return fail(r, "a character that handseald would have escaped");
	r->at = at + 1;
	return true;
}

static bool
take_token(struct reader *r, struct hs_str *raw)
{
	const uint8_t *p = r->line.p + r->at;
	size_t left = r->line.len - r->at, n;

	for (n = 0; n < left && p[n] != ',' && p[n] != '}'; n++)
		;
	*raw = (struct hs_str){p, n};
	r->at += n;
	return true;
}

// ---- what the values must be

static bool
is_signed(struct hs_str s)
{
	uint64_t v;

	if (s.len > 1 && s.p[0] == '-')
		return hs_text_u64((struct hs_str){s.p + 1, s.len - 1},
			   (uint64_t)INT64_MAX + 1, &v) == HS_OK &&
		       v != 0;
	return hs_text_u64(s, UINT64_MAX, &v) == HS_OK;
}

static bool
all_of(struct hs_str s, unsigned class)
{
	for (size_t i = 0; i < s.len; i++)
		if ((classes[s.p[i]] & class) == 0)
			return false;
	return true;
}

static bool
right_type(const struct hs_audit_field *f, enum hs_audit_type type)
{
	uint64_t v;

	switch (type) {
	case HS_AUDIT_TEXT:
		return f->string;
	case HS_AUDIT_WORD:
		return f->string && f->raw.len > 0 && all_of(f->raw, WORD);
	case HS_AUDIT_HEX:
		return f->string && f->raw.len % 2 == 0 && all_of(f->raw, HEX);
	case HS_AUDIT_BASE64:
		return f->string && f->raw.len % 4 == 0 && all_of(f->raw, BASE64);
	case HS_AUDIT_DECIMAL:
		return f->string && hs_text_u64(f->raw, UINT64_MAX, &v) == HS_OK;
	case HS_AUDIT_NUMBER:
		return !f->string && hs_text_u64(f->raw, UINT64_MAX, &v) == HS_OK;
	case HS_AUDIT_SIGNED:
		return !f->string && is_signed(f->raw);
	case HS_AUDIT_TRUE:
		return !f->string && hs_str_is(f->raw, "true");
	default:
		return f->string || hs_str_is(f->raw, "true") ||
		       hs_str_is(f->raw, "false") || is_signed(f->raw);
	}
}

// ---- members

static bool
take_name(struct reader *r, struct hs_str *name)
{
	const uint8_t *p = r->line.p + r->at;
	size_t left = r->line.len - r->at, n = 0;

	while (n < left && (classes[p[n]] & NAME) != 0)
		n++;
	if (n == 0 || n > 32)
		return fail(r, "not a member's name");
	*name = (struct hs_str){p, n};
	r->at += n;
	return take(r, "\":") || fail(r, "not a member's name");
}

static enum hs_audit_member
find(struct hs_str name, enum hs_audit_member from)
{
	// members come in the table's order, mostly, so what is sought is near
	for (size_t i = 0; i < HS_AM_COUNT_OF; i++) {
		size_t m = (from + i) % HS_AM_COUNT_OF;

		if (known[m].len == name.len &&
		    memcmp(known[m].name, name.p, name.len) == 0)
			return (enum hs_audit_member)m;
	}
	return HS_AM_COUNT_OF;
}

static bool
twice(const struct hs_auditread *out, struct hs_str name)
{
	for (size_t i = 0; i < out->n; i++)
		if (hs_str_eq(out->v[i].name, name))
			return true;
	return hs_str_is(name, "seq") || hs_str_is(name, "prev") || hs_str_is(name, "time");
}

static bool
take_member(struct reader *r, struct hs_auditread *out, enum hs_audit_member *next)
{
	struct hs_audit_field f = {0};
	enum hs_audit_type type = HS_AUDIT_OTHER;
	enum hs_audit_member m;
	size_t start = r->at;
	bool ok;

	if (!take(r, ",\"") || out->n == HS_AUDIT_MEMBERS_MAX)
		return fail(r, "not a member");
	if (!take_name(r, &f.name))
		return false;
	m = find(f.name, *next);
	if (m < HS_AM_COUNT_OF) {
		type = (enum hs_audit_type)known[m].type;
		*next = (enum hs_audit_member)((m + 1) % HS_AM_COUNT_OF);
	}
	if (m < HS_AM_COUNT_OF ? out->at[m] != 0 : twice(out, f.name)) {
		r->at = start;
		return fail(r, "a member that was there before");
	}
	f.string = take(r, "\"");
	start = r->at;
	ok = f.string ? take_string(r, &f.raw) : take_token(r, &f.raw);
	if (!ok)
		return false;
	if (!right_type(&f, type)) {
		r->at = start;
		return fail(r, "a value of another kind");
	}
	out->v[out->n++] = f;
	if (m < HS_AM_COUNT_OF)
		out->at[m] = (uint8_t)out->n;
	return true;
}

static bool
take_number(struct reader *r, uint64_t *out)
{
	struct hs_str token;

	(void)take_token(r, &token);
	return hs_text_u64(token, UINT64_MAX, out) == HS_OK ||
	       fail(r, "a value of another kind");
}

static bool
read_line(struct reader *r, struct hs_auditread *out)
{
	enum hs_audit_member next = HS_AM_EVENT;

	if (hs_auditline_parse(r->line, &out->seq, out->prev) != HS_OK)
		return fail(r, "not a record");
	r->line.len -= 2; // the brace and the LF
	r->at = (size_t)((const uint8_t *)memmem(r->line.p, r->line.len, "\"time\":", 7) -
			 r->line.p) +
		7;
	if (!take_number(r, &out->time))
		return false;
	while (r->at < r->line.len)
		if (!take_member(r, out, &next))
			return false;
	if (out->at[HS_AM_EVENT] == 0)
		return fail(r, "no event");
	out->event = hs_auditread_raw(out, HS_AM_EVENT);
	return true;
}

int
hs_auditread(struct hs_str line, struct hs_auditread *out, struct hs_err *err)
{
	struct reader r = {.line = line};

	out->n = 0;
	memset(out->at, 0, sizeof out->at);
	if (read_line(&r, out))
		return HS_OK;
	return hs_fail_at(err, HS_ERR_FORMAT, 1, (unsigned)r.at + 1, "%s", r.fault);
}

// ---- what was read

const char *
hs_auditread_name(enum hs_audit_member m)
{
	return known[m].name;
}

bool
hs_auditread_has(const struct hs_auditread *r, enum hs_audit_member m)
{
	return r->at[m] != 0;
}

struct hs_str
hs_auditread_raw(const struct hs_auditread *r, enum hs_audit_member m)
{
	return r->at[m] != 0 ? r->v[r->at[m] - 1].raw : (struct hs_str){0};
}

bool
hs_auditread_is(const struct hs_auditread *r, enum hs_audit_member m, const char *s)
{
	return hs_str_is(hs_auditread_raw(r, m), s);
}

uint64_t
hs_auditread_u64(const struct hs_auditread *r, enum hs_audit_member m)
{
	uint64_t v = 0;

	(void)hs_text_u64(hs_auditread_raw(r, m), UINT64_MAX, &v);
	return v;
}

// They ascend, so half of them are left at each step, however many somebody put there.
bool
hs_auditread_lists(const struct hs_auditread *r, uint64_t serial)
{
	struct hs_str left = hs_auditread_raw(r, HS_AM_SERIALS);

	while (left.len > 0) {
		struct hs_str hi, lo, behind;
		size_t at = left.len / 2, most = at > SERIALS_MAX ? at - SERIALS_MAX : 0;
		uint64_t from, to;

		while (at > most && left.p[at - 1] != ',')
			at--;
		behind = (struct hs_str){left.p + at, left.len - at};
		if (!hs_str_cut(&behind, ',', &hi)) {
			hi = behind;
			behind.len = 0;
		}
		if (!hs_str_cut(&hi, '-', &lo))
			lo = hi;
		if (hs_text_u64(lo, UINT64_MAX, &from) != HS_OK ||
		    hs_text_u64(hi, UINT64_MAX, &to) != HS_OK)
			return false;
		if (serial >= from && serial <= to)
			return true;
		if (serial < from)
			left.len = at > 0 ? at - 1 : 0;
		else
			left = behind;
	}
	return false;
}

void
hs_auditread_put(struct hs_buf *b, const struct hs_auditread *r, enum hs_audit_member m)
{
	hs_auditread_unescape(b, hs_auditread_raw(r, m));
}

int
hs_auditread_bytes(
    const struct hs_auditread *r, enum hs_audit_member m, size_t max, struct hs_buf *out)
{
	struct hs_str raw = hs_auditread_raw(r, m);

	if (r->at[m] == 0)
		return HS_ERR_FORMAT;
	if (known[m].type == HS_AUDIT_BASE64)
		return hs_text_base64(raw, max, out);
	if (known[m].type != HS_AUDIT_HEX)
		return HS_ERR_FORMAT;
	if (raw.len / 2 > max)
		return HS_ERR_TOO_LONG;
	for (size_t i = 0; i < raw.len; i += 2)
		hs_put_u8(out, (uint8_t)(hs_audit_hex_digit(raw.p[i]) << 4 |
					 hs_audit_hex_digit(raw.p[i + 1])));
	return hs_buf_err(out);
}
