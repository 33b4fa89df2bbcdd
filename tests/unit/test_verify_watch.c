// SPDX-License-Identifier: ISC
//
// Goal of this test: what runs under handseal-shell is held against what the server's files
// say, also where these could not be read for a while (rule5).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/verify/lib/note.h"
#include "client/verify/supervise.h"
#include "tests/lib/chains.h"

#define SESSION "7c2e000000000000"
#define NOW	(CHAINS_MADE + 10)

static char top[] = "/tmp/hs-watch.XXXXXX";
static struct hs_buf root, session;
static struct hs_shell_arg arg;

static void
write_file(const char *name, struct hs_str text)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s", top, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.p, text.len), (ssize_t)text.len);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(close(fd), 0);
}

static int
setup(void **state)
{
	struct hs_buf line = {0};
	char path[128];

	hs_note_open("test", true);
	assert_int_equal(chains_make(state), 0);
	assert_non_null(mkdtemp(top));
	(void)snprintf(path, sizeof path, "%s/lists", top);
	assert_int_equal(mkdir(path, 0755), 0);
	hs_put_fmt(&line, "Revocations %s\n", path);
	write_file("verify.conf", hs_buf_str(&line));
	hs_buf_reset(&line);
	hs_put_fmt(&line, "users=\"deploy\" ");
	hs_key_put_line(&line, &chains.root.key);
	hs_put_u8(&line, '\n');
	assert_int_equal(hs_buf_err(&line), HS_OK);
	write_file("roots", hs_buf_str(&line));
	hs_buf_free(&line);
	write_file("lists/" SESSION ".list", hs_str_c("no list"));
	hs_key_put(&root, &chains.root.key);
	hs_key_put(&session, &chains.session.key);
	arg = (struct hs_shell_arg){.made = CHAINS_MADE,
	    .id = hs_str_c("handseal:" SESSION ":1:claude"),
	    .root = hs_buf_str(&root),
	    .session = hs_buf_str(&session),
	    .config = hs_str_c(top)};
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = {
	    "lists/" SESSION ".list", "lists", "roots", "verify.conf"};
	char path[128];

	(void)state;
	hs_buf_free(&root);
	hs_buf_free(&session);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", top, names[i]);
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(rmdir(top), 0);
	return 0;
}

// From here on the log goes to a file without a name.
static int
log_begin(int *was)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof path, "%s/log", top);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	*was = dup(STDERR_FILENO);
	assert_true(*was >= 0);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	return fd;
}

static void
log_end(int fd, int was, const char *want)
{
	char text[4096] = "";

	assert_true(dup2(was, STDERR_FILENO) >= 0);
	assert_true(pread(fd, text, sizeof text - 1, 0) >= 0);
	assert_string_equal(text, want);
	(void)close(was);
	(void)close(fd);
}

// A descriptor for the folder, and none for a list in it; then there is one again, and no
// file has changed.
static void
what_could_not_be_read_is_read_again(void **state)
{
	char folder[HS_LISTS_PATH_MAX], path[128], want[512];
	struct hs_shell_watch w;
	struct hs_err err = {0};
	struct rlimit was, low;
	int free_, log, stderr_;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/lists", top);
	(void)snprintf(want, sizeof want,
	    "test: what runs is not ended, but nothing would start: lists-unread, "
	    "%s/" SESSION ".list: Too many open files\n",
	    path);
	assert_int_equal(hs_shell_revoked(&arg, "deploy", NOW, false, folder, &err), HS_OK);
	assert_string_equal(folder, path);
	log = log_begin(&stderr_);
	free_ = dup(STDIN_FILENO);
	assert_true(free_ > STDERR_FILENO);
	(void)close(free_);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	low = was;
	low.rlim_cur = (rlim_t)free_ + 2; // inotify, and one
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	hs_shell_watch_begin(&w, &arg, "deploy", folder);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(hs_shell_watch_look(&w, NOW, &err), HS_OK);
		assert_int_equal(w.last, HS_NO_LISTS_UNREAD);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(hs_shell_watch_look(&w, NOW, &err), HS_OK);
	assert_int_equal(w.last, HS_OK);
	assert_false(w.again);
	hs_shell_watch_end(&w);
	log_end(log, stderr_, want); // once, and nothing of the list that never counted
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_could_not_be_read_is_read_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
