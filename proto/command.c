// SPDX-License-Identifier: ISC
//
// A client's command, taken apart. Contract in command.h.
#include "proto/command.h"

#include <stdlib.h>
#include <string.h>

bool
hs_command_is_sftp(struct hs_str word)
{
	static const char *const names[] = {"internal-sftp", "/usr/lib/openssh/sftp-server",
	    "/usr/libexec/openssh/sftp-server", "/usr/libexec/sftp-server",
	    "/usr/lib/ssh/sftp-server", "/usr/lib/sftp-server"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (hs_str_is(word, names[i]))
			return true;
	return false;
}

// What hs_words_parse leaves to its caller: an unquoted `*`, which a shell would expand,
// and what quotes can hold although no log and no terminal should.
static int
check_word(const struct hs_word *w, struct hs_err *err)
{
	if (!w->quoted && hs_str_is(w->text, "*"))
		return hs_fail(err, HS_NO_COMMAND,
		    "it is run without a shell, and a shell would expand `*`: quote it");
	if (!hs_text_shown(w->text, NULL))
		return hs_fail(err, HS_NO_COMMAND,
		    "it holds a character that cannot be shown, or is not UTF-8");
	return HS_OK;
}

// Options that say how sftp-server serves, and none that does anything else: an owner's
// Subsystem line has them, and a client may send them too.
static int
check_sftp(const struct hs_command *c, struct hs_err *err)
{
	static const char alone[] = "Re", valued[] = "Pdflpu";

	for (size_t i = 1; i < c->n; i++) {
		struct hs_str w = c->list[i];
		uint8_t option = w.len >= 2 && w.p[0] == '-' ? w.p[1] : 0;

		if (w.len == 2 && memchr(alone, option, sizeof alone - 1) != NULL)
			continue;
		if (memchr(valued, option, sizeof valued - 1) == NULL ||
		    (w.len == 2 && ++i == c->n))
			return hs_fail(err, HS_NO_COMMAND,
			    "it is sftp, with an argument that is not known here");
	}
	return HS_OK;
}

int
hs_command_take(struct hs_str text, struct hs_command *out, struct hs_err *err)
{
	struct hs_err why = {0};
	int rc;

	memset(out, 0, sizeof *out);
	out->kind = HS_REQ_COMMAND;
	if (text.len > HS_COMMAND_BYTES_MAX)
		return hs_fail(err, HS_NO_COMMAND, "the command is longer than %u bytes",
		    (unsigned)HS_COMMAND_BYTES_MAX);
	if (hs_words_parse(text, HS_COMMAND_WORDS_MAX, &out->words, &why) != HS_OK)
		return hs_fail_at(err, HS_NO_COMMAND, 0, why.column,
		    "it is run without a shell, and at byte %u %s", why.column,
		    hs_err_sentence(&why));
	if (out->words.n == 0)
		return hs_fail(err, HS_NO_COMMAND, "the command is empty");
	out->list = calloc(out->words.n, sizeof *out->list);
	if (out->list == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "out of memory");
	out->n = out->words.n;
	for (size_t i = 0; i < out->n; i++) {
		if ((rc = check_word(&out->words.w[i], err)) != HS_OK)
			return rc;
		out->list[i] = out->words.w[i].text;
	}
	if (!hs_command_is_sftp(out->list[0]))
		return HS_OK;
	out->kind = HS_REQ_SFTP;
	return check_sftp(out, err);
}

int
hs_command_parse(const char *text, struct hs_command *out, struct hs_err *err)
{
	if (text != NULL)
		return hs_command_take((struct hs_str){(const uint8_t *)text,
					   strnlen(text, HS_COMMAND_BYTES_MAX + 1)},
		    out, err);
	memset(out, 0, sizeof *out);
	out->kind = HS_REQ_SHELL;
	return HS_OK;
}

void
hs_command_free(struct hs_command *c)
{
	free(c->list);
	hs_words_free(&c->words);
	memset(c, 0, sizeof *c);
}
