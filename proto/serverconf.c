// SPDX-License-Identifier: ISC
//
// verify.conf, what a server owner says of this server (docs/PROTOCOL.server,
// "verify.conf"), read strictly: with a mistake in it nobody is admitted. And the lines and
// words that it has in common with the roots file (roots.c). Texts only.
#include <string.h>
#include <strings.h>
#include "proto/names.h"
#include "proto/scope_internal.h"
#include "proto/serverconf_internal.h"
#include "proto/text.h"

int
conf_refuse(const struct conf_line *l, const uint8_t *at, const char *why)
{
	return hs_fail_at(
	    l->err, HS_ERR_CONFIG, l->number, (unsigned)(at - l->whole.p) + 1, "%s", why);
}

bool
conf_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

void
conf_skip(struct hs_str *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

void
conf_skip_blanks(struct hs_str *s)
{
	while (s->len > 0 && conf_is_blank(s->p[0]))
		conf_skip(s, 1);
}

bool
conf_next_line(struct hs_str *text, struct conf_line *l)
{
	const uint8_t *lf;

	if (text->len == 0)
		return false;
	lf = memchr(text->p, '\n', text->len);
	l->whole =
	    (struct hs_str){text->p, lf != NULL ? (size_t)(lf - text->p) : text->len};
	conf_skip(text, l->whole.len + (lf != NULL));
	l->number++;
	l->rest = l->whole;
	conf_skip_blanks(&l->rest);
	while (l->rest.len > 0 && conf_is_blank(l->rest.p[l->rest.len - 1]))
		l->rest.len--;
	if (l->rest.len > 0 && l->rest.p[0] == '#')
		l->rest.len = 0;
	return true;
}

struct hs_str
conf_next_word(struct conf_line *l)
{
	struct hs_str w = {l->rest.p, 0};

	while (w.len < l->rest.len && !conf_is_blank(w.p[w.len]))
		w.len++;
	conf_skip(&l->rest, w.len);
	conf_skip_blanks(&l->rest);
	return w;
}

// Names have the scope language's grammar: what no scope could say is a mistake here.
int
conf_check_name(const struct conf_line *l, enum hs_scope_key key, struct hs_str name)
{
	struct scope_value value;
	struct arena arena = {0};
	struct hs_err why = {0};
	int rc = scope_value_read(&arena, key, name, &value, &why);

	scope_arena_free(&arena);
	return rc == HS_OK ? HS_OK
			   : conf_refuse(l, name.p + (why.column > 0 ? why.column - 1 : 0),
				 hs_err_sentence(&why));
}

int
conf_read_span(const struct conf_line *l, struct hs_str in, uint64_t *out)
{
	switch (hs_text_span(in, HS_TTL_MAX, out)) {
	case HS_OK:
		return HS_OK;
	case HS_ERR_TOO_LONG:
		return conf_refuse(l, in.p, "this is longer than 366 days");
	default:
		return conf_refuse(
		    l, in.p, "this must be a time such as 900, 15m, 8h or 1d");
	}
}

static int
read_yes_no(const struct conf_line *l, struct hs_str in, bool *out)
{
	if (!hs_str_is(in, "yes") && !hs_str_is(in, "no"))
		return conf_refuse(l, in.p, "this must be yes or no");
	*out = hs_str_is(in, "yes");
	return HS_OK;
}

// A pattern would let scopes that name one server in on others.
static int
add_hostname(const struct conf_line *l, struct hs_server_conf *c, struct hs_str name)
{
	int rc;

	if (memchr(name.p, '*', name.len) != NULL)
		return conf_refuse(
		    l, name.p, "a name of this server is no pattern: write each name out");
	if ((rc = conf_check_name(l, HS_KEY_HOST, name)) != HS_OK)
		return rc;
	for (size_t i = 0; i < c->nhostnames; i++)
		if (hs_str_is(name, c->hostnames[i]))
			return conf_refuse(l, name.p, "this name stands here already");
	if (c->nhostnames == HS_HOSTNAMES_MAX)
		return conf_refuse(l, name.p, "there are more than 32 names");
	if (hs_str_copy(name, c->hostnames[c->nhostnames], sizeof(c->hostnames[0])) !=
	    HS_OK)
		return conf_refuse(l, name.p, "a host name has at most 253 characters");
	c->nhostnames++;
	return HS_OK;
}

static int
read_folder(const struct conf_line *l, struct hs_str in, char out[static HS_LISTS_PATH_MAX])
{
	if (in.p[0] != '/')
		return conf_refuse(l, in.p, "this must be an absolute path");
	if (hs_str_copy(in, out, HS_LISTS_PATH_MAX) != HS_OK) {
		out[0] = '\0';
		return conf_refuse(l, in.p, "this is no path, or too long");
	}
	return HS_OK;
}

// `*` is every namespace but handseal's own, in which no message is signed.
static int
add_namespace(const struct conf_line *l, struct hs_server_conf *c, struct hs_str ns)
{
	static const char vendor[] = HS_VENDOR;
	size_t n = sizeof(vendor) - 1;
	int rc = conf_check_name(l, HS_KEY_NS, ns);

	if (rc != HS_OK)
		return rc;
	if (ns.len >= n && memcmp(ns.p + ns.len - n, vendor, n) == 0)
		return conf_refuse(
		    l, ns.p, "no message is signed in a namespace of handseal's own");
	for (size_t i = 0; i < c->nnamespaces; i++)
		if (hs_str_is(ns, c->namespaces[i]))
			return conf_refuse(l, ns.p, "this namespace stands here already");
	if (c->nnamespaces == HS_NAMESPACES_MAX)
		return conf_refuse(l, ns.p, "there are more than 16 namespaces");
	if (hs_str_copy(ns, c->namespaces[c->nnamespaces], sizeof(c->namespaces[0])) !=
	    HS_OK)
		return conf_refuse(l, ns.p, "a namespace has at most 64 characters");
	c->nnamespaces++;
	return HS_OK;
}

static int
read_missing(const struct conf_line *l, struct hs_str in, bool *optional)
{
	if (!hs_str_is(in, "refuse") && !hs_str_is(in, "allow"))
		return conf_refuse(l, in.p, "this must be refuse or allow");
	*optional = hs_str_is(in, "allow");
	return HS_OK;
}

enum keyword {
	KW_HOST,
	KW_GRANT,
	KW_DELEGATION,
	KW_UV,
	KW_PORTS,
	KW_LISTS,
	KW_FRESH,
	KW_MISSING,
	KW_NAMESPACES,
	KW_COUNT
};

static const char *const keywords[KW_COUNT] = {
    [KW_HOST] = "HostName",
    [KW_GRANT] = "MaxGrant",
    [KW_DELEGATION] = "MaxDelegation",
    [KW_UV] = "RequireUV",
    [KW_PORTS] = "PortForwarding",
    [KW_LISTS] = "Revocations",
    [KW_FRESH] = "RevocationsFresh",
    [KW_MISSING] = "RevocationsMissing",
    [KW_NAMESPACES] = "Namespaces",
};

static int
find_keyword(const struct conf_line *l, struct hs_str word, unsigned *seen, unsigned *k)
{
	for (*k = 0; *k < KW_COUNT; (*k)++)
		if (strlen(keywords[*k]) == word.len &&
		    strncasecmp(keywords[*k], (const char *)word.p, word.len) == 0)
			break;
	if (*k == KW_COUNT)
		return conf_refuse(l, word.p,
		    "there is no such keyword: HostName, MaxGrant, MaxDelegation, "
		    "RequireUV, PortForwarding, Revocations, RevocationsFresh, "
		    "RevocationsMissing or Namespaces");
	if (*k != KW_HOST && (*seen & 1u << *k) != 0)
		return conf_refuse(l, word.p, "this keyword stands here already");
	*seen |= 1u << *k;
	return HS_OK;
}

static int
read_line(struct conf_line *l, struct hs_server_conf *c, unsigned *seen)
{
	struct hs_str word = conf_next_word(l);
	unsigned k;
	bool many;
	int rc = find_keyword(l, word, seen, &k);

	if (rc != HS_OK)
		return rc;
	if (l->rest.len == 0)
		return conf_refuse(l, l->rest.p, "a value is missing behind the keyword");
	many = k == KW_HOST || k == KW_NAMESPACES;
	do {
		word = conf_next_word(l);
		switch ((enum keyword)k) {
		case KW_HOST:
			rc = add_hostname(l, c, word);
			break;
		case KW_GRANT:
			rc = conf_read_span(l, word, &c->max_grant);
			break;
		case KW_DELEGATION:
			rc = conf_read_span(l, word, &c->max_delegation);
			break;
		case KW_UV:
			rc = read_yes_no(l, word, &c->require_uv);
			break;
		case KW_PORTS:
			rc = read_yes_no(l, word, &c->port_forwarding);
			break;
		case KW_LISTS:
			rc = read_folder(l, word, c->revocations);
			break;
		case KW_FRESH:
			rc = conf_read_span(l, word, &c->lists_fresh);
			break;
		case KW_MISSING:
			rc = read_missing(l, word, &c->lists_optional);
			break;
		case KW_NAMESPACES:
			rc = add_namespace(l, c, word);
			break;
		case KW_COUNT:
			break;
		}
	} while (rc == HS_OK && many && l->rest.len > 0);
	if (rc == HS_OK && l->rest.len > 0)
		return conf_refuse(l, l->rest.p, "this keyword takes one value");
	return rc;
}

static const struct hs_server_conf defaults = {.max_grant = HS_MAX_GRANT,
    .max_delegation = HS_MAX_DELEGATION,
    .lists_fresh = HS_LISTS_FRESH};

int
hs_server_conf_parse(struct hs_str text, struct hs_server_conf *out, struct hs_err *err)
{
	struct conf_line l = {.err = err};
	unsigned seen = 0;
	int rc = HS_OK;

	*out = defaults;
	while (rc == HS_OK && conf_next_line(&text, &l))
		if (l.rest.len > 0)
			rc = read_line(&l, out, &seen);
	if (rc != HS_OK)
		*out = defaults;
	return rc;
}

int
hs_server_conf_check(
    struct hs_str text, struct hs_server_conf *out, hs_bad_line *on_bad, void *arg)
{
	struct hs_err err = {0};
	struct conf_line l = {.err = &err};
	unsigned seen = 0;
	int first = HS_OK;

	*out = defaults;
	while (conf_next_line(&text, &l)) {
		int rc = l.rest.len > 0 ? read_line(&l, out, &seen) : HS_OK;

		if (rc != HS_OK)
			on_bad(arg, &err);
		first = first != HS_OK ? first : rc;
	}
	return first;
}

bool
hs_server_takes(const struct hs_server_conf *c, struct hs_str ns)
{
	for (size_t i = 0; i < c->nnamespaces; i++)
		if (hs_str_is(hs_str_c(c->namespaces[i]), "*") ||
		    hs_str_is(ns, c->namespaces[i]))
			return true;
	return false;
}
