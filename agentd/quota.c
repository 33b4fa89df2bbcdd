// SPDX-License-Identifier: ISC
//
// The books of prompts and declines. Contract in quota.h.
#include "agentd/quota.h"

#include <limits.h>
#include <string.h>

static bool
lately(const struct hs_quota_entry *e, uint64_t now)
{
	return now < e->at || now - e->at < HS_QUOTA_MS;
}

static uint64_t
end_of(const struct hs_quota_entry *e)
{
	return e->at > UINT64_MAX - HS_QUOTA_MS ? UINT64_MAX : e->at + HS_QUOTA_MS;
}

static size_t
cut(struct hs_str asker)
{
	return asker.len < HS_QUOTA_ASKER_MAX ? asker.len : HS_QUOTA_ASKER_MAX;
}

static bool
is_of(const struct hs_quota_entry *e, struct hs_str asker)
{
	size_t len = cut(asker);

	return e->asker_len == len && (len == 0 || memcmp(e->asker, asker.p, len) == 0);
}

static void
take_out(struct hs_quota_list *l, size_t i)
{
	hs_scope_free(&l->e[i].scope);
	l->n--;
	memmove(&l->e[i], &l->e[i + 1], (l->n - i) * sizeof l->e[0]);
	l->e[l->n].scope = NULL; // it has moved
}

// The first entry that still counts. All behind it do too: times only grow.
static size_t
first_of(const struct hs_quota_list *l, uint64_t now)
{
	size_t i = 0;

	while (i < l->n && !lately(&l->e[i], now))
		i++;
	return i;
}

static bool
is_full(const struct hs_quota_list *l, uint64_t now)
{
	return l->n - first_of(l, now) == HS_QUOTA_MAX;
}

static struct hs_quota_entry *
append(struct hs_quota_list *l, struct hs_str asker, uint64_t now)
{
	struct hs_quota_entry *e;

	while (l->n > 0 && (l->n == HS_QUOTA_MAX || !lately(&l->e[0], now)))
		take_out(l, 0);
	e = &l->e[l->n];
	// a clock that went back must not put them out of order
	e->at = l->n > 0 && l->e[l->n - 1].at > now ? l->e[l->n - 1].at : now;
	e->asker_len = cut(asker);
	if (e->asker_len > 0)
		memcpy(e->asker, asker.p, e->asker_len);
	e->scope = NULL;
	l->n++;
	return e;
}

void
hs_quota_free(struct hs_quota *q)
{
	for (size_t i = 0; i < q->declined.n; i++)
		hs_scope_free(&q->declined.e[i].scope);
	*q = (struct hs_quota){0};
}

void
hs_quota_asked(struct hs_quota *q, struct hs_str asker, uint64_t now_ms)
{
	(void)append(&q->asked, asker, now_ms);
}

void
hs_quota_count(const struct hs_quota *q, struct hs_str asker, uint64_t now_ms,
    unsigned *by_asker, unsigned *by_all)
{
	const struct hs_quota_list *l = &q->asked;

	*by_asker = *by_all = 0;
	if (is_full(l, now_ms)) {
		*by_asker = *by_all = UINT_MAX;
		return;
	}
	for (size_t i = first_of(l, now_ms); i < l->n; i++) {
		*by_all += 1;
		*by_asker += is_of(&l->e[i], asker);
	}
}

static bool
same(const struct hs_quota_entry *e, struct hs_str asker, const struct hs_scope *scope)
{
	return e->scope != NULL && is_of(e, asker) &&
	       hs_str_eq(hs_scope_text(e->scope), hs_scope_text(scope));
}

void
hs_quota_declined(
    struct hs_quota *q, struct hs_str asker, const struct hs_scope *scope, uint64_t now_ms)
{
	struct hs_quota_list *l = &q->declined;
	struct hs_quota_entry *e;

	for (size_t i = l->n; i-- > 0;) {
		if (same(&l->e[i], asker, scope))
			take_out(l, i); // the new one holds longer
	}
	e = append(l, asker, now_ms);
	(void)hs_scope_parse_canonical(hs_scope_text(scope), &e->scope, NULL);
}

bool
hs_quota_is_declined(const struct hs_quota *q, struct hs_str asker,
    const struct hs_scope *scope, uint64_t now_ms, uint64_t *until)
{
	const struct hs_quota_list *l = &q->declined;
	uint64_t end = 0;

	if (is_full(l, now_ms))
		end = end_of(&l->e[0]);
	for (size_t i = first_of(l, now_ms); i < l->n; i++) {
		const struct hs_quota_entry *e = &l->e[i];

		if (is_of(e, asker) &&
		    (e->scope == NULL || hs_scope_under(e->scope, scope)) &&
		    end_of(e) > end)
			end = end_of(e);
	}
	if (until != NULL)
		*until = end;
	return end != 0;
}
