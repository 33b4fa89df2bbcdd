// SPDX-License-Identifier: ISC
//
// The daemon's voice in the foreground. Not the audit log. Contract in log.h.
#include "agentd/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "proto/text.h"

static atomic_bool enabled; // the pool's threads speak too

void
hs_log_enable(bool on)
{
	enabled = on;
}

void
hs_log(const char *fmt, ...)
{
	struct hs_buf b = {0};
	char line[2048];
	va_list ap;

	if (!enabled)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	hs_put_raw(&b, "handseald: ", 11);
	hs_text_put_clean(&b, hs_str_c(line));
	hs_put_raw(&b, "\n", 1);
	if (hs_buf_err(&b) == HS_OK && write(STDERR_FILENO, b.p, b.len) < 0)
		enabled = false;
	hs_buf_free(&b);
}
