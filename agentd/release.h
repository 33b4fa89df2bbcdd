// SPDX-License-Identifier: ISC
//
// A certificate that was just made: kept, recorded, and only then anybody's (rule 4).
#ifndef HS_AGENTD_RELEASE_H
#define HS_AGENTD_RELEASE_H

#include "agentd/daemon.h"
#include "agentd/issue.h"
#include "agentd/peer.h"

// It may be handed out (HS_OK), or never was (HS_NO_RECORD): then serial and uses are taken
// back. HS_NO_GONE: it is recorded, but was revoked meanwhile. Always later, never from
// within hs_release.
typedef void hs_release_done(void *arg, int code);

// Takes the certificate into the session's list and the log. HS_NO_BUSY, HS_ERR_NOMEM or
// HS_NO_RECORD at once, where everything is taken back and done is not called.
int hs_release(struct hs_daemon *d, const struct hs_wanted *w, const struct hs_peer *peer,
    const struct hs_issue *i, hs_release_done *done, void *arg);

#endif
