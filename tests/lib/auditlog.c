// SPDX-License-Identifier: ISC
//
// The log under test. Contract in auditlog.h.
#include "tests/lib/auditlog.h"

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

struct auditlog_world auditlog;

// ---- faults

static bool
faulty(int *left)
{
	if (*left == 0)
		return false;
	if (*left > 0)
		--*left;
	errno = ENOSPC;
	return true;
}

static ssize_t
test_write(int fd, const struct iovec *v, int n)
{
	if (faulty(&auditlog.fail_write)) {
		// half of it may have got there
		return write(fd, v[0].iov_base, v[0].iov_len / 2) > 0 ? (errno = ENOSPC, -1)
								      : -1;
	}
	if (auditlog.short_writes)
		return write(fd, v[0].iov_base, v[0].iov_len > 7 ? 7 : v[0].iov_len);
	return writev(fd, v, n);
}

static int
test_sync(int fd)
{
	auditlog.syncs++;
	return faulty(&auditlog.fail_sync) ? -1 : fdatasync(fd);
}

static int
test_truncate(int fd, off_t len)
{
	return faulty(&auditlog.fail_truncate) ? -1 : ftruncate(fd, len);
}

static const struct hs_audit_io io = {test_write, test_sync, test_truncate};

// ---- a log under test

int
auditlog_try(struct auditlog *l, struct hs_err *err)
{
	int rc = hs_audit_open(auditlog.dir, &io, &l->a, &l->torn, err);

	if (rc == HS_OK) {
		assert_int_equal(uv_loop_init(&l->loop), 0);
		assert_int_equal(hs_audit_attach(l->a, &l->loop), HS_OK);
	}
	return rc;
}

void
auditlog_open(struct auditlog *l)
{
	struct hs_err err = {0};

	assert_int_equal(auditlog_try(l, &err), HS_OK);
}

void
auditlog_drain(struct auditlog *l)
{
	do
		uv_run(&l->loop, UV_RUN_NOWAIT);
	while (!hs_audit_idle(l->a));
}

void
auditlog_close(struct auditlog *l)
{
	auditlog_drain(l);
	hs_audit_detach(l->a);
	uv_run(&l->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&l->loop), 0);
	hs_audit_free(&l->a);
}

static void
on_done(void *arg, int code)
{
	assert_int_equal((intptr_t)arg, auditlog.nresults); // in order
	auditlog.results[auditlog.nresults++] = code;
}

int
auditlog_put(struct auditlog *l, const char *event)
{
	struct hs_audit_record r = {.event = event, .time = 5};

	return hs_audit_put(l->a, &r, on_done, (void *)auditlog.next++, NULL, NULL);
}

// Checks the whole chain of the auditlog.file and returns its number of lines.
int
auditlog_check(void)
{
	uint8_t head[HS_AUDIT_HASH] = {0}, prev[HS_AUDIT_HASH];
	char *line = NULL;
	size_t cap = 0;
	uint64_t seq, n = 0;
	ssize_t len;
	FILE *f = fopen(auditlog.file, "r");

	assert_non_null(f);
	while ((len = getline(&line, &cap, f)) > 0) {
		struct hs_str s = {(uint8_t *)line, (size_t)len};

		assert_int_equal(hs_auditline_parse(s, &seq, prev), HS_OK);
		assert_int_equal(seq, ++n);
		assert_memory_equal(prev, head, sizeof head);
		assert_int_equal(hs_auditline_hash(s, head), HS_OK);
	}
	free(line);
	fclose(f);
	return (int)n;
}

int
auditlog_grep(const char *what)
{
	char *line = NULL;
	size_t cap = 0;
	int n = 0;
	FILE *f = fopen(auditlog.file, "r");

	assert_non_null(f);
	while (getline(&line, &cap, f) > 0)
		n += strstr(line, what) != NULL;
	free(line);
	fclose(f);
	return n;
}

void
auditlog_append(const char *text, size_t len)
{
	int fd = open(auditlog.file, O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
}

int
auditlog_fresh(void **state)
{
	(void)state;
	(void)unlink(auditlog.file);
	auditlog.fail_write = auditlog.fail_sync = auditlog.fail_truncate = auditlog.syncs =
	    auditlog.nresults = 0;
	auditlog.next = 0;
	auditlog.short_writes = false;
	return 0;
}

int
auditlog_setup(void **state)
{
	(void)state;
	snprintf(auditlog.dir, sizeof auditlog.dir, "/tmp/hs-audit-XXXXXX");
	if (mkdtemp(auditlog.dir) == NULL)
		return -1;
	snprintf(auditlog.file, sizeof auditlog.file, "%s/audit.jsonl", auditlog.dir);
	return 0;
}

int
auditlog_teardown(void **state)
{
	(void)state;
	(void)unlink(auditlog.file);
	return rmdir(auditlog.dir);
}
