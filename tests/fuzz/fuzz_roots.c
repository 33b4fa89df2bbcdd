// SPDX-License-Identifier: ISC
//
// Any bytes as a roots file: what is trusted is a security key of ours, once, for names
// that can be logged in with; each line that is skipped is named.
#include <stdlib.h>
#include <string.h>
#include "proto/names.h"
#include "proto/serverconf.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
on_bad(void *arg, const struct hs_err *err)
{
	unsigned *last = arg;

	must(err->code == HS_ERR_CONFIG && err->line > *last && err->column > 0);
	must(err->text[0] != '\0');
	*last = err->line;
}

static void
check(const struct hs_roots *roots, const struct hs_root *r)
{
	must(hs_key_is_sk(&r->key) && strcmp(r->key.application, HS_APPLICATION) == 0);
	must(hs_roots_find(roots, &r->key) == r); // no key stands twice
	must(hs_text_shown(hs_str_c(r->comment), NULL));
	must(r->line > 0 && r->nusers <= HS_ROOT_USERS_MAX);
	must(r->max_grant <= HS_TTL_MAX && r->max_delegation <= HS_TTL_MAX);
	must(!hs_root_admits(r, hs_str_c("")));
	must(!hs_root_allows(r, hs_str_c("")));
	must(r->caps[0] != '\0' || !hs_root_allows(r, hs_str_c("read:x")));
	for (size_t i = 0; i < r->nusers; i++) {
		must(r->users[i][0] != '\0' && strpbrk(r->users[i], "*, \"") == NULL);
		must(hs_root_admits(r, hs_str_c(r->users[i])));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_roots roots;
	unsigned last = 0;
	int rc = hs_roots_parse((struct hs_str){data, size}, &roots, on_bad, &last);

	must(rc == HS_OK || rc == HS_ERR_TOO_LONG);
	must(rc == HS_OK || roots.n == 0);
	must(roots.n <= HS_ROOTS_MAX);
	for (size_t i = 0; i < roots.n; i++) {
		check(&roots, &roots.v[i]);
		must(i == 0 || roots.v[i - 1].line < roots.v[i].line);
	}
	hs_roots_free(&roots);
	last = 0;
	rc = hs_roots_add(
	    &roots, (struct hs_str){data, size}, hs_str_c("deploy"), on_bad, &last);
	must(rc == HS_OK || rc == HS_ERR_TOO_LONG);
	for (size_t i = 0; i < roots.n; i++) {
		check(&roots, &roots.v[i]);
		must(roots.v[i].of_user && roots.v[i].nusers == 1 && !roots.v[i].users_any);
		must(hs_root_admits(&roots.v[i], hs_str_c("deploy")));
	}
	hs_roots_free(&roots);
	return 0;
}
