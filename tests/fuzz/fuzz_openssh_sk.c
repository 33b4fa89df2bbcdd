// SPDX-License-Identifier: ISC
//
// OpenSSH's private key file of a security key. The input is such a file; or, behind a NUL,
// the blob that its base64 holds, so that a search need not find its way through base64.
// What is taken must make a root file.
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

static void
wrap(struct hs_buf *file, struct hs_str blob)
{
	hs_put_fmt(file, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	hs_text_put_base64(file, blob);
	hs_put_fmt(file, "\n-----END OPENSSH PRIVATE KEY-----\n");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_root_record r = {.name = "name", .created = 1, .attestation = "none"},
			      back;
	struct hs_str in = {data, size};
	struct hs_buf file = {0}, text = {0};
	struct hs_err err = {0};

	if (size > 0 && data[0] == 0) {
		wrap(&file, (struct hs_str){data + 1, size - 1});
		in = hs_buf_str(&file);
	}
	if (hs_openssh_sk_parse(in, &r, &err) == HS_OK) {
		demand(
		    hs_key_is_sk(&r.key) && strcmp(r.key.application, HS_APPLICATION) == 0);
		hs_rootfile_put(&text, &r);
		demand(hs_rootfile_parse(hs_buf_str(&text), &back, NULL) == HS_OK);
		demand(hs_key_eq(&r.key, &back.key) && r.handle_len == back.handle_len);
	} else {
		demand(err.code != HS_OK && r.handle_len == 0);
	}
	hs_buf_free(&file);
	hs_buf_free(&text);
	return 0;
}
