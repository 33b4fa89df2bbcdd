// SPDX-License-Identifier: ISC
//
// Signature blobs out of what a security key signs. Contract in sksig.h.
#include "agentd/sk-helper/sksig.h"

#define DER_SEQUENCE 0x30
#define DER_INTEGER  0x02
#define ED25519_LEN  64
#define P256_LEN     32

// One value of that tag. Everything in a P-256 signature is shorter than 128 bytes, so its
// length is one byte.
static int
get_der(struct hs_rd *r, uint8_t tag, struct hs_str *out)
{
	uint8_t t, len;

	if (hs_get_u8(r, &t) != HS_OK || hs_get_u8(r, &len) != HS_OK || t != tag ||
	    len >= 0x80 || hs_get_raw(r, len, out) != HS_OK)
		return HS_ERR_FORMAT;
	return HS_OK;
}

// A positive number of at most 32 bytes, in its shortest form; out is without a sign byte.
static int
get_number(struct hs_rd *r, struct hs_str *out)
{
	struct hs_str s;

	if (get_der(r, DER_INTEGER, &s) != HS_OK || s.len == 0 || (s.p[0] & 0x80) != 0)
		return HS_ERR_FORMAT;
	if (s.p[0] == 0) {
		if (s.len == 1 || (s.p[1] & 0x80) == 0) // zero, or padded
			return HS_ERR_FORMAT;
		s.p++;
		s.len--;
	}
	if (s.len > P256_LEN)
		return HS_ERR_FORMAT;
	*out = s;
	return HS_OK;
}

static int
put_ecdsa(struct hs_buf *b, struct hs_str der)
{
	struct hs_rd outer = hs_rd_of(der), inner;
	struct hs_str body, r, s;
	size_t mark;

	if (get_der(&outer, DER_SEQUENCE, &body) != HS_OK || hs_rd_end(&outer) != HS_OK)
		return HS_ERR_FORMAT;
	inner = hs_rd_of(body);
	if (get_number(&inner, &r) != HS_OK || get_number(&inner, &s) != HS_OK ||
	    hs_rd_end(&inner) != HS_OK)
		return HS_ERR_FORMAT;
	hs_put_cstring(b, hs_key_type_name(HS_KT_SK_ECDSA));
	mark = hs_put_string_begin(b);
	hs_put_mpint(b, r.p, r.len);
	hs_put_mpint(b, s.p, s.len);
	hs_put_string_end(b, mark);
	return HS_OK;
}

int
hs_sksig_put(
    struct hs_buf *b, enum hs_key_type type, struct hs_str raw, const struct hs_sk_sig *sk)
{
	int rc = HS_OK;

	if (type == HS_KT_SK_ECDSA) {
		rc = put_ecdsa(b, raw);
	} else if (type != HS_KT_SK_ED25519) {
		rc = HS_ERR_KEY_TYPE;
	} else if (raw.len != ED25519_LEN) {
		rc = HS_ERR_FORMAT;
	} else {
		hs_put_cstring(b, hs_key_type_name(type));
		hs_put_str(b, raw);
	}
	if (rc != HS_OK)
		return rc;
	hs_put_u8(b, sk->flags);
	hs_put_u32(b, sk->counter);
	return hs_buf_err(b);
}
