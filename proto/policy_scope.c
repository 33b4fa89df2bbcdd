// SPDX-License-Identifier: ISC
//
// The Scope blocks of a policy (docs/PROTOCOL.policy, "Scope"): each value is judged where
// it stands, and the block becomes scope text, whose reader judges the rest. Not the scope
// language itself (scope_parse.c).
#include "proto/policy_internal.h"

#include <stdlib.h>
#include <string.h>

// ---- the head

void
policy_read_scope_ttl(struct policy_parser *x)
{
	struct hs_str word;

	if (policy_one(x, &word))
		(void)policy_span(x, word, HS_TTL_MAX, &x->draft.ttl);
}

void
policy_read_scope_uses(struct policy_parser *x)
{
	struct hs_str word;

	if (!policy_one(x, &word))
		return;
	if (hs_str_is(word, "*"))
		x->draft.uses = HS_USES_ANY;
	else if (hs_text_u64(word, HS_USES_MAX, &x->draft.uses) != HS_OK ||
		 x->draft.uses == 0)
		policy_refuse(x, policy_at(x, word.p),
		    "this must be a number from 1 to %d, or *", HS_USES_MAX);
}

void
policy_read_scope_depth(struct policy_parser *x)
{
	struct hs_str word;

	if (policy_one(x, &word) &&
	    hs_text_u64(word, HS_DEPTH_MAX, &x->draft.depth) != HS_OK)
		policy_refuse(x, policy_at(x, word.p), "this must be a number from 0 to %d",
		    HS_DEPTH_MAX);
}

void
policy_read_scope_end(struct policy_parser *x)
{
	static const char *const words[] = {"drain", "kill"};

	x->draft.drain = policy_choice(x, words, 2) == 0;
}

void
policy_read_scope_touch(struct policy_parser *x)
{
	static const char *const words[] = {"session", "always"};
	size_t i = policy_choice(x, words, 2);

	if (x->draft.out != NULL)
		x->draft.out->always = i == 1;
}

void
policy_read_scope_verify(struct policy_parser *x)
{
	static const char *const words[] = {"touch", "pin"};
	size_t i = policy_choice(x, words, 2);

	if (x->draft.out != NULL)
		x->draft.out->verify = i == 1;
}

void
policy_read_scope_trust(struct policy_parser *x)
{
	static const char *const words[] = {"chain", "direct"};
	size_t i = policy_choice(x, words, 2);

	if (x->draft.out != NULL) {
		x->draft.out->trusted = true;
		x->draft.out->direct = i == 1;
	}
}

// ---- values

// Puts a line into the draft's text; at is where it comes from.
static void
put_line(
    struct policy_parser *x, struct policy_place at, const char *key, struct hs_str text)
{
	struct policy_draft *d = &x->draft;

	if (d->bad)
		return;
	if (d->text.len + text.len + 16 > HS_SCOPE_BYTES_MAX ||
	    d->lines == POLICY_DRAFT_LINES) {
		policy_refuse(x, at, "with this the scope has more than %d bytes",
		    HS_SCOPE_BYTES_MAX);
		return;
	}
	if (key != NULL) {
		hs_put_fmt(&d->text, "%s ", key);
		hs_put_raw(&d->text, text.p, text.len);
	}
	hs_put_u8(&d->text, '\n');
	d->from[d->lines++] = at;
}

// Does it stand in the statement already?
static bool
is_repeated(struct policy_parser *x, const struct scope_value *v, struct policy_place at)
{
	const struct policy_draft *d = &x->draft;

	for (size_t i = 0; i < d->nvalues; i++)
		if (d->values[i].v.key == v->key &&
		    hs_str_eq(d->values[i].v.text, v->text)) {
			policy_refuse(
			    x, at, "this stands in line %u already", d->values[i].at.line);
			return true;
		}
	return false;
}

static void
add_value(struct policy_parser *x, struct hs_str in)
{
	struct policy_draft *d = &x->draft;
	struct policy_place at = policy_at(x, in.p);
	struct policy_value *v = &d->values[d->nvalues];
	struct hs_err why = {0};

	if (d->tried == 0)
		d->statement = at;
	d->tried |= 1u << x->keyword->key;
	if (d->nvalues == HS_SCOPE_VALUES_MAX) {
		if (!d->full)
			policy_refuse(x, at, "a statement has at most %d values",
			    HS_SCOPE_VALUES_MAX);
		d->full = true;
		return;
	}
	if (scope_value_read(&d->arena, x->keyword->key, in, &v->v, &why) != HS_OK) {
		if (why.code == HS_ERR_NOMEM)
			policy_no_memory(x);
		d->faulty |= 1u << x->keyword->key;
		at.column += why.column > 0 ? why.column - 1 : 0;
		policy_refuse(x, at, "%s", hs_err_sentence(&why));
		return;
	}
	if (is_repeated(x, &v->v, at))
		return;
	v->at = at;
	if (d->nvalues++ == 0)
		put_line(x, at, NULL, (struct hs_str){0});
	put_line(x, at, scope_key_name(x->keyword->key), v->v.text);
	policy_warn_value(x, v);
}

// Cmd takes the rest of the line as one value, the others each word.
void
policy_read_values(struct policy_parser *x)
{
	struct hs_str word, rest = x->l.rest;
	size_t at;

	x->draft.named = true;
	if (x->keyword->key == HS_KEY_CMD) {
		if (!policy_next(x, &word))
			return;
		if (hs_text_shown(rest, &at))
			add_value(x, rest);
		else
			policy_refuse(x, policy_at(x, rest.p + at),
			    "TAB does not stand in a command: write a space");
		return;
	}
	do {
		if (!policy_next(x, &word))
			return;
		add_value(x, word);
	} while (x->rc == HS_OK && x->l.rest.len > 0);
}

// ---- statements and blocks

// What a statement must have, as the scope's reader would say it, but with what is faulty
// counted as there: so all is told in one run.
static void
check_statement(struct policy_parser *x)
{
	static const struct {
		enum hs_scope_key key;
		const char *name;
	} needed[] = {{HS_KEY_USER, "User"}, {HS_KEY_HOST, "Host"}, {HS_KEY_ADDR, "Addr"}};
	struct policy_draft *d = &x->draft;
	bool login = false, forwarding = (d->faulty & 1u << HS_KEY_PERMIT) != 0;
	const struct policy_value *open = NULL;

	for (unsigned k = 0; k < HS_KEY_COUNT; k++)
		login = login || ((d->tried & 1u << k) != 0 &&
				     scope_key_is_login((enum hs_scope_key)k));
	for (size_t i = 0; login && i < sizeof(needed) / sizeof(needed[0]); i++)
		if ((d->tried & 1u << needed[i].key) == 0)
			policy_refuse(x, d->statement,
			    "this statement has no %s: absent means none, write `%s *` for "
			    "any",
			    needed[i].name, needed[i].name);
	for (size_t i = 0; i < d->nvalues; i++) {
		const struct scope_value *v = &d->values[i].v;

		if (v->key == HS_KEY_OPEN && open == NULL)
			open = &d->values[i];
		if (v->key == HS_KEY_PERMIT)
			forwarding = forwarding || v->any ||
				     hs_str_is(v->text, hs_permit_name(HS_PERMIT_PORT));
	}
	if (open != NULL && !forwarding)
		policy_refuse(x, open->at,
		    "Open does nothing without `Permit port-forwarding` in the same "
		    "statement");
}

// explicit: `Statement` began it, so it must have lines.
static void
end_statement(struct policy_parser *x, bool explicit)
{
	struct policy_draft *d = &x->draft;

	if (d->tried == 0 && explicit)
		policy_refuse(x, d->statement, "this statement has no lines");
	else if (d->tried != 0)
		check_statement(x);
	if (d->nvalues > 0)
		policy_warn_statement(x);
	d->nvalues = 0;
	d->tried = d->faulty = 0;
	d->full = false;
	scope_arena_free(&d->arena);
}

void
policy_read_statement(struct policy_parser *x)
{
	struct policy_draft *d = &x->draft;

	if (x->l.rest.len > 0)
		policy_refuse(
		    x, policy_at(x, x->l.rest.p), "`Statement` stands alone on its line");
	end_statement(x, d->begun);
	d->begun = true;
	d->statement = policy_at(x, x->l.whole.p);
}

void
policy_open_scope(struct policy_parser *x, struct hs_str name)
{
	struct policy_draft *d = &x->draft;
	struct hs_policy *p = x->p;
	const struct hs_policy_scope *same;

	hs_buf_reset(&d->text);
	scope_arena_free(&d->arena);
	d->out = NULL;
	d->at = d->statement = policy_at(x, x->l.whole.p);
	d->bad = d->risky = d->full = d->begun = d->named = false;
	d->tried = d->faulty = 0;
	d->ttl = d->uses = d->depth = 0;
	d->drain = false;
	d->lines = d->nvalues = 0;
	same = hs_policy_find(p, name);
	if (same != NULL) {
		policy_refuse(x, policy_at(x, name.p),
		    "the scope `%s` stands in line %u already; a list of scopes is "
		    "indented",
		    same->name, same->line);
	} else if (p->nscopes == HS_POLICY_SCOPES_MAX) {
		policy_refuse(x, policy_at(x, name.p), "there are more than %d scopes",
		    HS_POLICY_SCOPES_MAX);
	} else if (name.len > 0) {
		d->out = &p->scopes[p->nscopes++];
		d->out->line = x->l.number;
		(void)hs_str_copy(name, d->out->name, sizeof(d->out->name));
	}
}

// Reads the scope that the block makes. What its reader finds wrong is told at the line it
// comes from; the head is right.
static void
read_scope(struct policy_parser *x)
{
	struct policy_draft *d = &x->draft;
	struct hs_buf text = {0};
	struct hs_err why = {0};
	struct policy_place at = d->at;
	size_t line, head = d->drain ? 4 : 3; // lines
	int rc;

	hs_put_fmt(&text, "depth %llu\nmax-ttl %llu\n", (unsigned long long)d->depth,
	    (unsigned long long)d->ttl);
	if (d->uses == HS_USES_ANY)
		hs_put_fmt(&text, "max-uses *\n");
	else
		hs_put_fmt(&text, "max-uses %llu\n", (unsigned long long)d->uses);
	if (d->drain)
		hs_put_fmt(&text, "on-end drain\n");
	hs_put_raw(&text, d->text.p, d->text.len);
	if (hs_buf_err(&d->text) != HS_OK || hs_buf_err(&text) != HS_OK)
		rc = HS_ERR_NOMEM;
	else
		rc = hs_scope_parse(hs_buf_str(&text), &d->out->scope, &why);
	hs_buf_free(&text);
	if (rc == HS_ERR_NOMEM) {
		policy_no_memory(x);
	} else if (rc != HS_OK) {
		line = why.line > head ? why.line - head - 1 : 0;
		if (why.line > head && line < d->lines)
			at = d->from[line];
		policy_refuse(x, at, "%s", hs_err_sentence(&why));
	}
}

void
policy_close_scope(struct policy_parser *x)
{
	struct policy_draft *d = &x->draft;

	end_statement(x, d->begun);
	if (d->out != NULL && !policy_stands(x, "MaxTTL"))
		policy_refuse(x, d->at,
		    "this scope has no MaxTTL: write how long a certificate may live, such "
		    "as `MaxTTL 15m`");
	if (d->out != NULL && !policy_stands(x, "MaxUses"))
		policy_refuse(x, d->at,
		    "this scope has no MaxUses: absent means none, write `MaxUses *` for "
		    "any");
	if (d->out != NULL && !d->named && !d->begun)
		policy_refuse(x, d->at, "this scope has no statement, and allows nothing");
	if (!d->bad && d->out != NULL)
		read_scope(x);
	if (!d->bad)
		policy_warn_scope(x);
	hs_buf_reset(&d->text);
}
