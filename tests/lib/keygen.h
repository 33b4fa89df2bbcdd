// SPDX-License-Identifier: ISC
//
// The system's ssh-keygen, run as it is, for tests that hold our revocation lists against
// its own. What it prints is the caller's to read.
#ifndef HS_TESTS_KEYGEN_H
#define HS_TESTS_KEYGEN_H

#include "proto/buf.h"

// Runs ssh-keygen with these arguments (NULL-terminated, without its name): its exit
// status, -1 where it could not be run. What it prints to stdout is appended to out, which
// may be NULL.
int keygen_run(const char *const *args, struct hs_buf *out);
#define KEYGEN(out, ...) keygen_run((const char *const[]){__VA_ARGS__, NULL}, out)

// A file of the scratch folder or elsewhere, whole. false: it cannot be written or read.
bool keygen_write(const char *path, struct hs_str data);
bool keygen_read(const char *path, struct hs_buf *out);

#endif
