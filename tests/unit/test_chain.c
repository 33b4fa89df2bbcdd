// SPDX-License-Identifier: ISC
//
// The chain check: a chain that is right in everything, then who signed it and when, each
// condition of docs/PROTOCOL.certs "Checking" broken by itself, in the page's order. The
// rest of them is in test_chain_inside.c, malformed bytes in test_delegation.c, the printed
// line in test_chain_line.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "tests/lib/tried.h"

// ---- the right one

static void
admitted(void **state)
{
	struct tried t = tried_right();
	struct hs_verdict v;

	(void)state;
	assert_int_equal(tried_judge_chain(&t, &v), HS_OK);
	assert_false(v.direct);
	assert_true(hs_key_eq(&v.root->key, &chains.root.key));
	assert_int_equal(v.touch.flags, 0x01);
	assert_int_equal(v.touch.counter, 7);
	assert_int_equal(v.end, CHAINS_MADE + 1500);
	assert_true(hs_str_is(hs_scope_text(v.effective), CHAINS_SCOPE));
	assert_true(hs_str_is(v.delegation.agent, "claude"));
	hs_verdict_free(&v);
	t.req.addr = chains_str("192.0.2.9");
	assert_int_equal(tried_chain(&t), HS_OK);
	t.asked = false;
	assert_int_equal(tried_chain(&t), HS_OK);
	t = tried_right();
	t.root = &chains.ecdsa_root;
	t.grant.root = &chains.ecdsa_root.key;
	assert_int_equal(tried_chain(&t), HS_OK);
}

static void
admitted_direct(void **state)
{
	struct tried t = tried_right();

	(void)state;
	snprintf(t.options, sizeof t.options, "direct,users=\"deploy,web\"");
	assert_int_equal(tried_direct(&t), HS_OK);
	t.req.user = chains_str("web");
	assert_int_equal(tried_direct(&t), HS_OK);
	t.req.user = chains_str("other");
	assert_int_equal(tried_direct(&t), HS_NO_USER_ROOT);
	snprintf(t.options, sizeof t.options, "direct,users=\"*\"");
	assert_int_equal(tried_direct(&t), HS_NO_USER);
}

// Where it was asked for changes no verdict, and is told with it.
static void
origin_is_handed_on(void **state)
{
	struct tried t = tried_right();
	struct hs_verdict v;

	(void)state;
	for (unsigned o = HS_ORIGIN_LOCAL; o <= HS_ORIGIN_OPAQUE; o++) {
		t.cert.origin = (enum hs_origin)o;
		assert_int_equal(tried_judge_chain(&t, &v), HS_OK);
		assert_int_equal(v.delegation.origin, o);
		hs_verdict_free(&v);
	}
}

// ---- who signed

static void
wrong_link_and_roots(void **state)
{
	struct tried t = tried_right();

	(void)state;
	// a session key that no root endorsed carries somebody else's grant
	t.session = &chains.other_session;
	t.cert.session_key = &chains.other_session.key;
	assert_int_equal(tried_chain(&t), HS_NO_LINK);
	t = tried_right();
	t.root = &chains.other_root;
	t.grant.root = &chains.other_root.key;
	assert_int_equal(tried_chain(&t), HS_NO_ROOT_UNKNOWN);
	t = tried_right();
	t.session = &chains.other_session;
	assert_int_equal(tried_chain(&t), HS_NO_SIG_CERT);
	t = tried_right();
	t.root = &chains.other_root;
	assert_int_equal(tried_chain(&t), HS_NO_SIG_GRANT);
}

static void
rule1_flags_of_the_root(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		struct tried t = tried_right();

		t.flags = (uint8_t)flags;
		assert_int_equal(
		    tried_chain(&t), flags == 1 || flags == 5 ? HS_OK : HS_NO_TOUCH);
		snprintf(t.options, sizeof t.options, "direct,users=\"deploy\"");
		assert_int_equal(
		    tried_direct(&t), flags == 1 || flags == 5 ? HS_OK : HS_NO_TOUCH);
	}
}

static void
verification_where_asked(void **state)
{
	struct tried t = tried_right();

	(void)state;
	snprintf(t.options, sizeof t.options, "require-uv,users=\"deploy\"");
	assert_int_equal(tried_chain(&t), HS_NO_UV);
	t.flags = 0x05;
	assert_int_equal(tried_chain(&t), HS_OK);
	t = tried_right();
	t.conf = "HostName web1.example.com\nRequireUV yes\n";
	assert_int_equal(tried_chain(&t), HS_NO_UV);
	t.flags = 0x05;
	assert_int_equal(tried_chain(&t), HS_OK);
	snprintf(t.options, sizeof t.options, "direct,require-uv,users=\"deploy\"");
	assert_int_equal(tried_direct(&t), HS_OK);
	t.flags = 0x01;
	assert_int_equal(tried_direct(&t), HS_NO_UV);
}

static void
direct_only_where_said(void **state)
{
	struct tried t = tried_right();

	(void)state;
	assert_int_equal(tried_direct(&t), HS_NO_ROOT_DIRECT);
	t.root = &chains.other_root;
	t.direct.root = &chains.other_root.key;
	assert_int_equal(tried_direct(&t), HS_NO_ROOT_UNKNOWN);
	t = tried_right();
	snprintf(t.options, sizeof t.options, "direct,users=\"deploy\"");
	t.root = &chains.other_root;
	assert_int_equal(tried_direct(&t), HS_NO_SIG_CERT);
}

// ---- when

static void
times(void **state)
{
	struct tried t = tried_right();

	(void)state;
	t.now = t.cert.valid_after - 1;
	assert_int_equal(tried_chain(&t), HS_NO_NOT_YET);
	t.now++;
	assert_int_equal(tried_chain(&t), HS_OK);
	t.now = t.cert.valid_before - 1;
	assert_int_equal(tried_chain(&t), HS_OK);
	t.now++;
	assert_int_equal(tried_chain(&t), HS_NO_EXPIRED);
	t.now = 0;
	assert_int_equal(tried_chain(&t), HS_NO_NOT_YET);
	t.now = UINT64_MAX;
	assert_int_equal(tried_chain(&t), HS_NO_EXPIRED);
	t = tried_right();
	t.grant.payload.end =
	    TRIED_NOW - 1; // the grant ended, the certificate says it did not
	assert_int_equal(tried_chain(&t), HS_NO_EXPIRED);
	t = tried_right();
	t.grant.valid_after = TRIED_NOW + 1;
	assert_int_equal(tried_chain(&t), HS_NO_NOT_YET);
	t = tried_right();
	snprintf(t.options, sizeof t.options, "direct,users=\"deploy\"");
	t.now = t.direct.payload.end;
	assert_int_equal(tried_direct(&t), HS_NO_EXPIRED);
	t.now = t.direct.valid_after - 1;
	assert_int_equal(tried_direct(&t), HS_NO_NOT_YET);
}

static void
lengths(void **state)
{
	struct tried t = tried_right();

	(void)state;
	t.grant.payload.end = t.grant.valid_after + 60 + HS_MAX_GRANT;
	assert_int_equal(tried_chain(&t), HS_OK);
	t.grant.payload.end++;
	assert_int_equal(tried_chain(&t), HS_NO_TOO_LONG_LIVED);
	snprintf(t.options, sizeof t.options, "users=\"deploy\",max-grant=86401");
	assert_int_equal(
	    tried_chain(&t), HS_OK); // the root's line stands in for the server's
	t = tried_right();
	t.cert.valid_before++; // longer than its own max-ttl
	assert_int_equal(tried_chain(&t), HS_NO_TOO_LONG_LIVED);
	t = tried_right();
	t.conf = "HostName web1.example.com\nMaxDelegation 15m\nMaxGrant 4h\n";
	assert_int_equal(tried_chain(&t), HS_OK);
	t.conf = "HostName web1.example.com\nMaxDelegation 899\n";
	assert_int_equal(tried_chain(&t), HS_NO_TOO_LONG_LIVED);
	snprintf(t.options, sizeof t.options, "users=\"deploy\",max-delegation=900");
	assert_int_equal(tried_chain(&t), HS_OK);
	t.conf = "HostName web1.example.com\nMaxGrant 3h\n";
	assert_int_equal(tried_chain(&t), HS_NO_TOO_LONG_LIVED);
	t = tried_right();
	snprintf(t.options, sizeof t.options, "direct,users=\"deploy\",max-grant=899");
	assert_int_equal(tried_direct(&t), HS_NO_TOO_LONG_LIVED);
	snprintf(t.options, sizeof t.options, "direct,users=\"deploy\",max-delegation=899");
	assert_int_equal(tried_direct(&t), HS_NO_TOO_LONG_LIVED);
	snprintf(t.options, sizeof t.options, "direct,users=\"deploy\"");
	t.direct.payload.end++;
	assert_int_equal(tried_direct(&t), HS_NO_TOO_LONG_LIVED); // its max-ttl
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(admitted),
	    cmocka_unit_test(admitted_direct),
	    cmocka_unit_test(origin_is_handed_on),
	    cmocka_unit_test(wrong_link_and_roots),
	    cmocka_unit_test(rule1_flags_of_the_root),
	    cmocka_unit_test(verification_where_asked),
	    cmocka_unit_test(direct_only_where_said),
	    cmocka_unit_test(times),
	    cmocka_unit_test(lengths),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("chain", tests, chains_make, NULL);
}
