// SPDX-License-Identifier: ISC
//
// session-bind@openssh.com, read and verified. Contract in sessionbind.h.
#include "proto/sessionbind.h"

#include <string.h>

int
hs_sessionbind_parse(struct hs_str body, struct hs_sessionbind *out)
{
	struct hs_rd r = hs_rd_of(body);
	uint8_t forwarding = 0;
	int rc;

	memset(out, 0, sizeof(*out));
	if ((rc = hs_get_string_max(&r, HS_HOSTKEY_MAX, &out->host_key)) != HS_OK ||
	    (rc = hs_get_string_max(&r, HS_SSH_SESSION_MAX, &out->session)) != HS_OK ||
	    (rc = hs_get_string(&r, &out->signature)) != HS_OK ||
	    (rc = hs_get_u8(&r, &forwarding)) != HS_OK || (rc = hs_rd_end(&r)) != HS_OK)
		return rc;
	if (out->session.len == 0 || forwarding > 1)
		return HS_ERR_FORMAT;
	out->forwarding = forwarding == 1;
	return HS_OK;
}

int
hs_sessionbind_verify(
    const struct hs_sessionbind *b, struct hs_hostkey *key, struct hs_err *err)
{
	int rc = hs_hostkey_parse(b->host_key, key);

	if (rc == HS_ERR_KEY_TYPE)
		return hs_fail(err, HS_ERR_KEY_TYPE,
		    "the server's key is of a type that is not taken");
	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "the server's key cannot be read: %s",
		    hs_code_sentence((enum hs_code)rc));
	rc = hs_hostkey_verify(key, b->signature, b->session);
	if (rc == HS_OK)
		return HS_OK;
	hs_hostkey_free(key);
	if (rc == HS_ERR_KEY_TYPE)
		return hs_fail(err, HS_ERR_KEY_TYPE,
		    "the server's signature is of a type that its key does not make, or by "
		    "SHA-1");
	if (rc == HS_ERR_CRYPTO)
		return hs_fail(err, HS_ERR_CRYPTO,
		    "the server's signature on this SSH session is not good");
	return hs_fail(err, (enum hs_code)rc, "the server's signature cannot be read: %s",
	    hs_code_sentence((enum hs_code)rc));
}
