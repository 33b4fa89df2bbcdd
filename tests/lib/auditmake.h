// SPDX-License-Identifier: ISC
//
// Audit logs for tests, as a daemon writes them: real keys, real signatures, the product's
// own writer. Where tests need one that is wrong, they change what comes out.
#ifndef HS_TESTS_AUDITMAKE_H
#define HS_TESTS_AUDITMAKE_H

#include <stdio.h>
#include "proto/auditline.h"
#include "tests/lib/mint.h"

#define AUDITMAKE_BEGAN 1795485600u
#define AUDITMAKE_CEILING                                                                  \
	"max-ttl 28800\nmax-uses *\n\naddr *\ncmd uptime\nhost *.example.com\nuser "       \
	"deploy\n"
#define AUDITMAKE_SCOPE                                                                    \
	"max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\nuser "      \
	"deploy\n"

struct auditmake {
	FILE *f; // the caller's
	struct hs_mint root, session, agent;
	char id[17], key[64]; // of the session; fingerprint of the agent's key
	uint64_t seq, time, serial, grant_serial;
	uint64_t ask_seq; // the last asking, and the hash of its line:
	uint8_t ask_head[HS_AUDIT_HASH];
	uint8_t head[HS_AUDIT_HASH];
	struct hs_buf grant; // the last one, whole
	const char *shown;   // of the next asking
	const char *reason;  // of the next asking or certificate
	uint64_t parent;     // of the next certificates; 0: it is not said
	const char *agent_name;
	bool simulated;
	bool other_policy; // the next askings were under another than the grants
	bool forge;	   // the next grants are signed by another key than they name
};

// A root and an agent from fixed seeds, no record yet.
void auditmake_begin(struct auditmake *m, FILE *f);
// Frees what it holds, not f.
void auditmake_end(struct auditmake *m);

// One record: seq, prev and time are filled in; extra (may be NULL) are members more, such
// as ",\"count\":3".
void auditmake_put(struct auditmake *m, struct hs_audit_record *r, const char *extra);
void auditmake_event(struct auditmake *m, const char *event); // with the session's id

void auditmake_open(struct auditmake *m, const char *scope); // ask and touch, a new session
void auditmake_more(struct auditmake *m, const char *scope); // ask and touch, in the same
// The same in two steps, where seating for a seat that is still to be made: its grant names
// the holder.
void auditmake_ask(struct auditmake *m, const char *scope, bool seating);
void auditmake_touch_for(struct auditmake *m, const char *scope, const char *holder);
// Ask, and the touch of a direct certificate over the agent's key, which is m->grant then;
// opening: of a session of its own, that has no grant.
void auditmake_direct(struct auditmake *m, const char *scope, bool opening);
#define AUDITMAKE_DIRECT                                                                   \
	"max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost *\nuser deploy\n"
void auditmake_issue(struct auditmake *m, const char *scope); // the next serial
void auditmake_seat(struct auditmake *m, const char *scope, uint64_t serial);
void auditmake_checkpoint(struct auditmake *m);
// A certificate under the last grant, with that scope and serial.
void auditmake_certificate(
    struct auditmake *m, const char *scope, uint64_t serial, struct hs_buf *out);

#endif
