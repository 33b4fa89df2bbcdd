// SPDX-License-Identifier: ISC
//
// Which channels an environment offers, what is missing, and which of its variables are
// passed on.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "agentd/prompt.h"
#include "agentd/prompt_env.h"

static char dir[64];

static void
make_file(const char *name, mode_t mode)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int
setup(void **state)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char path[128];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	snprintf(dir, sizeof dir, "/tmp/hs-prompt.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/bin", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	make_file("bin/askpass", 0700);
	make_file("bin/notify-send", 0700);
	make_file("text", 0600);
	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/bus", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	return close(fd);
}

static int
teardown(void **state)
{
	static const char *const names[] = {
	    "bin/askpass", "bin/notify-send", "text", "bus", "bin"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		assert_true(unlink(path) == 0 || rmdir(path) == 0);
	}
	return rmdir(dir);
}

#define VARS 8
struct offer {
	const char *vars[VARS]; // @ is the folder
	const char *channels, *missing;
};

static void
fill(const char *const *vars, char text[VARS][512], char *env[VARS + 1])
{
	size_t n = 0;

	for (; n < VARS && vars[n] != NULL; n++) {
		size_t len = 0;

		for (const char *p = vars[n]; *p != '\0'; p++) {
			if (*p == '@')
				len +=
				    (size_t)snprintf(text[n] + len, 512 - len, "%s", dir);
			else
				text[n][len++] = *p;
		}
		text[n][len] = '\0';
		env[n] = text[n];
	}
	env[n] = NULL;
}

#define ASKPASS "SSH_ASKPASS=@/bin/askpass"
#define BUS	"DBUS_SESSION_BUS_ADDRESS=unix:path=/x"
#define BOTH	"askpass, desktop notification"
#define NO_BUS	"no session bus"

static const struct offer offers[] = {
    {{NULL}, "", "no display, no SSH_ASKPASS, no session bus"},
    {{ASKPASS, "DISPLAY=:0"}, "askpass", NO_BUS},
    {{ASKPASS, "WAYLAND_DISPLAY=wayland-0"}, "askpass", NO_BUS},
    {{ASKPASS, "DISPLAY=", "WAYLAND_DISPLAY="}, "", "no display, " NO_BUS},
    {{ASKPASS, "XDISPLAY=:0", "DISPLAYS=:0"}, "", "no display, " NO_BUS},
    {{ASKPASS}, "", "no display, " NO_BUS},
    {{"DISPLAY=:0"}, "", "no SSH_ASKPASS, " NO_BUS},
    {{ASKPASS, "SSH_ASKPASS_REQUIRE=force"}, "askpass", NO_BUS},
    {{ASKPASS, "SSH_ASKPASS_REQUIRE=FORCE"}, "askpass", NO_BUS},
    {{ASKPASS, "SSH_ASKPASS_REQUIRE=prefer"}, "", "no display, " NO_BUS},
    {{ASKPASS, "SSH_ASKPASS_REQUIRE=never", "DISPLAY=:0"}, "",
	"SSH_ASKPASS_REQUIRE is never, " NO_BUS},
    {{"SSH_ASKPASS=", "DISPLAY=:0"}, "", "no SSH_ASKPASS, " NO_BUS},
    {{"SSH_ASKPASS=bin/askpass", "DISPLAY=:0"}, "",
	"SSH_ASKPASS is no absolute path, " NO_BUS},
    {{"SSH_ASKPASS=@/nonesuch", "DISPLAY=:0"}, "",
	"SSH_ASKPASS names no program that can be run, " NO_BUS},
    {{"SSH_ASKPASS=@/bin", "DISPLAY=:0"}, "",
	"SSH_ASKPASS names no program that can be run, " NO_BUS},
    {{"SSH_ASKPASS=@/text", "DISPLAY=:0"}, "",
	"SSH_ASKPASS names no program that can be run, " NO_BUS},
    // ours comes first, and a wrong one is not passed over
    {{"SSH_ASKPASS=/nonesuch", "HANDSEAL_ASKPASS=@/bin/askpass", "DISPLAY=:0"}, "askpass",
	NO_BUS},
    {{ASKPASS, "HANDSEAL_ASKPASS=@/text", "DISPLAY=:0"}, "",
	"HANDSEAL_ASKPASS names no program that can be run, " NO_BUS},
    {{ASKPASS, "HANDSEAL_ASKPASS=askpass", "DISPLAY=:0"}, "",
	"HANDSEAL_ASKPASS is no absolute path, " NO_BUS},
    {{ASKPASS, "HANDSEAL_ASKPASS=", "DISPLAY=:0"}, "",
	"HANDSEAL_ASKPASS is empty, " NO_BUS},
    // the first of two variables counts, as it does for getenv
    {{ASKPASS, "SSH_ASKPASS=", "DISPLAY=:0"}, "askpass", NO_BUS},
    // notifications
    {{BUS, "PATH=/nonesuch:@/bin", ASKPASS, "DISPLAY=:0"}, BOTH, ""},
    {{BUS, "PATH=@/bin:/nonesuch"}, "desktop notification", "no display, no SSH_ASKPASS"},
    {{"XDG_RUNTIME_DIR=@", "PATH=@/bin", ASKPASS, "DISPLAY=:0"}, BOTH, ""},
    {{"XDG_RUNTIME_DIR=@", "DBUS_SESSION_BUS_ADDRESS=", "PATH=@/bin", ASKPASS,
	 "DISPLAY=:0"},
	BOTH, ""},
    {{"XDG_RUNTIME_DIR=@/bin", "PATH=@/bin", ASKPASS, "DISPLAY=:0"}, "askpass", NO_BUS},
    {{"XDG_RUNTIME_DIR=bin", "PATH=@/bin", ASKPASS, "DISPLAY=:0"}, "askpass", NO_BUS},
    {{"XDG_RUNTIME_DIR=@", "DBUS_SESSION_BUS_ADDRESS=disabled:", "PATH=@/bin", ASKPASS,
	 "DISPLAY=:0"},
	"askpass", NO_BUS},
    {{BUS, "PATH=/nonesuch:bin::", ASKPASS, "DISPLAY=:0"}, "askpass", "no notify-send"},
    {{BUS, "PATH=", ASKPASS, "DISPLAY=:0"}, "askpass", "no notify-send"},
    {{BUS, ASKPASS, "DISPLAY=:0"}, "askpass", "no notify-send"},
};

static void
what_there_is_and_what_is_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
		struct hs_buf b = {0};
		struct hs_prompt *p;
		char text[VARS][512], *env[VARS + 1];

		fill(offers[i].vars, text, env);
		p = hs_prompt_new(NULL, env); // no loop before anything is shown
		assert_non_null(p);
		hs_prompt_missing(p, &b);
		hs_put_u8(&b, 0);
		if (strcmp(hs_prompt_channels(p), offers[i].channels) != 0 ||
		    strcmp((const char *)b.p, offers[i].missing) != 0)
			fail_msg("offer %zu: \"%s\", missing \"%s\"", i,
			    hs_prompt_channels(p), (const char *)b.p);
		assert_int_equal(
		    hs_prompt_takes_pin(p), strncmp(offers[i].channels, "askpass", 7) == 0);
		hs_buf_free(&b);
		hs_prompt_free(&p);
		assert_null(p);
		hs_prompt_free(&p); // fine
	}
}

static void
what_is_passed_on(void **state)
{
	static char huge[5000];
	char *env[] = {"DISPLAY=:0", "LD_PRELOAD=/x.so", "HANDSEAL_SOCK=/s",
	    "WAYLAND_DISPLAY=w", "XAUTHORITY=/xa", "SSH_AUTH_SOCK=/a",
	    "DBUS_SESSION_BUS_ADDRESS=unix:path=/x", "XDG_RUNTIME_DIR=/r", "HOME=/h",
	    "LANG=C", "LC_ALL=C.UTF-8", "LC_TIME=de", "LCX=1", "PATH=/evil", "HOMER=1",
	    "SSH_ASKPASS_PROMPT=none", "=odd", "odd", huge, NULL};
	static const char *const want[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
	    "DISPLAY=:0", "WAYLAND_DISPLAY=w", "XAUTHORITY=/xa",
	    "DBUS_SESSION_BUS_ADDRESS=unix:path=/x", "XDG_RUNTIME_DIR=/r", "HOME=/h",
	    "LANG=C", "LC_ALL=C.UTF-8", "LC_TIME=de"};
	struct hs_prompt_env e;

	(void)state;
	memset(huge, 'x', sizeof huge - 1);
	memcpy(huge, "HOME=", 5); // too long to be passed on
	assert_int_equal(hs_prompt_env_read(&e, env), HS_OK);
	assert_int_equal(e.nchild, sizeof want / sizeof want[0]);
	for (size_t i = 0; i < e.nchild; i++)
		assert_string_equal(e.child[i], want[i]);
	assert_null(e.child[e.nchild]);
	hs_prompt_env_free(&e);
}

static void
no_more_than_there_is_room_for(void **state)
{
	static char names[HS_PROMPT_ENV_MAX * 2][16];
	char *env[HS_PROMPT_ENV_MAX * 2 + 1];
	struct hs_prompt_env e;

	(void)state;
	for (size_t i = 0; i < HS_PROMPT_ENV_MAX * 2; i++) {
		snprintf(names[i], sizeof names[i], "LC_%zu=x", i);
		env[i] = names[i];
	}
	env[HS_PROMPT_ENV_MAX * 2] = NULL;
	assert_int_equal(hs_prompt_env_read(&e, env), HS_OK);
	assert_int_equal(e.nchild, HS_PROMPT_ENV_MAX);
	assert_null(e.child[HS_PROMPT_ENV_MAX]);
	hs_prompt_env_free(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_there_is_and_what_is_missing),
	    cmocka_unit_test(what_is_passed_on),
	    cmocka_unit_test(no_more_than_there_is_room_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
