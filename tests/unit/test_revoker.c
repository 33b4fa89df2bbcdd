// SPDX-License-Identifier: ISC
//
// Goal of this test: a revoke-only key's certificate is the one that docs/PROTOCOL.revoke
// has, and nothing else is taken for one; its chain is verified; it is no login and no
// delegation (rule10). Its file, likewise.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "proto/names.h"
#include "proto/revoker.h"
#include "tests/lib/lists.h"
#include "tests/lib/page.h"

static void
page(void **state)
{
	struct hs_buf b = {0};
	struct hs_revoker r;
	struct hs_err err = {0};
	struct hs_roots roots = {0};

	(void)state;
	lists_put_certificate(&b, &chains.session, &chains.root, 1);
	hs_page_is("PROTOCOL.revoke", "certificate", &b);
	assert_int_equal(hs_revoker_parse(hs_buf_str(&b), &r, &err), HS_OK);
	assert_true(hs_key_eq(&r.cert.key, &lists_revoker.key));
	assert_string_equal(r.session, "2025932"
				       "0c16a21ad");
	lists_roots(&roots, &chains.root.key);
	assert_int_equal(hs_revoker_check(&r, &roots, &err), HS_OK);
	assert_int_equal(hs_revoker_check(&r, NULL, &err), HS_OK);
	hs_roots_free(&roots);
	lists_roots(&roots, &chains.other_root.key);
	assert_int_equal(hs_revoker_check(&r, &roots, &err), HS_NO_ROOT_UNKNOWN);
	hs_roots_free(&roots);
	hs_revoker_free(&r);
	hs_buf_free(&b);
}

// What else is wrong with a chain, each with its code.
static void
chains_that_do_not_hold(void **state)
{
	static const struct {
		const struct hs_mint *session, *by, *root;
		uint8_t flags;
		enum hs_code want;
	} tries[] = {
	    {&chains.session, &chains.other_session, &chains.root, 1, HS_NO_SIG_CERT},
	    {&chains.session, &chains.session, &chains.other_root, 1, HS_NO_SIG_GRANT},
	    {&chains.session, &chains.session, &chains.root, 0, HS_NO_TOUCH},
	    {&chains.session, &chains.session, &chains.root, 3, HS_NO_TOUCH},
	    {&chains.other_session, &chains.other_session, &chains.root, 1, HS_NO_LINK},
	    {&chains.session, &chains.session, &chains.root, 5, HS_OK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		struct hs_grant_spec g = chains_grant();
		struct hs_buf grant = {0}, b = {0};
		struct hs_revoker_spec spec;
		struct hs_revoker r;

		chains_put_grant(&grant, &g, tries[i].root, tries[i].flags);
		spec = lists_spec(&grant);
		spec.session_key = &tries[i].session->key;
		assert_int_equal(hs_revoker_put_body(&b, &spec), HS_OK);
		assert_int_equal(hs_mint_sign(tries[i].by, &b, 0, 0), HS_OK);
		assert_int_equal(hs_revoker_parse(hs_buf_str(&b), &r, NULL), HS_OK);
		assert_int_equal(hs_revoker_check(&r, NULL, NULL), tries[i].want);
		hs_revoker_free(&r);
		hs_buf_free(&grant);
		hs_buf_free(&b);
	}
}

// Any byte changed, cut off or added: not it, or not signed by it.
static void
rule10_bytes(void **state)
{
	struct hs_buf b = {0};
	struct hs_revoker r;

	(void)state;
	lists_put_certificate(&b, &chains.session, &chains.root, 1);
	for (size_t i = 0; i < b.len; i++) {
		b.p[i] ^= 0x20;
		if (hs_revoker_parse(hs_buf_str(&b), &r, NULL) == HS_OK)
			assert_int_not_equal(hs_revoker_check(&r, NULL, NULL), HS_OK);
		hs_revoker_free(&r);
		b.p[i] ^= 0x20;
		assert_int_not_equal(
		    hs_revoker_parse((struct hs_str){b.p, i}, &r, NULL), HS_OK);
		hs_revoker_free(&r);
	}
	hs_put_u8(&b, 0);
	assert_int_equal(hs_revoker_parse(hs_buf_str(&b), &r, NULL), HS_NO_CERT_FORM);
	hs_revoker_free(&r);
	hs_buf_free(&b);
}

static void
no_other_kind(void **state)
{
	struct hs_buf grant = {0}, delegation = {0}, direct = {0}, b = {0};
	const struct hs_buf *others[] = {&grant, &delegation, &direct};
	struct hs_delegation d;
	struct hs_revoker r;
	struct hs_grant g;

	(void)state;
	chains_put_examples(&grant, &delegation, &direct);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(
		    hs_revoker_parse(hs_buf_str(others[i]), &r, NULL), HS_NO_CERT_FORM);
		hs_revoker_free(&r);
	}
	lists_put_certificate(&b, &chains.session, &chains.root, 1);
	assert_int_equal(hs_delegation_parse(hs_buf_str(&b), &d, NULL), HS_NO_CERT_FORM);
	hs_delegation_free(&d);
	assert_int_equal(hs_grant_parse(hs_buf_str(&b), false, &g, NULL), HS_NO_GRANT_FORM);
	hs_grant_free(&g);
	hs_buf_free(&grant);
	hs_buf_free(&delegation);
	hs_buf_free(&direct);
	hs_buf_free(&b);
}

static void
specs_that_are_none(void **state)
{
	struct hs_buf grant = {0}, b = {0};
	struct hs_revoker_spec spec = lists_spec(&grant);

	(void)state;
	spec.valid_after = UINT64_MAX;
	assert_int_equal(hs_revoker_put_body(&b, &spec), HS_ERR_USAGE);
	spec = lists_spec(&grant);
	spec.key = &chains.root.key;
	assert_int_equal(hs_revoker_put_body(&b, &spec), HS_ERR_KEY_TYPE);
	spec = lists_spec(&grant);
	spec.session_key = &chains.ecdsa_root.key;
	assert_int_equal(hs_revoker_put_body(&b, &spec), HS_ERR_KEY_TYPE);
	hs_buf_free(&b);
}

static void
rule10_the_file(void **state)
{
	static const uint8_t seed[HS_REVOKER_SEED] = {1, 2, 3};
	const struct hs_revoker_file f = {{seed, sizeof seed}, hs_str_c("CERT")};
	struct hs_revoker_file got;
	struct hs_buf b = {0};

	(void)state;
	hs_revoker_file_put(&b, &f);
	assert_int_equal(hs_revoker_file_parse(hs_buf_str(&b), &got), HS_OK);
	assert_true(hs_str_eq(got.seed, f.seed) && hs_str_is(got.certificate, "CERT"));
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(
		    hs_revoker_file_parse((struct hs_str){b.p, n}, &got), HS_ERR_SHORT);
	b.p[6]++;
	assert_int_equal(hs_revoker_file_parse(hs_buf_str(&b), &got), HS_ERR_FORMAT);
	b.p[6]--;
	hs_put_u8(&b, 0);
	assert_int_equal(hs_revoker_file_parse(hs_buf_str(&b), &got), HS_ERR_TRAILING);
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(page),
	    cmocka_unit_test(chains_that_do_not_hold), cmocka_unit_test(rule10_bytes),
	    cmocka_unit_test(no_other_kind), cmocka_unit_test(specs_that_are_none),
	    cmocka_unit_test(rule10_the_file)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("revoker", tests, lists_make, NULL);
}
