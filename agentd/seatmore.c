// SPDX-License-Identifier: ISC
//
// More on a seat: what its agent asks for with `request`. Contract in seatask.h.
#include <stdlib.h>
#include "agentd/judge.h"
#include "agentd/reply.h"
#include "agentd/seatask.h"
#include "agentd/seatkeys.h"
#include "agentd/touch.h"

// An answer that waits until a part of the seat has its certificate.
struct waiting {
	struct hs_conn *conn;
	uint64_t grant_serial; // of that part
};

static size_t
gather(const struct hs_seat *s, const struct hs_now *now,
    struct hs_decide_grant out[static HS_SEAT_PARTS_MAX])
{
	for (size_t i = 0; i < s->nparts; i++) {
		const struct hs_seat_part *p = &s->parts[i];
		out[i] = hs_seatkeys_grant(s, p);
		out[i].uses_left = p->uses_left;
		if (p->direct || !hs_seat_part_lives(s, p, now))
			out[i].end = 0;
	}
	return s->nparts;
}

// It may do that already: the answer is the certificate that it has.
static void
reply_issued(struct hs_conn *c, const struct hs_seat_part *p)
{
	struct hs_buf frame = {0};
	size_t mark = hs_agent_reply_begin(&frame, HS_EXT_REQUEST, HS_AGENT_DONE);

	hs_seatask_put_issued(&frame, c->seat, p);
	hs_agent_frame_end(&frame, mark);
	hs_conn_reply(c, &frame);
}

static void
on_has_it(void *arg, int code)
{
	struct waiting *w = arg;
	struct hs_conn *c = w->conn;
	const struct hs_seat_part *p = c->closed || code != HS_OK
					   ? NULL
					   : hs_seat_part_under(c->seat, w->grant_serial);
	struct hs_refusal why = {0};
	struct hs_buf frame = {0};

	if (p != NULL) {
		reply_issued(c, p);
	} else {
		hs_fail(
		    &why.err, code == HS_OK ? HS_NO_GONE : (enum hs_code)code, "%s", "");
		hs_reply_put_refusal(&frame, HS_EXT_REQUEST, &why);
		hs_conn_reply(c, &frame);
	}
	hs_conn_unref(c);
	free(w);
}

static int
has_it_already(
    struct hs_conn *c, size_t i, const struct hs_now *now, struct hs_refusal *why)
{
	struct hs_seat_part *p = &c->seat->parts[i];
	struct waiting *w;
	int rc;

	if (hs_seatkeys_valid(c->seat, p, now)) {
		reply_issued(c, p);
		return HS_OK;
	}
	w = calloc(1, sizeof *w);
	if (w == NULL)
		return hs_fail(&why->err, HS_ERR_NOMEM, "%s", "");
	w->grant_serial = p->grant_serial;
	rc = hs_seatkeys_renew(c->seat, i, now, on_has_it, w, why);
	if (rc == HS_OK)
		w->conn = hs_conn_ref(c);
	else
		free(w);
	return rc;
}

int
hs_seatask_more(struct hs_conn *c, struct hs_wanted *w, const struct hs_now *now,
    struct hs_refusal *why)
{
	struct hs_decide_grant grants[HS_SEAT_PARTS_MAX];
	const struct hs_judge_ask ask = {.scope = w->scope,
	    .agent = hs_seat_top(c->seat)->agent, // a seat below is no other agent
	    .peer = hs_seat_asker(c->seat, &c->peer),
	    .seat = c->seat,
	    .grants = grants,
	    .ngrants = w->direct ? 0 : gather(c->seat, now, grants),
	    .direct = w->direct,
	    .reasoned = w->reason.len > 0};
	struct hs_decided decided = {0};
	int rc = HS_OK;

	switch (hs_judge(c->d, &ask, now, &decided)) {
	case HS_DECIDE_ISSUE:
		rc = has_it_already(c, decided.grant, now, why);
		break;
	case HS_DECIDE_ASK:
		if (!hs_touch_join(c, w))
			rc = hs_touch_request(c, w, &decided, now, why);
		break;
	case HS_DECIDE_REFUSE:
		if ((decided.err.code == HS_NO_PROMPTS || decided.err.code == HS_NO_BUSY) &&
		    hs_touch_join(c, w))
			break;
		hs_judge_refusal(&decided, why);
		rc = (int)why->err.code;
	}
	hs_decided_free(&decided);
	return rc;
}
