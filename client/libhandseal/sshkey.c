// SPDX-License-Identifier: ISC
//
// Ed25519 private keys in OpenSSH's file format, read here because a file is read by a
// bounded decoder or not at all, and libssh hands out no raw key to sign an SSHSIG with.
// Contract in sshkey.h.
#include "client/libhandseal/sshkey.h"

#include <sodium.h>
#include <string.h>
#include "proto/armour.h"

static int
read_head(struct hs_rd *r, struct hs_str *priv, struct hs_err *err)
{
	struct hs_str magic, cipher, kdf, options, pub;
	uint32_t n;

	if (hs_get_raw(r, sizeof HS_KEYFILE_MAGIC, &magic) != HS_OK ||
	    memcmp(magic.p, HS_KEYFILE_MAGIC, sizeof HS_KEYFILE_MAGIC) != 0 ||
	    hs_get_string(r, &cipher) != HS_OK || hs_get_string(r, &kdf) != HS_OK ||
	    hs_get_string(r, &options) != HS_OK || hs_get_u32(r, &n) != HS_OK || n != 1 ||
	    hs_get_string(r, &pub) != HS_OK || hs_get_string(r, priv) != HS_OK)
		return hs_fail(err, HS_ERR_FORMAT, "the private key file is malformed");
	if (hs_rd_end(r) != HS_OK)
		return hs_fail(err, HS_ERR_TRAILING, "the private key file is malformed");
	if (!hs_str_is(cipher, "none") || !hs_str_is(kdf, "none"))
		return hs_fail(err, HS_ERR_UNSUPPORTED, "it is encrypted");
	if (options.len != 0)
		return hs_fail(err, HS_ERR_FORMAT, "the private key file is malformed");
	return HS_OK;
}

// Padding is 1, 2, 3, … up to a block: OpenSSH's has 8 bytes, libssh's 16.
static bool
is_padding(const struct hs_rd *r)
{
	for (size_t i = 0; i < r->left; i++)
		if (r->p[i] != i + 1)
			return false;
	return r->left < 16;
}

static int
read_private(struct hs_str priv, struct hs_sshkey *k, struct hs_err *err)
{
	struct hs_rd r = hs_rd_of(priv);
	struct hs_str type, pub, secret, comment;
	uint8_t derived[crypto_sign_PUBLICKEYBYTES], whole[crypto_sign_SECRETKEYBYTES];
	uint32_t a, b;
	int rc = HS_OK;

	if (hs_get_u32(&r, &a) != HS_OK || hs_get_u32(&r, &b) != HS_OK || a != b ||
	    hs_get_string(&r, &type) != HS_OK)
		return hs_fail(err, HS_ERR_FORMAT, "the private key file is malformed");
	if (!hs_str_is(type, hs_key_type_name(HS_KT_ED25519)))
		return hs_fail(err, HS_ERR_KEY_TYPE, "it holds no Ed25519 key");
	if (hs_get_string(&r, &pub) != HS_OK || pub.len != sizeof derived ||
	    hs_get_string(&r, &secret) != HS_OK || secret.len != sizeof whole ||
	    hs_get_string(&r, &comment) != HS_OK || !is_padding(&r))
		return hs_fail(err, HS_ERR_FORMAT, "the private key file is malformed");
	// A signature under one public half, made with another's, gives the secret away.
	crypto_sign_seed_keypair(derived, whole, secret.p);
	if (sodium_memcmp(whole, secret.p, sizeof whole) != 0 ||
	    sodium_memcmp(derived, pub.p, sizeof derived) != 0)
		rc = hs_fail(
		    err, HS_ERR_CRYPTO, "the two halves of its key do not belong together");
	if (rc == HS_OK && (k->secret = sodium_malloc(sizeof whole)) == NULL)
		rc = hs_fail(err, HS_ERR_NOMEM, "out of memory");
	if (rc == HS_OK) {
		memcpy(k->secret, whole, sizeof whole);
		k->pub = (struct hs_key){.type = HS_KT_ED25519, .publen = sizeof derived};
		memcpy(k->pub.pub, derived, sizeof derived);
	}
	sodium_memzero(whole, sizeof whole);
	return rc;
}

int
hs_sshkey_parse(struct hs_str text, struct hs_sshkey *k, struct hs_err *err)
{
	struct hs_buf blob = {0};
	struct hs_str priv = {0};
	struct hs_rd r;
	int rc;

	if (text.len > HS_SSHKEY_FILE_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG, "the private key file is too long");
	rc = hs_armour_unwrap(text, HS_SSHKEY_FILE_MAX, &blob);
	if (rc != HS_OK)
		rc = hs_fail(err, (enum hs_code)rc, "%s",
		    rc == HS_ERR_KEY_TYPE ? "it is no private key file in OpenSSH's format"
					  : "the private key file is malformed");
	r = hs_rd_of(hs_buf_str(&blob));
	if (rc == HS_OK)
		rc = read_head(&r, &priv, err);
	if (rc == HS_OK)
		rc = read_private(priv, k, err);
	hs_buf_free(&blob);
	return rc;
}

int
hs_sshkey_sign(const struct hs_sshkey *k, struct hs_str data, struct hs_buf *sig)
{
	uint8_t raw[crypto_sign_BYTES];

	if (crypto_sign_detached(raw, NULL, data.p, data.len, k->secret) != 0)
		return HS_ERR_CRYPTO;
	hs_put_cstring(sig, hs_key_type_name(HS_KT_ED25519));
	hs_put_string(sig, raw, sizeof raw);
	return hs_buf_err(sig);
}

void
hs_sshkey_free(struct hs_sshkey *k)
{
	sodium_free(k->secret);
	*k = (struct hs_sshkey){0};
}
