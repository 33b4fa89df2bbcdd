// SPDX-License-Identifier: ISC
//
// Scope text from command-line options. What the text means, and whether it is right, is
// proto/scope.h's part; here a fault is only led back to the option it came from. Contract
// in scopeopts.h.
#include "client/handseal/scopeopts.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "client/handseal/paths.h"
#include "proto/text.h"

static const char *const names[] = {"addr", "cap", "cmd", "host", "ns", "open", "permit",
    "user", "uses", "depth", "on-end", "scope-file", "scope"};

bool
hs_scopeopts_is(int opt)
{
	return opt >= HS_SCOPEOPT_ADDR && opt < HS_SCOPEOPT_END;
}

static const char *
name_of(int opt)
{
	return names[opt - HS_SCOPEOPT_ADDR];
}

static int
take_once(const char **slot, int opt, const char *value, struct hs_err *err)
{
	if (*slot != NULL)
		return hs_fail(err, HS_ERR_USAGE, "--%s is given twice", name_of(opt));
	*slot = value;
	return HS_OK;
}

// A LF in a value would begin a line of its own: `--user $'deploy\nuser root'`.
static int
check_value(int opt, const char *value, struct hs_err *err)
{
	size_t at;

	if (value[0] == '\0')
		return hs_fail(err, HS_ERR_USAGE, "--%s is empty", name_of(opt));
	if (!hs_text_shown(hs_str_c(value), &at))
		return hs_fail(err, HS_ERR_USAGE,
		    "--%s has a control or invisible character at its byte %zu",
		    name_of(opt), at + 1);
	return HS_OK;
}

static int
check_head(const struct hs_scopeopts *o, struct hs_err *err)
{
	int rc = HS_OK;

	if (o->uses != NULL)
		rc = check_value(HS_SCOPEOPT_USES, o->uses, err);
	if (rc == HS_OK && o->depth != NULL)
		rc = check_value(HS_SCOPEOPT_DEPTH, o->depth, err);
	if (rc == HS_OK && o->on_end != NULL)
		rc = check_value(HS_SCOPEOPT_ON_END, o->on_end, err);
	return rc;
}

// "deploy,push" is as good as two options.
static int
take_names(struct hs_scopeopts *o, const char *value, struct hs_err *err)
{
	struct hs_str rest = hs_str_c(value), name;

	for (;;) {
		const uint8_t *comma = rest.len > 0 ? memchr(rest.p, ',', rest.len) : NULL;

		name = rest;
		if (comma != NULL)
			name.len = (size_t)(comma - rest.p);
		if (!hs_text_is_agent_name(name))
			return hs_fail(err, HS_ERR_USAGE,
			    "--scope takes names of the policy's scopes, with a comma "
			    "between them; a name has up to 32 of a-z 0-9 . _ -");
		if (o->nnames == sizeof o->names / sizeof o->names[0])
			return hs_fail(err, HS_ERR_USAGE,
			    "--scope: more than %zu names are too many", o->nnames);
		o->names[o->nnames++] = name;
		if (comma == NULL)
			return HS_OK;
		rest.p += name.len + 1;
		rest.len -= name.len + 1;
	}
}

bool
hs_scopeopts_named(const struct hs_scopeopts *o)
{
	return o->nnames > 0;
}

bool
hs_scopeopts_none(const struct hs_scopeopts *o)
{
	return o->n == 0 && o->nnames == 0 && o->file == NULL;
}

int
hs_scopeopts_names(const struct hs_scopeopts *o, struct hs_buf *out, struct hs_err *err)
{
	if (o->n > 0 || o->file != NULL)
		return hs_fail(err, HS_ERR_USAGE,
		    "--scope names all that is asked for: --%s cannot be given too",
		    o->n > 0 ? name_of(o->v[0].opt) : "scope-file");
	for (size_t i = 0; i < o->nnames; i++) {
		if (i > 0)
			hs_put_u8(out, ' ');
		hs_put_raw(out, o->names[i].p, o->names[i].len);
	}
	return hs_buf_err(out) == HS_OK ? HS_OK
					: hs_fail(err, HS_ERR_NOMEM, "out of memory");
}

// The named scopes' text with another head.
static void
put_narrowed(struct hs_buf *b, const struct hs_scopeopts *o, uint64_t max_ttl,
    const struct hs_scope *whole)
{
	struct hs_str text = hs_scope_text(whole);
	const uint8_t *statements = memmem(text.p, text.len, "\n\n", 2);
	uint64_t uses = hs_scope_max_uses(whole);

	if (o->depth != NULL)
		hs_put_fmt(b, "depth %s\n", o->depth);
	else
		hs_put_fmt(b, "depth %" PRIu32 "\n", hs_scope_depth(whole));
	hs_put_fmt(
	    b, "max-ttl %" PRIu64 "\n", max_ttl > 0 ? max_ttl : hs_scope_max_ttl(whole));
	if (o->uses != NULL)
		hs_put_fmt(b, "max-uses %s\n", o->uses);
	else if (uses == HS_USES_ANY)
		hs_put_fmt(b, "max-uses *\n");
	else
		hs_put_fmt(b, "max-uses %" PRIu64 "\n", uses);
	if (o->on_end != NULL)
		hs_put_fmt(b, "on-end %s\n", o->on_end);
	else if (hs_scope_drains(whole))
		hs_put_fmt(b, "on-end drain\n");
	if (statements != NULL)
		hs_put_raw(b, statements + 1, text.len - (size_t)(statements + 1 - text.p));
}

int
hs_scopeopts_narrow(const struct hs_scopeopts *o, uint64_t max_ttl,
    const char *max_ttl_option, struct hs_scope **scope, struct hs_err *err)
{
	const char *option = o->uses != NULL	 ? "--uses"
			     : o->depth != NULL	 ? "--depth"
			     : o->on_end != NULL ? "--on-end"
						 : max_ttl_option;
	struct hs_scope *less = NULL;
	struct hs_buf text = {0};
	struct hs_err fault = {0};
	int rc = HS_OK;

	if (option == NULL)
		return HS_OK;
	if ((rc = check_head(o, err)) != HS_OK)
		return rc;
	put_narrowed(&text, o, max_ttl_option != NULL ? max_ttl : 0, *scope);
	rc = hs_scope_parse(hs_buf_str(&text), &less, &fault);
	hs_buf_free(&text);
	if (rc != HS_OK)
		return hs_fail(
		    err, HS_ERR_USAGE, "%s: %s", option, hs_err_sentence(&fault));
	if (!hs_scope_under(less, *scope)) {
		hs_scope_free(&less);
		return hs_fail(err, HS_ERR_USAGE,
		    "%s asks for more than the named scopes allow, and can only make it "
		    "less",
		    option);
	}
	hs_scope_free(scope);
	*scope = less;
	return HS_OK;
}

int
hs_scopeopts_take(struct hs_scopeopts *o, int opt, const char *value, struct hs_err *err)
{
	switch (opt) {
	case HS_SCOPEOPT_USES:
		return take_once(&o->uses, opt, value, err);
	case HS_SCOPEOPT_DEPTH:
		return take_once(&o->depth, opt, value, err);
	case HS_SCOPEOPT_ON_END:
		return take_once(&o->on_end, opt, value, err);
	case HS_SCOPEOPT_FILE:
		return take_once(&o->file, opt, value, err);
	case HS_SCOPEOPT_NAME:
		return take_names(o, value, err);
	default:
		break;
	}
	if (o->n == sizeof o->v / sizeof o->v[0])
		return hs_fail(
		    err, HS_ERR_USAGE, "more than %zu values are too many", o->n);
	o->v[o->n++] = (struct hs_scopeopt_value){opt, value};
	return HS_OK;
}

static bool
has(const struct hs_scopeopts *o, int opt)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i].opt == opt)
			return true;
	return false;
}

// Only what a login needs an address for gets the default.
static bool
is_login(const struct hs_scopeopts *o)
{
	return has(o, HS_SCOPEOPT_USER) || has(o, HS_SCOPEOPT_HOST) ||
	       has(o, HS_SCOPEOPT_CMD) || has(o, HS_SCOPEOPT_PERMIT) ||
	       has(o, HS_SCOPEOPT_OPEN);
}

struct lines {
	struct hs_buf *text;
	int *where;
	size_t n;
};

static void
put_line(struct lines *l, int opt, const char *key, const char *value, const char *suffix)
{
	l->where[l->n++] = opt;
	hs_put_fmt(l->text, "%s %s%s\n", key, value, suffix);
}

// A bare address is a block of one.
static const char *
prefix_of(int opt, const char *value)
{
	struct in_addr a4;
	struct in6_addr a6;

	if (opt != HS_SCOPEOPT_ADDR)
		return "";
	if (inet_pton(AF_INET, value, &a4) == 1)
		return "/32";
	return inet_pton(AF_INET6, value, &a6) == 1 ? "/128" : "";
}

static int
check_all(const struct hs_scopeopts *o, struct hs_err *err)
{
	int rc = HS_OK;

	if (o->n == 0)
		return hs_fail(err, HS_ERR_USAGE,
		    "nothing is asked for: name at least --user, --host and --cmd, or a "
		    "--scope of the policy, or a --scope-file");
	for (size_t i = 0; rc == HS_OK && i < o->n; i++)
		rc = check_value(o->v[i].opt, o->v[i].value, err);
	return rc == HS_OK ? check_head(o, err) : rc;
}

int
hs_scopeopts_text(const struct hs_scopeopts *o, uint64_t max_ttl, struct hs_buf *text,
    int where[static HS_SCOPEOPTS_LINES], struct hs_err *err)
{
	struct lines l = {.text = text, .where = where};
	char ttl[24];
	int rc = check_all(o, err);

	if (rc != HS_OK)
		return rc;
	snprintf(ttl, sizeof ttl, "%" PRIu64, max_ttl);
	put_line(&l, HS_SCOPEOPT_DEPTH, "depth", o->depth != NULL ? o->depth : "0", "");
	put_line(&l, -1, "max-ttl", ttl, "");
	put_line(&l, HS_SCOPEOPT_USES, "max-uses", o->uses != NULL ? o->uses : "*", "");
	if (o->on_end != NULL)
		put_line(&l, HS_SCOPEOPT_ON_END, "on-end", o->on_end, "");
	l.where[l.n++] = -1;
	hs_put_fmt(text, "\n");
	for (size_t i = 0; i < o->n; i++)
		put_line(&l, o->v[i].opt, name_of(o->v[i].opt), o->v[i].value,
		    prefix_of(o->v[i].opt, o->v[i].value));
	if (is_login(o) && !has(o, HS_SCOPEOPT_ADDR))
		put_line(&l, -1, "addr", "*", "");
	return hs_buf_err(text) == HS_OK ? HS_OK
					 : hs_fail(err, HS_ERR_TOO_LONG, "too long");
}

static int
from_options(const struct hs_scopeopts *o, uint64_t max_ttl, struct hs_scope **out,
    struct hs_err *err)
{
	int where[HS_SCOPEOPTS_LINES], opt = -1, rc;
	struct hs_buf text = {0};
	struct hs_err fault = {0};

	rc = hs_scopeopts_text(o, max_ttl, &text, where, err);
	if (rc != HS_OK)
		goto out;
	rc = hs_scope_parse(hs_buf_str(&text), out, &fault);
	if (rc == HS_OK)
		goto out;
	if (fault.line > 0 && fault.line <= HS_SCOPEOPTS_LINES &&
	    fault.line <=
		o->n +
		    (o->on_end != NULL ? 5 : 4)) // the lines that an option stands behind
		opt = where[fault.line - 1];
	if (opt >= 0)
		rc = hs_fail(
		    err, HS_ERR_USAGE, "--%s: %s", name_of(opt), hs_err_sentence(&fault));
	else
		rc = hs_fail(err, HS_ERR_USAGE, "%s", hs_err_sentence(&fault));
out:
	hs_buf_free(&text);
	return rc;
}

static int
from_file(const struct hs_scopeopts *o, struct hs_scope **out, struct hs_err *err)
{
	const char *name = strcmp(o->file, "-") == 0 ? "standard input" : o->file;
	struct hs_buf text = {0};
	struct hs_err fault = {0};
	int rc = hs_paths_read(o->file, HS_SCOPE_BYTES_MAX, true, &text, err);

	if (rc == HS_OK) {
		rc = hs_scope_parse(hs_buf_str(&text), out, &fault);
		if (rc != HS_OK)
			rc = hs_fail_at(err, (enum hs_code)rc, fault.line, fault.column,
			    "%s:%u:%u: %s", name, fault.line, fault.column,
			    hs_err_sentence(&fault));
	}
	hs_buf_free(&text);
	return rc;
}

int
hs_scopeopts_build(const struct hs_scopeopts *o, uint64_t max_ttl,
    const char *max_ttl_option, struct hs_scope **out, struct hs_err *err)
{
	*out = NULL;
	if (hs_scopeopts_named(o)) {
		struct hs_buf joined = {0};
		int rc = hs_scopeopts_names(o, &joined, err);

		hs_buf_free(&joined);
		return rc;
	}
	if (o->file == NULL)
		return from_options(o, max_ttl, out, err);
	if (o->n > 0 || o->uses != NULL || o->depth != NULL || o->on_end != NULL)
		return hs_fail(err, HS_ERR_USAGE,
		    "--scope-file holds the whole scope: --%s cannot be given too",
		    o->n > 0	       ? name_of(o->v[0].opt)
		    : o->uses != NULL  ? "uses"
		    : o->depth != NULL ? "depth"
				       : "on-end");
	if (max_ttl_option != NULL)
		return hs_fail(err, HS_ERR_USAGE,
		    "--scope-file holds the whole scope, max-ttl too: %s cannot be given",
		    max_ttl_option);
	return from_file(o, out, err);
}
