// SPDX-License-Identifier: ISC
//
// Shell words: a command line taken apart, and put together again, without a shell. What is
// not the same words for every shell is refused, never guessed. Not for running anything.
#include "proto/text.h"

#include <stdlib.h>
#include <string.h>

struct lexer {
	struct hs_str s;
	size_t i; // the next byte of s
	struct hs_words
	    *out; // mem has room for all of s and its NULs, so that it never moves
	struct hs_word *word; // the one being read, or NULL between words
	struct hs_err *err;
};

static int
refuse(struct lexer *l, size_t at, const char *why)
{
	return hs_fail_at(l->err, HS_ERR_FORMAT, 0, (unsigned)at + 1, "%s", why);
}

static void
keep(struct lexer *l, uint8_t c)
{
	struct hs_buf *mem = &l->out->mem;

	mem->p[mem->len++] = c;
	l->word->text.len++;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool
is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

// True where the byte at i is a whole word, as far as blanks say.
static bool
stands_alone(const struct lexer *l, size_t i)
{
	return l->word->text.len == 0 && !l->word->quoted &&
	       (i + 1 == l->s.len || is_blank(l->s.p[i + 1]));
}

// One unquoted byte that has a meaning to some shell, or none.
static int
read_bare(struct lexer *l)
{
	uint8_t c = l->s.p[l->i];
	bool empty = l->word->text.len == 0, begins = empty && !l->word->quoted;

	if (is_control(c))
		return refuse(l, l->i, "a control character cannot stand in a command");
	if (strchr("|&;<>()$`", c) != NULL)
		return refuse(l, l->i, "a shell would act on this character: quote it");
	if (strchr("?[]{}", c) != NULL || (c == '*' && !stands_alone(l, l->i)))
		return refuse(l, l->i, "a shell would expand this pattern: quote it");
	// zsh does so behind empty quotes too
	if (c == '~' && (empty || l->s.p[l->i - 1] == '=' || l->s.p[l->i - 1] == ':'))
		return refuse(l, l->i, "a shell would expand `~` here: quote it");
	if (c == '#' && begins)
		return refuse(l, l->i, "a shell would read a comment here: quote it");
	if (c == '!' && stands_alone(l, l->i))
		return refuse(l, l->i, "a shell would read `!` as `not`: quote it");
	if (c == '=' && (empty || l->out->n == 0))
		return refuse(l, l->i, "`=` here sets a variable in a shell: quote it");
	keep(l, c);
	l->i++;
	return HS_OK;
}

static int
read_backslash(struct lexer *l)
{
	if (l->i + 1 == l->s.len)
		return refuse(l, l->i, "nothing stands behind the backslash");
	if (is_control(l->s.p[l->i + 1]))
		return refuse(
		    l, l->i + 1, "a control character cannot stand behind a backslash");
	keep(l, l->s.p[l->i + 1]);
	l->i += 2;
	return HS_OK;
}

static int
read_single(struct lexer *l)
{
	size_t start = l->i++;

	for (; l->i < l->s.len; l->i++) {
		if (l->s.p[l->i] == '\'') {
			l->i++;
			return HS_OK;
		}
		keep(l, l->s.p[l->i]);
	}
	return refuse(l, start, "this quote is not closed");
}

static int
read_double(struct lexer *l)
{
	size_t start = l->i++;

	for (; l->i < l->s.len; l->i++) {
		uint8_t c = l->s.p[l->i];
		uint8_t next = l->i + 1 < l->s.len ? l->s.p[l->i + 1] : 0;

		if (c == '"') {
			l->i++;
			return HS_OK;
		}
		if (c == '$' || c == '`')
			return refuse(l, l->i,
			    "a shell would act on this character: write a backslash before "
			    "it");
		if (c == '\\' && next == '\n')
			return refuse(l, l->i, "a line cannot be continued in a command");
		if (c == '\\' &&
		    (next == '$' || next == '`' || next == '"' || next == '\\')) {
			c = next;
			l->i++;
		}
		keep(l, c);
	}
	return refuse(l, start, "this quote is not closed");
}

// Reads up to the end of the word.
static int
read_word(struct lexer *l)
{
	int rc = HS_OK;

	while (rc == HS_OK && l->i < l->s.len && !is_blank(l->s.p[l->i])) {
		switch (l->s.p[l->i]) {
		case '\'':
			rc = read_single(l);
			l->word->quoted = true;
			break;
		case '"':
			rc = read_double(l);
			l->word->quoted = true;
			break;
		case '\\':
			rc = read_backslash(l);
			l->word->quoted = true;
			break;
		default:
			rc = read_bare(l);
		}
	}
	return rc;
}

// Room for everything that s can hold: each word is followed by a blank or by the end,
// whose byte its NUL takes.
static int
make_room(struct hs_str s, size_t max_words, struct hs_words *out, struct hs_err *err)
{
	size_t most = s.len / 2 + 1;

	if (hs_put_space(&out->mem, s.len + 1) == NULL)
		return hs_fail(err, (enum hs_code)hs_buf_err(&out->mem), "%s",
		    hs_code_sentence((enum hs_code)hs_buf_err(&out->mem)));
	out->mem.len = 0;
	if (most > max_words)
		most = max_words;
	out->w = calloc(most > 0 ? most : 1, sizeof(*out->w));
	if (out->w == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "%s", hs_code_sentence(HS_ERR_NOMEM));
	return HS_OK;
}

int
hs_words_parse(struct hs_str s, size_t max_words, struct hs_words *out, struct hs_err *err)
{
	struct lexer l = {.s = s, .out = out, .err = err};
	int rc;

	*out = (struct hs_words){0};
	if (s.len > 0 && memchr(s.p, 0, s.len) != NULL)
		return refuse(&l, (size_t)((const uint8_t *)memchr(s.p, 0, s.len) - s.p),
		    "a NUL cannot stand in a command");
	rc = make_room(s, max_words, out, err);
	while (rc == HS_OK) {
		while (l.i < s.len && is_blank(s.p[l.i]))
			l.i++;
		if (l.i == s.len)
			break;
		if (out->n == max_words) {
			rc = hs_fail_at(err, HS_ERR_TOO_LONG, 0, (unsigned)l.i + 1,
			    "a command has at most %zu words here", max_words);
			break;
		}
		l.word = &out->w[out->n];
		l.word->text.p = out->mem.p + out->mem.len;
		l.word->column = (unsigned)l.i + 1;
		rc = read_word(&l);
		out->mem.p[out->mem.len++] = '\0';
		out->n++;
	}
	return rc;
}

void
hs_words_free(struct hs_words *w)
{
	if (w == NULL)
		return;
	free(w->w);
	hs_buf_free(&w->mem);
	*w = (struct hs_words){0};
}

static bool
is_bare(struct hs_str word, bool first)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_@%+:,./-";

	for (size_t i = 0; i < word.len; i++) {
		uint8_t c = word.p[i];

		if (c == '=' && !first && i > 0)
			continue;
		if (memchr(bare, c, sizeof(bare) - 1) == NULL)
			return false;
	}
	return word.len > 0 && !hs_str_is(word, "...") &&
	       !hs_str_is(word, "subsystem:sftp") &&
	       !hs_str_is(word, "subsystem:sftp-write");
}

void
hs_words_put(struct hs_buf *b, struct hs_str word, bool first)
{
	if (is_bare(word, first)) {
		hs_put_raw(b, word.p, word.len);
		return;
	}
	hs_put_u8(b, '\'');
	for (size_t i = 0; i < word.len; i++) {
		if (word.p[i] == '\'')
			hs_put_raw(b, "'\\''", 4);
		else
			hs_put_u8(b, word.p[i]);
	}
	hs_put_u8(b, '\'');
}
