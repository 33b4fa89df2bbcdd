// SPDX-License-Identifier: ISC
//
// The audit log changes hands: what another handseald appends until the moment it lets go
// of the lock is neither overlooked nor cut off. And a log that was never attached ends
// quietly.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/lib/auditlog.h"

// What the other one still appends; NULL: nothing, it is long gone.
static const char *late;

// In place of libc's: the other daemon writes its last, and only then is the lock free.
int
flock(int fd, int operation)
{
	if (late != NULL)
		auditlog_append(late, strlen(late));
	late = NULL;
	return (int)syscall(SYS_flock, fd, operation);
}

static void
one_record(void)
{
	struct auditlog l;

	auditlog_open(&l);
	assert_int_equal(auditlog_put(&l, "start"), HS_OK);
	auditlog_close(&l);
}

// The second line of a chain that begins as one_record's does.
static void
second_line(struct hs_buf *line)
{
	struct auditlog l;
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;
	FILE *f;

	one_record();
	auditlog_open(&l);
	assert_int_equal(auditlog_put(&l, "stop"), HS_OK);
	auditlog_close(&l);
	assert_int_equal(auditlog_check(), 2);
	f = fopen(auditlog.file, "r");
	assert_non_null(f);
	assert_true(getline(&text, &cap, f) > 0);
	n = getline(&text, &cap, f);
	assert_true(n > 0);
	hs_put_raw(line, text, (size_t)n);
	hs_put_u8(line, 0);
	free(text);
	fclose(f);
}

static void
appended_while_the_lock_is_taken(void **state)
{
	struct hs_buf line = {0};
	struct auditlog l;

	(void)state;
	second_line(&line);
	auditlog_fresh(state);
	one_record();
	late = (const char *)line.p;
	auditlog_open(&l);
	assert_null(late);
	assert_int_equal(l.torn.bytes, 0);
	assert_int_equal(hs_audit_seq(l.a), 2);
	auditlog.nresults = 0;
	auditlog.next = 0;
	assert_int_equal(auditlog_put(&l, "start"), HS_OK);
	auditlog_close(&l);
	assert_int_equal(auditlog.results[0], HS_OK);
	assert_int_equal(auditlog_check(), 3);
	assert_int_equal(auditlog_grep("\"stop\""), 1);
	hs_buf_free(&line);
}

// A daemon was killed while it started a program, which has its lock until it runs.
static void
held_for_a_moment(void **state)
{
	struct auditlog l;
	int ready[2], fd, status;
	char c, path[96];
	pid_t pid;

	(void)state;
	one_record();
	(void)snprintf(path, sizeof path, "%s/" HS_AUDIT_LOCK, auditlog.dir);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fd = open(path, O_RDWR);
		if (fd < 0 || syscall(SYS_flock, fd, LOCK_EX | LOCK_NB) != 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		(void)usleep(50000); // that moment
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	auditlog_open(&l);
	auditlog_close(&l);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
never_attached(void **state)
{
	struct hs_err err = {0};
	struct hs_audit *a = NULL;
	struct hs_audit_torn torn;

	(void)state;
	assert_int_equal(hs_audit_open(auditlog.dir, NULL, &a, &torn, &err), HS_OK);
	hs_audit_detach(a);
	hs_audit_free(&a);
	assert_null(a);
}

// While a failure's next record is under way the log has not recovered yet.
static void
not_well_before_it_is_written(void **state)
{
	struct auditlog l;

	(void)state;
	auditlog_open(&l);
	assert_true(hs_audit_ok(l.a));
	auditlog.fail_write = 1;
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_drain(&l);
	assert_false(hs_audit_ok(l.a));
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	assert_false(hs_audit_ok(l.a));
	auditlog_drain(&l);
	assert_true(hs_audit_ok(l.a));
	auditlog_close(&l);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, auditlog_fresh)
	const struct CMUnitTest tests[] = {T(appended_while_the_lock_is_taken),
	    T(held_for_a_moment), T(never_attached), T(not_well_before_it_is_written)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, auditlog_setup, auditlog_teardown);
}
