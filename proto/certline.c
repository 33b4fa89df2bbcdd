// SPDX-License-Identifier: ISC
//
// Certificates as text. Contract in certline.h.
#include "proto/certline.h"

#include <string.h>
#include "proto/text.h"

int
hs_certline_blob(
    struct hs_str type, struct hs_str base64, struct hs_buf *blob, struct hs_err *err)
{
	struct hs_str inner = {0};
	struct hs_rd rd;
	int rc;

	if (base64.len == 0)
		return hs_fail(err, HS_ERR_FORMAT, "the key is empty");
	if ((rc = hs_text_base64(base64, HS_CERT_MAX, blob)) != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "the key is %s",
		    rc == HS_ERR_TOO_LONG ? "longer than any certificate of ours"
					  : "not in base64");
	rd = hs_rd_of(hs_buf_str(blob));
	if (hs_get_string(&rd, &inner) != HS_OK || !hs_str_eq(inner, type))
		return hs_fail(
		    err, HS_ERR_FORMAT, "the key is not of the type it is said to be");
	return HS_OK;
}

// Cuts s at the first blank; what is behind the blanks stays in *rest.
static struct hs_str
field(struct hs_str *rest)
{
	struct hs_str f = *rest;
	size_t i = 0;

	while (i < f.len && f.p[i] != ' ' && f.p[i] != '\t')
		i++;
	f.len = i;
	while (i < rest->len && (rest->p[i] == ' ' || rest->p[i] == '\t'))
		i++;
	if (i > 0) {
		rest->p += i;
		rest->len -= i;
	}
	return f;
}

int
hs_certline_file(struct hs_str text, struct hs_buf *blob, struct hs_err *err)
{
	struct hs_str rest = text, type, base64;

	if (text.len > HS_CERTLINE_MAX)
		return hs_fail(
		    err, HS_ERR_TOO_LONG, "the file is too long for a certificate");
	if (rest.len > 0 && rest.p[rest.len - 1] == '\n')
		rest.len--;
	if (rest.len > 0 && rest.p[rest.len - 1] == '\r')
		rest.len--;
	if (rest.len == 0)
		return hs_fail(err, HS_ERR_FORMAT, "there is no certificate in it");
	if (memchr(rest.p, '\n', rest.len) != NULL ||
	    memchr(rest.p, '\0', rest.len) != NULL)
		return hs_fail(
		    err, HS_ERR_FORMAT, "it must be one line: type, base64, comment");
	type = field(&rest);
	base64 = field(&rest);
	if (type.len == 0 || base64.len == 0)
		return hs_fail(
		    err, HS_ERR_FORMAT, "it must be one line: type, base64, comment");
	return hs_certline_blob(type, base64, blob, err);
}
