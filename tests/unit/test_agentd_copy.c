// SPDX-License-Identifier: ISC
//
// The audit log's second copy: what the system's log is handed, and that neither its
// absence nor its silence holds anything up or goes untold.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "agentd/copy.h"
#include "tests/lib/auditlog.h"

static struct hs_policy policy = {.log_copy = true};
static struct hs_policyfile file = {.policy = &policy};
static struct hs_daemon d;
static struct auditlog l;
static struct hs_copy *copy;
static char path[64];

static int
system_log(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)unlink(path);
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

static void
begin(void)
{
	(void)snprintf(path, sizeof path, "%s.log", auditlog.dir);
	auditlog_open(&l);
	d = (struct hs_daemon){.loop = &l.loop, .audit = l.a, .policy = &file};
	copy = hs_copy_new(&d, path);
	assert_non_null(copy);
}

static void
rest(void)
{
	do
		auditlog_drain(&l);
	while (!hs_copy_idle(copy));
}

static void
end(void)
{
	rest();
	hs_copy_free(&copy);
	auditlog_close(&l);
	(void)unlink(path);
}

// One datagram, NUL-terminated; false where there is none.
static bool
receive(int fd, char *out, size_t size)
{
	ssize_t n = recv(fd, out, size - 1, 0);

	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static void
each_line_is_handed_over(void **state)
{
	char got[16384], want[16384], *line = NULL, *at;
	size_t cap = 0;
	int fd;
	FILE *f;

	(void)state;
	begin();
	fd = system_log();
	for (int i = 0; i < 5; i++)
		assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	rest();
	f = fopen(auditlog.file, "r");
	for (int i = 0; i < 5; i++) {
		assert_true(receive(fd, got, sizeof got));
		assert_memory_equal(got, "<86>", 4); // authpriv.info
		(void)snprintf(want, sizeof want, " handseald[%ld]: @cee:", (long)getpid());
		at = strstr(got, want);
		assert_non_null(at);
		assert_true(getline(&line, &cap, f) > 0);
		line[strcspn(line, "\n")] = '\0';
		assert_string_equal(at + strlen(want), line);
	}
	assert_false(receive(fd, got, sizeof got));
	policy.log_copy = false;
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	rest();
	assert_false(receive(fd, got, sizeof got));
	policy.log_copy = true;
	free(line);
	fclose(f);
	close(fd);
	end();
}

static void
a_long_line_by_its_hash(void **state)
{
	static char text[10000];
	struct hs_audit_record r = {.event = "ask", .time = 7};
	uint8_t head[HS_AUDIT_HASH];
	char got[16384], hex[2 * HS_AUDIT_HASH + 1];
	int fd;

	(void)state;
	begin();
	fd = system_log();
	memset(text, 'x', sizeof text - 1);
	r.shown = hs_str_c(text);
	assert_int_equal(hs_audit_put(l.a, &r, NULL, NULL, NULL, head), HS_OK);
	rest();
	assert_true(receive(fd, got, sizeof got));
	for (size_t i = 0; i < sizeof head; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", head[i]);
	assert_non_null(strstr(got, "@cee:{\"seq\":1,\"prev\":\"00"));
	assert_non_null(strstr(got, "\",\"time\":7,\"event\":\"ask\",\"line\":\""));
	assert_non_null(strstr(got, hex));
	assert_non_null(strstr(got, "\"}"));
	assert_null(strstr(got, "xxxx"));
	close(fd);
	end();
}

// Nobody reads: records are written all the same, and how many are missing is one of them.
static void
one_that_does_not_read(void **state)
{
	int fd;

	(void)state;
	begin();
	fd = system_log();
	for (int i = 0; i < 60; i++) {
		for (int k = 0; k < 20; k++) {
			struct hs_audit_record r = {.event = "issue", .time = 5};

			assert_int_equal(
			    hs_audit_put(l.a, &r, NULL, NULL, NULL, NULL), HS_OK);
		}
		auditlog_drain(&l);
	}
	rest();
	rest();
	assert_int_equal(auditlog_grep("\"event\":\"dropped\""), 1);
	assert_int_equal(auditlog_check(), 1201);
	close(fd);
	end();
}

// One that was not there is looked for now and then.
static void
put_until_it_comes(int fd)
{
	char got[16384];

	for (int i = 0; i < 40; i++) {
		assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
		rest();
		if (receive(fd, got, sizeof got))
			return;
		usleep(250000);
	}
	fail_msg("it was not found in time");
}

// Where there is no system's log nothing is missed; where it is started anew it is found.
static void
one_that_comes_and_goes(void **state)
{
	char got[16384];
	int fd;

	(void)state;
	begin();
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	rest();
	assert_int_equal(auditlog_grep("dropped"), 0);
	fd = system_log();
	put_until_it_comes(fd);
	close(fd);
	fd = system_log(); // started anew between two records
	assert_int_equal(auditlog_put(&l, "close"), HS_OK);
	rest();
	assert_true(receive(fd, got, sizeof got));
	assert_non_null(strstr(got, "\"event\":\"close\""));
	close(fd);
	(void)unlink(path);
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	rest();
	rest();
	assert_int_equal(auditlog_grep("\"event\":\"dropped\""), 1);
	assert_int_equal(auditlog_grep("\"count\":1}"), 1);
	end();
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, auditlog_fresh)
	const struct CMUnitTest tests[] = {T(each_line_is_handed_over),
	    T(a_long_line_by_its_hash), T(one_that_does_not_read),
	    T(one_that_comes_and_goes)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, auditlog_setup, auditlog_teardown);
}
