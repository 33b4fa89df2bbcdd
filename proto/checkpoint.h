// SPDX-License-Identifier: ISC
//
// What a session key signs of the audit log (docs/PROTOCOL.audit "Checkpoints"): the number
// and the hash of one record. Pure; nothing here signs or verifies.
#ifndef HS_PROTO_CHECKPOINT_H
#define HS_PROTO_CHECKPOINT_H

#include "proto/auditline.h"

// Appends the bytes that are signed: an SSHSIG, namespace HS_NS_AUDIT, over string session,
// uint64 seq, byte[32] head.
void hs_checkpoint_put_signed(struct hs_buf *b, const char *session, uint64_t seq,
    const uint8_t head[static HS_AUDIT_HASH]);

#endif
