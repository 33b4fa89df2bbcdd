// SPDX-License-Identifier: ISC
//
// Reads worked examples from the protocol pages. Contract in page.h.
#include "tests/lib/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The lines under "example NAME", which is the whole line, or, where size says so, has a
// size in parentheses behind it; up to the next example.
static bool
read_lines(const char *page, const char *name, bool size, struct hs_buf *out)
{
	const char *src = getenv("HS_SRC");
	char path[4096], line[4096], head[128];
	size_t before = out->len;
	bool in = false;
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/docs/%s", src != NULL ? src : ".", page);
	(void)snprintf(head, sizeof head, "\texample %s%s", name, size ? " (" : "\n");
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	while (fgets(line, sizeof line, f) != NULL) {
		if (in && (line[0] != '\t' || strncmp(line, "\texample ", 9) == 0))
			break;
		if (in)
			hs_put_fmt(out, "%s", line + 1);
		in = in || strncmp(line, head, strlen(head)) == 0;
	}
	(void)fclose(f);
	return hs_buf_err(out) == HS_OK && out->len > before;
}

bool
hs_page_example(const char *page, const char *name, struct hs_buf *out)
{
	return read_lines(page, name, false, out);
}

static int
nibble(uint8_t c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c != '\0' ? strchr(digits, c) : NULL;

	return p != NULL ? (int)(p - digits) : -1;
}

bool
hs_page_bytes(const char *page, const char *name, struct hs_buf *out)
{
	struct hs_buf hex = {0};
	bool found = read_lines(page, name, true, &hex);

	for (size_t i = 0; found && i + 1 < hex.len; i++) {
		int high = nibble(hex.p[i]), low = nibble(hex.p[i + 1]);

		if (high < 0 || low < 0)
			continue; // a blank between groups
		hs_put_u8(out, (uint8_t)(high << 4 | low));
		i++;
	}
	hs_buf_free(&hex);
	return found && hs_buf_err(out) == HS_OK;
}

void
hs_page_is(const char *page, const char *name, const struct hs_buf *got)
{
	struct hs_buf want = {0};

	assert_int_equal(hs_buf_err(got), HS_OK);
	if (!hs_page_bytes(page, name, &want) ||
	    !hs_str_eq(hs_buf_str(&want), hs_buf_str(got))) {
		printf("# %s should say\n#\texample %s (%zu bytes)", page, name, got->len);
		for (size_t i = 0; i < got->len; i++)
			printf("%s%02x",
			    i % 28 == 0	 ? "\n#\t"
			    : i % 4 == 0 ? " "
					 : "",
			    got->p[i]);
		printf("\n");
		fail_msg("example %s of docs/%s", name, page);
	}
	hs_buf_free(&want);
}
