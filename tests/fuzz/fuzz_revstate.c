// SPDX-License-Identifier: ISC
//
// Any bytes as a line of `revoked`, as one of an index, and as a server's own list of what
// is revoked, by the first byte: what is read is written back the same.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/barred.h"
#include "proto/revstate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
same(struct hs_buf *again, struct hs_str line)
{
	must(hs_buf_err(again) == HS_OK && again->len == line.len + 1);
	must(memcmp(again->p, line.p, line.len) == 0 && again->p[line.len] == '\n');
	hs_buf_free(again);
}

static void
revoked(struct hs_str in)
{
	struct hs_revoked r;
	struct hs_buf again = {0};

	if (hs_revoked_parse(in, &r) != HS_OK)
		return;
	must(r.whole ? r.lo == 0 && r.hi == 0 : r.lo > 0 && r.lo <= r.hi);
	hs_revoked_put(&again, &r);
	same(&again, in);
}

static void
indexed(struct hs_str in)
{
	struct hs_indexed i;
	struct hs_buf again = {0};

	if (hs_indexed_parse(in, &i) != HS_OK)
		return;
	must(i.serial > 0 && i.nseats <= HS_LINEAGE_MAX + 1);
	hs_indexed_put(&again, &i);
	same(&again, in);
}

static void
barred(struct hs_str in)
{
	const struct hs_key root = {
	    .type = HS_KT_SK_ED25519, .publen = 32, .application = "ssh:handseal"};
	struct hs_err err = {0};
	int rc = hs_barred(in, &root, "20259320c16a21ad", &err);

	must(rc == HS_OK || rc == HS_NO_REVOKED || rc == HS_ERR_CONFIG);
	must(rc == HS_OK ||
	     (err.line > 0 && err.column > 0 && err.code == (enum hs_code)rc));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct hs_str) = {revoked, indexed, barred};

	if (size > 0)
		readers[data[0] % 3]((struct hs_str){data + 1, size - 1});
	return 0;
}
