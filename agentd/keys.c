// SPDX-License-Identifier: ISC
//
// The session key's memory and its one use. Contract in keys.h.
#include "agentd/keys.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

int
hs_keys_make(struct hs_keys *k, struct hs_err *err)
{
	k->secret = sodium_malloc(crypto_sign_SECRETKEYBYTES);
	if (k->secret == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "no guarded memory for the session key");
	// sodium_malloc locks too, but does not tell when it could not
	if (sodium_mlock(k->secret, crypto_sign_SECRETKEYBYTES) != 0) {
		int saved = errno;

		hs_keys_wipe(k);
		return hs_fail(err, HS_ERR_NOMEM,
		    "the session key cannot be locked in memory: %s (see ulimit -l)",
		    strerror(saved));
	}
	k->pub = (struct hs_key){.type = HS_KT_ED25519, .publen = 32};
	if (crypto_sign_keypair(k->pub.pub, k->secret) != 0 ||
	    sodium_mprotect_noaccess(k->secret) != 0) {
		hs_keys_wipe(k);
		return hs_fail(err, HS_ERR_CRYPTO, "no session key could be made");
	}
	return HS_OK;
}

int
hs_keys_sign(const struct hs_keys *k, struct hs_str data, struct hs_buf *out)
{
	uint8_t sig[crypto_sign_BYTES];
	int bad;

	if (k->secret == NULL)
		return HS_ERR_INTERNAL;
	if (sodium_mprotect_readonly(k->secret) != 0)
		return HS_ERR_CRYPTO;
	bad = crypto_sign_detached(sig, NULL, data.p, data.len, k->secret);
	bad |= sodium_mprotect_noaccess(k->secret);
	if (bad != 0)
		return HS_ERR_CRYPTO;
	hs_put_cstring(out, "ssh-ed25519");
	hs_put_string(out, sig, sizeof sig);
	return hs_buf_err(out);
}

void
hs_keys_wipe(struct hs_keys *k)
{
	if (k->secret != NULL) {
		(void)sodium_mprotect_readwrite(k->secret);
		sodium_free(k->secret); // wipes and unlocks
	}
	sodium_memzero(k, sizeof *k);
}
