// SPDX-License-Identifier: ISC
//
// Filtering ssh_config(5). Contract in sshconfig.h.
#include "client/handseal/sshconfig.h"

#include <string.h>

// What a seat does in place of the user's configuration. The names that OpenSSH has as
// aliases are here too. Control*: a connection that the person has open already would be
// used by the agent as well, past the seat and every scope; so would a ticket, and the
// host's own key. PreferredAuthentications may leave out logins by key.
static const char *const dropped[] = {"addkeystoagent", "certificatefile", "controlmaster",
    "controlpath", "controlpersist", "forwardagent", "gssapiauthentication",
    "gssapidelegatecredentials", "hostbasedauthentication", "identitiesonly",
    "identityagent", "identityfile", "identityfile2", "pkcs11provider",
    "preferredauthentications", "securitykeyprovider", "smartcarddevice"};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip(struct hs_str *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

static void
skip_blanks(struct hs_str *s)
{
	while (s->len > 0 && is_blank(s->p[0]))
		skip(s, 1);
}

// misc.c's strdelim(): a word ends at a blank, at the end of a quoted part that may begin
// anywhere in it, or at '=', of which one is skipped. False: the quotes have no end.
static bool
take_word(struct hs_str *s, struct hs_buf *word)
{
	const uint8_t *end;
	bool equals;
	size_t i = 0;

	while (i < s->len && !is_blank(s->p[i]) && s->p[i] != '"' && s->p[i] != '=')
		i++;
	hs_put_raw(word, s->p, i);
	skip(s, i);
	if (s->len == 0)
		return true;
	if (s->p[0] == '"') {
		skip(s, 1);
		end = s->len > 0 ? memchr(s->p, '"', s->len) : NULL;
		if (end == NULL)
			return false;
		hs_put_raw(word, s->p, (size_t)(end - s->p));
		skip(s, (size_t)(end - s->p) + 1);
		skip_blanks(s);
		return true;
	}
	equals = s->p[0] == '=';
	skip(s, 1);
	skip_blanks(s);
	if (!equals && s->len > 0 && s->p[0] == '=') {
		skip(s, 1);
		skip_blanks(s);
	}
	return true;
}

bool
hs_sshconfig_keyword(struct hs_str line, struct hs_buf *keyword, struct hs_str *rest)
{
	const uint8_t *nul = line.len > 0 ? memchr(line.p, 0, line.len) : NULL;

	if (nul != NULL) // C strings: ssh sees no further
		line.len = (size_t)(nul - line.p);
	while (line.len > 1 &&
	       (is_blank(line.p[line.len - 1]) || line.p[line.len - 1] == '\f'))
		line.len--;
	if (!take_word(&line, keyword))
		return false;
	if (keyword->len == 0 && !take_word(&line, keyword)) // blanks, or '=', in front
		return false;
	if (keyword->len == 0 || keyword->p[0] == '#')
		return false;
	*rest = line;
	return true;
}

static uint8_t
lower_of(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool
hs_sshconfig_is(struct hs_str keyword, const char *lower)
{
	size_t i = 0;

	while (i < keyword.len && lower[i] != '\0' &&
	       lower_of(keyword.p[i]) == (uint8_t)lower[i])
		i++;
	return i == keyword.len && lower[i] == '\0';
}

static bool
is_dropped(struct hs_str keyword)
{
	for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
		if (hs_sshconfig_is(keyword, dropped[i]))
			return true;
	return false;
}

static bool
is_plain(struct hs_str keyword)
{
	for (size_t i = 0; i < keyword.len; i++) {
		uint8_t c = lower_of(keyword.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			return false;
	}
	return true;
}

// So that it is read back as exactly these two. A keyword with other characters is none
// that ssh knows, and IgnoreUnknown may still ask to pass it over.
static void
put_line(struct hs_buf *out, struct hs_str keyword, struct hs_str rest)
{
	bool plain = is_plain(keyword);

	hs_put_fmt(out, "%s", plain ? "" : "\"");
	hs_put_raw(out, keyword.p, keyword.len);
	hs_put_fmt(out, "%s",
	    !plain			       ? "\" "
	    : rest.len > 0 && rest.p[0] == '=' ? "="
					       : " ");
	hs_put_raw(out, rest.p, rest.len);
}

// misc.c's argv_split(), one word of it, up to a comment. False at the end; *bad: quotes
// have no end.
static bool
take_argument(struct hs_str *s, struct hs_buf *word, bool *bad)
{
	uint8_t quote = 0;
	size_t i = 0;

	while (s->len > 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
		skip(s, 1);
	if (s->len == 0 || s->p[0] == '#')
		return false;
	for (; i < s->len; i++) {
		uint8_t c = s->p[i], next = i + 1 < s->len ? s->p[i + 1] : 0;

		if (c == '\\' && (next == '\'' || next == '"' || next == '\\' ||
				     (quote == 0 && next == ' '))) {
			hs_put_u8(word, next);
			i++;
		} else if (quote == 0 && (c == ' ' || c == '\t')) {
			break;
		} else if (quote == 0 && (c == '"' || c == '\'')) {
			quote = c;
		} else if (quote != 0 && c == quote) {
			quote = 0;
		} else {
			hs_put_u8(word, c);
		}
	}
	skip(s, i);
	*bad = quote != 0;
	return true;
}

static int
put_include(struct hs_buf *out, struct hs_str rest, unsigned line,
    hs_sshconfig_include_fn *include, void *arg, struct hs_err *err)
{
	struct hs_buf pattern = {0}, paths = {0};
	bool bad = false;
	int rc = HS_OK;

	while (rc == HS_OK && take_argument(&rest, &pattern, &bad)) {
		rc = hs_buf_err(&pattern);
		if (rc == HS_OK && bad)
			rc = hs_fail_at(err, HS_ERR_CONFIG, line, 0,
			    "the quotes of Include have no end");
		else if (rc == HS_OK && pattern.len == 0)
			rc = hs_fail_at(err, HS_ERR_CONFIG, line, 0, "Include of nothing");
		if (rc == HS_OK)
			rc = include(arg, hs_buf_str(&pattern), &paths, err);
		hs_buf_reset(&pattern);
	}
	if (rc == HS_OK)
		rc = hs_buf_err(&paths);
	if (rc == HS_OK && paths.len > 0) {
		hs_put_fmt(out, "Include");
		hs_put_raw(out, paths.p, paths.len);
	}
	if (err != NULL && rc != HS_OK && err->line == 0)
		err->line = line;
	hs_buf_free(&pattern);
	hs_buf_free(&paths);
	return rc;
}

int
hs_sshconfig_filter(struct hs_str text, hs_sshconfig_include_fn *include, void *arg,
    struct hs_buf *out, struct hs_err *err)
{
	struct hs_buf keyword = {0};
	unsigned number = 0;
	int rc = HS_OK;

	while (rc == HS_OK && text.len > 0) {
		const uint8_t *lf = memchr(text.p, '\n', text.len);
		struct hs_str line = {
		    text.p, lf == NULL ? text.len : (size_t)(lf - text.p)};
		struct hs_str rest = {0};

		skip(&text, line.len + (lf != NULL));
		number++;
		hs_buf_reset(&keyword);
		if (hs_sshconfig_keyword(line, &keyword, &rest)) {
			if (hs_sshconfig_is(hs_buf_str(&keyword), "include"))
				rc = put_include(out, rest, number, include, arg, err);
			else if (!is_dropped(hs_buf_str(&keyword)))
				put_line(out, hs_buf_str(&keyword), rest);
		}
		hs_put_u8(out, '\n');
		if (rc == HS_OK)
			rc = hs_buf_err(&keyword);
		if (rc == HS_OK)
			rc = hs_buf_err(out);
	}
	hs_buf_free(&keyword);
	return rc;
}
