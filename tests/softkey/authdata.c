// SPDX-License-Identifier: ISC
//
// Authenticator data, signed. Contract in authdata.h.
#include "tests/softkey/authdata.h"

#include <sodium.h>
#include <string.h>

#define FLAG_UNKNOWN 0x20 // reserved in every version of the standard so far

static uint8_t
fault_flags(enum hs_ctap_fault fault, uint8_t flags)
{
	if (fault == HS_FAULT_FLAGS_NO_UP)
		return flags & (uint8_t)~HS_AUTHDATA_UP;
	if (fault == HS_FAULT_FLAGS_EXTRA)
		return flags | FLAG_UNKNOWN;
	if (fault == HS_FAULT_FLAGS_UV)
		return flags | HS_AUTHDATA_UV;
	return flags;
}

int
hs_authdata_put(
    struct hs_ctap *c, struct hs_buf *b, const struct hs_request *q, uint8_t flags)
{
	uint32_t last = c->store.counter;
	uint8_t rp_hash[32];
	int rc;

	c->store.counter = last < UINT32_MAX ? last + 1 : 1;
	rc = hs_store_save(&c->store, NULL);
	if (rc != HS_OK) {
		c->store.counter = last;
		return rc;
	}
	memcpy(rp_hash, q->rp_hash, sizeof rp_hash);
	if (hs_ctap_fault(c) == HS_FAULT_WRONG_RP)
		rp_hash[0] ^= 1;
	hs_put_raw(b, rp_hash, sizeof rp_hash);
	hs_put_u8(b, fault_flags(hs_ctap_fault(c), flags));
	hs_put_u32(
	    b, hs_ctap_fault(c) == HS_FAULT_COUNTER_BACK ? last / 2 : c->store.counter);
	return hs_buf_err(b);
}

int
hs_authdata_sign(struct hs_ctap *c, const struct hs_request *q, struct hs_str data,
    const struct hs_credkey *key, struct hs_buf *sig)
{
	struct hs_credkey other = *key;
	struct hs_buf message = {0};
	int rc = HS_OK;

	hs_put_raw(&message, data.p, data.len);
	hs_put_raw(&message, q->hash.p, q->hash.len);
	if (hs_ctap_fault(c) == HS_FAULT_OTHER_KEY)
		rc = hs_credkey_make(&other, key->alg, key->protect);
	if (rc == HS_OK)
		rc = hs_buf_err(&message);
	if (rc == HS_OK && hs_ctap_fault(c) == HS_FAULT_BAD_SIGNATURE)
		message.p[message.len - 1] ^= 1;
	if (rc == HS_OK)
		rc = hs_credkey_sign(&other, hs_buf_str(&message), sig);
	hs_buf_free(&message);
	sodium_memzero(&other, sizeof other);
	return rc;
}
