// SPDX-License-Identifier: ISC
//
// The audit log's file: what is found in it at start, who may write it, and what happens
// when somebody else does. The chain and the groups are in test_agentd_audit.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/lib/auditlog.h"

static void
torn_tails(void **state)
{
	static const char zeros[100];
	struct auditlog l;

	(void)state;
	auditlog_open(&l);
	assert_int_equal(auditlog_put(&l, "start"), HS_OK);
	auditlog_close(&l);
	auditlog_append("{\"seq\":2,\"prev\":\"00", 18);
	auditlog_open(&l);
	assert_int_equal(l.torn, 18);
	assert_int_equal(hs_audit_seq(l.a), 1);
	auditlog_close(&l);
	auditlog_append(zeros, sizeof zeros);
	auditlog_open(&l);
	assert_int_equal(l.torn, 100);
	auditlog.nresults = 0;
	auditlog.next = 0;
	assert_int_equal(auditlog_put(&l, "start"), HS_OK);
	auditlog_close(&l);
	assert_int_equal(auditlog_check(), 2);
	auditlog_fresh(NULL);
	close(open(auditlog.file, O_CREAT | O_WRONLY, 0600));
	auditlog_append("torn", 4); // and nothing else
	auditlog_open(&l);
	assert_int_equal(l.torn, 4);
	assert_int_equal(hs_audit_seq(l.a), 0);
	auditlog_close(&l);
}

static void
not_a_log(void **state)
{
	struct hs_err err = {0};
	struct auditlog l;

	(void)state;
	close(open(auditlog.file, O_CREAT | O_WRONLY, 0600));
	auditlog_append("my diary\n", 9);
	assert_int_equal(auditlog_try(&l, &err), HS_ERR_IO);
	assert_non_null(strstr(err.text, "does not end with a record"));
	assert_int_equal(auditlog_grep("my diary"), 1); // left alone
}

static void
who_may_write_it(void **state)
{
	struct hs_err err = {0};
	struct auditlog l, second;

	(void)state;
	auditlog_open(&l);
	assert_int_equal(auditlog_try(&second, &err), HS_ERR_IO);
	assert_non_null(strstr(err.text, "another handseald"));
	auditlog_close(&l);
	assert_int_equal(chmod(auditlog.file, 0622), 0);
	assert_int_equal(auditlog_try(&l, &err), HS_ERR_IO);
	assert_non_null(strstr(err.text, "written by others"));
	assert_int_equal(unlink(auditlog.file), 0);
	assert_int_equal(symlink("/dev/null", auditlog.file), 0);
	assert_int_equal(auditlog_try(&l, &err), HS_ERR_IO);
	assert_int_equal(unlink(auditlog.file), 0);
	assert_int_equal(mkdir(auditlog.file, 0700), 0);
	assert_int_equal(auditlog_try(&l, &err), HS_ERR_IO);
	assert_int_equal(rmdir(auditlog.file), 0);
	assert_int_equal(chmod(auditlog.dir, 0777), 0);
	assert_int_equal(auditlog_try(&l, &err), HS_ERR_IO);
	assert_int_equal(chmod(auditlog.dir, 0700), 0);
}

// Somebody else writes to it, or deletes it: nothing more is recorded, so nothing more is
// issued.
static void
changed_underneath(void **state)
{
	struct auditlog l;

	(void)state;
	auditlog_open(&l);
	auditlog_append("x\n", 2);
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_drain(&l);
	assert_int_equal(auditlog.results[0], HS_NO_RECORD);
	assert_int_equal(truncate(auditlog.file, 0), 0);
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_drain(&l);
	assert_int_equal(auditlog.results[1], HS_OK);
	assert_int_equal(unlink(auditlog.file), 0);
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_drain(&l);
	assert_int_equal(auditlog.results[2], HS_NO_RECORD);
	auditlog_close(&l);
}

static void
long_lines_are_found_again(void **state)
{
	struct hs_audit_record r = {.event = "ask"};
	char *text = malloc(300000);
	struct auditlog l;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 300000);
	for (int i = 0; i < 12; i++) {
		r.shown = (struct hs_str){(uint8_t *)text, 300000};
		auditlog_open(&l);
		assert_int_equal(hs_audit_seq(l.a), i);
		assert_int_equal(hs_audit_put(l.a, &r, NULL, NULL, NULL, NULL), HS_OK);
		auditlog_close(&l);
	}
	assert_int_equal(auditlog_check(), 12);
	// one that no buffer holds is not taken, and breaks nothing
	auditlog_open(&l);
	for (int i = 0; i < 300000; i++)
		text[i] = '\1';
	assert_int_equal(hs_audit_put(l.a, &r, NULL, NULL, NULL, NULL), HS_NO_RECORD);
	assert_int_equal(auditlog_put(&l, "refuse"), HS_OK);
	auditlog_close(&l);
	assert_int_equal(auditlog_check(), 13);
	free(text);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, auditlog_fresh)
	const struct CMUnitTest tests[] = {T(torn_tails), T(not_a_log), T(who_may_write_it),
	    T(changed_underneath), T(long_lines_are_found_again)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, auditlog_setup, auditlog_teardown);
}
