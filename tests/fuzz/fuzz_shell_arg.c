// SPDX-License-Identifier: ISC
//
// Any bytes as handseal-shell's argument: what is taken is bounded, and the same bytes when
// it is written again, so that there is one way only to say it.
#include <stdlib.h>
#include "proto/chain.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_str in = {data, size};
	struct hs_shell_arg a;
	struct hs_buf again = {0};

	if (hs_shell_arg_parse(in, &a) == HS_OK) {
		if (a.id.len > HS_KEY_ID_MAX || !hs_text_shown(a.id, NULL) ||
		    a.scope.len == 0 || a.scope.len > HS_SCOPE_BYTES_MAX)
			abort();
		if (a.lineage.len % 8 != 0 || a.lineage.len > 8 * HS_LINEAGE_MAX ||
		    a.root.len > HS_ROOT_BLOB_MAX || a.session.len > HS_ROOT_BLOB_MAX ||
		    a.config.len >= HS_LISTS_PATH_MAX)
			abort();
		hs_shell_arg_put(&again, &a);
		if (hs_buf_err(&again) != HS_OK || !hs_str_eq(hs_buf_str(&again), in))
			abort();
	}
	hs_buf_free(&again);
	return 0;
}
