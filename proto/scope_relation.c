// SPDX-License-Identifier: ISC
//
// "a is under b": for values, statements and scopes (docs/PROTOCOL.scope, "Under"). Every
// rule here may say no too often, never yes. Not for requests (scope_request.c).
#include "proto/scope_internal.h"

#include <string.h>

static bool
starts_with(struct hs_str s, struct hs_str start)
{
	return s.len >= start.len &&
	       (start.len == 0 || memcmp(s.p, start.p, start.len) == 0);
}

bool
scope_host_covers(struct hs_str b, struct hs_str a)
{
	size_t tail;

	if (b.len < 2 || b.p[0] != '*')
		return hs_str_is(b, "*") || hs_str_eq(a, b);
	tail = b.len - 1; // with its dot
	if (a.len > tail && memcmp(a.p + a.len - tail, b.p + 1, tail) == 0)
		return true;
	return false;
}

static struct hs_str
before_colon(struct hs_str s, struct hs_str *rest)
{
	const uint8_t *colon = memchr(s.p, ':', s.len);
	size_t n = colon != NULL ? (size_t)(colon - s.p) : s.len;

	*rest =
	    colon != NULL ? (struct hs_str){colon + 1, s.len - n - 1} : (struct hs_str){0};
	return (struct hs_str){s.p, n};
}

bool
scope_cap_covers(struct hs_str b, struct hs_str a)
{
	struct hs_str a_res, b_res;
	struct hs_str a_act = before_colon(a, &a_res), b_act = before_colon(b, &b_res);

	if (!hs_str_eq(a_act, b_act) && !hs_str_is(b_act, "*"))
		return false;
	if (hs_str_is(b_res, "*") || hs_str_eq(a_res, b_res))
		return true;
	if (b_res.len < 4 || memcmp(b_res.p + b_res.len - 3, "/**", 3) != 0)
		return false;
	b_res.len -= 2; // r/ is left: a must begin so and go on
	return a_res.len > b_res.len && starts_with(a_res, b_res);
}

bool
scope_words_begin(
    const struct hs_str *words, size_t nwords, const struct hs_str *begin, size_t nbegin)
{
	if (nbegin > nwords)
		return false;
	for (size_t i = 0; i < nbegin; i++)
		if (!hs_str_eq(words[i], begin[i]))
			return false;
	return true;
}

static bool
cmd_covers(const struct scope_value *b, const struct scope_value *a)
{
	if (b->cmd.kind == HS_CMD_PREFIX &&
	    (a->cmd.kind == HS_CMD_EXACT || a->cmd.kind == HS_CMD_PREFIX))
		return scope_words_begin(
		    a->cmd.words, a->cmd.nwords, b->cmd.words, b->cmd.nwords);
	return hs_str_eq(a->text, b->text);
}

bool
scope_value_covers(const struct scope_value *b, const struct scope_value *a)
{
	if (b->any)
		return true;
	switch ((enum hs_scope_key)b->key) {
	case HS_KEY_ADDR:
		return !a->any && scope_cidr_holds(&b->addr, &a->addr);
	case HS_KEY_CAP:
		return scope_cap_covers(b->text, a->text);
	case HS_KEY_CMD:
		return cmd_covers(b, a);
	case HS_KEY_HOST:
		return scope_host_covers(b->text, a->text);
	case HS_KEY_NS:
	case HS_KEY_OPEN:
	case HS_KEY_PERMIT:
	case HS_KEY_USER:
		return hs_str_eq(a->text, b->text);
	case HS_KEY_COUNT:
		break;
	}
	return false;
}

bool
hs_scope_value_under(enum hs_scope_key key, struct hs_str a, struct hs_str b)
{
	struct scope_value va, vb;
	struct arena arena = {0};
	struct hs_err err;
	bool under = false;

	if ((unsigned)key < HS_KEY_COUNT && hs_text_shown(a, NULL) &&
	    hs_text_shown(b, NULL) &&
	    scope_value_read(&arena, key, a, &va, &err) == HS_OK && hs_str_eq(a, va.text) &&
	    scope_value_read(&arena, key, b, &vb, &err) == HS_OK && hs_str_eq(b, vb.text))
		under = scope_value_covers(&vb, &va);
	scope_arena_free(&arena);
	return under;
}

// Is v among the n values of b, all of one key, by itself or under a wide one? *at is how
// many of b's come before v as text; it goes from one v to the next, since both sides are
// sorted.
static bool
is_covered(const struct scope_value *v, const struct scope_value *b, size_t n, size_t *at)
{
	while (*at < n && hs_str_cmp(b[*at].text, v->text) < 0)
		++*at;
	if (*at < n && hs_str_eq(b[*at].text, v->text))
		return true;
	for (size_t i = 0; i < n; i++)
		if (b[i].wide && scope_value_covers(&b[i], v))
			return true;
	return false;
}

bool
scope_statement_under(const struct scope_statement *a, const struct scope_statement *b)
{
	for (unsigned key = 0; key < HS_KEY_COUNT; key++)
		if (a->first[key] < a->first[key + 1] && b->first[key] == b->first[key + 1])
			return false; // the cheap no first: b has none of a's key
	for (unsigned key = 0; key < HS_KEY_COUNT; key++) {
		const struct scope_value *v = b->v + b->first[key];
		size_t n = (size_t)(b->first[key + 1] - b->first[key]), at = 0;

		for (size_t i = a->first[key]; i < a->first[key + 1]; i++)
			if (!is_covered(&a->v[i], v, n, &at))
				return false;
	}
	return true;
}

static bool
statements_under(const struct hs_scope *a, const struct hs_scope *b)
{
	for (size_t i = 0; i < a->n; i++) {
		size_t j = 0;

		while (j < b->n && !scope_statement_under(&a->st[i], &b->st[j]))
			j++;
		if (j == b->n)
			return false;
	}
	return true;
}

bool
hs_scope_under(const struct hs_scope *a, const struct hs_scope *b)
{
	// HS_USES_ANY is the greatest number there is
	return a->max_ttl <= b->max_ttl && a->max_uses <= b->max_uses &&
	       a->depth <= b->depth && (!a->drain || b->drain) && statements_under(a, b);
}

bool
hs_scope_below(const struct hs_scope *a, const struct hs_scope *b)
{
	return a->depth < b->depth && hs_scope_under(a, b);
}
