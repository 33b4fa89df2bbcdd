// SPDX-License-Identifier: ISC
//
// The picture of `handseal watch`: the asking's text stands in it whole, line by line, at
// any width; nothing is wider or higher than the screen; no byte of what came from the
// daemon acts on the terminal (rule 6: what is signed is what was seen).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/handseal/screen.h"

#define NOW 1800000000

static void
happen(
    struct hs_board *b, const char *name, const char *code, const char *text, uint8_t pin)
{
	struct hs_agent_event e = {.time = NOW - 2,
	    .event = hs_str_c(name),
	    .code = hs_str_c(code),
	    .agent = hs_str_c("claude"),
	    .text = hs_str_c(text),
	    .until = NOW + 60,
	    .pin = pin};

	hs_board_take(b, &e, NOW);
}

struct picture {
	struct hs_buf raw;
	char text[65536]; // without escapes and CR
	size_t rows, widest;
};

// Draws, takes the escapes that may stand there out, and refuses all others.
static void
draw(struct picture *p, struct hs_screen *s, struct hs_board *board)
{
	size_t n = 0, width = 0;

	hs_buf_reset(&p->raw);
	hs_screen_draw(&p->raw, s, board);
	assert_int_equal(hs_buf_err(&p->raw), HS_OK);
	p->rows = p->widest = 0;
	for (size_t i = 0; i < p->raw.len; i++) {
		uint8_t c = p->raw.p[i];

		if (c == '\033') {
			assert_int_equal(p->raw.p[++i], '[');
			while (p->raw.p[++i] >= '0' && p->raw.p[i] <= '9')
				;
			assert_non_null(strchr("HKJm", p->raw.p[i]));
			assert_true(s->colour || p->raw.p[i] != 'm');
			continue;
		}
		if (c == '\r')
			continue;
		assert_true(c >= 0x20 || c == '\n');
		p->text[n++] = (char)c;
		width = c == '\n' ? 0 : width + ((c & 0xc0) != 0x80);
		p->rows += c == '\n';
		if (width > p->widest)
			p->widest = width;
	}
	p->text[n] = '\0';
}

static bool
says(const struct picture *p, const char *what)
{
	return strstr(p->text, what) != NULL;
}

static void
nothing_waits(void **state)
{
	struct hs_board b = {0};
	struct hs_screen s = {.columns = 80, .lines = 24, .now = NOW, .message = ""};
	struct picture *p = calloc(1, sizeof *p);

	(void)state;
	draw(p, &s, &b);
	assert_true(says(p, "Nothing waits"));
	assert_true(says(p, "q: quit"));
	happen(&b, "opened", "", "a session", 0);
	draw(p, &s, &b);
	assert_true(says(p, "a session"));
	hs_buf_free(&p->raw);
	hs_board_free(&b);
	free(p);
}

static void
each_state_has_its_words(void **state)
{
	struct hs_board b = {0};
	struct hs_screen s = {.columns = 80, .lines = 24, .now = NOW, .message = "a word"};
	struct picture *p = calloc(1, sizeof *p);

	(void)state;
	happen(&b, "asked", "4F7", "one\n  two\n\nfour\n", 0);
	draw(p, &s, &b);
	assert_true(says(p, "-- 4F7 claude ---"));
	assert_true(says(p, " one\n   two\n\n four\n"));
	assert_true(says(p, "does not blink"));
	assert_true(says(p, "a word"));
	happen(&b, "armed", "4F7", "one\n", 0);
	draw(p, &s, &b);
	assert_true(says(p, "Touch the key to allow exactly this."));
	assert_true(says(p, "[d]ecline  [l]ater      28 s"));
	s.now = NOW + 1000; // the daemon has not said yet that it is over
	draw(p, &s, &b);
	assert_true(says(p, "     0 s"));
	happen(&b, "parked", "4F7", "one\n", 0);
	draw(p, &s, &b);
	assert_true(says(p, "[a]rm again  [d]ecline"));
	happen(&b, "asked", "5KD", "one\n", 1);
	draw(p, &s, &b);
	assert_true(says(p, "[p]IN  [d]ecline  [l]ater"));
	assert_true(says(p, "1 more waits"));
	assert_true(says(p, "4F7 claude put off"));
	s.typing = true;
	draw(p, &s, &b);
	assert_true(says(p, "PIN (it is not shown), then Enter:"));
	assert_false(says(p, "[d]ecline"));
	s.typing = false;
	hs_board_find(&b, "5KD")->pin_given = true;
	draw(p, &s, &b);
	assert_true(says(p, "does not blink"));
	hs_buf_free(&p->raw);
	hs_board_free(&b);
	free(p);
}

static void
rule6_what_blinks_elsewhere_is_said(void **state)
{
	struct hs_board b = {0};
	struct hs_screen s = {.columns = 80, .lines = 24, .now = NOW, .message = ""};
	struct picture *p = calloc(1, sizeof *p);

	(void)state;
	happen(&b, "asked", "4F7", "one\n", 0);
	b.held = true;
	happen(&b, "armed", "5KD", "two\n", 0);
	draw(p, &s, &b);
	assert_true(says(p, "4F7 claude"));
	assert_true(says(p, "5KD blinks now: a touch would allow 5KD, not this."));
	assert_true(says(p, "5KD claude BLINKS NOW"));
	hs_buf_free(&p->raw);
	hs_board_free(&b);
	free(p);
}

static void
rule6_a_text_that_cannot_be_shown_is_not(void **state)
{
	struct hs_board b = {0};
	struct hs_screen s = {.columns = 80, .lines = 24, .now = NOW, .message = ""};
	struct picture *p = calloc(1, sizeof *p);

	(void)state;
	happen(&b, "armed", "4F7", "come\033[2J hither\n", 0);
	draw(p, &s, &b);
	assert_false(says(p, "hither"));
	assert_true(says(p, "holds control characters and is not shown: do not touch"));
	assert_true(says(p, "[d]ecline"));
	assert_false(says(p, "Touch the key to allow"));
	happen(&b, "asked", "4F7", "", 1);
	draw(p, &s, &b);
	assert_true(says(p, "Its text did not come: do not touch the key."));
	assert_true(says(p, "[d]ecline"));
	assert_false(says(p, "[p]IN"));
	hs_buf_free(&p->raw);
	hs_board_free(&b);
	free(p);
}

static void
colour_and_lines_where_they_may_be(void **state)
{
	struct hs_board b = {0};
	struct hs_screen s = {.columns = 80,
	    .lines = 24,
	    .now = NOW,
	    .message = "",
	    .colour = true,
	    .utf8 = true};
	struct picture *p = calloc(1, sizeof *p);

	(void)state;
	happen(&b, "armed", "4F7", "one\n", 0);
	draw(p, &s, &b);
	assert_true(says(p, "── 4F7 claude ───"));
	hs_put_u8(&p->raw, 0);
	assert_non_null(strstr((char *)p->raw.p, "\033[1m4F7 claude\033[0m"));
	hs_buf_free(&p->raw);
	hs_board_free(&b);
	free(p);
}

// The text's characters in the order in which they are seen, without what is around them.
static void
rule6_the_whole_text_at_any_width(void **state)
{
	char text[2001], seen[4001];
	struct hs_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++)
		text[i] = i % 97 == 96 ? '\n' : (char)('a' + i % 26);
	text[sizeof text - 1] = '\0';
	for (unsigned columns = 1; columns < 200; columns++) {
		size_t n = 0, lines = 0, got;

		hs_buf_reset(&b);
		got = hs_screen_wrap(&b, hs_str_c(text), columns);
		for (size_t i = 0, width = 0; i < b.len; i++) {
			lines += b.p[i] == '\n';
			width = b.p[i] == '\n' ? 0 : width + 1;
			assert_true(width <= columns);
			if (b.p[i] != '\n' && b.p[i] != ' ')
				seen[n++] = (char)b.p[i];
		}
		assert_int_equal(got, lines);
		for (size_t i = 0, k = 0; i < sizeof text - 1; i++)
			if (text[i] != '\n')
				assert_int_equal(seen[k++], text[i]);
	}
	hs_buf_free(&b);
}

static void
wide_characters_count_twice(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return;
	assert_int_equal(hs_screen_wrap(&b, hs_str_c("漢字漢字漢字"), 4), 3);
	assert_int_equal(hs_screen_wrap(&b, hs_str_c("漢字"), 1), 2); // never nothing
	assert_int_equal(hs_screen_wrap(&b, hs_str_c(""), 10), 0);
	assert_int_equal(hs_screen_wrap(&b, hs_str_c("\n"), 10), 1);
	hs_buf_free(&b);
	setlocale(LC_CTYPE, "C");
}

// Of whatever size, it has no line too many and none too long, and scrolling shows it all.
static void
any_size(void **state)
{
	struct hs_board b = {0};
	struct hs_screen s = {.now = NOW, .message = "a message of some length, in words"};
	struct picture *p = calloc(1, sizeof *p);
	struct hs_buf text = {0};

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		hs_put_fmt(
		    &text, "line %u of the text, and some words to make it long\n", i);
	hs_put_u8(&text, 0);
	happen(&b, "armed", "4F7", (char *)text.p, 0);
	for (unsigned i = 0; i < 20; i++) {
		char code[4] = "2A2";

		code[2] = (char)('A' + i % 8);
		happen(&b, "asked", code, "x\n", 0);
	}
	happen(&b, "opened", "", "a session", 0);
	for (s.columns = 1; s.columns <= 120; s.columns += 7) {
		for (s.lines = 1; s.lines <= 60; s.lines++) {
			s.scroll = SIZE_MAX / 2;
			draw(p, &s, &b);
			assert_true(p->rows < s.lines || s.lines == 1);
			assert_true(p->widest <= s.columns);
			assert_true(s.body_lines >= 60);
			assert_true(s.scroll + s.body_room >= s.body_lines);
			if (s.columns >= 60 && s.lines >= 8)
				assert_true(says(p, "line 59 of the text"));
			s.scroll = 0;
			draw(p, &s, &b);
			if (s.columns >= 60 && s.lines >= 8) {
				assert_true(says(p, "line 0 of the text"));
				assert_true(says(p, "Touch the key"));
				assert_true(says(p, "lines 1-"));
			}
		}
	}
	hs_buf_free(&text);
	hs_buf_free(&p->raw);
	hs_board_free(&b);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_waits),
	    cmocka_unit_test(each_state_has_its_words),
	    cmocka_unit_test(rule6_what_blinks_elsewhere_is_said),
	    cmocka_unit_test(rule6_a_text_that_cannot_be_shown_is_not),
	    cmocka_unit_test(colour_and_lines_where_they_may_be),
	    cmocka_unit_test(rule6_the_whole_text_at_any_width),
	    cmocka_unit_test(wide_characters_count_twice),
	    cmocka_unit_test(any_size),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
