// SPDX-License-Identifier: ISC
//
// Checkpoints: the session key signs where the audit log stands (docs/PROTOCOL.audit), at
// most once a second while records come, and last when the session ends. What is signed is
// proto/checkpoint.h's.
#ifndef HS_AGENTD_CHECKPOINT_H
#define HS_AGENTD_CHECKPOINT_H

#include "agentd/daemon.h"

struct hs_checkpoint;

// Follows d->audit, which must be attached, while d's session is open. NULL without memory.
struct hs_checkpoint *hs_checkpoint_new(struct hs_daemon *d);
void hs_checkpoint_free(struct hs_checkpoint **c); // memory goes with the loop's next turn

// The last one of a session, over the newest record; then the key is wiped, whatever came
// of it. Fine without a key.
void hs_checkpoint_last(struct hs_daemon *d, struct hs_keys *key, const char *session);

#endif
