// SPDX-License-Identifier: ISC
//
// Writing a refusal's remedy. Contract in refusal.h.
#include "agentd/refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "proto/text.h"

int
hs_refusal_remedy(struct hs_refusal *r, const char *fmt, ...)
{
	struct hs_buf clean = {0};
	char raw[sizeof r->remedy];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	// every refused byte becomes one byte, so it still fits
	hs_text_put_clean(&clean, hs_str_c(raw));
	if (hs_buf_err(&clean) != HS_OK ||
	    hs_str_copy(hs_buf_str(&clean), r->remedy, sizeof r->remedy) != HS_OK)
		r->remedy[0] = '\0';
	hs_buf_free(&clean);
	return (int)r->err.code;
}
