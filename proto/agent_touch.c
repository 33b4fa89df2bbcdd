// SPDX-License-Identifier: ISC
//
// The bodies about askings that wait, what a person answers to them, what happened, and the
// policy, field by field as docs/PROTOCOL.agent lists them. The other bodies are
// agent_msg.c's.
#include "proto/agent_fields.h"

void
hs_agent_put_wait_message(struct hs_buf *b, struct hs_str code, struct hs_str key)
{
	hs_put_cstring(b, "wait");
	hs_put_str(b, code);
	hs_put_str(b, key);
}

void
hs_agent_waiting_put(struct hs_buf *b, const struct hs_agent_waiting *m)
{
	hs_put_str(b, m->code);
	hs_put_u8(b, m->state);
	hs_put_u64(b, m->until);
	hs_put_u8(b, m->pin);
}

int
hs_agent_waiting_get(struct hs_rd *r, struct hs_agent_waiting *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_waiting){0};
	GET(hs_get_string, code);
	GET(hs_get_u8, state);
	GET(hs_get_u64, until);
	GET(hs_agent_get_bool, pin);
	if (rc == HS_OK && (m->state < HS_WAITING_SHOWN || m->state > HS_WAITING_PARKED))
		rc = HS_ERR_FORMAT;
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_answer_put(struct hs_buf *b, const struct hs_agent_answer *m)
{
	hs_put_str(b, m->code);
	hs_put_u8(b, m->what);
	hs_put_u8(b, m->pin);
}

int
hs_agent_answer_get(struct hs_rd *r, struct hs_agent_answer *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_answer){0};
	GET(hs_get_string, code);
	GET(hs_get_u8, what);
	GET(hs_agent_get_bool, pin);
	if (rc == HS_OK && (m->what < HS_ANSWER_ARM || m->what > HS_ANSWER_LATER))
		rc = HS_ERR_FORMAT;
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_events_put(struct hs_buf *b, const struct hs_agent_events *m)
{
	hs_put_u64(b, m->after);
	hs_put_u32(b, m->wait);
	hs_put_u8(b, m->prompts);
}

int
hs_agent_events_get(struct hs_rd *r, struct hs_agent_events *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_events){0};
	GET(hs_get_u64, after);
	GET(hs_get_u32, wait);
	GET(hs_agent_get_bool, prompts);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_told_put(struct hs_buf *b, const struct hs_agent_told *m)
{
	hs_put_u64(b, m->last);
	hs_put_u8(b, m->anew);
	hs_put_u32(b, m->n);
}

int
hs_agent_told_get(struct hs_rd *r, struct hs_agent_told *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_told){0};
	GET(hs_get_u64, last);
	GET(hs_agent_get_bool, anew);
	GET(hs_get_u32, n);
	return rc;
}

void
hs_agent_event_put(struct hs_buf *b, const struct hs_agent_event *m)
{
	hs_put_u64(b, m->seq);
	hs_put_u64(b, m->time);
	hs_put_str(b, m->event);
	hs_put_str(b, m->code);
	hs_put_str(b, m->agent);
	hs_put_str(b, m->id);
	hs_put_str(b, m->why);
	hs_put_str(b, m->text);
	hs_put_u64(b, m->until);
	hs_put_u8(b, m->pin);
	hs_put_str(b, m->said);
}

int
hs_agent_event_get(struct hs_rd *r, struct hs_agent_event *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_event){0};
	GET(hs_get_u64, seq);
	GET(hs_get_u64, time);
	GET(hs_get_string, event);
	GET(hs_get_string, code);
	GET(hs_get_string, agent);
	GET(hs_get_string, id);
	GET(hs_get_string, why);
	GET(hs_get_string, text);
	GET(hs_get_u64, until);
	GET(hs_agent_get_bool, pin);
	GET(hs_get_string, said);
	return rc;
}

void
hs_agent_policy_put(struct hs_buf *b, const struct hs_agent_policy *m)
{
	hs_put_u8(b, m->what);
	hs_put_str(b, m->names);
	hs_put_str(b, m->scope);
	hs_put_str(b, m->agent);
	hs_put_str(b, m->reason);
	hs_put_u8(b, m->how);
}

int
hs_agent_policy_get(struct hs_rd *r, struct hs_agent_policy *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_policy){0};
	GET(hs_get_u8, what);
	GET(hs_get_string, names);
	GET(hs_get_string, scope);
	GET(hs_get_string, agent);
	GET(hs_get_string, reason);
	GET(hs_get_u8, how);
	if (rc == HS_OK &&
	    (m->what < HS_POLICY_ASK_SHOW || m->what > HS_POLICY_ASK_EXPLAIN ||
		m->how > HS_POLICY_HOW_DIRECT))
		rc = HS_ERR_FORMAT;
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_policy_info_put(struct hs_buf *b, const struct hs_agent_policy_info *m)
{
	hs_put_str(b, m->text);
	hs_put_str(b, m->notes);
	hs_put_u8(b, m->direct);
}

int
hs_agent_policy_info_get(struct hs_rd *r, struct hs_agent_policy_info *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_policy_info){0};
	GET(hs_get_string, text);
	GET(hs_get_string, notes);
	GET(hs_agent_get_bool, direct);
	return rc == HS_OK ? hs_rd_end(r) : rc;
}

void
hs_agent_explained_put(struct hs_buf *b, const struct hs_agent_explained *m)
{
	hs_put_u8(b, m->decision);
	hs_put_str(b, m->code);
	hs_put_str(b, m->sentence);
	hs_put_str(b, m->remedy);
	hs_put_str(b, m->difference);
	hs_put_u8(b, m->pin);
	hs_put_u8(b, m->once);
}

int
hs_agent_explained_get(struct hs_rd *r, struct hs_agent_explained *m)
{
	int rc = HS_OK;

	*m = (struct hs_agent_explained){0};
	GET(hs_get_u8, decision);
	GET(hs_get_string, code);
	GET(hs_get_string, sentence);
	GET(hs_get_string, remedy);
	GET(hs_get_string, difference);
	GET(hs_agent_get_bool, pin);
	GET(hs_agent_get_bool, once);
	if (rc == HS_OK && m->decision > 2)
		rc = HS_ERR_FORMAT;
	return rc == HS_OK ? hs_rd_end(r) : rc;
}
