// SPDX-License-Identifier: ISC
//
// Replies to frames: written, and held back until their record is on disk. Contract in
// reply.h.
#include "agentd/reply.h"

#include <stdlib.h>
#include "agentd/log.h"
#include "agentd/repeats.h"
#include "proto/names.h"

struct hs_reply {
	struct hs_conn *conn;
	struct hs_buf frame;
	const char *ext;
};

void
hs_reply_who(struct hs_audit_record *r, const struct hs_peer *peer)
{
	r->peer = true;
	r->pid = peer->pid;
	r->uid = peer->uid;
	r->origin = hs_origin_name(hs_peer_origin(peer));
	r->via = peer->via;
	r->exe = hs_str_c(peer->exe);
	r->start = peer->start;
	r->cgroup = hs_str_c(peer->cgroup);
	r->by = hs_str_c(peer->by);
	if (peer->hashed)
		r->exe_sha256 = (struct hs_str){peer->exe_sha256, sizeof peer->exe_sha256};
}

void
hs_reply_put_refusal(struct hs_buf *frame, const char *ext, const struct hs_refusal *why)
{
	const struct hs_agent_refusal m = {.code = hs_str_c(hs_code_name(why->err.code)),
	    .sentence = hs_str_c(hs_err_sentence(&why->err)),
	    .remedy = hs_str_c(why->remedy)};

	hs_agent_put_refusal(frame, ext, &m);
}

void
hs_reply_byte(struct hs_conn *c, enum hs_agent_msg type)
{
	struct hs_buf frame = {0};
	size_t mark = hs_agent_frame_begin(&frame);

	hs_put_u8(&frame, (uint8_t)type);
	if (type == HS_AGENT_IDENTITIES)
		hs_put_u32(&frame, 0); // this socket holds no keys
	hs_agent_frame_end(&frame, mark);
	hs_conn_reply(c, &frame);
}

static void
put_unsent(struct hs_buf *frame, const char *ext, int code)
{
	struct hs_refusal why = {0};
	size_t mark;

	hs_buf_reset(frame);
	if (ext == NULL) { // a request of the RFC, whose failure has no words
		mark = hs_agent_frame_begin(frame);
		hs_put_u8(frame, HS_AGENT_FAILURE);
		hs_agent_frame_end(frame, mark);
		return;
	}
	if (code == HS_NO_GONE) {
		hs_fail(&why.err, HS_NO_GONE, HS_REPLY_GONE);
		hs_refusal_remedy(&why, "ask again");
	} else {
		hs_fail(&why.err, HS_NO_RECORD, "%s", "");
		hs_refusal_remedy(&why, "see that the audit log's disk can be written");
	}
	hs_reply_put_refusal(frame, ext, &why);
}

struct hs_reply *
hs_reply_hold(struct hs_conn *c, const char *ext, struct hs_buf *frame)
{
	struct hs_reply *a = calloc(1, sizeof *a);

	if (a == NULL) {
		hs_buf_free(frame);
		return NULL;
	}
	*a = (struct hs_reply){.conn = hs_conn_ref(c), .frame = *frame, .ext = ext};
	*frame = (struct hs_buf){0};
	return a;
}

void
hs_reply_drop(struct hs_reply *a)
{
	hs_buf_free(&a->frame);
	hs_conn_unref(a->conn);
	free(a);
}

void
hs_reply_send(void *arg, int code)
{
	struct hs_reply *a = arg;

	if (code != HS_OK)
		put_unsent(&a->frame, a->ext, code);
	hs_conn_reply(a->conn, &a->frame);
	hs_reply_drop(a);
}

void
hs_reply_recorded(
    struct hs_conn *c, const char *ext, struct hs_buf *frame, struct hs_audit_record *r)
{
	struct hs_reply *a = hs_reply_hold(c, ext, frame);

	if (a == NULL)
		hs_conn_close(c);
	else if (hs_audit_put(c->d->audit, r, hs_reply_send, a, NULL, NULL) != HS_OK)
		hs_reply_send(a, HS_NO_RECORD);
}

bool
hs_reply_refused(struct hs_conn *c, const char *ext, struct hs_buf *frame,
    struct hs_audit_record *r, const struct hs_now *now)
{
	bool again = hs_repeats_counted(c->d->repeats, r, now);

	if (again)
		hs_conn_reply(c, frame);
	else
		hs_reply_recorded(c, ext, frame, r);
	return !again;
}

void
hs_reply_refuse(struct hs_conn *c, const char *ext, const struct hs_refusal *why,
    const struct hs_now *now, struct hs_str agent, struct hs_str scope)
{
	struct hs_audit_record r = {.event = "refuse",
	    .time = now->wall,
	    .ext = hs_str_c(ext),
	    .agent = agent.len <= HS_AGENT_NAME_MAX ? agent : (struct hs_str){0},
	    .session = c->d->session.id,
	    .code = hs_code_name(why->err.code),
	    .sentence = hs_str_c(hs_err_sentence(&why->err)),
	    .scope = scope.len <= HS_SCOPE_BYTES_MAX ? scope : (struct hs_str){0}};
	struct hs_buf frame = {0};

	hs_reply_who(&r, &c->peer);
	hs_reply_put_refusal(&frame, ext, why);
	if (hs_reply_refused(c, ext, &frame, &r, now))
		hs_log("pid %lu %s: %s: %s", (unsigned long)c->peer.pid, ext, r.code,
		    hs_err_sentence(&why->err));
}
