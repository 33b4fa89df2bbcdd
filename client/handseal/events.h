// SPDX-License-Identifier: ISC
//
// The daemon's events (docs/PROTOCOL.agent section 6.8): asked for, checked, and handed on
// one at a time. Not for what is made of them: board.h keeps what waits, watch.c prints.
#ifndef HS_CLIENT_EVENTS_H
#define HS_CLIENT_EVENTS_H

#include <jansson.h>
#include "client/handseal/daemon.h"

#define HS_EVENTS_WAIT 30 // seconds that one answer is held back for

// An event of our own making, in front of an answer that starts anew: some were missed, and
// what was known counts no longer. What waits follows, in the same answer.
#define HS_EVENT_ANEW "anew"

struct hs_events {
	uint64_t after; // the last that was seen; 0: none yet
	bool prompts;	// who reads them shows askings to a person
	int64_t asked;	// when, in ms of the boot clock
	uint32_t wait;	// and for how long
};

// Called for each, in order; its views live until it returns. Not 0: stop, with that.
typedef int hs_events_fn(void *arg, const struct hs_agent_event *e);

// Sends the question on c. HS_OK, or as hs_conn_begin.
int hs_events_ask(
    struct hs_events *s, struct hs_conn *c, uint32_t wait, struct hs_err *err);

// Takes an answer's body. now is the boot clock. HS_OK, what fn returned, or HS_ERR_FORMAT:
// malformed, going backwards, or empty before its time, which would have us ask without
// end. Where it starts anew, and is not the first, fn is told HS_EVENT_ANEW before the
// rest.
int hs_events_take(struct hs_events *s, struct hs_rd *body, int64_t now, hs_events_fn *fn,
    void *arg, struct hs_err *err);

// What waits now, in one call on d's connection. 0, or the exit status of what was told.
int hs_events_waiting(struct hs_daemon *d, hs_events_fn *fn, void *arg);

// Is it about an asking that waits (asked, armed, parked)? That has ended?
bool hs_event_waits(const struct hs_agent_event *e);
bool hs_event_ends(const struct hs_agent_event *e);

// Appends a line without LF for a person: "14:05 CET  parked  4F7 claude, until 15:05 CET".
void hs_event_put_line(struct hs_buf *b, const struct hs_agent_event *e, uint64_t now);
json_t *hs_event_json(const struct hs_agent_event *e); // NULL without memory

int64_t hs_events_clock(void); // the boot clock, in ms

#endif
