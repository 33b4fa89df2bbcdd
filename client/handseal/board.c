// SPDX-License-Identifier: ISC
//
// The askings that wait, kept from events. Contract in board.h.
#include "client/handseal/board.h"

#include <stdio.h>
#include <string.h>
#include "client/libhandseal/answers.h"
#include "client/handseal/cli.h"
#include "proto/text.h"

struct hs_board_asking *
hs_board_find(struct hs_board *b, const char *code)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].code, code) == 0)
			return &b->v[i];
	return NULL;
}

struct hs_board_asking *
hs_board_chosen(struct hs_board *b)
{
	return b->n > 0 ? &b->v[b->chosen] : NULL;
}

void
hs_board_move(struct hs_board *b, int by)
{
	if (b->n == 0)
		return;
	if (by > 0)
		b->chosen = b->chosen + 1 < b->n ? b->chosen + 1 : 0;
	else
		b->chosen = b->chosen > 0 ? b->chosen - 1 : b->n - 1;
}

// Cleaned, and cut where it is too long.
static void
keep(char *out, size_t size, struct hs_str s)
{
	struct hs_buf clean = {0};
	size_t n;

	hs_text_put_clean(&clean, s);
	n = clean.len < size ? clean.len : size - 1;
	while (n > 0 && n < clean.len && (clean.p[n] & 0xc0) == 0x80)
		n--; // not in the middle of a character
	if (n > 0)
		memcpy(out, clean.p, n);
	out[n] = '\0';
	hs_buf_free(&clean);
}

static void
keep_news(struct hs_board *b, const struct hs_agent_event *e, uint64_t now)
{
	struct hs_buf line = {0};
	size_t n;

	hs_event_put_line(&line, e, now);
	memmove(b->news[1], b->news[0], sizeof b->news - sizeof b->news[0]);
	n = line.len < sizeof b->news[0] ? line.len : sizeof b->news[0] - 1;
	while (n > 0 && n < line.len && (line.p[n] & 0xc0) == 0x80)
		n--;
	if (n > 0)
		memcpy(b->news[0], line.p, n);
	b->news[0][n] = '\0';
	hs_buf_free(&line);
}

// The one that blinks, else one that will, else the first.
static size_t
best(const struct hs_board *b)
{
	size_t shown = b->n;

	for (size_t i = 0; i < b->n; i++) {
		if (b->v[i].state == HS_WAITING_ARMED)
			return i;
		if (b->v[i].state == HS_WAITING_SHOWN && shown == b->n)
			shown = i;
	}
	return shown < b->n ? shown : 0;
}

static void
drop(struct hs_board *b, struct hs_board_asking *a)
{
	size_t i = (size_t)(a - b->v);
	bool was_chosen = b->chosen == i;

	hs_buf_free(&a->text);
	memmove(a, a + 1, (b->n - i - 1) * sizeof *a);
	b->n--;
	b->v[b->n] = (struct hs_board_asking){0};
	if (b->chosen > i)
		b->chosen--;
	if (was_chosen) {
		b->held = false;
		b->chosen = best(b);
	}
}

// As many askings of which was heard as there can be.
static bool
is_full(const struct hs_board *b)
{
	size_t heard = 0;

	for (size_t i = 0; i < b->n; i++)
		heard += !b->v[i].unheard;
	return heard >= HS_BOARD_MAX || b->n == sizeof b->v / sizeof b->v[0];
}

// The same asking as before, or another under a code that came free?
static bool
is_same(const struct hs_board_asking *a, const struct hs_agent_event *e)
{
	return a->until == e->until && hs_str_eq(hs_buf_str(&a->text), e->text);
}

static void
update(struct hs_board_asking *a, const struct hs_agent_event *e)
{
	a->state = hs_str_is(e->event, "armed")	   ? HS_WAITING_ARMED
		   : hs_str_is(e->event, "parked") ? HS_WAITING_PARKED
						   : HS_WAITING_SHOWN;
	hs_buf_reset(&a->text);
	hs_put_raw(&a->text, e->text.p, e->text.len);
	a->showable =
	    hs_buf_err(&a->text) == HS_OK && hs_answers_showable(hs_buf_str(&a->text));
	a->unheard = false;
	a->pin = e->pin != 0;
	a->until = e->until;
	a->why[0] = '\0';
	if (a->state == HS_WAITING_ARMED)
		a->armed_at = e->time;
	if (a->state == HS_WAITING_PARKED) {
		a->pin_given = false;
		keep(a->why, sizeof a->why, e->said.len > 0 ? e->said : e->why);
	}
}

static unsigned
take_waiting(struct hs_board *b, const char *code, const struct hs_agent_event *e)
{
	struct hs_board_asking *a = hs_board_find(b, code), *chosen;
	unsigned change = 0;

	if (a != NULL && a->unheard && !is_same(a, e)) {
		change = a == hs_board_chosen(b) ? HS_BOARD_CHOICE : 0;
		drop(b, a); // and what is being typed for it
		a = NULL;
	}
	chosen = hs_board_chosen(b);
	if (a == NULL) {
		if (is_full(b))
			return change; // more than any policy lets wait
		a = &b->v[b->n++];
		memcpy(a->code, code, sizeof a->code);
		keep(a->agent, sizeof a->agent, e->agent);
		change |= HS_BOARD_BELL;
	}
	update(a, e);
	if (b->held || a == chosen)
		return change;
	if (chosen == NULL || a->state == HS_WAITING_ARMED ||
	    (change != 0 && a->state == HS_WAITING_SHOWN &&
		chosen->state == HS_WAITING_PARKED))
		b->chosen = (size_t)(a - b->v);
	return change;
}

unsigned
hs_board_take(struct hs_board *b, const struct hs_agent_event *e, uint64_t now)
{
	char before[HS_CODE_LEN + 1] = "", code[HS_CODE_LEN + 1] = "";
	struct hs_board_asking *a = hs_board_chosen(b);
	unsigned change = 0;

	if (a != NULL)
		memcpy(before, a->code, sizeof before);
	if (hs_str_copy(e->code, code, sizeof code) != HS_OK)
		return 0;
	if (hs_event_waits(e)) {
		change = take_waiting(b, code, e);
		a = hs_board_find(b, code);
		// what was put off makes room for what is fresh
		if (!b->held && a != NULL && a == hs_board_chosen(b) &&
		    a->state == HS_WAITING_PARKED)
			b->chosen =
			    b->v[best(b)].state == HS_WAITING_PARKED ? b->chosen : best(b);
	} else {
		a = hs_event_ends(e) ? hs_board_find(b, code) : NULL;
		if (a != NULL)
			drop(b, a);
		if (hs_str_is(e->event, HS_EVENT_ANEW))
			for (size_t i = 0; i < b->n; i++)
				b->v[i].unheard = true;
		keep_news(b, e, now);
	}
	a = hs_board_chosen(b);
	if (strcmp(before, a != NULL ? a->code : "") != 0)
		change |= HS_BOARD_CHOICE;
	return change;
}

unsigned
hs_board_settle(struct hs_board *b)
{
	unsigned change = 0;

	for (size_t i = b->n; i-- > 0;) {
		if (!b->v[i].unheard)
			continue;
		if (b->chosen == i)
			change = HS_BOARD_CHOICE;
		drop(b, &b->v[i]);
	}
	return change;
}

void
hs_board_free(struct hs_board *b)
{
	for (size_t i = 0; i < b->n; i++)
		hs_buf_free(&b->v[i].text);
	*b = (struct hs_board){0};
}
