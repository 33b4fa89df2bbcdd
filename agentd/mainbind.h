// SPDX-License-Identifier: ISC
//
// session-bind@openssh.com on the main socket, which has no keys to sign with: what counts
// there is that a connection says it is forwarded (docs/PROTOCOL.agent, "The socket").
// Binds of a seat's connections are seatbind.h's.
#ifndef HS_AGENTD_MAINBIND_H
#define HS_AGENTD_MAINBIND_H

#include "agentd/conn.h"
#include "agentd/clock.h"

#define HS_MAIN_BINDS_MAX 16 // of one connection, as ssh-agent

// HS_OK: it was answered, by a success as ssh-agent does, or by a failure; else why it
// could not be decoded. A connection whose bind is not good may be forwarded from anywhere.
int hs_mainbind(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now);

#endif
