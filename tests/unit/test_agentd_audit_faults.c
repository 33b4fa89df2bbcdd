// SPDX-License-Identifier: ISC
//
// Random faults under every call that the log makes: short and half writes, a full disk,
// errors, interruptions, syncs that fail, names that cannot be changed. Whatever comes:
// what was told to be on disk is there, once; what was refused is not; no line is half; the
// chain holds over all files; and "voided" counts what is missing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tests/lib/auditlog.h"

#define RUNS	40
#define STEPS	40
#define RECORDS 2000 // at most, of one run

static uint64_t random_state;

static uint64_t
next_random(void) // splitmix64
{
	uint64_t z = (random_state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static unsigned rate; // of faults, in a hundred

// Asked on the pool's thread, while the test's own waits.
static bool
at_random(int error)
{
	static const int errors[] = {ENOSPC, EIO, EROFS, EINTR, EDQUOT};

	(void)error;
	auditlog.short_writes = next_random() % 4 == 0;
	errno = errors[next_random() % (sizeof errors / sizeof errors[0])];
	return next_random() % 100 < rate;
}

// ---- what was told, and what is there

static struct {
	int told[RECORDS];  // by number: -1 not yet, else the code
	int there[RECORDS]; // how many times
	int n;
	uint64_t voided;
} seen;

static void
on_done(void *arg, int code)
{
	seen.told[(intptr_t)arg] = code;
}

static void
put(struct auditlog *l)
{
	char text[600];
	struct hs_audit_record r = {.event = "issue", .time = 5};
	int n;

	assert_in_range(seen.n, 0, RECORDS - 1);
	n = snprintf(
	    text, sizeof text, "record %d %0*d", seen.n, (int)(next_random() % 500), 0);
	r.sentence = (struct hs_str){(const uint8_t *)text, (size_t)n};
	seen.told[seen.n] = -1;
	assert_int_equal(
	    hs_audit_put(l->a, &r, on_done, (void *)(intptr_t)seen.n, NULL, NULL), HS_OK);
	seen.n++;
}

static void
look_at(struct hs_str line, void *arg)
{
	static const char record[] = "\"sentence\":\"record ", counts[] = "\"count\":";
	const char *at;

	(void)arg;
	at = memmem(line.p, line.len, record, sizeof record - 1);
	if (at != NULL)
		seen.there[strtol(at + sizeof record - 1, NULL, 10)]++;
	if (memmem(line.p, line.len, "\"event\":\"voided\"", 16) == NULL)
		return;
	at = memmem(line.p, line.len, counts, sizeof counts - 1);
	assert_non_null(at);
	seen.voided += strtoull(at + sizeof counts - 1, NULL, 10);
}

static void
check(void)
{
	uint64_t refused = 0;

	memset(seen.there, 0, sizeof seen.there);
	seen.voided = 0;
	(void)auditlog_check(); // the chain, and that each line is one
	auditlog_each(look_at, NULL);
	for (int i = 0; i < seen.n; i++) {
		assert_int_not_equal(seen.told[i], -1);
		assert_int_equal(seen.there[i], seen.told[i] == HS_OK ? 1 : 0);
		refused += seen.told[i] != HS_OK;
	}
	assert_int_equal(seen.voided, refused);
	assert_int_equal(auditlog_asides("odd"), 0);
	assert_int_equal(auditlog_asides("torn"), 0);
}

// ---- a run

static void
limits(struct auditlog *l, bool small)
{
	hs_audit_limits(l->a, small ? 20000 : 64 << 20, UINT64_MAX);
}

// Nothing fails any more: one record heals it.
static void
heal(struct auditlog *l)
{
	rate = 0;
	do {
		put(l);
		auditlog_drain(l);
	} while (!hs_audit_ok(l->a));
}

static void
run(uint64_t seed)
{
	const unsigned rates[] = {0, 2, 10, 50, 100};
	bool small = seed % 3 == 0;
	struct hs_err err = {0};
	struct auditlog l;

	random_state = seed;
	auditlog_fresh(NULL);
	memset(&seen, 0, sizeof seen);
	auditlog.faulty = at_random;
	rate = 0;
	auditlog_open(&l);
	limits(&l, small);
	for (int step = 0; step < STEPS; step++) {
		if (next_random() % 4 == 0)
			rate = rates[next_random() % 5];
		for (uint64_t n = next_random() % 20; n > 0; n--)
			put(&l);
		if (next_random() % 2 == 0)
			uv_run(&l.loop, UV_RUN_NOWAIT); // the rest comes behind it
		else
			auditlog_drain(&l);
		if (next_random() % 10 > 0)
			continue;
		heal(&l);
		auditlog_close(&l);
		check();
		rate = rates[next_random() % 4];
		while (auditlog_try(&l, &err) != HS_OK)
			continue; // the disk is bad at start, too
		limits(&l, small);
	}
	heal(&l);
	auditlog_close(&l);
	check();
}

static void
rule4_whatever_fails(void **state)
{
	const char *s = getenv("HS_SEED");
	uint64_t seed = (uint64_t)time(NULL) << 20, files = 0;

	(void)state;
	if (s != NULL)
		seed = strtoull(s, NULL, 10);
	for (int i = 0; i < (s != NULL ? 1 : RUNS); i++) {
		print_message("# HS_SEED=%" PRIu64 "\n", seed + (uint64_t)i);
		run(seed + (uint64_t)i);
		files += (uint64_t)auditlog_files();
	}
	assert_true(files > RUNS || s != NULL); // it did go on in new ones
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, auditlog_fresh)
	const struct CMUnitTest tests[] = {T(rule4_whatever_fails)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, auditlog_setup, auditlog_teardown);
}
