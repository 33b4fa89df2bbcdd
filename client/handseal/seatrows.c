// SPDX-License-Identifier: ISC
//
// Lines of the table of seats. Contract in seatrows.h.
#include "client/handseal/seatrows.h"

#include <inttypes.h>
#include <time.h>
#include "client/handseal/cli.h"
#include "client/handseal/columns.h"
#include "proto/describe.h"

#define ID_WIDTH    12
#define AGENT_WIDTH 10
#define MAY_WIDTH   30
#define ENDS_WIDTH  14 // "18:05 3h41"
#define USED_WIDTH  7
#define LAST_WIDTH  7
#define BRANCH	    2 // columns that a level of the tree takes

void
hs_seatrows_put_id(struct hs_buf *b, const struct hs_seat *t)
{
	hs_put_fmt(b, "%.4s.%" PRIu64 "%s", t->session, t->serial, t->more ? "+" : "");
}

void
hs_seatrows_begin(
    struct hs_seatrows *r, const struct hs_seats *seats, uint64_t now, bool utf8)
{
	struct hs_buf id = {0};

	*r = (struct hs_seatrows){
	    .seats = seats, .now = now, .utf8 = utf8, .id_width = ID_WIDTH};
	for (size_t i = 0; i < seats->n; i++) {
		size_t width;

		hs_buf_reset(&id);
		hs_seatrows_put_id(&id, &seats->v[i]);
		width = id.len + (size_t)BRANCH * seats->v[i].depth + 1;
		if (width > r->id_width)
			r->id_width = width;
	}
	hs_buf_free(&id);
	r->cut = hs_columns_room(
	    r->id_width + AGENT_WIDTH + ENDS_WIDTH + USED_WIDTH + LAST_WIDTH, MAY_WIDTH,
	    &r->may_width);
}

void
hs_seatrows_put_head(struct hs_buf *b, const struct hs_seatrows *r)
{
	hs_columns_put(b, hs_str_c("ID"), r->id_width, false);
	hs_columns_put(b, hs_str_c("AGENT"), AGENT_WIDTH, false);
	hs_columns_put(b, hs_str_c("MAY"), r->may_width + 1, false);
	hs_columns_put(b, hs_str_c("ENDS"), ENDS_WIDTH, false);
	hs_columns_put(b, hs_str_c("USED"), USED_WIDTH, false);
	hs_put_fmt(b, "LAST");
}

// One cell, and a blank behind it however long it is. b is left empty.
static void
put_cell(struct hs_buf *row, struct hs_buf *cell, size_t width, bool cut)
{
	hs_columns_put(row, hs_buf_str(cell), width - 1, cut);
	hs_put_fmt(row, " ");
	hs_buf_reset(cell);
}

// From the outermost on: does something else come below each of those above?
static void
put_branches(struct hs_buf *b, const struct hs_seatrows *r, size_t i)
{
	bool last[HS_DEPTH_MAX + 2] = {false};
	unsigned depth = r->seats->v[i].depth;

	for (unsigned k = depth; k > 0 && k <= HS_DEPTH_MAX + 1; k--) {
		last[k] = hs_seats_is_last(r->seats, i);
		i = r->seats->v[i].parent;
	}
	for (unsigned k = 1; k < depth; k++)
		hs_put_fmt(b, "%s", last[k] ? "  " : r->utf8 ? "│ " : "| ");
	if (depth > 0)
		hs_put_fmt(b, "%s",
		    last[depth] ? (r->utf8 ? "└ " : "`-") : (r->utf8 ? "├ " : "|-"));
}

static void
put_may(struct hs_buf *b, const struct hs_seat *t)
{
	struct hs_scope *scope = NULL;

	if (hs_scope_parse_canonical(t->scope, &scope, NULL) == HS_OK)
		hs_describe_scope_short(b, scope);
	else
		hs_put_fmt(b, "a scope that cannot be read");
	hs_scope_free(&scope);
}

// "18:05 3h41": the hour says it, since what is left stands beside it.
static void
put_end(struct hs_buf *b, uint64_t end, uint64_t now)
{
	uint64_t left = end > now ? end - now : 0;
	time_t t = (time_t)end;
	char clock[16], span[32];
	struct tm tm;

	if (end > INT64_MAX || localtime_r(&t, &tm) == NULL ||
	    strftime(clock, sizeof clock, "%H:%M", &tm) == 0)
		snprintf(clock, sizeof clock, "?");
	if (left == 0)
		snprintf(span, sizeof span, "ended");
	else if (left < 60)
		snprintf(span, sizeof span, "%" PRIu64 "s", left);
	else if (left < 3600)
		snprintf(span, sizeof span, "%" PRIu64 "m", left / 60);
	else if (left < 86400)
		snprintf(span, sizeof span, "%" PRIu64 "h%02" PRIu64, left / 3600,
		    left / 60 % 60);
	else
		snprintf(span, sizeof span, "%" PRIu64 "d%" PRIu64 "h", left / 86400,
		    left / 3600 % 24);
	hs_put_fmt(b, "%-5s %4s", clock, span);
}

static void
put_used(struct hs_buf *b, const struct hs_seat *t)
{
	if (t->uses_left == HS_USES_ANY)
		hs_put_fmt(b, "%" PRIu64 "/*", t->used);
	else if (t->used > UINT64_MAX - t->uses_left)
		hs_put_fmt(b, "%" PRIu64 "/?", t->used);
	else
		hs_put_fmt(b, "%" PRIu64 "/%" PRIu64, t->used, t->used + t->uses_left);
}

static void
put_last(struct hs_buf *b, uint64_t last, uint64_t now)
{
	uint64_t ago = now > last ? now - last : 0;

	if (last == 0)
		hs_put_fmt(b, "never");
	else if (ago < 60)
		hs_put_fmt(b, "%" PRIu64 " s", ago);
	else if (ago < 3600)
		hs_put_fmt(b, "%" PRIu64 " min", ago / 60);
	else if (ago < 86400)
		hs_put_fmt(b, "%" PRIu64 " h", ago / 3600);
	else
		hs_put_fmt(b, "%" PRIu64 " d", ago / 86400);
}

void
hs_seatrows_put(struct hs_buf *b, const struct hs_seatrows *r, size_t i)
{
	const struct hs_seat *t = &r->seats->v[i];
	struct hs_buf cell = {0};

	put_branches(&cell, r, i);
	hs_seatrows_put_id(&cell, t);
	put_cell(b, &cell, r->id_width, false);
	hs_put_fmt(&cell, "%s", t->more ? "(touch)" : t->agent);
	put_cell(b, &cell, AGENT_WIDTH, false);
	put_may(&cell, t);
	put_cell(b, &cell, r->may_width + 1, r->cut);
	if (t->revoked)
		hs_put_fmt(&cell, "REVOKED");
	else
		put_end(&cell, t->end, r->now);
	put_cell(b, &cell, ENDS_WIDTH, false);
	put_used(&cell, t);
	put_cell(b, &cell, USED_WIDTH, false);
	put_last(&cell, t->last, r->now);
	hs_put_raw(b, cell.p, cell.len);
	hs_buf_free(&cell);
}

json_t *
hs_seatrows_json(const struct hs_seat *t)
{
	char id[HS_SESSION_ID_LEN + 24], parent[HS_SESSION_ID_LEN + 24];

	snprintf(id, sizeof id, "%s.%" PRIu64, t->session, t->serial);
	snprintf(parent, sizeof parent, "%s.%" PRIu64, t->parent_session, t->parent_serial);
	return json_pack("{s:s,s:s?,s:s,s:o,s:o,s:o,s:I,s:o,s:o,s:I,s:b,s:b,s:b}", "id", id,
	    "parent", t->parent_session[0] != '\0' ? parent : NULL, "agent", t->agent,
	    "scope", hs_cli_json_text(t->scope), "began", hs_cli_json_time(t->began), "end",
	    hs_cli_json_time(t->end), "used", (json_int_t)t->used, "uses_left",
	    t->uses_left == HS_USES_ANY ? json_null()
					: json_integer((json_int_t)t->uses_left),
	    "last", hs_cli_json_time(t->last), "pid", (json_int_t)t->pid, "touched",
	    t->touched, "more", t->more, "revoked", t->revoked);
}
