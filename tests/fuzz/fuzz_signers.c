// SPDX-License-Identifier: ISC
//
// Any bytes as a file of allowed signers: what holds is what could be shown, in order, and
// each line that is passed over for a mistake is named; and any two parts of them as a list
// of patterns and a value.
#include <stdlib.h>
#include <string.h>
#include "proto/date.h"
#include "proto/signers.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static int
each(void *arg, const struct hs_signer *s)
{
	unsigned *last = arg;

	must(s->line > *last && s->principals.len > 0);
	must(hs_text_shown(s->principals, NULL) && hs_text_shown(s->namespaces, NULL));
	must(s->some_namespaces == (s->namespaces.len > 0));
	must(s->after.set == (s->after.seconds > 0));
	must(s->before.set == (s->before.seconds > 0));
	*last = s->line;
	return HS_OK;
}

static void
on_bad(void *arg, const struct hs_err *err)
{
	unsigned *last = arg;

	must(err->code == HS_ERR_CONFIG && err->line > *last && err->column > 0);
	must(err->text[0] != '\0');
	*last = err->line;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_str text = {data, size}, list = text, value = {0};
	const uint8_t *lf = size > 0 ? memchr(data, '\n', size) : NULL;
	unsigned last = 0;
	uint64_t t;
	bool local;

	must(hs_signers_walk(text, each, on_bad, &last) == HS_OK);
	if (lf != NULL) {
		list.len = (size_t)(lf - data);
		value = (struct hs_str){lf + 1, size - list.len - 1};
	}
	if (list.len == 0)
		must(!hs_signers_match(list, value));
	else
		(void)hs_signers_match(list, value);
	if (hs_date_read_openssh(list, &t, &local) == HS_OK)
		must(list.len >= 8 && list.len <= 17);
	return 0;
}
