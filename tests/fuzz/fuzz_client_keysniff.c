// SPDX-License-Identifier: ISC
//
// Any file of a person's ~/.ssh, looked at for a private key: bounded, and no text without
// the words of one is taken for one. A key in front of it makes no file less bare.
#include <stdlib.h>
#include <string.h>
#include "client/handseal/keysniff.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_str in = {data, size};
	enum hs_keysniff kind = hs_keysniff(in);
	struct hs_buf more = {0};

	if (kind != HS_KEYSNIFF_NONE && memmem(data, size, "PRIVATE KEY", 11) == NULL &&
	    memmem(data, size, "PuTTY-User-Key-File-", 20) == NULL)
		abort();
	hs_put_fmt(&more, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
	hs_put_raw(&more, data, size);
	if (hs_buf_err(&more) == HS_OK &&
	    hs_keysniff(hs_buf_str(&more)) !=
		(kind == HS_KEYSNIFF_BARE ? HS_KEYSNIFF_BARE : HS_KEYSNIFF_PROTECTED))
		abort();
	hs_buf_free(&more);
	return 0;
}
