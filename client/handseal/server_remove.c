// SPDX-License-Identifier: ISC
//
// handseal server remove: takes one's own roots out of a server, and all that add did there
// where nobody else's are left. What is done there is server_remote.sh's.
#include <string.h>
#include <unistd.h>
#include "client/handseal/server.h"
#include "client/handseal/server_link.h"
#include "client/handseal/server_proof.h"
#include "proto/serverconf.h"
#include "proto/text.h"

#define CALL_SECONDS 180

// The base64 of each root's key, a blank between two.
static void
put_keys(struct hs_buf *b, const struct hs_rootlist *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct hs_buf line = {0};
		struct hs_str rest, type;

		hs_key_put_line(&line, &l->v[i].key);
		rest = hs_buf_str(&line);
		(void)hs_str_next(&rest, ' ', &type);
		if (b->len > 0)
			hs_put_u8(b, ' ');
		hs_put_raw(b, rest.p, rest.len);
		hs_buf_free(&line);
	}
}

static void
make_script(struct hs_serverscript *c, const struct hs_server *s, const char *told,
    const char *commands)
{
	struct hs_buf keys = {0};
	char within[24];

	put_keys(&keys, &s->roots);
	hs_serverscript_begin(c, told);
	hs_server_within(s, within);
	hs_serverscript_set(c, "wait", hs_str_c(told[0] != '\0' ? "" : within));
	hs_serverscript_set(c, "users", hs_str_c(""));
	hs_serverscript_set(c, "all", hs_str_c(s->all ? "1" : ""));
	hs_serverscript_set(c, "keys", hs_buf_str(&keys));
	hs_serverscript_call(c, commands);
	hs_buf_free(&keys);
}

static int
call(struct hs_serverlink *l, const struct hs_server *s, bool first, const char *commands,
    struct hs_err *err)
{
	struct hs_serverscript c = {0};
	int rc;

	if (first)
		make_script(&c, s, "", commands);
	else
		hs_serverscript_call(&c, commands);
	rc = hs_serverlink_call(l, s, &c, CALL_SECONDS, err);
	hs_serverscript_free(&c);
	return rc;
}

// The roots that stand there, by whose they are; `own` and `alien` in files of one login.
struct standing {
	size_t mine, others, own, alien;
};

// Lines of roots.d, by their keys.
static void
count_alone(const struct hs_server *s, struct hs_str facts, struct standing *n)
{
	struct hs_serverfact f;
	struct hs_buf keys = {0};

	put_keys(&keys, &s->roots);
	while (hs_serverfacts_next(&facts, &f)) {
		struct hs_str rest = hs_buf_str(&keys), key;
		bool own = false;

		if (!hs_str_is(f.key, "own-root"))
			continue;
		while (!own && hs_str_next(&rest, ' ', &key))
			own = memmem(f.value.p, f.value.len, key.p, key.len) != NULL;
		*(own ? &n->own : &n->alien) += 1;
	}
	hs_buf_free(&keys);
}

static int
count(const struct hs_server *s, struct hs_str facts, struct standing *n)
{
	struct hs_buf text = {0};
	struct hs_roots roots;
	int rc;

	*n = (struct standing){0};
	hs_server_text(facts, "root", &text);
	rc = hs_roots_parse(hs_buf_str(&text), &roots, NULL, NULL);
	for (size_t i = 0; rc == HS_OK && i < roots.n; i++) {
		bool own = false;

		for (size_t k = 0; k < s->roots.n; k++)
			own = own || hs_key_eq(&s->roots.v[k].key, &roots.v[i].key);
		*(own ? &n->mine : &n->others) += 1;
	}
	count_alone(s, facts, n);
	hs_roots_free(&roots);
	hs_buf_free(&text);
	return rc;
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void
say_plan(const struct hs_server *s, const struct standing *n)
{
	size_t mine = n->mine + n->own, others = n->others + n->alien;
	size_t all = n->mine + n->others, alone = n->own + n->alien;

	printf("%s\nIt would\n", s->host);
	if (others > 0 && !s->all) {
		printf("  remove  %zu root%s of yours; %zu of others stay, and so "
		       "does handseal-verify (--all)\n",
		    mine, plural(mine), others);
		return;
	}
	printf(
	    "  remove  %zu root%s, %zu of them not yours\n", all, plural(all), n->others);
	if (alone > 0)
		printf("  leave   %zu root%s in roots.d, which nothing asks about then\n",
		    alone, plural(alone));
	printf(
	    "  sshd    asks what it asked before; sshd -t, a reload, a new login of yours\n"
	    "  remove  what add made there: programs, files, the user\n"
	    "What add did not make stays. Certificates that were handed out open nothing "
	    "there any more.\n");
}

static int
show(const struct hs_server *s, struct hs_str facts, struct hs_err *err)
{
	struct standing n;
	struct hs_str kind;
	bool mine, others;
	int rc = count(s, facts, &n);

	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "%s", "");
	mine = n.mine + n.own > 0;
	others = n.others + n.alien > 0;
	if (!mine && !others && !hs_serverfacts_find(facts, "added", &kind) &&
	    hs_serverfacts_find(facts, "kind", &kind) && hs_str_is(kind, "none"))
		return hs_fail(err, HS_NO_SUCH, "handseal is not there");
	if (others && !s->all && !mine)
		return hs_fail(err, HS_NO_SUCH,
		    "none of your roots stands there; --all removes handseal with the "
		    "roots of others");
	if (!s->json)
		say_plan(s, &n);
	return hs_server_agreed(s, "Do it?", err) ? HS_OK : (int)err->code;
}

static int
run(struct hs_serverlink *l, struct hs_server *s, struct hs_err *err)
{
	int rc = hs_serverlink_open(l, s, err);

	if (rc == HS_OK)
		rc = call(l, s, true, "probe; printf 'end %s\\n' $?", err);
	if (rc == HS_OK)
		rc = show(s, hs_buf_str(&l->facts), err);
	if (rc == HS_OK)
		rc = call(l, s, false, "remove_; printf 'end %s\\n' $?", err);
	if (rc != HS_OK)
		return rc;
	rc = hs_serverproof_admin(s, err);
	if (rc == HS_OK)
		return call(l, s, false, "keep; printf 'end %s\\n' $?", err);
	{
		struct hs_err ignored = {0};

		(void)call(l, s, false, "undo_all; printf 'end %s\\n' $?", &ignored);
	}
	return rc;
}

static int
print_script(const struct hs_server *s, struct hs_err *err)
{
	struct hs_serverscript c = {0};
	int rc;

	hs_put_fmt(&c.front,
	    "#!/bin/sh\n# What handseal server remove does on %s, to be run there as root: "
	    "sh FILE.\n",
	    s->host);
	make_script(&c, s, "person", "remove_ && keep");
	rc = hs_serverscript_write(&c, STDOUT_FILENO, err);
	hs_serverscript_free(&c);
	return rc;
}

int
hs_server_remove(struct hs_server *s)
{
	struct hs_serverlink l = {0};
	struct hs_err err = {0};
	int rc = s->print ? print_script(s, &err) : run(&l, s, &err);

	hs_serverlink_close(&l);
	if (rc != HS_OK)
		return hs_server_fail(s, &err);
	if (s->json)
		return hs_cli_print_json(
		    json_pack("{s:s,s:O}", "host", s->host, "did", s->did));
	return hs_cli_finish();
}
