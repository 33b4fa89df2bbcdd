// SPDX-License-Identifier: ISC
//
// What `request` and `wait` do with what came of a request: a certificate is checked,
// written and told; an asking that still waits leaves the key where `wait` finds it. Not
// for the asking itself.
#ifndef HS_CLIENT_ISSUED_H
#define HS_CLIENT_ISSUED_H

#include "client/handseal/outcome.h"
#include "client/handseal/subject.h"

struct hs_issued {
	struct hs_daemon *daemon;
	struct hs_subject *subject;   // NULL on a seat: there is nothing to write
	const struct hs_scope *scope; // that was asked for; NULL: not known
	const char *code;	      // of the asking, NULL where there was none
	bool already;		      // on a seat that may do it already
};

// What was got is a certificate. 0, or an exit status whose reason has been told; then
// nothing was written.
int hs_issued_take(struct hs_issued *w);

// What was got is that it still waits: a new pair is written now (on a seat there is none),
// and how to go on is told. Exit 7, or 1 where the pair could not be kept.
int hs_issued_later(struct hs_issued *w);

// Waits for the outcome of o and does one or the other.
int hs_issued_wait(struct hs_issued *w, struct hs_outcome *o);

#endif
