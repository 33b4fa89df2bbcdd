// SPDX-License-Identifier: ISC
//
// Any bytes as what a daemon tells of its Publish commands: lines for a person, one each,
// or nothing that is shown.
#include <stdlib.h>
#include <string.h>
#include "client/handseal/published.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_buf b = {0};
	json_t *rows = json_array();
	bool busy;
	size_t lines = 0;

	if (size > 65536 || rows == NULL)
		goto out;
	if (hs_published_put(
		(struct hs_str){data, size}, 1795485600, &b, "", rows, &busy) == HS_OK) {
		for (size_t i = 0; i < size; i++)
			lines += data[i] == '\n';
		must(json_array_size(rows) == lines && (size == 0) == (lines == 0));
		must(size == 0 || data[size - 1] == '\n');
	}
out:
	json_decref(rows);
	hs_buf_free(&b);
	return 0;
}
