// SPDX-License-Identifier: ISC
//
// handseal watch: the events as they come. For a program a JSON object a line, for a pipe a
// line and the text; a terminal's picture is watch_terminal.c's.
#include "client/handseal/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client/handseal/cmd.h"
#include "client/handseal/options.h"
#include "proto/names.h"

int
hs_watch_step(struct hs_watch *w, hs_events_fn *fn, void *arg, struct hs_err *err)
{
	int rc = hs_conn_take(&w->daemon.conn, HS_EXT_EVENTS, &w->reply, err);

	if (rc == HS_ERR_SHORT)
		return HS_OK;
	if (rc != HS_OK)
		return rc;
	if (w->reply.status == HS_AGENT_REFUSED) // hs_watch_fail tells the refusal itself
		return hs_fail(err, HS_ERR_INTERNAL, "it was refused");
	if (w->reply.status != HS_AGENT_DONE)
		return hs_fail(
		    err, HS_ERR_FORMAT, "the answer to %s is malformed", HS_EXT_EVENTS);
	rc = hs_events_take(&w->events, &w->reply.body, hs_events_clock(), fn, arg, err);
	if (rc == HS_OK)
		rc = hs_events_ask(&w->events, &w->daemon.conn, HS_EVENTS_WAIT, err);
	return rc;
}

bool
hs_watch_overdue(const struct hs_watch *w)
{
	return hs_events_clock() - w->events.asked >
	       ((int64_t)w->events.wait + HS_CONN_SECONDS) * 1000;
}

int
hs_watch_fail(struct hs_watch *w, const struct hs_err *err)
{
	if (w->reply.status == HS_AGENT_REFUSED)
		return hs_daemon_refused(&w->daemon, &w->reply.refusal);
	return hs_daemon_failed(&w->daemon, err);
}

static int
print_event(void *arg, const struct hs_agent_event *e)
{
	const struct hs_watch *w = arg;
	struct hs_buf b = {0};

	if (w->daemon.json)
		return hs_cli_print_json(hs_event_json(e));
	hs_event_put_line(&b, e, hs_cli_now());
	hs_cli_put(stdout, hs_buf_str(&b));
	putchar('\n');
	if (hs_event_waits(e))
		hs_cli_put_text(stdout, e->text, "    ");
	hs_buf_free(&b);
	return hs_cli_finish();
}

// Until the daemon ends, or whoever reads us.
static int
stream(struct hs_watch *w)
{
	struct hs_err err = {0};

	for (;;) {
		struct pollfd p[2] = {
		    {.fd = w->daemon.conn.fd, .events = POLLIN}, {.fd = STDOUT_FILENO}};
		int status;

		if (poll(p, 2, 1000) < 0 && errno != EINTR) {
			(void)hs_fail(
			    &err, HS_ERR_INTERNAL, "cannot wait: %s", strerror(errno));
			return hs_watch_fail(w, &err);
		}
		if ((p[1].revents & (POLLERR | POLLNVAL)) != 0)
			return HS_EXIT_DONE;
		if (hs_watch_overdue(w)) {
			(void)hs_fail(&err, HS_ERR_IO, "there was no answer in time");
			return hs_watch_fail(w, &err);
		}
		if (p[0].revents == 0)
			continue;
		status = hs_watch_step(w, print_event, w, &err);
		if (err.code != HS_OK)
			return hs_watch_fail(w, &err);
		if (status != HS_EXIT_DONE)
			return status;
	}
}

static bool
on_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && term != NULL &&
	       strcmp(term, "") != 0 && strcmp(term, "dumb") != 0;
}

int
cmd_watch(int argc, char **argv)
{
	struct hs_watch w = {.daemon.conn.fd = -1, .events.prompts = true};
	struct hs_err err = {0};
	int status = hs_options_json_only(argc, argv, 0, &w.daemon.json);

	if (status != HS_OPTIONS_GO)
		return status;
	if (w.daemon.json)
		hs_cli_json_lines();
	status = hs_daemon_connect(&w.daemon);
	if (status == HS_EXIT_DONE &&
	    hs_events_ask(&w.events, &w.daemon.conn, 0, &err) != HS_OK)
		status = hs_watch_fail(&w, &err);
	if (status == HS_EXIT_DONE)
		status =
		    !w.daemon.json && on_terminal() ? hs_watch_terminal(&w) : stream(&w);
	hs_daemon_close(&w.daemon);
	return status;
}
