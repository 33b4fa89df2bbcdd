// SPDX-License-Identifier: ISC
//
// The options that build a scope on the command line, shared by open and request. The only
// place with defaults (--addr *, --uses *, --depth 0, --on-end kill): scope text itself has
// none.
#ifndef HS_CLIENT_SCOPEOPTS_H
#define HS_CLIENT_SCOPEOPTS_H

#include <getopt.h>
#include <stdbool.h>
#include "proto/scope.h"

enum hs_scopeopt {
	HS_SCOPEOPT_ADDR = 1000, // in the order of enum hs_scope_key
	HS_SCOPEOPT_CAP,
	HS_SCOPEOPT_CMD,
	HS_SCOPEOPT_HOST,
	HS_SCOPEOPT_NS,
	HS_SCOPEOPT_OPEN,
	HS_SCOPEOPT_PERMIT,
	HS_SCOPEOPT_USER,
	HS_SCOPEOPT_USES,
	HS_SCOPEOPT_DEPTH,
	HS_SCOPEOPT_ON_END,
	HS_SCOPEOPT_FILE,
	HS_SCOPEOPT_NAME,
	HS_SCOPEOPT_END
};

// clang-format off
#define HS_SCOPEOPTS_LONG \
	{"addr", required_argument, NULL, HS_SCOPEOPT_ADDR}, \
	{"cap", required_argument, NULL, HS_SCOPEOPT_CAP}, \
	{"cmd", required_argument, NULL, HS_SCOPEOPT_CMD}, \
	{"host", required_argument, NULL, HS_SCOPEOPT_HOST}, \
	{"ns", required_argument, NULL, HS_SCOPEOPT_NS}, \
	{"open", required_argument, NULL, HS_SCOPEOPT_OPEN}, \
	{"permit", required_argument, NULL, HS_SCOPEOPT_PERMIT}, \
	{"user", required_argument, NULL, HS_SCOPEOPT_USER}, \
	{"uses", required_argument, NULL, HS_SCOPEOPT_USES}, \
	{"depth", required_argument, NULL, HS_SCOPEOPT_DEPTH}, \
	{"on-end", required_argument, NULL, HS_SCOPEOPT_ON_END}, \
	{"scope-file", required_argument, NULL, HS_SCOPEOPT_FILE}, \
	{"scope", required_argument, NULL, HS_SCOPEOPT_NAME}
// clang-format on

#define HS_SCOPEOPTS_NAMES 64

// Zero-initialise. Values point into argv, and are not copied.
struct hs_scopeopts {
	struct hs_scopeopt_value {
		int opt; // one of enum hs_scopeopt
		const char *value;
	} v[HS_SCOPE_VALUES_MAX];
	size_t n;
	struct hs_str names[HS_SCOPEOPTS_NAMES]; // --scope
	size_t nnames;
	const char *uses, *depth, *on_end, *file;
};

bool hs_scopeopts_is(int opt);
// Takes one of getopt_long's results for which hs_scopeopts_is holds. HS_ERR_USAGE with a
// sentence: given twice where once is all, too many, a --scope that can be no name.
int hs_scopeopts_take(
    struct hs_scopeopts *o, int opt, const char *value, struct hs_err *err);

// Appends the scope text of one statement that the options say, with that max-ttl in
// seconds. Line i of it (from 0) is from option where[i], or -1. HS_ERR_USAGE: no
// statement, an empty value, one with control characters.
#define HS_SCOPEOPTS_LINES (HS_SCOPE_VALUES_MAX + 8)
int hs_scopeopts_text(const struct hs_scopeopts *o, uint64_t max_ttl, struct hs_buf *text,
    int where[static HS_SCOPEOPTS_LINES], struct hs_err *err);

// The scope, from the options or the file. max_ttl_option (may be NULL) names the option
// that said max_ttl: a file says its own, and both is HS_ERR_USAGE. Faults name the option,
// or the file with line and column. Else as hs_scope_parse and hs_paths_read. Where --scope
// names it, *out is NULL with HS_OK: the daemon's policy has to be asked (named.h).
int hs_scopeopts_build(const struct hs_scopeopts *o, uint64_t max_ttl,
    const char *max_ttl_option, struct hs_scope **out, struct hs_err *err);

bool hs_scopeopts_named(const struct hs_scopeopts *o); // --scope was given
bool hs_scopeopts_none(const struct hs_scopeopts *o);  // nothing says what is asked for

// Appends the names, a blank between them. HS_ERR_USAGE: what they name is all that is
// asked for, and something else was given too.
int hs_scopeopts_names(
    const struct hs_scopeopts *o, struct hs_buf *out, struct hs_err *err);

// Replaces what the named scopes came to by less of it, where --uses, --depth, --on-end or
// an option for its max-ttl (NULL: none) say so. HS_ERR_USAGE, and *scope as it was, where
// that is malformed, or would be more.
int hs_scopeopts_narrow(const struct hs_scopeopts *o, uint64_t max_ttl,
    const char *max_ttl_option, struct hs_scope **scope, struct hs_err *err);

#endif
