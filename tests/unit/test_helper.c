// SPDX-License-Identifier: ISC
//
// The helper's messages: the examples of docs/PROTOCOL.helper are re-created byte by byte,
// and every truncation and surplus is refused. Fields out of their bounds are
// test_helper_bounds.c's, and what may be signed is test_helper_check.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/lib/helpermsg.h"

static struct hs_str
S(const char *s) {
	return hs_str_c(s);
}

// Parses whole frames of either kind, and writes them again.
typedef int
parser(struct hs_str frame, struct hs_buf *again);

static int
parse_request(struct hs_str frame, struct hs_buf *again)
{
	struct hs_helper_request m;
	int rc = hs_helper_request_parse(frame, &m);

	if (rc == HS_OK)
		hs_helper_request_put(again, &m);
	return rc;
}

static int
parse_answer(struct hs_str frame, struct hs_buf *again)
{
	struct hs_helper_answer m;
	int rc = hs_helper_answer_parse(frame, &m);

	if (rc == HS_OK)
		hs_helper_answer_put(again, &m);
	else
		assert_int_equal(m.code, HS_OK); // zeroed
	return rc;
}

// What is parsed comes back the same. Every truncation is short, of the frame and of its
// body; a byte more is trailing, behind the frame and behind the body.
static void
round_trip(const struct hs_buf *b, parser *parse)
{
	struct hs_buf again = {0}, more = {0};

	assert_int_equal(parse(hs_buf_str(b), &again), HS_OK);
	assert_int_equal(again.len, b->len);
	assert_memory_equal(again.p, b->p, b->len);
	for (size_t n = 0; n < b->len; n++)
		assert_int_equal(parse((struct hs_str){b->p, n}, &again), HS_ERR_SHORT);
	for (size_t n = 0; n < b->len - 4; n++) {
		struct hs_buf cut = {0};

		hs_put_string(&cut, b->p + 4, n);
		assert_int_equal(parse(hs_buf_str(&cut), &again), HS_ERR_SHORT);
		hs_buf_free(&cut);
	}
	hs_put_raw(&more, b->p, b->len);
	hs_put_u8(&more, 0);
	assert_int_equal(parse(hs_buf_str(&more), &again), HS_ERR_TRAILING);
	more.p[3]++; // each example is short, so the length is in its last byte
	assert_int_not_equal(more.p[3], 0);
	assert_int_equal(parse(hs_buf_str(&more), &again), HS_ERR_TRAILING);
	hs_buf_free(&again);
	hs_buf_free(&more);
}

static void
examples(void **state)
{
	struct hs_buf b = {0};
	struct hs_helpermsg w;

	(void)state;
	helpermsg_make(&w);
	hs_helper_request_put(&b, &w.enroll);
	helpermsg_is("enroll", &b);
	hs_buf_reset(&b);
	hs_helper_request_put(&b, &w.sign);
	helpermsg_is("sign", &b);
	hs_buf_reset(&b);
	hs_helper_request_put(&b, &w.revoke);
	helpermsg_is("sign-list", &b);
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.enrolled);
	helpermsg_is("enrolled", &b);
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.signed_);
	helpermsg_is("signed", &b);
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.failed);
	helpermsg_is("failed", &b);
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.wrong_pin);
	helpermsg_is("wrong-pin", &b);
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.unread);
	helpermsg_is("unread", &b);
	hs_buf_free(&b);
	assert_int_equal(
	    hs_sig_verify(&w.mint.key, hs_buf_str(&w.sig), S("BODY"), NULL), HS_OK);
	helpermsg_free(&w);
}

// As round_trip, of a message that is longer.
static void
list_round_trip(const struct hs_buf *b)
{
	struct hs_buf again = {0};

	assert_int_equal(parse_request(hs_buf_str(b), &again), HS_OK);
	assert_true(hs_str_eq(hs_buf_str(&again), hs_buf_str(b)));
	for (size_t n = 0; n < b->len - 4; n++) {
		struct hs_buf cut = {0};

		hs_put_string(&cut, b->p + 4, n);
		assert_int_equal(parse_request(hs_buf_str(&cut), &again), HS_ERR_SHORT);
		hs_buf_free(&cut);
	}
	hs_buf_free(&again);
}

static void
rule10_cut_and_trailing(void **state)
{
	struct hs_buf b = {0};
	struct hs_helpermsg w;

	(void)state;
	helpermsg_make(&w);
	hs_helper_request_put(&b, &w.enroll);
	round_trip(&b, parse_request);
	hs_buf_reset(&b);
	w.sign.sign.n = 2;
	w.sign.sign.v[1] = w.sign.sign.v[0];
	w.sign.sign.shown = S("x");
	w.sign.sign.verify = w.sign.sign.pin = 1;
	hs_helper_request_put(&b, &w.sign);
	round_trip(&b, parse_request);
	hs_buf_reset(&b);
	hs_helper_request_put(&b, &w.revoke);
	list_round_trip(&b);
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.enrolled);
	round_trip(&b, parse_answer);
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.signed_);
	round_trip(&b, parse_answer);
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.failed);
	round_trip(&b, parse_answer);
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.unread);
	round_trip(&b, parse_answer);
	hs_buf_free(&b);
	helpermsg_free(&w);
}

static void
fields_come_back(void **state)
{
	struct hs_helper_request req;
	struct hs_helper_answer ans;
	struct hs_buf b = {0};
	struct hs_helpermsg w;

	(void)state;
	helpermsg_make(&w);
	w.enroll.enroll.key_type = HS_KT_SK_ECDSA;
	w.enroll.enroll.device = S("softkey:/run/x");
	w.enroll.enroll.verify = 1;
	hs_helper_request_put(&b, &w.enroll);
	assert_int_equal(hs_helper_request_parse(hs_buf_str(&b), &req), HS_OK);
	assert_int_equal(req.op, HS_HELPER_ENROLL);
	assert_int_equal(req.enroll.key_type, HS_KT_SK_ECDSA);
	assert_int_equal(req.enroll.timeout, 30);
	assert_true(hs_str_is(req.enroll.device, "softkey:/run/x"));
	assert_true(hs_str_is(req.enroll.user, "blue"));
	assert_int_equal(req.enroll.challenge[31], 31);
	assert_int_equal(req.enroll.verify, 1);
	assert_int_equal(req.enroll.pin, 0);
	hs_buf_reset(&b);
	w.enroll.enroll.verify = 0;
	w.enroll.enroll.pin = 1;
	hs_helper_request_put(&b, &w.enroll);
	assert_int_equal(hs_helper_request_parse(hs_buf_str(&b), &req), HS_OK);
	assert_int_equal(req.enroll.verify, 0);
	assert_int_equal(req.enroll.pin, 1);
	hs_buf_reset(&b);
	w.sign.sign.pin = 1;
	w.sign.sign.v[0].verify = 1;
	hs_helper_request_put(&b, &w.sign);
	assert_int_equal(hs_helper_request_parse(hs_buf_str(&b), &req), HS_OK);
	assert_int_equal(req.sign.n, 1);
	assert_int_equal(req.sign.verify, 0);
	assert_int_equal(req.sign.pin, 1);
	assert_int_equal(req.sign.v[0].verify, 1);
	assert_true(hs_str_is(req.sign.v[0].body, "BODY"));
	assert_true(hs_str_is(req.sign.v[0].handle, "HANDLE"));
	assert_true(hs_str_eq(req.sign.v[0].key, hs_buf_str(&w.key)));
	hs_buf_reset(&b);
	w.enrolled.enrolled.simulated = 1;
	hs_helper_answer_put(&b, &w.enrolled);
	assert_int_equal(hs_helper_answer_parse(hs_buf_str(&b), &ans), HS_OK);
	assert_int_equal(ans.code, HS_OK);
	assert_int_equal(ans.enrolled.simulated, 1);
	assert_int_equal(ans.enrolled.flags, 0x41);
	assert_int_equal(ans.enrolled.aaguid[15], 0xa8);
	assert_true(hs_str_is(ans.enrolled.certificate, "CERTIFICATE"));
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.failed);
	assert_int_equal(hs_helper_answer_parse(hs_buf_str(&b), &ans), HS_OK);
	assert_int_equal(ans.op, HS_HELPER_SIGN);
	assert_int_equal(ans.code, HS_SK_TIMEOUT);
	assert_true(hs_str_eq(ans.sentence, w.failed.sentence));
	assert_int_equal(ans.retries, HS_HELPER_RETRIES_UNKNOWN);
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.wrong_pin);
	assert_int_equal(hs_helper_answer_parse(hs_buf_str(&b), &ans), HS_OK);
	assert_int_equal(ans.code, HS_SK_PIN_INVALID);
	assert_int_equal(ans.retries, 6);
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.signed_);
	assert_int_equal(hs_helper_answer_parse(hs_buf_str(&b), &ans), HS_OK);
	assert_true(hs_str_is(ans.signed_.device, "/dev/hidraw3"));
	assert_int_equal(ans.retries, 0); // of failures only
	hs_buf_free(&b);
	helpermsg_free(&w);
}

// Every code of ours goes through; no other name does, "internal" for an unknown one
// included.
static void
codes(void **state)
{
	static const char *const others[] = {
	    "", "OK", "touch-timeou", "touch-timeout ", "nonsense"};
	struct hs_helper_answer out;
	struct hs_buf b = {0};
	struct hs_helpermsg w;

	(void)state;
	helpermsg_make(&w);
	for (int c = HS_OK + 1; c < HS_CODE_COUNT; c++) {
		w.failed.code = (enum hs_code)c;
		hs_helper_answer_put(&b, &w.failed);
		assert_int_equal(hs_helper_answer_parse(hs_buf_str(&b), &out), HS_OK);
		assert_int_equal(out.code, c);
		hs_buf_reset(&b);
	}
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		size_t mark = hs_put_string_begin(&b);

		hs_put_u8(&b, HS_HELPER_VERSION);
		hs_put_u8(&b, HS_HELPER_SIGN);
		hs_put_cstring(&b, others[i]);
		hs_put_cstring(&b, "a sentence");
		hs_put_u8(&b, 8);
		hs_put_string_end(&b, mark);
		assert_int_equal(
		    hs_helper_answer_parse(hs_buf_str(&b), &out), HS_ERR_FORMAT);
		hs_buf_reset(&b);
	}
	hs_buf_free(&b);
	helpermsg_free(&w);
}

static void
versions(void **state)
{
	struct hs_helper_request req;
	struct hs_helper_answer ans;
	struct hs_buf b = {0};
	struct hs_helpermsg w;

	(void)state;
	helpermsg_make(&w);
	hs_helper_request_put(&b, &w.enroll);
	for (unsigned v = 0; v < 256; v++) {
		b.p[4] = (uint8_t)v;
		assert_int_equal(hs_helper_request_parse(hs_buf_str(&b), &req),
		    v == HS_HELPER_VERSION ? HS_OK : HS_ERR_UNSUPPORTED);
	}
	hs_buf_reset(&b);
	hs_helper_answer_put(&b, &w.failed);
	b.p[4] = 2;
	assert_int_equal(hs_helper_answer_parse(hs_buf_str(&b), &ans), HS_ERR_UNSUPPORTED);
	b.p[4] = 1;
	for (unsigned op = 0; op < 256; op++) {
		b.p[5] = (uint8_t)op;
		assert_int_equal(hs_helper_answer_parse(hs_buf_str(&b), &ans),
		    op <= HS_HELPER_REVOKE ? HS_OK : HS_ERR_FORMAT);
	}
	hs_buf_free(&b);
	helpermsg_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(examples),
	    cmocka_unit_test(rule10_cut_and_trailing),
	    cmocka_unit_test(fields_come_back),
	    cmocka_unit_test(codes),
	    cmocka_unit_test(versions),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("helper messages", tests, NULL, NULL);
}
