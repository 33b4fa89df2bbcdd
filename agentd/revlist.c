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

static int
write_both(const struct hs_revlist_dirs *dirs, const char *session, bool names_any,
    struct hs_str list, struct hs_str krl, struct hs_err *err)
{
	char name[64];
	int rc;

	(void)snprintf(name, sizeof name, "%s" HS_REVLIST_SUFFIX, session);
	rc = hs_statefile_replace(dirs->lists, name, 0644, list, err);
	(void)snprintf(name, sizeof name, "%s" HS_REVLIST_KRL, session);
	if (rc == HS_OK && (names_any || faccessat(dirs->krl, name, F_OK, 0) == 0))
		rc = hs_statefile_replace(dirs->krl, name, 0644, krl, err);
	return rc;
}

int
hs_revlist_write(const struct hs_revlist_dirs *dirs, const struct hs_revlog *log,
    const char *session, uint64_t now, uint64_t next, uint64_t *version, struct hs_err *err)
{
	struct hs_buf krl = {0}, list = {0};
	struct hs_revlog_of w = {0};
	struct hs_revkey key;
	uint64_t there = *version;
	char name[64];
	int rc = hs_revkey_load(dirs->sessions, session, &key, err);

	if (rc != HS_OK)
		return rc;
	(void)snprintf(name, sizeof name, "%s" HS_REVLIST_SUFFIX, session);
	if (there == 0)
		there = version_there(dirs->lists, name);
	// seconds, so that it grows even where the one before is lost
	there = there >= now && there < UINT64_MAX ? there + 1 : now;
	rc = hs_revlog_of(log, session, now > KEPT_S ? now - KEPT_S : 0, &w);
	if (rc == HS_OK)
		rc = put_krl(&krl, &w, &key.session_key, session, there, now);
	if (rc == HS_OK)
		rc = put_list(&list, &key, hs_buf_str(&krl), next);
	if (rc != HS_OK)
		rc = hs_fail(err, (enum hs_code)rc, "%s", "");
	else
		rc = write_both(dirs, session, w.whole || w.n > 0, hs_buf_str(&list),
		    hs_buf_str(&krl), err);
	if (rc == HS_OK)
		*version = there;
	free(w.r);
	hs_revkey_free(&key);
	hs_buf_free(&krl);
	hs_buf_free(&list);
	return rc;
}
