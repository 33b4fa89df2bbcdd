// SPDX-License-Identifier: ISC
//
// Any bytes as a session's list, as its revoke-only key's certificate and as that key's
// file, by the first byte: what is read is written back the same, and none counts whose
// signatures are not good.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
same(struct hs_buf *again, struct hs_str in)
{
	must(hs_buf_err(again) == HS_OK && hs_str_eq(hs_buf_str(again), in));
	hs_buf_free(again);
}

static void
list(struct hs_str in)
{
	static struct hs_list l;
	struct hs_list_subject s = {.serial = 1, .lineage = {7}, .nlineage = 1};
	struct hs_list_found f = {0};
	struct hs_buf again = {0};

	if (hs_list_parse(in, &l, NULL) == HS_OK) {
		hs_list_put_message(&again, l.next, l.krl_blob);
		same(&again, l.message);
		memcpy(s.session, l.revoker.session, sizeof s.session);
		hs_list_unite(&f, &l, &s, 1795485600);
		must(f.lists == 1 && (f.serial == 0 || f.serial == 1 || f.serial == 7));
		(void)hs_list_check(&l, NULL, NULL);
	}
	hs_list_free(&l);
}

static void
certificate(struct hs_str in)
{
	static struct hs_revoker r;
	static struct hs_delegation d;

	if (hs_revoker_parse(in, &r, NULL) == HS_OK) {
		// never one of the other kinds too
		must(hs_delegation_parse(in, &d, NULL) != HS_OK);
		hs_delegation_free(&d);
		(void)hs_revoker_check(&r, NULL, NULL);
	}
	hs_revoker_free(&r);
}

static void
file(struct hs_str in)
{
	struct hs_revoker_file f;
	struct hs_buf again = {0};

	if (hs_revoker_file_parse(in, &f) == HS_OK) {
		hs_revoker_file_put(&again, &f);
		same(&again, in);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct hs_str) = {list, certificate, file};

	if (size > 0)
		readers[data[0] % 3]((struct hs_str){data + 1, size - 1});
	return 0;
}
