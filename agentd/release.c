// SPDX-License-Identifier: ISC
//
// Between signing and handing out. Contract in release.h.
#include "agentd/release.h"

#include <stdlib.h>
#include <string.h>
#include "agentd/events.h"
#include "agentd/log.h"
#include "agentd/reply.h"
#include "agentd/revocation.h"
#include "agentd/seat.h"

struct release {
	struct hs_daemon *d;
	char session[HS_SESSION_ID_LEN + 1];
	char id[HS_SESSION_ID_LEN + 24];
	char agent[HS_AGENT_NAME_MAX + 1];
	uint64_t serial, seat, grant_serial, uses, end;
	hs_release_done *done;
	void *arg;
};

// The certificate may be shown from now on, or never was. What was revoked meanwhile, or
// whose session ended, is not given out any more; a seat gives its own out, and sees to
// that.
static int
settle(const struct release *r, int code)
{
	struct hs_session *s = &r->d->session;
	bool same = s->open && strcmp(s->id, r->session) == 0, there = false;

	if (same && code == HS_OK)
		there = hs_session_recorded(s, r->serial);
	else if (same)
		hs_session_unkeep(s, r->serial, r->grant_serial, r->uses);
	return code == HS_OK && !there && r->seat == 0 ? HS_NO_GONE : code;
}

static void
on_recorded(void *arg, int code)
{
	struct release *r = arg;
	struct hs_err why = {0};
	struct hs_agent_event e = {.event = hs_str_c("issued"),
	    .agent = hs_str_c(r->agent),
	    .id = hs_str_c(r->id),
	    .until = r->end};

	// what cannot be taken back later is not given out
	if (code == HS_OK && hs_revocation_flush(r->d->revocation, &why) != HS_OK) {
		hs_log("%s: %s", r->id, hs_err_sentence(&why));
		code = HS_NO_RECORD;
	}
	code = settle(r, code);
	if (code == HS_OK)
		hs_events_put(r->d, &e, r->seat);
	r->done(r->arg, code);
	free(r);
}

static int
keep(struct hs_daemon *d, const struct hs_wanted *w, const struct hs_peer *peer,
    const struct hs_issue *i)
{
	const struct hs_issued_spec spec = {.serial = i->serial,
	    .seat = w->seat,
	    .grant_serial = i->grant_serial,
	    .issued = i->issued,
	    .end = i->end,
	    .pid = peer->pid,
	    .agent = hs_str_c(w->agent),
	    .scope = hs_scope_text(w->scope),
	    .exe = hs_str_c(peer->exe),
	    .certificate = hs_buf_str(&i->certificate)};

	return hs_session_keep(&d->session, &spec);
}

static int
record(struct hs_daemon *d, const struct hs_wanted *w, const struct hs_peer *peer,
    const struct hs_issue *i, struct release *r)
{
	const struct hs_policy *policy = d->policy->policy;
	uint8_t digest[32];
	struct hs_audit_record rec = {.event = "issue",
	    .time = i->issued,
	    .agent = hs_str_c(w->agent),
	    .session = d->session.id,
	    .reason = hs_buf_str(&w->reason),
	    .scope = hs_scope_text(w->scope),
	    .digest = {digest, sizeof digest},
	    .policy = {policy->digest, sizeof policy->digest},
	    .numbered = true,
	    .serial = i->serial,
	    .parent = i->grant_serial,
	    .seat = w->seat,
	    .end = i->end,
	    .key = w->fingerprint};

	hs_reply_who(&rec, peer);
	rec.origin = hs_origin_name(w->origin); // as the certificate says
	hs_scope_digest(w->scope, digest);
	return hs_audit_put(d->audit, &rec, on_recorded, r, NULL, NULL);
}

static int
note(struct hs_daemon *d, const struct hs_wanted *w, const struct hs_issue *i)
{
	struct hs_indexed x = {.what = HS_INDEXED_CERT, .serial = i->serial, .end = i->end};

	if (i->indexed)
		return HS_OK;
	if (i->direct != NULL) {
		x.what = HS_INDEXED_DIRECT;
		x.cert_serial = i->direct->serial;
		x.ca = i->direct->ca;
	}
	memcpy(x.agent, w->agent, sizeof x.agent);
	x.nseats = hs_seat_chain(hs_seat_find(d, w->seat), x.seats);
	return hs_revocation_note(d->revocation, &x, NULL);
}

int
hs_release(struct hs_daemon *d, const struct hs_wanted *w, const struct hs_peer *peer,
    const struct hs_issue *i, hs_release_done *done, void *arg)
{
	struct release *r = calloc(1, sizeof *r);
	int rc = r != NULL ? keep(d, w, peer, i) : HS_ERR_NOMEM;

	if (rc == HS_OK)
		rc = note(d, w, i);
	if (rc == HS_OK) {
		*r = (struct release){.d = d,
		    .serial = i->serial,
		    .seat = w->seat,
		    .grant_serial = i->grant_serial,
		    .uses = i->uses,
		    .end = i->end,
		    .done = done,
		    .arg = arg};
		memcpy(r->session, d->session.id, sizeof r->session);
		memcpy(r->id, i->id, sizeof r->id);
		memcpy(r->agent, w->agent, sizeof r->agent);
		rc = record(d, w, peer, i, r);
	}
	if (rc != HS_OK) {
		hs_session_unkeep(&d->session, i->serial, i->grant_serial, i->uses);
		free(r);
		return rc;
	}
	hs_log("%s for %s, pid %lu", i->id, w->agent, (unsigned long)peer->pid);
	hs_daemon_session_changed(d); // idling begins anew
	return HS_OK;
}
