// SPDX-License-Identifier: ISC
//
// What was taken back, as a service that has lists in memory is told: its own text of
// refused roots and sessions, its session's lists with what was seen of these before, and
// its root's.
// Contract in verify.h and handseal-verify.h.
//
// Who attacks: whoever brings the lists, who can leave one out or bring an older one. It
// gains what docs/PROTOCOL.revoke section 9 says, and with a table of what was seen less.
#include <string.h>
#include "client/libhandseal/verify.h"
#include "proto/barred.h"
#include "proto/rlist.h"

// The session's entry; NULL: it has none.
static struct hs_verify_seen *
find(const struct hs_verify_ask *ask, const char *session)
{
	for (size_t i = 0; i < ask->nseen; i++)
		if (memcmp(ask->seen[i].session, session, HS_SESSION_ID_LEN + 1) == 0)
			return &ask->seen[i];
	return NULL;
}

// A place for it: one that is empty, or else one of a session that has ended.
static struct hs_verify_seen *
place(const struct hs_verify_ask *ask)
{
	for (size_t i = 0; i < ask->nseen; i++)
		if (ask->seen[i].session[0] == '\0')
			return &ask->seen[i];
	for (size_t i = 0; i < ask->nseen; i++)
		if (ask->seen[i].until <= ask->now)
			return &ask->seen[i];
	return NULL;
}

// Never back a version. end: of the grant that was admitted.
static int
remember(const struct hs_verify_ask *ask, const char *session,
    const struct hs_list_found *f, uint64_t end, struct hs_err *err)
{
	struct hs_verify_seen *seen = find(ask, session);

	if (ask->nseen == 0)
		return HS_OK;
	if (seen != NULL && (f->lists == 0 || f->version < seen->version))
		return hs_fail(err, HS_NO_LIST,
		    "list %ju of its session has been seen here, and it is not there any "
		    "more",
		    (uintmax_t)seen->version);
	if (f->lists == 0)
		return HS_OK;
	if (seen == NULL && (seen = place(ask)) != NULL) {
		memset(seen, 0, sizeof *seen);
		memcpy(seen->session, session, HS_SESSION_ID_LEN + 1);
	}
	if (seen == NULL)
		return hs_fail(err, HS_NO_LIST,
		    "which list of its session was seen cannot be kept: the table is full");
	seen->version = f->version;
	if (seen->until < end)
		seen->until = end;
	return HS_OK;
}

static void
take(struct hs_list_found *f, struct hs_str blob, const struct hs_verify_ask *ask,
    const struct hs_roots *roots, const struct hs_key *root,
    const struct hs_list_subject *s)
{
	if (hs_rlist_is(blob))
		(void)hs_rlist_take(f, blob, root, s, NULL);
	else if (!s->direct)
		(void)hs_list_take(f, blob, roots, s, ask->now, NULL);
}

// What a list says holds before what is not known.
static int
look_in_lists(const struct hs_verify_ask *ask, const struct hs_roots *roots,
    const struct hs_verdict *v, const struct hs_list_subject *s, int *waived,
    struct hs_err *err)
{
	struct hs_list_found found = {0};
	struct hs_err back = {0};
	int rc, behind = HS_OK;

	for (size_t i = 0; i < ask->nlists; i++)
		take(&found, hs_verify_view(ask->lists[i]), ask, roots, &v->root->key, s);
	if (!s->direct)
		behind = remember(
		    ask, s->session, &found, v->delegation.grant.cert.valid_before, &back);
	rc = hs_list_judge(
	    &found, s, ask->fresh != 0 ? ask->fresh : HS_LISTS_FRESH, ask->now, err);
	if (rc == HS_NO_LIST && ask->lists_needed == HS_VERIFY_LISTS_OPTIONAL) {
		*waived = 1;
		rc = HS_OK;
	}
	if (rc == HS_OK && behind != HS_OK) {
		*err = back;
		rc = behind;
	}
	return rc;
}

int
hs_verify_lists_look(const struct hs_verify_ask *ask, const struct hs_roots *roots,
    const struct hs_verdict *v, int *waived, struct hs_err *err)
{
	struct hs_list_subject s;
	int rc;

	if (v->direct)
		hs_list_subject_direct(&s, &v->direct_cert);
	else
		hs_list_subject(&s, &v->delegation);
	rc = hs_barred(
	    hs_verify_view(ask->revoked), &v->root->key, v->direct ? NULL : s.session, err);
	if (rc != HS_OK || ask->lists_needed == HS_VERIFY_LISTS_NONE)
		return rc;
	return look_in_lists(ask, roots, v, &s, waived, err);
}
