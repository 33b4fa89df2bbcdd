// SPDX-License-Identifier: ISC
//
// Goal of this test: the line that sshd gets allows no more than the scope does (rule2,
// rule3), and nothing that a certificate holds can stand in it (rule10). The examples of
// docs/PROTOCOL.server are re-created byte by byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/chain.h"
#include "proto/names.h"
#include "proto/text.h"
#include "tests/lib/page.h"

#define HEAD  "max-ttl 900\nmax-uses *\n"
#define SHELL "/usr/libexec/handseal-shell"
#define ID    "handseal:7c2e000000000000:1:claude"

static struct hs_server_conf plain = {.nhostnames = 1}, ports = {.port_forwarding = true};
static struct hs_root root;
static struct hs_option forced = {.name = {(const uint8_t *)"force-command", 13}};
static struct hs_verdict v;

static void
make_key(struct hs_key *k, enum hs_key_type type, uint8_t first)
{
	uint8_t seed[32], secret[64];

	for (unsigned i = 0; i < 32; i++)
		seed[i] = (uint8_t)(first + i);
	*k = (struct hs_key){.type = type, .publen = 32};
	assert_int_equal(crypto_sign_ed25519_seed_keypair(k->pub, secret, seed), 0);
	if (type == HS_KT_SK_ED25519)
		memcpy(k->application, HS_APPLICATION, sizeof HS_APPLICATION);
}

// An admitted login with these statements.
static void
admitted(const char *statements)
{
	struct hs_buf text = {0};
	struct hs_err err = {0};

	hs_scope_free(&v.effective);
	memset(&v, 0, sizeof v);
	hs_put_fmt(&text, HEAD "%s", statements);
	if (hs_scope_parse(hs_buf_str(&text), &v.effective, &err) != HS_OK)
		fail_msg("%u:%u: %s", err.line, err.column, hs_err_sentence(&err));
	hs_buf_free(&text);
	make_key(&root.key, HS_KT_SK_ED25519, 0x40);
	make_key(&v.delegation.grant.cert.key, HS_KT_ED25519, 0x20);
	v.root = &root;
	v.delegation.cert.valid_after = 1795485540;
	v.delegation.cert.valid_before = 1795486500;
	v.delegation.grant.payload.end = 1795514400;
	v.delegation.cert.key_id = hs_str_c(ID);
}

static void
direct(const char *statements, bool forces)
{
	admitted(statements);
	v.direct = true;
	v.direct_cert.cert.critical.n = forces ? 1 : 0;
	v.direct_cert.cert.critical.v[0] = forced;
}

static char *
text_of(struct hs_buf *b)
{
	hs_put_u8(b, 0);
	assert_int_equal(hs_buf_err(b), HS_OK);
	assert_int_equal(strlen((char *)b->p), b->len - 1);
	return (char *)b->p;
}

// The options of the line, without the parts that every line has and without the argument.
static void
expect(const struct hs_server_conf *server, const char *options)
{
	struct hs_buf b = {0}, want = {0}, key = {0};
	struct hs_err err = {0};
	const char *line, *arg;

	if (hs_chain_put_line(&b, &v, server, SHELL, &err) != HS_OK)
		fail_msg("%s", hs_err_sentence(&err));
	line = text_of(&b);
	hs_put_fmt(&want, "restrict,cert-authority,principals=\":handseal\"%s", options);
	arg = strstr(options, "command=");
	if (arg != NULL) {
		struct hs_buf raw = {0}, blob = {0}, session = {0};
		struct hs_shell_arg a = {.end = 1795486500,
		    .grant_end = 1795514400,
		    .id = hs_str_c(ID),
		    .scope = hs_scope_text(v.effective),
		    .made = 1795485600};

		hs_key_put(&blob, &root.key);
		a.root = hs_buf_str(&blob);
		hs_key_put(&session, &v.delegation.grant.cert.key);
		a.session = hs_buf_str(&session);
		hs_shell_arg_put(&raw, &a);
		hs_put_fmt(&want, SHELL " ");
		hs_text_put_base64url(&want, hs_buf_str(&raw));
		hs_put_u8(&want, '"');
		hs_buf_free(&raw);
		hs_buf_free(&blob);
		hs_buf_free(&session);
	}
	hs_key_put_line(&key, &v.delegation.grant.cert.key);
	hs_put_fmt(&want, " %s\n", text_of(&key));
	assert_string_equal(line, text_of(&want));
	hs_buf_free(&b);
	hs_buf_free(&want);
	hs_buf_free(&key);
}

// What must be refused leaves the buffer as it was.
static void
refused(const char *shell, enum hs_code code)
{
	struct hs_buf b = {0};
	struct hs_err err = {0};

	hs_put_fmt(&b, "before");
	assert_int_equal(hs_chain_put_line(&b, &v, &ports, shell, &err), code);
	assert_int_equal(err.code, code);
	assert_int_equal(b.len, 6);
	hs_buf_free(&b);
}

// ---- the page

static void
example(const char *name, struct hs_buf *out)
{
	if (!hs_page_example("PROTOCOL.server", name, out))
		fail_msg("no example %s", name);
}

static void
is_example(const char *name, const struct hs_server_conf *server, const char *statements)
{
	struct hs_buf want = {0}, got = {0}, scope = {0};
	char part[64];

	snprintf(part, sizeof part, "%s-scope", name);
	example(part, &scope);
	assert_string_equal(text_of(&scope), statements);
	example(name, &want);
	assert_int_equal(hs_chain_put_line(&got, &v, server, SHELL, NULL), HS_OK);
	assert_string_equal(text_of(&got), text_of(&want));
	hs_buf_free(&want);
	hs_buf_free(&got);
	hs_buf_free(&scope);
}

#define FORCED                                                                             \
	"addr 192.0.2.0/24\ncmd uptime\nhost web1.example.com\npermit pty\nuser deploy\n"
#define FREE                                                                               \
	"addr *\ncmd *\nhost *\nopen [2001:db8::5]:443\nopen db.example.com:5432\n"        \
	"permit *\nuser deploy\n"
#define DIRECT "addr 192.0.2.0/24\ncmd uptime\nhost *\nuser deploy\n"

static void
page_lines(void **state)
{
	(void)state;
	admitted("\n" FORCED);
	is_example("forced", &plain, FORCED);
	admitted("\n" FREE);
	is_example("free", &ports, FREE);
	direct("\n" DIRECT, true);
	is_example("direct", &plain, DIRECT);
}

// ---- from=

#define ON     "\nhost *\nuser *\n"
#define AT     ON "cmd id\n"
#define AT_ANY ON "cmd *\naddr *\n"

static void
from(void **state)
{
	(void)state;
	admitted(AT "addr *\n");
	expect(&plain, ",command=\"");
	admitted(AT "addr 192.0.2.0/24\naddr 2001:db8::/32\n");
	expect(&plain, ",from=\"192.0.2.0/24,2001:db8::/32\",command=\"");
	admitted(AT "addr 0.0.0.0/0\n");
	expect(&plain, ",from=\"0.0.0.0/0\",command=\"");
	// the union; handseal-shell asks each statement again
	admitted(AT "addr 192.0.2.0/24\naddr 198.51.100.7/32\n" ON
		    "cmd top\naddr 192.0.2.0/24\naddr ::1/128\npermit pty\n");
	expect(&plain, ",from=\"192.0.2.0/24,198.51.100.7/32,::1/128\",pty,command=\"");
	admitted(AT "addr 192.0.2.0/24\n" ON "cmd top\naddr *\npermit pty\n");
	expect(&plain, ",pty,command=\"");
}

// ---- permits

static void
permits_of_one_statement(void **state)
{
	static const char *const names[] = {
	    "agent-forwarding", "pty", "user-rc", "x11-forwarding"};
	char statements[128], options[64];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(statements, sizeof statements, AT "addr *\npermit %s\n", names[i]);
		snprintf(options, sizeof options, ",%s,command=\"", names[i]);
		admitted(statements);
		expect(&plain, options);
		snprintf(statements, sizeof statements, AT_ANY "permit %s\n", names[i]);
		admitted(statements);
		expect(&plain, options);
	}
	admitted(AT_ANY "permit *\n");
	expect(&plain, ",agent-forwarding,pty,user-rc,x11-forwarding,command=\"");
}

static void
rule3_permits_of_some_statement(void **state)
{
	(void)state;
	// only the terminal is asked for again by handseal-shell
	admitted(AT "addr *\n" ON
		    "addr *\ncmd top\npermit agent-forwarding\npermit pty\npermit user-rc\n"
		    "permit x11-forwarding\n");
	expect(&plain, ",pty,command=\"");
	admitted(AT "addr *\npermit user-rc\n" ON "addr *\ncmd top\npermit *\n");
	expect(&plain, ",pty,user-rc,command=\"");
	admitted("\nhost a\nuser *\ncmd *\naddr *\n\nhost b\nuser *\ncmd *\naddr *\npermit "
		 "pty\n");
	expect(&plain, ",pty,command=\"");
	admitted(
	    "\nhost *\nuser *\ncmd *\naddr ::/0\n" ON "cmd *\naddr 0.0.0.0/0\npermit *\n");
	expect(&plain, ",from=\"0.0.0.0/0,::/0\",pty,command=\"");
}

// ---- command=

static void
command_always(void **state)
{
	static const char *const checked[] = {"cmd id\n", "cmd '*'\n", "cmd id ...\n",
	    "cmd subsystem:sftp\n", "cmd subsystem:sftp-write\n", ""};
	char statements[128];

	(void)state;
	admitted(AT_ANY); // what runs is ended, whatever it is
	expect(&plain, ",command=\"");
	for (size_t i = 0; i < sizeof checked / sizeof checked[0]; i++) {
		snprintf(statements, sizeof statements, "\nhost *\nuser *\naddr *\n%s",
		    checked[i]);
		admitted(statements);
		expect(&plain, ",command=\"");
		snprintf(statements, sizeof statements,
		    AT_ANY "\nhost *\nuser *\naddr 192.0.2.1/32\npermit pty\n%s",
		    checked[i]);
		admitted(statements);
		expect(&plain, ",pty,command=\"");
	}
}

// ---- port forwarding

#define LISTEN ",permitlisten=\"NOWHERE:1\""

static void
rule2_ports_need_the_owner_too(void **state)
{
	(void)state;
	admitted(AT_ANY "permit port-forwarding\nopen a:1\n");
	expect(&plain, ",command=\"");
	expect(&ports, ",port-forwarding,permitopen=\"a:1\"" LISTEN ",command=\"");
	admitted(AT_ANY "permit port-forwarding\nopen *\n");
	expect(&ports, ",port-forwarding,permitopen=\"*:*\"" LISTEN ",command=\"");
	admitted(AT_ANY "permit port-forwarding\nopen [::1]:80\nopen 192.0.2.1:65535\n");
	expect(&ports, ",port-forwarding,permitopen=\"192.0.2.1:65535\",permitopen=\"[::1]:"
		       "80\"" LISTEN ",command=\"");
	admitted(AT_ANY "permit port-forwarding\n"); // a permit to open nothing
	expect(&ports, ",command=\"");
}

#define TOP ON "cmd top\naddr *\n"

static void
rule3_ports_of_every_statement(void **state)
{
	(void)state;
	admitted(AT "addr *\npermit *\nopen a:1\nopen b:2\nopen c:3\n" TOP
		    "permit port-forwarding\nopen b:2\nopen c:3\nopen d:4\n");
	expect(&ports, ",port-forwarding,permitopen=\"b:2\",permitopen=\"c:3\"" LISTEN
		       ",pty,command=\"");
	admitted(AT "addr *\npermit port-forwarding\nopen *\n" TOP
		    "permit port-forwarding\nopen b:2\n");
	expect(&ports, ",port-forwarding,permitopen=\"b:2\"" LISTEN ",command=\"");
	admitted(AT "addr *\npermit port-forwarding\nopen a:1\n" TOP
		    "permit port-forwarding\nopen b:2\n");
	expect(&ports, ",command=\"");
	admitted(
	    AT "addr *\npermit port-forwarding\nopen a:1\n" TOP "permit port-forwarding\n");
	expect(&ports, ",command=\"");
	admitted(AT "addr *\npermit port-forwarding\nopen a:1\n" TOP);
	expect(&ports, ",command=\"");
}

// ---- direct certificates

static void
direct_certificates(void **state)
{
	struct hs_buf b = {0}, want = {0};
	struct hs_err err = {0};

	(void)state;
	// sshd itself looks for the login among the principals, and forces the command
	direct(AT "addr 192.0.2.0/24\npermit pty\n", true);
	assert_int_equal(hs_chain_put_line(&b, &v, &ports, SHELL, &err), HS_OK);
	hs_put_fmt(&want, "restrict,cert-authority,from=\"192.0.2.0/24\",pty ");
	hs_key_put_line(&want, &root.key);
	hs_put_u8(&want, '\n');
	assert_string_equal(text_of(&b), text_of(&want));
	hs_buf_free(&b);
	hs_buf_free(&want);
	direct(AT "addr *\n", false);
	refused(SHELL, HS_NO_CERT_FORM);
	direct(AT_ANY, false);
	assert_int_equal(hs_chain_put_line(&b, &v, &ports, SHELL, &err), HS_OK);
	hs_buf_free(&b);
}

// ---- what has no line

static void
rule2_only_for_the_admitted(void **state)
{
	(void)state;
	admitted(AT_ANY);
	v.code = HS_NO_EXPIRED;
	refused(SHELL, HS_ERR_INTERNAL);
	admitted(AT_ANY);
	v.root = NULL;
	refused(SHELL, HS_ERR_INTERNAL);
	admitted(AT_ANY);
	hs_scope_free(&v.effective);
	refused(SHELL, HS_ERR_INTERNAL);
}

// A scope for something other than logins has no address that could stand in from=.
static void
rule2_no_address_is_not_any(void **state)
{
	(void)state;
	admitted("\ncap read:repo\n");
	refused(SHELL, HS_ERR_INTERNAL);
	admitted("\nns git\n");
	refused(SHELL, HS_ERR_INTERNAL);
}

static void
rule10_paths(void **state)
{
	static const char *const bad[] = {NULL, "", "handseal-shell", "./x", "/a b",
	    "/a\"b", "/a\\b", "/a\nb", "/a;b", "/a$b", "/a'b", "/a,b", "/\xc3\xa4", "/a*"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		admitted(AT "addr *\n");
		refused(bad[i], HS_ERR_USAGE);
		admitted(AT_ANY);
		refused(bad[i], HS_ERR_USAGE);
	}
}

static void
rule10_ids(void **state)
{
	char id[HS_KEY_ID_MAX + 2];

	(void)state;
	admitted(AT "addr *\n");
	memset(id, 'i', sizeof id);
	id[sizeof id - 1] = '\0';
	v.delegation.cert.key_id = hs_str_c(id);
	refused(SHELL, HS_ERR_TOO_LONG);
	v.delegation.cert.key_id = hs_str_c("a\" b\nssh-ed25519 AAAA");
	refused(SHELL, HS_ERR_FORMAT);
}

static void
a_buffer_that_has_failed(void **state)
{
	struct hs_buf b = {.err = HS_ERR_NOMEM};
	struct hs_err err = {0};

	(void)state;
	admitted(AT_ANY);
	assert_int_equal(hs_chain_put_line(&b, &v, &plain, SHELL, &err), HS_ERR_NOMEM);
	assert_int_equal(err.code, HS_ERR_NOMEM);
	b = (struct hs_buf){0};
	assert_non_null(hs_put_space(&b, HS_BUF_MAX - 3));
	assert_int_equal(hs_chain_put_line(&b, &v, &plain, SHELL, &err), HS_ERR_TOO_LONG);
	hs_buf_free(&b);
}

static int
forget(void **state)
{
	(void)state;
	hs_scope_free(&v.effective);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(page_lines),
	    cmocka_unit_test(from),
	    cmocka_unit_test(permits_of_one_statement),
	    cmocka_unit_test(rule3_permits_of_some_statement),
	    cmocka_unit_test(command_always),
	    cmocka_unit_test(rule2_ports_need_the_owner_too),
	    cmocka_unit_test(rule3_ports_of_every_statement),
	    cmocka_unit_test(direct_certificates),
	    cmocka_unit_test(rule2_only_for_the_admitted),
	    cmocka_unit_test(rule2_no_address_is_not_any),
	    cmocka_unit_test(rule10_paths),
	    cmocka_unit_test(rule10_ids),
	    cmocka_unit_test(a_buffer_that_has_failed),
	};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, forget);
}
