// SPDX-License-Identifier: ISC
//
// Lines of the roots file read as a server reads them, and what is said of those that it
// skips. For cmocka tests.
#ifndef HS_TESTS_ROOTLINES_H
#define HS_TESTS_ROOTLINES_H

#include "proto/serverconf.h"

extern struct hs_roots rootlines;    // those that held
extern struct hs_buf rootlines_said; // "LINE:COLUMN: sentence" for each of the others

// A security key of any bytes; the Ed25519 kind does not look at them.
struct hs_key rootlines_key(enum hs_key_type type, uint8_t fill, const char *application);

// The server's own file, in place of all that was read before; the bytes 1 and 2 in text
// stand for the lines of two keys. And a file of the user's, behind what was read. What is
// said is of this file alone, and ends in NUL.
int rootlines_parse(struct hs_str text);
int rootlines_add(struct hs_str text, const char *user);

// The server's own file of one line: it holds; it is skipped, and what is said begins so.
const struct hs_root *rootlines_good(const char *text);
void rootlines_bad(const char *text, const char *why);

int rootlines_free(void **state); // a group's teardown

#endif
