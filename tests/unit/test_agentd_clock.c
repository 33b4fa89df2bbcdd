// SPDX-License-Identifier: ISC
//
// Noticing that the wall clock was set, and waking at an end by either clock.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "agentd/clock.h"

static struct hs_now
at(uint64_t wall_ms, uint64_t boot_ms)
{
	return (struct hs_now){wall_ms / 1000, wall_ms, boot_ms};
}

static void
looks(void **state)
{
	static const struct {
		uint64_t wall_ms, boot_ms;
		bool jumped;
		int64_t jump;
	} steps[] = {
	    {1000000, 5000, false, 0}, // the first look knows nothing to compare with
	    {1001000, 6000, false, 0}, {1003999, 7000, false, 0}, // two seconds are no jump
	    {1007000, 8000, true, 2}, {1007500, 8500, false, 0}, {7500, 8600, true, -1000},
	    {8500, 9600, false, 0},
	    {10000000, 10000001, false, 0}, // a long time, suspend included
	    {10000000 + 86400000, 10000002, true, 86400}};
	struct hs_clock c = {0};

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct hs_now now = at(steps[i].wall_ms, steps[i].boot_ms);
		int64_t jump = 0;

		assert_int_equal(hs_clock_look(&c, &now, &jump), steps[i].jumped);
		assert_int_equal(jump, steps[i].jump);
	}
}

static void
reading(void **state)
{
	struct hs_now a, b;

	(void)state;
	hs_clock_read(&a);
	hs_clock_read(&b);
	assert_true(a.wall > 1700000000);
	assert_int_equal(a.wall, a.wall_ms / 1000);
	assert_true(b.boot_ms >= a.boot_ms);
}

struct alarm {
	uv_loop_t loop;
	struct hs_clock_alarm *a;
	int rings;
	uint64_t rang_boot_ms, rang_wall_ms;
	bool late;
};

static void
on_alarm(void *arg)
{
	struct alarm *t = arg;
	struct hs_now now;

	hs_clock_read(&now);
	t->rings++;
	t->rang_boot_ms = now.boot_ms;
	t->rang_wall_ms = now.wall_ms;
	uv_stop(&t->loop);
}

static void
on_late(uv_timer_t *h)
{
	struct alarm *t = h->data;

	t->late = true;
	uv_stop(&t->loop);
}

static void
ring(uint64_t wall_in, uint64_t boot_in_ms, struct alarm *t, const struct hs_now *now)
{
	uv_timer_t late;

	memset(t, 0, sizeof *t);
	assert_int_equal(uv_loop_init(&t->loop), 0);
	uv_timer_init(&t->loop, &late);
	late.data = t;
	uv_timer_start(&late, on_late, 10000, 0);
	t->a = hs_clock_alarm_new(&t->loop, on_alarm, t);
	assert_non_null(t->a);
	hs_clock_alarm_set(t->a, now->wall + wall_in, now->boot_ms + boot_in_ms);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	hs_clock_alarm_free(&t->a);
	assert_null(t->a);
	hs_clock_alarm_free(&t->a); // fine
	uv_close((uv_handle_t *)&late, NULL);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&t->loop), 0);
	assert_false(t->late);
	assert_int_equal(t->rings, 1);
}

static void
rings_at_the_boot_end(void **state)
{
	struct alarm t;
	struct hs_now now;

	(void)state;
	hs_clock_read(&now);
	ring(1000000, 50, &t, &now);
	assert_true(t.rang_boot_ms > now.boot_ms + 50); // the end has come
}

static void
rings_at_the_wall_end(void **state)
{
	struct alarm t;
	struct hs_now now;

	(void)state;
	hs_clock_read(&now);
	ring(1, 1000000, &t, &now);
	assert_true(t.rang_wall_ms / 1000 >= now.wall + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(looks),
	    cmocka_unit_test(reading), cmocka_unit_test(rings_at_the_boot_end),
	    cmocka_unit_test(rings_at_the_wall_end)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
