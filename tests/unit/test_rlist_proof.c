// SPDX-License-Identifier: ISC
//
// Goal of this test: a root's list proves whose a session is only by what the session key
// signed over a grant of that root's (rule 1): a root can sign a grant for any key.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/lib/rlists.h"

static int
with_proof(const struct hs_mint *root, const struct hs_mint *session,
    const struct hs_mint *granted, const char *names, unsigned times)
{
	struct hs_grant_spec g = chains_grant();
	struct hs_scope *scope = chains_scope(CHAINS_SCOPE);
	struct hs_delegation_spec d;
	struct hs_rlist_entry e = {.what = HS_RLIST_SESSION};
	struct hs_rlist_proof proofs[2] = {{.session = ""}, {.session = ""}};
	struct hs_rlist_spec spec = {
	    .root = &chains.root.key, .v = &e, .n = 1, .proofs = proofs, .nproofs = times};
	struct hs_buf grant = {0}, blob = {0}, b = {0};
	int rc;

	g.root = &root->key;
	g.session_key = &granted->key;
	chains_put_grant(&grant, &g, root, 1);
	d = chains_delegation(&grant, scope);
	d.session_key = &session->key;
	chains_put_delegation(&blob, &d, session);
	memcpy(e.session, names, sizeof e.session);
	proofs[0].blob = proofs[1].blob = hs_buf_str(&blob);
	rc = hs_rlist_put_message(&b, &spec, NULL);
	hs_scope_free(&scope);
	hs_buf_free(&grant);
	hs_buf_free(&blob);
	hs_buf_free(&b);
	return rc;
}

static void
rule1_only_certificates_below_its_own_grants(void **state)
{
	static const char id[] = "20259320c16a21ad", other[] = "0123456789abcdef";
	const struct hs_mint *s = &chains.session, *s2 = &chains.other_session;

	(void)state;
	assert_int_equal(with_proof(&chains.root, s, s, id, 1), HS_OK);
	assert_int_equal(with_proof(&chains.other_root, s, s, id, 1), HS_NO_WIDER);
	assert_int_equal(with_proof(&chains.root, s2, s2, id, 1), HS_NO_WIDER);
	assert_int_equal(with_proof(&chains.root, s, s2, id, 1), HS_NO_WIDER);
	assert_int_equal(with_proof(&chains.root, s2, s, id, 1), HS_NO_WIDER);
	assert_int_equal(with_proof(&chains.root, s, s, other, 1), HS_NO_WIDER);
	assert_int_equal(with_proof(&chains.root, s, s, id, 2), HS_ERR_FORMAT);
}

static int
proven(const struct rlists_spec *s)
{
	struct hs_buf b = {0};
	struct hs_rlist l;
	struct hs_key key;
	int rc;

	rlists_put(&b, s);
	assert_int_equal(hs_rlist_parse(hs_buf_str(&b), &l, NULL), HS_OK);
	rc = hs_rlist_session_key(&l, "20259320c16a21ad", &key, NULL);
	hs_buf_free(&b);
	return rc;
}

// A root can sign a grant for the key of whichever session, but not what that key signs.
static void
rule1_what_the_session_did_not_sign_proves_nothing(void **state)
{
	struct rlists_spec s = rlists_example();

	(void)state;
	assert_int_equal(proven(&s), HS_OK);
	s.proof = &chains.other_session; // in the page's session's name
	assert_int_equal(proven(&s), HS_NO_SIG_CERT);
	s.proof = NULL;
	assert_int_equal(proven(&s), HS_NO_SUCH);
	s = rlists_example();
	s.grant_flags = 0;
	assert_int_equal(proven(&s), HS_NO_TOUCH);
}

// Nor is a grant taken in place of a certificate.
static void
rule1_a_grant_alone(void **state)
{
	struct rlists_spec s = rlists_example();
	struct hs_grant_spec g = chains_grant();
	struct hs_buf grant = {0}, b = {0};
	struct hs_rlist_proof proof = {.session = "20259320c16a21ad"};
	struct hs_rlist_spec spec = {
	    .root = &chains.root.key, .v = s.v, .n = s.n, .proofs = &proof, .nproofs = 1};

	(void)state;
	chains_put_grant(&grant, &g, &chains.root, 1);
	proof.blob = hs_buf_str(&grant);
	assert_int_equal(hs_rlist_put_message(&b, &spec, NULL), HS_NO_GRANT_LOGIN);
	hs_buf_free(&grant);
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule1_only_certificates_below_its_own_grants),
	    cmocka_unit_test(rule1_what_the_session_did_not_sign_proves_nothing),
	    cmocka_unit_test(rule1_a_grant_alone)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("rlist_proof", tests, chains_make, NULL);
}
