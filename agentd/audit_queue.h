// SPDX-License-Identifier: ISC
//
// Records that wait to be written, and who waits for them, in order. For audit.c alone.
#ifndef HS_AGENTD_AUDIT_QUEUE_H
#define HS_AGENTD_AUDIT_QUEUE_H

#include "agentd/audit.h"

struct hs_audit_entry {
	struct hs_buf line;
	struct hs_audit_end end; // its number and hash
	uint64_t time;		 // Unix seconds
	uint64_t counts; // records lost if this one is: more than one for a "voided"
	bool breaks;	 // it is a "break"
	hs_audit_done *done;
	void *arg;
	struct hs_audit_entry *next;
};

struct hs_audit_queue {
	struct hs_audit_entry *first, **last;
	size_t n;
	uint64_t bytes;
};

void hs_audit_queue_reset(struct hs_audit_queue *q); // forgets what it holds
void hs_audit_queue_add(struct hs_audit_queue *q, struct hs_audit_entry *e); // takes e
struct hs_audit_entry *hs_audit_queue_take(
    struct hs_audit_queue *q); // the first; not of none
// How many records that is if they are lost. *breaks is set where a "break" is among them.
uint64_t hs_audit_queue_count(const struct hs_audit_queue *q, bool *breaks);
// Tells each who waits, hands its line to on_disk (may be NULL) if code is HS_OK, and frees
// it. q must be no queue that can be added to meanwhile: a copy.
void hs_audit_queue_answer(struct hs_audit_queue *q, int code,
    void (*on_disk)(void *arg, struct hs_buf *line), void *arg);

#endif
