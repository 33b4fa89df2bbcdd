// SPDX-License-Identifier: ISC
//
// The touch of the software key through libfido2: waited for, given, called off, never
// given; and what lasts: the counter over kills, a reset, what the key says of itself.
#include "tests/softkey/fixture.h"

static struct fix fix;
static fido_dev_t *dev;

static int
setup(void **state)
{
	(void)state;
	fix_make(&fix, 60000);
	dev = fix_dev(&fix);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fix_dev_free(dev);
	fix_free(&fix);
	return 0;
}

static void
replace_dev(void)
{
	fix_dev_free(dev);
	dev = fix_dev(&fix);
}

// A key that holds none of them says so only when it is touched.
static void
no_credentials_after_the_touch(void **state)
{
	struct fix_ceremony c = {.dev = dev, .a = fix_assert(NULL)};

	(void)state;
	assert_int_equal(
	    fido_assert_allow_cred(c.a, (const uint8_t *)"nobody's", 8), FIDO_OK);
	fix_begin(&fix, &c);
	fix_ok(&fix, "touch");
	assert_int_equal(fix_end(&c), FIDO_ERR_NO_CREDENTIALS);
	fido_assert_free(&c.a);
}

static void
waits_for_the_touch(void **state)
{
	struct fix_ceremony c = {.dev = dev, .cred = fix_cred(COSE_EDDSA)};

	(void)state;
	fix_error(&fix, "touch", "nothing waits");
	fix_state_has(&fix, "waiting no\n");
	fix_begin(&fix, &c);
	fix_state_has(&fix, "waiting yes\n");
	fix_ok(&fix, "touch");
	assert_int_equal(fix_end(&c), FIDO_OK);
	assert_int_equal(fido_cred_verify(c.cred), FIDO_OK);
	fix_error(&fix, "touch", "nothing waits");
	fido_cred_free(&c.cred);
}

static void
touch_next_is_for_one(void **state)
{
	fido_cred_t *cred;
	struct fix_ceremony c = {.dev = dev};

	(void)state;
	fix_ok(&fix, "touch-next");
	fix_state_has(&fix, "touch-next on\n");
	cred = fix_made(dev, COSE_EDDSA);
	fix_state_has(&fix, "touch-next off\n");
	c.a = fix_assert(cred);
	fix_begin(&fix, &c);
	fix_ok(&fix, "touch-next"); // something waits already
	fix_state_has(&fix, "touch-next off\n");
	assert_int_equal(fix_end(&c), FIDO_OK);
	fido_assert_free(&c.a);
	fido_cred_free(&cred);
}

static void
auto_touches_what_waits(void **state)
{
	struct fix_ceremony c = {.dev = dev, .cred = fix_cred(COSE_ES256)};

	(void)state;
	fix_begin(&fix, &c);
	fix_ok(&fix, "auto on");
	assert_int_equal(fix_end(&c), FIDO_OK);
	fido_cred_free(&c.cred);
}

static void
wait_has_a_deadline(void **state)
{
	(void)state;
	fix_error(&fix, "wait 0", "nothing waited in time");
}

static void
wait_is_answered_when_it_waits(void **state)
{
	struct fix_ceremony c = {.dev = dev, .cred = fix_cred(COSE_ES256)};
	int first = fix_send(&fix, "wait 20"), second = fix_send(&fix, "wait");

	(void)state;
	fix_begin(&fix, &c);
	assert_string_equal(fix_answer(first), "ok\n");
	assert_string_equal(fix_answer(second), "ok\n");
	fix_ok(&fix, "touch");
	assert_int_equal(fix_end(&c), FIDO_OK);
	fido_cred_free(&c.cred);
}

static void
never_touched(void **state)
{
	fido_cred_t *cred = fix_cred(COSE_ES256);

	(void)state;
	fix_dev_free(dev);
	fix_stop(&fix, SIGTERM);
	fix.touch_ms = 250; // two keepalives long
	fix_start(&fix);
	dev = fix_dev(&fix);
	assert_int_equal(fido_dev_make_cred(dev, cred, NULL), FIDO_ERR_USER_ACTION_TIMEOUT);
	fix_state_has(&fix, "waiting no\n");
	fix_ok(&fix, "auto on"); // none the worse for it
	assert_int_equal(fido_dev_make_cred(dev, cred, NULL), FIDO_OK);
	fido_cred_free(&cred);
}

static void
cancel_from_another_thread(void **state)
{
	struct fix_ceremony c = {.dev = dev, .cred = fix_cred(COSE_ES256)};

	(void)state;
	fix_begin(&fix, &c);
	assert_int_equal(fido_dev_cancel(dev), FIDO_OK);
	assert_int_equal(fix_end(&c), FIDO_ERR_KEEPALIVE_CANCEL);
	fix_state_has(&fix, "waiting no\n");
	fix_ok(&fix, "auto on");
	assert_int_equal(fido_dev_make_cred(dev, c.cred, NULL), FIDO_OK);
	fido_cred_free(&c.cred);
}

static void
touch_selection(void **state)
{
	int touched = 0;

	(void)state;
	for (int pin = 0; pin < 2; pin++) {
		assert_int_equal(fido_dev_get_touch_begin(dev), FIDO_OK);
		fix_ok(&fix, "wait 20");
		assert_int_equal(fido_dev_get_touch_status(dev, &touched, 50), FIDO_OK);
		assert_int_equal(touched, 0);
		fix_ok(&fix, "touch");
		assert_int_equal(fido_dev_get_touch_status(dev, &touched, 5000), FIDO_OK);
		assert_int_equal(touched, 1);
		fix_ok(&fix, "pin 2468"); // the second time it has a PIN
		replace_dev();
	}
}

// ---- what remains

static void
counter_lasts(void **state)
{
	fido_cred_t *cred;
	uint32_t last = 0;

	(void)state;
	fix_ok(&fix, "auto on");
	cred = fix_made(dev, COSE_EDDSA);
	for (int i = 0; i < 6; i++) {
		fido_assert_t *a = fix_assert(cred);

		assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_OK);
		assert_int_equal(fix_verify(cred, a), FIDO_OK);
		assert_true(fido_assert_sigcount(a, 0) > last);
		last = fido_assert_sigcount(a, 0);
		fido_assert_free(&a);
		fix_dev_free(dev);
		fix_stop(&fix, i % 2 == 0 ? SIGTERM : SIGKILL);
		fix_start(&fix);
		fix_ok(&fix, "auto on");
		dev = fix_dev(&fix);
	}
	fido_cred_free(&cred);
}

static void
reset_wipes(void **state)
{
	fido_cred_t *cred;
	fido_assert_t *a;

	(void)state;
	fix_ok(&fix, "auto on");
	fix_ok(&fix, "pin 2468");
	cred = fix_made(dev, COSE_EDDSA);
	assert_int_equal(fido_dev_reset(dev), FIDO_OK);
	fix_state_has(&fix, "pin no\n");
	a = fix_assert(cred);
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_ERR_NO_CREDENTIALS);
	fido_assert_free(&a);
	fido_cred_free(&cred);
}

static void
what_it_says_of_itself(void **state)
{
	fido_cbor_info_t *info = fido_cbor_info_new();

	(void)state;
	assert_int_equal(fido_dev_get_cbor_info(dev, info), FIDO_OK);
	assert_int_equal(fido_cbor_info_versions_len(info), 2);
	assert_string_equal(fido_cbor_info_versions_ptr(info)[0], "FIDO_2_0");
	assert_string_equal(fido_cbor_info_versions_ptr(info)[1], "FIDO_2_1");
	assert_memory_equal(fido_cbor_info_aaguid_ptr(info), "handseal-softkey", 16);
	assert_int_equal(fido_cbor_info_algorithm_count(info), 2);
	assert_int_equal(fido_cbor_info_algorithm_cose(info, 0), COSE_ES256);
	assert_int_equal(fido_cbor_info_algorithm_cose(info, 1), COSE_EDDSA);
	assert_int_equal(fido_cbor_info_protocols_len(info), 2);
	assert_int_equal(fido_cbor_info_protocols_ptr(info)[0], 2);
	assert_int_equal(fido_cbor_info_protocols_ptr(info)[1], 1);
	assert_int_equal(fido_cbor_info_maxmsgsiz(info), 7609);
	assert_int_equal(fido_cbor_info_fwversion(info), 1);
	assert_false(fido_dev_has_uv(dev));
	assert_true(fido_dev_supports_pin(dev));
	assert_false(fido_dev_has_pin(dev));
	fido_cbor_info_free(&info);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(no_credentials_after_the_touch),
	    T(waits_for_the_touch),
	    T(touch_next_is_for_one),
	    T(auto_touches_what_waits),
	    T(wait_has_a_deadline),
	    T(wait_is_answered_when_it_waits),
	    T(never_touched),
	    T(cancel_from_another_thread),
	    T(touch_selection),
	    T(counter_lasts),
	    T(reset_wipes),
	    T(what_it_says_of_itself),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	fido_init(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
