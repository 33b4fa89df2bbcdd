// SPDX-License-Identifier: ISC
//
// Every request from its first byte to its reply. Who sends it: any process of this user.
// Nothing is answered before it is recorded, but what changes and reveals nothing: query,
// list, status. Contract in request.h.
#include "agentd/request.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/issue.h"
#include "agentd/listing.h"
#include "agentd/log.h"
#include "agentd/touch.h"
#include "proto/agent.h"
#include "proto/names.h"

// A reply that waits for its record.
struct answer {
	struct hs_conn *conn;
	struct hs_buf frame;
	const char *ext;
	// a certificate, to be taken back if it cannot be recorded
	char session[HS_SESSION_ID_LEN + 1];
	uint64_t serial, uses;
};

void
hs_request_who(struct hs_audit_record *r, const struct hs_conn *c)
{
	r->peer = true;
	r->pid = c->peer.pid;
	r->uid = c->peer.uid;
	r->exe = hs_str_c(c->peer.exe);
}

void
hs_request_put_refusal(struct hs_buf *frame, const char *ext, const struct hs_refusal *why)
{
	const struct hs_agent_refusal m = {.code = hs_str_c(hs_code_name(why->err.code)),
	    .sentence = hs_str_c(hs_err_sentence(&why->err)),
	    .remedy = hs_str_c(why->remedy)};

	hs_agent_put_refusal(frame, ext, &m);
}

static void
reply_byte(struct hs_conn *c, enum hs_agent_msg type)
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
put_unrecorded(struct hs_buf *frame, const char *ext)
{
	struct hs_refusal why = {0};

	hs_fail(&why.err, HS_NO_RECORD, "%s", "");
	hs_refusal_remedy(&why, "see that the audit log's disk can be written");
	hs_buf_reset(frame);
	hs_request_put_refusal(frame, ext, &why);
}

// The certificate of this answer, if it is one, may be shown from now on or never was.
static void
settle(const struct answer *a, bool recorded)
{
	struct hs_session *s = &a->conn->d->session;

	if (a->serial == 0 || !s->open || strcmp(s->id, a->session) != 0)
		return;
	if (recorded)
		hs_session_recorded(s, a->serial);
	else
		hs_session_unkeep(s, a->serial, a->uses);
}

static void
on_recorded(void *arg, int code)
{
	struct answer *a = arg;

	settle(a, code == HS_OK);
	if (code != HS_OK)
		put_unrecorded(&a->frame, a->ext);
	hs_conn_reply(a->conn, &a->frame);
	hs_conn_unref(a->conn);
	free(a);
}

// Sends frame when r is on disk, and a refusal if it cannot be. Takes frame. issued may be
// NULL.
static void
reply_recorded(struct hs_conn *c, const char *ext, struct hs_buf *frame,
    struct hs_audit_record *r, const struct hs_issue *issued)
{
	struct answer *a = calloc(1, sizeof *a);

	if (a == NULL) {
		hs_buf_free(frame);
		hs_conn_close(c);
		return;
	}
	*a = (struct answer){.conn = hs_conn_ref(c), .frame = *frame, .ext = ext};
	*frame = (struct hs_buf){0};
	if (issued != NULL) {
		memcpy(a->session, c->d->session.id, sizeof a->session);
		a->serial = issued->serial;
		a->uses = issued->uses;
	}
	if (hs_audit_put(c->d->audit, r, on_recorded, a, NULL, NULL) != HS_OK)
		on_recorded(a, HS_NO_RECORD);
}

static void
refuse(struct hs_conn *c, const char *ext, const struct hs_refusal *why,
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

	hs_request_who(&r, c);
	hs_log("pid %lu %s: %s: %s", (unsigned long)c->peer.pid, ext, r.code,
	    hs_err_sentence(&why->err));
	hs_request_put_refusal(&frame, ext, why);
	reply_recorded(c, ext, &frame, &r, NULL);
}

// ---- the extensions. Each returns HS_OK when it has answered or will, or why it could not
// be decoded.

static int
do_open(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_refusal why = {0};
	struct hs_agent_open m;
	int rc = hs_agent_open_get(r, &m);

	if (rc == HS_OK && hs_touch_open(c, &m, now, &why) != HS_OK)
		refuse(c, HS_EXT_OPEN, &why, now, (struct hs_str){0}, m.scope);
	return rc;
}

static int
do_pending(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_refusal why = {0};
	struct hs_agent_pending m;
	int rc = hs_agent_pending_get(r, &m);

	if (rc == HS_OK && hs_touch_pending(c, m.code, &why) != HS_OK)
		refuse(
		    c, HS_EXT_PENDING, &why, now, (struct hs_str){0}, (struct hs_str){0});
	return rc;
}

// Keeps, records and answers a certificate that was just made.
static int
release(struct hs_conn *c, const struct hs_agent_request *m, struct hs_issue *i)
{
	const struct hs_agent_issued reply = {.certificate = hs_buf_str(&i->certificate),
	    .end = i->end,
	    .id = hs_str_c(i->id)};
	const struct hs_issued_spec keep = {.serial = i->serial,
	    .issued = i->issued,
	    .end = i->end,
	    .pid = c->peer.pid,
	    .agent = hs_str_c(i->agent),
	    .scope = hs_scope_text(i->scope),
	    .exe = hs_str_c(c->peer.exe),
	    .certificate = hs_buf_str(&i->certificate)};
	struct hs_audit_record r = {.event = "issue",
	    .time = i->issued,
	    .agent = keep.agent,
	    .session = c->d->session.id,
	    .reason = m->reason,
	    .scope = keep.scope,
	    .numbered = true,
	    .serial = i->serial,
	    .end = i->end,
	    .key = i->key};
	struct hs_buf frame = {0};
	uint8_t digest[32];
	size_t mark;
	int rc = hs_session_keep(&c->d->session, &keep);

	if (rc != HS_OK)
		return rc;
	hs_scope_digest(i->scope, digest);
	r.digest = (struct hs_str){digest, sizeof digest};
	hs_request_who(&r, c);
	mark = hs_agent_reply_begin(&frame, HS_EXT_REQUEST, HS_AGENT_DONE);
	hs_agent_issued_put(&frame, &reply);
	hs_agent_frame_end(&frame, mark);
	hs_log("%s for %s, pid %lu", i->id, i->agent, (unsigned long)c->peer.pid);
	reply_recorded(c, HS_EXT_REQUEST, &frame, &r, i);
	return HS_OK;
}

static int
do_request(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_session *s = &c->d->session;
	struct hs_refusal why = {0};
	struct hs_agent_request m;
	struct hs_issue issue = {0};
	uint8_t nonce[32];
	int rc = hs_agent_request_get(r, &m);

	if (rc != HS_OK)
		return rc;
	randombytes_buf(nonce, sizeof nonce);
	rc = hs_issue(s, &m, now, nonce, &issue, &why);
	if (rc == HS_OK) {
		rc = release(c, &m, &issue);
		if (rc != HS_OK) {
			hs_session_unkeep(s, issue.serial, issue.uses);
			hs_fail(&why.err, (enum hs_code)rc, "%s",
			    rc == HS_NO_BUSY ? "too many certificates are live" : "");
			hs_refusal_remedy(
			    &why, "wait until some end, or ask for shorter ones");
		}
	}
	if (rc != HS_OK)
		refuse(c, HS_EXT_REQUEST, &why, now, m.agent, m.scope);
	hs_issue_free(&issue);
	return HS_OK;
}

static int
do_list(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_refusal why = {0};
	struct hs_agent_list m;
	struct hs_buf frame = {0};
	int rc = hs_agent_list_get(r, &m);

	if (rc != HS_OK)
		return rc;
	if (hs_listing_put(&frame, &c->d->session, &m, now, &why) == HS_OK)
		hs_conn_reply(c, &frame);
	else
		refuse(c, HS_EXT_LIST, &why, now, (struct hs_str){0}, (struct hs_str){0});
	hs_buf_free(&frame);
	return HS_OK;
}

static int
do_status(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_buf frame = {0};

	if (hs_rd_end(r) != HS_OK)
		return HS_ERR_TRAILING;
	hs_listing_put_status(&frame, c->d, now);
	hs_conn_reply(c, &frame);
	return HS_OK;
}

static int
do_close(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_daemon *d = c->d;
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_audit_record rec = {
	    .event = "close", .time = now->wall, .session = id, .counted = true};
	struct hs_refusal why = {0};
	struct hs_agent_closed m;
	struct hs_buf frame = {0};
	size_t mark;

	if (hs_rd_end(r) != HS_OK)
		return HS_ERR_TRAILING;
	if (!d->session.open) {
		hs_fail(&why.err, HS_NO_SESSION, "%s", "");
		refuse(c, HS_EXT_CLOSE, &why, now, (struct hs_str){0}, (struct hs_str){0});
		return HS_OK;
	}
	hs_keys_wipe(&d->session.key);
	hs_session_prune(&d->session, now->wall);
	memcpy(id, d->session.id, sizeof id);
	m = (struct hs_agent_closed){.session = hs_str_c(id),
	    .live = d->session.nlive,
	    .last_end = hs_session_last_end(&d->session)};
	rec.count = d->session.count;
	hs_request_who(&rec, c);
	hs_daemon_session_close(d);
	hs_log("session %s closed by pid %lu", id, (unsigned long)c->peer.pid);
	mark = hs_agent_reply_begin(&frame, HS_EXT_CLOSE, HS_AGENT_DONE);
	hs_agent_closed_put(&frame, &m);
	hs_agent_frame_end(&frame, mark);
	reply_recorded(c, HS_EXT_CLOSE, &frame, &rec, NULL);
	return HS_OK;
}

static int do_query(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now);

static const struct {
	const char *name;
	int (*fn)(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now);
} extensions[] = {{"query", do_query}, {HS_EXT_OPEN, do_open}, {HS_EXT_PENDING, do_pending},
    {HS_EXT_REQUEST, do_request}, {HS_EXT_LIST, do_list}, {HS_EXT_STATUS, do_status},
    {HS_EXT_CLOSE, do_close}};
#define NEXTENSIONS (sizeof extensions / sizeof extensions[0])

static int
do_query(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_buf frame = {0};
	size_t mark;

	(void)now;
	if (hs_rd_end(r) != HS_OK)
		return HS_ERR_TRAILING;
	mark = hs_agent_frame_begin(&frame);
	hs_put_u8(&frame, HS_AGENT_EXTENSION_RESPONSE);
	hs_put_cstring(&frame, "query");
	for (size_t i = 1; i < NEXTENSIONS; i++)
		hs_put_cstring(&frame, extensions[i].name);
	hs_agent_frame_end(&frame, mark);
	hs_conn_reply(c, &frame);
	return HS_OK;
}

// ---- dispatch

static void
malformed(struct hs_conn *c, const char *ext, int code, const struct hs_now *now)
{
	struct hs_audit_record r = {.event = "refuse",
	    .time = now->wall,
	    .ext = hs_str_c(ext),
	    .code = hs_code_name((enum hs_code)code),
	    .sentence = hs_str_c(hs_code_sentence((enum hs_code)code))};
	struct hs_buf frame = {0};
	size_t mark = hs_agent_frame_begin(&frame);

	hs_request_who(&r, c);
	hs_put_u8(&frame, HS_AGENT_EXTENSION_FAILURE);
	hs_agent_frame_end(&frame, mark);
	reply_recorded(c, ext, &frame, &r, NULL);
}

static void
extension(struct hs_conn *c, struct hs_rd *r)
{
	struct hs_now now;
	struct hs_str name;
	int rc;

	hs_daemon_tick(c->d, &now);
	if (hs_get_string(r, &name) != HS_OK) {
		reply_byte(c, HS_AGENT_FAILURE);
		return;
	}
	for (size_t i = 0; i < NEXTENSIONS; i++) {
		if (!hs_str_is(name, extensions[i].name))
			continue;
		rc = extensions[i].fn(c, r, &now);
		if (rc != HS_OK)
			malformed(c, extensions[i].name, rc, &now);
		return;
	}
	reply_byte(c, HS_AGENT_FAILURE);
}

void
hs_request(struct hs_conn *c, struct hs_str body)
{
	struct hs_rd r = hs_rd_of(body);
	uint8_t type = 0;

	(void)hs_get_u8(&r, &type);
	if (type == HS_AGENT_EXTENSION)
		extension(c, &r);
	else if (type == HS_AGENT_LIST && r.left == 0)
		reply_byte(c, HS_AGENT_IDENTITIES);
	else if (type == HS_AGENT_REMOVE_ALL && r.left == 0)
		reply_byte(c, HS_AGENT_SUCCESS);
	else
		reply_byte(c, HS_AGENT_FAILURE);
}
