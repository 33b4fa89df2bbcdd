// SPDX-License-Identifier: ISC
//
// The revoke-only key and lists of docs/PROTOCOL.revoke's examples, under the chain of
// chains.h. For cmocka tests.
#ifndef HS_TESTS_LISTS_H
#define HS_TESTS_LISTS_H

#include "proto/list.h"
#include "tests/lib/chains.h"

extern struct hs_mint lists_revoker; // from the page's seed

int lists_make(void **state); // a cmocka group setup; chains_make's too

// The page's certificate over lists_revoker, inside that grant.
struct hs_revoker_spec lists_spec(const struct hs_buf *grant);
// Whole: the page's grant signed by root with flags, its certificate signed by session.
void lists_put_certificate(struct hs_buf *b, const struct hs_mint *session,
    const struct hs_mint *root, uint8_t flags);

struct lists_spec {
	uint64_t version, issued, next;
	const struct hs_krl_range *serials; // under the session key
	size_t nserials;
	bool whole;		  // and the session key
	const struct hs_mint *by; // who signs the list
};
struct lists_spec lists_example(void);
// A whole list, with lists_put_certificate's certificate, touched.
void lists_put(struct hs_buf *b, const struct lists_spec *s, const struct hs_mint *root);
// The same over any KRL.
void lists_put_krl(struct hs_buf *b, uint64_t next, struct hs_str krl,
    const struct hs_mint *by, const struct hs_mint *root);

// A roots file's one line; free it.
void lists_roots(struct hs_roots *out, const struct hs_key *root);

#endif
