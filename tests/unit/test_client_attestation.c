// SPDX-License-Identifier: ISC
//
// What `enroll` believes of an answer: good ones of every kind, then each with one thing
// changed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "client/handseal/attestation.h"
#include "tests/lib/credential.h"

static void
make(struct credential *a, bool ecdsa, enum credential_maker maker)
{
	credential_make(a, ecdsa, maker, 0x41, "ssh:handseal");
}

static void
believed(const struct credential *a, const char *want)
{
	const char *verdict = "";
	struct hs_err err = {0};
	struct hs_key key;

	if (hs_attestation_check(&a->asked, &a->e, &key, &verdict, &err) != HS_OK)
		fail_msg("%s", err.text);
	assert_string_equal(verdict, want);
	assert_true(hs_key_eq(&key, &a->key));
}

static void
not_believed(const struct credential *a, const char *what)
{
	const char *verdict = "";
	struct hs_err err = {0};
	struct hs_key key;

	assert_int_equal(
	    hs_attestation_check(&a->asked, &a->e, &key, &verdict, &err), HS_SK_LIED);
	if (strstr(err.text, what) == NULL)
		fail_msg("%s, not %s", err.text, what);
	assert_int_equal(
	    hs_attestation_check(&a->asked, &a->e, &key, &verdict, NULL), HS_SK_LIED);
}

static void
good_answers_are_believed(void **state)
{
	static const struct {
		bool ecdsa;
		enum credential_maker maker;
		uint8_t flags;
		const char *verdict;
	} cases[] = {{false, CREDENTIAL_CERTIFICATE, 0x41, "unverified"},
	    {true, CREDENTIAL_CERTIFICATE, 0x41, "unverified"},
	    {false, CREDENTIAL_CERTIFICATE, 0x45, "unverified"},
	    {true, CREDENTIAL_SELF, 0x45, "none"},
	    {false, CREDENTIAL_CERTIFICATE_BARE, 0x41, "unverified"},
	    {false, CREDENTIAL_SELF, 0x41, "none"}, {true, CREDENTIAL_SELF, 0x41, "none"},
	    {false, CREDENTIAL_NONE, 0x41, "none"}, {true, CREDENTIAL_NONE, 0x41, "none"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct credential a;

		credential_make(
		    &a, cases[i].ecdsa, cases[i].maker, cases[i].flags, "ssh:handseal");
		believed(&a, cases[i].verdict);
		credential_free(&a);
	}
}

static void
the_key_is_what_was_asked_for(void **state)
{
	struct credential a;

	(void)state;
	make(&a, false, CREDENTIAL_CERTIFICATE);
	a.asked.key_type = HS_KT_SK_ECDSA;
	not_believed(&a, "of another type");
	a.asked.key_type = HS_KT_SK_ED25519;
	a.e.key.len--;
	not_believed(&a, "cannot be read");
	hs_buf_reset(&a.blob);
	a.key.type = HS_KT_ED25519;
	hs_key_put(&a.blob, &a.key);
	credential_view(&a);
	not_believed(&a, "of another type");
	a.key.type = HS_KT_SK_ED25519;
	memcpy(a.key.application, "ssh:", 5);
	hs_buf_reset(&a.blob);
	hs_key_put(&a.blob, &a.key);
	credential_view(&a);
	not_believed(&a, "for another application");
	credential_free(&a);
}

static void
the_authenticator_data_agrees(void **state)
{
	struct credential a;

	(void)state;
	credential_make(&a, false, CREDENTIAL_SELF, 0x41, "ssh:other");
	not_believed(&a, "for another application");
	credential_free(&a);
	credential_make(&a, false, CREDENTIAL_SELF, 0x40, "ssh:handseal");
	not_believed(&a, "touched");
	credential_free(&a);
	credential_make(&a, false, CREDENTIAL_SELF, 0x01, "ssh:handseal");
	not_believed(&a, "stays on its key");
	credential_free(&a);
	make(&a, false, CREDENTIAL_SELF);
	a.e.flags = 0x45;
	not_believed(&a, "its flags");
	a.e.flags = 0x41;
	a.e.aaguid[3] ^= 1;
	not_believed(&a, "its AAGUID");
	a.e.aaguid[3] ^= 1;
	a.handle[7] ^= 1;
	not_believed(&a, "its key handle");
	a.handle[7] ^= 1;
	a.e.handle.len--;
	not_believed(&a, "its key handle");
	a.e.handle.len = 0;
	not_believed(&a, "too long or missing");
	a.e.handle.len = HS_KEY_HANDLE_MAX + 1;
	not_believed(&a, "too long or missing");
	credential_free(&a);
}

static void
verification_that_was_asked_for_is_there(void **state)
{
	struct credential a;

	(void)state;
	credential_make(&a, false, CREDENTIAL_CERTIFICATE, 0x41, "ssh:handseal");
	a.asked.verify = 1;
	not_believed(&a, "that the person was verified");
	a.asked.verify = 0;
	believed(&a, "unverified");
	credential_free(&a);
	credential_make(&a, true, CREDENTIAL_SELF, 0x45, "ssh:handseal");
	a.asked.verify = 1;
	believed(&a, "none");
	credential_free(&a);
}

static void
the_public_key_stands_in_the_authenticator_data(void **state)
{
	struct credential a, b;

	(void)state;
	for (int ecdsa = 0; ecdsa < 2; ecdsa++) {
		make(&a, ecdsa, CREDENTIAL_SELF);
		make(&b, ecdsa, CREDENTIAL_SELF);
		a.e.key = b.e.key;
		not_believed(&a, "its public key is not");
		credential_view(&a);
		a.auth.p[a.auth.len - 1] ^= 1;
		not_believed(&a, "its public key is not");
		a.auth.p[a.auth.len - 1] ^= 1;
		believed(&a, "none");
		hs_put_u8(&a.auth, 0); // a byte left over
		credential_view(&a);
		not_believed(&a, "its public key is not");
		credential_free(&a);
		credential_free(&b);
	}
}

static void
authenticator_data_cut_anywhere_is_refused(void **state)
{
	struct credential a;

	(void)state;
	make(&a, true, CREDENTIAL_SELF);
	for (size_t n = 0; n < a.auth.len; n++) {
		a.e.auth_data.len = n;
		not_believed(&a, n < 55 + sizeof a.handle ? "cut short" : "its public key");
	}
	credential_free(&a);
}

static void
the_signature_is_good(void **state)
{
	static const enum credential_maker makers[] = {
	    CREDENTIAL_SELF, CREDENTIAL_CERTIFICATE, CREDENTIAL_CERTIFICATE_BARE};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct credential a;

		make(&a, true, makers[i]);
		a.asked.challenge[0] ^= 1; // a replay
		not_believed(&a, "is not good");
		a.asked.challenge[0] ^= 1;
		a.auth.p[36] ^= 1; // the counter
		not_believed(&a, "is not good");
		a.auth.p[36] ^= 1;
		a.sig.p[a.sig.len - 1] ^= 1;
		not_believed(&a, "is not good");
		a.sig.p[a.sig.len - 1] ^= 1;
		a.e.attestation_sig.len--;
		not_believed(&a, "is not good");
		a.e.attestation_sig.len = 0;
		if (makers[i] == CREDENTIAL_SELF)
			believed(&a, "none");
		else
			not_believed(&a, "is not good");
		credential_free(&a);
	}
}

static void
the_certificate_is_whole_and_for_this_model(void **state)
{
	uint8_t other[16] = {1};
	EVP_PKEY *pkey = credential_new_pkey(true);
	struct credential a;

	(void)state;
	make(&a, true, CREDENTIAL_CERTIFICATE);
	a.e.certificate.len--;
	not_believed(&a, "cannot be read");
	hs_put_u8(&a.cert, 0);
	credential_view(&a);
	not_believed(&a, "cannot be read");
	hs_buf_reset(&a.cert);
	credential_put_certificate(&a.cert, pkey, other);
	hs_buf_reset(&a.sig);
	credential_sign(&a, pkey);
	credential_view(&a);
	not_believed(&a, "another model");
	hs_buf_reset(&a.cert);
	credential_put_certificate(&a.cert, pkey, a.e.aaguid);
	credential_view(&a);
	believed(&a, "unverified");
	while (a.cert.len <= 8192)
		hs_put_u8(&a.cert, 0);
	credential_view(&a);
	not_believed(&a, "cannot be read");
	credential_free(&a);
	EVP_PKEY_free(pkey);
}

static void
a_credential_of_an_unknown_kind_is_refused(void **state)
{
	// backed up, able to be, extended, or with flags that nobody knows
	static const uint8_t flags[] = {0x49, 0x59, 0x51, 0xc1, 0x43, 0x61};

	(void)state;
	for (size_t i = 0; i < sizeof flags; i++) {
		struct credential a;

		credential_make(&a, false, CREDENTIAL_SELF, flags[i], "ssh:handseal");
		not_believed(&a, "stays on its key");
		credential_free(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_answers_are_believed),
	    cmocka_unit_test(the_key_is_what_was_asked_for),
	    cmocka_unit_test(the_authenticator_data_agrees),
	    cmocka_unit_test(verification_that_was_asked_for_is_there),
	    cmocka_unit_test(the_public_key_stands_in_the_authenticator_data),
	    cmocka_unit_test(authenticator_data_cut_anywhere_is_refused),
	    cmocka_unit_test(the_signature_is_good),
	    cmocka_unit_test(the_certificate_is_whole_and_for_this_model),
	    cmocka_unit_test(a_credential_of_an_unknown_kind_is_refused),
	};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
