// SPDX-License-Identifier: ISC
//
// Allowed signers: what OpenSSH's file says is read as OpenSSH reads it; a line that is not
// as it must be names nobody, and is told with its place (rule2, rule9, rule10).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "proto/date.h"
#include "proto/signers.h"

#define ROOT                                                                               \
	"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAICVDuS/"   \
	"xCVURR2rcg2nbbdyTNmWhGXjdoUBO4QZsqVWdAAAADHNzaDpoYW5kc2VhbA=="
#define PLAIN                                                                              \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"

struct heard {
	struct hs_signer v[8];
	size_t n;
	struct hs_err bad;
	unsigned nbad;
	int stop_at;
};

static int
each(void *arg, const struct hs_signer *s)
{
	struct heard *h = arg;

	assert_true(h->n < 8);
	h->v[h->n++] = *s;
	return (int)h->n == h->stop_at ? HS_NO_SUCH : HS_OK;
}

static void
on_bad(void *arg, const struct hs_err *err)
{
	struct heard *h = arg;

	h->bad = *err;
	h->nbad++;
}

static struct heard
walk(const char *text)
{
	struct heard h = {0};

	assert_int_equal(hs_signers_walk(hs_str_c(text), each, on_bad, &h), HS_OK);
	return h;
}

static void
plain_lines(void **state)
{
	struct heard h = walk("# who\n\nanna@example.com " ROOT " blue\n"
			      "  bob@example.com,*@acme.example\t" PLAIN "\r\n"
			      "\"Anna A,anna\" cert-authority " ROOT);

	(void)state;
	assert_int_equal(h.n, 3);
	assert_int_equal(h.nbad, 0);
	assert_true(hs_str_is(h.v[0].principals, "anna@example.com"));
	assert_true(h.v[0].line == 3 && h.v[1].line == 4 && h.v[2].line == 5);
	assert_false(h.v[0].authority || h.v[0].some_namespaces || h.v[0].after.set);
	assert_int_equal(h.v[0].key.type, HS_KT_SK_ED25519);
	assert_int_equal(h.v[1].key.type, HS_KT_ED25519);
	assert_true(hs_str_is(h.v[2].principals, "Anna A,anna"));
	assert_true(h.v[2].authority && hs_key_eq(&h.v[0].key, &h.v[2].key));
}

static void
options(void **state)
{
	struct heard h =
	    walk("a CERT-Authority,namespaces=\"git,file\",valid-after=\"20260101\","
		 "valid-before=\"20261231235959Z\" " ROOT "\n"
		 "a valid-before=\"202612312359UTC\" " ROOT "\n");

	(void)state;
	assert_int_equal(h.n, 2);
	assert_true(h.v[0].authority && h.v[0].some_namespaces);
	assert_true(hs_str_is(h.v[0].namespaces, "git,file"));
	assert_true(h.v[0].after.set && h.v[0].after.local);
	assert_int_equal(h.v[0].after.seconds, 1767225600);
	assert_true(h.v[0].before.set && !h.v[0].before.local);
	assert_int_equal(h.v[0].before.seconds, 1798761599);
	assert_false(h.v[1].before.local || h.v[1].authority);
	assert_int_equal(h.v[1].before.seconds, 1798761540);
}

// Keys of kinds that no root has are others' business, and no mistake.
static void
other_keys(void **state)
{
	struct heard h =
	    walk("a ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==\n"
		 "a cert-authority,namespaces=\"git\" ecdsa-sha2-nistp521 AAAA\n"
		 "a " ROOT "\n");

	(void)state;
	assert_true(h.n == 1 && h.nbad == 0 && h.v[0].line == 3);
}

static void
rule9_mistakes(void **state)
{
	static const struct {
		const char *line, *why;
		unsigned column;
	} bad[] = {{"a", "the key is missing", 2},
	    {"\"a " ROOT, "this quote is not closed", 1},
	    {"\"a\"b " ROOT, "a blank is missing", 4}, {"a\"b\" " ROOT, "quotes stand", 1},
	    {"\"\" " ROOT, "these are no principals", 1},
	    {"a\033 " ROOT, "these are no principals", 1},
	    {"a git " ROOT, "there is no such option", 3},
	    {"a cert-authority=yes " ROOT, "a comma is missing", 17},
	    {"a cert-authority,cert-authority " ROOT, "this option stands here already",
		18},
	    {"a namespaces=\"git\",namespaces=\"*\" " ROOT, "this option stands", 20},
	    {"a cert-authority, " ROOT, "there is no such option", 18},
	    {"a ,cert-authority " ROOT, "there is no such option", 3},
	    {"a namespaces " ROOT, "this option needs", 13},
	    {"a namespaces=git " ROOT, "this option needs", 13},
	    {"a namespaces=\"\" " ROOT, "this is no value", 14},
	    {"a namespaces=\"a\\\"b\" " ROOT, "this is no value", 14},
	    {"a namespaces=\"git " ROOT, "this quote is not closed", 14},
	    {"a namespaces=\"git\"x " ROOT, "a comma is missing", 19},
	    {"a valid-after=\"2026\" " ROOT, "this must be a time", 16},
	    {"a valid-after=\"20260231\" " ROOT, "this must be a time", 16},
	    {"a valid-before=\"19700101Z\" " ROOT, "this must be a time", 17},
	    {"a cert-authority", "the key is missing", 17},
	    {"a cert-authority ssh-ed25519 AAAA", "the key cannot be read", 18},
	    {"a sk-ssh-ed25519@openssh.com", "the key cannot be read", 3}};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[1024];
		struct heard h;

		snprintf(text, sizeof text, "%s\nb %s\n", bad[i].line, ROOT);
		h = walk(text);
		if (h.n != 1 || h.nbad != 1 || h.v[0].line != 2 || h.bad.line != 1 ||
		    h.bad.column != bad[i].column ||
		    strncmp(h.bad.text, bad[i].why, strlen(bad[i].why)) != 0)
			fail_msg("%s -> %zu, %u:%u: %s", bad[i].line, h.n, h.bad.line,
			    h.bad.column, h.bad.text);
	}
}

static void
ends_where_told(void **state)
{
	struct heard h = {.stop_at = 2};

	(void)state;
	assert_int_equal(
	    hs_signers_walk(hs_str_c("a " ROOT "\nb " ROOT "\nc " ROOT), each, NULL, &h),
	    HS_NO_SUCH);
	assert_int_equal(h.n, 2);
	h = (struct heard){0};
	assert_int_equal(
	    hs_signers_walk(
		(struct hs_str){(const uint8_t *)"", HS_SIGNERS_MAX + 1}, each, NULL, &h),
	    HS_ERR_TOO_LONG);
}

static void
patterns(void **state)
{
	static const struct {
		const char *list, *value;
		bool match;
	} v[] = {{"git", "git", true}, {"git", "gi", false}, {"git", "git2", false},
	    {"file,git", "git", true}, {"*", "git", true}, {"*", "", true},
	    {"?it", "git", true}, {"?it", "it", false}, {"g*t", "gt", true},
	    {"g*t", "gaaat", true}, {"g*t", "gaaa", false}, {"*a*b*c", "xxaxxbxxc", true},
	    {"*a*b*c", "xxaxxbxx", false}, {"*,!git", "git", false},
	    {"!git,*", "git", false}, {"!git,*", "file", true}, {"!git", "file", false},
	    {"Git", "git", false}, {"", "git", false}, {"", "", false}, {",", "", true},
	    {"*@example.com", "anna@example.com", true},
	    {"*@example.com", "anna@example.com.evil", false},
	    {"anna@example.com", "anna@example.co", false}};
	char aaa[HS_PATTERN_BYTES + 2], value[4000];

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
		if (hs_signers_match(hs_str_c(v[i].list), hs_str_c(v[i].value)) !=
		    v[i].match)
			fail_msg("%s, %s", v[i].list, v[i].value);
	// what would take for ever if each star were tried with each
	for (size_t i = 0; i + 1 < sizeof aaa; i++)
		aaa[i] = "*a"[i % 2];
	memset(value, 'a', sizeof value);
	assert_true(hs_signers_match((struct hs_str){(uint8_t *)aaa, HS_PATTERN_BYTES},
	    (struct hs_str){(uint8_t *)value, sizeof value}));
	value[sizeof value - 1] = 'b';
	assert_false(hs_signers_match((struct hs_str){(uint8_t *)aaa, HS_PATTERN_BYTES},
	    (struct hs_str){(uint8_t *)value, sizeof value}));
	assert_false(hs_signers_match((struct hs_str){(uint8_t *)aaa, HS_PATTERN_BYTES + 1},
	    (struct hs_str){(uint8_t *)value, sizeof value - 1}));
}

static void
dates(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds; // 0: none
		bool local;
	} v[] = {{"20260101", 1767225600, true}, {"20260101Z", 1767225600, false},
	    {"20260101z", 1767225600, false}, {"20260101UTC", 1767225600, false},
	    {"202601010001", 1767225660, true}, {"20260101000101", 1767225661, true},
	    {"20260101000101UTC", 1767225661, false}, {"20240229", 1709164800, true},
	    {"20250229", 0, false}, {"2026010", 0, false}, {"", 0, false}, {"Z", 0, false},
	    {"UTC", 0, false}, {"20260101utc", 0, false}, {"20260101ZZ", 0, false},
	    {"2026 101", 0, false}, {"20261301", 0, false}, {"202601012400", 0, false},
	    {"20260101000060", 0, false}, {"+0260101", 0, false}, {"19691231", 0, false}};
	uint64_t seconds;
	bool local;

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
		int rc = hs_date_read_openssh(hs_str_c(v[i].text), &seconds, &local);

		if ((rc == HS_OK) != (v[i].seconds != 0) ||
		    (rc == HS_OK && (seconds != v[i].seconds || local != v[i].local)))
			fail_msg("%s", v[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_lines),
	    cmocka_unit_test(options),
	    cmocka_unit_test(other_keys),
	    cmocka_unit_test(rule9_mistakes),
	    cmocka_unit_test(ends_where_told),
	    cmocka_unit_test(patterns),
	    cmocka_unit_test(dates),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
