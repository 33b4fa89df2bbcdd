// SPDX-License-Identifier: ISC
//
// What a prompt shows of a scope, a time and a span. Every value of a scope must stand in
// the text, since the text is what a touch signs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "proto/describe.h"

#define HEAD "max-ttl 900\nmax-uses *\n\n"
#define TAIL                                                                               \
	"any number of certificates, each up to 15 min and any number of times; not to "   \
	"be "                                                                              \
	"passed on\n"

static struct hs_scope *
scope(const char *text)
{
	struct hs_scope *s = NULL;
	struct hs_err err;

	if (hs_scope_parse(hs_str_c(text), &s, &err) != HS_OK)
		fail_msg("%u:%u: %s", err.line, err.column, err.text);
	return s;
}

static void
is_text(struct hs_buf *b, const char *want)
{
	assert_int_equal(hs_buf_err(b), HS_OK);
	hs_put_u8(b, 0);
	assert_string_equal((const char *)b->p, want);
	hs_buf_free(b);
}

static void
described(const char *text, const char *want, const char *brief)
{
	struct hs_scope *s = scope(text);
	struct hs_buf b = {0};

	hs_describe_scope(&b, s, "> ");
	is_text(&b, want);
	hs_describe_scope_short(&b, s);
	is_text(&b, brief);
	hs_scope_free(&s);
}

static void
logins(void **state)
{
	(void)state;
	described(HEAD "user deploy\nhost web1.example.com\nhost web2.example.com\naddr *\n"
		       "cmd systemctl restart web\ncmd journalctl ...\n",
	    "> deploy@web1.example.com web2.example.com   journalctl ... (and any further "
	    "words) | systemctl restart web\n"
	    "> from any address; no terminal, no forwarding\n> " TAIL,
	    "deploy@web1.example.com web2.example.com: journalctl ... (and any further "
	    "words) "
	    "| systemctl restart web");
	described(HEAD "user a\nuser b\nhost *.x\naddr 10.0.0.0/8\naddr ::/0\n",
	    "> a,b@*.x   no command\n"
	    "> from 10.0.0.0/8 ::/0; no terminal, no forwarding\n> " TAIL,
	    "a,b@*.x: no command");
	described(HEAD "user *\nhost h\naddr *\ncmd *\npermit pty\n",
	    "> any user on h   any command, and an interactive shell\n"
	    "> from any address; a terminal, no forwarding\n> " TAIL,
	    "any user on h: any command, and an interactive shell");
	described(HEAD "user u\nhost h\naddr *\ncmd *\npermit user-rc\n",
	    "> u@h   any command\n"
	    "> from any address; no terminal, no forwarding, ~/.ssh/rc runs\n> " TAIL,
	    "u@h: any command");
	described(HEAD
	    "user u\nhost *\naddr *\ncmd subsystem:sftp\ncmd subsystem:sftp-write\n",
	    "> u on any host   sftp, reading only | sftp, reading and writing\n"
	    "> from any address; no terminal, no forwarding\n> " TAIL,
	    "u on any host: sftp, reading only | sftp, reading and writing");
	described(HEAD "user u\nhost h\naddr *\ncmd ls '|' '(and any further words)'\n",
	    "> u@h   ls '|' '(and any further words)'\n"
	    "> from any address; no terminal, no forwarding\n> " TAIL,
	    "u@h: ls '|' '(and any further words)'");
}

static void
forwarding(void **state)
{
	static const struct {
		const char *lines, *want;
	} rows[] = {{"permit port-forwarding\n", "no terminal, port forwarding to nowhere"},
	    {"permit port-forwarding\nopen db:1\nopen db:2\n",
		"no terminal, port forwarding to db:1 db:2"},
	    {"permit port-forwarding\nopen *\n",
		"no terminal, port forwarding to anywhere"},
	    {"permit agent-forwarding\n", "no terminal, agent forwarding"},
	    {"permit x11-forwarding\n", "no terminal, X11 forwarding"},
	    {"permit user-rc\n", "no terminal, no forwarding, ~/.ssh/rc runs"},
	    {"permit *\nopen *\n",
		"a terminal, port forwarding to anywhere, agent forwarding, "
		"X11 forwarding, ~/.ssh/rc runs"}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[256], want[512];

		snprintf(
		    text, sizeof text, HEAD "user u\nhost h\naddr *\n%s", rows[i].lines);
		snprintf(want, sizeof want,
		    "> u@h   no command\n> from any address; %s\n> " TAIL, rows[i].want);
		described(text, want, "u@h: no command");
	}
}

static void
other_services(void **state)
{
	(void)state;
	described(
	    HEAD "ns git\nns file\n", "> signatures in file git\n> " TAIL, "sign file git");
	described(HEAD "ns *\n", "> signatures in any namespace\n> " TAIL, "sign anything");
	described(
	    HEAD "cap read:a/**\ncap *:*\n", "> at other services *:*\n> " TAIL, "*:*");
	described(HEAD "user u\nhost h\naddr *\nns git\ncap a:b\n\nns file\ncap c:d\n",
	    "> u@h   no command\n> from any address; no terminal, no forwarding\n"
	    "> signatures in git\n> at other services a:b\n"
	    "> signatures in file\n> at other services c:d\n> " TAIL,
	    "u@h: no command; sign git; a:b; sign file; c:d");
}

static void
heads(void **state)
{
	static const struct {
		const char *head, *want;
	} rows[] = {{"max-ttl 60\nmax-uses 1\n", "one certificate, up to 1 min and any "
						 "number of times; not to be passed on\n"},
	    {"max-ttl 1\nmax-uses 2\ndepth 3\n", "2 certificates, each up to 1 s and any "
						 "number of times; may be passed on, 3 "
						 "deep\n"},
	    {"max-ttl 366d\nmax-uses *\ndepth 1\n",
		"any number of certificates, each up to 366 d and any number of times; may "
		"be "
		"passed on, 1 deep\n"},
	    {"max-ttl 60\nmax-uses 1\non-end drain\n",
		"one certificate, up to 1 min and any number of times; not to be passed "
		"on; "
		"what runs may finish after the end\n"}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[128], want[256];

		snprintf(text, sizeof text, "%s\nns a\n", rows[i].head);
		snprintf(want, sizeof want, "> signatures in a\n> %s", rows[i].want);
		described(text, want, "sign a");
	}
}

// rule 6: each value of each key is in the text.
static void
rule6_nothing_is_left_out(void **state)
{
	static const char text[] = HEAD
	    "addr 10.0.0.0/8\naddr 2001:db8::/32\ncap c:one\ncap c:two\ncmd one\ncmd two "
	    "'x y' ...\nhost h1\nhost *.h2\nns n1\nns n2\nopen o1:1\nopen o2:2\n"
	    "permit port-forwarding\nuser u1\nuser u2\n";
	struct hs_scope *s = scope(text);
	struct hs_buf b = {0};

	(void)state;
	hs_describe_scope(&b, s, "");
	hs_put_u8(&b, 0);
	for (unsigned k = 0; k < HS_KEY_COUNT; k++) {
		enum hs_scope_key key = (enum hs_scope_key)k;

		assert_true(hs_scope_values(s, 0, key) > 0);
		for (size_t i = 0; key != HS_KEY_PERMIT && i < hs_scope_values(s, 0, key);
		     i++) {
			struct hs_str v = hs_scope_value(s, 0, key, i);

			assert_non_null(memmem(b.p, b.len, v.p, v.len));
		}
	}
	hs_buf_free(&b);
	hs_scope_free(&s);
}

static void
times(void **state)
{
	static const uint64_t some[] = {0, 1, 59, 60, 86399, 86400, 951782399, 951782400,
	    951868800, 1709164800, 1709251200, 1795485600, 2147483647, 2147483648,
	    4107542399, 4107542400, 4102444800, 253402300799};
	struct hs_buf b = {0};

	(void)state;
	hs_describe_time(&b, 1795485600);
	is_text(&b, "2026-11-24 02:00:00 UTC");
	for (uint64_t i = 0; i < 4000; i++) { // by 1.0007 days and more, and the edges
		uint64_t at =
		    i < sizeof some / sizeof some[0] ? some[i] : i * i * 15800 + i * 86461;
		time_t t = (time_t)at;
		char want[64];
		struct tm tm;

		assert_non_null(gmtime_r(&t, &tm));
		strftime(want, sizeof want, "%Y-%m-%d %H:%M:%S UTC", &tm);
		hs_describe_time(&b, at);
		is_text(&b, want);
	}
	hs_describe_time(&b, 253402300800);
	is_text(&b, "after the year 9999");
	hs_describe_time(&b, UINT64_MAX);
	is_text(&b, "after the year 9999");
}

static void
spans(void **state)
{
	static const struct {
		uint64_t n;
		const char *want;
	} rows[] = {{0, "0 s"}, {45, "45 s"}, {60, "1 min"}, {61, "1 min 1 s"},
	    {13260, "3 h 41 min"}, {3600, "1 h"}, {86400, "1 d"},
	    {90061, "1 d 1 h 1 min 1 s"}, {31622400, "366 d"}, {86405, "1 d 5 s"},
	    {UINT64_MAX, "213503982334601 d 7 h 15 s"}};
	struct hs_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		hs_describe_span(&b, rows[i].n);
		is_text(&b, rows[i].want);
	}
}

// A stock server, which alone looks at it, starts the login's shell without a terminal too.
static void
direct(void **state)
{
	struct hs_scope *s = scope(HEAD "user u\nhost *\naddr *\ncmd *\n");
	struct hs_buf b = {0};

	(void)state;
	hs_describe_statements(&b, s, "> ");
	is_text(&b, "> u on any host   any command, and an interactive shell\n"
		    "> from any address; no terminal, no forwarding\n");
	hs_scope_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(logins),
	    cmocka_unit_test(forwarding), cmocka_unit_test(other_services),
	    cmocka_unit_test(heads), cmocka_unit_test(direct),
	    cmocka_unit_test(rule6_nothing_is_left_out), cmocka_unit_test(times),
	    cmocka_unit_test(spans)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
