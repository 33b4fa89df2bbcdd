// SPDX-License-Identifier: ISC
//
// Roots' lists: what they say of a certificate, what they say to a person, and their files'
// names. Contract in rlist.h.
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/describe.h"
#include "proto/rlist.h"

// ---- of a certificate

struct asking {
	struct hs_list_found *f;
	const struct hs_list_subject *s;
};

static int
look_at(void *arg, const struct hs_rlist_entry *e)
{
	const struct asking *a = arg;
	const struct hs_list_subject *s = a->s;

	if (e->what == HS_RLIST_ALL)
		a->f->all = true;
	if (e->what == HS_RLIST_DIRECT && s->direct && e->lo <= s->serial &&
	    s->serial <= e->hi)
		a->f->serial = s->serial;
	if (s->direct || strcmp(e->session, s->session) != 0)
		return HS_OK;
	if (e->what == HS_RLIST_SESSION)
		a->f->whole = true;
	if (e->what != HS_RLIST_SERIALS)
		return HS_OK;
	for (size_t i = 0; i < s->nlineage; i++)
		if (e->lo <= s->lineage[i] && s->lineage[i] <= e->hi)
			a->f->serial = s->lineage[i];
	if (e->lo <= s->serial && s->serial <= e->hi)
		a->f->serial = s->serial;
	return HS_OK;
}

void
hs_rlist_unite(struct hs_list_found *f, const struct hs_rlist *l, const struct hs_key *root,
    const struct hs_list_subject *s)
{
	struct asking a = {f, s};

	if (!hs_key_eq(root, &l->root))
		return;
	(void)hs_rlist_walk(l, look_at, &a);
	f->root_lists++;
}

int
hs_rlist_take(struct hs_list_found *f, struct hs_str blob, const struct hs_key *root,
    const struct hs_list_subject *s, struct hs_err *err)
{
	struct hs_rlist l;
	int rc = hs_rlist_parse(blob, &l, err);

	if (rc == HS_OK && !hs_key_eq(&l.root, root))
		rc = hs_fail(err, HS_ERR_FORMAT, "it is another root's");
	if (rc == HS_OK)
		rc = hs_rlist_check(&l, NULL, err);
	if (rc == HS_OK)
		hs_rlist_unite(f, &l, root, s);
	return rc;
}

// ---- in words

struct telling {
	struct hs_buf *b;
	struct hs_rlist_entry before; // what: 0, none
};

static int
tell(void *arg, const struct hs_rlist_entry *e)
{
	struct telling *t = arg;
	bool on = t->before.what == e->what && strcmp(t->before.session, e->session) == 0;

	if (!on && t->before.what != 0)
		hs_put_fmt(t->b, "\n");
	if (e->what == HS_RLIST_ALL)
		hs_put_fmt(t->b, "  everything that ever stood under it");
	else if (e->what == HS_RLIST_SESSION)
		hs_put_fmt(t->b, "  session %s, all that it ever signed under this key",
		    e->session);
	else if (on)
		hs_put_fmt(t->b, ",");
	else if (e->what == HS_RLIST_SERIALS)
		hs_put_fmt(t->b, "  of session %s, with all below:", e->session);
	else
		hs_put_fmt(t->b, "  direct certificates:");
	if (e->lo > 0)
		hs_put_fmt(t->b, " %" PRIu64, e->lo);
	if (e->hi > e->lo)
		hs_put_fmt(t->b, "-%" PRIu64, e->hi);
	t->before = *e;
	return HS_OK;
}

void
hs_rlist_put_text(struct hs_buf *b, const struct hs_rlist *l)
{
	struct telling t = {.b = b};
	char fingerprint[HS_FINGERPRINT_LEN + 1];

	hs_key_fingerprint(&l->root, fingerprint);
	hs_put_fmt(b, "This takes back, for good, by a touch of %s:\n", fingerprint);
	(void)hs_rlist_walk(l, tell, &t);
	hs_put_fmt(b, "\nList %" PRIu64 ", ", l->version);
	hs_describe_time(b, l->issued);
	hs_put_fmt(b, "\n");
}

// ---- names

void
hs_rlist_root_id(const struct hs_key *root, char out[static HS_SESSION_ID_LEN + 1])
{
	hs_session_id(root, out); // the same of any key
}

void
hs_rlist_name(const struct hs_rlist *l, char out[static HS_RLIST_NAME_LEN + 1])
{
	char root[HS_SESSION_ID_LEN + 1], list[HS_SESSION_ID_LEN + 1];
	uint8_t digest[crypto_hash_sha256_BYTES];

	hs_rlist_root_id(&l->root, root);
	(void)crypto_hash_sha256(digest, l->message.p, l->message.len);
	sodium_bin2hex(list, sizeof list, digest, HS_SESSION_ID_LEN / 2);
	(void)snprintf(out, HS_RLIST_NAME_LEN + 1, "root-%s-%s.list", root, list);
}
