// SPDX-License-Identifier: ISC
//
// Goal of this test: what was taken back is refused by hs_verify whoever brings which lists
// (rule5): by the service's own text, by a session's lists, and never back a version where
// it remembers. And what a service needs around that: which session, which roots, which
// words. The rest is in test_client_service.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "tests/lib/rlists.h"
#include "tests/lib/service.h"

#define SESSION "20259320c16a21ad"

static struct hs_verify_bytes lists[3];
static struct hs_buf made[3]; // what they point at

static int
begin(void **state)
{
	(void)state;
	service_right();
	service.ask.lists = lists;
	return 0;
}

static int
end(void **state)
{
	(void)service_end(state);
	for (size_t i = 0; i < 3; i++)
		hs_buf_free(&made[i]);
	return 0;
}

// List i is that one, and lists 0 to i are given.
static void
give(size_t i, const struct lists_spec *spec)
{
	hs_buf_reset(&made[i]);
	lists_put(&made[i], spec, &chains.root);
	lists[i] = service_bytes(&made[i]);
	service.ask.nlists = i + 1;
}

static void
certified(uint64_t serial, uint64_t ancestor)
{
	static const struct hs_buf none;
	struct hs_delegation_spec d = chains_delegation(&none, NULL);

	d.serial = serial;
	d.lineage = &ancestor;
	d.nlineage = ancestor != 0;
	service_certified_under(d, SERVICE_SCOPE, "depth 1\n" SERVICE_SCOPE);
}

static void
rule5_revoked(void **state)
{
	struct lists_spec l = lists_example();

	(void)state;
	ADMITTED();
	give(0, &l);
	ADMITTED();
	certified(2, 0);
	REFUSED("revoked");
	service.ask.lists_needed = HS_VERIFY_LISTS_OPTIONAL;
	REFUSED("revoked");
	l.nserials = 0; // an older one beside it takes nothing back
	l.version = 2;
	give(1, &l);
	REFUSED("revoked");
	certified(4, 0);
	ADMITTED();
	l.whole = true;
	give(2, &l);
	REFUSED("revoked");
	assert_non_null(strstr(service_asked()->remedy, "handseal request"));
}

static void
rule5_ancestors(void **state)
{
	struct lists_spec l = lists_example();

	(void)state;
	give(0, &l);
	certified(9, 4);
	ADMITTED();
	assert_true(service_asked()->nlineage == 1 && service_asked()->lineage[0] == 4);
	certified(9, 6);
	REFUSED("revoked");
}

static void
lists_that_do_not_count(void **state)
{
	struct lists_spec l = lists_example();

	(void)state;
	l.whole = true;
	l.by = &chains.session;
	give(0, &l);
	ADMITTED();
	l.by = &lists_revoker;
	give(0, &l);
	REFUSED("revoked");
	made[0].p[made[0].len - 1] ^= 1;
	ADMITTED();
	made[0].p[made[0].len - 1] ^= 1;
	lists[0].len--;
	ADMITTED();
	lists[0] = (struct hs_verify_bytes){0};
	ADMITTED();
}

// Another root may have opened the session, and be trusted no more.
static void
rule5_by_the_key_that_signed(void **state)
{
	struct lists_spec l = lists_example();

	(void)state;
	l.whole = true;
	lists_put(&made[0], &l, &chains.other_root);
	lists[0] = service_bytes(&made[0]);
	service.ask.nlists = 1;
	REFUSED("revoked");
	made[0].p[made[0].len - 1] ^= 1;
	ADMITTED();
}

// A root's list, brought by whomever: of the root that signed the certificate.
static void
rule5_roots_lists(void **state)
{
	struct hs_rlist_entry all[] = {{.what = HS_RLIST_ALL}};
	struct rlists_spec l = {
	    .root = &chains.root, .by = &chains.root, .flags = 1, .v = all, .n = 1};
	struct hs_direct_spec d = chains_direct(CHAINS_DIRECT);
	char session[17];

	(void)state;
	rlists_put(&made[0], &l);
	lists[0] = service_bytes(&made[0]);
	service.ask.nlists = 1;
	REFUSED("revoked");
	assert_int_equal(hs_verify_list(lists[0], service.ask.roots, session, NULL, 0), 1);
	assert_string_equal(session, "");
	service.ask.lists_needed = HS_VERIFY_LISTS_OPTIONAL;
	REFUSED("revoked");
	hs_buf_reset(&service.certificate);
	chains_put_direct(&service.certificate, &d, &chains.root, 1);
	service.ask.certificate = service_bytes(&service.certificate);
	service.ask.what = HS_VERIFY_LOGIN;
	service.ask.user = "deploy";
	service.ask.addr = "192.0.2.7";
	service.ask.proof = HS_VERIFY_PROVEN_ELSEWHERE;
	service_trusts("direct,users=\"deploy\"", &chains.root.key);
	REFUSED("revoked");
	made[0].p[made[0].len - 1] ^= 1;
	ADMITTED(); // a direct one needs no list
	l.root = l.by = &chains.other_root;
	hs_buf_reset(&made[0]);
	rlists_put(&made[0], &l);
	lists[0] = service_bytes(&made[0]);
	ADMITTED();
}

static void
rule2_freshness(void **state)
{
	struct lists_spec l = lists_example();

	(void)state;
	service.ask.now = CHAINS_MADE + 1499; // 899 s old
	ADMITTED();
	service.ask.fresh = 800;
	REFUSED("revocation-unknown");
	give(0, &l); // issued when the certificate was
	REFUSED("revocation-unknown");
	service.ask.lists_needed = HS_VERIFY_LISTS_OPTIONAL;
	ADMITTED();
	assert_int_equal(service_asked()->waived, 1);
	service.ask.lists_needed = HS_VERIFY_LISTS_REQUIRED;
	l.issued += 100;
	give(0, &l);
	ADMITTED();
	assert_int_equal(service_asked()->waived, 0);
	service.ask.nlists = 0;
	service.ask.lists_needed = HS_VERIFY_LISTS_NONE;
	ADMITTED();
	assert_int_equal(service_asked()->waived, 0);
}

static void
rule5_never_back_a_version(void **state)
{
	struct hs_verify_seen seen[2] = {{.session = ""}};
	struct lists_spec l = lists_example();
	const struct hs_verify_answer *a;

	(void)state;
	service.ask.seen = seen;
	service.ask.nseen = 2;
	ADMITTED(); // without any there is nothing to remember
	assert_string_equal(seen[0].session, "");
	give(0, &l);
	ADMITTED();
	assert_string_equal(seen[0].session, SESSION);
	assert_true(seen[0].version == 3 && seen[0].until == CHAINS_MADE + 14400);
	l.version = 2;
	give(0, &l);
	a = service_asked();
	assert_string_equal(a->code, "revocation-unknown");
	assert_non_null(strstr(a->sentence, "list 3 "));
	service.ask.nlists = 0; // left out altogether
	REFUSED("revocation-unknown");
	service.ask.lists_needed = HS_VERIFY_LISTS_OPTIONAL;
	REFUSED("revocation-unknown");
	service.ask.lists_needed = HS_VERIFY_LISTS_REQUIRED;
	l.version = 4;
	give(0, &l);
	ADMITTED();
	assert_true(seen[0].version == 4 && seen[1].session[0] == '\0');
	l.version = 5; // also where it says no
	l.whole = true;
	give(0, &l);
	REFUSED("revoked");
	assert_int_equal(seen[0].version, 5);
}

static void
places_for_versions(void **state)
{
	struct hs_verify_seen seen[2] = {{"aaaaaaaaaaaaaaaa", 7, SERVICE_NOW + 1},
	    {"bbbbbbbbbbbbbbbb", 9, SERVICE_NOW + 1}};
	struct lists_spec l = lists_example();

	(void)state;
	service.ask.seen = seen;
	service.ask.nseen = 2;
	give(0, &l);
	REFUSED("revocation-unknown"); // the table is full
	assert_string_equal(seen[0].session, "aaaaaaaaaaaaaaaa");
	seen[1].until = SERVICE_NOW;
	ADMITTED();
	assert_string_equal(seen[1].session, SESSION);
	assert_true(seen[1].version == 3 && seen[0].version == 7);
	service.ask.lists_needed = HS_VERIFY_LISTS_NONE;
	service.ask.nlists = 0;
	ADMITTED();
}

static void
rule5_the_services_own_text(void **state)
{
	char fp[HS_FINGERPRINT_LEN + 1];

	(void)state;
	service.ask.lists_needed = HS_VERIFY_LISTS_NONE;
	service.ask.revoked = service_text("# none\n");
	ADMITTED();
	service.ask.revoked = service_text(SESSION " the lost laptop\n");
	REFUSED("revoked");
	hs_key_fingerprint(&chains.root.key, fp);
	service.ask.revoked = service_text(fp);
	REFUSED("revoked");
	service.ask.revoked = service_text("nonsense\n");
	REFUSED("config-invalid");
	service.ask.revoked = service_text("aaaaaaaaaaaaaaaa\n");
	ADMITTED();
}

// ---- around it

static void
sessions(void **state)
{
	struct lists_spec l = lists_example();
	char session[17], why[128];

	(void)state;
	assert_int_equal(hs_verify_session(service.ask.certificate, session), 1);
	assert_string_equal(session, SESSION);
	assert_int_equal(hs_verify_session(service_text("ssh-ed25519 AAAA"), session), 0);
	assert_string_equal(session, "");
	assert_int_equal(hs_verify_session((struct hs_verify_bytes){0}, session), 0);
	give(0, &l);
	assert_int_equal(
	    hs_verify_list(lists[0], service.ask.roots, session, why, sizeof why), 1);
	assert_string_equal(session, SESSION);
	assert_string_equal(why, "");
	assert_int_equal(hs_verify_list(lists[0], service_text(""), session, why, 8), 0);
	assert_string_equal(session, "");
	assert_int_equal(strlen(why), 7);
	assert_int_equal(
	    hs_verify_list(service.ask.roots, service.ask.roots, session, NULL, 0), 0);
}

static void
lines_of_roots(void **state)
{
	char why[128];

	(void)state;
	assert_int_equal(hs_verify_roots(service.ask.roots, why, sizeof why), 0);
	assert_string_equal(why, "");
	assert_int_equal(
	    hs_verify_roots(service_text("# x\n\nnonsense\nmore\n"), why, sizeof why), 3);
	assert_non_null(strstr(why, "there is no such option"));
	assert_int_equal(hs_verify_roots(service_text("x"), NULL, 0), 1);
	assert_int_equal(hs_verify_roots((struct hs_verify_bytes){0}, why, sizeof why), 0);
}

static size_t
words(const char *command, size_t memory_size, size_t max, char **w, char *why)
{
	static char memory[256];

	return hs_verify_words(
	    command, strlen(command), memory, memory_size, w, max, why, 128);
}

static void
rule10_words(void **state)
{
	static const char *const none[] = {
	    "", " ", "id; ls", "id $HOME", "echo *", "a 'b", "id\nls", "id \x1b[m"};
	char *w[4], why[128];

	(void)state;
	assert_int_equal(words("grep -e 'a b'", 256, 4, w, why), 3);
	assert_string_equal(w[0], "grep");
	assert_string_equal(w[1], "-e");
	assert_string_equal(w[2], "a b");
	assert_null(w[3]);
	assert_string_equal(why, "");
	assert_int_equal(words("a b c d", 256, 4, w, why), 0);
	assert_non_null(strstr(why, "too many words"));
	assert_int_equal(words("grep", 5, 4, w, why), 1);
	assert_int_equal(words("grep", 4, 4, w, why), 0);
	assert_int_equal(words("a b", 3, 4, w, why), 0);
	assert_int_equal(words("a b", 0, 4, w, why), 0);
	assert_int_equal(words("a", 256, 0, w, why), 0);
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		assert_int_equal(words(none[i], 256, 4, w, why), 0);
		assert_string_not_equal(why, "");
	}
	assert_int_equal(hs_verify_words(NULL, 9, why, 1, w, 4, NULL, 0), 0);
	assert_int_equal(hs_verify_words("a\0b", 3, why, 9, w, 4, NULL, 0), 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {T(rule5_revoked), T(rule5_ancestors),
	    T(lists_that_do_not_count), T(rule5_by_the_key_that_signed),
	    T(rule5_roots_lists), T(rule2_freshness), T(rule5_never_back_a_version),
	    T(places_for_versions), T(rule5_the_services_own_text), T(sessions),
	    T(lines_of_roots), T(rule10_words)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("service, lists", tests, lists_make, NULL);
}
