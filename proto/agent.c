// SPDX-License-Identifier: ISC
//
// Agent protocol frames and the head of our extension replies (docs/PROTOCOL.agent). The
// bodies of the extensions are in agent_msg.c. Contract in agent.h.
#include "proto/agent.h"

#include "proto/names.h"

int
hs_agent_frame(struct hs_str in, struct hs_str *body, size_t *used)
{
	struct hs_rd r = hs_rd_of(in);
	uint32_t len;
	int rc;

	rc = hs_get_u32(&r, &len);
	if (rc != HS_OK)
		return rc;
	if (len == 0)
		return HS_ERR_FORMAT;
	if (len > HS_FRAME_MAX)
		return HS_ERR_TOO_LONG;
	rc = hs_get_raw(&r, len, body);
	if (rc == HS_OK)
		*used = 4 + (size_t)len;
	return rc;
}

size_t
hs_agent_frame_begin(struct hs_buf *b)
{
	return hs_put_string_begin(b);
}

void
hs_agent_frame_end(struct hs_buf *b, size_t mark)
{
	hs_put_string_end(b, mark);
}

size_t
hs_agent_reply_begin(struct hs_buf *b, const char *ext, enum hs_agent_status status)
{
	size_t mark = hs_agent_frame_begin(b);

	hs_put_u8(b, HS_AGENT_EXTENSION_RESPONSE);
	hs_put_cstring(b, ext);
	hs_put_u32(b, (uint32_t)status);
	return mark;
}

void
hs_agent_put_refusal(struct hs_buf *b, const char *ext, const struct hs_agent_refusal *r)
{
	size_t mark = hs_agent_reply_begin(b, ext, HS_AGENT_REFUSED);

	hs_put_str(b, r->code);
	hs_put_str(b, r->sentence);
	hs_put_str(b, r->remedy);
	hs_agent_frame_end(b, mark);
}

static int
parse_refusal(struct hs_rd *r, struct hs_agent_refusal *out)
{
	struct hs_agent_refusal m;

	if (hs_get_string(r, &m.code) != HS_OK || hs_get_string(r, &m.sentence) != HS_OK ||
	    hs_get_string(r, &m.remedy) != HS_OK || hs_rd_end(r) != HS_OK)
		return HS_ERR_FORMAT;
	*out = m;
	return HS_OK;
}

int
hs_agent_parse_reply(struct hs_str frame, const char *ext, enum hs_agent_status *status,
    struct hs_rd *body, struct hs_agent_refusal *refusal)
{
	struct hs_rd r = hs_rd_of(frame);
	struct hs_str name;
	uint32_t st;
	uint8_t type;

	if (hs_get_u8(&r, &type) != HS_OK)
		return HS_ERR_FORMAT;
	if (type == HS_AGENT_FAILURE || type == HS_AGENT_EXTENSION_FAILURE)
		return r.left == 0 ? HS_ERR_UNSUPPORTED : HS_ERR_FORMAT;
	if (type != HS_AGENT_EXTENSION_RESPONSE || hs_get_string(&r, &name) != HS_OK ||
	    !hs_str_is(name, ext) || hs_get_u32(&r, &st) != HS_OK || st > HS_AGENT_PENDING)
		return HS_ERR_FORMAT;
	if (st == HS_AGENT_REFUSED && parse_refusal(&r, refusal) != HS_OK)
		return HS_ERR_FORMAT;
	*status = (enum hs_agent_status)st;
	*body = r;
	return HS_OK;
}
