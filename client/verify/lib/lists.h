// SPDX-License-Identifier: ISC
//
// Has this been revoked, as far as this server knows (docs/PROTOCOL.server section 4): its
// own file `revoked`, and the lists in the folder that verify.conf names. For whoever
// admits a login and whoever starts a command.
#ifndef HS_CLIENT_VERIFY_LIB_LISTS_H
#define HS_CLIENT_VERIFY_LIB_LISTS_H

#include "client/verify/lib/config.h"
#include "proto/rlist.h"

#define HS_LISTS_OF_SESSION 16	       // files that are read for one session
#define HS_LISTS_BYTES	    (1u << 24) // that are read of these and of a root's

struct hs_lists {
	bool looked;		    // verify.conf names a folder
	bool waived;		    // no list says so, and verify.conf lets that pass
	bool unread;		    // not all of the folder was read
	struct hs_list_found found; // what the lists say
	struct hs_err err;	    // why it is refused, or what was waived
};

// Hears of each file that does not count: its name and why.
typedef void hs_lists_bad(void *arg, const char *name, const struct hs_err *err);

// HS_OK; with out->err HS_NO_REVOKED, which holds before all others; HS_NO_LISTS_UNREAD
// where lists are there that were not read, which is never waived; HS_NO_LIST. s NULL: only
// the root is asked about, and only in the server's own file. root may be NULL where that
// is not known.
int hs_lists_look(const struct hs_config *c, const struct hs_key *root,
    const struct hs_list_subject *s, uint64_t now, hs_lists_bad *on_bad, void *arg,
    struct hs_lists *out);

#endif
