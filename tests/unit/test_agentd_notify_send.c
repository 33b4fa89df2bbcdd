// SPDX-License-Identifier: ISC
//
// Prompts through the real notify-send, on a false session bus (fakebus): that it takes our
// words as they are, and the notification away when the prompt is hidden.
#include <signal.h>
#include <sys/wait.h>
#include "tests/lib/prompting.h"

static pid_t bus;

static bool
on_bus(const char *what)
{
	return strstr(fakeprog_file(prompting.dir, "bus.log", NULL), what) != NULL;
}

static bool
bus_ready(void)
{
	return on_bus("ready\n");
}

static bool
on_screen(void)
{
	return on_bus("notify ");
}

static bool
off_screen(void)
{
	return on_bus("close it\n");
}

static void
start_bus(void)
{
	const char *src = getenv("HS_SRC");
	char program[256], socket[128], log[128];

	snprintf(program, sizeof program, "%s/tests/lib/fakebus", src != NULL ? src : ".");
	snprintf(socket, sizeof socket, "%s/bus", prompting.dir);
	snprintf(log, sizeof log, "%s/bus.log", prompting.dir);
	fflush(NULL);
	bus = fork();
	assert_true(bus >= 0);
	if (bus == 0) {
		execl(program, "fakebus", socket, log, (char *)NULL);
		_exit(127);
	}
	prompting_outside(bus_ready);
}

static int
setup(void **state)
{
	static const char *const programs[] = {NULL};
	static const char *const env[] = {"DBUS_SESSION_BUS_ADDRESS=unix:path=@/bus",
	    "PATH=/usr/bin:/bin", "HOME=/h", NULL};

	(void)state;
	if (prompting_make(programs, env) != 0)
		return 1;
	prompting_catch_stderr();
	return 0;
}

static int
teardown(void **state)
{
	if (bus > 0) {
		assert_int_equal(kill(bus, SIGTERM), 0);
		assert_int_equal(waitpid(bus, NULL, 0), bus);
		bus = 0;
	}
	return prompting_teardown(state);
}

static void
shows_it_and_takes_it_away(void **state)
{
	(void)state;
	start_bus();
	prompting_show(&plain);
	prompting_until(on_screen);
	assert_true(
	    on_bus("notify \"handseal\" \"handseal <4F7>\" \"claude asks for more\\n  "
		   "deploy@db1  a\\\\tb &lt;c&gt; &amp; d\\n\" 2\n"));
	assert_false(off_screen());
	hs_prompt_hide(&prompting.shown);
	prompting_until(off_screen);
	prompting_rest();
	assert_null(strstr(prompting_caught(), "handseald:"));
}

static void
hidden_at_once(void **state)
{
	(void)state;
	start_bus();
	prompting_show(&plain);
	hs_prompt_hide(&prompting.shown);
	prompting_until(off_screen);
	prompting_rest();
}

static void
without_a_bus(void **state)
{
	(void)state;
	prompting_show(&plain);
	prompting_until(prompting_logged);
	assert_non_null(strstr(prompting_caught(), "Could not connect"));
	hs_prompt_hide(&prompting.shown);
	prompting_rest();
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(shows_it_and_takes_it_away),
	    T(hidden_at_once),
	    T(without_a_bus),
	};

	if (access("/usr/bin/notify-send", X_OK) != 0) {
		puts("1..0 # SKIP notify-send is missing: scripts/deps");
		return 0;
	}
	closefrom(STDERR_FILENO + 1);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
