// SPDX-License-Identifier: ISC
//
// handseal list: the session's certificates, a line each, asked for page by page.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "client/handseal/cmd.h"
#include "client/handseal/daemon.h"
#include "client/handseal/items.h"
#include "client/handseal/options.h"
#include "proto/describe.h"
#include "proto/text.h"

#define AGENT_WIDTH 10
#define ID_WIDTH    12
#define MAY_WIDTH   30
#define ENDS_WIDTH  26 // "18:05 CET  3 h 41 min"

struct listing {
	uint64_t now;
	size_t may_width; // characters; longer ones are cut, or else not padded
	bool cut, json, begun;
	json_t *rows;
};

// Characters of well-formed UTF-8.
static size_t
width_of(struct hs_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += (s.p[i] & 0xc0) != 0x80;
	return n;
}

// s cleaned, where wanted cut to width with an ellipsis, and padded to it.
static void
put_cell(struct hs_buf *b, struct hs_str s, size_t width, bool cut)
{
	struct hs_buf clean = {0};
	struct hs_str c;
	size_t n;

	hs_text_put_clean(&clean, s);
	c = hs_buf_str(&clean);
	n = width_of(c);
	if (cut && n > width) {
		size_t i = 0, seen = 0;

		while (i < c.len && (seen += (c.p[i] & 0xc0) != 0x80) < width)
			i++;
		hs_put_raw(b, c.p, i);
		hs_put_fmt(b, "…");
		n = width;
	} else {
		hs_put_raw(b, c.p, c.len);
	}
	hs_put_fmt(b, "%*s", n < width ? (int)(width - n) : 0, "");
	hs_buf_free(&clean);
}

static void
put_row(
    struct listing *l, const struct hs_agent_item *m, const char *session, uint64_t serial)
{
	struct hs_buf row = {0}, cell = {0};
	struct hs_scope *scope = NULL;

	if (!l->begun)
		printf("%-*s%-*s%-*sENDS\n", ID_WIDTH, "ID", AGENT_WIDTH, "AGENT",
		    (int)l->may_width + 1, "MAY");
	l->begun = true;
	hs_put_fmt(&cell, "%.4s.%" PRIu64, session, serial);
	put_cell(&row, hs_buf_str(&cell), ID_WIDTH - 1, false);
	hs_put_fmt(&row, " ");
	put_cell(&row, m->agent, AGENT_WIDTH - 1, false);
	hs_put_fmt(&row, " ");
	hs_buf_reset(&cell);
	if (hs_scope_parse_canonical(m->scope, &scope, NULL) == HS_OK)
		hs_describe_scope_short(&cell, scope);
	else
		hs_put_fmt(&cell, "a scope that cannot be read");
	put_cell(&row, hs_buf_str(&cell), l->may_width, l->cut);
	hs_put_fmt(&row, " ");
	hs_cli_put_when(&row, m->end, l->now);
	hs_put_fmt(&row, "  ");
	if (m->end > l->now)
		hs_describe_span(&row, m->end - l->now);
	else
		hs_put_fmt(&row, "ended");
	hs_cli_put(stdout, hs_buf_str(&row));
	putchar('\n');
	hs_scope_free(&scope);
	hs_buf_free(&cell);
	hs_buf_free(&row);
}

static int
take_item(void *arg, const struct hs_agent_item *m, const char *session, uint64_t serial)
{
	struct listing *l = arg;

	if (!l->json) {
		put_row(l, m, session, serial);
		return HS_EXIT_DONE;
	}
	if (json_array_append_new(l->rows, hs_items_json(m, false)) == 0)
		return HS_EXIT_DONE;
	hs_cli_say("out of memory");
	return HS_EXIT_FAILED;
}

// A terminal's lines are not to wrap; a pipe gets all of it.
static void
find_room(struct listing *l)
{
	const size_t others = ID_WIDTH + AGENT_WIDTH + ENDS_WIDTH;
	struct winsize w;

	l->may_width = MAY_WIDTH;
	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0)
		return;
	l->cut = true;
	if (w.ws_col > others + MAY_WIDTH)
		l->may_width = w.ws_col - others;
}

int
cmd_list(int argc, char **argv)
{
	struct hs_daemon d = {.conn.fd = -1};
	struct listing l = {.now = hs_cli_now()};
	int status = hs_options_json_only(argc, argv, 0, &d.json);
	uint64_t end = 0;

	if (status != HS_OPTIONS_GO)
		return status;
	l.json = d.json;
	find_room(&l);
	l.rows = json_array();
	status = hs_daemon_connect(&d);
	if (status == HS_EXIT_DONE)
		status = hs_items_each(&d, "", take_item, &l, &end);
	if (status == HS_EXIT_DONE && l.json) {
		status = hs_cli_print_json(json_pack("{s:o,s:O}", "session_end",
		    hs_cli_json_time(end), "certificates", l.rows));
	} else if (status == HS_EXIT_DONE) {
		if (!l.begun)
			puts("No certificates.");
		status = hs_cli_finish();
	}
	json_decref(l.rows);
	hs_daemon_close(&d);
	return status;
}
