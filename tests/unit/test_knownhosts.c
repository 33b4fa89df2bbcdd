// SPDX-License-Identifier: ISC
//
// The messages to and from handseal-known-hosts: the examples of docs/PROTOCOL.knownhosts
// are re-created byte by byte, and every truncation and surplus is refused. Fields out of
// their bounds are test_knownhosts_bounds.c's.
#include "tests/lib/knownmsg.h"

typedef int parser(struct hs_str frame, struct hs_buf *again);

static int
parse_request(struct hs_str frame, struct hs_buf *again)
{
	int rc = hs_knownhosts_request_parse(frame, &req_again);

	if (rc == HS_OK)
		hs_knownhosts_request_put(again, &req_again);
	else
		assert_int_equal(req_again.nfiles + req_again.nhosts + req_again.nports, 0);
	return rc;
}

static int
parse_answer(struct hs_str frame, struct hs_buf *again)
{
	int rc = hs_knownhosts_answer_parse(frame, &ans_again);

	if (rc == HS_OK)
		hs_knownhosts_answer_put(again, &ans_again);
	else
		assert_int_equal(
		    ans_again.n + ans_again.nwarnings + ans_again.sentence.len, 0);
	return rc;
}

// What is parsed comes back the same. Every truncation is short, of the frame and of its
// body; a byte more is trailing, behind the frame and behind the body.
static void
round_trip(const struct hs_buf *b, parser *parse)
{
	struct hs_buf again = {0}, more = {0};
	size_t mark;

	assert_int_equal(parse(hs_buf_str(b), &again), HS_OK);
	assert_true(hs_str_eq(hs_buf_str(&again), hs_buf_str(b)));
	for (size_t n = 0; n < b->len; n++)
		assert_int_equal(parse((struct hs_str){b->p, n}, &again), HS_ERR_SHORT);
	for (size_t n = 0; n < b->len - 4; n++) {
		struct hs_buf cut = {0};

		hs_put_string(&cut, b->p + 4, n);
		assert_int_equal(parse(hs_buf_str(&cut), &again), HS_ERR_SHORT);
		hs_buf_free(&cut);
	}
	hs_put_raw(&more, b->p, b->len);
	hs_put_u8(&more, 0);
	assert_int_equal(parse(hs_buf_str(&more), &again), HS_ERR_TRAILING);
	hs_buf_reset(&more);
	mark = hs_put_string_begin(&more);
	hs_put_raw(&more, b->p + 4, b->len - 4);
	hs_put_u8(&more, 0);
	hs_put_string_end(&more, mark);
	assert_int_equal(parse(hs_buf_str(&more), &again), HS_ERR_TRAILING);
	for (unsigned v = 0; v < 256; v++) {
		more.p[4] = (uint8_t)v;
		assert_int_equal(parse(hs_buf_str(&more), &again),
		    v == HS_KNOWNHOSTS_VERSION ? HS_ERR_TRAILING : HS_ERR_UNSUPPORTED);
	}
	hs_buf_free(&again);
	hs_buf_free(&more);
}

static void
rule10_examples(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	hs_knownhosts_request_put(&b, &req);
	hs_page_is(PAGE, "request", &b);
	round_trip(&b, parse_request);
	hs_buf_reset(&b);
	hs_knownhosts_answer_put(&b, &ans);
	hs_page_is(PAGE, "answer", &b);
	round_trip(&b, parse_answer);
	assert_int_equal(ans_again.n, 0); // of the last truncation
	assert_int_equal(hs_knownhosts_answer_parse(hs_buf_str(&b), &ans_again), HS_OK);
	assert_int_equal(ans_again.n, 3);
	assert_int_equal(ans_again.v[2].kind, HS_KNOWNHOSTS_CA);
	assert_true(hs_str_eq(ans_again.v[2].name, ans.v[2].name));
	assert_true(hs_str_eq(ans_again.v[1].key, hs_buf_str(&key)));
	assert_int_equal(ans_again.nwarnings, 1);
	fail_answer();
	hs_buf_reset(&b);
	hs_knownhosts_answer_put(&b, &ans);
	hs_page_is(PAGE, "failed", &b);
	round_trip(&b, parse_answer);
	hs_buf_free(&b);
}

static void
nothing_asked_nothing_known(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	memset(&req, 0, sizeof req);
	memset(&ans, 0, sizeof ans);
	hs_knownhosts_request_put(&b, &req);
	round_trip(&b, parse_request);
	hs_buf_reset(&b);
	hs_knownhosts_answer_put(&b, &ans);
	round_trip(&b, parse_answer);
	hs_buf_free(&b);
}

static void
codes(void **state)
{
	static const char *const others[] = {"", "OK", "to-long", "too-long ", "nonsense"};
	struct hs_buf b = {0};

	(void)state;
	fail_answer();
	for (int c = HS_OK + 1; c < HS_CODE_COUNT; c++) {
		ans.code = (enum hs_code)c;
		assert_int_equal(put_and_parse_answer(), HS_OK);
		assert_int_equal(ans_again.code, c);
	}
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		size_t mark;

		hs_buf_reset(&b);
		mark = hs_put_string_begin(&b);
		hs_put_u8(&b, HS_KNOWNHOSTS_VERSION);
		hs_put_cstring(&b, others[i]);
		hs_put_cstring(&b, "a sentence");
		hs_put_string_end(&b, mark);
		assert_int_equal(
		    hs_knownhosts_answer_parse(hs_buf_str(&b), &ans_again), HS_ERR_FORMAT);
	}
	hs_buf_free(&b);
}

// Whoever changes a bound changes the page.
static void
the_page(void **state)
{
	const char *src = getenv("HS_SRC");
	static char page[65536];
	char path[4096];
	const unsigned bounds[] = {
	    HS_KNOWNHOSTS_REQUEST_MAX, HS_KNOWNHOSTS_ANSWER_MAX, HS_KNOWNHOSTS_BYTES_MAX};
	const char *const says[] = {"2..511 bytes", "0..8\n", "0..16\n", "1..8192 bytes",
	    "1..864 bytes", "1..319 bytes", "0..4096\n", "0..32\n"};
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/docs/" PAGE, src != NULL ? src : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	assert_in_range(fread(page, 1, sizeof page - 1, f), 1000, sizeof page - 2);
	fclose(f);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%u", bounds[i]);
		if (strstr(page, path) == NULL)
			fail_msg("%s", path);
	}
	for (size_t i = 0; i < sizeof says / sizeof says[0]; i++)
		if (strstr(page, says[i]) == NULL)
			fail_msg("%s", says[i]);
	assert_int_equal(HS_KNOWNHOSTS_PATH_MAX, 511);
	assert_int_equal(HS_KNOWNHOSTS_FILES_MAX, 8);
	assert_int_equal(HS_KNOWNHOSTS_PORTS_MAX, 16);
	assert_int_equal(HS_KNOWNHOSTS_KEY_MAX, 8192);
	assert_int_equal(HS_KNOWNHOSTS_WARNING_MAX, 864);
	assert_int_equal(HS_KNOWNHOSTS_SENTENCE_MAX, 319);
	assert_int_equal(HS_KNOWNHOSTS_HOSTS_MAX, 4096);
	assert_int_equal(HS_KNOWNHOSTS_ENTRIES_MAX, 4096);
	assert_int_equal(HS_KNOWNHOSTS_WARNINGS_MAX, 32);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
	    T(rule10_examples), T(nothing_asked_nothing_known), T(codes), T(the_page)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
