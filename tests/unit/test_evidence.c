// SPDX-License-Identifier: ISC
//
// Evidence for one certificate: what proves it, and that no byte of it can be changed, none
// of its records left out, no other certificate put beside it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "proto/evidence.h"
#include "tests/lib/auditchecked.h"

#define m auditchecked_m

static struct hs_evidence_result got;

// Checks the head and these lines; true if it is proven.
static bool
proven(const struct auditchecked_lines *l, uint64_t serial, struct hs_str cert)
{
	struct hs_buf text = {0};
	struct hs_evidence e;
	struct hs_err err = {0};

	hs_evidence_result_free(&got);
	hs_evidence_put_head(&text, m.id, serial, cert);
	for (size_t i = 0; i < l->n; i++)
		hs_put_raw(&text, l->v[i].p, l->v[i].len);
	assert_int_equal(hs_evidence_parse(hs_buf_str(&text), &e, &err), HS_OK);
	assert_int_equal(hs_evidence_check(&e, &m.root.key, 1, NULL, NULL, &got), HS_OK);
	hs_buf_free(&text);
	return got.why.code == HS_OK;
}

static bool
without(const struct auditchecked_lines *l, size_t line, uint64_t serial)
{
	struct auditchecked_lines t = *l;

	memmove(&t.v[line - 1], &t.v[line], (t.n - line) * sizeof t.v[0]);
	t.n--;
	return proven(&t, serial, (struct hs_str){0});
}

static const struct hs_str none;

static void
what_proves_it(void **state)
{
	struct auditchecked_lines l;

	(void)state;
	auditchecked_usual(&l); // 2 ask, 3 touch, 4 and 5 issue, 6 checkpoint
	assert_true(proven(&l, 2, none));
	assert_true(
	    got.made && got.made_in == 5 && got.signed_in == 6 && got.touched_in == 3);
	assert_true(hs_str_is(hs_buf_str(&got.shown), "a prompt\n") && got.flags == 5);
	assert_true(hs_str_is(hs_buf_str(&got.agent), "claude") && !got.simulated);
	assert_true(without(&l, 1, 2) && without(&l, 4, 2) && without(&l, 7, 2));
	assert_false(without(&l, 2, 2)); // the asking
	assert_false(without(&l, 3, 2)); // the touch
	assert_false(without(&l, 5, 2)); // its making
	assert_int_equal(got.why.code, HS_NO_SUCH);
	l.n = 5; // no signature behind it
	assert_false(proven(&l, 2, none));
	assert_int_equal(got.why.code, HS_NO_SIG_CERT);
	assert_false(proven(&l, 3, none));
	hs_evidence_result_free(&got);
	auditchecked_finish();
}

// Of the checkpoint only what is signed counts.
static void
no_byte_can_be_changed(void **state)
{
	struct auditchecked_lines l;

	(void)state;
	auditchecked_usual(&l);
	l.n = 6;
	for (size_t i = 1; i < 5; i++) {
		uint8_t *p = (uint8_t *)(uintptr_t)l.v[i].p;

		for (size_t at = 0; at + 1 < l.v[i].len; at++) {
			p[at] ^= 1;
			if (proven(&l, 2, none))
				fail_msg("line %zu, byte %zu", i + 1, at);
			p[at] ^= 1;
		}
	}
	assert_true(proven(&l, 2, none));
	hs_evidence_result_free(&got);
	auditchecked_finish();
}

// Without any signature behind its record, the certificate itself proves it; another does
// not.
static void
the_certificate_beside_it(void **state)
{
	struct auditchecked_lines l;
	struct hs_buf cert = {0}, other = {0}, wider = {0};
	struct hs_mint session;

	(void)state;
	auditchecked_begin();
	auditmake_open(&m, AUDITMAKE_CEILING);
	auditmake_issue(&m, AUDITMAKE_SCOPE);
	auditmake_certificate(&m, AUDITMAKE_SCOPE, 1, &cert);
	auditmake_certificate(&m, AUDITMAKE_SCOPE, 2, &other);
	session = m.session;
	m.session = m.agent; // signed by another key
	auditmake_certificate(&m, AUDITMAKE_SCOPE, 1, &wider);
	m.session = session;
	auditchecked_take(&l);
	assert_false(proven(&l, 1, none));
	assert_true(proven(&l, 1, hs_buf_str(&cert)));
	assert_true(got.cert_good && got.signed_in == 0);
	assert_false(proven(&l, 1, hs_buf_str(&other)));
	assert_int_equal(got.why.code, HS_NO_CERT_FORM);
	assert_false(proven(&l, 1, hs_buf_str(&wider)));
	assert_int_equal(got.why.code, HS_NO_SIG_CERT);
	assert_false(proven(&l, 1, hs_str_c("rubbish")));
	hs_evidence_result_free(&got);
	hs_buf_free(&cert);
	hs_buf_free(&other);
	hs_buf_free(&wider);
	auditchecked_finish();
}

static void
rule10_what_is_no_evidence(void **state)
{
#define ID "id 0123456789abcdef.1\n"
	static const char *const bad[] = {"", "handseal-evidence 1",
	    "handseal-evidence 2\n" ID "x\n", "handseal-evidence 1\n",
	    "handseal-evidence 1\n" ID, "handseal-evidence 1\n" ID "x",
	    "handseal-evidence 1\nid 0123456789abcdef.0\nx\n",
	    "handseal-evidence 1\nid 0123456789ABCDEF.1\nx\n",
	    "handseal-evidence 1\nid 0123456789abcde.1\nx\n",
	    "handseal-evidence 1\nid 0123456789abcdef\nx\n",
	    "handseal-evidence 1\nid 0123456789abcdef.01\nx\n",
	    "handseal-evidence 1\n" ID "certificate \nx\n",
	    "handseal-evidence 1\n" ID "certificate AAAA\n"};
	struct hs_evidence e;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct hs_err err = {0};

		if (hs_evidence_parse(hs_str_c(bad[i]), &e, &err) == HS_OK)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.code, HS_ERR_FORMAT);
	}
	assert_int_equal(
	    hs_evidence_parse(hs_str_c("handseal-evidence 1\n" ID "x\n"), &e, NULL), HS_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_proves_it),
	    cmocka_unit_test(no_byte_can_be_changed),
	    cmocka_unit_test(the_certificate_beside_it),
	    cmocka_unit_test(rule10_what_is_no_evidence)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
