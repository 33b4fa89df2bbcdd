// SPDX-License-Identifier: ISC
//
// Taking a session back: remembered on disk, and told to servers by a list in OpenSSH's
// format. That nothing more is signed is the caller's, and comes first.
#ifndef HS_AGENTD_REVOKE_H
#define HS_AGENTD_REVOKE_H

#include "proto/key.h"

// Appends "TIME session ID KEY" to dir/revoked and writes dir/krl/ID.krl, which names the
// session's key: stock sshd refuses every certificate under it where that file is among its
// RevokedKeys. Both are on disk when it returns HS_OK (rule 5). Blocks for the disk. now is
// Unix seconds.
int hs_revoke_session(const char *dir, const char *id, const struct hs_key *session_key,
    uint64_t now, struct hs_err *err);

#endif
