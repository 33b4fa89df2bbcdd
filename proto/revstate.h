// SPDX-License-Identifier: ISC
//
// Lines of the daemon's two kinds of state about revocation (docs/PROTOCOL.revoke sections
// 6 and 7): what was revoked, and what a session issued. Written and read, strictly. Pure:
// files are agentd's.
#ifndef HS_PROTO_REVSTATE_H
#define HS_PROTO_REVSTATE_H

#include <stdbool.h>
#include "proto/key.h"

#define HS_REVSTATE_LINE_MAX 1024 // bytes, LF included

// What was revoked, a line of `revoked`.
struct hs_revoked {
	uint64_t time; // Unix seconds
	char session[HS_SESSION_ID_LEN + 1];
	bool whole;	 // the session: then lo and hi are 0
	uint64_t lo, hi; // serials, both included; 1 <= lo <= hi
	uint64_t end;	 // Unix seconds: nothing that it names is valid then
	// not in the line: since when the daemon knows of it, CLOCK_BOOTTIME in
	// milliseconds
	uint64_t known_ms;
};
void hs_revoked_put(struct hs_buf *b, const struct hs_revoked *r); // LF included
// line: without its LF. HS_ERR_FORMAT, HS_ERR_TOO_LONG.
int hs_revoked_parse(struct hs_str line, struct hs_revoked *out);

enum hs_indexed_what {
	HS_INDEXED_GRANT,
	HS_INDEXED_SEAT,
	HS_INDEXED_CERT,
	HS_INDEXED_DIRECT // a certificate too, that a root has signed
};

// What a session has issued, a line of its index.
struct hs_indexed {
	enum hs_indexed_what what;
	uint64_t serial;
	uint64_t end;			    // Unix seconds
	char root[HS_FINGERPRINT_LEN + 1];  // a grant's; else ""
	char agent[HS_AGENT_NAME_MAX + 1];  // a seat's and a certificate's; else ""
	uint64_t seats[HS_LINEAGE_MAX + 1]; // it is on or below, the outermost first
	size_t nseats;
	// of a direct certificate: its own serial, under that root
	uint64_t cert_serial;
	struct hs_key ca;
};
void hs_indexed_put(struct hs_buf *b, const struct hs_indexed *i); // LF included
int hs_indexed_parse(struct hs_str line, struct hs_indexed *out);

// Is it the thing of that serial, or below it?
bool hs_indexed_within(const struct hs_indexed *i, uint64_t serial);

bool hs_session_id_valid(struct hs_str s); // 16 of 0-9 a-f

#endif
