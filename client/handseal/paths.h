// SPDX-License-Identifier: ISC
//
// Where handseal's files are (XDG Base Directory) and how the CLI reads and writes small
// files: bounded reads, and writes that appear whole or not at all. Not for what is in
// them.
#ifndef HS_CLIENT_PATHS_H
#define HS_CLIENT_PATHS_H

#include <stdbool.h>
#include <sys/types.h>
#include "proto/buf.h"
#include "proto/err.h"

#define HS_PATHS_MAX 4096

// $XDG_CONFIG_HOME/handseal/NAME, else ~/.config/handseal/NAME. NAME may be "" (the folder)
// and may hold slashes. An XDG variable that is not absolute is ignored, as the standard
// says. HS_ERR_IO if there is no home, HS_ERR_TOO_LONG.
int hs_paths_config(const char *name, char out[static HS_PATHS_MAX], struct hs_err *err);
// $XDG_STATE_HOME/handseal/NAME, else ~/.local/state/handseal/NAME; the same otherwise.
int hs_paths_state(const char *name, char out[static HS_PATHS_MAX], struct hs_err *err);

// Makes the folder and its missing parents, each 0700. One that is there is fine, whatever
// its mode.
int hs_paths_make(const char *dir, struct hs_err *err);

// Reads a whole regular file (or a pipe) of at most max bytes; "-" is stdin where stdin_ok.
// HS_NO_SUCH if it isn't there, HS_ERR_TOO_LONG, HS_ERR_IO. Appends to out.
int hs_paths_read(
    const char *path, size_t max, bool stdin_ok, struct hs_buf *out, struct hs_err *err);

// The same from an open descriptor, which name is for in sentences. Whatever is behind it
// is read to its end.
int hs_paths_read_fd(
    int fd, const char *name, size_t max, struct hs_buf *out, struct hs_err *err);

// Writes all of it, whatever else a write returns; false, and errno says why, where it
// cannot.
bool hs_paths_write_fd(int fd, struct hs_str data);

// Writes data to path with that mode, by a new file in the same folder whose name begins
// with a point, synced. Without
// replace an existing file stays as it is and HS_ERR_IO says so; with it it is replaced in
// one step.
int hs_paths_write(
    const char *path, struct hs_str data, mode_t mode, bool replace, struct hs_err *err);

#endif
