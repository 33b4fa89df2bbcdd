// SPDX-License-Identifier: ISC
//
// The chain check, second half: a certificate inside its grant in every key, and what is
// asked inside the certificate. Rightly signed all: what a daemon gone wrong could make.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "tests/lib/tried.h"

// ---- child inside parent

static void
rule3_inside_its_grant(void **state)
{
	static const uint64_t lineage[] = {1, 2};
	struct tried t = tried_right();

	(void)state;
	t.grant.payload.end = t.cert.valid_before - 1;
	assert_int_equal(tried_chain(&t), HS_NO_WIDER);
	t = tried_right();
	t.grant.valid_after = t.cert.valid_after + 1;
	assert_int_equal(tried_chain(&t), HS_NO_WIDER);
	t = tried_right();
	t.grant.payload.scope =
	    chains_str("max-ttl 28800\nmax-uses *\n\naddr *\ncmd *\nhost *\nuser deploy\n");
	assert_int_equal(tried_chain(&t), HS_NO_WIDER); // no pty there
	t = tried_right();
	t.cert.lineage = lineage;
	t.cert.nlineage = 2;
	t.cert.serial = 3;
	assert_int_equal(tried_chain(&t), HS_NO_WIDER);
	t.grant.payload.scope = chains_str("depth 1\n" CHAINS_CEILING);
	assert_int_equal(tried_chain(&t), HS_NO_WIDER);
	t.grant.payload.scope = chains_str("depth 2\n" CHAINS_CEILING);
	assert_int_equal(tried_chain(&t), HS_OK);
	t.scope = "depth 1\n" CHAINS_SCOPE;
	assert_int_equal(tried_chain(&t), HS_NO_WIDER);
	t.cert.nlineage = 1;
	assert_int_equal(tried_chain(&t), HS_OK);
}

// One value more than the ceiling, in each key of the language and each number of the head.
static void
rule3_in_every_key(void **state)
{
	static const char *const wider[] = {"max-ttl 28801\nmax-uses 1\n\naddr *\ncmd "
					    "uptime\nhost a.example.com\nuser deploy\n",
	    "depth 1\nmax-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost "
	    "a.example.com\nuser "
	    "deploy\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd id\nhost a.example.com\nuser deploy\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime ...\nhost a.example.com\nuser "
	    "deploy\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd *\nhost a.example.com\nuser deploy\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd subsystem:sftp\nhost "
	    "a.example.com\nuser "
	    "deploy\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost example.com\nuser "
	    "deploy\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost *\nuser deploy\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost a.example.com\nuser "
	    "root\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost a.example.com\nuser *\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost a.example.com\npermit "
	    "user-rc\nuser deploy\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost a.example.com\npermit "
	    "*\nuser "
	    "deploy\n",
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd uptime\nhost a.example.com\nopen "
	    "h:22\npermit port-forwarding\nuser deploy\n",
	    "max-ttl 900\nmax-uses 1\n\nns git\n",
	    "max-ttl 900\nmax-uses 1\n\ncap read:x\n", CHAINS_SCOPE "\nns git\n"};

	(void)state;
	for (size_t i = 0; i < sizeof wider / sizeof wider[0]; i++) {
		struct tried t = tried_right();

		t.scope = wider[i];
		if (tried_chain(&t) != HS_NO_WIDER)
			fail_msg("not found wider:\n%s", wider[i]);
	}
}

// ---- what is asked

static void
rule2_what_is_asked(void **state)
{
	struct hs_str words[] = {chains_str("uptime"), chains_str("-p")};
	struct tried t = tried_right();

	(void)state;
	t.req.user = chains_str("web");
	assert_int_equal(tried_chain(&t), HS_NO_USER);
	t.req.user = chains_str("root");
	assert_int_equal(tried_chain(&t), HS_NO_USER_ROOT);
	t.req.user = chains_str("");
	assert_int_equal(tried_chain(&t), HS_NO_USER_ROOT);
	t = tried_right();
	t.options[0] = '\0'; // no users: nobody
	assert_int_equal(tried_chain(&t), HS_NO_USER_ROOT);
	t = tried_right();
	t.conf = "HostName web2.example.com\n";
	assert_int_equal(tried_chain(&t), HS_NO_HOST);
	t.conf = "";
	assert_int_equal(tried_chain(&t), HS_NO_HOST);
	t.conf = "HostName a.example.org\nHostName web1.example.com\n";
	assert_int_equal(tried_chain(&t), HS_OK);
	t = tried_right();
	t.req.addr = chains_str("198.51.100.1");
	assert_int_equal(tried_chain(&t), HS_NO_ADDR);
	t.req.addr = chains_str("192.0.2.1");
	t.req.kind = HS_REQ_COMMAND;
	t.req.words = words;
	t.req.nwords = 1;
	assert_int_equal(tried_chain(&t), HS_OK);
	t.req.nwords = 2;
	assert_int_equal(tried_chain(&t), HS_NO_COMMAND);
	t.req.kind = HS_REQ_SHELL;
	assert_int_equal(tried_chain(&t), HS_NO_COMMAND);
	t.req.kind = HS_REQ_PERMIT;
	t.req.permit = HS_PERMIT_PTY;
	assert_int_equal(tried_chain(&t), HS_OK);
	t.req.permit = HS_PERMIT_PORT;
	assert_int_equal(tried_chain(&t), HS_NO_OTHER);
}

// Of a capability the root's line says something too; of a namespace who reads the message.
static void
rule2_what_is_no_login(void **state)
{
	struct tried t = tried_right();

	(void)state;
	t.req = (struct hs_request){.kind = HS_REQ_NS, .value = chains_str("git")};
	assert_int_equal(tried_chain(&t), HS_NO_OTHER);
	t.grant.payload.scope = chains_str(CHAINS_CEILING "\ncap read:x\nns git\n");
	t.scope = CHAINS_SCOPE "\ncap read:x\nns git\n";
	assert_int_equal(tried_chain(&t), HS_OK);
	t.req = (struct hs_request){.kind = HS_REQ_CAP, .value = chains_str("read:x")};
	assert_int_equal(tried_chain(&t), HS_NO_CAP_ROOT);
	snprintf(t.options, sizeof t.options, "caps=\"read:y\",users=\"*,root\"");
	assert_int_equal(tried_chain(&t), HS_NO_CAP_ROOT);
	snprintf(t.options, sizeof t.options, "caps=\"read:*\"");
	assert_int_equal(tried_chain(&t), HS_OK);
	t.req.value = chains_str("read:y");
	assert_int_equal(tried_chain(&t), HS_NO_OTHER);
}

// Whatever the caller says of hosts, the server's own names count.
static void
rule2_hosts_are_the_servers(void **state)
{
	struct hs_str lie = chains_str("web1.example.com");
	struct tried t = tried_right();

	(void)state;
	t.conf = "HostName other.example.com\n";
	t.req.hosts = &lie;
	t.req.nhosts = 1;
	assert_int_equal(tried_chain(&t), HS_NO_HOST);
}

static void
only_matching_statements_come_out(void **state)
{
	struct tried t = tried_right();
	struct hs_verdict v;

	(void)state;
	t.grant.payload.scope =
	    chains_str("max-ttl 28800\nmax-uses *\n\naddr *\ncmd *\nhost *\nuser *\n");
	t.scope =
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd *\nhost *\nuser root\n\naddr *\ncmd "
	    "id\nhost *\nuser deploy\n\naddr *\ncmd uptime\nhost web2.example.com\nuser "
	    "deploy\n";
	assert_int_equal(tried_judge_chain(&t, &v), HS_OK);
	assert_true(hs_str_is(hs_scope_text(v.effective),
	    "max-ttl 900\nmax-uses 1\n\naddr *\ncmd id\nhost *\nuser deploy\n"));
	hs_verdict_free(&v);
}

static void
other_kinds(void **state)
{
	struct tried t = tried_right();
	struct hs_buf grant = {0};
	struct hs_verdict v;

	(void)state;
	chains_put_grant(&grant, &t.grant, &chains.root, 1);
	assert_int_equal(tried_judge(&t, hs_buf_str(&grant), &v), HS_NO_GRANT_LOGIN);
	hs_verdict_free(&v);
	assert_int_equal(tried_judge(&t, chains_str("nonsense"), &v), HS_NO_CERT_FORM);
	hs_verdict_free(&v);
	assert_int_equal(tried_judge(&t, (struct hs_str){0}, &v), HS_NO_CERT_FORM);
	hs_verdict_free(&v);
	hs_buf_free(&grant);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule3_inside_its_grant),
	    cmocka_unit_test(rule3_in_every_key),
	    cmocka_unit_test(rule2_what_is_asked),
	    cmocka_unit_test(rule2_what_is_no_login),
	    cmocka_unit_test(rule2_hosts_are_the_servers),
	    cmocka_unit_test(only_matching_statements_come_out),
	    cmocka_unit_test(other_kinds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("chain inside", tests, chains_make, NULL);
}
