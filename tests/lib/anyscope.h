// SPDX-License-Identifier: ISC
//
// Scopes and requests at random, of few words, so that they meet often. For tests of
// properties; the seed is printed, and HS_SEED repeats a run.
#ifndef HS_TESTS_ANYSCOPE_H
#define HS_TESTS_ANYSCOPE_H

#include "proto/scope.h"

void anyscope_seed(void); // once, in main
size_t anyscope_below(size_t n);

// A value of that key, canonical; `*` not seldom.
const char *anyscope_value(enum hs_scope_key key);

// Appends scope text: one to three statements.
void anyscope_put(struct hs_buf *b);
// The same, parsed; the caller's.
struct hs_scope *anyscope(void);

// A request of any kind but login, of a server with one name. Its strings are constants,
// but for words, which live in r.
struct anyscope_request {
	struct hs_request req;
	struct hs_str host, words[3];
};
void anyscope_request(struct anyscope_request *r);

#endif
