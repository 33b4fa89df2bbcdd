// SPDX-License-Identifier: ISC
//
// Scopes, times and spans in words for a person. What a prompt shows comes from here and is
// signed, so nothing is left out of hs_describe_scope. Contract in describe.h.
#include "proto/describe.h"

#include <inttypes.h>
#include <string.h>

#define LAST_SECOND UINT64_C(253402300799) // of the year 9999

static void
put(struct hs_buf *b, const char *s)
{
	hs_put_raw(b, s, strlen(s));
}

static bool
has_any(const struct hs_scope *s, size_t st, enum hs_scope_key key)
{
	return hs_scope_values(s, st, key) == 1 &&
	       hs_str_is(hs_scope_value(s, st, key, 0), "*");
}

// The values side by side, or any in place of a lone `*`.
static void
put_values(struct hs_buf *b, const struct hs_scope *s, size_t st, enum hs_scope_key key,
    const char *between, const char *any)
{
	size_t n = hs_scope_values(s, st, key);

	if (has_any(s, st, key)) {
		put(b, any);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct hs_str v = hs_scope_value(s, st, key, i);

		if (i > 0)
			put(b, between);
		hs_put_raw(b, v.p, v.len);
	}
}

static bool
permits(const struct hs_scope *s, size_t st, enum hs_permit p)
{
	size_t n = hs_scope_values(s, st, HS_KEY_PERMIT);

	for (size_t i = 0; i < n; i++) {
		struct hs_str v = hs_scope_value(s, st, HS_KEY_PERMIT, i);

		if (hs_str_is(v, "*") || hs_str_is(v, hs_permit_name(p)))
			return true;
	}
	return false;
}

// shell: `*` is an interactive shell too.
static void
put_commands(struct hs_buf *b, const struct hs_scope *s, size_t st, bool shell)
{
	size_t n = hs_scope_values(s, st, HS_KEY_CMD);

	if (n == 0)
		put(b, "no command");
	for (size_t i = 0; i < n; i++) {
		struct hs_str v = hs_scope_value(s, st, HS_KEY_CMD, i);
		enum hs_cmd_kind kind;
		size_t words;

		(void)hs_scope_cmd(s, st, i, &kind, &words);
		if (i > 0)
			put(b, " | ");
		if (kind == HS_CMD_ANY)
			put(b, shell ? "any command, and an interactive shell"
				     : "any command");
		else if (kind == HS_CMD_SFTP)
			put(b, "sftp, reading only");
		else if (kind == HS_CMD_SFTP_WRITE)
			put(b, "sftp, reading and writing");
		else
			hs_put_raw(b, v.p, v.len);
		if (kind == HS_CMD_PREFIX)
			put(b, " (and any further words)");
	}
}

static void
put_forwarding(struct hs_buf *b, const struct hs_scope *s, size_t st)
{
	bool opens = hs_scope_values(s, st, HS_KEY_OPEN) > 0;
	bool port = permits(s, st, HS_PERMIT_PORT);

	if (port)
		put(b, opens ? ", port forwarding to " : ", port forwarding to nowhere");
	put_values(b, s, st, HS_KEY_OPEN, " ", "anywhere");
	if (permits(s, st, HS_PERMIT_AGENT))
		put(b, ", agent forwarding");
	if (permits(s, st, HS_PERMIT_X11))
		put(b, ", X11 forwarding");
	if (!port && !permits(s, st, HS_PERMIT_AGENT) && !permits(s, st, HS_PERMIT_X11))
		put(b, ", no forwarding");
	if (permits(s, st, HS_PERMIT_USER_RC))
		put(b, ", ~/.ssh/rc runs");
}

// hs_scope_parse sees to it that what is about logins has user, host and addr, and that
// `open` has its permit.
static bool
is_login(const struct hs_scope *s, size_t st)
{
	return hs_scope_values(s, st, HS_KEY_USER) > 0;
}

static void
put_who_where(struct hs_buf *b, const struct hs_scope *s, size_t st)
{
	put_values(b, s, st, HS_KEY_USER, ",", "any user");
	put(b, has_any(s, st, HS_KEY_USER) || has_any(s, st, HS_KEY_HOST) ? " on " : "@");
	put_values(b, s, st, HS_KEY_HOST, " ", "any host");
}

// direct: a stock server starts the login's shell for whoever may run anything.
static void
put_statement(
    struct hs_buf *b, const struct hs_scope *s, size_t st, const char *indent, bool direct)
{
	bool pty = permits(s, st, HS_PERMIT_PTY);

	if (is_login(s, st)) {
		put(b, indent);
		put_who_where(b, s, st);
		put(b, "   ");
		put_commands(b, s, st, pty || direct);
		put(b, "\n");
		put(b, indent);
		put(b, "from ");
		put_values(b, s, st, HS_KEY_ADDR, " ", "any address");
		put(b, pty ? "; a terminal" : "; no terminal");
		put_forwarding(b, s, st);
		put(b, "\n");
	}
	if (hs_scope_values(s, st, HS_KEY_NS) > 0) {
		put(b, indent);
		put(b, "signatures in ");
		put_values(b, s, st, HS_KEY_NS, " ", "any namespace");
		put(b, "\n");
	}
	if (hs_scope_values(s, st, HS_KEY_CAP) > 0) {
		put(b, indent);
		put(b, "at other services ");
		put_values(b, s, st, HS_KEY_CAP, " ", "anything");
		put(b, "\n");
	}
}

void
hs_describe_statements(struct hs_buf *b, const struct hs_scope *s, const char *indent)
{
	for (size_t st = 0; st < hs_scope_statements(s); st++)
		put_statement(b, s, st, indent, true);
}

void
hs_describe_scope(struct hs_buf *b, const struct hs_scope *s, const char *indent)
{
	uint64_t uses = hs_scope_max_uses(s);

	for (size_t st = 0; st < hs_scope_statements(s); st++)
		put_statement(b, s, st, indent, false);
	put(b, indent);
	if (uses == HS_USES_ANY)
		put(b, "any number of certificates, each up to ");
	else if (uses == 1)
		put(b, "one certificate, up to ");
	else
		hs_put_fmt(b, "%" PRIu64 " certificates, each up to ", uses);
	hs_describe_span(b, hs_scope_max_ttl(s));
	put(b, " and any number of times; ");
	if (hs_scope_depth(s) == 0)
		put(b, "not to be passed on");
	else
		hs_put_fmt(b, "may be passed on, %" PRIu32 " deep", hs_scope_depth(s));
	put(b, hs_scope_drains(s) ? "; what runs may finish after the end\n" : "\n");
}

void
hs_describe_scope_short(struct hs_buf *b, const struct hs_scope *s)
{
	for (size_t st = 0; st < hs_scope_statements(s); st++) {
		const char *between = st > 0 ? "; " : "";

		if (is_login(s, st)) {
			put(b, between);
			put_who_where(b, s, st);
			put(b, ": ");
			put_commands(b, s, st, permits(s, st, HS_PERMIT_PTY));
			between = "; ";
		}
		if (hs_scope_values(s, st, HS_KEY_NS) > 0) {
			put(b, between);
			put(b, "sign ");
			put_values(b, s, st, HS_KEY_NS, " ", "anything");
			between = "; ";
		}
		if (hs_scope_values(s, st, HS_KEY_CAP) > 0) {
			put(b, between);
			put_values(b, s, st, HS_KEY_CAP, " ", "any service");
		}
	}
}

// Days since 1970 to a date of the Gregorian calendar, in eras of 400 years from 1 March
// 0000.
void
hs_describe_time(struct hs_buf *b, uint64_t unix_seconds)
{
	uint64_t days = unix_seconds / 86400, rest = unix_seconds % 86400;
	uint64_t era, doe, yoe, doy, mp, day, month, year;

	if (unix_seconds > LAST_SECOND) {
		put(b, "after the year 9999");
		return;
	}
	days += 719468;
	era = days / 146097;
	doe = days % 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153; // months from March
	day = doy - (153 * mp + 2) / 5 + 1;
	month = mp < 10 ? mp + 3 : mp - 9;
	year = yoe + era * 400 + (month <= 2 ? 1 : 0);
	hs_put_fmt(b,
	    "%04" PRIu64 "-%02" PRIu64 "-%02" PRIu64 " %02" PRIu64 ":%02" PRIu64
	    ":%02" PRIu64 " UTC",
	    year, month, day, rest / 3600, rest / 60 % 60, rest % 60);
}

void
hs_describe_span(struct hs_buf *b, uint64_t seconds)
{
	const struct {
		uint64_t n;
		const char *unit;
	} parts[] = {{seconds / 86400, "d"}, {seconds / 3600 % 24, "h"},
	    {seconds / 60 % 60, "min"}, {seconds % 60, "s"}};
	bool first = true;

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (parts[i].n == 0)
			continue;
		hs_put_fmt(
		    b, "%s%" PRIu64 " %s", first ? "" : " ", parts[i].n, parts[i].unit);
		first = false;
	}
	if (first)
		put(b, "0 s");
}
