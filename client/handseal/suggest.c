// SPDX-License-Identifier: ISC
//
// The ssh command to try next, in words that can be pasted. Contract in suggest.h.
#include "client/handseal/suggest.h"

#include <stdio.h>
#include <string.h>
#include "proto/text.h"

// The first value, or a word in capitals where it is a pattern.
static void
put_value(struct hs_buf *b, const struct hs_scope *s, size_t st, enum hs_scope_key key,
    const char *otherwise)
{
	struct hs_str v = hs_scope_value(s, st, key, 0);

	if (v.p[0] == '*')
		v = hs_str_c(otherwise);
	hs_put_raw(b, v.p, v.len);
}

static void
put_command(struct hs_buf *b, const struct hs_scope *s, size_t st)
{
	enum hs_cmd_kind kind;
	struct hs_str v;
	size_t n;

	(void)hs_scope_cmd(s, st, 0, &kind, &n);
	if (kind == HS_CMD_ANY)
		return;
	v = hs_scope_value(s, st, HS_KEY_CMD, 0);
	hs_put_u8(b, ' ');
	hs_words_put(b, v, false);
}

static void
put_identity(struct hs_buf *b, const struct hs_subject *subject)
{
	char beside[HS_PATHS_MAX + 16];

	hs_put_fmt(b, "-i ");
	hs_words_put(b, hs_str_c(subject->identity), false);
	hs_put_u8(b, ' ');
	snprintf(beside, sizeof beside, "%s-cert.pub", subject->identity);
	if (strcmp(beside, subject->certificate) == 0)
		return; // ssh finds it by itself
	hs_put_fmt(b, "-o CertificateFile=");
	hs_words_put(b, hs_str_c(subject->certificate), false);
	hs_put_u8(b, ' ');
}

void
hs_suggest_ssh(struct hs_buf *b, const struct hs_scope *s, const struct hs_subject *subject)
{
	for (size_t st = 0; st < hs_scope_statements(s); st++) {
		enum hs_cmd_kind kind;
		size_t n;

		if (hs_scope_values(s, st, HS_KEY_USER) == 0 ||
		    hs_scope_values(s, st, HS_KEY_HOST) == 0 ||
		    hs_scope_values(s, st, HS_KEY_CMD) == 0)
			continue;
		(void)hs_scope_cmd(s, st, 0, &kind, &n);
		hs_put_fmt(
		    b, kind == HS_CMD_SFTP || kind == HS_CMD_SFTP_WRITE ? "sftp " : "ssh ");
		if (subject != NULL)
			put_identity(b, subject);
		put_value(b, s, st, HS_KEY_USER, "USER");
		hs_put_u8(b, '@');
		put_value(b, s, st, HS_KEY_HOST, "HOST");
		if (kind != HS_CMD_SFTP && kind != HS_CMD_SFTP_WRITE)
			put_command(b, s, st);
		return;
	}
}

static void
put_option(struct hs_buf *b, const char *option, struct hs_str value, const char *otherwise)
{
	hs_put_fmt(b, " %s ", option);
	if (value.len > 0 && hs_text_shown(value, NULL))
		hs_words_put(b, value, false);
	else
		hs_put_fmt(b, "%s", otherwise);
}

void
hs_suggest_request(struct hs_buf *b, const struct hs_suggest_wish *wish)
{
	hs_put_fmt(b, "handseal request");
	if (wish->ns.len > 0) {
		put_option(b, "--ns", wish->ns, "NAME");
	} else {
		put_option(b, "--user", wish->user, "USER");
		put_option(b, "--host", wish->host, "HOST");
		put_option(b, "--cmd", wish->command, "'CMD'");
	}
	hs_put_fmt(b, " --reason 'WHY'");
}
