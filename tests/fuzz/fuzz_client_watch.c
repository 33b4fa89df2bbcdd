// SPDX-License-Identifier: ISC
//
// An answer to `events`, as `handseal watch` takes it: checked, put on the board, drawn at
// a size that the first two bytes say. It is the first, or one that may start anew, with an
// asking on the board for which a PIN is being typed. Whatever comes, no byte of it acts on
// the terminal, the picture is no higher than the screen, a text is shown whole or not at
// all, and the PIN stays with its asking.
#include <stdlib.h>
#include <string.h>
#include "client/handseal/screen.h"
#include "proto/names.h"
#include "proto/text.h"
#include "tests/lib/answering.h"

#define TEXT  "one\n"
#define UNTIL 1800003600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
take(void *arg, const struct hs_agent_event *e)
{
	(void)hs_board_take(arg, e, 1800000000);
	return 0;
}

// Only what screen.c writes itself: ESC [ digits H, J, K or m; CR LF; the rest is shown
// text.
static void
check_picture(const struct hs_buf *b, const struct hs_screen *s)
{
	size_t rows = 0, from = 0, i = 0;

	while (i < b->len) {
		uint8_t c = b->p[i];

		if (c != '\033' && c != '\r' && c != '\n') {
			i++;
			continue;
		}
		if (!hs_text_shown((struct hs_str){b->p + from, i - from}, NULL))
			abort();
		if (c == '\033') {
			if (i + 2 >= b->len || b->p[i + 1] != '[')
				abort();
			i += 2;
			while (i < b->len && b->p[i] >= '0' && b->p[i] <= '9')
				i++;
			if (i >= b->len || strchr("HJKm", b->p[i]) == NULL)
				abort();
		}
		rows += c == '\n';
		from = ++i;
	}
	if (rows >= s->lines && s->lines > 1)
		abort();
}

static void
begin_typing(struct hs_board *board)
{
	const struct hs_agent_event e = {.event = hs_str_c("asked"),
	    .code = hs_str_c("4F7"),
	    .text = hs_str_c(TEXT),
	    .until = UNTIL,
	    .pin = 1};

	(void)hs_board_take(board, &e, 1800000000);
	board->held = true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_board board = {0};
	struct hs_events events = {0};
	struct hs_screen s = {.now = 1800000000, .message = ""};
	struct hs_buf picture = {0};
	struct answering a;

	if (size < 3)
		return 0;
	s.columns = data[0] > 0 ? data[0] : 1;
	s.lines = data[1] > 0 ? data[1] : 1;
	s.colour = (data[2] & 1) != 0;
	s.utf8 = (data[2] & 2) != 0;
	s.typing = (data[2] & 4) != 0;
	s.scroll = data[2];
	if ((data[2] & 8) != 0) {
		begin_typing(&board);
		events.after = 1;
	}
	a = answering_begin();
	if (hs_events(a.c, events.after, 0, NULL) != HS_DONE)
		abort();
	if (answering(&a, HS_EXT_EVENTS, HS_AGENT_DONE, (struct hs_str){data + 3, size - 3},
		NULL) == HS_DONE)
		(void)hs_events_take(&events, hs_got_events(a.c), take, &board);
	answering_end(&a);
	(void)hs_board_settle(&board);
	for (size_t i = 0; i < board.n; i++)
		if (board.v[i].unheard)
			abort();
	if (board.held && strcmp(hs_board_chosen(&board)->code, "4F7") != 0)
		abort();
	hs_screen_draw(&picture, &s, &board);
	if (hs_buf_err(&picture) == HS_OK)
		check_picture(&picture, &s);
	hs_buf_free(&picture);
	hs_board_free(&board);
	return 0;
}
