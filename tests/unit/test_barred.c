// SPDX-License-Identifier: ISC
//
// Goal of this test: what a server's owner refuses by name is refused, and with a mistake
// in the list nobody is said not to be in it (rule2, rule10).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "proto/barred.h"
#include "tests/lib/chains.h"
#include "tests/lib/page.h"

#define SESSION "20259320c16a21ad"

static void
page(void **state)
{
	struct hs_buf text = {0};
	struct hs_err err = {0};

	(void)state;
	assert_true(hs_page_example("PROTOCOL.server", "revoked", &text));
	assert_int_equal(
	    hs_barred(hs_buf_str(&text), &chains.root.key, NULL, &err), HS_NO_REVOKED);
	assert_int_equal(err.line, 2);
	assert_int_equal(
	    hs_barred(hs_buf_str(&text), &chains.other_root.key, SESSION, &err),
	    HS_NO_REVOKED);
	assert_int_equal(err.line, 4);
	assert_int_equal(
	    hs_barred(hs_buf_str(&text), &chains.other_root.key, "0000000000000000", &err),
	    HS_OK);
	hs_buf_free(&text);
}

static void
by_key_and_by_fingerprint(void **state)
{
	char fp[HS_FINGERPRINT_LEN + 1];
	struct hs_buf b = {0};

	(void)state;
	hs_key_put_line(&b, &chains.ecdsa_root.key);
	hs_put_fmt(&b, " the spare one\n");
	assert_int_equal(
	    hs_barred(hs_buf_str(&b), &chains.ecdsa_root.key, NULL, NULL), HS_NO_REVOKED);
	assert_int_equal(hs_barred(hs_buf_str(&b), &chains.root.key, NULL, NULL), HS_OK);
	hs_buf_reset(&b);
	hs_key_fingerprint(&chains.root.key, fp);
	hs_put_fmt(&b, "\t%s lost\n# %s", fp, SESSION);
	assert_int_equal(
	    hs_barred(hs_buf_str(&b), &chains.root.key, NULL, NULL), HS_NO_REVOKED);
	assert_int_equal(
	    hs_barred(hs_buf_str(&b), &chains.ecdsa_root.key, SESSION, NULL), HS_OK);
	assert_int_equal(hs_barred(hs_buf_str(&b), NULL, SESSION, NULL), HS_OK);
	assert_int_equal(
	    hs_barred((struct hs_str){0}, &chains.root.key, SESSION, NULL), HS_OK);
	hs_buf_free(&b);
}

static void
rule2_mistakes(void **state)
{
	static const char *const bad[] = {"x", "20259320c16a21a", "20259320C16A21AD",
	    "20259320c16a21add", "SHA256:AAAA",
	    "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-A",
	    "sk-ssh-ed25519@openssh.com AAAA", "ssh-ed25519", "sk-ssh-ed25519@openssh.com",
	    "session 20259320c16a21ad"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct hs_buf b = {0};
		struct hs_err err = {0};

		// behind a line that holds: still nobody is told that all is well
		hs_put_fmt(&b, SESSION "\n  %s\n", bad[i]);
		assert_int_equal(
		    hs_barred(hs_buf_str(&b), &chains.root.key, NULL, &err), HS_ERR_CONFIG);
		assert_true(err.line == 2 && err.column == 3 && err.text[0] != '\0');
		hs_buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(page),
	    cmocka_unit_test(by_key_and_by_fingerprint), cmocka_unit_test(rule2_mistakes)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("barred", tests, chains_make, NULL);
}
