// SPDX-License-Identifier: ISC
//
// The moment that `explain --at` is asked about. Pure; only what stands in explain.h is
// read.
#include "client/verify/explain.h"

#include "proto/date.h"
#include "proto/text.h"

#define LAST_SECOND UINT64_C(253402300799) // of the year 9999

int
hs_explain_time(const char *text, uint64_t *out)
{
	if (hs_text_u64(hs_str_c(text), LAST_SECOND, out) == HS_OK)
		return HS_OK;
	return hs_date_read(hs_str_c(text), "YYYY-MM-DDThh:mm:ssZ", out);
}
