// SPDX-License-Identifier: ISC
//
// Any bytes as an audit log, line by line: no crash, the summary adds up, and nothing is
// proven that a fault stands in.
#include <stdlib.h>
#include <string.h>
#include "proto/auditcheck.h"
#include "tests/lib/auditmake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

static void
on_fault(void *arg, const struct hs_audit_fault *f)
{
	uint64_t *least = arg;

	demand(f->word[0] != '\0' && f->text[0] != '\0' && f->place.line > 0);
	*least = f->seq < *least ? f->seq : *least;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_auditcheck *c = NULL;
	struct hs_audit_summary s;
	struct auditmake m;
	uint64_t lines = 0, least = UINT64_MAX;

	auditmake_begin(&m, NULL); // the root of the seeds
	demand(hs_auditcheck_new(&c, &m.root.key, 1, on_fault, &least) == HS_OK);
	while (size > 0) {
		const uint8_t *lf = memchr(data, '\n', size);
		size_t n = lf != NULL ? (size_t)(lf - data) + 1 : size;

		lines++;
		demand(hs_auditcheck_line(c, (struct hs_audit_place){0, lines},
			   (struct hs_str){data, n}, NULL) == HS_OK);
		data += n;
		size -= n;
	}
	hs_auditcheck_end(c, &s);
	demand(s.records == lines && (s.faults == 0) == (least == UINT64_MAX));
	demand(s.proven == 0 || s.proven_by > s.proven);
	demand(!hs_audit_proven(&s) || (s.faults == 0 && s.proven > 0));
	hs_auditcheck_free(&c);
	auditmake_end(&m);
	return 0;
}
