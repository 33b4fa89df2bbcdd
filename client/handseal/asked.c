// SPDX-License-Identifier: ISC
//
// Keeping what the daemon will ask a person. Contract in asked.h.
#include "client/handseal/asked.h"

#include <string.h>
#include "client/handseal/cli.h"

static void
put_keys(struct hs_asked *a, struct hs_str keys)
{
	for (size_t i = 0; i < keys.len; i++) {
		if (keys.p[i] == ',') {
			a->several = true;
			hs_put_fmt(&a->keys, " or");
		} else {
			hs_put_u8(&a->keys, keys.p[i]);
		}
	}
}

int
hs_asked_take(struct hs_asked *a, struct hs_daemon *d)
{
	const struct hs_got_touch *t = hs_got_touch(d->client);
	struct hs_err err = {0};

	hs_asked_free(a);
	(void)hs_str_copy(hs_str_c(t->code), a->code, sizeof a->code);
	a->until = t->until;
	a->pin = t->pin != 0;
	hs_put_raw(&a->shown, t->shown, strlen(t->shown));
	put_keys(a, hs_str_c(t->keys));
	if (hs_buf_err(&a->shown) == HS_OK && hs_buf_err(&a->keys) == HS_OK)
		return HS_EXIT_DONE;
	(void)hs_fail(&err, HS_ERR_NOMEM, "out of memory");
	return hs_cli_fail(d->json, &err);
}

void
hs_asked_free(struct hs_asked *a)
{
	hs_buf_free(&a->shown);
	hs_buf_free(&a->keys);
	*a = (struct hs_asked){0};
}
