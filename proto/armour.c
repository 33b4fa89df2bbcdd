// SPDX-License-Identifier: ISC
//
// Takes the armour off a private key file or a signature. Contract in armour.h.
#include "proto/armour.h"

#include <string.h>
#include "proto/text.h"

#define FIRST_LINE "-----BEGIN OPENSSH PRIVATE KEY-----"
#define LAST_LINE  "-----END OPENSSH PRIVATE KEY-----"

static bool
take_line(struct hs_str *text, struct hs_str *line)
{
	if (!hs_str_cut(text, '\n', line))
		return false;
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

int
hs_armour_unwrap(struct hs_str text, size_t max, struct hs_buf *blob)
{
	return hs_armour_unwrap_as(text, FIRST_LINE, LAST_LINE, max, blob);
}

int
hs_armour_unwrap_as(struct hs_str text, const char *first, const char *last, size_t max,
    struct hs_buf *blob)
{
	struct hs_buf b64 = {0};
	struct hs_str line = {0};
	bool ended = false;
	int rc;

	if (!take_line(&text, &line) || !hs_str_is(line, first))
		return HS_ERR_KEY_TYPE;
	while (!ended && take_line(&text, &line)) {
		ended = hs_str_is(line, last);
		if (!ended)
			hs_put_raw(&b64, line.p, line.len);
	}
	rc = hs_buf_err(&b64);
	if (rc == HS_OK && !ended)
		rc = HS_ERR_SHORT;
	if (rc == HS_OK && text.len > 0)
		rc = HS_ERR_TRAILING;
	if (rc == HS_OK)
		rc = hs_text_base64(hs_buf_str(&b64), max, blob);
	hs_buf_free(&b64);
	return rc;
}
