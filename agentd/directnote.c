// SPDX-License-Identifier: ISC
//
// Direct certificates are noted before they are recorded. Contract in directnote.h.
#include "agentd/directnote.h"

#include <stdlib.h>
#include <string.h>
#include "agentd/revocation.h"

static size_t
seats_of(const struct hs_touch *t, uint64_t seats[static HS_LINEAGE_MAX + 1])
{
	if (!t->seating)
		return hs_seat_chain(hs_seat_find(t->d, t->wanted.seat), seats);
	seats[0] = t->seat; // on no other: below a seat nothing is direct
	return 1;
}

static int
gone(struct hs_touch *t, const char *what)
{
	hs_fail(&t->why.err, HS_NO_GONE, "%s", what);
	hs_refusal_remedy(&t->why, "ask again");
	return HS_NO_GONE;
}

int
hs_directnote_put(struct hs_touch *t, const struct hs_now *now)
{
	struct hs_session *s = &t->d->session;
	struct hs_held *h = t->held;
	struct hs_indexed x = {.what = HS_INDEXED_DIRECT,
	    .end = h->end,
	    .cert_serial = h->cert->serial,
	    .ca = h->cert->ca};
	const bool first = t->key.secret != NULL;
	char id[HS_SESSION_ID_LEN + 1];
	int rc = HS_OK;

	hs_asking_session(t, id);
	if (first == s->open || (!first && strcmp(s->id, id) != 0))
		return gone(t, "the session was closed meanwhile");
	if (!t->seating && t->wanted.seat > 0 && hs_seat_find(t->d, t->wanted.seat) == NULL)
		return gone(t, "the seat it was for has ended");
	if (first)
		rc = hs_revocation_begin(t->d->revocation, id, now->wall, &t->why.err);
	if (rc == HS_OK) {
		x.serial = first ? t->seat + 1 : ++s->last_serial;
		memcpy(x.agent, t->wanted.agent, sizeof x.agent);
		x.nseats = seats_of(t, x.seats);
		rc = hs_revocation_note(t->d->revocation, &x, &t->why.err);
		if (rc != HS_OK && first)
			hs_revocation_undo(t->d->revocation);
	}
	h->indexed = x.serial;
	if (rc != HS_OK)
		hs_refusal_remedy(&t->why, "see that the state folder can be written");
	return rc;
}

bool
hs_directnote_stands(struct hs_touch *t, const struct hs_held *h)
{
	struct hs_revlog_of was = {0};
	int rc = hs_revocation_of(t->d->revocation, t->d->session.id, &was);

	if (rc != HS_OK)
		hs_fail(&t->why.err, (enum hs_code)rc, "%s", "");
	else if (was.whole || hs_revlog_of_has(&was, h->indexed))
		rc = gone(t, "it was revoked meanwhile");
	free(was.r);
	return rc == HS_OK;
}
