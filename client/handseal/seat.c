// SPDX-License-Identifier: ISC
//
// Asking for a seat and ending it. Contract in seat.h; the words are in seat_words.c.
#include "client/handseal/seat.h"

#include <stdio.h>
#include <string.h>
#include "client/handseal/cli.h"
#include "client/handseal/outcome.h"
#include "proto/names.h"

#define LOOK_MAX 86400 // `until` may lie further off: then it is asked again
#define SLACK	 5     // seconds that the daemon may take to say that it is gone

static int
take(struct hs_seat *s)
{
	const struct hs_got_seat *m = hs_got_seat(s->daemon->client);

	if (hs_str_copy(hs_str_c(m->id), s->id, sizeof s->id) != HS_OK ||
	    hs_str_copy(hs_str_c(m->socket), s->socket, sizeof s->socket) != HS_OK ||
	    hs_scope_parse_canonical(hs_str_c(m->scope), &s->scope, NULL) != HS_OK)
		return hs_daemon_malformed(s->daemon, HS_EXT_SEAT);
	snprintf(s->brief, sizeof s->brief, "%.4s%s", s->id, s->id + HS_SESSION_ID_LEN);
	s->end = m->end;
	s->touched = m->touched != 0;
	s->simulated = m->simulated != 0;
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
wait_for_touch(struct hs_seat *s, uint64_t wait)
{
	const struct hs_got_touch *t = hs_got_touch(s->daemon->client);
	struct hs_outcome o = {.daemon = s->daemon, .wait = wait};
	bool any = wait == HS_SEAT_WAIT_ANY;
	uint64_t end = t->until;
	int status;

	(void)hs_str_copy(hs_str_c(t->code), o.code, sizeof o.code);
	do {
		if (any)
			o.wait = until(end) + SLACK;
		status = hs_outcome_wait(&o);
		if (status == HS_EXIT_DONE)
			return take(s);
		if (status != HS_EXIT_WAITING)
			return status;
		end = hs_got_touch(s->daemon->client)->until;
		any = any && end > hs_cli_now();
	} while (any);
	return not_answered(s, &o);
}

int
hs_seat_make(struct hs_seat *s, const struct hs_ask *m, uint64_t wait)
{
	int status;

	s->daemon->asking = true;
	status = hs_daemon_end(s->daemon, hs_seat(s->daemon->client, m, &s->daemon->err));
	s->daemon->asking = false;
	if (status == HS_EXIT_DONE)
		return take(s);
	return status == HS_EXIT_WAITING ? wait_for_touch(s, wait) : status;
}

void
hs_seat_close(struct hs_seat *s)
{
	struct hs_client *c = s->daemon->client;
	const struct hs_got_seat_end *end;

	if (c == NULL)
		return;
	if (hs_seat_end(c, NULL) == HS_DONE &&
	    hs_finish(c, HS_SEAT_SECONDS * 1000, NULL) == HS_DONE) {
		end = hs_got_seat_end(c);
		s->counted = strcmp(end->id, s->id) == 0;
		s->unseated = *end;
	}
	s->unseated.id = NULL;
	hs_daemon_close(s->daemon);
}

void
hs_seat_free(struct hs_seat *s)
{
	hs_scope_free(&s->scope);
	hs_daemon_close(s->daemon);
}
