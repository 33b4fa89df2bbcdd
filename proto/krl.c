// SPDX-License-Identifier: ISC
//
// Writing key revocation lists. Contract in krl.h.
#include "proto/krl.h"

#define FORMAT		     1
#define SECTION_EXPLICIT_KEY 2

static const uint8_t magic[] = {'S', 'S', 'H', 'K', 'R', 'L', '\n', 0};

void
hs_krl_put(struct hs_buf *b, uint64_t version, uint64_t date, const char *comment,
    const struct hs_key *keys, size_t nkeys)
{
	size_t section, key;

	hs_put_raw(b, magic, sizeof magic);
	hs_put_u32(b, FORMAT);
	hs_put_u64(b, version);
	hs_put_u64(b, date);
	hs_put_u64(b, 0);      // flags
	hs_put_cstring(b, ""); // reserved
	hs_put_cstring(b, comment);
	if (nkeys == 0)
		return;
	hs_put_u8(b, SECTION_EXPLICIT_KEY);
	section = hs_put_string_begin(b);
	for (size_t i = 0; i < nkeys; i++) {
		key = hs_put_string_begin(b);
		hs_key_put(b, &keys[i]);
		hs_put_string_end(b, key);
	}
	hs_put_string_end(b, section);
}
