// SPDX-License-Identifier: ISC
//
// The roots that are enrolled here: the files of $XDG_CONFIG_HOME/handseal/roots/, read.
#ifndef HS_CLIENT_ENROLLED_H
#define HS_CLIENT_ENROLLED_H

#include "proto/rootfile.h"

// Finds the root with that key. HS_NO_SUCH if none has it; a file that handseald would not
// use (rootlist.h) is passed over. HS_ERR_IO, HS_ERR_NOMEM.
int hs_enrolled_find(
    const struct hs_key *key, struct hs_root_record *out, struct hs_err *err);

#endif
