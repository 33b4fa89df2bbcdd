// SPDX-License-Identifier: ISC
//
// "Is this request permitted", and the part of a scope that concerns one login
// (docs/PROTOCOL.scope, "Asking"). Not for comparing scopes (scope_relation.c).
#include "proto/scope_internal.h"

#include <string.h>

// A request that has been read once, before it is held against the statements.
struct asked {
	const struct hs_request *req;
	bool user_ok, addr_ok;	// well formed
	bool value_ok;		// well formed, or none is asked for
	struct scope_cidr addr; // family 0: not known yet
	struct scope_value value;
};

static bool
is_login_kind(enum hs_request_kind kind)
{
	return kind != HS_REQ_NS && kind != HS_REQ_CAP;
}

// A link-local client's address comes with its interface, fe80::1%eth0, which no scope can
// name.
static struct hs_str
without_zone(struct hs_str s)
{
	const uint8_t *percent = s.len > 4 ? memchr(s.p, '%', s.len) : NULL;
	size_t zone;

	if (percent == NULL || memcmp(s.p, "fe80:", 5) != 0)
		return s;
	zone = s.len - (size_t)(percent - s.p) - 1;
	if (zone < 1 || zone > 32)
		return s;
	for (size_t i = 1; i <= zone; i++)
		if (percent[i] <= ' ' || percent[i] >= 0x7f || percent[i] == '%')
			return s;
	return (struct hs_str){s.p, (size_t)(percent - s.p)};
}

static void
read_login(struct asked *a)
{
	a->user_ok = scope_is_user(a->req->user);
	a->addr_ok = a->req->addr.len == 0 ||
		     scope_addr_read(without_zone(a->req->addr), true, &a->addr);
	if (a->req->addr.len == 0)
		a->addr = (struct scope_cidr){0};
}

static const struct scope_value *
values(const struct scope_statement *st, enum hs_scope_key key, size_t *n)
{
	*n = (size_t)(st->first[key + 1] - st->first[key]);
	return st->v + st->first[key];
}

static bool
has_text(const struct scope_statement *st, enum hs_scope_key key, struct hs_str text)
{
	size_t n;
	const struct scope_value *v = values(st, key, &n);

	for (size_t i = 0; i < n; i++)
		if (v[i].any || hs_str_eq(v[i].text, text))
			return true;
	return false;
}

static bool
has_permit(const struct scope_statement *st, enum hs_permit permit)
{
	return has_text(st, HS_KEY_PERMIT, hs_str_c(hs_permit_name(permit)));
}

static bool
has_host(const struct scope_statement *st, const struct hs_request *req)
{
	size_t n;
	const struct scope_value *v = values(st, HS_KEY_HOST, &n);

	for (size_t i = 0; i < n; i++) {
		if (v[i].any)
			return true; // whatever the server is called
		for (size_t h = 0; h < req->nhosts; h++)
			if (scope_is_host(req->hosts[h]) &&
			    scope_host_covers(v[i].text, req->hosts[h]))
				return true;
	}
	return false;
}

static bool
has_addr(const struct scope_statement *st, const struct asked *a)
{
	size_t n;
	const struct scope_value *v = values(st, HS_KEY_ADDR, &n);

	if (!a->addr_ok)
		return false;
	if (a->addr.family == 0)
		return n > 0; // left for when it is known
	for (size_t i = 0; i < n; i++)
		if (scope_cidr_holds(&v[i].addr, &a->addr))
			return true;
	return false;
}

static bool
has_command(const struct scope_statement *st, const struct hs_request *req)
{
	size_t n;
	const struct scope_value *v = values(st, HS_KEY_CMD, &n);

	for (size_t i = 0; i < n; i++) {
		const struct scope_cmd *cmd = &v[i].cmd;
		bool ok = cmd->kind == HS_CMD_ANY;

		if (req->kind == HS_REQ_SFTP)
			ok = ok || cmd->kind == HS_CMD_SFTP_WRITE ||
			     (cmd->kind == HS_CMD_SFTP && !req->write);
		else if (req->kind == HS_REQ_COMMAND)
			ok = ok || ((cmd->kind == HS_CMD_PREFIX ||
					(cmd->kind == HS_CMD_EXACT &&
					    cmd->nwords == req->nwords)) &&
				       scope_words_begin(req->words, req->nwords,
					   cmd->words, cmd->nwords));
		if (ok)
			return true;
	}
	return false;
}

static bool
has_cap(const struct scope_statement *st, struct hs_str cap)
{
	size_t n;
	const struct scope_value *v = values(st, HS_KEY_CAP, &n);

	for (size_t i = 0; i < n; i++)
		if (scope_cap_covers(v[i].text, cap))
			return true;
	return false;
}

// How far a statement goes along with the request: HS_OK, or why not.
static int
judge_login(const struct scope_statement *st, const struct asked *a)
{
	if (!a->user_ok || !has_text(st, HS_KEY_USER, a->req->user))
		return HS_NO_USER;
	if (!has_host(st, a->req))
		return HS_NO_HOST;
	return has_addr(st, a) ? HS_OK : HS_NO_ADDR;
}

static int
judge_asked(const struct scope_statement *st, const struct asked *a)
{
	const struct hs_request *req = a->req;
	int rc = is_login_kind(req->kind) ? judge_login(st, a) : HS_OK;
	bool pty = req->pty || req->kind == HS_REQ_SHELL;
	bool ok = false;

	if (rc != HS_OK || req->kind == HS_REQ_LOGIN)
		return rc;
	if (!a->value_ok)
		return HS_NO_OTHER;
	switch (req->kind) {
	case HS_REQ_COMMAND:
	case HS_REQ_SHELL:
	case HS_REQ_SFTP:
		if (!has_command(st, req))
			return HS_NO_COMMAND;
		return !pty || has_permit(st, HS_PERMIT_PTY) ? HS_OK : HS_NO_PTY;
	case HS_REQ_PERMIT:
		ok = has_permit(st, req->permit);
		break;
	case HS_REQ_OPEN:
		ok = has_permit(st, HS_PERMIT_PORT) &&
		     has_text(st, HS_KEY_OPEN, a->value.text);
		break;
	case HS_REQ_NS:
		ok = has_text(st, HS_KEY_NS, a->value.text);
		break;
	case HS_REQ_CAP:
		ok = has_cap(st, a->value.text);
		break;
	case HS_REQ_LOGIN:
		break;
	}
	return ok ? HS_OK : HS_NO_OTHER;
}

// What a service that challenges is asked for is allowed at that service, by its namespace.
static int
judge(const struct scope_statement *st, const struct asked *a)
{
	int rc = judge_asked(st, a);

	if (rc == HS_OK && a->req->ns.len > 0 && !has_text(st, HS_KEY_NS, a->req->ns))
		return HS_NO_OTHER;
	return rc;
}

// The request's value must name one thing: a pattern is for scopes, and asks for nothing.
static bool
read_value(struct asked *a, struct arena *arena)
{
	enum hs_scope_key key = a->req->kind == HS_REQ_OPEN ? HS_KEY_OPEN
				: a->req->kind == HS_REQ_NS ? HS_KEY_NS
							    : HS_KEY_CAP;
	struct hs_str v = a->req->value;
	struct hs_err err;

	if (v.len == 0 || v.len > HS_SCOPE_BYTES_MAX || memchr(v.p, '*', v.len) != NULL)
		return false;
	return scope_value_read(arena, key, v, &a->value, &err) == HS_OK;
}

// How near a refusal is to a yes: a statement that fails later names a narrower reason.
static int
rank(int rc)
{
	switch (rc) {
	case HS_NO_USER:
		return 0;
	case HS_NO_HOST:
		return 1;
	case HS_NO_ADDR:
		return 2;
	case HS_NO_PTY:
		return 4;
	default:
		return 3;
	}
}

int
hs_scope_permits(const struct hs_scope *s, const struct hs_request *req, size_t *statement)
{
	bool login = is_login_kind(req->kind), valued = !login || req->kind == HS_REQ_OPEN;
	int rc, best = login ? HS_NO_USER : HS_NO_OTHER;
	struct asked a = {.req = req, .value_ok = true};
	struct arena arena = {0};

	if ((unsigned)req->kind > HS_REQ_CAP ||
	    (req->kind == HS_REQ_PERMIT && (unsigned)req->permit >= HS_PERMIT_COUNT) ||
	    (login && req->kind != HS_REQ_LOGIN && req->addr.len == 0))
		return HS_ERR_USAGE;
	if (login)
		read_login(&a);
	if (valued)
		a.value_ok = read_value(&a, &arena);
	for (size_t i = 0; i < s->n; i++) {
		rc = judge(&s->st[i], &a);
		if (rc == HS_OK) {
			if (statement != NULL)
				*statement = i;
			best = HS_OK;
			break;
		}
		if (rank(rc) > rank(best))
			best = rc;
	}
	scope_arena_free(&arena);
	return best;
}

// The head of s's text, with its LF.
static struct hs_str
head_text(const struct hs_scope *s)
{
	struct hs_str t = hs_scope_text(s);
	size_t n = 1;

	while (n < t.len && !(t.p[n] == '\n' && t.p[n - 1] == '\n'))
		n++;
	return (struct hs_str){t.p, n};
}

int
hs_scope_filter(const struct hs_scope *s, const struct hs_request *req,
    struct hs_scope **out, struct hs_err *err)
{
	struct asked a = {.req = req};
	struct hs_str rest = hs_scope_text(s), head = head_text(s);
	struct hs_buf text = {0};
	int rc, best = HS_NO_USER;

	*out = NULL;
	read_login(&a);
	hs_put_raw(&text, head.p, head.len);
	rest = (struct hs_str){rest.p + head.len, rest.len - head.len};
	for (size_t i = 0; i < s->n; i++) {
		size_t n = 1; // rest begins with the statement's empty line

		while (n < rest.len && !(rest.p[n] == '\n' && rest.p[n - 1] == '\n'))
			n++;
		rc = judge_login(&s->st[i], &a);
		if (rc == HS_OK)
			hs_put_raw(&text, rest.p, n);
		if (rc == HS_OK || (best != HS_OK && rank(rc) > rank(best)))
			best = rc;
		rest = (struct hs_str){rest.p + n, rest.len - n};
	}
	rc = hs_buf_err(&text);
	if (rc != HS_OK)
		rc = hs_fail(
		    err, (enum hs_code)rc, "%s", hs_code_sentence((enum hs_code)rc));
	else if (best != HS_OK)
		rc = hs_fail(
		    err, (enum hs_code)best, "%s", hs_code_sentence((enum hs_code)best));
	else
		rc = hs_scope_parse(hs_buf_str(&text), out, err);
	hs_buf_free(&text);
	return rc;
}
