// SPDX-License-Identifier: ISC
//
// A log made in memory, taken apart into lines, checked: for cmocka tests of
// proto/auditcheck.h.
#ifndef HS_TESTS_AUDITCHECKED_H
#define HS_TESTS_AUDITCHECKED_H

#include "proto/auditcheck.h"
#include "tests/lib/auditmake.h"

#define AUDITCHECKED_LINES 64

struct auditchecked_lines {
	struct hs_str v[AUDITCHECKED_LINES];
	size_t n;
};

struct auditchecked { // what the last check said
	struct hs_audit_fault v[AUDITCHECKED_LINES];
	size_t n;
	struct hs_audit_summary sum;
};
extern struct auditchecked auditchecked;
extern struct auditmake auditchecked_m; // what the log is made with

void auditchecked_begin(void);
void auditchecked_take(struct auditchecked_lines *l); // the log is made: its lines
void auditchecked_finish(void);

void auditchecked_with(const struct auditchecked_lines *l, const struct hs_key *root);
void auditchecked_check(const struct auditchecked_lines *l); // with its root
bool auditchecked_names(uint64_t line);			     // does some fault name it?
// Exactly one fault, of that word, at that line.
void auditchecked_fault(const char *word, uint64_t line);
// The log is made, and is checked to its end: that fault, or none where word is NULL.
void auditchecked_made(const char *word, uint64_t line);

// start, ask, touch, issue, issue, checkpoint, refuse, close, checkpoint, stop
void auditchecked_usual(struct auditchecked_lines *l);

#endif
