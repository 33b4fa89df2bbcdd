// SPDX-License-Identifier: ISC
//
// A scope in memory: its canonical form (docs/PROTOCOL.scope, "Canonical text"), what can
// be read from it, its end. Not for reading text (scope_parse.c) or for decisions.
#include "proto/scope_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 4096

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	max_align_t data[];
};

void *
scope_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;
	size_t align = sizeof(max_align_t), room;
	void *p;

	if (size > HS_BUF_MAX)
		return NULL;
	size = (size + align - 1) / align * align;
	if (c == NULL || c->size - c->used < size) {
		room = size > CHUNK - sizeof(*c) ? size : CHUNK - sizeof(*c);
		c = malloc(sizeof(*c) + room);
		if (c == NULL)
			return NULL;
		c->next = a->chunks;
		c->used = 0;
		c->size = room;
		a->chunks = c;
	}
	p = (unsigned char *)c->data + c->used;
	c->used += size;
	return p;
}

void
scope_arena_free(struct arena *a)
{
	while (a->chunks != NULL) {
		struct arena_chunk *next = a->chunks->next;

		free(a->chunks);
		a->chunks = next;
	}
}

void
hs_scope_free(struct hs_scope **s)
{
	if (s == NULL || *s == NULL)
		return;
	hs_buf_free(&(*s)->text);
	scope_arena_free(&(*s)->arena);
	free(*s);
	*s = NULL;
}

// ---- canonical form

// The order of the lines as bytes: no key's name begins another's, so that their order
// decides.
static int
compare_values(const void *pa, const void *pb)
{
	const struct scope_value *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return hs_str_cmp(a->text, b->text);
}

// The order of the statements' lines as bytes: LF, which ends each, is less than all else
// in them.
static int
compare_statements(const void *pa, const void *pb)
{
	const struct scope_statement *a = pa, *b = pb;
	int c;

	for (size_t i = 0; i < a->n && i < b->n; i++) {
		c = compare_values(&a->v[i], &b->v[i]);
		if (c != 0)
			return c;
	}
	return (a->n > b->n) - (a->n < b->n);
}

static void
index_keys(struct scope_statement *st)
{
	size_t i = 0;

	for (unsigned key = 0; key < HS_KEY_COUNT; key++) {
		st->first[key] = (uint16_t)i;
		while (i < st->n && st->v[i].key == key)
			i++;
	}
	st->first[HS_KEY_COUNT] = (uint16_t)i;
}

// Is v[i] repeated from before it, or covered by another of its key?
static bool
is_superfluous(const struct scope_statement *st, size_t i)
{
	const struct scope_value *v = &st->v[i];
	size_t j = st->first[v->key], end = st->first[v->key + 1];

	if (i > j && hs_str_eq(v[-1].text, v->text))
		return true; // sorted: equals stand side by side
	for (; j < end; j++)
		if (st->v[j].wide && !hs_str_eq(st->v[j].text, v->text) &&
		    scope_value_covers(&st->v[j], v))
			return true;
	return false;
}

// Of equals the first stays. That a dropped value may be what covers does no harm, since
// what covers that one covers both.
static void
drop_values(struct scope_statement *st)
{
	size_t kept = 0;

	for (size_t i = 0; i < st->n; i++)
		st->v[i].dropped = is_superfluous(st, i);
	for (size_t i = 0; i < st->n; i++)
		if (!st->v[i].dropped)
			st->v[kept++] = st->v[i];
	st->n = kept;
	index_keys(st);
}

static void
drop_statements(struct hs_scope *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct scope_statement *st = &s->st[i];

		for (size_t j = 0; j < s->n && !st->dropped; j++)
			st->dropped = j != i && scope_statement_under(st, &s->st[j]) &&
				      (j < i || compare_statements(st, &s->st[j]) != 0);
	}
	for (size_t i = 0; i < s->n; i++)
		if (!s->st[i].dropped)
			s->st[kept++] = s->st[i];
	s->n = kept;
}

static void
put_head(struct hs_buf *b, const struct hs_scope *s)
{
	if (s->depth > 0)
		hs_put_fmt(b, "depth %u\n", (unsigned)s->depth);
	if (s->max_uses == HS_USES_ANY)
		hs_put_fmt(b, "max-ttl %llu\nmax-uses *\n", (unsigned long long)s->max_ttl);
	else
		hs_put_fmt(b, "max-ttl %llu\nmax-uses %llu\n",
		    (unsigned long long)s->max_ttl, (unsigned long long)s->max_uses);
	if (s->drain)
		hs_put_fmt(b, "on-end drain\n");
}

static void
put_statement(struct hs_buf *b, const struct scope_statement *st)
{
	hs_put_u8(b, '\n');
	for (size_t i = 0; i < st->n; i++) {
		struct hs_str name =
		    hs_str_c(scope_key_name((enum hs_scope_key)st->v[i].key));

		hs_put_raw(b, name.p, name.len);
		hs_put_u8(b, ' ');
		hs_put_raw(b, st->v[i].text.p, st->v[i].text.len);
		hs_put_u8(b, '\n');
	}
}

int
scope_make_canonical(struct hs_scope *s, struct hs_err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		qsort(s->st[i].v, s->st[i].n, sizeof(*s->st[i].v), compare_values);
		index_keys(&s->st[i]);
		drop_values(&s->st[i]);
	}
	qsort(s->st, s->n, sizeof(*s->st), compare_statements);
	drop_statements(s);
	put_head(&s->text, s);
	for (size_t i = 0; i < s->n; i++)
		put_statement(&s->text, &s->st[i]);
	if (hs_buf_err(&s->text) != HS_OK)
		return hs_fail(err, (enum hs_code)hs_buf_err(&s->text), "%s",
		    hs_code_sentence((enum hs_code)hs_buf_err(&s->text)));
	if (s->text.len > HS_SCOPE_BYTES_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "the scope's canonical text has %zu bytes; at most %d are allowed",
		    s->text.len, HS_SCOPE_BYTES_MAX);
	return HS_OK;
}

// ---- what can be read

struct hs_str
hs_scope_text(const struct hs_scope *s)
{
	return hs_buf_str(&s->text);
}

void
hs_scope_digest(const struct hs_scope *s, uint8_t out[static 32])
{
	(void)crypto_hash_sha256(out, s->text.p, s->text.len);
}

uint64_t
hs_scope_max_ttl(const struct hs_scope *s)
{
	return s->max_ttl;
}

uint64_t
hs_scope_max_uses(const struct hs_scope *s)
{
	return s->max_uses;
}

uint32_t
hs_scope_depth(const struct hs_scope *s)
{
	return s->depth;
}

bool
hs_scope_drains(const struct hs_scope *s)
{
	return s->drain;
}

size_t
hs_scope_statements(const struct hs_scope *s)
{
	return s->n;
}

size_t
hs_scope_values(const struct hs_scope *s, size_t statement, enum hs_scope_key key)
{
	if (statement >= s->n || (unsigned)key >= HS_KEY_COUNT)
		return 0;
	return (size_t)(s->st[statement].first[key + 1] - s->st[statement].first[key]);
}

// NULL where there is no such value.
static const struct scope_value *
value_at(const struct hs_scope *s, size_t statement, enum hs_scope_key key, size_t i)
{
	if (i >= hs_scope_values(s, statement, key))
		return NULL;
	return &s->st[statement].v[s->st[statement].first[key] + i];
}

struct hs_str
hs_scope_value(const struct hs_scope *s, size_t statement, enum hs_scope_key key, size_t i)
{
	const struct scope_value *v = value_at(s, statement, key, i);

	return v != NULL ? v->text : (struct hs_str){0};
}

const struct hs_str *
hs_scope_cmd(const struct hs_scope *s, size_t statement, size_t i, enum hs_cmd_kind *kind,
    size_t *nwords)
{
	const struct scope_value *v = value_at(s, statement, HS_KEY_CMD, i);

	*kind = v != NULL ? v->cmd.kind : HS_CMD_EXACT;
	*nwords = v != NULL ? v->cmd.nwords : 0;
	return v != NULL ? v->cmd.words : NULL;
}
