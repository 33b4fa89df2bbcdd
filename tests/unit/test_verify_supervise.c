// SPDX-License-Identifier: ISC
//
// Goal of this test: handseal-shell ends what it started when its time has come, all of it,
// whatever that ignores and however it forked; and no clock that is set back wins anything.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "client/verify/supervise.h"

// ---- the clock

static void
due(void **state)
{
	static const struct {
		uint64_t start, boot, wall, end, left; // seconds; boot: since the start
		enum hs_shell_due due;
	} cases[] = {
	    {1000, 0, 1000, 2000, 940, HS_SHELL_RUNS},
	    {1000, 939, 1939, 2000, 1, HS_SHELL_RUNS},
	    {1000, 940, 1940, 2000, 60, HS_SHELL_NOTICE},
	    {1000, 999, 1999, 2000, 1, HS_SHELL_NOTICE},
	    {1000, 1000, 2000, 2000, 0, HS_SHELL_ENDS},
	    {1000, 0, 1000, 1030, 30, HS_SHELL_NOTICE}, // begun late
	    // set forward, and back
	    {1000, 10, 1990, 2000, 10, HS_SHELL_NOTICE},
	    {1000, 10, 5000, 2000, 0, HS_SHELL_ENDS},
	    {1000, 990, 5, 2000, 10, HS_SHELL_NOTICE},
	    {1000, 1000, 5, 2000, 0, HS_SHELL_ENDS},
	    // has ended before it began; a clock that cannot be read; no end in sight
	    {3000, 0, 3000, 2000, 0, HS_SHELL_ENDS},
	    {1000, 0, UINT64_MAX / 1000, 2000, 0, HS_SHELL_ENDS},
	    {1000, UINT64_MAX / 1000 - 50, 1000, 2000, 0, HS_SHELL_ENDS},
	};
	uint64_t left;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hs_shell_time start = {cases[i].start * 1000, 50000};
		struct hs_shell_time now = {
		    cases[i].wall * 1000, 50000 + cases[i].boot * 1000};

		if (hs_shell_due(&start, &now, cases[i].end, &left) != cases[i].due ||
		    left != cases[i].left * 1000)
			fail_msg("case %zu: %ju ms", i, (uintmax_t)left);
	}
	assert_int_equal(hs_shell_due(&(struct hs_shell_time){1, 1},
			     &(struct hs_shell_time){2, 2}, UINT64_MAX, &left),
	    HS_SHELL_RUNS);
}

// ---- processes

static void
wait_for_below(size_t n)
{
	for (int i = 0; i < 500 && hs_shell_tree_signal(0) != n; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(hs_shell_tree_signal(0), n);
}

static void
reap_all(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

// A child that forks into its own session, twice, and goes: what is left is a grandchild
// that ignores all signals it can.
static void
detach(int keep)
{
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	if (fork() == 0) {
		(void)setsid();
		if (fork() == 0)
			for (;;)
				(void)pause();
		_exit(0);
	}
	if (!keep)
		_exit(0);
	for (;;)
		(void)pause();
}

static void
everything_below(void **state)
{
	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	assert_int_equal(hs_shell_tree_signal(0), 0);
	for (int i = 0; i < 3; i++)
		if (fork() == 0)
			detach(i > 0);
	for (int i = 0; i < 500; i++) {
		reap_all();
		if (hs_shell_tree_signal(0) == 5)
			break;
		(void)poll(NULL, 0, 10);
	}
	(void)hs_shell_tree_signal(SIGTERM);
	reap_all();
	// the two children that stay have a zombie each, which is theirs to reap
	assert_true(hs_shell_tree_signal(0) >= 5);
	for (int i = 0; i < 500 && hs_shell_tree_signal(SIGKILL) > 0; i++) {
		reap_all();
		(void)poll(NULL, 0, 10);
	}
	wait_for_below(0);
}

// sshd's process is looked for among our ancestors only, and a test has none.
static void
no_connection(void **state)
{
	(void)state;
	assert_int_equal(hs_shell_connection_open(), -1);
}

// ---- all of it

static struct hs_shell_arg arg;
static struct hs_shell_watch watch_;

// In a child, which has no test to fail.
#define must(what)                                                                         \
	do {                                                                               \
		if (!(what)) {                                                             \
			fprintf(stderr, "# line %d: %s\n", __LINE__, #what);               \
			_exit(1);                                                          \
		}                                                                          \
	} while (0)

static int
run_job(int (*become)(void *), uint64_t ends_in_ms, struct hs_shell_end *end)
{
	struct hs_shell_job job = {
	    .become = become, .start = hs_shell_time_now(), .watch = &watch_};
	struct hs_err err = {0};
	int rc;

	// its end is a whole second: the time that it began is moved instead
	job.end = ends_in_ms == UINT64_MAX ? UINT64_MAX : job.start.wall / 1000 + 10;
	if (ends_in_ms != UINT64_MAX)
		job.start.wall = job.end * 1000 - ends_in_ms;
	hs_shell_watch_begin(&watch_, &arg, "nobody", "");
	rc = hs_shell_supervise(&job, end, &err);
	hs_shell_watch_end(&watch_);
	return rc;
}

static int
exits_9(void *unused)
{
	(void)unused;
	return 9;
}

static int
aborts(void *unused)
{
	(void)unused;
	(void)signal(SIGUSR1, SIG_DFL);
	(void)raise(SIGUSR1);
	return 0;
}

static int
stays(void *unused)
{
	(void)unused;
	detach(1);
	return 0;
}

static void
by_itself(void)
{
	struct hs_shell_end end;

	must(run_job(exits_9, UINT64_MAX, &end) == HS_OK);
	must(end.code == HS_OK && WIFEXITED(end.status));
	must(WEXITSTATUS(end.status) == 9);
}

static void
by_signal(void)
{
	struct hs_shell_end end;

	must(run_job(aborts, 60000, &end) == HS_OK);
	must(end.code == HS_OK && WIFSIGNALED(end.status));
	must(WTERMSIG(end.status) == SIGUSR1);
}

static void
at_its_end(void)
{
	struct hs_shell_time before = hs_shell_time_now(), after;
	struct hs_shell_end end;

	must(run_job(stays, 700, &end) == HS_OK);
	after = hs_shell_time_now();
	must(end.code == HS_NO_EXPIRED);
	must(end.left == 0 && !end.closed);
	must(hs_shell_tree_signal(0) == 0);
	must(after.boot - before.boot >= 700 && after.boot - before.boot < 2700);
}

// One descriptor left: a folder can be opened, and no list in it. No memory left: neither.
static void
under_lowered_limits(void)
{
	static const int which[] = {RLIMIT_NOFILE, RLIMIT_AS, RLIMIT_DATA};

	for (size_t i = 0; i < sizeof which / sizeof which[0]; i++) {
		struct hs_err err = {0};
		struct rlimit was, low;

		hs_shell_watch_begin(&watch_, &arg, "nobody", "");
		must(hs_shell_watch_look(&watch_, 1, &err) == HS_OK);
		must(getrlimit(which[i], &was) == 0);
		low = was;
		low.rlim_cur = was.rlim_cur - 1;
		if (which[i] == RLIMIT_NOFILE) {
			low.rlim_cur = (rlim_t)dup(0) + 1;
			(void)close((int)low.rlim_cur - 1);
		}
		must(setrlimit(which[i], &low) == 0);
		must(hs_shell_watch_look(&watch_, 1, &err) == HS_ERR_IO);
		must(strstr(err.text, "limits") != NULL);
		must(setrlimit(which[i], &was) == 0);
		must(hs_shell_watch_look(&watch_, 1, &err) == HS_OK);
		hs_shell_watch_end(&watch_);
	}
}

// The test's own process goes on with all signals blocked, so each runs in a child.
static void
in_a_child(void (*test)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		test();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
supervised(void **state)
{
	(void)state;
	in_a_child(by_itself);
	in_a_child(by_signal);
	in_a_child(at_its_end);
	in_a_child(under_lowered_limits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(due),
	    cmocka_unit_test(everything_below),
	    cmocka_unit_test(no_connection),
	    cmocka_unit_test(supervised),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
