// SPDX-License-Identifier: ISC
//
// Grants and what their touch signs; and the examples of docs/PROTOCOL.certs, re-created
// byte by byte. Delegations and direct certificates have tests of their own, and so has the
// chain.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/names.h"
#include "tests/lib/chains.h"
#include "tests/lib/page.h"
#include "tests/lib/tamper.h"

// The option of a delegation that was asked for over a forwarded connection.
static void
put_origin(struct hs_buf *b, const struct hs_buf *grant)
{
	struct hs_scope *scope = chains_scope(CHAINS_SCOPE);
	struct hs_delegation_spec s = chains_delegation(grant, scope);
	struct hs_buf whole = {0};
	const struct hs_option *o;
	struct hs_cert c;

	s.origin = HS_ORIGIN_FORWARDED;
	chains_put_delegation(&whole, &s, &chains.session);
	assert_int_equal(hs_cert_parse(hs_buf_str(&whole), &c), HS_OK);
	o = hs_options_find(&c.extensions, HS_OPT_ORIGIN);
	assert_non_null(o);
	assert_true(hs_str_is(o[-1].name, HS_OPT_LINEAGE));
	assert_true(hs_str_is(o[1].name, "permit-pty"));
	hs_put_str(b, o->name);
	hs_put_str(b, o->data);
	hs_buf_free(&whole);
	hs_scope_free(&scope);
}

static void
examples_of_the_page(void **state)
{
	struct hs_grant_payload p = chains_payload(CHAINS_CEILING, CHAINS_MADE + 14400);
	struct hs_buf b = {0}, grant = {0}, delegation = {0}, direct = {0};
	char id[HS_SESSION_ID_LEN + 1];

	(void)state;
	hs_session_id(&chains.session.key, id);
	hs_put_raw(&b, id, strlen(id));
	hs_page_is("PROTOCOL.certs", "session-id", &b);
	hs_buf_reset(&b);
	hs_grant_payload_put(&b, &p);
	hs_page_is("PROTOCOL.certs", "touch", &b);
	chains_put_examples(&grant, &delegation, &direct);
	hs_page_is("PROTOCOL.certs", "grant", &grant);
	hs_page_is("PROTOCOL.certs", "delegation", &delegation);
	hs_page_is("PROTOCOL.certs", "direct", &direct);
	hs_buf_reset(&b);
	put_origin(&b, &grant);
	hs_page_is("PROTOCOL.certs", "origin", &b);
	hs_buf_free(&b);
	hs_buf_free(&grant);
	hs_buf_free(&delegation);
	hs_buf_free(&direct);
}

static void
payload_round_trip(void **state)
{
	struct hs_grant_payload p = chains_payload(CHAINS_CEILING, 5), got;
	struct hs_buf b = {0};

	(void)state;
	p.holder = chains_str("seat:7c2e000000000000.3+1");
	hs_grant_payload_put(&b, &p);
	assert_int_equal(hs_grant_payload_parse(hs_buf_str(&b), &got), HS_OK);
	assert_true(hs_str_eq(got.scope, p.scope) && hs_str_eq(got.holder, p.holder));
	assert_int_equal(got.end, 5);
	assert_int_equal(got.log_seq, 12);
	assert_memory_equal(got.shown, p.shown, 32);
	assert_memory_equal(got.policy, p.policy, 32);
	assert_memory_equal(got.log_head, p.log_head, 32);
	for (size_t n = 0; n < b.len; n++)
		assert_int_not_equal(
		    hs_grant_payload_parse((struct hs_str){b.p, n}, &got), HS_OK);
	hs_put_u8(&b, 0);
	assert_int_equal(hs_grant_payload_parse(hs_buf_str(&b), &got), HS_ERR_TRAILING);
	hs_buf_free(&b);
}

static void
payload_fields(void **state)
{
	static const char *const holders[] = {"", "Main", "main ", "seat:", "seat:A",
	    "seat:a b", "seat:a\n", "other:1",
	    "seat:00000000000000000000000000000000000000000000000000000000000000001"};
	struct hs_grant_payload got;
	struct hs_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof holders / sizeof holders[0]; i++) {
		struct hs_grant_payload p = chains_payload(CHAINS_CEILING, 5);

		p.holder = chains_str(holders[i]);
		hs_buf_reset(&b);
		hs_grant_payload_put(&b, &p);
		assert_int_equal(
		    hs_grant_payload_parse(hs_buf_str(&b), &got), HS_ERR_FORMAT);
	}
	{
		struct hs_grant_payload p = chains_payload(CHAINS_CEILING, 5);

		p.log_seq = 0;
		hs_buf_reset(&b);
		hs_grant_payload_put(&b, &p);
		assert_int_equal(
		    hs_grant_payload_parse(hs_buf_str(&b), &got), HS_ERR_FORMAT);
	}
	hs_buf_free(&b);
}

static void
grant_read_back(void **state)
{
	struct hs_grant_spec s = chains_grant();
	struct hs_err err = {0};
	struct hs_buf b = {0};
	struct hs_grant g;

	(void)state;
	assert_int_equal(hs_grant_put_body(&b, &s), HS_OK);
	assert_int_equal(hs_grant_parse(hs_buf_str(&b), true, &g, &err), HS_OK);
	assert_int_equal(g.cert.signature.len, 0);
	hs_grant_free(&g);
	assert_int_equal(hs_grant_parse(hs_buf_str(&b), false, &g, &err), HS_NO_GRANT_FORM);
	hs_grant_free(&g);
	assert_int_equal(hs_mint_sign(&chains.root, &b, 0x05, 9), HS_OK);
	assert_int_equal(hs_grant_parse(hs_buf_str(&b), false, &g, &err), HS_OK);
	assert_int_equal(hs_grant_check_signature(&g, &err), HS_OK);
	assert_int_equal(g.sk.flags, 0x05);
	assert_int_equal(g.sk.counter, 9);
	assert_true(hs_key_eq(&g.cert.key, &chains.session.key) &&
		    hs_key_eq(&g.cert.ca, &chains.root.key));
	assert_true(hs_str_is(hs_scope_text(g.scope), CHAINS_CEILING));
	assert_int_equal(g.payload.end, CHAINS_MADE + 14400);
	hs_grant_free(&g);
	assert_int_equal(hs_grant_parse(hs_buf_str(&b), true, &g, &err), HS_NO_GRANT_FORM);
	hs_grant_free(&g);
	hs_buf_free(&b);
}

static void
rule1_only_flags_of_a_touch(void **state)
{
	struct hs_err err;

	(void)state;
	for (unsigned flags = 0; flags < 256; flags++)
		for (unsigned k = 0; k < 2; k++) {
			struct hs_mint *r = k == 0 ? &chains.root : &chains.ecdsa_root;
			struct hs_grant_spec s = chains_grant();
			struct hs_buf b = {0};
			struct hs_grant g;
			int want = flags == 1 || flags == 5 ? HS_OK : HS_NO_TOUCH;

			if (k == 1 && flags % 16 > 6)
				continue; // P-256 is slow
			s.root = &r->key;
			assert_int_equal(hs_grant_put_body(&b, &s), HS_OK);
			assert_int_equal(hs_mint_sign(r, &b, (uint8_t)flags, 1), HS_OK);
			assert_int_equal(
			    hs_grant_parse(hs_buf_str(&b), false, &g, &err), HS_OK);
			assert_int_equal(hs_grant_check_signature(&g, &err), want);
			hs_grant_free(&g);
			hs_buf_free(&b);
		}
}

static void
grant_signature_by_another(void **state)
{
	struct hs_grant_spec s = chains_grant();
	struct hs_mint other;
	struct hs_buf b = {0};
	struct hs_err err;
	struct hs_grant g;

	(void)state;
	assert_int_equal(hs_mint_make(&other, HS_KT_SK_ED25519), HS_OK);
	assert_int_equal(hs_grant_put_body(&b, &s), HS_OK);
	assert_int_equal(hs_mint_sign(&other, &b, 0x01, 1), HS_OK);
	assert_int_equal(hs_grant_parse(hs_buf_str(&b), false, &g, &err), HS_OK);
	assert_int_equal(hs_grant_check_signature(&g, &err), HS_NO_SIG_GRANT);
	hs_grant_free(&g);
	hs_buf_free(&b);
}

static void
writers_refuse(void **state)
{
	struct hs_mint ed, other_app = chains.root;
	struct hs_grant_spec s = chains_grant();
	struct hs_direct_spec d = chains_direct(CHAINS_DIRECT);
	struct hs_buf b = {0};

	(void)state;
	assert_int_equal(hs_mint_make(&ed, HS_KT_ED25519), HS_OK);
	memcpy(other_app.key.application, "ssh:", 5);
	s.root = d.root = &ed.key;
	assert_int_equal(hs_grant_put_body(&b, &s), HS_ERR_KEY_TYPE);
	assert_int_equal(hs_direct_put_body(&b, &d), HS_ERR_KEY_TYPE);
	s.root = d.root = &other_app.key;
	assert_int_equal(hs_grant_put_body(&b, &s), HS_ERR_KEY_TYPE);
	assert_int_equal(hs_direct_put_body(&b, &d), HS_ERR_KEY_TYPE);
	s = chains_grant();
	s.session_key = &chains.root.key;
	assert_int_equal(hs_grant_put_body(&b, &s), HS_ERR_KEY_TYPE);
	s = chains_grant();
	s.serial = 0;
	assert_int_equal(hs_grant_put_body(&b, &s), HS_ERR_USAGE);
	s = chains_grant();
	s.valid_after = s.payload.end;
	assert_int_equal(hs_grant_put_body(&b, &s), HS_ERR_USAGE);
	s = chains_grant();
	s.payload.holder = chains_str("nobody");
	assert_int_equal(hs_grant_put_body(&b, &s), HS_ERR_USAGE);
	s = chains_grant();
	s.payload.log_seq = 0;
	assert_int_equal(hs_grant_put_body(&b, &s), HS_ERR_USAGE);
	d = chains_direct(CHAINS_DIRECT);
	d.agent = chains_str("");
	assert_int_equal(hs_direct_put_body(&b, &d), HS_ERR_USAGE);
	d = chains_direct("no scope");
	assert_int_equal(hs_direct_put_body(&b, &d), HS_ERR_SCOPE);
	assert_int_equal(b.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(examples_of_the_page),
	    cmocka_unit_test(payload_round_trip),
	    cmocka_unit_test(payload_fields),
	    cmocka_unit_test(grant_read_back),
	    cmocka_unit_test(rule1_only_flags_of_a_touch),
	    cmocka_unit_test(grant_signature_by_another),
	    cmocka_unit_test(writers_refuse),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("grant", tests, chains_make, NULL);
}
