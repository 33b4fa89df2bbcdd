// SPDX-License-Identifier: ISC
//
// The chain of an audit log: what is proven and up to where; a byte that was changed, a
// line that was removed, repeated, moved or forged is found and named. Logs are real ones
// with real signatures (tests/lib/auditmake.h).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <string.h>
#include "tests/lib/auditchecked.h"

static void
what_is_proven(void **state)
{
	struct auditchecked_lines l;
	const struct hs_audit_summary *s = &auditchecked.sum;

	(void)state;
	auditchecked_usual(&l);
	auditchecked_check(&l);
	assert_int_equal(auditchecked.n, 0);
	assert_true(hs_audit_proven(s));
	assert_true(s->records == 10 && s->first == 1 && s->last == 10 && s->faults == 0);
	assert_true(s->proven == 8 && s->proven_by == 9 && !s->by_touch);
	assert_true(s->asks == 1 && s->touches == 1 && s->issued == 2 && s->refused == 1 &&
		    s->checkpoints == 2 && s->simulated == 0 && s->unknown == 0);
	assert_true(s->began == AUDITMAKE_BEGAN && s->ended == AUDITMAKE_BEGAN + 11);
	l.n = 5; // before any checkpoint: the touch signs its asking
	auditchecked_check(&l);
	assert_true(hs_audit_proven(s) && s->proven == 2 && s->by_touch);
	l.n = 2; // nothing is signed
	auditchecked_check(&l);
	assert_true(!hs_audit_proven(s) && s->proven == 0 && s->faults == 0);
	l.n = 0;
	auditchecked_check(&l);
	assert_true(!hs_audit_proven(s) && s->records == 0);
	auditchecked_finish();
}

// Each byte before the last signed point, changed in three ways: found, and its line named.
static void
each_byte_changed_is_found(void **state)
{
	struct auditchecked_lines l, t;
	size_t tried = 0;

	(void)state;
	auditchecked_usual(&l);
	for (size_t i = 0; i < 8; i++) {
		uint8_t *p = (uint8_t *)(uintptr_t)l.v[i].p;

		for (size_t at = 0; at < l.v[i].len; at++) {
			const uint8_t was = p[at],
				      to[] = {was ^ 1, was == '0' ? '1' : '0', 0};

			for (size_t k = 0; k < sizeof to; k++) {
				p[at] = to[k];
				t = l;
				if (at + 1 == l.v[i].len) { // two lines become one
					t.n--;
					t.v[i].len += l.v[i + 1].len;
					memmove(&t.v[i + 1], &t.v[i + 2],
					    (l.n - i - 2) * sizeof t.v[0]);
				}
				auditchecked_check(&t);
				if (hs_audit_proven(&auditchecked.sum) ||
				    !auditchecked_names(i + 1))
					fail_msg(
					    "line %zu, byte %zu, %02x to %02x: not found",
					    i + 1, at, was, to[k]);
				tried++;
			}
			p[at] = was;
		}
	}
	auditchecked_check(&l);
	assert_true(hs_audit_proven(&auditchecked.sum));
	print_message("%zu changes\n", tried);
	auditchecked_finish();
}

static void
a_touch_under_another_policy_differs(void **state)
{
	struct auditchecked_lines l;

	(void)state;
	auditchecked_begin();
	auditchecked_m.other_policy = true;
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditchecked_take(&l);
	auditchecked_check(&l);
	auditchecked_fault("differs", 2);
	assert_non_null(strstr(auditchecked.v[0].text, "policy"));
	auditchecked_finish();
}

// What the log says of itself that it lacks, and of refusals that it says once.
static void
what_is_lost_is_counted(void **state)
{
	const struct hs_audit_summary *s = &auditchecked.sum;
	struct auditchecked_lines l;

	(void)state;
	auditchecked_begin();
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditmake_put(&auditchecked_m, &(struct hs_audit_record){.event = "break"}, NULL);
	auditmake_put(&auditchecked_m,
	    &(struct hs_audit_record){.event = "voided", .counted = true, .count = 3},
	    NULL);
	auditmake_put(&auditchecked_m,
	    &(struct hs_audit_record){.event = "dropped", .counted = true, .count = 40},
	    NULL);
	auditmake_put(&auditchecked_m,
	    &(struct hs_audit_record){.event = "dropped", .counted = true, .count = 2},
	    NULL);
	auditmake_put(&auditchecked_m, &(struct hs_audit_record){.event = "refuse"}, NULL);
	auditmake_put(&auditchecked_m,
	    &(struct hs_audit_record){.event = "refuse", .counted = true, .count = 40},
	    NULL);
	auditchecked_take(&l);
	auditchecked_check(&l);
	assert_int_equal(auditchecked.n, 0);
	assert_true(s->breaks == 1 && s->voided == 1 && s->lost == 3);
	assert_true(s->dropped == 2 && s->uncopied == 42);
	assert_int_equal(s->refused, 41);
	auditchecked_finish();
}

static void
lines_removed_repeated_moved(void **state)
{
	struct auditchecked_lines l, t;

	(void)state;
	auditchecked_usual(&l);
	for (size_t i = 0; i < 7; i++) { // all but the signed point itself
		t = l;
		memmove(&t.v[i], &t.v[i + 1], (l.n - i - 1) * sizeof t.v[0]);
		t.n--;
		auditchecked_check(&t);
		assert_false(hs_audit_proven(&auditchecked.sum));
		if (i > 0)
			assert_true(strcmp(auditchecked.v[0].word, "missing") == 0 &&
				    auditchecked.v[0].place.line == i + 1);
		t = l; // twice
		memmove(&t.v[i + 1], &t.v[i], (l.n - i) * sizeof t.v[0]);
		t.n++;
		auditchecked_check(&t);
		assert_false(hs_audit_proven(&auditchecked.sum));
		assert_true(strcmp(auditchecked.v[0].word, "order") == 0 &&
			    auditchecked.v[0].place.line == i + 2);
		t = l; // swapped with the next
		t.v[i] = l.v[i + 1];
		t.v[i + 1] = l.v[i];
		auditchecked_check(&t);
		assert_false(hs_audit_proven(&auditchecked.sum));
		assert_true(
		    (i == 0 || auditchecked_names(i + 1)) && auditchecked_names(i + 2));
	}
	auditchecked_finish();
}

// Whoever can write the file can make the chain fit again, but cannot sign.
static void
a_rewritten_chain_is_not_signed(void **state)
{
	struct auditchecked_lines l;

	(void)state;
	auditchecked_begin();
	auditmake_event(&auditchecked_m, "start");
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditmake_issue(&auditchecked_m, AUDITMAKE_SCOPE);
	auditchecked_m.session = auditchecked_m.agent; // whose secret a forger has
	auditmake_checkpoint(&auditchecked_m);
	auditchecked_take(&l);
	auditchecked_check(&l);
	auditchecked_fault("signature", 5);
	assert_true(auditchecked.sum.proven == 2);
	auditchecked_finish();

	auditchecked_begin();
	auditmake_event(&auditchecked_m, "start");
	auditchecked_m.forge = true;
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditchecked_take(&l);
	auditchecked_check(&l);
	auditchecked_fault("signature", 3);
	auditchecked_finish();

	auditchecked_begin(); // a line is put in front of the asking, and the chain made to
			      // fit
	auditmake_event(&auditchecked_m, "start");
	memset(auditchecked_m.head, 7, sizeof auditchecked_m.head);
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditchecked_take(&l);
	auditchecked_check(&l);
	auditchecked_fault("changed", 1);
	auditchecked_finish();
}

static void
touches_of_other_roots_prove_nothing(void **state)
{
	struct auditchecked_lines l;

	(void)state;
	auditchecked_usual(&l);
	auditchecked_with(&l, NULL);
	assert_true(auditchecked.sum.proven == 0 && !hs_audit_proven(&auditchecked.sum));
	assert_string_equal(auditchecked.v[0].word, "root-unknown");
	assert_true(auditchecked_names(3) &&
		    auditchecked_names(4)); // and so the certificates under it
	auditchecked_with(&l, &auditchecked_m.session.key);
	assert_string_equal(auditchecked.v[0].word, "root-unknown");
	auditchecked_finish();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_proven),
	    cmocka_unit_test(each_byte_changed_is_found),
	    cmocka_unit_test(a_touch_under_another_policy_differs),
	    cmocka_unit_test(what_is_lost_is_counted),
	    cmocka_unit_test(lines_removed_repeated_moved),
	    cmocka_unit_test(a_rewritten_chain_is_not_signed),
	    cmocka_unit_test(touches_of_other_roots_prove_nothing)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
