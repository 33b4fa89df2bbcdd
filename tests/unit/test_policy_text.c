// SPDX-License-Identifier: ISC
//
// Policy texts: what is a line, which keyword stands where, each kind of mistake with its
// place and sentence. Scope blocks are test_policy_scope.c's, texts meant to do harm
// test_policy_limits.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/policy.h"
#include "tests/lib/policied.h"

static void
good(const char *text)
{
	if (parse(hs_str_c(text), false) != HS_OK)
		fail_msg("%s\n%.*s", text, (int)told.len, (const char *)told.p);
}

#define S                                                                                  \
	"Scope s\nMaxTTL 1m\nMaxUses 1\nNs a\n" // a scope; its lines come before those
						// tried

static const struct {
	const char *text, *told;
} bad[] = {
    // lines
    {"Deny user root\r\n", "1:15: a line ends in LF alone, without CR"},
    {"\r", "1:1: a line ends in LF alone, without CR"},
    {"# a\x01", "1:4: this is a control or invisible character, or not UTF-8"},
    {"# a\xe2\x80\xae", "1:4: this is a control or invisible character, or not UTF-8"},
    {"\t# a\t\xff", "1:6: this is a control or invisible character, or not UTF-8"},
    {"Nonsense", "1:1: there is no keyword `Nonsense`; here may stand Deny, MainSocket, "
		 "Forwarded, Escalate, Unplug, KnownHosts, HostBinding, AllowUser, "
		 "Publish, LogSize, LogAge, LogKeep, LogCopy"},
    {"Den user a", "1:1: there is no keyword `Den`; here may stand Deny, MainSocket, "
		   "Forwarded, Escalate, Unplug, KnownHosts, HostBinding, AllowUser, "
		   "Publish, LogSize, LogAge, LogKeep, LogCopy"},
    {"{", "1:1: there is no keyword `{`; here may stand Deny, MainSocket, "
	  "Forwarded, Escalate, Unplug, KnownHosts, HostBinding, AllowUser, "
	  "Publish, LogSize, LogAge, LogKeep, LogCopy"},
    {"Limits\nFoo 1", "2:1: there is no keyword `Foo`; here may stand Prompts, PromptsAll, "
		      "Park, Waiting"},
    {"Unplug keep # or", "1:13: a comment has a line of its own"},
    {"Unplug # keep", "1:8: a comment has a line of its own"},
    // before the blocks
    {"Limits\nDeny user a\n",
	"2:1: `Deny` stands before the first block, and this is the Limits of line 1"},
    {"MaxTTL 1h", "1:1: `MaxTTL` stands in Session and in a Scope block"},
    {"Exe /a", "1:1: `Exe` stands in an Agent block"},
    {"Prompts 1", "1:1: `Prompts` stands in Limits"},
    {"Deny", "1:5: a value is missing behind `Deny`: absent means none"},
    {"Deny user", "1:10: what is denied is missing: a value, or *"},
    {"Deny max-ttl 5",
	"1:6: this must be a key: addr, cap, cmd, host, ns, open, permit or user"},
    {"Deny user a b", "1:12: a login name has letters, digits and _ . @ + - only, and may "
		      "end in $"},
    {"Deny cmd ls\ta", "1:12: TAB stands between words only"},
    {"Deny cmd ls | sh", "1:13: a shell would act on this character: quote it"},
    {"Deny user a\nDeny user a", "2:11: this is denied in line 1 already"},
    {"Deny cmd ls -l\nDeny cmd ls  '-l'", "2:10: this is denied in line 1 already"},
    {"MainSocket", "1:11: a value is missing behind `MainSocket`: absent means none"},
    {"MainSocket no", "1:12: this must be grant or ask"},
    {"MainSocket Ask", "1:12: this must be grant or ask"},
    {"MainSocket ask ask", "1:16: `MainSocket` takes one value"},
    {"MainSocket ask\nmainsocket grant", "2:1: `MainSocket` stands in line 1 already"},
    {"Escalate grant", "1:10: this must be ask or deny"},
    {"Unplug stop", "1:8: this must be keep, close or revoke"},
    {"KnownHosts", "1:11: a value is missing behind `KnownHosts`: absent means none"},
    {"KnownHosts a", "1:12: this must be an absolute path, or one that begins with ~/, "
		     "without `.`, `..` and empty parts"},
    {"KnownHosts ~", "1:12: this must be an absolute path, or one that begins with ~/, "
		     "without `.`, `..` and empty parts"},
    {"KnownHosts ~a/b", "1:12: this must be an absolute path, or one that begins with ~/, "
			"without `.`, `..` and empty parts"},
    {"KnownHosts /", "1:12: this must be an absolute path, or one that begins with ~/, "
		     "without `.`, `..` and empty parts"},
    {"KnownHosts ~/", "1:12: this must be an absolute path, or one that begins with ~/, "
		      "without `.`, `..` and empty parts"},
    {"KnownHosts /a/", "1:12: this must be an absolute path, or one that begins with ~/, "
		       "without `.`, `..` and empty parts"},
    {"KnownHosts ~/a/../b", "1:12: this must be an absolute path, or one that begins with "
			    "~/, without `.`, `..` and empty parts"},
    {"KnownHosts /a//b", "1:12: this must be an absolute path, or one that begins with ~/, "
			 "without `.`, `..` and empty parts"},
    {"KnownHosts ~/./a", "1:12: this must be an absolute path, or one that begins with ~/, "
			 "without `.`, `..` and empty parts"},
    {"KnownHosts /a none", "1:15: this must be an absolute path, or one that begins with "
			   "~/, without `.`, `..` and empty parts; `none` stands alone"},
    {"KnownHosts none /a", "1:12: this must be an absolute path, or one that begins with "
			   "~/, without `.`, `..` and empty parts; `none` stands alone"},
    {"KnownHosts /a ~/a /a", "1:19: this stands in the line already"},
    {"KnownHosts /a # b", "1:15: a comment has a line of its own"},
    {"KnownHosts /1 /2 /3 /4 /5 /6 /7 /8 /9", "1:36: there are more than 8 files"},
    {"KnownHosts /a\nknownhosts /b", "2:1: `KnownHosts` stands in line 1 already"},
    {"Session\nKnownHosts /a", "2:1: `KnownHosts` stands before the first block, and this "
			       "is the Session of line 1"},
    {"HostBinding", "1:12: a value is missing behind `HostBinding`: absent means none"},
    {"LogSize", "1:8: a value is missing behind `LogSize`: absent means none"},
    {"LogSize 64", "1:9: this must be a size from 64K to 1024M"},
    {"LogSize K", "1:9: this must be a size from 64K to 1024M"},
    {"LogSize 63K", "1:9: this must be a size from 64K to 1024M"},
    {"LogSize 1025M", "1:9: this must be a size from 64K to 1024M"},
    {"LogSize 64m", "1:9: this must be a size from 64K to 1024M"},
    {"LogSize 99999999999999999999M", "1:9: this must be a size from 64K to 1024M"},
    {"LogAge ever", "1:8: this must be a time such as 900, 15m, 8h or 1d"},
    {"LogAge 367d", "1:8: this is longer than 366 days"},
    {"LogKeep never", "1:9: this must be a time such as 900, 15m, 8h or 1d"},
    {"LogKeep 23h", "1:9: this must be `ever`, or a time of a day or more"},
    {"LogKeep 3661d", "1:9: this is longer than 3660 days"},
    {"LogCopy yes", "1:9: this must be none or syslog"},
    {"HostBinding yes", "1:13: this must be prefer or require"},
    {"HostBinding require prefer", "1:21: `HostBinding` takes one value"},
    {"Forwarded no", "1:11: this must be grant, ask or deny"},
    {"Forwarded ask\nforwarded ask", "2:1: `Forwarded` stands in line 1 already"},
    {"Limits\nHostBinding require", "2:1: `HostBinding` stands before the first block, and "
				    "this is the Limits of line 1"},
    // Session
    {"Session a", "1:9: `Session` stands alone on its line"},
    {"Session # a", "1:9: a comment has a line of its own"},
    {"Session\nLimits\nsession", "3:1: `Session` stands in line 1 already"},
    {"Limits\nLimits", "2:1: `Limits` stands in line 1 already"},
    {"Session\nMaxTTL", "2:7: a value is missing behind `MaxTTL`: absent means none"},
    {"Session\nMaxTTL 0", "2:8: this must be a time such as 900, 15m, 8h or 1d"},
    {"Session\nMaxTTL 8 h", "2:10: `MaxTTL` takes one value"},
    {"Session\nMaxTTL 367d", "2:8: this is longer than 366 days"},
    {"Session\nMaxTTL none", "2:8: this must be a time such as 900, 15m, 8h or 1d"},
    {"Session\nIdle", "2:5: a value is missing behind `Idle`: absent means none"},
    {"Session\nIdle never", "2:6: this must be a time such as 900, 15m, 8h or 1d"},
    {"Session\nVerify finger", "2:8: this must be touch or pin"},
    {"Scope s\nTrust both\nMaxTTL 1m\nMaxUses 1\nNs a",
	"2:7: this must be chain or direct"},
    {"Session\n Scope", "2:7: a value is missing behind `Scope`: absent means none"},
    {"Session\n Scope *",
	"2:8: this is no name of a scope: `open` asks for scopes by name"},
    {"Session\n Scope A", "2:8: this is no name of a scope"},
    {"Session\n Scope a", "2:8: there is no scope `a`"},
    {S "Session\n Scope s s", "6:10: `s` stands in this list already"},
    {S "Session\n Scope s\n Scope s", "7:8: `s` stands in this list already"},
    {S "Touch always\nSession\n Scope s",
	"7:8: `s` costs a touch each time (line 1), so no session has it"},
    {S "Trust direct\nSession\n Scope s",
	"7:8: `s` says Trust direct (line 1), so each of its certificates costs a touch, "
	"and no session has it"},
    {S "Session\nScope s",
	"6:7: the scope `s` stands in line 1 already; a list of scopes is indented"},
    {S "Session\nUser a", "6:1: `User` stands in a Scope block, and this is the Session of "
			  "line 5; a Scope block begins its line, without blanks"},
    // Agent
    {"Agent", "1:6: the name of the Agent is missing"},
    {"Agent A", "1:7: a name has lower-case letters, digits and . _ - only, begins with a "
		"letter or digit, and has at most 32 characters"},
    {"Agent a b", "1:9: `Agent` has one name"},
    {"Agent a # b", "1:9: a comment has a line of its own"},
    {"Agent a\nAgent a", "2:7: the agent `a` stands in line 1 already"},
    {"Agent a\n Scope x", "2:8: there is no scope `x`"},
    {"Agent a\n Scope * *",
	"2:8: this is no name of a scope: `*` stands alone|2:10: this is "
	"no name of a scope: `*` stands alone"},
    {"Agent a\n Scope *\n Scope *", "3:8: `*` stands alone, and stands here already"},
    {S "Agent a\n Scope *\n Scope s", "7:8: `*` stands alone, and stands here already"},
    {S "Agent a\n Scope s\n Scope *", "7:8: `*` stands alone"},
    {S "Agent a\n Scope s *", "6:10: this is no name of a scope: `*` stands alone"},
    {S "Agent a\n Scope s\n Scope s", "7:8: `s` stands in this list already"},
    {"Agent a\n Exe", "2:5: a value is missing behind `Exe`: absent means none"},
    {"Agent a\n Exe a",
	"2:6: this must be an absolute path without `.`, `..` and empty parts"},
    {"Agent a\n Exe /",
	"2:6: this must be an absolute path without `.`, `..` and empty parts"},
    {"Agent a\n Exe /a/", "2:6: this must be an absolute path without `.`, `..` and empty "
			  "parts"},
    {"Agent a\n Exe //a", "2:6: this must be an absolute path without `.`, `..` and empty "
			  "parts"},
    {"Agent a\n Exe /a/../b", "2:6: this must be an absolute path without `.`, `..` and "
			      "empty parts"},
    {"Agent a\n Exe /a/.", "2:6: this must be an absolute path without `.`, `..` and empty "
			   "parts"},
    {"Agent a\n Exe /a\tb", "2:8: TAB stands between words only"},
    {"Agent a\n Exe /a\n Exe /b", "3:2: `Exe` stands in line 2 already"},
    {"Agent unknown\n Exe /a",
	"2:6: `unknown` is whoever matches no other block, and has no Exe"},
    {"Agent A\n Scope b\n Exe x",
	"1:7: a name has lower-case letters, digits and . _ - only, begins with a letter "
	"or "
	"digit, and has at most 32 characters|3:6: this must be an absolute path without "
	"`.`, `..` and empty parts"},
    {"Agent a\nMaxTTL 1h", "2:1: `MaxTTL` stands in Session and in a Scope block, and this "
			   "is the Agent of line 1; a Scope block begins its line, without "
			   "blanks"},
    // Limits
    {"Limits 1", "1:8: `Limits` stands alone on its line"},
    {"Limits\nPrompts 0", "2:9: this must be a number from 1 to 100"},
    {"Limits\nPromptsAll 101", "2:12: this must be a number from 1 to 100"},
    {"Limits\nWaiting 08", "2:9: this must be a number from 1 to 100"},
    {"Limits\nWaiting 1 2", "2:11: `Waiting` takes one value"},
    {"Limits\nPark 25h", "2:6: this is longer than 24 hours"},
    {"Limits\nPark", "2:5: a value is missing behind `Park`: absent means none"},
};

// What is told is the row's, its "|" being line ends.
static void
mistakes(void **state)
{
	char want[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t n = (size_t)snprintf(want, sizeof(want), "%s\n", bad[i].told);

		for (size_t k = 0; k < n; k++)
			want[k] = want[k] == '|' ? '\n' : want[k];
		assert_int_equal(parse(hs_str_c(bad[i].text), false), HS_ERR_CONFIG);
		if (told.len != n || memcmp(told.p, want, n) != 0)
			fail_msg("row %zu, %s\n%.*s", i, bad[i].text, (int)told.len,
			    (const char *)told.p);
		assert_int_equal(policy.nscopes + policy.nagents + policy.ndenies, 0);
		assert_false(policy.exists);
	}
}

// What the list is read as depends on where it begins, and only there.
static void
list_or_block(void **state)
{
	(void)state;
	good("Session\n\tScope a\nScope a\nMaxTTL 1m\nMaxUses 1\nNs x\n");
	assert_int_equal(policy.nopen, 1);
	assert_int_equal(policy.max_ttl, 28800);
	assert_int_equal(policy.nscopes, 1);
	good("  Scope a\n  MaxTTL 1m\n  MaxUses 1\n  Ns x\n  Scope b\nMaxTTL 1m\nMaxUses "
	     "1\nNs y\nAgent c\n  Scope a b\n");
	assert_int_equal(policy.nscopes, 2); // in no list's block it opens one anywhere
	assert_int_equal(policy.agents[0].nscopes, 2);
	assert_int_equal(parse(hs_str_c(S "Agent a\nScope s b\n"), false), HS_ERR_CONFIG);
	assert_non_null(strstr((const char *)told.p, "6:9: `Scope` has one name; a list of "
						     "scopes is indented\n"));
}

static void
defaults(void **state)
{
	struct hs_policy none;

	(void)state;
	good("");
	hs_policy_none(&none);
	assert_true(policy.exists && policy.escalate);
	assert_false(policy.main_asks || policy.verify);
	assert_int_equal(policy.forwarded, HS_FORWARDED_ASK);
	assert_int_equal(none.forwarded, HS_FORWARDED_ASK);
	assert_int_equal(policy.unplug, HS_UNPLUG_KEEP);
	assert_int_equal(policy.nknown_hosts, 4);
	assert_string_equal(policy.known_hosts[0], "~/.ssh/known_hosts");
	assert_string_equal(policy.known_hosts[3], "/etc/ssh/ssh_known_hosts2");
	assert_memory_equal(policy.known_hosts, none.known_hosts, sizeof(none.known_hosts));
	assert_false(policy.binding || none.binding);
	assert_int_equal(policy.log_size, 64 << 20);
	assert_int_equal(policy.log_age, 30 * 86400);
	assert_int_equal(policy.log_keep, 0);
	assert_true(policy.log_copy && none.log_copy);
	assert_int_equal(none.nknown_hosts, 4);
	assert_int_equal(policy.max_ttl, none.max_ttl);
	assert_int_equal(policy.idle, none.idle);
	assert_int_equal(policy.park, none.park);
	assert_int_equal(policy.per_asker, none.per_asker);
	assert_int_equal(policy.all, none.all);
	assert_int_equal(policy.waiting, none.waiting);
	assert_memory_equal(policy.digest, none.digest, 32);
	assert_int_equal(
	    policy.nopen + policy.nscopes + policy.nagents + policy.ndenies, 0);
	assert_false(none.exists || none.escalate);
}

static void
everything_said(void **state)
{
	(void)state;
	good("\n  # a comment\n\tDENY\tuser  root\nDeny cmd 'rm'   -rf ...\n"
	     "MainSocket ask\nForwarded deny\nEscalate deny\nUnplug revoke\n"
	     "knownhosts ~/.ssh/a\t/etc/b\nHostBinding require\n"
	     "LogSize 64K\nLogAge 1h\nLogKeep 400d\nLogCopy none\n" S
	     "Session\nMaxTTL 2h\nidle none\nVerify pin\n"
	     "Agent a\nExe /usr/bin/a b\n\n"
	     "Limits\nPrompts 1\nPromptsAll 2\nPark 90s\nWaiting 100"); // no LF
	assert_int_equal(policy.ndenies, 2);
	assert_int_equal(policy.denies[0].key, HS_KEY_USER);
	assert_int_equal(policy.denies[0].line, 3);
	assert_string_equal(policy.denies[1].value, "rm -rf ..."); // canonical
	assert_false(policy.denies[0].system);
	assert_true(policy.main_asks && !policy.escalate && policy.verify);
	assert_int_equal(policy.forwarded, HS_FORWARDED_DENY);
	assert_int_equal(policy.unplug, HS_UNPLUG_REVOKE);
	assert_true(policy.binding);
	assert_int_equal(policy.log_size, 64 << 10);
	assert_int_equal(policy.log_age, 3600);
	assert_int_equal(policy.log_keep, 400 * 86400);
	assert_false(policy.log_copy);
	assert_int_equal(policy.nknown_hosts, 2);
	assert_string_equal(policy.known_hosts[0], "~/.ssh/a");
	assert_string_equal(policy.known_hosts[1], "/etc/b");
	assert_string_equal(policy.known_hosts[2], "");
	assert_int_equal(policy.max_ttl, 7200);
	assert_int_equal(policy.idle, 0);
	assert_string_equal(policy.agents[0].exe, "/usr/bin/a b");
	assert_int_equal(policy.agents[0].nscopes, 0);
	assert_false(policy.agents[0].any);
	assert_int_equal(policy.per_asker, 1);
	assert_int_equal(policy.all, 2);
	assert_int_equal(policy.park, 90);
	assert_int_equal(policy.waiting, 100);
	assert_non_null(hs_policy_find(&policy, hs_str_c("s")));
	assert_null(hs_policy_find(&policy, hs_str_c("t")));
	assert_null(hs_policy_find(&policy, (struct hs_str){0}));
	good("KnownHosts none\nHostBinding prefer\nForwarded grant");
	assert_int_equal(policy.forwarded, HS_FORWARDED_GRANT);
	assert_int_equal(policy.nknown_hosts, 0);
	assert_false(policy.binding);
	good("KnownHosts /1 /2 /3 /4 /5 /6 /7 /8");
	assert_int_equal(policy.nknown_hosts, HS_POLICY_FILES_MAX);
}

static void
system_texts(void **state)
{
	static const struct {
		const char *text, *told;
	} rows[] = {
	    {"MainSocket grant",
		"1:12: this is what holds anyway; the system's policy only "
		"narrows: `MainSocket ask`"},
	    {"Escalate ask", "1:10: this is what holds anyway; the system's policy only "
			     "narrows: `Escalate deny`"},
	    {"Unplug keep",
		"1:8: this is what holds anyway; the system's policy only narrows: "
		"`Unplug close`"},
	    {"Forwarded grant",
		"1:11: this is what holds anyway; the system's policy only narrows: "
		"`Forwarded ask`"},
	    {"LogSize 64M", "1:1: the system's policy only narrows: it has no `LogSize`"},
	    {"LogAge 1d", "1:1: the system's policy only narrows: it has no `LogAge`"},
	    {"LogCopy none",
		"1:9: this is what holds anyway; the system's policy only narrows: "
		"`LogCopy syslog`"},
	    {"HostBinding prefer",
		"1:13: this is what holds anyway; the system's policy only narrows: "
		"`HostBinding require`"},
	    {"KnownHosts /etc/ssh/ssh_known_hosts",
		"1:1: the system's policy only narrows: it has no `KnownHosts`"},
	    {"KnownHosts none",
		"1:1: the system's policy only narrows: it has no `KnownHosts`"},
	    {"Publish a /bin/true",
		"1:1: the system's policy only narrows: it has no `Publish`"},
	    {"Session\nVerify touch", "2:8: this is what holds anyway; the system's policy "
				      "only narrows: `Verify pin`"},
	    {"Session\nIdle none",
		"2:6: this is what holds anyway; the system's policy only "
		"narrows: `Idle 30m`"},
	    {"Session\n Scope a",
		"2:2: the system's policy only narrows: it has no `Scope`"},
	    {"Scope a\nWhat ever\nLimits\nPrompts 0",
		"1:1: the system's policy only narrows: it has no `Scope`\n4:9: this must "
		"be "
		"a number from 1 to 100"},
	    {"Agent a\n Scope a",
		"1:1: the system's policy only narrows: it has no `Agent`"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char want[256];

		snprintf(want, sizeof want, "%s\n", rows[i].told);
		assert_int_equal(parse(hs_str_c(rows[i].text), true), HS_ERR_CONFIG);
		if (!hs_str_is(hs_buf_str(&told), want))
			fail_msg(
			    "%s\n%.*s", rows[i].text, (int)told.len, (const char *)told.p);
	}
	assert_int_equal(
	    parse(
		hs_str_c(
		    "Deny user a\nMainSocket ask\nForwarded ask\nEscalate deny\nUnplug "
		    "close\nHostBinding require\nSession\nMaxTTL 1h\nIdle 1h\nVerify pin\n"
		    "Limits\nPrompts 1\nPromptsAll 1\nPark 1m\nWaiting 1"),
		true),
	    HS_OK);
	assert_true(policy.denies[0].system && policy.main_asks && !policy.escalate &&
		    policy.binding);
	assert_int_equal(parse((struct hs_str){0}, true), HS_OK);
	assert_true(policy.escalate && !policy.main_asks && !policy.verify);
	assert_false(policy.binding || policy.log_copy);
	assert_int_equal(policy.log_keep, 86400);
	assert_int_equal(policy.forwarded, HS_FORWARDED_GRANT); // which narrows nothing
	assert_int_equal(policy.max_ttl, HS_TTL_MAX);
	assert_int_equal(policy.idle, 0);
	assert_int_equal(policy.park, HS_POLICY_PARK_MAX);
	assert_int_equal(policy.per_asker, HS_POLICY_COUNT_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(mistakes),
	    cmocka_unit_test(list_or_block), cmocka_unit_test(defaults),
	    cmocka_unit_test(everything_said), cmocka_unit_test(system_texts)};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	hs_policy_free(&policy);
	hs_buf_free(&told);
	return failed;
}
