// SPDX-License-Identifier: ISC
//
// Records of the log as events of the Open Cybersecurity Schema Framework (OCSF 1.9):
// touches as Authentication (3002), grants, certificates, seats and refusals as Authorize
// Session (3003). Other records have no class that fits, and are left out.
#ifndef HS_CLIENT_AUDIT_OCSF_H
#define HS_CLIENT_AUDIT_OCSF_H

#include <jansson.h>
#include "proto/auditread.h"

// The chain that the profile record_integrity makes of the exported events.
struct hs_ocsf {
	char chain[80];	   // its name
	char previous[65]; // fingerprint of the last event, "" before the first
	char last[112];	   // and what that event is called
	int last_type;	   // its type_uid
	uint64_t events;
};

// The events of a record, 0 to 2, each on one line of canonical JSON (RFC 8785) behind the
// other. HS_ERR_NOMEM.
int hs_ocsf_put(struct hs_ocsf *c, struct hs_str line, const struct hs_auditread *r,
    struct hs_buf *out);

#endif
