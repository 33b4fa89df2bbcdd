// SPDX-License-Identifier: ISC
//
// The helper's messages with one field out of its bounds: each is refused, and the last
// value inside is not.
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

static char big[HS_SHOWN_MAX + 2];

static struct hs_str
long_text(size_t len)
{
	memset(big, 'a', sizeof big);
	return (struct hs_str){(const uint8_t *)big, len};
}

static int
request(const struct hs_helper_request *m)
{
	struct hs_helper_request out;
	struct hs_buf b = {0};
	int rc;

	hs_helper_request_put(&b, m);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	rc = hs_helper_request_parse(hs_buf_str(&b), &out);
	if (m->op != HS_HELPER_UNREAD && (uint8_t)m->op <= HS_HELPER_SIGN)
		assert_int_equal(out.op, m->op); // a refusal can name it
	hs_buf_free(&b);
	return rc;
}

static int
answer(const struct hs_helper_answer *m)
{
	struct hs_helper_answer out;
	struct hs_buf b = {0};
	int rc;

	hs_helper_answer_put(&b, m);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	rc = hs_helper_answer_parse(hs_buf_str(&b), &out);
	hs_buf_free(&b);
	return rc;
}

#define WITH(w, member, field, value, call, code)                                          \
	do {                                                                               \
		struct hs_helpermsg with_ = (w);                                           \
		with_.member.field = (value);                                              \
		assert_int_equal(call(&with_.member), code);                               \
	} while (0)

static void
rule10_bad_enroll(void **state)
{
	static const uint8_t nul[] = {'a', 0};
	struct hs_helpermsg w;

	(void)state;
	helpermsg_make(&w);
	WITH(w, enroll, op, (enum hs_helper_op)3, request, HS_ERR_FORMAT);
	WITH(w, enroll, op, HS_HELPER_UNREAD, request, HS_ERR_FORMAT);
	WITH(w, enroll, enroll.device, S("/dev/\x1b"), request, HS_ERR_FORMAT);
	WITH(w, enroll, enroll.device, ((struct hs_str){nul, 2}), request, HS_ERR_FORMAT);
	WITH(w, enroll, enroll.device, long_text(HS_HELPER_DEVICE_MAX), request, HS_OK);
	WITH(w, enroll, enroll.device, long_text(HS_HELPER_DEVICE_MAX + 1), request,
	    HS_ERR_TOO_LONG);
	WITH(w, enroll, enroll.timeout, 0, request, HS_ERR_FORMAT);
	WITH(w, enroll, enroll.timeout, 1, request, HS_OK);
	WITH(w, enroll, enroll.timeout, HS_HELPER_TIMEOUT_MAX, request, HS_OK);
	WITH(w, enroll, enroll.timeout, HS_HELPER_TIMEOUT_MAX + 1, request, HS_ERR_FORMAT);
	WITH(w, enroll, enroll.timeout, UINT32_MAX, request, HS_ERR_FORMAT);
	for (unsigned t = 0; t < HS_KT_COUNT; t++)
		WITH(w, enroll, enroll.key_type, (uint8_t)t, request,
		    t == HS_KT_SK_ED25519 || t == HS_KT_SK_ECDSA ? HS_OK : HS_ERR_KEY_TYPE);
	WITH(w, enroll, enroll.user, S(""), request, HS_OK);
	WITH(w, enroll, enroll.user, S("a\nb"), request, HS_ERR_FORMAT);
	WITH(w, enroll, enroll.user, S("a\xff"), request, HS_ERR_FORMAT);
	WITH(w, enroll, enroll.user, long_text(HS_HELPER_TEXT_MAX), request, HS_OK);
	WITH(w, enroll, enroll.user, long_text(HS_HELPER_TEXT_MAX + 1), request,
	    HS_ERR_TOO_LONG);
	WITH(w, enroll, enroll.verify, 1, request, HS_OK);
	WITH(w, enroll, enroll.verify, 2, request, HS_ERR_FORMAT);
	WITH(w, enroll, enroll.pin, 1, request, HS_OK);
	WITH(w, enroll, enroll.pin, 2, request, HS_ERR_FORMAT);
	helpermsg_free(&w);
}

#define AT_N (4 + 2 + 4 + 2 + 4 + sizeof HELPERMSG_SHOWN - 1) // where the number is

static void
rule10_bad_sign(void **state)
{
	struct hs_helper_request out;
	struct hs_buf b = {0};
	struct hs_helpermsg w;

	(void)state;
	helpermsg_make(&w);
	WITH(w, sign, sign.timeout, 0, request, HS_ERR_FORMAT);
	WITH(w, sign, sign.timeout, HS_HELPER_TIMEOUT_MAX + 1, request, HS_ERR_FORMAT);
	WITH(w, sign, sign.verify, 1, request, HS_OK);
	WITH(w, sign, sign.verify, 2, request, HS_ERR_FORMAT);
	WITH(w, sign, sign.verify, 255, request, HS_ERR_FORMAT);
	WITH(w, sign, sign.pin, 1, request, HS_OK);
	WITH(w, sign, sign.pin, 2, request, HS_ERR_FORMAT);
	WITH(w, sign, sign.shown, long_text(HS_SHOWN_MAX), request, HS_OK);
	WITH(w, sign, sign.shown, long_text(HS_SHOWN_MAX + 1), request, HS_ERR_TOO_LONG);
	WITH(w, sign, sign.n, 0, request, HS_OK); // which hs_helper_sign_check refuses
	WITH(w, sign, sign.v[0].device, S("\x7f"), request, HS_ERR_FORMAT);
	WITH(w, sign, sign.v[0].device, long_text(HS_HELPER_DEVICE_MAX + 1), request,
	    HS_ERR_TOO_LONG);
	WITH(w, sign, sign.v[0].verify, 1, request, HS_OK);
	WITH(w, sign, sign.v[0].verify, 2, request, HS_ERR_FORMAT);
	WITH(w, sign, sign.v[0].key, S(""), request, HS_ERR_FORMAT);
	WITH(w, sign, sign.v[0].key, long_text(HS_HELPER_KEY_MAX + 1), request,
	    HS_ERR_TOO_LONG);
	WITH(w, sign, sign.v[0].handle, S(""), request, HS_ERR_FORMAT);
	WITH(w, sign, sign.v[0].handle, long_text(HS_KEY_HANDLE_MAX), request, HS_OK);
	WITH(w, sign, sign.v[0].handle, long_text(HS_KEY_HANDLE_MAX + 1), request,
	    HS_ERR_TOO_LONG);
	WITH(w, sign, sign.v[0].body, S(""), request, HS_ERR_FORMAT);
	for (size_t i = 1; i < HS_ROOTS_MAX; i++)
		w.sign.sign.v[i] = w.sign.sign.v[0];
	w.sign.sign.n = HS_ROOTS_MAX;
	hs_helper_request_put(&b, &w.sign);
	assert_int_equal(hs_helper_request_parse(hs_buf_str(&b), &out), HS_OK);
	assert_int_equal(out.sign.n, HS_ROOTS_MAX);
	b.p[AT_N + 3]++; // one more than there is room for
	assert_int_equal(hs_helper_request_parse(hs_buf_str(&b), &out), HS_ERR_TOO_LONG);
	b.p[AT_N] = 0xff;
	assert_int_equal(hs_helper_request_parse(hs_buf_str(&b), &out), HS_ERR_TOO_LONG);
	hs_buf_free(&b);
	helpermsg_free(&w);
}

static void
rule10_bad_list(void **state)
{
	static uint8_t body[HS_RLIST_MESSAGE_MAX + 1];
	struct hs_helpermsg w;

	(void)state;
	helpermsg_make(&w);
	WITH(w, revoke, revoke.timeout, 0, request, HS_ERR_FORMAT);
	WITH(w, revoke, revoke.timeout, HS_HELPER_TIMEOUT_MAX + 1, request, HS_ERR_FORMAT);
	WITH(w, revoke, revoke.pin, 1, request, HS_OK);
	WITH(w, revoke, revoke.pin, 2, request, HS_ERR_FORMAT);
	WITH(w, revoke, revoke.shown, long_text(HS_SHOWN_MAX), request, HS_OK);
	WITH(
	    w, revoke, revoke.shown, long_text(HS_SHOWN_MAX + 1), request, HS_ERR_TOO_LONG);
	WITH(w, revoke, revoke.candidate.device, S("\x7f"), request, HS_ERR_FORMAT);
	WITH(w, revoke, revoke.candidate.verify, 2, request, HS_ERR_FORMAT);
	WITH(w, revoke, revoke.candidate.key, S(""), request, HS_ERR_FORMAT);
	WITH(w, revoke, revoke.candidate.handle, S(""), request, HS_ERR_FORMAT);
	WITH(w, revoke, revoke.candidate.body, S(""), request, HS_ERR_FORMAT);
	w.revoke.revoke.shown = S("x");
	WITH(w, revoke, revoke.candidate.body,
	    ((struct hs_str){body, HS_RLIST_MESSAGE_MAX}), request, HS_OK);
	WITH(w, revoke, revoke.candidate.body, ((struct hs_str){body, sizeof body}),
	    request, HS_ERR_TOO_LONG);
	helpermsg_free(&w);
}

static void
too_large(void **state)
{
	static uint8_t body[HS_CERT_MAX + 1];
	struct hs_helper_request out;
	struct hs_buf b = {0};
	struct hs_helpermsg w;

	(void)state;
	helpermsg_make(&w);
	w.sign.sign.v[0].body = (struct hs_str){body, HS_CERT_MAX + 1};
	hs_helper_request_put(&b, &w.sign);
	assert_int_equal(hs_helper_request_parse(hs_buf_str(&b), &out), HS_ERR_TOO_LONG);
	hs_buf_reset(&b);
	w.sign.sign.v[0].body.len--;
	hs_helper_request_put(&b, &w.sign);
	assert_int_equal(hs_helper_request_parse(hs_buf_str(&b), &out), HS_OK);
	hs_buf_reset(&b);
	for (size_t i = 1; i < 6; i++)
		w.sign.sign.v[i] = w.sign.sign.v[0];
	w.sign.sign.n = 6; // which nobody would read
	hs_helper_request_put(&b, &w.sign);
	assert_int_equal(hs_buf_err(&b), HS_ERR_TOO_LONG);
	hs_buf_reset(&b);
	hs_put_u32(&b, HS_HELPER_MSG_MAX + 1);
	assert_int_equal(hs_helper_request_parse(hs_buf_str(&b), &out), HS_ERR_TOO_LONG);
	b.p[3]--;
	b.p[0] = 0;
	assert_int_not_equal(hs_helper_request_parse(hs_buf_str(&b), &out), HS_OK);
	hs_buf_free(&b);
	helpermsg_free(&w);
}

static void
rule10_bad_answers(void **state)
{
	struct hs_helpermsg w;

	(void)state;
	helpermsg_make(&w);
	WITH(w, enrolled, op, (enum hs_helper_op)3, answer, HS_ERR_FORMAT);
	WITH(w, enrolled, op, HS_HELPER_UNREAD, answer, HS_ERR_FORMAT); // no success
	WITH(w, enrolled, sentence, S("well done"), answer, HS_ERR_FORMAT);
	WITH(w, enrolled, enrolled.key, S(""), answer, HS_ERR_FORMAT);
	WITH(w, enrolled, enrolled.key, long_text(HS_HELPER_KEY_MAX + 1), answer,
	    HS_ERR_TOO_LONG);
	WITH(w, enrolled, enrolled.handle, S(""), answer, HS_ERR_FORMAT);
	WITH(w, enrolled, enrolled.handle, long_text(HS_KEY_HANDLE_MAX + 1), answer,
	    HS_ERR_TOO_LONG);
	WITH(w, enrolled, enrolled.product, S(""), answer, HS_OK);
	WITH(w, enrolled, enrolled.product, S("\x1b[31m"), answer, HS_ERR_FORMAT);
	WITH(w, enrolled, enrolled.product, long_text(HS_HELPER_TEXT_MAX + 1), answer,
	    HS_ERR_TOO_LONG);
	WITH(w, enrolled, enrolled.auth_data, S(""), answer, HS_ERR_FORMAT);
	WITH(w, enrolled, enrolled.auth_data, long_text(HS_HELPER_PART_MAX), answer, HS_OK);
	WITH(w, enrolled, enrolled.auth_data, long_text(HS_HELPER_PART_MAX + 1), answer,
	    HS_ERR_TOO_LONG);
	WITH(w, enrolled, enrolled.attestation_sig, S(""), answer, HS_OK);
	WITH(w, enrolled, enrolled.attestation_sig, long_text(HS_HELPER_PART_MAX + 1),
	    answer, HS_ERR_TOO_LONG);
	WITH(w, enrolled, enrolled.certificate, S(""), answer, HS_OK);
	WITH(w, enrolled, enrolled.certificate, long_text(HS_HELPER_PART_MAX + 1), answer,
	    HS_ERR_TOO_LONG);
	WITH(w, enrolled, enrolled.simulated, 2, answer, HS_ERR_FORMAT);
	WITH(w, signed_, signed_.index, HS_ROOTS_MAX - 1, answer, HS_OK);
	WITH(w, signed_, signed_.index, HS_ROOTS_MAX, answer, HS_ERR_TOO_LONG);
	WITH(w, signed_, signed_.signature, S(""), answer, HS_ERR_FORMAT);
	WITH(w, signed_, signed_.signature, long_text(HS_HELPER_PART_MAX + 1), answer,
	    HS_ERR_TOO_LONG);
	WITH(w, signed_, signed_.device, S(""), answer, HS_ERR_FORMAT);
	WITH(w, signed_, signed_.device, S("/dev/\n"), answer, HS_ERR_FORMAT);
	WITH(w, signed_, signed_.device, long_text(HS_HELPER_DEVICE_MAX), answer, HS_OK);
	WITH(w, signed_, signed_.device, long_text(HS_HELPER_DEVICE_MAX + 1), answer,
	    HS_ERR_TOO_LONG);
	for (unsigned n = 0; n < 256; n++)
		WITH(w, failed, retries, (uint8_t)n, answer, HS_OK);
	WITH(w, failed, sentence, S(""), answer, HS_ERR_FORMAT);
	WITH(w, failed, sentence, S("a\nb"), answer, HS_ERR_FORMAT);
	WITH(w, failed, sentence, long_text(HS_HELPER_SENTENCE_MAX), answer, HS_OK);
	WITH(w, failed, sentence, long_text(HS_HELPER_SENTENCE_MAX + 1), answer,
	    HS_ERR_TOO_LONG);
	WITH(w, unread, op, HS_HELPER_ENROLL, answer, HS_OK);
	helpermsg_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule10_bad_enroll),
	    cmocka_unit_test(rule10_bad_sign), cmocka_unit_test(rule10_bad_list),
	    cmocka_unit_test(too_large), cmocka_unit_test(rule10_bad_answers)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("helper bounds", tests, NULL, NULL);
}
