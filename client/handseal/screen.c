// SPDX-License-Identifier: ISC
//
// Drawing what waits. Contract in screen.h.
#include "client/handseal/screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "client/handseal/cli.h"
#include "proto/text.h"

#define BOLD	 "\033[1m"
#define PLAIN	 "\033[0m"
#define LIST_MAX 6 // other askings that are listed

// The bytes of the character at p, which is well-formed UTF-8, and its columns.
static size_t
character(const uint8_t *p, size_t left, unsigned *columns)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t c = p[0];
	int w;

	if (n > left)
		n = left;
	if (n > 1)
		c &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3fu);
	w = wcwidth((wchar_t)c);
	*columns = w >= 0 ? (unsigned)w : 1; // another locale does not know it
	return n;
}

static unsigned
columns_of(struct hs_str s)
{
	unsigned total = 0, w;

	for (size_t i = 0; i < s.len; total += w)
		i += character(s.p + i, s.len - i, &w);
	return total;
}

// Of s, what fits so many columns; never nothing, or a wide character would stop us.
static struct hs_str
fitting(struct hs_str s, unsigned columns)
{
	unsigned used = 0, w;
	size_t i = 0;

	while (i < s.len) {
		size_t n = character(s.p + i, s.len - i, &w);

		if (used + w > columns && i > 0)
			break;
		used += w;
		i += n;
	}
	return (struct hs_str){s.p, i};
}

size_t
hs_screen_wrap(struct hs_buf *b, struct hs_str text, unsigned columns)
{
	unsigned margin = columns > 20 ? 1 : 0;
	struct hs_buf clean = {0};
	size_t lines = 0;

	while (text.len > 0) {
		const uint8_t *lf = memchr(text.p, '\n', text.len);
		size_t n = lf != NULL ? (size_t)(lf - text.p) : text.len;
		struct hs_str rest;

		hs_buf_reset(&clean);
		hs_text_put_clean(&clean, (struct hs_str){text.p, n});
		rest = hs_buf_str(&clean);
		do {
			struct hs_str part = fitting(rest, columns - margin);

			hs_put_fmt(b, "%s", margin > 0 && part.len > 0 ? " " : "");
			hs_put_raw(b, part.p, part.len);
			hs_put_u8(b, '\n');
			if (part.len > 0) // an empty line has no bytes to point at
				rest.p += part.len;
			rest.len -= part.len;
			lines++;
		} while (rest.len > 0);
		n += lf != NULL;
		text.p += n;
		text.len -= n;
	}
	hs_buf_free(&clean);
	return lines;
}

// "── left ─────── right ──"
static void
put_rule(struct hs_buf *b, const struct hs_screen *s, const char *left, const char *right)
{
	const char *dash = s->utf8 ? "─" : "-";
	unsigned l = columns_of(hs_str_c(left)), r = columns_of(hs_str_c(right));
	unsigned used = 2 + (l > 0 ? l + 2 : 0) + (r > 0 ? r + 4 : 0);
	struct hs_str part;

	if (used > s->columns) { // the words alone, as far as they go
		part = fitting(hs_str_c(l > 0 ? left : right), s->columns);
		hs_put_raw(b, part.p, part.len);
		hs_put_u8(b, '\n');
		return;
	}
	hs_put_fmt(b, "%s%s", dash, dash);
	if (l > 0)
		hs_put_fmt(
		    b, " %s%s%s ", s->colour ? BOLD : "", left, s->colour ? PLAIN : "");
	for (unsigned i = used; i < s->columns; i++)
		hs_put_fmt(b, "%s", dash);
	if (r > 0)
		hs_put_fmt(b, " %s %s%s", right, dash, dash);
	hs_put_u8(b, '\n');
}

// Left and right on one line, or, where they do not fit, on two and more.
static void
put_pair(struct hs_buf *b, const struct hs_screen *s, const char *left, const char *right)
{
	unsigned l = columns_of(hs_str_c(left)), r = columns_of(hs_str_c(right));

	if (l + r + 4 <= s->columns) {
		hs_put_fmt(b, " %s%s%s%*s%s\n", s->colour ? BOLD : "", left,
		    s->colour ? PLAIN : "", (int)(s->columns - 2 - l - r), "", right);
		return;
	}
	(void)hs_screen_wrap(b, hs_str_c(left), s->columns);
	(void)hs_screen_wrap(b, hs_str_c(right), s->columns);
}

static void
put_prompt(struct hs_buf *b, const struct hs_screen *s, const struct hs_board_asking *a)
{
	struct hs_buf left = {0}, right = {0};
	uint64_t end = a->armed_at + HS_TOUCH_ARMED;

	if (!a->showable) {
		hs_put_fmt(&left, "Its text %s: do not touch the key.",
		    a->text.len > 0 ? "holds control characters and is not shown"
				    : "did not come");
		hs_put_fmt(&right, "[d]ecline");
	} else if (s->typing) {
		hs_put_fmt(&left, "PIN (it is not shown), then Enter:");
		hs_put_fmt(&right, "Esc: not now");
	} else if (a->state == HS_WAITING_ARMED) {
		hs_put_fmt(&left, "Touch the key to allow exactly this.");
		hs_put_fmt(&right, "[d]ecline  [l]ater  %6" PRIu64 " s",
		    end > s->now ? end - s->now : 0);
	} else if (a->state == HS_WAITING_PARKED) {
		hs_put_fmt(&left, "%s%s%s",
		    a->why[0] == '\0' ? "It waits" : "Put off: ", a->why,
		    a->why[0] == '\0' ? "." : "");
		hs_put_fmt(&right, "[a]rm again  [d]ecline   until ");
		hs_cli_put_when(&right, a->until, s->now);
	} else if (a->pin && !a->pin_given) {
		hs_put_fmt(&left, "The PIN, then a touch, allow exactly this.");
		hs_put_fmt(&right, "[p]IN  [d]ecline  [l]ater");
	} else {
		hs_put_fmt(&left, "The key does not blink for it yet.");
		hs_put_fmt(&right, "[d]ecline  [l]ater");
	}
	put_pair(b, s, hs_cli_cstr(&left), hs_cli_cstr(&right));
	hs_buf_free(&left);
	hs_buf_free(&right);
}

static const char *
state_words(const struct hs_board_asking *a)
{
	if (a->state == HS_WAITING_ARMED)
		return "BLINKS NOW";
	if (a->state == HS_WAITING_PARKED)
		return "put off";
	return a->pin && !a->pin_given ? "wants a PIN" : "is next";
}

// What else waits: a rule that counts it, and a line each.
static void
put_others(struct hs_buf *b, const struct hs_screen *s, const struct hs_board *board)
{
	size_t others = board->n - 1, listed = 0;
	char right[96] = "";
	struct hs_buf line = {0};

	if (others > 0)
		snprintf(
		    right, sizeof right, "%zu more wait%s", others, others == 1 ? "s" : "");
	put_rule(b, s, "", right);
	for (size_t i = 0; i < board->n && listed < LIST_MAX; i++) {
		const struct hs_board_asking *a = &board->v[i];

		if (i == board->chosen)
			continue;
		hs_buf_reset(&line);
		hs_put_fmt(&line, "%s %s %s", a->code, a->agent, state_words(a));
		(void)hs_screen_wrap(b, hs_buf_str(&line), s->columns);
		listed++;
	}
	if (listed > 0)
		(void)hs_screen_wrap(b, hs_str_c("j, k: another"), s->columns);
	hs_buf_free(&line);
}

static size_t
count_lines(const struct hs_buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->p[i] == '\n';
	return n;
}

// Lines from..from+n of text, which ends in LF, as far as the screen goes: its last line
// stays empty, since an LF there would move all the others. Each is cleared before it is
// written: behind a full line the clearing could take its last character.
static void
put_lines(struct hs_buf *b, struct hs_screen *s, struct hs_str text, size_t from, size_t n)
{
	while (text.len > 0 && n > 0 && s->rows_left > 0) {
		const uint8_t *lf = memchr(text.p, '\n', text.len);
		size_t len = (lf != NULL ? (size_t)(lf - text.p) : text.len);

		if (from == 0) {
			hs_put_fmt(b, "\033[K");
			hs_put_raw(b, text.p, len);
			hs_put_fmt(b, "\r\n");
			n--;
			s->rows_left--;
		} else {
			from--;
		}
		len += lf != NULL;
		text.p += len;
		text.len -= len;
	}
}

// The text with what is around it: so much of it as there is room for between title and
// foot, and a line that says how much there is, where that is not all.
static void
put_asking(struct hs_buf *b, struct hs_screen *s, const struct hs_board_asking *a,
    const struct hs_buf *foot, size_t foot_lines)
{
	struct hs_buf title = {0}, body = {0}, more = {0};
	size_t room = s->rows_left > foot_lines + 1 ? s->rows_left - foot_lines - 1 : 1;
	char where[80];

	snprintf(where, sizeof where, "%s%s%s", a->code, a->agent[0] != '\0' ? " " : "",
	    a->agent);
	put_rule(&title, s, where, "");
	if (a->showable)
		s->body_lines = hs_screen_wrap(&body, hs_buf_str(&a->text), s->columns);
	s->body_room = s->body_lines <= room || room == 1 ? room : room - 1;
	if (s->scroll + s->body_room > s->body_lines)
		s->scroll = s->body_lines > s->body_room ? s->body_lines - s->body_room : 0;
	if (s->rows_left > foot_lines + 1)
		put_lines(b, s, hs_buf_str(&title), 0, 1);
	put_lines(b, s, hs_buf_str(&body), s->scroll, s->body_room);
	if (s->body_lines > s->body_room) {
		snprintf(where, sizeof where, "lines %zu-%zu of %zu: space, b",
		    s->scroll + 1, s->scroll + s->body_room, s->body_lines);
		put_rule(&more, s, "", where);
		put_lines(b, s, hs_buf_str(&more), 0, 1);
	}
	put_lines(b, s, hs_buf_str(foot), 0, foot_lines);
	hs_buf_free(&title);
	hs_buf_free(&body);
	hs_buf_free(&more);
}

static void
put_news(struct hs_buf *b, const struct hs_screen *s, const struct hs_board *board)
{
	for (size_t i = 0; i < HS_BOARD_NEWS && board->news[i][0] != '\0'; i++)
		(void)hs_screen_wrap(b, hs_str_c(board->news[i]), s->columns);
}

// Another's key that blinks while this one stands here must be said above all.
static void
put_warning(struct hs_buf *b, const struct hs_screen *s, const struct hs_board *board)
{
	char text[128];

	for (size_t i = 0; i < board->n; i++) {
		if (i == board->chosen || board->v[i].state != HS_WAITING_ARMED)
			continue;
		snprintf(text, sizeof text,
		    "%s blinks now: a touch would allow %s, not this.", board->v[i].code,
		    board->v[i].code);
		put_pair(b, s, text, "");
	}
}

static void
draw_nothing(struct hs_buf *b, struct hs_screen *s, const struct hs_board *board)
{
	struct hs_buf page = {0};

	put_rule(&page, s, "handseal watch", "");
	(void)hs_screen_wrap(&page,
	    hs_str_c("Nothing waits. What is asked for will stand here."), s->columns);
	(void)hs_screen_wrap(&page, hs_str_c(s->message), s->columns);
	put_rule(&page, s, "", "q: quit");
	put_news(&page, s, board);
	put_lines(b, s, hs_buf_str(&page), 0, s->rows_left);
	hs_buf_free(&page);
}

void
hs_screen_draw(struct hs_buf *b, struct hs_screen *s, struct hs_board *board)
{
	struct hs_board_asking *a = hs_board_chosen(board);
	struct hs_buf foot = {0};
	size_t must, all;

	s->body_lines = 0;
	s->body_room = 0;
	s->rows_left = s->lines > 1 ? s->lines - 1 : 1;
	hs_put_fmt(b, "\033[H");
	if (a == NULL) {
		draw_nothing(b, s, board);
	} else {
		if (s->lines >= 8)
			hs_put_fmt(&foot, "\n");
		put_warning(&foot, s, board);
		put_prompt(&foot, s, a);
		(void)hs_screen_wrap(&foot, hs_str_c(s->message), s->columns);
		must = count_lines(&foot);
		put_others(&foot, s, board);
		put_news(&foot, s, board);
		all = count_lines(&foot);
		// the text comes first: what else waits gets what room it leaves
		if (s->lines < 8)
			all = must;
		else if (all > s->lines / 2)
			all = must > s->lines / 2 ? must : s->lines / 2;
		put_asking(b, s, a, &foot, all);
	}
	hs_put_fmt(b, "\033[J");
	hs_buf_free(&foot);
}
