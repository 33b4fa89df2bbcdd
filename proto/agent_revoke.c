// SPDX-License-Identifier: ISC
//
// The bodies of `revoke` (docs/PROTOCOL.agent 6.13). Contract in agent.h.
#include "proto/agent_fields.h"

void
hs_agent_revoke_put(struct hs_buf *b, const struct hs_agent_revoke *m)
{
	hs_put_u8(b, m->what);
	hs_put_str(b, m->name);
}

int
hs_agent_revoke_get(struct hs_rd *r, struct hs_agent_revoke *m)
{
	int rc = HS_OK;

	GET(hs_get_u8, what);
	GET(hs_get_string, name);
	if (rc == HS_OK && (m->what < HS_REVOKE_IDS || m->what > HS_REVOKE_LISTS ||
			       (m->what >= HS_REVOKE_ALL) != (m->name.len == 0)))
		rc = HS_ERR_FORMAT;
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_revoked_put(struct hs_buf *b, const struct hs_agent_revoked *m)
{
	hs_put_str(b, m->session);
	hs_put_u8(b, m->whole);
	hs_put_u64(b, m->certificates);
	hs_put_u64(b, m->seats);
	hs_put_u64(b, m->before);
	hs_put_u64(b, m->until);
	hs_put_u64(b, m->version);
	hs_put_str(b, m->list);
	hs_put_str(b, m->krl);
}

int
hs_agent_revoked_get(struct hs_rd *r, struct hs_agent_revoked *m)
{
	int rc = HS_OK;

	GET(hs_get_string, session);
	GET(hs_agent_get_bool, whole);
	GET(hs_get_u64, certificates);
	GET(hs_get_u64, seats);
	GET(hs_get_u64, before);
	GET(hs_get_u64, until);
	GET(hs_get_u64, version);
	GET(hs_get_string, list);
	GET(hs_get_string, krl);
	return rc;
}
