// SPDX-License-Identifier: ISC
//
// A connection as sshd names it in %C, since OpenSSH 9.4: "ADDRESS PORT ADDRESS PORT", its
// own end first. Pure. Whether somebody may come from an address is scope.h's.
#ifndef HS_PROTO_CONNECTION_H
#define HS_PROTO_CONNECTION_H

#include "proto/buf.h"

// The client's address, without the zone of a link-local one; empty where sshd does not
// know it ("UNKNOWN": no IP connection). HS_ERR_FORMAT where the text is not of that form.
int hs_connection_client(struct hs_str text, struct hs_str *client);

#endif
