// SPDX-License-Identifier: ISC
//
// Any bytes as what a server sends back to `handseal server`: facts that lie within them,
// in their order, and nothing that a terminal would act on.
#include <stdlib.h>
#include <string.h>
#include "client/handseal/server_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
within(const uint8_t *data, size_t size, struct hs_str s)
{
	must(s.len == 0 || (s.p >= data && s.p + s.len <= data + size));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_str text = {data, size}, value, name;
	struct hs_serverfact f;
	uint64_t written;

	while (hs_serverfacts_next(&text, &f)) {
		must(f.key.len > 0 && f.key.len <= 24);
		within(data, size, f.key);
		within(data, size, f.value);
		must(f.value.len == 0 || memchr(f.value.p, '\n', f.value.len) == NULL);
		must(f.value.len == 0 || memchr(f.value.p, 0x1b, f.value.len) == NULL);
		if (hs_serverfacts_list(f.value, &written, &name) == HS_OK) {
			within(data, size, name);
			must(name.len > 0 && memchr(name.p, '/', name.len) == NULL);
		}
	}
	must(text.len == 0);
	if (hs_serverfacts_find((struct hs_str){data, size}, "kind", &value))
		within(data, size, value);
	return 0;
}
