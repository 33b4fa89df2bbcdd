// SPDX-License-Identifier: ISC
//
// Touches in the log that made no grant: each allows the one certificate that it signed,
// over that key, and endorses no session's key.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "tests/lib/auditchecked.h"

#define m auditchecked_m

static void
issue(uint64_t parent)
{
	m.parent = parent;
	auditmake_issue(&m, AUDITMAKE_DIRECT);
	m.parent = 0;
}

// Alone, and beside a session's grants.
static void
one_is_allowed(void **state)
{
	struct auditchecked_lines l;

	(void)state;
	auditchecked_begin();
	auditmake_direct(&m, AUDITMAKE_DIRECT, true);
	issue(m.grant_serial);
	auditmake_event(&m, "close");
	auditchecked_take(&l);
	auditchecked_check(&l);
	assert_int_equal(auditchecked.n, 0);
	assert_int_equal(auditchecked.sum.proven, 1);
	assert_true(auditchecked.sum.touches == 1 && auditchecked.sum.issued == 1);
	auditchecked_finish();

	auditchecked_begin();
	auditmake_open(&m, AUDITMAKE_CEILING);
	auditmake_direct(&m, AUDITMAKE_DIRECT, false);
	issue(m.grant_serial);
	auditmake_issue(&m, AUDITMAKE_SCOPE);
	auditmake_checkpoint(&m);
	auditchecked_made(NULL, 0);

	auditchecked_begin(); // the grant came later, and endorses the key for what follows
	auditmake_direct(&m, AUDITMAKE_DIRECT, true);
	issue(m.grant_serial);
	auditmake_more(&m, AUDITMAKE_CEILING);
	auditmake_issue(&m, AUDITMAKE_SCOPE);
	auditmake_checkpoint(&m);
	auditchecked_made(NULL, 0);
}

static void
rule1_and_no_other(void **state)
{
	(void)state;
	auditchecked_begin(); // a second one
	auditmake_direct(&m, AUDITMAKE_DIRECT, true);
	issue(m.grant_serial);
	issue(m.grant_serial);
	auditchecked_made("outside-grant", 4);

	auditchecked_begin(); // one that does not name it
	auditmake_direct(&m, AUDITMAKE_DIRECT, true);
	issue(0);
	auditchecked_made("outside-grant", 3);

	auditchecked_begin(); // over another key
	auditmake_direct(&m, AUDITMAKE_DIRECT, true);
	(void)snprintf(
	    m.key, sizeof m.key, "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	issue(m.grant_serial);
	auditchecked_made("outside-grant", 3);

	auditchecked_begin(); // of a wider scope
	auditmake_direct(&m, AUDITMAKE_DIRECT, true);
	m.parent = m.grant_serial;
	auditmake_issue(
	    &m, "max-ttl 900\nmax-uses *\n\naddr *\ncmd *\nhost *\nuser deploy\n");
	m.parent = 0;
	auditchecked_made("outside-grant", 3);
}

static void
a_session_of_it_signs_nothing(void **state)
{
	(void)state;
	auditchecked_begin();
	auditmake_direct(&m, AUDITMAKE_DIRECT, true);
	auditmake_checkpoint(&m);
	auditchecked_made("no-session", 3);
}

static void
what_is_not_touched(void **state)
{
	(void)state;
	auditchecked_begin();
	m.forge = true;
	auditmake_direct(&m, AUDITMAKE_DIRECT, true);
	m.forge = false;
	auditchecked_made("signature", 2);

	auditchecked_begin(); // a grant in its place
	auditmake_open(&m, AUDITMAKE_CEILING);
	auditmake_put(&m,
	    &(struct hs_audit_record){
		.event = "touch", .session = m.id, .direct = hs_buf_str(&m.grant)},
	    NULL);
	auditchecked_made("grant", 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(one_is_allowed),
	    cmocka_unit_test(rule1_and_no_other),
	    cmocka_unit_test(a_session_of_it_signs_nothing),
	    cmocka_unit_test(what_is_not_touched)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
