// SPDX-License-Identifier: ISC
//
// The only file that sees every stage of a request: decode, who is it, decide, (touch,)
// build and sign, record, reply (docs/PROTOCOL.agent).
#ifndef HS_AGENTD_REQUEST_H
#define HS_AGENTD_REQUEST_H

#include "agentd/conn.h"

// Handles one frame's body. Every frame gets exactly one hs_conn_reply, now or later.
void hs_request(struct hs_conn *c, struct hs_str body);

#endif
