// SPDX-License-Identifier: ISC
//
// A chain in parts, right in everything until a test changes one, and the check's judgement
// of it: on a server whose roots are chains.root and chains.ecdsa_root. For cmocka tests.
#ifndef HS_TESTS_TRIED_H
#define HS_TESTS_TRIED_H

#include "proto/chain.h"
#include "tests/lib/chains.h"

#define TRIED_NOW (CHAINS_MADE + 700)

// A chain in parts: change one, then judge it.
struct tried {
	struct hs_grant_spec grant;
	struct hs_delegation_spec cert;
	struct hs_direct_spec direct;
	const char *scope;		      // of the delegation
	const struct hs_mint *root, *session; // who signs
	uint8_t flags;
	char options[256]; // of the root's line
	const char *conf;
	uint64_t now;
	struct hs_request req;
	bool asked;
};

struct tried tried_right(void);

// Judges a certificate; the verdict, valid until the next call, is the caller's to free.
enum hs_code tried_judge(const struct tried *t, struct hs_str cert, struct hs_verdict *v);

// Makes the chain and judges it.
enum hs_code tried_judge_chain(const struct tried *t, struct hs_verdict *v);
enum hs_code tried_chain(const struct tried *t);
enum hs_code tried_direct(const struct tried *t); // the direct certificate

#endif
