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

int
hs_watch_step(struct hs_watch *w, hs_events_fn *fn, void *arg, struct hs_err *err)
{
	struct hs_client *c = w->daemon.client;
	int rc, result = hs_step(c, &w->daemon.err);

	if (result == HS_AGAIN)
		return HS_OK;
	if (result == HS_DONE) {
		rc = hs_events_take(&w->events, hs_got_events(c), fn, arg);
		if (rc != 0)
			return rc;
		result = hs_events_ask(&w->events, &w->daemon, HS_EVENTS_WAIT);
	}
	w->result = result;
	return result == HS_DONE ? HS_OK : hs_fail(err, HS_ERR_IO, "no more events come");
}

int
hs_watch_fail(struct hs_watch *w, const struct hs_err *err)
{
	if (w->result != HS_DONE)
		return hs_daemon_told(&w->daemon, w->result);
	hs_daemon_end_line(&w->daemon);
	return hs_cli_fail(w->daemon.json, err);
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
		    {.fd = hs_fd(w->daemon.client), .events = hs_wants(w->daemon.client)},
		    {.fd = STDOUT_FILENO}};
		int status;

		if (poll(p, 2, 1000) < 0 && errno != EINTR) {
			(void)hs_fail(
			    &err, HS_ERR_INTERNAL, "cannot wait: %s", strerror(errno));
			return hs_watch_fail(w, &err);
		}
		if ((p[1].revents & (POLLERR | POLLNVAL)) != 0)
			return HS_EXIT_DONE;
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
	struct hs_watch w = {.events.prompts = true};
	int status = hs_options_json_only(argc, argv, 0, &w.daemon.json);

	if (status != HS_OPTIONS_GO)
		return status;
	if (w.daemon.json)
		hs_cli_json_lines();
	status = hs_daemon_connect(&w.daemon);
	if (status == HS_EXIT_DONE &&
	    (w.result = hs_events_ask(&w.events, &w.daemon, 0)) != 0)
		status = hs_daemon_told(&w.daemon, w.result);
	if (status == HS_EXIT_DONE)
		status =
		    !w.daemon.json && on_terminal() ? hs_watch_terminal(&w) : stream(&w);
	hs_daemon_close(&w.daemon);
	return status;
}
