// SPDX-License-Identifier: ISC
//
// The board of `handseal watch`: what waits after which events, which asking stands on the
// screen (what blinks, since a touch would be for it: rule 6), when it rings, what is left
// of it when events were missed, and that it is bounded.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/handseal/board.h"

#define NOW 1800000000

static unsigned
happen(struct hs_board *b, const char *name, const char *code, const char *text)
{
	struct hs_agent_event e = {.seq = 1,
	    .time = NOW,
	    .event = hs_str_c(name),
	    .code = hs_str_c(code),
	    .agent = hs_str_c("claude"),
	    .text = hs_str_c(text),
	    .until = NOW + 60};

	return hs_board_take(b, &e, NOW);
}

static void
assert_chosen(struct hs_board *b, const char *code)
{
	struct hs_board_asking *a = hs_board_chosen(b);

	if (code == NULL) {
		assert_null(a);
	} else {
		assert_non_null(a);
		assert_string_equal(a->code, code);
	}
}

static void
an_asking_comes_and_goes(void **state)
{
	static const char *const ends[] = {"granted", "declined", "refused", "gone"};
	struct hs_board b = {0};

	(void)state;
	assert_chosen(&b, NULL);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		assert_int_equal(
		    happen(&b, "asked", "4F7", "a\n"), HS_BOARD_BELL | HS_BOARD_CHOICE);
		assert_chosen(&b, "4F7");
		assert_int_equal(hs_board_chosen(&b)->state, HS_WAITING_SHOWN);
		assert_true(hs_board_chosen(&b)->showable);
		assert_int_equal(happen(&b, "armed", "4F7", "a\n"), 0); // rings once
		assert_int_equal(hs_board_chosen(&b)->state, HS_WAITING_ARMED);
		assert_int_equal(hs_board_chosen(&b)->armed_at, NOW);
		assert_int_equal(happen(&b, "parked", "4F7", "a\n"), 0);
		assert_int_equal(hs_board_chosen(&b)->state, HS_WAITING_PARKED);
		assert_int_equal(happen(&b, ends[i], "4F7", ""), HS_BOARD_CHOICE);
		assert_chosen(&b, NULL);
		assert_non_null(strstr(b.news[0], ends[i]));
	}
	hs_board_free(&b);
}

static void
rule6_what_blinks_is_chosen(void **state)
{
	struct hs_board b = {0};

	(void)state;
	happen(&b, "asked", "4F7", "a\n");
	assert_int_equal(happen(&b, "asked", "5KD", "b\n"), HS_BOARD_BELL);
	assert_chosen(&b, "4F7"); // what stands there stays
	assert_int_equal(happen(&b, "armed", "5KD", "b\n"), HS_BOARD_CHOICE);
	assert_chosen(&b, "5KD");
	hs_board_move(&b, 1);
	assert_chosen(&b, "4F7"); // a person may look elsewhere
	happen(&b, "granted", "4F7", "");
	assert_chosen(&b, "5KD");
	hs_board_free(&b);
}

static void
what_is_put_off_makes_room(void **state)
{
	struct hs_board b = {0};

	(void)state;
	happen(&b, "parked", "4F7", "a\n");
	assert_int_equal(
	    happen(&b, "asked", "5KD", "b\n"), HS_BOARD_BELL | HS_BOARD_CHOICE);
	assert_chosen(&b, "5KD");
	assert_int_equal(happen(&b, "asked", "7AB", "c\n"), HS_BOARD_BELL);
	assert_int_equal(happen(&b, "parked", "5KD", "b\n"), HS_BOARD_CHOICE);
	assert_chosen(&b, "7AB");
	assert_int_equal(happen(&b, "parked", "7AB", "c\n"), 0); // nothing fresher
	assert_chosen(&b, "7AB");
	assert_int_equal(happen(&b, "parked", "9XY", "d\n"), HS_BOARD_BELL);
	assert_chosen(&b, "7AB");
	hs_board_free(&b);
}

static void
while_a_pin_is_typed_the_choice_stays(void **state)
{
	struct hs_board b = {0};

	(void)state;
	happen(&b, "asked", "4F7", "a\n");
	b.held = true;
	assert_int_equal(happen(&b, "armed", "5KD", "b\n"), HS_BOARD_BELL);
	assert_chosen(&b, "4F7");
	assert_int_equal(happen(&b, "parked", "4F7", "a\n"), 0);
	assert_chosen(&b, "4F7");
	assert_int_equal(happen(&b, "gone", "4F7", ""), HS_BOARD_CHOICE);
	assert_chosen(&b, "5KD");
	assert_false(b.held);
	hs_board_free(&b);
}

static void
the_choice_keeps_its_asking_when_others_go(void **state)
{
	struct hs_board b = {0};

	(void)state;
	happen(&b, "asked", "4F7", "a\n");
	happen(&b, "asked", "5KD", "b\n");
	happen(&b, "armed", "7AB", "c\n");
	assert_chosen(&b, "7AB");
	assert_int_equal(happen(&b, "gone", "4F7", ""), 0);
	assert_chosen(&b, "7AB");
	assert_null(hs_board_find(&b, "4F7"));
	assert_memory_equal(hs_board_find(&b, "5KD")->text.p, "b\n", 2);
	hs_board_free(&b);
}

static void
moving_goes_around(void **state)
{
	struct hs_board b = {0};

	(void)state;
	hs_board_move(&b, 1);
	hs_board_move(&b, -1);
	assert_chosen(&b, NULL);
	happen(&b, "asked", "4F7", "a\n");
	happen(&b, "asked", "5KD", "b\n");
	hs_board_move(&b, 1);
	assert_chosen(&b, "5KD");
	hs_board_move(&b, 1);
	assert_chosen(&b, "4F7");
	hs_board_move(&b, -1);
	assert_chosen(&b, "5KD");
	hs_board_move(&b, -1);
	assert_chosen(&b, "4F7");
	hs_board_free(&b);
}

static void
a_text_that_would_look_otherwise_is_not_showable(void **state)
{
	static const char *const texts[] = {
	    "", "a\033[2J", "a\rb\n", "\xff\n", "a\xe2\x80\xae b\n", "a\tb\n", "a\x7f\n"};
	struct hs_board b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		happen(&b, "asked", "4F7", texts[i]);
		assert_false(hs_board_chosen(&b)->showable);
	}
	happen(&b, "armed", "4F7", "fine\n\nhere too\n");
	assert_true(hs_board_chosen(&b)->showable);
	hs_board_free(&b);
}

static void
names_and_reasons_are_cleaned_and_cut(void **state)
{
	struct hs_agent_event e = {.event = hs_str_c("parked"),
	    .code = hs_str_c("4F7"),
	    .agent = hs_str_c("0123456789012345678901234567890\xc3\xa4\xc3\xa4"),
	    .why = hs_str_c("pin\033invalid"),
	    .text = hs_str_c("a\n"),
	    .pin = 1};
	struct hs_board b = {0};

	(void)state;
	hs_board_take(&b, &e, NOW);
	assert_string_equal(b.v[0].agent, "0123456789012345678901234567890");
	assert_string_equal(b.v[0].why, "pin?invalid");
	assert_true(b.v[0].pin);
	b.v[0].pin_given = true;
	hs_board_take(&b, &e, NOW);
	assert_false(b.v[0].pin_given); // another try wants it again
	e.event = hs_str_c("armed");
	hs_board_take(&b, &e, NOW);
	assert_string_equal(b.v[0].why, "");
	hs_board_free(&b);
}

static void
other_events_are_news(void **state)
{
	struct hs_board b = {0};
	char *much = malloc(1000);

	(void)state;
	assert_int_equal(happen(&b, "opened", "", "x"), 0);
	assert_int_equal(happen(&b, "issued", "", "y"), 0);
	assert_int_equal(happen(&b, "plugged", "", "z\033[2J"), 0);
	assert_int_equal(happen(&b, "beamed", "4F7", "up"), 0);
	assert_int_equal(b.n, 0);
	assert_non_null(strstr(b.news[0], "beamed"));
	assert_non_null(strstr(b.news[1], "plugged"));
	assert_null(strchr(b.news[1], '\033'));
	assert_non_null(strstr(b.news[2], "issued"));
	memset(much, 'a', 999);
	much[999] = '\0';
	happen(&b, "policy", "", much);
	assert_int_equal(strlen(b.news[0]), sizeof b.news[0] - 1);
	assert_int_equal(happen(&b, "granted", "4F7", ""), 0); // of what was not known
	assert_int_equal(happen(&b, "asked", "4F7XXXXX", ""), 0);
	assert_int_equal(b.n, 0);
	free(much);
	hs_board_free(&b);
}

// As many as there can be, from the code of that number on; "222" is the first.
static void
fill(struct hs_board *b, size_t from)
{
	static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
	char code[4] = "222";

	for (size_t i = from; i < from + HS_BOARD_MAX; i++) {
		code[0] = letters[i / 32];
		code[1] = letters[i % 32];
		happen(b, "asked", code, "a\n");
	}
}

static void
rule10_no_more_than_there_can_be(void **state)
{
	struct hs_board b = {0};

	(void)state;
	fill(&b, 0);
	fill(&b, HS_BOARD_MAX);
	assert_int_equal(b.n, HS_BOARD_MAX);
	assert_int_equal(happen(&b, "armed", "ZZZ", "a\n"), 0);
	assert_chosen(&b, "222");
	happen(&b, "gone", "222", "");
	assert_int_equal(
	    happen(&b, "armed", "ZZZ", "a\n"), HS_BOARD_BELL | HS_BOARD_CHOICE);
	hs_board_free(&b);
	assert_int_equal(b.n, 0);
}

// ---- events were missed

static void
what_waits_no_longer_vanishes(void **state)
{
	struct hs_board b = {0};

	(void)state;
	happen(&b, "asked", "4F7", "a\n");
	happen(&b, "asked", "5KD", "b\n");
	happen(&b, "parked", "7AB", "c\n");
	assert_int_equal(hs_board_settle(&b), 0); // nothing was missed
	assert_int_equal(b.n, 3);
	assert_int_equal(happen(&b, "anew", "", "some were missed"), 0);
	assert_non_null(strstr(b.news[0], "some were missed"));
	assert_int_equal(happen(&b, "parked", "7AB", "c\n"), 0); // it was known: no bell
	assert_int_equal(happen(&b, "asked", "9XY", "d\n"), HS_BOARD_BELL);
	assert_chosen(&b, "4F7");
	assert_int_equal(hs_board_settle(&b), HS_BOARD_CHOICE);
	assert_int_equal(b.n, 2);
	assert_chosen(&b, "9XY"); // what is fresh, before what was put off
	assert_non_null(hs_board_find(&b, "7AB"));
	assert_int_equal(hs_board_settle(&b), 0); // once
	happen(&b, "anew", "", "");
	assert_int_equal(hs_board_settle(&b), HS_BOARD_CHOICE);
	assert_chosen(&b, NULL);
	hs_board_free(&b);
}

static void
what_still_waits_is_kept(void **state)
{
	struct hs_board b = {0};

	(void)state;
	happen(&b, "asked", "4F7", "a\n");
	happen(&b, "asked", "5KD", "b\n");
	hs_board_find(&b, "4F7")->pin_given = true;
	hs_board_find(&b, "5KD")->pin_given = true;
	b.held = true; // a PIN is typed for it
	happen(&b, "anew", "", "");
	happen(&b, "armed", "5KD", "b\n");
	happen(&b, "asked", "4F7", "a\n");
	assert_int_equal(hs_board_settle(&b), 0);
	assert_chosen(&b, "4F7");
	assert_true(b.held);
	assert_true(hs_board_find(&b, "4F7")->pin_given);
	assert_int_equal(hs_board_find(&b, "5KD")->state, HS_WAITING_ARMED);
	happen(&b, "anew", "", ""); // it was put off: another try wants a PIN again
	happen(&b, "parked", "4F7", "a\n");
	assert_int_equal(hs_board_settle(&b), 0);
	assert_false(hs_board_find(&b, "4F7")->pin_given);
	assert_true(b.held);
	happen(&b, "anew", "", "");
	assert_int_equal(hs_board_settle(&b), HS_BOARD_CHOICE);
	assert_false(b.held); // the PIN has nobody any more
	hs_board_free(&b);
}

// Its code came free and went to another: nothing that was meant for the first may reach
// it.
static void
rule6_another_under_the_same_code(void **state)
{
	static const char *const texts[] = {"b\n", "", "a\nb\n", "a"};
	struct hs_board b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		happen(&b, "asked", "4F7", "a\n");
		b.v[0].pin_given = true;
		b.held = true;
		happen(&b, "anew", "", "");
		assert_int_equal(
		    happen(&b, "asked", "4F7", texts[i]), HS_BOARD_BELL | HS_BOARD_CHOICE);
		assert_int_equal(hs_board_settle(&b), 0);
		assert_int_equal(b.n, 1);
		assert_false(b.held);
		assert_false(b.v[0].pin_given);
		assert_int_equal(b.v[0].showable, texts[i][0] != '\0');
		happen(&b, "gone", "4F7", "");
	}
	happen(&b, "asked", "5KD", "a\n"); // not the one that stands there
	happen(&b, "asked", "4F7", "a\n");
	hs_board_find(&b, "4F7")->until++;
	happen(&b, "anew", "", "");
	assert_int_equal(happen(&b, "asked", "4F7", "a\n"), HS_BOARD_BELL);
	happen(&b, "asked", "5KD", "a\n");
	assert_int_equal(hs_board_settle(&b), 0);
	assert_chosen(&b, "5KD");
	assert_int_equal(b.n, 2);
	hs_board_free(&b);
}

// As many as there can be, and then as many others: none of them is left out.
static void
rule10_a_full_board_anew(void **state)
{
	struct hs_board b = {0};

	(void)state;
	fill(&b, 0);
	happen(&b, "anew", "", "");
	fill(&b, HS_BOARD_MAX);
	assert_int_equal(b.n, 2 * HS_BOARD_MAX);
	assert_int_equal(happen(&b, "asked", "ZZZ", "a\n"), 0);
	happen(&b, "anew", "", ""); // though nobody settled it
	assert_int_equal(happen(&b, "asked", "ZZZ", "a\n"), 0);
	assert_int_equal(
	    happen(&b, "asked", "222", "other\n"), HS_BOARD_BELL | HS_BOARD_CHOICE);
	hs_board_settle(&b);
	assert_int_equal(b.n, 1);
	fill(&b, 1);
	happen(&b, "anew", "", "");
	fill(&b, HS_BOARD_MAX);
	hs_board_settle(&b);
	assert_int_equal(b.n, HS_BOARD_MAX);
	assert_null(hs_board_find(&b, "222"));
	hs_board_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_asking_comes_and_goes),
	    cmocka_unit_test(rule6_what_blinks_is_chosen),
	    cmocka_unit_test(what_is_put_off_makes_room),
	    cmocka_unit_test(while_a_pin_is_typed_the_choice_stays),
	    cmocka_unit_test(the_choice_keeps_its_asking_when_others_go),
	    cmocka_unit_test(moving_goes_around),
	    cmocka_unit_test(a_text_that_would_look_otherwise_is_not_showable),
	    cmocka_unit_test(names_and_reasons_are_cleaned_and_cut),
	    cmocka_unit_test(other_events_are_news),
	    cmocka_unit_test(rule10_no_more_than_there_can_be),
	    cmocka_unit_test(what_waits_no_longer_vanishes),
	    cmocka_unit_test(what_still_waits_is_kept),
	    cmocka_unit_test(rule6_another_under_the_same_code),
	    cmocka_unit_test(rule10_a_full_board_anew),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
