// SPDX-License-Identifier: ISC
//
// The pages of `list`, put together and handed on one item at a time. Contract in items.h.
#include "client/handseal/items.h"

#include <string.h>
#include "client/handseal/cli.h"
#include "client/libhandseal/answers.h"
#include "proto/grant.h"
#include "proto/names.h"
#include "proto/text.h"

struct walk {
	struct hs_daemon *daemon;
	hs_items_fn *fn;
	void *arg;
	uint64_t after; // the greatest serial so far
	uint8_t more;
};

// Of an item: whose seat it is for, or nobody's.
static bool
is_seat(struct hs_str id)
{
	char session[HS_SESSION_ID_LEN + 1];
	uint64_t serial;

	return id.len == 0 || hs_answers_parse_id(id, session, &serial) == HS_OK;
}

// Serials must rise: a list that turns in circles would have no end.
static int
walk_page(struct walk *w, struct hs_rd *r, uint64_t *end)
{
	char session[HS_SESSION_ID_LEN + 1];
	struct hs_agent_item m;
	uint64_t serial;
	uint32_t n;

	if (hs_get_u64(r, end) != HS_OK || hs_get_u32(r, &n) != HS_OK)
		return hs_daemon_malformed(w->daemon, HS_EXT_LIST);
	for (uint32_t i = 0; i < n; i++) {
		int status;

		if (hs_agent_item_get(r, &m) != HS_OK ||
		    hs_answers_parse_id(m.id, session, &serial) != HS_OK ||
		    !is_seat(m.seat) || serial <= w->after)
			return hs_daemon_malformed(w->daemon, HS_EXT_LIST);
		w->after = serial;
		status = w->fn(w->arg, &m, session, serial);
		if (status != HS_EXIT_DONE)
			return status;
	}
	if (hs_get_u8(r, &w->more) != HS_OK || hs_rd_end(r) != HS_OK || w->more > 1 ||
	    (w->more == 1 && n == 0))
		return hs_daemon_malformed(w->daemon, HS_EXT_LIST);
	return HS_EXIT_DONE;
}

int
hs_items_each(
    struct hs_daemon *d, const char *id, hs_items_fn *fn, void *arg, uint64_t *end)
{
	struct walk w = {.daemon = d, .fn = fn, .arg = arg, .more = 1};
	struct hs_buf contents = {0};
	struct hs_rd body = {0};
	int status = HS_EXIT_DONE;

	while (status == HS_EXIT_DONE && w.more == 1) {
		struct hs_agent_list m = {.id = hs_str_c(id), .after = w.after};

		hs_buf_reset(&contents);
		hs_agent_list_put(&contents, &m);
		status = hs_daemon_call(d, HS_EXT_LIST, hs_buf_str(&contents), &body);
		if (status == HS_EXIT_DONE)
			status = walk_page(&w, &body, end);
	}
	hs_buf_free(&contents);
	return status;
}

void
hs_items_put_cert(struct hs_buf *b, struct hs_str certificate)
{
	struct hs_rd r = hs_rd_of(certificate);
	struct hs_str type = {0};

	if (hs_get_string(&r, &type) != HS_OK)
		return;
	hs_text_put_clean(b, type);
	hs_put_u8(b, ' ');
	hs_text_put_base64(b, certificate);
}

const char *
hs_items_origin(const struct hs_agent_item *m)
{
	struct hs_delegation d = {.nlineage = 0};
	struct hs_direct made = {.sk = {0}};
	const char *name = NULL;

	if (hs_direct_is(m->certificate)) {
		if (hs_direct_parse(m->certificate, false, &made, NULL) == HS_OK)
			name = hs_origin_name(made.origin);
	} else if (hs_delegation_parse(m->certificate, &d, NULL) == HS_OK) {
		name = hs_origin_name(d.origin);
	}
	hs_direct_free(&made);
	hs_delegation_free(&d);
	return name;
}

json_t *
hs_items_json(const struct hs_agent_item *m, bool certificate)
{
	struct hs_buf line = {0};
	json_t *seat = m->seat.len > 0 ? hs_cli_json(m->seat) : json_null();
	json_t *o = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:I,s:o,s:s?}", "id",
	    hs_cli_json(m->id), "seat", seat, "agent", hs_cli_json(m->agent), "scope",
	    hs_cli_json_text(m->scope), "issued", hs_cli_json_time(m->issued), "end",
	    hs_cli_json_time(m->end), "direct", hs_direct_is(m->certificate), "pid",
	    (json_int_t)m->pid, "exe", hs_cli_json(m->exe), "origin", hs_items_origin(m));

	if (o != NULL && certificate) {
		hs_items_put_cert(&line, m->certificate);
		if (json_object_set_new(o, "certificate", hs_cli_json(hs_buf_str(&line))) !=
		    0) {
			json_decref(o);
			o = NULL;
		}
	}
	hs_buf_free(&line);
	return o;
}
