// SPDX-License-Identifier: ISC
//
// Who holds the key that a request is proven with: a key pair that was read, or a function
// of the caller's. Contracts in handseal.h and client.h.
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "client/libhandseal/client.h"
#include "client/libhandseal/sshkey.h"

struct hs_keypair {
	struct hs_sshkey key;
};

int
hs_keypair_read(const char *text, size_t len, struct hs_keypair **out, struct hs_error *err)
{
	struct hs_keypair *k = calloc(1, sizeof *k);
	struct hs_err e = {0};
	int rc = HS_OK;

	*out = NULL;
	if (k == NULL || sodium_init() < 0)
		rc = hs_fail(&e, HS_ERR_NOMEM, "out of memory");
	if (rc == HS_OK)
		rc = hs_sshkey_parse(
		    (struct hs_str){(const uint8_t *)text, len}, &k->key, &e);
	if (rc == HS_OK)
		*out = k;
	else
		hs_keypair_free(k);
	return hs_client_fail(err, &e);
}

void
hs_keypair_free(struct hs_keypair *k)
{
	if (k == NULL)
		return;
	hs_sshkey_free(&k->key);
	free(k);
}

int
hs_client_holder_key(const struct hs_holder *h, struct hs_buf *key, struct hs_error *err)
{
	struct hs_err e = {0};
	struct hs_key parsed;
	int rc = HS_OK;

	hs_buf_reset(key);
	if (h->pair != NULL && (h->public_key != NULL || h->sign != NULL))
		return hs_client_misused(
		    err, "the holder is a pair or a function, not both");
	if ((h->public_key != NULL) != (h->sign != NULL))
		return hs_client_misused(err, "public_key and sign belong together");
	if (h->pair != NULL)
		parsed = h->pair->key.pub;
	else if (h->public_key != NULL)
		rc = hs_key_parse_line(hs_str_c(h->public_key), &parsed, NULL);
	else
		return HS_DONE;
	if (rc == HS_OK) {
		hs_key_put(key, &parsed);
		rc = hs_buf_err(key);
	}
	if (rc != HS_OK)
		(void)hs_fail(&e, (enum hs_code)rc, "the public key cannot be used: %s",
		    hs_code_sentence((enum hs_code)rc));
	return hs_client_fail(err, &e);
}

static int
call(const struct hs_holder *h, struct hs_str data, struct hs_buf *sig, struct hs_err *err)
{
	uint8_t got[HS_SIGNATURE_MAX];
	size_t len = sizeof got;
	struct hs_key key;
	int rc;

	if (h->sign(h->sign_arg, data.p, data.len, got, &len) != 0)
		return hs_fail(err, HS_NO_PROOF, "its holder did not sign the request");
	if (len > sizeof got)
		return hs_fail(err, HS_ERR_TOO_LONG, "the signature is too long");
	rc = hs_key_parse_line(hs_str_c(h->public_key), &key, NULL);
	if (rc == HS_OK)
		rc = hs_sig_verify(&key, (struct hs_str){got, len}, data, NULL);
	if (rc != HS_OK)
		return hs_fail(err, HS_NO_PROOF, "the signature is not good by that key");
	hs_put_raw(sig, got, len);
	return hs_buf_err(sig);
}

int
hs_client_holder_sign(
    const struct hs_holder *h, struct hs_str data, struct hs_buf *sig, struct hs_error *err)
{
	struct hs_err e = {0};
	int rc;

	if (h->pair != NULL)
		rc = hs_sshkey_sign(&h->pair->key, data, sig);
	else
		rc = call(h, data, sig, &e);
	if (rc != HS_OK && e.code == HS_OK)
		(void)hs_fail(&e, (enum hs_code)rc, "the request could not be signed");
	return hs_client_fail(err, &e);
}
