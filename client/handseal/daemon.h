// SPDX-License-Identifier: ISC
//
// Talking to handseald as a command does: what goes wrong is told to the person here, once,
// and becomes an exit status. The connection itself is libhandseal's.
#ifndef HS_CLIENT_DAEMON_H
#define HS_CLIENT_DAEMON_H

#include <stdbool.h>
#include <stdio.h>
#include "client/libhandseal/conn.h"

struct hs_daemon {
	struct hs_conn conn;
	bool json;    // tell failures in JSON too
	bool opening; // a failure means that no session could be opened: exit 5
	bool asking;  // what the policy refuses was not asked: say so
	FILE *begun;  // NULL, or where a line was begun that a failure ends first
	bool seat;    // what hs_daemon_query found: it is a seat's socket
	bool seats;   // and it can list seats
};

// Each returns 0, or the exit status of a failure that has been told. hs_daemon_close
// always.
int hs_daemon_connect(struct hs_daemon *d);
// Sends ext; *body is what a reply of status want holds. Frees nothing of contents.
int hs_daemon_call(struct hs_daemon *d, const char *ext, struct hs_str contents,
    unsigned seconds, enum hs_agent_status want, struct hs_rd *body);
// The same for who takes every well-formed reply, a refusal too.
int hs_daemon_exchange(struct hs_daemon *d, const char *ext, struct hs_str contents,
    unsigned seconds, struct hs_reply *out);
// Tells that a call failed; its exit status. Where a seat did not know the extension, that
// is what is said.
int hs_daemon_failed(struct hs_daemon *d, const struct hs_err *err);
// Finds out whose socket it is, and sets d->seat and d->seats. What knows no query is no
// seat.
int hs_daemon_query(struct hs_daemon *d);
// What is said to who gives one on a seat.
#define HS_DAEMON_SEAT_KEY "a seat has a key of its own: leave out --key and -o"
// Tells a refusal; its exit status.
#define HS_DAEMON_DECLINED "touch-declined" // the code of a person's no
int hs_daemon_refused(struct hs_daemon *d, const struct hs_agent_refusal *r);
// The reply's body did not parse, or does not agree with itself.
int hs_daemon_malformed(struct hs_daemon *d, const char *ext);
int hs_daemon_status(struct hs_daemon *d, struct hs_agent_status_info *out);
void hs_daemon_end_line(struct hs_daemon *d);
void hs_daemon_close(struct hs_daemon *d);

#endif
