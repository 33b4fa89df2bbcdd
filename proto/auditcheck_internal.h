// SPDX-License-Identifier: ISC
//
// What the parts of the checker share: auditcheck.c has the chain, auditcheck_touch.c
// askings, grants and checkpoints, auditcheck_issue.c what is done under them.
#ifndef HS_PROTO_AUDITCHECK_INTERNAL_H
#define HS_PROTO_AUDITCHECK_INTERNAL_H

#include "proto/auditcheck.h"
#include "proto/grant.h"

#define HS_AUDITCHECK_CACHE  64
#define HS_AUDITCHECK_PASSED 1024

struct audit_ask {
	struct hs_audit_place place;
	uint64_t seq, seat;
	uint8_t head[HS_AUDIT_HASH], shown[32], scope[32], policy[32]; // digests
	char code[8];
	bool touched;
	bool seated;  // for that seat
	bool seating; // for a seat that is still to be made: of a key that nobody has yet
	bool policed; // it says under which policy
};

struct audit_grant {
	size_t session; // index
	uint64_t serial, after, end;
	struct hs_scope *scope; // owned; gone when the session is closed
	// of a direct certificate: of whose key it is, and was that put on record
	bool direct, issued;
	char key[HS_FINGERPRINT_LEN + 1];
	uint64_t seat; // that it was touched for, and that was still to be made; 0: none
};

struct audit_session {
	char id[HS_SESSION_ID_LEN + 1];
	bool endorsed; // some grant is over its key:
	struct hs_key key;
	uint64_t serial; // the last one that was issued
	bool closed;
};

// Serials of a session, from..to - 1, that are not on record though a later one is. The
// last ones are kept: a key is armed for seconds, and only that long others come between.
struct audit_passed {
	size_t session;
	uint64_t from, to;
};

struct audit_cached { // this scope is under that grant
	size_t grant;
	struct hs_buf scope, digest; // as escaped
};

struct hs_auditcheck {
	const struct hs_key *roots;
	size_t nroots;
	hs_audit_on_fault *on_fault;
	void *arg;
	bool extract;
	hs_audit_on_signed *on_signed;
	uint64_t part; // number of the first record since the last that is missing
	struct hs_audit_summary sum;

	// the chain
	uint64_t due; // the next number
	uint8_t head[HS_AUDIT_HASH], first_prev[HS_AUDIT_HASH];
	struct hs_audit_place at, prev, suspect; // this line, the one before
	uint64_t prev_seq, suspect_seq;
	bool prev_bad; // the line before could not be read
	bool pending;  // the line before does not follow suspect: which of them is wrong?

	struct audit_ask *asks; // ascending by seq
	size_t nasks, cap_asks;
	struct audit_session *sessions;
	size_t nsessions, nopen, cap_sessions;
	struct audit_grant *grants;
	size_t ngrants, cap_grants;
	struct audit_passed passed[HS_AUDITCHECK_PASSED]; // the i-th is at i % that
	size_t npassed;
	struct audit_cached cache[HS_AUDITCHECK_CACHE];
	struct hs_buf text, blob; // scratch
};

void hs_auditcheck_fault(struct hs_auditcheck *c, struct hs_audit_place place, uint64_t seq,
    const char *word, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
// Room for one more in an array of n. HS_ERR_NOMEM.
int hs_auditcheck_grow(void **v, size_t n, size_t *cap, size_t size);
int hs_auditcheck_sha256(struct hs_str s, uint8_t out[static 32]);

struct audit_session *hs_auditcheck_session(struct hs_auditcheck *c, struct hs_str id);
void hs_auditcheck_close(struct hs_auditcheck *c, struct hs_str id); // "": all
// The signature in this record covers all up to seq.
void hs_auditcheck_signed(
    struct hs_auditcheck *c, const struct hs_auditread *r, uint64_t seq, bool touch);

// One record each; HS_ERR_NOMEM. head is the hash of its own line.
int hs_auditcheck_ask(struct hs_auditcheck *c, const struct hs_auditread *r,
    const uint8_t head[static HS_AUDIT_HASH]);
int hs_auditcheck_touch(struct hs_auditcheck *c, const struct hs_auditread *r);
int hs_auditcheck_checkpoint(struct hs_auditcheck *c, const struct hs_auditread *r);
int hs_auditcheck_issue(struct hs_auditcheck *c, const struct hs_auditread *r);
int hs_auditcheck_sign(struct hs_auditcheck *c, const struct hs_auditread *r);

#endif
