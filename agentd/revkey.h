// SPDX-License-Identifier: ISC
//
// Sessions' revoke-only keys (docs/PROTOCOL.revoke section 2): made and certified when a
// session opens, kept in a file, so that its list can be signed when its own key is gone.
// This one secret of the daemon's is on disk: it can do nothing else.
#ifndef HS_AGENTD_REVKEY_H
#define HS_AGENTD_REVKEY_H

#include "agentd/session.h"

#define HS_REVKEY_SUFFIX ".key"

// Makes the key of a session that has just begun, into a file of the folder, 0600.
int hs_revkey_make(
    int dir, const struct hs_session *s, const struct hs_held *first, struct hs_err *err);

struct hs_revkey {
	uint8_t *secret; // sodium_malloc'ed; NULL: none
	struct hs_buf certificate;
	struct hs_key session_key; // who certified it
	uint64_t begin, end;	   // of the grant that opened the session, Unix seconds
};
// Reads it back, and holds it against its certificate. HS_NO_SUCH, HS_ERR_IO,
// HS_ERR_FORMAT.
int hs_revkey_load(int dir, const char *session, struct hs_revkey *out, struct hs_err *err);
// Appends an SSH signature blob over message as SSHSIG has it (namespace HS_NS_KRL).
int hs_revkey_sign(const struct hs_revkey *k, struct hs_str message, struct hs_buf *out);
void hs_revkey_free(struct hs_revkey *k);

#endif
