// SPDX-License-Identifier: ISC
//
// Reading sshd's "Accepted publickey", and its other ways of being accepted. Contract in
// sshdlog.h.
#include "client/handseal/sshdlog.h"

#include <string.h>
#include "proto/text.h"

#define FRONT	  "Accepted "
#define PRINT	  "SHA256:"
#define PRINT_LEN 50

// What is in front of word, which is taken off too; false: word is not there.
static bool
until(struct hs_str *s, const char *word, struct hs_str *out)
{
	size_t n = strlen(word);
	const uint8_t *at = memmem(s->p, s->len, word, n);

	if (at == NULL)
		return false;
	*out = (struct hs_str){s->p, (size_t)(at - s->p)};
	s->p = at + n;
	s->len -= out->len + n;
	return true;
}

// The same of the last such word: a certificate's id may hold anything.
static bool
until_last(struct hs_str *s, const char *word, struct hs_str *out)
{
	size_t n = strlen(word), at;

	if (s->len < n)
		return false;
	for (at = s->len - n; at > 0; at--)
		if (memcmp(s->p + at, word, n) == 0)
			break;
	if (memcmp(s->p + at, word, n) != 0)
		return false;
	*out = (struct hs_str){s->p, at};
	s->p += at + n;
	s->len -= at + n;
	return true;
}

static bool
is_print(struct hs_str s)
{
	return s.len == PRINT_LEN && memcmp(s.p, PRINT, sizeof PRINT - 1) == 0;
}

// handseal:SESSION:SERIAL:AGENT, handseal:direct:SERIAL:AGENT
static void
parse_id(struct hs_sshdlog *l)
{
	struct hs_str rest = l->id, front, session, serial;
	uint64_t n;

	if (!until(&rest, ":", &front) || !hs_str_is(front, "handseal") ||
	    !until(&rest, ":", &session) || !until(&rest, ":", &serial) ||
	    hs_text_u64(serial, UINT64_MAX, &n) != HS_OK || n != l->serial ||
	    !hs_text_is_agent_name(rest))
		return;
	l->direct = hs_str_is(session, "direct");
	if (!l->direct && session.len != HS_SESSION_ID_LEN)
		return;
	l->session = session;
	l->agent = rest;
	l->ours = true;
}

static bool
parse_certificate(struct hs_str rest, struct hs_sshdlog *l)
{
	struct hs_str ca, number;

	if (!until_last(&rest, ") CA ", &l->id) || !until(&rest, " ", &ca) ||
	    !is_print(rest))
		return false;
	l->ca = rest;
	rest = l->id;
	if (!until_last(&rest, " (serial ", &l->id))
		return false;
	number = rest;
	if (hs_text_u64(number, UINT64_MAX, &l->serial) != HS_OK)
		return false;
	parse_id(l);
	return true;
}

static bool
has_letter(struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z')
			return true;
	return false;
}

// In front stands more than a time, a host and a program's name: then this is another line,
// that quotes what a client sent (a user's name, why it disconnects) or what somebody ran.
static bool
is_quoted(struct hs_str front)
{
	static const char *const quoting[] = {
	    "nvalid user ", "COMMAND=", "handseal-shell[", "handseal-verify["};
	struct hs_str rest, tag;
	size_t word;

	for (size_t i = 0; i < sizeof quoting / sizeof quoting[0]; i++) {
		rest = front;
		if (until(&rest, quoting[i], &tag))
			return true;
	}
	rest = front;
	if (!until(&rest, ": ", &tag))
		return false;
	for (word = tag.len; word > 0 && tag.p[word - 1] != ' '; word--)
		;
	// "sshd[71]: " is one; "port 50022:11: " stands in a line of sshd's that has none
	if (!has_letter((struct hs_str){tag.p + word, tag.len - word}))
		return true;
	for (size_t i = 0; i < rest.len; i++)
		if (rest.p[i] != ' ')
			return true;
	return false;
}

// What a program has packed (JSON, CSV) is not taken apart here.
static bool
is_packed(struct hs_str line)
{
	while (line.len > 0 && (line.p[0] == ' ' || line.p[0] == '\t')) {
		line.p++;
		line.len--;
	}
	return line.len > 0 && (line.p[0] == '{' || line.p[0] == '"');
}

// A password and the like. Submethods stand behind a slash.
static bool
is_keyless(struct hs_str method)
{
	static const char *const known[] = {
	    "password", "keyboard-interactive", "gssapi-with-mic", "hostbased", "none"};
	struct hs_str front;

	if (hs_str_cut(&method, '/', &front))
		method = front;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (hs_str_is(method, known[i]))
			return true;
	return false;
}

int
hs_sshdlog_parse(struct hs_str line, struct hs_sshdlog *out)
{
	struct hs_str rest = line, front, method, port, type;

	*out = (struct hs_sshdlog){0};
	if (line.len > HS_SSHDLOG_LINE_MAX || !until(&rest, FRONT, &front) ||
	    !until(&rest, " for ", &method))
		return HS_NO_SUCH;
	out->keyless = is_keyless(method);
	if (!out->keyless && !hs_str_is(method, "publickey"))
		return HS_NO_SUCH;
	if (is_packed(line))
		return HS_ERR_FORMAT;
	if (is_quoted(front))
		return HS_NO_SUCH;
	while (
	    rest.len > 0 && (rest.p[rest.len - 1] == '\n' || rest.p[rest.len - 1] == '\r'))
		rest.len--;
	if (!until(&rest, " from ", &out->user) || !until(&rest, " port ", &out->addr) ||
	    !until(&rest, out->keyless ? " ssh2" : " ssh2: ", &port) ||
	    hs_text_u64(port, 65535, &out->port) != HS_OK)
		return HS_ERR_FORMAT;
	if (out->keyless)
		return HS_OK;
	if (!until(&rest, " ", &type))
		return HS_ERR_FORMAT;
	out->certificate = type.len > 5 && memcmp(type.p + type.len - 5, "-CERT", 5) == 0;
	if (!out->certificate) {
		out->fingerprint = rest;
		return is_print(rest) ? HS_OK : HS_ERR_FORMAT;
	}
	if (!until(&rest, " ID ", &out->fingerprint) || !is_print(out->fingerprint) ||
	    !parse_certificate(rest, out))
		return HS_ERR_FORMAT;
	return HS_OK;
}
