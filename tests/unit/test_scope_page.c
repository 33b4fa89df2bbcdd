// SPDX-License-Identifier: ISC
//
// The examples and tables of docs/PROTOCOL.scope, re-created from the page itself:
// canonical text and digest, the relation, questions and answers, faults and their columns.
// What the page does not show is in the other test_scope_*.c.
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
#include "proto/text.h"

#define COLUMNS_MAX 8

static struct hs_buf page;

static void
read_page(void)
{
	const char *src = getenv("HS_SRC");
	char path[4096], part[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/docs/PROTOCOL.scope", src != NULL ? src : ".");
	f = fopen(path, "r");
	if (f == NULL)
		return;
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		hs_put_raw(&page, part, n);
	fclose(f);
	hs_put_u8(&page, 0);
}

// Takes the next line off *rest, without its LF.
static struct hs_str
next_line(const char **rest)
{
	const char *start = *rest, *end = strchr(start, '\n');
	size_t len = end != NULL ? (size_t)(end - start) : strlen(start);

	*rest = start + len + (end != NULL ? 1 : 0);
	return (struct hs_str){(const uint8_t *)start, len};
}

// What stands behind the line "\texample NAME": its lines begin with a tab.
static const char *
example(const char *name)
{
	char want[64];
	const char *at;

	snprintf(want, sizeof want, "\n\texample %s", name);
	assert_int_equal(hs_buf_err(&page), HS_OK);
	assert_true(page.len > 0);
	at = strstr((const char *)page.p, want);
	assert_non_null(at);
	(void)next_line(&at);
	(void)next_line(&at);
	return at;
}

// The next row of a table, split at its tabs; false behind its end.
static bool
next_row(const char **rest, struct hs_str col[COLUMNS_MAX], size_t columns)
{
	struct hs_str line = next_line(rest);
	size_t n = 0, start = 1;

	if (line.len == 0 || line.p[0] != '\t')
		return false;
	for (size_t i = 1; i <= line.len; i++)
		if (i == line.len || line.p[i] == '\t') {
			assert_true(n < columns);
			col[n++] = (struct hs_str){line.p + start, i - start};
			start = i + 1;
		}
	assert_int_equal(n, columns);
	return true;
}

// A text whose lines stand behind "\t|".
static void
text_example(const char *name, struct hs_buf *out)
{
	const char *rest = example(name);
	struct hs_str line;

	for (line = next_line(&rest); line.len >= 2 && line.p[1] == '|';
	     line = next_line(&rest)) {
		hs_put_raw(out, line.p + 2, line.len - 2);
		hs_put_u8(out, '\n');
	}
	assert_true(out->len > 0);
}

static struct hs_scope *
example_scope(void)
{
	struct hs_scope *s = NULL;
	struct hs_buf text = {0};
	struct hs_err err;

	text_example("canonical", &text);
	assert_int_equal(hs_scope_parse_canonical(hs_buf_str(&text), &s, &err), HS_OK);
	hs_buf_free(&text);
	return s;
}

static void
canonical_text(void **state)
{
	struct hs_buf text = {0}, want = {0}, about = {0};
	struct hs_scope *s = NULL;
	uint8_t digest[32];
	struct hs_err err;

	(void)state;
	text_example("text", &text);
	text_example("canonical", &want);
	assert_int_equal(hs_scope_parse(hs_buf_str(&text), &s, &err), HS_OK);
	assert_int_equal(hs_scope_text(s).len, want.len);
	assert_memory_equal(hs_scope_text(s).p, want.p, want.len);
	hs_scope_digest(s, digest);
	hs_put_fmt(&about, "(%zu bytes, SHA-256\n\t", want.len);
	hs_text_put_hex(&about, (struct hs_str){digest, sizeof digest});
	hs_put_u8(&about, 0);
	assert_non_null(strstr((const char *)page.p, (const char *)about.p));
	hs_scope_free(&s);
	assert_int_equal(
	    hs_scope_parse_canonical(hs_buf_str(&text), &s, &err), HS_ERR_SCOPE);
	assert_null(s);
	s = example_scope();
	hs_scope_free(&s);
	hs_buf_free(&text);
	hs_buf_free(&want);
	hs_buf_free(&about);
}

static enum hs_scope_key
key_of(struct hs_str name)
{
	static const char *const names[] = {
	    "addr", "cap", "cmd", "host", "ns", "open", "permit", "user"};
	unsigned k = 0;

	while (k < HS_KEY_COUNT && !hs_str_is(name, names[k]))
		k++;
	assert_true(k < HS_KEY_COUNT);
	return (enum hs_scope_key)k;
}

static void
relation(void **state)
{
	const char *rest = example("under");
	struct hs_str col[COLUMNS_MAX] = {0};
	size_t rows = 0;

	(void)state;
	for (; next_row(&rest, col, 4); rows++) {
		bool yes = hs_str_is(col[3], "yes");

		assert_true(yes || hs_str_is(col[3], "no"));
		if (hs_scope_value_under(key_of(col[0]), col[1], col[2]) != yes)
			fail_msg("%.*s: %.*s under %.*s", (int)col[0].len, col[0].p,
			    (int)col[1].len, col[1].p, (int)col[2].len, col[2].p);
		assert_true(hs_scope_value_under(key_of(col[0]), col[1], col[1]));
		assert_true(hs_scope_value_under(key_of(col[0]), col[2], col[2]));
	}
	assert_true(rows >= 25);
}

static enum hs_request_kind
kind_of(struct hs_str name)
{
	static const char *const names[] = {
	    "login", "command", "shell", "sftp", "permit", "open", "ns", "cap"};
	unsigned k = 0;

	while (k < 8 && !hs_str_is(name, names[k]))
		k++;
	assert_true(k < 8);
	return (enum hs_request_kind)k;
}

static void
questions(void **state)
{
	const char *rest = example("asking");
	struct hs_scope *s = example_scope();
	struct hs_str col[COLUMNS_MAX] = {0}, words[16];
	size_t rows = 0;

	(void)state;
	for (; next_row(&rest, col, 6); rows++) {
		struct hs_request req = {.kind = kind_of(col[0]),
		    .user = col[1],
		    .hosts = &col[2],
		    .nhosts = 1,
		    .addr = col[3],
		    .value = col[4]};
		struct hs_words w = {0};
		struct hs_err err;

		if (hs_str_is(req.addr, "-"))
			req.addr.len = 0;
		if (req.kind == HS_REQ_COMMAND)
			assert_int_equal(hs_words_parse(col[4], 16, &w, &err), HS_OK);
		for (size_t i = 0; i < w.n; i++)
			words[i] = w.w[i].text;
		req.words = words;
		req.nwords = w.n;
		if (req.kind == HS_REQ_PERMIT)
			req.permit = HS_PERMIT_PTY;
		if (!hs_str_is(col[5],
			hs_code_name((enum hs_code)hs_scope_permits(s, &req, NULL))))
			fail_msg("row %zu is answered %s", rows + 1,
			    hs_code_name((enum hs_code)hs_scope_permits(s, &req, NULL)));
		hs_words_free(&w);
	}
	assert_true(rows >= 15);
	hs_scope_free(&s);
}

static void
faults(void **state)
{
	const char *rest = example("refused");
	struct hs_str col[COLUMNS_MAX] = {0};
	size_t rows = 0;

	(void)state;
	for (; next_row(&rest, col, 2); rows++) {
		struct hs_scope *s = NULL;
		struct hs_buf text = {0};
		struct hs_err err = {0};
		uint64_t column;

		assert_int_equal(hs_text_u64(col[1], 100, &column), HS_OK);
		hs_put_fmt(&text, "max-ttl 1\nmax-uses 1\n\nns a\n");
		hs_put_raw(&text, col[0].p, col[0].len);
		hs_put_u8(&text, '\n');
		assert_int_equal(hs_scope_parse(hs_buf_str(&text), &s, &err), HS_ERR_SCOPE);
		if (err.line != 5 || err.column != column)
			fail_msg("%.*s: %u:%u: %s", (int)col[0].len, col[0].p, err.line,
			    err.column, err.text);
		assert_int_equal(err.code, HS_ERR_SCOPE);
		hs_buf_free(&text);
	}
	assert_true(rows >= 25);
}

// Whoever changes a limit changes the page.
static void
limits(void **state)
{
	static const unsigned limits[] = {HS_SCOPE_BYTES_MAX, HS_SCOPE_STATEMENTS_MAX,
	    HS_SCOPE_VALUES_MAX, HS_CMD_WORDS_MAX, HS_COMMAND_WORDS_MAX,
	    HS_COMMAND_BYTES_MAX};
	const char *at = strstr((const char *)page.p, "\n8 Limits");
	char want[32];

	(void)state;
	assert_non_null(at);
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		snprintf(want, sizeof want, "\n\t%u\t", limits[i]);
		at = strstr(at, want);
		assert_non_null(at);
	}
	snprintf(want, sizeof want, "1..%u: a number", (unsigned)HS_TTL_MAX);
	assert_non_null(strstr((const char *)page.p, want));
	snprintf(want, sizeof want, "1..%u, or *", (unsigned)HS_USES_MAX);
	assert_non_null(strstr((const char *)page.p, want));
	snprintf(want, sizeof want, "0..%u; absent is 0", (unsigned)HS_DEPTH_MAX);
	assert_non_null(strstr((const char *)page.p, want));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(canonical_text),
	    cmocka_unit_test(relation), cmocka_unit_test(questions),
	    cmocka_unit_test(faults), cmocka_unit_test(limits)};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	read_page();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	hs_buf_free(&page);
	return failed;
}
