// SPDX-License-Identifier: ISC
//
// A known_hosts file, read into memory at once, so that both looks at it see the same. What
// stands in it is line.h's.
#ifndef HS_KNOWNHOSTS_LOAD_H
#define HS_KNOWNHOSTS_LOAD_H

#include "proto/buf.h"

#define HS_LOAD_MAX (4u * 1024 * 1024) // bytes of a file

// Reads the regular file, ours or root's, that nobody else can write; a link is followed.
// Never blocks. HS_NO_SUCH if there is none; HS_ERR_IO or HS_ERR_TOO_LONG with what keeps
// it from being used, without its path; HS_ERR_NOMEM. *text is the caller's to free, NULL
// on failure.
int hs_load_file(const char *path, uint8_t **text, size_t *len, struct hs_err *err);

#endif
