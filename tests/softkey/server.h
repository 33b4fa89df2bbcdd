// SPDX-License-Identifier: ISC
//
// The loop of the software key: hosts on a SOCK_SEQPACKET socket, a report a packet; hands
// on a stream socket, a line a connection; the clock. One thread.
#ifndef HS_SOFTKEY_SERVER_H
#define HS_SOFTKEY_SERVER_H

#include "tests/softkey/ctap.h"

struct hs_server_options {
	const char *hosts, *control; // paths of the sockets
	uint64_t touch_ms;	     // how long an operation waits for a touch
	bool verbose;		     // operations to stderr
};

struct hs_server;

// Makes both sockets, 0600, and catches SIGTERM and SIGINT, which end hs_server_run. A
// socket that nobody listens on any more is replaced. While the key is unplugged the hosts'
// socket is not there, as a pulled key's device node is not.
int hs_server_new(struct hs_server **out, struct hs_ctap *c,
    const struct hs_server_options *o, struct hs_err *err);
// Serves until SIGTERM or SIGINT, one that came before included.
int hs_server_run(struct hs_server *s, struct hs_err *err);
// Closes and removes the sockets.
void hs_server_free(struct hs_server *s);

#endif
