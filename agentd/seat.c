// SPDX-License-Identifier: ISC
//
// A seat's life. Contract in seat.h.
#include "agentd/seat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/events.h"
#include "agentd/log.h"
#include "agentd/reply.h"
#include "agentd/revocation.h"
#include "agentd/revoke.h"
#include "agentd/seatkeys.h"
#include "agentd/seatsocket.h"
#include "agentd/touch.h"

// ---- made

static void
free_part(struct hs_seat_part *p)
{
	hs_scope_free(&p->scope);
	hs_knownhosts_free(&p->known);
	hs_buf_free(&p->certificate);
}

static void
free_seat(struct hs_seat *s)
{
	for (size_t i = 0; i < s->nparts; i++)
		free_part(&s->parts[i]);
	hs_keys_wipe(&s->key);
	free(s);
}

static void
on_closed(uv_handle_t *h)
{
	free_seat(h->data);
}

static struct hs_seat *
new_seat(struct hs_daemon *d, const struct hs_seat_spec *spec, struct hs_refusal *why)
{
	struct hs_session *ses = &d->session;
	struct hs_seat *s = NULL;
	struct hs_now now;
	size_t n = 0;

	// looked at here too: an asking for one may have waited while another was made
	if (spec->owner->owns != NULL) {
		hs_fail(&why->err, HS_NO_BUSY, "this connection has a seat already");
		(void)hs_refusal_remedy(why, "make the other on a connection of its own");
		return NULL;
	}
	for (const struct hs_seat *i = d->seats; i != NULL; i = i->next)
		n++;
	if (n >= HS_SEATS_MAX) {
		hs_fail(&why->err, HS_NO_BUSY, "too many seats live at once");
		(void)hs_refusal_remedy(why, "wait until some end");
		return NULL;
	}
	s = calloc(1, sizeof *s);
	if (s == NULL || uv_pipe_init(d->loop, &s->listener, 0) != 0) {
		free(s);
		hs_fail(&why->err, HS_ERR_NOMEM, "%s", "");
		return NULL;
	}
	hs_clock_read(&now);
	s->listener.data = s;
	s->d = d;
	s->parent = spec->parent;
	s->owner = spec->owner;
	s->serial = spec->serial > 0 ? spec->serial : ++ses->last_serial;
	hs_peer_copy(&s->runner, &spec->owner->peer);
	s->shared = s->parent != NULL ? s->parent->shared : spec->shared;
	s->began = now.wall;
	(void)snprintf(s->id, sizeof s->id, "%s.%" PRIu64, ses->id, s->serial);
	(void)snprintf(s->holder, sizeof s->holder, HS_HOLDER_SEAT "%s", s->id);
	(void)snprintf(s->agent, sizeof s->agent, "%s", spec->agent);
	return s;
}

// So that it can be revoked whatever becomes of this daemon.
static int
note(const struct hs_seat *s, const struct hs_seat_spec *spec, struct hs_err *err)
{
	struct hs_indexed i = {
	    .what = HS_INDEXED_SEAT, .serial = s->serial, .end = spec->end};

	memcpy(i.agent, s->agent, sizeof i.agent);
	i.nseats = hs_seat_chain(s->parent, i.seats);
	return hs_revocation_note(s->d->revocation, &i, err);
}

int
hs_seat_make(struct hs_daemon *d, const struct hs_seat_spec *spec, struct hs_seat **out,
    struct hs_refusal *why)
{
	struct hs_seat *s = new_seat(d, spec, why);
	int rc;

	*out = NULL;
	if (s == NULL)
		return (int)why->err.code;
	if (spec->key != NULL) {
		s->key = *spec->key;
		*spec->key = (struct hs_keys){0};
		rc = HS_OK;
	} else {
		rc = hs_keys_make(&s->key, &why->err);
	}
	if (rc == HS_OK)
		rc = note(s, spec, &why->err);
	if (rc == HS_OK)
		rc = hs_seatsocket_open(s, why);
	if (rc != HS_OK) {
		hs_seatsocket_remove(s);
		uv_close((uv_handle_t *)&s->listener, on_closed);
		return rc;
	}
	s->pub = s->key.pub;
	(void)hs_seat_add(
	    s, spec->scope, spec->known, spec->grant_serial, spec->end, spec->end_boot_ms);
	s->parts[0].touched = spec->touched;
	s->parts[0].direct = spec->key != NULL;
	s->parts[0].origin = hs_peer_origin(&s->runner);
	s->escalations = 0;
	s->next = d->seats;
	d->seats = s;
	spec->owner->owns = s;
	*out = s;
	return HS_OK;
}

// Has a seat below something of that part, whose grant lasts?
static bool
is_lent(const struct hs_seat *s, const struct hs_seat_part *p)
{
	for (struct hs_seat *o = s->d->seats; o != NULL; o = o->next)
		if (o->parent == s && hs_seat_part_under(o, p->grant_serial) != NULL)
			return hs_session_grant(&s->d->session, p->grant_serial) != NULL;
	return false;
}

bool
hs_seat_add(struct hs_seat *s, struct hs_scope *scope, struct hs_knownhosts *known,
    uint64_t grant_serial, uint64_t end, uint64_t end_boot_ms)
{
	struct hs_seat_part *p;
	struct hs_now now;

	hs_clock_read(&now);
	for (size_t i = 1; s->nparts == HS_SEAT_PARTS_MAX && i < s->nparts; i++) {
		p = &s->parts[i];
		if (hs_seat_part_lives(s, p, &now) || p->renewing || is_lent(s, p))
			continue;
		free_part(p);
		memmove(p, p + 1, (--s->nparts - i) * sizeof *p);
	}
	if (s->nparts == HS_SEAT_PARTS_MAX)
		return false;
	s->parts[s->nparts++] = (struct hs_seat_part){.scope = scope,
	    .known = known,
	    .grant_serial = grant_serial,
	    .end = end,
	    .end_boot_ms = end_boot_ms,
	    .uses_left = hs_scope_max_uses(scope),
	    .touched = true};
	s->escalations++;
	return true;
}

// ---- ended

// What was not used goes back to where it was taken from.
static void
give_back(struct hs_seat *s)
{
	const struct hs_seat_part *p = &s->parts[0];
	struct hs_held *h = hs_session_grant(&s->d->session, p->grant_serial);
	struct hs_seat_part *above =
	    s->parent != NULL ? hs_seat_part_under(s->parent, p->grant_serial) : NULL;

	if (s->nparts == 0 || p->touched || p->uses_left == HS_USES_ANY)
		return;
	if (above != NULL && above->uses_left != HS_USES_ANY)
		above->uses_left += p->uses_left;
	else if (s->parent == NULL && h != NULL && h->uses_left != HS_USES_ANY)
		h->uses_left += p->uses_left;
}

static void
record_end(const struct hs_seat *s, const char *why)
{
	struct hs_audit_record r = {.event = "seat-end",
	    .session = s->d->session.id,
	    .agent = hs_str_c(s->agent),
	    .numbered = true,
	    .serial = s->serial,
	    .sentence = hs_str_c(why),
	    .counted = true,
	    .count = s->logins + s->signatures};
	struct hs_agent_event e = {.event = hs_str_c("seat-ended"),
	    .agent = hs_str_c(s->agent),
	    .id = hs_str_c(s->id),
	    .text = hs_str_c(why)};

	hs_reply_who(&r, &s->runner);
	hs_log("seat %s ended: %s", s->id, why);
	hs_daemon_note(s->d, &r);
	hs_events_put(s->d, &e, s->parent != NULL ? s->parent->serial : 0);
}

static void
end_below(struct hs_seat *s)
{
	struct hs_seat *child = s->d->seats;

	while (child != NULL) { // each may take others along, so from the start
		if (child->parent == s && !child->ended) {
			hs_seat_end(child, "the seat above it ended");
			child = s->d->seats;
		} else {
			child = child->next;
		}
	}
}

static void
close_conns(struct hs_seat *s)
{
	struct hs_conn *c = s->d->conns, *owner = s->owner;

	s->owner = NULL;
	if (owner != NULL) {
		owner->owns = NULL;
		hs_conn_close(owner);
		c = s->d->conns;
	}
	while (c != NULL) {
		if (c->seat == s && !c->closed) {
			hs_conn_close(c);
			c = s->d->conns;
		} else {
			c = c->next;
		}
	}
}

void
hs_seat_end(struct hs_seat *s, const char *why)
{
	struct hs_seat **at = &s->d->seats;
	struct hs_now now;

	if (s->ended)
		return;
	s->ended = true;
	hs_keys_wipe(&s->key); // first of all
	end_below(s);
	give_back(s);
	record_end(s, why);
	hs_touch_seat_ended(s->d, s->serial);
	close_conns(s);
	hs_seatkeys_drop(s);
	hs_seatsocket_remove(s);
	while (*at != NULL && *at != s)
		at = &(*at)->next;
	if (*at == s)
		*at = s->next;
	hs_session_drop(&s->d->session, s->holder);
	hs_clock_read(&now);
	s->d->session.active_boot_ms = now.boot_ms; // idling begins anew
	if (s->d->session.open)
		hs_daemon_session_changed(s->d);
	uv_close((uv_handle_t *)&s->listener, on_closed);
}

uint64_t
hs_seat_last_end(const struct hs_seat *s)
{
	uint64_t last = 0;

	for (const struct hs_seat *o = s->d->seats; o != NULL; o = o->next)
		for (size_t i = 0; hs_seat_within(o, s) && i < o->nparts; i++)
			if (o->parts[i].cert_end > last)
				last = o->parts[i].cert_end;
	return last;
}

static uint64_t
logins(const struct hs_seat *s)
{
	uint64_t n = 0;

	for (const struct hs_seat *o = s->d->seats; o != NULL; o = o->next)
		if (hs_seat_within(o, s))
			n += o->logins;
	return n;
}

void
hs_seat_over(struct hs_seat *s, const char *why)
{
	struct hs_daemon *d = s->d;
	uint64_t last = logins(s) > 0 ? hs_seat_last_end(s) : 0;
	char id[sizeof s->id];
	struct hs_now now;

	memcpy(id, s->id, sizeof id);
	hs_seat_end(s, why);
	hs_clock_read(&now);
	if (last > now.wall)
		hs_revoke_seat(d, id, why);
}

void
hs_seat_revoke(struct hs_seat *s)
{
	if (s->ended || s->revoked)
		return;
	s->revoked = true;
	hs_keys_wipe(&s->key);
	hs_log("seat %s revoked", s->id);
	hs_touch_seat_ended(s->d, s->serial);
}

int
hs_seat_say_revoked(struct hs_refusal *why)
{
	hs_fail(&why->err, HS_NO_REVOKED, "this seat has been revoked");
	return hs_refusal_remedy(why, "have whoever started this start it anew");
}

void
hs_seats_end(struct hs_daemon *d, const char *why)
{
	while (d->seats != NULL)
		hs_seat_end(d->seats, why);
}

// ---- found

struct hs_seat *
hs_seat_find(const struct hs_daemon *d, uint64_t serial)
{
	struct hs_seat *s = serial > 0 ? d->seats : NULL;

	while (s != NULL && s->serial != serial)
		s = s->next;
	return s;
}

struct hs_seat *
hs_seat_above(const struct hs_daemon *d, const struct hs_peer *peer)
{
	struct hs_seat *best = NULL;
	unsigned nearest = 0;

	for (struct hs_seat *s = d->seats; s != NULL; s = s->next) {
		unsigned n = hs_peer_distance(peer, s->runner.pid, s->runner.start);

		if (n > 0 && (best == NULL || n < nearest)) {
			best = s;
			nearest = n;
		}
	}
	return best;
}

bool
hs_seat_admits(const struct hs_seat *s, const struct hs_peer *peer)
{
	return s != NULL && s->shared.uid != 0 && s->shared.uid == peer->uid &&
	       hs_policy_names_user(s->d->policy->policy, hs_str_c(s->shared.word));
}

const struct hs_seat *
hs_seat_top(const struct hs_seat *s)
{
	while (s->parent != NULL)
		s = s->parent;
	return s;
}

const struct hs_peer *
hs_seat_asker(const struct hs_seat *s, const struct hs_peer *peer)
{
	return s != NULL && hs_peer_origin(peer) == HS_ORIGIN_LOCAL
		   ? &hs_seat_top(s)->runner
		   : peer;
}

bool
hs_seat_within(const struct hs_seat *s, const struct hs_seat *above)
{
	while (s != NULL && s != above)
		s = s->parent;
	return s != NULL;
}

struct hs_seat_part *
hs_seat_part_under(struct hs_seat *s, uint64_t grant_serial)
{
	for (size_t i = 0; i < s->nparts; i++)
		if (s->parts[i].grant_serial == grant_serial)
			return &s->parts[i];
	return NULL;
}

size_t
hs_seat_lineage(
    const struct hs_seat *s, uint64_t grant_serial, uint64_t lineage[static HS_LINEAGE_MAX])
{
	size_t n = 0;

	for (struct hs_seat *p = s->parent;
	     p != NULL && n < HS_LINEAGE_MAX && hs_seat_part_under(p, grant_serial) != NULL;
	     p = p->parent, n++) {
		memmove(lineage + 1, lineage, n * sizeof lineage[0]);
		lineage[0] = p->serial;
	}
	return n;
}

size_t
hs_seat_chain(const struct hs_seat *s, uint64_t chain[static HS_LINEAGE_MAX + 1])
{
	size_t n = 0;

	for (; s != NULL && n < HS_LINEAGE_MAX + 1; s = s->parent, n++) {
		memmove(chain + 1, chain, n * sizeof chain[0]);
		chain[0] = s->serial;
	}
	return n;
}

bool
hs_seat_part_lives(
    const struct hs_seat *s, const struct hs_seat_part *p, const struct hs_now *now)
{
	const struct hs_held *h = hs_session_grant(&s->d->session, p->grant_serial);

	return !s->ended && !s->revoked && h != NULL && !hs_held_over(h, now) &&
	       now->wall < p->end && now->boot_ms < p->end_boot_ms && p->uses_left > 0;
}
