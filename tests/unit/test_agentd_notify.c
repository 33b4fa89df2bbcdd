// SPDX-License-Identifier: ISC
//
// Prompts as desktop notifications, with a false notify-send (fakeprog.h): how it is
// started, that the notification goes away, that a failure is told once. The real one has
// test_agentd_notify_send.c.
#include "proto/limits.h"
#include "tests/lib/prompting.h"

#define TOLD "handseald: notify-send did not show a prompt (not said again): "

static int
setup(void **state)
{
	static const char *const programs[] = {"notify-send", NULL};
	static const char *const env[] = {"DBUS_SESSION_BUS_ADDRESS=unix:path=@/bus",
	    "PATH=@", "HOME=/h", "SECRET=x", NULL};

	(void)state;
	if (prompting_make(programs, env) != 0)
		return 1;
	prompting_catch_stderr();
	return 0;
}

static bool
ready(void)
{
	return fakeprog_has(prompting.dir, "notify-send.ready");
}

static bool
closed(void)
{
	return fakeprog_has(prompting.dir, "notify-send.closed");
}

static void
has_arguments(const char *title, const char *body)
{
	const char *const want[] = {prompting_in("notify-send"), "--app-name=handseal",
	    "--urgency=critical", "--wait", "--", title, body};
	unsigned long len;
	const char *p = fakeprog_file(prompting.dir, "notify-send.args", &len),
		   *end = p + len;

	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++, p += strlen(p) + 1) {
		assert_true(p < end);
		assert_string_equal(p, want[i]);
	}
	assert_ptr_equal(p, end);
}

static void
shown_until_it_is_hidden(void **state)
{
	(void)state;
	assert_string_equal(hs_prompt_channels(prompting.p), "desktop notification");
	prompting_order("notify-send", "close");
	prompting_show(&plain);
	assert_int_equal(hs_prompt_pin_fd(prompting.shown), -1);
	prompting_until(ready);
	has_arguments("handseal <4F7>",
	    "claude asks for more\n  deploy@db1  a\\\\tb &lt;c&gt; &amp; d\n");
	assert_string_equal(fakeprog_file(prompting.dir, "notify-send.state", NULL),
	    "fds 3\nleader 1\ncwd /\nstdin /dev/null\n");
	hs_prompt_hide(&prompting.shown);
	prompting_until(closed);
	prompting_rest();
	assert_true(prompting_all_ended());
	assert_int_equal(prompting.answers, 0);
	assert_string_equal(prompting_caught(), "");
}

static void
hidden_long_after(void **state)
{
	(void)state;
	prompting_order("notify-send", "close");
	prompting_show(&plain);
	prompting_until(ready);
	for (int i = 0; i < 240; i++) { // past the second that it is given
		uv_run(&prompting.loop, UV_RUN_NOWAIT);
		usleep(5000);
	}
	hs_prompt_hide(&prompting.shown);
	prompting_until(closed);
}

static void
hidden_before_it_began(void **state)
{
	(void)state;
	prompting_order("notify-send", "close");
	prompting_show(&plain);
	hs_prompt_hide(&prompting.shown);
	prompting_until(closed); // not killed half-way, which would leave it standing
	assert_string_equal(prompting_caught(), "");
}

static void
one_that_does_not_know_sigint(void **state)
{
	(void)state;
	prompting_order("notify-send", "wait");
	prompting_show(&plain);
	prompting_until(ready);
	hs_prompt_hide(&prompting.shown);
	prompting_until(prompting_all_ended);
	assert_string_equal(prompting_caught(), "");
}

static void
one_that_does_not_want_to_go(void **state)
{
	(void)state;
	prompting_order("notify-send", "stubborn child wait");
	prompting_show(&plain);
	prompting_until(ready);
	hs_prompt_hide(&prompting.shown);
	prompting_until(prompting_all_ended);
	assert_string_equal(prompting_caught(), "");
}

static void
put_away_by_the_person(void **state)
{
	(void)state;
	prompting_order("notify-send", "exit=0");
	prompting_show(&plain);
	prompting_until(prompting_all_ended);
	prompting_rest(); // its handles are gone, the prompt is not
	assert_int_equal(prompting.answers, 0);
	hs_prompt_hide(&prompting.shown);
	prompting_show(&plain);
	prompting_outside(prompting_all_ended); // ended, and the loop does not know
	hs_prompt_hide(&prompting.shown);
	prompting_rest();
	assert_string_equal(prompting_caught(), "");
}

static void
failures_are_told_once(void **state)
{
	static const char *const orders[] = {"exit=1", "kill=9", "complain=x exit=1"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		prompting_order("notify-send", orders[i]);
		prompting_show(&plain);
		prompting_rest();
		assert_true(prompting_logged());
		assert_int_equal(prompting.answers, 0); // no failure of the channel
		hs_prompt_hide(&prompting.shown);
	}
	assert_string_equal(prompting_caught(), TOLD "status 1, signal 0\n");
}

static void
what_it_says_is_told(void **state)
{
	(void)state;
	prompting_order("notify-send", "complain=no\x1b[2Jbus complain=more wait");
	prompting_show(&plain);
	prompting_until(prompting_logged);
	assert_string_equal(prompting_caught(), TOLD "no?[2Jbus\n");
	hs_prompt_hide(&prompting.shown);
	prompting_until(prompting_all_ended); // it stayed till then
}

static void
nothing_is_told_of_a_hidden_one(void **state)
{
	(void)state;
	prompting_order("notify-send", "complain=x exit=1");
	prompting_show(&plain);
	hs_prompt_hide(&prompting.shown);
	prompting_rest();
	assert_string_equal(prompting_caught(), "");
}

static void
the_program_is_gone(void **state)
{
	struct hs_err err = {0};

	(void)state;
	assert_int_equal(unlink(prompting_in("notify-send")), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(hs_prompt_show(prompting.p, &plain, prompting_on_answer,
				     &prompting, &prompting.shown, &err),
		    HS_ERR_IO);
		assert_non_null(strstr(err.text, "no such file"));
	}
	assert_null(prompting.shown);
	prompting_rest();
	assert_non_null(strstr(prompting_caught(), "4F7: the notification ("));
	assert_ptr_equal(strchr(prompting_caught(), '\n') + 1,
	    prompting_caught() + strlen(prompting_caught())); // once
}

static void
a_pin_needs_askpass(void **state)
{
	struct hs_err err = {0};

	(void)state;
	assert_false(hs_prompt_takes_pin(prompting.p));
	assert_int_equal(hs_prompt_show(prompting.p, &with_pin, prompting_on_answer,
			     &prompting, &prompting.shown, &err),
	    HS_ERR_IO);
	assert_string_equal(err.text, "nothing can show it: no display, no SSH_ASKPASS");
}

static void
both_channels(void **state)
{
	static const char *const programs[] = {"notify-send", "askpass", NULL};
	static const char *const env[] = {"DBUS_SESSION_BUS_ADDRESS=unix:path=@/bus",
	    "PATH=@", "SSH_ASKPASS=@/askpass", "SSH_ASKPASS_REQUIRE=force", NULL};
	struct hs_err err = {0};

	(void)state;
	assert_int_equal(prompting_teardown(state), 0);
	assert_int_equal(prompting_make(programs, env), 0);
	prompting_catch_stderr();
	prompting_order("notify-send", "close");
	prompting_order("confirm", "exit=1");
	prompting_show(&plain);
	prompting_until(ready);
	prompting_until(prompting_answered);
	assert_int_equal(prompting.answer, HS_PROMPT_DECLINED);
	hs_prompt_hide(&prompting.shown);
	prompting_until(closed);
	// one of them is enough, but for a PIN
	assert_int_equal(unlink(prompting_in("askpass")), 0);
	(void)unlink(prompting_in("notify-send.closed"));
	prompting_show(&plain);
	assert_non_null(strstr(prompting_caught(), "4F7: the askpass program ("));
	hs_prompt_hide(&prompting.shown);
	prompting_until(closed);
	assert_int_equal(hs_prompt_show(prompting.p, &with_pin, prompting_on_answer,
			     &prompting, &prompting.shown, &err),
	    HS_ERR_IO);
	assert_non_null(strstr(err.text, "askpass program"));
}

#define CUT "… cut here: see the whole text in handseal watch"

static void
body_ends_with(const char *text, const char *end, size_t len)
{
	struct hs_prompt_spec s = plain;
	unsigned long n;
	const char *args;

	s.text = hs_str_c(text);
	(void)unlink(prompting_in("notify-send.ready"));
	prompting_show(&s);
	prompting_until(ready);
	hs_prompt_hide(&prompting.shown);
	args = fakeprog_file(prompting.dir, "notify-send.args", &n);
	for (const char *stop = args + n; args + strlen(args) + 1 < stop;)
		args += strlen(args) + 1;
	assert_int_equal(strlen(args), len);
	assert_string_equal(args + len - strlen(end), end);
}

static void
long_texts_are_cut_and_say_so(void **state)
{
	static char text[HS_SHOWN_MAX + 1];

	(void)state;
	prompting_order("notify-send", "exit=0");
	memset(text, 'x', 4096);
	text[4096] = '\0';
	body_ends_with(text, "xx", 4096); // just fits
	text[4096] = 'y';
	body_ends_with(text, "xx\n" CUT, 4096 + 1 + sizeof CUT - 1);
	memcpy(text + 4094, "\xe2\x82\xac", 3); // one that ends behind it
	body_ends_with(text, "xx\n" CUT, 4094 + 1 + sizeof CUT - 1);
	text[1000] = text[2000] = '\n';
	body_ends_with(text, "x\n" CUT, 2001 + sizeof CUT - 1);
	memset(text, '&', HS_SHOWN_MAX);
	body_ends_with(text, "&amp;\n" CUT, (size_t)4096 * 5 + 1 + sizeof CUT - 1);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, prompting_teardown)
	const struct CMUnitTest tests[] = {
	    T(shown_until_it_is_hidden),
	    T(hidden_long_after),
	    T(hidden_before_it_began),
	    T(one_that_does_not_know_sigint),
	    T(one_that_does_not_want_to_go),
	    T(put_away_by_the_person),
	    T(failures_are_told_once),
	    T(what_it_says_is_told),
	    T(nothing_is_told_of_a_hidden_one),
	    T(the_program_is_gone),
	    T(a_pin_needs_askpass),
	    T(both_channels),
	    T(long_texts_are_cut_and_say_so),
	};
	int status = fakeprog_run(argc, argv);

	if (status >= 0)
		return status;
	closefrom(STDERR_FILENO + 1);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
