// SPDX-License-Identifier: ISC
//
// What a seat signs. Contract in guard.h; the rules stand in docs/PROTOCOL.seat.
#include "proto/guard.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "proto/names.h"
#include "proto/scope_internal.h"

#define SHOW 120 // bytes of a value in a sentence

struct guarding {
	const struct hs_guard_input *in;
	struct hs_guarded *out;
	struct hs_userauth login;
	struct hs_userauth_message message;
	const struct hs_guard_bind *last; // NULL: the login is unbound
};

static int
cut(struct hs_str s)
{
	return s.len < SHOW ? (int)s.len : SHOW;
}

static const char *
chars(struct hs_str s)
{
	return s.len > 0 ? (const char *)s.p : "";
}

// For a value in a sentence: "%.*s" of it.
#define SHOWN(s) cut(s), chars(s)

__attribute__((format(printf, 3, 4))) static bool
refuse(struct guarding *g, enum hs_code code, const char *fmt, ...)
{
	char text[sizeof(g->out->err.text)];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	(void)hs_fail(&g->out->err, code, "%s", text);
	return false;
}

__attribute__((format(printf, 2, 3))) static void
remedy(struct guarding *g, const char *fmt, ...)
{
	struct hs_err e = {0}; // cuts and cleans as sentences are
	char text[sizeof(e.text)];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	(void)hs_fail(&e, HS_OK, "%s", text);
	(void)snprintf(g->out->remedy, sizeof(g->out->remedy), "%s", e.text);
}

static bool
allow(struct guarding *g, size_t scope)
{
	struct hs_guarded *o = g->out;

	o->allow = true;
	o->scope = scope;
	if (o->what == HS_SIGNS_MESSAGE)
		(void)hs_fail(
		    &o->err, HS_OK, "a signature in the namespace %.*s", SHOWN(o->ns));
	else if (!o->bound)
		(void)hs_fail(&o->err, HS_OK,
		    "a login as %.*s, to a server that is not known", SHOWN(o->user));
	else
		(void)hs_fail(&o->err, HS_OK, "a login as %.*s on %.*s", SHOWN(o->user),
		    SHOWN(o->host.len > 0 ? o->host : hs_str_c("a server of no name")));
	return true;
}

static bool
refuse_without_scopes(struct guarding *g)
{
	remedy(g, "ask for a certificate first: handseal request");
	return refuse(g, HS_NO_OTHER, "the seat holds no certificate for this");
}

// ---- logins

static int
ask_login(const struct guarding *g, size_t scope, const struct hs_str *names, size_t n)
{
	struct hs_request req = {
	    .kind = HS_REQ_LOGIN, .user = g->login.user, .hosts = names, .nhosts = n};

	return hs_scope_permits(g->in->scopes[scope], &req, NULL);
}

static bool
any_has_user(const struct guarding *g, size_t *scope)
{
	for (*scope = 0; *scope < g->in->nscopes; (*scope)++) {
		int rc = ask_login(g, *scope, NULL, 0);

		if (rc == HS_OK || rc == HS_NO_HOST)
			return true;
	}
	return false;
}

static bool
refuse_user(struct guarding *g)
{
	remedy(g, "ask for a certificate with that user: handseal request --user");
	return refuse(
	    g, HS_NO_USER, "the scope does not allow the user %.*s", SHOWN(g->login.user));
}

static bool
judge_unbound(struct guarding *g)
{
	size_t scope;

	if (g->in->require) {
		remedy(g,
		    "use ssh of OpenSSH 8.9 or later; or have a person take `HostBinding "
		    "require` out of the policy");
		return refuse(g, HS_NO_BIND,
		    "the login is bound to no server, and the policy says HostBinding "
		    "require");
	}
	return any_has_user(g, &scope) ? allow(g, scope) : refuse_user(g);
}

static bool
refuse_server(struct guarding *g)
{
	const struct hs_guard_bind *b = g->last;
	const struct hs_str *name = NULL;
	size_t unused;

	if (!any_has_user(g, &unused))
		return refuse_user(g);
	for (size_t i = 0; i < b->nnames && name == NULL; i++)
		if (scope_is_host(b->names[i]))
			name = &b->names[i];
	if (name == NULL) {
		remedy(g,
		    "have a person log in to it once by its name, so that known_hosts has "
		    "its key");
		return refuse(g, HS_NO_HOST_KEY,
		    "the server's key is known under no name, and the scope allows servers "
		    "by their names");
	}
	remedy(g, "ask for a certificate with that host: handseal request --host %.*s",
	    SHOWN(*name));
	return refuse(g, HS_NO_HOST, "the scope does not allow %.*s on %.*s%s",
	    SHOWN(g->login.user), SHOWN(*name),
	    b->nnames > 1 ? " or another name of that server" : "");
}

// One statement must have the user and a name of the server together.
static bool
judge_server(struct guarding *g)
{
	const struct hs_guard_bind *b = g->last;

	for (size_t s = 0; s < g->in->nscopes; s++) {
		for (size_t i = 0; i < b->nnames; i++)
			if (ask_login(g, s, &b->names[i], 1) == HS_OK) {
				g->out->host = b->names[i];
				return allow(g, s);
			}
		if (ask_login(g, s, NULL, 0) == HS_OK)
			return allow(g, s); // `host *`, and it has no name
	}
	return refuse_server(g);
}

static bool
judge_login(struct guarding *g)
{
	const char *anew = "connect to the agent anew for each login, as ssh does";
	const struct hs_userauth *u = &g->login;

	if (g->in->nscopes > 1 && hs_userauth_is_cert(u->key)) {
		remedy(g, "this is a fault of handseald: report it");
		return refuse(g, HS_ERR_INTERNAL, "a certificate came with several scopes");
	}
	if (g->last != NULL && !hs_str_eq(g->last->session, u->session)) {
		remedy(g, "%s", anew);
		return refuse(g, HS_NO_BIND,
		    "the login is of another SSH session than the connection is bound to");
	}
	if (g->last != NULL && u->hostbound && !hs_str_eq(g->last->host_key, u->host_key)) {
		remedy(g, "%s", anew);
		return refuse(g, HS_NO_BIND,
		    "the login names another server's key than the connection is bound to");
	}
	if (g->in->nscopes == 0)
		return refuse_without_scopes(g);
	g->out->bound = g->last != NULL;
	return g->out->bound ? judge_server(g) : judge_unbound(g);
}

// ---- messages

static bool
is_ours(struct hs_str ns)
{
	size_t n = strlen(HS_VENDOR);

	return ns.len >= n && memcmp(ns.p + ns.len - n, HS_VENDOR, n) == 0;
}

static bool
judge_message(struct guarding *g)
{
	struct hs_request req = {.kind = HS_REQ_NS, .value = g->message.ns};

	if (is_ours(req.value)) {
		remedy(g, "sign in another namespace");
		return refuse(g, HS_NO_OTHER,
		    "the namespace %.*s is handseal's own, and never signed in",
		    SHOWN(req.value));
	}
	if (g->in->nscopes == 0)
		return refuse_without_scopes(g);
	for (size_t s = 0; s < g->in->nscopes; s++)
		if (hs_scope_permits(g->in->scopes[s], &req, NULL) == HS_OK)
			return allow(g, s);
	remedy(g, "ask for a certificate with that namespace: handseal request --ns");
	return refuse(g, HS_NO_OTHER,
	    "the scope does not allow signatures in the namespace %.*s", SHOWN(req.value));
}

bool
hs_guard(const struct hs_guard_input *in, struct hs_guarded *out)
{
	struct guarding g = {.in = in, .out = out};
	struct hs_err why = {0};

	memset(out, 0, sizeof(*out));
	out->what = hs_userauth_which(in->data, in->key, &g.login, &g.message, &why);
	if (out->what == HS_SIGNS_NEITHER) {
		remedy(&g, "use ssh, or ssh-keygen -Y sign, of OpenSSH");
		return refuse(&g, HS_NO_SIGN,
		    "only SSH logins and SSHSIG messages are signed, and this is none: %s",
		    hs_err_sentence(&why));
	}
	out->user = g.login.user;
	out->ns = g.message.ns;
	for (size_t i = 0; i < in->nbinds; i++)
		if (in->binds[i].forwarding) {
			remedy(&g, "use it on this machine, and log in without ssh -A");
			return refuse(&g, HS_NO_FORWARD,
			    "the connection comes from a server, by agent forwarding");
		}
	if (out->what == HS_SIGNS_MESSAGE)
		return judge_message(&g);
	g.last = in->nbinds > 0 ? &in->binds[in->nbinds - 1] : NULL;
	return judge_login(&g);
}
