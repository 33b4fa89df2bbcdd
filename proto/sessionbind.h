// SPDX-License-Identifier: ISC
//
// OpenSSH's agent extension by which its client binds a connection to the server that it is
// logging in to (OpenSSH PROTOCOL.agent section 1; docs/PROTOCOL.seat, "Binds"): read and
// verified. Pure. Not for the list of binds that a connection has, which is its daemon's.
#ifndef HS_PROTO_SESSIONBIND_H
#define HS_PROTO_SESSIONBIND_H

#include <stdbool.h>
#include "proto/hostkey.h"

#define HS_EXT_SESSION_BIND "session-bind@openssh.com"

struct hs_sessionbind {
	struct hs_str host_key; // a blob, not decoded yet
	struct hs_str
	    session; // the SSH session's identifier, 1 to HS_SSH_SESSION_MAX bytes
	struct hs_str signature; // a blob: what the server signed the key exchange with
	bool forwarding;	 // for a connection that the client forwards to the server
};

// Decodes the extension's body, all of it, into views. HS_ERR_SHORT, HS_ERR_TRAILING,
// HS_ERR_TOO_LONG (the identifier, or a key above HS_HOSTKEY_MAX), HS_ERR_FORMAT (an empty
// identifier, a boolean that is neither 0 nor 1). Proves nothing: hs_sessionbind_verify.
int hs_sessionbind_parse(struct hs_str body, struct hs_sessionbind *out);

// Did the holder of the host key sign the identifier? On HS_OK *key is the host key
// decoded, and the caller's to free; it is zero otherwise. A certificate's signer is not
// looked at: the name that it would give the server is (hs_hostkey_check_cert), or is not,
// the caller's to believe. HS_ERR_KEY_TYPE or another code of hs_hostkey_parse and
// hs_hostkey_verify, with a sentence. err may be NULL.
int hs_sessionbind_verify(
    const struct hs_sessionbind *b, struct hs_hostkey *key, struct hs_err *err);

#endif
