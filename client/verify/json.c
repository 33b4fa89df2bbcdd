// SPDX-License-Identifier: ISC
//
// Members of an object. Contract in json.h.
#include "client/verify/json.h"

#include <inttypes.h>
#include "proto/auditline.h"

void
hs_json_name(struct hs_buf *b, const char *name)
{
	if (b->len > 0 && b->p[b->len - 1] != '{')
		hs_put_u8(b, ',');
	hs_put_fmt(b, "\"%s\":", name);
}

void
hs_json_bool(struct hs_buf *b, const char *name, bool v)
{
	hs_json_name(b, name);
	hs_put_fmt(b, "%s", v ? "true" : "false");
}

void
hs_json_number(struct hs_buf *b, const char *name, uint64_t v)
{
	hs_json_name(b, name);
	hs_put_fmt(b, "%" PRIu64, v);
}

void
hs_json_string(struct hs_buf *b, const char *name, struct hs_str v)
{
	hs_json_name(b, name);
	hs_auditline_put_string(b, v);
}
