// SPDX-License-Identifier: ISC
//
// Any bytes as the file that `handseal-verify explain` is given: no crash, and what is
// taken is bounded and begins with the type that the text names.
#include <stdlib.h>
#include "proto/certline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_buf blob = {0};
	struct hs_err err = {0};
	struct hs_str type = {0};
	struct hs_rd rd;

	if (hs_certline_file((struct hs_str){data, size}, &blob, &err) == HS_OK) {
		rd = hs_rd_of(hs_buf_str(&blob));
		if (blob.len > HS_CERT_MAX || hs_get_string(&rd, &type) != HS_OK ||
		    type.len > size)
			abort();
	} else if (err.code == HS_OK) {
		abort();
	}
	hs_buf_free(&blob);
	return 0;
}
