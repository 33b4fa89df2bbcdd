// SPDX-License-Identifier: ISC
//
// A policy as text: what is in force, and the default that is written at enrolment
// (docs/PROTOCOL.policy). What is written here policy_parse.c reads.
#include "proto/policy_internal.h"

#include <string.h>

#define WIDTH 80

static void
put_span(struct hs_buf *b, const char *name, uint64_t seconds)
{
	static const struct {
		uint64_t size;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t u = 0;

	while (seconds % units[u].size != 0)
		u++;
	hs_put_fmt(b, "%s %llu%c\n", name, (unsigned long long)(seconds / units[u].size),
	    units[u].unit);
}

// In front of a line that the system's policy made what it is.
static void
put_narrowed(struct hs_buf *b, const struct hs_policy *p, unsigned word)
{
	if ((p->narrowed & word) != 0)
		hs_put_fmt(b, "# by the system's policy:\n");
}

static void
put_log(struct hs_buf *b, const struct hs_policy *p)
{
	bool whole = p->log_size % (1u << 20) == 0;

	hs_put_fmt(b, "LogSize %llu%c\n",
	    (unsigned long long)(p->log_size >> (whole ? 20 : 10)), whole ? 'M' : 'K');
	put_span(b, "LogAge", p->log_age);
	put_narrowed(b, p, HS_POLICY_LOG_KEEP);
	if (p->log_keep == 0)
		hs_put_fmt(b, "LogKeep ever\n");
	else
		put_span(b, "LogKeep", p->log_keep);
	put_narrowed(b, p, HS_POLICY_LOG_COPY);
	hs_put_fmt(b, "LogCopy %s\n", p->log_copy ? "syslog" : "none");
}

static void
put_top(struct hs_buf *b, const struct hs_policy *p)
{
	static const char *const unplug[] = {"keep", "close", "revoke"};
	static const char *const forwarded[] = {"grant", "ask", "deny"};

	for (size_t i = 0; i < p->ndenies; i++) {
		if (p->denies[i].system)
			hs_put_fmt(
			    b, "# by line %u of the system's policy:\n", p->denies[i].line);
		hs_put_fmt(b, "Deny %s ", scope_key_name(p->denies[i].key));
		hs_put_raw(b, p->denies[i].value, strlen(p->denies[i].value));
		hs_put_u8(b, '\n');
	}
	put_narrowed(b, p, HS_POLICY_MAIN_SOCKET);
	hs_put_fmt(b, "MainSocket %s\n", p->main_asks ? "ask" : "grant");
	put_narrowed(b, p, HS_POLICY_FORWARDED);
	hs_put_fmt(b, "Forwarded %s\n", forwarded[p->forwarded]);
	put_narrowed(b, p, HS_POLICY_ESCALATE);
	hs_put_fmt(b, "Escalate %s\n", p->escalate ? "ask" : "deny");
	put_narrowed(b, p, HS_POLICY_UNPLUG);
	hs_put_fmt(b, "Unplug %s\nKnownHosts", unplug[p->unplug]);
	for (size_t i = 0; i < p->nknown_hosts; i++)
		hs_put_fmt(b, " %s", p->known_hosts[i]);
	hs_put_fmt(b, "%s\n", p->nknown_hosts == 0 ? " none" : "");
	put_narrowed(b, p, HS_POLICY_HOST_BINDING);
	hs_put_fmt(b, "HostBinding %s\n", p->binding ? "require" : "prefer");
	put_narrowed(b, p, HS_POLICY_USERS);
	hs_put_fmt(b, "AllowUser%s", p->nusers == 0 ? " none" : "");
	for (size_t i = 0; i < p->nusers; i++)
		hs_put_fmt(b, " %s", p->users[i]);
	hs_put_u8(b, '\n');
	for (size_t i = 0; i < p->npublish; i++)
		hs_put_fmt(b, "Publish %s %s\n", p->publish[i].name, p->publish[i].words);
	put_log(b, p);
}

// A list of scopes, on as many lines as it takes.
static void
put_list(struct hs_buf *b, const struct hs_policy *p, const uint8_t *list, size_t n)
{
	size_t column = 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = p->scopes[list[i]].name;

		if (i == 0 || column + strlen(name) + 1 > WIDTH) {
			hs_put_fmt(b, "%s    Scope", i > 0 ? "\n" : "");
			column = 9;
		}
		hs_put_fmt(b, " %s", name);
		column += strlen(name) + 1;
	}
	if (n > 0)
		hs_put_u8(b, '\n');
}

static void
put_session(struct hs_buf *b, const struct hs_policy *p)
{
	hs_put_fmt(b, "\nSession\n");
	put_list(b, p, p->open, p->nopen);
	put_narrowed(b, p, HS_POLICY_MAX_TTL);
	put_span(b, "    MaxTTL", p->max_ttl);
	put_narrowed(b, p, HS_POLICY_IDLE);
	if (p->idle == 0)
		hs_put_fmt(b, "    Idle none\n");
	else
		put_span(b, "    Idle", p->idle);
	put_narrowed(b, p, HS_POLICY_VERIFY);
	hs_put_fmt(b, "    Verify %s\n", p->verify ? "pin" : "touch");
}

static void
put_limits(struct hs_buf *b, const struct hs_policy *p)
{
	hs_put_fmt(b, "\nLimits\n");
	put_narrowed(b, p, HS_POLICY_PROMPTS);
	hs_put_fmt(b, "    Prompts %u\n", (unsigned)p->per_asker);
	put_narrowed(b, p, HS_POLICY_PROMPTS_ALL);
	hs_put_fmt(b, "    PromptsAll %u\n", (unsigned)p->all);
	put_narrowed(b, p, HS_POLICY_PARK);
	put_span(b, "    Park", p->park);
	put_narrowed(b, p, HS_POLICY_WAITING);
	hs_put_fmt(b, "    Waiting %u\n", (unsigned)p->waiting);
}

// ---- scopes

// The values of a key; commands a line each, others side by side.
static void
put_values(struct hs_buf *b, const struct hs_scope *s, size_t st, enum hs_scope_key key,
    const char *name)
{
	size_t column = 0;

	for (size_t i = 0; i < hs_scope_values(s, st, key); i++) {
		struct hs_str v = hs_scope_value(s, st, key, i);

		if (i == 0 || key == HS_KEY_CMD || column + v.len + 1 > WIDTH) {
			hs_put_fmt(b, "%s    %s", i > 0 ? "\n" : "", name);
			column = 4 + strlen(name);
		}
		hs_put_u8(b, ' ');
		hs_put_raw(b, v.p, v.len);
		column += v.len + 1;
	}
	if (column > 0)
		hs_put_u8(b, '\n');
}

static void
put_statement(struct hs_buf *b, const struct hs_scope *s, size_t st)
{
	static const struct {
		enum hs_scope_key key;
		const char *name;
	} keys[] = {{HS_KEY_USER, "User"}, {HS_KEY_HOST, "Host"}, {HS_KEY_ADDR, "Addr"},
	    {HS_KEY_CMD, "Cmd"}, {HS_KEY_PERMIT, "Permit"}, {HS_KEY_OPEN, "Open"},
	    {HS_KEY_NS, "Ns"}, {HS_KEY_CAP, "Cap"}};

	if (st > 0)
		hs_put_fmt(b, "Statement\n");
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
		put_values(b, s, st, keys[k].key, keys[k].name);
}

static void
put_scope(struct hs_buf *b, const struct hs_policy_scope *s)
{
	hs_put_fmt(b, "\nScope %s\n    Touch %s\n    Verify %s\n", s->name,
	    s->always ? "always" : "session", s->verify ? "pin" : "touch");
	if (s->trusted)
		hs_put_fmt(b, "    Trust %s\n", s->direct ? "direct" : "chain");
	put_span(b, "    MaxTTL", hs_scope_max_ttl(s->scope));
	if (hs_scope_max_uses(s->scope) == HS_USES_ANY)
		hs_put_fmt(b, "    MaxUses *\n");
	else
		hs_put_fmt(b, "    MaxUses %llu\n",
		    (unsigned long long)hs_scope_max_uses(s->scope));
	hs_put_fmt(b, "    Depth %u\n", (unsigned)hs_scope_depth(s->scope));
	if (hs_scope_drains(s->scope))
		hs_put_fmt(b, "    OnEnd drain\n");
	for (size_t st = 0; st < hs_scope_statements(s->scope); st++)
		put_statement(b, s->scope, st);
}

static void
put_agent(struct hs_buf *b, const struct hs_policy *p, const struct hs_policy_agent *a)
{
	hs_put_fmt(b, "\nAgent %s\n", a->name);
	if (a->any)
		hs_put_fmt(b, "    Scope *\n");
	else
		put_list(b, p, a->scopes, a->nscopes);
	if (a->exe[0] != '\0')
		hs_put_fmt(b, "    Exe %s\n", a->exe);
}

void
hs_policy_put(struct hs_buf *b, const struct hs_policy *p)
{
	if (!p->exists)
		hs_put_fmt(b,
		    "# There is no policy file: what `handseal open` names is the "
		    "ceiling, for every agent.\n");
	put_top(b, p);
	put_session(b, p);
	for (size_t i = 0; i < p->nscopes; i++)
		put_scope(b, &p->scopes[i]);
	for (size_t i = 0; i < p->nagents; i++)
		put_agent(b, p, &p->agents[i]);
	put_limits(b, p);
}

void
hs_policy_put_default(struct hs_buf *b)
{
	static const char text[] =
	    "# What a touch of your security key may open: handseal_policy(5).\n"
	    "# Look over what you write:    handseal policy check\n"
	    "# Let a running daemon read it: handseal policy reload\n"
	    "\n"
	    "# What no touch can allow. Take the line out if you do log in as root.\n"
	    "Deny user root\n"
	    "\n"
	    "# A seat's logins go to servers whose keys your known_hosts names. A client "
	    "that\n"
	    "# does not say whom it talks to (libssh) may log in all the same, but for "
	    "this:\n"
	    "#HostBinding require\n"
	    "\n"
	    "# What `handseal open` asks for when you name nothing. Without the line, "
	    "nothing.\n"
	    "Session\n"
	    "#    Scope deploy\n"
	    "    MaxTTL 8h\n"
	    "    Idle 30m\n"
	    "\n"
	    "# A scope by name. Put your own host where it says HOST, and take the # "
	    "away.\n"
	    "# Only what is written is allowed; * must be written.\n"
	    "#Scope deploy\n"
	    "#    MaxTTL 15m\n"
	    "#    MaxUses *\n"
	    "#    User deploy\n"
	    "#    Host HOST\n"
	    "#    Addr *\n"
	    "#    Cmd systemctl restart web\n"
	    "#    Cmd journalctl -u web ...\n"
	    "\n"
	    "# One that costs a touch, and the PIN, each time.\n"
	    "#Scope database\n"
	    "#    Touch always\n"
	    "#    Verify pin\n"
	    "#    MaxTTL 10m\n"
	    "#    MaxUses 1\n"
	    "#    User deploy\n"
	    "#    Host HOST\n"
	    "#    Addr *\n"
	    "#    Cmd pg_dump -Fc web\n"
	    "\n"
	    "# What an agent may ever ask for. The name is the one it gives itself: this "
	    "holds\n"
	    "# accidents back, not malice.\n"
	    "#Agent claude\n"
	    "#    Scope deploy\n"
	    "\n"
	    "# Every agent without a block of its own: whatever a touch allows. A "
	    "session's\n"
	    "# ceiling holds for it too, and beyond that each step costs a touch.\n"
	    "Agent unknown\n"
	    "    Scope *\n";

	hs_put_raw(b, text, sizeof(text) - 1);
}
