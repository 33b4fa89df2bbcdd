// SPDX-License-Identifier: ISC
//
// What somebody means to revoke, looked up: which sessions, which serials of them with all
// that is below, and what of it was revoked before. Looks only; revoke.h acts.
#ifndef HS_AGENTD_REVPLAN_H
#define HS_AGENTD_REVPLAN_H

#include "agentd/daemon.h"
#include "agentd/refusal.h"
#include "proto/agent.h"
#include "proto/auditline.h"
#include "proto/krl.h"

struct hs_revplan_session {
	bool listed; // it has a key that signs its list
	char id[HS_SESSION_ID_LEN + 1];
	bool whole;
	uint64_t end;	   // Unix seconds: of the last of what is named
	uint64_t *serials; // all that is named, certificates and seats; owned
	size_t n;
	struct hs_krl_range *fresh; // of them, what was not revoked before; owned
	size_t nfresh;
	bool known;			      // whole: it was revoked as a whole before
	uint64_t certificates, seats, before; // that live
	uint64_t version;		      // of its list, once that is written
};

struct hs_revplan {
	struct hs_revplan_session *v; // owned: hs_revplan_free
	size_t n;
};

// on: the seat that asks, whose own subtree is all that there is for it; NULL: the main
// socket. HS_NO_SUCH where nothing of that name lives; HS_ERR_USAGE where it is no name.
int hs_revplan_make(const struct hs_daemon *d, const struct hs_seat *on,
    const struct hs_agent_revoke *m, uint64_t now, struct hs_revplan *out,
    struct hs_refusal *why);
// Into its record: what was not revoked before, from *at on, as much as a record may hold;
// the text is put into mem. Is that all?
bool hs_revplan_record(const struct hs_revplan_session *p, size_t *at, struct hs_buf *mem,
    struct hs_audit_record *r);
void hs_revplan_free(struct hs_revplan *p);

#endif
