// SPDX-License-Identifier: ISC
//
// Signed lists of what is revoked. Contract in list.h.
#include "proto/list.h"

#include <inttypes.h>
#include <string.h>
#include "proto/names.h"

#define MAGIC	  "HSLIST1\n"
#define MAGIC_LEN 8

void
hs_list_put_message(struct hs_buf *b, uint64_t next, struct hs_str krl)
{
	hs_put_u64(b, next);
	hs_put_str(b, krl);
}

void
hs_list_put(struct hs_buf *b, struct hs_str certificate, struct hs_str message,
    struct hs_str signature)
{
	hs_put_raw(b, MAGIC, MAGIC_LEN);
	hs_put_str(b, certificate);
	hs_put_str(b, message);
	hs_put_str(b, signature);
}

static int
read_parts(struct hs_str blob, struct hs_list *out, struct hs_str *certificate)
{
	struct hs_rd r = hs_rd_of(blob), inner;
	struct hs_str magic;
	int rc;

	if (blob.len > HS_LIST_MAX)
		return HS_ERR_TOO_LONG;
	rc = hs_get_raw(&r, MAGIC_LEN, &magic);
	if (rc == HS_OK && memcmp(magic.p, MAGIC, MAGIC_LEN) != 0)
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK)
		rc = hs_get_string_max(&r, HS_CERT_MAX, certificate);
	if (rc == HS_OK)
		rc = hs_get_string(&r, &out->message);
	if (rc == HS_OK)
		rc = hs_get_string(&r, &out->signature);
	if (rc == HS_OK)
		rc = hs_rd_end(&r);
	if (rc != HS_OK)
		return rc;
	inner = hs_rd_of(out->message);
	rc = hs_get_u64(&inner, &out->next);
	if (rc == HS_OK)
		rc = hs_get_string(&inner, &out->krl_blob);
	if (rc == HS_OK)
		rc = hs_rd_end(&inner);
	return rc == HS_OK ? hs_krl_parse(out->krl_blob, &out->krl) : rc;
}

// The key can only add to its own session's list: serials under the session key, and that
// key itself.
static int
is_of_session(void *arg, const struct hs_krl_item *it)
{
	const struct hs_str *key = arg;

	if (it->what == HS_KRL_SERIALS)
		return hs_str_eq(it->ca, *key) ? HS_OK : HS_NO_WIDER;
	return it->what == HS_KRL_KEY && hs_str_eq(it->value, *key) ? HS_OK : HS_NO_WIDER;
}

int
hs_list_parse(struct hs_str blob, struct hs_list *out, struct hs_err *err)
{
	struct hs_str certificate = {0}, session;
	struct hs_buf key = {0};
	int rc;

	memset(out, 0, sizeof(*out));
	rc = read_parts(blob, out, &certificate);
	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "this is no list of handseal's: %s",
		    hs_code_sentence((enum hs_code)rc));
	if ((rc = hs_revoker_parse(certificate, &out->revoker, err)) != HS_OK)
		return rc;
	hs_key_put(&key, &out->revoker.cert.ca);
	session = hs_buf_str(&key);
	rc = hs_buf_err(&key);
	if (rc == HS_OK)
		rc = hs_krl_walk(&out->krl, is_of_session, &session);
	hs_buf_free(&key);
	if (rc == HS_NO_WIDER)
		return hs_fail(
		    err, HS_NO_WIDER, "the list would revoke what is not its session's");
	return rc == HS_OK ? HS_OK : hs_fail(err, (enum hs_code)rc, "%s", "");
}

int
hs_list_check(struct hs_list *l, const struct hs_roots *roots, struct hs_err *err)
{
	struct hs_buf bytes = {0};
	int rc = hs_revoker_check(&l->revoker, roots, err);

	if (rc != HS_OK)
		return rc;
	hs_sshsig_put_signed(&bytes, HS_NS_KRL, l->message);
	rc = hs_buf_err(&bytes);
	if (rc == HS_OK)
		rc = hs_sig_verify(
		    &l->revoker.cert.key, l->signature, hs_buf_str(&bytes), NULL);
	hs_buf_free(&bytes);
	if (rc == HS_OK || rc == HS_ERR_NOMEM)
		return rc;
	return hs_fail(err, HS_ERR_CRYPTO, "the signature on the list is not good");
}

void
hs_list_free(struct hs_list *l)
{
	hs_revoker_free(&l->revoker);
	memset(l, 0, sizeof(*l));
}

// ---- asking

void
hs_list_subject(struct hs_list_subject *s, const struct hs_delegation *d)
{
	const struct hs_cert *c = &d->cert;

	memset(s, 0, sizeof(*s));
	hs_session_id(&c->ca, s->session);
	s->session_key = c->ca;
	s->serial = c->serial;
	s->nlineage = d->nlineage;
	memcpy(s->lineage, d->lineage, sizeof(s->lineage));
	s->made = hs_delegation_made(d);
}

void
hs_list_subject_direct(struct hs_list_subject *s, const struct hs_direct *d)
{
	memset(s, 0, sizeof(*s));
	s->direct = true;
	s->serial = d->cert.serial;
}

struct looking {
	struct hs_list_found *f;
	const struct hs_list_subject *s;
};

// hs_list_parse saw to it that all of it is the session's.
static int
look_at(void *arg, const struct hs_krl_item *it)
{
	const struct looking *l = arg;

	if (it->what == HS_KRL_KEY)
		l->f->whole = true;
	for (size_t i = 0; it->what == HS_KRL_SERIALS && i < l->s->nlineage; i++)
		if (it->lo <= l->s->lineage[i] && l->s->lineage[i] <= it->hi)
			l->f->serial = l->s->lineage[i];
	if (it->what == HS_KRL_SERIALS && it->lo <= l->s->serial && l->s->serial <= it->hi)
		l->f->serial = l->s->serial;
	return HS_OK;
}

void
hs_list_unite(struct hs_list_found *f, const struct hs_list *l,
    const struct hs_list_subject *s, uint64_t now)
{
	struct looking looking = {f, s};

	if (strcmp(l->revoker.session, s->session) != 0)
		return;
	(void)hs_krl_walk(&l->krl, look_at, &looking);
	f->lists++;
	if (l->krl.version > f->version || f->lists == 1) {
		f->version = l->krl.version;
		f->next = l->next;
	}
	// a list that says it was issued tomorrow would be fresh until then
	if (l->krl.date > f->issued &&
	    (now > UINT64_MAX - HS_CLOCK_SLACK || l->krl.date <= now + HS_CLOCK_SLACK))
		f->issued = l->krl.date;
}

int
hs_list_take(struct hs_list_found *f, struct hs_str blob, const struct hs_roots *roots,
    const struct hs_list_subject *s, uint64_t now, struct hs_err *err)
{
	struct hs_list l = {0};
	int rc = hs_list_parse(blob, &l, err);
	bool own = rc == HS_OK && hs_key_eq(&l.revoker.cert.ca, &s->session_key);

	if (rc == HS_OK && strcmp(l.revoker.session, s->session) != 0)
		rc = hs_fail(err, HS_ERR_FORMAT, "it is another session's");
	if (rc == HS_OK)
		rc = hs_list_check(&l, own ? NULL : roots, err);
	if (rc == HS_OK)
		hs_list_unite(f, &l, s, now);
	hs_list_free(&l);
	return rc;
}

int
hs_list_judge(const struct hs_list_found *f, const struct hs_list_subject *s,
    uint64_t fresh, uint64_t now, struct hs_err *err)
{
	if (f->all)
		return hs_fail(
		    err, HS_NO_REVOKED, "everything under its root has been revoked");
	if (f->whole)
		return hs_fail(
		    err, HS_NO_REVOKED, "the session %s has been revoked", s->session);
	if (f->serial != 0 && f->serial == s->serial)
		return hs_fail(err, HS_NO_REVOKED, "the certificate has been revoked");
	if (f->serial != 0)
		return hs_fail(err, HS_NO_REVOKED,
		    "its ancestor %" PRIu64 " has been revoked", f->serial);
	if (s->direct || now <= s->made || now - s->made <= fresh)
		return HS_OK;
	if (f->lists == 0)
		return hs_fail(err, HS_NO_LIST,
		    "the certificate is older than %" PRIu64
		    " s, and no list of its session is here",
		    fresh);
	if (f->issued < now && now - f->issued > fresh)
		return hs_fail(err, HS_NO_LIST,
		    "the certificate and the latest list of its session are older than "
		    "%" PRIu64 " s",
		    fresh);
	return HS_OK;
}
