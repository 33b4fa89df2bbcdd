// SPDX-License-Identifier: ISC
//
// Fuzzes shell words: what is taken apart has its limits, is well formed, and written again
// gives the same words, none of them special.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define WORDS_MAX 16

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check(const struct hs_words *w, size_t len)
{
	unsigned column = 0;

	must(w->n <= WORDS_MAX);
	for (size_t i = 0; i < w->n; i++) {
		struct hs_str t = w->w[i].text;

		must(w->w[i].column > column && w->w[i].column <= len);
		column = w->w[i].column;
		must(memchr(t.p, 0, t.len) == NULL && t.p[t.len] == 0);
		must(t.len > 0 || w->w[i].quoted);
	}
}

static void
write_again(const struct hs_words *w)
{
	struct hs_buf b = {0};
	struct hs_words again;
	struct hs_err err;

	for (size_t i = 0; i < w->n; i++) {
		hs_put_raw(&b, " ", i > 0);
		hs_words_put(&b, w->w[i].text, i == 0);
	}
	must(hs_words_parse(hs_buf_str(&b), WORDS_MAX, &again, &err) == HS_OK);
	must(again.n == w->n);
	for (size_t i = 0; i < w->n; i++) {
		must(hs_str_eq(again.w[i].text, w->w[i].text));
		must(again.w[i].quoted || (!hs_str_is(again.w[i].text, "*") &&
					      !hs_str_is(again.w[i].text, "...")));
	}
	hs_words_free(&again);
	hs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_err err = {0};
	struct hs_words w;
	int rc = hs_words_parse((struct hs_str){data, len}, WORDS_MAX, &w, &err);

	if (rc == HS_OK) {
		check(&w, len);
		write_again(&w);
	} else if (rc == HS_ERR_FORMAT) {
		must(err.column > 0 && err.column <= len && err.text[0] != '\0');
	} else {
		must(rc == HS_ERR_TOO_LONG);
	}
	hs_words_free(&w);
	must(w.n == 0 && w.w == NULL);
	return 0;
}
