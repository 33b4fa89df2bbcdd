// SPDX-License-Identifier: ISC
//
// Asking for a seat and ending it. Contract in seat.h; the words are in seat_words.c.
#include "client/handseal/seat.h"

#include <stdio.h>
#include <string.h>
#include "client/handseal/asked.h"
#include "client/handseal/cli.h"
#include "client/handseal/items.h"
#include "client/handseal/outcome.h"
#include "proto/names.h"
#include "proto/text.h"

#define LOOK_MAX 86400 // `until` may lie further off: then it is asked again
#define SLACK	 5     // seconds that the daemon may take to say that it is gone

// What it says is put into an environment and a configuration, and shown.
static int
take(struct hs_seat *s, const char *ext, struct hs_rd *body)
{
	char session[HS_SESSION_ID_LEN + 1];
	struct hs_agent_seated m;
	uint64_t serial = 0;

	if (hs_agent_seated_get(body, &m) != HS_OK ||
	    hs_items_parse_id(m.id, session, &serial) != HS_OK ||
	    hs_str_copy(m.id, s->id, sizeof s->id) != HS_OK ||
	    hs_str_copy(m.socket, s->socket, sizeof s->socket) != HS_OK ||
	    s->socket[0] != '/' || !hs_text_shown(m.socket, NULL) ||
	    hs_scope_parse_canonical(m.scope, &s->scope, NULL) != HS_OK)
		return hs_daemon_malformed(s->daemon, ext);
	snprintf(s->brief, sizeof s->brief, "%.4s%s", session, s->id + HS_SESSION_ID_LEN);
	s->end = m.end;
	s->touched = m.touched != 0;
	s->simulated = m.simulated != 0;
	return HS_EXIT_DONE;
}

static int
not_answered(struct hs_seat *s, const struct hs_outcome *o)
{
	struct hs_buf b = {0};
	int status;

	hs_put_fmt(&b, "%s was not answered in time, and is called off", o->code);
	status = hs_cli_fail_with(s->daemon->json, HS_EXIT_WAITING,
	    hs_str_c(hs_code_name(HS_SK_TIMEOUT)), hs_buf_str(&b), hs_str_c("Ask again"));
	hs_buf_free(&b);
	return status;
}

static uint64_t
until(uint64_t end)
{
	uint64_t now = hs_cli_now(), left = end > now ? end - now : 0;

	return left < LOOK_MAX ? left : LOOK_MAX;
}

// An asking that is put off lives longer than it first said.
static int
wait_for_touch(struct hs_seat *s, const struct hs_asked *asked, uint64_t wait)
{
	struct hs_outcome o = {.daemon = s->daemon, .wait = wait};
	bool any = wait == HS_SEAT_WAIT_ANY;
	uint64_t end = asked->until;
	int status;

	memcpy(o.code, asked->code, sizeof o.code);
	do {
		if (any)
			o.wait = until(end) + SLACK;
		status = hs_outcome_wait(&o);
		if (status != HS_EXIT_DONE)
			return status;
		if (o.reply.status == HS_AGENT_DONE)
			return take(s, HS_EXT_PENDING, &o.reply.body);
		if (o.reply.status == HS_AGENT_REFUSED)
			return hs_outcome_refused(&o);
		any = any && o.waiting.until > hs_cli_now();
		end = o.waiting.until;
	} while (any);
	return not_answered(s, &o);
}

int
hs_seat_make(struct hs_seat *s, const struct hs_agent_seat *m, uint64_t wait)
{
	struct hs_buf contents = {0};
	struct hs_asked asked = {0};
	struct hs_reply reply;
	int status;

	hs_agent_seat_put(&contents, m);
	s->daemon->asking = true;
	status = hs_daemon_exchange(
	    s->daemon, HS_EXT_SEAT, hs_buf_str(&contents), HS_CONN_SECONDS, &reply);
	hs_buf_free(&contents);
	if (status != HS_EXIT_DONE)
		return status;
	if (reply.status == HS_AGENT_REFUSED)
		return hs_daemon_refused(s->daemon, &reply.refusal);
	s->daemon->asking = false;
	if (reply.status == HS_AGENT_DONE)
		return take(s, HS_EXT_SEAT, &reply.body);
	status = hs_asked_take(&asked, s->daemon, HS_EXT_SEAT, &reply.body);
	if (status == HS_EXIT_DONE)
		status = wait_for_touch(s, &asked, wait);
	hs_asked_free(&asked);
	return status;
}

void
hs_seat_end(struct hs_seat *s)
{
	struct hs_agent_seat m = {.what = HS_SEAT_END};
	struct hs_buf contents = {0};
	struct hs_reply reply;

	if (s->daemon->conn.fd < 0)
		return;
	hs_agent_seat_put(&contents, &m);
	if (hs_conn_call(&s->daemon->conn, HS_EXT_SEAT, hs_buf_str(&contents),
		HS_SEAT_SECONDS, &reply, NULL) == HS_OK &&
	    reply.status == HS_AGENT_DONE &&
	    hs_agent_unseated_get(&reply.body, &s->unseated) == HS_OK)
		s->counted = hs_str_is(s->unseated.id, s->id);
	s->unseated.id = (struct hs_str){0};
	hs_buf_free(&contents);
	hs_daemon_close(s->daemon);
}

void
hs_seat_free(struct hs_seat *s)
{
	hs_scope_free(&s->scope);
	hs_daemon_close(s->daemon);
}
