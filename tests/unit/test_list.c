// SPDX-License-Identifier: ISC
//
// Goal of this test: a session's list is the one that docs/PROTOCOL.revoke has, counts only
// where all of its chain holds, revokes nothing that is not its session's, and what several
// of them say together is as the page says (rule10).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/lib/lists.h"
#include "tests/lib/page.h"

#define NOW (CHAINS_MADE + 1000)

static void
page(void **state)
{
	struct lists_spec s = lists_example();
	struct hs_buf b = {0}, message = {0}, again = {0};
	struct hs_roots roots = {0};
	struct hs_list l;
	struct hs_err err = {0};

	(void)state;
	lists_put(&b, &s, &chains.root);
	assert_int_equal(hs_list_parse(hs_buf_str(&b), &l, &err), HS_OK);
	hs_put_raw(&message, l.message.p, l.message.len);
	hs_page_is("PROTOCOL.revoke", "message", &message);
	assert_true(l.next == s.next && l.krl.version == 3 && l.krl.date == s.issued);
	lists_roots(&roots, &chains.root.key);
	assert_int_equal(hs_list_check(&l, &roots, &err), HS_OK);
	hs_list_put_message(&again, l.next, l.krl_blob);
	assert_true(hs_str_eq(hs_buf_str(&again), l.message));
	hs_roots_free(&roots);
	lists_roots(&roots, &chains.other_root.key);
	assert_int_equal(hs_list_check(&l, &roots, &err), HS_NO_ROOT_UNKNOWN);
	hs_roots_free(&roots);
	hs_list_free(&l);
	hs_buf_free(&b);
	hs_buf_free(&message);
	hs_buf_free(&again);
}

static void
rule10_bytes(void **state)
{
	struct lists_spec s = lists_example();
	struct hs_buf b = {0};
	struct hs_list l;

	(void)state;
	lists_put(&b, &s, &chains.root);
	for (size_t i = 0; i < b.len; i++) {
		b.p[i] ^= 1;
		if (hs_list_parse(hs_buf_str(&b), &l, NULL) == HS_OK)
			assert_int_not_equal(hs_list_check(&l, NULL, NULL), HS_OK);
		hs_list_free(&l);
		b.p[i] ^= 1;
		assert_int_not_equal(
		    hs_list_parse((struct hs_str){b.p, i}, &l, NULL), HS_OK);
		hs_list_free(&l);
	}
	hs_put_u8(&b, 0);
	assert_int_equal(hs_list_parse(hs_buf_str(&b), &l, NULL), HS_ERR_TRAILING);
	hs_list_free(&l);
	hs_buf_free(&b);
}

static void
signed_by_another(void **state)
{
	struct lists_spec s = lists_example();
	struct hs_buf b = {0};
	struct hs_list l;

	(void)state;
	s.by = &chains.session; // not even by the session key itself
	lists_put(&b, &s, &chains.root);
	assert_int_equal(hs_list_parse(hs_buf_str(&b), &l, NULL), HS_OK);
	assert_int_equal(hs_list_check(&l, NULL, NULL), HS_ERR_CRYPTO);
	hs_list_free(&l);
	hs_buf_free(&b);
}

static int
parsed_with(const struct hs_buf *krl)
{
	struct hs_buf b = {0};
	struct hs_list l;
	int rc;

	lists_put_krl(&b, 1, hs_buf_str(krl), &lists_revoker, &chains.root);
	rc = hs_list_parse(hs_buf_str(&b), &l, NULL);
	hs_list_free(&l);
	hs_buf_free(&b);
	return rc;
}

// The key can only add to its own session's list.
static void
rule1_nothing_of_others(void **state)
{
	static const uint8_t hashes[1][HS_KRL_HASH] = {{1}};
	const struct hs_key *cas[] = {NULL, &chains.other_session.key, &chains.root.key};
	struct hs_buf krl = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct hs_krl_range r = {1, 1};

		hs_buf_reset(&krl);
		hs_krl_begin(&krl, 1, 1, "");
		assert_int_equal(hs_krl_put_serials(&krl, cas[i], &r, 1), HS_OK);
		assert_int_equal(parsed_with(&krl), HS_NO_WIDER);
	}
	hs_buf_reset(&krl);
	hs_krl_begin(&krl, 1, 1, "");
	hs_krl_put_keys(&krl, &chains.other_session.key, 1);
	assert_int_equal(parsed_with(&krl), HS_NO_WIDER);
	hs_buf_reset(&krl);
	hs_krl_begin(&krl, 1, 1, "");
	hs_krl_put_hashes(&krl, hashes, 1);
	assert_int_equal(parsed_with(&krl), HS_NO_WIDER);
	hs_buf_free(&krl);
}

// ---- asking

static struct hs_list_subject subject;

static void
ask_about(uint64_t serial, uint64_t ancestor)
{
	subject = (struct hs_list_subject){.serial = serial, .made = CHAINS_MADE + 600};
	hs_session_id(&chains.session.key, subject.session);
	if (ancestor > 0)
		subject.lineage[subject.nlineage++] = ancestor;
}

static void
unite(struct hs_list_found *f, const struct lists_spec *s)
{
	struct hs_buf b = {0};
	struct hs_list l;

	lists_put(&b, s, &chains.root);
	assert_int_equal(hs_list_parse(hs_buf_str(&b), &l, NULL), HS_OK);
	hs_list_unite(f, &l, &subject, NOW);
	hs_list_free(&l);
	hs_buf_free(&b);
}

static int
judge(const struct hs_list_found *f)
{
	struct hs_err err = {0};
	int rc = hs_list_judge(f, &subject, 900, NOW, &err);

	assert_int_equal(rc, err.code);
	return rc;
}

static void
serials_and_ancestors(void **state)
{
	struct lists_spec s = lists_example();
	struct hs_list_found f = {0};

	(void)state;
	for (uint64_t serial = 1; serial <= 8; serial++) {
		ask_about(serial, 0);
		f = (struct hs_list_found){0};
		unite(&f, &s);
		assert_int_equal(judge(&f),
		    serial == 2 || (serial >= 5 && serial <= 7) ? HS_NO_REVOKED : HS_OK);
	}
	ask_about(9, 6);
	f = (struct hs_list_found){0};
	unite(&f, &s);
	assert_int_equal(judge(&f), HS_NO_REVOKED);
	assert_int_equal(f.serial, 6);
	s.whole = true;
	ask_about(9, 0);
	f = (struct hs_list_found){0};
	unite(&f, &s);
	assert_true(judge(&f) == HS_NO_REVOKED && f.whole);
	subject.session[0] ^= 1; // another session's
	f = (struct hs_list_found){0};
	unite(&f, &s);
	assert_true(judge(&f) == HS_OK && f.lists == 0 && !f.whole);
}

// United: an old list beside a new one takes nothing back, in either order.
static void
rule5_never_back(void **state)
{
	static const struct hs_krl_range one[] = {{1, 1}};
	struct lists_spec old = lists_example(), next = lists_example();
	struct hs_list_found f;

	(void)state;
	old.version = 2;
	old.issued -= 100;
	next.serials = one;
	next.nserials = 1;
	next.next += 7;
	for (int order = 0; order < 2; order++)
		for (uint64_t serial = 1; serial <= 2; serial++) {
			ask_about(serial, 0);
			f = (struct hs_list_found){0};
			unite(&f, order ? &old : &next);
			unite(&f, order ? &next : &old);
			assert_int_equal(judge(&f), HS_NO_REVOKED);
			assert_true(f.version == 3 && f.issued == next.issued);
			assert_true(f.lists == 2 && f.next == next.next);
		}
}

static void
freshness(void **state)
{
	struct lists_spec s = lists_example();
	struct hs_list_found f = {0};

	(void)state;
	ask_about(1, 0);
	assert_int_equal(judge(&f), HS_OK); // 400 s old: no list is needed
	subject.made = NOW - 900;
	assert_int_equal(judge(&f), HS_OK);
	subject.made = NOW - 901;
	assert_int_equal(judge(&f), HS_NO_LIST);
	subject.made = UINT64_MAX;
	assert_int_equal(judge(&f), HS_OK);
	subject.made = NOW - 901;
	s.issued = NOW - 900;
	unite(&f, &s);
	assert_int_equal(judge(&f), HS_OK);
	f = (struct hs_list_found){0};
	s.issued = NOW - 901;
	unite(&f, &s);
	assert_int_equal(judge(&f), HS_NO_LIST);
	s.issued = NOW + 60;
	unite(&f, &s);
	assert_int_equal(judge(&f), HS_OK);
	f = (struct hs_list_found){0};
	s.issued = NOW + 61; // of tomorrow: it is not fresh, but what it revokes is revoked
	unite(&f, &s);
	assert_int_equal(judge(&f), HS_NO_LIST);
	ask_about(2, 0);
	f = (struct hs_list_found){0};
	unite(&f, &s);
	assert_int_equal(judge(&f), HS_NO_REVOKED);
}

// As it came: what does not count adds nothing.
static struct hs_list_found found;
static struct hs_buf came;

static int
taken(const struct hs_key *root, size_t cut)
{
	struct hs_roots roots = {0};
	struct hs_err err = {0};
	int rc;

	lists_roots(&roots, root);
	rc = hs_list_take(
	    &found, (struct hs_str){came.p, came.len - cut}, &roots, &subject, NOW, &err);
	assert_int_equal(err.code, rc);
	hs_roots_free(&roots);
	return rc;
}

static void
comes(void)
{
	struct lists_spec s = lists_example();

	ask_about(2, 0);
	found = (struct hs_list_found){0};
	hs_buf_reset(&came);
	lists_put(&came, &s, &chains.root);
}

static void
rule10_taken(void **state)
{
	(void)state;
	comes();
	assert_int_equal(taken(&chains.other_root.key, 0), HS_NO_ROOT_UNKNOWN);
	came.p[came.len - 1] ^= 1;
	assert_int_equal(taken(&chains.root.key, 0), HS_ERR_CRYPTO);
	came.p[came.len - 1] ^= 1;
	assert_int_equal(taken(&chains.root.key, 1), HS_ERR_SHORT);
	subject.session[0] ^= 1;
	assert_int_equal(taken(&chains.root.key, 0), HS_ERR_FORMAT);
	subject.session[0] ^= 1;
	assert_true(found.lists == 0 && found.serial == 0 && found.issued == 0);
	assert_int_equal(taken(&chains.root.key, 0), HS_OK);
	assert_true(found.lists == 1 && found.serial == 2);
	assert_true(found.issued == lists_example().issued);
	hs_buf_free(&came);
}

// Another root of the reader's touched for the same session later.
static void
of_the_subjects_own_session_key(void **state)
{
	(void)state;
	comes();
	subject.session_key = chains.other_session.key; // an id alone is none
	assert_int_equal(taken(&chains.other_root.key, 0), HS_NO_ROOT_UNKNOWN);
	subject.session_key = chains.session.key;
	came.p[came.len - 1] ^= 1;
	assert_int_equal(taken(&chains.other_root.key, 0), HS_ERR_CRYPTO);
	came.p[came.len - 1] ^= 1;
	assert_true(found.lists == 0 && found.serial == 0);
	assert_int_equal(taken(&chains.other_root.key, 0), HS_OK);
	assert_true(found.lists == 1 && found.serial == 2);
	hs_buf_free(&came);
}

static void
the_subject_of_a_delegation(void **state)
{
	struct hs_buf grant = {0}, delegation = {0}, direct = {0};
	struct hs_list_subject s;
	struct hs_delegation d;

	(void)state;
	chains_put_examples(&grant, &delegation, &direct);
	assert_int_equal(hs_delegation_parse(hs_buf_str(&delegation), &d, NULL), HS_OK);
	hs_list_subject(&s, &d);
	assert_string_equal(s.session, "20259320c16a21ad");
	assert_true(hs_key_eq(&s.session_key, &chains.session.key));
	assert_true(s.serial == 1 && s.nlineage == 0 && s.made == CHAINS_MADE + 600);
	hs_delegation_free(&d);
	hs_buf_free(&grant);
	hs_buf_free(&delegation);
	hs_buf_free(&direct);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(page),
	    cmocka_unit_test(rule10_bytes), cmocka_unit_test(signed_by_another),
	    cmocka_unit_test(rule1_nothing_of_others),
	    cmocka_unit_test(serials_and_ancestors), cmocka_unit_test(rule5_never_back),
	    cmocka_unit_test(freshness), cmocka_unit_test(rule10_taken),
	    cmocka_unit_test(of_the_subjects_own_session_key),
	    cmocka_unit_test(the_subject_of_a_delegation)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("list", tests, lists_make, NULL);
}
