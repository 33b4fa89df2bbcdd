// SPDX-License-Identifier: ISC
//
// Touches in the log, read. Contract in audittouch.h.
#include "proto/audittouch.h"

static int
take_grant(struct hs_str blob, struct hs_audittouch *out)
{
	struct hs_grant g = {0};
	int rc = hs_grant_parse(blob, false, &g, NULL);

	if (rc == HS_OK) {
		out->key = g.cert.key;
		out->payload = g.payload;
	}
	hs_grant_free(&g);
	return rc;
}

static int
take_direct(struct hs_str blob, struct hs_audittouch *out)
{
	struct hs_direct d = {0};
	int rc = hs_direct_parse(blob, false, &d, NULL);

	if (rc == HS_OK) {
		out->key = d.cert.key;
		out->payload = d.payload;
	}
	hs_direct_free(&d);
	return rc;
}

int
hs_audittouch_read(
    const struct hs_auditread *r, struct hs_buf *blob, struct hs_audittouch *out)
{
	int rc;

	*out = (struct hs_audittouch){.direct = hs_auditread_has(r, HS_AM_DIRECT)};
	hs_buf_reset(blob);
	rc = hs_auditread_bytes(
	    r, out->direct ? HS_AM_DIRECT : HS_AM_GRANT, HS_CERT_MAX, blob);
	if (rc == HS_OK)
		rc = out->direct ? take_direct(hs_buf_str(blob), out)
				 : take_grant(hs_buf_str(blob), out);
	return rc == HS_OK || rc == HS_ERR_NOMEM ? rc : HS_ERR_FORMAT;
}
