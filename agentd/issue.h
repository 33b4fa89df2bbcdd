// SPDX-License-Identifier: ISC
//
// One certificate under one grant: (session, grant, what is wanted, now, nonce) ->
// certificate or refusal. That it may be issued was decided before (judge.h); nothing is
// released here, and nothing recorded.
#ifndef HS_AGENTD_ISSUE_H
#define HS_AGENTD_ISSUE_H

#include "agentd/wanted.h"

// What a seat's certificate has beyond a request's.
struct hs_issue_terms {
	const uint64_t *lineage; // serials of the seats it is below, oldest first
	size_t nlineage;
	uint64_t ttl; // seconds: it lives no longer, whatever its scope says; not 0
};

struct hs_issue {
	struct hs_buf certificate;
	char id[HS_SESSION_ID_LEN + 24]; // SESSION.SERIAL
	uint64_t serial, issued, end;
	uint64_t grant_serial, uses;  // reserved from that grant; of a direct one its own
	const struct hs_cert *direct; // of a direct one: it; the session's, while it lives
	bool indexed;		      // the index has it already, under that serial
};

// Signs. On HS_OK the session has counted the serial and, without terms, the grant reserved
// the uses; give them back with hs_session_unkeep if the certificate is not released. A
// seat's uses are its signatures: with terms none are reserved here. Call hs_issue_free in
// any case.
int hs_issue(struct hs_session *s, struct hs_held *h, const struct hs_wanted *w,
    const struct hs_issue_terms *terms, const struct hs_now *now,
    const uint8_t nonce[static 32], struct hs_issue *out, struct hs_refusal *why);
// The same of what a touch has made and signed already. HS_ERR_NOMEM.
int hs_issue_direct(struct hs_session *s, struct hs_held *h, const struct hs_now *now,
    struct hs_issue *out);
void hs_issue_free(struct hs_issue *i);

#endif
