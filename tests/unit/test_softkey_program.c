// SPDX-License-Identifier: ISC
//
// The programs softkey and softkey-ctl as they are run: command lines, exit statuses,
// sockets made and removed, the line "ready". They are looked for in the build folder of
// this test.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 20

static char build[PATH_MAX], dir[64], sock[96], ctl[96], state_path[96];

struct run {
	pid_t pid;
	int out; // both streams
	char text[4096];
};

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/hs-program.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(sock, sizeof sock, "%s/sock", dir);
	snprintf(ctl, sizeof ctl, "%s/ctl", dir);
	snprintf(state_path, sizeof state_path, "%s/state", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(state_path);
	assert_int_equal(rmdir(dir), 0); // the sockets are gone
	return 0;
}

static void
start(struct run *r, const char *program, const char *const *args)
{
	const char *argv[16] = {program};
	char path[PATH_MAX + 32];
	int out[2];

	memset(r, 0, sizeof *r);
	snprintf(path, sizeof path, "%s/%s", build, program);
	for (size_t i = 0; i < 14 && args[i] != NULL; i++)
		argv[i + 1] = args[i];
	assert_int_equal(pipe(out), 0);
	fflush(NULL);
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		close(out[0]);
		close(out[1]);
		alarm(120); // in case nobody ends it
		execv(path, (char **)(uintptr_t)argv);
		_exit(127);
	}
	close(out[1]);
	r->out = out[0];
}

// Reads until the text ends in a line with that word in it, or until the end if it is NULL.
static void
read_text(struct run *r, const char *until)
{
	struct pollfd p = {.fd = r->out, .events = POLLIN};
	size_t len = strlen(r->text);
	ssize_t n;

	while (until == NULL || strstr(r->text, until) == NULL) {
		assert_int_equal(poll(&p, 1, SECONDS * 1000), 1);
		n = read(r->out, r->text + len, sizeof r->text - 1 - len);
		if (n <= 0)
			return;
		len += (size_t)n;
		r->text[len] = '\0';
	}
}

// Its exit status, or 1000 and the signal.
static int
finish(struct run *r)
{
	int status;

	read_text(r, NULL);
	close(r->out);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

#define ARGS(...)                                                                          \
	(const char *const[])                                                              \
	{                                                                                  \
		__VA_ARGS__, NULL                                                          \
	}
#define NOTHING                                                                            \
	(const char *const[])                                                              \
	{                                                                                  \
		NULL                                                                       \
	}

static int
run(const char *program, const char *const *args, struct run *r)
{
	start(r, program, args);
	return finish(r);
}

static void
ready(struct run *r)
{
	read_text(r, "ready ");
	assert_memory_equal(r->text, "ready ", 6);
}

static void
says(int want, const char *const *args, const char *text)
{
	struct run r;

	assert_int_equal(run("softkey-ctl", args, &r), want);
	if (strstr(r.text, text) == NULL)
		fail_msg("no \"%s\" in \"%s\"", text, r.text);
}

static void
bad_command_lines(void **state)
{
	static const char *const want[] = {"unknown", "word too many", "are needed",
	    "1 to 3600", "1 to 3600", "1 to 3600", "unknown", "are needed"};
	const char *const *const lines[] = {
	    ARGS("-x"),
	    ARGS("-s", sock, "-c", ctl, "-S", state_path, "more"),
	    ARGS("-s", sock, "-c", ctl),
	    ARGS("-s", sock, "-c", ctl, "-S", state_path, "-t", "0"),
	    ARGS("-s", sock, "-c", ctl, "-S", state_path, "-t", "3601"),
	    ARGS("-s", sock, "-c", ctl, "-S", state_path, "-t", "soon"),
	    ARGS("-s"),
	    NOTHING,
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		assert_int_equal(run("softkey", lines[i], &r), 2);
		assert_non_null(strstr(r.text, "usage: softkey -s SOCKET"));
		assert_non_null(strstr(r.text, want[i]));
	}
	assert_int_equal(run("softkey-ctl", NOTHING, &r), 2);
	assert_non_null(strstr(r.text, "usage: softkey-ctl"));
	says(2, ARGS(ctl), "usage");
	says(2, ARGS(ctl, "two words"), "no blanks");
	says(2, ARGS(ctl, "touch\nstate"), "no blanks");
	says(2, ARGS(ctl, ""), "no blanks");
}

static void
what_cannot_be_done(void **state)
{
	char longer[200], twice[512] = "";
	struct run r;

	(void)state;
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(
	    run("softkey", ARGS("-s", longer, "-c", ctl, "-S", state_path), &r), 1);
	assert_non_null(strstr(r.text, "1 to 107 bytes"));
	assert_int_equal(
	    run("softkey", ARGS("-s", sock, "-c", "", "-S", state_path), &r), 1);
	assert_int_equal(
	    run("softkey", ARGS("-s", sock, "-c", ctl, "-S", "/nonexistent/state"), &r), 1);
	assert_non_null(strstr(r.text, "/nonexistent/state"));
	assert_int_equal(
	    run("softkey", ARGS("-s", "/nonexistent/s", "-c", ctl, "-S", state_path), &r),
	    1);
	says(1, ARGS(ctl, "state"), "softkey-ctl:"); // nobody there
	says(1, ARGS(longer, "state"), "softkey-ctl:");
	memset(twice, 'b', sizeof twice - 1);
	says(2, ARGS(ctl, twice), "no blanks");
	says(2, ARGS(ctl, longer, longer, longer), "no blanks");
}

// A host that asks for nothing but getInfo.
static void
ask_info(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	uint8_t r[64] = {0xff, 0xff, 0xff, 0xff, 0x86, 0, 8};

	memcpy(addr.sun_path, sock, strlen(sock));
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(send(fd, r, sizeof r, MSG_NOSIGNAL), 64);
	assert_int_equal(recv(fd, r, sizeof r, 0), 64);
	memmove(r, r + 15, 4); // the channel
	r[4] = 0x90;
	r[5] = 0;
	r[6] = 1;
	r[7] = 0x04;
	assert_int_equal(send(fd, r, sizeof r, MSG_NOSIGNAL), 64);
	assert_int_equal(recv(fd, r, sizeof r, 0), 64);
	assert_int_equal(r[7], 0);
	close(fd);
}

static void
serves_and_ends(void **state)
{
	struct run r;
	struct stat st;

	(void)state;
	for (int round = 0; round < 2; round++) {
		start(&r, "softkey",
		    ARGS("-s", sock, "-c", ctl, "-S", state_path, "-a", "-v", "-t", "5"));
		ready(&r);
		assert_int_equal(stat(sock, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		assert_int_equal(stat(ctl, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		says(0, ARGS(ctl, "state"), "auto on\n");
		says(0, ARGS(ctl, "auto", "off"), "ok\n");
		says(1, ARGS(ctl, "touch"), "error nothing waits\n");
		says(1, ARGS(ctl, "nonsense"), "error there is no such word\n");
		ask_info();
		assert_int_equal(kill(r.pid, round == 0 ? SIGTERM : SIGINT), 0);
		assert_int_equal(finish(&r), 0);
		assert_non_null(strstr(r.text, "softkey: getInfo is answered 00\n"));
		assert_int_equal(access(sock, F_OK), -1);
		assert_int_equal(access(ctl, F_OK), -1);
	}
}

// A second one on the same sockets is refused and takes nothing away; what a kill left is
// replaced.
static void
sockets_in_use(void **state)
{
	struct run first, second;
	int fd;

	(void)state;
	start(&first, "softkey", ARGS("-s", sock, "-c", ctl, "-S", state_path));
	ready(&first);
	assert_int_equal(
	    run("softkey", ARGS("-s", sock, "-c", ctl, "-S", state_path), &second), 1);
	assert_non_null(strstr(second.text, "in use"));
	says(0, ARGS(ctl, "state"), "ok\n");
	assert_int_equal(kill(first.pid, SIGKILL), 0);
	assert_int_equal(finish(&first), 1000 + SIGKILL);
	start(&first, "softkey", ARGS("-s", sock, "-c", ctl, "-S", state_path));
	ready(&first);
	assert_int_equal(kill(first.pid, SIGTERM), 0);
	assert_int_equal(finish(&first), 0);
	fd = open(ctl, O_WRONLY | O_CREAT | O_EXCL, 0600); // a file is not
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(
	    run("softkey", ARGS("-s", sock, "-c", ctl, "-S", state_path), &second), 1);
	assert_int_equal(unlink(ctl), 0); // still there
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(bad_command_lines),
	    T(what_cannot_be_done),
	    T(serves_and_ends),
	    T(sockets_in_use),
	};
	ssize_t n = readlink("/proc/self/exe", build, sizeof build - 1);

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (n < 0)
		return 1;
	for (int i = 0; i < 3; i++) // BUILD/tests/unit/test
		*strrchr(build, '/') = '\0';
	return cmocka_run_group_tests(tests, NULL, NULL);
}
