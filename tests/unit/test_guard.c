// SPDX-License-Identifier: ISC
//
// The sign guard, a row for every branch of docs/PROTOCOL.seat section 4: scopes, binds,
// what is asked, and what comes of it with its code, sentence and remedy; then what OpenSSH
// itself asked. What must hold of all decisions is test_guard_props.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "tests/lib/asked.h"

#define SCOPES 3
#define BINDS  3
#define NAMES  3

struct bind {
	const char *session;
	const char *names[NAMES];
	bool forwarding, other_key; // the key of another server than rows log in to
};

struct row {
	const char *name;
	const char *scopes[SCOPES]; // their statements
	const char *user, *ns;	    // a login, a message
	const char *session;	    // "s" where it is not said
	struct bind binds[BINDS];
	bool hostbound, other_key; // the login names the server's key; another's
	bool by_key;		   // it is asked by a key, not by a certificate
	bool require;
	enum hs_code code;
	const char *host;
	bool bound;
	size_t scope;
	const char *says, *remedy; // parts of them
};

#define LOGIN(user, host) "user " user "\nhost " host "\naddr *\n"
#define WEB		  LOGIN("deploy", "web1.example.com")
#define DB		  LOGIN("root", "*.db.example.com")
#define ANY		  LOGIN("deploy", "*")
#define BOUND(...)	  .binds = {{"s", {__VA_ARGS__}}}
#define KNOWN		  BOUND("web1.example.com")

static const struct row rows[] = {
    // b
    {"b: the only bind forwards", {WEB}, "deploy", NULL,
	.binds = {{"s", {"web1.example.com"}, .forwarding = true}}, .code = HS_NO_FORWARD,
	.says = "by agent forwarding", .remedy = "without ssh -A"},
    {"b: an earlier one does", {WEB}, "deploy", NULL,
	.binds = {{"r", {"web1.example.com"}, .forwarding = true},
	    {"s", {"web1.example.com"}}},
	.code = HS_NO_FORWARD},
    {"b: the last one does", {WEB}, "deploy", NULL,
	.binds = {{"s", {"web1.example.com"}},
	    {"s", {"web1.example.com"}, .forwarding = true}},
	.code = HS_NO_FORWARD},
    {"b: messages no less", {"ns git\n"}, NULL, "git",
	.binds = {{"s", {NULL}, .forwarding = true}}, .code = HS_NO_FORWARD},
    // c
    {"c: a proof for more", {"ns *\n"}, NULL, "request@handseal.alt", .code = HS_NO_OTHER,
	.says = "request@handseal.alt is handseal's own", .remedy = "another namespace"},
    {"c: though it stands in the scope", {"ns request@handseal.alt\n"}, NULL,
	"request@handseal.alt", .code = HS_NO_OTHER, .says = "handseal's own"},
    {"c: whatever stands before", {"ns *\n"}, NULL, "x@handseal.alt", .code = HS_NO_OTHER,
	.says = "handseal's own"},
    {"c: nothing before", {"ns *\n"}, NULL, "@handseal.alt", .code = HS_NO_OTHER,
	.says = "handseal's own"},
    {"c: before what is held", {NULL}, NULL, "x@handseal.alt", .code = HS_NO_OTHER,
	.says = "handseal's own"},
    {"c: another end", {"ns *\n"}, NULL, "x@handseal.alt.example", .code = HS_OK},
    {"c: a part of it", {"ns *\n"}, NULL, "handseal.alt", .code = HS_OK},
    // d
    {"d: its namespace", {"ns git\n"}, NULL, "git", .says = "in the namespace git"},
    {"d: any", {"ns *\n"}, NULL, "file", .code = HS_OK},
    {"d: another", {"ns git\n"}, NULL, "file", .code = HS_NO_OTHER,
	.says = "in the namespace file", .remedy = "--ns"},
    {"d: a pattern is none", {"ns *\n"}, NULL, "*", .code = HS_NO_OTHER},
    {"d: what no scope can name", {"ns *\n"}, NULL, "a b", .code = HS_NO_OTHER},
    {"d: nor show", {"ns *\n"}, NULL, "a\033]0;\xff", .code = HS_NO_OTHER,
	.says = "namespace a?]0;?"},
    {"d: case counts", {"ns git\n"}, NULL, "GIT", .code = HS_NO_OTHER},
    {"d: a scope of logins", {WEB}, NULL, "git", .code = HS_NO_OTHER},
    {"d: a later statement", {WEB "\nns git\n"}, NULL, "git", .code = HS_OK},
    {"d: a later scope", {WEB, "ns file\n", "ns git\n"}, NULL, "git", .scope = 2},
    {"d: no scope", {NULL}, NULL, "git", .code = HS_NO_OTHER, .says = "no certificate",
	.remedy = "handseal request"},
    {"d: a bind is not in its way", {"ns git\n"}, NULL, "git", BOUND(NULL)},
    {"d: nor HostBinding", {"ns git\n"}, NULL, "git", .require = true},
    // e
    {"e: another session", {WEB}, "deploy", NULL, .session = "t", KNOWN, .code = HS_NO_BIND,
	.says = "another SSH session", .remedy = "anew"},
    {"e: the one before the last", {WEB}, "deploy", NULL,
	.binds = {{"s", {"web1.example.com"}}, {"t", {"web1.example.com"}}},
	.code = HS_NO_BIND},
    {"e: the last of two", {WEB}, "deploy", NULL,
	.binds = {{"t", {"db.example.com"}}, {"s", {"web1.example.com"}}}, .bound = true,
	.host = "web1.example.com"},
    {"e: a part of it", {WEB}, "deploy", NULL, .session = "ss", KNOWN, .code = HS_NO_BIND},
    {"e: before what is held", {NULL}, "deploy", NULL, .session = "t", KNOWN,
	.code = HS_NO_BIND},
    // f
    {"f: the server's key", {WEB}, "deploy", NULL, KNOWN, .hostbound = true, .bound = true,
	.host = "web1.example.com"},
    {"f: another's", {WEB}, "deploy", NULL, KNOWN, .hostbound = true, .other_key = true,
	.code = HS_NO_BIND, .says = "another server's key", .remedy = "anew"},
    {"f: that of the bind before", {WEB}, "deploy", NULL,
	.binds = {{"r", {"web1.example.com"}},
	    {"s", {"web1.example.com"}, .other_key = true}},
	.hostbound = true, .code = HS_NO_BIND},
    // g
    {"g: nothing is held", {NULL}, "deploy", NULL, KNOWN, .code = HS_NO_OTHER,
	.says = "no certificate", .remedy = "handseal request"},
    {"g: and no bind", {NULL}, "deploy", NULL, .code = HS_NO_OTHER},
    {"g: a certificate with several scopes", {WEB, WEB}, "deploy", NULL, KNOWN,
	.code = HS_ERR_INTERNAL, .remedy = "report it"},
    // h
    {"h: a statement has both", {WEB}, "deploy", NULL, KNOWN, .bound = true,
	.host = "web1.example.com", .says = "as deploy on web1.example.com"},
    {"h: by a pattern", {DB}, "root", NULL, BOUND("a.db.example.com"), .bound = true,
	.host = "a.db.example.com"},
    {"h: by another of its names", {WEB}, "deploy", NULL,
	BOUND("old.example.com", "web1.example.com"), .bound = true,
	.host = "web1.example.com"},
    {"h: two statements, one each", {WEB "\n" DB}, "root", NULL, KNOWN, .bound = true,
	.code = HS_NO_HOST, .says = "root on web1.example.com",
	.remedy = "--host web1.example.com"},
    {"h: a later statement", {WEB "\n" DB}, "root", NULL, BOUND("a.db.example.com"),
	.bound = true, .host = "a.db.example.com"},
    {"h: another user", {WEB}, "root", NULL, KNOWN, .bound = true, .code = HS_NO_USER,
	.says = "the user root", .remedy = "--user"},
    {"h: no login's scope", {"ns git\n"}, "deploy", NULL, KNOWN, .bound = true,
	.code = HS_NO_USER},
    {"h: another host", {WEB}, "deploy", NULL, BOUND("web2.example.com"), .bound = true,
	.code = HS_NO_HOST, .says = "deploy on web2.example.com"},
    {"h: none of two", {WEB}, "deploy", NULL, BOUND("web2.example.com", "x"), .bound = true,
	.code = HS_NO_HOST, .says = "or another name"},
    {"h: no name", {WEB}, "deploy", NULL, BOUND(NULL), .bound = true,
	.code = HS_NO_HOST_KEY, .says = "under no name", .remedy = "known_hosts"},
    {"h: an address is none", {WEB}, "deploy", NULL, BOUND("192.0.2.1", "[x]:22"),
	.bound = true, .code = HS_NO_HOST_KEY},
    {"h: nor is a pattern", {DB}, "root", NULL, BOUND("*.db.example.com"), .bound = true,
	.code = HS_NO_HOST_KEY},
    {"h: nor is `*`", {DB}, "root", NULL, BOUND("*"), .bound = true,
	.code = HS_NO_HOST_KEY},
    {"h: an address beside a name", {WEB}, "deploy", NULL,
	BOUND("192.0.2.1", "web2.example.com"), .bound = true, .code = HS_NO_HOST,
	.says = "deploy on web2.example.com"},
    {"h: any server, by its name", {ANY}, "deploy", NULL, BOUND("x"), .bound = true,
	.host = "x"},
    {"h: any server, of no name", {ANY}, "deploy", NULL, BOUND(NULL), .bound = true,
	.host = "", .says = "a server of no name"},
    {"h: any server, of an address", {ANY}, "deploy", NULL, BOUND("192.0.2.1"),
	.bound = true, .host = "192.0.2.1"},
    {"h: any server, another user", {ANY}, "root", NULL, BOUND(NULL), .bound = true,
	.code = HS_NO_USER},
    {"h: any user", {LOGIN("*", "x")}, "anybody", NULL, BOUND("x"), .bound = true,
	.host = "x"},
    {"h: what is no user", {LOGIN("*", "x")}, "-oProxyCommand=x", NULL, BOUND("x"),
	.bound = true, .code = HS_NO_USER},
    {"h: nor can be shown", {LOGIN("*", "x")}, "a\nb\033\xff", NULL, BOUND("x"),
	.bound = true, .code = HS_NO_USER, .says = "user a?b??"},
    {"h: a pattern is no user", {LOGIN("*", "x")}, "*", NULL, BOUND("x"), .bound = true,
	.code = HS_NO_USER},
    {"h: HostBinding is content", {WEB}, "deploy", NULL, KNOWN, .bound = true,
	.require = true, .host = "web1.example.com"},
    {"h: a key has all scopes", {DB, WEB}, "deploy", NULL, KNOWN, .by_key = true,
	.bound = true, .scope = 1, .host = "web1.example.com"},
    {"h: and each by itself", {LOGIN("root", "web1.example.com"), LOGIN("deploy", "x")},
	"deploy", NULL, KNOWN, .by_key = true, .bound = true, .code = HS_NO_HOST},
    {"h: the first of two that do", {WEB, ANY}, "deploy", NULL, KNOWN, .by_key = true,
	.bound = true, .scope = 0, .host = "web1.example.com"},
    {"h: a scope of one address all the same",
	{"user deploy\nhost web1.example.com\naddr 10.0.0.0/8\n"}, "deploy", NULL, KNOWN,
	.bound = true, .host = "web1.example.com"},
    // i
    {"i: required", {WEB}, "deploy", NULL, .require = true, .code = HS_NO_BIND,
	.says = "HostBinding require", .remedy = "OpenSSH 8.9"},
    {"i: required, host-bound or not", {WEB}, "deploy", NULL, .hostbound = true,
	.require = true, .code = HS_NO_BIND},
    {"i: required, whatever the user", {WEB}, "root", NULL, .require = true,
	.code = HS_NO_BIND},
    {"i: a user in scope", {WEB}, "deploy", NULL, .host = "",
	.says = "as deploy, to a server that is not known"},
    {"i: on any server", {ANY}, "deploy", NULL, .host = ""},
    {"i: host-bound", {WEB}, "deploy", NULL, .hostbound = true, .host = ""},
    {"i: a later statement", {DB "\n" WEB}, "deploy", NULL, .host = ""},
    {"i: a later scope", {DB, "ns git\n", WEB}, "deploy", NULL, .by_key = true, .scope = 2,
	.host = ""},
    {"i: another user", {WEB}, "root", NULL, .code = HS_NO_USER, .says = "the user root",
	.remedy = "--user"},
    {"i: no login's scope", {"ns git\ncap a:b\n"}, "deploy", NULL, .code = HS_NO_USER},
    {"i: what is no user", {LOGIN("*", "x")}, "a b", NULL, .code = HS_NO_USER},
};

static const char key_bytes[] = "\0\0\0\x0bssh-ed25519\0\0\0\x01k";
static const char cert_bytes[] = "\0\0\0\x20ssh-ed25519-cert-v01@openssh.com\0\0\0\x01k";

static struct hs_str
bytes(const char *p, size_t n)
{
	return (struct hs_str){(const uint8_t *)p, n};
}

struct world {
	struct hs_scope *scopes[SCOPES];
	struct hs_guard_bind binds[BINDS];
	struct hs_str names[BINDS][NAMES];
	struct hs_buf data;
	struct hs_guard_input in;
};

static void
put_data(struct world *w, const struct row *r)
{
	struct hs_str host = hs_str_c(r->other_key ? "other" : "server");
	struct asked_login l = {0};
	struct asked_message m;

	if (r->ns != NULL) {
		m = asked_message(r->ns);
		asked_put_message(&w->data, &m);
		return;
	}
	l = asked_login(hs_str_c(r->session != NULL ? r->session : "s"), r->user, w->in.key,
	    r->hostbound ? &host : NULL);
	asked_put_login(&w->data, &l);
}

static void
make_world(struct world *w, const struct row *r)
{
	memset(w, 0, sizeof *w);
	for (size_t i = 0; i < SCOPES && r->scopes[i] != NULL; i++)
		w->scopes[w->in.nscopes++] = asked_scope(r->scopes[i]);
	for (size_t i = 0; i < BINDS && r->binds[i].session != NULL; i++) {
		const struct bind *from = &r->binds[i];
		struct hs_guard_bind *b = &w->binds[w->in.nbinds++];

		b->session = hs_str_c(from->session);
		b->forwarding = from->forwarding;
		b->host_key = hs_str_c(from->other_key ? "other" : "server");
		b->names = w->names[i];
		while (b->nnames < NAMES && from->names[b->nnames] != NULL) {
			w->names[i][b->nnames] = hs_str_c(from->names[b->nnames]);
			b->nnames++;
		}
	}
	w->in.scopes = (const struct hs_scope *const *)w->scopes;
	w->in.binds = w->binds;
	w->in.require = r->require;
	w->in.key = r->by_key ? bytes(key_bytes, sizeof key_bytes - 1)
			      : bytes(cert_bytes, sizeof cert_bytes - 1);
	put_data(w, r);
	w->in.data = hs_buf_str(&w->data);
}

static void
free_world(struct world *w)
{
	for (size_t i = 0; i < SCOPES; i++)
		hs_scope_free(&w->scopes[i]);
	hs_buf_free(&w->data);
}

static void
judge(const struct row *r, const struct hs_guarded *d)
{
	if (d->err.code != r->code)
		fail_msg("%s: %s: %s", r->name, hs_code_name(d->err.code), d->err.text);
	if (r->says != NULL && strstr(d->err.text, r->says) == NULL)
		fail_msg("%s: says \"%s\"", r->name, d->err.text);
	if (r->remedy != NULL && strstr(d->remedy, r->remedy) == NULL)
		fail_msg("%s: remedy \"%s\"", r->name, d->remedy);
	if (d->bound != r->bound)
		fail_msg("%s: bound %d", r->name, d->bound);
	if (d->scope != r->scope)
		fail_msg("%s: scope %zu", r->name, d->scope);
	if (!hs_str_is(d->host, r->host != NULL ? r->host : ""))
		fail_msg("%s: host %.*s", r->name, (int)d->host.len, d->host.p);
	assert_int_equal(d->what, r->ns != NULL ? HS_SIGNS_MESSAGE : HS_SIGNS_LOGIN);
	assert_true(hs_str_is(d->user, r->user != NULL ? r->user : ""));
	assert_true(hs_str_is(d->ns, r->ns != NULL ? r->ns : ""));
}

static void
each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hs_guarded d;
		struct world w;

		make_world(&w, &rows[i]);
		(void)asked_judge(&w.in, &d);
		judge(&rows[i], &d);
		free_world(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_row)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
