// SPDX-License-Identifier: ISC
//
// The software key as libfido2 sees it: credentials and assertions of both algorithms,
// attestation, probes, resident and protected credentials. The touch is in
// test_softkey_touch.c, PINs are in test_softkey_pin.c, faults in test_softkey_faults.c.
#include "tests/softkey/fixture.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

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

// ---- credentials

static void
check_x5c(const fido_cred_t *cred)
{
	const unsigned char *p = fido_cred_x5c_ptr(cred);
	X509 *x = d2i_X509(NULL, &p, (long)fido_cred_x5c_len(cred));
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1);
	X509_EXTENSION *ext;
	const ASN1_OCTET_STRING *value;
	char name[256];
	int at;

	assert_non_null(x);
	assert_ptr_equal(p, fido_cred_x5c_ptr(cred) + fido_cred_x5c_len(cred));
	X509_NAME_oneline(X509_get_subject_name(x), name, sizeof name);
	assert_non_null(strstr(name, "SIMULATED"));
	assert_non_null(strstr(name, "OU=Authenticator Attestation"));
	assert_int_equal(X509_get_version(x), X509_VERSION_3);
	assert_int_equal(X509_check_ca(x), 0);
	assert_int_equal(X509_verify(x, X509_get0_pubkey(x)), 1);
	at = X509_get_ext_by_OBJ(x, oid, -1);
	assert_true(at >= 0);
	ext = X509_get_ext(x, at);
	assert_int_equal(X509_EXTENSION_get_critical(ext), 0);
	value = X509_EXTENSION_get_data(ext);
	assert_int_equal(value->length, 18);
	assert_memory_equal(value->data, "\x04\x10handseal-softkey", 18);
	assert_true(X509_cmp_current_time(X509_get0_notBefore(x)) < 0);
	assert_true(X509_cmp_current_time(X509_get0_notAfter(x)) > 0);
	ASN1_OBJECT_free(oid);
	X509_free(x);
}

static void
test_credential(int alg)
{
	fido_cred_t *cred;

	fix_ok(&fix, "auto on");
	cred = fix_made(dev, alg);
	assert_string_equal(fido_cred_fmt(cred), "packed");
	assert_int_equal(fido_cred_verify(cred), FIDO_OK);
	assert_int_equal(fido_cred_type(cred), alg);
	assert_int_equal(fido_cred_flags(cred), 0x41);
	assert_int_equal(fido_cred_aaguid_len(cred), 16);
	assert_memory_equal(fido_cred_aaguid_ptr(cred), "handseal-softkey", 16);
	check_x5c(cred);
	fido_cred_free(&cred);
}

static void
credential_es256(void **state)
{
	(void)state;
	test_credential(COSE_ES256);
}

static void
credential_eddsa(void **state)
{
	(void)state;
	test_credential(COSE_EDDSA);
}

static void
other_algorithms_are_refused(void **state)
{
	fido_cred_t *cred = fix_cred(COSE_RS256);

	(void)state;
	fix_ok(&fix, "auto on");
	assert_int_equal(
	    fido_dev_make_cred(dev, cred, NULL), FIDO_ERR_UNSUPPORTED_ALGORITHM);
	fido_cred_free(&cred);
}

static void
excluded_credential(void **state)
{
	fido_cred_t *first, *second = fix_cred(COSE_ES256);

	(void)state;
	fix_ok(&fix, "auto on");
	first = fix_made(dev, COSE_EDDSA);
	assert_int_equal(
	    fido_cred_exclude(second, (const uint8_t *)"another key's", 13), FIDO_OK);
	assert_int_equal(fido_dev_make_cred(dev, second, NULL), FIDO_OK);
	fido_cred_free(&second);
	second = fix_cred(COSE_ES256);
	assert_int_equal(
	    fido_cred_exclude(second, fido_cred_id_ptr(first), fido_cred_id_len(first)),
	    FIDO_OK);
	assert_int_equal(
	    fido_dev_make_cred(dev, second, NULL), FIDO_ERR_CREDENTIAL_EXCLUDED);
	fido_cred_free(&first);
	fido_cred_free(&second);
}

static void
resident_credential(void **state)
{
	fido_cred_t *cred = fix_cred(COSE_EDDSA);
	fido_assert_t *a = fix_assert(NULL);

	(void)state;
	fix_ok(&fix, "auto on");
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_ERR_NO_CREDENTIALS);
	assert_int_equal(fido_cred_set_rk(cred, FIDO_OPT_TRUE), FIDO_OK);
	assert_int_equal(fido_dev_make_cred(dev, cred, NULL), FIDO_OK);
	fix_state_has(&fix, "residents 1\n");
	fido_assert_free(&a);
	a = fix_assert(NULL);
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_OK);
	assert_int_equal(fido_assert_count(a), 1);
	assert_int_equal(fix_verify(cred, a), FIDO_OK);
	assert_int_equal(fido_assert_user_id_len(a, 0), 1);
	assert_int_equal(fido_assert_id_len(a, 0), fido_cred_id_len(cred));
	assert_memory_equal(
	    fido_assert_id_ptr(a, 0), fido_cred_id_ptr(cred), fido_cred_id_len(cred));
	fido_assert_free(&a);
	fido_cred_free(&cred);
}

static void
cred_protect(void **state)
{
	fido_cred_t *cred = fix_cred(COSE_ES256);
	fido_assert_t *a;

	(void)state;
	fix_ok(&fix, "auto on");
	assert_int_equal(fido_cred_set_extensions(cred, FIDO_EXT_CRED_PROTECT), FIDO_OK);
	assert_int_equal(fido_cred_set_prot(cred, FIDO_CRED_PROT_UV_REQUIRED), FIDO_OK);
	assert_int_equal(fido_dev_make_cred(dev, cred, NULL), FIDO_OK);
	assert_int_equal(fido_cred_verify(cred), FIDO_OK);
	assert_int_equal(fido_cred_flags(cred), 0xc1);
	assert_int_equal(fido_cred_prot(cred), FIDO_CRED_PROT_UV_REQUIRED);
	a = fix_assert(cred); // nobody was verified, so it is not there
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_ERR_NO_CREDENTIALS);
	fido_assert_free(&a);
	fido_cred_free(&cred);
}

// ---- assertions

static void
test_assertion(int alg)
{
	fido_cred_t *cred;
	fido_assert_t *a;

	fix_ok(&fix, "auto on");
	cred = fix_made(dev, alg);
	a = fix_assert(cred);
	assert_int_equal(fido_assert_set_up(a, FIDO_OPT_TRUE), FIDO_OK);
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_OK);
	assert_int_equal(fido_assert_count(a), 1);
	assert_int_equal(fido_assert_flags(a, 0), 0x01);
	assert_int_equal(fix_verify(cred, a), FIDO_OK);
	fido_assert_free(&a);
	fido_cred_free(&cred);
}

static void
assertion_es256(void **state)
{
	(void)state;
	test_assertion(COSE_ES256);
}

static void
assertion_eddsa(void **state)
{
	(void)state;
	test_assertion(COSE_EDDSA);
}

static void
probe_wants_no_touch(void **state)
{
	fido_cred_t *cred;
	fido_assert_t *a;

	(void)state;
	fix_ok(&fix, "touch-next");
	cred = fix_made(dev, COSE_EDDSA);
	fix_ok(&fix, "auto off");
	a = fix_assert(cred);
	assert_int_equal(fido_assert_set_up(a, FIDO_OPT_FALSE), FIDO_OK);
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_OK);
	assert_int_equal(fido_assert_flags(a, 0), 0x00);
	assert_int_equal(fix_verify(cred, a), FIDO_OK);
	fido_assert_free(&a);
	fido_cred_free(&cred);
}

static void
probe_for_what_is_not_there(void **state)
{
	struct fix other;
	fido_dev_t *other_dev;
	fido_cred_t *cred;
	fido_assert_t *a;

	(void)state;
	fix_make(&other, 60000);
	fix_ok(&other, "auto on");
	other_dev = fix_dev(&other);
	cred = fix_made(other_dev, COSE_EDDSA);
	a = fix_assert(cred);
	assert_int_equal(fido_assert_set_up(a, FIDO_OPT_FALSE), FIDO_OK);
	assert_int_equal(fido_dev_get_assert(dev, a, NULL), FIDO_ERR_NO_CREDENTIALS);
	assert_int_equal(fido_assert_set_rp(a, "ssh:other"), FIDO_OK); // the right key's
	assert_int_equal(fido_dev_get_assert(other_dev, a, NULL), FIDO_ERR_NO_CREDENTIALS);
	fido_assert_free(&a);
	fido_cred_free(&cred);
	fix_dev_free(other_dev);
	fix_free(&other);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(credential_es256),
	    T(credential_eddsa),
	    T(other_algorithms_are_refused),
	    T(excluded_credential),
	    T(resident_credential),
	    T(cred_protect),
	    T(assertion_es256),
	    T(assertion_eddsa),
	    T(probe_wants_no_touch),
	    T(probe_for_what_is_not_there),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	fido_init(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
