// SPDX-License-Identifier: ISC
//
// The parts of `handseal run` that start nothing: the environment, the command line as a
// reason, where PATH finds a program, and what is said of a seat.
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/cli.h"
#include "client/handseal/runenv.h"
#include "client/handseal/seat.h"
#include "client/handseal/seatdir.h"
#include "proto/text.h"
#include "tests/lib/scratch.h"

static const struct hs_runenv_seat seat = {"s.1", "/run/a.sock", "/run/x/bin"};

static const char *
value(char **env, const char *name)
{
	const char *found = NULL;
	size_t n = strlen(name);

	for (size_t i = 0; env[i] != NULL; i++)
		if (strncmp(env[i], name, n) == 0 && env[i][n] == '=') {
			assert_null(found); // once
			found = env[i] + n + 1;
		}
	return found;
}

static void
the_environment_leads_to_the_seat(void **state)
{
	static char *const old[] = {"A=b", "PATH=/p:/q", "SSH_AUTH_SOCK=/x", "GIT_SSH=y",
	    "GIT_SSH_COMMAND=y", "GIT_SSH_VARIANT=y", "RSYNC_RSH=y", "SSH_AGENT_PID=1",
	    "HANDSEAL_PID=1", "HANDSEAL_SOCK=/y", "HANDSEAL_SEAT=z", "PATHS=kept", "odd",
	    "PATH=/second", NULL};
	char **env = hs_runenv_make(old, &seat);

	(void)state;
	assert_non_null(env);
	assert_string_equal(value(env, "A"), "b");
	assert_string_equal(value(env, "PATHS"), "kept");
	assert_string_equal(value(env, "PATH"), "/run/x/bin:/p:/q");
	assert_string_equal(value(env, "SSH_AUTH_SOCK"), "/run/a.sock");
	assert_string_equal(value(env, "HANDSEAL_SOCK"), "/run/a.sock");
	assert_string_equal(value(env, "HANDSEAL_SEAT"), "s.1");
	assert_string_equal(value(env, "GIT_SSH_COMMAND"), "/run/x/bin/ssh");
	assert_string_equal(value(env, "GIT_SSH_VARIANT"), "ssh");
	assert_null(value(env, "GIT_SSH"));
	assert_null(value(env, "RSYNC_RSH"));
	assert_null(value(env, "SSH_AGENT_PID"));
	assert_null(value(env, "HANDSEAL_PID"));
	hs_runenv_free(env);
	hs_runenv_free(NULL);
}

static void
without_a_path_and_with_an_odd_folder(void **state)
{
	const struct hs_runenv_seat odd = {"s.1", "/a", "/it's/b in"};
	static char *const none[] = {NULL}, *const empty[] = {"PATH=", NULL};
	char **env = hs_runenv_make(none, &odd);

	(void)state;
	assert_non_null(env);
	assert_string_equal(value(env, "PATH"), "/it's/b in:/bin:/usr/bin");
	assert_string_equal(value(env, "GIT_SSH_COMMAND"), "'/it'\\''s/b in/ssh'");
	hs_runenv_free(env);
	env = hs_runenv_make(empty, &seat);
	assert_string_equal(value(env, "PATH"), "/run/x/bin:"); // empty: here, as it was
	hs_runenv_free(env);
}

static void
put(const char *name, mode_t mode)
{
	FILE *f = fopen(scratch_in(name), "w");

	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(scratch_in(name), mode), 0);
}

static void
a_program_is_looked_for_as_a_shell_does(void **state)
{
	char path[128];

	(void)state;
	put("can", 0755);
	put("cannot", 0644);
	snprintf(path, sizeof path, "/nowhere:%s", scratch_dir);
	assert_int_equal(hs_runenv_look("can", path), 0);
	assert_int_equal(hs_runenv_look("cannot", path), 126);
	assert_int_equal(hs_runenv_look("none", path), 127);
	assert_int_equal(hs_runenv_look("", path), 127);
	assert_int_equal(hs_runenv_look(scratch_in("can"), ""), 0);
	assert_int_equal(hs_runenv_look(scratch_in("cannot"), path), 126);
	assert_int_equal(hs_runenv_look(scratch_in("none"), path), 127);
	assert_int_equal(hs_runenv_look(scratch_dir, path), 126);
	assert_int_equal(hs_runenv_look("sh", NULL), 0);
	assert_int_equal(chdir(scratch_dir), 0);
	assert_int_equal(hs_runenv_look("can", ""), 0);
	assert_int_equal(hs_runenv_look("can", "/nowhere:"), 0);
	assert_int_equal(hs_runenv_look("can", "/nowhere"), 127);
	snprintf(path, sizeof path, "%s/none:%s", scratch_dir, "/");
	assert_int_equal(hs_runenv_look("can", path), 127);
	assert_int_equal(chdir("/"), 0);
}

static void
assert_line(char *const *argv, size_t max, const char *want)
{
	struct hs_buf b = {0};

	hs_runenv_put_line(&b, argv, max);
	assert_true(b.len <= max);
	assert_true(hs_text_shown(hs_buf_str(&b), NULL));
	if (want != NULL && !hs_str_is(hs_buf_str(&b), want))
		fail_msg("%.*s is not %s", (int)b.len, (const char *)b.p, want);
	hs_buf_free(&b);
}

static void
the_command_line_as_a_reason(void **state)
{
	char *const plain[] = {"git", "push", "a b", "it's", NULL};
	char *const odd[] = {"x\ny", "\033[2J\xff", "\xe2\x80\xae", NULL};
	char *const wide[] = {"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", NULL};
	static char huge[100000];
	char *const much[] = {"a", huge, "b", NULL};

	(void)state;
	assert_line(plain, 200, "git push 'a b' 'it'\\''s'");
	assert_line(odd, 200, "'x?y' '?[2J?' '?\?\?'");
	assert_line(wide, 10, "'\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4'");
	assert_line(wide, 9, "'\xc3\xa4\xc3\xa4\xe2\x80\xa6");
	assert_line(wide, 8, "'\xc3\xa4\xc3\xa4\xe2\x80\xa6");
	assert_line(wide, 7, "'\xc3\xa4\xe2\x80\xa6");
	memset(huge, '\'', sizeof huge - 1);
	assert_line(much, 200, NULL);
}

static void
paths_that_ssh_can_write_as_they_are(void **state)
{
	static const char *const bad[] = {"", "x", "/a b", "/a%h", "/a$b", "/a\"", "/a'",
	    "/a\n", "/a~b", "/a*", "/\xc3\xa4", "/a;b", "/a\\b", "/a:b", "/a,b"};

	(void)state;
	assert_true(hs_seatdir_is_plain("/run/user/1000/handseal-run.aB3_x+y@z-0"));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (hs_seatdir_is_plain(bad[i]))
			fail_msg("%s is plain", bad[i]);
}

// ---- words

#define EXITED(n)   ((n) << 8)
#define SIGNALED(n) (n)

static void
assert_ended(const struct hs_got_seat_end *u, int status, uint64_t now, const char *want)
{
	struct hs_seat s = {.agent = "claude", .counted = u != NULL};
	struct hs_buf b = {0};

	if (u != NULL)
		s.unseated = *u;
	hs_seat_put_ended(&b, &s, status, now);
	if (!hs_str_is(hs_buf_str(&b), want))
		fail_msg("%.*s is not %s", (int)b.len, (const char *)b.p, want);
	hs_buf_free(&b);
}

static void
the_end_in_words(void **state)
{
	struct hs_got_seat_end u = {.began = 1000};

	(void)state;
	assert_ended(NULL, EXITED(0), 0, "claude ended (0)");
	assert_ended(NULL, SIGNALED(15), 0, "claude ended (TERM)");
	assert_ended(&u, EXITED(3), 1000, "claude ended (3), seat closed. 0 logins in 0 s");
	assert_ended(&u, EXITED(3), 900, "claude ended (3), seat closed. 0 logins in 0 s");
	u.logins = 1;
	u.signatures = 1;
	u.escalations = 1;
	u.refused = 1;
	assert_ended(&u, SIGNALED(9), 1059,
	    "claude ended (KILL), seat closed. 1 login, 1 signature, 1 escalation, 1 "
	    "refused in "
	    "59 s");
	u.logins = 12;
	u.signatures = 2;
	u.escalations = 3;
	assert_ended(&u, EXITED(0), 1000 + 41 * 60 + 7,
	    "claude ended (0), seat closed. 12 logins, 2 signatures, 3 escalations, 1 "
	    "refused "
	    "in 41 min");
}

static void
the_end_as_json(void **state)
{
	struct hs_seat s = {.agent = "claude", .id = "0123456789abcdef.3"};
	json_t *o = hs_seat_json_ended(&s, SIGNALED(2));

	(void)state;
	assert_true(json_is_null(json_object_get(o, "exit")));
	assert_string_equal(json_string_value(json_object_get(o, "signal")), "INT");
	assert_true(json_is_null(json_object_get(o, "logins")));
	assert_true(json_is_null(json_object_get(o, "began")));
	json_decref(o);
	s.counted = true;
	s.unseated = (struct hs_got_seat_end){.began = 5, .logins = 7, .last_end = 9};
	o = hs_seat_json_ended(&s, EXITED(4));
	assert_int_equal(json_integer_value(json_object_get(o, "exit")), 4);
	assert_true(json_is_null(json_object_get(o, "signal")));
	assert_int_equal(json_integer_value(json_object_get(o, "logins")), 7);
	assert_int_equal(json_integer_value(json_object_get(o, "refused")), 0);
	assert_int_equal(
	    json_integer_value(json_object_get(json_object_get(o, "last_end"), "unix")), 9);
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_environment_leads_to_the_seat),
	    cmocka_unit_test(without_a_path_and_with_an_odd_folder),
	    cmocka_unit_test_setup_teardown(
		a_program_is_looked_for_as_a_shell_does, scratch_make, scratch_remove),
	    cmocka_unit_test(the_command_line_as_a_reason),
	    cmocka_unit_test(paths_that_ssh_can_write_as_they_are),
	    cmocka_unit_test(the_end_in_words),
	    cmocka_unit_test(the_end_as_json),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
