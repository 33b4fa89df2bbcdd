// SPDX-License-Identifier: ISC
//
// What the touch of an audit record signed, be it a grant or a direct certificate
// (docs/PROTOCOL.audit): its form alone. Whether it holds is auditcheck.h's.
#ifndef HS_PROTO_AUDITTOUCH_H
#define HS_PROTO_AUDITTOUCH_H

#include "proto/auditread.h"
#include "proto/grant.h"

struct hs_audittouch {
	bool direct;
	struct hs_key key;		 // the session's, or the agent's of a direct one
	struct hs_grant_payload payload; // views into blob
};
// Reads it out of a "touch" record; blob, which is overwritten, gets the certificate.
// HS_ERR_FORMAT where there is none of the form; HS_ERR_NOMEM.
int hs_audittouch_read(
    const struct hs_auditread *r, struct hs_buf *blob, struct hs_audittouch *out);

#endif
