// SPDX-License-Identifier: ISC
//
// Whether a seat signs what its agent hands it, as a pure and total function: (scopes that
// the seat holds, key, data, the connection's binds, policy) -> sign, or refuse with this
// code (docs/PROTOCOL.seat, "Deciding"). Signs nothing, and does not know keys: that the
// seat has this one, and that each bind was verified (sessionbind.h), was seen to before.
#ifndef HS_PROTO_GUARD_H
#define HS_PROTO_GUARD_H

#include "proto/scope.h"
#include "proto/userauth.h"

// A bind of the connection, verified.
struct hs_guard_bind {
	struct hs_str session; // the identifier
	bool forwarding;
	struct hs_str host_key; // the blob as it came, a certificate too
	// The names under which the host key is known: each one host's. What is no host
	// name of PROTOCOL.scope (an address, a pattern) is under `host *` only.
	const struct hs_str *names;
	size_t nnames;
};

struct hs_guard_input {
	// Of the certificates that the seat holds now. For a key that is a certificate:
	// that of this one alone, or none where it has ended. For a key without one, and
	// for messages: all.
	const struct hs_scope *const *scopes;
	size_t nscopes;
	struct hs_str key;		   // the blob that is asked to sign
	struct hs_str data;		   // what it is to sign
	const struct hs_guard_bind *binds; // of this connection, in their order
	size_t nbinds;
	bool require; // HostBinding require: no login without a bind
};

struct hs_guarded {
	bool allow;
	enum hs_userauth_kind what; // NEITHER where it was not understood
	struct hs_err err;	    // allow: HS_OK and what; else code and sentence
	char remedy[480];	    // refused: what would make it succeed
	struct hs_str user; // of a login: a view into data, any bytes where it is refused
	struct hs_str ns;   // of a message: likewise
	struct hs_str host; // allowed and bound: the name that matched, one of the bind's;
			    // empty where `host *` takes a server of no name
	bool bound;	    // a login of the session, and to the host key, of the last bind
	size_t scope;	    // allowed: the first of the scopes that does
};

// Decides. *out is zeroed first; returns out->allow. Never fails otherwise than by a
// refusal: HS_NO_SIGN, HS_NO_FORWARD, HS_NO_BIND, HS_NO_HOST_KEY, HS_NO_USER, HS_NO_HOST,
// HS_NO_OTHER; HS_ERR_INTERNAL where a certificate's login comes with several scopes.
bool hs_guard(const struct hs_guard_input *in, struct hs_guarded *out);

#endif
