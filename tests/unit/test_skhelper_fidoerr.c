// SPDX-License-Identifier: ISC
//
// The table of FIDO errors: each that a person can meet has its code and a sentence to act
// on, and whatever else a device says has one too.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fido.h>
#include <string.h>
#include "agentd/sk-helper/fidoerr.h"
#include "agentd/sk-helper/race.h"
#include "proto/text.h"

static void
codes(void **state)
{
	static const struct {
		int r;
		enum hs_code code;
		const char *says;
	} cases[] = {
	    {0x31, HS_SK_PIN_INVALID, "PIN is wrong"},
	    {0x32, HS_SK_PIN_BLOCKED, "reset"},
	    {0x33, HS_SK_PIN_INVALID, "did not accept the PIN"},
	    {0x34, HS_SK_PIN_AUTH_BLOCKED, "plug it in again"},
	    {0x35, HS_SK_PIN_NOT_SET, "fido2-token -S"},
	    {0x36, HS_SK_PIN_REQUIRED, "wants its PIN, and none was given"},
	    {0x37, HS_SK_PIN_INVALID, "rules"},
	    {0x38, HS_SK_PIN_INVALID, "give it again"},
	    {0x3c, HS_SK_UV_BLOCKED, "unblocks"},
	    {0x3f, HS_SK_UV_INVALID, "not recognised"},
	    {0x40, HS_SK_PIN_REQUIRED, "PIN"},
	    {0x2e, HS_SK_NO_CREDENTIAL, "not an enrolled one"},
	    {0x22, HS_SK_NO_CREDENTIAL, "not an enrolled one"},
	    {0x3a, HS_SK_TIMEOUT, "not touched in time"},
	    {0x2f, HS_SK_TIMEOUT, "not touched in time"},
	    {0x27, HS_SK_DENIED, "declined"},
	    {0x28, HS_SK_FULL, "no room"},
	    {0x26, HS_SK_ALGORITHM, "try the other"},
	    {0x2d, HS_SK_CANCELLED, "called off"},
	    {0x06, HS_SK_DEVICE, "another program"},
	    {0x19, HS_SK_DEVICE, "already"},
	    {0x30, HS_SK_DEVICE, "does not allow"},
	    {0x12, HS_SK_DEVICE, "cannot be read"},
	    {FIDO_ERR_TX, HS_SK_DEVICE, "plug it in again"},
	    {FIDO_ERR_RX, HS_SK_DEVICE, "stopped answering"},
	    {FIDO_ERR_RX_NOT_CBOR, HS_SK_DEVICE, "cannot be read"},
	    {FIDO_ERR_RX_INVALID_CBOR, HS_SK_DEVICE, "cannot be read"},
	    {FIDO_ERR_INVALID_SIG, HS_SK_DEVICE, "not good"},
	    {FIDO_ERR_INTERNAL, HS_SK_DEVICE, "cannot be opened"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hs_err err = {0};

		assert_int_equal(hs_fidoerr(cases[i].r, &err), cases[i].code);
		assert_int_equal(err.code, cases[i].code);
		if (strstr(err.text, cases[i].says) == NULL)
			fail_msg("0x%02x: \"%s\"", (unsigned)cases[i].r, err.text);
	}
}

// Whatever number comes: a code of the touch, and a sentence that may be shown, without a
// full stop.
static void
every_number(void **state)
{
	(void)state;
	for (int r = -300; r <= 300; r++) {
		struct hs_err err = {0};
		size_t len;

		if (r == FIDO_OK)
			continue;
		assert_true(hs_fidoerr(r, &err) >= HS_SK_NO_DEVICE);
		len = strlen(err.text);
		assert_true(len > 10);
		assert_int_not_equal(err.text[len - 1], '.');
		assert_true(hs_text_shown(hs_str_c(err.text), NULL));
		assert_int_equal(hs_fidoerr(r, NULL), err.code);
	}
}

static void
unknown_ones_are_named(void **state)
{
	struct hs_err err = {0};

	(void)state;
	assert_int_equal(hs_fidoerr(0x7f, &err), HS_SK_DEVICE);
	assert_non_null(strstr(err.text, "FIDO_ERR_ERR_OTHER"));
	assert_non_null(strstr(err.text, "(0x7f)"));
	assert_int_equal(hs_fidoerr(0xf1, &err), HS_SK_DEVICE);
	assert_non_null(strstr(err.text, "(0xf1)"));
	assert_int_equal(hs_fidoerr(FIDO_ERR_COMPRESS, &err), HS_SK_DEVICE);
	assert_non_null(strstr(err.text, "(-0x0b)"));
}

// Of several keys' failures the one is told that says most.
static void
which_says_more(void **state)
{
	static const enum hs_code rising[] = {HS_SK_CANCELLED, HS_SK_NO_DEVICE,
	    HS_SK_NO_CREDENTIAL, HS_SK_DEVICE, HS_SK_TIMEOUT, HS_SK_PIN_REQUIRED};
	const size_t n = sizeof rising / sizeof rising[0];

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			assert_int_equal(hs_race_says_more(rising[i], rising[j]), i > j);
	assert_false(hs_race_says_more(HS_SK_PIN_BLOCKED, HS_SK_PIN_REQUIRED)); // the first
	assert_true(hs_race_says_more(HS_SK_FULL, HS_SK_TIMEOUT));
	assert_true(hs_race_says_more(HS_ERR_NOMEM, HS_SK_DEVICE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(codes),
	    cmocka_unit_test(every_number), cmocka_unit_test(unknown_ones_are_named),
	    cmocka_unit_test(which_says_more)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
