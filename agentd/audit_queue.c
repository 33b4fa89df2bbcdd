// SPDX-License-Identifier: ISC
//
// A queue of records. Contract in audit_queue.h.
#include "agentd/audit_queue.h"

#include <stdlib.h>

void
hs_audit_queue_reset(struct hs_audit_queue *q)
{
	*q = (struct hs_audit_queue){.last = &q->first};
}

void
hs_audit_queue_add(struct hs_audit_queue *q, struct hs_audit_entry *e)
{
	e->next = NULL;
	*q->last = e;
	q->last = &e->next;
	q->n++;
	q->bytes += e->line.len;
}

struct hs_audit_entry *
hs_audit_queue_take(struct hs_audit_queue *q)
{
	struct hs_audit_entry *e = q->first;

	q->first = e->next;
	if (q->first == NULL)
		q->last = &q->first;
	q->n--;
	q->bytes -= e->line.len;
	return e;
}

uint64_t
hs_audit_queue_count(const struct hs_audit_queue *q, bool *breaks)
{
	uint64_t n = 0;

	for (const struct hs_audit_entry *e = q->first; e != NULL; e = e->next) {
		n += e->counts;
		*breaks |= e->breaks;
	}
	return n;
}

void
hs_audit_queue_answer(struct hs_audit_queue *q, int code,
    void (*on_disk)(void *arg, struct hs_buf *line), void *arg)
{
	struct hs_audit_entry *e, *next;

	for (e = q->first; e != NULL; e = next) {
		next = e->next;
		if (e->done != NULL)
			e->done(e->arg, code);
		if (code == HS_OK && on_disk != NULL)
			on_disk(arg, &e->line);
		hs_buf_free(&e->line);
		free(e);
	}
}
