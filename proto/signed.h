// SPDX-License-Identifier: ISC
//
// A message signed by a delegation (an SSHSIG whose key is the certificate): is the chain
// good, do all of its links allow that namespace, is the signature the message's
// (docs/PROTOCOL.certs, "Signed messages"). Pure: time is an argument, lists are list.h's
// and krl.h's.
#ifndef HS_PROTO_SIGNED_H
#define HS_PROTO_SIGNED_H

#include "proto/chain.h"
#include "proto/krl.h"
#include "proto/sshsig.h"

struct hs_signed_input {
	const struct hs_sshsig *sig;
	struct hs_str digest; // of the message, by sig's hash: 32 or 64 bytes
	struct hs_str ns;     // the namespace that the reader expects
	struct hs_str cap;    // that the same statement must have; empty: none is asked for
	const struct hs_roots *roots;
	const struct hs_server_conf *server; // its limits; its host names count for nothing
	uint64_t at;			     // Unix seconds: when it is said to be signed
};

// As hs_chain_check; out->effective is the certificate's scope. Besides its codes:
// HS_NO_NAMESPACE where it was signed for another, HS_NO_OTHER where the scope has not the
// namespace (and the cap), HS_NO_CAP_ROOT where the root's line has not the cap,
// HS_NO_SIG_MESSAGE, HS_ERR_USAGE where digest has another length or cap is none.
// hs_verdict_free always.
enum hs_code hs_signed_check(const struct hs_signed_input *in, struct hs_verdict *out);

// Is its key a certificate with a mark of ours? What is not is somebody else's to judge.
bool hs_signed_ours(const struct hs_sshsig *sig);

// The root that the chain in it names, whether or not that signed it. HS_NO_CERT_FORM and
// the like where there is none.
int hs_signed_root(const struct hs_sshsig *sig, struct hs_key *root, struct hs_err *err);

// Does a revocation list of OpenSSH's name the certificate, an ancestor, its grant, or a
// key that is a link of it?
bool hs_signed_revoked(const struct hs_krl *k, const struct hs_delegation *d);

// Is it a signature of that digest by key? HS_OK, HS_ERR_NOMEM, or what hs_sig_verify says.
int hs_signed_by(
    const struct hs_sshsig *sig, struct hs_str digest, const struct hs_key *key);

// The namespaces that handseal's own programs sign in: no message of anybody's.
bool hs_signed_own_ns(struct hs_str ns);

#endif
