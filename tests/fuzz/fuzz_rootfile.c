// SPDX-License-Identifier: ISC
//
// Root files: what is taken has a name, a security key, a handle and nothing unprintable,
// and is written back so that it reads as itself.
#include <stdlib.h>
#include <string.h>
#include "proto/names.h"
#include "proto/rootfile.h"
#include "proto/text.h"

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_root_record a = {0}, b = {0};
	struct hs_buf text = {0}, again = {0};
	struct hs_err err = {0};

	if (hs_rootfile_parse((struct hs_str){data, size}, &a, &err) != HS_OK) {
		demand(err.code == HS_ERR_CONFIG && err.line > 0 && err.column > 0);
		demand(a.name[0] == '\0' && hs_text_shown(hs_str_c(err.text), NULL));
		return 0;
	}
	demand(hs_text_is_label(hs_str_c(a.name)) && hs_key_is_sk(&a.key));
	demand(strcmp(a.key.application, HS_APPLICATION) == 0);
	demand(a.handle_len > 0 && a.handle_len <= sizeof a.handle && a.created > 0);
	demand(hs_text_shown(hs_str_c(a.owner), NULL) &&
	       hs_text_shown(hs_str_c(a.product), NULL));
	demand(a.device[0] == '\0' || a.simulated);
	hs_rootfile_put(&text, &a);
	demand(hs_rootfile_parse(hs_buf_str(&text), &b, NULL) == HS_OK);
	hs_rootfile_put(&again, &b);
	demand(
	    hs_str_eq(hs_buf_str(&text), hs_buf_str(&again)) && hs_key_eq(&a.key, &b.key));
	hs_buf_free(&text);
	hs_buf_free(&again);
	return 0;
}
