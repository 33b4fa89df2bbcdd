// SPDX-License-Identifier: ISC
//
// What the daemon hands back is checked before it is believed, written or shown as true: a
// grant against what was asked and shown, a delegation against what was asked. Not a
// server's check of the chain (proto/chain.h): there are no roots files or host names here.
// Internal to libhandseal and the command.
#ifndef HS_LIBHANDSEAL_BELIEVE_H
#define HS_LIBHANDSEAL_BELIEVE_H

#include "proto/agent.h"
#include "proto/grant.h"

// What `open` asked for.
struct hs_believe_open {
	const struct hs_scope *scope;
	struct hs_str shown; // as it was shown
	uint64_t now;	     // when it was asked, Unix seconds
	uint64_t ttl;
};

// Does the answer hold what was asked: a grant with that scope, that digest, for the main
// socket, ending when it says and no later than asked, signed by a touch of the key whose
// fingerprint it says (it goes to *root), and do the answer's own fields agree with it?
// HS_SK_LIED with what does not; the grant's own code where it is no good grant. Whether
// that key is enrolled, and under which name, is not looked at.
int hs_believe_grant(const struct hs_agent_opened *answer,
    const struct hs_believe_open *asked, struct hs_key *root, struct hs_err *err);

// What `request` asked for. What is empty or NULL is not known to who fetches an outcome
// later, and not looked at.
struct hs_believe_request {
	const struct hs_key *key; // NULL on a seat alone, whose key the daemon holds; the
				  // answer's end is then that of what the seat may
	const struct hs_scope *scope;
	struct hs_str agent;
	struct hs_str session; // that was open when it was asked
	struct hs_str shown; // the text that a touch was to be for; empty: none was needed
	uint64_t now;	     // when the answer came, Unix seconds
	bool already; // on a seat that may do it already: the answer is what it has, so
		      // that it allows no less than scope, where else it allows no more
};

// Does the answer hold what was asked: a delegation over that key (on a seat, any) for that
// agent, no wider than asked or than its grant, ending no later, with good signatures of
// the session and of its root? (Whether that root is enrolled is not looked at: an agent in
// a container sees no root files.) *d is parsed, with views into the answer's certificate:
// hs_delegation_free always. HS_SK_LIED with what does not; the certificate's own code
// where it is no good one.
int hs_believe_delegation(const struct hs_agent_issued *answer,
    const struct hs_believe_request *asked, struct hs_delegation *d, struct hs_err *err);

// The same of a direct certificate: over that key, for that agent, with that very scope,
// signed by a touch for the text shown. hs_direct_free always.
int hs_believe_direct(const struct hs_agent_issued *answer,
    const struct hs_believe_request *asked, struct hs_direct *d, struct hs_err *err);

// The part that show needs too: both signatures of a parsed delegation, and that its signer
// is the key of its grant.
int hs_believe_links(struct hs_delegation *d, struct hs_err *err);

#endif
