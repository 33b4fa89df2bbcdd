// SPDX-License-Identifier: ISC
//
// Fuzzes what a security key returns as a signature: the first byte chooses the key type.
// What is accepted as DER is what OpenSSL writes, and the blob is one that hs_sig_verify
// can read.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include "agentd/sk-helper/sksig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
is_der(struct hs_str in)
{
	const uint8_t *p = in.p;
	uint8_t *again = NULL;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)in.len);
	int n;

	must(sig != NULL && p == in.p + in.len);
	n = i2d_ECDSA_SIG(sig, &again);
	must(n > 0 && hs_str_eq((struct hs_str){again, (size_t)n}, in));
	OPENSSL_free(again);
	ECDSA_SIG_free(sig);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct hs_sk_sig sk = {0x01, 7};
	struct hs_str in = {data + 1, len - 1};
	struct hs_key key = {.publen = 32, .application = "ssh:handseal"};
	struct hs_buf b = {0};
	int rc;

	if (len == 0)
		return 0;
	key.type = data[0] % 2 == 0 ? HS_KT_SK_ECDSA : HS_KT_SK_ED25519;
	rc = hs_sksig_put(&b, key.type, in, &sk);
	must(rc == HS_OK || (rc == HS_ERR_FORMAT && b.len == 0));
	if (rc == HS_OK && key.type == HS_KT_SK_ECDSA)
		is_der(in);
	if (rc == HS_OK && key.type == HS_KT_SK_ED25519) // of no key: but well formed
		must(hs_sig_verify(&key, hs_buf_str(&b), in, NULL) == HS_ERR_CRYPTO);
	hs_buf_free(&b);
	return 0;
}
