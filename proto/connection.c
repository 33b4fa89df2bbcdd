// SPDX-License-Identifier: ISC
//
// sshd's %C. Contract in connection.h.
#include "proto/connection.h"

#include <string.h>
#include "proto/text.h"

// Takes what stands before the next blank off text; false where that is nothing.
static bool
take(struct hs_str *text, struct hs_str *field)
{
	const uint8_t *blank = text->len > 0 ? memchr(text->p, ' ', text->len) : NULL;
	size_t n = blank != NULL ? (size_t)(blank - text->p) : text->len;

	*field = (struct hs_str){text->p, n};
	if (n > 0) {
		text->p += n + (blank != NULL);
		text->len -= n + (blank != NULL);
	}
	return n > 0;
}

static bool
is_address(struct hs_str s)
{
	static const char set[] = "0123456789abcdefABCDEF.:%";
	size_t i = 0;

	if (hs_str_is(s, "UNKNOWN"))
		return true;
	while (i < s.len && memchr(set, s.p[i], sizeof set - 1) != NULL) {
		// what a zone is called is the system's affair
		if (s.p[i++] == '%')
			return i > 1 && hs_text_shown(s, NULL);
	}
	return i == s.len;
}

int
hs_connection_client(struct hs_str text, struct hs_str *client)
{
	struct hs_str f[4];
	const uint8_t *zone;
	uint64_t port;

	for (size_t i = 0; i < 4; i++) {
		if (!take(&text, &f[i]))
			return HS_ERR_FORMAT;
		if (i % 2 == 0 ? !is_address(f[i])
			       : hs_text_u64(f[i], UINT16_MAX, &port) != HS_OK)
			return HS_ERR_FORMAT;
	}
	// a blank behind the last would have left nothing either
	if (text.len > 0 || text.p != f[3].p + f[3].len)
		return HS_ERR_FORMAT;
	*client = f[2];
	if (hs_str_is(f[2], "UNKNOWN"))
		client->len = 0;
	zone = client->len > 0 ? memchr(client->p, '%', client->len) : NULL;
	if (zone != NULL)
		client->len = (size_t)(zone - client->p);
	return HS_OK;
}
