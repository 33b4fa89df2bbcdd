// SPDX-License-Identifier: ISC
//
// The outcomes' names and sentences, and the way an error is filled in. What the numbers
// mean is in err.h; nothing here prints.
#include "proto/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "proto/text.h"

static const struct {
	const char *name;
	const char *sentence;
} codes[HS_CODE_COUNT] = {
#define HS_CODE_ROW(sym, name, sentence) {name, sentence},
    HS_CODES(HS_CODE_ROW)
#undef HS_CODE_ROW
};

const char *
hs_code_name(enum hs_code code)
{
	unsigned i = (unsigned)code;

	return codes[i < HS_CODE_COUNT ? i : HS_ERR_INTERNAL].name;
}

const char *
hs_code_sentence(enum hs_code code)
{
	unsigned i = (unsigned)code;

	return codes[i < HS_CODE_COUNT ? i : HS_ERR_INTERNAL].sentence;
}

enum hs_code
hs_code_from_name(const char *name, size_t len)
{
	for (unsigned i = 0; i < HS_CODE_COUNT; i++)
		if (strlen(codes[i].name) == len && memcmp(codes[i].name, name, len) == 0)
			return (enum hs_code)i;
	return HS_ERR_INTERNAL;
}

// Replaces what may not be shown. A character that the cut at the end broke is dropped
// instead.
static void
clean(char *text, size_t len, bool cut)
{
	size_t done = 0, at;

	while (!hs_text_shown(
	    (struct hs_str){(const uint8_t *)text + done, len - done}, &at)) {
		done += at;
		if (cut && len - done < 4 && ((unsigned char)text[done] & 0xc0) == 0xc0) {
			text[done] = '\0';
			return;
		}
		text[done++] = '?';
	}
}

__attribute__((format(printf, 5, 0))) static int
fail(struct hs_err *err, enum hs_code code, unsigned line, unsigned column, const char *fmt,
    va_list ap)
{
	char text[sizeof(err->text)]; // apart from err, since err->text may be an argument
	int n;

	if (err == NULL)
		return (int)code;
	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n < 0)
		text[0] = '\0';
	clean(text, strlen(text), n >= (int)sizeof(text));
	err->code = code;
	err->line = line;
	err->column = column;
	memcpy(err->text, text, sizeof(text));
	return (int)code;
}

int
hs_fail(struct hs_err *err, enum hs_code code, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fail(err, code, 0, 0, fmt, ap);
	va_end(ap);
	return rc;
}

int
hs_fail_at(struct hs_err *err, enum hs_code code, unsigned line, unsigned column,
    const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fail(err, code, line, column, fmt, ap);
	va_end(ap);
	return rc;
}

const char *
hs_err_sentence(const struct hs_err *err)
{
	return err->text[0] != '\0' ? err->text : hs_code_sentence(err->code);
}
