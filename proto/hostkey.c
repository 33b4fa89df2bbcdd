// SPDX-License-Identifier: ISC
//
// Keys and certificates of SSH servers, decoded. Nothing here trusts anybody; signatures
// are in hostkey_sig.c. Contract in hostkey.h.
#include "proto/hostkey.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <sodium.h>
#include <string.h>

#define CERT_SUFFIX  "-cert-v01@openssh.com"
#define EXPONENT_MAX 8 // bytes; OpenSSL takes no more with a long modulus

static const struct {
	const char *name;
	const char *curve; // ECDSA: its name, OpenSSL's, and the bytes of a coordinate
	int nid;
	size_t bytes;
} types[HS_HK_COUNT] = {
    [HS_HK_ED25519] = {"ssh-ed25519", NULL, 0, 0},
    [HS_HK_P256] = {"ecdsa-sha2-nistp256", "nistp256", NID_X9_62_prime256v1, 32},
    [HS_HK_P384] = {"ecdsa-sha2-nistp384", "nistp384", NID_secp384r1, 48},
    [HS_HK_P521] = {"ecdsa-sha2-nistp521", "nistp521", NID_secp521r1, 66},
    [HS_HK_RSA] = {"ssh-rsa", NULL, 0, 0},
};

const char *
hs_hostkey_type_name(enum hs_hostkey_type t)
{
	return (unsigned)t < HS_HK_COUNT ? types[t].name : "";
}

void
hs_hostkey_free(struct hs_hostkey *k)
{
	if (k == NULL)
		return;
	hs_buf_free(&k->own);
	memset(k, 0, sizeof(*k));
}

// ---- keys

// The name of a type, or that of the certificates over it.
static int
read_type(struct hs_rd *r, struct hs_hostkey *k)
{
	struct hs_str name;
	int rc = hs_get_string(r, &name);

	if (rc != HS_OK)
		return rc;
	for (unsigned t = 0; t < HS_HK_COUNT; t++) {
		size_t n = strlen(types[t].name);

		if (name.len < n || memcmp(name.p, types[t].name, n) != 0)
			continue;
		k->type = (enum hs_hostkey_type)t;
		if (name.len == n)
			return HS_OK;
		k->certificate = true;
		if (hs_str_is((struct hs_str){name.p + n, name.len - n}, CERT_SUFFIX))
			return HS_OK;
	}
	return HS_ERR_KEY_TYPE;
}

static int
read_ed25519(struct hs_rd *r, struct hs_hostkey *k)
{
	int rc = hs_get_string(r, &k->pub);

	if (rc == HS_OK && k->pub.len != crypto_sign_PUBLICKEYBYTES)
		rc = HS_ERR_FORMAT;
	return rc;
}

// OpenSSL looks whether the point is on the curve while it decodes it.
static int
check_point(int nid, struct hs_str q)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(nid);
	EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
	int rc = HS_ERR_CRYPTO;

	if (point != NULL)
		rc = EC_POINT_oct2point(group, point, q.p, q.len, NULL) == 1
			 ? HS_OK
			 : HS_ERR_FORMAT;
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return rc;
}

static int
read_ecdsa(struct hs_rd *r, struct hs_hostkey *k)
{
	struct hs_str curve;
	int rc;

	if ((rc = hs_get_string(r, &curve)) != HS_OK ||
	    (rc = hs_get_string(r, &k->pub)) != HS_OK)
		return rc;
	if (!hs_str_is(curve, types[k->type].curve) ||
	    k->pub.len != 1 + 2 * types[k->type].bytes ||
	    k->pub.p[0] != POINT_CONVERSION_UNCOMPRESSED)
		return HS_ERR_FORMAT;
	return check_point(types[k->type].nid, k->pub);
}

static size_t
bits(struct hs_str n) // without leading zeros
{
	size_t unused = 0;

	while ((n.p[0] << unused & 0x80) == 0)
		unused++;
	return 8 * n.len - unused;
}

static int
read_rsa(struct hs_rd *r, struct hs_hostkey *k)
{
	struct hs_str *e = &k->exponent, *n = &k->pub;
	int rc;

	if ((rc = hs_get_mpint(r, EXPONENT_MAX, e)) != HS_OK ||
	    (rc = hs_get_mpint(r, HS_RSA_BITS_MAX / 8, n)) != HS_OK)
		return rc == HS_ERR_TOO_LONG ? HS_ERR_FORMAT : rc;
	if ((e->p[e->len - 1] & 1) == 0 || (e->len == 1 && e->p[0] == 1) ||
	    (n->p[n->len - 1] & 1) == 0 || bits(*n) < HS_RSA_BITS_MIN)
		return HS_ERR_FORMAT;
	return HS_OK;
}

static int
read_fields(struct hs_rd *r, struct hs_hostkey *k)
{
	switch (k->type) {
	case HS_HK_ED25519:
		return read_ed25519(r, k);
	case HS_HK_RSA:
		return read_rsa(r, k);
	default:
		return read_ecdsa(r, k);
	}
}

// ---- certificates

// What is shown and logged: no byte of it may end or fake a line.
static bool
is_plain(struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static int
read_principals(struct hs_str list, struct hs_hostkey *k)
{
	struct hs_rd r = hs_rd_of(list);

	while (r.left > 0) {
		struct hs_str p;
		int rc;

		if (k->nprincipals == HS_PRINCIPALS_MAX)
			return HS_ERR_TOO_LONG;
		if ((rc = hs_get_string(&r, &p)) != HS_OK)
			return rc;
		if (p.len == 0 || !is_plain(p))
			return HS_ERR_FORMAT;
		k->principals[k->nprincipals++] = p;
	}
	return HS_OK;
}

// Counts options, which stand in the order of their names, each once.
static int
read_options(struct hs_str list, size_t *n)
{
	struct hs_rd r = hs_rd_of(list);
	struct hs_str before = {0}, name, data;
	int rc;

	for (*n = 0; r.left > 0; (*n)++) {
		if (*n == HS_OPTIONS_MAX)
			return HS_ERR_TOO_LONG;
		if ((rc = hs_get_string(&r, &name)) != HS_OK ||
		    (rc = hs_get_string(&r, &data)) != HS_OK)
			return rc;
		if (hs_str_cmp(before, name) >= 0) // empty, too
			return HS_ERR_FORMAT;
		before = name;
	}
	return HS_OK;
}

// What stands behind the key in a certificate.
static int
read_rest(struct hs_rd *r, struct hs_hostkey *k)
{
	struct hs_str principals, critical, extensions, reserved;
	size_t nextensions;
	int rc;

	if ((rc = hs_get_u64(r, &k->serial)) != HS_OK ||
	    (rc = hs_get_u32(r, &k->cert_type)) != HS_OK ||
	    (rc = hs_get_string(r, &k->key_id)) != HS_OK ||
	    (rc = hs_get_string(r, &principals)) != HS_OK ||
	    (rc = hs_get_u64(r, &k->valid_after)) != HS_OK ||
	    (rc = hs_get_u64(r, &k->valid_before)) != HS_OK ||
	    (rc = hs_get_string(r, &critical)) != HS_OK ||
	    (rc = hs_get_string(r, &extensions)) != HS_OK ||
	    (rc = hs_get_string(r, &reserved)) != HS_OK ||
	    (rc = hs_get_string(r, &k->ca)) != HS_OK ||
	    (rc = read_principals(principals, k)) != HS_OK ||
	    (rc = read_options(critical, &k->ncritical)) != HS_OK ||
	    (rc = read_options(extensions, &nextensions)) != HS_OK)
		return rc;
	if ((k->cert_type != HS_CERT_USER && k->cert_type != HS_CERT_HOST) ||
	    !is_plain(k->key_id) || k->valid_after >= k->valid_before || reserved.len > 0)
		return HS_ERR_FORMAT;
	k->body = (struct hs_str){k->blob.p, k->blob.len - r->left};
	return hs_get_string(r, &k->signature);
}

static int
read_certificate(struct hs_rd *r, struct hs_hostkey *k)
{
	struct hs_str nonce;
	const uint8_t *fields;
	int rc;

	if ((rc = hs_get_string(r, &nonce)) != HS_OK)
		return rc;
	fields = r->p;
	if ((rc = read_fields(r, k)) != HS_OK)
		return rc;
	hs_put_cstring(&k->own, types[k->type].name);
	hs_put_raw(&k->own, fields, (size_t)(r->p - fields));
	if ((rc = hs_buf_err(&k->own)) != HS_OK)
		return rc;
	k->plain = hs_buf_str(&k->own);
	return read_rest(r, k);
}

int
hs_hostkey_parse(struct hs_str blob, struct hs_hostkey *out)
{
	struct hs_rd r = hs_rd_of(blob);
	int rc = blob.len <= HS_HOSTKEY_MAX ? HS_OK : HS_ERR_TOO_LONG;

	memset(out, 0, sizeof(*out));
	out->blob = out->plain = blob;
	if (rc == HS_OK)
		rc = read_type(&r, out);
	if (rc == HS_OK)
		rc = out->certificate ? read_certificate(&r, out) : read_fields(&r, out);
	if (rc == HS_OK)
		rc = hs_rd_end(&r);
	if (rc != HS_OK)
		hs_hostkey_free(out);
	return rc;
}

void
hs_hostkey_fingerprint(struct hs_str blob, char out[static HS_FINGERPRINT_LEN + 1])
{
	static const uint8_t none[1];
	uint8_t digest[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(digest, blob.len > 0 ? blob.p : none, blob.len);
	memcpy(out, "SHA256:", 7);
	sodium_bin2base64(out + 7, HS_FINGERPRINT_LEN + 1 - 7, digest, sizeof(digest),
	    sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}
