// SPDX-License-Identifier: ISC
//
// Who gets a seat, and more on one: the `seat` extension, and `request` where it comes from
// a seat (docs/PROTOCOL.agent). Decides by judge.h; what a touch made is given out through
// here too.
#ifndef HS_AGENTD_SEATASK_H
#define HS_AGENTD_SEATASK_H

#include "agentd/seat.h"

// `seat`. HS_OK: it was answered or will be; else why it could not be decoded.
int hs_seatask(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now);
// `request` on a seat, decoded.
void hs_seatask_request(
    struct hs_conn *c, const struct hs_agent_request *m, const struct hs_now *now);
// Decides it, once the hosts are read; what is needed of w is taken. HS_OK: it is answered,
// or will be.
int hs_seatask_more(struct hs_conn *c, struct hs_wanted *w, const struct hs_now *now,
    struct hs_refusal *why);
void hs_seatask_abandon(struct hs_conn *c); // the connection goes away
// `why`.
int hs_seatask_why(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now);

// A seat under a grant that covers it; its first certificate with it.
struct hs_seatask_new {
	struct hs_conn *owner;
	struct hs_seat *parent; // or NULL
	uint64_t serial;	// or 0
	const char *agent;
	struct hs_scope **scope; // the two: taken
	struct hs_knownhosts **known;
	struct hs_str reason;
	uint64_t grant_serial;
	uint64_t *left; // uses are reserved from there; NULL: they are all its own
	uint64_t end, end_boot_ms;
	bool touched;
	struct hs_keys *key; // of a direct one: taken; NULL: one is made
	uid_t shared;	     // another user who may use it; 0: nobody
};
// Records and makes it. done is called once its certificate is on disk, HS_OK, or why there
// is none, and then there is no seat either; not where HS_OK is not returned.
typedef void hs_seatask_done(void *arg, int code);
int hs_seatask_make(struct hs_daemon *d, const struct hs_seatask_new *n,
    hs_seatask_done *done, void *arg, struct hs_refusal *why);

// The bodies of answers. s may not be NULL.
void hs_seatask_put_seated(struct hs_buf *b, const struct hs_seat *s);
void hs_seatask_put_issued(
    struct hs_buf *b, const struct hs_seat *s, const struct hs_seat_part *p);

#endif
