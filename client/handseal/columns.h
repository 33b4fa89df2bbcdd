// SPDX-License-Identifier: ISC
//
// Cells of the tables that handseal prints: cleaned, padded, cut where a terminal would
// wrap them. Not for what is in them.
#ifndef HS_CLIENT_COLUMNS_H
#define HS_CLIENT_COLUMNS_H

#include <stdbool.h>
#include "proto/buf.h"

// Appends s cleaned, where wanted cut to width with an ellipsis, and padded to it.
// Characters are counted, not bytes.
void hs_columns_put(struct hs_buf *b, struct hs_str s, size_t width, bool cut);

// How wide the one column is that takes what room there is: what a terminal leaves beside
// the others, and at least that. A terminal's lines are not to wrap, so that true says that
// it is to be cut; a pipe gets all of it.
bool hs_columns_room(size_t others, size_t least, size_t *width);

#endif
