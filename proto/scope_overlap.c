// SPDX-License-Identifier: ISC
//
// "Could one request fall under both": for values and scopes (docs/PROTOCOL.policy,
// "Overlapping"). Every rule here may say yes too often, never no. Not for "a is under b"
// (scope_relation.c).
#include "proto/scope_internal.h"

#include <string.h>

static struct hs_str
before_colon(struct hs_str s, struct hs_str *rest)
{
	const uint8_t *colon = memchr(s.p, ':', s.len);
	size_t n = colon != NULL ? (size_t)(colon - s.p) : s.len;

	*rest =
	    colon != NULL ? (struct hs_str){colon + 1, s.len - n - 1} : (struct hs_str){0};
	return (struct hs_str){s.p, n};
}

// Action and resource are two things: read:* and *:a share read:a, though neither is under
// the other.
static bool
caps_overlap(struct hs_str a, struct hs_str b)
{
	struct hs_str a_res, b_res;
	struct hs_str a_act = before_colon(a, &a_res), b_act = before_colon(b, &b_res);
	struct hs_buf x = {0}, y = {0};
	bool overlap;

	if (!hs_str_eq(a_act, b_act) && !hs_str_is(a_act, "*") && !hs_str_is(b_act, "*"))
		return false;
	hs_put_fmt(&x, "*:"); // the resources alone
	hs_put_raw(&x, a_res.p, a_res.len);
	hs_put_fmt(&y, "*:");
	hs_put_raw(&y, b_res.p, b_res.len);
	overlap = hs_buf_err(&x) != HS_OK || hs_buf_err(&y) != HS_OK ||
		  scope_cap_covers(hs_buf_str(&x), hs_buf_str(&y)) ||
		  scope_cap_covers(hs_buf_str(&y), hs_buf_str(&x));
	hs_buf_free(&x);
	hs_buf_free(&y);
	return overlap;
}

static bool
is_subsystem(const struct scope_value *v)
{
	return v->cmd.kind == HS_CMD_SFTP || v->cmd.kind == HS_CMD_SFTP_WRITE;
}

bool
scope_value_overlaps(const struct scope_value *a, const struct scope_value *b)
{
	if (a->key != b->key)
		return false;
	if (a->key == HS_KEY_CAP)
		return caps_overlap(a->text, b->text);
	if (a->key == HS_KEY_CMD && is_subsystem(a) && is_subsystem(b))
		return true; // both allow reading
	// of the other kinds no two values share a part only
	return scope_value_covers(a, b) || scope_value_covers(b, a);
}

// What is no value overlaps everything: who asks denies by it.
bool
hs_scope_value_overlaps(enum hs_scope_key key, struct hs_str a, struct hs_str b)
{
	struct scope_value va, vb;
	struct arena arena = {0};
	struct hs_err err;
	bool overlap = true;

	if ((unsigned)key < HS_KEY_COUNT && hs_text_shown(a, NULL) &&
	    hs_text_shown(b, NULL) &&
	    scope_value_read(&arena, key, a, &va, &err) == HS_OK &&
	    scope_value_read(&arena, key, b, &vb, &err) == HS_OK)
		overlap = scope_value_overlaps(&va, &vb);
	scope_arena_free(&arena);
	return overlap;
}

static bool
statement_has(const struct scope_statement *st, const struct scope_value *v)
{
	for (size_t i = st->first[v->key]; i < st->first[v->key + 1]; i++)
		if (scope_value_overlaps(&st->v[i], v))
			return true;
	return false;
}

bool
hs_scope_touches(const struct hs_scope *s, enum hs_scope_key key, struct hs_str value)
{
	struct arena arena = {0};
	struct scope_value v;
	struct hs_err err;
	bool overlap = true;

	if ((unsigned)key < HS_KEY_COUNT && hs_text_shown(value, NULL) &&
	    scope_value_read(&arena, key, value, &v, &err) == HS_OK) {
		overlap = false;
		for (size_t i = 0; i < s->n && !overlap; i++)
			overlap = statement_has(&s->st[i], &v);
	}
	scope_arena_free(&arena);
	return overlap;
}

static bool
keys_overlap(
    const struct scope_statement *a, const struct scope_statement *b, enum hs_scope_key key)
{
	if (b->first[key] == b->first[key + 1])
		return false;
	for (size_t i = a->first[key]; i < a->first[key + 1]; i++)
		if (statement_has(b, &a->v[i]))
			return true;
	return false;
}

static bool
statements_overlap(const struct scope_statement *a, const struct scope_statement *b)
{
	if (keys_overlap(a, b, HS_KEY_NS) || keys_overlap(a, b, HS_KEY_CAP))
		return true;
	return keys_overlap(a, b, HS_KEY_USER) && keys_overlap(a, b, HS_KEY_HOST) &&
	       keys_overlap(a, b, HS_KEY_ADDR) &&
	       (keys_overlap(a, b, HS_KEY_CMD) || keys_overlap(a, b, HS_KEY_OPEN) ||
		   keys_overlap(a, b, HS_KEY_PERMIT));
}

bool
hs_scope_overlaps(const struct hs_scope *a, const struct hs_scope *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++)
			if (statements_overlap(&a->st[i], &b->st[j]))
				return true;
	return false;
}
