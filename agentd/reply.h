// SPDX-License-Identifier: ISC
//
// Replies to frames, and that most of them wait until their record is on disk (rule 4).
// What is replied is request.c's and its helpers'.
#ifndef HS_AGENTD_REPLY_H
#define HS_AGENTD_REPLY_H

#include "agentd/conn.h"
#include "agentd/refusal.h"
#include "proto/agent.h"

struct hs_reply;

void hs_reply_byte(struct hs_conn *c, enum hs_agent_msg type); // a whole reply of one byte

// A refusal's whole reply frame.
void hs_reply_put_refusal(
    struct hs_buf *frame, const char *ext, const struct hs_refusal *why);

// A reply that waits for its record: held with its connection, then sent (HS_OK), or a
// refusal in its place (else). Takes frame, also where it returns NULL: no memory.
struct hs_reply *hs_reply_hold(struct hs_conn *c, const char *ext, struct hs_buf *frame);
void hs_reply_send(void *reply, int code); // an hs_audit_done; HS_NO_GONE has its own words
#define HS_REPLY_GONE "it was revoked, or the session closed, before it was given out"
void hs_reply_drop(struct hs_reply *reply);

// Sends frame when r is on disk, and a refusal if it cannot be. Takes frame. ext NULL: it
// answers a request of the RFC, and is a bare failure then.
void hs_reply_recorded(
    struct hs_conn *c, const char *ext, struct hs_buf *frame, struct hs_audit_record *r);
// The same for a refusal; what repeats is counted (repeats.h), and sent at once: false.
bool hs_reply_refused(struct hs_conn *c, const char *ext, struct hs_buf *frame,
    struct hs_audit_record *r, const struct hs_now *now);
// Records and sends a refusal; agent and scope are what was asked, as far as they can be
// recorded.
void hs_reply_refuse(struct hs_conn *c, const char *ext, const struct hs_refusal *why,
    const struct hs_now *now, struct hs_str agent, struct hs_str scope);

// Fills in who asks. The record is only good while peer is.
void hs_reply_who(struct hs_audit_record *r, const struct hs_peer *peer);

#endif
