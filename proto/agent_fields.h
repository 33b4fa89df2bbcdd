// SPDX-License-Identifier: ISC
//
// How a body is read, field by field. Private to agent_msg.c and agent_touch.c: the
// contract for everybody else is agent.h.
#ifndef HS_PROTO_AGENT_FIELDS_H
#define HS_PROTO_AGENT_FIELDS_H

#include "proto/agent.h"

static inline int
hs_agent_get_bool(struct hs_rd *r, uint8_t *out)
{
	uint8_t v;
	int rc = hs_get_u8(r, &v);

	if (rc == HS_OK && v > 1)
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK)
		*out = v;
	return rc;
}

// Takes the next field of m from r where everything before it was well.
#define GET(get, field)                                                                    \
	do {                                                                               \
		if (rc == HS_OK)                                                           \
			rc = get(r, &m->field);                                            \
	} while (0)

#endif
