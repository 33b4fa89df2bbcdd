// SPDX-License-Identifier: ISC
//
// Any bytes as a revocation list: what is read can be walked, answers as its items say, and
// is the same set when its serials are written anew.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/krl.h"

#define MOST 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hs_krl_range ranges[MOST];
static size_t count;

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static int
collect(void *arg, const struct hs_krl_item *it)
{
	const struct hs_str *ca = arg;

	must(it->what <= HS_KRL_SHA256);
	if (it->what != HS_KRL_SERIALS)
		return HS_OK;
	must(it->lo > 0 && it->lo <= it->hi);
	if (ca != NULL && !hs_str_eq(it->ca, *ca))
		return HS_OK;
	if (count == MOST)
		return HS_NO_BUSY;
	ranges[count++] = (struct hs_krl_range){it->lo, it->hi};
	return HS_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hs_krl_range was[MOST];
	struct hs_str any = {0};
	struct hs_buf b = {0};
	struct hs_krl k, again;
	size_t n;

	if (hs_krl_parse((struct hs_str){data, size}, &k) != HS_OK)
		return 0;
	count = 0;
	if (hs_krl_walk(&k, collect, &any) != HS_OK)
		return 0;
	n = hs_krl_join(ranges, count);
	memcpy(was, ranges, n * sizeof *was);
	hs_krl_begin(&b, k.version, k.date, "");
	must(hs_krl_put_serials(&b, NULL, ranges, n) == HS_OK);
	must(hs_krl_parse(hs_buf_str(&b), &again) == HS_OK);
	must(again.version == k.version && again.date == k.date);
	count = 0;
	must(hs_krl_walk(&again, collect, NULL) == HS_OK);
	count = hs_krl_join(ranges, count);
	must(count == n && memcmp(was, ranges, n * sizeof *was) == 0);
	hs_buf_free(&b);
	return 0;
}
