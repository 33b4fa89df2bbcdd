// SPDX-License-Identifier: ISC
//
// The warnings: each line that means more than it looks is warned of at its place, what
// looks alike is not, and where there is an error none is told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/policy.h"

static struct hs_policy policy;
static struct hs_buf told;
static size_t errors;

static void
keep(void *arg, enum hs_policy_note_kind kind, const struct hs_err *err)
{
	(void)arg;
	errors += kind == HS_POLICY_ERROR;
	if (kind == HS_POLICY_WARNING)
		hs_put_fmt(&told, "%u:%u: %s\n", err->line, err->column, err->text);
}

static int
parse(const char *text)
{
	int rc;

	hs_policy_free(&policy);
	hs_buf_reset(&told);
	errors = 0;
	rc = hs_policy_parse(hs_str_c(text), false, &policy, keep, NULL);
	hs_put_u8(&told, 0);
	return rc;
}

#define HEAD  "Scope a\nTouch always\nMaxTTL 1m\nMaxUses *\n"
#define LOGIN HEAD "User u\nHost h\nAddr *\n"
#define SECLUDED                                                                           \
	"8:5: `rsync` with -s is told by the client what to do, whatever else stands "     \
	"here: it reads and writes any file of the user, and -e runs any command\n"
#define RISKY                                                                              \
	"1:1: one touch opens `a` for a session, with what is warned of in it: `Touch "    \
	"always` costs a touch each time\n"

static const struct {
	const char *text, *told;
} rows[] = {
    {"Forwarded grant", "1:11: what is open is given silently to any program of a host "
			"that the main socket is forwarded to\n"},
    {"Forwarded ask", ""},
    {LOGIN "Cmd *", "8:5: `Cmd *` is every command, and a shell\n"},
    {LOGIN "Cmd '*'", ""},
    {LOGIN "Cmd subsystem:sftp", ""},
    {LOGIN "Cmd subsystem:sftp-write",
	"8:5: subsystem:sftp-write can write "
	"~/.ssh/authorized_keys, and so outlast every end\n"},
    {LOGIN "Cmd find /srv ...",
	"8:5: `find ...` can run anything: -exec runs any command, -delete deletes\n"},
    {LOGIN "Cmd find /srv", ""},
    {LOGIN "Cmd find /srv '...'", ""},
    {LOGIN "Cmd findx ...", ""},
    {LOGIN "Cmd echo find ...", ""},
    {LOGIN "Cmd /usr/bin/find ...",
	"8:5: `find ...` can run anything: -exec runs any command, -delete deletes\n"},
    {LOGIN "Cmd rsync --server ...",
	"8:5: `rsync ...` can run anything: it reads and writes any file of the user, and "
	"-e runs any command\n"},
    {LOGIN "Cmd rsync --server --sender -slogDtpre.iLsfxCIvu . /srv", SECLUDED},
    {LOGIN "Cmd /usr/bin/rsync --server --secluded-args -tre.iLsfxCIvu", SECLUDED},
    {LOGIN "Cmd rsync --server --protect-args . /srv", SECLUDED},
    {LOGIN "Cmd rsync --server --sender -logDtpre.iLsfxCIvu . /srv", ""},
    {LOGIN "Cmd rsync --server --sender --size-only -re.s . /srv/-s", ""},
    {LOGIN "Cmd rsync -as /srv /backup", ""},
    {LOGIN "Cmd python3.11 ...",
	"8:5: `python ...` can run anything: -c runs any program\n"},
    {LOGIN "Cmd sudo ...",
	"8:5: `sudo ...` can run anything: it runs the command behind it, as root\n"},
    {LOGIN "Cmd bash", "8:5: `bash` alone runs whatever it is sent\n"},
    {LOGIN "Cmd bash -c id", ""},
    {LOGIN "Cmd env", ""},
    {LOGIN "Cmd tee ...", "8:5: `tee ...` can write any file of the user: "
			  "~/.ssh/authorized_keys too\n"},
    {LOGIN "Cmd tee", ""},
    {LOGIN "Cmd cat ...", "8:5: `cat ...` can read any file of the user: secrets too\n"},
    {LOGIN "Cmd systemctl restart web\nCmd journalctl -u web ...", ""},
    {LOGIN "Open *\nPermit port-forwarding",
	"8:6: `Open *` is a tunnel to whatever the server can reach\n"},
    {LOGIN "Permit *", "8:8: `Permit *` is every forwarding, the agent's too\n"},
    {LOGIN "Permit pty port-forwarding", "8:12: port-forwarding without Open allows no "
					 "destination: write `Open HOST:PORT`\n"},
    {LOGIN "Permit port-forwarding\nOpen db:1", ""},
    {LOGIN "Permit port-forwarding\nStatement\nUser u\nHost h\nAddr *\nPermit "
	   "port-forwarding\nOpen db:1",
	"8:8: port-forwarding without Open allows no destination: write `Open "
	"HOST:PORT`\n"},
    {LOGIN "Permit agent-forwarding",
	"8:8: with agent-forwarding the server can use every key in the agent\n"},
    {HEAD "User *\nHost h\nAddr *", "5:6: `User *` is every login name, root too\n"},
    {HEAD "User *\nHost *\nAddr *",
	"5:6: `User *` is every login name, root too\n6:6: `Host *` with root is root on "
	"every server that trusts the key\n"},
    {HEAD "User u root\nHost *.x *\nAddr *",
	"6:10: `Host *` with root is root on every server that trusts the key\n"},
    {HEAD "User u\nHost *\nAddr *", ""},
    {HEAD "User root\nHost *.x\nAddr *", ""},
    {HEAD "User u\nHost *\nAddr *\nStatement\nUser root\nHost h\nAddr *", ""},
    // Touch session
    {LOGIN "Cmd id ...", ""},
    {"Scope a\nMaxTTL 1m\nMaxUses 1\nUser u\nHost h\nAddr *\nCmd *",
	RISKY "7:5: `Cmd *` is every command, and a shell\n"},
    {"Scope a\nMaxTTL 1m\nMaxUses 1\nUser u\nHost h\nAddr *\nCmd sh",
	RISKY "7:5: `sh` alone runs whatever it is sent\n"},
    {"Scope a\nMaxTTL 1m\nMaxUses 1\nUser root\nHost *\nAddr *",
	RISKY "5:6: `Host *` with root is root on every server that trusts the key\n"},
    {"Scope a\nMaxTTL 1m\nMaxUses 1\nUser u\nHost h\nAddr *\nCmd cat ...",
	"7:5: `cat ...` can read any file of the user: secrets too\n"},
    // how long
    {"Scope a\nMaxTTL 8h\nMaxUses *\nNs a", ""},
    {"Scope a\nMaxTTL 9h\nMaxUses 5\nNs a", ""},
    {"Scope a\nMaxTTL 9h\nMaxUses *\nNs a",
	"1:1: `MaxUses *` with a MaxTTL over 8h: one certificate logs in for that long, "
	"and servers refuse it unless their MaxDelegation says so\n"},
    // agents
    {"Agent a\n Scope *",
	"1:1: `Scope *`: `a` may ask for whatever a touch allows, and has "
	"all of a session's ceiling\n"},
    {"Agent unknown\n Scope *", ""},
    {"Agent b\nAgent unknown\n Scope *",
	"2:1: `Scope *`: who gives no name may ask for anything, so the lists of the other "
	"agents hold nobody back\n"},
    // dead scopes
    {"Deny user root\nScope a\nMaxTTL 1m\nMaxUses 1\nUser u root\nHost h\nAddr *",
	"2:1: `a` is refused as it stands, by `Deny user root` in line 1\n"},
    {"Deny ns git\nScope a\nMaxTTL 1m\nMaxUses 1\nNs *",
	"2:1: `a` is refused as it stands, by `Deny ns git` in line 1\n"},
    {"Deny ns git\nScope a\nMaxTTL 1m\nMaxUses 1\nNs file", ""},
    {"Escalate deny\nScope a\nMaxTTL 1m\nMaxUses 1\nNs file\nTouch always",
	"2:1: `a` costs a touch each time, and `Escalate deny` refuses that\n"},
    {LOGIN "Cmd id\nTrust direct",
	"1:1: `a` says Trust direct, and is refused as it stands: a stock server cannot "
	"enforce this scope: it does not know its own names: only `host *` is\n"},
    {LOGIN "Cmd id\nTrust chain", ""},
    {HEAD "User u\nHost *\nAddr *\nCmd id\nTrust direct", ""},
};

static void
warnings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].text), HS_OK);
		assert_int_equal(errors, 0);
		if (strcmp((const char *)told.p, rows[i].told) != 0)
			fail_msg("row %zu, %s\n%s", i, rows[i].text, (const char *)told.p);
	}
}

static void
none_beside_an_error(void **state)
{
	(void)state;
	assert_int_equal(parse(LOGIN "Cmd *\nNonsense\n"), HS_ERR_CONFIG);
	assert_int_equal(errors, 1);
	assert_string_equal((const char *)told.p, "");
}

static void
more_than_are_told(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	hs_put_fmt(&b, LOGIN);
	for (int i = 0; i < 102; i++)
		hs_put_fmt(&b, "Cmd find %d ...\n", i);
	hs_put_u8(&b, 0);
	assert_int_equal(parse((const char *)b.p), HS_OK);
	assert_non_null(strstr((const char *)told.p, "\n0:0: there are 2 more warnings\n"));
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(warnings),
	    cmocka_unit_test(none_beside_an_error), cmocka_unit_test(more_than_are_told)};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	hs_policy_free(&policy);
	hs_buf_free(&told);
	return failed;
}
