// SPDX-License-Identifier: ISC
//
// handseal server status: does a server's sshd ask handseal-verify, whose roots does it
// trust, which lists of what is revoked has it, and how old are they. It changes nothing.
#include <inttypes.h>
#include <string.h>
#include "client/handseal/server.h"
#include "client/handseal/server_link.h"
#include "proto/describe.h"
#include "proto/text.h"
#include "proto/serverconf.h"

#define CALL_SECONDS 120

struct view {
	const struct hs_server *s;
	struct hs_str facts;
	struct hs_buf text;
	json_t *o, *rows;
	struct hs_roots roots;
	bool asked, bad;
};

static struct hs_str
fact(const struct view *v, const char *key)
{
	struct hs_str value;

	(void)hs_serverfacts_find(v->facts, key, &value);
	return value;
}

static void
put(struct view *v, const char *label, struct hs_str value)
{
	hs_put_fmt(&v->text, "%-9s", label);
	hs_put_raw(&v->text, value.p, value.len);
}

static void
set(struct view *v, const char *name, struct hs_str value)
{
	(void)json_object_set_new(
	    v->o, name, value.len > 0 ? hs_cli_json(value) : json_null());
}

static void
put_sshd(struct view *v)
{
	struct hs_str kind = fact(v, "kind"), command = fact(v, "command");
	struct hs_str version = fact(v, "version"), system = fact(v, "system");

	v->asked = hs_str_is(kind, "ours") || hs_str_is(kind, "hand");
	put(v, "server", hs_str_c(v->s->host));
	hs_put_fmt(&v->text, ", ");
	hs_put_raw(&v->text, system.p, system.len);
	hs_put_fmt(&v->text, "\n");
	put(v, "sshd",
	    hs_str_c(v->asked	       ? "asks handseal-verify, as "
		     : command.len > 0 ? "does NOT ask handseal-verify, but "
				       : "does NOT ask handseal-verify"));
	if (v->asked)
		command = fact(v, "command-user");
	hs_put_raw(&v->text, command.p, command.len);
	hs_put_fmt(&v->text, "%s\n", hs_str_is(kind, "hand") ? "; set up by hand" : "");
	put(v, "version", version.len > 0 ? version : hs_str_c("none is there"));
	hs_put_fmt(&v->text, "; here " HS_VERSION "\n");
	if (fact(v, "unfinished").len > 0)
		hs_put_fmt(&v->text,
		    "UNDECIDED an add or remove was begun there and not ended: the next "
		    "one undoes it\n");
	set(v, "system", system);
	set(v, "sshd", fact(v, "sshd"));
	(void)json_object_set_new(v->o, "asked", json_boolean(v->asked));
	set(v, "how", kind);
	set(v, "command", fact(v, "command"));
	set(v, "command_user", fact(v, "command-user"));
	set(v, "version", version);
	set(v, "unfinished", fact(v, "unfinished"));
}

static bool
is_mine(const struct hs_server *s, const struct hs_key *key)
{
	for (size_t i = 0; i < s->roots.n; i++)
		if (hs_key_eq(&s->roots.v[i].key, key))
			return true;
	return false;
}

static void
put_root(struct view *v, const struct hs_root *r, const char *label)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	json_t *users = json_array();

	hs_key_fingerprint(&r->key, fingerprint);
	hs_put_fmt(&v->text, "%-9s%s  %s  for", label,
	    r->comment[0] != '\0' ? r->comment : "(no name)", fingerprint);
	if (r->users_any) {
		hs_put_fmt(&v->text, " everyone but root");
		(void)json_array_append_new(users, json_string("*"));
	}
	for (size_t i = 0; i < r->nusers; i++) {
		hs_put_fmt(&v->text, " %s", r->users[i]);
		(void)json_array_append_new(users, hs_cli_json(hs_str_c(r->users[i])));
	}
	if (!r->users_any && r->nusers == 0)
		hs_put_fmt(&v->text, " nobody");
	hs_put_fmt(&v->text, "%s%s%s\n", r->require_uv ? ", with PIN" : "",
	    r->direct ? ", direct too" : "", is_mine(v->s, &r->key) ? "; yours" : "");
	(void)json_array_append_new(
	    v->rows, json_pack("{s:s,s:o,s:o,s:b,s:b,s:b}", "fingerprint", fingerprint,
			 "comment", hs_cli_json(hs_str_c(r->comment)), "users", users,
			 "require_uv", (int)r->require_uv, "direct", (int)r->direct, "mine",
			 (int)is_mine(v->s, &r->key)));
}

static void
bad_line(void *arg, const struct hs_err *err)
{
	struct view *v = arg;

	v->bad = true;
	hs_put_fmt(&v->text, "BAD      /etc/handseal/roots:%u is skipped: %s\n", err->line,
	    hs_err_sentence(err));
}

// Roots that count for one login alone: whose they are is in files of their own there.
static void
put_accounts(struct view *v)
{
	struct hs_str rest = v->facts;
	struct hs_serverfact f;
	json_t *names = json_array();

	while (hs_serverfacts_next(&rest, &f)) {
		if (!hs_str_is(f.key, "account-roots"))
			continue;
		hs_put_fmt(&v->text, "%-9sroots.d/", "");
		hs_put_raw(&v->text, f.value.p, f.value.len);
		hs_put_fmt(&v->text, " for that login alone\n");
		(void)json_array_append_new(names, hs_cli_json(f.value));
	}
	(void)json_object_set_new(v->o, "accounts", names);
}

static int
put_roots(struct view *v)
{
	struct hs_buf text = {0};
	int rc;

	hs_server_text(v->facts, "root", &text);
	v->rows = json_array();
	rc = hs_roots_parse(hs_buf_str(&text), &v->roots, bad_line, v);
	for (size_t i = 0; i < v->roots.n; i++)
		put_root(v, &v->roots.v[i], i == 0 ? "trusts" : "");
	put_accounts(v);
	if (rc == HS_OK && v->roots.n == 0)
		hs_put_fmt(&v->text, "trusts   nobody\n");
	(void)json_object_set_new(v->o, "roots", v->rows);
	(void)json_object_set_new(v->o, "bad_lines", json_boolean(v->bad));
	hs_buf_free(&text);
	return rc;
}

static void
put_conf(struct view *v)
{
	struct hs_buf text = {0};
	struct hs_server_conf conf;
	struct hs_err err = {0};
	json_t *names = json_array();
	int rc;

	hs_server_text(v->facts, "conf", &text);
	rc = hs_server_conf_parse(hs_buf_str(&text), &conf, &err);
	if (rc != HS_OK) {
		v->bad = true;
		hs_put_fmt(&v->text,
		    "BAD      /etc/handseal/verify.conf:%u: %s: nobody is admitted\n",
		    err.line, hs_err_sentence(&err));
	} else {
		hs_put_fmt(&v->text, "called  ");
		for (size_t i = 0; i < conf.nhostnames; i++) {
			hs_put_fmt(&v->text, " %s", conf.hostnames[i]);
			(void)json_array_append_new(
			    names, hs_cli_json(hs_str_c(conf.hostnames[i])));
		}
		hs_put_fmt(&v->text, "%s\n",
		    conf.nhostnames == 0 ? " nothing: only scopes for host * fit" : "");
		if (conf.revocations[0] == '\0')
			hs_put_fmt(&v->text,
			    "lists    none are looked at (Revocations): what "
			    "is revoked is good here until its end\n");
		else
			hs_put_fmt(&v->text, "lists    in %s%s\n", conf.revocations,
			    conf.lists_optional ? ", which may lack" : "");
		set(v, "revocations", hs_str_c(conf.revocations));
	}
	(void)json_object_set_new(v->o, "names", names);
	hs_buf_free(&text);
}

static void
put_lists(struct view *v)
{
	struct hs_str rest = v->facts, name;
	struct hs_serverfact f;
	json_t *lists = json_array();
	uint64_t now = 0, written;

	if (hs_serverfacts_find(v->facts, "now", &name))
		(void)hs_text_u64(name, INT64_MAX, &now);
	while (hs_serverfacts_next(&rest, &f)) {
		if (!hs_str_is(f.key, "list") ||
		    hs_serverfacts_list(f.value, &written, &name) != HS_OK)
			continue;
		hs_put_fmt(&v->text, "         ");
		hs_put_raw(&v->text, name.p, name.len);
		hs_put_fmt(&v->text, "  ");
		if (written < now)
			hs_describe_span(&v->text, now - written);
		hs_put_fmt(&v->text, "%s\n", written < now ? " old" : "new");
		(void)json_array_append_new(
		    lists, json_pack("{s:o,s:o,s:I}", "name", hs_cli_json(name), "written",
			       hs_cli_json_time(written), "age",
			       (json_int_t)(written < now ? now - written : 0)));
	}
	(void)json_object_set_new(v->o, "lists", lists);
	if (fact(v, "revoked").len > 0) {
		put(v, "barred", fact(v, "revoked"));
		hs_put_fmt(&v->text, " in /etc/handseal/revoked\n");
	}
	set(v, "barred", fact(v, "revoked"));
}

static int
show(struct view *v)
{
	int rc, status;

	put_sshd(v);
	rc = put_roots(v);
	put_conf(v);
	put_lists(v);
	if (rc != HS_OK || hs_buf_err(&v->text) != HS_OK) {
		struct hs_err err = {0};

		(void)hs_fail(
		    &err, rc != HS_OK ? (enum hs_code)rc : HS_ERR_NOMEM, "%s", "");
		return hs_server_fail(v->s, &err);
	}
	if (v->s->json) {
		status = hs_cli_print_json(json_incref(v->o));
	} else {
		hs_cli_put_text(stdout, hs_buf_str(&v->text), "");
		status = hs_cli_finish();
	}
	return status == HS_EXIT_DONE && (!v->asked || v->bad) ? HS_EXIT_FAILED : status;
}

int
hs_server_status(struct hs_server *s)
{
	struct hs_serverscript c = {0};
	struct hs_serverlink l = {0};
	struct view v = {.s = s, .o = json_object()};
	struct hs_err err = {0};
	int rc = hs_serverlink_open(&l, s, &err), status;

	hs_serverscript_begin(&c, "");
	hs_serverscript_set(&c, "users", hs_str_c(""));
	hs_serverscript_call(&c, "status_; printf 'end %s\\n' $?");
	if (rc == HS_OK)
		rc = hs_serverlink_call(&l, s, &c, CALL_SECONDS, &err);
	v.facts = hs_buf_str(&l.facts);
	status = rc == HS_OK ? show(&v) : hs_server_fail(s, &err);
	hs_serverscript_free(&c);
	hs_serverlink_close(&l);
	hs_roots_free(&v.roots);
	hs_buf_free(&v.text);
	json_decref(v.o);
	return status;
}
