// SPDX-License-Identifier: ISC
//
// Goal of this test: revocation lists are written byte for byte as OpenSSH's PROTOCOL.krl
// has them, and read only where all of it is as it must be (rule10). That OpenSSH agrees is
// test_krl_openssh.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "proto/krl.h"
#include "tests/lib/chains.h"

static const uint8_t head[] = {'S', 'S', 'H', 'K', 'R', 'L', '\n', 0, 0, 0, 0, 1, 0, 0, 0,
    0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
    'h', 'i'};

static void
a_list_of_keys(void **state)
{
	const struct hs_key keys[] = {chains.session.key, chains.root.key};
	struct hs_buf b = {0}, want = {0}, blob = {0};
	struct hs_krl k;

	(void)state;
	hs_krl_begin(&b, 7, 9, "hi");
	hs_krl_put_keys(&b, keys, 0);
	hs_krl_put_hashes(&b, NULL, 0);
	assert_int_equal(hs_krl_put_serials(&b, NULL, NULL, 0), HS_OK);
	assert_int_equal(b.len, sizeof head);
	assert_memory_equal(b.p, head, sizeof head);
	hs_krl_put_keys(&b, keys, 2);
	hs_put_raw(&want, head, sizeof head);
	hs_put_u8(&want, 2);
	for (size_t i = 0; i < 2; i++) {
		struct hs_buf one = {0};

		hs_key_put(&one, &keys[i]);
		hs_put_str(&blob, hs_buf_str(&one));
		hs_buf_free(&one);
	}
	hs_put_str(&want, hs_buf_str(&blob));
	assert_true(hs_str_eq(hs_buf_str(&b), hs_buf_str(&want)));
	assert_int_equal(hs_krl_parse(hs_buf_str(&b), &k), HS_OK);
	assert_true(k.version == 7 && k.date == 9 && hs_str_is(k.comment, "hi"));
	assert_true(hs_krl_has_key(&k, &keys[0]) && hs_krl_has_key(&k, &keys[1]));
	assert_false(hs_krl_has_key(&k, &chains.agent.key));
	assert_true(hs_krl_has_serial(&k, &keys[0], 1)); // under a CA that is revoked
	assert_false(hs_krl_has_serial(&k, &chains.agent.key, 1));
	hs_buf_free(&b);
	hs_buf_free(&want);
	hs_buf_free(&blob);
}

static void
joining(void **state)
{
	struct hs_krl_range r[] = {{9, 9}, {1, 3}, {4, 4}, {20, 30}, {22, 25}, {10, 11},
	    {UINT64_MAX, UINT64_MAX}, {31, 31}, {UINT64_MAX - 1, UINT64_MAX}};

	(void)state;
	assert_int_equal(hs_krl_join(r, 0), 0);
	assert_int_equal(hs_krl_join(r, 9), 4);
	assert_true(r[0].lo == 1 && r[0].hi == 4 && r[1].lo == 9 && r[1].hi == 11);
	assert_true(r[2].lo == 20 && r[2].hi == 31 && r[3].lo == UINT64_MAX - 1);
}

// The types of a certificate section's parts, one character each.
static const char *
kinds(const struct hs_buf *b)
{
	static char out[64];
	struct hs_rd r = hs_rd_init(b->p + sizeof head, b->len - sizeof head), sub;
	struct hs_str s;
	uint8_t type;
	size_t n = 0;

	assert_true(hs_get_u8(&r, &type) == HS_OK && type == 1);
	assert_true(hs_get_string(&r, &s) == HS_OK && r.left == 0);
	sub = hs_rd_of(s);
	assert_true(hs_get_string(&sub, &s) == HS_OK && hs_get_string(&sub, &s) == HS_OK);
	while (sub.left > 0) {
		assert_int_equal(hs_get_u8(&sub, &type), HS_OK);
		assert_int_equal(hs_get_string(&sub, &s), HS_OK);
		assert_true(type >= 0x20 && type <= 0x22 && n < sizeof out - 1);
		out[n++] = "LRB"[type - 0x20];
	}
	out[n] = '\0';
	return out;
}

static void
writes(const struct hs_krl_range *ranges, size_t n, const char *want)
{
	struct hs_krl_range r[400];
	struct hs_buf b = {0};
	struct hs_krl k;

	memcpy(r, ranges, n * sizeof *r);
	hs_krl_begin(&b, 7, 9, "hi");
	assert_int_equal(hs_krl_put_serials(&b, &chains.session.key, r, n), HS_OK);
	assert_string_equal(kinds(&b), want);
	assert_int_equal(hs_krl_parse(hs_buf_str(&b), &k), HS_OK);
	for (size_t i = 0; i < n; i++) {
		const struct hs_key *ca = &chains.session.key;

		assert_true(hs_krl_has_serial(&k, ca, ranges[i].lo));
		assert_true(hs_krl_has_serial(&k, ca, ranges[i].hi));
		assert_false(hs_krl_has_serial(&k, &chains.root.key, ranges[i].lo));
	}
	assert_false(hs_krl_has_key(&k, &chains.session.key));
	hs_buf_free(&b);
}

// Of the three kinds the smallest.
static void
kinds_of_sections(void **state)
{
	static const struct hs_krl_range one[] = {{5, 5}}, run[] = {{5, 5000}},
					 far[] = {{1, 1}, {1u << 20, 1u << 20}},
					 near[] = {{1, 1}, {3, 3}, {6, 6}, {8, 9}},
					 all[] = {{1, UINT64_MAX}},
					 mixed[] = {{1, 1}, {3, 3}, {5, 5}, {7, 7}, {9, 9},
					     {100000, 900000}, {1u << 30, 1u << 30}};
	struct hs_krl_range wide[400];

	(void)state;
	writes(one, 1, "L");
	writes(run, 1, "R");
	writes(far, 2, "L");
	writes(near, 4, "B");
	writes(all, 1, "R");
	writes(mixed, 7, "BRL");
	// OpenSSH reads no bitmap above 16384 bits, so that is two of them
	for (uint64_t i = 0; i < 400; i++)
		wide[i] = (struct hs_krl_range){1 + i * 60, 1 + i * 60};
	writes(wide, 400, "BB");
}

static void
ranges_that_are_none(void **state)
{
	struct hs_krl_range zero = {0, 4}, back = {5, 4};
	struct hs_buf b = {0};

	(void)state;
	assert_int_equal(hs_krl_put_serials(&b, NULL, &zero, 1), HS_ERR_FORMAT);
	assert_int_equal(hs_krl_put_serials(&b, NULL, &back, 1), HS_ERR_FORMAT);
	assert_int_equal(b.len, 0);
	hs_buf_free(&b);
}

// ---- reading

static int
parse_with(const void *sections, size_t len)
{
	struct hs_buf b = {0};
	struct hs_krl k;
	int rc;

	hs_put_raw(&b, head, sizeof head);
	hs_put_raw(&b, sections, len);
	rc = hs_krl_parse(hs_buf_str(&b), &k);
	hs_buf_free(&b);
	return rc;
}

// A certificate section under any CA with one part.
static int
parse_part(uint8_t type, const void *data, size_t len)
{
	struct hs_buf b = {0};
	size_t mark;
	int rc;

	hs_put_u8(&b, 1);
	mark = hs_put_string_begin(&b);
	hs_put_cstring(&b, "");
	hs_put_cstring(&b, "");
	hs_put_u8(&b, type);
	hs_put_string(&b, data, len);
	hs_put_string_end(&b, mark);
	rc = parse_with(b.p, b.len);
	hs_buf_free(&b);
	return rc;
}

static void
rule10_sections(void **state)
{
	static const uint8_t unknown[] = {6, 0, 0, 0, 0}, sig[] = {4, 0, 0, 0, 0},
			     zero[] = {0, 0, 0, 0, 0}, cut[] = {2, 0, 0, 0, 1},
			     no_key[] = {2, 0, 0, 0, 4, 0, 0, 0, 0},
			     sha1[] = {3, 0, 0, 0, 6, 0, 0, 0, 2, 1, 2},
			     ext[] = {255, 0, 0, 0, 10, 0, 0, 0, 1, 'x', 0, 0, 0, 0, 0},
			     critical[] = {255, 0, 0, 0, 10, 0, 0, 0, 1, 'x', 1, 0, 0, 0,
				 0},
			     more[] = {255, 0, 0, 0, 11, 0, 0, 0, 1, 'x', 0, 0, 0, 0, 0, 9};

	(void)state;
	assert_int_equal(parse_with(unknown, sizeof unknown), HS_ERR_FORMAT);
	assert_int_equal(parse_with(zero, sizeof zero), HS_ERR_FORMAT);
	assert_int_equal(parse_with(sig, sizeof sig), HS_ERR_FORMAT);
	assert_int_equal(parse_with(cut, sizeof cut), HS_ERR_SHORT);
	assert_int_equal(parse_with(no_key, sizeof no_key), HS_ERR_FORMAT);
	assert_int_equal(parse_with(sha1, sizeof sha1), HS_ERR_FORMAT);
	assert_int_equal(parse_with(ext, sizeof ext), HS_OK);
	assert_int_equal(parse_with(critical, sizeof critical), HS_ERR_FORMAT);
	assert_int_equal(parse_with(more, sizeof more), HS_ERR_TRAILING);
}

static void
rule10_parts(void **state)
{
	static const uint8_t serial[] = {0, 0, 0, 0, 0, 0, 0, 1}, zero[8] = {0},
			     range[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2},
			     back[] = {0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1},
			     bits[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 5},
			     at_zero[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 5},
			     none[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0},
			     wraps[] = {255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 1,
				 2},
			     last[] = {255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 1,
				 1},
			     id[] = {0, 0, 0, 1, 'x'}, nul[] = {0, 0, 0, 1, 0},
			     ext[] = {0, 0, 0, 0, 0, 0, 0, 0, 0},
			     critical[] = {0, 0, 0, 0, 7, 0, 0, 0, 0};
	uint8_t wide[12 + 2050] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 8, 1, 0, 0x80};

	(void)state;
	assert_int_equal(parse_part(0x20, serial, 8), HS_OK);
	assert_int_equal(parse_part(0x20, serial, 7), HS_ERR_SHORT);
	assert_int_equal(parse_part(0x20, zero, 8), HS_ERR_FORMAT);
	assert_int_equal(parse_part(0x21, range, 16), HS_OK);
	assert_int_equal(parse_part(0x21, range, 15), HS_ERR_SHORT);
	assert_int_equal(parse_part(0x21, back, 16), HS_ERR_FORMAT);
	assert_int_equal(parse_part(0x22, bits, sizeof bits), HS_OK);
	assert_int_equal(parse_part(0x22, at_zero, sizeof at_zero), HS_ERR_FORMAT);
	assert_int_equal(parse_part(0x22, none, sizeof none), HS_ERR_FORMAT);
	assert_int_equal(parse_part(0x22, wraps, sizeof wraps), HS_ERR_FORMAT);
	assert_int_equal(parse_part(0x22, last, sizeof last), HS_OK);
	assert_int_equal(parse_part(0x22, wide, 12 + 2049), HS_OK);
	wide[11] = 2; // a byte more than OpenSSH reads
	wide[12] = 1;
	assert_int_equal(parse_part(0x22, wide, 12 + 2050), HS_ERR_TOO_LONG);
	assert_int_equal(parse_part(0x23, id, sizeof id), HS_OK);
	assert_int_equal(parse_part(0x23, nul, sizeof nul), HS_ERR_FORMAT);
	assert_int_equal(parse_part(0x39, ext, sizeof ext), HS_OK);
	assert_int_equal(parse_part(0x39, critical, sizeof critical), HS_ERR_FORMAT);
	assert_int_equal(parse_part(0x24, "", 0), HS_ERR_FORMAT);
}

// No part of a list is a list, a byte more is none, and no byte of the head can be another
// but those of version, date and comment.
static void
rule10_cut_and_changed(void **state)
{
	const uint8_t hashes[2][HS_KRL_HASH] = {{1}, {2}};
	struct hs_krl_range r[] = {{1, 1}, {3, 3}, {6, 6}, {100, 900}};
	struct hs_buf b = {0};
	struct hs_krl k;

	(void)state;
	hs_krl_begin(&b, 7, 9, "hi");
	assert_int_equal(hs_krl_put_serials(&b, &chains.session.key, r, 4), HS_OK);
	hs_krl_put_keys(&b, &chains.root.key, 1);
	hs_krl_put_hashes(&b, hashes, 2);
	assert_int_equal(hs_krl_parse(hs_buf_str(&b), &k), HS_OK);
	for (size_t n = 0; n < b.len; n++) {
		int rc = hs_krl_parse((struct hs_str){b.p, n}, &k);
		// between two sections it is a list, if a shorter one
		bool whole = rc == HS_OK;

		if (whole)
			assert_true(n >= sizeof head && (n == sizeof head || b.p[n] <= 5));
		else
			assert_int_equal(rc, HS_ERR_SHORT);
	}
	for (size_t i = 0; i < 12; i++) {
		b.p[i] ^= 1;
		assert_int_equal(hs_krl_parse(hs_buf_str(&b), &k), HS_ERR_FORMAT);
		b.p[i] ^= 1;
	}
	for (size_t i = 28; i < 36; i++) { // flags
		b.p[i] ^= 1;
		assert_int_equal(hs_krl_parse(hs_buf_str(&b), &k), HS_ERR_FORMAT);
		b.p[i] ^= 1;
	}
	hs_put_u8(&b, 0);
	assert_int_not_equal(hs_krl_parse(hs_buf_str(&b), &k), HS_OK);
	hs_buf_free(&b);
}

static int
stop_at_second(void *arg, const struct hs_krl_item *item)
{
	unsigned *n = arg;

	(void)item;
	return ++*n == 2 ? HS_NO_BUSY : HS_OK;
}

static void
a_walk_stops(void **state)
{
	struct hs_krl_range r[] = {{1, 1}, {1000, 1000}, {90000, 90000}};
	struct hs_buf b = {0};
	struct hs_krl k;
	unsigned n = 0;

	(void)state;
	hs_krl_begin(&b, 1, 1, "");
	assert_int_equal(hs_krl_put_serials(&b, NULL, r, 3), HS_OK);
	assert_int_equal(hs_krl_parse(hs_buf_str(&b), &k), HS_OK);
	assert_int_equal(hs_krl_walk(&k, stop_at_second, &n), HS_NO_BUSY);
	assert_int_equal(n, 2);
	assert_true(hs_krl_has_serial(&k, &chains.root.key, 1000)); // under any
	assert_false(hs_krl_has_serial(&k, &chains.root.key, 1001));
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_list_of_keys),
	    cmocka_unit_test(joining), cmocka_unit_test(kinds_of_sections),
	    cmocka_unit_test(ranges_that_are_none), cmocka_unit_test(rule10_sections),
	    cmocka_unit_test(rule10_parts), cmocka_unit_test(rule10_cut_and_changed),
	    cmocka_unit_test(a_walk_stops)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("krl", tests, chains_make, NULL);
}
