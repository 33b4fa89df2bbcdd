// SPDX-License-Identifier: ISC
//
// What `server add` would do, in words. Contract in server_plan.h.
#include "client/handseal/server_plan.h"

#include <inttypes.h>
#include <string.h>
#include "proto/serverconf.h"

struct plan {
	const struct hs_server *s;
	struct hs_str facts, users;
	const char *login;
};

static struct hs_str
fact(const struct plan *a, const char *key)
{
	struct hs_str v;

	(void)hs_serverfacts_find(a->facts, key, &v);
	return v;
}

static void
put_fact(struct hs_buf *b, struct hs_str v)
{
	hs_put_raw(b, v.p, v.len);
}

static void
put_sshd(struct hs_buf *b, const struct plan *a)
{
	struct hs_str kind = fact(a, "kind");

	hs_put_fmt(b, "  sshd    ");
	if (hs_str_is(kind, "ours") || hs_str_is(kind, "hand")) {
		hs_put_fmt(b, "asks handseal-verify already; its configuration stays\n");
		return;
	}
	hs_put_fmt(b, "asks handseal-verify, for keys that no authorized_keys has (");
	put_fact(b, fact(a, "place"));
	hs_put_fmt(b, ")\n");
	if (!hs_str_is(kind, "other"))
		return;
	hs_put_fmt(b, "          behind --else, as now:  ");
	put_fact(b, fact(a, "command"));
	hs_put_fmt(b, "\n          both as the user %s; until now ",
	    a->s->run_as != NULL ? a->s->run_as : "?");
	put_fact(b, fact(a, "command-user"));
	hs_put_fmt(b, "\n          no login by it is tried: try one yourself\n");
}

static int
put_roots(struct hs_buf *b, const struct plan *a)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	struct hs_buf text = {0};
	struct hs_roots roots;
	int rc;

	hs_server_text(a->facts, "root", &text);
	rc = hs_roots_parse(hs_buf_str(&text), &roots, NULL, NULL);
	for (size_t i = 0; rc == HS_OK && i < a->s->roots.n; i++) {
		const struct hs_root_record *r = &a->s->roots.v[i];

		hs_key_fingerprint(&r->key, fingerprint);
		hs_put_fmt(b, "  %-8s%s %s", i == 0 ? "trust" : "", r->name, fingerprint);
		if (hs_roots_find(&roots, &r->key) != NULL)
			hs_put_fmt(b, ": its line is there, and stays as it is");
		else
			hs_put_fmt(
			    b, " for %.*s", (int)a->users.len, (const char *)a->users.p);
		hs_put_fmt(b, "%s\n", r->simulated ? "  SIMULATED: proves no touch" : "");
	}
	hs_roots_free(&roots);
	hs_buf_free(&text);
	return rc;
}

static int
put_plan(struct hs_buf *b, const struct plan *a)
{
	const struct hs_server *s = a->s;
	struct hs_str had = fact(a, "version"), kind = fact(a, "kind");
	bool fresh = hs_str_is(kind, "none") || hs_str_is(kind, "other");
	int rc;

	hs_put_fmt(b, "%s: ", s->host);
	put_fact(b, fact(a, "system"));
	hs_put_fmt(b, ", ");
	put_fact(b, fact(a, "machine"));
	hs_put_fmt(b, ", ");
	put_fact(b, fact(a, "sshd"));
	hs_put_fmt(b, "\nIt would\n");
	hs_put_fmt(b, "  copy    " HS_BINDIR "/handseal-verify and " HS_LIBEXECDIR
		      "/handseal-shell, " HS_VERSION);
	if (had.len > 0) {
		hs_put_fmt(b, ", over ");
		put_fact(b, had);
	}
	hs_put_fmt(b, "\n");
	if (fresh && !hs_str_is(fact(a, "account"), "there") &&
	    (s->run_as == NULL || strcmp(s->run_as, "handseal-verify") == 0))
		hs_put_fmt(b,
		    "  make    the user handseal-verify, which sshd runs it as, without "
		    "shell or home\n");
	rc = put_roots(b, a);
	hs_put_fmt(b, "  name    %.*s, as scopes call it\n", (int)s->names.len,
	    (const char *)s->names.p);
	put_sshd(b, a);
	hs_put_fmt(
	    b, "  then    %sa new login of yours", fresh ? "sshd -t, a reload, and " : "");
	if (s->no_proof)
		hs_put_fmt(b,
		    "\n          NO delegated login is tried: you will not know that it "
		    "works\n");
	else
		hs_put_fmt(b, "; one as %s that must work,\n          one that must not\n",
		    a->login);
	hs_put_fmt(b,
	    "Who can log in now still can. If a step fails, or this end is not heard of "
	    "for %" PRIu64 " s, all is undone.\n",
	    s->within);
	return rc;
}

int
hs_serverplan_put(struct hs_buf *b, const struct hs_server *s, struct hs_str facts,
    struct hs_str users, const char *login)
{
	const struct plan p = {s, facts, users, login};

	return put_plan(b, &p);
}
