// SPDX-License-Identifier: ISC
//
// Small text matters that several formats share: what may be shown to a person, base64,
// hex, numbers, shell words. Pure. Not for the scope language (scope.h).
#ifndef HS_PROTO_TEXT_H
#define HS_PROTO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proto/buf.h"

// True if s is well-formed UTF-8 without control characters (C0, DEL, C1, line and
// paragraph separators), without invisible or direction-changing characters (Unicode's
// Default_Ignorable_Code_Point, U+202A-202E, U+FFF9-FFFB), noncharacters and surrogates.
// Where it is false, *at (may be NULL) is the offset of the first bad byte.
bool hs_text_shown(struct hs_str s, size_t *at);

// Takes a string of at most max bytes that is such a text. HS_ERR_FORMAT where it is not,
// and what hs_get_string_max says.
int hs_text_get_shown(struct hs_rd *r, size_t max, struct hs_str *out);

// Appends s with every byte that hs_text_shown would refuse replaced by '?'.
void hs_text_put_clean(struct hs_buf *b, struct hs_str s);

bool hs_text_is_agent_name(struct hs_str s); // [a-z0-9][a-z0-9._-]{0,31}
bool hs_text_is_label(struct hs_str s); // a root's name: [A-Za-z0-9][A-Za-z0-9._-]{0,31}

// Canonical decimal (no sign, no leading zeros, nothing else). HS_ERR_FORMAT, or
// HS_ERR_TOO_LONG above max.
int hs_text_u64(struct hs_str s, uint64_t max, uint64_t *out);

// A time span: canonical decimal with an optional s, m, h or d behind it; 1..max seconds.
int hs_text_span(struct hs_str s, uint64_t max, uint64_t *seconds);

void hs_text_put_hex(struct hs_buf *b, struct hs_str s);       // lower case
void hs_text_put_base64(struct hs_buf *b, struct hs_str s);    // standard alphabet, padded
void hs_text_put_base64url(struct hs_buf *b, struct hs_str s); // URL alphabet, no padding
// Strict decoders: no whitespace, right padding (base64) or none (base64url), zero spare
// bits; HS_ERR_FORMAT, or HS_ERR_TOO_LONG if more than max bytes come out. Appends to out.
int hs_text_base64(struct hs_str s, size_t max, struct hs_buf *out);
int hs_text_base64url(struct hs_str s, size_t max, struct hs_buf *out);

// Shell words, taken apart without a shell. Blanks (space, tab) separate words; '…', "…"
// and backslash quote as in POSIX sh (in "…" a backslash only before $ ` " \). Any unquoted
// character that a shell would act on ( | & ; < > ( ) $ ` * ? [ ] { } ~ # ! and control
// bytes, newline included) and, in "…", an unescaped $ or ` is refused, so that the words
// are what every shell would have made of them, or there is an error. One exception, kept
// with its quotedness for the caller to judge: a word that is exactly an unquoted `*`. A
// '#' is only refused where it begins a word, a '~' there, behind empty quotes (zsh), and
// behind an unquoted '=' or ':' (bash); '!' only as a word of its own; '{' '}' '[' ']' '*'
// '?' anywhere; '=' in the first word (an assignment) and at the beginning of any, behind
// empty quotes too (zsh looks the rest up). A NUL is refused everywhere, a control byte
// behind a backslash and a backslash-newline in "…" too.
struct hs_word {
	struct hs_str text; // points into the words' own memory, NUL-terminated behind len
	bool quoted;	    // some part of it was quoted
	unsigned column;    // 1-based, of its first byte in what was taken apart
};

struct hs_words {
	struct hs_word *w;
	size_t n;
	struct hs_buf mem;
};

// Takes s apart. HS_ERR_FORMAT with err->column (1-based, in s) and a sentence;
// HS_ERR_TOO_LONG above max_words. No words at all is n = 0 and HS_OK. *out is zeroed
// first; free with hs_words_free, also after an error.
int hs_words_parse(
    struct hs_str s, size_t max_words, struct hs_words *out, struct hs_err *err);
void hs_words_free(struct hs_words *w);

// Appends one word so that hs_words_parse (and a POSIX shell) reads it back as itself, not
// special: bare when it is non-empty, of [A-Za-z0-9_@%+:,./-] (and '=', unless it begins
// the word or the word is the first), and not one of `...`, `subsystem:sftp`,
// `subsystem:sftp-write`; else in single quotes, a ' written as '\''. word holds no NUL.
void hs_words_put(struct hs_buf *b, struct hs_str word, bool first);

#endif
