// SPDX-License-Identifier: ISC
//
// An ECDSA signature's numbers as DER. Contract in ecdsa.h.
#include "proto/ecdsa.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

int
hs_ecdsa_der(
    struct hs_str raw, size_t bytes, uint8_t der[static HS_ECDSA_DER_MAX], size_t *len)
{
	struct hs_rd rd = hs_rd_of(raw);
	struct hs_str r, s;
	ECDSA_SIG *sig = NULL;
	BIGNUM *br = NULL, *bs = NULL;
	int n, rc;

	if ((rc = hs_get_mpint(&rd, bytes, &r)) != HS_OK ||
	    (rc = hs_get_mpint(&rd, bytes, &s)) != HS_OK || (rc = hs_rd_end(&rd)) != HS_OK)
		return rc;
	rc = HS_ERR_CRYPTO;
	sig = ECDSA_SIG_new();
	br = BN_bin2bn(r.p, (int)r.len, NULL);
	bs = BN_bin2bn(s.p, (int)s.len, NULL);
	if (sig == NULL || br == NULL || bs == NULL || ECDSA_SIG_set0(sig, br, bs) != 1)
		goto out;
	br = bs = NULL; // sig's now
	n = i2d_ECDSA_SIG(sig, NULL);
	if (n < 1 || n > HS_ECDSA_DER_MAX)
		goto out;
	*len = (size_t)i2d_ECDSA_SIG(sig, &der);
	rc = HS_OK;
out:
	BN_free(br);
	BN_free(bs);
	ECDSA_SIG_free(sig);
	return rc;
}
