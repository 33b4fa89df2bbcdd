// SPDX-License-Identifier: ISC
//
// What the small programs of tests/e2e share: they read their words and files, or end with
// status 1 and their name and what is wrong on standard error. States no test.
#ifndef HS_TESTS_PROG_H
#define HS_TESTS_PROG_H

#include <stdbool.h>
#include <sys/types.h>
#include "tests/lib/mint.h"

__attribute__((noreturn)) void prog_die(const char *what);
void prog_need(bool ok, const char *what);
// The value if arg is NAME=VALUE, else NULL.
const char *prog_value(const char *arg, const char *name);

// Appends the whole file to b. NULL is a file that was not named.
void prog_read(const char *path, struct hs_buf *b);
// The file path with suffix behind its name: that and no more. A new one has that mode.
void prog_write(const char *path, const char *suffix, struct hs_str s, mode_t mode);
// What b holds, to standard output, and freed.
void prog_print(struct hs_buf *b);

// A key's line, as .pub files have it; and appended, the certificate in such a line.
void prog_read_pub(const char *path, struct hs_key *key);
void prog_read_certificate(const char *path, struct hs_buf *blob);
// What forgecert made: the secret in path with suffix, its key in path.pub.
void prog_read_mint(const char *path, const char *suffix, struct hs_mint *m);

#endif
