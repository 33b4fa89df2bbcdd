// SPDX-License-Identifier: ISC
//
// The audit log over several files: finished by size and by age, gone on from wherever a
// crash came, and forgotten when it is old, each with its record.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "agentd/retain.h"
#include "proto/text.h"
#include "tests/lib/auditlog.h"

static void
put(struct auditlog *l, uint64_t time)
{
	struct hs_audit_record r = {.event = "issue", .time = time};

	assert_int_equal(hs_audit_put(l->a, &r, NULL, NULL, NULL, NULL), HS_OK);
	auditlog_drain(l);
}

static void
open_small(struct auditlog *l, uint64_t size)
{
	auditlog_open(l);
	hs_audit_limits(l->a, size, 1000);
}

// The lines of one file; -1: there is none. last gets the last.
static int
lines_of(uint64_t seq, char *last, size_t size)
{
	char name[HS_AUDIT_NAME_MAX], path[128], *line = NULL;
	size_t cap = 0;
	int n = 0;
	FILE *f;

	hs_audit_file_name(name, "", seq);
	(void)snprintf(path, sizeof path, "%s/%s", auditlog.dir, name);
	f = fopen(path, "r");
	if (f == NULL)
		return -1;
	while (getline(&line, &cap, f) > 0) {
		assert_int_not_equal(line[0], 0); // a finished file holds no NULs
		n++;
	}
	(void)snprintf(last, size, "%s", n > 0 ? line : "");
	free(line);
	fclose(f);
	return n;
}

// Each finished file ends with "rotate", which counts it. Returns where the current begins.
static uint64_t
check_finished(void)
{
	char last[512], count[32];
	uint64_t seq = 1;
	int n;

	while ((n = lines_of(seq, last, sizeof last)) >= 0) {
		(void)snprintf(count, sizeof count, "\"count\":%d}", n);
		assert_non_null(strstr(last, "\"event\":\"rotate\""));
		assert_non_null(strstr(last, count));
		seq += (uint64_t)n;
	}
	return seq;
}

static void
by_size(void **state)
{
	struct auditlog l;
	struct stat st;
	uint64_t current;

	(void)state;
	open_small(&l, 1200);
	for (int i = 0; i < 100; i++)
		put(&l, 5);
	current = check_finished();
	assert_in_range(auditlog_files(), 8, 12);
	assert_int_equal(auditlog_check(), 100 + auditlog_files() - 1);
	assert_in_range(hs_audit_seq(l.a) + 1 - current, 1, 12);
	auditlog_close(&l);
	assert_int_equal(stat(auditlog.file, &st), 0);
	assert_in_range(st.st_size, 1, 1500);
	assert_int_equal(st.st_mode & 07777, 0600);
	for (int run = 0; run < 30; run++) { // over restarts, at any point of a file
		open_small(&l, 1200);
		assert_int_equal(l.torn.bytes, 0);
		put(&l, 5);
		auditlog_close(&l);
	}
	(void)check_finished();
	assert_int_equal(auditlog_check(), 130 + auditlog_files() - 1);
	assert_int_equal(auditlog_grep("voided") + auditlog_grep("break"), 0);
}

static void
by_age(void **state)
{
	struct auditlog l;

	(void)state;
	open_small(&l, 64 << 20);
	put(&l, 5000);
	put(&l, 5999);
	assert_int_equal(auditlog_files(), 1);
	put(&l, 4000); // a clock that was set back is no age
	assert_int_equal(auditlog_files(), 1);
	put(&l, 6000);
	put(&l, 6000);
	auditlog_close(&l);
	assert_int_equal(check_finished(), 6);
	assert_int_equal(auditlog_check(), 6);
	// the first record's time is read back
	open_small(&l, 64 << 20);
	put(&l, 6999);
	assert_int_equal(auditlog_grep("rotate"), 1);
	put(&l, 7000);
	auditlog_close(&l);
	assert_int_equal(auditlog_grep("rotate"), 2);
	(void)check_finished();
}

// The names cannot be changed: what is recorded stays recorded, and the file is finished
// all the same, now or by the next daemon.
static void
between_two_files(void **state)
{
	int *const faults[] = {&auditlog.fail_rename, &auditlog.fail_open, NULL};
	struct auditlog l;

	for (int i = 0; i < 3; i++) {
		auditlog_fresh(state);
		open_small(&l, 200);
		put(&l, 5);
		put(&l, 5); // with it the file is full
		assert_int_equal(auditlog_grep("rotate"), 1);
		if (faults[i] != NULL) {
			*faults[i] = -1;
			assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
			auditlog_drain(&l);
			assert_int_equal(auditlog.results[0], HS_NO_RECORD);
			assert_false(hs_audit_ok(l.a));
			*faults[i] = 0;
			put(&l, 5);
			assert_true(hs_audit_ok(l.a));
			assert_int_equal(auditlog_grep("voided"), 1);
		}
		auditlog_close(&l);
		open_small(&l, 64 << 20);
		put(&l, 5);
		auditlog_close(&l);
		(void)check_finished();
		assert_int_equal(auditlog_check(), faults[i] != NULL ? 6 : 4);
	}
}

// A crash came when the new file was there, and empty; or not even that.
static void
from_a_finished_file(void **state)
{
	char name[HS_AUDIT_NAME_MAX], path[128];
	struct hs_err err = {0};
	struct auditlog l;

	for (int i = 0; i < 2; i++) {
		auditlog_fresh(state);
		open_small(&l, 200);
		put(&l, 5);
		put(&l, 5);
		auditlog_close(&l);
		hs_audit_file_name(name, "", 1);
		(void)snprintf(path, sizeof path, "%s/%s", auditlog.dir, name);
		assert_int_equal(rename(auditlog.file, path), 0);
		if (i == 1)
			fclose(fopen(auditlog.file, "w"));
		open_small(&l, 64 << 20);
		assert_int_equal(hs_audit_seq(l.a), 3);
		put(&l, 5);
		auditlog_close(&l);
		assert_int_equal(auditlog_check(), 4);
	}
	// where that cannot be read, nobody knows what comes next
	assert_int_equal(unlink(auditlog.file), 0);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(auditlog_try(&l, &err), HS_ERR_IO);
	assert_non_null(strstr(err.text, name));
}

// ---- forgetting

static struct hs_policy policy;
static struct hs_settings set;

// Nothing is under way: no file is looked at or deleted, and no record written, which a
// disk may take its time for.
static bool
rests(struct auditlog *l)
{
	return l->loop.active_reqs.count == 0 &&
	       (auditlog.fail_write != 0 || hs_audit_idle(l->a));
}

static void
turn(struct auditlog *l, int n)
{
	for (int i = 0; i < n || (i < 20000 && !rests(l)); i++) {
		uv_run(&l->loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
}

static void
look(struct auditlog *l, uint64_t keep)
{
	struct hs_policyfile file = {.policy = &policy};
	struct hs_daemon d = {
	    .loop = &l->loop, .set = &set, .audit = l->a, .policy = &file};
	struct hs_retain *r;

	policy.log_keep = keep;
	(void)snprintf(set.state_dir, sizeof set.state_dir, "%s", auditlog.dir);
	r = hs_retain_new(&d);
	assert_non_null(r);
	turn(l, 200);
	hs_retain_free(&r);
	turn(l, 50);
}

struct rest { // of a log whose beginning is forgotten
	uint64_t first, seq;
	uint8_t head[HS_AUDIT_HASH];
	struct hs_buf hex; // what it must go on from, by the newest "forget"
	uint64_t forgotten;
};

static void
rest_line(struct hs_str line, void *arg)
{
	static const char last[] = "\"last\":", head[] = "\"head\":\"";
	uint8_t prev[HS_AUDIT_HASH];
	struct rest *r = arg;
	const char *at;
	uint64_t seq;

	assert_int_equal(hs_auditline_parse(line, &seq, prev), HS_OK);
	if (r->first == 0) {
		r->first = seq;
		hs_text_put_hex(&r->hex, (struct hs_str){prev, sizeof prev});
	} else {
		assert_int_equal(seq, r->seq + 1);
		assert_memory_equal(prev, r->head, sizeof prev);
	}
	r->seq = seq;
	assert_int_equal(hs_auditline_hash(line, r->head), HS_OK);
	if (memmem(line.p, line.len, "\"forget\"", 8) == NULL)
		return;
	at = memmem(line.p, line.len, last, sizeof last - 1);
	assert_non_null(at);
	r->forgotten = strtoull(at + sizeof last - 1, NULL, 10);
	at = memmem(line.p, line.len, head, sizeof head - 1);
	assert_non_null(at);
	if (r->forgotten + 1 == r->first)
		assert_memory_equal(at + sizeof head - 1, r->hex.p, r->hex.len);
}

static void
old_files_are_forgotten(void **state)
{
	uint64_t now = (uint64_t)time(NULL);
	struct rest rest = {0};
	struct auditlog l;
	int files;

	(void)state;
	auditlog_open(&l);
	hs_audit_limits(l.a, 400, UINT64_MAX);
	for (int i = 0; i < 20; i++)
		put(&l, now - 30 * 86400 + (uint64_t)i * 86400);
	files = auditlog_files();
	assert_true(files > 4);
	look(&l, 0); // for ever
	assert_int_equal(auditlog_files(), files);
	hs_audit_limits(l.a, 64 << 20, UINT64_MAX);
	look(&l, 31 * 86400);
	assert_int_equal(auditlog_files(), files);
	look(&l, 20 * 86400);
	assert_in_range(auditlog_files(), 2, files - 1);
	auditlog_each(rest_line, &rest);
	assert_true(rest.first > 1);
	assert_int_equal(rest.forgotten + 1, rest.first);
	look(&l, 86400); // all but the current one, whatever stands in that
	assert_int_equal(auditlog_files(), 1);
	auditlog_close(&l);
	open_small(&l, 64 << 20); // and it is a log as any
	put(&l, now);
	auditlog_close(&l);
	hs_buf_reset(&rest.hex);
	rest.first = 0;
	auditlog_each(rest_line, &rest);
	assert_int_equal(rest.forgotten + 1, rest.first);
	hs_buf_free(&rest.hex);
}

// No record, no deleting; and what cannot be read is not judged.
static void
not_forgotten_unrecorded(void **state)
{
	char name[HS_AUDIT_NAME_MAX], path[128];
	struct auditlog l;
	int files;

	(void)state;
	open_small(&l, 600);
	for (int i = 0; i < 20; i++)
		put(&l, 5);
	hs_audit_limits(l.a, 64 << 20, UINT64_MAX);
	files = auditlog_files();
	auditlog.fail_write = -1;
	look(&l, 86400);
	assert_int_equal(auditlog_files(), files);
	auditlog.fail_write = 0;
	hs_audit_file_name(name, "", 1);
	(void)snprintf(path, sizeof path, "%s/%s", auditlog.dir, name);
	assert_int_equal(truncate(path, 100), 0);
	look(&l, 86400);
	assert_int_equal(auditlog_files(), files);
	auditlog_close(&l);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, auditlog_fresh)
	const struct CMUnitTest tests[] = {T(by_size), T(by_age), T(between_two_files),
	    T(from_a_finished_file), T(old_files_are_forgotten),
	    T(not_forgotten_unrecorded)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, auditlog_setup, auditlog_teardown);
}
