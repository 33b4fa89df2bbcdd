// SPDX-License-Identifier: ISC
//
// What a touch has made is believed only as far as it verifies: every lie about it is
// refused as one, and nothing of it is kept.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "agentd/held.h"
#include "proto/names.h"
#include "tests/lib/chains.h"

static struct hs_root_record root;
static struct hs_held *held;
static struct hs_err err;

static const struct hs_now NOW = {
    .wall = CHAINS_MADE, .wall_ms = CHAINS_MADE * 1000ull, .boot_ms = 5000};

static int
setup(void **state)
{
	(void)state;
	root = (struct hs_root_record){.name = "blue", .simulated = true};
	root.key = chains.root.key;
	held = NULL;
	return 0;
}

static int
make_at(const struct hs_grant_spec *g, const struct hs_mint *by, uint8_t flags,
    const struct hs_now *now, uint64_t end_boot_ms)
{
	struct hs_buf blob = {0};
	const struct hs_held_spec spec = {.blob = &blob,
	    .subject = &chains.session.key,
	    .holder = HS_HOLDER_MAIN,
	    .root = &root,
	    .device = hs_str_c("softkey:/blue"),
	    .silent = true,
	    .end_boot_ms = end_boot_ms,
	    .now = *now};
	int rc;

	chains_put_grant(&blob, g, by, flags);
	rc = hs_held_make(&spec, &held, &err);
	assert_null(blob.p); // taken, whatever came of it
	assert_int_equal(rc == HS_OK, held != NULL);
	return rc;
}

static int
make(const struct hs_grant_spec *g, const struct hs_mint *by, uint8_t flags)
{
	return make_at(g, by, flags, &NOW, 5000 + 3600000);
}

static void
lies(int rc, const char *sentence)
{
	assert_int_equal(rc, HS_SK_LIED);
	assert_int_equal(err.code, HS_SK_LIED);
	assert_non_null(strstr(err.text, sentence));
}

static void
a_good_one(void **state)
{
	struct hs_grant_spec g = chains_grant();

	(void)state;
	assert_int_equal(make(&g, &chains.root, 1), HS_OK);
	assert_string_equal(held->root, "blue");
	assert_string_equal(held->device, "softkey:/blue");
	assert_true(held->silent && held->simulated);
	assert_int_equal(held->opened, CHAINS_MADE);
	assert_int_equal(held->end, g.payload.end);
	assert_int_equal(held->end_boot_ms, 3605000);
	assert_int_equal(held->uses_left, HS_USES_ANY);
	assert_int_equal(held->grant.sk.flags, 1);
	hs_held_free(&held);
	hs_held_free(&held);
	hs_held_free(NULL);
	assert_int_equal(make(&g, &chains.root, 5), HS_OK);
	assert_int_equal(held->grant.sk.flags, 5);
	hs_held_free(&held);
}

static void
uses_come_from_its_scope(void **state)
{
	struct hs_grant_spec g = chains_grant();

	(void)state;
	g.payload = chains_payload(CHAINS_SCOPE, g.payload.end);
	assert_int_equal(make(&g, &chains.root, 1), HS_OK);
	assert_int_equal(held->uses_left, 1);
	hs_held_free(&held);
}

static void
rule1_not_touched(void **state)
{
	static const uint8_t flags[] = {0, 2, 4, 3, 7, 0x41, 0x81, 0xff};
	struct hs_grant_spec g = chains_grant();

	(void)state;
	for (size_t i = 0; i < sizeof flags; i++)
		lies(make(&g, &chains.root, flags[i]), "does not make a grant");
}

static void
over_another_key(void **state)
{
	struct hs_grant_spec g = chains_grant();

	(void)state;
	g.session_key = &chains.other_session.key;
	lies(make(&g, &chains.root, 1), "over another key");
}

static void
by_another_root(void **state)
{
	struct hs_grant_spec g = chains_grant();

	(void)state;
	g.root = &chains.other_root.key;
	lies(make(&g, &chains.other_root, 1), "signed by another root");
	g = chains_grant();
	lies(make(&g, &chains.other_root, 1), "does not make a grant"); // forged
	g.root = &chains.ecdsa_root.key;
	lies(make(&g, &chains.ecdsa_root, 1), "signed by another root");
}

static void
for_another_holder(void **state)
{
	static const char *const holders[] = {"seat:7c2e.3", "seat:main"};
	struct hs_grant_spec g = chains_grant();

	(void)state;
	for (size_t i = 0; i < sizeof holders / sizeof holders[0]; i++) {
		g.payload.holder = hs_str_c(holders[i]);
		lies(make(&g, &chains.root, 1), "for another holder");
	}
}

// Each byte of it counts.
static void
changed_afterwards(void **state)
{
	const struct hs_grant_spec g = chains_grant();
	struct hs_buf whole = {0};
	struct hs_held_spec spec = {.subject = &chains.session.key,
	    .holder = HS_HOLDER_MAIN,
	    .root = &root,
	    .end_boot_ms = UINT64_MAX,
	    .now = NOW};

	(void)state;
	chains_put_grant(&whole, &g, &chains.root, 1);
	for (size_t i = 0; i < whole.len; i++) {
		struct hs_buf blob = {0};

		hs_put_raw(&blob, whole.p, whole.len);
		blob.p[i] ^= 1;
		spec.blob = &blob;
		assert_int_equal(hs_held_make(&spec, &held, &err), HS_SK_LIED);
		assert_null(held);
	}
	for (size_t n = 0; n < whole.len; n++) {
		struct hs_buf blob = {0};

		hs_put_raw(&blob, whole.p, n);
		spec.blob = &blob;
		assert_int_equal(hs_held_make(&spec, &held, &err), HS_SK_LIED);
	}
	hs_put_u8(&whole, 0);
	spec.blob = &whole;
	assert_int_equal(hs_held_make(&spec, &held, &err), HS_SK_LIED);
}

static void
touched_too_late(void **state)
{
	const struct hs_grant_spec g = chains_grant();
	struct hs_now late = NOW;

	(void)state;
	late.wall = g.payload.end - 1;
	assert_int_equal(make_at(&g, &chains.root, 1, &late, 3605000), HS_OK);
	hs_held_free(&held);
	late.wall = g.payload.end;
	assert_int_equal(make_at(&g, &chains.root, 1, &late, 3605000), HS_NO_EXPIRED);
	assert_int_equal(make_at(&g, &chains.root, 1, &NOW, 5001), HS_OK);
	hs_held_free(&held);
	assert_int_equal(make_at(&g, &chains.root, 1, &NOW, 5000), HS_NO_EXPIRED);
}

static void
a_device_too_long_to_keep(void **state)
{
	static char name[200];
	const struct hs_grant_spec g = chains_grant();
	struct hs_buf blob = {0};
	struct hs_held_spec spec = {.blob = &blob,
	    .subject = &chains.session.key,
	    .holder = HS_HOLDER_MAIN,
	    .root = &root,
	    .end_boot_ms = UINT64_MAX,
	    .now = NOW};

	(void)state;
	memset(name, 'a', sizeof name - 1);
	spec.device = hs_str_c(name);
	chains_put_grant(&blob, &g, &chains.root, 1);
	assert_int_equal(hs_held_make(&spec, &held, &err), HS_OK);
	assert_string_equal(held->device, "");
	assert_false(held->silent);
	hs_held_free(&held);
}

static void
over_by_either_clock(void **state)
{
	struct hs_held h = {.end = 1000, .end_boot_ms = 500};
	struct hs_now now = {.wall = 999, .boot_ms = 499};

	(void)state;
	assert_false(hs_held_over(&h, &now));
	now.wall = 1000;
	assert_true(hs_held_over(&h, &now));
	now = (struct hs_now){.wall = 0, .boot_ms = 500};
	assert_true(hs_held_over(&h, &now));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {T(a_good_one), T(uses_come_from_its_scope),
	    T(rule1_not_touched), T(over_another_key), T(by_another_root),
	    T(for_another_holder), T(changed_afterwards), T(touched_too_late),
	    T(a_device_too_long_to_keep), T(over_by_either_clock)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, chains_make, NULL);
}
