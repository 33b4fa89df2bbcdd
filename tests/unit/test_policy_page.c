// SPDX-License-Identifier: ISC
//
// The examples and limits of docs/PROTOCOL.policy, re-created from the page itself. Its
// table of overlaps is test_scope_overlap.c's, that of decisions test_decide_page.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/policy.h"
#include "tests/lib/page.h"

static struct hs_policy policy, system_policy;

// The example's lines; where each begins with "|", without it.
static void
example(const char *name, struct hs_buf *out)
{
	struct hs_buf b = {0};

	if (!hs_page_example("PROTOCOL.policy", name, &b))
		fail_msg("no example %s", name);
	for (size_t i = 0; i < b.len; i++)
		if (b.p[i] != '|' || (i > 0 && b.p[i - 1] != '\n'))
			hs_put_u8(out, b.p[i]);
	assert_int_equal(hs_buf_err(out), HS_OK);
	hs_buf_free(&b);
}

static void
keep(void *arg, enum hs_policy_note_kind kind, const struct hs_err *err)
{
	if (kind == HS_POLICY_ERROR)
		hs_put_fmt(arg, "%u:%u: %s\n", err->line, err->column, err->text);
}

static void
same_text(const struct hs_buf *got, const char *name)
{
	struct hs_buf want = {0};

	example(name, &want);
	if (!hs_str_eq(hs_buf_str(got), hs_buf_str(&want)))
		fail_msg("%s is\n%.*s", name, (int)got->len, (const char *)got->p);
	hs_buf_free(&want);
}

static void
policy_and_narrowing(void **state)
{
	struct hs_buf text = {0}, sys = {0}, put = {0}, told = {0};
	uint8_t digest[32];
	const uint8_t *lf;
	struct hs_str rest;

	(void)state;
	example("policy", &text);
	assert_int_equal(
	    hs_policy_parse(hs_buf_str(&text), false, &policy, keep, &told), HS_OK);
	crypto_hash_sha256(digest, text.p, text.len);
	assert_memory_equal(policy.digest, digest, 32);
	example("system", &sys);
	assert_int_equal(
	    hs_policy_parse(hs_buf_str(&sys), true, &system_policy, keep, &told),
	    HS_ERR_CONFIG);
	same_text(&told, "system-faults");
	rest = hs_buf_str(&sys);
	lf = memchr(rest.p, '\n', rest.len); // without its first line
	rest = (struct hs_str){lf + 1, rest.len - (size_t)(lf - rest.p) - 1};
	hs_buf_reset(&told);
	assert_int_equal(hs_policy_parse(rest, true, &system_policy, keep, &told), HS_OK);
	assert_int_equal(told.len, 0);
	assert_int_equal(hs_policy_narrow(&policy, &system_policy), HS_OK);
	hs_policy_put(&put, &policy);
	same_text(&put, "in-force");
	hs_policy_free(&policy);
	hs_policy_free(&system_policy);
	hs_buf_free(&text);
	hs_buf_free(&sys);
	hs_buf_free(&put);
	hs_buf_free(&told);
}

static void
faults(void **state)
{
	struct hs_buf text = {0}, told = {0};

	(void)state;
	example("faulty", &text);
	assert_int_equal(
	    hs_policy_parse(hs_buf_str(&text), false, &policy, keep, &told), HS_ERR_CONFIG);
	same_text(&told, "faults");
	hs_buf_free(&text);
	hs_buf_free(&told);
}

static void
none_told(void *arg, enum hs_policy_note_kind kind, const struct hs_err *err)
{
	(void)arg;
	(void)kind;
	fail_msg("%u:%u: %s", err->line, err->column, err->text);
}

// Reads a file of docs/, NUL-terminated.
static void
read_doc(const char *name, char *out, size_t size)
{
	const char *src = getenv("HS_SRC");
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/docs/%s", src != NULL ? src : ".", name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_in_range(fread(out, 1, size - 1, f), 1000, size - 2);
	fclose(f);
}

// The manual's example has neither errors nor warnings.
static void
the_manual(void **state)
{
	static char man[65536];
	char *start, *end;

	(void)state;
	read_doc("man/handseal_policy.5", man, sizeof man);
	start = strstr(man, ".Bd -literal\n");
	assert_non_null(start);
	start += strlen(".Bd -literal\n");
	end = strstr(start, ".Ed");
	assert_non_null(end);
	assert_int_equal(
	    hs_policy_parse((struct hs_str){(uint8_t *)start, (size_t)(end - start)}, false,
		&policy, none_told, NULL),
	    HS_OK);
	assert_int_equal(policy.nscopes, 2);
	hs_policy_free(&policy);
}

// Whoever changes a limit or a default changes the page.
static void
limits(void **state)
{
	static const struct {
		unsigned n;
		const char *what;
	} rows[] = {{HS_POLICY_BYTES_MAX, "bytes of text"},
	    {HS_POLICY_LINE_MAX, "bytes of one line"}, {HS_POLICY_SCOPES_MAX, "scopes"},
	    {HS_POLICY_AGENTS_MAX, "agents"}, {HS_POLICY_DENIES_MAX, "Deny lines"},
	    {HS_POLICY_FILES_MAX, "files of KnownHosts"},
	    {HS_POLICY_NOTES_MAX, "errors and warnings"}};
	static char page[65536];
	char want[64];

	(void)state;
	read_doc("PROTOCOL.policy", page, sizeof page);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(want, sizeof want, "\t%u\t%s", rows[i].n, rows[i].what);
		if (strstr(page, want) == NULL)
			fail_msg("the page does not say:%s", want);
	}
	snprintf(want, sizeof want, "1 to %u seconds", (unsigned)HS_TTL_MAX);
	assert_non_null(strstr(page, want));
	snprintf(want, sizeof want, "%u bytes, `*` too", HS_POLICY_VALUE_MAX);
	assert_non_null(strstr(page, want));
	snprintf(want, sizeof want, "1..%d; 3\n", HS_POLICY_COUNT_MAX);
	assert_non_null(strstr(page, want));
	snprintf(
	    want, sizeof want, "and %d bytes of the path of one\n", HS_POLICY_PATH_MAX - 1);
	assert_non_null(strstr(page, want));
	assert_int_equal(HS_POLICY_PARK_MAX, 24 * 3600);
	assert_non_null(strstr(page, "at most 24h; 1h\n"));
	hs_policy_none(&policy);
	assert_int_equal(policy.max_ttl, 8 * 3600);
	assert_non_null(strstr(page, "the longest session; 8h\n"));
	assert_int_equal(policy.idle, 30 * 60);
	assert_non_null(strstr(page, "for so long; 30m\n"));
	assert_int_equal(policy.per_asker, 3);
	assert_int_equal(policy.all, 6);
	assert_int_equal(policy.waiting, 8);
	assert_int_equal(policy.park, 3600);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(policy_and_narrowing),
	    cmocka_unit_test(faults), cmocka_unit_test(limits),
	    cmocka_unit_test(the_manual)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
