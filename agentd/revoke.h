// SPDX-License-Identifier: ISC
//
// Taking back: `revoke` (docs/PROTOCOL.agent 6.13), and what the daemon revokes by itself.
// In this order: what the daemon signs for stops, it is recorded, it is remembered on disk
// (rule 5), servers' lists are written, and only then is it answered. Others are served
// meanwhile.
#ifndef HS_AGENTD_REVOKE_H
#define HS_AGENTD_REVOKE_H

#include "agentd/conn.h"

// The extension. HS_OK: it was answered or will be; else why it could not be decoded.
int hs_revoke(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now);

// Revokes a session that is closed already, from now on, and on disk soon. Then why, which
// is a constant, is recorded.
void hs_revoke_session(struct hs_daemon *d, const char *id, const char *why);
// The same of a seat that has ended, SESSION.SERIAL, and of all below it.
void hs_revoke_seat(struct hs_daemon *d, const char *id, const char *why);

#endif
