// SPDX-License-Identifier: ISC
//
// Waiting for an asking, and what came of it: a session, a certificate or a seat, each held
// against what was asked before it is handed on. Contracts in handseal.h and client.h.
#include <string.h>
#include "client/libhandseal/answers.h"
#include "client/libhandseal/believe.h"
#include "client/libhandseal/client.h"
#include "proto/names.h"
#include "proto/text.h"

#define EARLY_MS 1500 // "it waits still" may come so much before its time

// ---- what came of it

static int
take_opened(struct hs_client *c, struct hs_client_asking *a, struct hs_rd body,
    struct hs_error *err)
{
	struct hs_believe_open asked = {.scope = a->scope,
	    .shown = hs_buf_str(&a->shown),
	    .now = a->asked,
	    .ttl = a->ttl};
	struct hs_agent_opened m;
	struct hs_err e = {0};
	struct hs_key root;

	if (hs_agent_opened_get(&body, &m) != HS_OK || !hs_text_is_label(m.root))
		return hs_client_malformed(c, err);
	if (hs_believe_grant(&m, &asked, &root, &e) != HS_OK)
		return hs_client_fail(err, &e);
	hs_buf_reset(&c->line);
	hs_put_raw(&c->line, m.grant.p, m.grant.len);
	if (hs_buf_err(&c->line) != HS_OK)
		return hs_client_no_memory(c, err);
	c->as.opened = (struct hs_got_opened){.session = hs_client_keep(c, m.session),
	    .end = m.end,
	    .root = hs_client_keep(c, m.root),
	    .fingerprint = hs_client_keep(c, m.fingerprint),
	    .verified = (m.flags & HS_SK_FLAG_UV) != 0,
	    .simulated = m.simulated != 0,
	    .grant = c->line.p,
	    .grant_len = c->line.len};
	return hs_client_kept(c, HS_GOT_OPENED, err);
}

static int
keep_certificate(struct hs_client *c, const struct hs_agent_issued *m, struct hs_str agent,
    const struct hs_scope *scope, bool direct, struct hs_error *err)
{
	struct hs_rd r = hs_rd_of(m->certificate);
	struct hs_str type = {0};

	(void)hs_get_string(&r, &type); // it was parsed
	hs_buf_reset(&c->line);
	hs_put_raw(&c->line, type.p, type.len);
	hs_put_u8(&c->line, ' ');
	hs_text_put_base64(&c->line, m->certificate);
	hs_put_u8(&c->line, 0);
	if (hs_buf_err(&c->line) != HS_OK)
		return hs_client_no_memory(c, err);
	c->as.certificate = (struct hs_got_certificate){.id = hs_client_keep(c, m->id),
	    .line = (const char *)c->line.p,
	    .agent = hs_client_keep(c, agent),
	    .scope = hs_client_keep(c, hs_scope_text(scope)),
	    .end = m->end,
	    .direct = direct};
	return hs_client_kept(c, HS_GOT_CERTIFICATE, err);
}

// On a seat the daemon knows the agent's name, and the key is its own.
static int
take_issued(struct hs_client *c, struct hs_client_asking *a, struct hs_rd body,
    bool already, struct hs_error *err)
{
	bool own = a->key.len > 0;
	struct hs_believe_request asked = {.scope = a->scope,
	    .agent = own ? hs_buf_str(&a->agent) : (struct hs_str){0},
	    .session = hs_str_c(a->session),
	    .shown = hs_buf_str(&a->shown),
	    .now = hs_client_now(),
	    .already = already && !own};
	struct hs_delegation d = {0};
	struct hs_direct made = {0};
	struct hs_agent_issued m;
	struct hs_err e = {0};
	struct hs_key key;
	bool direct;
	int result, rc;

	if (hs_agent_issued_get(&body, &m) != HS_OK)
		return hs_client_malformed(c, err);
	if (own && hs_key_parse(hs_buf_str(&a->key), &key) == HS_OK)
		asked.key = &key;
	// whoever fetches another's outcome learns by it which kind was asked for
	direct = a == &c->fetched ? hs_direct_is(m.certificate) : a->direct;
	rc = direct ? hs_believe_direct(&m, &asked, &made, &e)
		    : hs_believe_delegation(&m, &asked, &d, &e);
	if (rc != HS_OK)
		result = hs_client_fail(err, &e);
	else if (direct)
		result = keep_certificate(c, &m, made.agent, made.scope, true, err);
	else
		result = keep_certificate(c, &m, d.agent, d.scope, false, err);
	hs_delegation_free(&d);
	hs_direct_free(&made);
	return result;
}

// What it says goes into an environment and a configuration, and is shown.
static int
take_seated(struct hs_client *c, struct hs_client_asking *a, struct hs_rd body,
    struct hs_error *err)
{
	char session[HS_SESSION_ID_LEN + 1];
	struct hs_scope *scope = NULL;
	struct hs_agent_seated m;
	uint64_t serial;
	bool good;

	good = hs_agent_seated_get(&body, &m) == HS_OK &&
	       hs_answers_parse_id(m.id, session, &serial) == HS_OK && m.socket.len > 1 &&
	       m.socket.len < HS_CONN_PATH_MAX && m.socket.p[0] == '/' &&
	       hs_text_shown(m.socket, NULL) &&
	       hs_scope_parse_canonical(m.scope, &scope, NULL) == HS_OK &&
	       hs_scope_under(scope, a->scope);
	hs_scope_free(&scope);
	if (!good)
		return hs_client_malformed(c, err);
	c->as.seat = (struct hs_got_seat){.id = hs_client_keep(c, m.id),
	    .socket = hs_client_keep(c, m.socket),
	    .scope = hs_client_keep(c, m.scope),
	    .end = m.end,
	    .touched = m.touched != 0,
	    .simulated = m.simulated != 0};
	return hs_client_kept(c, HS_GOT_SEAT, err);
}

int
hs_client_outcome(struct hs_client *c, struct hs_client_asking *a, struct hs_rd body,
    bool already, struct hs_error *err)
{
	if (strcmp(a->ext, HS_EXT_OPEN) == 0)
		return take_opened(c, a, body, err);
	if (strcmp(a->ext, HS_EXT_SEAT) == 0)
		return take_seated(c, a, body, err);
	return take_issued(c, a, body, already, err);
}

// ---- waiting

static int
take_waiting(struct hs_client *c, struct hs_client_asking *a, struct hs_rd body,
    struct hs_error *err)
{
	int64_t early = (int64_t)c->waits * 1000 - EARLY_MS;
	struct hs_agent_waiting m;

	if (hs_agent_waiting_get(&body, &m) != HS_OK || !hs_str_is(m.code, a->code) ||
	    hs_conn_clock() - c->begun < early)
		return hs_client_malformed(c, err);
	c->as.touch = (struct hs_got_touch){.code = hs_client_keep(c, m.code),
	    .state = m.state,
	    .shown = "",
	    .keys = "",
	    .until = m.until,
	    .pin = m.pin != 0};
	if (hs_client_kept(c, HS_GOT_TOUCH, err) != HS_DONE)
		return HS_FAILED;
	return HS_WAITING;
}

static int
take_pending(struct hs_client *c, struct hs_client_asking *a, const struct hs_reply *r,
    struct hs_error *err)
{
	if (r->status == HS_AGENT_PENDING)
		return take_waiting(c, a, r->body, err);
	return hs_client_outcome(c, a, r->body, false, err);
}

static int
take_own(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	return take_pending(c, &c->asking, r, err);
}

static int
take_fetched(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	return take_pending(c, &c->fetched, r, err);
}

// Another connection's request: what it was for is not known, only whose key.
static int
fetch(struct hs_client *c, const char *code, const struct hs_holder *holder,
    struct hs_buf *proof, struct hs_error *err)
{
	struct hs_client_asking *a = &c->fetched;
	struct hs_buf message = {0}, to_sign = {0};
	int result = HS_DONE;

	hs_client_forget(a);
	a->ext = HS_EXT_REQUEST;
	if (hs_str_copy(hs_str_c(code), a->code, sizeof a->code) != HS_OK ||
	    !hs_answers_is_code(hs_str_c(a->code)))
		return hs_client_misused(
		    err, "a code has three letters or digits, as hs_got_touch gave it");
	if (holder != NULL)
		result = hs_client_holder_key(holder, &a->key, err);
	if (result == HS_DONE && a->key.len > 0) {
		hs_agent_put_wait_message(&message, hs_str_c(a->code), hs_buf_str(&a->key));
		hs_sshsig_put_signed(&to_sign, HS_NS_REQUEST, hs_buf_str(&message));
		if (hs_buf_err(&to_sign) != HS_OK)
			result = hs_client_no_memory(c, err);
		else
			result =
			    hs_client_holder_sign(holder, hs_buf_str(&to_sign), proof, err);
	}
	hs_buf_free(&message);
	hs_buf_free(&to_sign);
	return result;
}

int
hs_wait(struct hs_client *c, const char *code, const struct hs_holder *holder,
    uint32_t seconds, struct hs_error *err)
{
	struct hs_agent_pending m = {.wait = seconds < HS_WAIT_MAX ? seconds : HS_WAIT_MAX};
	struct hs_buf proof = {0}, body = {0};
	// by its code without a key: this connection's, which is not always a request
	bool own = code == NULL || (holder == NULL && c->asking.code[0] != '\0' &&
				       strcmp(code, c->asking.code) == 0);
	int result = hs_client_begin(c, err);

	if (result != HS_DONE)
		return result;
	if (own && c->asking.code[0] == '\0')
		return hs_client_misused(err, "this connection asked for nothing yet");
	if (!own)
		result = fetch(c, code, holder, &proof, err);
	if (result == HS_DONE) {
		m.code = hs_str_c(own ? c->asking.code : c->fetched.code);
		m.key = own ? (struct hs_str){0} : hs_buf_str(&c->fetched.key);
		m.proof = hs_buf_str(&proof);
		hs_agent_pending_put(&body, &m);
		result = hs_client_ask(c, HS_EXT_PENDING, hs_buf_str(&body), -1, m.wait,
		    own ? take_own : take_fetched, err);
	}
	hs_buf_free(&proof);
	hs_buf_free(&body);
	return result;
}
