// SPDX-License-Identifier: ISC
//
// The names in front of a key in known_hosts, one by one: what is plain, what has wildcards
// and what is negated, without ports. Whom they fit is match.h's. Pure.
#ifndef HS_KNOWNHOSTS_PATTERNS_H
#define HS_KNOWNHOSTS_PATTERNS_H

#include "proto/buf.h"

#define HS_PATTERNS_BYTES_MAX 1000 // of one; ssh takes a few more
#define HS_PATTERNS_STARS_MAX 8	   // in one: libssh compares for ever with many

struct hs_patterns_list {
	struct hs_str *v; // owned; the texts are the line's
	size_t n, room;
};

// Zero-initialise; hs_patterns_free when done. Only what may fit some host's exact name is
// in the lists, so of letters, digits, `-`, `.`, `*` and `?` alone: no address of IPv6.
struct hs_patterns {
	bool hashed; // one hashed name, and nothing in the lists
	bool ported; // some pattern may fit [NAME]:PORT for its port, and NAME not
	struct hs_patterns_list plain, wild, negated;
};

// Takes the place of what is in p. HS_ERR_FORMAT, with *why, where it cannot be known which
// names these are; HS_ERR_NOMEM.
int hs_patterns_read(struct hs_patterns *p, struct hs_str hosts, const char **why);
void hs_patterns_free(struct hs_patterns *p);

// s in lower case, in out; empty if it has size bytes or more.
struct hs_str hs_patterns_lower(struct hs_str s, char *out, size_t size);

#endif
