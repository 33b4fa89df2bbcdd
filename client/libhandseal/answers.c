// SPDX-License-Identifier: ISC
//
// Checks of single parts of the daemon's answers. Contract in answers.h.
#include "client/libhandseal/answers.h"

#include <string.h>
#include "proto/text.h"

static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"; // no 0 O 1 I

bool
hs_answers_is_code(struct hs_str s)
{
	if (s.len != HS_CODE_LEN)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (memchr(letters, s.p[i], sizeof letters - 1) == NULL)
			return false;
	return true;
}

int
hs_answers_parse_id(
    struct hs_str id, char session[static HS_SESSION_ID_LEN + 1], uint64_t *serial)
{
	struct hs_str tail;

	if (id.len < HS_SESSION_ID_LEN + 2 || id.p[HS_SESSION_ID_LEN] != '.')
		return HS_ERR_FORMAT;
	for (size_t i = 0; i < HS_SESSION_ID_LEN; i++)
		if (memchr("0123456789abcdef", id.p[i], 16) == NULL)
			return HS_ERR_FORMAT;
	tail.p = id.p + HS_SESSION_ID_LEN + 1;
	tail.len = id.len - HS_SESSION_ID_LEN - 1;
	if (hs_text_u64(tail, UINT64_MAX, serial) != HS_OK || *serial == 0)
		return HS_ERR_FORMAT;
	memcpy(session, id.p, HS_SESSION_ID_LEN);
	session[HS_SESSION_ID_LEN] = '\0';
	return HS_OK;
}

bool
hs_answers_showable(struct hs_str text)
{
	for (size_t i = 0; i < text.len;) {
		const uint8_t *lf = memchr(text.p + i, '\n', text.len - i);
		size_t end = lf == NULL ? text.len : (size_t)(lf - text.p);

		if (!hs_text_shown((struct hs_str){text.p + i, end - i}, NULL))
			return false;
		i = end + 1;
	}
	return text.len > 0;
}
