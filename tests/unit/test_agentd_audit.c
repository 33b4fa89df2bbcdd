// SPDX-License-Identifier: ISC
//
// The audit log on disk: the chain over restarts, group commit, torn tails, and what
// happens when writing, syncing or cutting back fails.
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
chain_over_restarts(void **state)
{
	struct auditlog l;
	struct stat st;

	(void)state;
	for (int run = 0; run < 3; run++) {
		auditlog_open(&l);
		assert_int_equal(hs_audit_seq(l.a), run * 2);
		assert_int_equal(l.torn.bytes, 0);
		auditlog.nresults = 0;
		auditlog.next = 0;
		assert_int_equal(auditlog_put(&l, "start"), HS_OK);
		assert_int_equal(auditlog_put(&l, "stop"), HS_OK);
		assert_int_equal(auditlog.nresults, 0); // never from within
		auditlog_close(&l);
		assert_int_equal(auditlog.nresults, 2);
	}
	assert_int_equal(auditlog_check(), 6);
	assert_int_equal(stat(auditlog.file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
one_sync_for_a_group(void **state)
{
	struct auditlog l;

	(void)state;
	auditlog_open(&l);
	for (int i = 0; i < 40; i++)
		assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog.syncs = 0;
	auditlog_drain(&l);
	assert_int_equal(auditlog.syncs, 1);
	assert_int_equal(auditlog.nresults, 40);
	assert_int_equal(hs_audit_seq(l.a), 40);
	auditlog_close(&l);
	assert_int_equal(auditlog_check(), 40);
}

static void
seq_and_head_of_a_record(void **state)
{
	struct hs_audit_record r = {.event = "ask"};
	uint8_t head[HS_AUDIT_HASH], hash[HS_AUDIT_HASH];
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	uint64_t seq;
	struct auditlog l;
	FILE *f;

	(void)state;
	auditlog_open(&l);
	assert_int_equal(hs_audit_put(l.a, &r, NULL, NULL, &seq, head), HS_OK);
	auditlog_close(&l);
	assert_int_equal(seq, 1);
	f = fopen(auditlog.file, "r");
	len = getline(&line, &cap, f);
	assert_true(len > 0);
	assert_int_equal(
	    hs_auditline_hash((struct hs_str){(uint8_t *)line, (size_t)len}, hash), HS_OK);
	assert_memory_equal(hash, head, sizeof hash);
	free(line);
	fclose(f);
}

static void
short_writes_are_continued(void **state)
{
	struct auditlog l;

	(void)state;
	auditlog_open(&l);
	auditlog.short_writes = true;
	for (int i = 0; i < 5; i++)
		assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_close(&l);
	assert_int_equal(auditlog_check(), 5);
}

// A failure takes what is chained behind it along, is told, and is over when writing works
// again.
static void
failure(int *fault, bool cut_fails)
{
	const bool breaks = fault == &auditlog.fail_sync;
	struct auditlog l;

	auditlog_open(&l);
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_drain(&l);
	*fault = -1;
	auditlog.fail_truncate = cut_fails ? 1 : 0;
	for (int i = 0; i < 3; i++)
		assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_drain(&l);
	assert_int_equal(auditlog.nresults, 4);
	assert_int_equal(auditlog.results[0], HS_OK);
	for (int i = 1; i < 4; i++)
		assert_int_equal(auditlog.results[i], HS_NO_RECORD);
	assert_false(hs_audit_ok(l.a));
	assert_int_equal(hs_audit_seq(l.a), 1);
	// the second failure: this one and the "voided" in front of it, and the "break"
	// before that where the file is given up
	assert_int_equal(auditlog_put(&l, "refuse"), HS_OK);
	auditlog_drain(&l);
	assert_int_equal(auditlog.results[4], HS_NO_RECORD);
	assert_false(hs_audit_ok(l.a));
	*fault = 0;
	assert_int_equal(auditlog_put(&l, "close"), HS_OK);
	auditlog_drain(&l);
	assert_int_equal(auditlog.results[5], HS_OK);
	assert_true(hs_audit_ok(l.a));
	auditlog_close(&l);
	assert_int_equal(auditlog_check(), breaks ? 4 : 3);
	assert_int_equal(auditlog_files(), breaks ? 2 : 1);
	assert_int_equal(auditlog_grep("\"break\""), breaks ? 1 : 0);
	assert_int_equal(auditlog_grep("\"voided\""), 1);
	assert_int_equal(auditlog_grep("\"count\":4}"), 1);
	assert_int_equal(auditlog_grep("\"refuse\""), 0);
}

static void
rule4_writing_fails(void **state)
{
	(void)state;
	failure(&auditlog.fail_write, false);
}

static void
rule4_syncing_fails(void **state)
{
	(void)state;
	failure(&auditlog.fail_sync, false);
}

static void
rule4_cutting_back_fails_too(void **state)
{
	(void)state;
	failure(&auditlog.fail_sync, true);
}

// A sync that fails once costs nobody anything: what it was for is written again, to a new
// file, since what the old one holds now nobody knows.
static void
a_sync_fails_once(void **state)
{
	struct auditlog l;

	(void)state;
	auditlog_open(&l);
	assert_int_equal(auditlog_put(&l, "start"), HS_OK);
	auditlog_drain(&l);
	auditlog.fail_sync = 1;
	auditlog.error = EIO;
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_drain(&l);
	for (int i = 0; i < 3; i++)
		assert_int_equal(auditlog.results[i], HS_OK);
	assert_true(hs_audit_ok(l.a));
	assert_int_equal(auditlog_put(&l, "close"), HS_OK);
	auditlog_close(&l);
	assert_int_equal(auditlog_files(), 2);
	assert_int_equal(auditlog_check(), 5); // and why
	assert_int_equal(auditlog_grep("\"event\":\"break\",\"sentence\":\"the file "
				       "before could not be synced: Input"),
	    1);
	assert_int_equal(auditlog_grep("voided"), 0);
}

// The daemon finds out by itself that the disk is well again.
static void
heals_without_being_asked(void **state)
{
	struct auditlog l;

	(void)state;
	auditlog_open(&l);
	auditlog.fail_write = -1;
	assert_int_equal(auditlog_put(&l, "issue"), HS_OK);
	auditlog_drain(&l);
	assert_int_equal(auditlog.results[0], HS_NO_RECORD);
	auditlog.fail_write = 0;
	for (int i = 0; i < 10000 && !hs_audit_ok(l.a); i++) {
		uv_run(&l.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	assert_true(hs_audit_ok(l.a));
	auditlog_close(&l);
	assert_int_equal(auditlog_check(), 1);
	assert_int_equal(auditlog_grep("\"voided\""), 1);
	assert_int_equal(auditlog_grep("\"count\":1}"), 1);
}

static struct auditlog *reentered;

static void
put_again(void *arg, int code)
{
	(void)arg;
	auditlog.results[auditlog.nresults++] = code;
	if (code != HS_OK) {
		struct hs_audit_record r = {.event = "refuse"};

		assert_int_equal(
		    hs_audit_put(reentered->a, &r, put_again, NULL, NULL, NULL), HS_OK);
	}
}

// A record auditlog_put from a failure's own callback is chained to what is on disk.
static void
put_from_a_callback(void **state)
{
	struct hs_audit_record r = {.event = "issue"};
	struct auditlog l;

	(void)state;
	auditlog_open(&l);
	reentered = &l;
	auditlog.fail_write = 1;
	assert_int_equal(hs_audit_put(l.a, &r, put_again, NULL, NULL, NULL), HS_OK);
	auditlog_close(&l);
	assert_int_equal(auditlog.nresults, 2);
	assert_int_equal(auditlog.results[1], HS_OK);
	assert_int_equal(auditlog_check(), 2); // voided, refuse
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, auditlog_fresh)
	const struct CMUnitTest tests[] = {T(chain_over_restarts), T(one_sync_for_a_group),
	    T(seq_and_head_of_a_record), T(short_writes_are_continued),
	    T(rule4_writing_fails), T(rule4_syncing_fails), T(rule4_cutting_back_fails_too),
	    T(a_sync_fails_once), T(heals_without_being_asked), T(put_from_a_callback)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, auditlog_setup, auditlog_teardown);
}
