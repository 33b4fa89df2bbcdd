// SPDX-License-Identifier: ISC
//
// Goal of this test: the lines of the daemon's state about revocation are those of
// docs/PROTOCOL.revoke; what is not exactly one is none (rule10).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "proto/revstate.h"
#include "tests/lib/page.h"

// Each line of the page's example, without its LF; false at the end.
static bool
next_line(struct hs_str *text, struct hs_str *line)
{
	const uint8_t *lf =
	    text->p != NULL && text->len > 0 ? memchr(text->p, '\n', text->len) : NULL;

	if (lf == NULL)
		return false;
	*line = (struct hs_str){text->p, (size_t)(lf - text->p)};
	text->p += line->len + 1;
	text->len -= line->len + 1;
	return true;
}

static void
page_revoked(void **state)
{
	struct hs_buf text = {0}, again = {0};
	struct hs_str rest, line = {0};
	struct hs_revoked r[3] = {0};
	size_t n = 0;

	(void)state;
	assert_true(hs_page_example("PROTOCOL.revoke", "revoked", &text));
	rest = hs_buf_str(&text);
	while (next_line(&rest, &line)) {
		assert_true(n < 3);
		assert_int_equal(hs_revoked_parse(line, &r[n]), HS_OK);
		hs_revoked_put(&again, &r[n++]);
	}
	assert_true(hs_str_eq(hs_buf_str(&again), hs_buf_str(&text)));
	assert_true(!r[0].whole && r[0].lo == 4 && r[0].hi == 4 && r[0].end == 1795486500);
	assert_true(!r[1].whole && r[1].lo == 7 && r[1].hi == 9);
	assert_true(r[2].whole && r[2].lo == 0 && r[2].hi == 0);
	assert_string_equal(r[2].session, "8d3f000000000000");
	hs_buf_free(&text);
	hs_buf_free(&again);
}

static void
page_index(void **state)
{
	struct hs_buf text = {0}, again = {0};
	struct hs_str rest, line = {0};
	struct hs_indexed i[7] = {0};
	size_t n = 0;

	(void)state;
	assert_true(hs_page_example("PROTOCOL.revoke", "index", &text));
	rest = hs_buf_str(&text);
	assert_true(next_line(&rest, &line)); // the boot, which is agentd's
	assert_int_equal(hs_indexed_parse(line, &i[0]), HS_ERR_FORMAT);
	text.len -= strlen("end\n");
	rest = (struct hs_str){line.p + line.len + 1, text.len - line.len - 1};
	while (next_line(&rest, &line)) {
		assert_true(n < 7);
		assert_int_equal(hs_indexed_parse(line, &i[n]), HS_OK);
		hs_indexed_put(&again, &i[n++]);
	}
	assert_int_equal(n, 7);
	assert_memory_equal(again.p, text.p + text.len - again.len, again.len);
	assert_true(i[0].what == HS_INDEXED_GRANT && i[1].what == HS_INDEXED_CERT);
	assert_true(i[4].what == HS_INDEXED_SEAT && i[4].nseats == 1 && i[5].nseats == 2);
	assert_string_equal(i[5].agent, "helper");
	assert_true(i[6].what == HS_INDEXED_DIRECT && hs_key_is_sk(&i[6].ca));
	assert_int_equal(i[6].cert_serial, 18364758544493064720u);
	// the subtree of 2
	for (size_t k = 0; k < n; k++)
		assert_int_equal(hs_indexed_within(&i[k], 2), k >= 2 && k < 6);
	assert_true(hs_indexed_within(&i[5], 4) && !hs_indexed_within(&i[3], 4));
	assert_false(
	    hs_indexed_within(&i[0], i[0].serial)); // a grant's number is no serial
	hs_buf_free(&text);
	hs_buf_free(&again);
}

static void
rule10_revoked(void **state)
{
	static const char *const bad[] = {"", " ", "1 7c2e000000000000 4",
	    "1 7c2e000000000000 4 ", "1 7c2e000000000000 4 5 ", "1 7c2e000000000000 4 5 6",
	    " 1 7c2e000000000000 4 5", "1  7c2e000000000000 4 5", "x 7c2e000000000000 4 5",
	    "01 7c2e000000000000 4 5", "1 7c2e00000000000 4 5", "1 7c2e0000000000000 4 5",
	    "1 7C2e000000000000 4 5", "1 7c2e000000000000 0 5", "1 7c2e000000000000 0-4 5",
	    "1 7c2e000000000000 4-4 5", "1 7c2e000000000000 5-4 5",
	    "1 7c2e000000000000 4- 5", "1 7c2e000000000000 -4 5",
	    "1 7c2e000000000000 4-5-6 5", "1 7c2e000000000000 ** 5",
	    "1 7c2e000000000000 4 18446744073709551616", "1\t7c2e000000000000 4 5",
	    "1 7c2e000000000000 4 5\r"};
	char many[HS_REVSTATE_LINE_MAX + 1];
	struct hs_revoked r;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (hs_revoked_parse(hs_str_c(bad[i]), &r) != HS_ERR_FORMAT)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(
	    hs_revoked_parse(hs_str_c("0 7c2e000000000000 1-18446744073709551615 0"), &r),
	    HS_OK);
	assert_int_equal(r.hi, UINT64_MAX);
	memset(many, '1', sizeof many);
	assert_int_equal(
	    hs_revoked_parse((struct hs_str){(uint8_t *)many, HS_REVSTATE_LINE_MAX}, &r),
	    HS_ERR_TOO_LONG);
}

// %s stands for a security key's blob.
static void
rule10_direct(void **state)
{
	static const char root[] =
	    "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAICVDuS/xCVURR2rcg2nbbdyTNm"
	    "WhGXjdoUBO4QZsqVWdAAAADHNzaDpoYW5kc2VhbA==";
	static const char *const bad[] = {"direct 5 2 claude - 0 %s",
	    "direct 5 2 claude - 7 %s ", "direct 5 2 claude - 7  %s",
	    "direct 5 2 claude 7 %s", "direct 5 2 claude - 7 %sA", "cert 5 2 claude - 7 %s",
	    "direct 5 2 claude -  7 %s", "direct 5 2 claude - %s 7"};
	struct hs_indexed i;
	char line[512];

	(void)state;
	for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
		struct hs_buf b = {0};
		const char *at = strstr(bad[k], "%s");

		hs_put_fmt(&b, "%.*s%s%s", (int)(at - bad[k]), bad[k], root, at + 2);
		if (hs_indexed_parse(hs_buf_str(&b), &i) != HS_ERR_FORMAT)
			fail_msg("taken: %s", bad[k]);
		hs_buf_free(&b);
	}
	(void)snprintf(line, sizeof line, "direct 5 2 claude - 7 %s", root);
	assert_int_equal(hs_indexed_parse(hs_str_c(line), &i), HS_OK);
	// a key that is none of security
	assert_int_equal(
	    hs_indexed_parse(
		hs_str_c(
		    "direct 5 2 claude - 7 "
		    "AAAAC3NzaC1lZDI1NTE5AAAAICVDuS/xCVURR2rcg2nbbdyTNmWhGXjdoUBO4QZsqVWd"),
		&i),
	    HS_ERR_FORMAT);
}

static void
rule10_index(void **state)
{
	static const char *const bad[] = {"", "end", "cert", "cert 1", "cert 1 2 claude",
	    "cert 1 2 claude ", "cert 1 2 claude - ", "cert 1 2 claude - x",
	    "cert 0 2 claude -", "certs 1 2 claude -", "Cert 1 2 claude -",
	    "cert 1 2 Claude -", "cert 1 2  -", "cert 5 2 a 0", "cert 5 2 a 1,1",
	    "cert 5 2 a 2,1", "cert 5 2 a 1,", "cert 5 2 a ,1", "cert 5 2 a 5",
	    "cert 5 2 a 1,6", "cert 5 2 a 1,,2", "cert 5 2 a -,1", "cert 5 2 a 01",
	    "cert 99 2 a 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18",
	    "direct 5 2 claude -", "direct 5 2 claude - 7", "direct 5 2 claude - 7 ",
	    "direct 5 2 claude - 7 AAAA", "grant 5 2 SHA256:AAAA", "grant 5 2",
	    "grant 5 2 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "grant 5 2 MD5256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "grant 5 2 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA -",
	    "grant 5 2 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAA\tAAAAAAAAAAAAAAAAA"};
	char many[HS_REVSTATE_LINE_MAX + 1];
	struct hs_indexed i;

	(void)state;
	for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
		if (hs_indexed_parse(hs_str_c(bad[k]), &i) != HS_ERR_FORMAT)
			fail_msg("taken: %s", bad[k]);
	memset(many, '1', sizeof many);
	assert_int_equal(
	    hs_indexed_parse((struct hs_str){(uint8_t *)many, HS_REVSTATE_LINE_MAX}, &i),
	    HS_ERR_TOO_LONG);
	assert_int_equal(
	    hs_indexed_parse(
		hs_str_c("cert 99 2 a 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"), &i),
	    HS_OK);
	assert_int_equal(i.nseats, HS_LINEAGE_MAX + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(page_revoked),
	    cmocka_unit_test(page_index), cmocka_unit_test(rule10_revoked),
	    cmocka_unit_test(rule10_index), cmocka_unit_test(rule10_direct)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("revstate", tests, NULL, NULL);
}
