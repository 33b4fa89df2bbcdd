// SPDX-License-Identifier: ISC
//
// Files of the daemon's state: replaced as a whole, or only ever added to. They are on disk
// when a call returns HS_OK; all of it blocks. What stands in them is its owners'.
#ifndef HS_AGENTD_STATEFILE_H
#define HS_AGENTD_STATEFILE_H

#include <stdbool.h>
#include <sys/types.h>
#include "proto/buf.h"

#define HS_STATEFILE_TEMPORARY ".new-" // how a file's name begins until it is whole

// dir/name, made where it is missing (0700), opened. name may be "".
int hs_statefile_dir(const char *dir, const char *name, int *fd, struct hs_err *err);

// Replaces name in the folder by data: a new file beside it, under a name that nobody can
// guess, synced, renamed, and the folder synced. On failure the old one stands.
int hs_statefile_replace(
    int dir, const char *name, mode_t mode, struct hs_str data, struct hs_err *err);
// Removes what an interrupted hs_statefile_replace has left.
void hs_statefile_clean(int dir);

// A file that is only added to.
struct hs_statefile {
	int fd;	      // -1: none
	uint64_t len; // bytes that were added whole
	bool dirty;   // there may be more behind them
};
// Opens or makes it, 0600, for this user alone. *made (may be NULL): it was not there.
int hs_statefile_open(
    struct hs_statefile *f, int dir, const char *name, bool *made, struct hs_err *err);
// Adds data, whole or not at all (at the latest before the next is added). sync: it is on
// disk then, too.
int hs_statefile_add(
    struct hs_statefile *f, struct hs_str data, bool sync, struct hs_err *err);
void hs_statefile_close(struct hs_statefile *f); // fine where it is not open

// Reads it from the start, line by line, without their LF. A line that is longer than max
// ends the reading with HS_ERR_TOO_LONG, as fn's first answer that is not HS_OK does.
// *torn: bytes behind the last LF, which are not told.
typedef int hs_statefile_line(void *arg, struct hs_str line, unsigned number);
int hs_statefile_lines(
    int fd, size_t max, hs_statefile_line *fn, void *arg, uint64_t *torn);

#endif
