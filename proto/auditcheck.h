// SPDX-License-Identifier: ISC
//
// Checking an audit log, record by record, as one pure machine: the chain, every signature,
// every grant against its asking, every certificate against its grant
// (docs/PROTOCOL.audit). Files, roots and words for people are the caller's.
#ifndef HS_PROTO_AUDITCHECK_H
#define HS_PROTO_AUDITCHECK_H

#include "proto/auditread.h"
#include "proto/key.h"

struct hs_audit_place {
	size_t file;   // the caller's number for it
	uint64_t line; // from 1
};

// Something that does not hold. word is stable: malformed, changed, missing, order, number,
// rewritten, signature, grant, root-unknown, not-asked, differs, no-session, serial,
// outside-grant.
struct hs_audit_fault {
	struct hs_audit_place place; // the line that is wrong, or where it shows
	uint64_t seq;		     // its number, or what it would have to be
	const char *word;
	char text[320];
};
typedef void hs_audit_on_fault(void *arg, const struct hs_audit_fault *f);

enum hs_audit_begin {
	HS_AUDIT_WHOLE,	    // from record 1
	HS_AUDIT_FORGOTTEN, // what stood before was forgotten, which a later record says
	HS_AUDIT_CUT,	    // it begins later, and nothing says why
};

struct hs_audit_summary {
	uint64_t records, first, last; // how many, and the first and last number
	uint64_t began, ended;	       // their times
	enum hs_audit_begin begin;
	uint64_t forget; // the record that says what was forgotten
	// Everything up to this record is proven: it is linked, a touched root or a session
	// key that one endorsed signed it, and nothing up to it is wrong. 0: nothing.
	uint64_t proven;
	uint64_t proven_by; // the record that holds that signature
	bool by_touch;	    // it is a root's
	uint64_t faults;
	uint64_t unknown; // records of sessions whose touch is in the forgotten part
	uint64_t asks, touches, simulated, checkpoints, issued, seats, signed_, refused;
	uint64_t revoked, voided, torn, breaks, dropped; // records that say so
	uint64_t lost, uncopied;     // records, by the counts of voided and dropped
	bool rotated;		     // the last record is a "rotate"
	uint8_t head[HS_AUDIT_HASH]; // hash of the last line
};

struct hs_auditcheck;

// roots: whose touches count; they and on_fault's arg must outlive it. HS_ERR_NOMEM.
int hs_auditcheck_new(struct hs_auditcheck **out, const struct hs_key *roots, size_t nroots,
    hs_audit_on_fault *on_fault, void *arg);
// From now on it is given an extract: records may be missing between others, and where they
// are, what follows is linked anew. on_signed is told which records each signature covers;
// of a touch that is its asking alone, where that stands in an earlier part.
typedef void hs_audit_on_signed(void *arg, uint64_t from, uint64_t to, uint64_t by);
void hs_auditcheck_extract(struct hs_auditcheck *c, hs_audit_on_signed *on_signed);
// The next line, LF included. What does not hold is a fault, not an error: HS_ERR_NOMEM
// only. *r (may be NULL) is the record, views into line; n is 0 where it could not be read.
int hs_auditcheck_line(struct hs_auditcheck *c, struct hs_audit_place place,
    struct hs_str line, struct hs_auditread *r);
// After the last line. Not before: the last fault may show only here.
void hs_auditcheck_end(struct hs_auditcheck *c, struct hs_audit_summary *out);
void hs_auditcheck_free(struct hs_auditcheck **c);

// Is all of it proven, that is, up to its last signed point, which is there?
bool hs_audit_proven(const struct hs_audit_summary *s);

#endif
