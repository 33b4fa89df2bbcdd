// SPDX-License-Identifier: ISC
//
// What a person names to have it taken back by a root's touch, where no daemon need know
// it: ids, key ids of a server's log, fingerprints, certificates. Becomes a root's list
// (proto/rlist.h).
#ifndef HS_CLIENT_TAKEBACK_H
#define HS_CLIENT_TAKEBACK_H

#include "client/handseal/paths.h"
#include "proto/rlist.h"

// Zero-initialise; hs_takeback_free always.
struct hs_takeback {
	struct hs_rlist_entry v[HS_RLIST_ENTRIES_MAX];
	size_t n;
	struct hs_rlist_proof proofs[HS_RLIST_PROOFS_MAX]; // views into blobs
	size_t nproofs;
	struct hs_buf blobs[HS_RLIST_PROOFS_MAX]; // of those certificates
	struct hs_key root;			  // whose certificates were named
	bool rooted;				  // some were
};

// Each adds one thing. HS_ERR_USAGE where it is none of what can be named; HS_ERR_TOO_LONG
// where there are too many; HS_NO_SUCH and HS_ERR_IO of a file; HS_NO_WIDER where it stands
// under another root than what was named before.

// SESSION.SERIAL or SESSION.LO-HI, direct.SERIAL, a certificate's key id, or its file. With
// a certificate of a seat goes the seat.
int hs_takeback_one(struct hs_takeback *t, const char *name, struct hs_err *err);
// A session's id, its key's fingerprint, or the file of a certificate of it.
int hs_takeback_session(struct hs_takeback *t, const char *name, struct hs_err *err);
int hs_takeback_all(struct hs_takeback *t, struct hs_err *err);
void hs_takeback_free(struct hs_takeback *t);

#endif
