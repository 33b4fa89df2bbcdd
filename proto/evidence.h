// SPDX-License-Identifier: ISC
//
// The evidence for one certificate or seat (docs/PROTOCOL.evidence): an extract of the
// audit log that whoever has the roots can check by itself. Pure; which records go in is
// client/handseal's.
#ifndef HS_PROTO_EVIDENCE_H
#define HS_PROTO_EVIDENCE_H

#include "proto/auditcheck.h"

#define HS_EVIDENCE_MAX	  HS_BUF_MAX
#define HS_EVIDENCE_MAGIC "handseal-evidence 1"

// Views into the text that it was read from.
struct hs_evidence {
	char session[HS_SESSION_ID_LEN + 1];
	uint64_t serial;
	struct hs_str certificate; // base64, or empty
	struct hs_str records;	   // lines
};

// Takes the head apart; the records are looked at when they are checked. HS_ERR_FORMAT with
// err->line, HS_ERR_TOO_LONG.
int hs_evidence_parse(struct hs_str text, struct hs_evidence *out, struct hs_err *err);
// Appends the head; records follow it as they stand in the log. certificate is a blob, or
// empty.
void hs_evidence_put_head(
    struct hs_buf *b, const char *session, uint64_t serial, struct hs_str certificate);

struct hs_evidence_result {
	struct hs_audit_summary sum;
	bool made;	     // the record of its making is there
	uint64_t made_in;    // its number
	uint64_t signed_in;  // the record that signs it, 0: none
	uint64_t touched_in; // the touch whose grant it is under, 0: none
	bool direct;	     // the root signed the certificate itself
	bool cert_good;	     // a certificate is there, and is the one of the record
	struct hs_buf agent, reason, scope, shown, key, root, root_key, exe; // texts; owned
	uint64_t at, end, touched_at;
	uint64_t flags;
	bool simulated;
	struct hs_err why; // what is missing for a proof; HS_OK: nothing, it is proven
};

// Checks it all: every record against the others, the touch, the certificate. What does not
// hold in the records goes to on_fault (may be NULL), places being lines of the text.
// HS_ERR_NOMEM only. hs_evidence_result_free always.
int hs_evidence_check(const struct hs_evidence *e, const struct hs_key *roots,
    size_t nroots, hs_audit_on_fault *on_fault, void *arg, struct hs_evidence_result *out);
void hs_evidence_result_free(struct hs_evidence_result *r);

#endif
