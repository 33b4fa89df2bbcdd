// SPDX-License-Identifier: ISC
//
// handseal list: the seats as a tree, then the session's other certificates, a line each.
#include <inttypes.h>
#include <langinfo.h>
#include <string.h>
#include "client/handseal/cmd.h"
#include "client/handseal/columns.h"
#include "client/handseal/items.h"
#include "client/handseal/options.h"
#include "client/handseal/seatrows.h"
#include "proto/describe.h"
#include "proto/grant.h"
#include "proto/origin.h"

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

static void
put_row(
    struct listing *l, const struct hs_agent_item *m, const char *session, uint64_t serial)
{
	const char *origin = hs_items_origin(m);
	struct hs_buf row = {0}, cell = {0};
	struct hs_scope *scope = NULL;

	if (!l->begun)
		printf("%-*s%-*s%-*sENDS\n", ID_WIDTH, "ID", AGENT_WIDTH, "AGENT",
		    (int)l->may_width + 1, "MAY");
	l->begun = true;
	hs_put_fmt(&cell, "%.4s.%" PRIu64, session, serial);
	hs_columns_put(&row, hs_buf_str(&cell), ID_WIDTH - 1, false);
	hs_put_fmt(&row, " ");
	hs_columns_put(&row, m->agent, AGENT_WIDTH - 1, false);
	hs_put_fmt(&row, " ");
	hs_buf_reset(&cell);
	if (hs_scope_parse_canonical(m->scope, &scope, NULL) == HS_OK)
		hs_describe_scope_short(&cell, scope);
	else
		hs_put_fmt(&cell, "a scope that cannot be read");
	hs_columns_put(&row, hs_buf_str(&cell), l->may_width, l->cut);
	hs_put_fmt(&row, " ");
	hs_cli_put_when(&row, m->end, l->now);
	hs_put_fmt(&row, "  ");
	if (m->end > l->now)
		hs_describe_span(&row, m->end - l->now);
	else
		hs_put_fmt(&row, "ended");
	if (origin != NULL && strcmp(origin, hs_origin_name(HS_ORIGIN_LOCAL)) != 0)
		hs_put_fmt(&row, "  %s", origin);
	if (hs_direct_is(m->certificate))
		hs_put_fmt(&row, "  direct");
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
		// a seat's are renewed all the time, and stand for nothing more than it
		if (m->seat.len == 0)
			put_row(l, m, session, serial);
		return HS_EXIT_DONE;
	}
	if (json_array_append_new(l->rows, hs_items_json(m, false)) == 0)
		return HS_EXIT_DONE;
	hs_cli_say("out of memory");
	return HS_EXIT_FAILED;
}

static void
put_seats(const struct hs_seats *seats, uint64_t now)
{
	struct hs_seatrows look;
	struct hs_buf row = {0};

	if (seats->n == 0)
		return;
	hs_seatrows_begin(&look, seats, now, strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
	hs_seatrows_put_head(&row, &look);
	for (size_t i = seats->first; i != HS_SEATS_NONE; i = hs_seats_next(seats, i)) {
		printf("%s\n", hs_cli_cstr(&row));
		hs_buf_reset(&row);
		hs_seatrows_put(&row, &look, i);
	}
	printf("%s\n\n", hs_cli_cstr(&row));
	hs_buf_free(&row);
}

static json_t *
seats_json(const struct hs_seats *seats)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < seats->n; i++)
		if (json_array_append_new(list, hs_seatrows_json(&seats->v[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static int
list_all(struct hs_daemon *d, struct listing *l, struct hs_seats *seats)
{
	uint64_t end = 0;
	int status = hs_daemon_query(d);

	if (status == HS_EXIT_DONE && d->seats)
		status = hs_seats_load(d, seats);
	if (status == HS_EXIT_DONE && !l->json)
		put_seats(seats, l->now);
	if (status == HS_EXIT_DONE)
		status = hs_items_each(d, "", take_item, l, &end);
	if (status != HS_EXIT_DONE)
		return status;
	if (l->json)
		return hs_cli_print_json(
		    json_pack("{s:o,s:o,s:O}", "session_end", hs_cli_json_time(end),
			"seats", seats_json(seats), "certificates", l->rows));
	if (!l->begun)
		puts(seats->n > 0 ? "No certificates but those of the seats."
				  : "No certificates.");
	return hs_cli_finish();
}

int
cmd_list(int argc, char **argv)
{
	struct hs_daemon d = {0};
	struct listing l = {.now = hs_cli_now()};
	struct hs_seats seats = {0};
	int status = hs_options_json_only(argc, argv, 0, &d.json);

	if (status != HS_OPTIONS_GO)
		return status;
	l.json = d.json;
	l.cut =
	    hs_columns_room(ID_WIDTH + AGENT_WIDTH + ENDS_WIDTH, MAY_WIDTH, &l.may_width);
	l.rows = json_array();
	status = hs_daemon_connect(&d);
	if (status == HS_EXIT_DONE)
		status = list_all(&d, &l, &seats);
	json_decref(l.rows);
	hs_seats_free(&seats);
	hs_daemon_close(&d);
	return status;
}
