// SPDX-License-Identifier: ISC
//
// What the readers of a server owner's two files share: lines, words, and complaints with
// line and column. Read by serverconf.c, roots.c and the policy (policy_parse.c); the
// contract for everybody else is serverconf.h.
#ifndef HS_PROTO_SERVERCONF_INTERNAL_H
#define HS_PROTO_SERVERCONF_INTERNAL_H

#include "proto/scope.h"
#include "proto/serverconf.h"

// One line of a file, and what is left of it. Zero-initialise but for err.
struct conf_line {
	struct hs_str whole, rest;
	unsigned number;    // 1-based
	struct hs_err *err; // may be NULL
};

// Takes the next line off text; false at its end. Blanks at both ends are gone from
// l->rest, which is empty for a comment too.
bool conf_next_line(struct hs_str *text, struct conf_line *l);

// Takes a word off l->rest, and the blanks behind it. Empty at the line's end.
struct hs_str conf_next_word(struct conf_line *l);

bool conf_is_blank(uint8_t c); // space or tab
void conf_skip(struct hs_str *s, size_t n);
void conf_skip_blanks(struct hs_str *s);

// HS_ERR_CONFIG, with the place of at, which points into l->whole.
int conf_refuse(const struct conf_line *l, const uint8_t *at, const char *why);

// Is name what the scope language takes as a value of key? Else HS_ERR_CONFIG with its
// reason.
int conf_check_name(const struct conf_line *l, enum hs_scope_key key, struct hs_str name);

// Seconds, or a number with s, m, h or d behind it; at most HS_TTL_MAX.
int conf_read_span(const struct conf_line *l, struct hs_str in, uint64_t *out);

#endif
