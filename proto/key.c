// SPDX-License-Identifier: ISC
//
// Public keys: decoding, encoding, fingerprints. Signatures are in sig.c.
#include "proto/key.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <sodium.h>
#include <string.h>
#include "proto/text.h"

#define CURVE "nistp256"
#define KEY_BLOB_MAX                                                                       \
	256 // the longest that hs_key_put makes: 34 + 8 + 65 + 64 and four lengths

static const char *const type_names[HS_KT_COUNT] = {
    [HS_KT_ED25519] = "ssh-ed25519",
    [HS_KT_ECDSA] = "ecdsa-sha2-nistp256",
    [HS_KT_SK_ED25519] = "sk-ssh-ed25519@openssh.com",
    [HS_KT_SK_ECDSA] = "sk-ecdsa-sha2-nistp256@openssh.com",
};

const char *
hs_key_type_name(enum hs_key_type t)
{
	return (unsigned)t < HS_KT_COUNT ? type_names[t] : "";
}

bool
hs_key_is_sk(const struct hs_key *k)
{
	return k->type == HS_KT_SK_ED25519 || k->type == HS_KT_SK_ECDSA;
}

static bool
is_p256(enum hs_key_type t)
{
	return t == HS_KT_ECDSA || t == HS_KT_SK_ECDSA;
}

bool
hs_key_eq(const struct hs_key *a, const struct hs_key *b)
{
	return a->type == b->type && a->publen == b->publen &&
	       memcmp(a->pub, b->pub, a->publen) == 0 &&
	       strcmp(a->application, b->application) == 0;
}

static int
type_of(struct hs_str name, enum hs_key_type *out)
{
	for (unsigned t = 0; t < HS_KT_COUNT; t++)
		if (hs_str_is(name, type_names[t])) {
			*out = (enum hs_key_type)t;
			return HS_OK;
		}
	return HS_ERR_KEY_TYPE;
}

// OpenSSL looks whether the point is on the curve while it decodes it.
static int
check_point(struct hs_str q)
{
	EC_GROUP *group;
	EC_POINT *point = NULL;
	int rc = HS_ERR_CRYPTO;

	if (q.len != 65 || q.p[0] != POINT_CONVERSION_UNCOMPRESSED)
		return HS_ERR_FORMAT;
	group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	if (group == NULL || (point = EC_POINT_new(group)) == NULL)
		goto out;
	rc =
	    EC_POINT_oct2point(group, point, q.p, q.len, NULL) == 1 ? HS_OK : HS_ERR_FORMAT;
out:
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return rc;
}

static int
read_p256(struct hs_rd *r, struct hs_str *q)
{
	struct hs_str curve;
	int rc;

	if ((rc = hs_get_string(r, &curve)) != HS_OK || (rc = hs_get_string(r, q)) != HS_OK)
		return rc;
	if (!hs_str_is(curve, CURVE))
		return HS_ERR_FORMAT;
	return check_point(*q);
}

// The application stands in logs and prompts, so it is short and printable.
static int
read_application(struct hs_rd *r, struct hs_key *out)
{
	struct hs_str s;
	int rc = hs_get_string_max(r, HS_SK_APPLICATION_MAX, &s);

	if (rc != HS_OK)
		return rc;
	if (s.len == 0)
		return HS_ERR_FORMAT;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f)
			return HS_ERR_FORMAT;
	return hs_str_copy(s, out->application, sizeof(out->application));
}

int
hs_key_read_fields(struct hs_rd *r, enum hs_key_type type, struct hs_key *out)
{
	struct hs_key k = {.type = type};
	struct hs_str pub;
	int rc;

	if ((unsigned)type >= HS_KT_COUNT)
		return HS_ERR_KEY_TYPE;
	rc = is_p256(type) ? read_p256(r, &pub) : hs_get_string(r, &pub);
	if (rc != HS_OK)
		return rc;
	if (!is_p256(type) && pub.len != crypto_sign_PUBLICKEYBYTES)
		return HS_ERR_FORMAT;
	memcpy(k.pub, pub.p, pub.len);
	k.publen = pub.len;
	if (hs_key_is_sk(&k) && (rc = read_application(r, &k)) != HS_OK)
		return rc;
	*out = k;
	return HS_OK;
}

int
hs_key_parse(struct hs_str blob, struct hs_key *out)
{
	struct hs_rd r = hs_rd_of(blob);
	struct hs_str name;
	enum hs_key_type type;
	struct hs_key k;
	int rc;

	if ((rc = hs_get_string(&r, &name)) != HS_OK ||
	    (rc = type_of(name, &type)) != HS_OK ||
	    (rc = hs_key_read_fields(&r, type, &k)) != HS_OK ||
	    (rc = hs_rd_end(&r)) != HS_OK)
		return rc;
	*out = k;
	return HS_OK;
}

void
hs_key_put_fields(struct hs_buf *b, const struct hs_key *k)
{
	if (is_p256(k->type))
		hs_put_cstring(b, CURVE);
	hs_put_string(b, k->pub, k->publen);
	if (hs_key_is_sk(k))
		hs_put_cstring(b, k->application);
}

void
hs_key_put(struct hs_buf *b, const struct hs_key *k)
{
	hs_put_cstring(b, hs_key_type_name(k->type));
	hs_key_put_fields(b, k);
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

// Takes the next word off *s, and the blanks behind it.
static struct hs_str
next_word(struct hs_str *s)
{
	struct hs_str w = {s->p, 0};

	while (w.len < s->len && !is_blank(s->p[w.len]))
		w.len++;
	s->p += w.len;
	s->len -= w.len;
	while (s->len > 0 && is_blank(s->p[0])) {
		s->p++;
		s->len--;
	}
	return w;
}

int
hs_key_parse_line(struct hs_str line, struct hs_key *out, struct hs_str *comment)
{
	struct hs_str rest = line, type, base64;
	struct hs_buf blob = {0};
	struct hs_key k;
	int rc;

	for (size_t i = 0; i < line.len; i++)
		if ((line.p[i] < 0x20 && line.p[i] != '\t') || line.p[i] == 0x7f)
			return HS_ERR_FORMAT;
	if (line.len == 0)
		return HS_ERR_FORMAT;
	type = next_word(&rest);
	base64 = next_word(&rest);
	while (rest.len > 0 && is_blank(rest.p[rest.len - 1]))
		rest.len--;
	if (type.len == 0 || base64.len == 0)
		return HS_ERR_FORMAT;
	if ((rc = type_of(type, &k.type)) != HS_OK ||
	    (rc = hs_text_base64(base64, KEY_BLOB_MAX, &blob)) != HS_OK)
		goto out;
	rc = hs_key_parse(hs_buf_str(&blob), &k);
	if (rc == HS_OK && !hs_str_is(type, hs_key_type_name(k.type)))
		rc = HS_ERR_FORMAT;
	if (rc != HS_OK)
		goto out;
	*out = k;
	if (comment != NULL)
		*comment = rest;
out:
	hs_buf_free(&blob);
	return rc;
}

void
hs_key_put_line(struct hs_buf *b, const struct hs_key *k)
{
	struct hs_buf blob = {0};

	hs_key_put(&blob, k);
	if (hs_buf_err(&blob) != HS_OK && b->err == HS_OK)
		b->err = hs_buf_err(&blob);
	hs_put_fmt(b, "%s ", hs_key_type_name(k->type));
	hs_text_put_base64(b, hs_buf_str(&blob));
	hs_buf_free(&blob);
}

void
hs_key_fingerprint(const struct hs_key *k, char out[static HS_FINGERPRINT_LEN + 1])
{
	uint8_t mem[KEY_BLOB_MAX], digest[crypto_hash_sha256_BYTES];
	struct hs_buf b = {.p = mem, .cap = sizeof(mem)}; // never grows: so it cannot fail

	hs_key_put(&b, k);
	(void)crypto_hash_sha256(digest, b.p, b.len);
	memcpy(out, "SHA256:", 7);
	sodium_bin2base64(out + 7, HS_FINGERPRINT_LEN + 1 - 7, digest, sizeof(digest),
	    sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}
