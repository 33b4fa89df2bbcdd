// SPDX-License-Identifier: ISC
//
// The daemon's events, checked. Contract in events.h.
#include "client/handseal/events.h"

#include <inttypes.h>
#include <stdint.h>
#include <time.h>
#include "client/handseal/answer.h"
#include "client/handseal/cli.h"
#include "proto/names.h"
#include "proto/text.h"

#define NAME_MAX_LEN 32 // of an event that this version may not know
#define EARLY_MS     1500

int64_t
hs_events_clock(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0)
		return INT64_MAX;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool
is_one_of(struct hs_str s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (hs_str_is(s, names[i]))
			return true;
	return false;
}

bool
hs_event_waits(const struct hs_agent_event *e)
{
	static const char *const names[] = {"asked", "armed", "parked"};

	return is_one_of(e->event, names, sizeof names / sizeof names[0]);
}

bool
hs_event_ends(const struct hs_agent_event *e)
{
	static const char *const names[] = {"granted", "declined", "refused", "gone"};

	return is_one_of(e->event, names, sizeof names / sizeof names[0]);
}

static void
put_question(struct hs_buf *b, const struct hs_events *s, uint32_t wait)
{
	struct hs_agent_events m = {
	    .after = s->after, .wait = wait, .prompts = s->prompts ? 1 : 0};

	hs_agent_events_put(b, &m);
}

int
hs_events_ask(struct hs_events *s, struct hs_conn *c, uint32_t wait, struct hs_err *err)
{
	struct hs_buf contents = {0};
	int rc;

	put_question(&contents, s, wait);
	s->asked = hs_events_clock();
	s->wait = wait;
	rc = hs_conn_begin(c, HS_EXT_EVENTS, hs_buf_str(&contents), err);
	hs_buf_free(&contents);
	return rc;
}

static bool
is_sound(const struct hs_agent_event *e)
{
	if (e->event.len == 0 || e->event.len > NAME_MAX_LEN ||
	    hs_str_is(e->event, HS_EVENT_ANEW) || // ours alone
	    !hs_text_is_agent_name(e->event) || e->text.len > HS_SHOWN_MAX)
		return false;
	if (e->code.len == 0)
		return !hs_event_waits(e) && !hs_event_ends(e);
	return hs_answer_is_code(e->code);
}

static int
malformed(struct hs_err *err)
{
	return hs_fail(err, HS_ERR_FORMAT, "the answer to %s is malformed", HS_EXT_EVENTS);
}

// Could it answer what was asked? The first starts anew, and a later one may at any time,
// but only beyond what was known: so each leads on, or comes when its time is over.
static bool
is_answer(const struct hs_events *s, const struct hs_agent_told *t, int64_t now)
{
	if (s->after > 0 && t->anew)
		return t->last > s->after;
	return t->anew == (s->after == 0) && t->last >= s->after &&
	       (t->n > 0 || now - s->asked >= (int64_t)s->wait * 1000 - EARLY_MS);
}

static int
tell_anew(uint64_t last, hs_events_fn *fn, void *arg)
{
	const struct hs_agent_event e = {.seq = last,
	    .time = hs_cli_now(),
	    .event = hs_str_c(HS_EVENT_ANEW),
	    .text = hs_str_c("events were missed; what waits now follows")};

	return fn(arg, &e);
}

int
hs_events_take(struct hs_events *s, struct hs_rd *body, int64_t now, hs_events_fn *fn,
    void *arg, struct hs_err *err)
{
	uint64_t before = s->after;
	struct hs_agent_told told;
	struct hs_agent_event e;
	int rc = HS_OK;

	if (hs_agent_told_get(body, &told) != HS_OK || !is_answer(s, &told, now))
		return malformed(err);
	if (told.anew && s->after > 0)
		rc = tell_anew(told.last, fn, arg);
	for (uint32_t i = 0; rc == HS_OK && i < told.n; i++) {
		if (hs_agent_event_get(body, &e) != HS_OK || !is_sound(&e) ||
		    e.seq > told.last || (!told.anew && e.seq <= before))
			return malformed(err);
		before = e.seq;
		rc = fn(arg, &e);
	}
	if (rc != HS_OK)
		return rc;
	if (hs_rd_end(body) != HS_OK || (told.n > 0 && told.last == 0))
		return malformed(err);
	s->after = told.last;
	return HS_OK;
}

int
hs_events_waiting(struct hs_daemon *d, hs_events_fn *fn, void *arg)
{
	struct hs_events s = {0};
	struct hs_buf contents = {0};
	struct hs_rd body = {0};
	struct hs_err err = {0};
	int status, rc;

	put_question(&contents, &s, 0);
	status = hs_daemon_call(
	    d, HS_EXT_EVENTS, hs_buf_str(&contents), HS_CONN_SECONDS, HS_AGENT_DONE, &body);
	hs_buf_free(&contents);
	if (status != HS_EXIT_DONE)
		return status;
	rc = hs_events_take(&s, &body, 0, fn, arg, &err);
	return rc == HS_ERR_FORMAT ? hs_daemon_malformed(d, HS_EXT_EVENTS) : rc;
}

void
hs_event_put_line(struct hs_buf *b, const struct hs_agent_event *e, uint64_t now)
{
	hs_cli_put_when(b, e->time, now);
	hs_put_fmt(b, "  ");
	hs_text_put_clean(b, e->event);
	if (e->code.len > 0)
		hs_put_fmt(b, "  %.*s", (int)e->code.len, (const char *)e->code.p);
	if (e->agent.len > 0) {
		hs_put_u8(b, ' ');
		hs_text_put_clean(b, e->agent);
	}
	if (e->id.len > 0) {
		hs_put_u8(b, ' ');
		hs_text_put_clean(b, e->id);
	}
	if (e->until > 0) {
		hs_put_fmt(b, ", until ");
		hs_cli_put_when(b, e->until, now);
	}
	if (e->text.len > 0 && !hs_event_waits(e)) {
		hs_put_fmt(b, ": ");
		hs_text_put_clean(b, e->text);
	}
	if (e->said.len > 0) {
		hs_put_fmt(b, ": ");
		hs_text_put_clean(b, e->said);
	}
	if (e->why.len > 0) {
		hs_put_fmt(b, " (");
		hs_text_put_clean(b, e->why);
		hs_put_fmt(b, ")");
	}
}

json_t *
hs_event_json(const struct hs_agent_event *e)
{
	return json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:o}", "seq",
	    (json_int_t)e->seq, "time", hs_cli_json_time(e->time), "event",
	    hs_cli_json(e->event), "code", hs_cli_json(e->code), "agent",
	    hs_cli_json(e->agent), "id", hs_cli_json(e->id), "why", hs_cli_json(e->why),
	    "text", hs_cli_json_text(e->text), "until", hs_cli_json_time(e->until), "pin",
	    e->pin != 0, "said", hs_cli_json(e->said));
}
