// SPDX-License-Identifier: ISC
//
// Goal of this test: handseal-shell lets through exactly what one statement of the scope
// permits (rule3, rule9).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "client/verify/shell.h"

#define HEAD	 "max-ttl 900\nmax-uses *\n\n"
#define FROM_ANY "192.0.2.14 50000 192.0.2.1 22"

static struct hs_scope *scope;
static struct hs_shell_arg arg;

static void
use(const char *text)
{
	struct hs_err err = {0};

	hs_scope_free(&scope);
	if (hs_scope_parse(hs_str_c(text), &scope, &err) != HS_OK)
		fail_msg("%u:%u: %s", err.line, err.column, hs_err_sentence(&err));
	arg = (struct hs_shell_arg){.end = 1000, .grant_end = 2000, .id = hs_str_c("id")};
	arg.scope = hs_scope_text(scope);
}

static struct hs_shell_ask
asking(const char *command)
{
	return (struct hs_shell_ask){.arg = &arg,
	    .now = 999,
	    .user = "deploy",
	    .addr = FROM_ANY,
	    .command = command};
}

static int
decide(const struct hs_shell_ask *ask)
{
	struct hs_shell_run run;
	struct hs_err err = {0};
	int rc = hs_shell_decide(ask, &run, &err);

	assert_int_equal(rc, err.code);
	hs_shell_run_free(&run);
	return rc;
}

static void
expect(const char *command, int code)
{
	struct hs_shell_ask ask = asking(command);
	int rc = decide(&ask);

	if (rc != code)
		fail_msg("%s: %s", command != NULL ? command : "(shell)",
		    hs_code_name((enum hs_code)rc));
}

static void
commands(void **state)
{
	(void)state;
	use(HEAD "addr *\ncmd systemctl restart web\ncmd logger ...\ncmd ls '*'\nhost *\n"
		 "user deploy\n");
	expect("systemctl restart web", HS_OK);
	expect("  systemctl\trestart   'web' ", HS_OK);
	expect("logger", HS_OK);
	expect("logger -t x 'a; b'", HS_OK);
	expect("logger *", HS_NO_COMMAND); // a shell would expand it, and there is none
	expect("logger '*'", HS_OK);
	expect("logger 'a\033b'", HS_NO_COMMAND);
	expect("logger 'a\342\200\256b'", HS_NO_COMMAND); // text turned around
	expect("logger '\377'", HS_NO_COMMAND);
	expect("ls '*'", HS_OK);
	expect("ls *", HS_NO_COMMAND);
	expect("systemctl restart", HS_NO_COMMAND);
	expect("systemctl restart web web", HS_NO_COMMAND);
	expect("systemctl restart web2", HS_NO_COMMAND);
	expect("systemctl restart web; id", HS_NO_COMMAND);
	expect("logger $(id)", HS_NO_COMMAND);
	expect("logger `id`", HS_NO_COMMAND);
	expect("logger \"$HOME\"", HS_NO_COMMAND);
	expect("logger a\nid", HS_NO_COMMAND);
	expect("logger 'a", HS_NO_COMMAND);
	expect("A=1 logger", HS_NO_COMMAND);
	expect("", HS_NO_COMMAND);
	expect("   ", HS_NO_COMMAND);
	expect("''", HS_NO_COMMAND);
	expect(NULL, HS_NO_COMMAND);
	expect("internal-sftp", HS_NO_COMMAND);
}

static void
long_commands(void **state)
{
	char *big = malloc(HS_COMMAND_BYTES_MAX + 2);

	(void)state;
	assert_non_null(big);
	use(HEAD "addr *\ncmd logger ...\nhost *\nuser *\n");
	memset(big, 'a', HS_COMMAND_BYTES_MAX + 1);
	memcpy(big, "logger ", 7);
	big[HS_COMMAND_BYTES_MAX + 1] = '\0';
	expect(big, HS_NO_COMMAND);
	big[HS_COMMAND_BYTES_MAX] = '\0';
	expect(big, HS_OK);
	for (size_t i = 6; i < 6 + 2 * HS_COMMAND_WORDS_MAX; i += 2)
		memcpy(big + i, " a", 3);
	expect(big, HS_NO_COMMAND);
	free(big);
}

static void
times(void **state)
{
	struct hs_shell_ask ask = asking("id");

	(void)state;
	use(HEAD "addr *\ncmd id\nhost *\nuser *\n");
	assert_int_equal(decide(&ask), HS_OK);
	ask.now = 1000;
	assert_int_equal(decide(&ask), HS_NO_EXPIRED);
	arg.end = 3000;
	ask.now = 1999;
	assert_int_equal(decide(&ask), HS_OK);
	ask.now = 2000;
	assert_int_equal(decide(&ask), HS_NO_EXPIRED);
	ask.now = UINT64_MAX;
	assert_int_equal(decide(&ask), HS_NO_EXPIRED);
}

static void
rule3_one_statement_permits_all_of_it(void **state)
{
	struct hs_shell_ask ask;

	(void)state;
	use(HEAD "addr 192.0.2.0/24\ncmd id\nhost web1.example.com\nuser deploy\n"
		 "\naddr 198.51.100.0/24\ncmd top\nhost *.example.com\npermit pty\nuser *\n"
		 "\naddr *\ncmd date\nhost *\nuser other\n");
	expect("id", HS_OK);
	expect("top", HS_NO_COMMAND);  // its statement is for another network
	expect("date", HS_NO_COMMAND); // and this one for another user
	ask = asking("id");
	ask.addr = "198.51.100.7 1 192.0.2.1 22";
	assert_int_equal(decide(&ask), HS_NO_COMMAND);
	ask.command = "top";
	assert_int_equal(decide(&ask), HS_OK);
	ask.pty = true;
	assert_int_equal(decide(&ask), HS_OK);
	ask = asking("id");
	ask.pty = true; // the other statement's terminal does not help
	assert_int_equal(decide(&ask), HS_NO_PTY);
	ask = asking("id");
	ask.user = "other";
	assert_int_equal(decide(&ask), HS_NO_COMMAND);
	ask.command = "date";
	assert_int_equal(decide(&ask), HS_OK);
}

static void
addresses(void **state)
{
	struct hs_shell_ask ask = asking("id");

	(void)state;
	use(HEAD "addr 2001:db8::/32\naddr 192.0.2.14/32\ncmd id\nhost *\nuser deploy\n");
	assert_int_equal(decide(&ask), HS_OK);
	ask.addr = "2001:db8::1 1 2001:db8::2 22";
	assert_int_equal(decide(&ask), HS_OK);
	ask.addr = "2001:db8::1%eth0 1 2001:db8::2 22";
	assert_int_equal(decide(&ask), HS_OK);
	ask.addr = "192.0.2.15 1 192.0.2.1 22";
	assert_int_equal(decide(&ask), HS_NO_ADDR);
	ask.addr = "UNKNOWN 65535 UNKNOWN 65535";
	assert_int_not_equal(decide(&ask), HS_OK);
	ask.addr = "";
	assert_int_not_equal(decide(&ask), HS_OK);
	ask.addr = NULL;
	assert_int_equal(decide(&ask), HS_NO_ADDR);
}

static void
sftp(void **state)
{
	static const char *const lines[] = {"internal-sftp", "/usr/lib/openssh/sftp-server",
	    "internal-sftp -l INFO", "/usr/lib/sftp-server -f AUTH",
	    "internal-sftp -R -e -lINFO -u 077 -d /srv -P remove,rename -p 'open,read'"};
	static const char *const unknown[] = {"internal-sftp -c",
	    "internal-sftp -Q requests", "internal-sftp -h", "internal-sftp -Rc",
	    "internal-sftp -l", "internal-sftp -", "internal-sftp --", "internal-sftp ''",
	    "internal-sftp id", "internal-sftp -R id"};
	struct hs_shell_run run;
	struct hs_shell_ask ask;

	(void)state;
	use(HEAD "addr *\ncmd subsystem:sftp\nhost *\nuser *\n");
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		ask = asking(lines[i]);
		assert_int_equal(hs_shell_decide(&ask, &run, NULL), HS_OK);
		assert_int_equal(run.command.kind, HS_REQ_SFTP);
		assert_false(run.sftp_write);
		hs_shell_run_free(&run);
	}
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
		expect(unknown[i], HS_NO_COMMAND);
	expect("/tmp/sftp-server", HS_NO_COMMAND);
	expect("internal-sftp; id", HS_NO_COMMAND);
	use(HEAD "addr *\ncmd subsystem:sftp-write\nhost *\nuser *\n");
	ask = asking("internal-sftp");
	assert_int_equal(hs_shell_decide(&ask, &run, NULL), HS_OK);
	assert_true(run.sftp_write);
	hs_shell_run_free(&run);
	expect("subsystem:sftp", HS_NO_COMMAND);
}

static void
shells(void **state)
{
	struct hs_shell_ask ask = asking(NULL);

	(void)state;
	use(HEAD "addr *\ncmd *\nhost *\nuser *\n");
	expect(NULL, HS_NO_PTY); // on no terminal either
	expect("anything at all", HS_OK);
	expect("any; thing", HS_OK);
	expect("", HS_OK); // no command is another thing than an empty one
	ask.pty = true;
	assert_int_equal(decide(&ask), HS_NO_PTY);
	ask.command = "any; thing";
	assert_int_equal(decide(&ask), HS_NO_PTY);
	use(HEAD "addr *\ncmd *\nhost *\npermit pty\nuser *\n");
	expect(NULL, HS_OK);
	assert_int_equal(decide(&ask), HS_OK);
	ask.command = NULL;
	assert_int_equal(decide(&ask), HS_OK);
	use(HEAD "addr *\ncmd id ...\nhost *\npermit pty\nuser *\n");
	expect(NULL, HS_NO_COMMAND);
	// nor do two statements make one
	use(HEAD "addr *\ncmd *\nhost *\nuser *\n\naddr *\ncmd id\nhost *\npermit "
		 "pty\nuser *\n");
	expect(NULL, HS_NO_PTY);
	// one statement allows anything, from elsewhere
	use(HEAD "addr 10.0.0.0/8\ncmd *\nhost *\nuser *\n\naddr *\ncmd id\nhost "
		 "*\nuser *\n");
	expect("id", HS_OK);
	expect("id; id", HS_NO_COMMAND);
}

// Whoever may run anything gets what sshd would do; of the rest each word counts.
static void
by_the_login_shell(void **state)
{
	static const char *const texts[] = {"id", "id; id", "echo $HOME", "", "'", "a\nb"};
	struct hs_shell_run run;
	struct hs_shell_ask ask;

	(void)state;
	use(HEAD
	    "addr *\ncmd *\nhost *\nuser *\n\naddr *\ncmd id\nhost *\npermit pty\nuser "
	    "*\n");
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		ask = asking(texts[i]);
		assert_int_equal(hs_shell_decide(&ask, &run, NULL), HS_OK);
		assert_ptr_equal(run.by_shell, texts[i]);
		hs_shell_run_free(&run);
	}
	ask = asking("id");
	ask.pty = true; // only the other statement has a terminal
	assert_int_equal(hs_shell_decide(&ask, &run, NULL), HS_OK);
	assert_true(run.by_shell == NULL && run.command.kind == HS_REQ_COMMAND);
	hs_shell_run_free(&run);
	ask = asking("internal-sftp");
	assert_int_equal(hs_shell_decide(&ask, &run, NULL), HS_OK);
	assert_true(run.by_shell == NULL && run.command.kind == HS_REQ_SFTP);
	assert_true(run.sftp_write);
	hs_shell_run_free(&run);
}

static void
draining(void **state)
{
	struct hs_shell_ask ask = asking("id");
	struct hs_shell_run run;

	(void)state;
	use(HEAD "addr *\ncmd id\nhost *\nuser *\n");
	assert_int_equal(hs_shell_decide(&ask, &run, NULL), HS_OK);
	assert_false(run.drains);
	hs_shell_run_free(&run);
	use("on-end drain\n" HEAD "addr *\ncmd id\nhost *\nuser *\n");
	assert_int_equal(hs_shell_decide(&ask, &run, NULL), HS_OK);
	assert_true(run.drains);
	hs_shell_run_free(&run);
	ask.now = 2000; // but nothing new starts
	assert_int_equal(decide(&ask), HS_NO_EXPIRED);
}

static void
rule2_no_scope(void **state)
{
	struct hs_shell_ask ask = asking("id");

	(void)state;
	use(HEAD "addr *\ncmd *\nhost *\nuser *\n");
	arg.scope = hs_str_c("");
	assert_int_equal(decide(&ask), HS_ERR_SCOPE);
	arg.scope = hs_str_c("max-ttl 900\nmax-uses *\n");
	assert_int_not_equal(decide(&ask), HS_OK);
	arg.scope = hs_str_c("user *\naddr *\ncmd *\nhost *\n\n" HEAD);
	assert_int_not_equal(decide(&ask), HS_OK);
}

static void
allowed_is_told(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	use(HEAD "addr *\ncmd date\ncmd id\nhost *\nuser *\n\naddr *\ncmd top\nhost "
		 "*\nuser x\n");
	hs_shell_put_allowed(&b, &arg, "- ");
	hs_put_u8(&b, 0);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	assert_non_null(strstr((const char *)b.p, "- date\n- id\n"));
	assert_non_null(strstr((const char *)b.p, "- top\n"));
	hs_buf_free(&b);
	arg.scope = hs_str_c("nonsense");
	hs_shell_put_allowed(&b, &arg, "- ");
	assert_int_equal(b.len, 0);
	hs_buf_free(&b);
}

static int
forget(void **state)
{
	(void)state;
	hs_scope_free(&scope);
	return 0;
}

// What the argument says of the certificate, for looking up whether it was revoked.
static void
rule10_subject(void **state)
{
	static const char *const bad[] = {"", "handseal:", "handseal:20259320c16a21ad",
	    "handseal:20259320c16a21ad:", "handseal:20259320c16a21ad:7",
	    "handseal:20259320c16a21ad::a", "handseal:20259320c16a21ad:x:a",
	    "handseal:20259320c16a21aD:7:a", "handseal:20259320c16a21a:7:a",
	    "handseal:20259320c16a21add:7:a", "Handseal:20259320c16a21ad:7:a",
	    "handseal:20259320c16a21ad 7:a", "handseal:direct:18364758544493064720:claude"};
	static const uint8_t lineage[16] = {[7] = 2, [15] = 5};
	struct hs_shell_arg a = {.made = 9,
	    .id = hs_str_c("handseal:20259320c16a21ad:7:claude"),
	    .lineage = {lineage, sizeof lineage}};
	struct hs_list_subject s;
	struct hs_buf session = {0};
	struct hs_key key;

	(void)state;
	assert_int_equal(hs_shell_subject(&a, &s), HS_ERR_FORMAT); // no session key
	hs_put_str(&session, hs_str_c("ssh-ed25519"));
	hs_put_str(&session, hs_str_c("the thirty-two bytes of that key"));
	a.session = hs_buf_str(&session);
	assert_int_equal(hs_shell_subject(&a, &s), HS_OK);
	assert_int_equal(hs_key_parse(a.session, &key), HS_OK);
	assert_true(hs_key_eq(&s.session_key, &key));
	assert_string_equal(s.session, "20259320c16a21ad");
	assert_true(s.serial == 7 && s.made == 9 && s.nlineage == 2);
	assert_true(s.lineage[0] == 2 && s.lineage[1] == 5);
	a.lineage.len = 15;
	assert_int_equal(hs_shell_subject(&a, &s), HS_ERR_FORMAT);
	a.lineage.len = 0;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		a.id = hs_str_c(bad[i]);
		if (hs_shell_subject(&a, &s) == HS_OK)
			fail_msg("taken: %s", bad[i]);
	}
	hs_buf_free(&session);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(commands),
	    cmocka_unit_test(long_commands),
	    cmocka_unit_test(times),
	    cmocka_unit_test(rule3_one_statement_permits_all_of_it),
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(sftp),
	    cmocka_unit_test(shells),
	    cmocka_unit_test(by_the_login_shell),
	    cmocka_unit_test(draining),
	    cmocka_unit_test(rule2_no_scope),
	    cmocka_unit_test(allowed_is_told),
	    cmocka_unit_test(rule10_subject),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, forget);
}
