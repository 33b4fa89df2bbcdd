// SPDX-License-Identifier: ISC
//
// Scope text as a whole: lines, blocks, the head, what statements need, limits, canonical
// text. Each fault is checked with its line and column. The grammar of values is in
// test_scope_value.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/scope.h"

#define HEAD "max-ttl 60\nmax-uses *\n\n"
#define WHO  "addr *\nhost h\nuser u\n"

static void
becomes(const char *text, const char *want)
{
	struct hs_scope *s = NULL, *again = NULL;
	struct hs_err err = {0};

	if (hs_scope_parse(hs_str_c(text), &s, &err) != HS_OK)
		fail_msg("%s:%u:%u: %s", text, err.line, err.column, err.text);
	if (!hs_str_is(hs_scope_text(s), want))
		fail_msg(
		    "%s became %.*s", text, (int)hs_scope_text(s).len, hs_scope_text(s).p);
	assert_int_equal(hs_scope_parse_canonical(hs_str_c(want), &again, &err), HS_OK);
	assert_true(hs_scope_under(s, again) && hs_scope_under(again, s));
	hs_scope_free(&again);
	if (strcmp(text, want) != 0) {
		assert_int_equal(
		    hs_scope_parse_canonical(hs_str_c(text), &again, &err), HS_ERR_SCOPE);
		assert_null(again);
		assert_true(err.line > 0 && err.column > 0);
	}
	hs_scope_free(&s);
	assert_null(s);
}

static void
refused_str(struct hs_str text, int code, unsigned line, unsigned column, const char *why)
{
	struct hs_scope *s = (struct hs_scope *)&text; // must be nulled
	struct hs_err err = {0};
	int rc = hs_scope_parse(text, &s, &err);

	if (rc != code || err.line != line || err.column != column ||
	    strstr(err.text, why) == NULL)
		fail_msg("%.*s: %d at %u:%u: %s", (int)text.len, text.p, rc, err.line,
		    err.column, err.text);
	assert_null(s);
	assert_int_equal(err.code, code);
	assert_int_equal(hs_scope_parse_canonical(text, &s, &err), code);
	assert_null(s);
	assert_int_equal(hs_scope_parse(text, &s, NULL), code);
}

static void
refused(const char *text, unsigned line, unsigned column, const char *why)
{
	refused_str(hs_str_c(text), HS_ERR_SCOPE, line, column, why);
}

static void
canonical(void **state)
{
	static const char plain[] = HEAD WHO;

	(void)state;
	becomes(plain, plain);
	becomes("\n\n" HEAD "\n\n" WHO "\n\n\n", plain);
	becomes(HEAD "user u\nhost h\naddr *", plain); // no last LF
	becomes("max-uses *\nmax-ttl 1m\ndepth 0\n\n" WHO, plain);
	becomes("depth 16\nmax-uses 1\nmax-ttl 366d\n\n" WHO,
	    "depth 16\nmax-ttl 31622400\nmax-uses 1\n\n" WHO);
	becomes("max-ttl 8h\nmax-uses 1000000000\n\n" WHO,
	    "max-ttl 28800\nmax-uses 1000000000\n\n" WHO);
	becomes("on-end drain\n" HEAD WHO, "max-ttl 60\nmax-uses *\non-end drain\n\n" WHO);
	becomes("on-end kill\n" HEAD WHO, plain);
	becomes("max-ttl 9s\nmax-uses *\n\n" WHO, "max-ttl 9\nmax-uses *\n\n" WHO);
	// repeated and covered values
	becomes(HEAD "addr *\nhost h\nuser u\nhost h\n", plain);
	becomes(HEAD "addr *\naddr 10.0.0.0/8\naddr ::/0\nhost h\nuser u\n", plain);
	becomes(HEAD "addr *\nhost a.x\nhost *.x\nhost *.b.x\nhost x\nuser u\n",
	    HEAD "addr *\nhost *.x\nhost x\nuser u\n");
}

static void
canonical_commands(void **state)
{
	(void)state;
	becomes(HEAD
	    "addr *\ncmd ls -l ...\ncmd ls ...\ncmd ls\ncmd 'ls'\nhost h\nuser u\n",
	    HEAD "addr *\ncmd ls ...\nhost h\nuser u\n");
	becomes(HEAD "addr *\ncmd \"a\"  b\\ c ''\nhost h\nuser u\n",
	    HEAD "addr *\ncmd a 'b c' ''\nhost h\nuser u\n");
	becomes(HEAD "addr *\ncmd *\ncmd '*'\ncmd subsystem:sftp\nhost h\nuser u\n",
	    HEAD "addr *\ncmd *\nhost h\nuser u\n");
	becomes(HEAD "addr *\ncmd 'a=b' c=d '=e'\nhost h\nuser u\n",
	    HEAD "addr *\ncmd 'a=b' c=d '=e'\nhost h\nuser u\n");
	becomes(HEAD
	    "addr *\ncmd subsystem:sftp-write\ncmd subsystem:sftp\nhost h\nuser u\n",
	    HEAD "addr *\ncmd subsystem:sftp\ncmd subsystem:sftp-write\nhost h\nuser u\n");
	becomes(HEAD "addr *\ncmd \\sub'system:sftp'\nhost h\nuser u\n",
	    HEAD "addr *\ncmd 'subsystem:sftp'\nhost h\nuser u\n");
	becomes(HEAD "addr *\ncmd gr\xc3\xbc\xc3\x9f"
		     "e\nhost h\nuser u\n",
	    HEAD "addr *\ncmd 'gr\xc3\xbc\xc3\x9f"
		 "e'\nhost h\nuser u\n");
}

static void
canonical_statements(void **state)
{
	(void)state;
	becomes(HEAD "ns b\n\nns a\n", HEAD "ns a\n\nns b\n");
	becomes(HEAD "ns a\n\nns a\n", HEAD "ns a\n");
	becomes(HEAD "ns a\n\nns *\n\nns b\n", HEAD "ns *\n");
	becomes(HEAD "ns a\nns b\n\nns b\nns a\n\nns a\n", HEAD "ns a\nns b\n");
	becomes(HEAD "ns ab\n\nns a\nns ab\n\ncap a:b\nns a\n",
	    HEAD "cap a:b\nns a\n\nns a\nns ab\n");
	becomes(
	    HEAD "ns a\nns c\n\nns a\nns b\n\nns a\n", HEAD "ns a\nns b\n\nns a\nns c\n");
	becomes(HEAD "user *\nhost *\naddr *\n\n" WHO, HEAD "addr *\nhost *\nuser *\n");
	becomes(HEAD "ns a\n\n" WHO, HEAD WHO "\nns a\n");
}

static void
lines(void **state)
{
	(void)state;
	refused(HEAD " user u\n", 4, 1, "begins with its key");
	refused(HEAD " \n", 4, 1, "begins with its key");
	refused(HEAD "user  u\n", 4, 6, "one space");
	refused(HEAD "user u \n", 4, 7, "a blank ends the line");
	refused(HEAD "user u\r\n", 4, 7, "without CR");
	refused(HEAD "user\tu\n", 4, 5, "control");
	refused(HEAD "cmd a \xe2\x80\x8b\n", 4, 7, "invisible");
	refused(HEAD "cmd a \xff\n", 4, 7, "not UTF-8");
	refused(HEAD "cmd \xe2\x80\xae"
		     "a\n",
	    4, 5, "invisible");
	refused_str((struct hs_str){(const uint8_t *)"max-ttl 1\0\n", 11}, HS_ERR_SCOPE, 1,
	    10, "control");
	refused(HEAD "usr u\n", 4, 1, "no key `usr`");
	refused(HEAD "User u\n", 4, 1, "no key `User`");
	refused(HEAD "# a\n", 4, 1, "no key `#`");
	refused(HEAD "user\n", 4, 6, "`user` has no value");
	refused(HEAD "user \n", 4, 6, "`user` has no value");
	refused(HEAD "us\n", 4, 1, "no key `us`");
	refused(HEAD "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa u\n", 4, 1,
	    "`aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`");
	refused(HEAD "\xc3\xbc u\n", 4, 1, "no key `\xc3\xbc`");
}

static void
rule2_heads(void **state)
{
	static const char *const ttl[] = {"0", "-1", "+1", "01", "1x", "m", "0h", "1 ",
	    "1.5h", "31622401", "367d", "9223372036854775808", "18446744073709551616",
	    "1hh", "*"};
	static const char *const uses[] = {
	    "0", "-1", "01", "1000000001", "**", "any", "18446744073709551615"};
	static const char *const depth[] = {"-1", "17", "00", "*", "1x"};
	char text[128];

	(void)state;
	refused("", 1, 1, "no `max-ttl`");
	refused_str((struct hs_str){0}, HS_ERR_SCOPE, 1, 1, "no `max-ttl`");
	refused("\n\n\n", 4, 1, "no `max-ttl`");
	refused("max-uses *\n\nns a\n", 2, 1, "no `max-ttl`");
	refused("max-ttl 1\n\nns a\n", 2, 1, "no `max-uses`");
	refused("max-ttl 1\n", 2, 1, "no `max-uses`");
	refused(HEAD, 4, 1, "no statement");
	refused("max-ttl 1\nmax-uses *", 3, 1, "no statement");
	refused("ns a\n", 1, 1, "first block is the head");
	refused("max-ttl 1\nns a\n", 2, 1, "`ns` belongs into a statement");
	refused(HEAD "ns a\nmax-ttl 1\n", 5, 1, "`max-ttl` belongs into the head");
	refused(HEAD "depth 1\n", 4, 1, "`depth` belongs into the head");
	refused("max-ttl 1\nmax-ttl 1\n", 2, 1, "stands in the head already");
	refused("max-uses 1\nmax-uses 2\n", 2, 1, "`max-uses` stands");
	refused("depth 0\ndepth 0\n", 2, 1, "`depth` stands");
	for (size_t i = 0; i < sizeof ttl / sizeof ttl[0]; i++) {
		bool blank = strchr(ttl[i], ' ') != NULL;

		snprintf(text, sizeof text, "max-ttl %s\nmax-uses *\n\nns a\n", ttl[i]);
		refused(text, 1, blank ? 10 : 9, blank ? "a blank ends" : "is a time");
	}
	for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
		snprintf(text, sizeof text, "max-ttl 1\nmax-uses %s\n\nns a\n", uses[i]);
		refused(text, 2, 10, "`max-uses` is a number");
	}
	for (size_t i = 0; i < sizeof depth / sizeof depth[0]; i++) {
		snprintf(text, sizeof text, "depth %s\n", depth[i]);
		refused(text, 1, 7, "`depth` is a number");
	}
	refused("on-end Drain\n", 1, 8, "`on-end` is kill or drain");
}

static void
rule2_statements_need(void **state)
{
	static const char *const keys[] = {"addr *\n", "host h\n", "user u\n"};
	static const char *const missing[] = {"no `addr`", "no `host`", "no `user`"};
	static const char *const login[] = {
	    "cmd id\n", "permit pty\n", "open a:1\n", "user u\n", "host h\n", "addr *\n"};
	static const char *const first[] = {
	    "no `user`", "no `user`", "no `user`", "no `host`", "no `user`", "no `user`"};
	char text[256];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof text, HEAD "ns a\n%s%scmd id\n\nns b\n",
		    keys[(i + 1) % 3], keys[(i + 2) % 3]);
		refused(text, 4, 1, missing[i]);
	}
	for (size_t i = 0; i < sizeof login / sizeof login[0]; i++) {
		snprintf(text, sizeof text, HEAD "ns a\n\nns b\n%s", login[i]);
		refused(text, 6, 1, first[i]);
	}
	refused(HEAD WHO "open a:1\n", 7, 1, "does nothing without");
	refused(HEAD WHO "permit pty\nopen a:1\nopen b:1\n", 8, 1, "does nothing without");
	becomes(HEAD WHO "permit port-forwarding\nopen a:1\n",
	    HEAD "addr *\nhost h\nopen a:1\npermit port-forwarding\nuser u\n");
	becomes(HEAD "open a:1\n" WHO "permit *\n",
	    HEAD "addr *\nhost h\nopen a:1\npermit *\nuser u\n");
	becomes(
	    HEAD WHO "ns git\ncap a:b\n", HEAD "addr *\ncap a:b\nhost h\nns git\nuser u\n");
}

static void
places_in_values(void **state)
{
	(void)state;
	refused(HEAD "ns a\nuser -x\n", 5, 6, "begins with a letter");
	refused(HEAD "ns a\n\nhost a..b\n", 6, 8, "label of the host name is empty");
	refused(HEAD "cmd a 'b\n", 4, 7, "not closed");
	refused(HEAD "cmd ls x ; y\n", 4, 10, "quote it");
	refused(HEAD "cmd \xc3\xbc ; y\n", 4, 8, "quote it"); // in bytes
}

static void
limits(void **state)
{
	static char text[3 * HS_SCOPE_BYTES_MAX];
	size_t n, head = strlen(HEAD);

	(void)state;
	memcpy(text, HEAD, head + 1);
	for (unsigned i = 0; i <= HS_SCOPE_STATEMENTS_MAX; i++) {
		struct hs_scope *s = NULL;
		struct hs_err err;

		n = strlen(text);
		if (i == HS_SCOPE_STATEMENTS_MAX) {
			assert_int_equal(hs_scope_parse(hs_str_c(text), &s, &err), HS_OK);
			assert_int_equal(hs_scope_statements(s), i);
			hs_scope_free(&s);
		}
		snprintf(text + n, sizeof text - n, "ns n%u\n\n", i);
	}
	refused_str(hs_str_c(text), HS_ERR_TOO_LONG, 4 + 2 * HS_SCOPE_STATEMENTS_MAX, 1,
	    "at most 64 statements");
	memcpy(text, HEAD, head + 1);
	for (unsigned i = 0; i < HS_SCOPE_VALUES_MAX; i++)
		memcpy(text + head + 5 * i, "ns a\n", 6);
	becomes(text, HEAD "ns a\n");
	memcpy(text + head + 5 * HS_SCOPE_VALUES_MAX, "ns a\n", 6);
	refused_str(hs_str_c(text), HS_ERR_TOO_LONG, 4 + HS_SCOPE_VALUES_MAX, 1,
	    "at most 256 lines");
}

static void
limits_in_bytes(void **state)
{
	static char text[3 * HS_SCOPE_BYTES_MAX];
	size_t head = strlen(HEAD "ns a\n");

	(void)state;
	memcpy(text, HEAD "ns a\n", head);
	memset(text + head, '\n', sizeof text - head);
	text[HS_SCOPE_BYTES_MAX] = '\0';
	becomes(text, HEAD "ns a\n");
	text[HS_SCOPE_BYTES_MAX] = '\n';
	text[HS_SCOPE_BYTES_MAX + 1] = '\0';
	refused_str(
	    hs_str_c(text), HS_ERR_TOO_LONG, 0, 0, "at most 16384 bytes; this has 16385");
	// short as read, too long when each ' is written as '\''
	head = strlen(HEAD WHO "cmd a");
	memcpy(text, HEAD WHO "cmd a", head);
	for (size_t i = head; i < HS_SCOPE_BYTES_MAX - 2; i += 2)
		memcpy(text + i, "\\'", 3);
	refused_str(
	    hs_str_c(text), HS_ERR_TOO_LONG, 0, 0, "the scope's canonical text has 32");
	// as many lines as fit: a block each 256
	head = strlen(HEAD);
	memcpy(text, HEAD, head);
	for (unsigned k = 0; head + 6 < HS_SCOPE_BYTES_MAX; k++) {
		if (k % HS_SCOPE_VALUES_MAX == 0)
			text[head++] = '\n';
		memcpy(text + head, "ns a\n", 6);
		head += 5;
	}
	becomes(text, HEAD "ns a\n");
}

static void
words_of_a_command(void **state)
{
	static const char before[] = HEAD "addr *\ncmd", after[] = "\nhost h\nuser u\n";
	char text[1024];
	size_t n = strlen(before);

	(void)state;
	memcpy(text, before, n);
	for (unsigned i = 0; i < HS_CMD_WORDS_MAX; i++, n += 2)
		memcpy(text + n, " a", 2);
	memcpy(text + n, after, sizeof after);
	becomes(text, text);
	memcpy(text + n, " ...", 4);
	memcpy(text + n + 4, after, sizeof after);
	refused_str(hs_str_c(text), HS_ERR_TOO_LONG, 5, 5 + 2 * HS_CMD_WORDS_MAX,
	    "at most 64 words");
}

static void
not_canonical(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
	} rows[] = {{"max-ttl 1m\nmax-uses *\n\nns a\n", 1, 9},
	    {"\nmax-ttl 1\nmax-uses *\n\nns a\n", 1, 1}, {HEAD "ns b\nns a\n", 4, 4},
	    {HEAD "ns a", 4, 5}, {HEAD "ns a\n\n", 5, 1}, {HEAD "\nns a\n", 4, 1},
	    {HEAD "ns a\nns a\n", 5, 1}, {"depth 0\n" HEAD "ns a\n", 1, 1},
	    {"max-uses *\nmax-ttl 60\n\nns a\n", 1, 5}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hs_scope *s = NULL;
		struct hs_err err = {0};

		assert_int_equal(hs_scope_parse_canonical(hs_str_c(rows[i].text), &s, &err),
		    HS_ERR_SCOPE);
		assert_null(s);
		assert_int_equal(err.line, rows[i].line);
		assert_int_equal(err.column, rows[i].column);
		assert_non_null(strstr(err.text, "not written canonically"));
	}
}

static void
what_can_be_read(void **state)
{
	static const char text[] =
	    "depth 2\nmax-ttl 60\nmax-uses 7\n\naddr *\ncmd *\ncmd ls ...\n"
	    "host h\nuser u\nuser v\n\nns a\n";
	struct hs_scope *s = NULL;
	uint8_t digest[32], want[32];
	enum hs_cmd_kind kind;
	struct hs_err err;
	size_t n;

	(void)state;
	assert_int_equal(hs_scope_parse(hs_str_c(text), &s, &err), HS_OK);
	assert_int_equal(hs_scope_depth(s), 2);
	assert_int_equal(hs_scope_max_ttl(s), 60);
	assert_int_equal(hs_scope_max_uses(s), 7);
	assert_int_equal(hs_scope_statements(s), 2);
	assert_int_equal(hs_scope_values(s, 0, HS_KEY_USER), 2);
	assert_int_equal(hs_scope_values(s, 0, HS_KEY_NS), 0);
	assert_int_equal(hs_scope_values(s, 1, HS_KEY_NS), 1);
	assert_int_equal(hs_scope_values(s, 2, HS_KEY_NS), 0);
	assert_int_equal(hs_scope_values(s, 0, HS_KEY_COUNT), 0);
	assert_true(hs_str_is(hs_scope_value(s, 0, HS_KEY_USER, 1), "v"));
	assert_int_equal(hs_scope_value(s, 0, HS_KEY_USER, 2).len, 0);
	assert_int_equal(hs_scope_values(s, 0, HS_KEY_CMD), 1); // * covers the other
	(void)hs_scope_cmd(s, 0, 0, &kind, &n);
	assert_int_equal(kind, HS_CMD_ANY);
	assert_int_equal(n, 0);
	assert_null(hs_scope_cmd(s, 0, 1, &kind, &n));
	assert_int_equal(kind, HS_CMD_EXACT); // of no words: matches nothing
	assert_int_equal(n, 0);
	hs_scope_digest(s, digest);
	crypto_hash_sha256(want, hs_scope_text(s).p, hs_scope_text(s).len);
	assert_memory_equal(digest, want, 32);
	hs_scope_free(&s);
	hs_scope_free(&s);
	hs_scope_free(NULL);
	assert_string_equal(hs_permit_name(HS_PERMIT_PTY), "pty");
	assert_string_equal(hs_permit_name(HS_PERMIT_COUNT), "");
	assert_string_equal(hs_permit_name((enum hs_permit) - 1), "");
}

static void
kinds_of_commands(void **state)
{
	static const struct {
		const char *text;
		enum hs_cmd_kind kind;
		size_t n;
		const char *last;
	} rows[] = {{"ls", HS_CMD_EXACT, 1, "ls"}, {"ls 'a b'", HS_CMD_EXACT, 2, "a b"},
	    {"ls ...", HS_CMD_PREFIX, 1, "ls"}, {"ls '...' ...", HS_CMD_PREFIX, 2, "..."},
	    {"ls '...'", HS_CMD_EXACT, 2, "..."}, {"'*'", HS_CMD_EXACT, 1, "*"},
	    {"ls ''", HS_CMD_EXACT, 2, ""}, {"subsystem:sftp", HS_CMD_SFTP, 0, NULL},
	    {"subsystem:sftp-write", HS_CMD_SFTP_WRITE, 0, NULL},
	    {"*", HS_CMD_ANY, 0, NULL},
	    {"subsystem:ftp", HS_CMD_EXACT, 1, "subsystem:ftp"}};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct hs_str *words;
		struct hs_scope *s = NULL;
		enum hs_cmd_kind kind;
		struct hs_err err;
		size_t n;

		snprintf(text, sizeof text, HEAD WHO "cmd %s\n", rows[i].text);
		assert_int_equal(hs_scope_parse(hs_str_c(text), &s, &err), HS_OK);
		words = hs_scope_cmd(s, 0, 0, &kind, &n);
		assert_int_equal(kind, rows[i].kind);
		assert_int_equal(n, rows[i].n);
		if (n > 0)
			assert_true(hs_str_is(words[n - 1], rows[i].last));
		hs_scope_free(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(canonical),
	    cmocka_unit_test(canonical_commands), cmocka_unit_test(canonical_statements),
	    cmocka_unit_test(lines), cmocka_unit_test(rule2_heads),
	    cmocka_unit_test(rule2_statements_need), cmocka_unit_test(places_in_values),
	    cmocka_unit_test(limits), cmocka_unit_test(limits_in_bytes),
	    cmocka_unit_test(words_of_a_command), cmocka_unit_test(not_canonical),
	    cmocka_unit_test(what_can_be_read), cmocka_unit_test(kinds_of_commands)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
