// SPDX-License-Identifier: ISC
//
// The answers that only tell: list and status (docs/PROTOCOL.agent). They change nothing
// but that certificates which ended are dropped.
#ifndef HS_AGENTD_LISTING_H
#define HS_AGENTD_LISTING_H

#include "agentd/daemon.h"
#include "agentd/refusal.h"
#include "proto/agent.h"

// A whole reply frame to list, as many items as fit. HS_NO_SUCH where one is named that is
// not there. on: what that seat may see; NULL: all.
int hs_listing_put(struct hs_buf *frame, struct hs_daemon *d, const struct hs_seat *on,
    const struct hs_agent_list *m, const struct hs_now *now, struct hs_refusal *why);

// The same of the seats.
void hs_listing_put_seats(struct hs_buf *frame, const struct hs_daemon *d,
    const struct hs_seat *on, const struct hs_agent_list *m);

// A whole reply frame to status.
void hs_listing_put_status(struct hs_buf *frame, struct hs_daemon *d,
    const struct hs_seat *on, const struct hs_now *now);

#endif
