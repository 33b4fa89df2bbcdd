// SPDX-License-Identifier: ISC
//
// The software key's commands byte by byte, without a transport: everything that a host can
// say wrong in makeCredential and getAssertion, and what none of libfido2's calls would
// send.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "tests/softkey/ctap.h"
#include "tests/softkey/messages.h"

static struct hs_ctap *ctap;
static struct hs_buf out;

static int
setup(void **state)
{
	(void)state;
	return hs_ctap_new(&ctap, NULL, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	hs_ctap_free(ctap);
	hs_buf_free(&out);
	return 0;
}

// The status of a command that is answered, or HS_CTAP_TOUCH.
static int
run(struct hs_str message)
{
	enum hs_ctap_step step;

	hs_buf_reset(&out);
	step = hs_ctap_run(ctap, message, &out);
	assert_true(step != HS_CTAP_STALL);
	assert_int_equal(ctap->waiting, step == HS_CTAP_WAIT);
	if (step == HS_CTAP_WAIT) {
		assert_int_equal(out.len, 0);
		return HS_CTAP_TOUCH;
	}
	assert_true(out.len > 0);
	if (out.p[0] != HS_CTAP_OK)
		assert_int_equal(out.len, 1); // an error says nothing more
	return out.p[0];
}

static int
touch(void)
{
	hs_buf_reset(&out);
	assert_true(hs_ctap_touch(ctap, &out));
	assert_false(ctap->waiting);
	return out.p[0];
}

static int
run_bytes(const char *bytes, size_t len)
{
	return run((struct hs_str){(const uint8_t *)bytes, len});
}

static void
commands(void **state)
{
	(void)state;
	assert_int_equal(run_bytes("", 0), HS_CTAP_INVALID_LENGTH);
	for (int cmd = 0; cmd < 256; cmd++) {
		char byte = (char)cmd;
		int rc = run_bytes(&byte, 1);

		switch (cmd) {
		case HS_CTAP_MAKE_CREDENTIAL:
		case HS_CTAP_GET_ASSERTION:
		case HS_CTAP_CLIENT_PIN:
			assert_int_equal(rc, HS_CTAP_INVALID_CBOR);
			break;
		case HS_CTAP_GET_INFO:
			assert_int_equal(rc, HS_CTAP_OK);
			assert_int_equal(
			    hs_cbor_check((struct hs_str){out.p + 1, out.len - 1}), HS_OK);
			break;
		case HS_CTAP_RESET:
		case HS_CTAP_SELECTION:
			assert_int_equal(rc, HS_CTAP_TOUCH);
			break;
		case HS_CTAP_GET_NEXT_ASSERTION:
			assert_int_equal(rc, HS_CTAP_NOT_ALLOWED);
			break;
		default:
			assert_int_equal(rc, HS_CTAP_INVALID_COMMAND);
			break;
		}
	}
	assert_int_equal(run_bytes("\x04\xa0", 2), HS_CTAP_INVALID_LENGTH);
	assert_int_equal(run_bytes("\x07\x00", 2), HS_CTAP_INVALID_LENGTH);
	assert_int_equal(run_bytes("\x0b\xa0", 2), HS_CTAP_INVALID_LENGTH);
}

static void
selection_and_giving_up(void **state)
{
	(void)state;
	assert_int_equal(run_bytes("\x0b", 1), HS_CTAP_TOUCH);
	assert_int_equal(touch(), HS_CTAP_OK);
	assert_int_equal(out.len, 1);
	assert_false(hs_ctap_touch(ctap, &out)); // nothing waits any more
	assert_int_equal(run_bytes("\x0b", 1), HS_CTAP_TOUCH);
	hs_buf_reset(&out);
	hs_ctap_give_up(ctap, HS_CTAP_KEEPALIVE_CANCEL, &out);
	assert_int_equal(out.len, 1);
	assert_int_equal(out.p[0], HS_CTAP_KEEPALIVE_CANCEL);
	assert_false(hs_ctap_touch(ctap, &out));
	assert_int_equal(run_bytes("\x0b", 1), HS_CTAP_TOUCH);
	assert_int_equal(hs_ctap_power_up(ctap), HS_OK); // forgets it, too
	assert_false(hs_ctap_touch(ctap, &out));
}

static int
cred_with(const struct how *h)
{
	struct hs_buf b = {0};
	int rc;

	put_cred(&b, h);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	rc = run(hs_buf_str(&b));
	hs_buf_free(&b);
	return rc;
}

#define CRED(...)                                                                          \
	__extension__({                                                                    \
		struct how h_ = plain;                                                     \
		__VA_ARGS__;                                                               \
		cred_with(&h_);                                                            \
	})

static void
cred_parameters(void **state)
{
	(void)state;
	assert_int_equal(CRED(), HS_CTAP_TOUCH);
	for (unsigned key = 1; key < 4; key++)
		assert_int_equal(CRED(h_.leave_out = 1u << key), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(CRED(h_.leave_out = 1u << 4), HS_CTAP_UNSUPPORTED_ALGORITHM);
	assert_int_equal(CRED(h_.no_id = true), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(CRED(h_.hash = 31), HS_CTAP_INVALID_LENGTH);
	assert_int_equal(CRED(h_.hash = 33), HS_CTAP_INVALID_LENGTH);
	assert_int_equal(CRED(h_.rp = 253), HS_CTAP_TOUCH);
	assert_int_equal(CRED(h_.rp = 254), HS_CTAP_INVALID_LENGTH);
	assert_int_equal(CRED(h_.user = 0), HS_CTAP_INVALID_LENGTH);
	assert_int_equal(CRED(h_.user = 64), HS_CTAP_TOUCH);
	assert_int_equal(CRED(h_.user = 65), HS_CTAP_INVALID_LENGTH);
	assert_int_equal(CRED(h_.extra = true), HS_CTAP_TOUCH); // passed over
}

static void
cred_algorithms(void **state)
{
	(void)state;
	assert_int_equal(CRED(h_.nalgs = 0), HS_CTAP_UNSUPPORTED_ALGORITHM);
	assert_int_equal(CRED(h_.algs[0] = -257), HS_CTAP_UNSUPPORTED_ALGORITHM);
	assert_int_equal(CRED(h_.algs[0] = -257; h_.algs[1] = HS_COSE_ES256; h_.nalgs = 2),
	    HS_CTAP_TOUCH);
	assert_int_equal(CRED(h_.type = "private-key"), HS_CTAP_UNSUPPORTED_ALGORITHM);
	assert_int_equal(CRED(h_.no_type = true), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(CRED(h_.no_alg = true), HS_CTAP_MISSING_PARAMETER);
}

// The first that the key does is taken: the host named them in the order of its liking.
static void
cred_first_algorithm(void **state)
{
	static const int64_t both[2][2] = {
	    {HS_COSE_ES256, HS_COSE_EDDSA}, {HS_COSE_EDDSA, HS_COSE_ES256}};

	(void)state;
	ctap->auto_touch = true;
	for (int i = 0; i < 2; i++) {
		uint8_t cose[3] = {0x03, i == 0 ? 0x26 : 0x27, 0x20}; // 3: -7 or -8, -1:

		assert_int_equal(
		    CRED(h_.algs[0] = both[i][0]; h_.algs[1] = both[i][1]; h_.nalgs = 2),
		    HS_CTAP_OK);
		assert_non_null(memmem(out.p, out.len, cose, sizeof cose));
		assert_int_equal(
		    hs_cbor_check((struct hs_str){out.p + 1, out.len - 1}), HS_OK);
	}
}

static void
cred_lists_and_options(void **state)
{
	(void)state;
	assert_int_equal(CRED(h_.ids = 64), HS_CTAP_TOUCH);
	assert_int_equal(CRED(h_.ids = 65), HS_CTAP_LIMIT_EXCEEDED);
	assert_int_equal(CRED(h_.ids = 1; h_.id = 1000), HS_CTAP_TOUCH);
	assert_int_equal(CRED(h_.ids = 1; h_.id = 0), HS_CTAP_TOUCH);
	assert_int_equal(CRED(h_.up = 1), HS_CTAP_TOUCH);
	assert_int_equal(CRED(h_.up = 2), HS_CTAP_INVALID_OPTION);
	assert_int_equal(CRED(h_.uv = 1), HS_CTAP_INVALID_OPTION);
	assert_int_equal(CRED(h_.uv = 2), HS_CTAP_TOUCH);
	assert_int_equal(CRED(h_.rk = 1), HS_CTAP_TOUCH);
	for (int64_t level = -1; level < 6; level++) {
		if (level != 0)
			assert_int_equal(CRED(h_.protect = level),
			    level >= 1 && level <= 3 ? HS_CTAP_TOUCH
						     : HS_CTAP_INVALID_OPTION);
	}
	assert_int_equal(CRED(h_.protect = 256), HS_CTAP_INVALID_OPTION);
}

// Keys of maps that nobody knows yet are passed over with what is in them.
static void
cred_of_the_future(void **state)
{
	static const char tail[] =
	    "\x02\xa1\x62id\x61x\x03\xa1\x62id\x41u" // rp, user
	    "\x04\x81\xa3\x61x\x81\x00\x63\x61lg\x27\x64type\x6apublic-key"
	    "\x05\x81\xa3\x61x\xf6\x62id\x41k\x64type\x6apublic-key"
	    "\x06\xa1\x61x\xa1\x01\x02"; // extensions
	struct hs_buf b = {0};

	(void)state;
	hs_put_u8(&b, HS_CTAP_MAKE_CREDENTIAL);
	hs_cbor_put_map(&b, 6);
	hs_cbor_put_int(&b, 1);
	hs_cbor_put_bytes(&b, filler, 32);
	hs_put_raw(&b, tail, sizeof tail - 1);
	assert_int_equal(run(hs_buf_str(&b)), HS_CTAP_TOUCH);
	assert_int_equal(touch(), HS_CTAP_OK);
	hs_buf_free(&b);
}

static void
names_for_the_log(void **state)
{
	static const char *const want[] = {"unknown command", "makeCredential",
	    "getAssertion", "unknown command", "getInfo", "unknown command", "clientPIN",
	    "reset", "getNextAssertion", "unknown command", "unknown command", "selection"};

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
		assert_string_equal(hs_ctap_name((uint8_t)i), want[i]);
}

static void
cred_auth_without_token(void **state)
{
	(void)state;
	assert_int_equal(CRED(h_.auth = 33), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(CRED(h_.auth = 33; h_.proto = 3), HS_CTAP_INVALID_PARAMETER);
	assert_int_equal(CRED(h_.auth = 33; h_.proto = -1), HS_CTAP_INVALID_PARAMETER);
	assert_int_equal(CRED(h_.auth = 33; h_.proto = 2), HS_CTAP_PIN_AUTH_INVALID);
	assert_int_equal(CRED(h_.auth = 17; h_.proto = 1), HS_CTAP_PIN_AUTH_INVALID);
	assert_int_equal(CRED(h_.auth = 66; h_.proto = 2), HS_CTAP_INVALID_LENGTH);
	assert_int_equal(CRED(h_.auth = 1), HS_CTAP_TOUCH); // "which key is meant?"
	assert_int_equal(touch(), HS_CTAP_PIN_NOT_SET);
}

// Every cut, and every byte too many; no state is left behind by any of them.
static void
cred_cut_or_longer(void **state)
{
	struct how h = plain;
	struct hs_buf b = {0};

	(void)state;
	h.ids = 2;
	h.protect = 2;
	h.rk = 1;
	put_cred(&b, &h);
	assert_int_equal(run(hs_buf_str(&b)), HS_CTAP_TOUCH);
	for (size_t len = 1; len < b.len; len++)
		assert_int_equal(run((struct hs_str){b.p, len}), HS_CTAP_INVALID_CBOR);
	hs_put_u8(&b, 0);
	assert_int_equal(run(hs_buf_str(&b)), HS_CTAP_INVALID_CBOR);
	hs_buf_free(&b);
	assert_int_equal(ctap->store.counter, 0);
	assert_int_equal(ctap->store.nresidents, 0);
}

static void
wrong_types(void **state)
{
	static const char *const bad[] = {"\x01\x80",
	    "\x01\xa1\x61\x61\x01", // no map; a key that is no number
	    "\x01\xa1\x01\x01", "\x01\xa1\x02\x01", "\x01\xa1\x03\x80", "\x01\xa1\x04\xa0",
	    "\x01\xa1\x04\x81\x01", "\x01\xa1\x05\x81\x01", "\x01\xa1\x05\xf5",
	    "\x01\xa1\x06\x01", "\x01\xa1\x07\x80", "\x01\xa1\x08\x01", "\x01\xa1\x09\x41x",
	    "\x01\xa1\x02\xa1\x62id\x01", "\x01\xa1\x02\xa1\x01\x01",
	    "\x01\xa1\x03\xa1\x62id\x61x", "\x01\xa1\x04\x81\xa1\x63\x61lg\x61x",
	    "\x01\xa1\x04\x81\xa1\x64type\x01", "\x01\xa1\x05\x81\xa1\x62id\x61x",
	    "\x01\xa1\x07\xa1\x62rk\x01", "\x01\xa1\x07\xa1\x62up\x01",
	    "\x01\xa1\x07\xa1\x62uv\x01", "\x01\xa1\x06\xa1\x6b\x63redProtect\x61x",
	    "\x02\xa1\x01\x41x", "\x02\xa1\x02\x61x", "\x02\xa1\x03\xa0",
	    "\x02\xa1\x05\x01", "\x02\xa1\x06\x01", "\x02\xa1\x07\x41x", "\x02\x01",
	    "\x02\xa1\x61\x61\x01"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (run_bytes(bad[i], strlen(bad[i])) != HS_CTAP_UNEXPECTED_TYPE)
			fail_msg("message %zu: %02x", i, out.p[0]);
	}
}

// ---- getAssertion

static int
assert_with(const struct how *h)
{
	struct hs_buf b = {0};
	int rc;

	put_assert(&b, h);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	rc = run(hs_buf_str(&b));
	hs_buf_free(&b);
	return rc;
}

#define ASSERT(...)                                                                        \
	__extension__({                                                                    \
		struct how h_ = plain;                                                     \
		__VA_ARGS__;                                                               \
		assert_with(&h_);                                                          \
	})

static void
assert_parameters(void **state)
{
	(void)state;
	assert_int_equal(ASSERT(), HS_CTAP_TOUCH);
	assert_int_equal(touch(), HS_CTAP_NO_CREDENTIALS);
	assert_int_equal(ASSERT(h_.up = 2), HS_CTAP_NO_CREDENTIALS);
	assert_int_equal(ASSERT(h_.extra = true), HS_CTAP_TOUCH);
	assert_int_equal(ASSERT(h_.leave_out = 1u << 1), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(ASSERT(h_.leave_out = 1u << 2), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(ASSERT(h_.hash = 31), HS_CTAP_INVALID_LENGTH);
	assert_int_equal(ASSERT(h_.rp = 254), HS_CTAP_INVALID_LENGTH);
	assert_int_equal(ASSERT(h_.uv = 1), HS_CTAP_INVALID_OPTION);
	assert_int_equal(ASSERT(h_.rk = 1), HS_CTAP_INVALID_OPTION);
	assert_int_equal(ASSERT(h_.ids = 64), HS_CTAP_TOUCH);
	assert_int_equal(ASSERT(h_.ids = 65), HS_CTAP_LIMIT_EXCEEDED);
	assert_int_equal(ASSERT(h_.ids = 1; h_.no_id = true), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(ASSERT(h_.ids = 1; h_.no_type = true), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(ASSERT(h_.auth = 33), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(ASSERT(h_.auth = 33; h_.proto = 2), HS_CTAP_PIN_AUTH_INVALID);
	assert_int_equal(ASSERT(h_.auth = 1), HS_CTAP_TOUCH);
	assert_int_equal(touch(), HS_CTAP_PIN_NOT_SET);
	ctap->store.pin_set = true;
	assert_int_equal(ASSERT(h_.auth = 1), HS_CTAP_TOUCH);
	assert_int_equal(touch(), HS_CTAP_PIN_INVALID);
}

// A list that names other kinds of credentials is still a list: none of ours is in it.
static void
assert_list_of_another_kind(void **state)
{
	(void)state;
	ctap->auto_touch = true;
	assert_int_equal(CRED(h_.rk = 1), HS_CTAP_OK);
	assert_int_equal(ASSERT(), HS_CTAP_OK); // the resident one
	assert_int_equal(ASSERT(h_.ids = 1; h_.type = "something"), HS_CTAP_NO_CREDENTIALS);
	assert_int_equal(ASSERT(h_.rp = 11), HS_CTAP_NO_CREDENTIALS); // another party's
}

// Level 2 is found by who names it, and without a name only by who was verified.
static void
assert_protected_resident(void **state)
{
	(void)state;
	ctap->auto_touch = true;
	assert_int_equal(CRED(h_.rk = 1; h_.protect = 2), HS_CTAP_OK);
	assert_int_equal(ASSERT(), HS_CTAP_NO_CREDENTIALS);
	assert_int_equal(CRED(h_.rk = 1; h_.protect = 1; h_.user = 5), HS_CTAP_OK);
	assert_int_equal(ASSERT(), HS_CTAP_OK);
}

static void
state_that_cannot_be_written(void **state)
{
	(void)state;
	ctap->auto_touch = true;
	ctap->store.path = "/nonexistent/state";
	assert_int_equal(CRED(), HS_CTAP_OTHER);
	assert_int_equal(ctap->store.counter, 0);
	assert_int_equal(run_bytes("\x07", 1), HS_CTAP_OTHER);
}

static void
counter_at_its_end(void **state)
{
	(void)state;
	ctap->auto_touch = true;
	ctap->store.counter = UINT32_MAX;
	assert_int_equal(CRED(), HS_CTAP_OK);
	assert_int_equal(ctap->store.counter, 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(commands),
	    T(selection_and_giving_up),
	    T(cred_parameters),
	    T(cred_algorithms),
	    T(cred_first_algorithm),
	    T(cred_lists_and_options),
	    T(cred_of_the_future),
	    T(names_for_the_log),
	    T(cred_auth_without_token),
	    T(cred_cut_or_longer),
	    T(wrong_types),
	    T(assert_parameters),
	    T(assert_list_of_another_kind),
	    T(assert_protected_resident),
	    T(state_that_cannot_be_written),
	    T(counter_at_its_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
