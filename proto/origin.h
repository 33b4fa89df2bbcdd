// SPDX-License-Identifier: ISC
//
// From where an agent was asked for something: a connection's origin, decided here and
// nowhere else, and its names in certificates and records (docs/PROTOCOL.agent, "The
// socket"). Pure: what the kernel and the client say of a connection is found out by
// agentd/.
#ifndef HS_PROTO_ORIGIN_H
#define HS_PROTO_ORIGIN_H

#include <stdbool.h>
#include "proto/buf.h"

// In the order of how little is known of who asks.
enum hs_origin {
	HS_ORIGIN_LOCAL,     // a process of this machine
	HS_ORIGIN_FORWARDED, // another host's, whose key proved that
	HS_ORIGIN_OPAQUE     // nobody can say whose
};

// What the connection itself said of forwarding (session-bind@openssh.com): the worst of
// all that it said.
enum hs_forwarding {
	HS_FORWARDING_NONE,   // nothing, or that it is not
	HS_FORWARDING_PROVEN, // it is, and the host's key has signed for that
	HS_FORWARDING_CLAIMED // it is, or may be, and nothing proves by which host
};

// seen: the process at the other end is in a PID namespace that is seen from here. Never
// gets better where seen becomes false, or forwarding greater.
enum hs_origin hs_origin_of(bool seen, enum hs_forwarding forwarding);

const char *hs_origin_name(enum hs_origin o); // "local", "forwarded", "opaque"
// For a person, behind "asked for".
const char *hs_origin_words(enum hs_origin o);

// The name in a certificate, where what is local has none: HS_ERR_FORMAT for anything but
// the other two.
int hs_origin_parse(struct hs_str name, enum hs_origin *out);

#endif
