// SPDX-License-Identifier: ISC
//
// Lists of what is revoked, sessions' and roots', united into one plain KRL for stock
// sshd's RevokedKeys. Each is verified; what one of them may not take back it does not.
// Files are krl.c's.
#ifndef HS_CLIENT_KRLMERGE_H
#define HS_CLIENT_KRLMERGE_H

#include <jansson.h>
#include "proto/rlist.h"

struct hs_krlmerge_session { // that a list proved
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_key key, root;
};
struct hs_krlmerge_root { // a root's list: what it means waits for the sessions
	struct hs_buf blob;
	char *name; // of its file
};

// Zero-initialise; rows is the caller's array, which gets an object for each list.
struct hs_krlmerge {
	struct hs_buf krl;
	json_t *rows;
	unsigned lists;
	uint64_t directs;	// serials of roots that the daemon's own KRLs name
	struct hs_krl_range *r; // of the list being read
	size_t n, cap;
	bool whole;
	struct hs_krlmerge_session *sessions;
	size_t nsessions;
	struct hs_krlmerge_root *roots;
	size_t nroots;
};

void hs_krlmerge_begin(struct hs_krlmerge *m, uint64_t now);
// Adds a list, which came from a file of that name. roots NULL: any root's. HS_ERR_NOMEM;
// HS_ERR_TOO_LONG where all together are too long; any other code: the list does not count,
// and nothing of it was added.
int hs_krlmerge_add(struct hs_krlmerge *m, const char *name, struct hs_str blob,
    const struct hs_roots *roots, struct hs_err *err);
// Adds of one of the daemon's own plain KRLs what stands in no session's list: the serials
// of direct certificates, under the security keys that signed them, and nothing else of it.
// Codes as above.
int hs_krlmerge_add_direct(struct hs_krlmerge *m, struct hs_str blob, struct hs_err *err);
// Behind all of them: what roots' lists name. Tells of each that names a session whose key
// no list proves: a KRL cannot have that. HS_ERR_NOMEM, HS_ERR_TOO_LONG.
typedef void hs_krlmerge_bad(void *arg, const char *name, const struct hs_err *err);
int hs_krlmerge_end(
    struct hs_krlmerge *m, hs_krlmerge_bad *on_bad, void *arg, struct hs_err *err);
void hs_krlmerge_free(struct hs_krlmerge *m);

#endif
