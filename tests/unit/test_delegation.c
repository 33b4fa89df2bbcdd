// SPDX-License-Identifier: ISC
//
// Delegations: read back, wrong in any one field, cut, lengthened, forged with the right
// key. Not whether one lies inside its grant (test_chain.c).
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

static void
put_grant(struct hs_buf *b)
{
	struct hs_grant_spec s = chains_grant();

	chains_put_grant(b, &s, &chains.root, 0x01);
}

static void
put_delegation(struct hs_buf *b)
{
	struct hs_buf grant = {0}, direct = {0};

	chains_put_examples(&grant, b, &direct);
	hs_buf_free(&grant);
	hs_buf_free(&direct);
}

static void
delegation_read_back(void **state)
{
	struct hs_buf b = {0}, grant = {0};
	struct hs_err err = {0};
	struct hs_delegation d;
	char id[HS_SESSION_ID_LEN + 1], want[64];

	(void)state;
	put_grant(&grant);
	put_delegation(&b);
	assert_int_equal(hs_delegation_parse(hs_buf_str(&b), &d, &err), HS_OK);
	assert_int_equal(hs_cert_verify(&d.cert, NULL), HS_OK);
	assert_true(hs_str_is(d.agent, "claude"));
	assert_true(hs_str_eq(d.grant_blob, hs_buf_str(&grant)));
	assert_true(hs_str_is(hs_scope_text(d.scope), CHAINS_SCOPE));
	assert_true(hs_str_is(hs_scope_text(d.grant.scope), CHAINS_CEILING));
	assert_int_equal(d.nlineage, 0);
	assert_int_equal(d.origin, HS_ORIGIN_LOCAL);
	hs_session_id(&chains.session.key, id);
	snprintf(want, sizeof want, "handseal:%s:1:claude", id);
	assert_true(hs_str_is(d.cert.key_id, want));
	assert_non_null(hs_options_find(&d.cert.extensions, "permit-pty"));
	assert_null(hs_options_find(&d.cert.extensions, "permit-user-rc"));
	hs_delegation_free(&d);
	hs_buf_free(&b);
	hs_buf_free(&grant);
}

static int
parse_delegation(const struct hs_delegation_spec *s)
{
	struct hs_buf b = {0};
	struct hs_err err = {0};
	struct hs_delegation d;
	int rc = hs_delegation_put_body(&b, s);

	if (rc == HS_OK) {
		assert_int_equal(hs_mint_sign(&chains.session, &b, 0, 0), HS_OK);
		rc = hs_delegation_parse(hs_buf_str(&b), &d, &err);
		if (rc == HS_OK) {
			assert_int_equal(d.nlineage, s->nlineage);
			assert_memory_equal(
			    d.lineage, s->lineage, s->nlineage * sizeof d.lineage[0]);
		}
		hs_delegation_free(&d);
	}
	hs_buf_free(&b);
	return rc;
}

static void
delegation_lineage_and_names(void **state)
{
	static const uint64_t good[] = {1, 2, 7}, repeated[] = {1, 1}, down[] = {3, 2},
			      zero[] = {0};
	uint64_t many[HS_LINEAGE_MAX + 1];
	struct hs_scope *scope = chains_scope(CHAINS_SCOPE);
	struct hs_buf grant = {0};
	struct hs_delegation_spec s;

	(void)state;
	put_grant(&grant);
	for (size_t i = 0; i <= HS_LINEAGE_MAX; i++)
		many[i] = i + 1;
	s = chains_delegation(&grant, scope);
	s.serial = 1000;
#define LINEAGE(v, count, want)                                                            \
	s.lineage = (v);                                                                   \
	s.nlineage = (count);                                                              \
	assert_int_equal(parse_delegation(&s), (want))
	LINEAGE(good, 3, HS_OK);
	LINEAGE(many, HS_LINEAGE_MAX, HS_OK);
	LINEAGE(many, HS_LINEAGE_MAX + 1, HS_ERR_USAGE);
	LINEAGE(repeated, 2, HS_ERR_USAGE);
	LINEAGE(down, 2, HS_ERR_USAGE);
	LINEAGE(zero, 1, HS_ERR_USAGE);
	s.serial = 7;
	LINEAGE(good, 3, HS_ERR_USAGE); // its own serial is among them
#undef LINEAGE
	s.nlineage = 0;
	s.serial = 0;
	assert_int_equal(parse_delegation(&s), HS_ERR_USAGE);
	s.serial = UINT64_MAX;
	assert_int_equal(parse_delegation(&s), HS_OK);
	s.agent = chains_str("Claude");
	assert_int_equal(parse_delegation(&s), HS_ERR_USAGE);
	s.agent = chains_str("a234567890123456789012345678901z");
	assert_int_equal(parse_delegation(&s), HS_OK);
	s.valid_after = s.valid_before;
	assert_int_equal(parse_delegation(&s), HS_ERR_USAGE);
	s.valid_after--;
	s.agent_key = &chains.root.key;
	assert_int_equal(parse_delegation(&s), HS_ERR_KEY_TYPE);
	s.agent_key = &chains.agent.key;
	s.grant = chains_str("no grant");
	assert_int_equal(parse_delegation(&s), HS_NO_GRANT_FORM);
	hs_buf_free(&grant);
	hs_scope_free(&scope);
}

// What is local is not said; the others are, as an option that no server must know.
static void
delegation_origin(void **state)
{
	static const char *const names[] = {NULL, "forwarded", "opaque"};
	struct hs_scope *scope = chains_scope(CHAINS_SCOPE);
	struct hs_buf grant = {0}, b = {0};
	struct hs_delegation_spec s;
	struct hs_err err = {0};
	struct hs_delegation d;

	(void)state;
	put_grant(&grant);
	s = chains_delegation(&grant, scope);
	for (unsigned o = HS_ORIGIN_LOCAL; o <= HS_ORIGIN_OPAQUE; o++) {
		const struct hs_option *x;

		s.origin = (enum hs_origin)o;
		chains_put_delegation(&b, &s, &chains.session);
		assert_int_equal(hs_delegation_parse(hs_buf_str(&b), &d, &err), HS_OK);
		assert_int_equal(d.origin, o);
		x = hs_options_find(&d.cert.extensions, HS_OPT_ORIGIN);
		assert_true(names[o] == NULL ? x == NULL : hs_str_is(x->data, names[o]));
		assert_int_equal(d.cert.critical.n, 0);
		hs_delegation_free(&d);
		hs_buf_reset(&b);
	}
	s.origin = (enum hs_origin)(HS_ORIGIN_OPAQUE + 1);
	assert_int_equal(hs_delegation_put_body(&b, &s), HS_ERR_USAGE);
	hs_buf_free(&b);
	hs_buf_free(&grant);
	hs_scope_free(&scope);
}

// Every fault of tests/lib/tamper.c that concerns form; the others are the chain's.
static void
rule10_faults_of_form(void **state)
{
	static const char *const chain[] = {
	    "wider-scope", "longer-than-grant", "before-grant", "for-ever", "far-future"};
	struct hs_buf grant = {0}, whole = {0};
	struct hs_grant_spec gs = chains_grant();
	struct hs_cert c;

	(void)state;
	assert_int_equal(hs_grant_put_body(&grant, &gs), HS_OK);
	put_delegation(&whole);
	assert_int_equal(hs_cert_parse(hs_buf_str(&whole), &c), HS_OK);
	for (const char *const *n = hs_tamper_names(); *n != NULL; n++) {
		bool of_grant = strncmp(*n, "grant-", 6) == 0, of_chain = false;
		struct hs_buf b = {0};
		struct hs_err err = {0};
		struct hs_grant g;
		struct hs_delegation d;

		for (size_t i = 0; i < sizeof chain / sizeof chain[0]; i++)
			of_chain = of_chain || strcmp(*n, chain[i]) == 0;
		assert_int_equal(
		    hs_tamper(*n, of_grant ? hs_buf_str(&grant) : c.body, &b), HS_OK);
		assert_int_equal(
		    hs_mint_sign(of_grant ? &chains.root : &chains.session, &b, 1, 1),
		    HS_OK);
		if (of_grant) {
			assert_int_equal(hs_grant_parse(hs_buf_str(&b), false, &g, &err),
			    HS_NO_GRANT_FORM);
			hs_grant_free(&g);
		} else {
			int rc = hs_delegation_parse(hs_buf_str(&b), &d, &err);

			if (of_chain ? rc != HS_OK && rc != HS_NO_CERT_FORM
				     : rc != HS_NO_CERT_FORM && rc != HS_NO_GRANT_FORM)
				fail_msg("%s: %s", *n, hs_code_name((enum hs_code)rc));
			hs_delegation_free(&d);
		}
		assert_true(err.code == HS_OK || err.text[0] != '\0');
		hs_buf_free(&b);
	}
	hs_buf_free(&grant);
	hs_buf_free(&whole);
}

// Cut anywhere, or one byte longer: never taken.
static void
rule10_truncated_and_trailing(void **state)
{
	struct hs_buf b = {0};
	struct hs_err err = {0};
	struct hs_delegation d;

	(void)state;
	put_delegation(&b);
	for (size_t n = 0; n < b.len; n++) {
		assert_int_not_equal(
		    hs_delegation_parse((struct hs_str){b.p, n}, &d, &err), HS_OK);
		hs_delegation_free(&d);
	}
	hs_put_u8(&b, 0);
	assert_int_equal(hs_delegation_parse(hs_buf_str(&b), &d, &err), HS_NO_CERT_FORM);
	hs_delegation_free(&d);
	hs_buf_free(&b);
}

// Any byte changed: either it does not parse, or a signature is not good any more.
static void
rule10_any_byte_changed(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	put_delegation(&b);
	for (size_t i = 0; i < b.len; i++) {
		struct hs_err err = {0};
		struct hs_delegation d;
		bool good;

		b.p[i] ^= (uint8_t)(1u << i % 8);
		good = hs_delegation_parse(hs_buf_str(&b), &d, &err) == HS_OK &&
		       hs_cert_verify(&d.cert, NULL) == HS_OK &&
		       hs_grant_check_signature(&d.grant, &err) == HS_OK;
		if (good)
			fail_msg("byte %zu", i);
		hs_delegation_free(&d);
		b.p[i] ^= (uint8_t)(1u << i % 8);
	}
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(delegation_read_back),
	    cmocka_unit_test(delegation_lineage_and_names),
	    cmocka_unit_test(delegation_origin),
	    cmocka_unit_test(rule10_faults_of_form),
	    cmocka_unit_test(rule10_truncated_and_trailing),
	    cmocka_unit_test(rule10_any_byte_changed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("delegation", tests, chains_make, NULL);
}
