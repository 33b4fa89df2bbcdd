// SPDX-License-Identifier: ISC
//
// Asks a stock ssh-agent for one signature. Contract in sshagent.h.
#include "client/libhandseal/sshagent.h"

#include <stdlib.h>
#include "client/libhandseal/conn.h"

#define SIGN_RESPONSE 14 // SSH_AGENT_SIGN_RESPONSE

int
hs_sshagent_parse(struct hs_str body, struct hs_str *sig)
{
	struct hs_rd r = hs_rd_of(body);
	uint8_t type;

	if (hs_get_u8(&r, &type) != HS_OK)
		return HS_ERR_FORMAT;
	if (type == HS_AGENT_FAILURE)
		return r.left == 0 ? HS_NO_PROOF : HS_ERR_FORMAT;
	if (type != SIGN_RESPONSE || hs_get_string(&r, sig) != HS_OK)
		return HS_ERR_FORMAT;
	return hs_rd_end(&r);
}

static void
put_request(struct hs_buf *b, const struct hs_key *key, struct hs_str data)
{
	size_t mark = hs_agent_frame_begin(b), inner;

	hs_put_u8(b, HS_AGENT_SIGN);
	inner = hs_put_string_begin(b);
	hs_key_put(b, key);
	hs_put_string_end(b, inner);
	hs_put_str(b, data);
	hs_put_u32(b, 0); // flags
	hs_agent_frame_end(b, mark);
}

int
hs_sshagent_sign(
    const struct hs_key *key, struct hs_str data, struct hs_buf *sig, struct hs_err *err)
{
	const char *path = getenv("SSH_AUTH_SOCK");
	struct hs_conn c = {.fd = -1};
	struct hs_str body, got = {0};
	int rc;

	if (path == NULL || path[0] == '\0')
		return hs_fail(err, HS_NO_SUCH, "SSH_AUTH_SOCK is not set");
	rc = hs_conn_open(&c, path, err);
	if (rc != HS_OK)
		goto out;
	put_request(&c.out, key, data);
	rc = hs_conn_exchange(&c, HS_SSHAGENT_SECONDS, &body, err);
	if (rc != HS_OK)
		goto out;
	rc = hs_sshagent_parse(body, &got);
	if (rc == HS_NO_PROOF)
		rc = hs_fail(err, HS_NO_PROOF,
		    "ssh-agent does not have that key, or would not sign");
	else if (rc != HS_OK)
		rc = hs_fail(err, (enum hs_code)rc, "ssh-agent's answer is malformed");
	else if (hs_sig_verify(key, got, data, NULL) != HS_OK)
		rc = hs_fail(err, HS_ERR_CRYPTO, "ssh-agent's signature is not good");
	if (rc != HS_OK)
		goto out;
	hs_put_raw(sig, got.p, got.len);
	rc = hs_buf_err(sig);
out:
	hs_conn_close(&c);
	return rc;
}
