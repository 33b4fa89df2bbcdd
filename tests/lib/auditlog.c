// SPDX-License-Identifier: ISC
//
// The log under test. Contract in auditlog.h.
#include "tests/lib/auditlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
	errno = auditlog.error != 0 ? auditlog.error : ENOSPC;
	if (*left == 0)
		return auditlog.faulty != NULL && auditlog.faulty(errno);
	if (*left > 0)
		--*left;
	return true;
}

static struct {
	int fd;
	off_t at;
	size_t len;
} written; // last

// What a sync that fails was for may be gone.
static void
lose(int fd)
{
	static const char nuls[4096];

	if (written.fd == fd)
		(void)!pwrite(fd, nuls,
		    written.len < sizeof nuls ? written.len : sizeof nuls, written.at);
}

static ssize_t
test_write(int fd, const struct iovec *v, int n, off_t at)
{
	written.fd = fd;
	written.at = at;
	written.len = v[0].iov_len;
	if (faulty(&auditlog.fail_write)) {
		int error = errno;

		// half of it may have got there
		(void)!pwrite(fd, v[0].iov_base, v[0].iov_len / 2, at);
		errno = error;
		return -1;
	}
	if (auditlog.short_writes)
		return pwrite(fd, v[0].iov_base, v[0].iov_len > 7 ? 7 : v[0].iov_len, at);
	return pwritev(fd, v, n, at);
}

static int
test_sync(int fd)
{
	auditlog.syncs++;
	if (faulty(&auditlog.fail_sync)) {
		int error = errno;

		if (error != EINTR)
			lose(fd);
		errno = error;
		return -1;
	}
	written.len = 0;
	return auditlog.fast ? 0 : fdatasync(fd);
}

static int
test_truncate(int fd, off_t len)
{
	if (faulty(&auditlog.fail_truncate))
		return -1;
	if (written.fd == fd && written.at >= len)
		written.len = 0;
	return ftruncate(fd, len);
}

static int
test_open(int dir, const char *name, int flags, mode_t mode)
{
	return faulty(&auditlog.fail_open) ? -1 : openat(dir, name, flags, mode);
}

static int
test_rename(int dir, const char *from, const char *to)
{
	return faulty(&auditlog.fail_rename) ? -1 : hs_audit_real.rename(dir, from, to);
}

static int
test_unlink(int dir, const char *name)
{
	return faulty(&auditlog.fail_unlink) ? -1 : unlinkat(dir, name, 0);
}

static int
test_sync_dir(int dir)
{
	return faulty(&auditlog.fail_sync_dir) ? -1 : fsync(dir);
}

static const struct hs_audit_io io = {test_write, test_sync, test_truncate, test_open,
    test_rename, test_unlink, test_sync_dir};

// ---- a log under test

int
auditlog_try(struct auditlog *l, struct hs_err *err)
{
	int rc = hs_audit_open(auditlog.dir, &io, &l->a, &l->torn, err);

	if (rc == HS_OK) {
		assert_int_equal(uv_loop_init(&l->loop), 0);
		assert_int_equal(hs_audit_attach(l->a, &l->loop), HS_OK);
		hs_audit_limits(l->a, 64 << 20, UINT64_MAX); // records have odd times
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

// ---- what is there

static int
names(struct dirent ***out)
{
	int n = scandir(auditlog.dir, out, NULL, alphasort);

	assert_true(n >= 0);
	return n;
}

static void
free_names(struct dirent **v, int n)
{
	for (int i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

static void
each_line(const char *name, void (*fn)(struct hs_str line, void *arg), void *arg)
{
	char path[sizeof auditlog.dir + NAME_MAX + 2], *line = NULL;
	size_t cap = 0;
	ssize_t len;
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", auditlog.dir, name);
	f = fopen(path, "r");
	assert_non_null(f);
	while ((len = getline(&line, &cap, f)) > 0) {
		struct hs_str s = {(uint8_t *)line, (size_t)len};

		if (s.p[0] != 0) // made ahead
			fn(s, arg);
	}
	free(line);
	fclose(f);
}

void
auditlog_each(void (*fn)(struct hs_str line, void *arg), void *arg)
{
	struct dirent **v;
	int n = names(&v);

	for (int i = 0; i < n; i++)
		if (hs_audit_file_seq(v[i]->d_name) > 0)
			each_line(v[i]->d_name, fn, arg);
	for (int i = 0; i < n; i++)
		if (strcmp(v[i]->d_name, HS_AUDIT_NAME) == 0)
			each_line(HS_AUDIT_NAME, fn, arg);
	free_names(v, n);
}

int
auditlog_files(void)
{
	struct dirent **v;
	int n = names(&v), found = 0;

	for (int i = 0; i < n; i++)
		found += hs_audit_file_seq(v[i]->d_name) > 0 ||
			 strcmp(v[i]->d_name, HS_AUDIT_NAME) == 0;
	free_names(v, n);
	return found;
}

int
auditlog_asides(const char *kind)
{
	struct dirent **v;
	int n = names(&v), found = 0;
	char start[32];

	(void)snprintf(start, sizeof start, "audit.%s.", kind);
	for (int i = 0; i < n; i++)
		found += strncmp(v[i]->d_name, start, strlen(start)) == 0;
	free_names(v, n);
	return found;
}

struct chain {
	uint8_t head[HS_AUDIT_HASH];
	uint64_t n;
};

static void
check_line(struct hs_str line, void *arg)
{
	uint8_t prev[HS_AUDIT_HASH];
	struct chain *c = arg;
	uint64_t seq;

	assert_int_equal(hs_auditline_parse(line, &seq, prev), HS_OK);
	assert_int_equal(seq, ++c->n);
	assert_memory_equal(prev, c->head, sizeof prev);
	assert_int_equal(hs_auditline_hash(line, c->head), HS_OK);
}

int
auditlog_check(void)
{
	struct chain c = {0};

	auditlog_each(check_line, &c);
	return (int)c.n;
}

struct grep {
	const char *what;
	int n;
};

static void
grep_line(struct hs_str line, void *arg)
{
	struct grep *g = arg;

	g->n += memmem(line.p, line.len, g->what, strlen(g->what)) != NULL;
}

int
auditlog_grep(const char *what)
{
	struct grep g = {.what = what};

	auditlog_each(grep_line, &g);
	return g.n;
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
	char dir[sizeof auditlog.dir], file[sizeof auditlog.file];
	char path[sizeof auditlog.dir + NAME_MAX + 2];
	struct dirent **v;
	int n = names(&v);

	(void)state;
	for (int i = 0; i < n; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", auditlog.dir, v[i]->d_name);
		(void)unlink(path);
	}
	free_names(v, n);
	memcpy(dir, auditlog.dir, sizeof dir);
	memcpy(file, auditlog.file, sizeof file);
	auditlog = (struct auditlog_world){0};
	memcpy(auditlog.dir, dir, sizeof dir);
	memcpy(auditlog.file, file, sizeof file);
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
	auditlog_fresh(state);
	return rmdir(auditlog.dir);
}
