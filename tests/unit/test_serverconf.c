// SPDX-License-Identifier: ISC
//
// Goal of this test: verify.conf says what it says and nothing more; with any mistake in it
// the answer is an error with its place, and defaults that admit nobody (rule2, rule9,
// rule10). The examples of docs/PROTOCOL.server are re-created.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "proto/serverconf.h"
#include "tests/lib/page.h"

static struct hs_server_conf conf;

static void
has_defaults(void)
{
	assert_true(conf.nhostnames == 0 && conf.nnamespaces == 0);
	assert_int_equal(conf.max_grant, HS_MAX_GRANT);
	assert_int_equal(conf.max_delegation, HS_MAX_DELEGATION);
	assert_false(conf.require_uv || conf.port_forwarding || conf.lists_optional);
	assert_true(conf.revocations[0] == '\0' && conf.lists_fresh == HS_LISTS_FRESH);
}

static void
good(const char *text)
{
	struct hs_err err = {0};

	memset(&conf, 0xff, sizeof conf);
	if (hs_server_conf_parse(hs_str_c(text), &conf, &err) != HS_OK)
		fail_msg(
		    "%s: %u:%u: %s", text, err.line, err.column, hs_err_sentence(&err));
	assert_int_equal(err.code, HS_OK);
}

// why: "LINE:COLUMN: the beginning of a sentence"
static void
bad(const char *text, const char *why)
{
	struct hs_err err = {0};
	char got[400];

	memset(&conf, 0xff, sizeof conf);
	assert_int_equal(hs_server_conf_parse(hs_str_c(text), &conf, &err), HS_ERR_CONFIG);
	assert_int_equal(err.code, HS_ERR_CONFIG);
	snprintf(got, sizeof got, "%u:%u: %s", err.line, err.column, hs_err_sentence(&err));
	if (strncmp(got, why, strlen(why)) != 0)
		fail_msg("%s -> %s", text, got);
	has_defaults();
	assert_int_equal(hs_server_conf_parse(hs_str_c(text), &conf, NULL), HS_ERR_CONFIG);
}

static void
page(void **state)
{
	struct hs_buf text = {0};

	(void)state;
	assert_true(hs_page_example("PROTOCOL.server", "verify.conf", &text));
	hs_put_u8(&text, 0);
	good((char *)text.p);
	assert_int_equal(conf.nhostnames, 3);
	assert_string_equal(conf.hostnames[0], "web1.example.com");
	assert_string_equal(conf.hostnames[1], "web1.internal");
	assert_string_equal(conf.hostnames[2], "www.example.com");
	assert_true(conf.max_grant == 28800 && conf.max_delegation == 900);
	assert_true(conf.port_forwarding && !conf.require_uv);
	assert_string_equal(conf.revocations, "/var/lib/handseal/lists");
	assert_true(conf.lists_fresh == 600 && conf.lists_optional);
	assert_int_equal(conf.nnamespaces, 2);
	assert_true(hs_server_takes(&conf, hs_str_c("git")));
	assert_false(hs_server_takes(&conf, hs_str_c("file")));
	hs_buf_free(&text);
}

static void
rule9_page_mistakes(void **state)
{
	struct hs_buf text = {0};
	char *line, *end, *arrow;
	unsigned n = 0;

	(void)state;
	assert_true(hs_page_example("PROTOCOL.server", "verify.conf-mistakes", &text));
	hs_put_u8(&text, 0);
	for (line = (char *)text.p; *line != '\0'; line = end + 1, n++) {
		end = strchr(line, '\n');
		assert_non_null(end);
		*end = '\0';
		arrow = strstr(line, "\t-> ");
		assert_non_null(arrow);
		*arrow = '\0';
		bad(line, arrow + 4);
	}
	assert_int_equal(n, 10);
	hs_buf_free(&text);
}

static void
rule2_empty(void **state)
{
	(void)state;
	good("");
	has_defaults();
	assert_int_equal(hs_server_conf_parse((struct hs_str){0}, &conf, NULL), HS_OK);
	has_defaults();
	good("\n\n# HostName a\n \t# MaxGrant x\n\t \n#");
	has_defaults();
}

static void
words(void **state)
{
	(void)state;
	good(
	    "HOSTNAME a\nmaxgrant 1\nMAXDELEGATION 366d\nrequireuv yes\nportFORWARDING no");
	assert_true(conf.nhostnames == 1 && conf.max_grant == 1 && conf.require_uv);
	assert_true(conf.max_delegation == HS_TTL_MAX && !conf.port_forwarding);
	good("\t RequireUV \t no \t\n  PortForwarding\tyes\n");
	assert_true(!conf.require_uv && conf.port_forwarding);
	good("HostName a\tb  c \nHostName d");
	assert_int_equal(conf.nhostnames, 4);
	assert_string_equal(conf.hostnames[3], "d");
	bad("Host a", "1:1: there is no such keyword");
	bad("HostNames a", "1:1: there is no such keyword");
	bad("HostName=a", "1:1: there is no such keyword");
	bad("HostName a\n\n  Nonsense", "3:3: there is no such keyword");
	bad("Revocation /etc/x", "1:1: there is no such keyword");
	bad("MaxGrant 1h\nMaxDelegation 1h\nmaxgrant 1h",
	    "3:1: this keyword stands here already");
	bad("MaxDelegation 1h\nMaxDelegation 1h", "2:1: this keyword stands here already");
	bad("RequireUV no\nRequireUV yes", "2:1: this keyword stands here already");
	bad("PortForwarding no\nPortForwarding no",
	    "2:1: this keyword stands here already");
}

static void
values(void **state)
{
	static const char *const all[] = {"HostName", "MaxGrant", "MaxDelegation",
	    "RequireUV", "PortForwarding", "Revocations", "RevocationsFresh",
	    "RevocationsMissing", "Namespaces"};
	char text[64], why[64];

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		snprintf(text, sizeof text, "#\n%s ", all[i]);
		snprintf(why, sizeof why, "2:%zu: a value is missing", strlen(all[i]) + 1);
		bad(text, why);
	}
	bad("RequireUV yes no", "1:15: this keyword takes one value");
	bad("MaxGrant 1h # a day", "1:13: this keyword takes one value");
	bad("RequireUV Yes", "1:11: this must be yes or no");
	bad("RequireUV 1", "1:11: this must be yes or no");
	bad("RequireUV yes\r", "1:11: this must be yes or no");
	bad("PortForwarding \"yes\"", "1:16: this must be yes or no");
	bad("Revocations a/b", "1:13: this must be an absolute path");
	bad("Revocations /a /b", "1:16: this keyword takes one value");
	bad("Revocations /a\nRevocations /a", "2:1: this keyword stands here already");
	bad("RevocationsFresh never", "1:18: this must be a time");
	bad("RevocationsMissing Allow", "1:20: this must be refuse or allow");
	bad("MaxGrant forever", "1:10: this must be a time");
	bad("MaxGrant -1", "1:10: this must be a time");
	bad("MaxGrant 01h", "1:10: this must be a time");
	bad("MaxGrant \"1h\"", "1:10: this must be a time");
	bad("MaxDelegation 0h", "1:15: this must be a time");
	bad("MaxDelegation 31622401", "1:15: this is longer than 366 days");
	bad("MaxGrant 18446744073709551617", "1:10: this is longer than 366 days");
}

// A name that is no name would let in what names another server, or nobody at all.
static void
rule2_host_names(void **state)
{
	(void)state;
	bad("HostName *", "1:10: a name of this server is no pattern");
	bad("HostName a *.example.com", "1:12: a name of this server is no pattern");
	bad("HostName a,b", "1:11: ");
	bad("HostName a.", "1:12: ");
	bad("HostName .a", "1:10: ");
	bad("HostName a..b", "1:12: ");
	bad("HostName aB", "1:11: host names are written in lower case");
	bad("HostName 192.0.2.1", "1:");
	bad("HostName 2001:db8::1", "1:14: ");
	bad("HostName a_b", "1:11: ");
	bad("HostName -a", "1:10: ");
	bad("HostName a\xc3\xa4", "1:11: host names are written in ASCII");
	bad("HostName \"a\"", "1:10: ");
	bad("HostName a # the first", "1:12: ");
	bad("HostName a\nHostName b a", "2:12: this name stands here already");
}

static void
rule2_namespaces(void **state)
{
	(void)state;
	good("");
	assert_false(hs_server_takes(&conf, hs_str_c("git")));
	good("namespaces git release@acme.example");
	assert_true(hs_server_takes(&conf, hs_str_c("git")));
	assert_true(hs_server_takes(&conf, hs_str_c("release@acme.example")));
	assert_false(hs_server_takes(&conf, hs_str_c("file")));
	assert_false(hs_server_takes(&conf, hs_str_c("*")));
	good("Namespaces *");
	assert_true(hs_server_takes(&conf, hs_str_c("file")));
	bad("Namespaces git git", "1:16: this namespace stands here already");
	bad("Namespaces git\nNamespaces file", "2:1: this keyword stands here already");
	bad("Namespaces git,file", "1:15: ");
	bad("Namespaces g*", "1:");
	bad("Namespaces git krl@handseal.alt",
	    "1:16: no message is signed in a namespace of handseal's own");
	bad("Namespaces a b c d e f g h i j k l m n o p q",
	    "1:44: there are more than 16 namespaces");
}

// ---- for a person who mends it: every mistake

static void
keep_line(void *arg, const struct hs_err *err)
{
	hs_put_fmt(arg, "%u:%u ", err->line, err->column);
}

static void
all_of_them(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	assert_int_equal(
	    hs_server_conf_check(hs_str_c("HostName a *\nHostName b\n# x\nNo 1\n"
					  "MaxGrant 1h\nMaxGrant 1h\n"),
		&conf, keep_line, &b),
	    HS_ERR_CONFIG);
	assert_true(hs_str_is(hs_buf_str(&b), "1:12 4:1 6:1 "));
	assert_true(conf.nhostnames == 2 && conf.max_grant == 3600);
	hs_buf_reset(&b);
	assert_int_equal(
	    hs_server_conf_check(hs_str_c("HostName a\n"), &conf, keep_line, &b), HS_OK);
	assert_true(b.len == 0 && conf.nhostnames == 1);
	hs_buf_free(&b);
}

static void
rule10_bounds(void **state)
{
	struct hs_buf b = {0};
	char label[64];

	(void)state;
	for (unsigned n = HS_HOSTNAMES_MAX; n <= HS_HOSTNAMES_MAX + 1; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, "HostName");
		for (unsigned i = 0; i < n; i++)
			hs_put_fmt(&b, " h%u", i);
		hs_put_u8(&b, 0);
		if (n == HS_HOSTNAMES_MAX)
			good((char *)b.p);
		else
			bad((char *)b.p, "1:128: there are more than 32 names");
	}
	memset(label, 'a', sizeof label - 1);
	label[sizeof label - 1] = '\0';
	hs_buf_reset(&b);
	hs_put_fmt(&b, "HostName %s.%s.%s.%.61s%c", label, label, label, label, 0);
	good((char *)b.p);
	assert_int_equal(strlen(conf.hostnames[0]), 253);
	hs_buf_reset(&b);
	hs_put_fmt(&b, "HostName %s.%s.%s.%.62s%c", label, label, label, label, 0);
	bad((char *)b.p, "1:263: ");
	hs_buf_reset(&b);
	hs_put_fmt(&b, "HostName %sa%c", label, 0);
	bad((char *)b.p, "1:73: ");
	for (int n = HS_LISTS_PATH_MAX - 2; n <= HS_LISTS_PATH_MAX - 1; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, "Revocations /%0*d%c", n, 0, 0);
		if (n == HS_LISTS_PATH_MAX - 2)
			good((char *)b.p);
		else
			bad((char *)b.p, "1:13: this is no path, or too long");
	}
	hs_buf_free(&b);
}

static void
rule10_bytes(void **state)
{
	static const char nul[] = "HostName a\0b\n", word[] = "Host\0Name a";
	struct hs_err err = {0};

	(void)state;
	assert_int_equal(
	    hs_server_conf_parse(
		(struct hs_str){(const uint8_t *)nul, sizeof nul - 1}, &conf, &err),
	    HS_ERR_CONFIG);
	assert_true(err.line == 1 && err.column == 11);
	assert_int_equal(
	    hs_server_conf_parse(
		(struct hs_str){(const uint8_t *)word, sizeof word - 1}, &conf, &err),
	    HS_ERR_CONFIG);
	assert_true(err.line == 1 && err.column == 1);
	bad("\xef\xbb\xbfHostName a", "1:1: there is no such keyword");
	bad("HostName a\r\n", "1:11: ");
	bad("HostName a\vb", "1:11: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(page),
	    cmocka_unit_test(rule9_page_mistakes),
	    cmocka_unit_test(rule2_empty),
	    cmocka_unit_test(words),
	    cmocka_unit_test(values),
	    cmocka_unit_test(rule2_host_names),
	    cmocka_unit_test(rule2_namespaces),
	    cmocka_unit_test(all_of_them),
	    cmocka_unit_test(rule10_bounds),
	    cmocka_unit_test(rule10_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
