// SPDX-License-Identifier: ISC
//
// The filter of ssh_config(5) against a second reading of its lines, made with C strings as
// OpenSSH's own is: what comes out holds no keyword that is dropped, all others with the
// same words behind them on the same line, and does not change when it is filtered again.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "client/handseal/sshconfig.h"

#define BLANKS " \t\r\n"
#define CHECK(x)                                                                           \
	do {                                                                               \
		if (!(x))                                                                  \
			abort();                                                           \
	} while (0)

static const char *const dropped[] = {"addkeystoagent", "certificatefile", "controlmaster",
    "controlpath", "controlpersist", "forwardagent", "identitiesonly", "identityagent",
    "identityfile", "identityfile2", "pkcs11provider", "securitykeyprovider",
    "smartcarddevice"};

// The next word of *s, which is changed; *s is NULL behind the last. NULL: no end of
// quotes.
static char *
next_word(char **s)
{
	char *word = *s, *end;
	bool equals;

	if (word == NULL)
		return NULL;
	*s = strpbrk(word, BLANKS "\"=");
	if (*s == NULL)
		return word;
	if (**s == '"') {
		memmove(*s, *s + 1, strlen(*s));
		end = strchr(*s, '"');
		if (end == NULL)
			return NULL;
		*end = '\0';
		*s = end + 1 + strspn(end + 1, BLANKS);
		return word;
	}
	equals = **s == '=';
	**s = '\0';
	*s += 1 + strspn(*s + 1, BLANKS);
	if (**s == '=' && !equals)
		*s += 1 + strspn(*s + 1, BLANKS);
	return word;
}

// As the beginning of a line is read. False: it says nothing.
static bool
read_line(char *line, const char **keyword, const char **rest)
{
	size_t len = strlen(line);

	while (len > 1 && strchr(BLANKS "\f", line[len - 1]) != NULL)
		line[--len] = '\0';
	*keyword = next_word(&line);
	if (*keyword != NULL && **keyword == '\0')
		*keyword = next_word(&line);
	if (*keyword == NULL || **keyword == '\0' || **keyword == '#')
		return false;
	*rest = line != NULL ? line + strspn(line, BLANKS) : "";
	return true;
}

static bool
is_dropped(const char *keyword)
{
	for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
		if (strcasecmp(keyword, dropped[i]) == 0)
			return true;
	return false;
}

static char *
copy_of(struct hs_str s)
{
	char *copy = calloc(s.len + 1, 1);

	CHECK(copy != NULL);
	if (s.len > 0)
		memcpy(copy, s.p, s.len);
	return copy;
}

static struct hs_str
take_line(struct hs_str *s)
{
	const uint8_t *lf = memchr(s->p, '\n', s->len);
	struct hs_str line = {s->p, lf == NULL ? s->len : (size_t)(lf - s->p)};

	s->p += line.len + (lf != NULL);
	s->len -= line.len + (lf != NULL);
	return line;
}

static void
compare(struct hs_str in, struct hs_str out)
{
	const char *was = NULL, *was_rest = NULL, *is = NULL, *is_rest = NULL;

	while (in.len > 0) {
		char *a, *b;
		bool said, kept;

		CHECK(out.len > 0);
		a = copy_of(take_line(&in));
		b = copy_of(take_line(&out));
		said = read_line(a, &was, &was_rest);
		kept = read_line(b, &is, &is_rest);
		CHECK(!kept || (said && strcasecmp(is, was) == 0 && !is_dropped(is)));
		if (said && strcasecmp(was, "include") == 0)
			CHECK(!kept || strncmp(is_rest, "/x", 2) == 0);
		else if (said && !is_dropped(was))
			CHECK(kept && strcmp(is_rest, was_rest) == 0);
		free(a);
		free(b);
	}
	CHECK(out.len == 0);
}

static int
include(void *arg, struct hs_str pattern, struct hs_buf *out, struct hs_err *err)
{
	(void)arg;
	(void)err;
	CHECK(pattern.len > 0);
	hs_put_fmt(out, " /x");
	return HS_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_str in = {data, size};
	struct hs_buf out = {0}, again = {0};
	struct hs_err err = {0};
	int rc = hs_sshconfig_filter(in, include, NULL, &out, &err);

	if (rc == HS_OK) {
		compare(in, hs_buf_str(&out));
		CHECK(hs_sshconfig_filter(hs_buf_str(&out), include, NULL, &again, NULL) ==
		      HS_OK);
	} else {
		CHECK(err.code == HS_ERR_TOO_LONG || err.code == HS_ERR_CONFIG ||
		      rc == HS_ERR_TOO_LONG);
	}
	hs_buf_free(&out);
	hs_buf_free(&again);
	return 0;
}
