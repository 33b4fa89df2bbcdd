// SPDX-License-Identifier: ISC
//
// Waiting for an outcome. Contract in outcome.h.
#include "client/handseal/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "client/handseal/cli.h"
#include "proto/names.h"

#define DECLINE_STANDS 300 // seconds that the same or more is refused

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
write_line(void *arg)
{
	struct line *l = arg;
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

// One `pending`: its reply in o->reply, and *early if it said "still waiting" too soon.
static int
look(struct hs_outcome *o, uint64_t wait, bool *early)
{
	struct hs_agent_pending m = {.code = hs_str_c(o->code),
	    .wait = (uint32_t)wait,
	    .key = o->key,
	    .proof = o->proof};
	struct hs_buf contents = {0};
	int64_t begun = now_ms();
	int status;

	hs_agent_pending_put(&contents, &m);
	status = hs_daemon_exchange(o->daemon, HS_EXT_PENDING, hs_buf_str(&contents),
	    (unsigned)wait + HS_CONN_SECONDS, &o->reply);
	hs_buf_free(&contents);
	if (status != HS_EXIT_DONE || o->reply.status != HS_AGENT_PENDING)
		return status;
	*early = wait > 0 && now_ms() - begun < (int64_t)wait * 1000 - 1500;
	if (*early || hs_agent_waiting_get(&o->reply.body, &o->waiting) != HS_OK ||
	    !hs_str_is(o->waiting.code, o->code))
		return hs_daemon_malformed(o->daemon, HS_EXT_PENDING);
	o->waiting.code = (struct hs_str){0};
	return HS_EXIT_DONE;
}

int
hs_outcome_wait(struct hs_outcome *o)
{
	struct line l = {.o = o,
	    .end_ms = now_ms() + (int64_t)o->wait * 1000,
	    .terminal = isatty(STDERR_FILENO) == 1};
	uint64_t left = o->wait;
	bool early = false;
	int status;

	o->daemon->conn.tick = write_line;
	o->daemon->conn.tick_arg = &l;
	write_line(&l);
	if (l.terminal && !o->quiet)
		o->daemon->begun = stderr;
	do {
		status = look(o, left < HS_WAIT_MAX ? left : HS_WAIT_MAX, &early);
		left = seconds_left(l.end_ms);
	} while (status == HS_EXIT_DONE && o->reply.status == HS_AGENT_PENDING && left > 0);
	o->daemon->conn.tick = NULL;
	if (!o->quiet)
		hs_daemon_end_line(o->daemon);
	return status;
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
	status = hs_cli_fail_with(o->daemon->json, HS_EXIT_DECLINED,
	    hs_str_c(HS_DAEMON_DECLINED), hs_buf_str(&b), o->reply.refusal.remedy);
	hs_buf_free(&b);
	return status;
}

int
hs_outcome_refused(struct hs_outcome *o)
{
	hs_daemon_end_line(o->daemon);
	if (hs_str_is(o->reply.refusal.code, HS_DAEMON_DECLINED))
		return declined(o);
	return hs_daemon_refused(o->daemon, &o->reply.refusal);
}
