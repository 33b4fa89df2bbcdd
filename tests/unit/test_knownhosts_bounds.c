// SPDX-License-Identifier: ISC
//
// The messages to and from handseal-known-hosts: every field out of its bounds is refused.
// And what a name is. Whole messages are test_knownhosts.c's.
#include "tests/lib/knownmsg.h"

static void
paths(void **state)
{
	static const struct {
		const char *path;
		int rc;
	} rows[] = {{"/a", HS_OK}, {"/ \xff", HS_OK}, {"/", HS_ERR_FORMAT},
	    {"", HS_ERR_FORMAT}, {"a/b", HS_ERR_FORMAT}, {"~/a", HS_ERR_FORMAT}};
	char longest[HS_KNOWNHOSTS_PATH_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		req.files[0] = S(rows[i].path);
		assert_int_equal(put_and_parse_request(), rows[i].rc);
	}
	req.files[0] = (struct hs_str){(const uint8_t *)"/a\0b", 4};
	assert_int_equal(put_and_parse_request(), HS_ERR_FORMAT);
	memset(longest, '/', sizeof longest);
	req.files[0] = (struct hs_str){(uint8_t *)longest, HS_KNOWNHOSTS_PATH_MAX};
	assert_int_equal(put_and_parse_request(), HS_OK);
	req.files[0].len++;
	assert_int_equal(put_and_parse_request(), HS_ERR_TOO_LONG);
}

static const struct {
	const char *text;
	bool name, host;
} names[] = {
    {"web1.example.com", true, true},
    {"web1", true, true},
    {"xn--bcher-kva.example", true, true},
    {"*.example.com", false, true},
    {"*", false, true},
    {"", false, false},
    {".", false, false},
    {"Web1", false, false},
    {"web1.", false, false},
    {"*.", false, false},
    {"**", false, false},
    {"*.*.com", false, false},
    {"web*.com", false, false},
    {"we_b", false, false},
    {"-a", false, false},
    {"10.0.0.1", false, false},
    {"*.1", false, false},
    {"::1", false, false},
    {"[web1]:22", false, false},
    {"b\xc3\xbc"
     "cher.example",
	false, false},
};

static void
rule2_names(void **state)
{
	char longest[HS_KNOWNHOSTS_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct hs_str s = S(names[i].text);

		if (hs_knownhosts_is_name(s) != names[i].name ||
		    hs_knownhosts_is_host(s) != names[i].host)
			fail_msg("%s", names[i].text);
		req.hosts[1] = ans.v[0].name = ans.v[2].name = s;
		assert_int_equal(
		    put_and_parse_request(), names[i].host ? HS_OK : HS_ERR_FORMAT);
		assert_int_equal(
		    put_and_parse_answer(), names[i].host ? HS_OK : HS_ERR_FORMAT);
		ans.v[0].name = ans.v[2].name = S("a");
		ans.v[1].name = s; // a host's own key has no pattern
		assert_int_equal(
		    put_and_parse_answer(), names[i].name ? HS_OK : HS_ERR_FORMAT);
		ans.v[1].name = S("a");
	}
	memset(longest, 'a', sizeof longest);
	for (size_t i = 50; i < sizeof longest; i += 50)
		longest[i] = '.';
	req.hosts[1] = (struct hs_str){(uint8_t *)longest, HS_KNOWNHOSTS_NAME_MAX};
	assert_int_equal(put_and_parse_request(), HS_OK);
	req.hosts[1].len++;
	assert_int_equal(put_and_parse_request(), HS_ERR_TOO_LONG);
	assert_false(hs_knownhosts_is_name(req.hosts[1]));
	assert_false(hs_knownhosts_is_host(req.hosts[1]));
	assert_false(hs_knownhosts_is_name((struct hs_str){0}));
	assert_false(hs_knownhosts_is_host((struct hs_str){0}));
}

static void
under(void **state)
{
	static const struct {
		const char *name, *host;
		bool is;
	} rows[] = {{"a.b", "a.b", true}, {"a.b", "*.b", true}, {"a.b", "*", true},
	    {"*.a.b", "*.b", true}, {"*.b", "*.b", true}, {"*.b", "*", true},
	    {"b", "*.b", false}, {"ab", "*.b", false}, {"*", "*.b", false},
	    {"*.b", "a.b", false}, {"a.b", "b", false}, {"a.c", "*.b", false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (hs_knownhosts_under(S(rows[i].name), S(rows[i].host)) != rows[i].is)
			fail_msg("%s %s", rows[i].name, rows[i].host);
}

// Writes a body by hand, of whole numbers that stand for counts.
static int
parse_counts(bool request, const uint32_t *v, size_t n)
{
	struct hs_buf b = {0};
	size_t mark = hs_put_string_begin(&b);
	int rc;

	hs_put_u8(&b, HS_KNOWNHOSTS_VERSION);
	if (!request) {
		hs_put_cstring(&b, "ok");
		hs_put_cstring(&b, "");
	}
	for (size_t i = 0; i < n; i++)
		hs_put_u32(&b, v[i]);
	hs_put_string_end(&b, mark);
	rc = request ? hs_knownhosts_request_parse(hs_buf_str(&b), &req_again)
		     : hs_knownhosts_answer_parse(hs_buf_str(&b), &ans_again);
	hs_buf_free(&b);
	return rc;
}

static void
rule10_counts(void **state)
{
	static const uint32_t sizes[] = {
	    HS_KNOWNHOSTS_FILES_MAX, HS_KNOWNHOSTS_HOSTS_MAX, HS_KNOWNHOSTS_PORTS_MAX};
	uint32_t v[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		memset(v, 0, sizeof v);
		v[i] = sizes[i];
		assert_int_equal(parse_counts(true, v, i + 1), HS_ERR_SHORT);
		v[i]++;
		assert_int_equal(parse_counts(true, v, i + 1), HS_ERR_TOO_LONG);
		v[i] = UINT32_MAX;
		assert_int_equal(parse_counts(true, v, i + 1), HS_ERR_TOO_LONG);
	}
	memset(v, 0, sizeof v);
	v[0] = HS_KNOWNHOSTS_ENTRIES_MAX;
	assert_int_equal(parse_counts(false, v, 1), HS_ERR_SHORT);
	v[0]++;
	assert_int_equal(parse_counts(false, v, 1), HS_ERR_TOO_LONG);
	v[0] = 0;
	v[1] = HS_KNOWNHOSTS_WARNINGS_MAX;
	assert_int_equal(parse_counts(false, v, 2), HS_ERR_SHORT);
	v[1]++;
	assert_int_equal(parse_counts(false, v, 2), HS_ERR_TOO_LONG);
}

static void
ports(void **state)
{
	static const struct {
		uint32_t port;
		int rc;
	} rows[] = {{0, HS_ERR_FORMAT}, {1, HS_OK}, {65535, HS_OK}, {65536, HS_ERR_FORMAT},
	    {UINT32_MAX, HS_ERR_FORMAT}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const uint32_t v[] = {0, 0, 1, rows[i].port};

		assert_int_equal(parse_counts(true, v, 4), rows[i].rc);
	}
	req.nports = HS_KNOWNHOSTS_PORTS_MAX;
	for (uint16_t i = 0; i < HS_KNOWNHOSTS_PORTS_MAX; i++)
		req.ports[i] = (uint16_t)(65535 - i);
	assert_int_equal(put_and_parse_request(), HS_OK);
	assert_int_equal(req_again.ports[15], 65520);
}

static void
entries(void **state)
{
	static uint8_t big[HS_KNOWNHOSTS_KEY_MAX + 1];

	(void)state;
	for (unsigned kind = 0; kind < 256; kind++) {
		ans.v[0].kind = (enum hs_knownhosts_kind)kind;
		assert_int_equal(
		    put_and_parse_answer(), kind >= 1 && kind <= 3 ? HS_OK : HS_ERR_FORMAT);
	}
	ans.v[0].kind = HS_KNOWNHOSTS_KEY;
	ans.v[0].key = (struct hs_str){big, HS_KNOWNHOSTS_KEY_MAX};
	assert_int_equal(put_and_parse_answer(), HS_OK);
	ans.v[0].key.len++;
	assert_int_equal(put_and_parse_answer(), HS_ERR_TOO_LONG);
	ans.v[0].key.len = 0;
	assert_int_equal(put_and_parse_answer(), HS_ERR_FORMAT);
}

static void
rule10_all_entries_together(void **state)
{
	static uint8_t big[HS_KNOWNHOSTS_KEY_MAX];
	const struct hs_knownhosts_entry e = {
	    HS_KNOWNHOSTS_KEY, {big, sizeof big - 10}, S("a")};
	struct hs_buf b = {0};

	(void)state;
	assert_int_equal(hs_knownhosts_entry_size(&e), 8192);
	ans.n = HS_KNOWNHOSTS_BYTES_MAX / 8192; // 28.5 of them
	for (size_t i = 0; i < ans.n; i++)
		ans.v[i] = e;
	ans.v[ans.n] = e;
	ans.v[ans.n++].key.len = 8192 - 10 - 4096; // as many as may be
	assert_int_equal(put_and_parse_answer(), HS_OK);
	ans.v[0].key.len++;
	assert_int_equal(put_and_parse_answer(), HS_ERR_TOO_LONG);
	// as many of everything as may be is no longer than a frame
	ans.v[0].key.len--;
	memset(big, 'w', HS_KNOWNHOSTS_WARNING_MAX);
	ans.nwarnings = HS_KNOWNHOSTS_WARNINGS_MAX;
	for (size_t i = 0; i < ans.nwarnings; i++)
		ans.warnings[i] = (struct hs_str){big, HS_KNOWNHOSTS_WARNING_MAX};
	assert_int_equal(put_and_parse_answer(), HS_OK);
	ans.n = HS_KNOWNHOSTS_ENTRIES_MAX;
	for (size_t i = 0; i < ans.n; i++)
		ans.v[i] = e;
	hs_knownhosts_answer_put(&b, &ans);
	assert_int_not_equal(hs_buf_err(&b), HS_OK);
	hs_buf_free(&b);
}

static void
rule10_frames(void **state)
{
	struct hs_buf b = {0};
	size_t mark;

	(void)state;
	for (uint32_t n = HS_KNOWNHOSTS_ANSWER_MAX; n < HS_KNOWNHOSTS_ANSWER_MAX + 2; n++) {
		hs_buf_reset(&b);
		mark = hs_put_string_begin(&b);
		memset(hs_put_space(&b, n), 0, n);
		b.p[4] = HS_KNOWNHOSTS_VERSION;
		hs_put_string_end(&b, mark);
		assert_int_equal(hs_knownhosts_answer_parse(hs_buf_str(&b), &ans_again),
		    n > HS_KNOWNHOSTS_ANSWER_MAX ? HS_ERR_TOO_LONG : HS_ERR_FORMAT);
		assert_int_equal(hs_knownhosts_request_parse(hs_buf_str(&b), &req_again),
		    HS_ERR_TOO_LONG);
	}
	req.nhosts = HS_KNOWNHOSTS_HOSTS_MAX; // 4096 of 16 bytes and a length
	for (size_t i = 0; i < req.nhosts; i++)
		req.hosts[i] = S("web1.example.com");
	hs_buf_reset(&b);
	hs_knownhosts_request_put(&b, &req);
	assert_int_equal(hs_buf_err(&b), HS_ERR_TOO_LONG);
	for (size_t i = 0; i < req.nhosts; i++)
		req.hosts[i] = S("web1.eu");
	assert_int_equal(put_and_parse_request(), HS_OK);
	hs_buf_free(&b);
}

static void
warnings_and_sentences(void **state)
{
	static const char *const hidden[] = {"", "a\nb", "\x1b[m", "\xe2\x80\xae", "\xff"};
	static char longest[HS_KNOWNHOSTS_WARNING_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
		ans.warnings[0] = S(hidden[i]);
		assert_int_equal(put_and_parse_answer(), HS_ERR_FORMAT);
	}
	memset(longest, 'a', HS_KNOWNHOSTS_WARNING_MAX);
	ans.warnings[0] = S(longest);
	assert_int_equal(put_and_parse_answer(), HS_OK);
	longest[HS_KNOWNHOSTS_WARNING_MAX] = 'a';
	ans.warnings[0] = S(longest);
	assert_int_equal(put_and_parse_answer(), HS_ERR_TOO_LONG);
	ans.warnings[0] = S("a");
	ans.sentence = S("why"); // there is none of a success
	assert_int_equal(put_and_parse_answer(), HS_ERR_FORMAT);
	fail_answer();
	ans.sentence = S(""); // and one of a failure
	assert_int_equal(put_and_parse_answer(), HS_ERR_FORMAT);
	ans.sentence = S("a\rb");
	assert_int_equal(put_and_parse_answer(), HS_ERR_FORMAT);
	longest[HS_KNOWNHOSTS_SENTENCE_MAX] = '\0';
	ans.sentence = S(longest);
	assert_int_equal(put_and_parse_answer(), HS_OK);
	longest[HS_KNOWNHOSTS_SENTENCE_MAX] = 'a';
	longest[HS_KNOWNHOSTS_SENTENCE_MAX + 1] = '\0';
	ans.sentence = S(longest);
	assert_int_equal(put_and_parse_answer(), HS_ERR_TOO_LONG);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {T(paths), T(rule2_names), T(under),
	    T(rule10_counts), T(ports), T(entries), T(rule10_all_entries_together),
	    T(rule10_frames), T(warnings_and_sentences)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
