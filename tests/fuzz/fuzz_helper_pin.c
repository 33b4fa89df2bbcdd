// SPDX-License-Identifier: ISC
//
// Fuzzes what could be a PIN. What passes is within CTAP's bounds by a count of its own,
// and passes again without what was cut.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/helper.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct hs_str raw = {data, len};
	struct hs_err err = {0};
	size_t n = SIZE_MAX, again = 0, points = 0;
	int rc = hs_helper_pin_check(raw, &n, &err);

	if (rc != HS_OK) {
		must(rc == HS_SK_PIN_INVALID && err.code == HS_SK_PIN_INVALID);
		must(n == SIZE_MAX && hs_text_shown(hs_str_c(err.text), NULL));
		must(!hs_text_shown(raw, NULL) || len < 4 * (size_t)HS_HELPER_PIN_MIN ||
		     len > HS_HELPER_PIN_MAX);
		return 0;
	}
	must(n <= HS_HELPER_PIN_MAX && (n == len || (n + 1 == len && data[n] == '\n')));
	must(memchr(data, '\0', n) == NULL);
	for (size_t i = 0; i < n; i++)
		points += (data[i] & 0xc0) != 0x80;
	must(points >= HS_HELPER_PIN_MIN);
	// an LF at its own end would be cut, too
	if (data[n - 1] != '\n') {
		must(hs_helper_pin_check((struct hs_str){data, n}, &again, NULL) == HS_OK);
		must(again == n);
	}
	return 0;
}
