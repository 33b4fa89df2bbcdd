// SPDX-License-Identifier: ISC
//
// The software key's PIN through libfido2, each test with protocol 2 and its permissions,
// and with protocol 1 as keys of CTAP 2.0 had it: setting, changing, wrong ones, blocks,
// what it allows.
#include "tests/softkey/fixture.h"

static struct fix fix;
static fido_dev_t *dev;

static void
reopen(void)
{
	if (dev != NULL)
		fix_dev_free(dev);
	dev = fix_dev(&fix);
}

static int
setup_old(bool old)
{
	fix_make(&fix, 60000);
	fix_ok(&fix, "auto on");
	fix_ok(&fix, old ? "old on" : "old off");
	reopen();
	return 0;
}

static int
setup_two(void **state)
{
	(void)state;
	return setup_old(false);
}

static int
setup_one(void **state)
{
	(void)state;
	return setup_old(true);
}

static int
teardown(void **state)
{
	(void)state;
	fix_dev_free(dev);
	dev = NULL;
	fix_free(&fix);
	return 0;
}

static int
make_cred(const char *pin)
{
	fido_cred_t *cred = fix_cred(COSE_EDDSA);
	int rc = fido_dev_make_cred(dev, cred, pin);

	if (rc == FIDO_OK) {
		assert_int_equal(fido_cred_flags(cred), pin != NULL ? 0x45 : 0x41);
		assert_int_equal(fido_cred_verify(cred), FIDO_OK);
	}
	fido_cred_free(&cred);
	return rc;
}

static int
retries(void)
{
	int n = -1;

	assert_int_equal(fido_dev_get_retry_count(dev, &n), FIDO_OK);
	return n;
}

static void
set_and_use(void **state)
{
	fido_cred_t *cred;
	fido_assert_t *a;

	(void)state;
	assert_false(fido_dev_has_pin(dev));
	assert_int_equal(make_cred("2468"), FIDO_ERR_PIN_NOT_SET);
	assert_int_equal(fido_dev_set_pin(dev, "2468", NULL), FIDO_OK);
	reopen();
	assert_true(fido_dev_has_pin(dev));
	fix_state_has(&fix, "pin yes\n");
	assert_int_equal(make_cred("2468"), FIDO_OK);

	cred = fix_cred(COSE_ES256);
	assert_int_equal(fido_dev_make_cred(dev, cred, "2468"), FIDO_OK);
	a = fix_assert(cred);
	assert_int_equal(fido_dev_get_assert(dev, a, "2468"), FIDO_OK);
	assert_int_equal(fido_assert_flags(a, 0), 0x05);
	assert_int_equal(fix_verify(cred, a), FIDO_OK);
	fido_assert_free(&a);
	a = fix_assert(cred); // a touch alone still does, and says so
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_OK);
	assert_int_equal(fido_assert_flags(a, 0), 0x01);
	fido_assert_free(&a);
	fido_cred_free(&cred);
	assert_int_equal(retries(), 8);
}

static void
length_of_the_pin(void **state)
{
	char pin[80];

	(void)state;
	assert_int_equal(fido_dev_set_pin(dev, "246", NULL), FIDO_ERR_PIN_POLICY_VIOLATION);
	fix_error(&fix, "pin 246", "a PIN has 4 characters at least and 63 bytes at most");
	fix_error(&fix, "pin \xc3\xa4\xc3\xb6\xc3\xbc", // three characters, six bytes
	    "a PIN has 4 characters at least and 63 bytes at most");
	assert_int_equal(fido_dev_set_pin(dev, "\xc3\xa4\xc3\xb6\xc3\xbc", NULL),
	    FIDO_ERR_PIN_POLICY_VIOLATION);
	memset(pin, '7', sizeof pin);
	pin[64] = '\0';
	assert_int_equal(fido_dev_set_pin(dev, pin, NULL), FIDO_ERR_PIN_POLICY_VIOLATION);
	fix_state_has(&fix, "pin no\n");
	pin[63] = '\0';
	assert_int_equal(fido_dev_set_pin(dev, pin, NULL), FIDO_OK);
	reopen();
	assert_int_equal(make_cred(pin), FIDO_OK);
	pin[62] = '\0';
	assert_int_equal(make_cred(pin), FIDO_ERR_PIN_INVALID);
}

static void
change(void **state)
{
	(void)state;
	assert_int_equal(fido_dev_set_pin(dev, "4826", "2468"), FIDO_ERR_PIN_NOT_SET);
	fix_ok(&fix, "pin 2468");
	reopen();
	assert_int_equal( // it is set, so it is changed or nothing
	    fido_dev_set_pin(dev, "4826", NULL), FIDO_ERR_PIN_AUTH_INVALID);
	assert_int_equal(fido_dev_set_pin(dev, "4826", "1111"), FIDO_ERR_PIN_INVALID);
	assert_int_equal(retries(), 7);
	assert_int_equal(
	    fido_dev_set_pin(dev, "482", "2468"), FIDO_ERR_PIN_POLICY_VIOLATION);
	assert_int_equal(fido_dev_set_pin(dev, "4826", "2468"), FIDO_OK);
	assert_int_equal(retries(), 8);
	assert_int_equal(make_cred("2468"), FIDO_ERR_PIN_INVALID);
	assert_int_equal(make_cred("4826"), FIDO_OK);
}

static void
wrong_pins(void **state)
{
	(void)state;
	fix_ok(&fix, "pin 2468");
	reopen();
	assert_int_equal(make_cred("1111"), FIDO_ERR_PIN_INVALID);
	assert_int_equal(retries(), 7);
	assert_int_equal(make_cred("1111"), FIDO_ERR_PIN_INVALID);
	assert_int_equal(make_cred("2468"), FIDO_OK); // which forgives them
	assert_int_equal(retries(), 8);
	assert_int_equal(make_cred("1111"), FIDO_ERR_PIN_INVALID);
	assert_int_equal(make_cred("1111"), FIDO_ERR_PIN_INVALID);
	assert_int_equal(make_cred("1111"), FIDO_ERR_PIN_AUTH_BLOCKED);
	assert_int_equal(retries(), 5);
	assert_int_equal(make_cred("2468"), FIDO_ERR_PIN_AUTH_BLOCKED);
	assert_int_equal(retries(), 5); // and costs nothing
	fix_ok(&fix, "replug");
	reopen();
	assert_int_equal(make_cred("2468"), FIDO_OK);
	assert_int_equal(retries(), 8);
}

static void
blocked_for_good(void **state)
{
	(void)state;
	fix_ok(&fix, "pin 2468");
	for (int left = 7; left > 0; left--) {
		reopen();
		assert_int_equal(make_cred("1111"),
		    left % 3 == 2 ? FIDO_ERR_PIN_AUTH_BLOCKED : FIDO_ERR_PIN_INVALID);
		assert_int_equal(retries(), left);
		if (left % 3 == 2)
			fix_ok(&fix, "replug");
	}
	reopen();
	assert_int_equal(make_cred("1111"), FIDO_ERR_PIN_BLOCKED);
	assert_int_equal(retries(), 0);
	fix_ok(&fix, "replug");
	reopen();
	assert_int_equal(make_cred("2468"), FIDO_ERR_PIN_BLOCKED);
	assert_int_equal(fido_dev_set_pin(dev, "4826", "2468"), FIDO_ERR_PIN_BLOCKED);
	fix_stop(&fix, SIGTERM);
	fix_start(&fix);
	fix_ok(&fix, "auto on");
	reopen();
	assert_int_equal(make_cred("2468"), FIDO_ERR_PIN_BLOCKED);
	assert_int_equal(fido_dev_reset(dev), FIDO_OK);
	reopen();
	assert_false(fido_dev_has_pin(dev));
	assert_int_equal(retries(), 8);
}

// A wrong one is counted on disk before it is answered.
static void
retries_survive_a_kill(void **state)
{
	(void)state;
	fix_ok(&fix, "pin 2468");
	reopen();
	assert_int_equal(make_cred("1111"), FIDO_ERR_PIN_INVALID);
	assert_int_equal(make_cred("1111"), FIDO_ERR_PIN_INVALID);
	fix_stop(&fix, SIGKILL);
	fix_start(&fix);
	fix_ok(&fix, "auto on");
	reopen();
	assert_int_equal(retries(), 6);
	assert_int_equal(
	    make_cred("1111"), FIDO_ERR_PIN_INVALID); // the first in a row again
	assert_int_equal(make_cred("2468"), FIDO_OK);
}

static void
always_verified(void **state)
{
	fido_cred_t *cred = fix_cred(COSE_EDDSA);
	fido_assert_t *a;

	(void)state;
	assert_int_equal(fido_dev_make_cred(dev, cred, NULL), FIDO_OK);
	fix_ok(&fix, "always-uv on");
	fix_state_has(&fix, "always-uv on\n");
	reopen();
	assert_int_equal(make_cred(NULL), FIDO_ERR_PIN_REQUIRED);
	fix_ok(&fix, "pin 2468");
	reopen();
	assert_int_equal(make_cred(NULL), FIDO_ERR_PIN_REQUIRED);
	assert_int_equal(make_cred("2468"), FIDO_OK);
	a = fix_assert(cred);
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_ERR_PIN_REQUIRED);
	assert_int_equal(fido_dev_get_assert(dev, a, "2468"), FIDO_OK);
	assert_int_equal(fido_assert_flags(a, 0), 0x05);
	fido_assert_free(&a);
	a = fix_assert(cred); // a probe is no use of the key
	assert_int_equal(fido_assert_set_up(a, FIDO_OPT_FALSE), FIDO_OK);
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_OK);
	assert_int_equal(fido_assert_flags(a, 0), 0x00);
	fido_assert_free(&a);
	fido_cred_free(&cred);
	fix_ok(&fix, "always-uv off");
}

static void
protected_credential_is_there_when_verified(void **state)
{
	fido_cred_t *cred = fix_cred(COSE_EDDSA);
	fido_assert_t *a;

	(void)state;
	fix_ok(&fix, "pin 2468");
	reopen();
	assert_int_equal(fido_cred_set_extensions(cred, FIDO_EXT_CRED_PROTECT), FIDO_OK);
	assert_int_equal(fido_cred_set_prot(cred, FIDO_CRED_PROT_UV_REQUIRED), FIDO_OK);
	assert_int_equal(fido_dev_make_cred(dev, cred, "2468"), FIDO_OK);
	a = fix_assert(cred);
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_ERR_NO_CREDENTIALS);
	assert_int_equal(fido_dev_get_assert(dev, a, "2468"), FIDO_OK);
	assert_int_equal(fix_verify(cred, a), FIDO_OK);
	fido_assert_free(&a);
	fido_cred_free(&cred);
}

static void
resident_needs_the_pin(void **state)
{
	fido_cred_t *cred = fix_cred(COSE_EDDSA);

	(void)state;
	fix_ok(&fix, "pin 2468");
	reopen();
	assert_int_equal(fido_cred_set_rk(cred, FIDO_OPT_TRUE), FIDO_OK);
	assert_int_equal(fido_dev_make_cred(dev, cred, NULL), FIDO_ERR_PIN_REQUIRED);
	assert_int_equal(fido_dev_make_cred(dev, cred, "2468"), FIDO_OK);
	fix_state_has(&fix, "residents 1\n");
	fido_cred_free(&cred);
}

static void
without_pin_though_it_has_one(void **state)
{
	(void)state;
	fix_ok(&fix, "pin 2468");
	reopen();
	assert_int_equal(make_cred(NULL), FIDO_OK);
	fix_ok(&fix, "old on");
	reopen();
	assert_int_equal(make_cred(NULL), FIDO_ERR_PIN_REQUIRED);
}

int
main(void)
{
#define T(name)                                                                            \
	cmocka_unit_test_setup_teardown(name, setup_two, teardown),                        \
	{                                                                                  \
#name ", protocol 1", name, setup_one, teardown, NULL                      \
	}
	const struct CMUnitTest tests[] = {
	    T(set_and_use),
	    T(length_of_the_pin),
	    T(change),
	    T(wrong_pins),
	    T(blocked_for_good),
	    T(retries_survive_a_kill),
	    T(always_verified),
	    T(protected_credential_is_there_when_verified),
	    T(resident_needs_the_pin),
	    cmocka_unit_test_setup_teardown(
		without_pin_though_it_has_one, setup_two, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	fido_init(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
