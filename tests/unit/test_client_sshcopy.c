// SPDX-License-Identifier: ISC
//
// Which of ssh's configuration files are copied, under which name, and how the copies point
// to each other; what is refused. That ssh reads the copies as it would have read the
// originals is run_ssh.t's part.
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
#include "client/handseal/sshcopy.h"
#include "tests/lib/scratch.h"

static struct hs_sshcopy copy;
static struct hs_err err;

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(scratch_in(name), "w");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) < 0, 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(scratch_in(name), 0644), 0);
}

static int
read_all(void)
{
	char user[64], system[64];

	snprintf(user, sizeof user, "%s/user", scratch_dir);
	snprintf(system, sizeof system, "%s/system", scratch_dir);
	hs_sshcopy_free(&copy);
	err = (struct hs_err){0};
	return hs_sshcopy_read(&copy, user, system, &err);
}

static int
make(void **state)
{
	if (scratch_make(state) != 0 || mkdir(scratch_in("user"), 0755) != 0 ||
	    mkdir(scratch_in("system"), 0755) != 0 || mkdir(scratch_in("out"), 0700) != 0)
		return -1;
	return setenv("HOME", scratch_dir, 1);
}

static int
end(void **state)
{
	static const char *const files[] = {"user/config", "user/a", "user/b",
	    "user/c.conf", "user/d.conf", "user/folder", "system/ssh_config", "system/a",
	    "system/b", "out/config", "out/1", "out/2", "out/3", "out/4", "out/5", "out/6"};

	hs_sshcopy_free(&copy);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		(void)unlink(scratch_in(files[i]));
		(void)rmdir(scratch_in(files[i]));
	}
	(void)rmdir(scratch_in("user"));
	(void)rmdir(scratch_in("system"));
	(void)rmdir(scratch_in("out"));
	return scratch_remove(state);
}

// The copies, written to out.
static void
assert_copies(size_t n)
{
	char out[64];

	assert_int_equal(read_all(), HS_OK);
	assert_int_equal(copy.n, n);
	snprintf(out, sizeof out, "%s/out", scratch_dir);
	assert_int_equal(hs_sshcopy_write(&copy, out, &err), HS_OK);
	assert_int_equal(scratch_mode("out/config"), 0600);
}

static void
holds(const char *name, const char *format)
{
	char want[1024];
	size_t n = 0;

	for (const char *p = format; *p != '\0' && n < sizeof want - 64; p++) {
		if (*p == '@')
			n += (size_t)snprintf(want + n, 64, "%s/out", scratch_dir);
		else
			want[n++] = *p;
	}
	want[n] = '\0';
	scratch_holds(name, want);
}

static void
without_any_there_is_an_empty_one(void **state)
{
	(void)state;
	assert_copies(2);
	holds("out/config", "Match all\nInclude @/1\n");
	holds("out/1", "");
}

static void
the_system_s_stands_behind_the_user_s(void **state)
{
	(void)state;
	put("user/config", "Host a\n\tUser u\n\tIdentityFile x");
	put("system/ssh_config", "User s\nIdentityAgent y\n");
	assert_copies(2);
	holds("out/config", "Host a\nUser u\n\nMatch all\nInclude @/1\n");
	holds("out/1", "User s\n\n");
}

static void
includes_are_copied_and_pointed_to(void **state)
{
	(void)state;
	put("user/config", "Include a *.conf none ~/user/b\nInclude a\n");
	put("user/a", "User a\nInclude config b\n");
	put("user/b", "IdentityFile x\nPort 2\n");
	put("user/c.conf", "User c\n");
	put("user/d.conf", "User d\n");
	put("system/ssh_config", "Include b\n");
	put("system/b", "User system\n");
	assert_copies(7);
	holds(
	    "out/config", "Include @/1 @/2 @/3 @/4\nInclude @/1\nMatch all\nInclude @/5\n");
	holds("out/1", "User a\nInclude @/config @/4\n"); // one copy of each
	holds("out/2", "User c\n");
	holds("out/4", "\nPort 2\n");
	holds("out/5", "Include @/6\n");
	holds("out/6", "User system\n");
}

static void
a_file_and_a_folder_of_the_same_pattern(void **state)
{
	(void)state;
	put("user/config", "Include f* a\n");
	put("user/a", "Port 1\n");
	assert_int_equal(mkdir(scratch_in("user/folder"), 0755), 0);
	assert_copies(4);
	holds("out/config", "Include @/1 @/2\nMatch all\nInclude @/3\n");
	holds("out/1", "");
}

static void
assert_refused(int code, const char *part)
{
	assert_int_equal(read_all(), code);
	assert_int_equal(err.code, code);
	if (strstr(err.text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static void
what_others_can_write_is_refused(void **state)
{
	(void)state;
	put("user/config", "User a\n");
	assert_int_equal(chmod(scratch_in("user/config"), 0664), 0);
	assert_refused(HS_ERR_CONFIG, "chmod go-w");
	put("user/config", "Include a\n");
	put("user/a", "User a\n");
	assert_int_equal(chmod(scratch_in("user/a"), 0602), 0);
	assert_refused(HS_ERR_CONFIG, "others can write");
	put("user/config", "");
	put("system/ssh_config", "Include a\n"); // which ssh itself trusts as it is
	assert_int_equal(chmod(scratch_in("system/ssh_config"), 0666), 0);
	assert_int_equal(read_all(), HS_OK);
	put("system/a", "");
	assert_int_equal(chmod(scratch_in("system/a"), 0666), 0);
	assert_refused(HS_ERR_CONFIG, "others can write");
}

static void
includes_that_cannot_be_followed_are_refused(void **state)
{
	(void)state;
	put("user/config", "\nInclude %h\n");
	assert_refused(HS_ERR_CONFIG, "user/config:2: Include %h cannot be followed");
	put("user/config", "Include ${HOME}/x\n");
	assert_refused(HS_ERR_CONFIG, "config:1: ");
	put("user/config", "Include \"a\n");
	assert_refused(HS_ERR_CONFIG, "config:1: the quotes");
	put("user/config", "");
	put("system/ssh_config", "Include ~/x\n"); // ssh: bad include path
	assert_refused(HS_ERR_CONFIG, "ssh_config:1: Include ~/x");
}

static void
a_pipe_is_no_configuration(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(scratch_in("user/config"), 0600), 0);
	assert_refused(HS_ERR_IO, "is no file");
	assert_int_equal(unlink(scratch_in("user/config")), 0);
	assert_int_equal(symlink("/dev/null", scratch_in("user/config")), 0);
	if (getuid() != 0) // it must belong to us or to root, and be nobody else's to write
		return;
	assert_refused(HS_ERR_CONFIG, "others can write");
}

static void
there_is_an_end_to_it(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	for (size_t i = 0; i < HS_SSHCOPY_BYTES; i++)
		hs_put_fmt(&b, "\n");
	hs_put_fmt(&b, "User a\n");
	hs_put_u8(&b, 0);
	put("user/config", (const char *)b.p);
	assert_refused(HS_ERR_TOO_LONG, "more than");
	hs_buf_reset(&b);
	for (size_t i = 0; i < HS_SSHCOPY_FILES; i++) { // as many names of one file
		hs_put_fmt(&b, "Include ");
		for (size_t j = 0; j < i; j++)
			hs_put_fmt(&b, "./");
		hs_put_fmt(&b, "a\n");
	}
	hs_put_u8(&b, 0);
	put("user/config", (const char *)b.p);
	put("user/a", "");
	assert_refused(HS_ERR_TOO_LONG, "more than 256 files");
	hs_buf_free(&b);
}

static void
what_is_there_is_not_written_over(void **state)
{
	char out[64];

	(void)state;
	assert_int_equal(read_all(), HS_OK);
	put("out/1", "mine");
	snprintf(out, sizeof out, "%s/out", scratch_dir);
	assert_int_equal(hs_sshcopy_write(&copy, out, &err), HS_ERR_IO);
	scratch_holds("out/1", "mine");
}

static void
the_user_s_folder_is_the_password_file_s(void **state)
{
	char dir[4096], small[4];

	(void)state;
	assert_int_equal(hs_sshcopy_user_dir(dir, sizeof dir, NULL), HS_OK);
	assert_true(strlen(dir) > 5 && strcmp(dir + strlen(dir) - 5, "/.ssh") == 0);
	assert_null(strstr(dir, scratch_dir)); // which HOME is
	assert_int_equal(hs_sshcopy_user_dir(small, sizeof small, NULL), HS_ERR_TOO_LONG);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(without_any_there_is_an_empty_one),
	    TEST(the_system_s_stands_behind_the_user_s),
	    TEST(includes_are_copied_and_pointed_to),
	    TEST(a_file_and_a_folder_of_the_same_pattern),
	    TEST(what_others_can_write_is_refused),
	    TEST(includes_that_cannot_be_followed_are_refused),
	    TEST(a_pipe_is_no_configuration),
	    TEST(there_is_an_end_to_it),
	    TEST(what_is_there_is_not_written_over),
	    TEST(the_user_s_folder_is_the_password_file_s),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
