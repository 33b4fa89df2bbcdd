// SPDX-License-Identifier: ISC
//
// One record of the audit log as one line of JSON (docs/PROTOCOL.audit), written
// by a small bounded writer, and what a restarting daemon must read back of it. Pure:
// files, locks and syncing are agentd/audit.c's.
#ifndef HS_PROTO_AUDITLINE_H
#define HS_PROTO_AUDITLINE_H

#include <stdbool.h>
#include "proto/buf.h"

#define HS_AUDIT_HASH 32

// Who and what. A string that is empty and a number whose flag is not set are left out.
struct hs_audit_record {
	uint64_t seq; // from 1
	uint8_t
	    prev[HS_AUDIT_HASH]; // SHA-256 of the line before, LF included; zeros for seq 1
	uint64_t time;		 // Unix seconds, the daemon's claim
	const char *event;	 // [a-z-]+
	const char *clock;	 // of the machine's clock: "synchronised" or not
	struct hs_str machine;	 // raw; written in hex
	bool peer;		 // pid and uid are known
	uint64_t pid, uid;
	const char *origin; // hs_origin_name
	const char *via;    // fingerprint of the key of the host that forwards
	struct hs_str exe;
	uint64_t start; // of the peer, ticks since boot; 0: left out
	struct hs_str cgroup;
	struct hs_str exe_sha256; // raw; written in hex
	struct hs_str by;	  // executable of who ran it
	struct hs_str agent;
	struct hs_str ext; // the extension that was refused
	const char *session;
	const char *code; // a stable name of proto/err.h
	struct hs_str sentence, reason, scope;
	struct hs_str digest; // raw; written in hex
	struct hs_str policy; // raw digest of the policy in force; written in hex
	bool numbered;
	uint64_t serial;
	// of a revocation: all of them, as hs_auditread_lists reads them
	struct hs_str serials;
	uint64_t parent;      // serial of the grant it is under, 0: left out
	uint64_t seat;	      // serial of the seat it is for, 0: left out
	uint64_t end;	      // Unix seconds, 0: left out
	const char *key;      // fingerprint of the subject
	const char *root;     // name, and
	const char *root_key; // fingerprint
	const char *human;    // whose the root is, as enrolled
	struct hs_str aaguid; // raw; written in hex
	const char *attestation, *transport;
	bool touched; // flags and counter are known
	uint8_t flags;
	uint32_t counter;
	bool simulated;
	uint64_t share; // uid of the other user that a seat is shared with; 0: left out
	struct hs_str user, host, ns; // what a seat signed for
	struct hs_str ask;	      // the code that the prompt showed
	struct hs_str shown;
	struct hs_str grant;	 // raw certificate; written in base64
	struct hs_str direct;	 // of a touch that made no grant: likewise
	struct hs_str signature; // raw SSH signature blob; written in base64
	bool counted;
	uint64_t count;	      // how many certificates, records or bytes it is about
	uint64_t first, last; // records of a file that is forgotten; 0: left out
	struct hs_str head;   // raw hash of the last of these; written in hex
	struct hs_str sha256; // raw, of bytes that were set aside; written in hex
	bool jumped;
	int64_t jump; // seconds that the wall clock was set forward
};

// Appends the line, LF included. Strings are escaped so that the line is one line of valid
// JSON in UTF-8 whatever they hold: what hs_text_shown would refuse becomes \uXXXX, bytes
// that are no UTF-8 become \ufffd.
void hs_auditline_put(struct hs_buf *b, const struct hs_audit_record *r);
void hs_auditline_put_string(struct hs_buf *b, struct hs_str s); // with its quotes

// Copies all that r points at behind what is in mem, and lets r point there: r is good as
// long as mem is, and nothing is put into it. HS_ERR_NOMEM and the like leave r as it was.
int hs_auditline_keep(struct hs_audit_record *r, struct hs_buf *mem);

// SHA-256 of a line as it stands in the file, LF included.
int hs_auditline_hash(struct hs_str line, uint8_t out[static HS_AUDIT_HASH]);

// Reads seq and prev back from a line as hs_auditline_put writes it, LF included.
// HS_ERR_FORMAT if it does not begin and end as a record; what is between is not looked at.
int hs_auditline_parse(
    struct hs_str line, uint64_t *seq, uint8_t prev[static HS_AUDIT_HASH]);

// The same for time and event, a view into the line.
int hs_auditline_stamp(struct hs_str line, uint64_t *time, struct hs_str *event);

#endif
