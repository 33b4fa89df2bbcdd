// SPDX-License-Identifier: ISC
//
// Sessions that have ended. Contract in ended.h.
#include "agentd/ended.h"

#include <string.h>

static void
take_out(struct hs_ended *e, size_t i)
{
	e->n--;
	memmove(e->v + i, e->v + i + 1, (e->n - i) * sizeof e->v[0]);
}

static void
drop_the_first_to_end(struct hs_ended *e)
{
	size_t first = 0;

	for (size_t i = 1; i < e->n; i++)
		if (e->v[i].last_end < e->v[first].last_end)
			first = i;
	take_out(e, first);
}

void
hs_ended_add(struct hs_ended *e, const struct hs_session *s, uint64_t wall)
{
	uint64_t last_end = hs_session_last_end(s);
	struct hs_ended_session *slot;

	if (!s->open || last_end <= wall)
		return;
	if (e->n == HS_ENDED_MAX)
		drop_the_first_to_end(e);
	slot = &e->v[e->n++];
	memcpy(slot->id, s->id, sizeof slot->id);
	slot->touched_at = s->touched_at;
	slot->last_end = last_end;
}

bool
hs_ended_take(
    struct hs_ended *e, const char *path, uint64_t wall, struct hs_ended_session *out)
{
	for (size_t i = 0; i < e->n; i++) {
		if (e->v[i].last_end <= wall ||
		    !hs_touched_there(&e->v[i].touched_at, path))
			continue;
		*out = e->v[i];
		take_out(e, i);
		return true;
	}
	return false;
}
