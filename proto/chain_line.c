// SPDX-License-Identifier: ISC
//
// What an admitted login is turned into: the one line of authorized_keys that
// handseal-verify prints, and the argument in it that tells handseal-shell what the scope
// allows (docs/PROTOCOL.server, "The argument" and "The line"). Whether a login is admitted
// at all is chain.c's.
#include "proto/chain.h"

#include <string.h>
#include "proto/names.h"
#include "proto/text.h"

#define ARG_VERSION 3

// sshd looks for the place that a client wants to listen at in lower case and finds
// capitals nowhere, so that this names no place. It has no word for "none" here.
#define LISTEN_NOWHERE "NOWHERE:1"

// ---- the argument

void
hs_shell_arg_put(struct hs_buf *b, const struct hs_shell_arg *a)
{
	hs_put_u8(b, ARG_VERSION);
	hs_put_u64(b, a->end);
	hs_put_u64(b, a->grant_end);
	hs_put_str(b, a->id);
	hs_put_str(b, a->scope);
	hs_put_u64(b, a->made);
	hs_put_str(b, a->lineage);
	hs_put_str(b, a->root);
	hs_put_str(b, a->session);
	hs_put_str(b, a->config);
}

static bool
is_printable(struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

int
hs_shell_arg_parse(struct hs_str data, struct hs_shell_arg *out)
{
	struct hs_rd r = hs_rd_of(data);
	struct hs_shell_arg a = {0};
	uint8_t version;
	int rc;

	if ((rc = hs_get_u8(&r, &version)) != HS_OK)
		return rc;
	if (version != ARG_VERSION)
		return HS_ERR_UNSUPPORTED;
	if ((rc = hs_get_u64(&r, &a.end)) != HS_OK ||
	    (rc = hs_get_u64(&r, &a.grant_end)) != HS_OK ||
	    (rc = hs_get_string_max(&r, HS_KEY_ID_MAX, &a.id)) != HS_OK ||
	    (rc = hs_get_string_max(&r, HS_SCOPE_BYTES_MAX, &a.scope)) != HS_OK ||
	    (rc = hs_get_u64(&r, &a.made)) != HS_OK ||
	    (rc = hs_get_string_max(&r, 8 * HS_LINEAGE_MAX, &a.lineage)) != HS_OK ||
	    (rc = hs_get_string_max(&r, HS_ROOT_BLOB_MAX, &a.root)) != HS_OK ||
	    (rc = hs_get_string_max(&r, HS_ROOT_BLOB_MAX, &a.session)) != HS_OK ||
	    (rc = hs_get_string_max(&r, HS_LISTS_PATH_MAX - 1, &a.config)) != HS_OK ||
	    (rc = hs_rd_end(&r)) != HS_OK)
		return rc;
	if (!is_printable(a.id) || a.scope.len == 0 || a.lineage.len % 8 != 0 ||
	    (a.config.len > 0 &&
		(a.config.p[0] != '/' || memchr(a.config.p, 0, a.config.len) != NULL)))
		return HS_ERR_FORMAT;
	*out = a;
	return HS_OK;
}

// ---- what every statement says, and what some statement says

// For the keys of which one value is under another only if they are equal or the other is
// `*`: permit and open.
static bool
statement_has(const struct hs_scope *s, size_t st, enum hs_scope_key key, struct hs_str v)
{
	for (size_t i = 0; i < hs_scope_values(s, st, key); i++) {
		struct hs_str w = hs_scope_value(s, st, key, i);

		if (hs_str_is(w, "*") || hs_str_eq(w, v))
			return true;
	}
	return false;
}

static bool
some_has(const struct hs_scope *s, enum hs_scope_key key, struct hs_str v)
{
	for (size_t st = 0; st < hs_scope_statements(s); st++)
		if (statement_has(s, st, key, v))
			return true;
	return false;
}

static bool
every_has(const struct hs_scope *s, enum hs_scope_key key, struct hs_str v)
{
	for (size_t st = 0; st < hs_scope_statements(s); st++)
		if (!statement_has(s, st, key, v))
			return false;
	return true;
}

// Does every statement say `cmd *`? Only then a direct certificate needs no command of its
// own.
static bool
every_runs_anything(const struct hs_scope *s)
{
	for (size_t st = 0; st < hs_scope_statements(s); st++) {
		bool any = false;

		for (size_t i = 0; i < hs_scope_values(s, st, HS_KEY_CMD); i++) {
			enum hs_cmd_kind kind;
			size_t nwords;

			(void)hs_scope_cmd(s, st, i, &kind, &nwords);
			any = any || kind == HS_CMD_ANY;
		}
		if (!any)
			return false;
	}
	return true;
}

// Does the value stand in an earlier statement too? Within one, none stands twice.
static bool
said_before(const struct hs_scope *s, size_t st, enum hs_scope_key key, struct hs_str v)
{
	for (size_t e = 0; e < st; e++)
		for (size_t i = 0; i < hs_scope_values(s, e, key); i++)
			if (hs_str_eq(hs_scope_value(s, e, key, i), v))
				return true;
	return false;
}

// ---- the line's options

// Canonical values hold nothing that could end a quoted string; this holds that up.
static void
put_plain(struct hs_buf *b, struct hs_str v)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789.:/[]-";

	for (size_t i = 0; i < v.len; i++)
		if (memchr(plain, v.p[i], sizeof(plain) - 1) == NULL && b->err == HS_OK)
			b->err = HS_ERR_INTERNAL;
	hs_put_raw(b, v.p, v.len);
}

// The union over the statements: where it is narrower for one of them, handseal-shell looks
// again.
static void
put_from(struct hs_buf *b, const struct hs_scope *s)
{
	bool some = false;

	if (some_has(s, HS_KEY_ADDR, hs_str_c("*")))
		return;
	for (size_t st = 0; st < hs_scope_statements(s); st++)
		for (size_t i = 0; i < hs_scope_values(s, st, HS_KEY_ADDR); i++) {
			struct hs_str v = hs_scope_value(s, st, HS_KEY_ADDR, i);

			if (said_before(s, st, HS_KEY_ADDR, v))
				continue;
			hs_put_fmt(b, "%s", some ? "," : ",from=\"");
			put_plain(b, v);
			some = true;
		}
	hs_put_u8(b, '"');
	// without an address nobody may come, and a line without from= lets everybody
	if (!some && b->err == HS_OK)
		b->err = HS_ERR_INTERNAL;
}

// What every statement may open: sshd knows one list for the whole connection.
static void
put_ports(struct hs_buf *b, const struct hs_scope *s)
{
	bool some = false;

	for (size_t st = 0; st < hs_scope_statements(s); st++)
		for (size_t i = 0; i < hs_scope_values(s, st, HS_KEY_OPEN); i++) {
			struct hs_str v = hs_scope_value(s, st, HS_KEY_OPEN, i);

			if (said_before(s, st, HS_KEY_OPEN, v) ||
			    !every_has(s, HS_KEY_OPEN, v))
				continue;
			hs_put_fmt(b, "%s,permitopen=\"", some ? "" : ",port-forwarding");
			if (hs_str_is(v, "*"))
				hs_put_fmt(b, "*:*");
			else
				put_plain(b, v);
			hs_put_u8(b, '"');
			some = true;
		}
	if (some)
		hs_put_fmt(b, ",permitlisten=\"" LISTEN_NOWHERE "\"");
}

static void
put_permits(struct hs_buf *b, const struct hs_scope *s, bool direct, bool ports)
{
	for (unsigned p = 0; p < HS_PERMIT_COUNT; p++) {
		struct hs_str name = hs_str_c(hs_permit_name((enum hs_permit)p));
		bool ok = every_has(s, HS_KEY_PERMIT, name);

		// of a terminal handseal-shell asks again, for the command that is to run
		// on it
		if (p == HS_PERMIT_PTY && !direct)
			ok = some_has(s, HS_KEY_PERMIT, name);
		if (!ok)
			continue;
		if (p == HS_PERMIT_PORT) {
			if (ports)
				put_ports(b, s);
			continue;
		}
		hs_put_u8(b, ',');
		hs_put_raw(b, name.p, name.len);
	}
}

// A path that means itself in an authorized_keys line and to the login shell that runs it.
static bool
is_plain_path(const char *path)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/+-";

	return path != NULL && path[0] == '/' && path[strspn(path, plain)] == '\0';
}

static int
put_command(struct hs_buf *b, const struct hs_verdict *v,
    const struct hs_server_conf *server, const char *shell_path)
{
	const struct hs_delegation *d = &v->delegation;
	struct hs_shell_arg back, arg = {.end = d->cert.valid_before,
				      .grant_end = d->grant.payload.end,
				      .id = d->cert.key_id,
				      .scope = hs_scope_text(v->effective),
				      .made = hs_delegation_made(d),
				      .config = hs_str_c(server->folder)};
	struct hs_buf raw = {0}, lineage = {0}, root = {0}, session = {0};
	int rc;

	for (size_t i = 0; i < d->nlineage; i++)
		hs_put_u64(&lineage, d->lineage[i]);
	hs_key_put(&root, &v->root->key);
	hs_key_put(&session, &d->grant.cert.key);
	arg.lineage = hs_buf_str(&lineage);
	arg.root = hs_buf_str(&root);
	arg.session = hs_buf_str(&session);
	if (hs_buf_err(&lineage) == HS_OK && hs_buf_err(&root) == HS_OK &&
	    hs_buf_err(&session) == HS_OK)
		hs_shell_arg_put(&raw, &arg);
	// better no login than one whose every command fails
	if ((rc = hs_buf_err(&raw)) == HS_OK)
		rc = hs_shell_arg_parse(hs_buf_str(&raw), &back);
	if (rc == HS_OK) {
		hs_put_fmt(b, ",command=\"%s ", shell_path);
		hs_text_put_base64url(b, hs_buf_str(&raw));
		hs_put_u8(b, '"');
	}
	hs_buf_free(&raw);
	hs_buf_free(&lineage);
	hs_buf_free(&root);
	hs_buf_free(&session);
	return rc;
}

// A direct certificate is forced by itself: a second forced command beside its own would
// make sshd refuse the login.
static bool
forces_itself(const struct hs_verdict *v)
{
	return hs_options_find(&v->direct_cert.cert.critical, "force-command") != NULL;
}

static int
put_line(struct hs_buf *b, const struct hs_verdict *v, const struct hs_server_conf *server,
    const char *shell_path, struct hs_err *err)
{
	const struct hs_scope *s = v->effective;
	int rc;

	if (v->direct && !every_runs_anything(s) && !forces_itself(v))
		return hs_fail(
		    err, HS_NO_CERT_FORM, "the direct certificate forces no command");
	hs_put_fmt(b, "restrict,cert-authority");
	// without principals= sshd looks for the login name in the certificate itself
	if (!v->direct)
		hs_put_fmt(b, ",principals=\"" HS_PRINCIPAL_DELEGATION "\"");
	put_from(b, s);
	put_permits(b, s, v->direct, server->port_forwarding);
	// `cmd *` too: whatever runs is ended by handseal-shell
	if (!v->direct && (rc = put_command(b, v, server, shell_path)) != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "the line for handseal-shell: %s",
		    hs_code_sentence((enum hs_code)rc));
	hs_put_u8(b, ' ');
	hs_key_put_line(b, v->direct ? &v->root->key : &v->delegation.grant.cert.key);
	hs_put_u8(b, '\n');
	if ((rc = hs_buf_err(b)) != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "the line: %s",
		    hs_code_sentence((enum hs_code)rc));
	return HS_OK;
}

int
hs_chain_put_line(struct hs_buf *b, const struct hs_verdict *v,
    const struct hs_server_conf *server, const char *shell_path, struct hs_err *err)
{
	size_t before = b->len;
	int rc;

	if (hs_buf_err(b) != HS_OK)
		return hs_fail(err, (enum hs_code)hs_buf_err(b), "%s",
		    hs_code_sentence((enum hs_code)hs_buf_err(b)));
	if (v->code != HS_OK || v->root == NULL || v->effective == NULL ||
	    hs_scope_statements(v->effective) == 0)
		return hs_fail(
		    err, HS_ERR_INTERNAL, "there is no line for what is not admitted");
	if (!is_plain_path(shell_path))
		return hs_fail(err, HS_ERR_USAGE,
		    "the path of handseal-shell must begin with / and have letters, digits "
		    "and "
		    "._/+- only");
	rc = put_line(b, v, server, shell_path, err);
	if (rc != HS_OK)
		b->len = before;
	return rc;
}
