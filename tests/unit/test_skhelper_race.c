// SPDX-License-Identifier: ISC
//
// Several keys at once, without keys: who wins, which failure is told, and that it ends in
// time whatever a lane does. With software keys it is run in tests/e2e/helper.t.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "agentd/sk-helper/race.h"

#define LANES 4

enum act {
	FAIL,	   // at once
	WIN,	   // at once
	DECLINE,   // fails, and that is final
	WAIT,	   // armed, until called off
	WAIT_OPEN, // not armed, until called off
	SLEEP,	   // does not come back when called off
	KILL,	   // SIGTERM, then waits armed
	CLAIM,	   // goes on alone, and fails or wins by its code
	CLAIM_TOO, // tries to when another has
	TYPE,	   // claims it, takes its time, and waits armed as long again
	RUSH,	   // claims it, then waits without end
};

struct plan {
	enum act act[LANES];
	int code[LANES];    // of failures
	atomic_int waiting; // lanes that wait
	unsigned after;	    // WIN, DECLINE and claims come when so many wait
	atomic_bool claimed;
	bool refused; // what CLAIM_TOO got
};

static void
nap(void)
{
	const struct timespec t = {0, 5000000};

	(void)nanosleep(&t, NULL);
}

static int
wait_for_stop(struct hs_lane *l, struct plan *p, bool armed, struct hs_err *err)
{
	if (armed && !hs_lane_arm(l))
		return hs_fail(err, HS_SK_CANCELLED, "%s", "");
	(void)atomic_fetch_add(&p->waiting, 1);
	while (!atomic_load(hs_lane_stop(l)))
		nap();
	if (armed)
		hs_lane_disarm(l);
	(void)atomic_fetch_sub(&p->waiting, 1);
	return hs_fail(err, HS_SK_CANCELLED, "called off");
}

static void
sleep_ms(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

static int
claim(struct hs_lane *l, struct plan *p, enum act act, int code, struct hs_err *err)
{
	while (act == CLAIM_TOO && !atomic_load(&p->claimed))
		nap();
	if (!hs_lane_claim(l)) {
		p->refused = true;
		return hs_fail(err, HS_SK_CANCELLED, "too late");
	}
	atomic_store(&p->claimed, true);
	if (act == RUSH)
		return wait_for_stop(l, p, false, err);
	if (act == TYPE) {
		sleep_ms(2000);
		hs_lane_restart(l);
		if (!hs_lane_arm(l))
			return hs_fail(err, HS_SK_CANCELLED, "%s", "");
		sleep_ms(2000); // later than the time from the beginning
		hs_lane_disarm(l);
		return HS_OK;
	}
	while (atomic_load(&p->waiting) > 0)
		nap(); // until the others are gone
	return code == HS_OK ? HS_OK : hs_fail(err, (enum hs_code)code, "claimed");
}

static int
lane(struct hs_lane *l, size_t i, void *arg, struct hs_err *err)
{
	struct plan *p = arg;
	const enum act act = p->act[i];

	if (hs_lane_device(l)->path[0] != (char)('a' + i))
		return hs_fail(err, HS_ERR_INTERNAL, "another lane's device");
	if (act == WAIT || act == WAIT_OPEN)
		return wait_for_stop(l, p, act == WAIT, err);
	if (act == KILL) {
		(void)kill(getpid(), SIGTERM);
		return wait_for_stop(l, p, true, err);
	}
	if (act == SLEEP) {
		(void)sleep(4);
		return HS_OK;
	}
	while (act != CLAIM_TOO && (unsigned)atomic_load(&p->waiting) < p->after)
		nap();
	if (act >= CLAIM)
		return claim(l, p, act, p->code[i], err);
	if (act == WIN)
		return HS_OK;
	if (act == DECLINE)
		hs_lane_decide(l);
	return hs_fail(err, (enum hs_code)p->code[i], "lane %zu", i);
}

static int
run(struct plan *p, size_t n, uint32_t seconds, struct hs_race_end *end, struct hs_err *err)
{
	struct hs_devices *d = calloc(1, sizeof *d); // a lane that is stuck reads on
	int rc;

	assert_non_null(d);
	d->n = n;
	for (size_t i = 0; i < n; i++) {
		d->v[i].path[0] = (char)('a' + i);
		d->v[i].soft.fd = -1;
		d->v[i].dev = fido_dev_new(); // never opened: cancelling it does nothing
		assert_non_null(d->v[i].dev);
	}
	*err = (struct hs_err){0};
	rc = hs_race_run(d, lane, p, seconds, end, err);
	if (!end->stuck) {
		hs_devices_close(d);
		free(d);
	}
	return rc;
}

static void
first_one_wins(void **state)
{
	struct plan p = {.act = {WAIT, WAIT, WIN, WAIT}, .after = 3};
	struct hs_race_end end;
	struct hs_err err;

	(void)state;
	assert_int_equal(run(&p, LANES, 20, &end, &err), HS_OK);
	assert_int_equal(end.winner, 2);
	assert_false(end.stuck);
	p = (struct plan){.act = {FAIL, FAIL, WIN, FAIL},
	    .code = {HS_SK_DEVICE, HS_SK_PIN_REQUIRED, 0, HS_SK_NO_CREDENTIAL}};
	assert_int_equal(run(&p, LANES, 20, &end, &err), HS_OK); // failures do not matter
	assert_int_equal(end.winner, 2);
	p = (struct plan){.act = {WAIT_OPEN, WIN}, .after = 1};
	assert_int_equal(run(&p, 2, 20, &end, &err), HS_OK);
	assert_int_equal(end.winner, 1);
}

static void
the_failure_that_says_most(void **state)
{
	struct plan p = {.act = {FAIL, FAIL, FAIL},
	    .code = {HS_SK_NO_CREDENTIAL, HS_SK_PIN_REQUIRED, HS_SK_DEVICE}};
	struct hs_race_end end;
	struct hs_err err;

	(void)state;
	assert_int_equal(run(&p, 3, 20, &end, &err), HS_SK_PIN_REQUIRED);
	assert_string_equal(err.text, "lane 1");
	p.code[1] = HS_SK_NO_DEVICE;
	assert_int_equal(run(&p, 3, 20, &end, &err), HS_SK_DEVICE);
	assert_int_equal(run(&p, 2, 20, &end, &err), HS_SK_NO_CREDENTIAL);
	assert_int_equal(run(&p, 0, 20, &end, &err), HS_SK_NO_DEVICE);
	assert_non_null(strstr(err.text, "plugged in"));
}

static void
a_decline_is_final(void **state)
{
	struct plan p = {
	    .act = {WAIT, DECLINE, WAIT}, .code = {0, HS_SK_DENIED}, .after = 2};
	struct hs_race_end end;
	struct hs_err err;

	(void)state;
	assert_int_equal(run(&p, 3, 20, &end, &err), HS_SK_DENIED);
	assert_string_equal(err.text, "lane 1");
	assert_false(end.stuck);
}

// The others are called off as soon as one is chosen, while that one goes on.
static void
one_is_chosen(void **state)
{
	struct plan p = {.act = {WAIT, CLAIM, WAIT_OPEN, WAIT}, .after = 3};
	struct hs_race_end end;
	struct hs_err err;

	(void)state;
	assert_int_equal(run(&p, LANES, 20, &end, &err), HS_OK);
	assert_int_equal(end.winner, 1);
	assert_false(end.stuck);
	p = (struct plan){.act = {WAIT, CLAIM, FAIL},
	    .code = {0, HS_SK_PIN_INVALID, HS_ERR_NOMEM},
	    .after = 1};
	assert_int_equal(run(&p, 3, 20, &end, &err), HS_SK_PIN_INVALID); // and it is final
	assert_string_equal(err.text, "claimed");
	p = (struct plan){.act = {CLAIM_TOO, CLAIM}};
	assert_int_equal(run(&p, 2, 20, &end, &err), HS_OK);
	assert_int_equal(end.winner, 1);
	assert_true(p.refused);
	p = (struct plan){.act = {CLAIM}};
	assert_int_equal(run(&p, 1, 20, &end, &err), HS_OK); // nobody else is there
}

static void
the_chosen_one_has_its_time(void **state)
{
	struct plan p = {.act = {TYPE, WAIT}, .after = 1};
	struct hs_race_end end;
	struct hs_err err;

	(void)state;
	assert_int_equal(run(&p, 2, 3, &end, &err), HS_OK);
	assert_int_equal(end.winner, 0);
	p = (struct plan){.act = {RUSH, WAIT}, .after = 1};
	assert_int_equal(run(&p, 2, 1, &end, &err), HS_SK_DEVICE); // but not for ever
	assert_false(end.stuck);
	p = (struct plan){.act = {RUSH, KILL}};
	assert_int_equal(run(&p, 2, 20, &end, &err), HS_SK_CANCELLED);
	assert_false(end.stuck);
}

static void
nobody_comes(void **state)
{
	struct plan p = {.act = {FAIL, WAIT, WAIT_OPEN}, .code = {HS_SK_PIN_REQUIRED}};
	struct hs_race_end end;
	struct hs_err err;

	(void)state;
	assert_int_equal(run(&p, 3, 1, &end, &err), HS_SK_TIMEOUT);
	assert_non_null(strstr(err.text, "within 1 seconds"));
	assert_false(end.stuck);
	p.act[1] = WAIT_OPEN; // none of them blinked
	assert_int_equal(run(&p, 3, 1, &end, &err), HS_SK_DEVICE);
	assert_non_null(strstr(err.text, "does not answer"));
	assert_false(end.stuck);
}

static void
rule9_called_off(void **state)
{
	struct plan p = {.act = {KILL, WAIT, FAIL}, .code = {0, 0, HS_SK_DEVICE}};
	struct hs_race_end end;
	struct hs_err err;

	(void)state;
	assert_int_equal(run(&p, 3, 20, &end, &err), HS_SK_CANCELLED);
	assert_non_null(strstr(err.text, "called off"));
	assert_false(end.stuck);
}

// The last one: its threads, and what they use, are left.
static void
one_does_not_come_back(void **state)
{
	static struct plan p = {.act = {SLEEP, WIN}};
	struct hs_race_end end;
	struct timespec from, to;
	struct hs_err err;

	(void)state;
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	assert_int_equal(run(&p, 2, 20, &end, &err), HS_OK);
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	assert_int_equal(end.winner, 1);
	assert_true(end.stuck);
	assert_true(to.tv_sec - from.tv_sec <= 3);
	p.act[1] = KILL;
	assert_int_equal(run(&p, 2, 20, &end, &err), HS_SK_CANCELLED);
	assert_true(end.stuck);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(first_one_wins),
	    cmocka_unit_test(the_failure_that_says_most),
	    cmocka_unit_test(a_decline_is_final), cmocka_unit_test(one_is_chosen),
	    cmocka_unit_test(the_chosen_one_has_its_time), cmocka_unit_test(nobody_comes),
	    cmocka_unit_test(rule9_called_off), cmocka_unit_test(one_does_not_come_back)};
	sigset_t set;
	int failed;

	// a signal that a race sent must not end what comes after it
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	_exit(failed); // as the helper does where a thread is left
}
