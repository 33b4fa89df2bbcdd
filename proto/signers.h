// SPDX-License-Identifier: ISC
//
// OpenSSH's file of allowed signers (ssh-keygen(1), "ALLOWED SIGNERS"), read for the keys
// that a root can be: who is named, in which namespaces, when. Text only; whether a
// signature is good, and what a line is worth, is its reader's. Pure.
#ifndef HS_PROTO_SIGNERS_H
#define HS_PROTO_SIGNERS_H

#include "proto/serverconf.h"

#define HS_SIGNERS_MAX	 (HS_BUF_MAX - 1) // bytes of a file
#define HS_PATTERN_BYTES 1022		  // of one pattern in a list, as OpenSSH

struct hs_signers_time {
	bool set;
	bool local; // in the machine's zone; seconds are what it would be in UTC
	uint64_t seconds;
};

struct hs_signer {		  // views into the text
	struct hs_str principals; // a list of patterns, without its quotes
	bool authority;		  // cert-authority: certificates that the key signed
	bool some_namespaces;	  // namespaces= stands there
	struct hs_str namespaces; // and its list of patterns
	struct hs_signers_time after, before;
	struct hs_key key;
	unsigned line;
};

// Hears of each line that holds, in order; what it returns that is not HS_OK ends the walk,
// and is its result. Lines whose key is of a type that no key of ours has are passed over;
// a line that is not as it must be is reported to on_bad (may be NULL), with line and
// column, and passed over. HS_ERR_TOO_LONG above HS_SIGNERS_MAX.
typedef int hs_signers_each(void *arg, const struct hs_signer *s);
int hs_signers_walk(
    struct hs_str text, hs_signers_each *each, hs_bad_line *on_bad, void *arg);

// Is value in a list of patterns, as OpenSSH has it: commas between them, `*` for any
// characters, `?` for one, `!` in front of what must not be? False where a pattern is
// longer than HS_PATTERN_BYTES.
bool hs_signers_match(struct hs_str list, struct hs_str value);

#endif
