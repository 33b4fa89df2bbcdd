// SPDX-License-Identifier: ISC
//
// Seats as a tree. Contract in seats.h.
#include "client/handseal/seats.h"

#include <stdlib.h>
#include <string.h>
#include "client/handseal/cli.h"
#include "client/libhandseal/answers.h"
#include "client/handseal/items.h"
#include "proto/names.h"
#include "proto/text.h"

// A part has its seat's serial, and is not found.
static size_t
find(const struct hs_seats *s, const char *session, uint64_t serial)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->v[mid].serial < serial)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n && s->v[lo].serial == serial &&
		       strcmp(s->v[lo].session, session) == 0
		   ? lo
		   : HS_SEATS_NONE;
}

static int
make_room(struct hs_seats *s, size_t text)
{
	size_t room = s->room == 0 ? 16 : s->room * 2;
	struct hs_seat *v;

	if (s->n >= HS_SEATS_MAX || text > HS_SEATS_TEXT - s->bytes)
		return HS_ERR_TOO_LONG;
	if (s->n < s->room)
		return HS_OK;
	v = realloc(s->v, room * sizeof *v);
	if (v == NULL)
		return HS_ERR_NOMEM;
	s->v = v;
	s->room = room;
	return HS_OK;
}

static int
read_item(struct hs_seat *t, const struct hs_agent_seat_item *m)
{
	*t = (struct hs_seat){.began = m->began,
	    .end = m->end,
	    .used = m->used,
	    .uses_left = m->uses_left,
	    .last = m->last,
	    .pid = m->pid,
	    .touched = m->touched != 0,
	    .more = m->more != 0,
	    .revoked = m->revoked != 0,
	    .parent = HS_SEATS_NONE,
	    .child = HS_SEATS_NONE,
	    .last_child = HS_SEATS_NONE,
	    .part = HS_SEATS_NONE,
	    .last_part = HS_SEATS_NONE,
	    .sibling = HS_SEATS_NONE};
	if (hs_answers_parse_id(m->id, t->session, &t->serial) != HS_OK ||
	    (m->parent.len > 0 && hs_answers_parse_id(m->parent, t->parent_session,
				      &t->parent_serial) != HS_OK) ||
	    !hs_text_is_agent_name(m->agent) || m->scope.len > HS_SCOPE_BYTES_MAX)
		return HS_ERR_FORMAT;
	return hs_str_copy(m->agent, t->agent, sizeof t->agent);
}

// Its parent, which is above: so there are no circles.
static int
place(const struct hs_seats *s, struct hs_seat *t)
{
	const struct hs_seat *before = s->n > 0 ? &s->v[s->n - 1] : NULL;

	if (t->more) {
		if (before == NULL || before->serial != t->serial ||
		    strcmp(before->session, t->session) != 0)
			return HS_ERR_FORMAT;
		t->parent = s->last_seat;
		t->depth = s->v[t->parent].depth + 1;
		return HS_OK;
	}
	if (before != NULL && t->serial <= before->serial)
		return HS_ERR_FORMAT;
	if (t->parent_session[0] == '\0')
		return HS_OK;
	if (t->parent_serial >= t->serial)
		return HS_ERR_FORMAT;
	t->parent = find(s, t->parent_session, t->parent_serial);
	if (t->parent == HS_SEATS_NONE)
		return HS_OK;
	t->depth = s->v[t->parent].depth + 1;
	return t->depth <= HS_DEPTH_MAX ? HS_OK : HS_ERR_FORMAT;
}

static void
append(struct hs_seats *s, size_t *first, size_t *last, size_t i)
{
	if (*first == HS_SEATS_NONE)
		*first = i;
	else
		s->v[*last].sibling = i;
	*last = i;
}

static void
attach(struct hs_seats *s, size_t i)
{
	const struct hs_seat *t = &s->v[i];
	struct hs_seat *p = t->parent != HS_SEATS_NONE ? &s->v[t->parent] : NULL;

	if (!t->more)
		s->last_seat = i;
	if (p == NULL)
		append(s, &s->first, &s->last, i);
	else if (t->more)
		append(s, &p->part, &p->last_part, i);
	else
		append(s, &p->child, &p->last_child, i);
}

int
hs_seats_take(struct hs_seats *s, const struct hs_agent_seat_item *m)
{
	struct hs_seat t;
	uint8_t *text;
	int rc = read_item(&t, m);

	if (rc == HS_OK)
		rc = place(s, &t);
	if (rc == HS_OK)
		rc = make_room(s, m->scope.len);
	if (rc != HS_OK)
		return rc;
	text = malloc(m->scope.len + 1);
	if (text == NULL)
		return HS_ERR_NOMEM;
	if (m->scope.len > 0)
		memcpy(text, m->scope.p, m->scope.len);
	t.scope = (struct hs_str){text, m->scope.len};
	if (s->n == 0)
		s->first = s->last = HS_SEATS_NONE;
	s->bytes += m->scope.len;
	s->v[s->n] = t;
	attach(s, s->n++);
	return HS_OK;
}

size_t
hs_seats_next(const struct hs_seats *s, size_t i)
{
	if (s->v[i].child != HS_SEATS_NONE)
		return s->v[i].child;
	if (s->v[i].part != HS_SEATS_NONE)
		return s->v[i].part;
	for (;;) {
		const struct hs_seat *t = &s->v[i];

		if (t->sibling != HS_SEATS_NONE || t->parent == HS_SEATS_NONE)
			return t->sibling;
		if (!t->more && s->v[t->parent].part != HS_SEATS_NONE)
			return s->v[t->parent].part;
		i = t->parent;
	}
}

bool
hs_seats_is_last(const struct hs_seats *s, size_t i)
{
	const struct hs_seat *t = &s->v[i];

	return t->sibling == HS_SEATS_NONE && (t->more || t->parent == HS_SEATS_NONE ||
						  s->v[t->parent].part == HS_SEATS_NONE);
}

size_t
hs_seats_own(const struct hs_seats *s)
{
	return s->n > 0 && s->first == s->last ? s->first : HS_SEATS_NONE;
}

// Serials must rise, from page to page too: a list that turns in circles would have no end.
static int
take_page(struct hs_seats *s, struct hs_rd *r, bool *more)
{
	struct hs_agent_seat_item m;
	size_t before = s->n;
	uint8_t again = 0;
	uint64_t end;
	uint32_t n;
	int rc = HS_OK;

	if (hs_get_u64(r, &end) != HS_OK || hs_get_u32(r, &n) != HS_OK)
		return HS_ERR_FORMAT;
	for (uint32_t i = 0; rc == HS_OK && i < n; i++) {
		rc = hs_agent_seat_item_get(r, &m);
		// `after` was its seat's serial: a part cannot begin a page
		if (rc != HS_OK || (m.more != 0 && s->n == before))
			return HS_ERR_FORMAT;
		rc = hs_seats_take(s, &m);
	}
	if (rc != HS_OK)
		return rc;
	if (hs_get_u8(r, &again) != HS_OK || hs_rd_end(r) != HS_OK || again > 1 ||
	    (again == 1 && n == 0))
		return HS_ERR_FORMAT;
	*more = again == 1;
	return HS_OK;
}

int
hs_seats_load(struct hs_daemon *d, struct hs_seats *s)
{
	struct hs_buf contents = {0};
	struct hs_rd body = {0};
	struct hs_err err = {0};
	bool more = true;
	int status = HS_EXIT_DONE, rc = HS_OK;

	while (status == HS_EXIT_DONE && rc == HS_OK && more) {
		struct hs_agent_list m = {
		    .after = s->n > 0 ? s->v[s->n - 1].serial : 0, .seats = 1};

		hs_buf_reset(&contents);
		hs_agent_list_put(&contents, &m);
		status = hs_daemon_call(d, HS_EXT_LIST, hs_buf_str(&contents), &body);
		if (status == HS_EXIT_DONE)
			rc = take_page(s, &body, &more);
	}
	hs_buf_free(&contents);
	if (rc == HS_ERR_TOO_LONG)
		(void)hs_fail(&err, HS_ERR_TOO_LONG,
		    "handseald lists more than %d seats, or longer ones than are read",
		    HS_SEATS_MAX);
	else if (rc == HS_ERR_NOMEM)
		(void)hs_fail(&err, HS_ERR_NOMEM, "out of memory");
	else if (rc != HS_OK)
		return hs_daemon_malformed(d, HS_EXT_LIST);
	return rc == HS_OK ? status : hs_cli_fail(d->json, &err);
}

void
hs_seats_free(struct hs_seats *s)
{
	for (size_t i = 0; i < s->n; i++)
		free((void *)(uintptr_t)s->v[i].scope.p);
	free(s->v);
	*s = (struct hs_seats){0};
}
