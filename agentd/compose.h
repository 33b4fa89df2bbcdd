// SPDX-License-Identifier: ISC
//
// What an asking shows and what its touch signs: the text, and one body for each enrolled
// key, a grant's or a direct certificate's. Pure but for the randomness that is handed in.
#ifndef HS_AGENTD_COMPOSE_H
#define HS_AGENTD_COMPOSE_H

#include "agentd/enrolled.h"
#include "agentd/peer.h"
#include "proto/helper.h"

struct hs_compose {
	const char *code;
	const struct hs_scope *scope; // all that the touch will allow
	uint64_t ttl, end;	      // seconds; Unix seconds (of `open` alone)
	struct hs_str reason;
	const struct hs_peer *peer; // who asks
	const struct hs_enrolled *roots;
	bool pin;			// it wants a PIN with the touch
	const struct hs_policy *policy; // of `open`: whom its seats may be shared with
	// of a request:
	const char *agent;		   // NULL: it is `open`
	const struct hs_scope *difference; // of scope, what no live grant covers
	bool more;			   // there is a session already
	bool seating;			   // it is a seat that is asked for
	bool direct;			   // it is a direct certificate
	const struct hs_sharing *shared;   // with whom, or NULL
	const struct hs_seat *seat;	   // that asks for more, or NULL
	const struct hs_knownhosts *known; // keys of its hosts, or NULL
};
// Appends the text. HS_ERR_TOO_LONG above HS_SHOWN_MAX.
int hs_compose_shown(struct hs_buf *b, const struct hs_compose *c);
// One line for where there is room for no more: a notification's title. What it looks at:
// code, peer, roots, agent, more, seating, direct.
void hs_compose_title(struct hs_buf *b, const struct hs_compose *c);

struct hs_compose_body {
	bool direct;
	const struct hs_key *subject; // the session key; of a direct one the agent's
	const char *agent;	      // of a direct one, as
	enum hs_origin origin;	      // this
	const struct hs_scope *scope;
	const char *holder;
	struct hs_str shown;
	uint64_t valid_after, end;
	uint64_t serial;
	const uint8_t *nonce; // 32 bytes
	uint64_t log_seq;
	const uint8_t *log_head; // 32 bytes
	const uint8_t *policy;	 // 32 bytes
	uint32_t armed;
	bool verify, pin; // PIN or finger is demanded; a PIN comes along
};
// Fills bodies[i] and request for each root.
int hs_compose_request(const struct hs_compose_body *g, const struct hs_enrolled *roots,
    struct hs_buf bodies[HS_ROOTS_MAX], struct hs_buf *request);

#endif
