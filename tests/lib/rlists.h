// SPDX-License-Identifier: ISC
//
// Roots' lists: docs/PROTOCOL.revoke's example, under the chain of chains.h, and others.
// For cmocka tests.
#ifndef HS_TESTS_RLISTS_H
#define HS_TESTS_RLISTS_H

#include "proto/rlist.h"
#include "tests/lib/chains.h"

struct rlists_spec {
	const struct hs_mint *root;
	const struct hs_mint *by; // who signs, with flags
	uint8_t flags;
	struct hs_rlist_entry *v; // sorted and joined in place
	size_t n;
	const struct hs_mint *proof; // signs a delegation of the page's session; NULL: none
	uint8_t grant_flags;	     // of the grant in it, which root signs
};
struct rlists_spec rlists_example(void); // its entries are static
void rlists_put_message(struct hs_buf *b, const struct rlists_spec *s);
void rlists_put(struct hs_buf *b, const struct rlists_spec *s); // a whole list
void rlists_put_example(struct hs_buf *b);

#endif
