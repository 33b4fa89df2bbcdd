// SPDX-License-Identifier: ISC
//
// Who asks for hashes: several for one, some that go, some that do things when they are
// told, more than there is room for; and the daemon's end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>
#include "tests/lib/hashing.h"
#include "tests/lib/world.h"

static void
two_askers(void **state)
{
	struct hashing_asked a = {0}, b = {0}, c = {0};
	int fds;

	(void)state;
	hashing_begin(0);
	hashing_hold();
	fds = world_fds();
	assert_true(hashing_ask(&a) && hashing_ask(&b));
	assert_int_equal(world_fds(), fds + 1);
	hashing_touch(hashing.path);
	assert_true(hashing_ask(&c)); // another key, so another file to it
	assert_int_equal(world_fds(), fds + 2);
	assert_true(hashing_ask(&(struct hashing_asked){0})); // which that one joins
	hs_exehash_drop(&c.ask);
	hs_exehash_free(&hashing.h);
	hashing_release();
	hashing_finish();
	hashing_got(&a, HS_NO_GONE);
	hashing_got(&b, HS_NO_GONE);
	assert_int_equal(c.calls, 0);
	hashing_end();
}

static void
shared(void **state)
{
	struct hashing_asked a[3] = {0};

	(void)state;
	hashing_begin(0);
	hashing_hold();
	for (int i = 0; i < 3; i++)
		assert_true(hashing_ask(&a[i]));
	hashing_release();
	hashing_finish();
	for (int i = 0; i < 3; i++)
		hashing_got(&a[i], HS_OK);
	hashing_end();
}

static void
dropped(void **state)
{
	struct hashing_asked a[3] = {0};

	(void)state;
	for (int all = 0; all < 2; all++) {
		hashing_begin(0);
		hashing_hold();
		for (int i = 0; i < 3; i++)
			assert_true(hashing_ask(&a[i]));
		for (int i = 0; i < 2 + all; i++) {
			hs_exehash_drop(&a[i].ask);
			assert_null(a[i].ask);
			hs_exehash_drop(&a[i].ask);
		}
		hs_exehash_drop(NULL);
		hashing_release();
		hashing_finish();
		assert_int_equal(a[0].calls + a[1].calls, 0);
		assert_int_equal(a[2].calls, all ? 0 : 1);
		assert_false(hashing_ask(&a[0])); // it was read to its end
		hashing_got(&a[0], HS_OK);
		hashing_end();
	}
}

static void
drop_the_other(struct hashing_asked *a)
{
	hs_exehash_drop(&a->other->ask);
}

static void
ask_for_the_other(struct hashing_asked *a)
{
	(void)hashing_ask(a->other);
}

static void
free_all(struct hashing_asked *a)
{
	(void)a;
	hs_exehash_free(&hashing.h);
}

// Who is told may do anything.
static void
dropped_from_within(void **state)
{
	struct hashing_asked a = {.then = drop_the_other}, b = {.then = drop_the_other};

	(void)state;
	a.other = &b;
	b.other = &a;
	hashing_begin(0);
	hashing_hold();
	assert_true(hashing_ask(&a) && hashing_ask(&b));
	hashing_release();
	hashing_finish();
	assert_int_equal(a.calls + b.calls, 1);
	hashing_end();
}

static void
asked_from_within(void **state)
{
	struct hashing_asked a = {.then = ask_for_the_other}, b = {0};

	(void)state;
	a.other = &b;
	hashing_begin(0);
	assert_true(hashing_ask(&a));
	hashing_finish();
	hashing_got(&a, HS_OK);
	hashing_got(&b, HS_OK); // what was kept just before
	b.calls = 0;
	hashing_touch(hashing.path);
	hashing_hold();
	assert_true(hashing_ask(&a));
	hashing_touch(hashing.path); // so what a asked for is not what b asks for
	hashing_release();
	hashing_finish();
	hashing_got(&a, HS_ERR_IO);
	hashing_got(&b, HS_OK);
	hashing_end();
}

static void
freed_from_within(void **state)
{
	struct hashing_asked a = {.then = free_all}, b = {0};

	(void)state;
	hashing_begin(0);
	hashing_hold();
	assert_true(hashing_ask(&a));
	hashing_touch(hashing.path);
	assert_true(hashing_ask(&b));
	hashing_release();
	hashing_finish();
	hashing_got(&a, HS_ERR_IO);
	hashing_got(&b, HS_NO_GONE);
	hashing_end();
}

static void
freed_within_a_hit(void **state)
{
	struct hashing_asked a = {0}, b = {.then = free_all};

	(void)state;
	hashing_begin(0);
	assert_true(hashing_ask(&a));
	hashing_finish();
	assert_false(hashing_ask(&b));
	hashing_got(&b, HS_OK);
	hashing_end();
}

// ---- bounds

static void
too_many(void **state)
{
	struct hashing_asked a[HS_EXEHASH_WAITING + 2] = {0};
	size_t n = sizeof a / sizeof a[0];
	int fds;

	(void)state;
	hashing_begin(0);
	hashing_hold();
	fds = world_fds();
	for (size_t i = 0; i < n - 1; i++) {
		hashing_touch(hashing.path);
		assert_true(hashing_ask(&a[i]));
	}
	hashing_touch(hashing.path);
	assert_false(hashing_ask(&a[n - 1]));
	hashing_got(&a[n - 1], HS_NO_BUSY);
	assert_int_equal(world_fds(), fds + (int)n - 1);
	hs_exehash_free(&hashing.h);
	hashing_got(&a[1], HS_NO_GONE);
	assert_int_equal(a[0].calls, 0); // the pool has it
	hashing_release();
	hashing_finish();
	for (size_t i = 0; i < n - 1; i++)
		hashing_got(&a[i], HS_NO_GONE);
	assert_int_equal(world_fds(), fds);
	hashing_end();
}

// One more of what is kept under another key each time.
static void
fill(int n)
{
	struct hashing_asked a = {0};

	for (int i = 0; i < n; i++) {
		hashing_touch(hashing.path);
		assert_true(hashing_ask(&a));
		hashing_finish();
		hashing_got(&a, HS_OK);
	}
}

static void
the_least_recently_used_goes(void **state)
{
	struct hs_peer first;
	struct hashing_asked a = {0};
	struct peers_one other;
	char name[PATH_MAX];

	(void)state;
	hashing_begin(0);
	peers_copy("other", name);
	peers_start(&other);
	peers_exec(&other, name);
	peers_look(&other, &first);
	hs_exehash_drop(&(struct hs_exehash_ask *){
	    hs_exehash_get(hashing.h, &first, hashing_done, &a)});
	hashing_finish();
	fill(HS_EXEHASH_KEPT - 1);
	for (int i = 0; i < 2; i++) {
		a.calls = 0;
		assert_null(
		    hs_exehash_get(hashing.h, &first, hashing_done, &a)); // used again
		hashing_got(&a, HS_OK);
		fill(HS_EXEHASH_KEPT - 1);
	}
	fill(1);
	assert_false(hashing_ask(&a));
	a.calls = 0;
	a.ask = hs_exehash_get(hashing.h, &first, hashing_done, &a);
	assert_non_null(a.ask);
	hashing_finish();
	hashing_got(&a, HS_OK);
	hs_peer_close(&first);
	peers_stop(&other);
	assert_int_equal(unlink(name), 0);
	hashing_end();
}

static void
nothing_to_free(void **state)
{
	struct hs_exehash *none = NULL;

	(void)state;
	hs_exehash_free(&none);
	hs_exehash_free(NULL);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(two_askers),
	    cmocka_unit_test(shared), cmocka_unit_test(dropped),
	    cmocka_unit_test(dropped_from_within), cmocka_unit_test(asked_from_within),
	    cmocka_unit_test(freed_from_within), cmocka_unit_test(freed_within_a_hit),
	    cmocka_unit_test(too_many), cmocka_unit_test(the_least_recently_used_goes),
	    cmocka_unit_test(nothing_to_free)};
	int rc = hashing_program(argc, argv);

	if (rc >= 0)
		return rc;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, peers_prepare, peers_clear);
}
