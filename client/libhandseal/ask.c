// SPDX-License-Identifier: ISC
//
// What may cost a touch: open, request, seat. Each first finds out what it has to say (the
// scope behind a name, the session that a proof is bound to), then asks. What comes of it
// is outcome.c's. Contracts in handseal.h.
#include <stdlib.h>
#include <string.h>
#include "client/libhandseal/client.h"
#include "client/libhandseal/answers.h"
#include "proto/names.h"
#include "proto/policy.h"
#include "proto/text.h"

#define ARMED_MAX 600 // what an answer may say; longer is not believed

static int go_on(struct hs_client *c, struct hs_error *err);

// ---- the answer

// The text must be what it looks like: what would be shown otherwise than it is signed is
// not shown at all, and hanging up calls the touch off.
static int
take_asked(struct hs_client *c, struct hs_rd body, struct hs_error *err)
{
	struct hs_client_asking *a = &c->asking;
	struct hs_agent_asked m;
	struct hs_err e = {0};

	if (hs_agent_asked_get(&body, &m) != HS_OK || !hs_answers_is_code(m.code) ||
	    m.shown.len > HS_SHOWN_MAX || m.armed > ARMED_MAX ||
	    !hs_text_shown(m.keys, NULL))
		return hs_client_malformed(c, err);
	if (!hs_answers_showable(m.shown)) {
		(void)hs_fail(&e, HS_SK_LIED,
		    "handseald's text holds control characters: it is not shown, and the "
		    "touch is to be called off");
		return hs_client_fail(err, &e);
	}
	memcpy(a->code, m.code.p, HS_CODE_LEN);
	hs_put_raw(&a->shown, m.shown.p, m.shown.len);
	if (hs_buf_err(&a->shown) != HS_OK)
		return hs_client_no_memory(c, err);
	c->as.touch = (struct hs_got_touch){.code = hs_client_keep(c, m.code),
	    .state = HS_STATE_SHOWN,
	    .shown = hs_client_keep(c, m.shown),
	    .keys = hs_client_keep(c, m.keys),
	    .armed = m.armed,
	    .until = m.until,
	    .pin = m.pin != 0};
	if (hs_client_kept(c, HS_GOT_TOUCH, err) != HS_DONE)
		return HS_FAILED;
	return HS_WAITING;
}

static int
take_answer(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	if (r->status == HS_AGENT_PENDING)
		return take_asked(c, r->body, err);
	if (hs_client_asked(c, HS_EXT_OPEN)) // never without a touch
		return hs_client_malformed(c, err);
	return hs_client_outcome(c, &c->asking, r->body, true, err);
}

// ---- the question

static int
send_body(struct hs_client *c, struct hs_buf *body, struct hs_error *err)
{
	int result;

	if (hs_buf_err(body) != HS_OK) {
		result = hs_client_no_memory(c, err);
	} else {
		c->asking.asked = hs_client_now();
		result = hs_client_ask(
		    c, c->asking.ext, hs_buf_str(body), -1, 0, take_answer, err);
	}
	hs_buf_free(body);
	return result;
}

static int
ask_open(struct hs_client *c, struct hs_error *err)
{
	const struct hs_client_asking *a = &c->asking;
	struct hs_agent_open m = {.scope = hs_scope_text(a->scope),
	    .ttl = a->ttl,
	    .reason = hs_buf_str(&a->reason)};
	struct hs_buf body = {0};

	hs_agent_open_put(&body, &m);
	return send_body(c, &body, err);
}

static int
ask_seat(struct hs_client *c, struct hs_error *err)
{
	const struct hs_client_asking *a = &c->asking;
	struct hs_agent_seat m = {.what = HS_SEAT_MAKE,
	    .scope = hs_scope_text(a->scope),
	    .agent = hs_buf_str(&a->agent),
	    .reason = hs_buf_str(&a->reason),
	    .ttl = a->ttl,
	    .uid = a->share,
	    .direct = a->direct};
	struct hs_buf body = {0};

	hs_agent_seat_put(&body, &m);
	return send_body(c, &body, err);
}

// With a proof by the key over all the rest, unless it is the seat's.
static int
ask_request(struct hs_client *c, struct hs_error *err)
{
	const struct hs_client_asking *a = &c->asking;
	struct hs_agent_request m = {.scope = hs_scope_text(a->scope),
	    .agent = hs_buf_str(&a->agent),
	    .reason = hs_buf_str(&a->reason),
	    .key = hs_buf_str(&a->key),
	    .direct = a->direct};
	struct hs_buf message = {0}, to_sign = {0}, proof = {0}, body = {0};
	int result = HS_DONE;

	if (a->key.len > 0) {
		hs_agent_put_proof_message(&message, a->session, &m);
		hs_sshsig_put_signed(&to_sign, HS_NS_REQUEST, hs_buf_str(&message));
		if (hs_buf_err(&to_sign) != HS_OK)
			result = hs_client_no_memory(c, err);
		else
			result = hs_client_holder_sign(
			    &a->holder, hs_buf_str(&to_sign), &proof, err);
		m.proof = hs_buf_str(&proof);
	}
	if (result == HS_DONE) {
		hs_agent_request_put(&body, &m);
		result = send_body(c, &body, err);
	}
	hs_buf_free(&message);
	hs_buf_free(&to_sign);
	hs_buf_free(&proof);
	return result;
}

// The proof is bound to it, and the certificate has to be of it. Without a session the
// request is sent all the same: a touch may open one for it.
static int
take_session(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	struct hs_rd body = r->body;
	struct hs_agent_status_info m;

	if (r->status != HS_AGENT_DONE || hs_agent_status_get(&body, &m) != HS_OK ||
	    (m.open && (m.session.len != HS_SESSION_ID_LEN ||
			   hs_str_copy(m.session, c->asking.session,
			       sizeof c->asking.session) != HS_OK)))
		return hs_client_malformed(c, err);
	return ask_request(c, err);
}

static int
policy(struct hs_client *c, const struct hs_agent_policy *m, hs_client_next *next,
    struct hs_error *err)
{
	struct hs_buf body = {0};
	int result;

	hs_agent_policy_put(&body, m);
	result = hs_client_ask(c, HS_EXT_POLICY, hs_buf_str(&body), -1, 0, next, err);
	hs_buf_free(&body);
	return result;
}

// The policy's MaxTTL, where it is less than a session is by default.
static int
take_ttl(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	struct hs_policy *p = calloc(1, sizeof *p);
	struct hs_agent_policy_info m;
	struct hs_rd body = r->body;

	c->asking.ttl = HS_SESSION_TTL;
	if (p == NULL)
		return hs_client_no_memory(c, err);
	if (r->status == HS_AGENT_DONE && hs_agent_policy_info_get(&body, &m) == HS_OK &&
	    hs_policy_parse(m.text, false, p, NULL, NULL) == HS_OK &&
	    p->max_ttl < c->asking.ttl)
		c->asking.ttl = p->max_ttl;
	hs_policy_free(p);
	free(p);
	return go_on(c, err);
}

static int
take_scope(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	struct hs_agent_policy_info m;
	struct hs_rd body = r->body;

	if (r->status != HS_AGENT_DONE || hs_agent_policy_info_get(&body, &m) != HS_OK ||
	    hs_scope_parse_canonical(m.text, &c->asking.scope, NULL) != HS_OK)
		return hs_client_malformed(c, err);
	c->asking.direct |= m.direct != 0;
	return go_on(c, err);
}

// What is still to be found out, one thing at a time, and then the question.
static int
go_on(struct hs_client *c, struct hs_error *err)
{
	struct hs_client_asking *a = &c->asking;
	struct hs_agent_policy named = {
	    .what = HS_POLICY_ASK_SCOPE, .names = hs_buf_str(&c->names)};
	struct hs_agent_policy all = {.what = HS_POLICY_ASK_SHOW};

	if (a->scope == NULL)
		return policy(c, &named, take_scope, err);
	if (hs_client_asked(c, HS_EXT_SEAT))
		return ask_seat(c, err);
	if (hs_client_asked(c, HS_EXT_OPEN))
		return a->ttl == 0 ? policy(c, &all, take_ttl, err) : ask_open(c, err);
	return hs_client_ask(
	    c, HS_EXT_STATUS, (struct hs_str){0}, -1, 0, take_session, err);
}

// ---- what the caller gave

// What they may be is the daemon's to say.
static void
take_words(struct hs_client *c, const struct hs_ask *asked)
{
	struct hs_str agent =
	    hs_str_c(asked->agent != NULL ? asked->agent : HS_AGENT_UNKNOWN);
	struct hs_str reason = hs_str_c(asked->reason != NULL ? asked->reason : "");
	struct hs_client_asking *a = &c->asking;

	hs_buf_reset(&c->names);
	if (asked->names != NULL)
		hs_put_raw(&c->names, asked->names, strlen(asked->names));
	hs_put_raw(&a->agent, agent.p, agent.len);
	hs_put_raw(&a->reason, reason.p, reason.len);
}

static int
begin(
    struct hs_client *c, const char *ext, const struct hs_ask *asked, struct hs_error *err)
{
	struct hs_client_asking *a = &c->asking;
	struct hs_err e = {0};
	int result = hs_client_begin(c, err);

	if (result != HS_DONE)
		return result;
	hs_client_forget(a);
	a->ext = ext;
	a->ttl = asked->ttl;
	a->share = asked->share;
	a->direct = asked->direct != 0;
	if ((asked->scope != NULL) == (asked->names != NULL))
		return hs_client_misused(
		    err, "either a scope or names of scopes are needed");
	take_words(c, asked);
	if (asked->scope != NULL) {
		(void)hs_scope_parse(hs_str_c(asked->scope), &a->scope, &e);
		result = hs_client_fail(err, &e);
	}
	if (result == HS_DONE && strcmp(ext, HS_EXT_REQUEST) == 0) {
		a->holder = asked->holder;
		result = hs_client_holder_key(&a->holder, &a->key, err);
	}
	return result == HS_DONE ? go_on(c, err) : result;
}

int
hs_open(struct hs_client *c, const struct hs_ask *asked, struct hs_error *err)
{
	return begin(c, HS_EXT_OPEN, asked, err);
}

int
hs_request(struct hs_client *c, const struct hs_ask *asked, struct hs_error *err)
{
	return begin(c, HS_EXT_REQUEST, asked, err);
}

int
hs_seat(struct hs_client *c, const struct hs_ask *asked, struct hs_error *err)
{
	return begin(c, HS_EXT_SEAT, asked, err);
}

static int
take_end(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	struct hs_agent_unseated m;
	struct hs_rd body = r->body;

	if (r->status != HS_AGENT_DONE || hs_agent_unseated_get(&body, &m) != HS_OK)
		return hs_client_malformed(c, err);
	c->as.seat_end = (struct hs_got_seat_end){.id = hs_client_keep(c, m.id),
	    .began = m.began,
	    .logins = m.logins,
	    .signatures = m.signatures,
	    .escalations = m.escalations,
	    .refused = m.refused,
	    .last_end = m.last_end};
	return hs_client_kept(c, HS_GOT_SEAT_END, err);
}

int
hs_seat_end(struct hs_client *c, struct hs_error *err)
{
	struct hs_agent_seat m = {.what = HS_SEAT_END};
	struct hs_buf body = {0};
	int result = hs_client_begin(c, err);

	if (result != HS_DONE)
		return result;
	hs_agent_seat_put(&body, &m);
	result = hs_client_ask(c, HS_EXT_SEAT, hs_buf_str(&body), -1, 0, take_end, err);
	hs_buf_free(&body);
	return result;
}
