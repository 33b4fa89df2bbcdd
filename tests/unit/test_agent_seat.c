// SPDX-License-Identifier: ISC
//
// The bodies about seats: each as docs/PROTOCOL.agent has it, there and back, cut short,
// with bytes left over, and with values that are none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "proto/agent.h"
#include "proto/names.h"
#include "proto/scope.h"
#include "tests/lib/page.h"

// clang-format off
#define S(text) {(const uint8_t *)(text), sizeof(text) - 1}
// clang-format on
#define SCOPE                                                                              \
	"max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\nuser "      \
	"deploy\n"
#define ID     "7c2e000000000000.3"
#define SOCKET "/run/user/1000/handseal/agent.sock.seat-Ab3dEf/agent.sock"

static const struct hs_agent_seat seat = {.what = HS_SEAT_MAKE,
    .scope = S(SCOPE),
    .agent = S("claude"),
    .reason = S("look"),
    .ttl = 28800,
    .uid = 1001};
static const struct hs_agent_seat end = {.what = HS_SEAT_END};
static const struct hs_agent_seated seated = {
    .id = S(ID), .socket = S(SOCKET), .end = 1795514400, .scope = S(SCOPE), .touched = 1};
static const struct hs_agent_unseated unseated = {.id = S(ID),
    .began = 1795485600,
    .logins = 12,
    .signatures = 1,
    .escalations = 1,
    .refused = 2,
    .last_end = 1795488000};
static const struct hs_agent_seat_item item = {.id = S(ID),
    .parent = S("7c2e000000000000.1"),
    .agent = S("claude"),
    .scope = S(SCOPE),
    .began = 1795485600,
    .end = 1795514400,
    .used = 3,
    .uses_left = HS_USES_ANY,
    .last = 1795486000,
    .pid = 26368,
    .touched = 0,
    .more = 1,
    .revoked = 1};
static const struct hs_agent_why why = {.user = S("root"), .host = S("db1.example.com")};
static const struct hs_agent_reasons reasons = {.time = 1795486000,
    .code = S("user-outside-scope"),
    .sentence = S("the scope does not allow this user on this host"),
    .remedy = S("ask for it: handseal request"),
    .user = S("root"),
    .host = S("db1.example.com")};

// There and back, then each prefix of it, then a byte more.
#define ROUND_TRIP(name, m, leaves)                                                        \
	do {                                                                               \
		struct hs_buf b = {0}, again = {0};                                        \
		struct hs_agent_##name got;                                                \
		struct hs_rd r;                                                            \
		hs_agent_##name##_put(&b, m);                                              \
		assert_int_equal(hs_buf_err(&b), HS_OK);                                   \
		r = hs_rd_of(hs_buf_str(&b));                                              \
		assert_int_equal(hs_agent_##name##_get(&r, &got), HS_OK);                  \
		assert_int_equal(r.left, 0);                                               \
		hs_agent_##name##_put(&again, &got);                                       \
		assert_true(hs_str_eq(hs_buf_str(&b), hs_buf_str(&again)));                \
		for (size_t n = 0; n < b.len; n++) {                                       \
			r = hs_rd_init(b.p, n);                                            \
			assert_int_not_equal(hs_agent_##name##_get(&r, &got), HS_OK);      \
		}                                                                          \
		hs_put_u8(&b, 0);                                                          \
		r = hs_rd_of(hs_buf_str(&b));                                              \
		assert_int_equal(                                                          \
		    hs_agent_##name##_get(&r, &got), (leaves) ? HS_OK : HS_ERR_TRAILING);  \
		hs_buf_free(&b);                                                           \
		hs_buf_free(&again);                                                       \
	} while (0)

static void
there_and_back(void **state)
{
	(void)state;
	ROUND_TRIP(seat, &seat, false);
	ROUND_TRIP(seat, &end, false);
	ROUND_TRIP(seated, &seated, false);
	ROUND_TRIP(unseated, &unseated, false);
	ROUND_TRIP(seat_item, &item, true);
	ROUND_TRIP(why, &why, false);
	ROUND_TRIP(reasons, &reasons, false);
}

static void
request_is(const char *example, const char *ext, void (*put)(struct hs_buf *, const void *),
    const void *m)
{
	struct hs_buf b = {0};
	size_t mark = hs_agent_frame_begin(&b);

	hs_put_u8(&b, HS_AGENT_EXTENSION);
	hs_put_cstring(&b, ext);
	put(&b, m);
	hs_agent_frame_end(&b, mark);
	hs_page_is("PROTOCOL.agent", example, &b);
	hs_buf_free(&b);
}

static void
reply_is(const char *example, const char *ext, void (*put)(struct hs_buf *, const void *),
    const void *m)
{
	struct hs_buf b = {0};
	size_t mark = hs_agent_reply_begin(&b, ext, HS_AGENT_DONE);

	put(&b, m);
	hs_agent_frame_end(&b, mark);
	hs_page_is("PROTOCOL.agent", example, &b);
	hs_buf_free(&b);
}

#define PUT(name) ((void (*)(struct hs_buf *, const void *))hs_agent_##name##_put)

static void
the_page(void **state)
{
	(void)state;
	request_is("seat", HS_EXT_SEAT, PUT(seat), &seat);
	reply_is("seat-reply", HS_EXT_SEAT, PUT(seated), &seated);
	request_is("seat-end", HS_EXT_SEAT, PUT(seat), &end);
	reply_is("seat-end-reply", HS_EXT_SEAT, PUT(unseated), &unseated);
	request_is("why", HS_EXT_WHY, PUT(why), &why);
	reply_is("why-reply", HS_EXT_WHY, PUT(reasons), &reasons);
}

// Enumerated bytes and booleans in all their values; an end that asks for something.
static void
values_that_are_none(void **state)
{
	static const struct hs_agent_seat more[] = {{.what = HS_SEAT_END, .scope = S("x")},
	    {.what = HS_SEAT_END, .agent = S("x")}, {.what = HS_SEAT_END, .reason = S("x")},
	    {.what = HS_SEAT_END, .ttl = 1}, {.what = HS_SEAT_END, .uid = 1}};
	struct hs_agent_seat got;
	struct hs_buf b = {0};
	struct hs_rd r;

	(void)state;
	for (unsigned v = 0; v < 256; v++) {
		const struct hs_agent_seat q = {.what = (uint8_t)v};
		struct hs_agent_seated s = {.touched = (uint8_t)v};
		struct hs_agent_seat_item i = {.more = (uint8_t)v};
		struct hs_agent_seat_item k = {.revoked = (uint8_t)v};

		hs_buf_reset(&b);
		hs_agent_seat_put(&b, &q);
		r = hs_rd_of(hs_buf_str(&b));
		assert_int_equal(
		    hs_agent_seat_get(&r, &got), v == 1 || v == 2 ? HS_OK : HS_ERR_FORMAT);
		hs_buf_reset(&b);
		hs_agent_seated_put(&b, &s);
		r = hs_rd_of(hs_buf_str(&b));
		assert_int_equal(
		    hs_agent_seated_get(&r, &s), v < 2 ? HS_OK : HS_ERR_FORMAT);
		hs_buf_reset(&b);
		hs_agent_seat_item_put(&b, &i);
		r = hs_rd_of(hs_buf_str(&b));
		assert_int_equal(
		    hs_agent_seat_item_get(&r, &i), v < 2 ? HS_OK : HS_ERR_FORMAT);
		hs_buf_reset(&b);
		hs_agent_seat_item_put(&b, &k);
		r = hs_rd_of(hs_buf_str(&b));
		assert_int_equal(
		    hs_agent_seat_item_get(&r, &k), v < 2 ? HS_OK : HS_ERR_FORMAT);
	}
	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
		hs_buf_reset(&b);
		hs_agent_seat_put(&b, &more[i]);
		r = hs_rd_of(hs_buf_str(&b));
		assert_int_equal(hs_agent_seat_get(&r, &got), HS_ERR_FORMAT);
	}
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back),
	    cmocka_unit_test(the_page), cmocka_unit_test(values_that_are_none)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
