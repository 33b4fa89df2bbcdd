// SPDX-License-Identifier: ISC
//
// Lines that a server sends, taken apart. Contract in server_facts.h.
#include "client/handseal/server_facts.h"

#include "proto/text.h"

#define KEY_MAX 24

int
hs_serverfacts_line(struct hs_str line, struct hs_serverfact *out)
{
	size_t n = 0;

	if (line.len > HS_SERVERFACTS_LINE_MAX)
		return HS_ERR_TOO_LONG;
	while (n < line.len && ((line.p[n] >= 'a' && line.p[n] <= 'z') || line.p[n] == '-'))
		n++;
	if (n == 0 || n > KEY_MAX || n == line.len || line.p[n] != ' ')
		return HS_ERR_FORMAT;
	for (size_t i = n + 1; i < line.len; i++)
		if ((line.p[i] < 0x20 && line.p[i] != '\t') || line.p[i] == 0x7f)
			return HS_ERR_FORMAT;
	*out = (struct hs_serverfact){{line.p, n}, {line.p + n + 1, line.len - n - 1}};
	return HS_OK;
}

bool
hs_serverfacts_next(struct hs_str *text, struct hs_serverfact *out)
{
	struct hs_str line;

	while (hs_str_next(text, '\n', &line))
		if (hs_serverfacts_line(line, out) == HS_OK)
			return true;
	return false;
}

bool
hs_serverfacts_find(struct hs_str text, const char *key, struct hs_str *value)
{
	struct hs_serverfact f;

	while (hs_serverfacts_next(&text, &f)) {
		if (hs_str_is(f.key, key)) {
			*value = f.value;
			return true;
		}
	}
	*value = hs_str_c("");
	return false;
}

int
hs_serverfacts_list(struct hs_str value, uint64_t *written, struct hs_str *name)
{
	struct hs_str number, path = value;
	int rc;

	if (!hs_str_cut(&path, ' ', &number))
		return HS_ERR_FORMAT;
	rc = hs_text_u64(number, INT64_MAX, written);
	if (rc != HS_OK || path.len == 0)
		return HS_ERR_FORMAT;
	for (size_t i = path.len; i > 0; i--) {
		if (path.p[i - 1] == '/') {
			path.p += i;
			path.len -= i;
			break;
		}
	}
	*name = path;
	return path.len > 0 ? HS_OK : HS_ERR_FORMAT;
}
