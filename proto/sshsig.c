// SPDX-License-Identifier: ISC
//
// SSHSIG blobs and their armour. Contract in sshsig.h.
#include "proto/sshsig.h"

#include <string.h>
#include "proto/armour.h"
#include "proto/text.h"

#define MAGIC	 "SSHSIG"
#define VERSION	 1
#define LINE_LEN 70

void
hs_sshsig_put(struct hs_buf *b, const struct hs_sshsig *s)
{
	hs_put_raw(b, MAGIC, sizeof MAGIC - 1);
	hs_put_u32(b, VERSION);
	hs_put_str(b, s->key);
	hs_put_str(b, s->ns);
	hs_put_cstring(b, "");
	hs_put_cstring(b, s->sha256 ? "sha256" : "sha512");
	hs_put_str(b, s->signature);
}

int
hs_sshsig_parse(struct hs_str blob, struct hs_sshsig *out)
{
	struct hs_rd r = hs_rd_of(blob);
	struct hs_str magic, reserved, hash;
	struct hs_sshsig s;
	uint32_t version;
	int rc;

	if (blob.len > HS_SSHSIG_MAX)
		return HS_ERR_TOO_LONG;
	if ((rc = hs_get_raw(&r, sizeof MAGIC - 1, &magic)) != HS_OK)
		return rc;
	if (memcmp(magic.p, MAGIC, sizeof MAGIC - 1) != 0)
		return HS_ERR_FORMAT;
	if ((rc = hs_get_u32(&r, &version)) != HS_OK)
		return rc;
	if (version != VERSION)
		return HS_ERR_UNSUPPORTED;
	if ((rc = hs_get_string(&r, &s.key)) != HS_OK ||
	    (rc = hs_get_string(&r, &s.ns)) != HS_OK ||
	    (rc = hs_get_string(&r, &reserved)) != HS_OK ||
	    (rc = hs_get_string(&r, &hash)) != HS_OK ||
	    (rc = hs_get_string(&r, &s.signature)) != HS_OK ||
	    (rc = hs_rd_end(&r)) != HS_OK)
		return rc;
	if (s.ns.len == 0)
		return HS_ERR_FORMAT;
	s.sha256 = hs_str_is(hash, "sha256");
	if (reserved.len > 0 || (!s.sha256 && !hs_str_is(hash, "sha512")))
		return HS_ERR_UNSUPPORTED;
	*out = s;
	return HS_OK;
}

void
hs_sshsig_put_text(struct hs_buf *b, struct hs_str blob)
{
	struct hs_buf text = {0};

	hs_text_put_base64(&text, blob);
	hs_put_fmt(b, "%s\n", HS_ARMOUR_SIG_FIRST);
	for (size_t i = 0; i < text.len; i += LINE_LEN) {
		size_t left = text.len - i;

		hs_put_raw(b, text.p + i, left < LINE_LEN ? left : LINE_LEN);
		hs_put_u8(b, '\n');
	}
	hs_put_fmt(b, "%s\n", HS_ARMOUR_SIG_LAST);
	if (hs_buf_err(&text) != HS_OK && b->err == HS_OK)
		b->err = hs_buf_err(&text);
	hs_buf_free(&text);
}

int
hs_sshsig_unwrap(struct hs_str text, struct hs_buf *blob)
{
	if (text.len > HS_SSHSIG_TEXT_MAX)
		return HS_ERR_TOO_LONG;
	return hs_armour_unwrap_as(
	    text, HS_ARMOUR_SIG_FIRST, HS_ARMOUR_SIG_LAST, HS_SSHSIG_MAX, blob);
}

void
hs_sshsig_put_digest(
    struct hs_buf *b, const struct hs_sshsig *s, const uint8_t *digest, size_t len)
{
	hs_put_raw(b, MAGIC, sizeof MAGIC - 1);
	hs_put_str(b, s->ns);
	hs_put_cstring(b, "");
	hs_put_cstring(b, s->sha256 ? "sha256" : "sha512");
	hs_put_string(b, digest, len);
}
