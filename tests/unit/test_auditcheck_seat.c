// SPDX-License-Identifier: ISC
//
// Seats in an audit log that cost a touch: whose the grant is, and their serials, which are
// taken when the key is armed and are on record later.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include "proto/names.h"
#include "tests/lib/auditchecked.h"

#define m auditchecked_m

static void
touched_for(const char *session, uint64_t serial)
{
	char holder[64];

	(void)snprintf(
	    holder, sizeof holder, HS_HOLDER_SEAT "%s.%" PRIu64, session, serial);
	auditmake_touch_for(&m, AUDITMAKE_SCOPE, holder);
}

// Lines 1 to 6: the seat's serial is 2, and 3 is on record before its touch is.
static void
begin(void)
{
	auditchecked_begin();
	auditmake_open(&m, AUDITMAKE_CEILING);
	auditmake_issue(&m, AUDITMAKE_SCOPE);
	auditmake_ask(&m, AUDITMAKE_SCOPE, true);
	m.serial = 2;
	auditmake_issue(&m, AUDITMAKE_SCOPE);
	touched_for(m.id, 2);
}

static void
its_serial_was_promised(void **state)
{
	(void)state;
	begin();
	auditmake_seat(&m, AUDITMAKE_SCOPE, 2);
	auditmake_issue(&m, AUDITMAKE_SCOPE);
	auditmake_checkpoint(&m);
	auditchecked_made(NULL, 0);

	auditchecked_begin(); // nothing came between
	auditmake_open(&m, AUDITMAKE_CEILING);
	auditmake_ask(&m, AUDITMAKE_SCOPE, true);
	touched_for(m.id, 1);
	auditmake_seat(&m, AUDITMAKE_SCOPE, 1);
	auditchecked_made(NULL, 0);

	auditchecked_begin(); // two at once, the later one's key touched first
	auditmake_open(&m, AUDITMAKE_CEILING);
	auditmake_ask(&m, AUDITMAKE_SCOPE, true);
	m.serial = 5;
	auditmake_issue(&m, AUDITMAKE_SCOPE);
	touched_for(m.id, 4);
	auditmake_ask(&m, AUDITMAKE_SCOPE, true);
	touched_for(m.id, 3);
	auditmake_seat(&m, AUDITMAKE_SCOPE, 4);
	auditmake_seat(&m, AUDITMAKE_SCOPE, 3);
	auditchecked_made(NULL, 0);
}

static void
to_that_seat_once(void **state)
{
	(void)state;
	begin();
	auditmake_seat(&m, AUDITMAKE_SCOPE, 2);
	auditmake_seat(&m, AUDITMAKE_SCOPE, 2);
	auditchecked_made("serial", 8);

	begin(); // no certificate's
	m.serial = 1;
	auditmake_issue(&m, AUDITMAKE_SCOPE);
	auditchecked_made("serial", 7);

	begin(); // passed over, and promised to nobody
	m.serial = 5;
	auditmake_issue(&m, AUDITMAKE_SCOPE);
	auditmake_seat(&m, AUDITMAKE_SCOPE, 4);
	auditchecked_made("serial", 8);

	begin(); // nor 0, which no grant without a seat promises
	auditmake_seat(&m, AUDITMAKE_SCOPE, 0);
	auditchecked_made("serial", 7);
}

// Promised, but on record as another's: between its asking and its touch, or after that.
static void
no_serial_is_there_twice(void **state)
{
	(void)state;
	auditchecked_begin();
	auditmake_open(&m, AUDITMAKE_CEILING);
	auditmake_ask(&m, AUDITMAKE_SCOPE, true);
	auditmake_issue(&m, AUDITMAKE_SCOPE);
	touched_for(m.id, 1);
	auditmake_seat(&m, AUDITMAKE_SCOPE, 1);
	auditchecked_made("serial", 6);

	auditchecked_begin();
	auditmake_open(&m, AUDITMAKE_CEILING);
	auditmake_ask(&m, AUDITMAKE_SCOPE, true);
	touched_for(m.id, 1);
	auditmake_issue(&m, AUDITMAKE_SCOPE);
	auditmake_seat(&m, AUDITMAKE_SCOPE, 1);
	auditchecked_made("serial", 6);

	auditchecked_begin(); // a second touch promises it again
	auditmake_open(&m, AUDITMAKE_CEILING);
	auditmake_ask(&m, AUDITMAKE_SCOPE, true);
	touched_for(m.id, 1);
	auditmake_seat(&m, AUDITMAKE_SCOPE, 1);
	auditmake_ask(&m, AUDITMAKE_SCOPE, true);
	touched_for(m.id, 1);
	auditmake_seat(&m, AUDITMAKE_SCOPE, 1);
	auditchecked_made("serial", 8);
}

static void
another_sessions(void **state)
{
	(void)state;
	begin();
	auditmake_event(&m, "close");
	auditmake_open(&m, AUDITMAKE_CEILING);
	m.serial = 2;
	auditmake_issue(&m, AUDITMAKE_SCOPE);
	auditmake_seat(&m, AUDITMAKE_SCOPE, 2); // the first one's
	auditchecked_made("serial", 11);
}

static void
whose_it_is(void **state)
{
	static const char *const holders[] = {HS_HOLDER_MAIN,
	    HS_HOLDER_SEAT "0123456789abcdef.1", HS_HOLDER_SEAT "0123456789abcdef"};

	(void)state;
	for (size_t i = 0; i < 3; i++) { // the asking was for a seat of this session
		auditchecked_begin();
		auditmake_open(&m, AUDITMAKE_CEILING);
		auditmake_ask(&m, AUDITMAKE_SCOPE, true);
		auditmake_touch_for(&m, AUDITMAKE_SCOPE, holders[i]);
		auditchecked_made("differs", 4);
	}
	auditchecked_begin(); // it was for one certificate
	auditmake_open(&m, AUDITMAKE_CEILING);
	auditmake_ask(&m, AUDITMAKE_SCOPE, false);
	touched_for(m.id, 1);
	auditchecked_made("differs", 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(its_serial_was_promised),
	    cmocka_unit_test(to_that_seat_once), cmocka_unit_test(no_serial_is_there_twice),
	    cmocka_unit_test(another_sessions), cmocka_unit_test(whose_it_is)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
