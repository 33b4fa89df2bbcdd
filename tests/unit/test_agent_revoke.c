// SPDX-License-Identifier: ISC
//
// The bodies of `revoke`: as docs/PROTOCOL.agent has them, there and back, cut short, with
// bytes left over, and with values that are none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "proto/agent.h"
#include "proto/names.h"
#include "tests/lib/page.h"

#define SESSION "7c2e000000000000"
#define STATE	"/home/anna/.local/state/handseal/"

static struct hs_agent_revoke
asked(void)
{
	return (struct hs_agent_revoke){
	    HS_REVOKE_IDS, hs_str_c(SESSION ".2 " SESSION ".7")};
}

static struct hs_agent_revoked
answered(void)
{
	return (struct hs_agent_revoked){.session = hs_str_c(SESSION),
	    .certificates = 3,
	    .seats = 2,
	    .before = 1,
	    .until = 1795486500,
	    .version = 1795485600,
	    .list = hs_str_c(STATE "lists/" SESSION ".list"),
	    .krl = hs_str_c(STATE "krl/" SESSION ".krl")};
}

static void
the_page(void **state)
{
	const struct hs_agent_revoke m = asked();
	const struct hs_agent_revoked r = answered();
	struct hs_buf b = {0};
	size_t mark = hs_agent_frame_begin(&b);

	(void)state;
	hs_put_u8(&b, HS_AGENT_EXTENSION);
	hs_put_cstring(&b, HS_EXT_REVOKE);
	hs_agent_revoke_put(&b, &m);
	hs_agent_frame_end(&b, mark);
	hs_page_is("PROTOCOL.agent", "revoke", &b);
	hs_buf_reset(&b);
	mark = hs_agent_reply_begin(&b, HS_EXT_REVOKE, HS_AGENT_DONE);
	hs_put_u32(&b, 1);
	hs_agent_revoked_put(&b, &r);
	hs_agent_frame_end(&b, mark);
	hs_page_is("PROTOCOL.agent", "revoke-reply", &b);
	hs_buf_free(&b);
}

static void
rule10_there_and_back(void **state)
{
	const struct hs_agent_revoke m = asked();
	const struct hs_agent_revoked r = answered();
	struct hs_agent_revoke q;
	struct hs_agent_revoked s;
	struct hs_buf b = {0}, again = {0};
	struct hs_rd rd;

	(void)state;
	hs_agent_revoke_put(&b, &m);
	rd = hs_rd_of(hs_buf_str(&b));
	assert_int_equal(hs_agent_revoke_get(&rd, &q), HS_OK);
	assert_true(q.what == m.what && hs_str_eq(q.name, m.name));
	for (size_t n = 0; n < b.len; n++) {
		rd = hs_rd_init(b.p, n);
		assert_int_equal(hs_agent_revoke_get(&rd, &q), HS_ERR_SHORT);
	}
	hs_put_u8(&b, 0);
	rd = hs_rd_of(hs_buf_str(&b));
	assert_int_equal(hs_agent_revoke_get(&rd, &q), HS_ERR_TRAILING);
	hs_buf_reset(&b);
	hs_agent_revoked_put(&b, &r);
	rd = hs_rd_of(hs_buf_str(&b));
	assert_int_equal(hs_agent_revoked_get(&rd, &s), HS_OK);
	assert_int_equal(rd.left, 0);
	hs_agent_revoked_put(&again, &s);
	assert_true(hs_str_eq(hs_buf_str(&again), hs_buf_str(&b)));
	for (size_t n = 0; n < b.len; n++) {
		rd = hs_rd_init(b.p, n);
		assert_int_equal(hs_agent_revoked_get(&rd, &s), HS_ERR_SHORT);
	}
	hs_buf_free(&b);
	hs_buf_free(&again);
}

static void
values_that_are_none(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 256; v++)
		for (int named = 0; named < 2; named++) {
			const struct hs_agent_revoke m = {
			    (uint8_t)v, hs_str_c(named ? "x" : "")};
			struct hs_agent_revoke q;
			struct hs_buf b = {0};
			struct hs_rd rd;

			hs_agent_revoke_put(&b, &m);
			rd = hs_rd_of(hs_buf_str(&b));
			assert_int_equal(hs_agent_revoke_get(&rd, &q),
			    v >= 1 && v <= 6 && (v >= 5) == !named ? HS_OK : HS_ERR_FORMAT);
			hs_buf_free(&b);
		}
	for (unsigned v = 0; v < 4; v++) {
		struct hs_agent_revoked r = answered();
		struct hs_buf b = {0};
		struct hs_rd rd;

		r.whole = (uint8_t)v;
		hs_agent_revoked_put(&b, &r);
		rd = hs_rd_of(hs_buf_str(&b));
		assert_int_equal(
		    hs_agent_revoked_get(&rd, &r), v < 2 ? HS_OK : HS_ERR_FORMAT);
		hs_buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_page),
	    cmocka_unit_test(rule10_there_and_back),
	    cmocka_unit_test(values_that_are_none)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("agent_revoke", tests, NULL, NULL);
}
