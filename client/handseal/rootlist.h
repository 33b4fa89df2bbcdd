// SPDX-License-Identifier: ISC
//
// All root files of $XDG_CONFIG_HOME/handseal/roots/, read as handseald reads them, so that
// what is listed here is what it will use. To find one key, see enrolled.h.
#ifndef HS_CLIENT_ROOTLIST_H
#define HS_CLIENT_ROOTLIST_H

#include "client/handseal/paths.h"
#include "proto/rootfile.h"

struct hs_rootlist {
	char dir[HS_PATHS_MAX];
	struct hs_root_record *v; // owned, sorted by name
	size_t n;
	size_t bad; // files that handseald would not use
};

// Told of each such file, with its path.
typedef void hs_rootlist_bad(void *arg, const char *path, const struct hs_err *err);

// Reads the folder; none is no roots. on_bad may be NULL. *out is zeroed first: free it
// with hs_rootlist_free, also after an error.
int hs_rootlist_read(
    struct hs_rootlist *out, hs_rootlist_bad *on_bad, void *arg, struct hs_err *err);
void hs_rootlist_free(struct hs_rootlist *l);

// The path of the root file of that name. HS_ERR_TOO_LONG.
int hs_rootlist_path(const struct hs_rootlist *l, const char *name,
    char out[static HS_PATHS_MAX], struct hs_err *err);

#endif
