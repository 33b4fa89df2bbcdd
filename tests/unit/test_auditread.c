// SPDX-License-Identifier: ISC
//
// Reading the audit log's lines: whatever the writer writes is read back equal, members of
// later versions are carried, and nothing else than the writer's form is taken.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/auditread.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define FRONT "{\"seq\":7,\"prev\":\"" ZEROS "\",\"time\":5"
#define EVENT FRONT ",\"event\":\"start\""

static unsigned seed;

static unsigned
any(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

// A random text: ASCII, control bytes, UTF-8 of every length, rubbish.
static struct hs_str
any_text(struct hs_buf *mem)
{
	static const char *const parts[] = {"a", "\"", "\\", "\n", "\t", "\x01", "\x7f",
	    "\xc3\xb6", "\xe2\x80\xae", "\xf0\x9f\x94\x91", "\xef\xbf\xbd", "\xff", "\xc3",
	    "\xf3\xa0\x81\x81", "}\n", "\",\"seq\":9", "\\u0041"};
	size_t start = mem->len;

	for (unsigned n = any(9); n > 0; n--) {
		const char *p = parts[any(sizeof parts / sizeof parts[0])];

		hs_put_raw(mem, p, strlen(p));
	}
	return (struct hs_str){(const uint8_t *)(uintptr_t)start, mem->len - start};
}

// What the log makes of a text: bytes that are no UTF-8 become U+FFFD.
static void
is_text(const struct hs_auditread *r, enum hs_audit_member m, struct hs_str want)
{
	struct hs_buf got = {0}, a = {0}, b = {0};

	assert_int_equal(hs_auditread_has(r, m), want.len > 0);
	hs_auditread_put(&got, r, m);
	if (hs_str_eq(hs_buf_str(&got), want) || want.len == 0) {
		assert_int_equal(got.len, want.len);
	} else {
		hs_auditline_put_string(&a, hs_buf_str(&got));
		hs_auditline_put_string(&b, want);
		// \ufffd for a bad byte reads as the character, which is written as it is
		for (uint8_t *p; (p = memmem(b.p, b.len, "\\ufffd", 6)) != NULL;) {
			memcpy(p, "\xef\xbf\xbd", 3);
			memmove(p + 3, p + 6, (size_t)(b.p + b.len - p) - 6);
			b.len -= 3;
		}
		assert_true(hs_str_eq(hs_buf_str(&a), hs_buf_str(&b)));
	}
	hs_buf_free(&got);
	hs_buf_free(&a);
	hs_buf_free(&b);
}

static void
one_random_record(void)
{
	struct hs_buf mem = {0}, line = {0}, bytes = {0};
	struct hs_str t[8];
	struct hs_auditread r;
	struct hs_err err = {0};
	uint8_t digest[32];
	struct hs_audit_record w = {.seq = 1 + any(99999),
	    .time = any(2) ? UINT64_MAX : any(99999),
	    .event = any(2) ? "touch-failed" : "issue",
	    .peer = any(2),
	    .pid = any(70000),
	    .numbered = any(2),
	    .serial = any(2) ? UINT64_MAX : any(9),
	    .end = any(2),
	    .touched = any(2),
	    .flags = 5,
	    .counter = any(2) ? UINT32_MAX : 0,
	    .simulated = any(2),
	    .counted = any(2),
	    .jumped = any(2),
	    .jump = any(2) ? INT64_MIN : any(9)};

	for (size_t i = 0; i < 8; i++)
		t[i] = any_text(&mem);
	for (size_t i = 0; i < 8; i++)
		t[i].p = mem.p + (uintptr_t)t[i].p;
	for (size_t i = 0; i < 32; i++)
		digest[i] = w.prev[i] = (uint8_t)any(256);
	w.exe = t[0], w.agent = t[1], w.sentence = t[2], w.reason = t[3], w.scope = t[4];
	w.shown = t[5], w.grant = t[6], w.user = t[7];
	w.digest = (struct hs_str){digest, any(2) ? 32 : 0};
	hs_auditline_put(&line, &w);
	assert_int_equal(hs_auditread(hs_buf_str(&line), &r, &err), HS_OK);
	assert_true(r.seq == w.seq && r.time == w.time && hs_str_is(r.event, w.event));
	assert_memory_equal(r.prev, w.prev, sizeof w.prev);
	is_text(&r, HS_AM_EXE, t[0]);
	is_text(&r, HS_AM_AGENT, t[1]);
	is_text(&r, HS_AM_SENTENCE, t[2]);
	is_text(&r, HS_AM_REASON, t[3]);
	is_text(&r, HS_AM_SCOPE, t[4]);
	is_text(&r, HS_AM_SHOWN, t[5]);
	is_text(&r, HS_AM_USER, t[7]);
	assert_int_equal(hs_auditread_bytes(&r, HS_AM_GRANT, 4096, &bytes),
	    t[6].len > 0 ? HS_OK : HS_ERR_FORMAT);
	assert_true(hs_str_eq(hs_buf_str(&bytes), t[6]));
	hs_buf_reset(&bytes);
	assert_int_equal(hs_auditread_bytes(&r, HS_AM_DIGEST, 32, &bytes),
	    w.digest.len > 0 ? HS_OK : HS_ERR_FORMAT);
	assert_true(hs_str_eq(hs_buf_str(&bytes), w.digest));
	assert_int_equal(hs_auditread_has(&r, HS_AM_PID), w.peer);
	assert_true(hs_auditread_u64(&r, HS_AM_PID) == (w.peer ? w.pid : 0));
	assert_true(hs_auditread_u64(&r, HS_AM_SERIAL) == (w.numbered ? w.serial : 0));
	assert_int_equal(hs_auditread_has(&r, HS_AM_SIMULATED), w.simulated);
	assert_int_equal(hs_auditread_has(&r, HS_AM_JUMP), w.jumped);
	hs_buf_free(&mem);
	hs_buf_free(&line);
	hs_buf_free(&bytes);
}

static void
what_is_written_is_read_back(void **state)
{
	const char *given = getenv("HS_SEED");

	(void)state;
	seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : 5;
	print_message("HS_SEED=%u\n", seed);
	for (int i = 0; i < 20000; i++)
		one_random_record();
}

static int
parse(const char *text, struct hs_auditread *r, struct hs_err *err)
{
	return hs_auditread(hs_str_c(text), r, err);
}

static void
members_of_later_versions_are_carried(void **state)
{
	struct hs_auditread r;
	struct hs_err err = {0};
	struct hs_buf b = {0};

	(void)state;
	assert_int_equal(
	    parse(FRONT ",\"clock\":\"synchronised\",\"event\":\"start\",\"aaguid\":"
			"\"00\",\"up\":true,\"uv\":false,\"skew\":-3,\"x1\":0}\n",
		&r, &err),
	    HS_OK);
	assert_int_equal(r.n, 7);
	assert_true(hs_str_is(r.event, "start") && hs_str_is(r.v[0].name, "clock"));
	assert_true(hs_str_is(r.v[4].raw, "false") && hs_str_is(r.v[5].raw, "-3"));
	// in another order than the writer's, too
	assert_int_equal(
	    parse(EVENT ",\"jump\":-3,\"head\":\"00ff\",\"agent\":\"a\\n\\u0007\"}\n", &r,
		&err),
	    HS_OK);
	hs_auditread_put(&b, &r, HS_AM_AGENT);
	assert_true(hs_str_is(hs_buf_str(&b), "a\n\a"));
	assert_string_equal(hs_auditread_name(HS_AM_HEAD), "head");
	assert_true(hs_auditread_is(&r, HS_AM_HEAD, "00ff"));
	assert_false(hs_auditread_is(&r, HS_AM_SCOPE, "x"));
	hs_buf_reset(&b);
	assert_int_equal(hs_auditread_bytes(&r, HS_AM_HEAD, 1, &b), HS_ERR_TOO_LONG);
	assert_int_equal(hs_auditread_bytes(&r, HS_AM_AGENT, 9, &b), HS_ERR_FORMAT);
	hs_buf_free(&b);
}

static void
rule10_nothing_else_is_taken(void **state)
{
	static const char *const bad[] = {"", "{}\n", FRONT "}\n", EVENT "}", EVENT ",}\n",
	    EVENT " }\n", EVENT "}}\n", EVENT ",\"pid\":01}\n", EVENT ",\"pid\":-1}\n",
	    EVENT ",\"pid\":\"1\"}\n", EVENT ",\"pid\":1.0}\n", EVENT ",\"pid\":1e3}\n",
	    EVENT ",\"pid\":18446744073709551616}\n", EVENT ",\"pid\":1,\"pid\":1}\n",
	    EVENT ",\"new\":1,\"new\":1}\n", EVENT ",\"seq\":8}\n", EVENT ",\"time\":8}\n",
	    EVENT ",\"event\":\"stop\"}\n", EVENT ",\"agent\":7}\n",
	    EVENT ",\"serial\":7}\n", EVENT ",\"serial\":\"07\"}\n",
	    EVENT ",\"simulated\":false}\n", EVENT ",\"digest\":\"0\"}\n",
	    EVENT ",\"digest\":\"0G\"}\n", EVENT ",\"digest\":\"FF\"}\n",
	    EVENT ",\"grant\":\"YQ\"}\n", EVENT ",\"grant\":\"Y*==\"}\n",
	    EVENT ",\"code\":\"Ok\"}\n", EVENT ",\"code\":\"\"}\n", EVENT ",\"jump\":-0}\n",
	    EVENT ",\"jump\":--1}\n", EVENT ",\"new\":null}\n", EVENT ",\"new\":[1]}\n",
	    EVENT ",\"new\":{\"a\":1}}\n", EVENT ",\"New\":1}\n", EVENT ",\"\":1}\n",
	    EVENT ",\"new\" :1}\n", EVENT ", \"new\":1}\n", EVENT ",\"agent\":\"a}\n",
	    EVENT ",\"agent\":\"\x01\"}\n", EVENT ",\"agent\":\"\x7f\"}\n",
	    EVENT ",\"agent\":\"\xff\"}\n", EVENT ",\"agent\":\"\xe2\x80\xae\"}\n",
	    EVENT ",\"agent\":\"\\u0041\"}\n", EVENT ",\"agent\":\"\\u000a\"}\n",
	    EVENT ",\"agent\":\"\\u00FF\"}\n", EVENT ",\"agent\":\"\\/\"}\n",
	    EVENT ",\"agent\":\"\\r\"}\n", EVENT ",\"agent\":\"\\ud800\"}\n",
	    EVENT ",\"agent\":\"\\udc00\"}\n", EVENT ",\"agent\":\"\\ud800\\u0041\"}\n",
	    EVENT ",\"agent\":\"\\u00\"}\n", EVENT ",\"agent\":\"\\\"}\n",
	    EVENT "}\n" EVENT "}\n"};
	struct hs_auditread r;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct hs_err err = {0};

		if (parse(bad[i], &r, &err) == HS_OK)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.code, HS_ERR_FORMAT);
		assert_in_range(err.column, 1, strlen(bad[i]) + 1);
	}
}

static void
the_number_of_members_is_bounded(void **state)
{
	struct hs_auditread r;
	struct hs_err err = {0};
	struct hs_buf b = {0};

	(void)state;
	for (size_t n = HS_AUDIT_MEMBERS_MAX - 1; n <= HS_AUDIT_MEMBERS_MAX; n++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, "%s", EVENT);
		for (size_t i = 0; i < n; i++)
			hs_put_fmt(&b, ",\"x%zu\":%zu", i, i);
		hs_put_fmt(&b, "}\n");
		assert_int_equal(hs_auditread(hs_buf_str(&b), &r, &err),
		    n < HS_AUDIT_MEMBERS_MAX ? HS_OK : HS_ERR_FORMAT);
	}
	hs_buf_free(&b);
}

static void
serials_are_found(void **state)
{
	static const struct {
		const char *serials;
		uint64_t in[4], out[4];
	} t[] = {{"7", {7}, {6, 8}}, {"7-9", {7, 8, 9}, {6, 10}},
	    {"1,3-5,10,18446744073709551614-18446744073709551615", {1, 4, 10, UINT64_MAX},
		{2, 6, 9, 11}},
	    {"1,2,x,4-,-5,,9", {0}, {3, 6}}, {",", {0}, {1}}, {"-", {0}, {1}}};
	struct hs_auditread r;
	struct hs_buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		hs_buf_reset(&b);
		hs_put_fmt(&b, "%s,\"serials\":\"%s\"}\n", EVENT, t[i].serials);
		assert_int_equal(hs_auditread(hs_buf_str(&b), &r, NULL), HS_OK);
		for (size_t k = 0; k < 4; k++) {
			assert_true(t[i].in[k] == 0 || hs_auditread_lists(&r, t[i].in[k]));
			assert_false(
			    t[i].out[k] != 0 && hs_auditread_lists(&r, t[i].out[k]));
		}
	}
	hs_buf_reset(&b); // each of many, and none between them
	hs_put_fmt(&b, "%s,\"serials\":\"10", EVENT);
	for (unsigned i = 2; i < 4000; i++)
		hs_put_fmt(&b, ",%u", 10 * i);
	hs_put_fmt(&b, "\"}\n");
	assert_int_equal(hs_auditread(hs_buf_str(&b), &r, NULL), HS_OK);
	for (unsigned i = 0; i < 40010; i++)
		assert_int_equal(
		    hs_auditread_lists(&r, i), i % 10 == 0 && i > 0 && i < 40000);
	assert_int_equal(parse(EVENT "}\n", &r, NULL), HS_OK);
	assert_false(hs_auditread_lists(&r, 0));
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_written_is_read_back),
	    cmocka_unit_test(members_of_later_versions_are_carried),
	    cmocka_unit_test(rule10_nothing_else_is_taken),
	    cmocka_unit_test(the_number_of_members_is_bounded),
	    cmocka_unit_test(serials_are_found)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
