// SPDX-License-Identifier: ISC
//
// The bodies about seats, field by field as docs/PROTOCOL.agent lists them. The other
// bodies are agent_msg.c's and agent_touch.c's.
#include "proto/agent_fields.h"

void
hs_agent_seat_put(struct hs_buf *b, const struct hs_agent_seat *m)
{
	hs_put_u8(b, m->what);
	hs_put_str(b, m->scope);
	hs_put_str(b, m->agent);
	hs_put_str(b, m->reason);
	hs_put_u64(b, m->ttl);
	hs_put_u32(b, m->uid);
	hs_put_u8(b, m->direct);
}

int
hs_agent_seat_get(struct hs_rd *r, struct hs_agent_seat *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_seat){0};
	GET(hs_get_u8, what);
	GET(hs_get_string, scope);
	GET(hs_get_string, agent);
	GET(hs_get_string, reason);
	GET(hs_get_u64, ttl);
	GET(hs_get_u32, uid);
	GET(hs_agent_get_bool, direct);
	if (rc == HS_OK && m->what != HS_SEAT_MAKE && m->what != HS_SEAT_END)
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK && m->what == HS_SEAT_END &&
	    (m->scope.len > 0 || m->agent.len > 0 || m->reason.len > 0 || m->ttl > 0 ||
		m->uid > 0 || m->direct != 0))
		rc = HS_ERR_FORMAT;
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_seated_put(struct hs_buf *b, const struct hs_agent_seated *m)
{
	hs_put_str(b, m->id);
	hs_put_str(b, m->socket);
	hs_put_u64(b, m->end);
	hs_put_str(b, m->scope);
	hs_put_u8(b, m->touched);
	hs_put_u8(b, m->simulated);
}

int
hs_agent_seated_get(struct hs_rd *r, struct hs_agent_seated *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_seated){0};
	GET(hs_get_string, id);
	GET(hs_get_string, socket);
	GET(hs_get_u64, end);
	GET(hs_get_string, scope);
	GET(hs_agent_get_bool, touched);
	GET(hs_agent_get_bool, simulated);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_unseated_put(struct hs_buf *b, const struct hs_agent_unseated *m)
{
	hs_put_str(b, m->id);
	hs_put_u64(b, m->began);
	hs_put_u64(b, m->logins);
	hs_put_u64(b, m->signatures);
	hs_put_u64(b, m->escalations);
	hs_put_u64(b, m->refused);
	hs_put_u64(b, m->last_end);
}

int
hs_agent_unseated_get(struct hs_rd *r, struct hs_agent_unseated *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_unseated){0};
	GET(hs_get_string, id);
	GET(hs_get_u64, began);
	GET(hs_get_u64, logins);
	GET(hs_get_u64, signatures);
	GET(hs_get_u64, escalations);
	GET(hs_get_u64, refused);
	GET(hs_get_u64, last_end);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_seat_item_put(struct hs_buf *b, const struct hs_agent_seat_item *m)
{
	hs_put_str(b, m->id);
	hs_put_str(b, m->parent);
	hs_put_str(b, m->agent);
	hs_put_str(b, m->scope);
	hs_put_u64(b, m->began);
	hs_put_u64(b, m->end);
	hs_put_u64(b, m->used);
	hs_put_u64(b, m->uses_left);
	hs_put_u64(b, m->last);
	hs_put_u64(b, m->pid);
	hs_put_u8(b, m->touched);
	hs_put_u8(b, m->more);
	hs_put_u8(b, m->revoked);
}

int
hs_agent_seat_item_get(struct hs_rd *r, struct hs_agent_seat_item *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_seat_item){0};
	GET(hs_get_string, id);
	GET(hs_get_string, parent);
	GET(hs_get_string, agent);
	GET(hs_get_string, scope);
	GET(hs_get_u64, began);
	GET(hs_get_u64, end);
	GET(hs_get_u64, used);
	GET(hs_get_u64, uses_left);
	GET(hs_get_u64, last);
	GET(hs_get_u64, pid);
	GET(hs_agent_get_bool, touched);
	GET(hs_agent_get_bool, more);
	GET(hs_agent_get_bool, revoked);
	return rc;
}

void
hs_agent_why_put(struct hs_buf *b, const struct hs_agent_why *m)
{
	hs_put_str(b, m->user);
	hs_put_str(b, m->host);
}

int
hs_agent_why_get(struct hs_rd *r, struct hs_agent_why *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_why){0};
	GET(hs_get_string, user);
	GET(hs_get_string, host);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_reasons_put(struct hs_buf *b, const struct hs_agent_reasons *m)
{
	hs_put_u64(b, m->time);
	hs_put_str(b, m->code);
	hs_put_str(b, m->sentence);
	hs_put_str(b, m->remedy);
	hs_put_str(b, m->user);
	hs_put_str(b, m->host);
	hs_put_str(b, m->ns);
	hs_put_str(b, m->fingerprint);
}

int
hs_agent_reasons_get(struct hs_rd *r, struct hs_agent_reasons *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_reasons){0};
	GET(hs_get_u64, time);
	GET(hs_get_string, code);
	GET(hs_get_string, sentence);
	GET(hs_get_string, remedy);
	GET(hs_get_string, user);
	GET(hs_get_string, host);
	GET(hs_get_string, ns);
	GET(hs_get_string, fingerprint);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}
