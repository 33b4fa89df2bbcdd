// SPDX-License-Identifier: ISC
//
// "Could one request fall under both": the table of docs/PROTOCOL.policy both ways round,
// what is no value, scopes by hand, and as a property: where one request is permitted by
// two scopes, they overlap. "Under" is test_scope_under.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "tests/lib/anyscope.h"
#include "tests/lib/page.h"

#define ROUNDS	 4000
#define REQUESTS 24

static struct hs_scope *
scope(const char *statements)
{
	struct hs_scope *s = NULL;
	struct hs_buf b = {0};
	struct hs_err err;

	hs_put_fmt(&b, "max-ttl 1\nmax-uses 1\n\n%s", statements);
	if (hs_scope_parse(hs_buf_str(&b), &s, &err) != HS_OK)
		fail_msg("%s: %s", statements, err.text);
	hs_buf_free(&b);
	return s;
}

static struct hs_str
cut(struct hs_str *s, char at)
{
	const uint8_t *p = s->len > 0 ? memchr(s->p, at, s->len) : NULL;
	struct hs_str part = {s->p, p != NULL ? (size_t)(p - s->p) : s->len};

	s->p += part.len + (p != NULL);
	s->len -= part.len + (p != NULL);
	return part;
}

static enum hs_scope_key
key_of(struct hs_str name)
{
	static const char *const names[] = {
	    "addr", "cap", "cmd", "host", "ns", "open", "permit", "user"};
	unsigned k = 0;

	while (k < HS_KEY_COUNT && !hs_str_is(name, names[k]))
		k++;
	assert_true(k < HS_KEY_COUNT);
	return (enum hs_scope_key)k;
}

static void
the_page(void **state)
{
	struct hs_buf b = {0};
	struct hs_str rest;
	size_t rows = 0;

	(void)state;
	assert_true(
	    hs_page_example("PROTOCOL.policy", "overlap (key, a, b, do they overlap)", &b));
	for (rest = hs_buf_str(&b); rest.len > 0; rows++) {
		struct hs_str line = cut(&rest, '\n');
		enum hs_scope_key key = key_of(cut(&line, '\t'));
		struct hs_str x = cut(&line, '\t'), y = cut(&line, '\t');
		bool yes = hs_str_is(line, "yes");

		assert_true(yes || hs_str_is(line, "no"));
		if (hs_scope_value_overlaps(key, x, y) != yes ||
		    hs_scope_value_overlaps(key, y, x) != yes)
			fail_msg("%.*s and %.*s", (int)x.len, (const char *)x.p, (int)y.len,
			    (const char *)y.p);
		assert_true(hs_scope_value_overlaps(key, x, x));
		assert_true(hs_scope_value_overlaps(key, y, y));
	}
	assert_true(rows >= 25);
	hs_buf_free(&b);
}

static void
what_is_no_value(void **state)
{
	struct hs_scope *s = scope("ns git\n");
	struct hs_str good = hs_str_c("git"), bad = hs_str_c("a b"), cr = hs_str_c("git\r"),
		      none = {0};

	(void)state;
	assert_true(hs_scope_value_overlaps(HS_KEY_NS, good, bad));
	assert_true(hs_scope_value_overlaps(HS_KEY_NS, bad, good));
	assert_true(hs_scope_value_overlaps(HS_KEY_NS, good, cr));
	assert_true(hs_scope_value_overlaps(HS_KEY_NS, cr, good));
	assert_true(hs_scope_value_overlaps(HS_KEY_NS, none, good));
	assert_true(hs_scope_value_overlaps(HS_KEY_COUNT, good, good));
	assert_true(hs_scope_touches(s, HS_KEY_NS, good));
	assert_true(hs_scope_touches(s, HS_KEY_NS, hs_str_c("*")));
	assert_false(hs_scope_touches(s, HS_KEY_NS, hs_str_c("file")));
	assert_true(hs_scope_touches(s, HS_KEY_NS, bad));
	assert_true(hs_scope_touches(s, HS_KEY_NS, cr));
	assert_true(hs_scope_touches(s, HS_KEY_COUNT, good));
	assert_false(hs_scope_touches(s, HS_KEY_USER, hs_str_c("*"))); // it has no user
	hs_scope_free(&s);
}

// Not canonical is a value all the same.
static void
written_otherwise(void **state)
{
	(void)state;
	assert_true(
	    hs_scope_value_overlaps(HS_KEY_CMD, hs_str_c("ls  \"-l\""), hs_str_c("ls -l")));
	assert_true(hs_scope_value_overlaps(
	    HS_KEY_ADDR, hs_str_c("2001:DB8::/32"), hs_str_c("2001:db8:0::/48")));
}

#define LOGIN "user u\nhost h\naddr *\n"

static void
scopes(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} rows[] = {
	    {LOGIN "cmd ls\n", LOGIN "cmd ls ...\n", true},
	    {LOGIN "cmd ls\n", LOGIN "cmd id\n", false},
	    {LOGIN, LOGIN, false}, // a login alone does nothing
	    {LOGIN "cmd ls\n", LOGIN, false},
	    {LOGIN "cmd ls\n", "user v\nhost h\naddr *\ncmd ls\n", false},
	    {LOGIN "cmd ls\n", "user u\nhost i\naddr *\ncmd ls\n", false},
	    {"user u\nhost h\naddr 10.0.0.0/8\ncmd ls\n",
		"user u\nhost h\naddr 11.0.0.0/8\ncmd ls\n", false},
	    {"user u\nhost h\naddr 10.0.0.0/8\ncmd ls\n", "user *\nhost *\naddr *\ncmd *\n",
		true},
	    {LOGIN "cmd ls\npermit pty\n", LOGIN "cmd id\npermit pty\n", true},
	    {LOGIN "cmd ls\npermit pty\n", LOGIN "cmd id\npermit user-rc\n", false},
	    {LOGIN "permit port-forwarding\nopen db:1\n",
		LOGIN "permit port-forwarding\nopen db:2\n", true}, // the permit itself
	    {LOGIN "permit *\nopen *\n", LOGIN "permit *\nopen db:2\n", true},
	    {"ns git\n", "ns git\nns file\n", true},
	    {"ns git\n", "ns file\n", false},
	    {"cap read:*\n", "cap *:a\n", true},
	    {"cap read:*\n", "cap write:*\n", false},
	    {"cap read:a\n", "ns git\n", false},
	    {"ns git\n\n" LOGIN "cmd ls\n", "ns file\n\n" LOGIN "cmd ls\n", true},
	    {"ns git\n\n" LOGIN "cmd ls\n", "ns file\n\n" LOGIN "cmd id\n", false},
	    {LOGIN "cmd ls\nns git\n", LOGIN "cmd id\nns git\n", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hs_scope *a = scope(rows[i].a), *b = scope(rows[i].b);

		if (hs_scope_overlaps(a, b) != rows[i].overlap ||
		    hs_scope_overlaps(b, a) != rows[i].overlap)
			fail_msg("row %zu: %s and %s", i, rows[i].a, rows[i].b);
		hs_scope_free(&a);
		hs_scope_free(&b);
	}
}

static bool
does_something(const struct hs_scope *s)
{
	for (size_t i = 0; i < hs_scope_statements(s); i++)
		if (hs_scope_values(s, i, HS_KEY_CMD) + hs_scope_values(s, i, HS_KEY_OPEN) +
			hs_scope_values(s, i, HS_KEY_PERMIT) +
			hs_scope_values(s, i, HS_KEY_NS) +
			hs_scope_values(s, i, HS_KEY_CAP) >
		    0)
			return true;
	return false;
}

static void
property(void **state)
{
	size_t both = 0, no = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct hs_scope *a = anyscope(), *b = anyscope();
		bool overlap = hs_scope_overlaps(a, b);

		no += !overlap;
		assert_int_equal(overlap, hs_scope_overlaps(b, a));
		assert_true(overlap || !hs_scope_under(a, b) || !does_something(a));
		assert_true(!does_something(a) || hs_scope_overlaps(a, a));
		for (int i = 0; i < REQUESTS; i++) {
			struct anyscope_request r;

			anyscope_request(&r);
			if (hs_scope_permits(a, &r.req, NULL) != HS_OK ||
			    hs_scope_permits(b, &r.req, NULL) != HS_OK)
				continue;
			both++;
			if (!overlap)
				fail_msg("%.*s\nand\n%.*s", (int)hs_scope_text(a).len,
				    (const char *)hs_scope_text(a).p,
				    (int)hs_scope_text(b).len,
				    (const char *)hs_scope_text(b).p);
		}
		hs_scope_free(&a);
		hs_scope_free(&b);
	}
	assert_true(both > ROUNDS / 10 && no > ROUNDS / 10); // it tried something
}

// What is under both of two values shows that they overlap, and what is under one only of
// values that do not overlap is not under the other.
static void
values_property(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS * 4; round++) {
		enum hs_scope_key key = (enum hs_scope_key)anyscope_below(HS_KEY_COUNT);
		struct hs_str a = hs_str_c(anyscope_value(key)),
			      b = hs_str_c(anyscope_value(key)),
			      v = hs_str_c(anyscope_value(key));
		bool overlap = hs_scope_value_overlaps(key, a, b);

		assert_int_equal(overlap, hs_scope_value_overlaps(key, b, a));
		if (hs_scope_value_under(key, v, a) && hs_scope_value_under(key, v, b))
			assert_true(overlap);
		if (hs_scope_value_under(key, a, b))
			assert_true(overlap);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_page),
	    cmocka_unit_test(what_is_no_value), cmocka_unit_test(written_otherwise),
	    cmocka_unit_test(scopes), cmocka_unit_test(property),
	    cmocka_unit_test(values_property)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	anyscope_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
