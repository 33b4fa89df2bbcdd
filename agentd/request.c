// SPDX-License-Identifier: ISC
//
// Every request from its first byte to its reply. Who sends it: any process of this user.
// Nothing is answered before it is recorded, but what changes and reveals nothing: query,
// list, status, events. Contract in request.h.
#include "agentd/request.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include "agentd/checkpoint.h"
#include "agentd/events.h"
#include "agentd/judge.h"
#include "agentd/listing.h"
#include "agentd/log.h"
#include "agentd/mainbind.h"
#include "agentd/measure.h"
#include "agentd/policyask.h"
#include "agentd/release.h"
#include "agentd/reply.h"
#include "agentd/revoke.h"
#include "agentd/seatask.h"
#include "agentd/seatbind.h"
#include "agentd/seatsign.h"
#include "agentd/waiter.h"
#include "proto/agent.h"
#include "proto/names.h"
#include "proto/sessionbind.h"

// What is a person's to do is not done for a process that nothing can be said about, nor
// for another host.
static int
local_only(const struct hs_conn *c, const char *what, struct hs_refusal *why)
{
	const char *remedy = "do it on the machine where handseald runs";

	if (hs_peer_origin(&c->peer) == HS_ORIGIN_LOCAL)
		return HS_OK;
	if (c->peer.opaque)
		remedy = "do it outside of the container";
	hs_fail(&why->err, HS_NO_PEER, "%s, from where nobody may %s",
	    c->peer.opaque ? "this process is in another PID namespace"
	    : c->peer.forwarding == HS_FORWARDING_PROVEN
		? "this connection is forwarded from another host"
		: "this connection may be forwarded from another host, nobody knows which",
	    what);
	return hs_refusal_remedy(why, "%s", remedy);
}

// ---- the extensions. Each returns HS_OK when it has answered or will, or why it could not
// be decoded.

static int
do_open(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_refusal why = {0};
	struct hs_agent_open m;
	int rc = hs_agent_open_get(r, &m);

	if (rc != HS_OK)
		return rc;
	hs_measure_start(c);
	if (local_only(c, "open a session", &why) != HS_OK ||
	    hs_touch_open(c, &m, now, &why) != HS_OK)
		hs_reply_refuse(c, HS_EXT_OPEN, &why, now, (struct hs_str){0}, m.scope);
	return HS_OK;
}

static int
do_pending(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_refusal why = {0};
	struct hs_agent_pending m;
	int rc = hs_agent_pending_get(r, &m);

	if (rc == HS_OK && hs_waiter_pending(c, &m, &why) != HS_OK)
		hs_reply_refuse(
		    c, HS_EXT_PENDING, &why, now, (struct hs_str){0}, (struct hs_str){0});
	return rc;
}

// Issues under a live grant, as was decided.
static int
release(struct hs_conn *c, const struct hs_wanted *w, const struct hs_issue *i,
    struct hs_refusal *why)
{
	const struct hs_agent_issued m = {.certificate = hs_buf_str(&i->certificate),
	    .end = i->end,
	    .id = hs_str_c(i->id)};
	struct hs_buf frame = {0};
	size_t mark = hs_agent_reply_begin(&frame, HS_EXT_REQUEST, HS_AGENT_DONE);
	struct hs_reply *reply;
	int rc = HS_ERR_NOMEM;

	hs_agent_issued_put(&frame, &m);
	hs_agent_frame_end(&frame, mark);
	reply = hs_reply_hold(c, HS_EXT_REQUEST, &frame);
	if (reply != NULL)
		rc = hs_release(c->d, w, &c->peer, i, hs_reply_send, reply);
	else
		hs_session_unkeep(&c->d->session, i->serial, i->grant_serial, i->uses);
	if (rc == HS_OK)
		return HS_OK;
	if (reply != NULL)
		hs_reply_drop(reply);
	hs_fail(&why->err, (enum hs_code)rc, "%s",
	    rc == HS_NO_BUSY ? "too many certificates are live" : "");
	return hs_refusal_remedy(why, "%s",
	    rc == HS_NO_RECORD ? "see that the audit log's disk can be written"
			       : "wait until some end, or ask for shorter ones");
}

// Issues under a live grant, as was decided.
static int
issue(struct hs_conn *c, const struct hs_wanted *w, struct hs_held *held,
    const struct hs_now *now, struct hs_refusal *why)
{
	struct hs_issue i = {0};
	uint8_t nonce[32];
	int rc;

	randombytes_buf(nonce, sizeof nonce);
	rc = hs_issue(&c->d->session, held, w, NULL, now, nonce, &i, why);
	if (rc == HS_OK)
		rc = release(c, w, &i, why);
	hs_issue_free(&i);
	return rc;
}

static bool
is_a_limit(enum hs_code code)
{
	return code == HS_NO_PROMPTS || code == HS_NO_BUSY;
}

static int
decide_request(struct hs_conn *c, struct hs_wanted *w, const struct hs_now *now,
    struct hs_refusal *why)
{
	const struct hs_judge_ask ask = {.scope = w->scope,
	    .agent = w->agent,
	    .peer = &c->peer,
	    .reasoned = w->reason.len > 0,
	    .direct = w->direct};
	struct hs_decided decided = {0};
	int rc = HS_OK;

	switch (hs_judge(c->d, &ask, now, &decided)) {
	case HS_DECIDE_ISSUE:
		rc = issue(c, w, c->d->session.held[decided.grant], now, why);
		break;
	case HS_DECIDE_ASK:
		if (!hs_touch_join(c, w))
			rc = hs_touch_request(c, w, &decided, now, why);
		break;
	case HS_DECIDE_REFUSE:
		if (is_a_limit(decided.err.code) && hs_touch_join(c, w))
			break;
		hs_judge_refusal(&decided, why);
		rc = (int)why->err.code;
		break;
	}
	hs_decided_free(&decided);
	return rc;
}

static int
do_request(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_refusal why = {0};
	struct hs_wanted w = {0};
	struct hs_agent_request m;
	int rc = hs_agent_request_get(r, &m);

	if (rc != HS_OK)
		return rc;
	hs_measure_start(c);
	if (c->seat != NULL) {
		hs_seatask_request(c, &m, now);
		return HS_OK;
	}
	rc = hs_wanted_check(&c->d->session, &c->d->proofs, &m, &w, &why);
	w.origin = hs_peer_origin(&c->peer);
	if (rc == HS_OK)
		rc = decide_request(c, &w, now, &why);
	if (rc != HS_OK)
		hs_reply_refuse(c, HS_EXT_REQUEST, &why, now, m.agent, m.scope);
	hs_wanted_free(&w);
	return HS_OK;
}

static int
do_answer(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_audit_record rec = {.event = "answer", .time = now->wall};
	struct hs_refusal why = {0};
	struct hs_agent_waiting out;
	struct hs_agent_answer m;
	struct hs_buf frame = {0};
	size_t mark;
	int rc = hs_agent_answer_get(r, &m), fd;

	if (rc != HS_OK)
		return rc;
	rc = m.pin ? local_only(c, "hand over a PIN", &why) : HS_OK;
	fd = m.pin && rc == HS_OK ? hs_conn_take_fd(c) : -1;
	if (rc == HS_OK && m.pin && fd < 0) {
		hs_fail(&why.err, HS_ERR_USAGE, "no descriptor came with the PIN's answer");
		rc = hs_refusal_remedy(&why, "pass one to read it from");
	} else if (rc == HS_OK) {
		rc = hs_touch_answer(c->d, &m, fd, &out, &why);
	}
	if (rc != HS_OK) {
		hs_reply_refuse(
		    c, HS_EXT_ANSWER, &why, now, (struct hs_str){0}, (struct hs_str){0});
		return HS_OK;
	}
	mark = hs_agent_reply_begin(&frame, HS_EXT_ANSWER, HS_AGENT_DONE);
	hs_agent_waiting_put(&frame, &out);
	hs_agent_frame_end(&frame, mark);
	hs_reply_who(&rec, &c->peer);
	rec.ask = out.code;
	rec.sentence = hs_str_c(m.what == HS_ANSWER_DECLINE ? "decline"
				: m.what == HS_ANSWER_LATER ? "later"
				: m.pin			    ? "arm, with a PIN"
							    : "arm");
	hs_reply_recorded(c, HS_EXT_ANSWER, &frame, &rec);
	return HS_OK;
}

static int
do_events(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_agent_events m;
	int rc = hs_agent_events_get(r, &m);

	(void)now;
	if (rc == HS_OK)
		hs_events_ask(c, &m);
	return rc;
}

static int
do_policy(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_refusal why = {0};
	struct hs_agent_policy m;
	struct hs_buf frame = {0};
	int rc = hs_agent_policy_get(r, &m);

	if (rc != HS_OK)
		return rc;
	if (m.what == HS_POLICY_ASK_RELOAD)
		rc = local_only(c, "reload the policy", &why);
	if (rc == HS_OK && hs_policyask(c, &m, now, &frame, &why) == HS_OK)
		hs_conn_reply(c, &frame);
	else
		hs_reply_refuse(c, HS_EXT_POLICY, &why, now, m.agent, m.scope);
	hs_buf_free(&frame);
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
	if (m.seats)
		hs_listing_put_seats(&frame, c->d, c->seat, &m);
	else
		(void)hs_listing_put(&frame, c->d, c->seat, &m, now, &why);
	if (why.err.code == HS_OK)
		hs_conn_reply(c, &frame);
	else
		hs_reply_refuse(
		    c, HS_EXT_LIST, &why, now, (struct hs_str){0}, (struct hs_str){0});
	hs_buf_free(&frame);
	return HS_OK;
}

static int
do_status(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_buf frame = {0};

	if (hs_rd_end(r) != HS_OK)
		return HS_ERR_TRAILING;
	hs_listing_put_status(&frame, c->d, c->seat, now);
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
	struct hs_keys key;
	size_t mark;

	if (hs_rd_end(r) != HS_OK)
		return HS_ERR_TRAILING;
	if (!d->session.open) {
		hs_fail(&why.err, HS_NO_SESSION, "%s", "");
		hs_reply_refuse(
		    c, HS_EXT_CLOSE, &why, now, (struct hs_str){0}, (struct hs_str){0});
		return HS_OK;
	}
	hs_session_prune(&d->session, now->wall);
	memcpy(id, d->session.id, sizeof id);
	m = (struct hs_agent_closed){.session = hs_str_c(id),
	    .live = d->session.nlive,
	    .last_end = hs_session_last_end(&d->session)};
	rec.count = d->session.count;
	hs_reply_who(&rec, &c->peer);
	hs_daemon_session_close(d, "closed", "handseal close", &key);
	hs_log("session %s closed by pid %lu", id, (unsigned long)c->peer.pid);
	mark = hs_agent_reply_begin(&frame, HS_EXT_CLOSE, HS_AGENT_DONE);
	hs_agent_closed_put(&frame, &m);
	hs_agent_frame_end(&frame, mark);
	hs_reply_recorded(c, HS_EXT_CLOSE, &frame, &rec);
	hs_checkpoint_last(d, &key, id);
	return HS_OK;
}

static int
do_bind(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	return c->seat != NULL ? hs_seatbind(c, r, now) : hs_mainbind(c, r, now);
}

static int do_query(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now);

// Where an extension exists.
enum { MAIN = 1, SEAT = 2, BOTH = 3, UNLISTED = 4 };

static const struct {
	const char *name;
	int (*fn)(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now);
	int where;
} extensions[] = {{"query", do_query, BOTH | UNLISTED}, {HS_EXT_OPEN, do_open, MAIN},
    {HS_EXT_PENDING, do_pending, BOTH}, {HS_EXT_REQUEST, do_request, BOTH},
    {HS_EXT_LIST, do_list, BOTH}, {HS_EXT_STATUS, do_status, BOTH},
    {HS_EXT_CLOSE, do_close, MAIN}, {HS_EXT_ANSWER, do_answer, MAIN},
    {HS_EXT_EVENTS, do_events, BOTH}, {HS_EXT_POLICY, do_policy, MAIN},
    {HS_EXT_SEAT, hs_seatask, BOTH}, {HS_EXT_REVOKE, hs_revoke, BOTH},
    {HS_EXT_WHY, hs_seatask_why, SEAT}, {HS_EXT_SESSION_BIND, do_bind, BOTH}};
#define NEXTENSIONS (sizeof extensions / sizeof extensions[0])

static bool
exists(const struct hs_conn *c, size_t i)
{
	return (extensions[i].where & (c->seat != NULL ? SEAT : MAIN)) != 0;
}

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
	for (size_t i = 0; i < NEXTENSIONS; i++)
		if (exists(c, i) && (extensions[i].where & UNLISTED) == 0)
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

	hs_reply_who(&r, &c->peer);
	hs_put_u8(&frame, HS_AGENT_EXTENSION_FAILURE);
	hs_agent_frame_end(&frame, mark);
	(void)hs_reply_refused(c, ext, &frame, &r, now);
}

static void
extension(struct hs_conn *c, struct hs_rd *r)
{
	struct hs_now now;
	struct hs_str name;
	int rc;

	hs_daemon_tick(c->d, &now);
	if (c->closed)
		return; // its session has just ended, and its seat with it
	if (hs_get_string(r, &name) != HS_OK) {
		hs_reply_byte(c, HS_AGENT_FAILURE);
		return;
	}
	for (size_t i = 0; i < NEXTENSIONS; i++) {
		if (!hs_str_is(name, extensions[i].name) || !exists(c, i))
			continue;
		rc = extensions[i].fn(c, r, &now);
		if (rc != HS_OK)
			malformed(c, extensions[i].name, rc, &now);
		return;
	}
	hs_reply_byte(c, HS_AGENT_FAILURE);
}

void
hs_request(struct hs_conn *c, struct hs_str body)
{
	struct hs_rd r = hs_rd_of(body);
	uint8_t type = 0;

	(void)hs_get_u8(&r, &type);
	if (c->other && !hs_seat_admits(c->seat, &c->peer))
		hs_conn_close(c); // the policy has changed its mind
	else if (type == HS_AGENT_EXTENSION)
		extension(c, &r);
	else if (c->seat != NULL)
		hs_seatsign_request(c, type, &r);
	else if (type == HS_AGENT_LIST && r.left == 0)
		hs_reply_byte(c, HS_AGENT_IDENTITIES);
	else if (type == HS_AGENT_REMOVE_ALL && r.left == 0)
		hs_reply_byte(c, HS_AGENT_SUCCESS);
	else
		hs_reply_byte(c, HS_AGENT_FAILURE);
}
