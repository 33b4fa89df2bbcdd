// SPDX-License-Identifier: ISC
//
// What is in force: a policy written out and read back, narrowed by the system's, none at
// all, the default of enrolment, and scopes by name, alone and together.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/policy.h"

static struct hs_policy one, two, three;
static size_t notes;

static void
count(void *arg, enum hs_policy_note_kind kind, const struct hs_err *err)
{
	(void)arg;
	(void)kind;
	(void)err;
	notes++;
}

static void
parse(struct hs_policy *p, const char *text, bool system)
{
	hs_policy_free(p);
	notes = 0;
	if (hs_policy_parse(hs_str_c(text), system, p, count, NULL) != HS_OK)
		fail_msg("%s", text);
}

static void
same(const struct hs_policy *a, const struct hs_policy *b)
{
	assert_int_equal(a->nscopes, b->nscopes);
	for (size_t i = 0; i < a->nscopes; i++) {
		assert_string_equal(a->scopes[i].name, b->scopes[i].name);
		assert_true(hs_str_eq(
		    hs_scope_text(a->scopes[i].scope), hs_scope_text(b->scopes[i].scope)));
		assert_int_equal(a->scopes[i].trusted, b->scopes[i].trusted);
		assert_int_equal(a->scopes[i].direct, b->scopes[i].direct);
		assert_int_equal(a->scopes[i].always, b->scopes[i].always);
		assert_int_equal(a->scopes[i].verify, b->scopes[i].verify);
	}
	assert_int_equal(a->nagents, b->nagents);
	for (size_t i = 0; i < a->nagents; i++) {
		assert_string_equal(a->agents[i].name, b->agents[i].name);
		assert_string_equal(a->agents[i].exe, b->agents[i].exe);
		assert_int_equal(a->agents[i].any, b->agents[i].any);
		assert_int_equal(a->agents[i].nscopes, b->agents[i].nscopes);
		assert_memory_equal(
		    a->agents[i].scopes, b->agents[i].scopes, sizeof(a->agents[i].scopes));
	}
	assert_int_equal(a->ndenies, b->ndenies);
	for (size_t i = 0; i < a->ndenies; i++) {
		assert_int_equal(a->denies[i].key, b->denies[i].key);
		assert_string_equal(a->denies[i].value, b->denies[i].value);
	}
	assert_int_equal(a->nopen, b->nopen);
	assert_memory_equal(a->open, b->open, sizeof(a->open));
	assert_int_equal(a->max_ttl, b->max_ttl);
	assert_int_equal(a->idle, b->idle);
	assert_int_equal(a->verify, b->verify);
	assert_int_equal(a->main_asks, b->main_asks);
	assert_int_equal(a->forwarded, b->forwarded);
	assert_int_equal(a->escalate, b->escalate);
	assert_int_equal(a->unplug, b->unplug);
	assert_int_equal(a->nknown_hosts, b->nknown_hosts);
	assert_memory_equal(a->known_hosts, b->known_hosts, sizeof(a->known_hosts));
	assert_int_equal(a->binding, b->binding);
	assert_int_equal(a->nusers, b->nusers);
	assert_memory_equal(a->users, b->users, sizeof(a->users));
	assert_int_equal(a->log_size, b->log_size);
	assert_int_equal(a->log_age, b->log_age);
	assert_int_equal(a->log_keep, b->log_keep);
	assert_int_equal(a->log_copy, b->log_copy);
	assert_int_equal(a->park, b->park);
	assert_int_equal(a->per_asker, b->per_asker);
	assert_int_equal(a->all, b->all);
	assert_int_equal(a->waiting, b->waiting);
}

// Writes p, reads that back as `three`.
static void
round_trip(const struct hs_policy *p)
{
	struct hs_buf b = {0};

	hs_policy_put(&b, p);
	hs_put_u8(&b, 0);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	parse(&three, (const char *)b.p, false);
	same(p, &three);
	hs_buf_free(&b);
}

#define A_SCOPE(name) "Scope " name "\nMaxTTL 1m\nMaxUses 1\nNs " name "\n"
#define RICH                                                                               \
	"Deny user root\nDeny cmd rm '-rf' ...\nMainSocket ask\nForwarded grant\n"         \
	"Escalate deny\nUnplug "                                                           \
	"revoke\nKnownHosts /etc/kh ~/kh\nHostBinding require\nAllowUser agent-anna "      \
	"4711\nLogSize 65K\nLogAge 90m\nLogKeep 1d\nLogCopy none\nSession\n Scope b a\n "  \
	"MaxTTL 90s\n Idle none\n Verify pin\n"                                            \
	"Scope a\nTouch session\nVerify pin\nMaxTTL 1d\nMaxUses *\nUser u v\nHost h *.h\n" \
	"Addr 10.0.0.0/8 ::/0\nCmd ls '...'\nCmd ls -l ...\nCmd echo 'it'\\''s'\n"         \
	"Permit pty port-forwarding\nOpen db:1\nStatement\nNs git\nCap read:a/** *:b\n"    \
	"Scope b\nMaxTTL 61s\nMaxUses 3\nDepth 2\nNs *\n"                                  \
	"Scope c\nTouch always\nTrust chain\nMaxTTL 1m\nMaxUses 1\nCap *:*\n"              \
	"Scope d\nTrust direct\nMaxTTL 1m\nMaxUses *\nNs d\n"                              \
	"Agent x\n Scope c a\n Exe /usr/bin/x y\nAgent y\nAgent unknown\n Scope *\n"       \
	"Limits\nPrompts 1\nPromptsAll 99\nPark 90m\nWaiting 7\n"

static void
written_and_read_back(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	parse(&one, "", false);
	round_trip(&one);
	parse(&one, RICH, false);
	round_trip(&one);
	assert_string_equal(one.agents[0].name, "x");
	assert_int_equal(one.agents[0].scopes[0], 2);
	// as many names as there are, on as many lines as it takes
	hs_put_fmt(&b, "Session\n Scope");
	for (int i = 0; i < HS_POLICY_SCOPES_MAX; i++)
		hs_put_fmt(&b, " scope-of-a-long-name-%d", i);
	hs_put_fmt(&b, "\n");
	for (int i = 0; i < HS_POLICY_SCOPES_MAX; i++)
		hs_put_fmt(&b,
		    "Scope scope-of-a-long-name-%d\nMaxTTL 1\nMaxUses 1\nNs n%d\n", i, i);
	hs_put_fmt(&b, "Statement\nUser u\nAddr *\nHost");
	for (int i = 0; i < 20; i++)
		hs_put_fmt(&b, " host%d.example.com", i);
	hs_put_u8(&b, 0);
	parse(&one, (const char *)b.p, false);
	assert_int_equal(one.nopen, HS_POLICY_SCOPES_MAX);
	round_trip(&one);
	hs_buf_free(&b);
}

// Kept longer is stricter: the machine's policy can do no more than that, and copy.
static void
narrowing_the_log(void **state)
{
	static const struct {
		const char *user, *system;
		uint64_t keep;
		bool copy;
		unsigned narrowed;
	} rows[] = {{"LogKeep 2d\nLogCopy none\n", "", 2 * 86400, false, 0},
	    {"LogKeep 2d\n", "LogKeep 1d\n", 2 * 86400, true, 0},
	    {"LogKeep 2d\n", "LogKeep 3d\n", 3 * 86400, true, HS_POLICY_LOG_KEEP},
	    {"LogKeep 2d\n", "LogKeep ever\n", 0, true, HS_POLICY_LOG_KEEP},
	    {"", "LogKeep 9d\n", 0, true, 0},
	    {"LogCopy none\n", "LogCopy syslog\n", 0, true, HS_POLICY_LOG_COPY}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		parse(&one, rows[i].user, false);
		parse(&two, rows[i].system, true);
		assert_int_equal(hs_policy_narrow(&one, &two), HS_OK);
		assert_int_equal(one.log_keep, rows[i].keep);
		assert_int_equal(one.log_copy, rows[i].copy);
		assert_int_equal(one.narrowed, rows[i].narrowed);
		round_trip(&one);
	}
}

static void
narrowing(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	parse(
	    &one, "Deny user root\nKnownHosts ~/k\nSession\nMaxTTL 1h\nIdle none\n", false);
	parse(&two,
	    "Deny user root\nDeny ns git\nMainSocket ask\nForwarded deny\nEscalate "
	    "deny\nUnplug close\nHostBinding require\n"
	    "Session\nMaxTTL 2h\nIdle 1h\nVerify pin\nLimits\nPrompts 2\nPromptsAll "
	    "50\nPark 1m\nWaiting 1\n",
	    true);
	assert_int_equal(hs_policy_narrow(&one, &two), HS_OK);
	assert_int_equal(one.ndenies, 2);
	assert_false(one.denies[0].system);
	assert_true(one.denies[1].system);
	assert_int_equal(one.max_ttl, 3600); // the user's is smaller
	assert_int_equal(one.idle, 3600);
	assert_int_equal(one.per_asker, 2);
	assert_int_equal(one.all, 6);
	assert_int_equal(one.park, 60);
	assert_int_equal(one.waiting, 1);
	assert_true(one.main_asks && !one.escalate && one.verify && one.binding);
	assert_int_equal(one.nknown_hosts, 1); // the user's
	assert_string_equal(one.known_hosts[0], "~/k");
	assert_int_equal(one.unplug, HS_UNPLUG_CLOSE);
	assert_int_equal(one.narrowed,
	    HS_POLICY_IDLE | HS_POLICY_PROMPTS | HS_POLICY_PARK | HS_POLICY_WAITING |
		HS_POLICY_MAIN_SOCKET | HS_POLICY_ESCALATE | HS_POLICY_VERIFY |
		HS_POLICY_UNPLUG | HS_POLICY_HOST_BINDING | HS_POLICY_FORWARDED);
	assert_int_equal(one.forwarded, HS_FORWARDED_DENY);
	hs_policy_put(&b, &one);
	hs_put_u8(&b, 0);
	assert_non_null(strstr((const char *)b.p,
	    "# by line 2 of the system's policy:\nDeny ns git\n# by the system's policy:\n"
	    "MainSocket ask\n# by the system's policy:\nForwarded deny\n# by the "
	    "system's policy:\nEscalate deny\n# by the system's "
	    "policy:\nUnplug close\nKnownHosts ~/k\n# by the system's "
	    "policy:\nHostBinding require\n"));
	round_trip(&one);
	// what is stricter stays
	parse(&two, "Unplug close\nLimits\nPrompts 2\n", true);
	parse(&one, RICH, false);
	assert_int_equal(hs_policy_narrow(&one, &two), HS_OK);
	assert_int_equal(one.unplug, HS_UNPLUG_REVOKE);
	assert_int_equal(one.narrowed, 0);
	round_trip(&one);
	// so does what is said to name no key
	parse(&one, "KnownHosts none\n", false);
	assert_int_equal(hs_policy_narrow(&one, &two), HS_OK);
	assert_int_equal(one.nknown_hosts, 0);
	assert_false(one.binding);
	round_trip(&one);
	// a system's policy that says nothing
	parse(&two, "", true);
	parse(&one, RICH, false);
	parse(&three, RICH, false);
	assert_int_equal(hs_policy_narrow(&one, &two), HS_OK);
	same(&one, &three);
	assert_int_equal(one.narrowed, 0);
	hs_buf_free(&b);
}

static void
too_many_denials(void **state)
{
	struct hs_buf a = {0}, b = {0};

	(void)state;
	for (int i = 0; i < 200; i++) {
		hs_put_fmt(&a, "Deny ns a%d\n", i);
		hs_put_fmt(&b, "Deny ns a%d\n", i + 56);
	}
	hs_put_u8(&a, 0);
	hs_put_u8(&b, 0);
	parse(&one, (const char *)a.p, false);
	parse(&two, (const char *)b.p, true);
	assert_int_equal(hs_policy_narrow(&one, &two), HS_OK); // 256 in all
	assert_int_equal(one.ndenies, 256);
	round_trip(&one);
	parse(&two, "Deny ns x\n", true);
	assert_int_equal(hs_policy_narrow(&one, &two), HS_ERR_TOO_LONG);
	hs_buf_free(&a);
	hs_buf_free(&b);
}

static void
no_policy(void **state)
{
	struct hs_buf b = {0};
	uint8_t digest[32];

	(void)state;
	hs_policy_free(&one);
	hs_policy_none(&one);
	crypto_hash_sha256(digest, (const uint8_t *)"", 0);
	assert_memory_equal(one.digest, digest, 32);
	assert_false(one.exists);
	parse(&two, "Deny ns a\nSession\nMaxTTL 1h\n", true);
	assert_int_equal(hs_policy_narrow(&one, &two), HS_OK);
	assert_false(one.exists);
	assert_int_equal(one.max_ttl, 3600);
	hs_policy_put(&b, &one);
	hs_put_u8(&b, 0);
	assert_memory_equal(b.p, "# There is no policy file", 25);
	round_trip(&one);
	assert_true(three.exists);
	hs_buf_free(&b);
}

// rule2: nothing is allowed until somebody writes it.
static void
rule2_the_default_allows_nothing(void **state)
{
	struct hs_buf b = {0}, filled = {0};

	(void)state;
	hs_policy_put_default(&b);
	hs_put_u8(&b, 0);
	parse(&one, (const char *)b.p, false);
	assert_int_equal(notes, 0);
	assert_int_equal(one.nscopes, 0);
	assert_int_equal(one.nopen, 0);
	assert_int_equal(one.ndenies, 1);
	assert_int_equal(one.nagents, 1);
	assert_true(one.agents[0].any);
	// with the first signs taken away but the host not filled in it is refused, then
	// not
	for (size_t i = 0; i + 1 < b.len; i++)
		if (!(b.p[i] == '#' && b.p[i + 1] != ' ') ||
		    (b.p[i + 1] == ' ' && b.p[i + 2] == ' '))
			if (!(b.p[i] == '#' && b.p[i + 1] == ' ' && b.p[i + 2] == ' '))
				hs_put_u8(&filled, b.p[i]);
	hs_put_u8(&filled, 0);
	hs_policy_free(&two);
	assert_int_equal(
	    hs_policy_parse(hs_str_c((const char *)filled.p), false, &two, NULL, NULL),
	    HS_ERR_CONFIG);
	for (char *at = strstr((char *)filled.p, "Host HOST"); at != NULL;
	     at = strstr(at, "Host HOST"))
		memcpy(at, "Host web1", 9);
	parse(&two, (const char *)filled.p, false);
	assert_int_equal(two.nscopes, 2);
	assert_int_equal(two.nopen, 1);
	assert_int_equal(two.nagents, 2);
	hs_buf_free(&b);
	hs_buf_free(&filled);
}

static void
together(void **state)
{
	struct hs_str names[] = {
	    hs_str_c("a"), hs_str_c("b"), hs_str_c("a"), hs_str_c("no")};
	struct hs_scope *s = NULL;
	struct hs_err err = {0};

	(void)state;
	parse(&one,
	    "Scope a\nMaxTTL 1h\nMaxUses 5\nDepth 2\nNs x\nStatement\nCap a:b\n"
	    "Scope b\nMaxTTL 2h\nMaxUses *\nDepth 1\nOnEnd drain\nNs x y\n",
	    false);
	assert_int_equal(hs_policy_union(&one, names, 3, &s, &err), HS_OK);
	assert_true(hs_str_is(hs_scope_text(s),
	    "depth 1\nmax-ttl 3600\nmax-uses 5\n\ncap a:b\n\nns x\nns y\n"));
	hs_scope_free(&s);
	assert_int_equal(hs_policy_union(&one, names + 1, 1, &s, &err), HS_OK);
	assert_true(hs_str_is(hs_scope_text(s),
	    "depth 1\nmax-ttl 7200\nmax-uses *\non-end drain\n\nns x\nns y\n"));
	hs_scope_free(&s);
	assert_int_equal(hs_policy_union(&one, names, 4, &s, &err), HS_NO_SUCH);
	assert_null(s);
	assert_string_equal(err.text, "the policy has no scope `no`");
	assert_int_equal(hs_policy_union(&one, names, 0, &s, &err), HS_ERR_USAGE);
	assert_null(s);
	assert_int_equal(hs_policy_union(&one, names + 3, 1, &s, NULL), HS_NO_SUCH);
}

static void
too_much_together(void **state)
{
	struct hs_buf b = {0};
	struct hs_str names[] = {hs_str_c("a"), hs_str_c("b")};
	struct hs_scope *s = NULL;
	struct hs_err err = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		hs_put_fmt(&b, "Scope %c\nMaxTTL 1\nMaxUses 1\n", 'a' + i);
		for (int k = 0; k < 40; k++)
			hs_put_fmt(&b, "Statement\nNs n%d-%d\n", i, k);
	}
	hs_put_u8(&b, 0);
	parse(&one, (const char *)b.p, false);
	assert_int_equal(hs_policy_union(&one, names, 2, &s, &err), HS_ERR_SCOPE);
	assert_null(s);
	assert_int_equal(err.code, HS_ERR_SCOPE);
	assert_non_null(strstr(err.text, "fewer at a time"));
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(written_and_read_back),
	    cmocka_unit_test(narrowing), cmocka_unit_test(narrowing_the_log),
	    cmocka_unit_test(too_many_denials), cmocka_unit_test(no_policy),
	    cmocka_unit_test(rule2_the_default_allows_nothing), cmocka_unit_test(together),
	    cmocka_unit_test(too_much_together)};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	hs_policy_free(&one);
	hs_policy_free(&two);
	hs_policy_free(&three);
	return failed;
}
