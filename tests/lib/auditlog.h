// SPDX-License-Identifier: ISC
//
// An audit log in a scratch folder, whose system calls fail on demand. For cmocka tests of
// agentd/audit.h.
#ifndef HS_TESTS_AUDITLOG_H
#define HS_TESTS_AUDITLOG_H

#include "agentd/audit.h"

struct auditlog_world {
	char dir[32], file[64];
	// how many calls are to fail; -1: all
	int fail_write, fail_sync, fail_truncate, fail_open, fail_rename, fail_unlink,
	    fail_sync_dir;
	bool (*faulty)(int error); // asked before each call, where set
	int error;		   // what a call fails with; 0: ENOSPC
	int syncs;
	bool short_writes;
	bool fast;		   // syncs do nothing
	int results[64], nresults; // of auditlog_put, in order
	intptr_t next;		   // of the records put
};
extern struct auditlog_world auditlog;

struct auditlog {
	uv_loop_t loop;
	struct hs_audit *a;
	struct hs_audit_torn torn;
};

int auditlog_setup(void **state);    // of a group
int auditlog_teardown(void **state); // likewise
int auditlog_fresh(void **state);    // of each test: no file, no faults

int auditlog_try(struct auditlog *l, struct hs_err *err);
void auditlog_open(struct auditlog *l);
void auditlog_drain(struct auditlog *l);
void auditlog_close(struct auditlog *l);
int auditlog_put(struct auditlog *l, const char *event);

int auditlog_check(void);	       // checks the chain of all files; its number of lines
int auditlog_grep(const char *what);   // how many lines hold it
int auditlog_files(void);	       // how many files the log has
int auditlog_asides(const char *kind); // and how many of "audit.KIND." there are
// Calls back with each line of the log, LF included, in order.
void auditlog_each(void (*fn)(struct hs_str line, void *arg), void *arg);
void auditlog_append(const char *text, size_t len);

#endif
