// SPDX-License-Identifier: ISC
//
// Fuzzes public keys and signatures. The first byte chooses: a blob, a line, or a key, a
// signature (strings) and what it is over. What decodes must be written back as it was.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/key.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check(const struct hs_key *k)
{
	char fp[HS_FINGERPRINT_LEN + 1];

	must(k->type < HS_KT_COUNT && (k->publen == 32 || k->publen == 65));
	must((k->application[0] != '\0') == hs_key_is_sk(k));
	must(hs_text_shown(hs_str_c(k->application), NULL));
	hs_key_fingerprint(k, fp);
	must(strlen(fp) == HS_FINGERPRINT_LEN);
}

static void
blob(struct hs_str in)
{
	struct hs_buf again = {0};
	struct hs_key k;

	if (hs_key_parse(in, &k) != HS_OK)
		return;
	check(&k);
	hs_key_put(&again, &k);
	must(hs_str_eq(hs_buf_str(&again), in));
	hs_buf_free(&again);
}

static void
line(struct hs_str in)
{
	struct hs_buf again = {0};
	struct hs_key k, same;
	struct hs_str comment;

	if (hs_key_parse_line(in, &k, &comment) != HS_OK)
		return;
	check(&k);
	must(comment.p >= in.p && comment.p + comment.len <= in.p + in.len);
	hs_key_put_line(&again, &k);
	must(hs_key_parse_line(hs_buf_str(&again), &same, NULL) == HS_OK);
	must(hs_key_eq(&k, &same));
	hs_buf_free(&again);
}

static void
signature(struct hs_str in)
{
	struct hs_rd r = hs_rd_of(in);
	struct hs_str blob_in, sig;
	struct hs_sk_sig sk = {1, 1};
	struct hs_buf more = {0};
	struct hs_key k;
	int rc;

	if (hs_get_string(&r, &blob_in) != HS_OK || hs_get_string(&r, &sig) != HS_OK ||
	    hs_key_parse(blob_in, &k) != HS_OK)
		return;
	rc = hs_sig_verify(&k, sig, (struct hs_str){r.p, r.left}, &sk);
	must(rc == HS_OK || (sk.flags == 0 && sk.counter == 0));
	must(rc == HS_OK || rc == HS_ERR_FORMAT || rc == HS_ERR_TRAILING ||
	     rc == HS_ERR_KEY_TYPE || rc == HS_ERR_CRYPTO);
	if (rc == HS_OK) {
		hs_put_raw(&more, r.p, r.left);
		hs_put_u8(&more, 0);
		must(hs_sig_verify(&k, sig, hs_buf_str(&more), NULL) == HS_ERR_CRYPTO);
		hs_buf_reset(&more);
		hs_put_raw(&more, sig.p, sig.len);
		hs_put_u8(&more, 0);
		must(hs_sig_verify(&k, hs_buf_str(&more), (struct hs_str){r.p, r.left},
			 NULL) == HS_ERR_TRAILING);
	}
	hs_buf_free(&more);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_str in = {data + 1, len - 1};

	if (len == 0)
		return 0;
	switch (data[0] % 3) {
	case 0:
		blob(in);
		break;
	case 1:
		line(in);
		break;
	default:
		signature(in);
	}
	return 0;
}
