// SPDX-License-Identifier: ISC
//
// The decision about one certificate request, and the certificate: (session, request, now,
// nonce)
// -> certificate or refusal. Nothing is released here, and nothing recorded.
#ifndef HS_AGENTD_ISSUE_H
#define HS_AGENTD_ISSUE_H

#include "agentd/refusal.h"
#include "agentd/session.h"
#include "proto/agent.h"

struct hs_issue {
	struct hs_buf certificate;
	struct hs_scope *scope; // owned
	char agent[HS_AGENT_NAME_MAX + 1];
	char id[HS_SESSION_ID_LEN + 24]; // SESSION.SERIAL
	char key[HS_FINGERPRINT_LEN + 1];
	uint64_t serial, issued, end;
	uint64_t uses; // reserved from the grant
};

// Decides and signs. On HS_OK the session has counted the serial and reserved the uses;
// give them back with hs_session_unkeep if the certificate is not released. The order of
// conditions is docs/PROTOCOL.agent "request". Call hs_issue_free in any case.
int hs_issue(struct hs_session *s, const struct hs_agent_request *req,
    const struct hs_now *now, const uint8_t nonce[static 32], struct hs_issue *out,
    struct hs_refusal *why);
void hs_issue_free(struct hs_issue *i);

// A scope text as a client sent it: HS_ERR_SCOPE with line and column in the sentence.
int hs_issue_scope(struct hs_str text, struct hs_scope **out, struct hs_refusal *why);
// The reason as a client gave it: one line that may be shown, of at most HS_REASON_MAX
// bytes.
int hs_issue_reason(struct hs_str reason, struct hs_refusal *why);

#endif
