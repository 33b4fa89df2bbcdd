// SPDX-License-Identifier: ISC
//
// From scope text to a scope: lines, blocks, the head, what a statement must have
// (docs/PROTOCOL.scope, "Text"). The values themselves are read in scope_value.c.
#include "proto/scope_internal.h"

#include <stdlib.h>
#include <string.h>

enum head_key { HEAD_DEPTH, HEAD_TTL, HEAD_USES, HEAD_END, HEAD_COUNT };

static const char *const head_names[HEAD_COUNT] = {
    "depth", "max-ttl", "max-uses", "on-end"};

struct parser {
	struct hs_scope *s;
	struct hs_str text;
	unsigned line;	       // of what is being read
	bool headed;	       // the head is complete
	bool in_block;	       // the line before was not empty
	unsigned seen;	       // bits of enum head_key
	size_t room;	       // values that fit behind v
	struct scope_value *v; // the next value goes here
	struct hs_err *err;
};

static int
no_memory(struct hs_err *err)
{
	return hs_fail(err, HS_ERR_NOMEM, "%s", hs_code_sentence(HS_ERR_NOMEM));
}

// ---- the head

static int
read_head(struct parser *p, enum head_key key, struct hs_str value, unsigned column)
{
	struct hs_scope *s = p->s;
	uint64_t n = 0;

	if ((p->seen & 1u << key) != 0)
		return hs_fail_at(p->err, HS_ERR_SCOPE, p->line, 1,
		    "`%s` stands in the head already", head_names[key]);
	p->seen |= 1u << key;
	switch (key) {
	case HEAD_DEPTH:
		if (hs_text_u64(value, HS_DEPTH_MAX, &n) != HS_OK)
			return hs_fail_at(p->err, HS_ERR_SCOPE, p->line, column,
			    "`depth` is a number from 0 to %d", HS_DEPTH_MAX);
		s->depth = (uint32_t)n;
		break;
	case HEAD_TTL:
		if (hs_text_span(value, HS_TTL_MAX, &s->max_ttl) != HS_OK)
			return hs_fail_at(p->err, HS_ERR_SCOPE, p->line, column,
			    "`max-ttl` is a time such as 900, 15m, 8h or 7d, at most %d "
			    "seconds",
			    HS_TTL_MAX);
		break;
	case HEAD_USES:
		if (hs_str_is(value, "*"))
			n = HS_USES_ANY;
		else if (hs_text_u64(value, HS_USES_MAX, &n) != HS_OK || n == 0)
			return hs_fail_at(p->err, HS_ERR_SCOPE, p->line, column,
			    "`max-uses` is a number from 1 to %d, or *", HS_USES_MAX);
		s->max_uses = n;
		break;
	case HEAD_END:
		s->drain = hs_str_is(value, "drain");
		if (!s->drain && !hs_str_is(value, "kill"))
			return hs_fail_at(p->err, HS_ERR_SCOPE, p->line, column,
			    "`on-end` is kill or drain: what becomes of what runs then");
		break;
	case HEAD_COUNT:
		break;
	}
	return HS_OK;
}

// At the line behind the head: what must be in it is in it.
static int
end_head(struct parser *p)
{
	p->headed = true;
	if ((p->seen & 1u << HEAD_TTL) == 0)
		return hs_fail_at(p->err, HS_ERR_SCOPE, p->line, 1,
		    "the head has no `max-ttl`: write how long a certificate may live, "
		    "such as "
		    "`max-ttl 15m`");
	if ((p->seen & 1u << HEAD_USES) == 0)
		return hs_fail_at(p->err, HS_ERR_SCOPE, p->line, 1,
		    "the head has no `max-uses`: absent means none, write `max-uses *` for "
		    "any");
	return HS_OK;
}

// ---- statements

static int
begin_statement(struct parser *p)
{
	if (p->s->n == HS_SCOPE_STATEMENTS_MAX)
		return hs_fail_at(p->err, HS_ERR_TOO_LONG, p->line, 1,
		    "a scope has at most %d statements", HS_SCOPE_STATEMENTS_MAX);
	p->s->st[p->s->n++] = (struct scope_statement){.v = p->v, .line = p->line};
	return HS_OK;
}

static int
read_statement_line(
    struct parser *p, enum hs_scope_key key, struct hs_str value, unsigned column)
{
	struct scope_statement *st = &p->s->st[p->s->n - 1];
	struct hs_err err = {0};
	int rc;

	if (st->n == HS_SCOPE_VALUES_MAX)
		return hs_fail_at(p->err, HS_ERR_TOO_LONG, p->line, 1,
		    "a statement has at most %d lines", HS_SCOPE_VALUES_MAX);
	if (p->room == 0)
		return hs_fail_at(p->err, HS_ERR_INTERNAL, p->line, 1, "too many lines");
	rc = scope_value_read(&p->s->arena, key, value, p->v, &err);
	if (rc != HS_OK)
		return hs_fail_at(p->err, (enum hs_code)rc, p->line,
		    err.column > 0 ? column + err.column - 1 : column, "%s", err.text);
	p->v->line = (uint16_t)p->line;
	p->v++;
	p->room--;
	st->n++;
	return HS_OK;
}

// A statement that could not allow anything is somebody's mistake, and is said to be one.
static int
end_statement(struct parser *p)
{
	static const enum hs_scope_key needed[] = {HS_KEY_USER, HS_KEY_HOST, HS_KEY_ADDR};
	struct scope_statement *st = &p->s->st[p->s->n - 1];
	unsigned has = 0, open_line = 0;
	bool forwarding = false, login = false;

	for (size_t i = 0; i < st->n; i++) {
		const struct scope_value *v = &st->v[i];

		has |= 1u << v->key;
		login = login || scope_key_is_login((enum hs_scope_key)v->key);
		if (v->key == HS_KEY_OPEN && open_line == 0)
			open_line = v->line;
		if (v->key == HS_KEY_PERMIT)
			forwarding = forwarding || v->any ||
				     hs_str_is(v->text, hs_permit_name(HS_PERMIT_PORT));
	}
	for (size_t i = 0; login && i < sizeof(needed) / sizeof(needed[0]); i++)
		if ((has & 1u << needed[i]) == 0)
			return hs_fail_at(p->err, HS_ERR_SCOPE, st->line, 1,
			    "this statement has no `%s`: absent means none, write `%s *` "
			    "for any",
			    scope_key_name(needed[i]), scope_key_name(needed[i]));
	if (open_line > 0 && !forwarding)
		return hs_fail_at(p->err, HS_ERR_SCOPE, open_line, 1,
		    "`open` does nothing without `permit port-forwarding` in the same "
		    "statement");
	return HS_OK;
}

// ---- lines

// Takes a line apart; *value is what stands behind the one space.
static int
split_line(struct parser *p, struct hs_str line, struct hs_str *key, struct hs_str *value)
{
	const uint8_t *space;
	const char *why = NULL;
	size_t at;

	if (!hs_text_shown(line, &at)) {
		why = line.p[at] == '\r'
			  ? "a line ends in LF alone, without CR"
			  : "this is a control or invisible character, or not UTF-8";
		return hs_fail_at(
		    p->err, HS_ERR_SCOPE, p->line, (unsigned)at + 1, "%s", why);
	}
	space = memchr(line.p, ' ', line.len);
	at = space != NULL ? (size_t)(space - line.p) : line.len;
	*key = (struct hs_str){line.p, at};
	*value = (struct hs_str){line.p + at, 0};
	if (space == NULL)
		return HS_OK; // the key is judged first
	*value = (struct hs_str){space + 1, line.len - at - 1};
	if (at == 0)
		why = "a line begins with its key, not with a blank";
	else if (value->len > 0 && value->p[0] == ' ')
		why = "one space stands between key and value, not more";
	else if (value->len > 0 && value->p[value->len - 1] == ' ')
		why = "a blank ends the line";
	if (why == NULL)
		return HS_OK;
	if (at > 0)
		at = value->p[0] == ' ' ? at + 1 : line.len - 1;
	return hs_fail_at(p->err, HS_ERR_SCOPE, p->line, (unsigned)at + 1, "%s", why);
}

// The key's number, head keys behind the others, or HS_KEY_COUNT + HEAD_COUNT.
static unsigned
find_key(struct hs_str name)
{
	unsigned k = 0;

	while (k < HS_KEY_COUNT && !hs_str_is(name, scope_key_name((enum hs_scope_key)k)))
		k++;
	if (k < HS_KEY_COUNT)
		return k;
	while (
	    k < HS_KEY_COUNT + HEAD_COUNT && !hs_str_is(name, head_names[k - HS_KEY_COUNT]))
		k++;
	return k;
}

static int
read_line(struct parser *p, struct hs_str line)
{
	struct hs_str key, value;
	unsigned k, column;
	int rc;

	rc = split_line(p, line, &key, &value);
	if (rc != HS_OK)
		return rc;
	k = find_key(key);
	if (k == HS_KEY_COUNT + HEAD_COUNT)
		return hs_fail_at(p->err, HS_ERR_SCOPE, p->line, 1,
		    "there is no key `%.*s`; a statement has addr, cap, cmd, host, ns, "
		    "open, permit, "
		    "user, the head depth, max-ttl, max-uses, on-end",
		    key.len < 40 ? (int)key.len : 40, (const char *)key.p);
	column = (unsigned)key.len + 2;
	if (value.len == 0)
		return hs_fail_at(p->err, HS_ERR_SCOPE, p->line, column,
		    "`%.*s` has no value: absent means none", (int)key.len,
		    (const char *)key.p);
	if (k >= HS_KEY_COUNT && p->headed)
		return hs_fail_at(p->err, HS_ERR_SCOPE, p->line, 1,
		    "`%s` belongs into the head, the first block",
		    head_names[k - HS_KEY_COUNT]);
	if (k >= HS_KEY_COUNT)
		return read_head(p, (enum head_key)(k - HS_KEY_COUNT), value, column);
	if (!p->headed)
		return hs_fail_at(p->err, HS_ERR_SCOPE, p->line, 1,
		    "`%s` belongs into a statement: the first block is the head (max-ttl, "
		    "max-uses, "
		    "depth, on-end), and an empty line ends it",
		    scope_key_name((enum hs_scope_key)k));
	if (!p->in_block) {
		rc = begin_statement(p);
		if (rc != HS_OK)
			return rc;
	}
	return read_statement_line(p, (enum hs_scope_key)k, value, column);
}

static int
end_block(struct parser *p)
{
	p->in_block = false;
	return p->headed ? end_statement(p) : end_head(p);
}

static int
read_text(struct parser *p)
{
	size_t i = 0;
	int rc = HS_OK;

	for (p->line = 1; i < p->text.len && rc == HS_OK; p->line++) {
		const uint8_t *lf = memchr(p->text.p + i, '\n', p->text.len - i);
		size_t len = lf != NULL ? (size_t)(lf - p->text.p) - i : p->text.len - i;

		if (len > 0) {
			rc = read_line(p, (struct hs_str){p->text.p + i, len});
			p->in_block = true;
		} else if (p->in_block) {
			rc = end_block(p);
		}
		i += len + 1;
	}
	if (rc == HS_OK && (p->in_block || !p->headed))
		rc = end_block(p);
	if (rc == HS_OK && p->s->n == 0)
		rc = hs_fail_at(p->err, HS_ERR_SCOPE, p->line, 1,
		    "the scope has no statement: write one behind an empty line");
	return rc;
}

// Room for every line that can be a value: the shortest, "ns a" with its LF, has five
// bytes.
static int
make_room(struct parser *p, struct hs_str text)
{
	struct hs_scope *s = p->s;
	size_t lines = 1, statements;
	uint8_t *copy = scope_alloc(&s->arena, text.len + 1);

	if (copy == NULL)
		return no_memory(p->err);
	for (size_t i = 0; i < text.len; i++) {
		copy[i] = text.p[i];
		lines += text.p[i] == '\n';
	}
	p->text = (struct hs_str){copy, text.len};
	p->room = lines < text.len / 5 + 1 ? lines : text.len / 5 + 1;
	statements = p->room < HS_SCOPE_STATEMENTS_MAX ? p->room : HS_SCOPE_STATEMENTS_MAX;
	p->v = scope_alloc(&s->arena, p->room * sizeof(*p->v));
	s->st = scope_alloc(&s->arena, statements * sizeof(*s->st));
	return p->v != NULL && s->st != NULL ? HS_OK : no_memory(p->err);
}

int
hs_scope_parse(struct hs_str text, struct hs_scope **out, struct hs_err *err)
{
	struct parser p = {.err = err};
	int rc;

	*out = NULL;
	if (text.len > HS_SCOPE_BYTES_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "a scope has at most %d bytes; this has %zu", HS_SCOPE_BYTES_MAX,
		    text.len);
	p.s = calloc(1, sizeof(*p.s));
	if (p.s == NULL)
		return no_memory(err);
	rc = make_room(&p, text);
	if (rc == HS_OK)
		rc = read_text(&p);
	if (rc == HS_OK)
		rc = scope_make_canonical(p.s, err);
	if (rc == HS_OK)
		*out = p.s;
	else
		hs_scope_free(&p.s);
	return rc;
}

int
hs_scope_parse_canonical(struct hs_str text, struct hs_scope **out, struct hs_err *err)
{
	unsigned line = 1, column = 1;
	struct hs_str right;
	int rc = hs_scope_parse(text, out, err);

	if (rc != HS_OK)
		return rc;
	right = hs_scope_text(*out);
	if (hs_str_eq(text, right))
		return HS_OK;
	for (size_t i = 0; i < text.len && i < right.len && text.p[i] == right.p[i]; i++) {
		column = text.p[i] == '\n' ? 1 : column + 1;
		line += text.p[i] == '\n';
	}
	hs_scope_free(out);
	return hs_fail_at(err, HS_ERR_SCOPE, line, column,
	    "the scope is valid but not written canonically from here on");
}
