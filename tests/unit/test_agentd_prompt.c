// SPDX-License-Identifier: ISC
//
// Prompts through an askpass program: how it is started, what its end means, and that it
// goes away. The program is this binary under another name (fakeprog.h). PINs have
// test_agentd_prompt_pin.c, notifications test_agentd_notify.c.
#include <fcntl.h>
#include "proto/limits.h"
#include "tests/lib/prompting.h"

static bool
two_pids(void)
{
	const char *pids = fakeprog_file(prompting.dir, "pids", NULL);
	const char *lf = strchr(pids, '\n');

	return lf != NULL && strchr(lf + 1, '\n') != NULL;
}

static void
declined(void **state)
{
	(void)state;
	prompting_order("confirm", "exit=1");
	prompting_show(&plain);
	assert_int_equal(prompting.answers, 0); // later
	prompting_until(prompting_answered);
	assert_int_equal(prompting.answer, HS_PROMPT_DECLINED);
	prompting_argument_is("confirm", WHOLE CONFIRM_LINE);
	prompting_rest();
	assert_int_equal(prompting.answers, 1);
	assert_false(fakeprog_has(prompting.dir, "none.ready"));
	hs_prompt_hide(&prompting.shown);
	assert_null(prompting.shown);
	hs_prompt_hide(&prompting.shown); // fine
}

static void
seen_and_then_a_notice_until_it_is_hidden(void **state)
{
	(void)state;
	prompting_order("confirm", "print=yes exit=0");
	prompting_order("none", "wait");
	prompting_show(&plain);
	prompting_until(prompting_answered);
	assert_int_equal(prompting.answer, HS_PROMPT_SEEN);
	prompting_until(prompting_notice_ready);
	prompting_argument_is("none", WHOLE NOTICE_LINE);
	assert_false(fakeprog_all_ended(prompting.dir));
	hs_prompt_hide(&prompting.shown);
	prompting_until(prompting_all_ended);
	assert_int_equal(prompting.answers, 1);
}

static void
a_notice_that_ends_means_nothing(void **state)
{
	static const char *const ends[] = {"exit=0", "exit=1", "kill=9"};

	(void)state;
	prompting_order("confirm", "exit=0");
	for (size_t i = 0; i < 3; i++) {
		prompting_order("none", ends[i]);
		prompting_show(&plain);
		prompting_until(prompting_notice_ready);
		prompting_until(prompting_all_ended);
		prompting_rest();
		assert_int_equal(prompting.answers, 1);
		assert_int_equal(prompting.answer, HS_PROMPT_SEEN);
		hs_prompt_hide(&prompting.shown);
		unlink(prompting_in("none.ready"));
	}
}

static void
touched_while_it_asks(void **state)
{
	(void)state;
	prompting_order("confirm", "wait");
	prompting_show(&plain);
	prompting_until(prompting_confirm_ready);
	hs_prompt_hide(&prompting.shown);
	prompting_until(prompting_all_ended);
	prompting_rest();
	assert_int_equal(prompting.answers, 0); // a killed one declines nothing
	assert_false(fakeprog_has(prompting.dir, "none.ready"));
}

static void
hidden_before_it_began(void **state)
{
	(void)state;
	prompting_order("confirm", "wait");
	prompting_show(&plain);
	hs_prompt_hide(&prompting.shown);
	prompting_rest(); // it is reaped by then, and may not have got as far as its orders
	assert_int_equal(prompting.answers, 0);
}

static void
hidden_when_it_has_just_ended(void **state)
{
	(void)state;
	prompting_order("confirm", "exit=1");
	prompting_show(&plain);
	prompting_outside(prompting_all_ended); // ended, and the loop does not know
	hs_prompt_hide(&prompting.shown);
	prompting_rest();
	assert_int_equal(prompting.answers, 0);
}

static void
died_of_a_signal(void **state)
{
	(void)state;
	prompting_order("confirm", "kill=9");
	prompting_show(&plain);
	prompting_until(prompting_answered);
	assert_int_equal(prompting.answer, HS_PROMPT_FAILED);
	prompting_rest();
	assert_false(fakeprog_has(prompting.dir, "none.ready"));
	hs_prompt_hide(&prompting.shown);
}

static void
what_does_not_want_to_go_is_killed(void **state)
{
	(void)state;
	prompting_order("confirm", "stubborn child wait");
	prompting_show(&plain);
	prompting_until(prompting_confirm_ready);
	prompting_until(two_pids);
	hs_prompt_hide(&prompting.shown);
	prompting_until(prompting_all_ended);
	assert_int_equal(prompting.answers, 0);
}

static void
what_it_leaves_behind_is_killed(void **state)
{
	(void)state;
	prompting_order("confirm", "child exit=1");
	prompting_show(&plain);
	prompting_until(prompting_answered);
	prompting_until(prompting_all_ended);
	hs_prompt_hide(&prompting.shown);
}

static void
hides(void)
{
	hs_prompt_hide(&prompting.shown);
}

static void
hidden_from_within_the_answer(void **state)
{
	(void)state;
	prompting.from_answer = hides;
	prompting_order("confirm", "exit=1");
	prompting_show(&plain);
	prompting_until(prompting_answered);
	assert_null(prompting.shown);
	prompting_order("confirm", "exit=0");
	prompting_order("none", "wait");
	prompting_show(&plain);
	prompting_until(prompting_answered);
	assert_null(prompting.shown);
	prompting_rest();
	prompting_until(prompting_all_ended);
}

static void
two_at_a_time(void **state)
{
	struct hs_prompt_shown *first;

	(void)state;
	prompting_order("confirm", "wait");
	prompting_show(&plain);
	first = prompting.shown;
	prompting_until(prompting_confirm_ready);
	prompting_order("confirm", "exit=1");
	prompting_show(&plain);
	prompting_until(prompting_answered);
	hs_prompt_hide(&prompting.shown);
	assert_false(fakeprog_all_ended(prompting.dir)); // the other still asks
	hs_prompt_hide(&first);
	prompting_until(prompting_all_ended);
}

// ---- how it is started

static void
is_started_bare(const char *role, bool asks_for_secret)
{
	char name[64], prompt[64] = "";
	const char *p, *from, *end;
	unsigned long len;
	size_t n = 0;

	snprintf(name, sizeof name, "%s.env", role);
	if (!asks_for_secret)
		snprintf(prompt, sizeof prompt, "SSH_ASKPASS_PROMPT=%s", role);
	from = fakeprog_file(prompting.dir, name, &len);
	end = from + len;
	for (p = from; p < end; p += strlen(p) + 1, n++)
		assert_true(strcmp(p, "DISPLAY=:77") == 0 || strcmp(p, "HOME=/h") == 0 ||
			    strcmp(p, "LC_ALL=C.UTF-8") == 0 ||
			    strcmp(p, "PATH=/usr/local/bin:/usr/bin:/bin") == 0 ||
			    (!asks_for_secret && strcmp(p, prompt) == 0));
	assert_int_equal(n, asks_for_secret ? 4 : 5);
	snprintf(name, sizeof name, "%s.state", role);
	assert_string_equal(fakeprog_file(prompting.dir, name, NULL),
	    "fds 3\nleader 1\ncwd /\nstdin /dev/null\n");
}

static void
knows_and_holds_next_to_nothing(void **state)
{
	(void)state;
	prompting_order("confirm", "exit=0");
	prompting_order("none", "wait");
	prompting_show(&plain);
	prompting_until(prompting_notice_ready);
	is_started_bare("confirm", false);
	is_started_bare("none", false);
	hs_prompt_hide(&prompting.shown);
	prompting_order("pin", "wait");
	prompting_show(&with_pin);
	prompting_until(prompting_pin_ready);
	is_started_bare("pin", true);
	hs_prompt_hide(&prompting.shown);
}

static void
control_characters_do_not_pass(void **state)
{
	static const char hostile[] = "a\x1b[2J\tb\r\n\0c \xe2\x80\xae"
				      "d\xff\nlast";
	struct hs_prompt_spec spec = {.code = "4F7",
	    .title = S("x\ny\x1b]0;z\a"),
	    .text = {(const uint8_t *)hostile, sizeof hostile - 1}};

	(void)state;
	prompting_order("confirm", "exit=1");
	prompting_show(&spec);
	prompting_until(prompting_answered);
	prompting_argument_is(
	    "confirm", "x?y?]0;z?\n\na?[2J?b?\n?c ???d?\nlast\n\n" CONFIRM_LINE);
	hs_prompt_hide(&prompting.shown);
	spec.text = spec.title = (struct hs_str){NULL, 0};
	prompting_show(&spec);
	prompting_until(prompting_answered);
	prompting_argument_is("confirm", "\n\n\n" CONFIRM_LINE);
	hs_prompt_hide(&prompting.shown);
}

static void
the_longest_text_is_shown_whole(void **state)
{
	static char text[HS_SHOWN_MAX + 2];
	struct hs_prompt_spec spec = plain;
	struct hs_err err = {0};
	unsigned long len;
	const char *args;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[HS_SHOWN_MAX - 1] = '\n';
	spec.text = (struct hs_str){(const uint8_t *)text, HS_SHOWN_MAX};
	prompting_order("confirm", "exit=1");
	prompting_show(&spec);
	prompting_until(prompting_answered);
	hs_prompt_hide(&prompting.shown);
	args = fakeprog_file(prompting.dir, "confirm.args", &len);
	assert_true(len > HS_SHOWN_MAX);
	text[HS_SHOWN_MAX] = '\0';
	assert_non_null(strstr(args + strlen(args) + 1, text));
	spec.text.len++;
	assert_int_equal(hs_prompt_show(prompting.p, &spec, prompting_on_answer, &prompting,
			     &prompting.shown, &err),
	    HS_ERR_TOO_LONG);
	assert_null(prompting.shown);
	spec = plain;
	spec.title = (struct hs_str){(const uint8_t *)text, HS_SHOWN_MAX + 1};
	assert_int_equal(hs_prompt_show(prompting.p, &spec, prompting_on_answer, &prompting,
			     &prompting.shown, NULL),
	    HS_ERR_TOO_LONG);
	spec = with_pin;
	spec.pin_hint = (struct hs_str){(const uint8_t *)text, HS_SHOWN_MAX + 1};
	assert_int_equal(hs_prompt_show(prompting.p, &spec, prompting_on_answer, &prompting,
			     &prompting.shown, NULL),
	    HS_ERR_TOO_LONG);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, prompting_askpass, prompting_teardown)
	const struct CMUnitTest tests[] = {
	    T(declined),
	    T(seen_and_then_a_notice_until_it_is_hidden),
	    T(a_notice_that_ends_means_nothing),
	    T(touched_while_it_asks),
	    T(hidden_before_it_began),
	    T(hidden_when_it_has_just_ended),
	    T(died_of_a_signal),
	    T(what_does_not_want_to_go_is_killed),
	    T(what_it_leaves_behind_is_killed),
	    T(hidden_from_within_the_answer),
	    T(two_at_a_time),
	    T(knows_and_holds_next_to_nothing),
	    T(control_characters_do_not_pass),
	    T(the_longest_text_is_shown_whole),
	};
	int status = fakeprog_run(argc, argv);

	if (status >= 0)
		return status;
	closefrom(
	    STDERR_FILENO + 1); // as the daemon does: whoever started us may leave some
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
