// SPDX-License-Identifier: ISC
//
// Seats as lines of a table, with the tree drawn in the first column, and as JSON. Nothing
// raw of what the daemon said stands in them.
#ifndef HS_CLIENT_SEATROWS_H
#define HS_CLIENT_SEATROWS_H

#include <jansson.h>
#include "client/handseal/seats.h"

struct hs_seatrows {
	const struct hs_seats *seats;
	uint64_t now;
	bool utf8;	 // line drawing may be used
	bool cut;	 // what they may is cut to its column
	size_t id_width; // of columns, with the blank behind them
	size_t may_width;
};

// Finds the widths for what standard output is.
void hs_seatrows_begin(
    struct hs_seatrows *r, const struct hs_seats *seats, uint64_t now, bool utf8);
// Appends the table's head, or the line of seats->v[i]; without LF.
void hs_seatrows_put_head(struct hs_buf *b, const struct hs_seatrows *r);
void hs_seatrows_put(struct hs_buf *b, const struct hs_seatrows *r, size_t i);

// Appends "7c2e.3", of a part "7c2e.3+".
void hs_seatrows_put_id(struct hs_buf *b, const struct hs_seat *t);
// An object of all its fields; NULL without memory.
json_t *hs_seatrows_json(const struct hs_seat *t);

#endif
