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

// The roots that will stay there: how many, and whether the server stays one of ours.
static int
count(const struct hs_server *s, struct hs_str facts, size_t *mine, size_t *others)
{
	struct hs_buf text = {0};
	struct hs_roots roots;
	int rc;

	*mine = *others = 0;
	hs_server_text(facts, "root", &text);
	rc = hs_roots_parse(hs_buf_str(&text), &roots, NULL, NULL);
	for (size_t i = 0; rc == HS_OK && i < roots.n; i++) {
		bool own = false;

		for (size_t k = 0; k < s->roots.n; k++)
			own = own || hs_key_eq(&s->roots.v[k].key, &roots.v[i].key);
		*(own ? mine : others) += 1;
	}
	hs_roots_free(&roots);
	hs_buf_free(&text);
	return rc;
}

static int
show(const struct hs_server *s, struct hs_str facts, struct hs_err *err)
{
	struct hs_str kind;
	size_t mine, others;
	int rc = count(s, facts, &mine, &others);

	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "%s", "");
	if (mine + others == 0 && !hs_serverfacts_find(facts, "added", &kind) &&
	    hs_serverfacts_find(facts, "kind", &kind) && hs_str_is(kind, "none"))
		return hs_fail(err, HS_NO_SUCH, "handseal is not there");
	if (others > 0 && !s->all && mine == 0)
		return hs_fail(err, HS_NO_SUCH,
		    "none of your roots stands there; --all removes handseal with the "
		    "roots of others");
	if (!s->json) {
		printf("%s\nIt would\n", s->host);
		if (others > 0 && !s->all)
			printf("  remove  %zu root%s of yours; %zu of others stay, and so "
			       "does handseal-verify (--all)\n",
			    mine, mine == 1 ? "" : "s", others);
		else
			printf("  remove  %zu root%s, %zu of them not yours\n"
			       "  sshd    asks what it asked before; sshd -t, a reload, a "
			       "new login of yours\n"
			       "  remove  what add made there: programs, files, the user\n"
			       "What add did not make stays. Certificates that were "
			       "handed out open nothing there any more.\n",
			    mine + others, mine + others == 1 ? "" : "s", others);
	}
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
