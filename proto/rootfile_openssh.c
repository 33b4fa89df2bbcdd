// SPDX-License-Identifier: ISC
//
// OpenSSH's private key file of a security key (PROTOCOL.key, PROTOCOL.u2f), as far as
// taking the key over needs it: public key, key handle, verify-required, comment. There is
// no secret in it. Plain keys are the client's matter; encrypted files are refused.
// Contract in rootfile.h.
#include "proto/rootfile.h"

#include <string.h>
#include "proto/armour.h"
#include "proto/names.h"
#include "proto/text.h"

#define BLOCK 8 // the private part is padded to it

#define SK_VERIFY_REQUIRED 0x04 // SSH_SK_USER_VERIFICATION_REQD

#define MAKE_ONE "make one with ssh-keygen -t ed25519-sk -O application=" HS_APPLICATION

static int
malformed(struct hs_err *err, enum hs_code code)
{
	return hs_fail(
	    err, code, "the private key file is malformed: %s", hs_code_sentence(code));
}

static int
unwrap(struct hs_str text, struct hs_buf *blob, struct hs_err *err)
{
	int rc = text.len > HS_ROOTFILE_MAX ? HS_ERR_TOO_LONG
					    : hs_armour_unwrap(text, HS_ROOTFILE_MAX, blob);

	if (rc == HS_ERR_KEY_TYPE)
		return hs_fail(err, HS_ERR_KEY_TYPE,
		    "it is no private key file in OpenSSH's format; " MAKE_ONE);
	return rc == HS_OK ? HS_OK : malformed(err, (enum hs_code)rc);
}

// Where a file holds several keys, or is encrypted, what follows has another form.
static int
read_head(struct hs_rd *r, struct hs_str *pub, struct hs_str *priv, struct hs_err *err)
{
	struct hs_str magic, cipher, kdf, options;
	uint32_t n;
	int rc;

	if ((rc = hs_get_raw(r, sizeof HS_KEYFILE_MAGIC, &magic)) != HS_OK ||
	    (rc = hs_get_string(r, &cipher)) != HS_OK ||
	    (rc = hs_get_string(r, &kdf)) != HS_OK ||
	    (rc = hs_get_string(r, &options)) != HS_OK || (rc = hs_get_u32(r, &n)) != HS_OK)
		return malformed(err, (enum hs_code)rc);
	if (memcmp(magic.p, HS_KEYFILE_MAGIC, sizeof HS_KEYFILE_MAGIC) != 0)
		return malformed(err, HS_ERR_FORMAT);
	if (!hs_str_is(cipher, "none") || !hs_str_is(kdf, "none"))
		return hs_fail(err, HS_ERR_UNSUPPORTED,
		    "it is encrypted: take the passphrase off a copy with ssh-keygen -p; "
		    "there is "
		    "no secret in it, the key handle is of no use without the key");
	if (options.len != 0 || n != 1)
		return malformed(err, HS_ERR_FORMAT);
	if ((rc = hs_get_string(r, pub)) != HS_OK ||
	    (rc = hs_get_string(r, priv)) != HS_OK || (rc = hs_rd_end(r)) != HS_OK)
		return malformed(err, (enum hs_code)rc);
	return HS_OK;
}

// Padding is 1, 2, 3, … up to a block.
static bool
is_padding(const struct hs_rd *r)
{
	for (size_t i = 0; i < r->left; i++)
		if (r->p[i] != i + 1)
			return false;
	return r->left < BLOCK;
}

static int
read_key(struct hs_rd *r, struct hs_key *key, struct hs_err *err)
{
	static const enum hs_key_type kinds[] = {HS_KT_SK_ED25519, HS_KT_SK_ECDSA};
	struct hs_str type = {0};
	uint32_t a = 0, b = 0;
	int rc;

	if ((rc = hs_get_u32(r, &a)) != HS_OK || (rc = hs_get_u32(r, &b)) != HS_OK ||
	    (rc = hs_get_string(r, &type)) != HS_OK)
		return malformed(err, (enum hs_code)rc);
	if (a != b)
		return malformed(err, HS_ERR_FORMAT);
	rc = HS_ERR_KEY_TYPE;
	for (size_t i = 0; i < 2 && rc == HS_ERR_KEY_TYPE; i++)
		if (hs_str_is(type, hs_key_type_name(kinds[i])))
			rc = hs_key_read_fields(r, kinds[i], key);
	if (rc == HS_ERR_KEY_TYPE)
		return hs_fail(
		    err, HS_ERR_KEY_TYPE, "it is not a security key's file; " MAKE_ONE);
	return rc == HS_OK ? HS_OK : malformed(err, (enum hs_code)rc);
}

// A comment is a label and no more: what a root file could not hold is left out.
static void
take_comment(struct hs_str s, struct hs_root_record *out)
{
	while (s.len > 0 && s.p[0] == ' ') {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && s.p[s.len - 1] == ' ')
		s.len--;
	if (!hs_text_shown(s, NULL) ||
	    hs_str_copy(s, out->owner, sizeof out->owner) != HS_OK)
		out->owner[0] = '\0';
}

static int
read_private(
    struct hs_str pub, struct hs_str priv, struct hs_root_record *out, struct hs_err *err)
{
	struct hs_rd r = hs_rd_of(priv);
	struct hs_str handle, reserved, comment;
	struct hs_key outer;
	uint8_t flags;
	int rc = read_key(&r, &out->key, err);

	if (rc != HS_OK)
		return rc;
	if (strcmp(out->key.application, HS_APPLICATION) != 0)
		return hs_fail(err, HS_ERR_KEY_TYPE,
		    "its application is %s, and a root's is " HS_APPLICATION "; " MAKE_ONE,
		    out->key.application);
	if ((rc = hs_get_u8(&r, &flags)) != HS_OK ||
	    (rc = hs_get_string_max(&r, sizeof out->handle, &handle)) != HS_OK ||
	    (rc = hs_get_string(&r, &reserved)) != HS_OK ||
	    (rc = hs_get_string(&r, &comment)) != HS_OK)
		return malformed(err, (enum hs_code)rc);
	if (handle.len == 0 || reserved.len != 0 || !is_padding(&r) ||
	    hs_key_parse(pub, &outer) != HS_OK || !hs_key_eq(&outer, &out->key))
		return malformed(err, HS_ERR_FORMAT);
	out->verify = (flags & SK_VERIFY_REQUIRED) != 0;
	memcpy(out->handle, handle.p, handle.len);
	out->handle_len = handle.len;
	take_comment(comment, out);
	return HS_OK;
}

int
hs_openssh_sk_parse(struct hs_str text, struct hs_root_record *out, struct hs_err *err)
{
	struct hs_root_record r = *out;
	struct hs_buf blob = {0};
	struct hs_str pub = {0}, priv = {0};
	struct hs_rd rd;
	int rc = unwrap(text, &blob, err);

	rd = hs_rd_of(hs_buf_str(&blob));
	if (rc == HS_OK)
		rc = read_head(&rd, &pub, &priv, err);
	if (rc == HS_OK)
		rc = read_private(pub, priv, &r, err);
	if (rc == HS_OK)
		*out = r;
	hs_buf_free(&blob);
	return rc;
}
