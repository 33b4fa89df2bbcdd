// SPDX-License-Identifier: ISC
//
// Taking a list of names apart. Contract in patterns.h.
#include "agentd/known-hosts/patterns.h"

#include <stdlib.h>
#include <string.h>

#define LETTERS	 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	 "0123456789"
#define WILDCARD "*?"
#define BASE64	 LETTERS DIGITS "+/="

static bool
is_of(struct hs_str s, const char *alphabet)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '\0' || strchr(alphabet, s.p[i]) == NULL)
			return false;
	return true;
}

static bool
has_wildcard(struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (strchr(WILDCARD, s.p[i]) != NULL)
			return true;
	return false;
}

static int
add(struct hs_patterns_list *l, struct hs_str s)
{
	size_t room = l->room > 0 ? l->room * 2 : 16;
	struct hs_str *v = l->v;

	if (l->n == l->room) {
		v = realloc(l->v, room * sizeof(*v));
		if (v == NULL)
			return HS_ERR_NOMEM;
		l->v = v;
		l->room = room;
	}
	v[l->n++] = s;
	return HS_OK;
}

// [NAME]:PORT becomes NAME: a name is what it is whatever the port. The port may be a
// pattern, too.
static bool
without_port(struct hs_str *s)
{
	size_t n = s->len;

	if (n == 0 || s->p[0] != '[')
		return true;
	while (n > 0 && s->p[n - 1] != ']')
		n--;
	if (n < 3 || n + 2 > s->len || s->p[n] != ':' ||
	    !is_of((struct hs_str){s->p + n + 1, s->len - n - 1}, DIGITS WILDCARD))
		return false;
	*s = (struct hs_str){s->p + 1, n - 2};
	return true;
}

static size_t
stars(struct hs_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.p[i] == '*';
	return n;
}

// Does it begin and end as [NAME]:PORT may?
static bool
may_fit_port(struct hs_str s)
{
	return s.len > 0 && is_of((struct hs_str){s.p, 1}, WILDCARD) &&
	       is_of((struct hs_str){s.p + s.len - 1, 1}, WILDCARD DIGITS);
}

static int
add_one(struct hs_patterns *p, struct hs_str s, const char **why)
{
	bool negated = s.len > 0 && s.p[0] == '!';

	if (negated)
		s = (struct hs_str){s.p + 1, s.len - 1};
	else if (may_fit_port(s))
		p->ported = true;
	if (!without_port(&s)) {
		*why = "a name that begins with `[` must be [NAME]:PORT";
		return HS_ERR_FORMAT;
	}
	if (s.len > HS_PATTERNS_BYTES_MAX) {
		*why = "a name is too long";
		return HS_ERR_FORMAT;
	}
	if (stars(s) > HS_PATTERNS_STARS_MAX) {
		*why = "a name has too many `*`";
		return HS_ERR_FORMAT;
	}
	if (s.len == 0 || !is_of(s, LETTERS DIGITS "-." WILDCARD))
		return HS_OK; // it fits no host
	return add(negated ? &p->negated : has_wildcard(s) ? &p->wild : &p->plain, s);
}

// |1|SALT|HASH, each 20 bytes in base64.
static int
read_hashed(struct hs_patterns *p, struct hs_str hosts, const char **why)
{
	p->hashed = true;
	if (hosts.len != 60 || memcmp(hosts.p, "|1|", 3) != 0 || hosts.p[31] != '|' ||
	    !is_of((struct hs_str){hosts.p + 3, 28}, BASE64) ||
	    !is_of((struct hs_str){hosts.p + 32, 28}, BASE64)) {
		*why = "the hashed name cannot be read";
		return HS_ERR_FORMAT;
	}
	return HS_OK;
}

int
hs_patterns_read(struct hs_patterns *p, struct hs_str hosts, const char **why)
{
	int rc = HS_OK;

	p->hashed = p->ported = false;
	p->plain.n = p->wild.n = p->negated.n = 0;
	if (hosts.len > 0 && hosts.p[0] == '|')
		return read_hashed(p, hosts, why);
	while (rc == HS_OK && hosts.len > 0) {
		const uint8_t *comma = memchr(hosts.p, ',', hosts.len);
		size_t n = comma != NULL ? (size_t)(comma - hosts.p) : hosts.len;

		rc = add_one(p, (struct hs_str){hosts.p, n}, why);
		n += comma != NULL;
		hosts = (struct hs_str){hosts.p + n, hosts.len - n};
	}
	return rc;
}

void
hs_patterns_free(struct hs_patterns *p)
{
	free(p->plain.v);
	free(p->wild.v);
	free(p->negated.v);
	memset(p, 0, sizeof(*p));
}

struct hs_str
hs_patterns_lower(struct hs_str s, char *out, size_t size)
{
	if (s.len >= size)
		return (struct hs_str){0};
	for (size_t i = 0; i < s.len; i++) {
		bool upper = s.p[i] >= 'A' && s.p[i] <= 'Z';

		out[i] = (char)(upper ? s.p[i] + ('a' - 'A') : s.p[i]);
	}
	out[s.len] = '\0';
	return (struct hs_str){(const uint8_t *)out, s.len};
}
