// SPDX-License-Identifier: ISC
//
// The bodies about waiting askings, answers, events and the policy: the examples of
// docs/PROTOCOL.agent are re-created byte by byte; every truncation, surplus and value out
// of range is refused. The other bodies are in test_agent.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "proto/agent.h"
#include "proto/names.h"
#include "tests/lib/page.h"

#define SCOPE                                                                              \
	"max-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost web1.example.com\nuser "      \
	"deploy\n"

static struct hs_str
S(const char *s) {
	return hs_str_c(s);
}

static size_t
begin(struct hs_buf *b, const char *name)
{
	size_t mark = hs_agent_frame_begin(b);

	hs_put_u8(b, HS_AGENT_EXTENSION);
	hs_put_cstring(b, name);
	return mark;
}

typedef int getter(struct hs_rd *r, void *m);
typedef void putter(struct hs_buf *b, const void *m);

// What put writes, get reads back as the same; every truncation is short, a byte more
// trailing.
static void
round_trip(getter *get, putter *put, const void *m, void *got, size_t size)
{
	struct hs_buf b = {0}, again = {0};
	struct hs_rd r;

	put(&b, m);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	for (size_t n = 0; n < b.len; n++) {
		r = hs_rd_init(b.p, n);
		memset(got, 0, size);
		assert_int_equal(get(&r, got), HS_ERR_SHORT);
	}
	r = hs_rd_init(b.p, b.len);
	assert_int_equal(get(&r, got), HS_OK);
	put(&again, got);
	assert_true(hs_str_eq(hs_buf_str(&again), hs_buf_str(&b)));
	hs_put_u8(&b, 0);
	r = hs_rd_init(b.p, b.len);
	assert_int_equal(get(&r, got), HS_ERR_TRAILING);
	hs_buf_free(&b);
	hs_buf_free(&again);
}

#define ROUND_TRIP(name, type, m)                                                          \
	do {                                                                               \
		struct type got_;                                                          \
		round_trip((getter *)hs_agent_##name##_get,                                \
		    (putter *)hs_agent_##name##_put, m, &got_, sizeof got_);               \
	} while (0)

static void
waiting(void **state)
{
	const struct hs_agent_waiting w = {S("4F7"), HS_WAITING_PARKED, 1795489200, 0};
	const struct hs_agent_pending p = {S("4F7"), 90, S("KEY"), S("PROOF")};
	struct hs_buf b = {0};
	size_t mark;

	(void)state;
	ROUND_TRIP(waiting, hs_agent_waiting, &w);
	ROUND_TRIP(pending, hs_agent_pending, &p);
	mark = hs_agent_reply_begin(&b, HS_EXT_PENDING, HS_AGENT_PENDING);
	hs_agent_waiting_put(&b, &w);
	hs_agent_frame_end(&b, mark);
	hs_page_is("PROTOCOL.agent", "waiting", &b);
	hs_buf_reset(&b);
	hs_agent_put_wait_message(&b, S("4F7"), S("KEY"));
	hs_page_is("PROTOCOL.agent", "wait-message", &b);
	hs_buf_free(&b);
}

static void
answers(void **state)
{
	const struct hs_agent_answer a = {S("4F7"), HS_ANSWER_DECLINE, 0};
	const struct hs_agent_waiting w = {S("4F7"), HS_WAITING_ARMED, 1795489200, 0};
	struct hs_buf b = {0};
	size_t mark = begin(&b, HS_EXT_ANSWER);

	(void)state;
	hs_agent_answer_put(&b, &a);
	hs_agent_frame_end(&b, mark);
	hs_page_is("PROTOCOL.agent", "answer", &b);
	ROUND_TRIP(answer, hs_agent_answer, &a);
	hs_buf_reset(&b);
	mark = hs_agent_reply_begin(&b, HS_EXT_ANSWER, HS_AGENT_DONE);
	hs_agent_waiting_put(&b, &w);
	hs_agent_frame_end(&b, mark);
	hs_page_is("PROTOCOL.agent", "answer-reply", &b);
	hs_buf_free(&b);
}

static void
events(void **state)
{
	const struct hs_agent_events e = {0, 60, 1};
	const struct hs_agent_told t = {.last = 7, .anew = 1, .n = 1};
	const struct hs_agent_event v = {.seq = 7,
	    .time = 1795485600,
	    .event = S("parked"),
	    .code = S("4F7"),
	    .agent = S("claude"),
	    .text = S("handseal 4F7: claude asks for more\n"),
	    .until = 1795489200,
	    .why = S("pin-invalid"),
	    .pin = 1,
	    .said = S("the PIN is wrong: 7 tries are left")};
	struct hs_agent_told told;
	struct hs_agent_event got;
	struct hs_buf b = {0};
	struct hs_rd r;
	size_t mark = begin(&b, HS_EXT_EVENTS), body;

	(void)state;
	hs_agent_events_put(&b, &e);
	hs_agent_frame_end(&b, mark);
	hs_page_is("PROTOCOL.agent", "events", &b);
	ROUND_TRIP(events, hs_agent_events, &e);
	hs_buf_reset(&b);
	mark = hs_agent_reply_begin(&b, HS_EXT_EVENTS, HS_AGENT_DONE);
	hs_agent_told_put(&b, &t);
	body = b.len;
	hs_agent_event_put(&b, &v);
	hs_agent_frame_end(&b, mark);
	hs_page_is("PROTOCOL.agent", "events-reply", &b);
	for (size_t n = 0; n < 13; n++) {
		r = hs_rd_init(b.p + body - 13, n);
		assert_int_equal(hs_agent_told_get(&r, &told), HS_ERR_SHORT);
	}
	r = hs_rd_init(b.p + body - 13, b.len - body + 13); // what follows is left
	assert_int_equal(hs_agent_told_get(&r, &told), HS_OK);
	assert_true(told.last == 7 && told.anew == 1 && told.n == 1);
	assert_ptr_equal(r.p, b.p + body);
	for (size_t n = body; n < b.len; n++) {
		r = hs_rd_init(b.p + body, n - body);
		assert_int_equal(hs_agent_event_get(&r, &got), HS_ERR_SHORT);
	}
	hs_put_u8(&b, 9); // what follows is left
	r = hs_rd_init(b.p + body, b.len - body);
	assert_int_equal(hs_agent_event_get(&r, &got), HS_OK);
	assert_int_equal(r.left, 1);
	assert_true(hs_str_is(got.agent, "claude"));
	assert_int_equal(got.until, 1795489200);
	hs_buf_free(&b);
}

static void
policies(void **state)
{
	const struct hs_agent_policy q = {.what = HS_POLICY_ASK_EXPLAIN,
	    .scope = S(SCOPE),
	    .agent = S("claude"),
	    .reason = S("look")};
	const struct hs_agent_policy direct = {
	    .what = HS_POLICY_ASK_EXPLAIN, .scope = S(SCOPE), .how = HS_POLICY_HOW_DIRECT};
	const struct hs_agent_policy_info i = {S("MainSocket grant\n"), S(""), 0};
	const struct hs_agent_explained x = {.decision = 2,
	    .code = S("ok"),
	    .sentence = S("no live grant covers it"),
	    .remedy = S(""),
	    .difference = S(SCOPE)};
	struct hs_buf b = {0};
	size_t mark = begin(&b, HS_EXT_POLICY);

	(void)state;
	hs_agent_policy_put(&b, &q);
	hs_agent_frame_end(&b, mark);
	hs_page_is("PROTOCOL.agent", "policy", &b);
	ROUND_TRIP(policy, hs_agent_policy, &q);
	ROUND_TRIP(policy, hs_agent_policy, &direct);
	ROUND_TRIP(policy_info, hs_agent_policy_info, &i);
	ROUND_TRIP(explained, hs_agent_explained, &x);
	hs_buf_reset(&b);
	mark = hs_agent_reply_begin(&b, HS_EXT_POLICY, HS_AGENT_DONE);
	hs_agent_policy_info_put(&b, &i);
	hs_agent_frame_end(&b, mark);
	hs_page_is("PROTOCOL.agent", "policy-reply", &b);
	hs_buf_reset(&b);
	mark = hs_agent_reply_begin(&b, HS_EXT_POLICY, HS_AGENT_DONE);
	hs_agent_explained_put(&b, &x);
	hs_agent_frame_end(&b, mark);
	hs_page_is("PROTOCOL.agent", "explained", &b);
	hs_buf_free(&b);
}

// Each enumerated byte and boolean, in all its values.
static void
values_out_of_range(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 256; v++) {
		struct hs_agent_waiting w = {.state = (uint8_t)v};
		struct hs_agent_answer a = {.what = (uint8_t)v};
		struct hs_agent_policy p = {.what = (uint8_t)v};
		struct hs_agent_explained x = {.decision = (uint8_t)v};
		struct hs_agent_events e = {.prompts = (uint8_t)v};
		struct hs_agent_told t = {.anew = (uint8_t)v};
		struct hs_agent_policy how = {
		    .what = HS_POLICY_ASK_EXPLAIN, .how = (uint8_t)v};
		struct hs_buf b[7] = {{0}};
		struct hs_rd r[7];

		hs_agent_waiting_put(&b[0], &w);
		hs_agent_answer_put(&b[1], &a);
		hs_agent_policy_put(&b[2], &p);
		hs_agent_explained_put(&b[3], &x);
		hs_agent_events_put(&b[4], &e);
		hs_agent_told_put(&b[5], &t);
		hs_agent_policy_put(&b[6], &how);
		for (size_t i = 0; i < 7; i++)
			r[i] = hs_rd_of(hs_buf_str(&b[i]));
		assert_int_equal(
		    hs_agent_waiting_get(&r[0], &w) == HS_OK, v >= 1 && v <= 4);
		assert_int_equal(hs_agent_answer_get(&r[1], &a) == HS_OK, v >= 1 && v <= 3);
		assert_int_equal(hs_agent_policy_get(&r[2], &p) == HS_OK, v >= 1 && v <= 4);
		assert_int_equal(hs_agent_explained_get(&r[3], &x) == HS_OK, v <= 2);
		assert_int_equal(hs_agent_events_get(&r[4], &e) == HS_OK, v <= 1);
		assert_int_equal(hs_agent_told_get(&r[5], &t) == HS_OK, v <= 1);
		assert_int_equal(hs_agent_policy_get(&r[6], &how) == HS_OK, v <= 2);
		for (size_t i = 0; i < 7; i++)
			hs_buf_free(&b[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(waiting),
	    cmocka_unit_test(answers), cmocka_unit_test(events), cmocka_unit_test(policies),
	    cmocka_unit_test(values_out_of_range)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
