// SPDX-License-Identifier: ISC
//
// handseal server add: looks, shows what it would do, asks, does it, proves it, and keeps
// it or undoes all of it. What is done there is server_remote.sh's; `--print` prints that.
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "client/handseal/rootinfo.h"
#include "client/handseal/server.h"
#include "client/handseal/server_link.h"
#include "client/handseal/server_plan.h"
#include "client/handseal/server_proof.h"
#include "proto/knownhosts.h"
#include "proto/serverconf.h"

#define PROBE_SECONDS 120 // the person may have to type or touch something for ssh
#define ADD_SECONDS   300

struct adding {
	struct hs_server *s;
	struct hs_serverlink link;
	struct hs_serverproof proof;
	struct hs_serverscript script;
	struct hs_buf lines; // for roots
	struct hs_buf users; // whom they admit, a blank between two
	struct hs_buf facts; // what the server said before anything was changed
	char login[65];	     // to try
};

static void
bad_line(void *arg, const struct hs_err *err)
{
	*(struct hs_err *)arg = *err;
}

// The lines for roots, which the server's own reader must take.
static int
make_lines(struct adding *a, struct hs_err *err)
{
	const struct hs_rootlist *l = &a->s->roots;
	const char *users = hs_cli_cstr(&a->s->users);
	struct hs_err why = {0};
	struct hs_roots parsed;
	int rc;

	if (l->n == 0)
		return hs_fail(err, HS_NO_SUCH,
		    "no security key is enrolled: enrol one with handseal enroll");
	for (size_t i = 0; i < l->n; i++) {
		hs_rootinfo_put_server_line(
		    &a->lines, &l->v[i], users[0] != '\0' ? users : NULL);
		hs_put_u8(&a->lines, '\n');
	}
	rc = hs_roots_parse(hs_buf_str(&a->lines), &parsed, bad_line, &why);
	if (rc == HS_OK && parsed.n != l->n)
		rc = hs_fail(err, HS_ERR_USAGE, "%s", hs_err_sentence(&why));
	hs_roots_free(&parsed);
	return rc;
}

static void
put_user(struct adding *a, struct hs_str user)
{
	if (a->users.len > 0)
		hs_put_u8(&a->users, ' ');
	hs_put_raw(&a->users, user.p, user.len);
	if (a->login[0] == '\0' && !hs_str_is(user, "*"))
		(void)hs_str_copy(user, a->login, sizeof a->login);
}

static void
put_users_of(struct adding *a, const struct hs_root *r)
{
	if (r->users_any)
		put_user(a, hs_str_c("*"));
	for (size_t i = 0; i < r->nusers; i++)
		put_user(a, hs_str_c(r->users[i]));
}

// Whom it will admit: as --user says, else as the lines say that stand there.
static int
find_users(struct adding *a, struct hs_err *err)
{
	struct hs_str given = hs_buf_str(&a->s->users), user;
	const struct hs_root *there = NULL;
	struct hs_buf text = {0};
	struct hs_roots roots;
	int rc;

	while (hs_str_next(&given, ',', &user))
		put_user(a, user);
	hs_server_text(hs_buf_str(&a->facts), "root", &text);
	rc = hs_roots_parse(hs_buf_str(&text), &roots, NULL, NULL);
	for (size_t i = 0; rc == HS_OK && a->s->users.len == 0 && i < a->s->roots.n; i++) {
		there = hs_roots_find(&roots, &a->s->roots.v[i].key);
		if (there == NULL)
			rc = hs_fail(err, HS_ERR_USAGE,
			    "--user says which logins your touch may be for, such as "
			    "--user deploy");
		else if (i == 0)
			put_users_of(a, there);
	}
	if (rc == HS_OK && a->login[0] == '\0' && !a->s->no_proof)
		rc = hs_fail(err, HS_ERR_USAGE,
		    "a login is tried, so --user must name one, beside *; --no-proof tries "
		    "none");
	hs_roots_free(&roots);
	hs_buf_free(&text);
	return rc;
}

// ---- scripts

static int
make_script(struct adding *a, struct hs_serverscript *c, const char *told,
    struct hs_str expect, struct hs_err *err)
{
	const struct hs_server *s = a->s;
	char within[24];

	hs_serverscript_begin(c, told);
	hs_server_within(s, within);
	hs_serverscript_set(c, "wait", hs_str_c(told[0] != '\0' ? "" : within));
	hs_serverscript_set(c, "run_as", hs_str_c(s->run_as != NULL ? s->run_as : ""));
	hs_serverscript_set(c, "names", hs_buf_str(&s->names));
	hs_serverscript_set(c, "users", hs_buf_str(&a->users));
	hs_serverscript_set(c, "expect", expect);
	hs_serverscript_text(c, "roots_", hs_buf_str(&a->lines));
	return hs_serverscript_programs(c, s->programs, err);
}

static int
call(struct adding *a, const char *commands, unsigned seconds, struct hs_err *err)
{
	struct hs_serverscript c = {0};
	int rc;

	hs_serverscript_call(&c, commands);
	rc = hs_serverlink_call(&a->link, a->s, &c, seconds, err);
	hs_serverscript_free(&c);
	return rc;
}

static int
probe(struct adding *a, struct hs_err *err)
{
	struct hs_serverscript c = {0};
	struct hs_str users = hs_buf_str(&a->s->users), user;
	struct hs_buf blanks = {0};
	int rc;

	while (hs_str_next(&users, ',', &user)) {
		hs_put_raw(&blanks, user.p, user.len);
		hs_put_u8(&blanks, ' ');
	}
	hs_serverscript_begin(&c, "");
	hs_serverscript_set(&c, "users", hs_buf_str(&blanks));
	hs_serverscript_call(&c, "probe; printf 'end %s\\n' $?");
	rc = hs_serverlink_call(&a->link, a->s, &c, PROBE_SECONDS, err);
	hs_put_raw(&a->facts, a->link.facts.p, a->link.facts.len);
	hs_serverscript_free(&c);
	hs_buf_free(&blanks);
	return rc != HS_OK ? rc : hs_buf_err(&a->facts);
}

// ---- what it would do

static struct hs_str
fact(const struct adding *a, const char *key)
{
	struct hs_str v;

	(void)hs_serverfacts_find(hs_buf_str(&a->facts), key, &v);
	return v;
}

static void
put_fact(struct hs_buf *b, struct hs_str v)
{
	hs_put_raw(b, v.p, v.len);
}

static int
show(struct adding *a, struct hs_err *err)
{
	struct hs_str unfinished = fact(a, "unfinished");
	struct hs_buf b = {0};
	int rc = HS_OK;

	if (hs_str_is(fact(a, "kind"), "other") && a->s->run_as == NULL) {
		struct hs_str was = fact(a, "command"), user = fact(a, "command-user");

		return hs_fail(err, HS_ERR_USAGE,
		    "sshd asks a command already, as the user %.*s: %.*s. It can go on "
		    "behind handseal-verify, but both run as one user: --run-as %.*s "
		    "leaves it as it is, --run-as handseal-verify makes it run as that",
		    (int)user.len, (const char *)user.p, (int)was.len, (const char *)was.p,
		    (int)user.len, (const char *)user.p);
	}
	if (!a->s->json) {
		rc = hs_serverplan_put(
		    &b, a->s, hs_buf_str(&a->facts), hs_buf_str(&a->users), a->login);
		if (unfinished.len > 0)
			hs_put_fmt(
			    &b, "First it undoes what was begun here and not ended.\n");
		hs_cli_put_text(stdout, hs_buf_str(&b), "");
	}
	if (rc != HS_OK)
		(void)hs_fail(err, (enum hs_code)rc, "%s", "");
	else if (!hs_server_agreed(a->s, "Do it?", err))
		rc = (int)err->code;
	hs_buf_free(&b);
	return rc;
}

// ---- doing it

// All that is to be sent, before anybody is asked for anything.
static int
prepare(struct adding *a, struct hs_err *err)
{
	struct hs_buf expect = {0};
	int rc;

	put_fact(&expect, fact(a, "command"));
	hs_put_fmt(&expect, "|");
	put_fact(&expect, fact(a, "command-user"));
	rc = make_script(a, &a->script, "", hs_buf_str(&expect), err);
	hs_serverscript_call(&a->script, "add; printf 'end %s\\n' $?");
	hs_buf_free(&expect);
	return rc;
}

static void
put_proven(const struct adding *a)
{
	if (a->s->json)
		return;
	if (a->s->no_proof)
		hs_cli_say("NO delegated login was tried (--no-proof)");
	else
		printf("  ssh %s@%s 'id -un' works; 'id -u', which is outside its scope, "
		       "is refused\n",
		    a->login, a->s->host);
}

static int
prove(struct adding *a, struct hs_err *err)
{
	int rc = hs_serverproof_admin(a->s, err);

	if (rc == HS_OK && !a->s->no_proof)
		rc = hs_serverproof_try(&a->proof, a->s, err);
	if (rc == HS_OK) {
		put_proven(a);
		return call(a, "keep; printf 'end %s\\n' $?", PROBE_SECONDS, err);
	}
	{
		struct hs_err ignored = {0};
		struct hs_str undone;

		(void)call(
		    a, "why_; undo_all; printf 'end %s\\n' $?", ADD_SECONDS, &ignored);
		if (!a->s->json &&
		    hs_serverfacts_find(hs_buf_str(&a->link.facts), "undone", &undone))
			hs_cli_say("all of it is undone");
	}
	return rc;
}

static int
finish(const struct adding *a)
{
	if (a->s->json)
		return hs_cli_print_json(json_pack("{s:s,s:b,s:O,s:o}", "host", a->s->host,
		    "kept", 1, "did", a->s->did, "proof",
		    a->s->no_proof ? json_null()
				   : json_pack("{s:s,s:s}", "worked", a->login, "refused",
					 hs_code_name(HS_NO_COMMAND))));
	printf("%s asks for touches now.  handseal server status %s\n", a->s->host,
	    a->s->target);
	return hs_cli_finish();
}

static int
print_script(struct adding *a, struct hs_err *err)
{
	struct hs_serverscript c = {0};
	int rc = HS_OK;

	if (a->s->users.len == 0)
		rc = hs_fail(err, HS_ERR_USAGE,
		    "--user says which logins your touch may be for, such as --user "
		    "deploy");
	if (rc == HS_OK) {
		a->s->no_proof = true; // it can try none
		rc = find_users(a, err);
	}
	if (rc == HS_OK) {
		hs_put_fmt(&c.front,
		    "#!/bin/sh\n# What handseal server add does on %s, to be run there as "
		    "root: sh FILE. It tries no login.\n",
		    a->s->host);
		rc = make_script(a, &c, "person", hs_str_c("?"), err);
	}
	hs_serverscript_call(&c, "add && keep");
	if (rc == HS_OK)
		rc = hs_serverscript_write(&c, STDOUT_FILENO, err);
	hs_serverscript_free(&c);
	return rc;
}

static int
run(struct adding *a, struct hs_err *err)
{
	struct hs_server *s = a->s;
	struct hs_str names = hs_buf_str(&s->names), name = {0};
	int rc, status;

	rc = hs_serverlink_open(&a->link, s, err);
	if (rc == HS_OK)
		rc = probe(a, err);
	if (rc == HS_OK)
		rc = find_users(a, err);
	if (rc == HS_OK)
		rc = prepare(a, err);
	if (rc == HS_OK)
		rc = show(a, err);
	if (rc != HS_OK)
		return hs_server_fail(s, err);
	if (!s->no_proof) {
		(void)hs_str_next(&names, ' ', &name);
		status = hs_serverproof_ask(&a->proof, s, hs_str_c(a->login), name, err);
		if (status != HS_EXIT_DONE)
			return status;
	}
	rc = hs_serverlink_call(&a->link, s, &a->script, ADD_SECONDS, err);
	if (rc == HS_OK)
		rc = prove(a, err);
	return rc == HS_OK ? finish(a) : hs_server_fail(s, err);
}

int
hs_server_add(struct hs_server *s)
{
	struct adding a = {.s = s};
	struct hs_err err = {0};
	int rc = make_lines(&a, &err), status;

	if (rc == HS_OK)
		rc = hs_server_name(s, &err);
	if (rc == HS_OK && s->print)
		rc = print_script(&a, &err);
	if (rc != HS_OK)
		status = hs_server_fail(s, &err);
	else if (s->print)
		status = HS_EXIT_DONE;
	else
		status = run(&a, &err);
	hs_serverlink_close(&a.link);
	hs_serverproof_end(&a.proof);
	hs_serverscript_free(&a.script);
	hs_buf_free(&a.lines);
	hs_buf_free(&a.users);
	hs_buf_free(&a.facts);
	return status;
}
