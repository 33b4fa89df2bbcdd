// SPDX-License-Identifier: ISC
//
// The roots file: whom a server trusts, one root a line (docs/PROTOCOL.server, "Roots"). A
// slip of the pen here decides who logs in, so a line that is wrong in anything is skipped
// and named. Text only: opening the file is the caller's. Contract in serverconf.h.
#include <stdlib.h>
#include <string.h>
#include "proto/names.h"
#include "proto/serverconf_internal.h"
#include "proto/text.h"

static int
add_user(const struct conf_line *l, struct hs_root *r, struct hs_str name)
{
	int rc;

	if (hs_str_is(name, "*")) {
		if (r->users_any)
			return conf_refuse(l, name.p, "`*` stands here already");
		r->users_any = true;
		return HS_OK;
	}
	if ((rc = conf_check_name(l, HS_KEY_USER, name)) != HS_OK)
		return rc;
	for (size_t i = 0; i < r->nusers; i++)
		if (hs_str_is(name, r->users[i]))
			return conf_refuse(l, name.p, "this name stands here already");
	if (r->nusers == HS_ROOT_USERS_MAX)
		return conf_refuse(l, name.p, "there are more than 64 names");
	if (hs_str_copy(name, r->users[r->nusers], sizeof(r->users[0])) != HS_OK)
		return conf_refuse(l, name.p, "a login name has at most 64 characters");
	r->nusers++;
	return HS_OK;
}

// value: with its quotes, which next_option has seen to be closed; without them in *list.
static bool
unquote(struct hs_str value, struct hs_str *list)
{
	if (value.len < 2 || value.p[0] != '"' || value.p[value.len - 1] != '"')
		return false;
	*list = (struct hs_str){value.p + 1, value.len - 2};
	return true;
}

static int
read_users(const struct conf_line *l, struct hs_str value, struct hs_root *r)
{
	struct hs_str list;
	int rc = HS_OK;

	if (!unquote(value, &list))
		return conf_refuse(
		    l, value.p, "users needs its names in quotes: users=\"deploy,root\"");
	while (rc == HS_OK) {
		struct hs_str name = {list.p, 0};

		while (name.len < list.len && list.p[name.len] != ',')
			name.len++;
		rc = add_user(l, r, name);
		if (name.len == list.len)
			break;
		conf_skip(&list, name.len + 1);
	}
	return rc;
}

// Takes a value off a list; false at its end. A blank parts two, since a cap may hold
// commas.
static bool
next_cap(struct hs_str *list, struct hs_str *cap)
{
	if (list->p == NULL)
		return false;
	*cap = (struct hs_str){list->p, 0};
	while (cap->len < list->len && cap->p[cap->len] != ' ')
		cap->len++;
	if (cap->len == list->len)
		*list = (struct hs_str){0};
	else
		conf_skip(list, cap->len + 1);
	return true;
}

// Kept as they stand.
static int
read_caps(const struct conf_line *l, struct hs_str value, struct hs_root *r)
{
	struct hs_str list, all, cap;
	int rc = HS_OK;

	if (!unquote(value, &list))
		return conf_refuse(l, value.p,
		    "caps needs its values in quotes, with one blank between two: "
		    "caps=\"read:repo/** write:repo/acme/web\"");
	all = list;
	while (rc == HS_OK && next_cap(&list, &cap))
		rc = conf_check_name(l, HS_KEY_CAP, cap);
	if (rc == HS_OK && hs_str_copy(all, r->caps, sizeof(r->caps)) != HS_OK)
		rc = conf_refuse(l, all.p, "these are more than 1024 bytes");
	return rc;
}

enum root_option {
	OPT_USERS,
	OPT_UV,
	OPT_DIRECT,
	OPT_GRANT,
	OPT_DELEGATION,
	OPT_CAPS,
	OPT_COUNT
};

static const struct {
	const char *name;
	bool valued;
} root_options[OPT_COUNT] = {
    [OPT_USERS] = {"users", true},
    [OPT_UV] = {"require-uv", false},
    [OPT_DIRECT] = {"direct", false},
    [OPT_GRANT] = {"max-grant", true},
    [OPT_DELEGATION] = {"max-delegation", true},
    [OPT_CAPS] = {"caps", true},
};

// text: name or name=value.
static int
read_option(
    const struct conf_line *l, struct hs_str text, struct hs_root *r, unsigned *seen)
{
	const uint8_t *eq = memchr(text.p, '=', text.len);
	struct hs_str name = {text.p, eq != NULL ? (size_t)(eq - text.p) : text.len},
		      value = text;
	unsigned o = 0;

	while (o < OPT_COUNT && !hs_str_is(name, root_options[o].name))
		o++;
	if (o == OPT_COUNT)
		return conf_refuse(l, text.p,
		    "there is no such option: users=, caps=, require-uv, direct, "
		    "max-grant= "
		    "or max-delegation=, joined by commas without blanks");
	if ((*seen & 1u << o) != 0)
		return conf_refuse(l, text.p, "this option stands here already");
	*seen |= 1u << o;
	if (!root_options[o].valued && eq != NULL)
		return conf_refuse(l, eq, "this option takes no value");
	if (root_options[o].valued && eq == NULL)
		return conf_refuse(l, text.p, "this option needs = and a value");
	if (root_options[o].valued)
		conf_skip(&value, name.len + 1);
	switch ((enum root_option)o) {
	case OPT_USERS:
		return read_users(l, value, r);
	case OPT_GRANT:
		return conf_read_span(l, value, &r->max_grant);
	case OPT_DELEGATION:
		return conf_read_span(l, value, &r->max_delegation);
	case OPT_CAPS:
		return read_caps(l, value, r);
	case OPT_UV:
		r->require_uv = true;
		break;
	case OPT_DIRECT:
		r->direct = true;
		break;
	case OPT_COUNT:
		break;
	}
	return HS_OK;
}

// Takes an option off the line, up to a comma or blank outside of quotes. *more: a comma
// follows.
static int
next_option(struct conf_line *l, struct hs_str *text, bool *more)
{
	const uint8_t *quote = NULL;

	*text = (struct hs_str){l->rest.p, 0};
	for (; text->len < l->rest.len; text->len++) {
		const uint8_t *c = text->p + text->len;

		if (*c == '"')
			quote = quote == NULL ? c : NULL;
		else if (quote == NULL && (*c == ',' || conf_is_blank(*c)))
			break;
	}
	if (quote != NULL)
		return conf_refuse(l, quote, "this quote is not closed");
	if (text->len == 0)
		return conf_refuse(l, text->p, "an option is missing here");
	*more = text->len < l->rest.len && text->p[text->len] == ',';
	conf_skip(&l->rest, text->len + *more);
	return HS_OK;
}

// No option begins like the name of a key type, be it one of ours or not.
static bool
is_key_type(struct hs_str word)
{
	static const char *const begins[] = {"ssh-", "sk-", "ecdsa-"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (word.len > strlen(begins[i]) &&
		    memcmp(word.p, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

static int
read_options(struct conf_line *l, struct hs_root *r)
{
	struct conf_line copy = *l;
	struct hs_str text;
	unsigned seen = 0;
	bool more = true;
	int rc;

	if (is_key_type(conf_next_word(&copy)))
		return HS_OK;
	while (more) {
		if ((rc = next_option(l, &text, &more)) != HS_OK ||
		    (rc = read_option(l, text, r, &seen)) != HS_OK)
			return rc;
	}
	conf_skip_blanks(&l->rest);
	return l->rest.len > 0 ? HS_OK : conf_refuse(l, l->rest.p, "the key is missing");
}

// The comment is for people: what may not be shown goes, and what is too long is cut
// between two characters.
static int
keep_comment(struct hs_root *r, struct hs_str comment)
{
	struct hs_buf b = {0};
	size_t n;
	int rc;

	hs_text_put_clean(&b, comment);
	if ((rc = hs_buf_err(&b)) == HS_OK) {
		n = b.len <= HS_ROOT_OWNER_MAX ? b.len : HS_ROOT_OWNER_MAX;
		while (n > 0 && n < b.len && (b.p[n] & 0xc0) == 0x80)
			n--;
		if (n > 0)
			memcpy(r->comment, b.p, n);
		r->comment[n] = '\0';
	}
	hs_buf_free(&b);
	return rc;
}

// A line of one user's file is for that user, and may say so.
static int
keep_user(const struct conf_line *l, struct hs_str user, struct hs_root *r)
{
	if (r->users_any || r->nusers > 1 ||
	    (r->nusers == 1 && !hs_str_is(user, r->users[0])))
		return hs_fail_at(l->err, HS_ERR_CONFIG, l->number,
		    (unsigned)(l->rest.p - l->whole.p) + 1,
		    "in this file users= can name %.*s alone, or be left out",
		    (int)user.len, user.p);
	r->of_user = true;
	r->nusers = 1;
	return hs_str_copy(user, r->users[0], sizeof(r->users[0]));
}

// user: empty, but in a file of one user's.
static int
read_root(struct conf_line *l, struct hs_str user, const struct hs_roots *earlier,
    struct hs_root *r)
{
	const struct hs_root *same;
	struct conf_line start = *l;
	struct hs_str comment;
	const uint8_t *key;
	int rc;

	r->line = l->number;
	if ((rc = read_options(l, r)) != HS_OK ||
	    (user.len > 0 && (rc = keep_user(&start, user, r)) != HS_OK))
		return rc;
	key = l->rest.p;
	rc = hs_key_parse_line(l->rest, &r->key, &comment);
	if (rc == HS_ERR_NOMEM)
		return rc;
	if (rc == HS_ERR_KEY_TYPE || (rc == HS_OK && !hs_key_is_sk(&r->key)))
		return conf_refuse(l, key,
		    "a root is a key on a security key: sk-ssh-ed25519@openssh.com or "
		    "sk-ecdsa-sha2-nistp256@openssh.com");
	if (rc != HS_OK)
		return conf_refuse(l, key,
		    "the key cannot be read: it must be type, base64 and comment, without "
		    "control "
		    "characters");
	if (strcmp(r->key.application, HS_APPLICATION) != 0)
		return conf_refuse(l, key, "the key's application is not " HS_APPLICATION);
	same = hs_roots_find(earlier, &r->key);
	if (same != NULL)
		return hs_fail_at(l->err, HS_ERR_CONFIG, l->number,
		    (unsigned)(key - l->whole.p) + 1, "the key stands in line %u%s already",
		    same->line, user.len > 0 && !same->of_user ? " of roots" : "");
	return keep_comment(r, comment);
}

static int
add_root(struct hs_roots *out, const struct hs_root *r)
{
	struct hs_root *v;

	if (out->n == HS_ROOTS_MAX)
		return HS_ERR_TOO_LONG;
	v = realloc(out->v, (out->n + 1) * sizeof(*v));
	if (v == NULL)
		return HS_ERR_NOMEM;
	v[out->n] = *r;
	out->v = v;
	out->n++;
	return HS_OK;
}

static int
read_roots(struct hs_roots *out, struct hs_str text, struct hs_str user,
    hs_bad_line *on_bad, void *arg)
{
	struct hs_err err = {0};
	struct conf_line l = {.err = &err};
	int rc = HS_OK;

	while (rc == HS_OK && conf_next_line(&text, &l)) {
		struct hs_root r = {0};

		if (l.rest.len == 0)
			continue;
		rc = read_root(&l, user, out, &r);
		if (rc == HS_OK) {
			rc = add_root(out, &r);
		} else if (rc == HS_ERR_CONFIG) {
			if (on_bad != NULL)
				on_bad(arg, &err);
			rc = HS_OK;
		}
	}
	if (rc != HS_OK)
		hs_roots_free(out);
	return rc;
}

int
hs_roots_parse(struct hs_str text, struct hs_roots *out, hs_bad_line *on_bad, void *arg)
{
	*out = (struct hs_roots){0};
	return read_roots(out, text, (struct hs_str){0}, on_bad, arg);
}

// A scope's grammar for names has more than a file's name may be.
bool
hs_roots_is_user(struct hs_str user)
{
	return user.len > 0 && user.len <= 64 && !hs_str_is(user, "*") &&
	       !hs_str_is(user, ".") && !hs_str_is(user, "..") &&
	       memchr(user.p, '/', user.len) == NULL &&
	       hs_scope_value_under(HS_KEY_USER, user, user);
}

int
hs_roots_add(struct hs_roots *out, struct hs_str text, struct hs_str user,
    hs_bad_line *on_bad, void *arg)
{
	if (!hs_roots_is_user(user))
		return HS_ERR_USAGE;
	return read_roots(out, text, user, on_bad, arg);
}

void
hs_roots_free(struct hs_roots *r)
{
	free(r->v);
	*r = (struct hs_roots){0};
}

const struct hs_root *
hs_roots_find(const struct hs_roots *r, const struct hs_key *k)
{
	for (size_t i = 0; i < r->n; i++)
		if (hs_key_eq(&r->v[i].key, k))
			return &r->v[i];
	return NULL;
}

bool
hs_root_admits(const struct hs_root *r, struct hs_str user)
{
	for (size_t i = 0; i < r->nusers; i++)
		if (hs_str_is(user, r->users[i]))
			return true;
	return r->users_any && user.len > 0 && !hs_str_is(user, "root");
}

bool
hs_root_allows(const struct hs_root *r, struct hs_str cap)
{
	struct hs_str list = hs_str_c(r->caps), v;

	// a file of one user's is for logins alone
	if (list.len == 0 || r->of_user)
		return false;
	while (next_cap(&list, &v))
		if (hs_scope_value_under(HS_KEY_CAP, cap, v))
			return true;
	return false;
}
