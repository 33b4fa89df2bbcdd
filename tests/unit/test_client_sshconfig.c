// SPDX-License-Identifier: ISC
//
// The filter of ssh_config(5): what names keys, agents and open connections is gone in
// every way that ssh reads it, all else is there with the same meaning on the same line.
// That real ssh agrees is run_ssh.t's part.
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "client/handseal/sshconfig.h"
#include "proto/limits.h"

static char patterns[512]; // that were asked for, each in <>

static int
include(void *arg, struct hs_str pattern, struct hs_buf *out, struct hs_err *err)
{
	const char *paths = arg;
	size_t n = strlen(patterns);

	snprintf(patterns + n, sizeof patterns - n, "<%.*s>", (int)pattern.len,
	    (const char *)pattern.p);
	if (hs_str_is(pattern, "fail"))
		return hs_fail(err, HS_ERR_IO, "no");
	hs_put_fmt(out, "%s", paths);
	return HS_OK;
}

static void
assert_filtered(const char *in, size_t len, const char *want)
{
	struct hs_str text = {(const uint8_t *)in, len};
	struct hs_buf out = {0};
	struct hs_err err = {0};

	patterns[0] = '\0';
	assert_int_equal(
	    hs_sshconfig_filter(text, include, (void *)" /x/1", &out, &err), HS_OK);
	if (!hs_str_is(hs_buf_str(&out), want))
		fail_msg(
		    "%s became %.*s, not %s", in, (int)out.len, (const char *)out.p, want);
	hs_buf_free(&out);
}

static void
filtered(const char *in, const char *want)
{
	assert_filtered(in, strlen(in), want);
}

static void
keys_and_agents_are_dropped(void **state)
{
	static const char *const all[] = {"IdentityAgent", "IdentityFile", "IdentityFile2",
	    "IdentitiesOnly", "CertificateFile", "PKCS11Provider", "SmartcardDevice",
	    "SecurityKeyProvider", "PreferredAuthentications", "AddKeysToAgent",
	    "ForwardAgent", "ControlMaster", "ControlPath", "ControlPersist"};
	char line[128];

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		snprintf(line, sizeof line, "%s x", all[i]);
		filtered(line, "\n");
		snprintf(line, sizeof line, "User a\n\t%s=x\nPort 1\n", all[i]);
		filtered(line, "User a\n\nPort 1\n");
	}
}

static void
however_they_are_written(void **state)
{
	static const char *const ways[] = {"IDENTITYFILE x", "identityfile\tx",
	    " \t IdentityFile x", "IdentityFile=x", "IdentityFile = x", "IdentityFile  =x",
	    "IdentityFile= x", "IdentityFile == x", "\"IdentityFile\" x",
	    "\"IdentityFile\"x", "\"IdentityFile\"=x", "Identity\"File\" x",
	    "Identity\"File\"x", "=IdentityFile x", "= IdentityFile = x",
	    "  = IdentityFile x", "IdentityFile", "IdentityFile\r", "IdentityFile x\r",
	    "IdentityFile\rx", "\r\rIdentityFile x", "IdentityFile \"",
	    "IdentityFile x # y", " \"\"IdentityFile x\nIdentityFile y"};
	struct hs_buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		hs_buf_reset(&out);
		assert_int_equal(
		    hs_sshconfig_filter(hs_str_c(ways[i]), include, (void *)"", &out, NULL),
		    HS_OK);
		if (memmem(out.p, out.len, "File ", 5) != NULL ||
		    memmem(out.p, out.len, "File=", 5) != NULL)
			fail_msg(
			    "%s became %.*s", ways[i], (int)out.len, (const char *)out.p);
	}
	hs_buf_free(&out);
}

static void
the_rest_stays_as_it_means(void **state)
{
	(void)state;
	filtered("", "");
	filtered("Host a b", "Host a b\n");
	filtered("hOsT=a b\n", "hOsT a b\n");
	filtered("  Match  exec \"test -e /x\"  user y  \n",
	    "Match exec \"test -e /x\"  user y\n");
	filtered("ProxyCommand ssh -W %h:%p j\r\n", "ProxyCommand ssh -W %h:%p j\n");
	filtered(
	    "User == x\n", "User== x\n"); // one '=' is the line's, the other the value's
	filtered("\"User\" = x\n", "User== x\n");
	filtered("User", "User \n"); // ssh will say that nothing stands there
	filtered("\"User\"x\n", "User x\n");
	filtered("HostName \"a b\" # c\n", "HostName \"a b\" # c\n");
	filtered("UserKnownHostsFile=\"~/a b\" /c\n", "UserKnownHostsFile \"~/a b\" /c\n");
	filtered("X-Odd y\n", "\"X-Odd\" y\n");
	filtered("\"a b\" y\n", "\"a b\" y\n");
	filtered("Host\"a b\" c\n", "\"Hosta b\" c\n");
	filtered("\fUser x\n", "\"\fUser\" x\n"); // nothing that ssh knows, and stays so
	filtered("IdentityFileX y\nIdentityFil z\n", "IdentityFileX y\nIdentityFil z\n");
}

static void
each_line_keeps_its_number(void **state)
{
	static const char nul[] = "User a\0IdentityFile x\nPo\0rt 1\n\0IdentityFile y\n";

	(void)state;
	filtered("# c\n\n   \nUser a\n#\n\"#\" x\n", "\n\n\nUser a\n\n\n");
	filtered("\"User a\nPort 1\n", "\nPort 1\n"); // ssh passes such a line over too
	filtered("Us\"er a\n==User b\nPort 1", "\n\nPort 1\n");
	filtered("\n\n", "\n\n");
	assert_filtered(nul, sizeof nul - 1, "User a\nPo \n\n");
}

static void
include_words_are_as_in_ssh(void **state)
{
	(void)state;
	filtered("INCLUDE = a \"b c\" 'd e' f\\ g h\\i \"j\\\"k\" l\"m n\"o \t p#q # r\n",
	    "Include /x/1 /x/1 /x/1 /x/1 /x/1 /x/1 /x/1 /x/1\n");
	assert_string_equal(patterns, "<a><b c><d e><f g><h\\i><j\"k><lm no><p#q>");
	filtered("Include # x\n", "\n");
	filtered("Include a\\\n", "Include /x/1\n");
	assert_string_equal(patterns, "<a\\>");
}

static void
assert_refused(const char *in, int code, unsigned line, const char *part)
{
	struct hs_buf out = {0};
	struct hs_err err = {0};

	patterns[0] = '\0';
	assert_int_equal(
	    hs_sshconfig_filter(hs_str_c(in), include, (void *)"", &out, &err), code);
	assert_int_equal(err.code, code);
	if (line > 0)
		assert_int_equal(err.line, line);
	if (strstr(err.text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.text, part);
	hs_buf_free(&out);
}

static void
includes_that_cannot_be_told_are_refused(void **state)
{
	struct hs_buf out = {0};

	(void)state;
	assert_refused("User a\nInclude \"a\n", HS_ERR_CONFIG, 2, "no end");
	assert_refused("Include a 'b\n", HS_ERR_CONFIG, 1, "no end");
	assert_refused("Include \"a\\\"\n", HS_ERR_CONFIG, 1, "no end");
	assert_refused("Include \"\" a\n", HS_ERR_CONFIG, 1, "of nothing");
	assert_refused("\n\nInclude fail\n", HS_ERR_IO, 3, "no");
	assert_int_equal(
	    hs_sshconfig_filter(hs_str_c("Include 'x"), include, (void *)"", &out, NULL),
	    HS_ERR_CONFIG);
	hs_buf_free(&out);
}

static void
an_include_of_nothing_that_is_there_leaves_a_line(void **state)
{
	struct hs_buf out = {0};

	(void)state;
	assert_int_equal(hs_sshconfig_filter(hs_str_c("Include none\nUser a\n"), include,
			     (void *)"", &out, NULL),
	    HS_OK);
	assert_true(hs_str_is(hs_buf_str(&out), "\nUser a\n"));
	hs_buf_free(&out);
}

static void
too_long_is_told(void **state)
{
	struct hs_buf in = {0}, out = {0};

	(void)state;
	for (size_t i = 0; i < HS_BUF_MAX / 2; i++)
		hs_put_raw(&in, "a\n", 2);
	assert_int_equal(
	    hs_sshconfig_filter(hs_buf_str(&in), include, (void *)"", &out, NULL),
	    HS_ERR_TOO_LONG);
	hs_buf_free(&in);
	hs_buf_free(&out);
}

static void
keywords_are_compared_whole(void **state)
{
	(void)state;
	assert_true(hs_sshconfig_is(hs_str_c("IdentityFILE"), "identityfile"));
	assert_false(hs_sshconfig_is(hs_str_c("identityfil"), "identityfile"));
	assert_false(hs_sshconfig_is(hs_str_c("identityfiles"), "identityfile"));
	assert_false(hs_sshconfig_is(hs_str_c(""), "identityfile"));
	assert_true(hs_sshconfig_is(hs_str_c(""), ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_and_agents_are_dropped),
	    cmocka_unit_test(however_they_are_written),
	    cmocka_unit_test(the_rest_stays_as_it_means),
	    cmocka_unit_test(each_line_keeps_its_number),
	    cmocka_unit_test(include_words_are_as_in_ssh),
	    cmocka_unit_test(includes_that_cannot_be_told_are_refused),
	    cmocka_unit_test(an_include_of_nothing_that_is_there_leaves_a_line),
	    cmocka_unit_test(too_long_is_told),
	    cmocka_unit_test(keywords_are_compared_whole),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
