// SPDX-License-Identifier: ISC
//
// Files as the client writes and reads them: whole or not at all, never over what is there,
// with the right modes, where XDG says.
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "client/handseal/paths.h"
#include "proto/text.h"
#include "tests/lib/scratch.h"

static void
a_file_appears_whole_with_its_mode(void **state)
{
	(void)state;
	umask(0);
	assert_int_equal(
	    hs_paths_write(scratch_in("secret"), hs_str_c("one"), 0600, false, NULL),
	    HS_OK);
	assert_int_equal(scratch_mode("secret"), 0600);
	umask(077);
	assert_int_equal(
	    hs_paths_write(scratch_in("public"), hs_str_c("two"), 0644, false, NULL),
	    HS_OK);
	assert_int_equal(scratch_mode("public"), 0644);
	scratch_holds("secret", "one");
	assert_int_equal(scratch_count(), 2);
}

static void
what_exists_is_not_overwritten(void **state)
{
	struct hs_err err = {0};

	(void)state;
	assert_int_equal(
	    hs_paths_write(scratch_in("f"), hs_str_c("old"), 0600, false, NULL), HS_OK);
	assert_int_equal(
	    hs_paths_write(scratch_in("f"), hs_str_c("new"), 0600, false, &err), HS_ERR_IO);
	assert_non_null(strstr(err.text, "never overwritten"));
	scratch_holds("f", "old");
	assert_int_equal(symlink("/nonexistent/target", scratch_in("dangling")), 0);
	assert_int_equal(
	    hs_paths_write(scratch_in("dangling"), hs_str_c("new"), 0600, false, NULL),
	    HS_ERR_IO);
	assert_int_equal(
	    hs_paths_write(scratch_in("f"), hs_str_c("new"), 0600, true, NULL), HS_OK);
	scratch_holds("f", "new");
	assert_int_equal(
	    hs_paths_write("/nonexistent/f", hs_str_c("x"), 0600, false, NULL), HS_ERR_IO);
	assert_int_equal(scratch_count(), 2);
}

// Names of a file that is being written, as whoever lists the folder then sees them.
static void
what_is_not_whole_is_hidden(void **state)
{
	struct hs_buf big = {0};
	struct dirent *e;
	bool seen = false;
	DIR *d;
	pid_t pid;
	int status = 0;

	(void)state;
	assert_non_null(hs_put_space(&big, 100));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) { // dies in the middle: no more than 10 bytes fit into a file
		const struct rlimit few = {10, 10};

		(void)setrlimit(RLIMIT_FSIZE, &few);
		(void)hs_paths_write(
		    scratch_in("blue"), hs_buf_str(&big), 0600, false, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	d = opendir(scratch_dir);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		assert_int_equal(e->d_name[0], '.');
		if (strncmp(e->d_name, ".blue.", 6) == 0) {
			seen = true;
			assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
		}
	}
	assert_true(seen);
	closedir(d);
	assert_int_equal(chdir(scratch_dir), 0); // a name without a folder
	assert_int_equal(hs_paths_write("f", hs_str_c("x"), 0600, false, NULL), HS_OK);
	assert_int_equal(chdir("/"), 0);
	scratch_holds("f", "x");
	assert_int_equal(scratch_count(), 1);
	hs_buf_free(&big);
}

static void
reading_is_bounded(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	assert_int_equal(
	    hs_paths_write(scratch_in("f"), hs_str_c("12345"), 0600, false, NULL), HS_OK);
	assert_int_equal(hs_paths_read(scratch_in("f"), 5, false, &b, NULL), HS_OK);
	assert_int_equal(
	    hs_paths_read(scratch_in("f"), 4, false, &b, NULL), HS_ERR_TOO_LONG);
	assert_int_equal(hs_paths_read(scratch_in("none"), 4, false, &b, NULL), HS_NO_SUCH);
	assert_int_equal(hs_paths_read("-", 4, false, &b, NULL), HS_NO_SUCH);
	assert_int_equal(hs_paths_read("/dev/zero", 4, false, &b, NULL), HS_ERR_IO);
	assert_int_equal(hs_paths_read(scratch_dir, 4, false, &b, NULL), HS_ERR_IO);
	hs_buf_free(&b);
}

static void
xdg_says_where(void **state)
{
	char path[HS_PATHS_MAX], *long_name = malloc(HS_PATHS_MAX + 2);

	(void)state;
	assert_non_null(long_name);
	setenv("HOME", "/home/anna", 1);
	setenv("XDG_CONFIG_HOME", "/cfg", 1);
	assert_int_equal(hs_paths_config("roots", path, NULL), HS_OK);
	assert_string_equal(path, "/cfg/handseal/roots");
	assert_int_equal(hs_paths_config("", path, NULL), HS_OK);
	assert_string_equal(path, "/cfg/handseal");
	setenv("XDG_CONFIG_HOME", "relative", 1);
	assert_int_equal(hs_paths_config("roots", path, NULL), HS_OK);
	assert_string_equal(path, "/home/anna/.config/handseal/roots");
	memset(long_name, 'x', HS_PATHS_MAX + 1);
	long_name[HS_PATHS_MAX + 1] = '\0';
	assert_int_equal(hs_paths_config(long_name, path, NULL), HS_ERR_TOO_LONG);
	free(long_name);
}

static void
folders_are_made_closed(void **state)
{
	char path[64];
	struct stat st;

	(void)state;
	umask(0);
	snprintf(path, sizeof path, "%s/.a/.b", scratch_dir);
	assert_int_equal(hs_paths_make(path, NULL), HS_OK);
	assert_int_equal(hs_paths_make(path, NULL), HS_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(rmdir(path), 0);
	snprintf(path, sizeof path, "%s/.a", scratch_dir);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(hs_paths_make("/dev/null/x", NULL), HS_ERR_IO);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {T(a_file_appears_whole_with_its_mode),
	    T(what_exists_is_not_overwritten), T(what_is_not_whole_is_hidden),
	    T(reading_is_bounded), T(xdg_says_where), T(folders_are_made_closed)};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
