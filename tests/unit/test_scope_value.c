// SPDX-License-Identifier: ISC
//
// The grammar of each key's values: what is one, how it is written canonically, and for
// what is none the column and the reason. Texts as a whole are in test_scope_parse.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/scope_internal.h"

#define TEN(s) s s s s s s s s s s
#define L63    TEN("abcdef") "abc"

static void
reads_as(enum hs_scope_key key, const char *in, const char *want)
{
	struct scope_value v;
	struct arena a = {0};
	struct hs_err err = {0};

	if (scope_value_read(&a, key, hs_str_c(in), &v, &err) != HS_OK)
		fail_msg("%s %s: %u: %s", scope_key_name(key), in, err.column, err.text);
	if (!hs_str_is(v.text, want))
		fail_msg("%s became %.*s", in, (int)v.text.len, v.text.p);
	assert_int_equal(v.key, key);
	scope_arena_free(&a);
}

static void
is(enum hs_scope_key key, const char *in)
{
	reads_as(key, in, in);
}

static void
is_not(enum hs_scope_key key, const char *in, unsigned column, const char *why)
{
	struct scope_value v;
	struct arena a = {0};
	struct hs_err err = {0};
	int rc = scope_value_read(&a, key, hs_str_c(in), &v, &err);

	if (rc != HS_ERR_SCOPE || err.column != column || strstr(err.text, why) == NULL)
		fail_msg("%s %s: %d at %u: %s", scope_key_name(key), in, rc, err.column,
		    err.text);
	assert_int_equal(err.line, 0);
	assert_false(hs_scope_value_under(key, hs_str_c(in), hs_str_c("*")));
	scope_arena_free(&a);
}

static void
every_key(void **state)
{
	struct scope_value v;
	struct arena a = {0};
	struct hs_err err;

	(void)state;
	for (unsigned k = 0; k < HS_KEY_COUNT; k++) {
		enum hs_scope_key key = (enum hs_scope_key)k;

		is_not(key, "", 1, "the value is empty");
		if (key == HS_KEY_CAP)
			is_not(key, "*", 2, "write action:resource");
		else
			is(key, "*");
		assert_int_equal(
		    scope_value_read(&a, key, hs_str_c("*"), &v, &err) == HS_OK && v.any &&
			v.wide,
		    key != HS_KEY_CAP);
		is_not(key, "**",
		    key == HS_KEY_PERMIT || key == HS_KEY_HOST || key == HS_KEY_ADDR ||
			    key == HS_KEY_NS || key == HS_KEY_USER || key == HS_KEY_CMD
			? 1
		    : key == HS_KEY_OPEN ? 3
					 : 2,
		    "");
		scope_arena_free(&a);
	}
	assert_int_equal(
	    scope_value_read(&a, HS_KEY_COUNT, hs_str_c("x"), &v, &err), HS_ERR_INTERNAL);
	assert_false(hs_scope_value_under(HS_KEY_COUNT, hs_str_c("x"), hs_str_c("x")));
}

static void
users(void **state)
{
	(void)state;
	is(HS_KEY_USER, "deploy");
	is(HS_KEY_USER, "_apt");
	is(HS_KEY_USER, "A.b-c_d@e+9");
	is(HS_KEY_USER, "host$");
	is(HS_KEY_USER, TEN("abcdef") "abcd");
	is(HS_KEY_USER, TEN("abcdef") "abcd$");
	is_not(HS_KEY_USER, TEN("abcdef") "abcde", 65, "at most 64");
	is_not(HS_KEY_USER, TEN("abcdef") "abcde$", 65, "at most 64");
	is_not(HS_KEY_USER, "-root", 1, "begins with");
	is_not(HS_KEY_USER, ".", 1, "begins with");
	is_not(HS_KEY_USER, "@a", 1, "begins with");
	is_not(HS_KEY_USER, "+a", 1, "begins with");
	is_not(HS_KEY_USER, "$", 1, "letters, digits");
	is_not(HS_KEY_USER, "a$b", 2, "letters, digits");
	is_not(HS_KEY_USER, "a$$", 2, "letters, digits");
	is_not(HS_KEY_USER, "a b", 2, "letters, digits");
	is_not(HS_KEY_USER, "a,b", 2, "letters, digits");
	is_not(HS_KEY_USER, "a:b", 2, "letters, digits");
	is_not(HS_KEY_USER, "a/b", 2, "letters, digits");
	is_not(HS_KEY_USER, "\xc3\xbc", 1, "letters, digits");
	is_not(HS_KEY_USER, "a*", 2, "letters, digits");
}

static void
hosts(void **state)
{
	(void)state;
	is(HS_KEY_HOST, "localhost");
	is(HS_KEY_HOST, "a");
	is(HS_KEY_HOST, "9.a-b.x9");
	is(HS_KEY_HOST, "xn--bcher-kva.example");
	is(HS_KEY_HOST, "*.example.com");
	is(HS_KEY_HOST, "0x7f.example");
	is(HS_KEY_HOST, "0xyz");
	is(HS_KEY_HOST, L63 "." L63 "." L63 "." TEN("abcdef") "a");
	is_not(HS_KEY_HOST, L63 "." L63 "." L63 "." TEN("abcdef") "ab", 254, "at most 253");
	is(HS_KEY_HOST, "*." L63 "." L63 "." L63 "." TEN("abcde") "abcdefghi");
	is_not(HS_KEY_HOST, "*." L63 "." L63 "." L63 "." TEN("abcdef"), 254, "at most 253");
	is_not(HS_KEY_HOST, "*." L63 "." L63 "." L63 "." L63, 256, "at most 253");
	is(HS_KEY_HOST, L63);
	is_not(HS_KEY_HOST, L63 "d", 64, "at most 63");
	is_not(HS_KEY_HOST, "a." L63 "d", 66, "at most 63");
	is_not(HS_KEY_HOST, "aB", 2, "lower case");
	is_not(HS_KEY_HOST, "a.", 3, "empty");
	is_not(HS_KEY_HOST, ".a", 1, "empty");
	is_not(HS_KEY_HOST, "a..b", 3, "empty");
	is_not(HS_KEY_HOST, "-a", 1, "begin or end");
	is_not(HS_KEY_HOST, "x.a-", 4, "begin or end");
	is_not(HS_KEY_HOST, "a_b", 2, "lower-case letters");
	is_not(HS_KEY_HOST, "a b", 2, "lower-case letters");
	is_not(HS_KEY_HOST, "\xc3\xbc", 1, "ASCII");
	is_not(HS_KEY_HOST, "a:22", 2, "`addr` line");
	is_not(HS_KEY_HOST, "10.0.0.0/8", 9, "`addr` line");
	is_not(HS_KEY_HOST, "2001:db8::1", 5, "`addr` line");
	is_not(HS_KEY_HOST, "a*", 2, "whole first label");
	is_not(HS_KEY_HOST, "*a", 1, "whole first label");
	is_not(HS_KEY_HOST, "*.", 1, "whole first label");
	is_not(HS_KEY_HOST, "a.*.b", 3, "whole first label");
	is_not(HS_KEY_HOST, "*.*.b", 3, "whole first label");
	is_not(HS_KEY_HOST, "10.0.0.1", 8, "an address");
	is_not(HS_KEY_HOST, "167772161", 1, "an address");
	is_not(HS_KEY_HOST, "*.1", 3, "an address");
	is_not(HS_KEY_HOST, "a.0x1", 3, "an address");
	is_not(HS_KEY_HOST, "0x7f000001", 1, "an address");
	is_not(HS_KEY_HOST, "0x", 1, "an address");
}

static void
blocks(void **state)
{
	(void)state;
	is(HS_KEY_ADDR, "0.0.0.0/0");
	is(HS_KEY_ADDR, "255.255.255.255/32");
	is(HS_KEY_ADDR, "10.128.0.0/9");
	reads_as(HS_KEY_ADDR, "::/0", "::/0");
	reads_as(HS_KEY_ADDR, "0:0:0:0:0:0:0:1/128", "::1/128");
	reads_as(HS_KEY_ADDR, "2001:0DB8:0000::/32", "2001:db8::/32");
	reads_as(HS_KEY_ADDR, "::1.2.3.4/128", "::102:304/128");
	reads_as(HS_KEY_ADDR, "2001:db8:0:1:0:0:0:0/64", "2001:db8:0:1::/64");
	reads_as(HS_KEY_ADDR, "8000::/1", "8000::/1");
	is_not(HS_KEY_ADDR, "10.0.0.0", 9, "write /32");
	is_not(HS_KEY_ADDR, "::1", 4, "write /128");
	is_not(HS_KEY_ADDR, "10.0.0.0/", 10, "0 to 32");
	is_not(HS_KEY_ADDR, "10.0.0.0/33", 10, "0 to 32");
	is_not(HS_KEY_ADDR, "10.0.0.0/08", 10, "0 to 32");
	is_not(HS_KEY_ADDR, "10.0.0.0/8/8", 10, "0 to 32");
	is_not(HS_KEY_ADDR, "10.0.0.0/255.0.0.0", 10, "0 to 32");
	is_not(HS_KEY_ADDR, "::/129", 4, "0 to 128");
	is_not(HS_KEY_ADDR, "10.0.0.1/8", 1, "write 10.0.0.0/8");
	is_not(HS_KEY_ADDR, "10.0.0.1/31", 1, "write 10.0.0.0/31");
	is_not(HS_KEY_ADDR, "1.0.0.0/0", 1, "write 0.0.0.0/0");
	is_not(HS_KEY_ADDR, "2001:db8::1/127", 1, "write 2001:db8::/127");
	is_not(HS_KEY_ADDR, "::1/0", 1, "write ::/0");
	is_not(HS_KEY_ADDR, "::ffff:10.0.0.0/104", 1, "written as IPv6");
	is_not(HS_KEY_ADDR, "::ffff:0:0/96", 1, "written as IPv6");
	is_not(HS_KEY_ADDR, "010.0.0.0/8", 1, "not an address block");
	is_not(HS_KEY_ADDR, "10.0.0/8", 1, "not an address block");
	is_not(HS_KEY_ADDR, "10.0.0.0.0/8", 1, "not an address block");
	is_not(HS_KEY_ADDR, "10.0.0.256/32", 1, "not an address block");
	is_not(HS_KEY_ADDR, "0x0a.0.0.0/8", 1, "not an address block");
	is_not(HS_KEY_ADDR, "fe80::1%eth0/128", 1, "not an address block");
	is_not(HS_KEY_ADDR, "/8", 1, "not an address block");
	is_not(HS_KEY_ADDR, "a.example/8", 1, "not an address block");
	is_not(HS_KEY_ADDR, "!10.0.0.0/8", 1, "not an address block");
	is_not(HS_KEY_ADDR, "[::1]/128", 1, "not an address block");
	is_not(HS_KEY_ADDR, TEN("12345678") "/8", 1, "not an address block");
}

// Each group is zero or not: every run of zeros. inet_ntop's text, and read back the same.
static void
ipv6_texts(void **state)
{
	(void)state;
	for (unsigned mask = 0; mask < 256; mask++) {
		struct scope_cidr c = {.family = 6, .prefix = 128}, back;
		char ours[SCOPE_ADDR_MAX], theirs[INET6_ADDRSTRLEN];
		size_t n;

		for (unsigned g = 0; g < 8; g++)
			if ((mask >> g & 1) != 0)
				c.bytes[2 * g + g % 2] = (uint8_t)(0x0a + g);
		n = scope_addr_write(&c, ours);
		assert_int_equal(n, strlen(ours));
		assert_true(scope_addr_read(hs_str_c(ours), false, &back));
		assert_memory_equal(c.bytes, back.bytes, 16);
		assert_non_null(inet_ntop(AF_INET6, c.bytes, theirs, sizeof theirs));
		if (strchr(theirs, '.') == NULL) // its mixed form is not ours
			assert_string_equal(ours, theirs);
	}
}

static void
opens(void **state)
{
	(void)state;
	is(HS_KEY_OPEN, "db:5432");
	is(HS_KEY_OPEN, "192.0.2.1:1");
	is(HS_KEY_OPEN, "db.example.com:65535");
	reads_as(HS_KEY_OPEN, "[2001:DB8::0:1]:443", "[2001:db8::1]:443");
	is_not(HS_KEY_OPEN, "db", 3, "port is missing");
	is_not(HS_KEY_OPEN, "db:", 4, "1 to 65535");
	is_not(HS_KEY_OPEN, "db:0", 4, "1 to 65535");
	is_not(HS_KEY_OPEN, "db:65536", 4, "1 to 65535");
	is_not(HS_KEY_OPEN, "db:022", 4, "1 to 65535");
	is_not(HS_KEY_OPEN, "db:ssh", 4, "1 to 65535");
	is_not(HS_KEY_OPEN, "db:*", 4, "1 to 65535");
	is_not(HS_KEY_OPEN, ":22", 1, "empty");
	is_not(HS_KEY_OPEN, "*:22", 1, "stand alone");
	is_not(HS_KEY_OPEN, "*.db:22", 1, "stand alone");
	is_not(HS_KEY_OPEN, "2001:db8::1:22", 1, "in brackets");
	is_not(HS_KEY_OPEN, "[::1:22", 1, "in brackets");
	is_not(HS_KEY_OPEN, "[]:22", 1, "");
	is_not(HS_KEY_OPEN, "[1.2.3.4]:22", 2, "in brackets stands an IPv6");
	is_not(HS_KEY_OPEN, "[::ffff:1.2.3.4]:22", 2, "in brackets stands an IPv6");
	is_not(HS_KEY_OPEN, "[fe80::1%a]:22", 2, "in brackets stands an IPv6");
	is_not(HS_KEY_OPEN, "[db]:22", 2, "in brackets stands an IPv6");
	is_not(HS_KEY_OPEN, "1.2.3.256:22", 7, "an address");
	is_not(HS_KEY_OPEN, "0x7f000001:22", 1, "an address");
	is_not(HS_KEY_OPEN, "/run/x.sock:22", 1, "not a host name");
	is_not(HS_KEY_OPEN, "DB:22", 1, "lower case");
}

static void
permits_and_namespaces(void **state)
{
	(void)state;
	for (unsigned p = 0; p < HS_PERMIT_COUNT; p++)
		is(HS_KEY_PERMIT, hs_permit_name((enum hs_permit)p));
	is_not(HS_KEY_PERMIT, "PTY", 1, "`permit` takes");
	is_not(HS_KEY_PERMIT, "pty ", 1, "`permit` takes");
	is_not(HS_KEY_PERMIT, "permit-pty", 1, "`permit` takes");
	is(HS_KEY_NS, "git");
	is(HS_KEY_NS, "request@handseal.alt");
	is(HS_KEY_NS, "A/b.c_d+e-9");
	is(HS_KEY_NS, TEN("abcdef") "abcd");
	is_not(HS_KEY_NS, TEN("abcdef") "abcde", 65, "at most 64");
	is_not(HS_KEY_NS, "a b", 2, "a namespace has");
	is_not(HS_KEY_NS, "a*", 2, "a namespace has");
	is_not(HS_KEY_NS, "\xc3\xbc", 1, "a namespace has");
}

static void
caps(void **state)
{
	static char longest[2 + 256 + 2] = "a:";

	(void)state;
	is(HS_KEY_CAP, "read:repo/acme/web");
	is(HS_KEY_CAP, "read:repo/**");
	is(HS_KEY_CAP, "*:*");
	is(HS_KEY_CAP, "*:x");
	is(HS_KEY_CAP, "a-b_9:*");
	is(HS_KEY_CAP, "a:.../..b/a..");
	is(HS_KEY_CAP, "a:B._~@+=,-9");
	is(HS_KEY_CAP, "abcdefghijklmnopqrstuvwxyz012345:x");
	is_not(HS_KEY_CAP, "abcdefghijklmnopqrstuvwxyz0123456:x", 33, "at most 32");
	is_not(HS_KEY_CAP, "read", 5, "write action:resource");
	is_not(HS_KEY_CAP, "Read:x", 1, "write action:resource");
	is_not(HS_KEY_CAP, "re ad:x", 3, "write action:resource");
	is_not(HS_KEY_CAP, "*x:x", 2, "write action:resource");
	is_not(HS_KEY_CAP, "x*:x", 2, "write action:resource");
	is_not(HS_KEY_CAP, ":x", 1, "action before the colon is empty");
	is_not(HS_KEY_CAP, "a:", 3, "segment of the resource is empty");
	is_not(HS_KEY_CAP, "a:/x", 3, "segment of the resource is empty");
	is_not(HS_KEY_CAP, "a:x/", 5, "segment of the resource is empty");
	is_not(HS_KEY_CAP, "a:x//y", 5, "segment of the resource is empty");
	is_not(HS_KEY_CAP, "a:x//**", 5, "segment of the resource is empty");
	is_not(HS_KEY_CAP, "a:/**", 3, "segment of the resource is empty");
	is_not(HS_KEY_CAP, "a:.", 3, "cannot be segments");
	is_not(HS_KEY_CAP, "a:x/..", 5, "cannot be segments");
	is_not(HS_KEY_CAP, "a:../**", 3, "cannot be segments");
	is_not(HS_KEY_CAP, "a:**", 3, "can only stand alone");
	is_not(HS_KEY_CAP, "a:x/*", 5, "can only stand alone");
	is_not(HS_KEY_CAP, "a:x**", 4, "can only stand alone");
	is_not(HS_KEY_CAP, "a:x/**/y", 5, "can only stand alone");
	is_not(HS_KEY_CAP, "a:x/**/**", 5, "can only stand alone");
	is_not(HS_KEY_CAP, "a:x:y", 4, "a resource has");
	is_not(HS_KEY_CAP, "a:x%2f", 4, "a resource has");
	is_not(HS_KEY_CAP, "a:x y", 4, "a resource has");
	memset(longest + 2, 'x', 256);
	is(HS_KEY_CAP, longest);
	longest[258] = 'x';
	is_not(HS_KEY_CAP, longest, 259, "at most 256");
}

static void
commands(void **state)
{
	(void)state;
	is(HS_KEY_CMD, "ls -l /");
	is(HS_KEY_CMD, "ls ...");
	reads_as(HS_KEY_CMD, "ls   \"a\"", "ls a");
	reads_as(HS_KEY_CMD, " * ", "*");
	reads_as(HS_KEY_CMD, "subsystem:sftp ", "subsystem:sftp");
	reads_as(HS_KEY_CMD, " subsystem:sftp-write", "subsystem:sftp-write");
	assert_false(hs_scope_value_under(HS_KEY_CMD, hs_str_c("ls"), hs_str_c(" *")));
	assert_false(hs_scope_value_under(HS_KEY_CMD, hs_str_c("'a\nb'"), hs_str_c("*")));
	assert_false(hs_scope_value_under(HS_KEY_CMD, hs_str_c("\"ls\""), hs_str_c("*")));
	is_not(HS_KEY_CMD, " ", 1, "no words");
	is_not(HS_KEY_CMD, "''", 1, "first word is empty");
	is_not(HS_KEY_CMD, "'' ...", 1, "first word is empty");
	is_not(HS_KEY_CMD, "...", 1, "last word behind a command");
	is_not(HS_KEY_CMD, "... ls", 1, "last word behind a command");
	is_not(HS_KEY_CMD, "ls  ... x", 5, "last word behind a command");
	is_not(HS_KEY_CMD, "ls ... ...", 4, "last word behind a command");
	is_not(HS_KEY_CMD, "* ls", 1, "stands alone");
	is_not(HS_KEY_CMD, "'a b' *", 7, "stands alone");
	is_not(HS_KEY_CMD, "* ...", 1, "stands alone");
	is_not(HS_KEY_CMD, "subsystem:sftp ...", 1, "a subsystem stands alone");
	is_not(HS_KEY_CMD, "x subsystem:sftp-write", 3, "a subsystem stands alone");
	is_not(HS_KEY_CMD, "a=b c", 2, "sets a variable");
	is_not(HS_KEY_CMD, "ls a*", 5, "expand this pattern");
	is_not(HS_KEY_CMD, "ls $HOME", 4, "act on this character");
	is_not(HS_KEY_CMD, "ls \"$HOME\"", 5, "a backslash before it");
	is_not(HS_KEY_CMD, "ls \\", 4, "behind the backslash");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_key),
	    cmocka_unit_test(users), cmocka_unit_test(hosts), cmocka_unit_test(blocks),
	    cmocka_unit_test(ipv6_texts), cmocka_unit_test(opens),
	    cmocka_unit_test(permits_and_namespaces), cmocka_unit_test(caps),
	    cmocka_unit_test(commands)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
