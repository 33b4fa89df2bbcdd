// SPDX-License-Identifier: ISC
//
// Any bytes as evidence: no crash, and what is proven has a touch, a making and something
// that signs it.
#include <stdlib.h>
#include "proto/evidence.h"
#include "tests/lib/auditmake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_evidence_result r;
	struct hs_evidence e;
	struct hs_err err = {0};
	struct auditmake m;

	if (hs_evidence_parse((struct hs_str){data, size}, &e, &err) != HS_OK) {
		demand(err.code != HS_OK);
		return 0;
	}
	demand(e.serial > 0 && e.records.len > 0 &&
	       e.records.p + e.records.len == data + size);
	auditmake_begin(&m, NULL); // the root of the seeds
	demand(hs_evidence_check(&e, &m.root.key, 1, NULL, NULL, &r) == HS_OK);
	if (r.why.code == HS_OK)
		demand(r.made && r.touched_in > 0 && r.touched_in < r.made_in &&
		       (r.signed_in > r.made_in || r.cert_good) && r.sum.faults == 0);
	hs_evidence_result_free(&r);
	auditmake_end(&m);
	return 0;
}
