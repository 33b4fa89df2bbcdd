// SPDX-License-Identifier: ISC
//
// What an audit log says was done, against what touches allowed; and logs whose beginning
// was forgotten.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <string.h>
#include "tests/lib/auditchecked.h"

// ---- what touches did not allow

static void
only_under_a_touch(void **state)
{
	static const char wider[] = "max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\n"
				    "host web1.example.com\nuser root\n";
	struct auditchecked_lines l;

	(void)state;
	auditchecked_begin();
	auditmake_event(&auditchecked_m, "start");
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditmake_issue(&auditchecked_m, wider);
	auditchecked_take(&l);
	auditchecked_check(&l);
	auditchecked_fault("outside-grant", 4);
	auditchecked_finish();

	auditchecked_begin(); // a touch in between allows it
	auditmake_event(&auditchecked_m, "start");
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditmake_more(&auditchecked_m, wider);
	auditmake_issue(&auditchecked_m, wider);
	auditmake_issue(&auditchecked_m, AUDITMAKE_SCOPE);
	auditmake_issue(&auditchecked_m, wider);
	auditmake_checkpoint(&auditchecked_m);
	auditchecked_take(&l);
	auditchecked_check(&l);
	assert_true(auditchecked.n == 0 && auditchecked.sum.proven == 8 &&
		    auditchecked.sum.touches == 2);
	auditchecked_finish();

	auditchecked_begin(); // its end is after the grant's
	auditmake_event(&auditchecked_m, "start");
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditchecked_m.time += 14400 - 60;
	auditmake_issue(&auditchecked_m, AUDITMAKE_SCOPE);
	auditchecked_take(&l);
	auditchecked_check(&l);
	auditchecked_fault("outside-grant", 4);
	auditchecked_finish();

	auditchecked_begin(); // no session
	auditmake_event(&auditchecked_m, "start");
	auditmake_issue(&auditchecked_m, AUDITMAKE_SCOPE);
	auditchecked_take(&l);
	auditchecked_check(&l);
	auditchecked_fault("no-session", 2);
	auditchecked_finish();
}

static void
ended_is_ended(void **state)
{
	static const char *const ends[] = {"close", "expire", "start"};
	struct auditchecked_lines l;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		auditchecked_begin();
		auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
		auditmake_event(&auditchecked_m, ends[i]);
		auditmake_issue(&auditchecked_m, AUDITMAKE_SCOPE);
		auditchecked_take(&l);
		auditchecked_check(&l);
		auditchecked_fault("no-session", 4);
		auditchecked_finish();
	}
}

static void
serials_ascend(void **state)
{
	struct auditchecked_lines l;

	(void)state;
	auditchecked_begin();
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditmake_issue(&auditchecked_m, AUDITMAKE_SCOPE);
	auditchecked_m.serial = 0;
	auditmake_issue(&auditchecked_m, AUDITMAKE_SCOPE);
	auditchecked_take(&l);
	auditchecked_check(&l);
	auditchecked_fault("serial", 4);
	auditchecked_finish();
}

static void
records_that_lie(void **state)
{
	struct hs_audit_record r = {.event = "issue",
	    .session = auditchecked_m.id,
	    .scope = hs_str_c(AUDITMAKE_SCOPE),
	    .digest = hs_str_c("0123456789abcdef0123456789abcdef"),
	    .numbered = true,
	    .serial = 1,
	    .end = AUDITMAKE_BEGAN + 60};
	struct auditchecked_lines l;

	(void)state;
	auditchecked_begin();
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditmake_put(&auditchecked_m, &r, NULL);
	auditchecked_take(&l);
	auditchecked_check(&l);
	auditchecked_fault("differs", 3);
	auditchecked_finish();

	auditchecked_begin();
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	r.scope = hs_str_c("max-ttl 900\nuser *\n");
	auditmake_put(&auditchecked_m, &r, NULL);
	auditchecked_take(&l);
	auditchecked_check(&l);
	assert_true(strcmp(auditchecked.v[0].word, "malformed") == 0 &&
		    auditchecked.v[0].place.line == 3);
	auditchecked_finish();

	auditchecked_begin();
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	r = (struct hs_audit_record){
	    .event = "touch", .session = auditchecked_m.id, .grant = hs_str_c("no")};
	auditmake_put(&auditchecked_m, &r, NULL);
	auditchecked_take(&l);
	auditchecked_check(&l);
	auditchecked_fault("grant", 3);
	auditchecked_finish();
}

// One asking, one touch: the same grant again is none.
static void
a_grant_is_not_used_twice(void **state)
{
	struct auditchecked_lines l;
	struct hs_audit_record r;
	char root_key[64];

	(void)state;
	auditchecked_begin();
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	hs_key_fingerprint(&auditchecked_m.root.key, root_key);
	r = (struct hs_audit_record){.event = "touch",
	    .session = auditchecked_m.id,
	    .numbered = true,
	    .serial = auditchecked_m.grant_serial,
	    .end = AUDITMAKE_BEGAN + 14400,
	    .root_key = root_key,
	    .touched = true,
	    .flags = 5,
	    .counter = 1,
	    .ask = hs_str_c("4F7"),
	    .grant = hs_buf_str(&auditchecked_m.grant)};
	auditmake_put(&auditchecked_m, &r, NULL);
	auditchecked_take(&l);
	auditchecked_check(&l);
	auditchecked_fault("not-asked", 3);
	auditchecked_finish();
}

// ---- logs that begin later

static void
forgotten_records(void **state)
{
	struct hs_audit_record r = {.event = "forget"};
	struct hs_buf extra = {0};
	char hex[2 * HS_AUDIT_HASH + 1];
	struct auditchecked_lines l, t;
	uint64_t last;

	(void)state;
	auditchecked_begin();
	auditmake_event(&auditchecked_m, "start");
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditmake_issue(&auditchecked_m, AUDITMAKE_SCOPE);
	auditmake_event(&auditchecked_m, "rotate");
	last = auditchecked_m.seq;
	for (size_t i = 0; i < HS_AUDIT_HASH; i++)
		snprintf(hex + 2 * i, 3, "%02x", auditchecked_m.head[i]);
	auditmake_issue(
	    &auditchecked_m, AUDITMAKE_SCOPE); // of the session in the forgotten part
	hs_put_fmt(&extra, ",\"first\":1,\"last\":%" PRIu64 ",\"head\":\"%s\"", last, hex);
	hs_put_u8(&extra, 0);
	auditmake_put(&auditchecked_m, &r, (char *)extra.p);
	auditmake_event(&auditchecked_m, "close");
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditmake_issue(&auditchecked_m, AUDITMAKE_SCOPE);
	auditmake_checkpoint(&auditchecked_m);
	auditchecked_take(&l);
	auditchecked_check(&l);
	assert_true(
	    hs_audit_proven(&auditchecked.sum) && auditchecked.sum.begin == HS_AUDIT_WHOLE);
	t.n = l.n - last;
	memcpy(t.v, l.v + last, t.n * sizeof t.v[0]);
	auditchecked_check(&t);
	assert_int_equal(auditchecked.n, 0);
	assert_true(hs_audit_proven(&auditchecked.sum) &&
		    auditchecked.sum.begin == HS_AUDIT_FORGOTTEN);
	assert_true(auditchecked.sum.first == last + 1 &&
		    auditchecked.sum.forget == last + 2 && auditchecked.sum.unknown == 1);
	t.n--; // one more is gone than was forgotten
	memmove(t.v, t.v + 1, t.n * sizeof t.v[0]);
	auditchecked_check(&t);
	assert_true(
	    !hs_audit_proven(&auditchecked.sum) && auditchecked.sum.begin == HS_AUDIT_CUT);
	hs_buf_free(&extra);
	auditchecked_finish();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(only_under_a_touch),
	    cmocka_unit_test(ended_is_ended), cmocka_unit_test(serials_ascend),
	    cmocka_unit_test(records_that_lie), cmocka_unit_test(a_grant_is_not_used_twice),
	    cmocka_unit_test(forgotten_records)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
