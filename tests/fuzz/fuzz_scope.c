// SPDX-License-Identifier: ISC
//
// Fuzzes scope text: what is read has a canonical text that is its own, allows itself, can
// be described, and whose commands survive being written again.
#include <stdint.h>
#include <stdlib.h>
#include "proto/describe.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
commands(const struct hs_scope *s, size_t st)
{
	for (size_t i = 0; i < hs_scope_values(s, st, HS_KEY_CMD); i++) {
		struct hs_words again;
		struct hs_buf b = {0};
		enum hs_cmd_kind kind;
		struct hs_err err;
		size_t n;
		const struct hs_str *w = hs_scope_cmd(s, st, i, &kind, &n);

		must((n > 0) == (kind == HS_CMD_EXACT || kind == HS_CMD_PREFIX));
		for (size_t k = 0; k < n; k++) {
			hs_put_raw(&b, " ", k > 0);
			hs_words_put(&b, w[k], k == 0);
		}
		must(hs_words_parse(hs_buf_str(&b), HS_CMD_WORDS_MAX, &again, &err) ==
		     HS_OK);
		must(again.n == n);
		for (size_t k = 0; k < n; k++)
			must(hs_str_eq(again.w[k].text, w[k]));
		hs_words_free(&again);
		hs_buf_free(&b);
	}
}

static void
described(const struct hs_scope *s)
{
	struct hs_buf b = {0};

	hs_describe_scope(&b, s, "");
	hs_describe_scope_short(&b, s);
	must(hs_buf_err(&b) == HS_OK);
	hs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_str in = {data, len}, text;
	struct hs_scope *s = NULL, *again = NULL;
	struct hs_err err = {0};
	int rc = hs_scope_parse(in, &s, &err);

	if (rc != HS_OK) {
		must(s == NULL && err.code == (enum hs_code)rc && err.text[0] != '\0');
		must(rc == HS_ERR_TOO_LONG ||
		     (rc == HS_ERR_SCOPE && err.line > 0 && err.column > 0));
		must(hs_text_shown(hs_str_c(err.text), NULL));
		return 0;
	}
	text = hs_scope_text(s);
	must(hs_scope_parse_canonical(text, &again, &err) == HS_OK);
	must(hs_str_eq(text, hs_scope_text(again)));
	must(hs_scope_under(s, again) && hs_scope_under(again, s) && !hs_scope_below(s, s));
	hs_scope_free(&again);
	must((hs_scope_parse_canonical(in, &again, &err) == HS_OK) == hs_str_eq(in, text));
	hs_scope_free(&again);
	for (size_t st = 0; st < hs_scope_statements(s); st++)
		commands(s, st);
	described(s);
	hs_scope_free(&s);
	return 0;
}
