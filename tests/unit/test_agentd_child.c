// SPDX-License-Identifier: ISC
//
// Processes with a group of their own: told of once, signalled, stopped, let go of, and the
// descriptors that they get. The program is this binary under another name (fakeprog.h).
#include <fcntl.h>
#include <signal.h>
#include "agentd/child.h"
#include "tests/lib/prompting.h"

static struct {
	struct hs_child *c;
	int ends;
	int64_t status;
	int sig;
	bool stops; // at its end
} seen;

static int
setup(void **state)
{
	static const char *const programs[] = {"fake", NULL};
	static const char *const env[] = {NULL};

	(void)state;
	memset(&seen, 0, sizeof seen);
	return prompting_make(programs, env);
}

static void
on_done(void *arg, int64_t status, int sig)
{
	assert_ptr_equal(arg, &seen);
	seen.ends++;
	seen.status = status;
	seen.sig = sig;
	if (seen.stops) { // too late, and harmless
		hs_child_signal(seen.c, SIGKILL);
		hs_child_stop(seen.c, SIGTERM, 1);
		hs_child_drop(&seen.c, SIGTERM, 1);
	}
	seen.c = NULL;
}

static struct hs_child_spec
spec_of(char *const *args)
{
	static char *env[] = {HS_CHILD_PATH, "X=1", NULL};

	return (struct hs_child_spec){
	    .what = "the test's program", .path = args[0], .args = args, .env = env};
}

static void
start(const char *orders)
{
	char *args[] = {(char *)prompting_in("fake"), "an argument", NULL};
	const struct hs_child_spec spec = spec_of(args);
	struct hs_err err = {0};

	prompting_order("fake", orders);
	if (hs_child_start(&prompting.loop, &spec, on_done, &seen, &seen.c, &err) != HS_OK)
		fail_msg("%s", err.text);
}

static bool
ready(void)
{
	return fakeprog_has(prompting.dir, "fake.ready");
}

static bool
has_child(void)
{
	const char *lf = strchr(fakeprog_file(prompting.dir, "pids", NULL), '\n');

	return lf != NULL && lf[1] != '\0' && strchr(lf + 1, '\n') != NULL;
}

static void
ended_with(int64_t status, int sig)
{
	prompting_rest();
	assert_int_equal(seen.ends, 1);
	assert_int_equal(seen.status, status);
	assert_int_equal(seen.sig, sig);
	// the leader is reaped, the others of its group may still be dying
	prompting_until(prompting_all_ended);
}

static void
its_end_is_told(void **state)
{
	unsigned long len;

	(void)state;
	start("exit=3");
	assert_int_equal(seen.ends, 0); // later
	ended_with(3, 0);
	assert_string_equal(fakeprog_file(prompting.dir, "fake.state", NULL),
	    "fds 3\nleader 1\ncwd /\nstdin /dev/null\n");
	assert_memory_equal(fakeprog_file(prompting.dir, "fake.env", &len),
	    HS_CHILD_PATH "\0X=1", sizeof HS_CHILD_PATH "\0X=1");
	assert_int_equal(len, sizeof HS_CHILD_PATH "\0X=1");
}

static void
a_signal_is_told(void **state)
{
	(void)state;
	start("wait");
	prompting_until(ready);
	hs_child_signal(seen.c, SIGUSR1);
	ended_with(0, SIGUSR1);
}

static void
stopped(void **state)
{
	(void)state;
	start("wait");
	prompting_until(ready);
	hs_child_stop(seen.c, SIGTERM, PROMPTING_SECONDS * 1000);
	ended_with(0, SIGTERM);
}

static void
stopped_against_its_will(void **state)
{
	(void)state;
	start("stubborn child wait");
	prompting_until(has_child);
	hs_child_stop(seen.c, SIGTERM, 50);
	ended_with(0, SIGKILL);
}

static void
its_group_goes_with_it(void **state)
{
	(void)state;
	start("child exit=0");
	prompting_until(prompting_at_rest);
	prompting_until(prompting_all_ended);
	assert_int_equal(seen.ends, 1);
}

static void
let_go_of(void **state)
{
	(void)state;
	start("stubborn child wait");
	prompting_until(has_child);
	hs_child_drop(&seen.c, SIGTERM, 50);
	assert_null(seen.c);
	hs_child_drop(&seen.c, SIGTERM, 50); // fine
	prompting_rest();
	prompting_until(prompting_all_ended);
	assert_int_equal(seen.ends, 0);
}

static void
stopped_from_within(void **state)
{
	(void)state;
	seen.stops = true;
	start("exit=0");
	ended_with(0, 0);
}

static void
cannot_be_run(void **state)
{
	char *args[] = {"/nonesuch/program", NULL};
	const struct hs_child_spec spec = spec_of(args);
	struct hs_err err = {0};

	(void)state;
	assert_int_equal(
	    hs_child_start(&prompting.loop, &spec, on_done, &seen, &seen.c, &err),
	    HS_ERR_IO);
	assert_string_equal(err.text, "the test's program (/nonesuch/program) cannot be "
				      "run: no such file or directory");
	assert_int_equal(
	    hs_child_start(&prompting.loop, &spec, on_done, &seen, &seen.c, NULL),
	    HS_ERR_IO);
	prompting_rest();
	assert_int_equal(seen.ends, 0);
}

static void
a_fourth_descriptor(void **state)
{
	char *args[] = {(char *)prompting_in("fake"), NULL};
	struct hs_child_spec spec = spec_of(args);
	int ends[2];
	char got[8];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	prompting_order("fake", "fd3=hello exit=0");
	spec.stdio[3] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = ends[1]};
	assert_int_equal(
	    hs_child_start(&prompting.loop, &spec, on_done, &seen, &seen.c, NULL), HS_OK);
	close(ends[1]);
	ended_with(0, 0);
	assert_string_equal(fakeprog_file(prompting.dir, "fake.state", NULL),
	    "fds 4\nleader 1\ncwd /\nstdin /dev/null\n");
	assert_int_equal(read(ends[0], got, sizeof got), 5);
	assert_memory_equal(got, "hello", 5);
	assert_int_equal(read(ends[0], got, sizeof got), 0);
	close(ends[0]);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, prompting_teardown)
	const struct CMUnitTest tests[] = {
	    T(its_end_is_told),
	    T(a_signal_is_told),
	    T(stopped),
	    T(stopped_against_its_will),
	    T(its_group_goes_with_it),
	    T(let_go_of),
	    T(stopped_from_within),
	    T(cannot_be_run),
	    T(a_fourth_descriptor),
	};
	int status = fakeprog_run(argc, argv);

	if (status >= 0)
		return status;
	closefrom(STDERR_FILENO + 1);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
