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
torn_is(const struct auditlog *l, const char *text, size_t len)
{
	uint8_t hash[HS_AUDIT_HASH];

	assert_int_equal(l->torn.bytes, len);
	assert_int_equal(
	    hs_auditline_hash((struct hs_str){(const uint8_t *)text, len}, hash), HS_OK);
	assert_memory_equal(l->torn.sha256, hash, sizeof hash);
}

// What is torn is set aside, and told until it is on record.
static void
torn_tails(void **state)
{
	static const char half[] = "{\"seq\":2,\"prev\":\"00", zeros[100000];
	struct auditlog l;

	(void)state;
	auditlog_open(&l);
	assert_int_equal(auditlog_put(&l, "start"), HS_OK);
	auditlog_close(&l);
	auditlog_append(half, 18);
	for (int i = 0; i < 2; i++) {
		auditlog_open(&l);
		torn_is(&l, half, 18);
		assert_int_equal(hs_audit_seq(l.a), 1);
		auditlog_close(&l);
	}
	assert_int_equal(auditlog_check(), 1);
	auditlog_open(&l);
	auditlog.nresults = 0;
	auditlog.next = 0;
	assert_int_equal(auditlog_put(&l, "torn"), HS_OK);
	auditlog_close(&l);
	auditlog_append(zeros, sizeof zeros);
	auditlog_open(&l);
	assert_int_equal(l.torn.bytes, 0); // NULs are nothing
	assert_int_equal(hs_audit_seq(l.a), 2);
	auditlog_close(&l);
	assert_int_equal(auditlog_check(), 2);
	assert_int_equal(auditlog_asides("torn"), 1);
}

static void
torn_and_nothing_else(void **state)
{
	struct auditlog l;

	(void)state;
	close(open(auditlog.file, O_CREAT | O_WRONLY, 0600));
	auditlog_append("torn\0\0", 6);
	auditlog_open(&l);
	torn_is(&l, "torn", 4);
	assert_int_equal(hs_audit_seq(l.a), 0);
	auditlog_close(&l);
}

// Of a group that was not synced when the power failed, any page may be missing.
static void
a_page_is_missing(void **state)
{
	char text[20000];
	struct stat st, was;
	struct auditlog l;
	ssize_t len;
	int fd;

	(void)state;
	auditlog_open(&l);
	assert_int_equal(auditlog_put(&l, "start"), HS_OK);
	auditlog_drain(&l);
	assert_int_equal(stat(auditlog.file, &was), 0);
	for (int i = 0; i < 60; i++)
		assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_close(&l);
	assert_int_equal(stat(auditlog.file, &st), 0);
	assert_true(st.st_size > 3 * 1024);
	fd = open(auditlog.file, O_RDWR);
	len = pread(fd, text, sizeof text, 0);
	assert_int_equal(len, st.st_size);
	memset(text + was.st_size + 10, 0, 1024); // in the first of the group
	assert_int_equal(pwrite(fd, text, (size_t)len, 0), len);
	close(fd);
	auditlog_open(&l);
	torn_is(&l, text + was.st_size, (size_t)(len - was.st_size));
	assert_int_equal(hs_audit_seq(l.a), 1);
	auditlog.nresults = 0;
	auditlog.next = 0;
	assert_int_equal(auditlog_put(&l, "torn"), HS_OK);
	auditlog_close(&l);
	assert_int_equal(auditlog_check(), 2);
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

// ---- somebody else has a hand in it

enum { WRITTEN, CUT, EMPTIED, DELETED, MOVED, REPLACED, FOLDER, WAYS };

static void
change(int how)
{
	char kept[sizeof auditlog.file + 8];

	(void)snprintf(kept, sizeof kept, "%s.kept", auditlog.file);
	switch (how) {
	case WRITTEN:
		auditlog_append("x\n", 2);
		return;
	case CUT:
		assert_int_equal(truncate(auditlog.file, 200), 0);
		return;
	case EMPTIED:
		assert_int_equal(truncate(auditlog.file, 0), 0);
		return;
	case DELETED:
		assert_int_equal(unlink(auditlog.file), 0);
		return;
	default:
		assert_int_equal(rename(auditlog.file, kept), 0);
	}
	if (how == REPLACED) {
		close(open(auditlog.file, O_CREAT | O_WRONLY, 0600));
		auditlog_append("another's\n", 10);
	} else if (how == FOLDER) {
		assert_int_equal(mkdir(auditlog.file, 0700), 0);
	}
}

static const struct {
	const char *says;
	int files, odd;
	bool whole; // no line of it is lost
} ways[WAYS] = {[WRITTEN] = {"the file before was written to by", 2, 1, true},
    [CUT] = {"the file before was cut off by", 2, 0, false},
    [EMPTIED] = {"the file before was cut off by", 2, 0, false},
    [DELETED] = {"the file before was deleted by", 1, 0, false},
    [MOVED] = {"the file before was moved away by", 1, 0, false},
    [REPLACED] = {"the file before was moved away by", 1, 1, false},
    [FOLDER] = {"the file before was moved away by", 1, 1, false}};

// What waits is refused, since somebody should know; then it goes on in a new file, which
// says why, and the chain with it.
static void
changed(int how)
{
	char odd[sizeof auditlog.dir + 48];
	struct auditlog l;

	auditlog_open(&l);
	assert_int_equal(auditlog_put(&l, "start"), HS_OK);
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_drain(&l);
	change(how);
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_drain(&l);
	assert_int_equal(auditlog.results[2], HS_NO_RECORD);
	assert_false(hs_audit_ok(l.a));
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_drain(&l);
	assert_int_equal(auditlog.results[3], HS_OK);
	assert_true(hs_audit_ok(l.a));
	assert_int_equal(hs_audit_seq(l.a), 5); // start issue break voided issue
	auditlog_close(&l);
	assert_int_equal(auditlog_files(), ways[how].files);
	assert_int_equal(auditlog_asides("odd"), ways[how].odd);
	assert_int_equal(auditlog_grep(ways[how].says), 1);
	assert_int_equal(auditlog_grep("\"event\":\"voided\""), 1);
	if (ways[how].whole)
		assert_int_equal(auditlog_check(), 5);
	(void)snprintf(odd, sizeof odd, "%s/audit.odd.%020d", auditlog.dir, 3);
	if (how == FOLDER)
		assert_int_equal(rmdir(odd), 0);
	auditlog_open(&l); // and it is a log as any
	assert_int_equal(hs_audit_seq(l.a), 5);
	auditlog_close(&l);
}

static void
changed_underneath(void **state)
{
	for (int how = 0; how < WAYS; how++) {
		auditlog_fresh(state);
		changed(how);
	}
}

#define LOAD 2000

static void
put(struct auditlog *l)
{
	struct hs_audit_record r = {.event = "issue", .time = 5};

	assert_int_equal(hs_audit_put(l->a, &r, NULL, NULL, NULL, NULL), HS_OK);
}

// Cut back, but of nothing that was written: NULs.
static void
what_was_made_ahead_is_cut(void **state)
{
	struct auditlog l;
	struct stat st;
	off_t len;

	(void)state;
	auditlog.fast = true; // as a disk of the day is
	auditlog_open(&l);
	for (int i = 0; i < LOAD; i++) { // one after the other, as under load
		put(&l);
		auditlog_drain(&l);
	}
	assert_int_equal(stat(auditlog.file, &st), 0);
	assert_true(st.st_size > 1 << 20);
	assert_int_equal(auditlog_check(), LOAD);
	auditlog.next = 0;
	assert_int_equal(truncate(auditlog.file, 1 << 20), 0);
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_drain(&l);
	assert_int_equal(auditlog.results[0], HS_OK);
	for (int i = 0; i < 10000 && st.st_size > 1 << 19; i++) {
		uv_run(&l.loop, UV_RUN_NOWAIT);
		usleep(1000);
		assert_int_equal(stat(auditlog.file, &st), 0);
	}
	len = st.st_size; // it is quiet: as long as it need be
	assert_true(len < 1 << 19);
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_close(&l);
	assert_int_equal(stat(auditlog.file, &st), 0);
	assert_true(st.st_size > len);
	assert_int_equal(auditlog_check(), LOAD + 2);
	assert_int_equal(auditlog_files(), 1);
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
	const struct CMUnitTest tests[] = {T(torn_tails), T(torn_and_nothing_else),
	    T(a_page_is_missing), T(not_a_log), T(who_may_write_it), T(changed_underneath),
	    T(what_was_made_ahead_is_cut), T(long_lines_are_found_again)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, auditlog_setup, auditlog_teardown);
}
