// SPDX-License-Identifier: ISC
//
// The values of `cmd`: shell words with a last `...`, a lone `*`, or a subsystem
// (docs/PROTOCOL.scope, "Commands"). Only what is not quoted is ever special.
#include "proto/scope_internal.h"

#include <string.h>

static bool
is_bare(const struct hs_word *w, const char *text)
{
	return !w->quoted && hs_str_is(w->text, text);
}

static const char *
misplaced(const struct hs_word *w, bool last, bool alone)
{
	if (is_bare(w, "*") && !alone)
		return "`*` means anything and stands alone; quote it to mean itself";
	if (is_bare(w, "...") && (!last || alone))
		return "`...` means further arguments and is the last word behind a "
		       "command; "
		       "quote it to mean itself";
	if (!alone && (is_bare(w, "subsystem:sftp") || is_bare(w, "subsystem:sftp-write")))
		return "a subsystem stands alone; quote it to mean the word";
	return NULL;
}

static int
check_words(const struct hs_words *words, struct hs_err *err)
{
	const char *why = NULL;
	size_t i = 0;

	if (words->n == 0)
		return hs_fail_at(err, HS_ERR_SCOPE, 0, 1, "the command has no words");
	if (words->w[0].text.len == 0)
		return hs_fail_at(
		    err, HS_ERR_SCOPE, 0, 1, "the command's first word is empty");
	while (i < words->n && why == NULL) {
		why = misplaced(&words->w[i], i + 1 == words->n, words->n == 1);
		i++;
	}
	return why == NULL
		   ? HS_OK
		   : hs_fail_at(err, HS_ERR_SCOPE, 0, words->w[i - 1].column, "%s", why);
}

// The form of words that check_words let pass; *n is how many belong to the command itself.
static void
classify(const struct hs_words *words, struct scope_value *out, size_t *n)
{
	const struct hs_word *first = words->w, *last = words->w + words->n - 1;

	*n = 0;
	if (is_bare(first, "*")) {
		out->cmd.kind = HS_CMD_ANY;
		out->any = true;
		out->text = hs_str_c("*");
	} else if (is_bare(first, "subsystem:sftp")) {
		out->cmd.kind = HS_CMD_SFTP;
		out->text = hs_str_c("subsystem:sftp");
	} else if (is_bare(first, "subsystem:sftp-write")) {
		out->cmd.kind = HS_CMD_SFTP_WRITE;
		out->text = hs_str_c("subsystem:sftp-write");
	} else {
		out->cmd.kind = is_bare(last, "...") ? HS_CMD_PREFIX : HS_CMD_EXACT;
		*n = out->cmd.kind == HS_CMD_PREFIX ? words->n - 1 : words->n;
	}
}

static struct hs_str
copy(struct arena *a, struct hs_str s)
{
	uint8_t *p = scope_alloc(a, s.len + 1);

	if (p == NULL)
		return (struct hs_str){0};
	if (s.len > 0)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return (struct hs_str){p, s.len};
}

static int
keep_words(struct arena *a, const struct hs_words *words, size_t n, struct scope_value *out)
{
	struct hs_str *w = scope_alloc(a, n * sizeof(*w));

	if (w == NULL)
		return HS_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		w[i] = copy(a, words->w[i].text);
		if (w[i].p == NULL)
			return HS_ERR_NOMEM;
	}
	out->cmd.words = w;
	out->cmd.nwords = n;
	return HS_OK;
}

// The canonical text; most commands are written so already.
static int
write_text(struct arena *a, struct scope_value *out)
{
	struct hs_buf text = {0};
	int rc;

	for (size_t i = 0; i < out->cmd.nwords; i++) {
		if (i > 0)
			hs_put_u8(&text, ' ');
		hs_words_put(&text, out->cmd.words[i], i == 0);
	}
	if (out->cmd.kind == HS_CMD_PREFIX)
		hs_put_raw(&text, " ...", 4);
	rc = hs_buf_err(&text);
	if (rc == HS_OK && !hs_str_eq(hs_buf_str(&text), out->text)) {
		out->text = copy(a, hs_buf_str(&text));
		if (out->text.p == NULL)
			rc = HS_ERR_NOMEM;
	}
	hs_buf_free(&text);
	return rc;
}

int
scope_cmd_read(
    struct arena *a, struct hs_str in, struct scope_value *out, struct hs_err *err)
{
	struct hs_words words;
	size_t n = 0;
	int rc;

	rc = hs_words_parse(in, HS_CMD_WORDS_MAX, &words, err);
	if (rc == HS_ERR_FORMAT)
		rc = err->code = HS_ERR_SCOPE;
	if (rc == HS_OK)
		rc = check_words(&words, err);
	if (rc == HS_OK)
		classify(&words, out, &n);
	if (rc == HS_OK && n > 0) {
		rc = keep_words(a, &words, n, out);
		if (rc == HS_OK)
			rc = write_text(a, out);
		if (rc != HS_OK)
			rc = hs_fail(err, (enum hs_code)rc, "%s",
			    hs_code_sentence((enum hs_code)rc));
	}
	hs_words_free(&words);
	return rc;
}
