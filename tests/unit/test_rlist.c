// SPDX-License-Identifier: ISC
//
// Goal of this test: a root's list is the one that docs/PROTOCOL.revoke has, counts only
// where the root signed it with a touch, has one form, and takes back what stands under
// that root and nothing else (rules 1, 5, 6 and 10).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/lib/anyscope.h"
#include "tests/lib/lists.h"
#include "tests/lib/page.h"
#include "tests/lib/rlists.h"

static void
page(void **state)
{
	struct hs_buf list = {0}, message = {0}, text = {0}, want = {0};
	char name[HS_RLIST_NAME_LEN + 1];
	struct hs_roots roots = {0};
	struct hs_rlist l;
	struct hs_err err = {0};
	struct hs_key key;

	(void)state;
	rlists_put_example(&list);
	assert_int_equal(hs_rlist_parse(hs_buf_str(&list), &l, &err), HS_OK);
	assert_true(hs_rlist_is(hs_buf_str(&list)));
	hs_put_raw(&message, l.message.p, l.message.len);
	hs_page_is("PROTOCOL.revoke", "root-message", &message);
	hs_rlist_put_text(&text, &l);
	assert_true(hs_page_example("PROTOCOL.revoke", "root-text", &want));
	if (!hs_str_eq(hs_buf_str(&text), hs_buf_str(&want)))
		fail_msg("root-text should be:\n%.*s", (int)text.len, text.p);
	assert_true(l.n == 4 && l.nproofs == 1 && l.version == 3);
	hs_rlist_name(&l, name);
	assert_int_equal(strlen(name), HS_RLIST_NAME_LEN);
	assert_int_equal(strncmp(name, "root-", 5), 0);
	assert_int_equal(hs_rlist_check(&l, NULL, &err), HS_OK);
	lists_roots(&roots, &chains.root.key);
	assert_int_equal(hs_rlist_check(&l, &roots, &err), HS_OK);
	hs_roots_free(&roots);
	lists_roots(&roots, &chains.other_root.key);
	assert_int_equal(hs_rlist_check(&l, &roots, &err), HS_NO_ROOT_UNKNOWN);
	hs_roots_free(&roots);
	assert_int_equal(hs_rlist_session_key(&l, "20259320c16a21ad", &key, &err), HS_OK);
	assert_true(hs_key_eq(&key, &chains.session.key));
	assert_int_equal(
	    hs_rlist_session_key(&l, "0123456789abcdef", &key, &err), HS_NO_SUCH);
	hs_buf_free(&list);
	hs_buf_free(&message);
	hs_buf_free(&text);
	hs_buf_free(&want);
}

static void
rule10_bytes(void **state)
{
	struct hs_buf b = {0};
	struct hs_rlist l;

	(void)state;
	rlists_put_example(&b);
	for (size_t i = 0; i < b.len; i++) {
		b.p[i] ^= 1;
		if (hs_rlist_parse(hs_buf_str(&b), &l, NULL) == HS_OK)
			assert_int_not_equal(hs_rlist_check(&l, NULL, NULL), HS_OK);
		b.p[i] ^= 1;
		assert_int_not_equal(
		    hs_rlist_parse((struct hs_str){b.p, i}, &l, NULL), HS_OK);
	}
	hs_put_u8(&b, 0);
	assert_int_equal(hs_rlist_parse(hs_buf_str(&b), &l, NULL), HS_ERR_TRAILING);
	hs_buf_free(&b);
}

// By whom and how it is signed.
static void
rule1_signed_by_a_touch(void **state)
{
	struct hs_rlist_entry all = {.what = HS_RLIST_ALL};
	const struct {
		const struct hs_mint *by;
		uint8_t flags;
		int code;
	} all_of[] = {{&chains.root, 1, HS_OK}, {&chains.root, 5, HS_OK},
	    {&chains.root, 0, HS_NO_TOUCH}, {&chains.root, 4, HS_NO_TOUCH},
	    {&chains.root, 0x41, HS_NO_TOUCH}, {&chains.other_root, 1, HS_ERR_CRYPTO},
	    {&chains.ecdsa_root, 1, HS_ERR_CRYPTO}, {&chains.session, 1, HS_ERR_CRYPTO}};

	(void)state;
	for (size_t i = 0; i < sizeof all_of / sizeof all_of[0]; i++) {
		struct rlists_spec s = {.root = &chains.root,
		    .by = all_of[i].by,
		    .flags = all_of[i].flags,
		    .v = &all,
		    .n = 1};
		struct hs_buf b = {0};
		struct hs_err err = {0};
		struct hs_rlist l;

		rlists_put(&b, &s);
		assert_int_equal(hs_rlist_parse(hs_buf_str(&b), &l, &err), HS_OK);
		assert_int_equal(hs_rlist_check(&l, NULL, &err), all_of[i].code);
		assert_int_equal(err.code, all_of[i].code);
		hs_buf_free(&b);
	}
}

static void
an_ecdsa_root(void **state)
{
	struct hs_rlist_entry all = {.what = HS_RLIST_ALL};
	struct rlists_spec s = {.root = &chains.ecdsa_root,
	    .by = &chains.ecdsa_root,
	    .flags = 1,
	    .v = &all,
	    .n = 1};
	struct hs_buf b = {0};
	struct hs_rlist l;

	(void)state;
	rlists_put(&b, &s);
	assert_int_equal(hs_rlist_parse(hs_buf_str(&b), &l, NULL), HS_OK);
	assert_int_equal(hs_rlist_check(&l, NULL, NULL), HS_OK);
	hs_buf_free(&b);
}

// ---- one form

static int
written(struct hs_rlist_entry *v, size_t n, const struct hs_key *root)
{
	struct hs_rlist_spec spec = {.root = root, .version = 1, .v = v, .n = n};
	struct hs_buf b = {0};
	int rc = hs_rlist_put_message(&b, &spec, NULL);

	hs_buf_free(&b);
	return rc;
}

static void
rule2_what_an_entry_may_be(void **state)
{
	static const struct hs_rlist_entry bad[] = {{.what = (enum hs_rlist_what)0},
	    {.what = (enum hs_rlist_what)5}, {HS_RLIST_ALL, "20259320c16a21ad", 0, 0},
	    {HS_RLIST_ALL, "", 1, 1}, {HS_RLIST_SESSION, "", 0, 0},
	    {HS_RLIST_SESSION, "20259320c16a21a", 0, 0},
	    {HS_RLIST_SESSION, "20259320C16A21AD", 0, 0},
	    {HS_RLIST_SESSION, "20259320c16a21ad", 1, 1},
	    {HS_RLIST_SERIALS, "20259320c16a21ad", 0, 0},
	    {HS_RLIST_SERIALS, "20259320c16a21ad", 0, 7},
	    {HS_RLIST_SERIALS, "20259320c16a21ad", 7, 6}, {HS_RLIST_SERIALS, "", 1, 1},
	    {HS_RLIST_DIRECT, "20259320c16a21ad", 1, 1}, {HS_RLIST_DIRECT, "", 0, 0}};
	static struct hs_rlist_entry many[HS_RLIST_ENTRIES_MAX + 1];
	struct hs_rlist_entry e = {.what = HS_RLIST_ALL};

	(void)state;
	assert_int_equal(written(&e, 1, &chains.root.key), HS_OK);
	assert_int_equal(written(&e, 1, &chains.session.key), HS_ERR_KEY_TYPE);
	assert_int_equal(written(&e, 0, &chains.root.key), HS_ERR_FORMAT);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		e = bad[i];
		assert_int_equal(written(&e, 1, &chains.root.key), HS_ERR_FORMAT);
	}
	for (size_t i = 0; i <= HS_RLIST_ENTRIES_MAX; i++)
		many[i] = (struct hs_rlist_entry){
		    .what = HS_RLIST_DIRECT, .lo = 2 * i + 1, .hi = 2 * i + 1};
	assert_int_equal(written(many, HS_RLIST_ENTRIES_MAX, &chains.root.key), HS_OK);
	assert_int_equal(
	    written(many, HS_RLIST_ENTRIES_MAX + 1, &chains.root.key), HS_ERR_TOO_LONG);
}

static void
put_direct_pair(struct hs_buf *b, const uint64_t at[static 4])
{
	size_t mark = hs_put_string_begin(b);

	hs_key_put(b, &chains.root.key);
	hs_put_string_end(b, mark);
	hs_put_u64(b, 1);
	hs_put_u64(b, 1);
	hs_put_u32(b, 2);
	for (int i = 0; i < 2; i++) {
		hs_put_u8(b, HS_RLIST_DIRECT);
		hs_put_cstring(b, "");
		hs_put_u64(b, at[2 * i]);
		hs_put_u64(b, at[2 * i + 1]);
	}
	hs_put_u32(b, 0);
}

// The same, said in any order and in pieces, is the same message; one in another order is
// none.
static void
one_order(void **state)
{
	struct hs_rlist_entry a[] = {{HS_RLIST_SERIALS, "20259320c16a21ad", 5, 9},
	    {HS_RLIST_DIRECT, "", 3, 3}, {HS_RLIST_SESSION, "0000000000000001", 0, 0}};
	struct hs_rlist_entry b[] = {{HS_RLIST_DIRECT, "", 3, 3},
	    {HS_RLIST_SESSION, "0000000000000001", 0, 0},
	    {HS_RLIST_SERIALS, "20259320c16a21ad", 8, 9},
	    {HS_RLIST_SERIALS, "20259320c16a21ad", 5, 5},
	    {HS_RLIST_SESSION, "0000000000000001", 0, 0},
	    {HS_RLIST_SERIALS, "20259320c16a21ad", 6, 8}};
	struct hs_rlist_spec x = {.root = &chains.root.key, .v = a, .n = 3};
	struct hs_rlist_spec y = {.root = &chains.root.key, .v = b, .n = 6};
	struct hs_buf one = {0}, two = {0};
	struct hs_rlist l;

	(void)state;
	assert_int_equal(hs_rlist_put_message(&one, &x, NULL), HS_OK);
	assert_int_equal(hs_rlist_put_message(&two, &y, NULL), HS_OK);
	assert_true(hs_str_eq(hs_buf_str(&one), hs_buf_str(&two)) && y.n == 3);
	for (size_t i = 0; i < 5; i++) {
		static const uint64_t pairs[][4] = {
		    {1, 1, 3, 3}, {1, 2, 4, 5}, {3, 3, 1, 1}, {1, 2, 2, 3}, {1, 1, 2, 2}};

		hs_buf_reset(&one);
		put_direct_pair(&one, pairs[i]);
		assert_int_equal(hs_rlist_parse_message(hs_buf_str(&one), &l, NULL),
		    i < 2 ? HS_OK : HS_ERR_FORMAT);
	}
	hs_buf_free(&one);
	hs_buf_free(&two);
}

// ---- asking

static int
asked(struct hs_rlist_entry e, const struct hs_mint *root, const struct hs_list_subject *s,
    struct hs_list_found *f)
{
	struct rlists_spec spec = {
	    .root = &chains.root, .by = &chains.root, .flags = 1, .v = &e, .n = 1};
	struct hs_err err = {0};
	struct hs_buf b = {0};
	struct hs_rlist l;

	*f = (struct hs_list_found){0};
	rlists_put(&b, &spec);
	assert_int_equal(hs_rlist_parse(hs_buf_str(&b), &l, NULL), HS_OK);
	hs_rlist_unite(f, &l, &root->key, s);
	hs_buf_free(&b);
	return hs_list_judge(f, s, 900, s->made, &err);
}

static void
rule1_what_it_takes_back(void **state)
{
	const struct hs_list_subject one = {.session = "20259320c16a21ad",
	    .serial = 5,
	    .lineage = {2},
	    .nlineage = 1,
	    .made = CHAINS_MADE};
	const struct hs_list_subject direct = {.direct = true, .serial = 5};
	const struct {
		struct hs_rlist_entry e;
		bool one, direct;
	} all[] = {{{HS_RLIST_ALL, "", 0, 0}, true, true},
	    {{HS_RLIST_SESSION, "20259320c16a21ad", 0, 0}, true, false},
	    {{HS_RLIST_SESSION, "20259320c16a21ae", 0, 0}, false, false},
	    {{HS_RLIST_SERIALS, "20259320c16a21ad", 5, 5}, true, false},
	    {{HS_RLIST_SERIALS, "20259320c16a21ad", 1, 2}, true, false}, // its seat
	    {{HS_RLIST_SERIALS, "20259320c16a21ad", 3, 4}, false, false},
	    {{HS_RLIST_SERIALS, "20259320c16a21ad", 6, UINT64_MAX}, false, false},
	    {{HS_RLIST_SERIALS, "20259320c16a21ae", 1, 9}, false, false},
	    {{HS_RLIST_DIRECT, "", 5, 5}, false, true},
	    {{HS_RLIST_DIRECT, "", 1, 4}, false, false}};
	struct hs_list_found f;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		assert_int_equal(asked(all[i].e, &chains.root, &one, &f),
		    all[i].one ? HS_NO_REVOKED : HS_OK);
		assert_int_equal(f.root_lists, 1);
		assert_int_equal(f.lists, 0); // it stands in for no list of the session
		assert_int_equal(asked(all[i].e, &chains.root, &direct, &f),
		    all[i].direct ? HS_NO_REVOKED : HS_OK);
		// what another root touched for is not this one's to take
		assert_int_equal(asked(all[i].e, &chains.other_root, &one, &f), HS_OK);
		assert_int_equal(asked(all[i].e, &chains.other_root, &direct, &f), HS_OK);
		assert_int_equal(f.root_lists, 0);
	}
}

// United with the session's own list, in either order.
static void
rule5_beside_the_session_s_own(void **state)
{
	struct hs_list_subject s = {
	    .session = "20259320c16a21ad", .serial = 9, .made = CHAINS_MADE};
	struct lists_spec own = lists_example(); // 2, 5-7
	struct hs_buf mine = {0}, theirs = {0};
	struct hs_list l;
	struct hs_rlist r;

	(void)state;
	lists_put(&mine, &own, &chains.root);
	rlists_put_example(&theirs); // 9 among others
	assert_int_equal(hs_list_parse(hs_buf_str(&mine), &l, NULL), HS_OK);
	assert_int_equal(hs_rlist_parse(hs_buf_str(&theirs), &r, NULL), HS_OK);
	for (int order = 0; order < 2; order++)
		for (s.serial = 1; s.serial < 12; s.serial++) {
			struct hs_list_found f = {0};
			bool want = s.serial == 2 || (s.serial >= 5 && s.serial <= 9);

			if (order == 0)
				hs_list_unite(&f, &l, &s, CHAINS_MADE + 700);
			hs_rlist_unite(&f, &r, &chains.root.key, &s);
			if (order == 1)
				hs_list_unite(&f, &l, &s, CHAINS_MADE + 700);
			assert_int_equal(
			    hs_list_judge(&f, &s, 900, CHAINS_MADE + 700, NULL),
			    want ? HS_NO_REVOKED : HS_OK);
			assert_true(f.lists == 1 && f.root_lists == 1);
		}
	hs_list_free(&l);
	hs_buf_free(&mine);
	hs_buf_free(&theirs);
}

// Generated: what was written is read, and says the same of every serial.
static void
generated(void **state)
{
	(void)state;
	for (int round = 0; round < 300; round++) {
		struct hs_rlist_entry v[8], kept[8];
		size_t n = 1 + anyscope_below(8);
		struct rlists_spec spec = {
		    .root = &chains.root, .by = &chains.root, .flags = 1, .v = v, .n = n};
		struct hs_list_subject s = {.session = "20259320c16a21ad"};
		struct hs_buf b = {0};
		struct hs_rlist l;

		for (size_t i = 0; i < n; i++) {
			v[i] = (struct hs_rlist_entry){
			    .what = HS_RLIST_SERIALS, .lo = 1 + anyscope_below(30)};
			v[i].hi = v[i].lo + anyscope_below(5);
			memcpy(v[i].session, s.session, sizeof v[i].session);
			kept[i] = v[i];
		}
		rlists_put(&b, &spec);
		assert_int_equal(hs_rlist_parse(hs_buf_str(&b), &l, NULL), HS_OK);
		for (s.serial = 1; s.serial < 40; s.serial++) {
			struct hs_list_found f = {0};
			bool want = false;

			for (size_t i = 0; i < n; i++)
				want |= kept[i].lo <= s.serial && s.serial <= kept[i].hi;
			hs_rlist_unite(&f, &l, &chains.root.key, &s);
			assert_int_equal(f.serial == s.serial, want);
		}
		hs_buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(page),
	    cmocka_unit_test(rule10_bytes), cmocka_unit_test(rule1_signed_by_a_touch),
	    cmocka_unit_test(an_ecdsa_root), cmocka_unit_test(rule2_what_an_entry_may_be),
	    cmocka_unit_test(one_order), cmocka_unit_test(rule1_what_it_takes_back),
	    cmocka_unit_test(rule5_beside_the_session_s_own), cmocka_unit_test(generated)};

	anyscope_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("rlist", tests, lists_make, NULL);
}
