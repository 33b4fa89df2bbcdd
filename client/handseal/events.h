// SPDX-License-Identifier: ISC
//
// The daemon's events (handseal.h, hs_events): asked for, and handed on one at a time. Not
// for what is made of them: board.h keeps what waits, watch.c prints.
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
	uint32_t wait;	// of the last question
};

// Called for each, in order; its views live until it returns. Not 0: stop, with that.
typedef int hs_events_fn(void *arg, const struct hs_agent_event *e);

// Begins the question on d's connection. What that came to, with d->err.
int hs_events_ask(struct hs_events *s, struct hs_daemon *d, uint32_t wait);

// Hands on what was got. 0, or what fn returned. Where it starts anew, and is not the
// first, fn is told HS_EVENT_ANEW before the rest.
int hs_events_take(
    struct hs_events *s, const struct hs_got_events *got, hs_events_fn *fn, void *arg);

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
