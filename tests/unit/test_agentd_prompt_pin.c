// SPDX-License-Identifier: ISC
//
// Prompts that ask for a PIN, which the daemon hands on unread, and prompts that nothing
// can show.
#include <fcntl.h>
#include "tests/lib/prompting.h"

// ---- the PIN, which the daemon never reads (rule 8)

static void
rule8_the_pin_goes_to_who_holds_the_descriptor(void **state)
{
	char got[64];
	int fd;

	(void)state;
	prompting_order("pin", "print=1234 exit=0");
	prompting_order("none", "wait");
	prompting_show(&with_pin);
	fd = hs_prompt_pin_fd(prompting.shown); // there at once
	assert_true(fd > STDERR_FILENO);
	assert_int_equal(hs_prompt_pin_fd(prompting.shown), -1);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	prompting_until(prompting_answered);
	assert_int_equal(prompting.answer, HS_PROMPT_SEEN);
	prompting_argument_is(
	    "pin", WHOLE "the PIN was wrong: 6 tries are left\n" PIN_LINE);
	prompting_until(prompting_notice_ready);
	prompting_argument_is("none", WHOLE NOTICE_LINE); // without the hint
	hs_prompt_hide(&prompting.shown);		  // does not take it away
	assert_int_equal(read(fd, got, sizeof got), 5);
	assert_memory_equal(got, "1234\n", 5);
	assert_int_equal(read(fd, got, sizeof got), 0);
	close(fd);
}

static void
no_pin_was_entered(void **state)
{
	struct hs_prompt_spec spec = with_pin;
	char byte;
	int fd;

	(void)state;
	spec.pin_hint.len = 0;
	prompting_order("pin", "child exit=1"); // which holds the pipe too
	prompting_show(&spec);
	fd = hs_prompt_pin_fd(prompting.shown);
	prompting_until(prompting_answered);
	assert_int_equal(prompting.answer, HS_PROMPT_DECLINED);
	prompting_argument_is("pin", WHOLE PIN_LINE);
	prompting_until(prompting_all_ended);
	assert_int_equal(read(fd, &byte, 1), 0); // whoever waits for it goes on
	close(fd);
	hs_prompt_hide(&prompting.shown);
}

static void
nobody_took_the_pin(void **state)
{
	int free_fd = dup(STDIN_FILENO), before;

	(void)state;
	close(free_fd);
	prompting_order("pin", "print=1234 wait");
	prompting_show(&with_pin);
	prompting_until(prompting_pin_ready);
	hs_prompt_hide(&prompting.shown);
	prompting_until(prompting_all_ended);
	prompting_rest();
	before = dup(STDIN_FILENO);
	assert_int_equal(before, free_fd); // its descriptor is closed
	close(before);
	prompting_order("confirm", "exit=1");
	prompting_show(&plain);
	assert_int_equal(hs_prompt_pin_fd(prompting.shown), -1); // none was asked for
	hs_prompt_hide(&prompting.shown);
}

// ---- what cannot be shown

static void
the_program_is_gone(void **state)
{
	struct hs_err err = {0};

	(void)state;
	assert_int_equal(unlink(prompting_in("askpass")), 0);
	assert_int_equal(hs_prompt_show(prompting.p, &plain, prompting_on_answer,
			     &prompting, &prompting.shown, &err),
	    HS_ERR_IO);
	assert_non_null(strstr(err.text, "askpass program"));
	assert_non_null(strstr(err.text, "no such file"));
	assert_int_equal(hs_prompt_show(prompting.p, &with_pin, prompting_on_answer,
			     &prompting, &prompting.shown, NULL),
	    HS_ERR_IO);
	assert_null(prompting.shown);
	prompting_rest();
	assert_int_equal(prompting.answers, 0);
	fakeprog_make(prompting.dir, "askpass"); // and is found again
	prompting_order("confirm", "exit=1");
	prompting_show(&plain);
	prompting_until(prompting_answered);
	hs_prompt_hide(&prompting.shown);
}

static void
no_channel_at_all(void **state)
{
	char *env[] = {"HOME=/h", NULL};
	struct hs_prompt *p = hs_prompt_new(&prompting.loop, env);
	struct hs_err err = {0};

	(void)state;
	assert_int_equal(hs_prompt_show(p, &plain, prompting_on_answer, &prompting,
			     &prompting.shown, &err),
	    HS_ERR_IO);
	assert_string_equal(
	    err.text, "nothing can show it: no display, no SSH_ASKPASS, no session bus");
	assert_int_equal(hs_prompt_show(p, &with_pin, prompting_on_answer, &prompting,
			     &prompting.shown, &err),
	    HS_ERR_IO);
	assert_null(prompting.shown);
	hs_prompt_free(&p);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, prompting_askpass, prompting_teardown)
	const struct CMUnitTest tests[] = {
	    T(rule8_the_pin_goes_to_who_holds_the_descriptor),
	    T(no_pin_was_entered),
	    T(nobody_took_the_pin),
	    T(the_program_is_gone),
	    T(no_channel_at_all),
	};
	int status = fakeprog_run(argc, argv);

	if (status >= 0)
		return status;
	closefrom(
	    STDERR_FILENO + 1); // as the daemon does: whoever started us may leave some
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
