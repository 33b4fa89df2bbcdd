// SPDX-License-Identifier: ISC
//
// Opening folders and files that only their owner may have a say in. What stands in them is
// for the decoders of proto/.
#ifndef HS_AGENTD_FILES_H
#define HS_AGENTD_FILES_H

#include <stddef.h>
#include <sys/types.h>
#include "proto/buf.h"

// Is this folder or file ours (or root's), and writable by nobody else? HS_ERR_IO with the
// reason; what names it in the sentence.
int hs_files_trusted(int fd, const char *what, struct hs_err *err);

// Opens a folder for use with openat. HS_NO_SUCH if it is not there; HS_ERR_IO if it is a
// symbolic link, no folder, or not trusted.
int hs_files_open_dir(const char *path, int *fd, struct hs_err *err);

// Makes a folder and what is missing above it, each 0700.
int hs_files_make_dirs(const char *path, struct hs_err *err);

// Reads a regular file of at most max bytes from a folder. Never follows a link, never
// blocks. HS_NO_SUCH if it is not there; HS_ERR_IO with the reason; HS_ERR_TOO_LONG.
int hs_files_read_at(
    int dir, const char *name, size_t max, struct hs_buf *out, struct hs_err *err);

// Locks an open file for this process and those that it forks. What holds the lock may be a
// program that a daemon was just starting when it was killed: that is waited for, for a
// moment. HS_NO_BUSY: another has it; HS_ERR_IO.
int hs_files_lock(int fd);

#endif
