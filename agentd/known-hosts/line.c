// SPDX-License-Identifier: ISC
//
// Taking lines apart. Contract in line.h.
#include "agentd/known-hosts/line.h"

#include <string.h>

static void
skip(struct hs_str *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct hs_str
next_word(struct hs_str *rest)
{
	struct hs_str word;
	size_t n = 0;

	while (n < rest->len && !is_blank(rest->p[n]))
		n++;
	word = (struct hs_str){rest->p, n};
	while (n < rest->len && is_blank(rest->p[n]))
		n++;
	skip(rest, n);
	return word;
}

bool
hs_line_next(struct hs_str *text, struct hs_str *line)
{
	const uint8_t *lf;
	size_t n = text->len;

	if (n == 0)
		return false;
	lf = memchr(text->p, '\n', n);
	if (lf != NULL)
		n = (size_t)(lf - text->p);
	*line = (struct hs_str){text->p, n};
	skip(text, lf != NULL ? n + 1 : n);
	return true;
}

// Without what is no part of it.
static struct hs_str
trim(struct hs_str line)
{
	const uint8_t *nul = line.len > 0 ? memchr(line.p, '\0', line.len) : NULL;

	if (nul != NULL)
		line.len = (size_t)(nul - line.p);
	while (line.len > 0 &&
	       (is_blank(line.p[line.len - 1]) || line.p[line.len - 1] == '\r'))
		line.len--;
	while (line.len > 0 && is_blank(line.p[0]))
		skip(&line, 1);
	return line;
}

static int
read_marker(struct hs_str *rest, struct hs_line *out, struct hs_err *err)
{
	struct hs_str word;

	if (rest->p[0] != '@')
		return HS_OK;
	word = next_word(rest);
	if (hs_str_is(word, "@cert-authority"))
		out->kind = HS_KNOWNHOSTS_CA;
	else if (hs_str_is(word, "@revoked"))
		out->kind = HS_KNOWNHOSTS_REVOKED;
	else
		return hs_fail(err, HS_ERR_FORMAT,
		    "this marker is neither @cert-authority nor @revoked");
	if (rest->len > 0 && rest->p[0] == '@')
		return hs_fail(err, HS_ERR_FORMAT, "a line has one marker at most");
	return HS_OK;
}

int
hs_line_read(struct hs_str line, struct hs_line *out, struct hs_err *err)
{
	struct hs_str rest = trim(line);
	struct hs_line l = {.kind = HS_KNOWNHOSTS_KEY};
	int rc;

	*out = l;
	if (line.len > HS_LINE_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "the line has more than %u bytes, and is not used", HS_LINE_MAX);
	if (rest.len == 0 || rest.p[0] == '#')
		return HS_OK;
	rc = read_marker(&rest, &l, err);
	out->kind = l.kind;
	if (rc != HS_OK)
		return rc;
	l.hosts = next_word(&rest);
	l.type = next_word(&rest);
	l.key = next_word(&rest);
	if (l.key.len == 0 || l.type.p[0] == '#')
		return hs_fail(err, HS_ERR_FORMAT, "the line has no key");
	*out = l;
	return HS_OK;
}
