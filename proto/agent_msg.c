// SPDX-License-Identifier: ISC
//
// The bodies of our agent extensions, field by field as docs/PROTOCOL.agent lists them.
// Frames and reply heads are agent.c's. Contract in agent.h.
#include "proto/agent_fields.h"

void
hs_agent_open_put(struct hs_buf *b, const struct hs_agent_open *m)
{
	hs_put_str(b, m->scope);
	hs_put_u64(b, m->ttl);
	hs_put_str(b, m->reason);
}

int
hs_agent_open_get(struct hs_rd *r, struct hs_agent_open *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_open){0};
	GET(hs_get_string, scope);
	GET(hs_get_u64, ttl);
	GET(hs_get_string, reason);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_asked_put(struct hs_buf *b, const struct hs_agent_asked *m)
{
	hs_put_str(b, m->code);
	hs_put_str(b, m->shown);
	hs_put_u32(b, m->armed);
	hs_put_str(b, m->keys);
	hs_put_u64(b, m->until);
	hs_put_u8(b, m->pin);
}

int
hs_agent_asked_get(struct hs_rd *r, struct hs_agent_asked *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_asked){0};
	GET(hs_get_string, code);
	GET(hs_get_string, shown);
	GET(hs_get_u32, armed);
	GET(hs_get_string, keys);
	GET(hs_get_u64, until);
	GET(hs_agent_get_bool, pin);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_pending_put(struct hs_buf *b, const struct hs_agent_pending *m)
{
	hs_put_str(b, m->code);
	hs_put_u32(b, m->wait);
	hs_put_str(b, m->key);
	hs_put_str(b, m->proof);
}

int
hs_agent_pending_get(struct hs_rd *r, struct hs_agent_pending *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_pending){0};
	GET(hs_get_string, code);
	GET(hs_get_u32, wait);
	GET(hs_get_string, key);
	GET(hs_get_string, proof);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_opened_put(struct hs_buf *b, const struct hs_agent_opened *m)
{
	hs_put_str(b, m->session);
	hs_put_u64(b, m->end);
	hs_put_str(b, m->root);
	hs_put_str(b, m->fingerprint);
	hs_put_u8(b, m->flags);
	hs_put_u8(b, m->simulated);
	hs_put_str(b, m->grant);
}

int
hs_agent_opened_get(struct hs_rd *r, struct hs_agent_opened *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_opened){0};
	GET(hs_get_string, session);
	GET(hs_get_u64, end);
	GET(hs_get_string, root);
	GET(hs_get_string, fingerprint);
	GET(hs_get_u8, flags);
	GET(hs_agent_get_bool, simulated);
	GET(hs_get_string, grant);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_request_put(struct hs_buf *b, const struct hs_agent_request *m)
{
	hs_put_str(b, m->scope);
	hs_put_str(b, m->agent);
	hs_put_str(b, m->reason);
	hs_put_str(b, m->key);
	hs_put_u8(b, m->direct);
	hs_put_str(b, m->proof);
}

int
hs_agent_request_get(struct hs_rd *r, struct hs_agent_request *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_request){0};
	GET(hs_get_string, scope);
	GET(hs_get_string, agent);
	GET(hs_get_string, reason);
	GET(hs_get_string, key);
	GET(hs_agent_get_bool, direct);
	GET(hs_get_string, proof);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_put_proof_message(
    struct hs_buf *b, const char *session, const struct hs_agent_request *m)
{
	hs_put_cstring(b, session);
	hs_put_str(b, m->scope);
	hs_put_str(b, m->agent);
	hs_put_str(b, m->reason);
	hs_put_str(b, m->key);
	hs_put_u8(b, m->direct);
}

void
hs_agent_issued_put(struct hs_buf *b, const struct hs_agent_issued *m)
{
	hs_put_str(b, m->certificate);
	hs_put_u64(b, m->end);
	hs_put_str(b, m->id);
}

int
hs_agent_issued_get(struct hs_rd *r, struct hs_agent_issued *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_issued){0};
	GET(hs_get_string, certificate);
	GET(hs_get_u64, end);
	GET(hs_get_string, id);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_list_put(struct hs_buf *b, const struct hs_agent_list *m)
{
	hs_put_str(b, m->id);
	hs_put_u64(b, m->after);
	hs_put_u8(b, m->seats);
}

int
hs_agent_list_get(struct hs_rd *r, struct hs_agent_list *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_list){0};
	GET(hs_get_string, id);
	GET(hs_get_u64, after);
	GET(hs_agent_get_bool, seats);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_item_put(struct hs_buf *b, const struct hs_agent_item *m)
{
	hs_put_str(b, m->id);
	hs_put_str(b, m->seat);
	hs_put_str(b, m->agent);
	hs_put_str(b, m->scope);
	hs_put_u64(b, m->issued);
	hs_put_u64(b, m->end);
	hs_put_u64(b, m->pid);
	hs_put_str(b, m->exe);
	hs_put_str(b, m->certificate);
}

int
hs_agent_item_get(struct hs_rd *r, struct hs_agent_item *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_item){0};
	GET(hs_get_string, id);
	GET(hs_get_string, seat);
	GET(hs_get_string, agent);
	GET(hs_get_string, scope);
	GET(hs_get_u64, issued);
	GET(hs_get_u64, end);
	GET(hs_get_u64, pid);
	GET(hs_get_string, exe);
	GET(hs_get_string, certificate);
	return rc;
}

void
hs_agent_status_put(struct hs_buf *b, const struct hs_agent_status_info *m)
{
	hs_put_str(b, m->version);
	hs_put_str(b, m->socket);
	hs_put_u64(b, m->now);
	hs_put_u8(b, m->open);
	hs_put_str(b, m->session);
	hs_put_u64(b, m->opened);
	hs_put_u64(b, m->end);
	hs_put_str(b, m->root);
	hs_put_str(b, m->fingerprint);
	hs_put_u8(b, m->flags);
	hs_put_u8(b, m->simulated);
	hs_put_str(b, m->ceiling);
	hs_put_u64(b, m->issued);
	hs_put_u64(b, m->live);
	hs_put_u32(b, m->pending);
	hs_put_u32(b, m->roots);
	hs_put_u64(b, m->idle_end);
	hs_put_str(b, m->policy);
	hs_put_str(b, m->policy_error);
	hs_put_u64(b, m->log_seq);
	hs_put_u8(b, m->log_ok);
	hs_put_str(b, m->published);
	hs_put_str(b, m->troubles);
}

int
hs_agent_status_get(struct hs_rd *r, struct hs_agent_status_info *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_status_info){0};
	GET(hs_get_string, version);
	GET(hs_get_string, socket);
	GET(hs_get_u64, now);
	GET(hs_agent_get_bool, open);
	GET(hs_get_string, session);
	GET(hs_get_u64, opened);
	GET(hs_get_u64, end);
	GET(hs_get_string, root);
	GET(hs_get_string, fingerprint);
	GET(hs_get_u8, flags);
	GET(hs_agent_get_bool, simulated);
	GET(hs_get_string, ceiling);
	GET(hs_get_u64, issued);
	GET(hs_get_u64, live);
	GET(hs_get_u32, pending);
	GET(hs_get_u32, roots);
	GET(hs_get_u64, idle_end);
	GET(hs_get_string, policy);
	GET(hs_get_string, policy_error);
	GET(hs_get_u64, log_seq);
	GET(hs_agent_get_bool, log_ok);
	GET(hs_get_string, published);
	GET(hs_get_string, troubles);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_closed_put(struct hs_buf *b, const struct hs_agent_closed *m)
{
	hs_put_str(b, m->session);
	hs_put_u64(b, m->live);
	hs_put_u64(b, m->last_end);
}

int
hs_agent_closed_get(struct hs_rd *r, struct hs_agent_closed *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_closed){0};
	GET(hs_get_string, session);
	GET(hs_get_u64, live);
	GET(hs_get_u64, last_end);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}
