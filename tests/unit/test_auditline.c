// SPDX-License-Identifier: ISC
//
// The audit log's line: the example of docs/PROTOCOL.audit, every member once, escaping of
// every kind of hostile byte, and reading a line's head back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/checkpoint.h"
#include "proto/grant.h"
#include "proto/text.h"

static void
is(struct hs_buf *b, const char *want)
{
	assert_int_equal(hs_buf_err(b), HS_OK);
	hs_put_u8(b, 0);
	assert_string_equal((char *)b->p, want);
	hs_buf_reset(b);
}

// ---- the example

// The example's line after the lines in all.
static void
add(struct hs_buf *all, uint8_t head[static HS_AUDIT_HASH], struct hs_audit_record *r)
{
	size_t at = all->len;

	memcpy(r->prev, head, HS_AUDIT_HASH);
	hs_auditline_put(all, r);
	assert_int_equal(hs_buf_err(all), HS_OK);
	assert_int_equal(
	    hs_auditline_hash((struct hs_str){all->p + at, all->len - at}, head), HS_OK);
}

// As a session key would. The signature is checked against what the page says is signed,
// composed here once more by hand.
static void
sign(const char *session, uint64_t seq, const uint8_t *head, const uint8_t *secret,
    struct hs_buf *blob)
{
	struct hs_buf mine = {0}, theirs = {0}, message = {0};
	uint8_t sig[crypto_sign_BYTES], digest[crypto_hash_sha512_BYTES];

	hs_put_cstring(&message, session);
	hs_put_u64(&message, seq);
	hs_put_raw(&message, head, HS_AUDIT_HASH);
	(void)crypto_hash_sha512(digest, message.p, message.len);
	hs_put_raw(&mine, "SSHSIG", 6);
	hs_put_cstring(&mine, "audit@handseal.alt");
	hs_put_cstring(&mine, "");
	hs_put_cstring(&mine, "sha512");
	hs_put_string(&mine, digest, sizeof digest);
	hs_checkpoint_put_signed(&theirs, session, seq, head);
	assert_int_equal(hs_buf_err(&theirs), HS_OK);
	assert_true(hs_str_eq(hs_buf_str(&mine), hs_buf_str(&theirs)));
	(void)crypto_sign_detached(sig, NULL, mine.p, mine.len, secret);
	hs_put_cstring(blob, "ssh-ed25519");
	hs_put_string(blob, sig, sizeof sig);
	hs_buf_free(&mine);
	hs_buf_free(&theirs);
	hs_buf_free(&message);
}

static void
make_example(struct hs_buf *all, uint8_t head[static HS_AUDIT_HASH])
{
	char session[HS_SESSION_ID_LEN + 1];
	struct hs_key key = {.type = HS_KT_ED25519, .publen = 32};
	struct hs_audit_record refuse = {.seq = 1,
				   .time = 1795485600,
				   .event = "refuse",
				   .peer = true,
				   .pid = 4711,
				   .uid = 1000,
				   .exe = hs_str_c("/usr/bin/a\"b"),
				   .agent = hs_str_c("tests"),
				   .ext = hs_str_c("request@handseal.alt"),
				   .code = "no-session",
				   .sentence = hs_str_c("no session is open")},
			       close = {.seq = 2,
				   .time = 1795485601,
				   .event = "close",
				   .peer = true,
				   .pid = 4711,
				   .uid = 1000,
				   .session = session,
				   .counted = true},
			       checkpoint = {.seq = 3,
				   .time = 1795485601,
				   .event = "checkpoint",
				   .session = session};
	uint8_t seed[crypto_sign_SEEDBYTES], secret[crypto_sign_SECRETKEYBYTES];
	struct hs_buf blob = {0};

	memset(seed, 7, sizeof seed);
	memset(head, 0, HS_AUDIT_HASH);
	assert_int_equal(crypto_sign_seed_keypair(key.pub, secret, seed), 0);
	hs_session_id(&key, session);
	add(all, head, &refuse);
	add(all, head, &close);
	sign(session, 2, head, secret, &blob);
	checkpoint.signature = hs_buf_str(&blob);
	add(all, head, &checkpoint);
	hs_buf_free(&blob);
}

static bool
holds(const struct hs_buf *page, const struct hs_buf *part)
{
	return page->p != NULL && part->p != NULL &&
	       memmem(page->p, page->len, part->p, part->len) != NULL;
}

static void
the_example(void **state)
{
	const char *src = getenv("HS_SRC");
	struct hs_buf all = {0}, page = {0}, hex = {0};
	uint8_t head[HS_AUDIT_HASH];
	char path[4096], line[1024];
	FILE *f;

	(void)state;
	make_example(&all, head);
	hs_text_put_hex(&hex, (struct hs_str){head, sizeof head});
	hs_put_u8(&hex, '\n');
	snprintf(path, sizeof path, "%s/docs/PROTOCOL.audit", src != NULL ? src : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		hs_put_raw(&page, line, strlen(line));
	fclose(f);
	if (!holds(&page, &hex) || !holds(&page, &all))
		fail_msg("PROTOCOL.audit should say\n%.*s\n%.*s", (int)hex.len,
		    (char *)hex.p, (int)all.len, (char *)all.p);
	hs_buf_free(&all);
	hs_buf_free(&page);
	hs_buf_free(&hex);
}

static const char with_every_member[] =
    "{\"seq\":2,\"prev\":\""
    "abababababababababababababababababababababababababababababababab\""
    ",\"time\":3,\"event\":\"touch\",\"clock\":\"synchronised\",\"machine\":\"0a\","
    "\"pid\":4711,\"uid\":1000,\"origin\":\"forwarded\",\"via\":\"SHA256:v\","
    "\"exe\":\"/bin/a\""
    ",\"start\":18446744073709551615,\"cgroup\":\"/user.slice/a\\nb\""
    ",\"exe_sha256\":\"02fe\",\"by\":\"/bin/"
    "b\",\"agent\":\"claude\",\"ext\":\"open\",\"session\":\"7c2e\",\"code\":"
    "\"ok\""
    ",\"sentence\":\"no\",\"reason\":\"why\",\"scope\":\"a\\nb\\n\",\"digest\":\"01ff\","
    "\"policy\":"
    "\"01fe\""
    ",\"serial\":\"18446744073709551615\",\"parent\":\"18446744073709551614\""
    ",\"seat\":\"4\",\"end\":9,\"key\":\"SHA256:k\""
    ",\"root\":\"blue\",\"root_key\":\"SHA256:r\",\"human\":\"Ada\""
    ",\"aaguid\":\"ee\",\"attestation\":\"none\",\"transport\":\"hid\",\"flags\":5,"
    "\"counter\":"
    "4294967295"
    ",\"simulated\":true,\"share\":4002,\"user\":\"u\",\"host\":\"h\",\"ns\":\"git\","
    "\"ask\":\"4F7\",\"shown\":\"text\\n\","
    "\"grant\":"
    "\"R1JBTlQ=\",\"direct\":\"RElSRUNU\",\"signature\":\"U0lH\""
    ",\"count\":0,\"first\":1,\"last\":18446744073709551615"
    ",\"head\":\"0b\",\"sha256\":\"0c\",\"jump\":-7}\n";

static struct hs_audit_record
of_every_member(void)
{
	struct hs_audit_record r = {.seq = 2,
	    .time = 3,
	    .event = "touch",
	    .clock = "synchronised",
	    .machine = hs_str_c("\x0a"),
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
	    .ext = hs_str_c("open"),
	    .session = "7c2e",
	    .code = "ok",
	    .sentence = hs_str_c("no"),
	    .reason = hs_str_c("why"),
	    .scope = hs_str_c("a\nb\n"),
	    .digest = hs_str_c("\x01\xff"),
	    .policy = hs_str_c("\x01\xfe"),
	    .parent = UINT64_MAX - 1,
	    .seat = 4,
	    .numbered = true,
	    .serial = UINT64_MAX,
	    .end = 9,
	    .key = "SHA256:k",
	    .root = "blue",
	    .root_key = "SHA256:r",
	    .human = "Ada",
	    .aaguid = hs_str_c("\xee"),
	    .attestation = "none",
	    .transport = "hid",
	    .touched = true,
	    .flags = 5,
	    .counter = UINT32_MAX,
	    .simulated = true,
	    .share = 4002,
	    .user = hs_str_c("u"),
	    .host = hs_str_c("h"),
	    .ns = hs_str_c("git"),
	    .ask = hs_str_c("4F7"),
	    .shown = hs_str_c("text\n"),
	    .grant = hs_str_c("GRANT"),
	    .direct = hs_str_c("DIRECT"),
	    .signature = hs_str_c("SIG"),
	    .first = 1,
	    .last = UINT64_MAX,
	    .head = hs_str_c("\x0b"),
	    .sha256 = hs_str_c("\x0c"),
	    .counted = true,
	    .count = 0,
	    .jumped = true,
	    .jump = -7};

	memset(r.prev, 0xab, sizeof r.prev);
	return r;
}

static void
every_member(void **state)
{
	const struct hs_audit_record r = of_every_member();
	struct hs_buf b = {0};

	(void)state;
	hs_auditline_put(&b, &r);
	is(&b, with_every_member);
	hs_buf_free(&b);
}

// This program, where its constants are.
extern const char __executable_start, end;

// Nothing of a record that is kept points to what it was made of.
static void
every_member_kept(void **state)
{
	struct hs_audit_record r = of_every_member(), nothing = {0};
	struct hs_buf mem = {0}, b = {0};
	uintptr_t words[sizeof r / sizeof(uintptr_t)];

	(void)state;
	hs_put_raw(&mem, "before", 6);
	assert_int_equal(hs_auditline_keep(&r, &mem), HS_OK);
	memcpy(words, &r, sizeof words);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		assert_false(words[i] >= (uintptr_t)&__executable_start &&
			     words[i] < (uintptr_t)&end);
	hs_auditline_put(&b, &r);
	is(&b, with_every_member);
	assert_memory_equal(mem.p, "before", 6);
	assert_int_equal(hs_auditline_keep(&nothing, &mem), HS_OK);
	hs_buf_free(&mem);
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
	    cmocka_unit_test(every_member), cmocka_unit_test(every_member_kept),
	    cmocka_unit_test(rule10_hostile_strings), cmocka_unit_test(reading_back),
	    cmocka_unit_test(not_records)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
