// SPDX-License-Identifier: ISC
//
// Uniting lists. Contract in krlmerge.h.
//
// A KRL that names a key takes back whatever that signs: so a root's list must prove whose
// session it is, by something that the session key signed over a grant of that root's.
#include "client/handseal/krlmerge.h"

#include <stdlib.h>
#include <string.h>
#include "client/handseal/cli.h"
#include "proto/names.h"

void
hs_krlmerge_begin(struct hs_krlmerge *m, uint64_t now)
{
	hs_krl_begin(&m->krl, now, now, "handseal krl");
}

static int
grown(struct hs_krlmerge *m, struct hs_err *err)
{
	int rc = hs_buf_err(&m->krl);

	return rc == HS_OK ? HS_OK
			   : hs_fail(err, (enum hs_code)rc, "%s",
				 rc == HS_ERR_TOO_LONG
				     ? "all lists together are longer than a list may be"
				     : "");
}

static int
take_range(struct hs_krlmerge *m, uint64_t lo, uint64_t hi)
{
	size_t cap = m->cap > 0 ? m->cap * 2 : 64;
	struct hs_krl_range *r;

	if (m->n == m->cap) {
		r = reallocarray(m->r, cap, sizeof *r);
		if (r == NULL)
			return HS_ERR_NOMEM;
		m->r = r;
		m->cap = cap;
	}
	m->r[m->n++] = (struct hs_krl_range){lo, hi};
	return HS_OK;
}

// What was gathered, under that key.
static int
put(struct hs_krlmerge *m, const struct hs_key *ca)
{
	int rc = hs_krl_put_serials(&m->krl, ca, m->r, m->n);

	if (rc == HS_OK && m->whole)
		hs_krl_put_keys(&m->krl, ca, 1);
	m->n = hs_krl_join(m->r, m->n);
	return rc == HS_OK ? hs_buf_err(&m->krl) : rc;
}

static void
clear(struct hs_krlmerge *m)
{
	m->n = 0;
	m->whole = false;
}

static json_int_t
count(const struct hs_krlmerge *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->r[i].hi - m->r[i].lo + 1;
	return (json_int_t)n;
}

// ---- sessions' lists

static int
take_item(void *arg, const struct hs_krl_item *it)
{
	struct hs_krlmerge *m = arg;

	if (it->what == HS_KRL_KEY)
		m->whole = true;
	return it->what == HS_KRL_SERIALS ? take_range(m, it->lo, it->hi) : HS_OK;
}

static int
know(struct hs_krlmerge *m, const struct hs_list *l)
{
	struct hs_krlmerge_session *v =
	    reallocarray(m->sessions, m->nsessions + 1, sizeof *v);

	if (v == NULL)
		return HS_ERR_NOMEM;
	m->sessions = v;
	v = &m->sessions[m->nsessions++];
	memcpy(v->id, l->revoker.session, sizeof v->id);
	v->key = l->revoker.cert.ca;
	v->root = l->revoker.grant.cert.ca;
	return HS_OK;
}

static int
add_session(struct hs_krlmerge *m, struct hs_str blob, const struct hs_roots *roots,
    struct hs_err *err)
{
	struct hs_list l = {0};
	json_t *row;
	int rc = hs_list_parse(blob, &l, err);

	if (rc == HS_OK)
		rc = hs_list_check(&l, roots, err);
	if (rc != HS_OK)
		goto out;
	clear(m);
	rc = hs_krl_walk(&l.krl, take_item, m);
	if (rc == HS_OK)
		rc = put(m, &l.revoker.cert.ca);
	if (rc == HS_OK)
		rc = know(m, &l);
	row = json_pack("{s:s,s:I,s:o,s:o,s:b,s:I}", "session", l.revoker.session,
	    "version", (json_int_t)l.krl.version, "issued", hs_cli_json_time(l.krl.date),
	    "next", hs_cli_json_time(l.next), "whole", m->whole, "serials", count(m));
	if (json_array_append_new(m->rows, row) != 0 && rc == HS_OK)
		rc = HS_ERR_NOMEM;
	rc = rc == HS_OK || hs_buf_err(&m->krl) != HS_OK
		 ? grown(m, err)
		 : hs_fail(err, (enum hs_code)rc, "%s", "");
out:
	hs_list_free(&l);
	return rc;
}

// ---- roots' lists

static int
keep_root(struct hs_krlmerge *m, const char *name, struct hs_str blob, struct hs_err *err)
{
	struct hs_krlmerge_root *v = reallocarray(m->roots, m->nroots + 1, sizeof *v);

	if (v == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	m->roots = v;
	v = &m->roots[m->nroots];
	*v = (struct hs_krlmerge_root){.name = strdup(name)};
	hs_put_raw(&v->blob, blob.p, blob.len);
	if (v->name == NULL || hs_buf_err(&v->blob) != HS_OK) {
		free(v->name);
		hs_buf_free(&v->blob);
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	}
	m->nroots++;
	return HS_OK;
}

int
hs_krlmerge_add(struct hs_krlmerge *m, const char *name, struct hs_str blob,
    const struct hs_roots *roots, struct hs_err *err)
{
	struct hs_rlist l;
	int rc;

	if (!hs_rlist_is(blob)) {
		rc = add_session(m, blob, roots, err);
	} else {
		rc = hs_rlist_parse(blob, &l, err);
		if (rc == HS_OK)
			rc = hs_rlist_check(&l, roots, err);
		if (rc == HS_OK)
			rc = keep_root(m, name, blob, err);
	}
	m->lists += rc == HS_OK;
	return rc;
}

// ---- direct certificates

static int
take_direct(void *arg, const struct hs_krl_item *it)
{
	struct hs_krlmerge *m = arg;
	struct hs_key ca;
	int rc;

	if (it->what != HS_KRL_SERIALS || hs_key_parse(it->ca, &ca) != HS_OK ||
	    !hs_key_is_sk(&ca) || strcmp(ca.application, HS_APPLICATION) != 0)
		return HS_OK;
	clear(m);
	rc = take_range(m, it->lo, it->hi);
	m->directs += it->hi - it->lo + 1;
	return rc == HS_OK ? put(m, &ca) : rc;
}

int
hs_krlmerge_add_direct(struct hs_krlmerge *m, struct hs_str blob, struct hs_err *err)
{
	struct hs_krl krl;
	int rc = hs_krl_parse(blob, &krl);

	if (rc == HS_OK)
		rc = hs_krl_walk(&krl, take_direct, m);
	return rc == HS_OK || hs_buf_err(&m->krl) != HS_OK
		   ? grown(m, err)
		   : hs_fail(
			 err, (enum hs_code)rc, "%s", hs_code_sentence((enum hs_code)rc));
}

struct meaning {
	struct hs_krlmerge *m;
	const struct hs_rlist *l;
	struct hs_err *bad; // why an entry cannot stand in a KRL
};

// The key of a session that this root endorsed and which took that: proven by a certificate
// in the list itself, or by the session's own list.
static int
find_session(const struct meaning *x, const char *id, struct hs_key *key)
{
	struct hs_err why = {0};
	int rc = hs_rlist_session_key(x->l, id, key, &why);

	if (rc != HS_NO_SUCH) {
		if (rc != HS_OK)
			*x->bad = why;
		return rc;
	}
	for (size_t i = 0; i < x->m->nsessions; i++) {
		const struct hs_krlmerge_session *s = &x->m->sessions[i];

		if (strcmp(s->id, id) == 0 && hs_key_eq(&s->root, &x->l->root)) {
			*key = s->key;
			return HS_OK;
		}
	}
	return hs_fail(x->bad, HS_NO_SUCH,
	    "of session %s no list proves the key, and RevokedKeys takes no other name: "
	    "add that session's own list, or revoke it by one of its certificates",
	    id);
}

static int
put_all(struct hs_krlmerge *m, const struct hs_key *root)
{
	int rc;

	clear(m);
	m->whole = true;
	rc = put(m, root);
	for (size_t i = 0; i < m->nsessions && rc == HS_OK; i++)
		if (hs_key_eq(&m->sessions[i].root, root))
			rc = put(m, &m->sessions[i].key);
	return rc;
}

static int
put_entry(void *arg, const struct hs_rlist_entry *e)
{
	struct meaning *x = arg;
	struct hs_key key = x->l->root;
	int rc = HS_OK;

	if (e->what == HS_RLIST_ALL)
		return put_all(x->m, &key);
	if (e->what != HS_RLIST_DIRECT)
		rc = find_session(x, e->session, &key);
	if (rc == HS_ERR_NOMEM)
		return rc;
	if (rc != HS_OK)
		return HS_OK; // told; the others still count
	clear(x->m);
	x->m->whole = e->what == HS_RLIST_SESSION;
	if (!x->m->whole)
		rc = take_range(x->m, e->lo, e->hi);
	return rc == HS_OK ? put(x->m, &key) : rc;
}

static int
put_root(struct hs_krlmerge *m, const struct hs_krlmerge_root *r, struct hs_err *bad,
    struct hs_err *err)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	struct hs_rlist l;
	struct meaning x = {.m = m, .l = &l, .bad = bad};
	int rc = hs_rlist_parse(hs_buf_str(&r->blob), &l, err);

	if (rc == HS_OK && (rc = hs_rlist_walk(&l, put_entry, &x)) != HS_OK)
		return hs_buf_err(&m->krl) != HS_OK
			   ? grown(m, err)
			   : hs_fail(err, (enum hs_code)rc, "%s", "");
	if (rc != HS_OK)
		return rc;
	hs_key_fingerprint(&l.root, fingerprint);
	return json_array_append_new(
		   m->rows, json_pack("{s:s,s:I,s:o,s:I}", "root", fingerprint, "version",
				(json_int_t)l.version, "issued", hs_cli_json_time(l.issued),
				"entries", (json_int_t)l.n)) == 0
		   ? HS_OK
		   : hs_fail(err, HS_ERR_NOMEM, "%s", "");
}

int
hs_krlmerge_end(
    struct hs_krlmerge *m, hs_krlmerge_bad *on_bad, void *arg, struct hs_err *err)
{
	int rc = HS_OK;

	for (size_t i = 0; i < m->nroots && rc == HS_OK; i++) {
		struct hs_err bad = {0};

		rc = put_root(m, &m->roots[i], &bad, err);
		if (rc == HS_OK && bad.code != HS_OK)
			on_bad(arg, m->roots[i].name, &bad);
	}
	return rc;
}

void
hs_krlmerge_free(struct hs_krlmerge *m)
{
	for (size_t i = 0; i < m->nroots; i++) {
		free(m->roots[i].name);
		hs_buf_free(&m->roots[i].blob);
	}
	free(m->roots);
	free(m->sessions);
	free(m->r);
	hs_buf_free(&m->krl);
}
