// SPDX-License-Identifier: ISC
//
// The chain check as one pure, total function: (certificate, roots with their options, this
// server, now, request) -> verdict, reason, effective scope. And the authorized_keys line
// that follows from a verdict. docs/PROTOCOL.certs "Checking" lists the conditions in this
// order.
#ifndef HS_PROTO_CHAIN_H
#define HS_PROTO_CHAIN_H

#include "proto/grant.h"
#include "proto/serverconf.h"

struct hs_chain_input {
	struct hs_str cert; // the blob
	const struct hs_roots *roots;
	const struct hs_server_conf *server;
	uint64_t now; // Unix seconds
	// What is asked: NULL, or a HS_REQ_LOGIN/COMMAND/… whose hosts are ignored and
	// taken from server. With NULL, everything but the request is checked.
	const struct hs_request *request;
};

struct hs_verdict {
	enum hs_code code; // HS_OK: admitted
	struct hs_err err; // the sentence, with what would change it
	bool direct;
	const struct hs_root *root;	 // set as soon as it is known, also on refusal
	struct hs_delegation delegation; // set when it could be parsed (not for direct)
	struct hs_direct direct_cert;	 // set when direct
	struct hs_sk_sig touch; // flags and counter of the root's signature, once good
	struct hs_scope
	    *effective; // the statements that concern this request; NULL on refusal
	uint64_t end;	// when it all ends: min of certificate and grant
};

// Checks. Never fails otherwise than by a verdict (HS_ERR_NOMEM and HS_ERR_CRYPTO are
// verdicts too). out is zeroed first; hs_verdict_free always.
enum hs_code hs_chain_check(const struct hs_chain_input *in, struct hs_verdict *out);
void hs_verdict_free(struct hs_verdict *v);

// What the printed line tells handseal-shell (base64url of this; PROTOCOL.server "The
// argument").
struct hs_shell_arg {
	uint64_t end;	     // the certificate's valid before
	uint64_t grant_end;  // the grant's
	struct hs_str id;    // the certificate's key id
	struct hs_str scope; // canonical text of the effective scope
	// for looking up what is revoked, at each start
	uint64_t made;	       // Unix seconds
	struct hs_str lineage; // a uint64 for each ancestor's serial
	struct hs_str root;    // the root's key blob
	struct hs_str session; // the session key's
	struct hs_str config;  // folder of roots and verify.conf; empty: the usual one
};
void hs_shell_arg_put(struct hs_buf *b, const struct hs_shell_arg *a);
int hs_shell_arg_parse(struct hs_str data, struct hs_shell_arg *out);

// Appends the one line for AuthorizedKeysCommand, LF included, for an admitted
// HS_REQ_LOGIN: restrict,cert-authority,principals=…[,from=…][,permits],command="SHELL ARG"
// KEY, without the command for a direct certificate. It allows no more than the effective
// scope does (PROTOCOL.server "The line" argues why).
int hs_chain_put_line(struct hs_buf *b, const struct hs_verdict *v,
    const struct hs_server_conf *server, const char *shell_path, struct hs_err *err);

#endif
