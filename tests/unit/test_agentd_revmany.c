// SPDX-License-Identifier: ISC
//
// Goal of this test: more to remember than fits into one buffer. However much was taken
// back, it is written, and what is taken back after it too (rule5); a file that could be
// shorter and is too long for that stays as it is, and nobody is told of a failure.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/revlog.h"
#include "tests/lib/scratch.h"

#define SESSION "7c2e000000000000"
#define MANY	30000 // lines, of more than 40 bytes each

static int dir = -1;

static int
setup(void **state)
{
	(void)signal(SIGXFSZ, SIG_IGN);
	if (scratch_make(state) != 0 || sodium_init() < 0)
		return -1;
	dir = open(scratch_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0;
}

static int
teardown(void **state)
{
	(void)close(dir);
	return scratch_remove(state);
}

static void
disk(rlim_t bytes)
{
	struct rlimit l = {bytes, RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

// Every other serial, so that no two of them are one range.
static struct hs_revoked *
many(size_t n, uint64_t end)
{
	struct hs_revoked *v = calloc(n, sizeof *v);

	assert_non_null(v);
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct hs_revoked){
		    .time = 1000000000, .lo = 2 * i + 1, .hi = 2 * i + 1, .end = end};
		memcpy(v[i].session, SESSION, sizeof v[i].session);
	}
	return v;
}

static void
take(struct hs_revlog *l, uint64_t end, size_t n)
{
	struct hs_revoked *v = many(n, end);

	assert_int_equal(hs_revlog_take(l, v, n), HS_OK);
	hs_revlog_ready(l, l->taken);
	free(v);
}

static int
write_lines(struct hs_revlog *l, const struct hs_now *now)
{
	struct hs_revlog_lines w;

	hs_revlog_make(l, now, &w);
	hs_revlog_write(l, &w);
	hs_revlog_wrote(l, &w);
	return w.rc;
}

static size_t
again(struct hs_revlog *l)
{
	struct hs_err err = {0};
	uint64_t torn;

	hs_revlog_close(l);
	assert_int_equal(hs_revlog_open(l, dir, &torn, &err), HS_OK);
	assert_int_equal(torn, 0);
	return l->n;
}

static void
rule5_however_much(void **state)
{
	struct hs_err err = {0};
	struct hs_revlog l;
	struct stat st;
	uint64_t torn;

	(void)state;
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_OK);
	take(&l, 2000000000, 1);
	assert_int_equal(write_lines(&l, NULL), HS_OK);
	take(&l, 2000000000, MANY);
	disk(HS_BUF_MAX + 100); // it fails with more than half of it there
	assert_int_equal(write_lines(&l, NULL), HS_ERR_IO);
	disk(RLIM_INFINITY);
	take(&l, 2000000000, 1);
	assert_int_equal(write_lines(&l, NULL), HS_OK);
	assert_int_equal(l.saved, MANY + 2);
	assert_int_equal(stat(scratch_in("revoked"), &st), 0);
	assert_true(st.st_size > HS_BUF_MAX);
	assert_int_equal(again(&l), MANY + 2); // each once
	hs_revlog_close(&l);
}

static void
too_long_to_be_made_shorter(void **state)
{
	struct hs_now now = {.wall = 3000000000, .boot_ms = UINT64_MAX};
	struct hs_err err = {0};
	struct hs_revlog l;
	uint64_t torn;

	(void)state;
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_OK);
	for (int i = 0; i < 4; i++) {
		take(&l, i < 2 ? 2000000000 : 4000000000, MANY / 2);
		assert_int_equal(write_lines(&l, NULL), HS_OK);
	}
	assert_int_equal(again(&l), 2 * MANY);
	assert_int_equal(write_lines(&l, &now), HS_OK); // what it would keep is too long
	assert_int_equal(l.n, 2 * MANY);
	take(&l, 4000000000, 1);
	assert_int_equal(write_lines(&l, NULL), HS_OK);
	assert_int_equal(again(&l), 2 * MANY + 1);
	hs_revlog_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(rule5_however_much, setup, teardown),
	    cmocka_unit_test_setup_teardown(too_long_to_be_made_shorter, setup, teardown)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
