// SPDX-License-Identifier: ISC
//
// handseal status: how the daemon and its session are, in one look.
#include <inttypes.h>
#include "client/handseal/board.h"
#include "client/handseal/cmd.h"
#include "client/handseal/options.h"
#include "client/handseal/published.h"
#include "client/handseal/seatrows.h"
#include "proto/describe.h"
#include "proto/key.h"

static json_t *
session_json(const struct hs_got_status *i)
{
	if (!i->open)
		return json_null();
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:b,s:o,s:I,s:I}", "id",
	    hs_cli_json(hs_str_c(i->session)), "opened", hs_cli_json_time(i->opened), "end",
	    hs_cli_json_time(i->end), "idle_end", hs_cli_json_time(i->idle_end), "root",
	    hs_cli_json(hs_str_c(i->root)), "fingerprint",
	    hs_cli_json(hs_str_c(i->fingerprint)), "verified", i->verified, "simulated",
	    i->simulated, "ceiling", hs_cli_json_text(hs_str_c(i->scope)), "issued",
	    (json_int_t)i->issued, "live", (json_int_t)i->live);
}

// What is told, from several answers.
struct telling {
	struct hs_daemon *daemon;
	const struct hs_got_status *info;
	struct hs_board board;
	json_t *askings;
	struct hs_seats seats;
	const struct hs_seat *seat; // whose socket it is; NULL: the main one, or not told
};

static json_t *
troubles_json(const struct hs_got_status *i)
{
	struct hs_str left = hs_str_c(i->troubles), line;
	json_t *list = json_array();

	while (list != NULL && hs_str_next(&left, '\n', &line))
		(void)json_array_append_new(list, hs_cli_json(line));
	return list;
}

static void
put_troubles(struct hs_buf *b, const struct hs_got_status *i)
{
	struct hs_str left = hs_str_c(i->troubles), line;

	while (hs_str_next(&left, '\n', &line))
		hs_put_fmt(b, "TROUBLE  %.*s\n", (int)line.len, (const char *)line.p);
}

static int
print_json(const struct telling *t)
{
	const struct hs_got_status *i = t->info;
	json_t *policy =
	    i->policy[0] != '\0' ? hs_cli_json(hs_str_c(i->policy)) : json_null();
	json_t *servers = json_array(), *troubles = troubles_json(i);
	struct hs_buf text = {0};
	bool busy;
	char seat[HS_SESSION_ID_LEN + 24] = ""; // of which it is not told

	if (t->seat != NULL)
		snprintf(
		    seat, sizeof seat, "%s.%" PRIu64, t->seat->session, t->seat->serial);
	(void)hs_published_put(hs_str_c(i->published), i->now, &text, "", servers, &busy);
	hs_buf_free(&text);
	return hs_cli_print_json(json_pack(
	    "{s:s?,s:o,s:o,s:o,s:b,s:o,s:I,s:O,s:o,s:o,s:I,s:{s:I,s:b},s:o,s:o}", "seat",
	    t->daemon->seat ? seat : NULL, "version", hs_cli_json(hs_str_c(i->version)),
	    "socket", hs_cli_json(hs_str_c(i->socket)), "now", hs_cli_json_time(i->now),
	    "open", i->open, "session", session_json(i), "waiting", (json_int_t)i->pending,
	    "askings", t->askings, "policy", policy, "policy_error",
	    hs_cli_json_text(hs_str_c(i->policy_error)), "roots", (json_int_t)i->roots,
	    "log", "records", (json_int_t)i->records, "writable", i->recording, "servers",
	    servers, "troubles", troubles));
}

static void
put_session(struct hs_buf *b, const struct hs_got_status *i)
{
	struct hs_scope *ceiling = NULL;

	hs_put_fmt(b, "open     until ");
	hs_cli_put_when(b, i->end, i->now);
	hs_put_fmt(b, " (");
	hs_describe_span(b, i->end > i->now ? i->end - i->now : 0);
	hs_put_fmt(b, " left), touch of %s at ", i->root);
	hs_cli_put_when(b, i->opened, i->now);
	hs_put_fmt(b, ", %s\n", i->verified ? "with PIN or finger" : "no PIN");
	if (i->simulated)
		hs_put_fmt(
		    b, "         SIMULATED: a software key, so no hand stands behind it\n");
	if (i->idle_end > 0 && i->idle_end < i->end) {
		hs_put_fmt(b, "idle     it closes at ");
		hs_cli_put_when(b, i->idle_end, i->now);
		hs_put_fmt(b, " if nothing is asked for\n");
	}
	hs_put_fmt(b, "session  %s\n", i->session);
	hs_put_fmt(b, "may\n");
	if (hs_scope_parse_canonical(hs_str_c(i->scope), &ceiling, NULL) == HS_OK)
		hs_describe_scope(b, ceiling, "  ");
	else
		hs_put_fmt(b, "  handseald sent a scope that cannot be read\n");
	hs_scope_free(&ceiling);
	hs_put_fmt(b, "issued   %" PRIu64 ", of them %" PRIu64 " still valid\n", i->issued,
	    i->live);
}

static void
put_policy(struct hs_buf *b, const struct telling *t)
{
	const struct hs_got_status *i = t->info;

	if (i->policy[0] != '\0')
		hs_put_fmt(b, "policy   %s\n", i->policy);
	else if (!t->daemon->seat) // which may not be told of it
		hs_put_fmt(b, "policy   none; what `handseal open` names is the limit\n");
	if (i->policy_error[0] != '\0')
		hs_put_fmt(
		    b, "         A NEWER ONE IS NOT IN FORCE: %s\n", i->policy_error);
}

static void
put_waiting(struct hs_buf *b, const struct telling *t)
{
	const struct hs_got_status *i = t->info;
	const struct hs_board *board = &t->board;

	if (i->pending == 0)
		return;
	hs_put_fmt(b, "waiting  %" PRIu32 " for a touch%s\n", i->pending,
	    t->daemon->seat ? "" : "; answer here:  handseal watch");
	for (size_t k = 0; k < board->n; k++) {
		const struct hs_board_asking *a = &board->v[k];

		hs_put_fmt(b, "         %s %s%s%s, until ", a->code, a->agent,
		    a->agent[0] != '\0' ? ", " : "",
		    a->state == HS_WAITING_ARMED    ? "the key blinks"
		    : a->state == HS_WAITING_PARKED ? "put off"
						    : "shown");
		hs_cli_put_when(b, a->until, i->now);
		hs_put_fmt(b, "\n");
	}
}

static void
put_seat(struct hs_buf *b, const struct telling *t)
{
	if (!t->daemon->seat)
		return;
	hs_put_fmt(b, "seat     ");
	if (t->seat != NULL)
		hs_seatrows_put_id(b, t->seat);
	else
		hs_put_fmt(b, "a seat's socket; which one is not told");
	hs_put_fmt(b, "\n");
}

static int
print_text(const struct telling *t)
{
	const struct hs_got_status *i = t->info;
	struct hs_buf b = {0};
	bool busy;

	put_seat(&b, t);
	if (i->open)
		put_session(&b, i);
	else
		hs_put_fmt(&b, "closed   no session%s\n",
		    t->daemon->seat ? "" : "; a touch opens one:  handseal open");
	put_waiting(&b, t);
	put_policy(&b, t);
	hs_put_fmt(&b, "roots    %" PRIu32 "%s\n", i->roots,
	    i->roots == 0 ? "; enrol a security key:  handseal enroll" : "");
	hs_put_fmt(&b, "log      %" PRIu64 " records on disk%s\n", i->records,
	    i->recording ? "" : "; CANNOT BE WRITTEN, so nothing is issued");
	(void)hs_published_put(
	    hs_str_c(i->published), i->now, &b, "server   ", NULL, &busy);
	put_troubles(&b, i);
	hs_put_fmt(&b, "daemon   handseald %s on %s\n", i->version, i->socket);
	hs_cli_put_text(stdout, hs_buf_str(&b), "");
	hs_buf_free(&b);
	return hs_cli_finish();
}

static int
take_waiting(void *arg, const struct hs_agent_event *e)
{
	struct telling *t = arg;

	(void)hs_board_take(&t->board, e, hs_cli_now());
	if (json_array_append_new(t->askings, hs_event_json(e)) == 0)
		return HS_EXIT_DONE;
	hs_cli_say("out of memory");
	return HS_EXIT_FAILED;
}

static int
find_seat(struct telling *t)
{
	size_t own;
	int status = hs_seats_load(t->daemon, &t->seats);

	if (status != HS_EXIT_DONE)
		return status;
	own = hs_seats_own(&t->seats);
	t->seat = own != HS_SEATS_NONE ? &t->seats.v[own] : NULL;
	return HS_EXIT_DONE;
}

// What waits, which a seat is not told: on a connection of its own, since what was read on
// the first lives until its next call.
static int
find_waiting(struct telling *t)
{
	struct hs_daemon second = {.json = t->daemon->json};
	int status = hs_daemon_connect(&second);

	if (status == HS_EXIT_DONE)
		status = hs_events_waiting(&second, take_waiting, t);
	hs_daemon_close(&second);
	return status;
}

static bool
servers_are_sound(const struct telling *t)
{
	struct hs_buf text = {0};
	bool busy;
	int rc = hs_published_put(hs_str_c(t->info->published), 0, &text, "", NULL, &busy);

	hs_buf_free(&text);
	return rc == HS_OK;
}

static int
look(struct hs_daemon *d)
{
	struct telling t = {.daemon = d, .askings = json_array()};
	int status = hs_daemon_query(d);

	if (status == HS_EXIT_DONE && d->seat)
		status = find_seat(&t);
	if (status == HS_EXIT_DONE)
		status = hs_daemon_status(d, &t.info);
	if (status == HS_EXIT_DONE && !servers_are_sound(&t))
		status = hs_daemon_malformed(d, "status");
	if (status == HS_EXIT_DONE && t.info->pending > 0 && !d->seat)
		status = find_waiting(&t);
	if (status == HS_EXIT_DONE)
		status = d->json ? print_json(&t) : print_text(&t);
	hs_board_free(&t.board);
	hs_seats_free(&t.seats);
	json_decref(t.askings);
	return status;
}

int
cmd_status(int argc, char **argv)
{
	struct hs_daemon d = {0};
	int status = hs_options_json_only(argc, argv, 0, &d.json);

	if (status != HS_OPTIONS_GO)
		return status;
	status = hs_daemon_connect(&d);
	if (status == HS_EXIT_DONE)
		status = look(&d);
	hs_daemon_close(&d);
	return status;
}
