// SPDX-License-Identifier: ISC
//
// The table of known hosts: the names of keys and authorities, what is revoked, and what
// the real reader makes of a file. Reading goes wrong in test_agentd_knownhosts.c.
#include "tests/lib/reading.h"

static void
add(enum hs_knownhosts_kind kind, const char *key, const char *name)
{
	ans.v[ans.n++] = (struct hs_knownhosts_entry){kind, S(key), S(name)};
}

static const char *
names(size_t (*of)(const struct hs_knownhosts *, struct hs_str, struct hs_str *, size_t),
    const char *key, size_t max)
{
	static char text[256];
	struct hs_str v[8];
	size_t n = of(t.k, S(key), v, max);

	text[0] = '\0';
	assert_true(n <= max);
	for (size_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s",
		    i > 0 ? " " : "", (int)v[i].len, (const char *)v[i].p);
	return text;
}

static void
looked_up(void **state)
{
	(void)state;
	add(HS_KNOWNHOSTS_KEY, "K", "web1");
	add(HS_KNOWNHOSTS_KEY, "K", "a.b.c");
	add(HS_KNOWNHOSTS_KEY, "KK", "web1");
	add(HS_KNOWNHOSTS_KEY, "K", "db");
	add(HS_KNOWNHOSTS_CA, "C", "web1");
	add(HS_KNOWNHOSTS_CA, "C", "*.b.c");
	add(HS_KNOWNHOSTS_CA, "D", "*");
	ans.warnings[ans.nwarnings++] = S("/a:1: one");
	ans.warnings[ans.nwarnings++] = S("/a:2: two");
	answers_ans();
	assert_int_equal(t.code, HS_OK);
	memset(&ans, 0, sizeof ans); // the table is its own
	assert_int_equal(t.k->n, 7);
	assert_int_equal(t.k->nwarnings, 2);
	assert_true(hs_str_is(t.k->warnings[1], "/a:2: two"));
	assert_string_equal(names(hs_knownhosts_names, "K", 8), "web1 a.b.c db");
	assert_string_equal(names(hs_knownhosts_names, "K", 2), "web1 a.b.c");
	assert_string_equal(names(hs_knownhosts_names, "K", 0), "");
	assert_string_equal(names(hs_knownhosts_names, "KK", 8), "web1");
	assert_string_equal(names(hs_knownhosts_names, "C", 8), ""); // no host's own
	assert_string_equal(names(hs_knownhosts_names, "", 8), "");
	assert_string_equal(names(hs_knownhosts_ca_names, "C", 8), "web1 *.b.c");
	assert_string_equal(names(hs_knownhosts_ca_names, "D", 8), "*");
	assert_string_equal(names(hs_knownhosts_ca_names, "K", 8), "");
	assert_true(hs_knownhosts_ca(t.k, S("C"), S("web1")));
	assert_true(hs_knownhosts_ca(t.k, S("C"), S("x.b.c")));
	assert_true(hs_knownhosts_ca(t.k, S("C"), S("x.y.b.c")));
	assert_true(hs_knownhosts_ca(t.k, S("D"), S("any.host")));
	assert_false(hs_knownhosts_ca(t.k, S("C"), S("b.c")));
	assert_false(hs_knownhosts_ca(t.k, S("C"), S("db")));
	assert_false(hs_knownhosts_ca(t.k, S("K"), S("web1")));
	// what is no exact name is no name
	assert_false(hs_knownhosts_ca(t.k, S("D"), S("*")));
	assert_false(hs_knownhosts_ca(t.k, S("C"), S("*.b.c")));
	assert_false(hs_knownhosts_ca(t.k, S("D"), S("Web1")));
	assert_false(hs_knownhosts_ca(t.k, S("D"), S("")));
	assert_false(hs_knownhosts_ca(t.k, S("D"), S("10.0.0.1")));
	assert_false(hs_knownhosts_ca(t.k, S("D"), S("a b")));
	assert_false(hs_knownhosts_revoked(t.k, S("K"), S("web1")));
}

static void
rule9_revoked_ones(void **state)
{
	(void)state;
	add(HS_KNOWNHOSTS_KEY, "K", "web1");
	add(HS_KNOWNHOSTS_KEY, "K", "a.b.c");
	add(HS_KNOWNHOSTS_KEY, "K", "db");
	add(HS_KNOWNHOSTS_CA, "C", "*.b.c");
	add(HS_KNOWNHOSTS_CA, "C", "x.b.c");
	add(HS_KNOWNHOSTS_CA, "D", "*");
	add(HS_KNOWNHOSTS_KEY, "L", "db");
	add(HS_KNOWNHOSTS_REVOKED, "K", "web1"); // even behind
	add(HS_KNOWNHOSTS_REVOKED, "K", "*.b.c");
	add(HS_KNOWNHOSTS_REVOKED, "C", "x.b.c");
	add(HS_KNOWNHOSTS_REVOKED, "D", "*.b.c");
	add(HS_KNOWNHOSTS_REVOKED, "L", "*");
	answers_ans();
	assert_int_equal(t.code, HS_OK);
	assert_string_equal(names(hs_knownhosts_names, "K", 8), "db");
	assert_string_equal(names(hs_knownhosts_names, "L", 8), "");
	assert_string_equal(names(hs_knownhosts_ca_names, "C", 8), "*.b.c");
	assert_string_equal(names(hs_knownhosts_ca_names, "D", 8), "*");
	assert_true(hs_knownhosts_ca(t.k, S("C"), S("y.b.c")));
	assert_false(hs_knownhosts_ca(t.k, S("C"), S("x.b.c")));
	assert_true(hs_knownhosts_ca(t.k, S("D"), S("web1")));
	assert_false(hs_knownhosts_ca(t.k, S("D"), S("a.b.c")));
	assert_true(hs_knownhosts_revoked(t.k, S("K"), S("web1")));
	assert_true(hs_knownhosts_revoked(t.k, S("K"), S("z.b.c")));
	assert_true(hs_knownhosts_revoked(t.k, S("K"), S("*.z.b.c")));
	assert_false(hs_knownhosts_revoked(t.k, S("K"), S("*.c")));
	assert_false(hs_knownhosts_revoked(t.k, S("K"), S("db")));
	assert_true(hs_knownhosts_revoked(t.k, S("L"), S("anything")));
}

static void
rule2_an_empty_table(void **state)
{
	(void)state;
	answers_ans();
	assert_int_equal(t.code, HS_OK);
	assert_int_equal(t.k->n + t.k->nwarnings, 0);
	assert_string_equal(names(hs_knownhosts_names, "K", 8), "");
	assert_false(hs_knownhosts_ca(t.k, S("K"), S("web1")));
	assert_false(hs_knownhosts_revoked(t.k, S("K"), S("web1")));
	hs_knownhosts_free(NULL); // fine
}

// As many entries as an answer may have.
static void
a_full_table(void **state)
{
	struct hs_str v[2];

	(void)state;
	for (size_t i = 0; i < HS_KNOWNHOSTS_ENTRIES_MAX; i++)
		add(HS_KNOWNHOSTS_KEY, "a key of 40 bytes, or so, as they may be", "web1");
	answers_ans();
	assert_int_equal(t.code, HS_OK);
	assert_int_equal(t.k->n, HS_KNOWNHOSTS_ENTRIES_MAX);
	assert_int_equal(hs_knownhosts_names(t.k, ans.v[0].key, v, 2), 2);
}

// ---- the real one

static void
the_real_reader(void **state)
{
	static const char text[] =
	    "web1,a.b.c,other ssh-ed25519 "
	    "AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\n"
	    "@revoked a.b.c ssh-ed25519 "
	    "AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\n"
	    "web1\n";
	char program[512];
	struct hs_str v[8];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 32);
	char *end;

	(void)state;
	assert_true(n > 0);
	program[n] = '\0';
	end = strstr(program, "/tests/unit/");
	assert_non_null(end);
	memcpy(end, "/handseal-known-hosts", sizeof "/handseal-known-hosts");
	if (access(program, X_OK) != 0)
		skip(); // `make check` builds it
	free((char *)t.spec.program);
	t.spec.program = strdup(program);
	t.spec.home = scratch_dir;
	policy("KnownHosts ~/known_hosts ~/none");
	write_file("known_hosts", text, sizeof text - 1, 0600);
	run();
	if (t.code != HS_OK)
		fail_msg("%s", t.err.text);
	assert_int_equal(t.k->n, 3);
	assert_int_equal(hs_knownhosts_names(t.k, t.k->v[0].key, v, 8), 1);
	assert_true(hs_str_is(v[0], "web1"));
	assert_int_equal(t.k->nwarnings, 1);
	assert_non_null(memmem(t.k->warnings[0].p, t.k->warnings[0].len,
	    "/known_hosts:3: the line has no key", 35));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(looked_up), T(rule9_revoked_ones),
	    T(rule2_an_empty_table), T(a_full_table), T(the_real_reader)};

	signal(SIGPIPE, SIG_IGN); // as the daemon does
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
