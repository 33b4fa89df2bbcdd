// SPDX-License-Identifier: ISC
//
// Goal of this test: what handseal-verify tells handseal-shell comes back as it was put,
// and nothing else is taken for it (rule10). The example of docs/PROTOCOL.server is
// re-created.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "proto/chain.h"
#include "proto/text.h"
#include "tests/lib/chains.h"
#include "tests/lib/page.h"

#define ID "handseal:7c2e000000000000:1:claude"

static char *
text_of(struct hs_buf *b)
{
	hs_put_u8(b, 0);
	assert_int_equal(hs_buf_err(b), HS_OK);
	return (char *)b->p;
}

static void
put_hex(struct hs_buf *b, struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		hs_text_put_hex(b, (struct hs_str){s.p + i, 1});
		if (i % 32 == 31 || i + 1 == s.len)
			hs_put_u8(b, '\n');
		else if (i % 4 == 3)
			hs_put_u8(b, ' ');
	}
}

static void
page(void **state)
{
	struct hs_buf raw = {0}, text = {0}, want = {0}, scope = {0}, root = {0},
		      session = {0};
	struct hs_shell_arg a = {.end = 1795486500,
	    .grant_end = 1795514400,
	    .id = hs_str_c(ID),
	    .made = 1795485600};

	(void)state;
	hs_put_fmt(&scope, "max-ttl 900\nmax-uses *\n\n");
	assert_true(hs_page_example("PROTOCOL.server", "forced-scope", &scope));
	a.scope = hs_buf_str(&scope);
	hs_key_put(&root, &chains.root.key);
	a.root = hs_buf_str(&root);
	hs_key_put(&session, &chains.session.key);
	a.session = hs_buf_str(&session);
	hs_shell_arg_put(&raw, &a);
	put_hex(&text, hs_buf_str(&raw));
	assert_true(hs_page_example("PROTOCOL.server", "argument", &want));
	assert_string_equal(text_of(&text), text_of(&want));
	hs_buf_free(&raw);
	hs_buf_free(&text);
	hs_buf_free(&want);
	hs_buf_free(&scope);
	hs_buf_free(&root);
	hs_buf_free(&session);
}

static int
parse_back(const char *id, size_t idlen, size_t scopelen, const char *behind)
{
	static uint8_t scope[HS_SCOPE_BYTES_MAX + 1];
	struct hs_shell_arg a = {.end = 1,
				.grant_end = 2,
				.id = {(const uint8_t *)id, idlen},
				.scope = {scope, scopelen}},
			    back;
	struct hs_buf b = {0};
	int rc;

	hs_shell_arg_put(&b, &a);
	hs_put_fmt(&b, "%s", behind);
	rc = hs_shell_arg_parse(hs_buf_str(&b), &back);
	if (rc == HS_OK) {
		assert_true(back.end == 1 && back.grant_end == 2);
		assert_true(hs_str_eq(back.id, a.id) && hs_str_eq(back.scope, a.scope));
	}
	hs_buf_free(&b);
	return rc;
}

static void
rule10_fields(void **state)
{
	char id[HS_KEY_ID_MAX + 1];

	(void)state;
	memset(id, 'i', sizeof id);
	assert_int_equal(parse_back("id ~", 4, 1, ""), HS_OK);
	assert_int_equal(parse_back("", 0, 1, ""), HS_OK);
	assert_int_equal(parse_back(id, HS_KEY_ID_MAX, HS_SCOPE_BYTES_MAX, ""), HS_OK);
	assert_int_equal(parse_back(id, HS_KEY_ID_MAX + 1, 1, ""), HS_ERR_TOO_LONG);
	assert_int_equal(parse_back("id", 2, HS_SCOPE_BYTES_MAX + 1, ""), HS_ERR_TOO_LONG);
	assert_int_equal(parse_back("id", 2, 0, ""), HS_ERR_FORMAT);
	assert_int_equal(parse_back("i\nd", 3, 1, ""), HS_ERR_FORMAT);
	assert_int_equal(parse_back("i\x7f", 2, 1, ""), HS_ERR_FORMAT);
	assert_int_equal(parse_back("i\xc3\xa4", 3, 1, ""), HS_ERR_FORMAT);
	assert_int_equal(parse_back("i\0d", 3, 1, ""), HS_ERR_FORMAT);
	assert_int_equal(parse_back("id", 2, 1, "x"), HS_ERR_TRAILING);
}

static int
parse_lists(size_t lineage, size_t root, size_t session, const char *config, size_t len)
{
	static const uint8_t bytes[2048] = {1};
	struct hs_shell_arg back, a = {.id = hs_str_c("id"),
				      .scope = hs_str_c("scope"),
				      .made = 3,
				      .lineage = {bytes, lineage},
				      .root = {bytes, root},
				      .session = {bytes, session},
				      .config = {(const uint8_t *)config, len}};
	struct hs_buf b = {0};
	int rc;

	hs_shell_arg_put(&b, &a);
	rc = hs_shell_arg_parse(hs_buf_str(&b), &back);
	if (rc == HS_OK) {
		assert_true(back.made == 3 && hs_str_eq(back.config, a.config));
		assert_true(back.lineage.len == lineage && back.root.len == root &&
			    back.session.len == session);
	}
	hs_buf_free(&b);
	return rc;
}

static void
rule10_what_is_for_lists(void **state)
{
	char path[HS_LISTS_PATH_MAX] = "/";

	(void)state;
	memset(path + 1, 'p', sizeof path - 1);
	assert_int_equal(parse_lists(0, 0, 0, "", 0), HS_OK);
	assert_int_equal(parse_lists(128, 256, 256, path, sizeof path - 1), HS_OK);
	assert_int_equal(parse_lists(136, 0, 0, "", 0), HS_ERR_TOO_LONG);
	assert_int_equal(parse_lists(7, 0, 0, "", 0), HS_ERR_FORMAT);
	assert_int_equal(parse_lists(0, 257, 0, "", 0), HS_ERR_TOO_LONG);
	assert_int_equal(parse_lists(0, 0, 257, "", 0), HS_ERR_TOO_LONG);
	assert_int_equal(parse_lists(0, 0, 0, path, sizeof path), HS_ERR_TOO_LONG);
	assert_int_equal(parse_lists(0, 0, 0, "etc", 3), HS_ERR_FORMAT);
	assert_int_equal(parse_lists(0, 0, 0, "/e\0tc", 5), HS_ERR_FORMAT);
}

static void
rule10_cuts_and_versions(void **state)
{
	struct hs_shell_arg a = {.end = 1,
				.grant_end = 2,
				.id = hs_str_c("id"),
				.scope = hs_str_c("scope"),
				.lineage = hs_str_c("12345678"),
				.root = hs_str_c("root"),
				.session = hs_str_c("session"),
				.config = hs_str_c("/etc")},
			    back = {.end = 7};
	struct hs_buf b = {0};

	(void)state;
	hs_shell_arg_put(&b, &a);
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(
		    hs_shell_arg_parse((struct hs_str){b.p, n}, &back), HS_ERR_SHORT);
	for (unsigned version = 0; version < 256; version++) {
		b.p[0] = (uint8_t)version;
		if (version != 3)
			assert_int_equal(
			    hs_shell_arg_parse(hs_buf_str(&b), &back), HS_ERR_UNSUPPORTED);
	}
	assert_true(back.end == 7 && back.id.p == NULL); // untouched
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(page),
	    cmocka_unit_test(rule10_fields),
	    cmocka_unit_test(rule10_what_is_for_lists),
	    cmocka_unit_test(rule10_cuts_and_versions),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, chains_make, NULL);
}
