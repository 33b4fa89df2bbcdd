// SPDX-License-Identifier: ISC
//
// Goal of this test: a line of the roots file trusts exactly what is written, or is skipped
// as a whole and named (rule2, rule9, rule10). The examples of docs/PROTOCOL.server are
// re-created.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "proto/names.h"
#include "proto/serverconf.h"
#include "proto/text.h"
#include "tests/lib/page.h"
#include "tests/lib/rootlines.h"

#define A "\x01"
#define B "\x02"

static int
parse(const char *text)
{
	return rootlines_parse(hs_str_c(text));
}

static bool
admits(const struct hs_root *r, const char *user)
{
	return hs_root_admits(r, hs_str_c(user));
}

static void
page(void **state)
{
	struct hs_buf text = {0}, want = {0};

	(void)state;
	assert_true(hs_page_example("PROTOCOL.server", "roots", &text));
	assert_true(hs_page_example("PROTOCOL.server", "roots-skipped", &want));
	hs_put_u8(&text, 0);
	hs_put_u8(&want, 0);
	assert_int_equal(parse((char *)text.p), HS_OK);
	assert_string_equal((char *)rootlines_said.p, (char *)want.p);
	assert_int_equal(rootlines.n, 2);
	assert_string_equal(rootlines.v[0].comment, "Anna's blue");
	assert_string_equal(rootlines.v[1].comment, "");
	assert_true(rootlines.v[0].line == 2 && rootlines.v[1].line == 3);
	assert_true(
	    rootlines.v[0].max_grant == 28800 && rootlines.v[0].max_delegation == 900);
	assert_false(
	    rootlines.v[0].require_uv || rootlines.v[0].direct || rootlines.v[0].users_any);
	assert_true(
	    rootlines.v[1].require_uv && rootlines.v[1].direct && rootlines.v[1].users_any);
	assert_true(admits(&rootlines.v[0], "root") && !admits(&rootlines.v[0], "other"));
	assert_true(admits(&rootlines.v[1], "other") && !admits(&rootlines.v[1], "root"));
	hs_buf_free(&text);
	hs_buf_free(&want);
}

static void
rule2_users(void **state)
{
	const struct hs_root *r;

	(void)state;
	r = rootlines_good(A);
	assert_true(r->nusers == 0 && !r->users_any);
	assert_false(
	    admits(r, "") || admits(r, "root") || admits(r, "deploy") || admits(r, "*"));
	r = rootlines_good("users=\"deploy,web-1$\" " A);
	assert_int_equal(r->nusers, 2);
	assert_true(admits(r, "deploy") && admits(r, "web-1$"));
	assert_false(admits(r, "Deploy") || admits(r, "deplo") || admits(r, "deployx"));
	assert_false(admits(r, "") || admits(r, "*") || admits(r, "root"));
	r = rootlines_good("users=\"*\" " A);
	assert_true(admits(r, "deploy") && !admits(r, "root") && !admits(r, ""));
	r = rootlines_good("users=\"*,root\" " A);
	assert_true(admits(r, "deploy") && admits(r, "root") && !admits(r, ""));
}

static void
rule10_users(void **state)
{
	static const struct {
		const char *list, *why;
	} faults[] = {{"\"\"", "1:8: the value is empty"},
	    {"\"a,\"", "1:10: the value is empty"}, {"\",a\"", "1:8: the value is empty"},
	    {"\"a,,b\"", "1:10: the value is empty"}, {"\"a b\"", "1:9: a login name has"},
	    {"\"a, b\"", "1:10: a login name has"}, {"\"a*\"", "1:9: a login name has"},
	    {"\"*a\"", "1:8: a login name has"},
	    {"\"a,a\"", "1:10: this name stands here already"},
	    {"\"*,*\"", "1:10: `*` stands here already"},
	    {"\"-a\"", "1:8: a login name begins"}, {"\"a:b\"", "1:9: a login name has"},
	    {"a", "1:7: users needs its names in quotes"},
	    {"", "1:7: users needs its names in quotes"},
	    {"\"", "1:7: this quote is not closed"},
	    {"\"a", "1:7: this quote is not closed"},
	    {"'a'", "1:7: users needs its names in quotes"},
	    {"\"a\"b", "1:7: users needs its names in quotes"},
	    {"a\"b\"", "1:7: users needs its names in quotes"},
	    {"\"a\"\"b\"", "1:9: a login name has"},
	    {"\"\xc3\xa4\"", "1:8: a login name has"}};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		snprintf(text, sizeof text, "users=%s " A, faults[i].list);
		rootlines_bad(text, faults[i].why);
	}
}

static void
bounds_of_users(void **state)
{
	struct hs_buf b = {0};
	char name[80];

	(void)state;
	memset(name, 'n', sizeof name);
	hs_put_fmt(&b, "users=\"%.64s\" " A, name);
	hs_put_u8(&b, 0);
	assert_int_equal(strlen(rootlines_good((char *)b.p)->users[0]), 64);
	hs_buf_reset(&b);
	hs_put_fmt(&b, "users=\"%.65s\" " A "%c", name, 0);
	rootlines_bad((char *)b.p, "1:72: a login name has at most 64 characters");
	hs_buf_reset(&b);
	hs_put_fmt(&b, "users=\"%.64s$\" " A "%c", name, 0);
	rootlines_bad((char *)b.p, "1:8: a login name has at most 64 characters");
	for (unsigned n = HS_ROOT_USERS_MAX; n <= HS_ROOT_USERS_MAX + 1; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, "users=\"*");
		for (unsigned i = 0; i < n; i++)
			hs_put_fmt(&b, ",u%u", i);
		hs_put_fmt(&b, "\" " A "%c", 0);
		if (n == HS_ROOT_USERS_MAX)
			assert_int_equal(
			    rootlines_good((char *)b.p)->nusers, HS_ROOT_USERS_MAX);
		else
			rootlines_bad((char *)b.p, "1:256: there are more than 64 names");
	}
	hs_buf_free(&b);
}

static void
options(void **state)
{
	const struct hs_root *r;

	(void)state;
	r = rootlines_good("direct " A);
	assert_true(
	    r->direct && !r->require_uv && r->max_grant == 0 && r->max_delegation == 0);
	r = rootlines_good(
	    "  \trequire-uv,max-delegation=1,max-grant=366d,users=\"a\",direct\t " A "  ");
	assert_true(r->direct && r->require_uv && r->max_grant == HS_TTL_MAX);
	assert_true(r->max_delegation == 1 && admits(r, "a"));
	rootlines_bad("direct,direct " A, "1:8: this option stands here already");
	rootlines_bad(
	    "users=\"a\",users=\"b\" " A, "1:11: this option stands here already");
	rootlines_bad(
	    "max-grant=1h,max-grant=1h " A, "1:14: this option stands here already");
	rootlines_bad("Direct " A, "1:1: there is no such option");
	rootlines_bad("direct,nonsense " A, "1:8: there is no such option");
	rootlines_bad("direct=yes " A, "1:7: this option takes no value");
	rootlines_bad("require-uv=\"\" " A, "1:11: this option takes no value");
	rootlines_bad("users " A, "1:1: this option needs = and a value");
	rootlines_bad("max-grant " A, "1:1: this option needs = and a value");
	rootlines_bad("cert-authority " A, "1:1: there is no such option");
	rootlines_bad("from=\"10.0.0.0/8\" " A, "1:1: there is no such option");
	rootlines_bad("\"direct\" " A, "1:1: there is no such option");
	rootlines_bad("=x " A, "1:1: there is no such option");
	rootlines_bad(",direct " A, "1:1: an option is missing here");
	rootlines_bad("direct, " A, "1:8: an option is missing here");
	rootlines_bad("direct,,require-uv " A, "1:8: an option is missing here");
	rootlines_bad("direct , require-uv " A, "1:8: a root is a key on");
	rootlines_bad("direct require-uv " A, "1:8: a root is a key on");
}

static void
spans(void **state)
{
	static const char *const wrong[] = {"0", "", "-1", "+1", "01", "1.5h", "1w", "1 h",
	    "h", "\"1h\"", "1hh", "0x10", "1H"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(text, sizeof text, "max-grant=%s,direct " A, wrong[i]);
		if (strchr(wrong[i], ' ') == NULL)
			rootlines_bad(text, "1:11: this must be a time");
		else
			rootlines_bad(text, "1:13: a root is a key on");
	}
	rootlines_bad("max-delegation=367d " A, "1:16: this is longer than 366 days");
	rootlines_bad(
	    "max-delegation=18446744073709551616 " A, "1:16: this is longer than 366 days");
	assert_int_equal(rootlines_good("max-delegation=90m " A)->max_delegation, 5400);
}

static void
rule10_keys(void **state)
{
	const struct {
		struct hs_key key;
		const char *why;
	} keys[] = {
	    {rootlines_key(HS_KT_ED25519, 1, ""), "1:8: a root is a key on a security key"},
	    {rootlines_key(HS_KT_SK_ED25519, 1, "ssh:"),
		"1:8: the key's application is not"},
	    {rootlines_key(HS_KT_SK_ED25519, 1, "ssh:handseal2"),
		"1:8: the key's application is not"},
	    {rootlines_key(HS_KT_SK_ED25519, 1, "SSH:handseal"),
		"1:8: the key's application is not"}};

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		struct hs_buf b = {0};

		hs_put_fmt(&b, "direct ");
		hs_key_put_line(&b, &keys[i].key);
		hs_put_u8(&b, 0);
		rootlines_bad((char *)b.p, keys[i].why);
		hs_buf_free(&b);
	}
	rootlines_bad("ssh-rsa AAAA", "1:1: a root is a key on a security key");
	rootlines_bad("ecdsa-sha2-nistp256 AAAA", "1:1: the key cannot be read");
	rootlines_bad("sk-ssh-ed25519@openssh.com", "1:1: the key cannot be read");
	rootlines_bad("sk-ssh-ed25519@openssh.com AAAA", "1:1: the key cannot be read");
	rootlines_bad("sk-ssh-ed25519-cert-v01@openssh.com AAAA",
	    "1:1: a root is a key on a security key");
	rootlines_bad(
	    "sk-ecdsa-sha2-nistp256@openssh.com " A, "1:1: the key cannot be read");
	rootlines_bad("direct", "1:7: the key is missing");
	rootlines_bad("direct ", "1:7: the key is missing");
	rootlines_bad("users=\"a\"", "1:10: the key is missing");
	rootlines_bad("nonsense", "1:1: there is no such option");
	rootlines_bad(A " owner\r\n", "1:1: the key cannot be read");
	rootlines_bad(A " a\x1b[31mred", "1:1: the key cannot be read");
}

static void
comments(void **state)
{
	struct hs_buf b = {0};
	const struct hs_root *r;

	(void)state;
	assert_string_equal(
	    rootlines_good(A "  Anna  Berg <a@b>\t ")->comment, "Anna  Berg <a@b>");
	assert_string_equal(rootlines_good(A " # \"x\"")->comment, "# \"x\"");
	assert_string_equal(rootlines_good(A " a\xe2\x80\xaez\xff")->comment, "a???z?");
	// cut between two characters: 127 bytes, then one of two
	hs_put_fmt(&b, A " %0127d\xc3\xa4%c", 0, 0);
	r = rootlines_good((char *)b.p);
	assert_int_equal(strlen(r->comment), 127);
	hs_buf_reset(&b);
	hs_put_fmt(&b, A " %0126d\xc3\xa4\xc3\xa4%c", 0, 0);
	r = rootlines_good((char *)b.p);
	assert_int_equal(strlen(r->comment), HS_ROOT_OWNER_MAX);
	assert_string_equal(r->comment + 126, "\xc3\xa4");
	hs_buf_free(&b);
}

static void
rule9_the_others_hold(void **state)
{
	(void)state;
	assert_int_equal(
	    parse("# none\n\n \t\nnonsense\nusers=\"a\" " A " one\n\n"
		  "users=\"b\" " A " again\nx " B "\n\t# no\ndirect " B " two"),
	    HS_OK);
	assert_int_equal(rootlines.n, 2);
	assert_true(rootlines.v[0].line == 5 && rootlines.v[1].line == 10);
	assert_string_equal(rootlines.v[0].comment, "one");
	// nothing is put together from two lines
	assert_true(admits(&rootlines.v[0], "a") && !admits(&rootlines.v[0], "b"));
	assert_non_null(strstr((char *)rootlines_said.p, "4:1: there is no such option"));
	assert_non_null(
	    strstr((char *)rootlines_said.p, "\n7:11: the key stands in line 5 already\n"));
	assert_non_null(strstr((char *)rootlines_said.p, "\n8:1: there is no such option"));
	// and nobody has to listen
	hs_roots_free(&rootlines);
	assert_int_equal(hs_roots_parse(hs_str_c("x\ny\n"), &rootlines, NULL, NULL), HS_OK);
	assert_int_equal(rootlines.n, 0);
}

static void
rule2_empty(void **state)
{
	struct hs_key k = rootlines_key(HS_KT_SK_ED25519, 1, HS_APPLICATION);

	(void)state;
	assert_int_equal(rootlines_parse((struct hs_str){0}), HS_OK);
	assert_true(rootlines.n == 0 && rootlines.v == NULL);
	assert_null(hs_roots_find(&rootlines, &k));
	assert_int_equal(parse("\n# \n\n"), HS_OK);
	assert_true(rootlines.n == 0 && rootlines_said.len == 1);
	hs_roots_free(&rootlines);
	hs_roots_free(&rootlines);
}

static void
find(void **state)
{
	struct hs_key a = rootlines_key(HS_KT_SK_ED25519, 1, HS_APPLICATION);
	struct hs_key b = rootlines_key(HS_KT_SK_ED25519, 2, HS_APPLICATION);
	struct hs_key c = rootlines_key(HS_KT_SK_ED25519, 3, HS_APPLICATION);

	(void)state;
	assert_int_equal(parse(A "\n" B "\n"), HS_OK);
	assert_ptr_equal(hs_roots_find(&rootlines, &a), &rootlines.v[0]);
	assert_ptr_equal(hs_roots_find(&rootlines, &b), &rootlines.v[1]);
	assert_null(hs_roots_find(&rootlines, &c));
	a.type = HS_KT_ED25519;
	assert_null(hs_roots_find(&rootlines, &a));
}

static void
rule10_too_many(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	hs_roots_free(&rootlines);
	for (unsigned i = 0; i <= HS_ROOTS_MAX; i++) {
		struct hs_key k =
		    rootlines_key(HS_KT_SK_ED25519, (uint8_t)i, HS_APPLICATION);

		if (i == HS_ROOTS_MAX) {
			assert_int_equal(
			    hs_roots_parse(hs_buf_str(&b), &rootlines, NULL, NULL), HS_OK);
			assert_int_equal(rootlines.n, HS_ROOTS_MAX);
			hs_roots_free(&rootlines);
		}
		hs_key_put_line(&b, &k);
		hs_put_u8(&b, '\n');
	}
	assert_int_equal(
	    hs_roots_parse(hs_buf_str(&b), &rootlines, NULL, NULL), HS_ERR_TOO_LONG);
	assert_true(rootlines.n == 0 && rootlines.v == NULL);
	hs_buf_free(&b);
}

static void
rule10_nul(void **state)
{
	static const char text[] =
	    "users=\"a\0b\" x\ndirect\0 x\n\0\nsk-ssh-ed25519@openssh.com \0";

	(void)state;
	assert_int_equal(
	    rootlines_parse((struct hs_str){(const uint8_t *)text, sizeof text - 1}),
	    HS_OK);
	assert_int_equal(rootlines.n, 0);
	assert_non_null(strstr((char *)rootlines_said.p, "1:9: a login name has"));
	assert_non_null(strstr((char *)rootlines_said.p, "2:1: there is no such option"));
	assert_non_null(strstr((char *)rootlines_said.p, "3:1: there is no such option"));
	assert_non_null(strstr((char *)rootlines_said.p, "4:1: the key cannot be read"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(page),
	    cmocka_unit_test(rule2_users),
	    cmocka_unit_test(rule10_users),
	    cmocka_unit_test(bounds_of_users),
	    cmocka_unit_test(options),
	    cmocka_unit_test(spans),
	    cmocka_unit_test(rule10_keys),
	    cmocka_unit_test(comments),
	    cmocka_unit_test(rule9_the_others_hold),
	    cmocka_unit_test(rule2_empty),
	    cmocka_unit_test(find),
	    cmocka_unit_test(rule10_too_many),
	    cmocka_unit_test(rule10_nul),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, rootlines_free);
}
