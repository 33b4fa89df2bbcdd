// SPDX-License-Identifier: ISC
//
// What handseal means by a certificate (docs/PROTOCOL.certs): grants, delegations and
// direct certificates, written and read. Reading checks form only; whom to trust, times and
// "is it inside" are chain.h's. Pure: randomness and time are arguments.
#ifndef HS_PROTO_GRANT_H
#define HS_PROTO_GRANT_H

#include "proto/cert.h"
#include "proto/origin.h"
#include "proto/scope.h"

// The payload of rule 6: what a touch signs besides the certificate's own fields.
struct hs_grant_payload {
	struct hs_str scope;  // canonical text
	struct hs_str holder; // "main", or "seat:" and the seat's id
	uint64_t end;	      // must equal valid before
	uint8_t shown[32];    // SHA-256 of the text the prompt showed
	uint8_t policy[32];   // SHA-256 of the policy file; of no bytes where there is none
	uint64_t log_seq;     // sequence number of the audit record that holds this asking
	uint8_t log_head[32]; // SHA-256 of that record's line
};
void hs_grant_payload_put(struct hs_buf *b, const struct hs_grant_payload *p);
int hs_grant_payload_parse(struct hs_str data, struct hs_grant_payload *out);

// Session id: the first 8 bytes of SHA-256 of the session key's blob, in hex; writes a NUL.
void hs_session_id(
    const struct hs_key *session_key, char out[static HS_SESSION_ID_LEN + 1]);

struct hs_grant_spec {
	const struct hs_key *session_key, *root;
	uint8_t nonce[32];
	uint64_t serial;      // random, not 0
	uint64_t valid_after; // valid before is payload.end
	struct hs_grant_payload payload;
};
// Appends the body that the root signs.
int hs_grant_put_body(struct hs_buf *b, const struct hs_grant_spec *spec);

struct hs_grant {
	struct hs_cert cert; // views into the blob
	struct hs_grant_payload payload;
	struct hs_scope *scope; // owned: hs_grant_free
	struct hs_sk_sig sk;	// valid after hs_grant_check_signature
};
// Decodes a grant (whole, or the body alone where body is true) and checks its form: every
// condition of PROTOCOL.certs "Grant" that needs no key, clock or root. HS_NO_GRANT_FORM
// with the condition that failed in err->text. Call hs_grant_free also after an error.
int hs_grant_parse(struct hs_str blob, bool body, struct hs_grant *out, struct hs_err *err);
// Verifies the root's signature and its flags: HS_NO_SIG_GRANT, or HS_NO_TOUCH where flags
// are neither exactly 0x01 nor exactly 0x05.
int hs_grant_check_signature(struct hs_grant *g, struct hs_err *err);
void hs_grant_free(struct hs_grant *g);

struct hs_delegation_spec {
	const struct hs_key *agent_key, *session_key;
	uint8_t nonce[32];
	uint64_t serial; // counts from 1 in a session
	uint64_t valid_after, valid_before;
	struct hs_str agent;	 // its name
	struct hs_str grant;	 // the whole grant certificate
	const uint64_t *lineage; // serials of the ancestors, oldest first
	size_t nlineage;
	enum hs_origin origin; // of the connection on which it was asked for
	const struct hs_scope *scope;
};
int hs_delegation_put_body(struct hs_buf *b, const struct hs_delegation_spec *spec);

struct hs_delegation {
	struct hs_cert cert; // views into the blob
	struct hs_str agent;
	struct hs_str grant_blob;
	uint64_t lineage[HS_LINEAGE_MAX];
	size_t nlineage;
	enum hs_origin origin;	// the daemon's claim
	struct hs_scope *scope; // owned: hs_delegation_free
	struct hs_grant grant;	// parsed, form checked; owned
};
// Decodes a delegation with its embedded grant and checks the form of both:
// HS_NO_CERT_FORM, HS_NO_GRANT_FORM; HS_NO_NOT_OURS where it has none of our marks;
// HS_NO_GRANT_LOGIN where the blob is itself a grant.
int hs_delegation_parse(struct hs_str blob, struct hs_delegation *out, struct hs_err *err);
// When it was made, Unix seconds: it begins before that (HS_CLOCK_SLACK).
uint64_t hs_delegation_made(const struct hs_delegation *d);
void hs_delegation_free(struct hs_delegation *d);

struct hs_direct {
	struct hs_cert cert;
	struct hs_grant_payload payload;
	struct hs_str agent;
	enum hs_origin origin;	// the daemon's claim
	struct hs_scope *scope; // owned: hs_direct_free
	struct hs_sk_sig sk;	// valid after hs_direct_check_signature
};
// Can a stock server enforce this scope as a direct certificate? HS_OK or
// HS_NO_UNENFORCEABLE with what cannot be.
int hs_direct_enforceable(const struct hs_scope *scope, struct hs_err *err);
// What to ask for instead, in words; "" where it can.
const char *hs_direct_instead(const struct hs_scope *scope);
bool hs_direct_is(struct hs_str blob); // does that certificate say that it is one?
// Decodes a direct certificate (or its body) and checks its form: principals, options and
// permits are exactly what the scope says. HS_NO_CERT_FORM, HS_NO_UNENFORCEABLE.
int hs_direct_parse(
    struct hs_str blob, bool body, struct hs_direct *out, struct hs_err *err);
// Verifies the root's signature and its flags: HS_NO_SIG_CERT, HS_NO_TOUCH.
int hs_direct_check_signature(struct hs_direct *d, struct hs_err *err);
void hs_direct_free(struct hs_direct *d);

struct hs_direct_spec {
	const struct hs_key *agent_key, *root;
	uint8_t nonce[32];
	uint64_t serial;      // random, not 0
	uint64_t valid_after; // valid before is payload.end
	struct hs_str agent;
	enum hs_origin origin; // of the connection on which it was asked for
	struct hs_grant_payload payload;
};
int hs_direct_put_body(struct hs_buf *b, const struct hs_direct_spec *spec);

// Which permits does the scope name in any statement? A bit per enum hs_permit.
uint32_t hs_scope_permit_set(const struct hs_scope *s);

#endif
