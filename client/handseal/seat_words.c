// SPDX-License-Identifier: ISC
//
// What is said of a seat at its beginning and at its end. Contract in seat.h.
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include "client/handseal/cli.h"
#include "client/handseal/seat.h"
#include "proto/describe.h"

void
hs_seat_put_begun(struct hs_buf *b, const struct hs_seat *s, uint64_t now)
{
	hs_put_fmt(b, "seat %s for %s", s->brief, s->agent);
	if (s->shared != NULL)
		hs_put_fmt(b, ", shared with %s,", s->shared);
	if (s->direct)
		hs_put_fmt(b, ", with one direct certificate that is not renewed,");
	hs_put_fmt(b, " until ");
	hs_cli_put_when(b, s->end, now);
	hs_put_fmt(b, ": ");
	hs_describe_scope_short(b, s->scope);
	if (s->simulated)
		hs_put_fmt(b, ". SIMULATED: a software key, so no hand stands behind it");
}

static void
put_count(struct hs_buf *b, uint64_t n, const char *one, const char *many)
{
	hs_put_fmt(b, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

// Whole minutes, once there is one.
static void
put_time(struct hs_buf *b, uint64_t began, uint64_t now)
{
	uint64_t seconds = now > began ? now - began : 0;

	hs_describe_span(b, seconds >= 60 ? seconds - seconds % 60 : seconds);
}

static const char *
signal_name(int wait_status)
{
	const char *name =
	    WIFSIGNALED(wait_status) ? sigabbrev_np(WTERMSIG(wait_status)) : NULL;

	return name != NULL ? name : "signal";
}

void
hs_seat_put_ended(struct hs_buf *b, const struct hs_seat *s, int wait_status, uint64_t now)
{
	const struct hs_got_seat_end *u = &s->unseated;

	if (WIFSIGNALED(wait_status))
		hs_put_fmt(b, "%s ended (%s)", s->agent, signal_name(wait_status));
	else
		hs_put_fmt(b, "%s ended (%d)", s->agent, WEXITSTATUS(wait_status));
	if (!s->counted)
		return;
	hs_put_fmt(b, ", seat closed. ");
	put_count(b, u->logins, "login", "logins");
	if (u->signatures > 0) {
		hs_put_fmt(b, ", ");
		put_count(b, u->signatures, "signature", "signatures");
	}
	if (u->escalations > 0) {
		hs_put_fmt(b, ", ");
		put_count(b, u->escalations, "escalation", "escalations");
	}
	if (u->refused > 0)
		hs_put_fmt(b, ", %" PRIu64 " refused", u->refused);
	hs_put_fmt(b, " in ");
	put_time(b, u->began, now);
}

json_t *
hs_seat_json_begun(const struct hs_seat *s)
{
	return json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:b,s:b,s:b,s:s?}", "event", "seated",
	    "seat", s->id, "agent", s->agent, "end", hs_cli_json_time(s->end), "socket",
	    hs_cli_json(hs_str_c(s->socket)), "scope",
	    hs_cli_json_text(hs_scope_text(s->scope)), "direct", (int)s->direct, "touched",
	    (int)s->touched, "simulated", (int)s->simulated, "shared", s->shared);
}

// A number that is not known is null.
static json_t *
count(const struct hs_seat *s, uint64_t n)
{
	return s->counted ? json_integer((json_int_t)n) : json_null();
}

json_t *
hs_seat_json_ended(const struct hs_seat *s, int wait_status)
{
	const struct hs_got_seat_end *u = &s->unseated;
	bool killed = WIFSIGNALED(wait_status);

	return json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "event",
	    "unseated", "seat", s->id, "agent", s->agent, "exit",
	    killed ? json_null() : json_integer(WEXITSTATUS(wait_status)), "signal",
	    killed ? json_string(signal_name(wait_status)) : json_null(), "began",
	    hs_cli_json_time(s->counted ? u->began : 0), "logins", count(s, u->logins),
	    "signatures", count(s, u->signatures), "escalations", count(s, u->escalations),
	    "refused", count(s, u->refused), "last_end",
	    hs_cli_json_time(s->counted ? u->last_end : 0));
}
