// SPDX-License-Identifier: ISC
//
// Lines of an sshd's log: those that tell of a login by key, with anything in front, and
// those that only look so.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "client/handseal/sshdlog.h"

#define P1    "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define P2    "SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define LOGIN "Accepted publickey for deploy from 192.0.2.7 port 50022 ssh2: "
#define CERT  LOGIN "ED25519-CERT " P1 " ID "
#define OURS  CERT "handseal:0123456789abcdef:7:claude (serial 7) CA ED25519 " P2

static struct hs_sshdlog l;

static int
parse(const char *s)
{
	return hs_sshdlog_parse(hs_str_c(s), &l);
}

static void
a_login_by_our_certificate(void **state)
{
	static const char *const lines[] = {OURS, OURS "\n", OURS "\r\n",
	    "Nov 26 12:00:00 web1 sshd[71]: " OURS,
	    "2026-11-26T12:00:00.5+01:00 h sshd-session[1]: " OURS,
	    "Thu 2026-11-26 12:00:00 UTC web1 ssh.service[71]: " OURS,
	    "<86>1 2026-11-26T12:00:00Z web1 sshd 71 - - " OURS, "    MESSAGE=" OURS};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		assert_int_equal(parse(lines[i]), HS_OK);
		assert_true(hs_str_is(l.user, "deploy") && hs_str_is(l.addr, "192.0.2.7"));
		assert_true(l.port == 50022 && l.certificate && l.serial == 7);
		assert_true(hs_str_is(l.fingerprint, P1) && hs_str_is(l.ca, P2));
		assert_true(l.ours && !l.direct && hs_str_is(l.agent, "claude") &&
			    hs_str_is(l.session, "0123456789abcdef"));
	}
	assert_int_equal(
	    parse(CERT "handseal:direct:9:ci (serial 9) CA ED25519-SK " P2), HS_OK);
	assert_true(l.ours && l.direct && l.serial == 9);
}

static void
other_logins(void **state)
{
	(void)state;
	assert_int_equal(parse(LOGIN "ED25519 " P1), HS_OK);
	assert_true(!l.certificate && !l.ours && hs_str_is(l.fingerprint, P1));
	assert_int_equal(parse(CERT "somebody (else) (serial 0) CA RSA " P2), HS_OK);
	assert_true(l.certificate && !l.ours && hs_str_is(l.id, "somebody (else)"));
	assert_int_equal(
	    parse(CERT "x (serial 1) CA RSA y (serial 2) CA ED25519 " P2), HS_OK);
	assert_true(l.serial == 2 && hs_str_is(l.id, "x (serial 1) CA RSA y"));
	// an id that is not the certificate's own
	assert_int_equal(
	    parse(CERT "handseal:0123456789abcdef:7:claude (serial 8) CA ED25519 " P2),
	    HS_OK);
	assert_false(l.ours);
	assert_int_equal(
	    parse(CERT "handseal:0123456789abcde:7:claude (serial 7) CA ED25519 " P2),
	    HS_OK);
	assert_false(l.ours);
	assert_int_equal(
	    parse(CERT "handseal:0123456789abcdef:7:Cl (serial 7) CA ED25519 " P2), HS_OK);
	assert_false(l.ours);
}

static void
logins_without_a_key(void **state)
{
	static const char *const lines[] = {
	    "Accepted password for a from 2001:db8::7 port 1 ssh2",
	    "Nov 26 12:00:00 web1 sshd[71]: Accepted keyboard-interactive/pam for a from "
	    "2001:db8::7 port 1 ssh2\n",
	    "web1 sshd[71]: Accepted hostbased for a from 2001:db8::7 port 1 ssh2: "
	    "ED25519 " P1 ", client user \"u\", client host \"h\""};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		assert_int_equal(parse(lines[i]), HS_OK);
		assert_true(l.keyless && !l.ours && hs_str_is(l.user, "a"));
		assert_true(hs_str_is(l.addr, "2001:db8::7"));
	}
	assert_int_equal(
	    parse("Accepted password for a from b port x ssh2"), HS_ERR_FORMAT);
	assert_int_equal(parse(OURS), HS_OK);
	assert_false(l.keyless);
}

static void
rule10_no_logins(void **state)
{
	static const char *const none[] = {"",
	    "Failed publickey for a from b port 1 ssh2: ED25519 " P1,
	    "Accepted publickey for", "Accepted key ED25519 " P1 " found at f:1",
	    "Accepted certificate ID \"Accepted publickey for a from b port 1 ssh2\"",
	    "sshd[1]: Invalid user Accepted password for a from b port 1 ssh2",
	    "Accepted rubbish for a from b port 1 ssh2",
	    // a command that looks like a login
	    "Nov 26 18:11:00 web1 handseal-shell[160]: deploy: runs: echo " LOGIN
	    "ED25519 " P1,
	    "Nov 26 18:11:00 web1 handseal-shell[160]: deploy: runs: " OURS,
	    "handseal-verify[7]: refused: " OURS,
	    // why somebody disconnects, in their own words, who need no certificate for it
	    "Nov 26 12:00:00 web1 sshd[71]: Received disconnect from 192.0.2.7 port "
	    "50022:11: " OURS,
	    "web1 sshd[71]: Received disconnect from 2001:db8::a port 50022:11: "
	    "sshd[1]: " OURS,
	    "Received disconnect from 192.0.2.7 port 50022:11: " OURS,
	    "<86>1 2026-11-26T12:00:00Z web1 sshd 71 - - Received disconnect from "
	    "192.0.2.7 "
	    "port 50022:11: " OURS,
	    "error: Received disconnect from 192.0.2.7 port 50022:3: " OURS,
	    // names of no user, and what an administrator looked for
	    "Nov 26 12:00:00 web1 sshd[71]: Invalid user Accepted publickey for a from "
	    "192.0.2.7 port 50022",
	    "Invalid user Accepted publickey for a from 192.0.2.7 port 50022",
	    "web1 sshd[71]: Failed none for invalid user : Accepted publickey for a from "
	    "192.0.2.7 port 50022 ssh2",
	    "Nov 26 12:00:00 web1 sudo:    alice : TTY=pts/0 ; PWD=/ ; USER=root ; "
	    "COMMAND=/usr/bin/grep Accepted publickey for /var/log/auth.log"};
	static const char *const bad[] = {"Accepted publickey for ",
	    "Accepted publickey for a from b",
	    "Accepted publickey for a from b port x ssh2: ED25519 " P1,
	    "Accepted publickey for a from b port 70000 ssh2: ED25519 " P1, LOGIN,
	    LOGIN "ED25519", LOGIN "ED25519 SHA256:short", LOGIN "ED25519 " P1 "x",
	    LOGIN "ED25519-CERT " P1, CERT, CERT "x", CERT "x (serial 1)",
	    CERT "x (serial 1) CA ED25519", CERT "x (serial 1) CA ED25519 y",
	    CERT "x (serial) CA ED25519 " P2, CERT "x (serial -1) CA ED25519 " P2,
	    CERT "x (serial 18446744073709551616) CA ED25519 " P2, OURS "x",
	    "{\"MESSAGE\": \"" OURS "\"}", "\t\"MESSAGE\" : \"" OURS "\","};
	static char longer[HS_SSHDLOG_LINE_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_int_equal(parse(none[i]), HS_NO_SUCH);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (parse(bad[i]) != HS_ERR_FORMAT)
			fail_msg("%s", bad[i]);
	assert_int_equal(
	    hs_sshdlog_parse((struct hs_str){(uint8_t *)longer, sizeof longer}, &l),
	    HS_NO_SUCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_login_by_our_certificate),
	    cmocka_unit_test(other_logins), cmocka_unit_test(logins_without_a_key),
	    cmocka_unit_test(rule10_no_logins)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
