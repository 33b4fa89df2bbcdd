// SPDX-License-Identifier: ISC
//
// Roots' lists of what is revoked: written and read. What they say of a certificate, and in
// words, is rlist_ask.c's. Contract in rlist.h.
#include "proto/rlist.h"

#include <stdlib.h>
#include <string.h>
#include "proto/certform.h"
#include "proto/names.h"
#include "proto/revstate.h"

#define MAGIC	  "HSROOT1\n"
#define MAGIC_LEN 8

// ---- order

static int
by_place(const void *a, const void *b)
{
	const struct hs_rlist_entry *x = a, *y = b;
	int by = (x->what > y->what) - (x->what < y->what);

	if (by == 0)
		by = strcmp(x->session, y->session);
	return by != 0 ? by : (x->lo > y->lo) - (x->lo < y->lo);
}

static int
by_session(const void *a, const void *b)
{
	const struct hs_rlist_proof *x = a, *y = b;

	return strcmp(x->session, y->session);
}

static bool
same_kind(const struct hs_rlist_entry *a, const struct hs_rlist_entry *b)
{
	return a->what == b->what && strcmp(a->session, b->session) == 0;
}

// Does b, which is behind a in order, begin inside a or right at its end?
static bool
touches(const struct hs_rlist_entry *a, const struct hs_rlist_entry *b)
{
	return same_kind(a, b) && (b->lo <= a->hi || b->lo - a->hi == 1);
}

static size_t
join(struct hs_rlist_entry *v, size_t n)
{
	size_t last = 0;

	if (n == 0)
		return 0;
	qsort(v, n, sizeof *v, by_place);
	for (size_t i = 1; i < n; i++) {
		if (!touches(&v[last], &v[i]))
			v[++last] = v[i];
		else if (v[i].hi > v[last].hi)
			v[last].hi = v[i].hi;
	}
	return last + 1;
}

// ---- writing

int
hs_rlist_put_message(struct hs_buf *b, struct hs_rlist_spec *spec, struct hs_err *err)
{
	size_t start = b->len, key;
	struct hs_rlist back;
	int rc;

	spec->n = join(spec->v, spec->n);
	if (spec->nproofs > 0)
		qsort(spec->proofs, spec->nproofs, sizeof *spec->proofs, by_session);
	key = hs_put_string_begin(b);
	hs_key_put(b, spec->root);
	hs_put_string_end(b, key);
	hs_put_u64(b, spec->version);
	hs_put_u64(b, spec->issued);
	hs_put_u32(b, (uint32_t)spec->n);
	for (size_t i = 0; i < spec->n; i++) {
		hs_put_u8(b, (uint8_t)spec->v[i].what);
		hs_put_cstring(b, spec->v[i].session);
		hs_put_u64(b, spec->v[i].lo);
		hs_put_u64(b, spec->v[i].hi);
	}
	hs_put_u32(b, (uint32_t)spec->nproofs);
	for (size_t i = 0; i < spec->nproofs; i++)
		hs_put_str(b, spec->proofs[i].blob);
	if ((rc = hs_buf_err(b)) != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "%s", "");
	return hs_rlist_parse_message(
	    (struct hs_str){b->p + start, b->len - start}, &back, err);
}

void
hs_rlist_put(struct hs_buf *b, struct hs_str message, struct hs_str signature)
{
	hs_put_raw(b, MAGIC, MAGIC_LEN);
	hs_put_str(b, message);
	hs_put_str(b, signature);
}

// ---- reading

static int
get_entry(struct hs_rd *r, struct hs_rlist_entry *e)
{
	struct hs_str session;
	uint8_t what = 0;
	bool of_session, numbered;
	int rc = hs_get_u8(r, &what);

	if (rc == HS_OK)
		rc = hs_get_string_max(r, HS_SESSION_ID_LEN, &session);
	if (rc == HS_OK)
		rc = hs_get_u64(r, &e->lo);
	if (rc == HS_OK)
		rc = hs_get_u64(r, &e->hi);
	if (rc != HS_OK)
		return rc;
	if (what < HS_RLIST_ALL || what > HS_RLIST_DIRECT)
		return HS_ERR_FORMAT;
	e->what = (enum hs_rlist_what)what;
	of_session = e->what == HS_RLIST_SESSION || e->what == HS_RLIST_SERIALS;
	numbered = e->what == HS_RLIST_SERIALS || e->what == HS_RLIST_DIRECT;
	if (of_session ? !hs_session_id_valid(session) : session.len > 0)
		return HS_ERR_FORMAT;
	if (numbered ? e->lo == 0 || e->lo > e->hi : e->lo != 0 || e->hi != 0)
		return HS_ERR_FORMAT;
	return hs_str_copy(session, e->session, sizeof e->session);
}

// Each behind the one before, so that what is said is said once.
static int
get_entries(struct hs_rd *r, struct hs_rlist *out)
{
	struct hs_rlist_entry e, before = {0};
	const uint8_t *start;
	int rc = hs_get_u32(r, &out->n);

	if (rc == HS_OK && out->n > HS_RLIST_ENTRIES_MAX)
		rc = HS_ERR_TOO_LONG;
	if (rc == HS_OK && out->n == 0)
		rc = HS_ERR_FORMAT; // who takes nothing back needs no touch for it
	start = r->p;
	for (uint32_t i = 0; i < out->n && rc == HS_OK; i++) {
		rc = get_entry(r, &e);
		if (rc == HS_OK && i > 0 &&
		    (by_place(&before, &e) >= 0 || touches(&before, &e)))
			rc = HS_ERR_FORMAT;
		before = e;
	}
	out->entries = (struct hs_str){start, (size_t)(r->p - start)};
	return rc;
}

struct finding {
	const char *session;
	bool found;
};

static int
is_named(void *arg, const struct hs_rlist_entry *e)
{
	struct finding *f = arg;

	f->found |= strcmp(f->session, e->session) == 0;
	return HS_OK;
}

// A delegation of a session that is named, below a grant of this root, behind the one
// before.
static int
check_proof(const struct hs_rlist *l, struct hs_str blob,
    char last[static HS_SESSION_ID_LEN + 1], struct hs_err *err)
{
	char session[HS_SESSION_ID_LEN + 1];
	struct finding f = {session, false};
	struct hs_delegation d;
	int rc = hs_delegation_parse(blob, &d, err);

	if (rc == HS_OK) {
		hs_session_id(&d.cert.ca, session);
		(void)hs_rlist_walk(l, is_named, &f);
		if (!hs_key_eq(&d.grant.cert.ca, &l->root) ||
		    !hs_key_eq(&d.grant.cert.key, &d.cert.ca))
			rc = hs_fail(
			    err, HS_NO_WIDER, "it holds a certificate below another grant");
		else if (!f.found)
			rc = hs_fail(err, HS_NO_WIDER,
			    "it holds a certificate of what it does not name");
		else if (strcmp(session, last) <= 0)
			rc = hs_fail(
			    err, HS_ERR_FORMAT, "its certificates are out of order");
		else
			memcpy(last, session, sizeof session);
	}
	hs_delegation_free(&d);
	return rc;
}

static int
get_proofs(struct hs_rd *r, struct hs_rlist *out, struct hs_err *err)
{
	char last[HS_SESSION_ID_LEN + 1] = "";
	const uint8_t *start;
	struct hs_str blob;
	int rc = hs_get_u32(r, &out->nproofs);

	if (rc == HS_OK && out->nproofs > HS_RLIST_PROOFS_MAX)
		rc = HS_ERR_TOO_LONG;
	start = r->p;
	for (uint32_t i = 0; i < out->nproofs && rc == HS_OK; i++) {
		rc = hs_get_string_max(r, HS_CERT_MAX, &blob);
		if (rc == HS_OK && (rc = check_proof(out, blob, last, err)) != HS_OK)
			return rc; // told
	}
	out->proofs = (struct hs_str){start, (size_t)(r->p - start)};
	return rc == HS_OK ? HS_OK : hs_fail(err, (enum hs_code)rc, "%s", "");
}

int
hs_rlist_parse_message(struct hs_str message, struct hs_rlist *out, struct hs_err *err)
{
	struct hs_rd r = hs_rd_of(message);
	struct hs_str root = {0};
	int rc = HS_OK;

	memset(out, 0, sizeof *out);
	out->message = message;
	if (message.len > HS_RLIST_MESSAGE_MAX)
		rc = HS_ERR_TOO_LONG;
	if (rc == HS_OK)
		rc = hs_get_string_max(&r, HS_ROOT_BLOB_MAX, &root);
	if (rc == HS_OK)
		rc = hs_key_parse(root, &out->root);
	if (rc == HS_OK && !hs_certform_is_root(&out->root))
		rc = HS_ERR_KEY_TYPE;
	if (rc == HS_OK)
		rc = hs_get_u64(&r, &out->version);
	if (rc == HS_OK)
		rc = hs_get_u64(&r, &out->issued);
	if (rc == HS_OK)
		rc = get_entries(&r, out);
	if (rc == HS_OK && (rc = get_proofs(&r, out, err)) != HS_OK)
		return rc;
	if (rc == HS_OK)
		rc = hs_rd_end(&r);
	return rc == HS_OK ? HS_OK
			   : hs_fail(err, (enum hs_code)rc, "this is no root's list: %s",
				 hs_code_sentence((enum hs_code)rc));
}

bool
hs_rlist_is(struct hs_str blob)
{
	return blob.len >= MAGIC_LEN && memcmp(blob.p, MAGIC, MAGIC_LEN) == 0;
}

int
hs_rlist_parse(struct hs_str blob, struct hs_rlist *out, struct hs_err *err)
{
	struct hs_rd r = hs_rd_of(blob);
	struct hs_str magic, message = {0}, signature = {0};
	int rc =
	    blob.len > HS_RLIST_MAX ? HS_ERR_TOO_LONG : hs_get_raw(&r, MAGIC_LEN, &magic);

	memset(out, 0, sizeof *out);
	if (rc == HS_OK && memcmp(magic.p, MAGIC, MAGIC_LEN) != 0)
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK)
		rc = hs_get_string(&r, &message);
	if (rc == HS_OK)
		rc = hs_get_string(&r, &signature);
	if (rc == HS_OK)
		rc = hs_rd_end(&r);
	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "this is no root's list: %s",
		    hs_code_sentence((enum hs_code)rc));
	rc = hs_rlist_parse_message(message, out, err);
	out->signature = signature;
	return rc;
}

int
hs_rlist_check(const struct hs_rlist *l, const struct hs_roots *roots, struct hs_err *err)
{
	struct hs_buf bytes = {0};
	struct hs_sk_sig sk;
	int rc;

	if (roots != NULL && hs_roots_find(roots, &l->root) == NULL)
		return hs_fail(err, HS_NO_ROOT_UNKNOWN, "no trusted root signed the list");
	hs_sshsig_put_signed(&bytes, HS_NS_KRL, l->message);
	rc = hs_buf_err(&bytes);
	if (rc == HS_OK)
		rc = hs_sig_verify(&l->root, l->signature, hs_buf_str(&bytes), &sk);
	hs_buf_free(&bytes);
	if (rc == HS_ERR_NOMEM)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	if (rc != HS_OK)
		return hs_fail(err, HS_ERR_CRYPTO, "the root's signature is not good");
	return hs_sk_touched(&sk)
		   ? HS_OK
		   : hs_fail(err, HS_NO_TOUCH,
			 "the root's signature does not say that the key was touched");
}

int
hs_rlist_walk(const struct hs_rlist *l, hs_rlist_each *fn, void *arg)
{
	struct hs_rd r = hs_rd_of(l->entries);
	struct hs_rlist_entry e;
	int rc = HS_OK;

	while (rc == HS_OK && r.left > 0) {
		rc = get_entry(&r, &e);
		if (rc == HS_OK)
			rc = fn(arg, &e);
	}
	return rc;
}

// Both signatures: the session's is what the root cannot make.
static int
prove(struct hs_delegation *d, struct hs_err *err)
{
	if (hs_cert_verify(&d->cert, NULL) != HS_OK)
		return hs_fail(err, HS_NO_SIG_CERT,
		    "the session's signature on the certificate is not good");
	return hs_grant_check_signature(&d->grant, err);
}

int
hs_rlist_session_key(
    const struct hs_rlist *l, const char *session, struct hs_key *out, struct hs_err *err)
{
	struct hs_rd r = hs_rd_of(l->proofs);
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_delegation d;
	struct hs_str blob;
	bool found = false;
	int rc = HS_OK;

	while (!found && rc == HS_OK && hs_get_string(&r, &blob) == HS_OK) {
		rc = hs_delegation_parse(blob, &d, err);
		if (rc == HS_OK) {
			hs_session_id(&d.cert.ca, id);
			found = strcmp(id, session) == 0;
		}
		if (found && (rc = prove(&d, err)) == HS_OK)
			*out = d.cert.ca;
		hs_delegation_free(&d);
	}
	if (rc != HS_OK || found)
		return rc;
	return hs_fail(err, HS_NO_SUCH, "it holds no certificate of session %s", session);
}
