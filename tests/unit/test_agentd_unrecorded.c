// SPDX-License-Identifier: ISC
//
// Rule 4 from the side: what is not on disk yet cannot be had by asking for the list, and
// what was taken back never was.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/listing.h"
#include "proto/names.h"

#define NOW   1000
#define GRANT 4711 // the grant's serial

static struct hs_daemon d;
#define session d.session

static int
setup(void **state)
{
	(void)state;
	session = (struct hs_session){.open = true, .id = "0123456789abcdef", .nheld = 2};
	for (size_t i = 0; i < session.nheld; i++) {
		struct hs_held *h = calloc(1, sizeof *h);

		if (h == NULL)
			return -1;
		h->cert = &h->grant.cert;
		h->payload = &h->grant.payload;
		h->grant.cert.serial = GRANT + i;
		h->uses_left = 10;
		h->end = NOW + 900;
		session.held[i] = h;
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hs_session_end(&session);
	return 0;
}

// As a request does: counted, its uses reserved, kept.
static void
issue(uint64_t serial, uint64_t end)
{
	const struct hs_issued_spec spec = {.serial = serial,
	    .issued = NOW,
	    .end = end,
	    .agent = hs_str_c("claude"),
	    .scope = hs_str_c("a scope\n"),
	    .certificate = hs_str_c("CERTIFICATE")};

	session.count++;
	session.held[1]->uses_left -= 2;
	assert_int_equal(hs_session_keep(&session, &spec), HS_OK);
}

// The serials that a list shows, as digits; -1 where it is refused.
static long
listed(const char *id, uint64_t after)
{
	const struct hs_agent_list m = {.id = hs_str_c(id), .after = after};
	const struct hs_now now = {.wall = NOW, .wall_ms = NOW * 1000};
	struct hs_refusal why = {0};
	struct hs_agent_refusal no;
	enum hs_agent_status status;
	struct hs_buf frame = {0};
	struct hs_agent_item it;
	struct hs_str body;
	struct hs_rd r;
	uint64_t end;
	uint32_t n;
	uint8_t more;
	size_t used;
	long digits = 0;

	if (hs_listing_put(&frame, &d, NULL, &m, &now, &why) != HS_OK) {
		assert_int_equal(why.err.code, HS_NO_SUCH);
		assert_int_equal(frame.len, 0);
		hs_buf_free(&frame);
		return -1;
	}
	assert_int_equal(hs_agent_frame(hs_buf_str(&frame), &body, &used), HS_OK);
	assert_int_equal(hs_agent_parse_reply(body, HS_EXT_LIST, &status, &r, &no), HS_OK);
	assert_int_equal(hs_get_u64(&r, &end), HS_OK);
	assert_int_equal(hs_get_u32(&r, &n), HS_OK);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(hs_agent_item_get(&r, &it), HS_OK);
		digits = digits * 10 + (it.id.p[it.id.len - 1] - '0');
	}
	assert_int_equal(hs_get_u8(&r, &more), HS_OK);
	assert_int_equal(more, 0);
	assert_int_equal(hs_rd_end(&r), HS_OK);
	hs_buf_free(&frame);
	return digits;
}

static void
rule4_unrecorded_is_not_listed(void **state)
{
	(void)state;
	issue(1, NOW + 60);
	assert_int_equal(listed("", 0), 0);
	assert_int_equal(listed("0123456789abcdef.1", 0), -1);
	hs_session_recorded(&session, 1);
	assert_int_equal(listed("", 0), 1);
	assert_int_equal(listed("0123456789abcdef.1", 0), 1);
}

static void
rule4_unrecorded_among_others(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 5; i++)
		issue(i, NOW + 60);
	hs_session_recorded(&session, 2);
	hs_session_recorded(&session, 4);
	assert_int_equal(listed("", 0), 24);
	assert_int_equal(listed("", 2), 4);
	hs_session_recorded(&session, 3);
	hs_session_recorded(&session, 5);
	assert_int_equal(listed("", 1), 2345);
	assert_int_equal(listed("", 5), 0);
}

static void
taken_back(void **state)
{
	(void)state;
	issue(1, NOW + 60);
	issue(2, NOW + 60);
	hs_session_recorded(&session, 2);
	hs_session_unkeep(&session, 1, GRANT + 1, 2);
	assert_int_equal(listed("", 0), 2);
	assert_int_equal(session.count, 1);
	assert_int_equal(session.held[1]->uses_left, 8);
	assert_int_equal(session.held[0]->uses_left, 10);
	hs_session_unkeep(&session, 1, GRANT + 1, 0); // not there: nothing else goes
	assert_int_equal(listed("", 0), 2);
}

// A record may come late: what it is about has ended, or never was.
static void
recorded_too_late(void **state)
{
	(void)state;
	hs_session_recorded(&session, 1);
	issue(1, NOW);
	issue(2, NOW + 60);
	assert_int_equal(listed("", 0), 0); // which drops the first
	hs_session_recorded(&session, 1);
	hs_session_recorded(&session, 0);
	hs_session_recorded(&session, 3);
	assert_int_equal(listed("", 0), 0);
	hs_session_unkeep(&session, 1, GRANT + 1, 2); // its uses come back all the same
	assert_int_equal(session.held[1]->uses_left, 8);
	assert_int_equal(session.nlive, 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(rule4_unrecorded_is_not_listed),
	    T(rule4_unrecorded_among_others), T(taken_back), T(recorded_too_late)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
