// SPDX-License-Identifier: ISC
//
// Making a seat that was decided on or touched for, and the bodies that say what it has.
// Contract in seatask.h.
#include "agentd/seatask.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/events.h"
#include "agentd/log.h"
#include "agentd/reply.h"
#include "agentd/seatkeys.h"

struct making {
	struct hs_daemon *d;
	char session[HS_SESSION_ID_LEN + 1];
	uint64_t seat;
	hs_seatask_done *done;
	void *arg;
};

static void
on_has_key(void *arg, int code)
{
	struct making *m = arg;
	bool same = m->d->session.open && strcmp(m->d->session.id, m->session) == 0;
	struct hs_seat *s = same ? hs_seat_find(m->d, m->seat) : NULL;
	struct hs_agent_event e = {.event = hs_str_c("seat")};

	if (s == NULL) {
		code = HS_NO_GONE;
	} else if (code != HS_OK) {
		s->owner->owns = NULL; // who is told so, and may ask again
		s->owner = NULL;
		hs_seat_end(s, "its certificate could not be recorded");
	} else {
		e.agent = hs_str_c(s->agent);
		e.id = hs_str_c(s->id);
		e.until = s->parts[0].end;
		hs_events_put(m->d, &e, s->serial);
	}
	m->done(m->arg, code);
	free(m);
}

static void
record(const struct hs_seat *s, struct hs_str reason)
{
	char parent[HS_SEAT_ID_MAX + 16] = "";
	uint8_t digest[32];
	struct hs_audit_record r = {.event = "seat",
	    .session = s->d->session.id,
	    .agent = hs_str_c(s->agent),
	    .reason = reason,
	    .scope = hs_scope_text(s->parts[0].scope),
	    .digest = {digest, sizeof digest},
	    .numbered = true,
	    .serial = s->serial,
	    .parent = s->parts[0].grant_serial,
	    .end = s->parts[0].end};
	char fingerprint[HS_FINGERPRINT_LEN + 1];

	hs_scope_digest(s->parts[0].scope, digest);
	hs_key_fingerprint(&s->pub, fingerprint);
	r.key = fingerprint;
	if (s->parent != NULL)
		(void)snprintf(parent, sizeof parent, "below seat %s", s->parent->id);
	r.sentence = hs_str_c(parent);
	r.share = s->shared.uid;
	hs_reply_who(&r, &s->runner);
	hs_daemon_note(s->d, &r);
}

int
hs_seatask_make(struct hs_daemon *d, const struct hs_seatask_new *n, hs_seatask_done *done,
    void *arg, struct hs_refusal *why)
{
	struct hs_seat_spec spec = {.owner = n->owner,
	    .parent = n->parent,
	    .serial = n->serial,
	    .agent = n->agent,
	    .scope = *n->scope,
	    .known = *n->known,
	    .grant_serial = n->grant_serial,
	    .end = n->end,
	    .end_boot_ms = n->end_boot_ms,
	    .touched = n->touched,
	    .key = n->key};
	struct making *m = calloc(1, sizeof *m);
	struct hs_seat *s = NULL;
	struct hs_now now;
	int rc = m != NULL ? HS_OK : hs_fail(&why->err, HS_ERR_NOMEM, "%s", "");

	if (rc == HS_OK && n->parent == NULL && n->shared != 0) // by the policy of now
		rc = hs_sharing_find(
		    d->policy->policy, n->shared, geteuid(), &spec.shared, why);
	if (rc == HS_OK)
		rc = hs_seat_make(d, &spec, &s, why);
	if (rc != HS_OK) {
		free(m);
		return rc;
	}
	*n->scope = NULL; // the seat's
	*n->known = NULL;
	if (n->left != NULL && *n->left != HS_USES_ANY)
		*n->left -= s->parts[0].uses_left; // they come back when it ends
	*m = (struct making){.d = d, .seat = s->serial, .done = done, .arg = arg};
	memcpy(m->session, d->session.id, sizeof m->session);
	hs_log("seat %s for %s, pid %" PRIu64, s->id, s->agent, s->runner.pid);
	record(s, n->reason);
	hs_daemon_session_changed(d);
	hs_clock_read(&now);
	rc = hs_seatkeys_renew(s, 0, &now, on_has_key, m, why);
	if (rc == HS_OK)
		return HS_OK;
	free(m);
	s->owner->owns = NULL;
	s->owner = NULL;
	hs_seat_end(s, "it could get no certificate");
	return rc;
}

void
hs_seatask_put_seated(struct hs_buf *b, const struct hs_seat *s)
{
	const struct hs_held *h =
	    hs_session_grant(&s->d->session, s->parts[0].grant_serial);
	const struct hs_agent_seated m = {.id = hs_str_c(s->id),
	    .socket = hs_str_c(s->socket),
	    .end = s->parts[0].end,
	    .scope = hs_scope_text(s->parts[0].scope),
	    .touched = s->parts[0].touched,
	    .simulated = h != NULL && h->simulated};

	hs_agent_seated_put(b, &m);
}

void
hs_seatask_put_issued(
    struct hs_buf *b, const struct hs_seat *s, const struct hs_seat_part *p)
{
	struct hs_agent_issued m = {
	    .certificate = hs_buf_str(&p->certificate), .end = p->end};
	char id[HS_SEAT_ID_MAX];

	(void)snprintf(id, sizeof id, "%s.%" PRIu64, s->d->session.id, p->serial);
	m.id = hs_str_c(id);
	hs_agent_issued_put(b, &m);
}
