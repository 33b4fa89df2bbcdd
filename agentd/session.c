// SPDX-License-Identifier: ISC
//
// The session's state. Contract in session.h.
#include "agentd/session.h"

#include <stdlib.h>
#include <string.h>

static int
check_grant(struct hs_session *s, struct hs_err *err)
{
	struct hs_err why = {0};
	int rc = hs_grant_parse(hs_buf_str(&s->grant_blob), false, &s->grant, &why);

	if (rc == HS_OK)
		rc = hs_grant_check_signature(&s->grant, &why);
	if (rc != HS_OK)
		return hs_fail(err, HS_SK_LIED,
		    "the FIDO helper's signature does not make a grant: %s",
		    hs_err_sentence(&why));
	if (!hs_key_eq(&s->grant.cert.key, &s->key.pub))
		return hs_fail(err, HS_SK_LIED, "the grant is over another key");
	return HS_OK;
}

int
hs_session_begin(
    struct hs_session *s, const struct hs_session_start *start, struct hs_err *err)
{
	int rc;

	*s = (struct hs_session){.key = *start->key, .grant_blob = *start->grant};
	*start->key = (struct hs_keys){0};
	*start->grant = (struct hs_buf){0};
	rc = check_grant(s, err);
	if (rc != HS_OK)
		goto out;
	rc = hs_str_copy(hs_str_c(start->root), s->root, sizeof s->root);
	if (rc == HS_OK)
		rc = hs_str_copy(
		    hs_str_c(start->fingerprint), s->fingerprint, sizeof s->fingerprint);
	if (rc != HS_OK)
		goto out;
	hs_session_id(&s->key.pub, s->id);
	s->simulated = start->simulated;
	s->opened = start->now.wall;
	s->end = s->grant.payload.end;
	s->end_boot_ms = start->end_boot_ms;
	s->uses_left = hs_scope_max_uses(s->grant.scope);
	s->open = true;
	if (hs_session_over(s, &start->now))
		rc = hs_fail(err, HS_NO_EXPIRED,
		    "the touch came after the end that the text had named");
out:
	if (rc != HS_OK)
		hs_session_end(s);
	return rc;
}

bool
hs_session_over(const struct hs_session *s, const struct hs_now *now)
{
	return s->open && (now->wall >= s->end || now->boot_ms >= s->end_boot_ms);
}

void
hs_session_end(struct hs_session *s)
{
	hs_keys_wipe(&s->key);
	hs_grant_free(&s->grant);
	hs_buf_free(&s->grant_blob);
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

void
hs_session_recorded(struct hs_session *s, uint64_t serial)
{
	size_t i = serial > 0 ? hs_session_after(s, serial - 1) : s->nlive;

	if (i < s->nlive && s->live[i]->serial == serial)
		s->live[i]->recorded = true;
}

void
hs_session_unkeep(struct hs_session *s, uint64_t serial, uint64_t uses)
{
	size_t i = serial > 0 ? hs_session_after(s, serial - 1) : s->nlive;

	if (s->uses_left != HS_USES_ANY && uses != HS_USES_ANY)
		s->uses_left += uses;
	s->count -= s->count > 0 ? 1 : 0;
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
