// SPDX-License-Identifier: ISC
//
// The daemon's list of seats, kept as a tree. Whatever a daemon says, the tree is finite,
// has no circles, and is bounded in size. Not for drawing it (seatrows.h).
#ifndef HS_CLIENT_SEATS_H
#define HS_CLIENT_SEATS_H

#include "client/handseal/daemon.h"
#include "proto/scope.h"

#define HS_SEATS_MAX  4096	  // seats and parts
#define HS_SEATS_TEXT (16u << 20) // bytes of all scopes together
#define HS_SEATS_NONE SIZE_MAX

struct hs_seat {
	char session[HS_SESSION_ID_LEN + 1];
	uint64_t serial;
	char agent[HS_AGENT_NAME_MAX + 1];
	struct hs_str scope;				 // as the daemon sent it; owned
	uint64_t began, end, used, uses_left, last, pid; // as in hs_agent_seat_item
	bool touched, revoked;
	bool more; // not a seat: what a touch gave the seat `parent` beside its scope
	// places in hs_seats.v, or HS_SEATS_NONE
	size_t parent;
	size_t child, last_child; // seats below it
	size_t part, last_part;	  // what touches gave it
	size_t sibling;		  // the next of the same parent and kind
	unsigned depth;		  // seats above it
	// of the parent as the daemon named it, "" where it named none; it may be one that
	// is not listed, as on a seat's socket
	char parent_session[HS_SESSION_ID_LEN + 1];
	uint64_t parent_serial;
};

// Zero-initialise; hs_seats_free when done.
struct hs_seats {
	struct hs_seat *v; // in the order of their serials
	size_t n, room, bytes;
	size_t first, last; // without a parent here; meaningless while n is 0
	size_t last_seat;
};

// Takes the next item. Serials rise, a parent came before its children, a part stands
// behind its seat: else, and for a tree deeper than HS_DEPTH_MAX, an agent that is no name
// or an id that is none, HS_ERR_FORMAT. HS_ERR_TOO_LONG over a bound; HS_ERR_NOMEM.
int hs_seats_take(struct hs_seats *s, const struct hs_agent_seat_item *m);

// Asks the daemon for all of them. 0, or an exit status whose reason has been told.
int hs_seats_load(struct hs_daemon *d, struct hs_seats *s);

// From s->first on, each once: a seat, all that is below it, its parts. HS_SEATS_NONE at
// the end.
size_t hs_seats_next(const struct hs_seats *s, size_t i);
// Does it stand last below its parent?
bool hs_seats_is_last(const struct hs_seats *s, size_t i);

// The seat whose socket listed them: the one that all others are below. HS_SEATS_NONE where
// there is no such one.
size_t hs_seats_own(const struct hs_seats *s);

void hs_seats_free(struct hs_seats *s);

#endif
