// SPDX-License-Identifier: ISC
//
// Lines of known_hosts taken apart, and lists of names: by themselves, without libssh.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "agentd/known-hosts/line.h"
#include "agentd/known-hosts/patterns.h"

static void
lines_of_a_text(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *last;
	} rows[] = {{"", 0, ""}, {"a", 1, "a"}, {"a\n", 1, "a"}, {"a\nb", 2, "b"},
	    {"\n", 1, ""}, {"\n\n\n", 3, ""}, {"a\r\nb\r\n", 2, "b\r"}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hs_str text = hs_str_c(rows[i].text), line = {0};
		size_t n = 0;

		while (hs_line_next(&text, &line))
			n++;
		assert_int_equal(n, rows[i].n);
		assert_int_equal(text.len, 0);
		assert_true(hs_str_is(line, rows[i].last));
	}
}

static const struct {
	const char *line;
	size_t len; // 0: as long as the text
	int rc;
	enum hs_knownhosts_kind kind;
	const char *hosts, *type, *key;
} parted[] = {
    {"", 0, HS_OK, HS_KNOWNHOSTS_KEY, "", "", ""},
    {" \t ", 0, HS_OK, HS_KNOWNHOSTS_KEY, "", "", ""},
    {"\r", 0, HS_OK, HS_KNOWNHOSTS_KEY, "", "", ""},
    {"# a b c", 0, HS_OK, HS_KNOWNHOSTS_KEY, "", "", ""},
    {"\t# a b c", 0, HS_OK, HS_KNOWNHOSTS_KEY, "", "", ""},
    {"\0a b c", 6, HS_OK, HS_KNOWNHOSTS_KEY, "", "", ""},
    {"a b c", 0, HS_OK, HS_KNOWNHOSTS_KEY, "a", "b", "c"},
    {"a b c\r", 0, HS_OK, HS_KNOWNHOSTS_KEY, "a", "b", "c"},
    {"a b c\r\r", 0, HS_OK, HS_KNOWNHOSTS_KEY, "a", "b", "c"},
    {"  a\t\tb  c d e # f", 0, HS_OK, HS_KNOWNHOSTS_KEY, "a", "b", "c"},
    {"a b c\0d", 7, HS_OK, HS_KNOWNHOSTS_KEY, "a", "b", "c"},
    {"a b \0c", 6, HS_ERR_FORMAT, HS_KNOWNHOSTS_KEY, "", "", ""},
    {"a", 0, HS_ERR_FORMAT, HS_KNOWNHOSTS_KEY, "", "", ""},
    {"a b", 0, HS_ERR_FORMAT, HS_KNOWNHOSTS_KEY, "", "", ""},
    {"a b ", 0, HS_ERR_FORMAT, HS_KNOWNHOSTS_KEY, "", "", ""},
    {"a #b c", 0, HS_ERR_FORMAT, HS_KNOWNHOSTS_KEY, "", "", ""},
    {"@revoked a b c", 0, HS_OK, HS_KNOWNHOSTS_REVOKED, "a", "b", "c"},
    {"@cert-authority a b c", 0, HS_OK, HS_KNOWNHOSTS_CA, "a", "b", "c"},
    {" @cert-authority\ta b c", 0, HS_OK, HS_KNOWNHOSTS_CA, "a", "b", "c"},
    {"@revoked", 0, HS_ERR_FORMAT, HS_KNOWNHOSTS_REVOKED, "", "", ""},
    {"@revoked a", 0, HS_ERR_FORMAT, HS_KNOWNHOSTS_REVOKED, "", "", ""},
    {"@revoked @revoked a b c", 0, HS_ERR_FORMAT, HS_KNOWNHOSTS_REVOKED, "", "", ""},
    {"@REVOKED a b c", 0, HS_ERR_FORMAT, HS_KNOWNHOSTS_KEY, "", "", ""},
    {"@ a b c", 0, HS_ERR_FORMAT, HS_KNOWNHOSTS_KEY, "", "", ""},
};

static void
rule10_parts_of_a_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof parted / sizeof parted[0]; i++) {
		struct hs_str s = hs_str_c(parted[i].line);
		struct hs_err err = {0};
		struct hs_line l;

		s.len = parted[i].len > 0 ? parted[i].len : s.len;
		if (hs_line_read(s, &l, &err) != parted[i].rc || l.kind != parted[i].kind ||
		    !hs_str_is(l.hosts, parted[i].hosts) ||
		    !hs_str_is(l.type, parted[i].type) ||
		    !hs_str_is(l.key, parted[i].key) ||
		    (parted[i].rc != HS_OK) != (err.text[0] != '\0'))
			fail_msg("%s", parted[i].line);
	}
}

static void
the_longest_line(void **state)
{
	static uint8_t text[HS_LINE_MAX + 1];
	struct hs_err err = {0};
	struct hs_line l;

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "a b ", 4);
	assert_int_equal(hs_line_read((struct hs_str){text, HS_LINE_MAX}, &l, &err), HS_OK);
	assert_int_equal(l.key.len, HS_LINE_MAX - 4);
	text[0] = '#'; // even of a comment
	assert_int_equal(hs_line_read((struct hs_str){text, HS_LINE_MAX + 1}, &l, &err),
	    HS_ERR_TOO_LONG);
	assert_string_equal(
	    err.text, "the line has more than 65536 bytes, and is not used");
}

// ---- names

static void
put_list(char *out, size_t size, char tag, const struct hs_patterns_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		size_t n = strlen(out);

		snprintf(out + n, size - n, "%s%c%.*s", n > 0 ? " " : "", tag,
		    (int)l->v[i].len, (const char *)l->v[i].p);
	}
}

// In the second, = stands before a plain one, * before one with wildcards, ! before one
// that is negated.
static void
names_of_a_line(void **state)
{
	static const struct {
		const char *hosts, *want;
	} rows[] = {
	    {"a", "=a"},
	    {"a,b,c", "=a =b =c"},
	    {",a,,b,", "=a =b"},
	    {"*,a?,!b,!c*", "**"
			    " *a?"
			    " !b"
			    " !c*"},
	    {"[a]:22,[*.b]:*,![c]:2?", "=a **.b !c"},
	    {"A.b-C.9", "=A.b-C.9"},
	    {"!", ""},
	    {"a_b,a/b,a|b,|1|x|y,a:22,a\xc3\xa9,a@b,a%b,!!a", ""},
	    {"[::1]:22,fe80::1", ""},
	    {"[[a]:1]:22", ""},
	    {"[a]:22:22", "E"},
	    {"[a]", "E"},
	    {"[a", "E"},
	    {"[]:1", "E"},
	    {"[a]:", "E"},
	    {"[a]:ssh", "E"},
	    {"[a]x:1", "E"},
	    {"![a", "E"},
	    {"a,[", "E"},
	    {"********", "*********"},
	    {"*********", "E"},
	    {"!*?*?*?*?*?*?*?*?*", "E"},
	    {"|1|AAECAwQFBgcICQoLDA0ODxAREhM=|kbguOtKYPIB/ZYy8dnyA/wCUN34=", "H"},
	    {"|1|AAECAwQFBgcICQoLDA0ODxAREhM=|kbguOtKYPIB/ZYy8dnyA/wCUN34", "E"},
	    {"|1|AAECAwQFBgcICQoLDA0ODxAREhM=|kbguOtKYPIB/ZYy8dnyA/wCUN34=,", "E"},
	    {"|2|AAECAwQFBgcICQoLDA0ODxAREhM=|kbguOtKYPIB/ZYy8dnyA/wCUN34=", "E"},
	    {"|1|AAECAwQFBgcICQoLDA0ODxAREhM=,kbguOtKYPIB/ZYy8dnyA/wCUN34=", "E"},
	    {"|1|AAECAwQFBgcICQoLDA0ODxA,EhM=|kbguOtKYPIB/ZYy8dnyA/wCUN34=", "E"},
	    {"|1|AAECAwQFBgcICQoLDA0ODxAREhM=|kbguOtKYPIB/ZYy8dnyA|wCUN34=", "E"},
	    {"|", "E"},
	    {"|1", "E"},
	    {"|1|", "E"},
	};
	struct hs_patterns p = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *why = NULL;
		char got[256] = "";
		int rc = hs_patterns_read(&p, hs_str_c(rows[i].hosts), &why);

		assert_int_equal(rc == HS_OK, why == NULL);
		if (rc != HS_OK || p.hashed) {
			snprintf(got, sizeof got, "%s", rc != HS_OK ? "E" : "H");
		} else {
			put_list(got, sizeof got, '=', &p.plain);
			put_list(got, sizeof got, '*', &p.wild);
			put_list(got, sizeof got, '!', &p.negated);
		}
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].hosts, got);
	}
	hs_patterns_free(&p);
	hs_patterns_free(&p); // fine
}

// What may be the port's.
static void
ported(void **state)
{
	static const struct {
		const char *hosts;
		bool is;
	} rows[] = {{"*", true}, {"?", true}, {"*a*", true}, {"?1", true}, {"a,*:22", true},
	    {"*]:2?", true}, {"*_*", true}, {"a*", false}, {"*a", false}, {"1*1", false},
	    {"a", false}, {"!*", false}, {"[*]:*", false}, {"", false}, {"*.b,a", false}};
	struct hs_patterns p = {0};
	const char *why = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(
		    hs_patterns_read(&p, hs_str_c(rows[i].hosts), &why), HS_OK);
		if (p.ported != rows[i].is)
			fail_msg("%s", rows[i].hosts);
	}
	hs_patterns_free(&p);
}

static void
many_names(void **state)
{
	struct hs_patterns p = {0};
	struct hs_buf b = {0};
	const char *why = NULL;

	(void)state;
	for (int i = 0; i < 5000; i++)
		hs_put_fmt(&b, "a%d,", i);
	assert_int_equal(hs_patterns_read(&p, hs_buf_str(&b), &why), HS_OK);
	assert_int_equal(p.plain.n, 5000);
	assert_true(hs_str_is(p.plain.v[4999], "a4999"));
	assert_int_equal(hs_patterns_read(&p, hs_str_c("x"), &why), HS_OK);
	assert_int_equal(p.plain.n, 1);
	hs_patterns_free(&p);
	hs_buf_free(&b);
}

static void
lower_case(void **state)
{
	char out[8];

	(void)state;
	assert_true(hs_str_is(hs_patterns_lower(hs_str_c("aBZ@[-9"), out, 8), "abz@[-9"));
	assert_int_equal(hs_patterns_lower(hs_str_c("12345678"), out, 8).len, 0);
	assert_int_equal(hs_patterns_lower((struct hs_str){0}, out, 8).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lines_of_a_text),
	    cmocka_unit_test(rule10_parts_of_a_line), cmocka_unit_test(the_longest_line),
	    cmocka_unit_test(names_of_a_line), cmocka_unit_test(ported),
	    cmocka_unit_test(many_names), cmocka_unit_test(lower_case)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
