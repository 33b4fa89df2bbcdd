// SPDX-License-Identifier: ISC
//
// The messages of docs/PROTOCOL.helper's examples, to be changed first where a test wants
// to. For cmocka tests.
#ifndef HS_TESTS_HELPERMSG_H
#define HS_TESTS_HELPERMSG_H

#include "proto/helper.h"
#include "proto/rlist.h"
#include "tests/lib/mint.h"

#define HELPERMSG_SHOWN "handseal 4F7: open a session\n"

struct hs_helpermsg {
	struct hs_mint mint;	  // the example's key
	struct hs_buf key, sig;	  // its blob, and its signature over "BODY"
	struct hs_buf list, text; // a list's message by it, and what that says
	struct hs_helper_request enroll, sign, revoke;
	struct hs_helper_answer enrolled, signed_, failed, wrong_pin, unread;
};

void helpermsg_make(struct hs_helpermsg *w);
void helpermsg_free(struct hs_helpermsg *w);

// Fails the test unless got is that example of docs/PROTOCOL.helper, byte by byte and in
// the number that the page says; prints what the page would have to say.
void helpermsg_is(const char *name, const struct hs_buf *got);

#endif
