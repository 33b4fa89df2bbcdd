// SPDX-License-Identifier: ISC
//
// Each fault of the software key that ends in an answer, as a host sees it through
// libfido2: so that a test which sets one can rely on it. The others are in
// test_softkey_plug.c.
#include "tests/softkey/faulted.h"

static void
flags(const char *name, uint8_t on_sign, uint8_t on_enroll)
{
	fido_cred_t *c = fix_cred(COSE_ES256);
	fido_assert_t *a;

	set_fault(name);
	a = fix_assert(cred);
	// libfido2 looks at the flags only of what it was asked for
	assert_int_equal(fido_assert_set_up(a, FIDO_OPT_OMIT), FIDO_OK);
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_OK);
	assert_int_equal(fido_assert_flags(a, 0), on_sign);
	if ((on_sign & 0x01) != 0) // and it refuses to verify what nobody touched
		assert_int_equal(fix_verify(cred, a), FIDO_OK);
	fido_assert_free(&a);
	assert_int_equal(fido_dev_make_cred(dev, c, NULL), FIDO_OK);
	assert_int_equal(fido_cred_flags(c), on_enroll);
	fido_cred_free(&c);
	assert_int_equal(probe(), FIDO_OK); // probes do not lie
	set_fault("none");
	assert_int_equal(sign(&a), FIDO_OK);
	assert_int_equal(fido_assert_flags(a, 0), 0x01);
	fido_assert_free(&a);
}

static void
flags_no_up(void **state)
{
	(void)state;
	flags("flags-no-up", 0x00, 0x40);
}

static void
flags_extra(void **state)
{
	(void)state;
	flags("flags-extra", 0x21, 0x61);
}

static void
flags_uv(void **state)
{
	(void)state;
	flags("flags-uv", 0x05, 0x45);
}

static void
wrong_signature(const char *name)
{
	fido_cred_t *c = fix_cred(COSE_ES256);
	fido_assert_t *a;

	set_fault(name);
	assert_int_equal(sign(&a), FIDO_OK);
	assert_int_equal(fix_verify(cred, a), FIDO_ERR_INVALID_SIG);
	fido_assert_free(&a);
	assert_int_equal(fido_dev_make_cred(dev, c, NULL), FIDO_OK);
	assert_int_equal(fido_cred_verify(c), FIDO_ERR_INVALID_SIG);
	fido_cred_free(&c);
	assert_int_equal(probe(), FIDO_OK);
}

static void
bad_signature(void **state)
{
	(void)state;
	wrong_signature("bad-signature");
}

static void
other_key(void **state)
{
	(void)state;
	wrong_signature("other-key");
}

static void
counter_back(void **state)
{
	fido_assert_t *a;
	uint32_t before, lower, after;

	(void)state;
	assert_int_equal(sign(&a), FIDO_OK);
	before = fido_assert_sigcount(a, 0);
	fido_assert_free(&a);
	set_fault("counter-back");
	assert_int_equal(sign(&a), FIDO_OK);
	assert_int_equal(fix_verify(cred, a), FIDO_OK);
	lower = fido_assert_sigcount(a, 0);
	fido_assert_free(&a);
	set_fault("none");
	assert_int_equal(sign(&a), FIDO_OK);
	after = fido_assert_sigcount(a, 0);
	fido_assert_free(&a);
	assert_true(lower < before && before < after);
}

static void
wrong_rp(void **state)
{
	fido_cred_t *c = fix_cred(COSE_ES256);
	fido_assert_t *a;

	(void)state;
	set_fault("wrong-rp");
	assert_int_equal(sign(&a), FIDO_OK);
	assert_int_equal(fix_verify(cred, a), FIDO_ERR_INVALID_PARAM);
	fido_assert_free(&a);
	assert_int_equal(fido_dev_make_cred(dev, c, NULL), FIDO_OK);
	assert_int_equal(fido_cred_verify(c), FIDO_ERR_INVALID_PARAM);
	fido_cred_free(&c);
	assert_int_equal(probe(), FIDO_OK);
}

static void
unreadable(const char *name)
{
	set_fault(name);
	assert_int_equal(sign_only(), FIDO_ERR_RX_NOT_CBOR);
	assert_int_equal(enroll_only(), FIDO_ERR_RX_NOT_CBOR);
	assert_int_equal(probe(), FIDO_OK);
	set_fault("none");
	assert_int_equal(sign_only(), FIDO_OK);
}

static void
garbage(void **state)
{
	(void)state;
	unreadable("garbage");
}

static void
half(void **state)
{
	(void)state;
	unreadable("half");
}

static void
deny(void **state)
{
	(void)state;
	fix_ok(&fix, "auto off"); // it needs no touch
	set_fault("deny");
	assert_int_equal(sign_only(), FIDO_ERR_OPERATION_DENIED);
	assert_int_equal(enroll_only(), FIDO_ERR_OPERATION_DENIED);
	assert_int_equal(probe(), FIDO_OK);
	fix_state_has(&fix, "waiting no\n");
}

static void
store_full(void **state)
{
	(void)state;
	set_fault("store-full");
	assert_int_equal(enroll_only(), FIDO_ERR_KEY_STORE_FULL);
	assert_int_equal(sign_only(), FIDO_OK);
}

static void
store_really_full(void **state)
{
	(void)state;
	for (uint8_t i = 0; i <= HS_STORE_RESIDENTS; i++) {
		fido_cred_t *c = fido_cred_new();

		assert_int_equal(fido_cred_set_type(c, COSE_EDDSA), FIDO_OK);
		fido_cred_set_clientdata_hash(c, (const uint8_t *)FIX_HASH, 32);
		fido_cred_set_rp(c, FIX_RP, NULL);
		assert_int_equal(fido_cred_set_user(c, &i, 1, "n", NULL, NULL), FIDO_OK);
		assert_int_equal(fido_cred_set_rk(c, FIDO_OPT_TRUE), FIDO_OK);
		assert_int_equal(fido_dev_make_cred(dev, c, NULL),
		    i < HS_STORE_RESIDENTS ? FIDO_OK : FIDO_ERR_KEY_STORE_FULL);
		fido_cred_free(&c);
	}
	fix_state_has(&fix, "residents 25\n");
}

static void
error(void **state)
{
	(void)state;
	fix_ok(&fix, "fault error 36");
	assert_int_equal(sign_only(), FIDO_ERR_PIN_REQUIRED);
	fix_ok(&fix, "fault error 7F");
	assert_int_equal(enroll_only(), FIDO_ERR_ERR_OTHER);
	assert_int_equal(probe(), FIDO_OK);
	fix_ok(&fix, "fault error 36 all");
	fix_state_has(&fix, "fault error all\n");
	assert_int_equal(probe(), FIDO_ERR_PIN_REQUIRED);
}

static void
lies_to_probes_too(void **state)
{
	fido_assert_t *a = fix_assert(cred);

	(void)state;
	fix_ok(&fix, "fault flags-extra all");
	assert_int_equal(fido_assert_set_up(a, FIDO_OPT_FALSE), FIDO_OK);
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_OK);
	assert_int_equal(fido_assert_flags(a, 0), 0x20);
	fido_assert_free(&a);
	fix_ok(&fix, "fault garbage all");
	assert_int_equal(probe(), FIDO_ERR_RX_NOT_CBOR);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(flags_no_up),
	    T(flags_extra),
	    T(flags_uv),
	    T(bad_signature),
	    T(other_key),
	    T(counter_back),
	    T(wrong_rp),
	    T(garbage),
	    T(half),
	    T(deny),
	    T(store_full),
	    T(store_really_full),
	    T(error),
	    T(lies_to_probes_too),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	fido_init(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
