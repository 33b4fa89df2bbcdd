// SPDX-License-Identifier: ISC
//
// Which policy files are read, and what holds where one is not: owner, mode, folder, links,
// length, both files, and a bad new one, which leaves the old in force.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/policyfile.h"
#include "tests/lib/scratch.h"

#define GOOD "Deny user root\nAgent claude\n    Scope *\n"

static struct hs_policyfile f;
static struct hs_buf notes;
static struct hs_err err;

static void
put(const char *name, const char *text, mode_t mode)
{
	int fd;

	(void)unlink(scratch_in(name));
	fd = open(scratch_in(name), O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int
load(void)
{
	hs_buf_reset(&notes);
	return hs_policyfile_load(&f, &notes, &err);
}

static bool
noted(const char *what)
{
	return notes.len > 0 && memmem(notes.p, notes.len, what, strlen(what)) != NULL;
}

static int
setup(void **state)
{
	if (scratch_make(state) != 0)
		return -1;
	return hs_policyfile_init(&f, scratch_in("policy"), scratch_in("system"));
}

static int
teardown(void **state)
{
	hs_policyfile_free(&f);
	hs_policyfile_free(&f); // again
	hs_buf_free(&notes);
	(void)chmod(scratch_dir, 0700);
	return scratch_remove(state);
}

static void
holds_none(void)
{
	assert_false(f.policy->exists);
	assert_false(f.policy->escalate);
	assert_int_equal(f.policy->ndenies, 0);
}

// The old policy is in force, and f says why the new one is not.
static void
refuses(int code, const char *why)
{
	assert_int_equal(load(), code);
	assert_int_equal(err.code, code);
	assert_int_equal(f.bad.code, code);
	assert_non_null(strstr(hs_err_sentence(&err), why));
	assert_true(noted(why));
	assert_true(f.policy->exists);
	assert_int_equal(f.policy->ndenies, 1);
}

static void
no_file(void **state)
{
	(void)state;
	holds_none();
	assert_int_equal(load(), HS_OK);
	assert_int_equal(f.bad.code, HS_OK);
	holds_none();
	assert_int_equal(notes.len, 0);
}

static void
no_folder(void **state)
{
	(void)state;
	hs_policyfile_free(&f);
	assert_int_equal(
	    hs_policyfile_init(&f, scratch_in("no/policy"), scratch_in("none/policy")),
	    HS_OK);
	assert_int_equal(load(), HS_OK);
	holds_none();
}

static void
a_good_one(void **state)
{
	(void)state;
	put("policy", GOOD, 0600);
	assert_int_equal(load(), HS_OK);
	assert_true(f.policy->exists && f.policy->escalate);
	assert_int_equal(f.policy->ndenies, 1);
	assert_true(noted("/policy:2:1: warning: ")); // `Scope *`
	put("policy", GOOD, 0644);
	assert_int_equal(load(), HS_OK);
	assert_int_equal(unlink(scratch_in("policy")), 0);
	assert_int_equal(load(), HS_OK); // it went: what holds then is narrower
	holds_none();
}

static void
others_can_write_it(void **state)
{
	static const mode_t modes[] = {0620, 0602, 0666};

	(void)state;
	put("policy", GOOD, 0600);
	assert_int_equal(load(), HS_OK);
	for (size_t i = 0; i < 3; i++) {
		put("policy", "", modes[i]);
		refuses(HS_ERR_IO, "can be written by others");
	}
	put("policy", GOOD, 0600);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(chmod(scratch_dir, i == 0 ? 0770 : 0707), 0);
		refuses(HS_ERR_IO, "can be written by others");
	}
	assert_int_equal(chmod(scratch_dir, 01777), 0); // nor a sticky folder
	refuses(HS_ERR_IO, "can be written by others");
	assert_int_equal(chmod(scratch_dir, 0700), 0);
	assert_int_equal(load(), HS_OK);
	assert_int_equal(f.bad.code, HS_OK);
}

static void
another_owns_it(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return; // who is not root cannot make such a file
	put("policy", GOOD, 0600);
	assert_int_equal(load(), HS_OK);
	assert_int_equal(chown(scratch_in("policy"), 65534, 65534), 0);
	refuses(HS_ERR_IO, "belongs to uid 65534");
	assert_int_equal(chown(scratch_in("policy"), 0, 0), 0);
	assert_int_equal(chown(scratch_dir, 65534, 65534), 0);
	refuses(HS_ERR_IO, "belongs to uid 65534");
	assert_int_equal(chown(scratch_dir, 0, 0), 0);
}

static void
links_folders_and_pipes(void **state)
{
	(void)state;
	put("policy", GOOD, 0600);
	assert_int_equal(load(), HS_OK);
	put("real", "", 0600);
	assert_int_equal(unlink(scratch_in("policy")), 0);
	assert_int_equal(symlink("real", scratch_in("policy")), 0);
	refuses(HS_ERR_IO, "policy");
	assert_int_equal(unlink(scratch_in("policy")), 0);
	assert_int_equal(symlink("nowhere", scratch_in("policy")), 0);
	refuses(HS_ERR_IO, "policy"); // not the same as no file
	assert_int_equal(unlink(scratch_in("policy")), 0);
	assert_int_equal(mkfifo(scratch_in("policy"), 0600), 0); // does not block either
	refuses(HS_ERR_IO, "not a regular file");
	assert_int_equal(unlink(scratch_in("policy")), 0);
	assert_int_equal(mkdir(scratch_in("policy"), 0700), 0);
	refuses(HS_ERR_IO, "not a regular file");
	assert_int_equal(rmdir(scratch_in("policy")), 0);
}

static void
errors_are_all_told(void **state)
{
	(void)state;
	put("policy", GOOD, 0600);
	assert_int_equal(load(), HS_OK);
	put("policy", "Denny user root\nDeny user -root\n", 0600);
	refuses(HS_ERR_CONFIG, "Denny");
	assert_int_equal(err.line, 1);
	assert_int_equal(err.column, 1);
	assert_true(noted("/policy:1:1: ") && noted("/policy:2:11: "));
	assert_false(noted("warning"));
	put("policy", "", 0600);
	assert_int_equal(load(), HS_OK);
	assert_int_equal(f.policy->ndenies, 0);
}

static void
too_long(void **state)
{
	int fd;

	(void)state;
	put("policy", GOOD, 0600);
	assert_int_equal(load(), HS_OK);
	fd = open(scratch_in("policy"), O_WRONLY);
	assert_true(fd >= 0);
	for (int i = 0; i < 1000000; i += 1000) { // a million lines
		char lines[1000];

		memset(lines, '\n', sizeof lines);
		assert_int_equal(write(fd, lines, sizeof lines), sizeof lines);
	}
	close(fd);
	assert_int_equal(load(), HS_ERR_TOO_LONG);
	assert_int_equal(f.bad.code, HS_ERR_TOO_LONG);
	assert_int_equal(f.policy->ndenies, 1);
	assert_int_equal(truncate(scratch_in("policy"), HS_POLICY_BYTES_MAX + 1), 0);
	assert_int_equal(load(), HS_ERR_TOO_LONG);
}

static void
strange_bytes(void **state)
{
	int fd;

	(void)state;
	put("policy", GOOD, 0600);
	assert_int_equal(load(), HS_OK);
	put("policy", "Deny user root\r\n", 0600);
	refuses(HS_ERR_CONFIG, "");
	assert_true(noted("/policy:1:15: "));
	fd = open(scratch_in("policy"), O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "#\0\n", 3), 3);
	close(fd);
	refuses(HS_ERR_CONFIG, "");
	assert_true(noted("/policy:1:2: "));
	put("policy", "Deny user root", 0600); // the last line may lack its end
	assert_int_equal(load(), HS_OK);
}

static void
the_system_narrows(void **state)
{
	(void)state;
	(void)unlink(scratch_in("policy"));
	put("policy", "Deny user root\nSession\n    MaxTTL 4h\nAgent claude\n    Scope *\n",
	    0600);
	put("system", "Deny host *\nUnplug close\nSession\n    MaxTTL 1h\n", 0644);
	assert_int_equal(load(), HS_OK);
	assert_int_equal(f.policy->ndenies, 2);
	assert_int_equal(f.policy->max_ttl, 3600);
	assert_int_equal(f.policy->unplug, HS_UNPLUG_CLOSE);
	put("system", "Escalate ask\n", 0644); // which would widen
	assert_int_equal(load(), HS_ERR_CONFIG);
	assert_true(noted("/system:1:10: "));
	assert_int_equal(f.policy->ndenies, 2); // the old one, whole
	assert_int_equal(f.policy->max_ttl, 3600);
	put("policy", "Denny\n", 0600); // both are bad: both are told, the user's first
	assert_int_equal(load(), HS_ERR_CONFIG);
	assert_true(noted("/policy:1:1: ") && noted("/system:1:10: "));
	assert_non_null(strstr(hs_err_sentence(&err), "Denny"));
}

// Who has no file of his own is narrowed by root's all the same.
static void
the_system_alone(void **state)
{
	(void)state;
	put("system",
	    "Deny host *\nMainSocket ask\nSession\n    MaxTTL 1h\nLimits\n    Waiting 2\n",
	    0644);
	assert_int_equal(load(), HS_OK);
	assert_false(f.policy->exists);
	assert_int_equal(f.policy->ndenies, 1);
	assert_int_equal(f.policy->max_ttl, 3600);
	assert_int_equal(f.policy->waiting, 2);
	assert_true(f.policy->main_asks);
	put("system", "Deny host *\n", 0666);
	assert_int_equal(load(), HS_ERR_IO);
	assert_int_equal(f.policy->max_ttl, 3600);
}

static void
paths_that_are_too_long(void **state)
{
	char path[PATH_MAX + 8];

	(void)state;
	hs_policyfile_free(&f);
	memset(path, 'a', sizeof path);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	assert_int_equal(hs_policyfile_init(&f, path, "/x"), HS_ERR_TOO_LONG);
	hs_policyfile_free(&f);
	assert_int_equal(hs_policyfile_init(&f, "/x", path), HS_ERR_TOO_LONG);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(no_file), T(no_folder), T(a_good_one),
	    T(others_can_write_it), T(another_owns_it), T(links_folders_and_pipes),
	    T(errors_are_all_told), T(too_long), T(strange_bytes), T(the_system_narrows),
	    T(the_system_alone), T(paths_that_are_too_long)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
