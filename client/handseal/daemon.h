// SPDX-License-Identifier: ISC
//
// Talking to handseald as a command does, by libhandseal (handseal.h): what goes wrong is
// told to the person here, once, and becomes an exit status.
#ifndef HS_CLIENT_DAEMON_H
#define HS_CLIENT_DAEMON_H

#include <stdbool.h>
#include <stdio.h>
#include "client/libhandseal/handseal.h"
#include "proto/agent.h"

#define HS_DAEMON_SECONDS 10 // what a connection, or the end of a seat, may take

// Zero-initialise; hs_daemon_close always.
struct hs_daemon {
	struct hs_client *client; // NULL: not connected
	bool json;		  // tell failures in JSON too
	bool asking;		  // what the policy refuses was not asked: say so
	const char *undone;	  // NULL, or what is said where an answer is not believed
	FILE *begun;	     // NULL, or where a line was begun that a failure ends first
	bool seat;	     // what hs_daemon_query found: it is a seat's socket
	bool seats;	     // and it can list seats
	struct hs_error err; // for the calls whose result goes to hs_daemon_end
};

// Each returns 0, or the exit status of a failure that has been told.
int hs_daemon_connect(struct hs_daemon *d);
// The end of a call: result is what the function that began it returned, with d->err as its
// error. HS_EXIT_DONE, or HS_EXIT_WAITING where it costs a touch, of which nothing is told.
int hs_daemon_end(struct hs_daemon *d, int result);
// An extension that libhandseal has no function for. Frees nothing of contents; *body lives
// until the next call.
int hs_daemon_call(
    struct hs_daemon *d, const char *ext, struct hs_str contents, struct hs_rd *body);
// Tells what a call came to, with d->err; its exit status. Where a seat did not know the
// extension, that is what is said.
int hs_daemon_told(struct hs_daemon *d, int result);
// Finds out whose socket it is, and sets d->seat and d->seats. What knows no query is no
// seat.
int hs_daemon_query(struct hs_daemon *d);
// What is said to who gives one on a seat.
#define HS_DAEMON_SEAT_KEY "a seat has a key of its own: leave out --key and -o"
#define HS_DAEMON_DECLINED "touch-declined" // the code of a person's no
// The reply's body did not parse, or does not agree with itself.
int hs_daemon_malformed(struct hs_daemon *d, const char *ext);
// The same into d->err, untold.
void hs_daemon_put_malformed(struct hs_daemon *d, const char *ext);
// *out lives until the next call.
int hs_daemon_status(struct hs_daemon *d, const struct hs_got_status **out);
void hs_daemon_end_line(struct hs_daemon *d);
void hs_daemon_close(struct hs_daemon *d);

#endif
