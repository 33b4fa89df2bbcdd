// SPDX-License-Identifier: ISC
//
// Goal of this test: a terminal, and the namespace of a proof, are asked about with the
// rest, of one statement. What else hs_scope_permits says is in test_scope_request.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "proto/scope.h"

#define HEAD "depth 1\nmax-ttl 60\nmax-uses *\n\n"
#define S    hs_str_c

static int
ask(const char *text, struct hs_request req)
{
	struct hs_scope *s = NULL;
	int rc;

	assert_int_equal(hs_scope_parse(S(text), &s, NULL), HS_OK);
	rc = hs_scope_permits(s, &req, NULL);
	hs_scope_free(&s);
	return rc;
}

static struct hs_request
question(enum hs_request_kind kind)
{
	return (struct hs_request){
	    .kind = kind, .user = S("deploy"), .addr = S("192.0.2.7")};
}

// A terminal is the same statement's affair as the command.
static void
terminals(void **state)
{
	static const char two[] = HEAD "addr *\ncmd id\nhost *\nuser deploy\n\n"
				       "addr *\ncmd top\nhost *\npermit pty\nuser deploy\n";
	static const enum hs_request_kind kinds[] = {HS_REQ_COMMAND, HS_REQ_SFTP};
	struct hs_request req = question(HS_REQ_COMMAND);
	struct hs_str id = S("id"), top = S("top");

	(void)state;
	req.nwords = 1;
	req.words = &id;
	assert_int_equal(ask(two, req), HS_OK);
	req.pty = true;
	assert_int_equal(ask(two, req), HS_NO_PTY);
	req.words = &top;
	assert_int_equal(ask(two, req), HS_OK);
	req.words = &(struct hs_str){(const uint8_t *)"w", 1};
	assert_int_equal(ask(two, req), HS_NO_COMMAND);
	for (size_t i = 0; i < 2; i++) {
		req = question(kinds[i]);
		req.words = &id;
		req.nwords = 1;
		req.pty = true;
		assert_int_equal(
		    ask(HEAD "addr *\ncmd *\nhost *\nuser deploy\n", req), HS_NO_PTY);
		assert_int_equal(
		    ask(HEAD "addr *\ncmd *\nhost *\npermit *\nuser deploy\n", req), HS_OK);
	}
	req = question(HS_REQ_LOGIN); // asks for none
	req.pty = true;
	assert_int_equal(ask(two, req), HS_OK);
}

// An interactive shell is for people, who have one; what pipes into it can name a command.
static void
shells(void **state)
{
	static const char apart[] =
	    HEAD "addr *\ncmd *\nhost *\nuser deploy\n\n"
		 "addr *\ncmd top\nhost *\npermit pty\nuser deploy\n";
	struct hs_request req = question(HS_REQ_SHELL);

	(void)state;
	for (int pty = 0; pty < 2; pty++) {
		req.pty = pty != 0;
		assert_int_equal(
		    ask(HEAD "addr *\ncmd *\nhost *\nuser deploy\n", req), HS_NO_PTY);
		assert_int_equal(ask(apart, req), HS_NO_PTY);
		assert_int_equal(
		    ask(HEAD "addr *\ncmd top\nhost *\npermit pty\nuser deploy\n", req),
		    HS_NO_COMMAND);
		assert_int_equal(
		    ask(HEAD "addr *\ncmd *\nhost *\npermit pty\nuser deploy\n", req),
		    HS_OK);
		assert_int_equal(
		    ask(HEAD "addr *\ncmd *\nhost *\npermit *\nuser deploy\n", req), HS_OK);
	}
}

// So is the namespace that who asks was proven in.
static void
proven_in(void **state)
{
	static const char two[] = HEAD "cap read:x\nns a@b\n\ncap read:y\nns c@d\n";
	struct hs_request req = {.kind = HS_REQ_CAP, .value = S("read:x")};

	(void)state;
	assert_int_equal(ask(two, req), HS_OK);
	req.ns = S("a@b");
	assert_int_equal(ask(two, req), HS_OK);
	req.ns = S("c@d");
	assert_int_equal(ask(two, req), HS_NO_OTHER);
	req.value = S("read:y");
	assert_int_equal(ask(two, req), HS_OK);
	req = question(HS_REQ_LOGIN);
	req.ns = S("a@b");
	assert_int_equal(
	    ask(HEAD "addr *\nhost *\nuser deploy\n\nns *\n", req), HS_NO_OTHER);
	assert_int_equal(ask(HEAD "addr *\nhost *\nns *\nuser deploy\n", req), HS_OK);
	req.user = S("other");
	assert_int_equal(ask(HEAD "addr *\nhost *\nns *\nuser deploy\n", req), HS_NO_USER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(terminals),
	    cmocka_unit_test(shells), cmocka_unit_test(proven_in)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
