// SPDX-License-Identifier: ISC
//
// Allowed signers. Contract in signers.h.
#include "proto/signers.h"

#include <string.h>
#include <strings.h>
#include "proto/date.h"
#include "proto/serverconf_internal.h"
#include "proto/text.h"

// ---- lists of patterns

// Goes back to the last `*` only, so the work is bounded by the product of both lengths.
static bool
match_one(struct hs_str pattern, struct hs_str s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, from = 0;

	while (i < s.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = p++;
			from = i;
		} else if (p < pattern.len &&
			   (pattern.p[p] == '?' || pattern.p[p] == s.p[i])) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}

bool
hs_signers_match(struct hs_str list, struct hs_str value)
{
	bool found = false;

	while (list.len > 0) {
		struct hs_str one = {list.p, 0};
		bool no = list.p[0] == '!';

		while (one.len < list.len && list.p[one.len] != ',')
			one.len++;
		conf_skip(&list, one.len + (one.len < list.len));
		conf_skip(&one, no);
		if (one.len > HS_PATTERN_BYTES)
			return false;
		if (!match_one(one, value))
			continue;
		if (no)
			return false;
		found = true;
	}
	return found;
}

// ---- a line

// The list of principals: a word, or what stands in quotes.
static int
read_principals(struct conf_line *l, struct hs_signer *s)
{
	struct hs_str word = conf_next_word(l);
	const uint8_t *end, *line_end = l->rest.p + l->rest.len;

	if (word.p[0] == '"') {
		end = memchr(word.p + 1, '"', (size_t)(line_end - word.p) - 1);
		if (end == NULL)
			return conf_refuse(l, word.p, "this quote is not closed");
		s->principals = (struct hs_str){word.p + 1, (size_t)(end - word.p) - 1};
		l->rest = (struct hs_str){end + 1, (size_t)(line_end - end) - 1};
		if (l->rest.len > 0 && !conf_is_blank(l->rest.p[0]))
			return conf_refuse(l, l->rest.p, "a blank is missing here");
		conf_skip_blanks(&l->rest);
	} else {
		s->principals = word;
		if (memchr(word.p, '"', word.len) != NULL)
			return conf_refuse(
			    l, word.p, "quotes stand around all of the principals");
	}
	if (s->principals.len == 0 || !hs_text_shown(s->principals, NULL))
		return conf_refuse(l, word.p, "these are no principals");
	return l->rest.len > 0 ? HS_OK : conf_refuse(l, l->rest.p, "the key is missing");
}

// Takes ="VALUE" off the line.
static int
read_value(struct conf_line *l, struct hs_str *value)
{
	const uint8_t *end;

	if (l->rest.len < 2 || l->rest.p[0] != '=' || l->rest.p[1] != '"')
		return conf_refuse(l, l->rest.p, "this option needs =\"VALUE\"");
	end = memchr(l->rest.p + 2, '"', l->rest.len - 2);
	if (end == NULL)
		return conf_refuse(l, l->rest.p + 1, "this quote is not closed");
	*value = (struct hs_str){l->rest.p + 2, (size_t)(end - l->rest.p) - 2};
	if (value->len == 0 || memchr(value->p, '\\', value->len) != NULL ||
	    !hs_text_shown(*value, NULL))
		return conf_refuse(l, l->rest.p + 1, "this is no value");
	conf_skip(&l->rest, value->len + 3);
	return HS_OK;
}

static int
read_time(struct conf_line *l, struct hs_signers_time *t)
{
	struct hs_str value = {0};
	int rc = read_value(l, &value);

	if (rc != HS_OK)
		return rc;
	if (hs_date_read_openssh(value, &t->seconds, &t->local) != HS_OK || t->seconds == 0)
		return conf_refuse(l, value.p,
		    "this must be a time: YYYYMMDD, with hhmm or hhmmss, and Z for UTC");
	t->set = true;
	return HS_OK;
}

enum signer_option { OPT_AUTHORITY, OPT_NAMESPACES, OPT_AFTER, OPT_BEFORE, OPT_COUNT };

static int
read_option(struct conf_line *l, struct hs_signer *s, unsigned *seen)
{
	static const char *const names[OPT_COUNT] = {
	    "cert-authority", "namespaces", "valid-after", "valid-before"};
	struct hs_str name = {l->rest.p, 0};
	unsigned o = 0;

	while (name.len < l->rest.len && !conf_is_blank(name.p[name.len]) &&
	       name.p[name.len] != ',' && name.p[name.len] != '=')
		name.len++;
	while (o < OPT_COUNT &&
	       (strlen(names[o]) != name.len ||
		   strncasecmp(names[o], (const char *)name.p, name.len) != 0))
		o++;
	if (o == OPT_COUNT)
		return conf_refuse(l, name.p,
		    "there is no such option: cert-authority, namespaces=, valid-after= or "
		    "valid-before=");
	if ((*seen & 1u << o) != 0)
		return conf_refuse(l, name.p, "this option stands here already");
	*seen |= 1u << o;
	conf_skip(&l->rest, name.len);
	switch ((enum signer_option)o) {
	case OPT_NAMESPACES:
		s->some_namespaces = true;
		return read_value(l, &s->namespaces);
	case OPT_AFTER:
		return read_time(l, &s->after);
	case OPT_BEFORE:
		return read_time(l, &s->before);
	case OPT_AUTHORITY:
	case OPT_COUNT:
		s->authority = true;
		break;
	}
	return HS_OK;
}

static int
read_options(struct conf_line *l, struct hs_signer *s)
{
	unsigned seen = 0;
	int rc;

	for (;;) {
		if ((rc = read_option(l, s, &seen)) != HS_OK)
			return rc;
		if (l->rest.len == 0)
			return conf_refuse(l, l->rest.p, "the key is missing");
		if (conf_is_blank(l->rest.p[0]))
			break;
		if (l->rest.p[0] != ',')
			return conf_refuse(l, l->rest.p, "a comma is missing here");
		conf_skip(&l->rest, 1);
	}
	conf_skip_blanks(&l->rest);
	return HS_OK;
}

// What OpenSSH has in its names of key types, ours or not: no option begins so.
static bool
is_key_type(struct hs_str rest)
{
	static const char *const begins[] = {"ssh-", "sk-", "ecdsa-", "webauthn-"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (rest.len > strlen(begins[i]) &&
		    memcmp(rest.p, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

// HS_ERR_KEY_TYPE: a key that cannot be ours.
static int
read_line(struct conf_line *l, struct hs_signer *s)
{
	int rc = read_principals(l, s);

	s->line = l->number;
	if (rc == HS_OK && !is_key_type(l->rest))
		rc = read_options(l, s);
	if (rc != HS_OK)
		return rc;
	rc = hs_key_parse_line(l->rest, &s->key, NULL);
	if (rc == HS_OK || rc == HS_ERR_KEY_TYPE || rc == HS_ERR_NOMEM)
		return rc;
	return conf_refuse(l, l->rest.p, "the key cannot be read");
}

int
hs_signers_walk(struct hs_str text, hs_signers_each *each, hs_bad_line *on_bad, void *arg)
{
	struct hs_err err = {0};
	struct conf_line l = {.err = &err};
	int rc = HS_OK;

	if (text.len > HS_SIGNERS_MAX)
		return HS_ERR_TOO_LONG;
	while (rc == HS_OK && conf_next_line(&text, &l)) {
		struct hs_signer s = {0};

		// files from elsewhere end their lines in CRLF too
		if (l.rest.len > 0 && l.rest.p[l.rest.len - 1] == '\r')
			l.rest.len--;
		if (l.rest.len == 0)
			continue;
		rc = read_line(&l, &s);
		if (rc == HS_ERR_CONFIG && on_bad != NULL)
			on_bad(arg, &err);
		if (rc == HS_ERR_CONFIG || rc == HS_ERR_KEY_TYPE)
			rc = HS_OK;
		else if (rc == HS_OK)
			rc = each(arg, &s);
	}
	return rc;
}
