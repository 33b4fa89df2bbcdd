// SPDX-License-Identifier: ISC
//
// The log of the server's programs. Contract in note.h.
#include "client/verify/lib/note.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include "proto/text.h"

static const char *note_name = "handseal";
static bool note_stderr;

void
hs_note_open(const char *name, bool to_stderr)
{
	note_name = name;
	note_stderr = to_stderr;
	if (!to_stderr)
		openlog(name, LOG_PID, LOG_AUTHPRIV);
}

void
hs_note_line(int priority, struct hs_str text)
{
	struct hs_buf b = {0};

	hs_text_put_clean(&b, text);
	hs_put_u8(&b, 0);
	if (hs_buf_err(&b) != HS_OK) {
		hs_buf_free(&b);
		syslog(LOG_AUTHPRIV | LOG_ERR, "out of memory while writing a log line");
		return;
	}
	if (note_stderr)
		fprintf(stderr, "%s: %s\n", note_name, (const char *)b.p);
	else
		syslog(LOG_AUTHPRIV | priority, "%s", (const char *)b.p);
	hs_buf_free(&b);
}

void
hs_note(int priority, const char *fmt, ...)
{
	char text[1400]; // a sentence, a user, an id and a fingerprint fit
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	hs_note_line(priority, hs_str_c(text));
}
