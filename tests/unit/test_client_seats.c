// SPDX-License-Identifier: ISC
//
// Seats as a tree: what a daemon may say of them and what not, the order they are shown in,
// the lines that are drawn, and what a seat's scopes permit. Random lists check that every
// seat is shown once, below its parent. Prints its seed; HS_SEED repeats a run. The pages
// of a daemon are seatcli.t's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "client/handseal/seatrows.h"

#define NOW	UINT64_C(1800000000) // 08:00 UTC
#define SESSION "7c2e000000000000"
#define SCOPE	"max-ttl 900\nmax-uses *\n\nns git\n"

static uint64_t seed;

static uint32_t
draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

static struct hs_agent_seat_item
usual(void)
{
	return (struct hs_agent_seat_item){.agent = hs_str_c("claude"),
	    .scope = hs_str_c(SCOPE),
	    .began = NOW - 60,
	    .end = NOW + 13290,
	    .uses_left = HS_USES_ANY,
	    .pid = 4711};
}

// With that serial below that parent (0: none); what else it has is m's.
static int
take_as(struct hs_seats *s, struct hs_agent_seat_item m, uint64_t serial, uint64_t parent)
{
	char id[48], above[48] = "";

	snprintf(id, sizeof id, SESSION ".%" PRIu64, serial);
	if (parent > 0)
		snprintf(above, sizeof above, SESSION ".%" PRIu64, parent);
	m.id = hs_str_c(id);
	m.parent = hs_str_c(above);
	return hs_seats_take(s, &m);
}

static int
take(struct hs_seats *s, uint64_t serial, uint64_t parent)
{
	return take_as(s, usual(), serial, parent);
}

static int
take_part(struct hs_seats *s, uint64_t serial)
{
	struct hs_agent_seat_item m = usual();

	m.more = 1;
	return take_as(s, m, serial, 0);
}

// The first column of each line, one under the other.
static void
assert_tree(const struct hs_seats *s, bool utf8, const char *expected)
{
	char text[4096] = "";
	struct hs_seatrows look;
	size_t n = 0;

	hs_seatrows_begin(&look, s, NOW, utf8);
	for (size_t i = s->first; i != HS_SEATS_NONE; i = hs_seats_next(s, i)) {
		struct hs_buf row = {0};
		const uint8_t *agent;

		hs_seatrows_put(&row, &look, i);
		assert_int_equal(hs_buf_err(&row), HS_OK);
		agent = memmem(row.p, row.len, s->v[i].more ? "(touch)" : "claude", 6);
		assert_non_null(agent);
		n += (size_t)snprintf(text + n, sizeof text - n, "%.*s\n",
		    (int)(agent - row.p), (const char *)row.p);
		hs_buf_free(&row);
	}
	assert_string_equal(text, expected);
}

static void
a_tree_with_parts_behind_the_children(void **state)
{
	struct hs_seats s = {0};

	(void)state;
	assert_int_equal(take(&s, 3, 0), HS_OK);
	assert_int_equal(take_part(&s, 3), HS_OK);
	assert_int_equal(take_part(&s, 3), HS_OK);
	assert_int_equal(take(&s, 4, 0), HS_OK);
	assert_int_equal(take(&s, 7, 3), HS_OK);
	assert_int_equal(take_part(&s, 7), HS_OK);
	assert_int_equal(take(&s, 8, 3), HS_OK);
	assert_int_equal(take(&s, 9, 7), HS_OK);
	assert_int_equal(take(&s, 10, 4), HS_OK);
	assert_int_equal(take(&s, 11, 10), HS_OK);
	assert_tree(&s, true,
	    "7c2e.3      \n"
	    "├ 7c2e.7    \n"
	    "│ ├ 7c2e.9  \n"
	    "│ └ 7c2e.7+ \n"
	    "├ 7c2e.8    \n"
	    "├ 7c2e.3+   \n"
	    "└ 7c2e.3+   \n"
	    "7c2e.4      \n"
	    "└ 7c2e.10   \n"
	    "  └ 7c2e.11 \n");
	assert_tree(&s, false,
	    "7c2e.3      \n"
	    "|-7c2e.7    \n"
	    "| |-7c2e.9  \n"
	    "| `-7c2e.7+ \n"
	    "|-7c2e.8    \n"
	    "|-7c2e.3+   \n"
	    "`-7c2e.3+   \n"
	    "7c2e.4      \n"
	    "`-7c2e.10   \n"
	    "  `-7c2e.11 \n");
	assert_true(hs_seats_own(&s) == HS_SEATS_NONE);
	hs_seats_free(&s);
}

static void
a_seat_sees_itself_and_what_is_below(void **state)
{
	struct hs_seats s = {0};

	(void)state;
	assert_true(hs_seats_own(&s) == HS_SEATS_NONE);
	assert_int_equal(take(&s, 9, 3), HS_OK); // its parent is not listed there
	assert_int_equal(take_part(&s, 9), HS_OK);
	assert_int_equal(take(&s, 12, 9), HS_OK);
	assert_true(hs_seats_own(&s) == 0);
	assert_int_equal(s.v[0].parent_serial, 3);
	assert_int_equal(s.v[0].depth, 0);
	assert_tree(&s, true, "7c2e.9      \n├ 7c2e.12   \n└ 7c2e.9+   \n");
	assert_int_equal(take(&s, 13, 3), HS_OK);
	assert_true(hs_seats_own(&s) == HS_SEATS_NONE);
	hs_seats_free(&s);
}

static void
rule10_circles_and_serials_that_do_not_rise(void **state)
{
	struct hs_agent_seat_item m = usual();
	struct hs_seats s = {0};

	(void)state;
	assert_int_equal(take_part(&s, 3), HS_ERR_FORMAT);
	assert_int_equal(take(&s, 3, 3), HS_ERR_FORMAT);
	assert_int_equal(take(&s, 3, 4), HS_ERR_FORMAT);
	assert_int_equal(take(&s, 0, 0), HS_ERR_FORMAT);
	assert_int_equal(take(&s, 3, 0), HS_OK);
	assert_int_equal(take(&s, 3, 0), HS_ERR_FORMAT);
	assert_int_equal(take(&s, 2, 0), HS_ERR_FORMAT);
	assert_int_equal(take_part(&s, 2), HS_ERR_FORMAT);
	assert_int_equal(take_part(&s, 4), HS_ERR_FORMAT);
	m.id = hs_str_c("7c2e000000000001.3"); // another session's
	m.more = 1;
	assert_int_equal(hs_seats_take(&s, &m), HS_ERR_FORMAT);
	m.id = hs_str_c("7c2e000000000001.4");
	m.parent = hs_str_c("7c2e000000000001.3");
	m.more = 0;
	assert_int_equal(hs_seats_take(&s, &m), HS_OK);
	assert_true(s.v[1].parent == HS_SEATS_NONE);
	assert_int_equal(s.n, 2);
	hs_seats_free(&s);
}

static void
rule10_ids_agents_and_scopes_that_cannot_be(void **state)
{
	static const char *const ids[] = {"", "7c2e000000000000", "7c2e000000000000.",
	    "7c2e000000000000.0", "7c2e000000000000.01", "7c2e000000000000.-1",
	    "7C2E000000000000.1", "7c2e.1", "7c2e00000000000g.1",
	    "7c2e000000000000.18446744073709551616"};
	static const char *const agents[] = {
	    "", "A", "a b", "\033[2J", "(touch)", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	static uint8_t text[HS_SCOPE_BYTES_MAX + 1];
	struct hs_agent_seat_item m = usual();
	struct hs_seats s = {0};

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		m = usual();
		m.id = hs_str_c(ids[i]);
		assert_int_equal(hs_seats_take(&s, &m), HS_ERR_FORMAT);
		m.id = hs_str_c(SESSION ".9");
		m.parent = hs_str_c(ids[i]);
		if (i > 0) // "" is none
			assert_int_equal(hs_seats_take(&s, &m), HS_ERR_FORMAT);
	}
	for (size_t i = 0; i < sizeof agents / sizeof agents[0]; i++) {
		m = usual();
		m.agent = hs_str_c(agents[i]);
		assert_int_equal(take_as(&s, m, 1, 0), HS_ERR_FORMAT);
	}
	m = usual();
	m.scope = (struct hs_str){text, sizeof text};
	assert_int_equal(take_as(&s, m, 1, 0), HS_ERR_FORMAT);
	m.scope.len--;
	assert_int_equal(take_as(&s, m, 1, 0), HS_OK);
	m.scope = (struct hs_str){0};
	assert_int_equal(take_as(&s, m, 2, 0), HS_OK);
	hs_seats_free(&s);
}

static void
rule10_deep_and_many(void **state)
{
	static uint8_t text[HS_SCOPE_BYTES_MAX];
	struct hs_agent_seat_item m = usual();
	struct hs_seats s = {0};
	uint64_t i;

	(void)state;
	for (i = 1; i <= HS_DEPTH_MAX + 1; i++)
		assert_int_equal(take(&s, i, i - 1), HS_OK);
	assert_int_equal(take(&s, i, i - 1), HS_ERR_FORMAT);
	assert_int_equal(take_part(&s, i - 1), HS_OK); // a part is no seat
	assert_int_equal(take(&s, i, i - 2), HS_OK);
	hs_seats_free(&s);
	for (i = 1; i <= HS_SEATS_MAX; i++)
		assert_int_equal(take(&s, i, i > 1 ? 1 : 0), HS_OK);
	assert_int_equal(take(&s, i, 0), HS_ERR_TOO_LONG);
	assert_int_equal(take_part(&s, i - 1), HS_ERR_TOO_LONG);
	hs_seats_free(&s);
	m.scope = (struct hs_str){text, sizeof text};
	for (i = 1; i <= HS_SEATS_TEXT / sizeof text; i++)
		assert_int_equal(take_as(&s, m, i, 0), HS_OK);
	assert_int_equal(take_as(&s, m, i, 0), HS_ERR_TOO_LONG);
	hs_seats_free(&s);
}

// Each is shown once, behind its parent, and what is drawn ends where its id begins.
static void
check_order(const struct hs_seats *s)
{
	bool *seen = calloc(s->n, sizeof *seen);
	struct hs_seatrows look;
	size_t shown = 0;

	assert_non_null(seen);
	hs_seatrows_begin(&look, s, NOW, false);
	for (size_t i = s->first; i != HS_SEATS_NONE; i = hs_seats_next(s, i)) {
		struct hs_buf row = {0};

		assert_false(seen[i]);
		seen[i] = true;
		shown++;
		assert_true(s->v[i].parent == HS_SEATS_NONE || seen[s->v[i].parent]);
		hs_seatrows_put(&row, &look, i);
		assert_memory_equal(row.p + 2 * (size_t)s->v[i].depth, "7c2e.", 5);
		assert_int_equal(row.p[look.id_width - 1], ' ');
		hs_buf_free(&row);
	}
	assert_int_equal(shown, s->n);
	free(seen);
}

static void
each_is_shown_once_below_its_parent(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		struct hs_seats s = {0};
		uint64_t serial = 0;

		for (uint32_t n = 1 + draw(60); n > 0; n--) {
			if (s.n > 0 && draw(4) == 0) {
				assert_int_equal(take_part(&s, serial), HS_OK);
				continue;
			}
			if (take(&s, serial + 1 + draw(3),
				draw(3) == 0 ? 0 : draw(1 + (uint32_t)serial)) == HS_OK)
				serial = s.v[s.n - 1].serial;
		}
		if (s.n > 0)
			check_order(&s);
		hs_seats_free(&s);
	}
}

static void
assert_row(const struct hs_agent_seat_item *m, const char *expected)
{
	struct hs_seats s = {0};
	struct hs_seatrows look;
	struct hs_buf row = {0};

	assert_int_equal(take_as(&s, *m, 3, 0), HS_OK);
	hs_seatrows_begin(&look, &s, NOW, true);
	hs_seatrows_put(&row, &look, 0);
	hs_put_u8(&row, 0);
	assert_int_equal(hs_buf_err(&row), HS_OK);
	assert_string_equal((const char *)row.p, expected);
	hs_buf_free(&row);
	hs_seats_free(&s);
}

static void
times_and_uses(void **state)
{
	struct hs_agent_seat_item m = usual();

	(void)state;
#define ROW(rest) "7c2e.3      claude    sign git                       " rest
	assert_row(&m, ROW("11:41 3h41    0/*    never"));
	m.revoked = 1;
	assert_row(&m, ROW("REVOKED       0/*    never"));
	m.revoked = 0;
	m.end = NOW + 59;
	m.used = 3;
	m.uses_left = 7;
	m.last = NOW - 59;
	assert_row(&m, ROW("08:00  59s    3/10   59 s"));
	m.end = NOW + 60;
	m.last = NOW - 60;
	assert_row(&m, ROW("08:01   1m    3/10   1 min"));
	m.end = NOW + 3600;
	m.last = NOW - 3600;
	m.uses_left = 0;
	assert_row(&m, ROW("09:00 1h00    3/3    1 h"));
	m.end = NOW + 366 * 86400 + 23 * 3600;
	m.last = NOW - 86400;
	assert_row(&m, ROW("07:00 366d23h 3/3    1 d"));
	m.end = NOW;
	m.last = NOW + 5; // of a clock that was set back
	assert_row(&m, ROW("08:00 ended   3/3    0 s"));
	m.end = UINT64_MAX;
	m.used = UINT64_MAX;
	m.uses_left = 1;
	assert_row(&m, ROW("?     213503982313767d23h 18446744073709551615/? 0 s"));
	m = usual();
	m.scope = hs_str_c("\033[2J");
	assert_row(&m, "7c2e.3      claude    a scope that cannot be read    11:41 3h41    "
		       "0/*    never");
#undef ROW
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_tree_with_parts_behind_the_children),
	    cmocka_unit_test(a_seat_sees_itself_and_what_is_below),
	    cmocka_unit_test(rule10_circles_and_serials_that_do_not_rise),
	    cmocka_unit_test(rule10_ids_agents_and_scopes_that_cannot_be),
	    cmocka_unit_test(rule10_deep_and_many),
	    cmocka_unit_test(each_is_shown_once_below_its_parent),
	    cmocka_unit_test(times_and_uses),
	};
	const char *given = getenv("HS_SEED");

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0 || setenv("TZ", "UTC", 1) != 0)
		return 1;
	tzset();
	seed = given != NULL ? strtoull(given, NULL, 0) : randombytes_random();
	print_message("# HS_SEED=%" PRIu64 "\n", seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
