// SPDX-License-Identifier: ISC
//
// A session with several grants: each ends by either clock, the session with its last or by
// idling, and uses go back to the grant that they were taken from. Time is an argument, so
// here a clock may jump, and a machine sleep.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/ended.h"

#define WALL 1795485600u
#define BOOT 1000000u // milliseconds

static struct hs_session s;

static struct hs_now
at(int64_t wall, int64_t boot_s)
{
	uint64_t w = (uint64_t)((int64_t)WALL + wall);

	return (struct hs_now){.wall = w,
	    .wall_ms = w * 1000,
	    .boot_ms = (uint64_t)((int64_t)BOOT + boot_s * 1000)};
}

static struct hs_held *
grant(uint64_t serial, uint64_t ttl, uint64_t uses)
{
	struct hs_held *h = calloc(1, sizeof *h);

	assert_non_null(h);
	h->cert = &h->grant.cert;
	h->payload = &h->grant.payload;
	h->grant.cert.serial = serial;
	h->end = WALL + ttl;
	h->end_boot_ms = BOOT + ttl * 1000;
	h->uses_left = uses;
	return h;
}

static int
setup(void **state)
{
	const struct hs_now now = at(0, 0);
	struct hs_keys key = {0};

	(void)state;
	if (hs_keys_make(&key, NULL) != HS_OK)
		return -1;
	hs_session_begin(&s, &key, grant(1, 600, 10), &now);
	assert_null(key.secret); // taken
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hs_session_end(&s);
	assert_null(s.key.secret);
	assert_int_equal(s.nheld, 0);
	return 0;
}

static void
begins_whole(void **state)
{
	char id[HS_SESSION_ID_LEN + 1];

	(void)state;
	assert_true(s.open);
	hs_session_id(&s.key.pub, id);
	assert_string_equal(s.id, id);
	assert_int_equal(s.opened, WALL);
	assert_int_equal(s.active_boot_ms, BOOT);
	assert_int_equal(s.nheld, 1);
	assert_int_equal(hs_session_end_time(&s), WALL + 600);
}

static void
a_grant_ends_and_the_others_stay(void **state)
{
	struct hs_now now = at(99, 99);

	(void)state;
	assert_int_equal(hs_session_add(&s, grant(2, 100, 1)), HS_OK);
	assert_int_equal(hs_session_add(&s, grant(3, 900, 1)), HS_OK);
	assert_int_equal(hs_session_end_time(&s), WALL + 900);
	assert_false(hs_session_over(&s, &now, 0));
	assert_int_equal(s.nheld, 3);
	now = at(100, 100);
	assert_false(hs_session_over(&s, &now, 0));
	assert_int_equal(s.nheld, 2);
	assert_int_equal(s.held[0]->grant.cert.serial, 1);
	assert_int_equal(s.held[1]->grant.cert.serial, 3);
	now = at(600, 600); // that which opened it ends, and it goes on
	assert_false(hs_session_over(&s, &now, 0));
	assert_int_equal(s.nheld, 1);
	now = at(900, 900);
	assert_true(hs_session_over(&s, &now, 0));
	assert_int_equal(s.nheld, 0);
}

static void
either_clock_ends_a_grant(void **state)
{
	struct hs_now now = at(-100000, 599); // the wall clock was set back

	(void)state;
	assert_false(hs_session_over(&s, &now, 0));
	now = at(-100000, 600); // which prolongs nothing
	assert_true(hs_session_over(&s, &now, 0));
	hs_session_end(&s);
	assert_int_equal(setup(NULL), 0);
	now = at(600, 1); // it was set forward
	assert_true(hs_session_over(&s, &now, 0));
	hs_session_end(&s);
	assert_int_equal(setup(NULL), 0);
	now = at(10, 600); // the machine slept, and its wall clock did not notice
	assert_true(hs_session_over(&s, &now, 0));
}

static void
idling_ends_it(void **state)
{
	struct hs_now now = at(299, 299);

	(void)state;
	assert_false(hs_session_over(&s, &now, 300000));
	now = at(299, 300);
	assert_true(hs_session_over(&s, &now, 300000));
	assert_int_equal(s.nheld, 1); // its grant lives yet: so it was idling
	assert_false(hs_session_over(&s, &now, 0));
	s.active_boot_ms = now.boot_ms; // something was issued
	now = at(500, 500);
	assert_false(hs_session_over(&s, &now, 300000));
	now = at(-5000, 600); // no clock that is set back prolongs it
	assert_true(hs_session_over(&s, &now, 300000));
}

static void
when_to_look_again(void **state)
{
	uint64_t wall, boot;

	(void)state;
	hs_session_ends(&s, 0, &wall, &boot);
	assert_int_equal(wall, WALL + 600);
	assert_int_equal(boot, BOOT + 600000);
	hs_session_ends(&s, 300000, &wall, &boot);
	assert_int_equal(wall, WALL + 600);
	assert_int_equal(boot, BOOT + 300000);
	assert_int_equal(hs_session_add(&s, grant(2, 100, 1)), HS_OK);
	hs_session_ends(&s, 300000, &wall, &boot);
	assert_int_equal(wall, WALL + 100);
	assert_int_equal(boot, BOOT + 100000);
	hs_session_end(&s);
	hs_session_ends(&s, 300000, &wall, &boot);
	assert_int_equal(wall, 0);
	assert_int_equal(boot, 0);
	assert_int_equal(hs_session_end_time(&s), 0);
}

static void
none_is_open(void **state)
{
	const struct hs_now now = at(0, 0);

	(void)state;
	hs_session_end(&s);
	assert_false(hs_session_over(&s, &now, 1));
	hs_session_end(&s); // again
	hs_session_recorded(&s, 1);
	hs_session_unkeep(&s, 1, 1, 1);
	assert_int_equal(s.count, 0);
	assert_int_equal(hs_session_after(&s, 0), 0);
	assert_int_equal(hs_session_last_end(&s), 0);
}

static void
no_more_than_so_many_live(void **state)
{
	struct hs_now now = at(50, 50);

	(void)state;
	for (uint64_t i = 1; i < HS_HELD_MAX; i++)
		assert_int_equal(hs_session_add(&s, grant(i + 1, 50 + i % 2, 1)), HS_OK);
	assert_int_equal(hs_session_add(&s, grant(999, 60, 1)), HS_NO_BUSY);
	assert_int_equal(s.nheld, HS_HELD_MAX);
	assert_false(hs_session_over(&s, &now, 0)); // half of them end
	assert_int_equal(s.nheld, 33);
	for (size_t i = 1; i < s.nheld; i++)
		assert_true(
		    s.held[i]->grant.cert.serial > s.held[i - 1]->grant.cert.serial);
	assert_int_equal(hs_session_add(&s, grant(999, 60, 1)), HS_OK);
}

static void
uses_go_back_to_their_grant(void **state)
{
	struct hs_now now = at(100, 100);

	(void)state;
	assert_int_equal(hs_session_add(&s, grant(2, 100, 5)), HS_OK);
	assert_int_equal(hs_session_add(&s, grant(3, 900, HS_USES_ANY)), HS_OK);
	s.held[0]->uses_left = 7;
	s.held[1]->uses_left = 2;
	s.count = 3;
	hs_session_unkeep(&s, 9, 2, 3);
	assert_int_equal(s.held[0]->uses_left, 7);
	assert_int_equal(s.held[1]->uses_left, 5);
	hs_session_unkeep(&s, 9, 3, HS_USES_ANY); // of any there are no fewer
	assert_int_equal(s.held[2]->uses_left, HS_USES_ANY);
	hs_session_unkeep(&s, 9, 3, 4);
	assert_int_equal(s.held[2]->uses_left, HS_USES_ANY);
	assert_false(hs_session_over(&s, &now, 0));
	hs_session_unkeep(&s, 9, 2, 3); // that grant has ended: nobody gets them
	assert_int_equal(s.held[0]->uses_left, 7);
	assert_int_equal(s.held[1]->uses_left, HS_USES_ANY);
	assert_int_equal(s.count, 0);
}

static void
issued(uint64_t serial, uint64_t end)
{
	const struct hs_issued_spec spec = {.serial = serial,
	    .issued = WALL,
	    .end = end,
	    .agent = hs_str_c("a"),
	    .scope = hs_str_c("s"),
	    .certificate = hs_str_c("c")};

	assert_int_equal(hs_session_keep(&s, &spec), HS_OK);
}

static void
what_was_issued_is_kept_until_it_ends(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 200; i++)
		issued(i, WALL + i);
	assert_int_equal(s.nlive, 200);
	assert_int_equal(s.bytes, 600);
	assert_int_equal(hs_session_last_end(&s), WALL + 200);
	assert_int_equal(hs_session_after(&s, 0), 0);
	assert_int_equal(hs_session_after(&s, 150), 150);
	assert_int_equal(hs_session_after(&s, UINT64_MAX), 200);
	hs_session_prune(&s, WALL + 150);
	assert_int_equal(s.nlive, 50);
	assert_int_equal(s.bytes, 150);
	assert_int_equal(hs_session_after(&s, 150), 0);
	hs_session_prune(&s, WALL + 200);
	assert_int_equal(s.nlive, 0);
	assert_int_equal(s.bytes, 0);
}

static void
each_word_is_about_one_serial(void **state)
{
	(void)state;
	issued(2, WALL + 1);
	issued(5, WALL + 1);
	hs_session_recorded(&s, 1);
	hs_session_recorded(&s, 3);
	hs_session_recorded(&s, 6);
	hs_session_recorded(&s, 0);
	assert_false(s.live[0]->recorded || s.live[1]->recorded);
	hs_session_recorded(&s, 5);
	assert_true(s.live[1]->recorded && !s.live[0]->recorded);
	hs_session_unkeep(&s, 1, 1, 1);
	hs_session_unkeep(&s, 4, 1, 1);
	hs_session_unkeep(&s, 6, 1, 1);
	hs_session_unkeep(&s, 0, 1, 1);
	assert_int_equal(s.nlive, 2);
	hs_session_unkeep(&s, 2, 1, 1);
	assert_int_equal(s.nlive, 1);
	assert_int_equal(s.live[0]->serial, 5);
	assert_int_equal(s.bytes, 3);
}

static void
there_is_a_limit_to_what_is_kept(void **state)
{
	static uint8_t large[1u << 20];
	struct hs_issued_spec spec = {
	    .issued = WALL, .end = WALL + 10, .certificate = {large, sizeof large}};

	(void)state;
	for (spec.serial = 1; spec.serial <= 64; spec.serial++)
		assert_int_equal(hs_session_keep(&s, &spec), HS_OK);
	assert_int_equal(hs_session_keep(&s, &spec), HS_NO_BUSY);
	spec.issued = WALL + 10; // they have ended
	assert_int_equal(hs_session_keep(&s, &spec), HS_OK);
	assert_int_equal(s.nlive, 1);
}

// A grant for one certificate, which is out, gives its place to a new one.
static void
a_spent_one_makes_room(void **state)
{
	(void)state;
	for (uint64_t i = 1; i < HS_HELD_MAX; i++)
		assert_int_equal(
		    hs_session_add(&s, grant(i + 1, 50, i == 7 || i == 9 ? 0 : 1)), HS_OK);
	assert_int_equal(hs_session_add(&s, grant(101, 60, 1)), HS_OK);
	assert_int_equal(s.held[7]->grant.cert.serial, 9); // that of serial 8 went
	assert_int_equal(hs_session_add(&s, grant(102, 60, 1)), HS_OK);
	assert_int_equal(s.nheld, HS_HELD_MAX);
	for (size_t i = 0; i < s.nheld; i++)
		assert_true(s.held[i]->uses_left > 0);
	assert_int_equal(s.held[HS_HELD_MAX - 1]->grant.cert.serial, 102);
	assert_int_equal(hs_session_add(&s, grant(103, 60, 1)), HS_NO_BUSY);
}

// ---- sessions that have ended

static struct hs_held *
at_place(const char *device)
{
	struct hs_held *h = grant(2, 500, 1);

	(void)snprintf(h->device, sizeof h->device, "%s", device);
	return h;
}

static void
where_it_was_touched(void **state)
{
	char path[40];

	(void)state;
	assert_false(hs_touched_there(&s.touched_at, "")); // the first: not known where
	assert_int_equal(hs_session_add(&s, at_place("/dev/hidraw3")), HS_OK);
	assert_int_equal(hs_session_add(&s, at_place("/dev/hidraw3")), HS_OK);
	assert_int_equal(s.touched_at.n, 1);
	assert_true(hs_touched_there(&s.touched_at, "/dev/hidraw3"));
	assert_false(hs_touched_there(&s.touched_at, "/dev/hidraw30"));
	for (int i = 0; i < HS_SESSION_DEVICES; i++) {
		(void)snprintf(path, sizeof path, "softkey:/%d", i);
		assert_int_equal(hs_session_add(&s, at_place(path)), HS_OK);
	}
	assert_false(hs_touched_there(&s.touched_at, "/dev/hidraw3")); // the oldest
	assert_true(hs_touched_there(&s.touched_at, "softkey:/0"));
	assert_true(hs_touched_there(&s.touched_at, path));
}

static void
an_ended_one_is_taken_once_while_it_matters(void **state)
{
	static struct hs_ended e;
	struct hs_ended_session out;
	char id[HS_SESSION_ID_LEN + 1];

	(void)state;
	e = (struct hs_ended){0};
	assert_int_equal(hs_session_add(&s, at_place("/dev/hidraw3")), HS_OK);
	hs_ended_add(&e, &s, WALL);
	assert_int_equal(e.n, 0); // nothing was issued
	issued(1, WALL + 100);
	issued(2, WALL + 50);
	memcpy(id, s.id, sizeof id);
	hs_ended_add(&e, &s, WALL + 100);
	assert_int_equal(e.n, 0); // it has ended
	hs_keys_wipe(&s.key);
	hs_ended_add(&e, &s, WALL + 99);
	hs_session_end(&s);
	hs_ended_add(&e, &s, WALL); // none is open
	assert_int_equal(e.n, 1);
	assert_false(hs_ended_take(&e, "/dev/hidraw4", WALL, &out));
	assert_false(hs_ended_take(&e, "/dev/hidraw3", WALL + 100, &out));
	assert_true(hs_ended_take(&e, "/dev/hidraw3", WALL + 99, &out));
	assert_string_equal(out.id, id);
	assert_false(hs_ended_take(&e, "/dev/hidraw3", WALL, &out));
}

static void
too_many_ended_ones(void **state)
{
	static struct hs_ended e;
	struct hs_ended_session out;

	(void)state;
	e = (struct hs_ended){0};
	assert_int_equal(hs_session_add(&s, at_place("a")), HS_OK);
	issued(1, WALL + 100);
	for (size_t i = 0; i <= HS_ENDED_MAX; i++) {
		s.live[0]->end = WALL + (i == 5 ? 10 : 100 + i);
		hs_ended_add(&e, &s, WALL);
	}
	assert_int_equal(e.n, HS_ENDED_MAX);
	while (hs_ended_take(&e, "a", WALL, &out))
		assert_true(out.last_end >= WALL + 100); // the one that ended first went
	assert_int_equal(e.n, 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(begins_whole),
	    T(a_grant_ends_and_the_others_stay), T(either_clock_ends_a_grant),
	    T(idling_ends_it), T(when_to_look_again), T(none_is_open),
	    T(no_more_than_so_many_live), T(a_spent_one_makes_room),
	    T(where_it_was_touched), T(an_ended_one_is_taken_once_while_it_matters),
	    T(too_many_ended_ones), T(uses_go_back_to_their_grant),
	    T(what_was_issued_is_kept_until_it_ends), T(each_word_is_about_one_serial),
	    T(there_is_a_limit_to_what_is_kept)};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
