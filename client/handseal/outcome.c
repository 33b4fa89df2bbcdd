// SPDX-License-Identifier: ISC
//
// Waiting for an outcome. Contract in outcome.h.
#include "client/handseal/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "client/handseal/cli.h"
#include "proto/limits.h"

#define TICK_MS	       1000 // the line is written again so often
#define DECLINE_STANDS 300  // seconds that the same or more is refused

struct line {
	const struct hs_outcome *o;
	int64_t end_ms; // when we stop waiting
	bool terminal;	// it is written again in place
	bool written;
};

// BOOTTIME: what a suspended machine slept through is over.
static int64_t
now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0)
		return INT64_MAX;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static uint64_t
seconds_left(int64_t end_ms)
{
	int64_t left = end_ms - now_ms();

	return left > 0 ? (uint64_t)(left + 999) / 1000 : 0;
}

static void
write_line(struct line *l)
{
	uint64_t left = seconds_left(l->end_ms);

	if (l->o->quiet || (l->written && !l->terminal))
		return;
	fprintf(stderr, "%shandseal: %s waits for a touch; the person sees %s too.",
	    l->terminal ? "\r\033[K" : "", l->o->code, l->o->code);
	if (l->o->wait > 0)
		fprintf(
		    stderr, " %" PRIu64 ":%02" PRIu64 " left here", left / 60, left % 60);
	if (!l->terminal)
		fputc('\n', stderr);
	fflush(stderr);
	l->written = true;
}

static int
declined(struct hs_outcome *o)
{
	uint64_t now = hs_cli_now();
	struct hs_buf b = {0};
	int status;

	hs_put_fmt(&b, "%s declined. The same or more is refused until ", o->code);
	hs_cli_put_when(&b, now + DECLINE_STANDS, now);
	hs_put_fmt(&b, "; less may be asked");
	hs_daemon_end_line(o->daemon);
	status = hs_cli_fail_with(o->daemon->json, HS_EXIT_DECLINED,
	    hs_str_c(HS_DAEMON_DECLINED), hs_buf_str(&b), hs_str_c(o->daemon->err.remedy));
	hs_buf_free(&b);
	return status;
}

// One hs_wait, with the line kept up to date.
static int
look(struct hs_outcome *o, uint64_t wait, struct line *l)
{
	struct hs_client *c = o->daemon->client;
	struct hs_error *err = &o->daemon->err;
	int result =
	    hs_wait(c, o->fetched ? o->code : NULL, o->holder, (uint32_t)wait, err);

	if (result != HS_DONE)
		return result;
	while ((result = hs_finish(c, TICK_MS, err)) == HS_AGAIN)
		write_line(l);
	return result;
}

int
hs_outcome_wait(struct hs_outcome *o)
{
	struct line l = {.o = o,
	    .end_ms = now_ms() + (int64_t)o->wait * 1000,
	    .terminal = isatty(STDERR_FILENO) == 1};
	uint64_t left = o->wait;
	int result;

	write_line(&l);
	if (l.terminal && !o->quiet)
		o->daemon->begun = stderr;
	do {
		result = look(o, left < HS_WAIT_MAX ? left : HS_WAIT_MAX, &l);
		left = seconds_left(l.end_ms);
	} while (result == HS_WAITING && left > 0);
	if (!o->quiet)
		hs_daemon_end_line(o->daemon);
	if (result == HS_DONE || result == HS_WAITING)
		return result;
	if (result == HS_DECLINED && strcmp(o->daemon->err.code, HS_DAEMON_DECLINED) == 0)
		return declined(o);
	return hs_daemon_told(o->daemon, result);
}
