// SPDX-License-Identifier: ISC
//
// A signature's text and blob (proto/sshsig.h): what is read is written again as it was,
// and what is written is read again.
#include <stdlib.h>
#include "proto/sshsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
blob(struct hs_str in)
{
	struct hs_buf again = {0}, text = {0}, back = {0};
	struct hs_sshsig s;

	if (hs_sshsig_parse(in, &s) != HS_OK)
		return;
	hs_sshsig_put(&again, &s);
	if (hs_buf_err(&again) != HS_OK || !hs_str_eq(hs_buf_str(&again), in))
		abort();
	hs_sshsig_put_text(&text, in);
	if (hs_buf_err(&text) != HS_OK ||
	    hs_sshsig_unwrap(hs_buf_str(&text), &back) != HS_OK ||
	    !hs_str_eq(hs_buf_str(&back), in))
		abort();
	hs_buf_free(&again);
	hs_buf_free(&text);
	hs_buf_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_buf b = {0};

	if (hs_sshsig_unwrap((struct hs_str){data, size}, &b) == HS_OK)
		blob(hs_buf_str(&b));
	hs_buf_free(&b);
	blob((struct hs_str){data, size});
	return 0;
}
