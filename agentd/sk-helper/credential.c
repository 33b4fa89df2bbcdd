// SPDX-License-Identifier: ISC
//
// Judging a new credential. Contract in credential.h.
#include "agentd/sk-helper/credential.h"

#include <sodium.h>
#include <string.h>
#include "proto/names.h"

#define AUTH_DATA_MIN 55   // hash, flags, counter, AAGUID and the handle's length
#define FLAG_AT	      0x40 // a credential is in the data
#define FLAGS_BACKUP  0x18 // it may be, or is, copied to elsewhere

static int
bad(struct hs_err *err, const char *what)
{
	return hs_fail(err, HS_SK_DEVICE,
	    "the security key made a credential that cannot be a root: %s", what);
}

static struct hs_str
view(const unsigned char *p, size_t len)
{
	return (struct hs_str){p, p != NULL ? len : 0};
}

// What every later signature by it will say, too.
static int
check_flags(uint8_t flags, struct hs_err *err)
{
	if ((flags & FLAGS_BACKUP) != 0)
		return bad(err, "it can be copied to other devices");
	if ((flags & HS_SK_FLAG_UP) == 0)
		return bad(err, "it says that it was not touched");
	if ((flags & ~(HS_SK_FLAG_UP | HS_SK_FLAG_UV | FLAG_AT)) != 0 ||
	    (flags & FLAG_AT) == 0)
		return hs_fail(err, HS_SK_DEVICE,
		    "the security key made a credential with flags 0x%02x, which are not "
		    "understood",
		    flags);
	return HS_OK;
}

static int
check_auth_data(const struct hs_helper_enrolled *e, struct hs_err *err)
{
	uint8_t rp[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(
	    rp, (const uint8_t *)HS_APPLICATION, sizeof HS_APPLICATION - 1);
	if (e->auth_data.len < AUTH_DATA_MIN || e->auth_data.len > HS_HELPER_PART_MAX ||
	    memcmp(e->auth_data.p, rp, sizeof rp) != 0)
		return bad(err, "it is not for " HS_APPLICATION);
	if (e->auth_data.p[sizeof rp] != e->flags)
		return bad(err, "its flags contradict each other");
	return check_flags(e->flags, err);
}

static int
read_key(const struct hs_helper_enroll *req, const fido_cred_t *cred, struct hs_buf *out,
    struct hs_err *err)
{
	const bool ed = req->key_type == HS_KT_SK_ED25519;
	const struct hs_str pub =
	    view(fido_cred_pubkey_ptr(cred), fido_cred_pubkey_len(cred));
	struct hs_key key = {
	    .type = (enum hs_key_type)req->key_type, .application = HS_APPLICATION};

	if (fido_cred_type(cred) != (ed ? COSE_EDDSA : COSE_ES256) ||
	    pub.len != (ed ? 32 : 64))
		return bad(err, "it is of another type than was asked for");
	if (!ed)
		key.pub[key.publen++] = 0x04; // both coordinates follow
	memcpy(key.pub + key.publen, pub.p, pub.len);
	key.publen += pub.len;
	hs_key_put(out, &key);
	if (hs_buf_err(out) != HS_OK)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	if (hs_key_parse(hs_buf_str(out), &key) != HS_OK)
		return bad(err, "its public key is none");
	return HS_OK;
}

// Packed or U2F attestation, by a certificate or by the credential itself, is verified;
// whose certificate it is, nobody here can say. "none" is what it says.
static int
check_attestation(const fido_cred_t *cred, struct hs_helper_enrolled *e, struct hs_err *err)
{
	const char *fmt = fido_cred_fmt(cred);
	int r;

	e->attestation_sig = view(fido_cred_sig_ptr(cred), fido_cred_sig_len(cred));
	e->certificate = view(fido_cred_x5c_ptr(cred), fido_cred_x5c_len(cred));
	if (fmt != NULL && strcmp(fmt, "none") == 0 && e->attestation_sig.len == 0 &&
	    e->certificate.len == 0)
		return HS_OK;
	if (e->attestation_sig.len > HS_HELPER_PART_MAX ||
	    e->certificate.len > HS_HELPER_PART_MAX)
		return bad(err, "its attestation is too long");
	r = e->certificate.len > 0 ? fido_cred_verify(cred) : fido_cred_verify_self(cred);
	if (r != FIDO_OK)
		return hs_fail(err, HS_SK_DEVICE,
		    "the security key made a credential whose attestation does not verify: "
		    "%s",
		    fido_strerr(r));
	return HS_OK;
}

int
hs_credential_take(const struct hs_helper_enroll *req, const fido_cred_t *cred,
    struct hs_buf *key, struct hs_helper_enrolled *out, struct hs_err *err)
{
	struct hs_helper_enrolled e = {.flags = fido_cred_flags(cred)};
	const struct hs_str aaguid =
	    view(fido_cred_aaguid_ptr(cred), fido_cred_aaguid_len(cred));
	int rc;

	e.handle = view(fido_cred_id_ptr(cred), fido_cred_id_len(cred));
	e.auth_data =
	    view(fido_cred_authdata_raw_ptr(cred), fido_cred_authdata_raw_len(cred));
	if (e.handle.len == 0 || e.handle.len > HS_KEY_HANDLE_MAX)
		return bad(err, "its key handle is empty or too long");
	if (aaguid.len != sizeof e.aaguid)
		return bad(err, "it does not name its model");
	memcpy(e.aaguid, aaguid.p, sizeof e.aaguid);
	rc = check_auth_data(&e, err);
	if (rc == HS_OK && req->verify && (e.flags & HS_SK_FLAG_UV) == 0)
		rc = bad(err, "it says that nobody was verified");
	if (rc == HS_OK)
		rc = read_key(req, cred, key, err);
	if (rc == HS_OK)
		rc = check_attestation(cred, &e, err);
	e.key = hs_buf_str(key);
	if (rc == HS_OK)
		*out = e;
	return rc;
}
