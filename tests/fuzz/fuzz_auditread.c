// SPDX-License-Identifier: ISC
//
// Any bytes as a line of the audit log: no crash, what is taken keeps within the line, and
// each text of it, written again, is the same text.
#include <stdlib.h>
#include <string.h>
#include "proto/auditread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_auditread r;
	struct hs_buf text = {0}, again = {0};
	struct hs_err err = {0};

	if (hs_auditread((struct hs_str){data, size}, &r, &err) != HS_OK) {
		demand(
		    err.code == HS_ERR_FORMAT && err.column > 0 && err.column <= size + 1);
		return 0;
	}
	demand(r.seq > 0 && r.event.len > 0 && r.n <= HS_AUDIT_MEMBERS_MAX);
	for (size_t i = 0; i < r.n; i++) {
		const struct hs_audit_field *f = &r.v[i];

		demand(f->raw.p >= data && f->raw.p + f->raw.len <= data + size);
		if (!f->string)
			continue;
		hs_buf_reset(&text);
		hs_buf_reset(&again);
		hs_auditread_unescape(&text, f->raw);
		demand(hs_buf_err(&text) == HS_OK);
		hs_auditline_put_string(&again, hs_buf_str(&text));
		// a character that stands for bytes that were none may be written either
		// way
		if (memmem(text.p, text.len, "\xef\xbf\xbd", 3) == NULL)
			demand(again.len == f->raw.len + 2 &&
			       memcmp(again.p + 1, f->raw.p, f->raw.len) == 0);
	}
	hs_buf_free(&text);
	hs_buf_free(&again);
	return 0;
}
