// SPDX-License-Identifier: ISC
//
// One certificate under one grant: what stands in it, when it ends by either clock, and
// what is refused though somebody else decided that it may be issued. What is refused
// leaves no trace in the session.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "agentd/issue.h"
#include "proto/names.h"
#include "tests/lib/chains.h"

#define BOOT 5000u  // milliseconds
#define TTL  14400u // of the grant

static struct hs_session s;
static struct hs_held *held;
static struct hs_wanted wanted;
static struct hs_issue out;
static struct hs_refusal why;

static struct hs_now
at(int64_t wall, int64_t boot_ms)
{
	uint64_t w = (uint64_t)((int64_t)CHAINS_MADE + wall);

	return (struct hs_now){
	    .wall = w, .wall_ms = w * 1000, .boot_ms = (uint64_t)((int64_t)BOOT + boot_ms)};
}

// A session whose only grant is for that many uses; it is valid from a minute before.
static void
begin(uint64_t uses)
{
	const struct hs_now now = at(0, 0);
	struct hs_grant_spec g = chains_grant();
	struct hs_root_record root = {.name = "blue"};
	struct hs_keys key = {0};
	struct hs_buf blob = {0};
	struct hs_held_spec spec = {.blob = &blob,
	    .subject = &key.pub,
	    .holder = HS_HOLDER_MAIN,
	    .root = &root,
	    .silent = true,
	    .end_boot_ms = BOOT + TTL * 1000,
	    .now = now};

	root.key = chains.root.key;
	assert_int_equal(hs_keys_make(&key, NULL), HS_OK);
	g.session_key = &key.pub;
	chains_put_grant(&blob, &g, &chains.root, 1);
	assert_int_equal(hs_held_make(&spec, &held, NULL), HS_OK);
	assert_int_equal(held->end, CHAINS_MADE + TTL);
	held->uses_left = uses;
	hs_session_begin(&s, &key, held, &now);
}

static int
setup(void **state)
{
	(void)state;
	memset(&why, 0, sizeof why);
	wanted = (struct hs_wanted){.agent = "claude", .key = chains.agent.key};
	wanted.scope = chains_scope(CHAINS_SCOPE);
	begin(HS_USES_ANY);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hs_session_end(&s);
	hs_issue_free(&out);
	hs_wanted_free(&wanted);
	return 0;
}

static void
want(const char *scope)
{
	hs_scope_free(&wanted.scope);
	wanted.scope = chains_scope(scope);
}

static int
issue(int64_t wall, int64_t boot_ms)
{
	const struct hs_now now = at(wall, boot_ms);
	const uint8_t nonce[32] = {7};

	hs_issue_free(&out);
	why = (struct hs_refusal){0};
	return hs_issue(&s, held, &wanted, NULL, &now, nonce, &out, &why);
}

// It is issued, from and until then, in seconds after the grant was made.
static void
lasts(int64_t wall, int64_t boot_ms, int64_t from, int64_t to)
{
	struct hs_delegation d;

	assert_int_equal(issue(wall, boot_ms), HS_OK);
	assert_int_equal(
	    hs_delegation_parse(hs_buf_str(&out.certificate), &d, NULL), HS_OK);
	assert_int_equal((int64_t)d.cert.valid_after - (int64_t)CHAINS_MADE, from);
	assert_int_equal((int64_t)d.cert.valid_before - (int64_t)CHAINS_MADE, to);
	assert_int_equal(out.end, d.cert.valid_before);
	assert_true(d.cert.valid_after >= held->grant.cert.valid_after);
	assert_int_equal((int64_t)out.issued - (int64_t)CHAINS_MADE, wall);
	hs_delegation_free(&d);
}

// It is refused so, and nothing has changed.
static void
refused(int64_t wall, int64_t boot_ms, enum hs_code code)
{
	uint64_t serial = s.last_serial, count = s.count, uses = held->uses_left,
		 active = s.active_boot_ms;

	assert_int_equal(issue(wall, boot_ms), code);
	assert_int_equal(why.err.code, code);
	assert_int_equal(out.certificate.len, 0);
	assert_int_equal(s.last_serial, serial);
	assert_int_equal(s.count, count);
	assert_int_equal(held->uses_left, uses);
	assert_int_equal(s.active_boot_ms, active);
}

static void
what_stands_in_it(void **state)
{
	struct hs_delegation d;
	char id[sizeof out.id];

	(void)state;
	for (uint64_t serial = 1; serial <= 3; serial++) {
		assert_int_equal(issue(10, 10000 * (int64_t)serial), HS_OK);
		assert_int_equal(out.serial, serial);
		(void)snprintf(id, sizeof id, "%s.%u", s.id, (unsigned)serial);
		assert_string_equal(out.id, id);
		assert_int_equal(out.uses, 1);
		assert_int_equal(out.grant_serial, held->grant.cert.serial);
		assert_int_equal(s.last_serial, serial);
		assert_int_equal(s.count, serial);
		assert_int_equal(s.active_boot_ms, BOOT + 10000 * serial); // so no idling
		assert_int_equal(
		    hs_delegation_parse(hs_buf_str(&out.certificate), &d, NULL), HS_OK);
		assert_int_equal(d.cert.serial, serial);
		assert_true(hs_key_eq(&d.cert.key, &chains.agent.key));
		assert_true(hs_key_eq(&d.cert.ca, &s.key.pub));
		assert_int_equal(hs_cert_verify(&d.cert, NULL), HS_OK);
		assert_true(hs_str_is(d.agent, "claude"));
		assert_true(hs_str_is(hs_scope_text(d.scope), CHAINS_SCOPE));
		assert_true(hs_str_eq(d.grant_blob, hs_buf_str(&held->blob)));
		hs_delegation_free(&d);
	}
	assert_int_equal(held->uses_left, HS_USES_ANY);
}

static void
its_own_length(void **state)
{
	(void)state;
	lasts(100, 100000, 40, 1000);
	lasts(TTL - 901, (TTL - 901) * 1000, TTL - 961, TTL - 1);
	lasts(TTL - 899, (TTL - 899) * 1000, TTL - 959, TTL);
	lasts(TTL - 1, (TTL - 1) * 1000, TTL - 61, TTL);
}

static void
never_from_before_its_grant(void **state)
{
	(void)state;
	lasts(0, 0, -60, 900);
	lasts(1, 1000, -59, 901);
	lasts(-1, 1000, -60, 899); // the clock was set back since
	lasts(-60, 1000, -60, 840);
	refused(-61, 1000, HS_NO_CLOCK);
	assert_non_null(strstr(why.err.text, "clock was set to before"));
	assert_non_null(strstr(why.remedy, "set the clock right"));
	refused(-7200, 1000, HS_NO_CLOCK);
}

// The wall clock is behind the one that counts since boot: the nearer end counts.
static void
a_clock_set_back_prolongs_nothing(void **state)
{
	(void)state;
	lasts(5000, (TTL - 900) * 1000, 4940, 5900);
	lasts(5000, (TTL - 899) * 1000, 4940, 5899);
	lasts(5000, TTL * 1000 - 2001, 4940, 5003); // part of a second is one
	lasts(5000, TTL * 1000 - 2000, 4940, 5002);
	lasts(5000, TTL * 1000 - 1, 4940, 5001);
	refused(5000, TTL * 1000, HS_NO_EXPIRED);
	refused(5000, TTL * 1000 + 1, HS_NO_EXPIRED);
	refused(-7200, TTL * 1000, HS_NO_EXPIRED);
}

static void
a_clock_set_ahead_ends_it(void **state)
{
	(void)state;
	lasts(TTL - 5, 1000, TTL - 65, TTL);
	refused(TTL, 1000, HS_NO_EXPIRED);
	refused(TTL + 100, 1000, HS_NO_EXPIRED);
	assert_string_equal(why.remedy, "ask again");
}

static void
uses_are_reserved(void **state)
{
	(void)state;
	hs_session_end(&s);
	begin(3);
	want("max-ttl 900\nmax-uses 2\n\naddr *\ncmd uptime\nhost web1.example.com\nuser "
	     "deploy\n");
	assert_int_equal(issue(0, 0), HS_OK);
	assert_int_equal(out.uses, 2);
	assert_int_equal(held->uses_left, 1);
	refused(0, 0, HS_NO_USES);
	assert_non_null(strstr(why.remedy, "--uses 1 or fewer"));
	want(CHAINS_SCOPE);
	assert_int_equal(issue(0, 0), HS_OK);
	assert_int_equal(held->uses_left, 0);
	refused(0, 0, HS_NO_USES);
	assert_non_null(strstr(why.remedy, "open another"));
	hs_session_unkeep(&s, s.last_serial, held->grant.cert.serial, 1);
	assert_int_equal(issue(0, 0), HS_OK);
}

// rule3: whoever decided.
static void
rule3_never_outside_its_grant(void **state)
{
	static const char *const outside[] = {
	    "max-ttl 28801\nmax-uses 1\n\naddr *\ncmd uptime\nhost web1.example.com\nuser "
	    "deploy\n",
	    "depth 1\nmax-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost "
	    "web1.example.com\nuser deploy\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd id\nhost web1.example.com\nuser "
	    "deploy\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost web1.example.com\nuser "
	    "root\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost example.org\nuser "
	    "deploy\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost web1.example.com\nuser "
	    "deploy\n\nns git\n"};

	(void)state;
	for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
		want(outside[i]);
		refused(0, 0, HS_NO_CEILING);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(what_stands_in_it), T(its_own_length),
	    T(never_from_before_its_grant), T(a_clock_set_back_prolongs_nothing),
	    T(a_clock_set_ahead_ends_it), T(uses_are_reserved),
	    T(rule3_never_outside_its_grant)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, chains_make, NULL);
}
