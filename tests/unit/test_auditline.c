// SPDX-License-Identifier: ISC
//
// The audit log's line: the example of docs/PROTOCOL.agent, every member once, escaping of
// every kind of hostile byte, and reading a line's head back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/auditline.h"
#include "proto/text.h"

static void
is(struct hs_buf *b, const char *want)
{
	assert_int_equal(hs_buf_err(b), HS_OK);
	hs_put_u8(b, 0);
	assert_string_equal((char *)b->p, want);
	hs_buf_reset(b);
}

static void
the_example(void **state)
{
	const struct hs_audit_record r = {.seq = 1,
	    .time = 1795485600,
	    .event = "refuse",
	    .peer = true,
	    .pid = 4711,
	    .uid = 1000,
	    .exe = hs_str_c("/usr/bin/a\"b"),
	    .agent = hs_str_c("tests"),
	    .ext = hs_str_c("request@handseal.alt"),
	    .code = "no-session",
	    .sentence = hs_str_c("no session is open")};
	const char *src = getenv("HS_SRC");
	struct hs_buf b = {0}, hex = {0};
	uint8_t hash[HS_AUDIT_HASH];
	char path[4096], line[1024];
	int found = 0;
	FILE *f;

	(void)state;
	hs_auditline_put(&b, &r);
	hs_put_u8(&b, 0);
	b.len--;
	assert_int_equal(hs_auditline_hash(hs_buf_str(&b), hash), HS_OK);
	hs_text_put_hex(&hex, (struct hs_str){hash, sizeof hash});
	hs_put_u8(&hex, 0);
	snprintf(path, sizeof path, "%s/docs/PROTOCOL.agent", src != NULL ? src : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		found |= (strcmp(line, (char *)b.p) == 0) |
			 (strstr(line, (char *)hex.p) != NULL) << 1;
	fclose(f);
	assert_int_equal(found, 3);
	hs_buf_free(&b);
	hs_buf_free(&hex);
}

static void
every_member(void **state)
{
	struct hs_audit_record r = {.seq = 2,
	    .time = 3,
	    .event = "touch",
	    .peer = true,
	    .pid = 4711,
	    .uid = 1000,
	    .origin = "forwarded",
	    .via = "SHA256:v",
	    .exe = hs_str_c("/bin/a"),
	    .start = UINT64_MAX,
	    .cgroup = hs_str_c("/user.slice/a\nb"),
	    .exe_sha256 = hs_str_c("\x02\xfe"),
	    .by = hs_str_c("/bin/b"),
	    .agent = hs_str_c("claude"),
	    .session = "7c2e",
	    .code = "ok",
	    .reason = hs_str_c("why"),
	    .scope = hs_str_c("a\nb\n"),
	    .digest = hs_str_c("\x01\xff"),
	    .numbered = true,
	    .serial = UINT64_MAX,
	    .end = 9,
	    .key = "SHA256:k",
	    .root = "blue",
	    .root_key = "SHA256:r",
	    .touched = true,
	    .flags = 5,
	    .counter = UINT32_MAX,
	    .simulated = true,
	    .share = 4002,
	    .ask = hs_str_c("4F7"),
	    .shown = hs_str_c("text\n"),
	    .grant = hs_str_c("GRANT"),
	    .counted = true,
	    .count = 0,
	    .jumped = true,
	    .jump = -7};
	struct hs_buf b = {0};

	(void)state;
	memset(r.prev, 0xab, sizeof r.prev);
	hs_auditline_put(&b, &r);
	is(&b, "{\"seq\":2,\"prev\":\""
	       "abababababababababababababababababababababababababababababababab\""
	       ",\"time\":3,\"event\":\"touch\",\"pid\":4711,\"uid\":1000,\"origin\":"
	       "\"forwarded\",\"via\":\"SHA256:v\",\"exe\":\"/bin/a\""
	       ",\"start\":18446744073709551615,\"cgroup\":\"/user.slice/a\\nb\""
	       ",\"exe_sha256\":\"02fe\",\"by\":\"/bin/"
	       "b\",\"agent\":\"claude\",\"session\":\"7c2e\",\"code\":"
	       "\"ok\""
	       ",\"reason\":\"why\",\"scope\":\"a\\nb\\n\",\"digest\":\"01ff\""
	       ",\"serial\":\"18446744073709551615\",\"end\":9,\"key\":\"SHA256:k\""
	       ",\"root\":\"blue\",\"root_key\":\"SHA256:r\",\"flags\":5,\"counter\":"
	       "4294967295"
	       ",\"simulated\":true,\"share\":4002,\"ask\":\"4F7\",\"shown\":\"text\\n\",\"grant\":"
	       "\"R1JBTlQ=\""
	       ",\"count\":0,\"jump\":-7}\n");
	hs_buf_free(&b);
}

static void
rule10_hostile_strings(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		const char *want;
	} cases[] = {{"", 0, "\"\""}, {"plain", 5, "\"plain\""},
	    {"\"\\", 2, "\"\\\"\\\\\""}, {"a\nb\tc", 5, "\"a\\nb\\tc\""},
	    {"\0\x1f\x7f", 3, "\"\\u0000\\u001f\\u007f\""},
	    {"}\r\n{\"seq\":9", 11, "\"}\\u000d\\n{\\\"seq\\\":9\""},
	    {"Bj\xc3\xb6rk", 6, "\"Bj\xc3\xb6rk\""}, {"\xc2\x9b", 2, "\"\\u009b\""}, // CSI
	    {"\xe2\x80\xae", 3, "\"\\u202e\""},		   // right-to-left override
	    {"\xe2\x80\xa8", 3, "\"\\u2028\""},		   // line separator
	    {"\xf3\xa0\x81\x81", 4, "\"\\udb40\\udc41\""}, // a tag character
	    {"\xf0\x9f\x94\x91", 4, "\"\xf0\x9f\x94\x91\""}, {"\xff", 1, "\"\\ufffd\""},
	    {"\xc3", 1, "\"\\ufffd\""}, {"\xc0\xaf", 2, "\"\\ufffd\\ufffd\""}, // overlong
	    {"\xe0\x80\xaf", 3, "\"\\ufffd\\ufffd\\ufffd\""},		       // overlong
	    {"\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\""},		       // surrogate
	    {"\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\""}, // beyond the last
	    {"\xe2\x80", 2, "\"\\ufffd\\ufffd\""}, {"a\x80z", 3, "\"a\\ufffdz\""}};
	struct hs_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		hs_auditline_put_string(
		    &b, (struct hs_str){(const uint8_t *)cases[i].in, cases[i].len});
		is(&b, cases[i].want);
	}
	hs_buf_free(&b);
}

static void
reading_back(void **state)
{
	struct hs_audit_record r = {
	    .seq = UINT64_MAX - 1, .event = "start", .sentence = hs_str_c("}\n{")};
	uint8_t prev[HS_AUDIT_HASH];
	struct hs_buf b = {0};
	uint64_t seq = 0;

	(void)state;
	for (size_t i = 0; i < sizeof r.prev; i++)
		r.prev[i] = (uint8_t)(i * 9);
	hs_auditline_put(&b, &r);
	assert_int_equal(hs_auditline_parse(hs_buf_str(&b), &seq, prev), HS_OK);
	assert_true(seq == UINT64_MAX - 1);
	assert_memory_equal(prev, r.prev, sizeof prev);
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(
		    hs_auditline_parse((struct hs_str){b.p, n}, &seq, prev), HS_ERR_FORMAT);
	r.seq = UINT64_MAX;
	hs_buf_reset(&b);
	hs_auditline_put(&b, &r);
	assert_int_equal(hs_auditline_parse(hs_buf_str(&b), &seq, prev), HS_ERR_FORMAT);
	hs_buf_free(&b);
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void
not_records(void **state)
{
	static const char *const bad[] = {"\n", "}\n", "{}\n",
	    "{\"seq\":0,\"prev\":\"" ZEROS "\",\"time\":1}\n",
	    "{\"seq\":01,\"prev\":\"" ZEROS "\",\"time\":1}\n",
	    "{\"seq\":-1,\"prev\":\"" ZEROS "\",\"time\":1}\n",
	    "{\"seq\":,\"prev\":\"" ZEROS "\",\"time\":1}\n",
	    "{\"seq\":99999999999999999999,\"prev\":\"" ZEROS "\",\"time\":1}\n",
	    "{\"seq\":1,\"prev\":\"0" ZEROS "\",\"time\":1}\n",
	    "{\"seq\":1,\"prev\":\"G000\",\"time\":1}\n",
	    "{\"seq\":1,\"prev\":\"" ZEROS "\",\"event\":1}\n",
	    "{\"seq\":1,\"prev\":\"" ZEROS "\",\"time\":1\n",
	    "{\"seq\":1,\"prev\":\"" ZEROS "\",\"time\":1}\n}\n",
	    " {\"seq\":1,\"prev\":\"" ZEROS "\",\"time\":1}\n"};
	static const char nul[] = "{\"seq\":1,\"prev\":\"" ZEROS "\",\"time\":\0}\n";
	uint8_t prev[HS_AUDIT_HASH];
	uint64_t seq;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(
		    hs_auditline_parse(hs_str_c(bad[i]), &seq, prev), HS_ERR_FORMAT);
	assert_int_equal(
	    hs_auditline_parse(
		(struct hs_str){(const uint8_t *)nul, sizeof nul - 1}, &seq, prev),
	    HS_ERR_FORMAT);
	assert_int_equal(
	    hs_auditline_parse(
		hs_str_c("{\"seq\":1,\"prev\":\"" ZEROS "\",\"time\":1}\n"), &seq, prev),
	    HS_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_example),
	    cmocka_unit_test(every_member), cmocka_unit_test(rule10_hostile_strings),
	    cmocka_unit_test(reading_back), cmocka_unit_test(not_records)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
