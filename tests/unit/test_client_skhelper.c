// SPDX-License-Identifier: ISC
//
// Running the FIDO helper: what it is given, and every way in which it can go wrong. The
// helpers are shell scripts; what they mean to say is not looked at here.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "client/handseal/skhelper.h"
#include "proto/helper.h"

static char dir[40], helper[64], mark[64];

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/hs-skhelper.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(helper, sizeof helper, "%s/helper", dir);
	snprintf(mark, sizeof mark, "%s/mark", dir);
	return setenv("HANDSEAL_SK_HELPER", helper, 1);
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink(helper);
	unlink(mark);
	return rmdir(dir);
}

static void
script(const char *body)
{
	FILE *f = fopen(helper, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\nmark=%s\n%s\n", mark, body);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(helper, 0700), 0);
}

static const struct hs_str no_pin;

static int
run_for(unsigned seconds, const char *request, struct hs_buf *answer, struct hs_err *err)
{
	int rc;

	hs_buf_reset(answer);
	*err = (struct hs_err){0};
	rc = hs_skhelper_run(hs_str_c(request), no_pin, seconds, answer, err);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); // no child is left
	assert_int_equal(errno, ECHILD);
	if (rc != HS_OK)
		assert_int_equal(err->code, rc);
	return rc;
}

static void
fails(const char *body, unsigned seconds, int code, const char *what)
{
	struct hs_buf answer = {0};
	struct hs_err err = {0};

	script(body);
	if (run_for(seconds, "request", &answer, &err) != code ||
	    strstr(err.text, what) == NULL)
		fail_msg("%s\n-> %s", body, err.text);
	hs_buf_free(&answer);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

// The number that a script wrote to the mark; it has ended when nothing of that number
// runs.
static bool
marked_is_gone(void)
{
	FILE *f = fopen(mark, "r");
	char text[24] = "";
	long pid;
	int n;

	assert_non_null(f);
	assert_non_null(fgets(text, sizeof text, f));
	fclose(f);
	pid = strtol(text, NULL, 10);
	assert_true(pid > 1);
	for (int i = 0; i < 500; i++) {
		char path[64], state = 'Z';

		snprintf(path, sizeof path, "/proc/%ld/stat", pid);
		f = fopen(path, "r");
		if (f == NULL)
			return true;
		n = fscanf(f, "%*d (%*[^)]) %c", &state);
		fclose(f);
		if (n == 1 && state == 'Z')
			return true;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	return false;
}

static void
what_goes_in_comes_out(void **state)
{
	struct hs_buf answer = {0};
	struct hs_err err;

	(void)state;
	script("exec cat");
	assert_int_equal(run_for(20, "a request", &answer, &err), HS_OK);
	assert_true(hs_str_is(hs_buf_str(&answer), "a request"));
	assert_int_equal(run_for(20, "", &answer, &err), HS_SK_HELPER); // nothing came
	hs_buf_free(&answer);
}

static void
the_longest_messages_pass(void **state)
{
	const size_t len = 4 + HS_HELPER_MSG_MAX;
	struct hs_buf answer = {0};
	struct hs_err err = {0};
	uint8_t *request = malloc(len);

	(void)state;
	assert_non_null(request);
	memset(request, 'r', len);
	script("exec cat");
	assert_int_equal(
	    hs_skhelper_run((struct hs_str){request, len}, no_pin, 20, &answer, &err),
	    HS_OK);
	assert_int_equal(answer.len, len);
	assert_memory_equal(answer.p, request, len);
	free(request);
	hs_buf_free(&answer);
}

static void
it_is_run_with_next_to_nothing(void **state)
{
	struct hs_buf answer = {0};
	struct hs_err err;

	(void)state;
	setenv("SECRET", "x", 1);
	signal(SIGPIPE, SIG_IGN);
	script(
	    "cat >/dev/null; env | grep -v -E '^(_|SHLVL|PWD|OLDPWD)=' | sort; pwd\n"
	    "grep -E '^Sig(Blk|Ign):' /proc/self/status | sed 's/.*\\(.\\{7\\}\\)$/\\1/'\n"
	    "test $$ = $(cut -d' ' -f5 </proc/$$/stat) && echo leads");
	assert_int_equal(run_for(20, "request", &answer, &err), HS_OK);
	hs_put_u8(&answer, 0);
	assert_string_equal((const char *)answer.p,
	    "LC_ALL=C\nPATH=/usr/local/bin:/usr/bin:/bin\n/\n0000000\n"
	    "0000000\nleads\n");
	unsetenv("SECRET");
	hs_buf_free(&answer);
}

static int
run_with(struct hs_str pin, struct hs_buf *answer)
{
	hs_buf_reset(answer);
	return hs_skhelper_run(hs_str_c("request"), pin, 20, answer, NULL);
}

// On descriptor 3 and nowhere else; whoever does not want it does not read it.
static void
rule8_a_pin_comes_on_a_descriptor(void **state)
{
	char longest[HS_HELPER_PIN_MAX + 2] = "";
	struct hs_buf answer = {0};

	(void)state;
	memset(longest, '7', HS_HELPER_PIN_MAX + 1);
	script("cat >/dev/null; cat <&3; printf '|'; cat /proc/$$/environ /proc/$$/cmdline "
	       "| tr '\\0' ' ' | grep -c 2468");
	assert_int_equal(run_with(hs_str_c("caff\xc3\xa8-2468"), &answer), HS_OK);
	assert_true(hs_str_is(hs_buf_str(&answer), "caff\xc3\xa8-2468|0\n"));
	assert_int_equal(
	    run_with((struct hs_str){(const uint8_t *)longest, HS_HELPER_PIN_MAX}, &answer),
	    HS_OK);
	assert_memory_equal(answer.p, longest, HS_HELPER_PIN_MAX);
	assert_int_equal(run_with(hs_str_c(""), &answer), HS_OK); // an end, and nothing
	assert_true(hs_str_is(hs_buf_str(&answer), "|0\n"));
	assert_int_equal(run_with(hs_str_c(longest), &answer), HS_SK_HELPER);
	script("printf unread");
	assert_int_equal(run_with(hs_str_c("2468"), &answer), HS_OK);
	script("cat >/dev/null; for n in 3 4 5 6 7 8 9; do\n"
	       "test ! -e /proc/$$/fd/$n || printf $n; done; printf .");
	assert_int_equal(run_with(hs_str_c("2468"), &answer), HS_OK);
	assert_true(hs_str_is(hs_buf_str(&answer), "3."));
	assert_int_equal(run_with(no_pin, &answer), HS_OK);
	assert_true(hs_str_is(hs_buf_str(&answer), "."));
	hs_buf_free(&answer);
}

// Whatever numbers are free when it is run: the request and the answer find their places.
static void
any_descriptor_may_be_free(void **state)
{
	struct hs_buf answer = {0};
	int kept[2] = {-1, -1};

	(void)state;
	script("cat; cat <&3");
	for (int i = 0; i < 8; i++) { // 3, then 3 and 4, ... are taken
		assert_int_equal(run_with(hs_str_c("2468"), &answer), HS_OK);
		assert_true(hs_str_is(hs_buf_str(&answer), "request2468"));
		kept[i % 2] = dup(STDERR_FILENO);
		assert_true(kept[i % 2] >= 0);
	}
	for (int fd = 3; fd <= kept[0] || fd <= kept[1]; fd++)
		(void)close(fd);
	hs_buf_free(&answer);
}

static void
what_cannot_be_run_is_said(void **state)
{
	struct hs_buf answer = {0};
	struct hs_err err;

	(void)state;
	assert_int_equal(run_for(20, "request", &answer, &err), HS_SK_HELPER);
	assert_non_null(strstr(err.text, "No such file"));
	setenv("HANDSEAL_SK_HELPER", "helper", 1);
	assert_int_equal(run_for(20, "request", &answer, &err), HS_SK_HELPER);
	assert_non_null(strstr(err.text, "begins with /"));
	setenv("HANDSEAL_SK_HELPER", dir, 1);
	assert_int_equal(run_for(20, "request", &answer, &err), HS_SK_HELPER);
	assert_non_null(strstr(err.text, "ermission denied"));
	hs_buf_free(&answer);
}

static void
one_that_dies_is_told(void **state)
{
	(void)state;
	fails("exit 0", 20, HS_SK_HELPER, "ended with status 0 and without an answer");
	fails("cat >/dev/null; exit 3", 20, HS_SK_HELPER, "status 3 and without");
	fails("kill -SEGV $$", 20, HS_SK_HELPER, "ended by signal 11");
	fails("printf answer; kill -KILL $$", 20, HS_SK_HELPER, "ended by signal 9");
}

static void
an_answer_counts_whatever_the_status(void **state)
{
	struct hs_buf answer = {0};
	struct hs_err err;

	(void)state;
	script("printf answer; exit 1");
	assert_int_equal(run_for(20, "request", &answer, &err), HS_OK);
	assert_true(hs_str_is(hs_buf_str(&answer), "answer"));
	hs_buf_free(&answer);
}

static void
one_that_hangs_is_killed(void **state)
{
	(void)state;
	fails("echo $$ >$mark; trap '' TERM; printf half; while :; do sleep 5; done", 1,
	    HS_SK_HELPER, "did not end in time");
	assert_true(marked_is_gone());
	fails("exec </dev/null >/dev/null; sleep 1000", 1, HS_SK_HELPER,
	    "did not end in time");
}

static void
one_that_writes_without_end_is_killed(void **state)
{
	(void)state;
	fails("exec cat /dev/zero", 20, HS_SK_HELPER, "too long");
}

static void
what_it_leaves_behind_is_killed(void **state)
{
	struct hs_buf answer = {0};
	struct hs_err err;
	int64_t begun = now_ms();

	(void)state;
	script("sleep 1000 & echo $! >$mark; printf answer");
	assert_int_equal(run_for(60, "request", &answer, &err), HS_OK);
	assert_true(hs_str_is(hs_buf_str(&answer), "answer"));
	assert_true(now_ms() - begun < 30000); // the child held the output open
	assert_true(marked_is_gone());
	hs_buf_free(&answer);
}

static void
an_interrupt_calls_it_off(void **state)
{
	static const char *const names[] = {"INT", "TERM", "HUP"};
	char body[128];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(body, sizeof body,
		    "trap 'echo told >$mark; exit 0' TERM; kill -%s $PPID; sleep 1000 & "
		    "wait",
		    names[i]);
		fails(body, 60, HS_SK_CANCELLED, "called off");
		assert_int_equal(
		    unlink(mark), 0); // it was asked to end before it was killed
	}
	fails("echo $$ >$mark; trap '' TERM; kill -INT $PPID; kill -INT $PPID; "
	      "while :; do sleep 5; done",
	    60, HS_SK_CANCELLED, "called off");
	assert_true(marked_is_gone());
}

static void
an_ignored_interrupt_stays_ignored(void **state)
{
	struct hs_buf answer = {0};
	struct hs_err err;
	struct sigaction now;

	(void)state;
	signal(SIGINT, SIG_IGN);
	script("kill -INT $PPID; cat");
	assert_int_equal(run_for(20, "request", &answer, &err), HS_OK);
	assert_int_equal(sigaction(SIGINT, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_IGN);
	signal(SIGINT, SIG_DFL);
	hs_buf_free(&answer);
}

static void
the_mask_is_as_before(void **state)
{
	struct hs_buf answer = {0};
	struct hs_err err;
	sigset_t before, after;

	(void)state;
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &before), 0);
	script("exec cat");
	assert_int_equal(run_for(20, "request", &answer, &err), HS_OK);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &after), 0);
	assert_int_equal(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
	assert_int_equal(sigismember(&after, SIGCHLD), 0);
	hs_buf_free(&answer);
}

int
main(void)
{
#define EACH(fn) cmocka_unit_test_setup_teardown(fn, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
	    EACH(what_goes_in_comes_out),
	    EACH(the_longest_messages_pass),
	    EACH(it_is_run_with_next_to_nothing),
	    EACH(rule8_a_pin_comes_on_a_descriptor),
	    EACH(any_descriptor_may_be_free),
	    EACH(what_cannot_be_run_is_said),
	    EACH(one_that_dies_is_told),
	    EACH(an_answer_counts_whatever_the_status),
	    EACH(one_that_hangs_is_killed),
	    EACH(one_that_writes_without_end_is_killed),
	    EACH(what_it_leaves_behind_is_killed),
	    EACH(an_interrupt_calls_it_off),
	    EACH(an_ignored_interrupt_stays_ignored),
	    EACH(the_mask_is_as_before),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
