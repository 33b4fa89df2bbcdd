// SPDX-License-Identifier: ISC
//
// Asking for a PIN, on a terminal of its own each time and through askpass programs: what
// is taken, that nothing of it is echoed, and that the terminal is as before whatever
// comes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "client/handseal/askpin.h"
#include "proto/helper.h"
#include "tests/lib/scratch.h"

#define PROMPT	"PIN, please: "
#define WAIT_MS 20000

// What became of it, told by the process that asked.
struct outcome {
	int rc;
	size_t len;
	char pin[HS_HELPER_PIN_MAX + 1];
	char text[320];
};

struct asked {
	pid_t pid;
	int tty, result; // the terminal's other side, or -1; where the outcome comes
	char shown[4096];
	size_t nshown;
};

static void
ask(int result)
{
	struct outcome o = {0};
	struct hs_err err = {0};
	char *pin = NULL;

	o.rc = hs_askpin(PROMPT, &pin, &o.len, &err);
	if (pin != NULL)
		memcpy(o.pin, pin, o.len + 1);
	memcpy(o.text, err.text, sizeof o.text);
	if ((o.rc == HS_OK) != (pin != NULL) || (o.rc != HS_OK && (int)err.code != o.rc) ||
	    write(result, &o, sizeof o) != sizeof o)
		_exit(9);
	sodium_free(pin);
	_exit(0);
}

static bool ignore_children; // the process that asks does

// In a process with a terminal of its own, or in one without any.
static void
begin(struct asked *a, bool terminal)
{
	int result[2];

	*a = (struct asked){.tty = -1};
	assert_int_equal(pipe2(result, O_CLOEXEC), 0);
	a->pid = terminal ? forkpty(&a->tty, NULL, NULL, NULL) : fork();
	assert_true(a->pid >= 0);
	if (a->pid == 0) {
		if (!terminal)
			(void)setsid();
		if (ignore_children)
			signal(SIGCHLD, SIG_IGN);
		ask(result[1]);
	}
	close(result[1]);
	a->result = result[0];
}

// Until what was shown on the terminal holds text.
static void
shows(struct asked *a, const char *text)
{
	struct pollfd p = {.fd = a->tty, .events = POLLIN};

	while (strstr(a->shown, text) == NULL) {
		ssize_t n;

		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		n = read(a->tty, a->shown + a->nshown, sizeof a->shown - 1 - a->nshown);
		assert_true(n > 0);
		a->nshown += (size_t)n;
	}
}

static void
type(const struct asked *a, const char *text)
{
	assert_int_equal(write(a->tty, text, strlen(text)), (ssize_t)strlen(text));
}

static bool
echoes(const struct asked *a)
{
	struct termios t;

	assert_int_equal(tcgetattr(a->tty, &t), 0);
	return (t.c_lflag & ECHO) != 0;
}

static struct outcome
end(struct asked *a)
{
	struct outcome o = {.rc = -1};
	struct pollfd p = {.fd = a->result, .events = POLLIN};
	int status = 0;

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	assert_int_equal(read(a->result, &o, sizeof o), sizeof o);
	if (a->tty >= 0)
		assert_true(echoes(a));
	assert_int_equal(waitpid(a->pid, &status, 0), a->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(a->result);
	if (a->tty >= 0)
		close(a->tty);
	return o;
}

static struct outcome
typed(const char *text)
{
	struct asked a;

	begin(&a, true);
	shows(&a, PROMPT);
	assert_false(echoes(&a));
	type(&a, text);
	return end(&a);
}

static int
clean(void **state)
{
	unsetenv("HANDSEAL_ASKPASS");
	unsetenv("SSH_ASKPASS");
	unsetenv("SSH_ASKPASS_REQUIRE");
	unsetenv("SSH_ASKPASS_PROMPT");
	unsetenv("DISPLAY");
	unsetenv("WAYLAND_DISPLAY");
	return scratch_make(state);
}

// ---- the terminal

static void
rule8_a_line_is_taken_and_not_echoed(void **state)
{
	struct asked a;
	struct outcome o;

	(void)state;
	begin(&a, true);
	shows(&a, PROMPT);
	type(&a, "caff\xc3\xa8-2468\n");
	shows(&a, PROMPT "\r\n"); // nothing between
	o = end(&a);
	assert_int_equal(o.rc, HS_OK);
	assert_string_equal(o.pin, "caff\xc3\xa8-2468");
	assert_int_equal(o.len, 11);
	assert_null(strstr(a.shown, "2468"));
}

static void
what_could_be_no_pin(void **state)
{
	char big[HS_HELPER_PIN_MAX + 40] = "";
	struct outcome o = typed("\n");

	(void)state;
	assert_int_equal(o.rc, HS_OK); // just Enter
	assert_int_equal(o.len, 0);
	assert_string_equal(o.pin, "");
	o = typed("123\n");
	assert_int_equal(o.rc, HS_SK_PIN_INVALID);
	assert_non_null(strstr(o.text, "fewer than 4"));
	assert_int_equal(typed("1234\xff\n").rc, HS_SK_PIN_INVALID);
	memset(big, '7', HS_HELPER_PIN_MAX);
	big[HS_HELPER_PIN_MAX] = '\n';
	assert_int_equal(typed(big).len, HS_HELPER_PIN_MAX);
	memset(big, '7', sizeof big - 2);
	big[sizeof big - 2] = '\n';
	o = typed(big);
	assert_int_equal(o.rc, HS_SK_PIN_INVALID);
	assert_non_null(strstr(o.text, "more than 63"));
	assert_int_equal(typed("\x04").rc, HS_SK_CANCELLED); // end of input
}

static void
signals_call_it_off(void **state)
{
	static const int sent[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct asked a;

	(void)state;
	for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
		begin(&a, true);
		shows(&a, PROMPT);
		type(&a, "1234"); // no Enter yet
		assert_int_equal(kill(a.pid, sent[i]), 0);
		assert_int_equal(end(&a).rc, HS_SK_CANCELLED);
	}
	assert_int_equal(typed("1234\x03").rc, HS_SK_CANCELLED); // Ctrl-C
}

static void
an_ignored_one_stays_ignored(void **state)
{
	struct asked a;

	(void)state;
	signal(SIGINT, SIG_IGN);
	begin(&a, true);
	signal(SIGINT, SIG_DFL);
	shows(&a, PROMPT);
	assert_int_equal(kill(a.pid, SIGINT), 0);
	type(&a, "1234\n");
	assert_string_equal(end(&a).pin, "1234");
}

// Stopped, it leaves a terminal that echoes; continued, it asks again.
static void
it_can_be_stopped_and_continued(void **state)
{
	struct asked a;
	struct outcome o;
	int status = 0;

	(void)state;
	begin(&a, true);
	shows(&a, PROMPT);
	type(&a, "9999");
	// an orphaned group cannot be stopped by its terminal, so not by Ctrl-Z
	assert_int_equal(kill(a.pid, SIGTSTP), 0);
	shows(&a, PROMPT "\r\n");
	if (waitpid(a.pid, &status, WUNTRACED | WNOHANG) == a.pid)
		assert_true(WIFSTOPPED(status));
	assert_int_equal(kill(a.pid, SIGCONT), 0);
	shows(&a, PROMPT "\r\n" PROMPT);
	type(&a, "1234\n");
	o = end(&a);
	assert_int_equal(o.rc, HS_OK);
	assert_string_equal(o.pin, "1234");
}

// ---- askpass

static void
script(const char *body)
{
	FILE *f = fopen(scratch_in("askpass"), "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", body);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(scratch_in("askpass"), 0700), 0);
}

static struct outcome
without_terminal(void)
{
	struct asked a;

	begin(&a, false);
	return end(&a);
}

static struct outcome
program_says(const char *body)
{
	script(body);
	setenv("DISPLAY", ":7", 1);
	setenv("SSH_ASKPASS", scratch_in("askpass"), 1);
	return without_terminal();
}

static void
a_program_is_asked(void **state)
{
	struct outcome o = program_says("echo 2468");

	(void)state;
	assert_int_equal(o.rc, HS_OK);
	assert_string_equal(o.pin, "2468");
	assert_string_equal(program_says("printf 13579").pin, "13579"); // no LF
	assert_string_equal(program_says("echo 2468; echo more").pin, "2468");
	assert_int_equal(program_says("echo").len, 0);
	assert_int_equal(program_says(":").len, 0);
	assert_int_equal(program_says("echo 12").rc, HS_SK_PIN_INVALID);
	assert_int_equal(
	    program_says("head -c 300000 /dev/zero | tr '\\0' 7").rc, HS_SK_PIN_INVALID);
	assert_int_equal(program_says("printf '12\\00034\\n'").rc, HS_SK_PIN_INVALID);
	assert_int_equal(program_says("echo 2468; exit 1").rc, HS_SK_CANCELLED);
	assert_int_equal(program_says("echo 2468; kill -TERM $$").rc, HS_SK_CANCELLED);
	setenv("SSH_ASKPASS_PROMPT", "none", 1);
	assert_string_equal(program_says("test \"$1\" = '" PROMPT "' && test $# = 1 && "
					 "test -z \"${SSH_ASKPASS_PROMPT+x}\" && echo 2468")
				.pin,
	    "2468");
	ignore_children = true;
	o = program_says("echo 2468");
	ignore_children = false;
	assert_int_equal(o.rc, HS_OK);
}

static void
which_program(void **state)
{
	(void)state;
	script("echo 2468");
	setenv("SSH_ASKPASS", scratch_in("askpass"), 1);
	assert_int_equal(without_terminal().rc, HS_NO_CHANNEL); // no display
	setenv("DISPLAY", "", 1);
	assert_int_equal(without_terminal().rc, HS_NO_CHANNEL);
	setenv("WAYLAND_DISPLAY", "wayland-0", 1);
	assert_int_equal(without_terminal().rc, HS_OK);
	unsetenv("WAYLAND_DISPLAY");
	setenv("SSH_ASKPASS_REQUIRE", "force", 1);
	assert_int_equal(without_terminal().rc, HS_OK);
	setenv("SSH_ASKPASS", "/nonexistent/askpass", 1);
	assert_int_equal(without_terminal().rc, HS_ERR_IO);
	setenv("HANDSEAL_ASKPASS", scratch_in("askpass"), 1); // goes first
	assert_int_equal(without_terminal().rc, HS_OK);
	setenv("HANDSEAL_ASKPASS", "askpass", 1); // no path
	assert_int_equal(without_terminal().rc, HS_NO_CHANNEL);
	setenv("HANDSEAL_ASKPASS", "", 1); // as if it were not there
	assert_int_equal(without_terminal().rc, HS_ERR_IO);
	setenv("HANDSEAL_ASKPASS", scratch_in("askpass"), 1);
	setenv("DISPLAY", ":7", 1);
	setenv("SSH_ASKPASS_REQUIRE", "never", 1);
	assert_int_equal(without_terminal().rc, HS_NO_CHANNEL);
}

static void
terminal_or_program(void **state)
{
	struct asked a;

	(void)state;
	script("echo 2468");
	setenv("SSH_ASKPASS", scratch_in("askpass"), 1);
	setenv("DISPLAY", ":7", 1);
	assert_string_equal(typed("1234\n").pin, "1234"); // the terminal goes first
	setenv("SSH_ASKPASS_REQUIRE", "prefer", 1);
	begin(&a, true);
	assert_string_equal(end(&a).pin, "2468");
	setenv("SSH_ASKPASS_REQUIRE", "force", 1);
	begin(&a, true);
	assert_string_equal(end(&a).pin, "2468");
	unsetenv("DISPLAY");
	setenv("SSH_ASKPASS_REQUIRE", "prefer", 1);
	assert_string_equal(typed("1234\n").pin, "1234"); // no display
	setenv("SSH_ASKPASS_REQUIRE", "nonsense", 1);
	assert_string_equal(typed("1234\n").pin, "1234");
}

int
main(void)
{
#define EACH(fn) cmocka_unit_test_setup_teardown(fn, clean, scratch_remove)
	const struct CMUnitTest tests[] = {EACH(rule8_a_line_is_taken_and_not_echoed),
	    EACH(what_could_be_no_pin), EACH(signals_call_it_off),
	    EACH(an_ignored_one_stays_ignored), EACH(it_can_be_stopped_and_continued),
	    EACH(a_program_is_asked), EACH(which_program), EACH(terminal_or_program)};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("asking for a PIN", tests, NULL, NULL);
}
