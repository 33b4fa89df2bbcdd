// SPDX-License-Identifier: ISC
//
// What the two halves of `handseal watch` share: the events' connection (watch.c) and the
// terminal's loop (watch_terminal.c).
#ifndef HS_CLIENT_WATCH_H
#define HS_CLIENT_WATCH_H

#include "client/handseal/events.h"

struct hs_watch {
	struct hs_daemon daemon;
	struct hs_events events;
	int result; // of a call that failed, told by hs_watch_fail
};

// Takes what has come on the connection, hands events to fn, and asks again when an answer
// was whole; to be called whenever something may have come, and once a second, since it
// sees that an answer is overdue. HS_OK, or what went wrong: hs_watch_fail tells it. What
// fn returns but 0 ends it, and comes back.
int hs_watch_step(struct hs_watch *w, hs_events_fn *fn, void *arg, struct hs_err *err);
// Tells why it ends; its exit status.
int hs_watch_fail(struct hs_watch *w, const struct hs_err *err);

// The loop of a terminal, until q, a signal, or an error; the exit status.
int hs_watch_terminal(struct hs_watch *w);

#endif
