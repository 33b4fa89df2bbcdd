// SPDX-License-Identifier: ISC
//
// Goal of this test: handseal-shell gives a command nothing in its environment that the
// client could have chosen freely.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "client/verify/shell.h"

static bool
has(char **env, const char *entry)
{
	for (; *env != NULL; env++)
		if (strcmp(*env, entry) == 0)
			return true;
	return false;
}

static size_t
count(char **env)
{
	size_t n = 0;

	while (env[n] != NULL)
		n++;
	return n;
}

static void
environment(void **state)
{
	static const char *const kept[] = {"LANG=de_DE.UTF-8", "LC_ALL=C.UTF-8",
	    "LC_TIME=en_GB@euro", "TERM=xterm-256color", "TZ=Europe/Berlin",
	    "SSH_CONNECTION=192.0.2.14 1 192.0.2.1 22", "SSH_TTY=/dev/pts/3",
	    "SSH_AUTH_SOCK=/tmp/ssh-x/agent.1"};
	static const char *const dropped[] = {"PATH=/tmp", "LD_PRELOAD=/tmp/x.so", "IFS=x",
	    "BASH_ENV=/tmp/x", "ENV=/tmp/x", "LANG=/tmp/x", "LC_ALL=%n%n", "LC_=x",
	    "TERM=../../tmp/x", "TZ=/etc/shadow", "TZ=:/etc/shadow", "TZ=../../tmp/x",
	    "TZ=Europe/../../x", "HOME=/tmp", "USER=root", "SHELL=/tmp/x", "LOGNAME=root",
	    "SSH_ORIGINAL_COMMAND=id", "LANGX=C", "PYTHONPATH=/tmp", "GIT_SSH_COMMAND=x",
	    "XTERM", "=x", ""};
	char *env[64] = {0};
	const struct hs_shell_account account = {
	    .name = "deploy", .home = "/home/deploy", .shell = "/bin/sh"};
	struct hs_shell_account root = account;
	char **out;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		env[n++] = strdup(kept[i]);
	for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
		env[n++] = strdup(dropped[i]);
	out = hs_shell_environment(env, &account);
	assert_non_null(out);
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (!has(out, kept[i]))
			fail_msg("lost: %s", kept[i]);
	for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
		if (has(out, dropped[i]))
			fail_msg("passed on: %s", dropped[i]);
	assert_true(has(out, "HOME=/home/deploy") && has(out, "USER=deploy"));
	assert_true(has(out, "LOGNAME=deploy") && has(out, "SHELL=/bin/sh"));
	assert_true(has(out, "PATH=/usr/local/bin:/usr/bin:/bin"));
	assert_int_equal(count(out), 5 + sizeof kept / sizeof kept[0]);
	hs_shell_environment_free(out);
	root.root = true;
	out = hs_shell_environment(NULL, &root);
	assert_non_null(out);
	assert_true(
	    has(out, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
	hs_shell_environment_free(out);
	for (size_t i = 0; i < n; i++)
		free(env[i]);
}

static void
environment_is_bounded(void **state)
{
	const struct hs_shell_account account = {
	    .name = "a", .home = "/", .shell = "/bin/sh"};
	char connection[] = "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22";
	char *env[302] = {0};
	char **out;

	(void)state;
	for (size_t i = 0; i < 300; i++)
		assert_true(asprintf(&env[i], "LC_%zu=C", i) > 0);
	env[300] = connection;
	out = hs_shell_environment(env, &account);
	assert_non_null(out);
	assert_int_equal(count(out), 64);
	assert_true(has(out, connection)); // no client crowds out what sshd says
	hs_shell_environment_free(out);
	for (size_t i = 0; i < 300; i++)
		free(env[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(environment),
	    cmocka_unit_test(environment_is_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
