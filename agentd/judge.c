// SPDX-License-Identifier: ISC
//
// Asking for a decision. Contract in judge.h.
#include "agentd/judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "agentd/events.h"
#include "agentd/explain.h"
#include "agentd/seat.h"
#include "agentd/touch.h"
#include "proto/names.h"

// What is shared with another user was not touched for silently but under the policy that
// names that user: a policy that changed since widens nothing.
static bool
is_silent(
    const struct hs_daemon *d, const struct hs_judge_ask *ask, const struct hs_held *h)
{
	return h->silent &&
	       (!ask->shared || memcmp(h->payload->policy, d->policy->policy->digest,
				    sizeof h->payload->policy) == 0);
}

static size_t
gather(const struct hs_daemon *d, const struct hs_judge_ask *ask,
    struct hs_decide_grant out[static HS_HELD_MAX])
{
	const struct hs_session *s = &d->session;

	for (size_t i = 0; i < s->nheld; i++) {
		const struct hs_held *h = s->held[i];

		out[i] = (struct hs_decide_grant){.scope = h->scope,
		    .end = h->direct ? 0 : h->end, // that is nothing to issue under
		    .uses_left = h->uses_left,
		    .holder = h->payload->holder,
		    .silent = is_silent(d, ask, h),
		    .verified = (h->sk->flags & HS_SK_FLAG_UV) != 0};
	}
	return s->nheld;
}

// Where the policy has no words of its own, the ceiling has: what of the request is outside
// it.
static void
name_what_is_missing(
    const struct hs_daemon *d, const struct hs_judge_ask *ask, struct hs_decided *out)
{
	struct hs_refusal why = {0};

	if (out->what != HS_DECIDE_REFUSE || out->err.code != HS_NO_CEILING)
		return;
	for (size_t i = 0; i < d->session.nheld; i++)
		if (d->session.held[i]->silent &&
		    !hs_scope_under(ask->scope, d->session.held[i]->scope)) {
			(void)hs_explain_outside(
			    ask->scope, d->session.held[i]->scope, &why);
			out->err = why.err;
			memcpy(out->remedy, why.remedy, sizeof out->remedy);
			return;
		}
}

static void
name_no_channel(const struct hs_daemon *d, struct hs_decided *out)
{
	struct hs_buf missing = {0};
	struct hs_refusal r = {0};

	if (out->what != HS_DECIDE_REFUSE || out->err.code != HS_NO_CHANNEL)
		return;
	hs_prompt_missing(d->prompt, &missing);
	(void)hs_refusal_remedy(&r, "leave open: handseal watch (the daemon has %.*s)",
	    (int)missing.len, missing.len > 0 ? (const char *)missing.p : "");
	if (missing.len > 0)
		memcpy(out->remedy, r.remedy, sizeof out->remedy);
	hs_buf_free(&missing);
}

void
hs_judge_asker(const struct hs_daemon *d, const struct hs_judge_ask *ask,
    char out[static HS_AGENT_NAME_MAX + 1])
{
	if (ask->seat == NULL)
		hs_decide_asker(d->policy->policy, hs_str_c(ask->agent),
		    hs_str_c(hs_peer_hint(ask->peer)), out);
	else // no agent has a name with a colon; what is below a seat asks as that
		(void)snprintf(out, HS_AGENT_NAME_MAX + 1, HS_HOLDER_SEAT "%.6s.%" PRIu64,
		    d->session.id, hs_seat_top(ask->seat)->serial);
}

enum hs_decision
hs_judge(struct hs_daemon *d, const struct hs_judge_ask *ask, const struct hs_now *now,
    struct hs_decided *out)
{
	struct hs_decide_grant grants[HS_HELD_MAX];
	char asker[HS_AGENT_NAME_MAX + 1];
	struct hs_decide_input in = {.policy = d->policy->policy,
	    .grants = ask->seat != NULL ? ask->grants : grants,
	    .ngrants = ask->seat != NULL ? ask->ngrants
		       : ask->direct	 ? 0
					 : gather(d, ask, grants),
	    .holder = hs_str_c(ask->seat != NULL ? ask->seat->holder : HS_HOLDER_MAIN),
	    .agent = hs_str_c(ask->agent),
	    .exe = hs_str_c(hs_peer_hint(ask->peer)),
	    .origin = hs_peer_origin(ask->peer),
	    .forwarded = ask->peer->forwarding != HS_FORWARDING_NONE,
	    .scope = ask->scope,
	    .opening = ask->opening,
	    .direct = ask->direct,
	    .reasoned = ask->reasoned,
	    .channel = true,
	    .now = now->wall};
	unsigned by_asker, by_all;

	if (!ask->again) {
		hs_judge_asker(d, ask, asker);
		hs_quota_count(
		    &d->quota, hs_str_c(asker), now->boot_ms, &by_asker, &by_all);
		in.by_asker = by_asker;
		in.by_all = by_all;
		in.declined = hs_quota_is_declined(
		    &d->quota, hs_str_c(asker), ask->scope, now->boot_ms, NULL);
		in.waiting = (uint32_t)hs_touch_waiting(d) - (ask->listed ? 1 : 0);
		in.channel =
		    hs_events_watched(d, now) || hs_prompt_channels(d->prompt)[0] != '\0';
	}
	(void)hs_decide(&in, out);
	if (ask->seat == NULL)
		name_what_is_missing(d, ask, out);
	name_no_channel(d, out);
	return out->what;
}

void
hs_judge_refusal(const struct hs_decided *decided, struct hs_refusal *why)
{
	why->err = decided->err;
	memcpy(why->remedy, decided->remedy, sizeof why->remedy);
}
