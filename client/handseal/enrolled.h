// SPDX-License-Identifier: ISC
//
// The roots that are enrolled here: the files of $XDG_CONFIG_HOME/handseal/roots/, read.
#ifndef HS_CLIENT_ENROLLED_H
#define HS_CLIENT_ENROLLED_H

#include "proto/rootfile.h"

// Finds the root with that key. HS_NO_SUCH if none has it; a file that cannot be read or is
// not valid is passed over, since another may hold the key.
int hs_enrolled_find(
    const struct hs_key *key, struct hs_root_record *out, struct hs_err *err);

#endif
