// SPDX-License-Identifier: ISC
//
// Cells of tables. Contract in columns.h.
#include "client/handseal/columns.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "proto/text.h"

// Characters of well-formed UTF-8.
static size_t
width_of(struct hs_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += (s.p[i] & 0xc0) != 0x80;
	return n;
}

void
hs_columns_put(struct hs_buf *b, struct hs_str s, size_t width, bool cut)
{
	struct hs_buf clean = {0};
	struct hs_str c;
	size_t n;

	hs_text_put_clean(&clean, s);
	c = hs_buf_str(&clean);
	n = width_of(c);
	if (cut && n > width) {
		size_t i = 0, seen = 0;

		while (i < c.len && (seen += (c.p[i] & 0xc0) != 0x80) < width)
			i++;
		hs_put_raw(b, c.p, i);
		hs_put_fmt(b, "…");
		n = width;
	} else {
		hs_put_raw(b, c.p, c.len);
	}
	hs_put_fmt(b, "%*s", n < width ? (int)(width - n) : 0, "");
	hs_buf_free(&clean);
}

bool
hs_columns_room(size_t others, size_t least, size_t *width)
{
	struct winsize w;

	*width = least;
	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0)
		return false;
	if (w.ws_col > others + least)
		*width = w.ws_col - others;
	return true;
}
