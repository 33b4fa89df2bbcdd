// SPDX-License-Identifier: ISC
//
// The daemon's events, handed on. Contract in events.h.
#include "client/handseal/events.h"

#include <inttypes.h>
#include <stdint.h>
#include <time.h>
#include "client/handseal/answer.h"
#include "client/handseal/cli.h"
#include "proto/names.h"
#include "proto/text.h"

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

int
hs_events_ask(struct hs_events *s, struct hs_daemon *d, uint32_t wait)
{
	s->wait = wait;
	if (s->prompts)
		return hs_prompts(d->client, s->after, wait, &d->err);
	return hs_events(d->client, s->after, wait, &d->err);
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
hs_events_take(
    struct hs_events *s, const struct hs_got_events *got, hs_events_fn *fn, void *arg)
{
	int rc = 0;

	if (got->anew && s->after > 0)
		rc = tell_anew(got->last, fn, arg);
	for (size_t i = 0; rc == 0 && i < got->n; i++) {
		const struct hs_got_event *g = &got->events[i];
		struct hs_agent_event e = {.seq = g->seq,
		    .time = g->time,
		    .event = hs_str_c(g->event),
		    .code = hs_str_c(g->code),
		    .agent = hs_str_c(g->agent),
		    .id = hs_str_c(g->id),
		    .why = hs_str_c(g->why),
		    .text = hs_str_c(g->text),
		    .until = g->until,
		    .pin = g->pin != 0,
		    .said = hs_str_c(g->said)};

		rc = fn(arg, &e);
	}
	if (rc == 0)
		s->after = got->last;
	return rc;
}

int
hs_events_waiting(struct hs_daemon *d, hs_events_fn *fn, void *arg)
{
	struct hs_events s = {0};
	int status = hs_daemon_end(d, hs_events_ask(&s, d, 0));

	if (status == HS_EXIT_DONE)
		status = hs_events_take(&s, hs_got_events(d->client), fn, arg);
	return status;
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
