// SPDX-License-Identifier: ISC
//
// The session's state. Contract in session.h.
#include "agentd/session.h"

#include <stdlib.h>
#include <string.h>

static void
note_place(struct hs_touched_at *t, const char *path)
{
	if (path[0] == '\0' || hs_touched_there(t, path))
		return;
	(void)hs_str_copy(hs_str_c(path), t->path[t->n % HS_SESSION_DEVICES],
	    sizeof t->path[0]); // it fits: HS_DEVICE_PATH_MAX
	t->n++;
}

bool
hs_touched_there(const struct hs_touched_at *t, const char *path)
{
	for (size_t i = 0; i < t->n && i < HS_SESSION_DEVICES; i++)
		if (strcmp(t->path[i], path) == 0)
			return true;
	return false;
}

void
hs_session_begin(struct hs_session *s, struct hs_keys *key, struct hs_held *first,
    const struct hs_now *now)
{
	*s = (struct hs_session){.open = true,
	    .key = *key,
	    .held = {first},
	    .nheld = 1,
	    .opened = now->wall,
	    .active_boot_ms = now->boot_ms};
	*key = (struct hs_keys){0};
	s->pub = s->key.pub;
	s->endorsed = !first->direct;
	note_place(&s->touched_at, first->device);
	hs_session_id(&s->pub, s->id);
}

// The oldest that can issue nothing more: a grant for one certificate, which is out. Not
// one that `open` made, whose uses a seat may hold.
static void
drop_a_spent(struct hs_session *s)
{
	size_t i = 0;

	while (i < s->nheld && (s->held[i]->uses_left > 0 || s->held[i]->silent))
		i++;
	if (i == s->nheld)
		return;
	hs_held_free(&s->held[i]);
	s->nheld--;
	memmove(s->held + i, s->held + i + 1, (s->nheld - i) * sizeof s->held[0]);
}

int
hs_session_add(struct hs_session *s, struct hs_held *h)
{
	if (s->nheld == HS_HELD_MAX)
		drop_a_spent(s);
	if (s->nheld == HS_HELD_MAX) {
		hs_held_free(&h);
		return HS_NO_BUSY;
	}
	note_place(&s->touched_at, h->device);
	s->endorsed |= !h->direct;
	s->held[s->nheld++] = h;
	return HS_OK;
}

void
hs_session_drop(struct hs_session *s, const char *holder)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->nheld; i++) {
		struct hs_held *h = s->held[i];

		s->held[i] = NULL;
		if (hs_str_is(h->payload->holder, holder))
			hs_held_free(&h);
		else
			s->held[kept++] = h;
	}
	s->nheld = kept;
}

struct hs_held *
hs_session_grant(const struct hs_session *s, uint64_t serial)
{
	for (size_t i = 0; i < s->nheld; i++)
		if (s->held[i]->cert->serial == serial)
			return s->held[i];
	return NULL;
}

bool
hs_session_over(struct hs_session *s, const struct hs_now *now, uint64_t idle_ms)
{
	size_t kept = 0;

	if (!s->open)
		return false;
	for (size_t i = 0; i < s->nheld; i++) {
		struct hs_held *h = s->held[i];

		s->held[i] = NULL;
		if (hs_held_over(h, now))
			hs_held_free(&h);
		else
			s->held[kept++] = h;
	}
	s->nheld = kept;
	return kept == 0 || (idle_ms > 0 && now->boot_ms >= s->active_boot_ms + idle_ms);
}

uint64_t
hs_session_end_time(const struct hs_session *s)
{
	uint64_t end = 0;

	for (size_t i = 0; i < s->nheld; i++)
		if (s->held[i]->end > end)
			end = s->held[i]->end;
	return end;
}

// The nearest end is the one to wake for: a grant's, so that it is dropped in time, or
// idling's.
void
hs_session_ends(
    const struct hs_session *s, uint64_t idle_ms, uint64_t *wall, uint64_t *boot_ms)
{
	*wall = *boot_ms = 0;
	if (!s->open)
		return;
	if (s->nheld == 0) { // it has ended, and nobody has looked yet
		*boot_ms = 1;
		return;
	}
	if (idle_ms > 0)
		*boot_ms = s->active_boot_ms + idle_ms;
	for (size_t i = 0; i < s->nheld; i++) {
		if (*wall == 0 || s->held[i]->end < *wall)
			*wall = s->held[i]->end;
		if (*boot_ms == 0 || s->held[i]->end_boot_ms < *boot_ms)
			*boot_ms = s->held[i]->end_boot_ms;
	}
}

void
hs_session_take_key(struct hs_session *s, struct hs_keys *out)
{
	if (!s->endorsed)
		hs_keys_wipe(&s->key);
	*out = s->key;
	s->key = (struct hs_keys){0};
}

void
hs_session_end(struct hs_session *s)
{
	hs_keys_wipe(&s->key);
	for (size_t i = 0; i < s->nheld; i++)
		hs_held_free(&s->held[i]);
	for (size_t i = 0; i < s->nlive; i++)
		free(s->live[i]);
	free(s->live);
	*s = (struct hs_session){0};
}

static struct hs_str
keep_str(struct hs_issued *it, struct hs_str s)
{
	struct hs_str kept = {it->mem + it->size, s.len};

	if (s.len > 0)
		memcpy(it->mem + it->size, s.p, s.len);
	it->size += s.len;
	return kept;
}

static int
make_room(struct hs_session *s, uint64_t now)
{
	struct hs_issued **v;
	size_t cap = s->cap > 0 ? s->cap * 2 : 64;

	if (s->nlive < s->cap)
		return HS_OK;
	hs_session_prune(s, now);
	if (s->nlive < s->cap / 2) // so that pruning pays for itself
		return HS_OK;
	v = reallocarray(s->live, cap, sizeof *v);
	if (v == NULL)
		return HS_ERR_NOMEM;
	s->live = v;
	s->cap = cap;
	return HS_OK;
}

int
hs_session_keep(struct hs_session *s, const struct hs_issued_spec *spec)
{
	size_t size =
	    spec->agent.len + spec->scope.len + spec->exe.len + spec->certificate.len;
	struct hs_issued *it;
	int rc;

	if (s->bytes + size > HS_LIVE_BYTES_MAX)
		hs_session_prune(s, spec->issued);
	if (s->bytes + size > HS_LIVE_BYTES_MAX)
		return HS_NO_BUSY;
	rc = make_room(s, spec->issued);
	if (rc != HS_OK)
		return rc;
	it = malloc(sizeof *it + size);
	if (it == NULL)
		return HS_ERR_NOMEM;
	*it = (struct hs_issued){.serial = spec->serial,
	    .seat = spec->seat,
	    .grant_serial = spec->grant_serial,
	    .issued = spec->issued,
	    .end = spec->end,
	    .pid = spec->pid};
	it->agent = keep_str(it, spec->agent);
	it->scope = keep_str(it, spec->scope);
	it->exe = keep_str(it, spec->exe);
	it->certificate = keep_str(it, spec->certificate);
	s->live[s->nlive++] = it;
	s->bytes += size;
	return HS_OK;
}

bool
hs_session_recorded(struct hs_session *s, uint64_t serial)
{
	size_t i = serial > 0 ? hs_session_after(s, serial - 1) : s->nlive;

	if (i >= s->nlive || s->live[i]->serial != serial)
		return false;
	s->live[i]->recorded = true;
	return true;
}

void
hs_session_unkeep(
    struct hs_session *s, uint64_t serial, uint64_t grant_serial, uint64_t uses)
{
	for (size_t g = 0; g < s->nheld; g++)
		if (s->held[g]->cert->serial == grant_serial &&
		    s->held[g]->uses_left != HS_USES_ANY && uses != HS_USES_ANY)
			s->held[g]->uses_left += uses;
	s->count -= s->count > 0 ? 1 : 0;
	hs_session_forget(s, serial);
}

void
hs_session_forget(struct hs_session *s, uint64_t serial)
{
	size_t i = serial > 0 ? hs_session_after(s, serial - 1) : s->nlive;

	if (i >= s->nlive || s->live[i]->serial != serial)
		return;
	s->bytes -= s->live[i]->size;
	free(s->live[i]);
	s->nlive--;
	memmove(s->live + i, s->live + i + 1, (s->nlive - i) * sizeof *s->live);
}

void
hs_session_prune(struct hs_session *s, uint64_t wall)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->nlive; i++) {
		if (s->live[i]->end > wall) {
			s->live[kept++] = s->live[i];
			continue;
		}
		s->bytes -= s->live[i]->size;
		free(s->live[i]);
	}
	s->nlive = kept;
}

size_t
hs_session_after(const struct hs_session *s, uint64_t after)
{
	size_t low = 0, high = s->nlive;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->live[mid]->serial > after)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

uint64_t
hs_session_last_end(const struct hs_session *s)
{
	uint64_t last = 0;

	for (size_t i = 0; i < s->nlive; i++)
		if (s->live[i]->end > last)
			last = s->live[i]->end;
	return last;
}
