// SPDX-License-Identifier: ISC
//
// Refusals on a seat: the last few are kept, and `why` tells one. Contracts in seat.h and
// seatask.h.
#include <string.h>
#include "agentd/reply.h"
#include "agentd/seatask.h"
#include "proto/names.h"

static bool
same_refusal(const struct hs_seat_refused *a, const struct hs_seat_refused *b)
{
	return a->why.err.code == b->why.err.code &&
	       strcmp(hs_err_sentence(&a->why.err), hs_err_sentence(&b->why.err)) == 0 &&
	       strcmp(a->user, b->user) == 0 && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->ns, b->ns) == 0 && strcmp(a->fingerprint, b->fingerprint) == 0;
}

void
hs_seat_note(struct hs_seat *s, const struct hs_seat_refused *r)
{
	const struct hs_seat_refused *last =
	    &s->refusals[(s->nrefusals - 1) % HS_SEAT_REFUSALS];

	s->refused++;
	// what repeats leaves the others where they are
	if (s->nrefusals == 0 || !same_refusal(last, r))
		s->nrefusals++;
	s->refusals[(s->nrefusals - 1) % HS_SEAT_REFUSALS] = *r;
}

// Where a server was offered nothing the user is not known, nor the host if its key has no
// name: it may be what is asked about.
static bool
is_about(const struct hs_seat_refused *r, const struct hs_agent_why *m)
{
	bool any_user = r->user[0] == '\0' && r->ns[0] == '\0' && r->fingerprint[0] != '\0';

	return (m->user.len == 0 || any_user || hs_str_is(m->user, r->user)) &&
	       (m->host.len == 0 || r->host[0] == '\0' || hs_str_is(m->host, r->host));
}

static const struct hs_seat_refused *
last_refusal(const struct hs_seat *s, const struct hs_agent_why *m)
{
	size_t n = s->nrefusals < HS_SEAT_REFUSALS ? s->nrefusals : HS_SEAT_REFUSALS;

	for (size_t i = 1; i <= n; i++) {
		const struct hs_seat_refused *r =
		    &s->refusals[(s->nrefusals - i) % HS_SEAT_REFUSALS];

		if (is_about(r, m))
			return r;
	}
	return NULL;
}

int
hs_seatask_why(struct hs_conn *c, struct hs_rd *rd, const struct hs_now *now)
{
	const struct hs_seat_refused *r;
	struct hs_agent_reasons out = {0};
	struct hs_refusal why = {0};
	struct hs_buf frame = {0};
	struct hs_agent_why m;
	int rc = hs_agent_why_get(rd, &m);
	size_t mark;

	if (rc != HS_OK)
		return rc;
	if (c->seat == NULL) {
		hs_fail(&why.err, HS_NO_SUCH, "this is no seat");
		hs_refusal_remedy(&why, "ask below: handseal run");
		hs_reply_refuse(
		    c, HS_EXT_WHY, &why, now, (struct hs_str){0}, (struct hs_str){0});
		return HS_OK;
	}
	r = last_refusal(c->seat, &m);
	if (r != NULL)
		out = (struct hs_agent_reasons){.time = r->time,
		    .code = hs_str_c(hs_code_name(r->why.err.code)),
		    .sentence = hs_str_c(hs_err_sentence(&r->why.err)),
		    .remedy = hs_str_c(r->why.remedy),
		    .user = hs_str_c(r->user),
		    .host = hs_str_c(r->host),
		    .ns = hs_str_c(r->ns),
		    .fingerprint = hs_str_c(r->fingerprint)};
	mark = hs_agent_reply_begin(&frame, HS_EXT_WHY, HS_AGENT_DONE);
	hs_agent_reasons_put(&frame, &out);
	hs_agent_frame_end(&frame, mark);
	hs_conn_reply(c, &frame);
	return HS_OK;
}
