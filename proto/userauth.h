// SPDX-License-Identifier: ISC
//
// What an SSH client asks an agent to sign: a login by public key (RFC 4252 section 7, and
// OpenSSH's PROTOCOL section 3.2, publickey-hostbound-v00), or a message in a namespace
// (OpenSSH PROTOCOL.sshsig section 3). Read strictly, and told apart: docs/PROTOCOL.seat,
// "What is signed". Pure. Not for whether it may be signed (guard.h).
#ifndef HS_PROTO_USERAUTH_H
#define HS_PROTO_USERAUTH_H

#include <stdbool.h>
#include "proto/buf.h"
#include "proto/limits.h"

// A login. Views into the data.
struct hs_userauth {
	struct hs_str
	    session;	    // the SSH session's identifier, 1 to HS_SSH_SESSION_MAX bytes
	struct hs_str user; // any bytes, never empty; scopes have few of them
	struct hs_str algorithm; // also the type that the key's blob says
	struct hs_str key;
	bool hostbound; // then:
	struct hs_str
	    host_key; // the server's blob as the client saw it, 1 to HS_HOSTKEY_MAX
};

// A message, by its digest. Views into the data.
struct hs_userauth_message {
	struct hs_str ns;     // any bytes, never empty; scopes have few of them
	struct hs_str hash;   // "sha256" or "sha512"
	struct hs_str digest; // of 32 or 64 bytes
};

// Decodes the data of a login, all of it. key is the blob that is to sign: the data must
// have the same, and its type as algorithm. HS_ERR_* with a sentence (err may be NULL):
// anything but the service ssh-connection, the two methods and the flag 1 is HS_ERR_FORMAT,
// another key or algorithm HS_ERR_KEY_TYPE.
int hs_userauth_parse(
    struct hs_str data, struct hs_str key, struct hs_userauth *out, struct hs_err *err);

// Decodes what an SSHSIG signs, all of it; reserved must be empty.
int hs_userauth_parse_message(
    struct hs_str data, struct hs_userauth_message *out, struct hs_err *err);

enum hs_userauth_kind { HS_SIGNS_NEITHER, HS_SIGNS_LOGIN, HS_SIGNS_MESSAGE };

// Which of the two the data is, with one of them filled in and the other zero. No data is
// both: a message begins with "SSHSIG", which read as a login's first length is above any
// identifier's. NEITHER: both are zero, and err says what is wrong with it as that which
// its first bytes make it out to be.
enum hs_userauth_kind hs_userauth_which(struct hs_str data, struct hs_str key,
    struct hs_userauth *login, struct hs_userauth_message *message, struct hs_err *err);

// Is a key blob of a certificate's type?
bool hs_userauth_is_cert(struct hs_str key);

#endif
