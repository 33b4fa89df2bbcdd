// SPDX-License-Identifier: ISC
//
// Does the peer hold the certificate's key? A signature over what the service said, in a
// namespace of the service's own. Whether the certificate may sign in it is its scope's to
// say. Contract in verify.h.
//
// Who attacks: a service that passes on another's challenge as its own, and a client that
// shows a certificate of another's with a signature that it got elsewhere. Against both
// there is the namespace: no SSH login, commit or file is signed in one that is a
// service's, and no two services have the same.
#include <sodium.h>
#include <string.h>
#include "client/libhandseal/verify.h"
#include "proto/names.h"

#define CHALLENGE_MIN 16

// NAME@DOMAIN, and not the daemon's: no common word that other things are signed in.
static bool
is_services_own(const char *ns)
{
	const char *at = strchr(ns, '@');

	return at != NULL && at != ns && at[1] != '\0' && strchr(at + 1, '@') == NULL;
}

int
hs_verify_proof_asked(const struct hs_verify_ask *ask, struct hs_err *err)
{
	bool of_message = ask->what == HS_VERIFY_SIGNATURE;
	const char *name = ask->ns != NULL ? ask->ns : "";
	struct hs_str ns = hs_str_c(name);

	if (ask->proof != HS_VERIFY_SIGNED && ask->proof != HS_VERIFY_PROVEN_ELSEWHERE)
		return hs_fail(err, HS_ERR_USAGE,
		    "that the peer holds the certificate's key was not proven");
	if (ask->proof == HS_VERIFY_PROVEN_ELSEWHERE && !of_message)
		return HS_OK;
	if (!hs_scope_value_under(HS_KEY_NS, ns, ns) || hs_str_is(ns, "*"))
		return hs_fail(err, HS_ERR_USAGE, "that is no namespace for signatures");
	if (hs_signed_own_ns(ns))
		return hs_fail(err, HS_ERR_USAGE,
		    "namespaces that end in " HS_VENDOR " are the daemon's own");
	if (of_message && ask->proof == HS_VERIFY_PROVEN_ELSEWHERE &&
	    (ask->message.len > 0 || ask->signature.len > 0))
		return hs_fail(err, HS_ERR_USAGE,
		    "a message that was proven elsewhere is not looked at here");
	if (of_message)
		return HS_OK;
	if (!is_services_own(name))
		return hs_fail(err, HS_ERR_USAGE,
		    "a challenge needs a namespace of the service's own, NAME@DOMAIN");
	if (hs_verify_view(ask->message).len < CHALLENGE_MIN)
		return hs_fail(
		    err, HS_ERR_USAGE, "a challenge has at least 16 random bytes");
	return HS_OK;
}

int
hs_verify_signature_read(
    struct hs_str signature, struct hs_verify_signature *out, struct hs_err *err)
{
	int rc = HS_OK;

	if (signature.len >= 6 && memcmp(signature.p, "SSHSIG", 6) == 0 &&
	    signature.len <= HS_SSHSIG_MAX)
		hs_put_raw(&out->blob, signature.p, signature.len);
	else
		rc = hs_sshsig_unwrap(signature, &out->blob);
	if (rc == HS_OK)
		rc = hs_buf_err(&out->blob);
	if (rc == HS_OK)
		rc = hs_sshsig_parse(hs_buf_str(&out->blob), &out->sig);
	if (rc == HS_OK || rc == HS_ERR_NOMEM)
		return rc;
	return hs_fail(err, HS_NO_PROOF, "this is no signature as SSHSIG has them: %s",
	    hs_code_sentence((enum hs_code)rc));
}

// The key that the signature names: alone, or in a certificate, which may be a newer one
// than was shown.
static bool
names_key(struct hs_verify_signature *s, const struct hs_key *key)
{
	struct hs_key named;

	if (hs_key_parse(s->sig.key, &named) == HS_OK)
		return hs_key_eq(&named, key);
	return hs_cert_parse(s->sig.key, &s->cert) == HS_OK && hs_key_eq(&s->cert.key, key);
}

int
hs_verify_signature_check(struct hs_verify_signature *s, const struct hs_key *key,
    const struct hs_verify_ask *ask, struct hs_err *err)
{
	bool of_message = ask->what == HS_VERIFY_SIGNATURE;
	struct hs_str message = hs_verify_view(ask->message);
	const uint8_t *p = message.len > 0 ? message.p : (const uint8_t *)"";
	uint8_t digest[crypto_hash_sha512_BYTES];
	size_t len = s->sig.sha256 ? crypto_hash_sha256_BYTES : sizeof digest;
	int rc;

	if (!hs_str_is(s->sig.ns, ask->ns))
		return hs_fail(err, of_message ? HS_NO_NAMESPACE : HS_NO_PROOF,
		    "it was signed in another namespace than %s", ask->ns);
	if (!names_key(s, key))
		return hs_fail(err, of_message ? HS_NO_SIG_MESSAGE : HS_NO_PROOF,
		    "it was signed by another key than the certificate's");
	rc = s->sig.sha256 ? crypto_hash_sha256(digest, p, message.len)
			   : crypto_hash_sha512(digest, p, message.len);
	if (rc != 0)
		return hs_fail(err, HS_ERR_CRYPTO, "the message was not hashed");
	rc = hs_signed_by(&s->sig, (struct hs_str){digest, len}, key);
	if (rc == HS_OK || rc == HS_ERR_NOMEM)
		return rc;
	if (of_message)
		return hs_fail(err, HS_NO_SIG_MESSAGE, "%s", "");
	return hs_fail(err, HS_NO_PROOF,
	    "the proof was not made for this challenge, or not by the certificate's key");
}
