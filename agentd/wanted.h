// SPDX-License-Identifier: ISC
//
// What a client asks for, taken apart and found to be askable: names, reason, scope, and a
// key that is its own. Whether it may have it is decided elsewhere (judge.h).
#ifndef HS_AGENTD_WANTED_H
#define HS_AGENTD_WANTED_H

#include "agentd/knownhosts.h"
#include "agentd/proofs.h"
#include "agentd/refusal.h"
#include "agentd/session.h"
#include "proto/agent.h"

struct hs_wanted {
	char agent[HS_AGENT_NAME_MAX + 1];
	struct hs_buf reason; // owned; may be empty
	struct hs_key key;
	char fingerprint[HS_FINGERPRINT_LEN + 1]; // of key
	struct hs_scope *scope;			  // owned
	struct hs_knownhosts *known; // owned: keys of its hosts, of what is for a seat
	enum hs_origin origin;	     // of the connection on which it is asked for
	bool direct;		     // a direct certificate
	uid_t shared;		     // of a seat: another user who is to use it; 0: nobody
	uint64_t seat;		     // serial of the seat that it is for; 0: of none
};

// Checks a request in the order of docs/PROTOCOL.agent "request", its proof for this
// session, which need not be open; what proofs knows is not verified again.
// hs_wanted_free in any case.
int hs_wanted_check(const struct hs_session *s, struct hs_proofs *proofs,
    const struct hs_agent_request *req, struct hs_wanted *out, struct hs_refusal *why);
void hs_wanted_free(struct hs_wanted *w);

// A scope text as a client sent it: HS_ERR_SCOPE with line and column in the sentence.
int hs_wanted_scope(struct hs_str text, struct hs_scope **out, struct hs_refusal *why);
// Can it be direct? HS_NO_UNENFORCEABLE.
int hs_wanted_direct(const struct hs_scope *scope, struct hs_refusal *why);
// The reason as a client gave it: one line that may be shown, of at most HS_REASON_MAX
// bytes.
int hs_wanted_reason(struct hs_str reason, struct hs_refusal *why);
// An agent's name, or "unknown" where it is empty.
int hs_wanted_agent(
    struct hs_str agent, char out[static HS_AGENT_NAME_MAX + 1], struct hs_refusal *why);

// Is proof a signature by key, an ssh-ed25519 blob, that its holder waits for code?
// HS_NO_PROOF, HS_ERR_KEY_TYPE, HS_ERR_FORMAT.
int hs_wanted_waits(struct hs_str code, struct hs_str key, struct hs_str proof,
    struct hs_key *out, struct hs_refusal *why);

#endif
