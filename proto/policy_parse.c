// SPDX-License-Identifier: ISC
//
// A policy text, line by line: what is a line, which block it belongs to, what is told of
// it (docs/PROTOCOL.policy, "Text"). What the keywords mean is in policy_words.c and
// policy_scope.c, what is done with a policy in policy.c.
#include "proto/policy_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const block_names[POLICY_BLOCKS] = {
    NULL, "Session", "Scope", "Agent", "Limits"};

// ---- words of a line

static bool
is_comment(struct policy_parser *x)
{
	if (x->l.rest.len == 0 || x->l.rest.p[0] != '#')
		return false;
	policy_refuse(x, policy_at(x, x->l.rest.p), "a comment has a line of its own");
	return true;
}

bool
policy_next(struct policy_parser *x, struct hs_str *word)
{
	if (is_comment(x))
		return false;
	if (x->l.rest.len == 0) {
		policy_refuse(x, policy_at(x, x->l.rest.p),
		    "a value is missing behind `%s`: absent means none", x->keyword->name);
		return false;
	}
	*word = conf_next_word(&x->l);
	return true;
}

bool
policy_one(struct policy_parser *x, struct hs_str *word)
{
	if (!policy_next(x, word) || is_comment(x))
		return false;
	if (x->l.rest.len > 0)
		policy_refuse(
		    x, policy_at(x, x->l.rest.p), "`%s` takes one value", x->keyword->name);
	return x->l.rest.len == 0;
}

// ---- blocks

static bool
is_word(struct hs_str word, const char *name)
{
	return strlen(name) == word.len &&
	       strncasecmp(name, (const char *)word.p, word.len) == 0;
}

// The block that this line opens, or POLICY_TOP. indented: blanks stand before word.
static enum policy_block
opener(const struct policy_parser *x, struct hs_str word, bool indented)
{
	unsigned b = POLICY_SESSION;

	while (b < POLICY_BLOCKS && !is_word(word, block_names[b]))
		b++;
	if (b == POLICY_BLOCKS ||
	    (b == POLICY_SCOPE && indented &&
		(x->block == POLICY_SESSION || x->block == POLICY_AGENT)))
		return POLICY_TOP;
	return (enum policy_block)b;
}

// A line that was to be a list and opens a block, since it is not indented.
static const char *
list_hint(const struct policy_parser *x, enum policy_block before)
{
	return x->block == POLICY_SCOPE &&
		       (before == POLICY_SESSION || before == POLICY_AGENT)
		   ? "; a list of scopes is indented"
		   : "";
}

// The name behind `Scope` or `Agent`; empty, with the error told, where there is no good
// one.
static struct hs_str
block_name(struct policy_parser *x, enum policy_block before)
{
	const char *what = block_names[x->block];
	struct hs_str name = conf_next_word(&x->l);

	if (name.len == 0)
		policy_refuse(
		    x, policy_at(x, name.p), "the name of the %s is missing", what);
	else if (!hs_text_is_agent_name(name))
		policy_refuse(x, policy_at(x, name.p),
		    "a name has lower-case letters, digits and . _ - only, begins with a "
		    "letter or digit, and has at most %d characters",
		    HS_AGENT_NAME_MAX);
	else if (!is_comment(x) && x->l.rest.len > 0)
		policy_refuse(x, policy_at(x, x->l.rest.p), "`%s` has one name%s", what,
		    list_hint(x, before));
	return hs_text_is_agent_name(name) ? name : (struct hs_str){name.p, 0};
}

static void
close_block(struct policy_parser *x)
{
	if (x->block == POLICY_SCOPE && !x->skip)
		policy_close_scope(x);
	x->agent = NULL;
}

static void
open_block(struct policy_parser *x, enum policy_block b, const uint8_t *at)
{
	enum policy_block before = x->block;
	struct hs_str name;

	close_block(x);
	x->block = b;
	x->block_line = x->l.number;
	x->first_line = x->first_line == 0 ? x->l.number : x->first_line;
	x->skip = x->system && (b == POLICY_SCOPE || b == POLICY_AGENT);
	memset(x->seen, 0, sizeof(x->seen));
	if (x->skip) {
		policy_refuse(x, policy_at(x, at),
		    "the system's policy only narrows: it has no `%s`", block_names[b]);
	} else if (b == POLICY_SCOPE || b == POLICY_AGENT) {
		name = block_name(x, before);
		if (b == POLICY_AGENT)
			policy_open_agent(x, name);
		else
			policy_open_scope(x, name);
	} else {
		if (!is_comment(x) && x->l.rest.len > 0)
			policy_refuse(x, policy_at(x, x->l.rest.p),
			    "`%s` stands alone on its line", block_names[b]);
		if (x->opened[b] > 0)
			policy_refuse(x, policy_at(x, at), "`%s` stands in line %u already",
			    block_names[b], x->opened[b]);
		x->opened[b] = x->opened[b] == 0 ? x->l.number : x->opened[b];
	}
}

// ---- keywords

static const char *
where(enum policy_block block)
{
	static const char *const names[POLICY_BLOCKS] = {"before the first block",
	    "in Session", "in a Scope block", "in an Agent block", "in Limits"};

	return names[block];
}

// A keyword that does not stand here: somewhere else, or nowhere.
static void
refuse_keyword(struct policy_parser *x, struct hs_str word)
{
	const char *name = NULL, *hint = "";
	struct hs_buf b = {0};

	for (size_t k = 0; k < POLICY_KEYWORDS; k++) {
		if (!is_word(word, policy_keywords[k].name))
			continue;
		hs_put_fmt(&b, "%s%s", name != NULL ? " and " : "",
		    where(policy_keywords[k].block));
		name = policy_keywords[k].name;
		if (policy_keywords[k].block == POLICY_SCOPE &&
		    (x->block == POLICY_SESSION || x->block == POLICY_AGENT))
			hint = "; a Scope block begins its line, without blanks";
	}
	if (name != NULL && x->block != POLICY_TOP)
		hs_put_fmt(&b, ", and this is the %s of line %u", block_names[x->block],
		    x->block_line);
	for (size_t k = 0; k < POLICY_KEYWORDS && name == NULL; k++)
		if (policy_keywords[k].block == x->block)
			hs_put_fmt(
			    &b, "%s%s", b.len > 0 ? ", " : "", policy_keywords[k].name);
	if (hs_buf_err(&b) != HS_OK)
		policy_no_memory(x);
	else if (name != NULL)
		policy_refuse(x, policy_at(x, word.p), "`%s` stands %.*s%s", name,
		    (int)b.len, (const char *)b.p, hint);
	else
		policy_refuse(x, policy_at(x, word.p),
		    "there is no keyword `%.*s`; here may stand %.*s",
		    word.len < 40 ? (int)word.len : 40, (const char *)word.p, (int)b.len,
		    (const char *)b.p);
	hs_buf_free(&b);
}

bool
policy_stands(const struct policy_parser *x, const char *name)
{
	for (size_t k = 0; k < POLICY_KEYWORDS; k++)
		if (policy_keywords[k].block == x->block &&
		    strcmp(policy_keywords[k].name, name) == 0)
			return x->seen[k] > 0;
	return false;
}

static void
read_keyword(struct policy_parser *x, struct hs_str word)
{
	size_t k = 0;

	while (k < POLICY_KEYWORDS && !(policy_keywords[k].block == x->block &&
					  is_word(word, policy_keywords[k].name)))
		k++;
	if (k == POLICY_KEYWORDS) {
		refuse_keyword(x, word);
		return;
	}
	x->keyword = &policy_keywords[k];
	if (x->system && !x->keyword->narrows) {
		policy_refuse(x, policy_at(x, word.p),
		    "the system's policy only narrows: it has no `%s`", x->keyword->name);
		return;
	}
	if (x->seen[k] > 0 && !x->keyword->repeats) {
		policy_refuse(x, policy_at(x, word.p), "`%s` stands in line %u already",
		    x->keyword->name, x->seen[k]);
		return;
	}
	x->seen[k] = x->seen[k] == 0 ? x->l.number : x->seen[k];
	x->keyword->read(x);
}

// ---- lines

// Can all of it be shown? TAB may stand among the blanks.
static bool
is_clean(struct policy_parser *x)
{
	struct hs_str s = x->l.whole;
	size_t at;

	if (s.len > HS_POLICY_LINE_MAX) {
		policy_refuse(x, policy_at(x, s.p + HS_POLICY_LINE_MAX),
		    "a line has at most %d bytes", HS_POLICY_LINE_MAX);
		return false;
	}
	while (!hs_text_shown(s, &at)) {
		conf_skip(&s, at);
		if (s.p[0] != '\t') {
			policy_refuse(x, policy_at(x, s.p), "%s",
			    s.p[0] == '\r'
				? "a line ends in LF alone, without CR"
				: "this is a control or invisible character, or not UTF-8");
			return false;
		}
		conf_skip(&s, 1);
	}
	return true;
}

static void
read_line(struct policy_parser *x)
{
	bool indented = x->l.rest.p != x->l.whole.p;
	enum policy_block b;
	struct hs_str word;

	if (!is_clean(x) || x->l.rest.len == 0)
		return;
	word = conf_next_word(&x->l);
	b = opener(x, word, indented);
	if (b != POLICY_TOP)
		open_block(x, b, word.p);
	else if (!x->skip)
		read_keyword(x, word);
}

static void
read_text(struct policy_parser *x, struct hs_str text)
{
	while (x->rc == HS_OK && conf_next_line(&text, &x->l))
		read_line(x);
	close_block(x);
	if (x->rc == HS_OK)
		policy_resolve(x);
	if (x->rc == HS_OK && x->errors.total == 0)
		policy_warn_whole(x);
}

static void
free_parser(struct policy_parser *x)
{
	if (x == NULL)
		return;
	hs_buf_free(&x->draft.text);
	scope_arena_free(&x->draft.arena);
	free(x->refs);
	free(x);
}

// What a text that says nothing means: the defaults, or of the system's what narrows
// nothing.
static void
set_defaults(struct hs_policy *p, bool system)
{
	hs_policy_none(p);
	p->exists = true;
	p->escalate = true;
	if (system) {
		p->max_ttl = HS_TTL_MAX;
		p->idle = 0;
		p->forwarded = HS_FORWARDED_GRANT;
		p->log_keep = POLICY_KEEP_MIN; // which none is shorter than
		p->log_copy = false;
		p->park = HS_POLICY_PARK_MAX;
		p->per_asker = p->all = p->waiting = HS_POLICY_COUNT_MAX;
	}
}

static int
fail_whole(enum hs_code code, const char *why, hs_policy_note *on_note, void *arg)
{
	struct hs_err err = {0};

	(void)hs_fail(&err, code, "%s", why);
	if (on_note != NULL)
		on_note(arg, HS_POLICY_ERROR, &err);
	return (int)code;
}

int
hs_policy_parse(struct hs_str text, bool system, struct hs_policy *out,
    hs_policy_note *on_note, void *arg)
{
	struct policy_parser *x;
	int rc;

	memset(out, 0, sizeof(*out));
	if (text.len > HS_POLICY_BYTES_MAX)
		return fail_whole(
		    HS_ERR_TOO_LONG, "a policy has at most 262144 bytes", on_note, arg);
	x = calloc(1, sizeof(*x));
	if (x == NULL)
		return fail_whole(
		    HS_ERR_NOMEM, hs_code_sentence(HS_ERR_NOMEM), on_note, arg);
	x->p = out;
	x->system = system;
	set_defaults(out, system);
	(void)crypto_hash_sha256(out->digest, text.p, text.len);
	read_text(x, text);
	rc = x->rc;
	if (rc != HS_OK)
		(void)fail_whole(
		    (enum hs_code)rc, hs_code_sentence((enum hs_code)rc), on_note, arg);
	else if (x->errors.total > 0)
		rc = HS_ERR_CONFIG;
	if (rc == HS_ERR_CONFIG)
		policy_tell(&x->errors, HS_POLICY_ERROR, on_note, arg);
	else if (rc == HS_OK)
		policy_tell(&x->warnings, HS_POLICY_WARNING, on_note, arg);
	if (rc != HS_OK)
		hs_policy_free(out);
	free_parser(x);
	return rc;
}
