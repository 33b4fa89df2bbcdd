// SPDX-License-Identifier: ISC
//
// What happened, for programs that follow it (docs/PROTOCOL.agent "events"): the last
// events in a ring, and the connections that wait for the next. Not the audit log: nothing
// here is evidence, and nobody waits for it.
#ifndef HS_AGENTD_EVENTS_H
#define HS_AGENTD_EVENTS_H

#include "agentd/conn.h"
#include "proto/agent.h"

#define HS_EVENTS_KEPT	   256
#define HS_EVENTS_GRACE_MS 5000 // between two askings of somebody who shows prompts

struct hs_events;

struct hs_events *hs_events_new(uv_loop_t *loop); // NULL: no memory
void hs_events_free(struct hs_events **e);	  // memory goes with the loop's next turn

// Tells of an event: seq and time are filled in, texts are copied. Followers are answered
// from the loop, never from within this call. Where memory is short it is lost, and who has
// not had it is told anew what waits. seat: serial of the seat whose it is, which hears of
// it on its own socket; 0: of none.
void hs_events_put(struct hs_daemon *d, const struct hs_agent_event *event, uint64_t seat);

// The session has closed: another's seats will have the same serials.
void hs_events_seats_gone(struct hs_daemon *d);

// `events`: the reply comes now or later.
void hs_events_ask(struct hs_conn *c, const struct hs_agent_events *m);
void hs_events_abandon(struct hs_conn *c); // the connection goes away

// Does anybody follow who shows prompts to a person?
bool hs_events_watched(const struct hs_daemon *d, const struct hs_now *now);

#endif
