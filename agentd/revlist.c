// SPDX-License-Identifier: ISC
//
// Lists of what is revoked. Contract in revlist.h.
#include "agentd/revlist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/files.h"
#include "agentd/log.h"
#include "agentd/revindex.h"
#include "agentd/revkey.h"
#include "proto/list.h"

#define KEPT_S 3600 // after its end: for servers whose clocks are behind

// A list that would be too long names the session: taking back more than was asked for is
// better than less.
static int
put_krl(struct hs_buf *b, const struct hs_revlog_of *w, const struct hs_key *session_key,
    const char *session, uint64_t version, uint64_t now)
{
	size_t most = HS_LIST_MAX - HS_CERT_MAX - 1024;
	int rc = HS_OK;

	hs_krl_begin(b, version, now, session);
	if (!w->whole)
		rc = hs_krl_put_serials(b, session_key, w->r, w->n);
	if (rc == HS_ERR_TOO_LONG || (rc == HS_OK && b->len > most)) {
		hs_log("session %s: its list would be too long, so it names the session",
		    session);
		hs_buf_reset(b);
		hs_krl_begin(b, version, now, session);
		hs_krl_put_keys(b, session_key, 1);
	} else if (rc != HS_OK) {
		return rc;
	}
	if (w->whole)
		hs_krl_put_keys(b, session_key, 1);
	return hs_buf_err(b);
}

// Of the list that is there: a version never comes twice, whatever this daemon remembers.
static uint64_t
version_there(int dir, const char *name)
{
	struct hs_buf data = {0};
	struct hs_list l = {0};
	uint64_t version = 0;

	if (hs_files_read_at(dir, name, HS_LIST_MAX, &data, NULL) == HS_OK &&
	    hs_list_parse(hs_buf_str(&data), &l, NULL) == HS_OK)
		version = l.krl.version;
	hs_list_free(&l);
	hs_buf_free(&data);
	return version;
}

static int
put_list(struct hs_buf *b, const struct hs_revkey *key, struct hs_str krl, uint64_t next)
{
	struct hs_buf message = {0}, sig = {0};
	int rc;

	hs_list_put_message(&message, next, krl);
	rc = hs_buf_err(&message);
	if (rc == HS_OK)
		rc = hs_revkey_sign(key, hs_buf_str(&message), &sig);
	if (rc == HS_OK) {
		hs_list_put(b, hs_buf_str(&key->certificate), hs_buf_str(&message),
		    hs_buf_str(&sig));
		rc = hs_buf_err(b);
	}
	hs_buf_free(&message);
	hs_buf_free(&sig);
	return rc;
}

// ---- direct certificates, which roots have signed: in the plain KRL alone

struct directs {
	const struct hs_revlog_of *revoked;
	struct hs_krl_range *r;
	struct hs_key *ca; // of each
	size_t n, cap;
};

static int
take_direct(void *arg, const struct hs_indexed *i)
{
	struct directs *d = arg;
	size_t cap = d->cap > 0 ? d->cap * 2 : 8;
	struct hs_krl_range *r;
	struct hs_key *ca;

	if (i->what != HS_INDEXED_DIRECT ||
	    (!d->revoked->whole && !hs_revlog_of_has(d->revoked, i->serial)))
		return HS_OK;
	if (d->n == d->cap) {
		r = reallocarray(d->r, cap, sizeof *r);
		d->r = r != NULL ? r : d->r;
		ca = reallocarray(d->ca, cap, sizeof *ca);
		d->ca = ca != NULL ? ca : d->ca;
		if (r == NULL || ca == NULL)
			return HS_ERR_NOMEM;
		d->cap = cap;
	}
	d->r[d->n] = (struct hs_krl_range){i->cert_serial, i->cert_serial};
	d->ca[d->n++] = i->ca;
	return HS_OK;
}

// Those of each root together; of any they are few, for each cost a touch.
static int
put_directs(struct hs_buf *krl, struct directs *d)
{
	int rc = HS_OK;

	while (d->n > 0 && rc == HS_OK) {
		struct hs_key ca = d->ca[0];
		size_t same = 0, kept = 0;
		struct hs_krl_range *r = calloc(d->n, sizeof *r);

		if (r == NULL)
			return HS_ERR_NOMEM;
		for (size_t i = 0; i < d->n; i++) {
			if (hs_key_eq(&d->ca[i], &ca)) {
				r[same++] = d->r[i];
				continue;
			}
			d->ca[kept] = d->ca[i];
			d->r[kept++] = d->r[i];
		}
		d->n = kept;
		rc = hs_krl_put_serials(krl, &ca, r, same);
		free(r);
	}
	return rc;
}

// Appends them. *any: there was one.
static int
add_directs(struct hs_buf *krl, const struct hs_revlist_dirs *dirs, const char *session,
    const struct hs_revlog_of *revoked, bool *any)
{
	struct directs d = {.revoked = revoked};
	enum hs_revindex_state state;
	int rc = hs_revindex_read(dirs->sessions, session, take_direct, &d, &state, NULL);

	*any = d.n > 0;
	if (rc == HS_OK)
		rc = put_directs(krl, &d);
	free(d.r);
	free(d.ca);
	return rc;
}

// ---- files

// What has ended before is left out.
static uint64_t
after(const struct hs_revlist *l)
{
	return l->now > KEPT_S ? l->now - KEPT_S : 0;
}

static int
write_krl(const struct hs_revlist_dirs *dirs, const char *session, bool names_any,
    struct hs_str krl, struct hs_err *err)
{
	char name[64];

	(void)snprintf(name, sizeof name, "%s" HS_REVLIST_KRL, session);
	if (!names_any && faccessat(dirs->krl, name, F_OK, 0) != 0)
		return HS_OK;
	return hs_statefile_replace(dirs->krl, name, 0644, krl, err);
}

// The list, where the session has a key to sign it.
static int
write_list(const struct hs_revlist_dirs *dirs, const char *session,
    const struct hs_revkey *key, struct hs_str krl, uint64_t next, struct hs_err *err)
{
	struct hs_buf list = {0};
	char name[64];
	int rc = put_list(&list, key, krl, next);

	(void)snprintf(name, sizeof name, "%s" HS_REVLIST_SUFFIX, session);
	rc = rc != HS_OK
		 ? hs_fail(err, (enum hs_code)rc, "%s", "")
		 : hs_statefile_replace(dirs->lists, name, 0644, hs_buf_str(&list), err);
	hs_buf_free(&list);
	return rc;
}

int
hs_revlist_make(struct hs_revlist *l, const struct hs_revlist_dirs *dirs,
    const struct hs_revlog *log, uint64_t before)
{
	char name[64];

	(void)snprintf(name, sizeof name, "%s" HS_REVLIST_SUFFIX, l->session);
	if (before == 0)
		before = version_there(dirs->lists, name);
	// seconds, so that it grows even where the one before is lost
	l->version = before >= l->now && before < UINT64_MAX ? before + 1 : l->now;
	return hs_revlog_of(log, l->session, after(l), &l->revoked);
}

static int
write_both(const struct hs_revlist *l, const struct hs_revlist_dirs *dirs,
    const struct hs_revlist_has *has, struct hs_err *err)
{
	const struct hs_revlog_of *w = &l->revoked;
	struct hs_revkey key = {0};
	struct hs_buf krl = {0};
	bool direct = false;
	int rc = has->key ? hs_revkey_load(dirs->sessions, l->session, &key, err) : HS_OK;

	if (rc != HS_OK)
		return rc;
	if (has->key)
		rc = put_krl(&krl, w, &key.session_key, l->session, l->version, l->now);
	else
		hs_krl_begin(&krl, l->version, l->now, l->session);
	if (rc != HS_OK)
		rc = hs_fail(err, (enum hs_code)rc, "%s", "");
	else if (has->key)
		rc = write_list(dirs, l->session, &key, hs_buf_str(&krl), l->next, err);
	if (rc == HS_OK && has->direct &&
	    (rc = add_directs(&krl, dirs, l->session, w, &direct)) != HS_OK)
		rc = hs_fail(err, rc == HS_ERR_NOMEM ? HS_ERR_NOMEM : HS_ERR_IO,
		    "the direct certificates of the session");
	if (rc == HS_OK)
		rc = write_krl(dirs, l->session,
		    direct || (has->key && (w->whole || w->n > 0)), hs_buf_str(&krl), err);
	hs_revkey_free(&key);
	hs_buf_free(&krl);
	return rc;
}

void
hs_revlist_write(struct hs_revlist *l, const struct hs_revlist_dirs *dirs)
{
	const struct hs_revlist_has direct = {.direct = true};

	l->rc = write_both(l, dirs, &l->has, &l->why);
	l->keyless = l->rc == HS_NO_SUCH || l->rc == HS_ERR_FORMAT;
	if (!l->keyless)
		return;
	if (l->has.direct) // which stand in its KRL, that nobody signs
		(void)write_both(l, dirs, &direct, &l->why);
	l->rc = hs_fail(&l->why, HS_NO_LIST,
	    "the key that would sign the list of session %s is gone", l->session);
}

void
hs_revlist_free(struct hs_revlist *l)
{
	free(l->revoked.r);
	l->revoked = (struct hs_revlog_of){0};
}
