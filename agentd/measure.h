// SPDX-License-Identifier: ISC
//
// Which bytes a peer's executable has, for the records: asked for when it first wants
// something, and put into what is recorded of it from when it is known. Nothing waits for
// it, so the first records may lack it. How it is computed is exehash.h's.
#ifndef HS_AGENTD_MEASURE_H
#define HS_AGENTD_MEASURE_H

#include "agentd/conn.h"

void hs_measure_start(struct hs_conn *c); // once a connection; again does nothing
void hs_measure_drop(struct hs_conn *c);  // the connection goes away

#endif
