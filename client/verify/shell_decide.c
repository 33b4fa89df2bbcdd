// SPDX-License-Identifier: ISC
//
// handseal-shell's decision: may this session, with this command, run under the scope that
// handseal-verify handed on? Pure. Contract in shell.h.
//
// The scope is asked statement by statement, each as a scope of its own, because a terminal
// or an address that one statement permits says nothing about the command of another.
//
// Of a statement's host values one stands for all. That is sound: handseal-verify kept only
// statements with a host value that names this server, and within a statement the hosts do
// not change what may run. A login, in contrast, is matched again: by the account's own
// name.
#include "client/verify/shell.h"

#include <string.h>
#include "proto/text.h"

// A name under the statement's first host value: itself, or one label in place of the star.
static int
witness_host(const struct hs_scope *one, struct hs_buf *mem, struct hs_str *host)
{
	struct hs_str v;

	if (hs_scope_values(one, 0, HS_KEY_HOST) == 0)
		return HS_NO_HOST;
	v = hs_scope_value(one, 0, HS_KEY_HOST, 0);
	if (v.len > 0 && v.p[0] == '*') {
		hs_put_u8(mem, 'x');
		v.p++;
		v.len--;
	}
	hs_put_raw(mem, v.p, v.len);
	*host = hs_buf_str(mem);
	return hs_buf_err(mem);
}

static int
ask_statement(const struct hs_scope *one, struct hs_request req)
{
	struct hs_buf mem = {0};
	struct hs_str host;
	int rc = witness_host(one, &mem, &host);

	if (rc != HS_OK)
		goto out;
	req.hosts = &host;
	req.nhosts = 1;
	rc = hs_scope_permits(one, &req, NULL);
out:
	hs_buf_free(&mem);
	return rc;
}

// Cuts canonical text at its empty lines: the head, then a statement each.
static bool
next_part(struct hs_str *rest, struct hs_str *part)
{
	const uint8_t *end;

	if (rest->len == 0)
		return false;
	*part = *rest;
	end = memmem(rest->p, rest->len, "\n\n", 2);
	if (end == NULL) {
		rest->len = 0;
		return true;
	}
	part->len = (size_t)(end - rest->p) + 1;
	rest->p += part->len + 1;
	rest->len -= part->len + 1;
	return true;
}

// How far a refusal got: of several statements the one that came closest says why.
static int
closeness(int rc)
{
	static const int order[] = {HS_NO_USER, HS_NO_HOST, HS_NO_ADDR, HS_NO_OTHER,
	    HS_NO_COMMAND, HS_NO_PTY, HS_OK};

	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (order[i] == rc)
			return (int)i;
	return -1;
}

// The best answer of all statements; HS_NO_OTHER where there is none.
static int
ask_all(struct hs_str text, const struct hs_request *req)
{
	struct hs_str head = {0}, part;
	int best = HS_NO_OTHER;
	bool first = true;

	if (!next_part(&text, &head))
		return HS_ERR_SCOPE;
	while (best != HS_OK && next_part(&text, &part)) {
		struct hs_scope *one = NULL;
		struct hs_buf b = {0};
		int rc;

		hs_put_raw(&b, head.p, head.len);
		hs_put_u8(&b, '\n');
		hs_put_raw(&b, part.p, part.len);
		rc = hs_buf_err(&b);
		if (rc == HS_OK)
			rc = hs_scope_parse_canonical(hs_buf_str(&b), &one, NULL);
		if (rc == HS_OK)
			rc = ask_statement(one, *req);
		hs_scope_free(&one);
		hs_buf_free(&b);
		if (first || closeness(rc) > closeness(best))
			best = rc;
		first = false;
	}
	return best;
}

// The client's address: the first field of SSH_CONNECTION, without an IPv6 zone.
static struct hs_str
client_address(const char *connection)
{
	return (struct hs_str){(const uint8_t *)connection, strcspn(connection, " %")};
}

static int
refuse(int rc, const struct hs_request *req, struct hs_err *err)
{
	if (rc == HS_NO_COMMAND && req->kind == HS_REQ_SHELL)
		return hs_fail(err, HS_NO_COMMAND,
		    "the scope does not allow an interactive shell, only its commands");
	if (rc == HS_NO_PTY && req->kind == HS_REQ_SHELL)
		return hs_fail(err, HS_NO_PTY,
		    "the scope allows any command, but an interactive shell only with "
		    "`permit pty`: give a command, or ask for it with --permit pty");
	if (rc == HS_NO_COMMAND && req->kind == HS_REQ_SFTP)
		return hs_fail(err, HS_NO_COMMAND, "the scope does not allow sftp");
	return hs_fail(err, (enum hs_code)rc, "%s", hs_code_sentence((enum hs_code)rc));
}

static int
judge_times(const struct hs_shell_ask *ask, struct hs_err *err)
{
	if (ask->now >= ask->arg->end)
		return hs_fail(err, HS_NO_EXPIRED,
		    "the certificate of this login has ended: log in again with a new one");
	if (ask->now >= ask->arg->grant_end)
		return hs_fail(err, HS_NO_EXPIRED, "the grant behind this login has ended");
	return HS_OK;
}

// May anything run? Then nobody but the login shell takes the command apart. Not for what
// may be the sftp subsystem: sshd's own word for that is no program.
static int
ask_anything(const struct hs_shell_ask *ask, const struct hs_request *req, bool sftp)
{
	struct hs_request any = *req;

	any.kind = HS_REQ_COMMAND; // without words
	return ask->command == NULL || sftp ? HS_NO_COMMAND
					    : ask_all(ask->arg->scope, &any);
}

int
hs_shell_decide(
    const struct hs_shell_ask *ask, struct hs_shell_run *out, struct hs_err *err)
{
	struct hs_request req = {.pty = ask->pty};
	struct hs_scope *scope = NULL;
	struct hs_err apart = {0};
	int rc, any;

	memset(out, 0, sizeof *out);
	if ((rc = judge_times(ask, err)) != HS_OK)
		return rc;
	if ((rc = hs_scope_parse_canonical(ask->arg->scope, &scope, err)) != HS_OK)
		return rc;
	out->drains = hs_scope_drains(scope);
	hs_scope_free(&scope);
	if (ask->addr == NULL)
		return hs_fail(
		    err, HS_NO_ADDR, "sshd does not say where this login comes from");
	req.user = hs_str_c(ask->user);
	req.addr = client_address(ask->addr);
	rc = hs_command_parse(ask->command, &out->command, &apart);
	any = ask_anything(ask, &req, rc == HS_OK && out->command.kind == HS_REQ_SFTP);
	if (any == HS_OK) {
		out->by_shell = ask->command;
		return HS_OK;
	}
	if (rc == HS_NO_COMMAND && any == HS_NO_PTY)
		return refuse(any, &req, err);
	if (rc != HS_OK) {
		if (err != NULL)
			*err = apart;
		return rc;
	}
	req.kind = out->command.kind;
	req.words = out->command.list;
	req.nwords = out->command.n;
	req.write = req.kind == HS_REQ_SFTP;
	rc = ask_all(ask->arg->scope, &req);
	out->sftp_write = req.write && rc == HS_OK;
	if (rc != HS_OK && req.write) {
		req.write = false;
		rc = ask_all(ask->arg->scope, &req);
	}
	return rc == HS_OK ? HS_OK : refuse(rc, &req, err);
}

void
hs_shell_run_free(struct hs_shell_run *r)
{
	hs_command_free(&r->command);
}

void
hs_shell_put_allowed(struct hs_buf *b, const struct hs_shell_arg *arg, const char *indent)
{
	struct hs_scope *scope = NULL;

	if (hs_scope_parse_canonical(arg->scope, &scope, NULL) != HS_OK)
		return;
	for (size_t st = 0; st < hs_scope_statements(scope); st++) {
		for (size_t i = 0; i < hs_scope_values(scope, st, HS_KEY_CMD); i++) {
			struct hs_str v = hs_scope_value(scope, st, HS_KEY_CMD, i);

			hs_put_fmt(b, "%s", indent);
			hs_text_put_clean(b, v);
			hs_put_u8(b, '\n');
		}
	}
	hs_scope_free(&scope);
}
