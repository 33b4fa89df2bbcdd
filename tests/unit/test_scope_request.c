// SPDX-License-Identifier: ISC
//
// hs_scope_permits and hs_scope_filter: every kind of question, every reason and their
// order, questions that are none. The relation between scopes is in test_scope_under.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "proto/scope.h"

#define HEAD "depth 1\nmax-ttl 60\nmax-uses *\n\n"
#define WEB  "addr 192.0.2.0/24\naddr 2001:db8::/32\nhost web1.example.com\nuser deploy\n"

static struct hs_str
S(const char *s) {
	return hs_str_c(s);
}

static struct hs_scope *
scope(const char *text)
{
	struct hs_scope *s = NULL;
	struct hs_err err;

	assert_int_equal(hs_scope_parse(S(text), &s, &err), HS_OK);
	return s;
}

// A question about deploy on web1 from 192.0.2.7; tests change one thing.
static struct hs_request
question(enum hs_request_kind kind)
{
	static struct hs_str host;

	host = S("web1.example.com");
	return (struct hs_request){.kind = kind,
	    .user = S("deploy"),
	    .hosts = &host,
	    .nhosts = 1,
	    .addr = S("192.0.2.7")};
}

static int
ask(const char *text, struct hs_request req)
{
	struct hs_scope *s = scope(text);
	size_t statement = 99;
	int rc = hs_scope_permits(s, &req, &statement);

	assert_int_equal(hs_scope_permits(s, &req, NULL), rc);
	assert_true(rc == HS_OK ? statement < hs_scope_statements(s) : statement == 99);
	hs_scope_free(&s);
	return rc;
}

static int
ask_words(const char *text, const char *const *words, size_t n)
{
	struct hs_request req = question(HS_REQ_COMMAND);
	struct hs_str w[8];

	for (size_t i = 0; i < n; i++)
		w[i] = S(words[i]);
	req.words = w;
	req.nwords = n;
	return ask(text, req);
}

#define WORDS(text, ...)                                                                   \
	ask_words(text, (const char *const[]){__VA_ARGS__},                                \
	    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static int
ask_user(const char *text, struct hs_str user)
{
	struct hs_request req = question(HS_REQ_LOGIN);

	req.user = user;
	return ask(text, req);
}

static int
ask_addr(const char *text, const char *addr)
{
	struct hs_request req = question(HS_REQ_LOGIN);

	req.addr = S(addr);
	return ask(text, req);
}

static int
ask_value(const char *text, enum hs_request_kind kind, const char *value)
{
	struct hs_request req = question(kind);

	req.value = value != NULL ? S(value) : (struct hs_str){0};
	return ask(text, req);
}

static void
users(void **state)
{
	static const char any[] = HEAD "addr *\nhost *\nuser *\n";

	(void)state;
	assert_int_equal(ask_user(HEAD WEB, S("deploy")), HS_OK);
	assert_int_equal(ask_user(HEAD WEB, S("Deploy")), HS_NO_USER);
	assert_int_equal(ask_user(HEAD WEB, S("deplo")), HS_NO_USER);
	assert_int_equal(ask_user(HEAD WEB, S("deploy ")), HS_NO_USER);
	assert_int_equal(
	    ask_user(HEAD WEB, (struct hs_str){(const uint8_t *)"deploy\0x", 8}),
	    HS_NO_USER);
	assert_int_equal(ask_user(HEAD WEB, (struct hs_str){0}), HS_NO_USER);
	assert_int_equal(ask_user(HEAD WEB, S("*")), HS_NO_USER);
	assert_int_equal(ask_user(any, S("root")), HS_OK);
	assert_int_equal(ask_user(any, S("*")), HS_NO_USER);
	assert_int_equal(ask_user(any, (struct hs_str){0}), HS_NO_USER);
	assert_int_equal(ask_user(any, S("-oProxyCommand")), HS_NO_USER);
	assert_int_equal(ask_user(any, S("a b")), HS_NO_USER);
}

static int
ask_hosts(const char *text, const char *const *names, size_t n)
{
	struct hs_request req = question(HS_REQ_LOGIN);
	struct hs_str h[4];

	for (size_t i = 0; i < n; i++)
		h[i] = S(names[i]);
	req.hosts = n > 0 ? h : NULL;
	req.nhosts = n;
	return ask(text, req);
}

#define HOSTS(text, ...)                                                                   \
	ask_hosts(text, (const char *const[]){__VA_ARGS__},                                \
	    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void
hosts(void **state)
{
	static const char wild[] = HEAD "addr *\nhost *.example.com\nuser deploy\n";
	static const char any[] = HEAD "addr *\nhost *\nuser deploy\n";

	(void)state;
	assert_int_equal(HOSTS(HEAD WEB, "web1.example.com"), HS_OK);
	assert_int_equal(HOSTS(HEAD WEB, "db1", "web1.example.com"), HS_OK);
	assert_int_equal(HOSTS(HEAD WEB, "db1"), HS_NO_HOST);
	assert_int_equal(HOSTS(HEAD WEB, "WEB1.example.com"), HS_NO_HOST);
	assert_int_equal(HOSTS(HEAD WEB, "web1.example.com."), HS_NO_HOST);
	assert_int_equal(ask_hosts(HEAD WEB, NULL, 0), HS_NO_HOST);
	assert_int_equal(HOSTS(wild, "a.example.com"), HS_OK);
	assert_int_equal(HOSTS(wild, "a.b.example.com"), HS_OK);
	assert_int_equal(HOSTS(wild, "example.com"), HS_NO_HOST);
	assert_int_equal(HOSTS(wild, ".example.com"), HS_NO_HOST);
	assert_int_equal(HOSTS(wild, "*.example.com"), HS_NO_HOST);
	assert_int_equal(HOSTS(wild, "a_b.example.com"), HS_NO_HOST);
	assert_int_equal(HOSTS(wild, "a/../x.example.com"), HS_NO_HOST);
	assert_int_equal(HOSTS(any, "anything at all"), HS_OK);
	assert_int_equal(ask_hosts(any, NULL, 0), HS_OK);
}

static void
addresses(void **state)
{
	static const char local[] = HEAD "addr fe80::/10\nhost *\nuser deploy\n";
	static const char any[] = HEAD "addr *\nhost *\nuser deploy\n";
	static const char v4[] = HEAD "addr 0.0.0.0/0\nhost *\nuser deploy\n";
	static const char v6[] = HEAD "addr ::/0\nhost *\nuser deploy\n";
	static const char *const bad[] = {"192.0.2.256", "192.0.2", "0192.0.2.7",
	    "192.0.2.7/32", " 192.0.2.7", "localhost", "UNKNOWN", "*", "fe80::1%",
	    "fe80::1%a b", "fe80::1%a%b", "::1%lo",
	    "fe80::1%123456789012345678901234567890123", "fe80:%x",
	    "1234567890123456789012345678901234567890123456789012345678901234567"};

	(void)state;
	assert_int_equal(ask_addr(HEAD WEB, "192.0.2.255"), HS_OK);
	assert_int_equal(ask_addr(HEAD WEB, "192.0.3.0"), HS_NO_ADDR);
	assert_int_equal(ask_addr(HEAD WEB, "::ffff:192.0.2.1"), HS_OK);
	assert_int_equal(ask_addr(HEAD WEB, "::FFFF:c000:201"), HS_OK);
	assert_int_equal(ask_addr(HEAD WEB, "::192.0.2.1"), HS_NO_ADDR);
	assert_int_equal(ask_addr(HEAD WEB, "2001:DB8:0::7"), HS_OK);
	assert_int_equal(ask_addr(HEAD WEB, "2001:db9::7"), HS_NO_ADDR);
	assert_int_equal(ask_addr(v4, "::1"), HS_NO_ADDR);
	assert_int_equal(ask_addr(v4, "::ffff:9.9.9.9"), HS_OK);
	assert_int_equal(ask_addr(v6, "9.9.9.9"), HS_NO_ADDR);
	assert_int_equal(ask_addr(v6, "::ffff:9.9.9.9"), HS_NO_ADDR);
	assert_int_equal(ask_addr(local, "fe80::1"), HS_OK);
	assert_int_equal(ask_addr(local, "fe80::1%eth0"), HS_OK);
	assert_int_equal(
	    ask_addr(local, "fe80::1%12345678901234567890123456789012"), HS_OK);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(ask_addr(any, bad[i]), HS_NO_ADDR);
		assert_int_equal(ask_addr(local, bad[i]), HS_NO_ADDR);
	}
	assert_int_equal(ask_addr(any, ""), HS_OK); // not known yet
	assert_int_equal(ask_addr(v6, ""), HS_OK);
}

static void
commands(void **state)
{
	static const char some[] =
	    HEAD WEB "cmd systemctl restart web\ncmd ls -l ...\ncmd subsystem:sftp\n";
	static const char any[] = HEAD WEB "cmd *\n";
	static const char stars[] =
	    HEAD WEB "cmd '*'\ncmd ls '...'\ncmd 'subsystem:sftp'\n";

	(void)state;
	assert_int_equal(WORDS(some, "systemctl", "restart", "web"), HS_OK);
	assert_int_equal(WORDS(some, "systemctl", "restart"), HS_NO_COMMAND);
	assert_int_equal(WORDS(some, "systemctl", "restart", "web", "-f"), HS_NO_COMMAND);
	assert_int_equal(WORDS(some, "systemctl", "restart", "web "), HS_NO_COMMAND);
	assert_int_equal(WORDS(some, "systemctl restart web"), HS_NO_COMMAND);
	assert_int_equal(WORDS(some, "ls", "-l"), HS_OK);
	assert_int_equal(WORDS(some, "ls", "-l", "/", ""), HS_OK);
	assert_int_equal(WORDS(some, "ls"), HS_NO_COMMAND);
	assert_int_equal(WORDS(some, "ls", "-la"), HS_NO_COMMAND);
	assert_int_equal(WORDS(some, "subsystem:sftp"), HS_NO_COMMAND);
	assert_int_equal(ask_words(some, NULL, 0), HS_NO_COMMAND);
	assert_int_equal(WORDS(any, "rm", "-rf", "/"), HS_OK);
	assert_int_equal(ask_words(any, NULL, 0), HS_OK);
	assert_int_equal(WORDS(stars, "*"), HS_OK);
	assert_int_equal(WORDS(stars, "anything"), HS_NO_COMMAND);
	assert_int_equal(WORDS(stars, "ls", "x"), HS_NO_COMMAND);
	assert_int_equal(WORDS(stars, "ls", "..."), HS_OK);
	assert_int_equal(WORDS(stars, "subsystem:sftp"), HS_OK);
	assert_int_equal(WORDS(HEAD WEB, "id"), HS_NO_COMMAND);
}

static void
shells_and_sftp(void **state)
{
	static const struct {
		const char *text;
		int shell, read, write;
	} rows[] = {{HEAD WEB "cmd *\n", HS_NO_PTY, HS_OK, HS_OK},
	    {HEAD WEB "cmd *\npermit pty\n", HS_OK, HS_OK, HS_OK},
	    {HEAD WEB "cmd subsystem:sftp\n", HS_NO_COMMAND, HS_OK, HS_NO_COMMAND},
	    {HEAD WEB "cmd subsystem:sftp-write\n", HS_NO_COMMAND, HS_OK, HS_OK},
	    {HEAD WEB "cmd bash ...\n", HS_NO_COMMAND, HS_NO_COMMAND, HS_NO_COMMAND},
	    {HEAD WEB "cmd 'subsystem:sftp'\n", HS_NO_COMMAND, HS_NO_COMMAND,
		HS_NO_COMMAND},
	    {HEAD WEB, HS_NO_COMMAND, HS_NO_COMMAND, HS_NO_COMMAND}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hs_request req = question(HS_REQ_SFTP);

		assert_int_equal(ask(rows[i].text, question(HS_REQ_SHELL)), rows[i].shell);
		assert_int_equal(ask(rows[i].text, req), rows[i].read);
		req.write = true;
		assert_int_equal(ask(rows[i].text, req), rows[i].write);
	}
}

static void
permits(void **state)
{
	static const char pty[] = HEAD WEB "permit pty\n";
	static const char any[] = HEAD WEB "permit *\n";

	(void)state;
	for (unsigned p = 0; p < HS_PERMIT_COUNT; p++) {
		struct hs_request req = question(HS_REQ_PERMIT);

		req.permit = (enum hs_permit)p;
		assert_int_equal(ask(pty, req), p == HS_PERMIT_PTY ? HS_OK : HS_NO_OTHER);
		assert_int_equal(ask(any, req), HS_OK);
		assert_int_equal(ask(HEAD WEB, req), HS_NO_OTHER);
	}
}

static void
opens(void **state)
{
	static const char some[] = HEAD WEB "permit port-forwarding\nopen db:5432\n"
					    "open [2001:db8::1]:80\nopen 192.0.2.9:443\n";
	static const char any[] = HEAD WEB "permit *\nopen *\n";
	static const char *const bad[] = {"*", "db:*", "db", "db:0", "db:05432", "", "*:1"};

	(void)state;
	assert_int_equal(ask_value(some, HS_REQ_OPEN, "db:5432"), HS_OK);
	assert_int_equal(ask_value(some, HS_REQ_OPEN, "db:5433"), HS_NO_OTHER);
	assert_int_equal(ask_value(some, HS_REQ_OPEN, "[2001:DB8:0:0::1]:80"), HS_OK);
	assert_int_equal(ask_value(some, HS_REQ_OPEN, "2001:db8::1:80"), HS_NO_OTHER);
	assert_int_equal(ask_value(some, HS_REQ_OPEN, "192.0.2.9:443"), HS_OK);
	assert_int_equal(ask_value(any, HS_REQ_OPEN, "anywhere.example.com:1"), HS_OK);
	assert_int_equal(
	    ask_value(HEAD WEB "permit port-forwarding\n", HS_REQ_OPEN, "db:5432"),
	    HS_NO_OTHER);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(ask_value(some, HS_REQ_OPEN, bad[i]), HS_NO_OTHER);
		assert_int_equal(ask_value(any, HS_REQ_OPEN, bad[i]), HS_NO_OTHER);
	}
	assert_int_equal(ask_value(any, HS_REQ_OPEN, NULL), HS_NO_OTHER);
}

static void
namespaces_and_caps(void **state)
{
	static const char some[] = HEAD "ns git\ncap read:repo/**\ncap *:ping\n";
	static const char any[] = HEAD "ns *\ncap *:*\n";
	static const char *const bad_ns[] = {"*", "", "a b", "g*t", "git\n"};
	static const char *const bad_cap[] = {"*", "", "read", "read:", "*:ping", "read:*",
	    "read:repo/**", "read:repo//a", "read:repo/../x", "READ:repo/a",
	    "read:repo/a\n"};

	(void)state;
	assert_int_equal(ask_value(some, HS_REQ_NS, "git"), HS_OK);
	assert_int_equal(ask_value(some, HS_REQ_NS, "gitx"), HS_NO_OTHER);
	assert_int_equal(ask_value(any, HS_REQ_NS, "file"), HS_OK);
	assert_int_equal(ask_value(some, HS_REQ_CAP, "read:repo/a"), HS_OK);
	assert_int_equal(ask_value(some, HS_REQ_CAP, "read:repo/a/b"), HS_OK);
	assert_int_equal(ask_value(some, HS_REQ_CAP, "read:repo"), HS_NO_OTHER);
	assert_int_equal(ask_value(some, HS_REQ_CAP, "write:repo/a"), HS_NO_OTHER);
	assert_int_equal(ask_value(some, HS_REQ_CAP, "write:ping"), HS_OK);
	assert_int_equal(ask_value(any, HS_REQ_CAP, "x:y/z"), HS_OK);
	assert_int_equal(ask_value(HEAD WEB, HS_REQ_CAP, "x:y"), HS_NO_OTHER);
	assert_int_equal(ask_value(HEAD WEB, HS_REQ_NS, "git"), HS_NO_OTHER);
	for (size_t i = 0; i < sizeof bad_ns / sizeof bad_ns[0]; i++)
		assert_int_equal(ask_value(any, HS_REQ_NS, bad_ns[i]), HS_NO_OTHER);
	for (size_t i = 0; i < sizeof bad_cap / sizeof bad_cap[0]; i++)
		assert_int_equal(ask_value(any, HS_REQ_CAP, bad_cap[i]), HS_NO_OTHER);
	assert_int_equal(ask_value(any, HS_REQ_NS, NULL), HS_NO_OTHER);
	assert_int_equal(ask_value(any, HS_REQ_CAP, NULL), HS_NO_OTHER);
}

// A request is never put together from two statements, and the nearest one names the
// reason.
static void
one_statement_allows_all(void **state)
{
	static const char two[] =
	    HEAD "addr 10.0.0.0/8\nhost db1\nuser root\ncmd id\n\n"
		 "addr *\nhost web1.example.com\nuser deploy\ncmd uptime\n";
	static const char *const users[] = {"root", "deploy", "nobody"};
	static const int reasons[] = {HS_NO_HOST, HS_NO_COMMAND, HS_NO_USER};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct hs_request req = question(HS_REQ_COMMAND);
		struct hs_str word = S("id");

		req.user = S(users[i]);
		req.words = &word;
		req.nwords = 1;
		assert_int_equal(ask(two, req), reasons[i]);
	}
	assert_int_equal(HOSTS(two, "db1"), HS_NO_HOST);
	assert_int_equal(ask_value(two, HS_REQ_OPEN, "db:1"), HS_NO_OTHER);
	assert_int_equal(ask_user(two, S("deploy")), HS_OK);
}

static void
rule2_questions_that_are_none(void **state)
{
	static const char all[] =
	    HEAD "addr *\ncap *:*\ncmd *\nhost *\nns *\nopen *\npermit "
		 "*\nuser *\n";
	struct hs_request req;

	(void)state;
	for (unsigned kind = HS_REQ_LOGIN; kind <= HS_REQ_OPEN; kind++) {
		req = question((enum hs_request_kind)kind);
		req.value = S("db:1");
		assert_int_equal(ask(all, req), HS_OK);
		req.addr = (struct hs_str){0};
		assert_int_equal(
		    ask(all, req), kind == HS_REQ_LOGIN ? HS_OK : HS_ERR_USAGE);
	}
	req = question((enum hs_request_kind)(HS_REQ_CAP + 1));
	assert_int_equal(ask(all, req), HS_ERR_USAGE);
	req = question((enum hs_request_kind) - 1);
	assert_int_equal(ask(all, req), HS_ERR_USAGE);
	req = question(HS_REQ_PERMIT);
	req.permit = HS_PERMIT_COUNT;
	assert_int_equal(ask(all, req), HS_ERR_USAGE);
}

static void
filtered(const char *text, struct hs_request req, int want, const char *left)
{
	struct hs_scope *s = scope(text), *part = s;
	struct hs_err err = {0};

	assert_int_equal(hs_scope_filter(s, &req, &part, &err), want);
	if (want == HS_OK) {
		assert_int_equal(hs_scope_text(part).len, strlen(left));
		assert_memory_equal(hs_scope_text(part).p, left, strlen(left));
	} else {
		assert_null(part);
		assert_int_equal(err.code, want);
		assert_string_equal(err.text, hs_code_sentence((enum hs_code)want));
	}
	hs_scope_free(&part);
	hs_scope_free(&s);
}

static void
filter(void **state)
{
	static const char three[] = HEAD "addr *\nhost *.example.com\nuser deploy\n\n"
					 "addr 10.0.0.0/8\nhost *\nuser *\n\nns git\n";
	struct hs_request req = question(HS_REQ_LOGIN);

	(void)state;
	filtered(three, req, HS_OK, HEAD "addr *\nhost *.example.com\nuser deploy\n");
	req.addr = S("10.0.0.1");
	filtered(three, req, HS_OK,
	    HEAD "addr *\nhost *.example.com\nuser deploy\n\n"
		 "addr 10.0.0.0/8\nhost *\nuser *\n");
	req.user = S("root");
	filtered(three, req, HS_OK, HEAD "addr 10.0.0.0/8\nhost *\nuser *\n");
	req.addr = S("192.0.2.1");
	filtered(three, req, HS_NO_ADDR, NULL);
	req.addr = (struct hs_str){0};
	filtered(three, req, HS_OK, HEAD "addr 10.0.0.0/8\nhost *\nuser *\n");
	filtered(HEAD "ns git\n", req, HS_NO_USER, NULL);
	filtered(HEAD WEB, req, HS_NO_USER, NULL);
	req = question(HS_REQ_LOGIN);
	req.nhosts = 0;
	filtered(HEAD WEB, req, HS_NO_HOST, NULL);
	req = question(HS_REQ_LOGIN);
	req.addr = S("nonsense");
	filtered(three, req, HS_NO_ADDR, NULL);
	filtered("max-ttl 1\nmax-uses 3\n\n" WEB, question(HS_REQ_LOGIN), HS_OK,
	    "max-ttl 1\nmax-uses 3\n\n" WEB);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(users), cmocka_unit_test(hosts),
	    cmocka_unit_test(addresses), cmocka_unit_test(commands),
	    cmocka_unit_test(shells_and_sftp), cmocka_unit_test(permits),
	    cmocka_unit_test(opens), cmocka_unit_test(namespaces_and_caps),
	    cmocka_unit_test(one_statement_allows_all),
	    cmocka_unit_test(rule2_questions_that_are_none), cmocka_unit_test(filter)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
