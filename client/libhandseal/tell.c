// SPDX-License-Identifier: ISC
//
// What the daemon tells without a touch: its state, events, why something was refused,
// which extensions it knows; ending a session; and extensions that have no function here.
// Contracts in handseal.h.
#include <stdlib.h>
#include <string.h>
#include "client/libhandseal/client.h"
#include "proto/names.h"
#include "proto/text.h"

#define EVENT_NAME_MAX 32 // of one that this version may not know
#define EARLY_MS       1500

// A call of one exchange; *body is freed.
static int
call(struct hs_client *c, const char *ext, struct hs_buf *body, uint32_t waits,
    hs_client_next *next, struct hs_error *err)
{
	int result = hs_client_begin(c, err);

	if (result == HS_DONE && hs_buf_err(body) != HS_OK)
		result = hs_client_no_memory(c, err);
	if (result == HS_DONE)
		result = hs_client_ask(c, ext, hs_buf_str(body), -1, waits, next, err);
	hs_buf_free(body);
	return result;
}

// ---- status, close, why

static int
take_status(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	struct hs_agent_status_info m;
	struct hs_rd body = r->body;

	if (r->status != HS_AGENT_DONE || hs_agent_status_get(&body, &m) != HS_OK)
		return hs_client_malformed(c, err);
	c->as.status = (struct hs_got_status){.version = hs_client_keep(c, m.version),
	    .socket = hs_client_keep(c, m.socket),
	    .now = m.now,
	    .open = m.open != 0,
	    .session = hs_client_keep(c, m.session),
	    .opened = m.opened,
	    .end = m.end,
	    .idle_end = m.idle_end,
	    .root = hs_client_keep(c, m.root),
	    .fingerprint = hs_client_keep(c, m.fingerprint),
	    .verified = (m.flags & HS_SK_FLAG_UV) != 0,
	    .simulated = m.simulated != 0,
	    .scope = hs_client_keep(c, m.ceiling),
	    .issued = m.issued,
	    .live = m.live,
	    .pending = m.pending,
	    .roots = m.roots,
	    .policy = hs_client_keep(c, m.policy),
	    .policy_error = hs_client_keep(c, m.policy_error),
	    .published = hs_client_keep(c, m.published),
	    .records = m.log_seq,
	    .recording = m.log_ok != 0,
	    .troubles = hs_client_keep(c, m.troubles)};
	return hs_client_kept(c, HS_GOT_STATUS, err);
}

int
hs_status(struct hs_client *c, struct hs_error *err)
{
	struct hs_buf none = {0};

	return call(c, HS_EXT_STATUS, &none, 0, take_status, err);
}

static int
take_closed(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	struct hs_agent_closed m;
	struct hs_rd body = r->body;

	if (r->status != HS_AGENT_DONE || hs_agent_closed_get(&body, &m) != HS_OK)
		return hs_client_malformed(c, err);
	c->as.closed = (struct hs_got_closed){.session = hs_client_keep(c, m.session),
	    .live = m.live,
	    .last_end = m.last_end};
	return hs_client_kept(c, HS_GOT_CLOSED, err);
}

int
hs_close(struct hs_client *c, struct hs_error *err)
{
	struct hs_buf none = {0};

	return call(c, HS_EXT_CLOSE, &none, 0, take_closed, err);
}

static int
take_why(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	struct hs_agent_reasons m;
	struct hs_rd body = r->body;

	if (r->status != HS_AGENT_DONE || hs_agent_reasons_get(&body, &m) != HS_OK ||
	    (m.time == 0) != (m.code.len == 0))
		return hs_client_malformed(c, err);
	c->as.why = (struct hs_got_why){.time = m.time,
	    .code = hs_client_keep(c, m.code),
	    .sentence = hs_client_keep(c, m.sentence),
	    .remedy = hs_client_keep(c, m.remedy),
	    .user = hs_client_keep(c, m.user),
	    .host = hs_client_keep(c, m.host),
	    .ns = hs_client_keep(c, m.ns),
	    .fingerprint = hs_client_keep(c, m.fingerprint)};
	return hs_client_kept(c, HS_GOT_WHY, err);
}

int
hs_why(struct hs_client *c, const char *user, const char *host, struct hs_error *err)
{
	struct hs_agent_why m = {.user = hs_str_c(user != NULL ? user : ""),
	    .host = hs_str_c(host != NULL ? host : "")};
	struct hs_buf body = {0};

	hs_agent_why_put(&body, &m);
	return call(c, HS_EXT_WHY, &body, 0, take_why, err);
}

// ---- events

// Is it about an asking, that waits or has ended?
static bool
is_of_asking(struct hs_str event)
{
	static const char *const names[] = {
	    "asked", "armed", "parked", "granted", "declined", "refused", "gone"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (hs_str_is(event, names[i]))
			return true;
	return false;
}

static bool
is_sound(const struct hs_agent_event *e)
{
	if (e->event.len == 0 || e->event.len > EVENT_NAME_MAX ||
	    hs_str_is(e->event, "anew") || // which no event is named
	    !hs_text_is_agent_name(e->event) || e->text.len > HS_SHOWN_MAX)
		return false;
	return e->code.len == 0 ? !is_of_asking(e->event) : hs_answers_is_code(e->code);
}

// Could it answer what was asked? The first starts anew, and a later one may at any time,
// but only beyond what was known, unless that was known from a daemon before this one: so
// each leads on, or comes when its time is over, and nobody is made to ask without end.
static bool
is_answer(const struct hs_client *c, const struct hs_agent_told *t)
{
	int64_t early = (int64_t)c->waits * 1000 - EARLY_MS;

	if (c->after > 0 && t->anew)
		return t->last > c->after || c->after > c->told;
	if (c->after == 0 && t->anew && t->last > 0)
		return true; // that nothing waits now is an answer too
	return t->anew == (c->after == 0) && t->last >= c->after &&
	       (t->n == 0 || t->last > 0) &&
	       (t->n > 0 || hs_conn_clock() - c->begun >= early);
}

static void
keep_event(struct hs_client *c, const struct hs_agent_event *e)
{
	c->events[c->as.events.n++] = (struct hs_got_event){.seq = e->seq,
	    .time = e->time,
	    .event = hs_client_keep(c, e->event),
	    .code = hs_client_keep(c, e->code),
	    .agent = hs_client_keep(c, e->agent),
	    .id = hs_client_keep(c, e->id),
	    .why = hs_client_keep(c, e->why),
	    .text = hs_client_keep(c, e->text),
	    .until = e->until,
	    .pin = e->pin != 0,
	    .said = hs_client_keep(c, e->said)};
}

static int
take_events(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	uint64_t before = c->after;
	struct hs_rd body = r->body;
	struct hs_agent_event e;
	struct hs_agent_told t;

	if (r->status != HS_AGENT_DONE || hs_agent_told_get(&body, &t) != HS_OK ||
	    !is_answer(c, &t) || t.n > body.left)
		return hs_client_malformed(c, err);
	c->events = calloc((size_t)t.n + 1, sizeof *c->events);
	if (c->events == NULL)
		return hs_client_no_memory(c, err);
	c->as.events = (struct hs_got_events){
	    .last = t.last, .anew = t.anew != 0, .events = c->events};
	for (uint32_t i = 0; i < t.n; i++) {
		if (hs_agent_event_get(&body, &e) != HS_OK || !is_sound(&e) ||
		    e.seq > t.last || (!t.anew && e.seq <= before))
			return hs_client_malformed(c, err);
		before = e.seq;
		keep_event(c, &e);
	}
	if (hs_rd_end(&body) != HS_OK)
		return hs_client_malformed(c, err);
	c->told = t.last;
	return hs_client_kept(c, HS_GOT_EVENTS, err);
}

static int
events(struct hs_client *c, uint64_t after, uint32_t seconds, bool prompts,
    struct hs_error *err)
{
	struct hs_agent_events m = {.after = after,
	    .wait = seconds < HS_WAIT_MAX ? seconds : HS_WAIT_MAX,
	    .prompts = prompts};
	struct hs_buf body = {0};
	int result;

	hs_agent_events_put(&body, &m);
	result = call(c, HS_EXT_EVENTS, &body, m.wait, take_events, err);
	if (result == HS_DONE)
		c->after = after;
	return result;
}

int
hs_events(struct hs_client *c, uint64_t after, uint32_t seconds, struct hs_error *err)
{
	return events(c, after, seconds, false, err);
}

int
hs_prompts(struct hs_client *c, uint64_t after, uint32_t seconds, struct hs_error *err)
{
	return events(c, after, seconds, true, err);
}

// ---- extensions

static int
take_names(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	struct hs_rd names = hs_rd_of(r->frame), all;
	struct hs_str name = {0};
	struct hs_err e = {0};
	uint8_t type = 0;

	(void)hs_get_u8(&names, &type); // a frame's body is never empty
	if (type == HS_AGENT_FAILURE || type == HS_AGENT_EXTENSION_FAILURE) {
		(void)hs_fail(&e, HS_ERR_UNSUPPORTED, "what listens knows no query");
		return hs_client_fail(err, &e);
	}
	if (type != HS_AGENT_EXTENSION_RESPONSE || hs_get_string(&names, &name) != HS_OK ||
	    !hs_str_is(name, "query"))
		return hs_client_malformed(c, err);
	for (all = names; all.left > 0;)
		if (hs_get_string(&all, &name) != HS_OK)
			return hs_client_malformed(c, err);
	c->as.names = names;
	return hs_client_kept(c, HS_GOT_NAMES, err);
}

int
hs_query(struct hs_client *c, struct hs_error *err)
{
	struct hs_buf *out = &c->conn.out;
	int result = hs_client_begin(c, err);
	size_t mark;

	if (result != HS_DONE)
		return result;
	hs_buf_reset(out);
	mark = hs_agent_frame_begin(out);
	hs_put_u8(out, HS_AGENT_EXTENSION);
	hs_put_cstring(out, "query");
	hs_agent_frame_end(out, mark);
	return hs_client_send(c, "query", take_names, err);
}

int
hs_knows(const struct hs_client *c, const char *extension)
{
	struct hs_rd names = c->as.names;
	struct hs_str name;

	if (c->got != HS_GOT_NAMES)
		return 0;
	while (hs_get_string(&names, &name) == HS_OK)
		if (hs_str_is(name, extension))
			return 1;
	return 0;
}

static int
take_reply(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	int result;

	c->as.reply = (struct hs_got_reply){.body = r->body.p, .len = r->body.left};
	result = hs_client_kept(c, HS_GOT_REPLY, err);
	if (result == HS_DONE && r->status == HS_AGENT_PENDING)
		result = HS_WAITING;
	return result;
}

int
hs_call(struct hs_client *c, const char *extension, const void *body, size_t len, int fd,
    uint32_t waits, struct hs_error *err)
{
	int result = hs_client_begin(c, err);

	if (result != HS_DONE)
		return result;
	// kept until the reply has come, which names it
	hs_buf_reset(&c->names);
	hs_put_raw(&c->names, extension, strlen(extension) + 1);
	if (hs_buf_err(&c->names) != HS_OK)
		return hs_client_no_memory(c, err);
	return hs_client_ask(c, (const char *)c->names.p, (struct hs_str){body, len}, fd,
	    waits, take_reply, err);
}
