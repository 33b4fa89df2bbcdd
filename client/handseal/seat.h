// SPDX-License-Identifier: ISC
//
// The conversation about a seat (docs/PROTOCOL.agent, seat): asking for one, waiting for
// its touch, ending it, and the words for all that. The seat lives as long as the
// connection. Not for what is done with it (run.c).
#ifndef HS_CLIENT_SEAT_H
#define HS_CLIENT_SEAT_H

#include <jansson.h>
#include "client/handseal/daemon.h"
#include "proto/limits.h"
#include "proto/scope.h"

#define HS_SEAT_SECONDS	 5	    // what the end of a seat may take
#define HS_SEAT_PATH_MAX 108	    // of a Unix socket
#define HS_SEAT_WAIT_ANY UINT64_MAX // until it is answered, or gone

// Zero-initialise but for daemon, which is connected; hs_seat_free when done.
struct hs_seat {
	struct hs_daemon *daemon;
	const char *agent;  // a name
	const char *shared; // with which other user, as it was typed; NULL: with nobody
	char id[HS_SESSION_ID_LEN + 24];
	char brief[32]; // "7c2e.3"
	char socket[HS_SEAT_PATH_MAX];
	uint64_t end; // Unix seconds
	struct hs_scope *scope;
	bool direct; // it was asked for so
	bool touched, simulated;
	bool counted;			 // what follows was told at its end
	struct hs_got_seat_end unseated; // without its id
};

// Asks, and waits where it takes a touch. 0, or the exit status of what was told:
// HS_EXIT_WAITING after wait seconds, and then it is called off.
int hs_seat_make(struct hs_seat *s, const struct hs_ask *m, uint64_t wait);

// Ends it, if the connection is still there; what cannot be counted any more is not told.
void hs_seat_close(struct hs_seat *s);
void hs_seat_free(struct hs_seat *s);

// Appends a line without LF. "seat 7c2e.3 for claude until 18:05 CET: deploy@web1: id", and
// "claude ended (0), seat closed. 12 logins, 2 refused in 41 min."
void hs_seat_put_begun(struct hs_buf *b, const struct hs_seat *s, uint64_t now);
void hs_seat_put_ended(
    struct hs_buf *b, const struct hs_seat *s, int wait_status, uint64_t now);
// The same as objects; NULL without memory.
json_t *hs_seat_json_begun(const struct hs_seat *s);
json_t *hs_seat_json_ended(const struct hs_seat *s, int wait_status);

#endif
