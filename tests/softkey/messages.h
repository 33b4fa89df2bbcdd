// SPDX-License-Identifier: ISC
//
// For unit tests: makeCredential and getAssertion messages with any one thing about them
// changed. Linked into no program.
#ifndef HS_SOFTKEY_MESSAGES_H
#define HS_SOFTKEY_MESSAGES_H

#include <stdbool.h>
#include <string.h>
#include "tests/softkey/cbor.h"
#include "tests/softkey/credkey.h"
#include "tests/softkey/ctaperr.h"

struct how {
	unsigned leave_out; // bits: 1 << key
	size_t hash, rp, user, ids, id;
	int64_t algs[3];
	size_t nalgs;
	const char *type; // of the algorithms
	int up, uv, rk;	  // 0 not said, 1 true, 2 false
	int64_t protect;  // 0: not said
	bool no_type, no_alg, no_id, extra;
	size_t auth; // bytes + 1; 0: none
	int64_t proto;
};

static const struct how plain = {
    .hash = 32, .rp = 10, .user = 4, .algs = {HS_COSE_EDDSA}, .nalgs = 1, .id = 7};
static const uint8_t filler[2000] = "filler";

static inline void
put_filled_text(struct hs_buf *b, size_t len)
{
	char text[400];

	memset(text, 'x', sizeof text);
	text[len] = '\0';
	hs_cbor_put_text(b, text);
}

static inline size_t
one(bool there)
{
	return there ? 1 : 0;
}

static inline void
put_ids(struct hs_buf *b, const struct how *h)
{
	hs_cbor_put_array(b, h->ids);
	for (size_t i = 0; i < h->ids; i++) {
		hs_cbor_put_map(b, one(!h->no_id) + one(!h->no_type));
		if (!h->no_id) {
			hs_cbor_put_text(b, "id");
			hs_cbor_put_bytes(b, filler, h->id);
		}
		if (!h->no_type) {
			hs_cbor_put_text(b, "type");
			hs_cbor_put_text(b, h->type != NULL ? h->type : "public-key");
		}
	}
}

static inline void
put_algs(struct hs_buf *b, const struct how *h)
{
	hs_cbor_put_array(b, h->nalgs);
	for (size_t i = 0; i < h->nalgs; i++) {
		hs_cbor_put_map(b, one(!h->no_alg) + one(!h->no_type));
		if (!h->no_alg) {
			hs_cbor_put_text(b, "alg");
			hs_cbor_put_int(b, h->algs[i]);
		}
		if (!h->no_type) {
			hs_cbor_put_text(b, "type");
			hs_cbor_put_text(b, h->type != NULL ? h->type : "public-key");
		}
	}
}

static inline void
put_options(struct hs_buf *b, const struct how *h)
{
	const char *names[3] = {"rk", "up", "uv"};
	int values[3] = {h->rk, h->up, h->uv};
	size_t n = h->extra;

	for (size_t i = 0; i < 3; i++)
		n += values[i] != 0;
	hs_cbor_put_map(b, n);
	for (size_t i = 0; i < 3; i++) {
		if (values[i] == 0)
			continue;
		hs_cbor_put_text(b, names[i]);
		hs_cbor_put_bool(b, values[i] == 1);
	}
	if (h->extra) {
		hs_cbor_put_text(b, "zzz");
		hs_cbor_put_bool(b, true);
	}
}

static inline bool
has(const struct how *h, unsigned key)
{
	return (h->leave_out & 1u << key) == 0;
}

static inline void
put_cred(struct hs_buf *b, const struct how *h)
{
	size_t n = one(has(h, 1)) + one(has(h, 2)) + one(has(h, 3)) + one(has(h, 4));

	n += one(h->ids > 0) + one(h->protect != 0) + 1 + one(h->auth > 0);
	n += one(h->proto != 0) + one(h->extra);
	hs_put_u8(b, HS_CTAP_MAKE_CREDENTIAL);
	hs_cbor_put_map(b, n);
	if (has(h, 1)) {
		hs_cbor_put_int(b, 1);
		hs_cbor_put_bytes(b, filler, h->hash);
	}
	if (has(h, 2)) {
		hs_cbor_put_int(b, 2);
		hs_cbor_put_map(b, h->no_id ? 0 : 1);
		if (!h->no_id) {
			hs_cbor_put_text(b, "id");
			put_filled_text(b, h->rp);
		}
	}
	if (has(h, 3)) {
		hs_cbor_put_int(b, 3);
		hs_cbor_put_map(b, 2);
		hs_cbor_put_text(b, "id");
		hs_cbor_put_bytes(b, filler, h->user);
		hs_cbor_put_text(b, "name");
		hs_cbor_put_text(b, "anna");
	}
	if (has(h, 4)) {
		hs_cbor_put_int(b, 4);
		put_algs(b, h);
	}
	if (h->ids > 0) {
		hs_cbor_put_int(b, 5);
		put_ids(b, h);
	}
	if (h->protect != 0) {
		hs_cbor_put_int(b, 6);
		hs_cbor_put_map(b, 1);
		hs_cbor_put_text(b, "credProtect");
		hs_cbor_put_int(b, h->protect);
	}
	hs_cbor_put_int(b, 7);
	put_options(b, h);
	if (h->auth > 0) {
		hs_cbor_put_int(b, 8);
		hs_cbor_put_bytes(b, filler, h->auth - 1);
	}
	if (h->proto != 0) {
		hs_cbor_put_int(b, 9);
		hs_cbor_put_int(b, h->proto);
	}
	if (h->extra) {
		hs_cbor_put_int(b, 99);
		hs_cbor_put_text(b, "from the future");
	}
}

static inline void
put_assert(struct hs_buf *b, const struct how *h)
{
	size_t n = one(has(h, 1)) + one(has(h, 2)) + one(h->ids > 0) + 1 +
		   one(h->auth > 0) + one(h->proto != 0) + one(h->extra);

	hs_put_u8(b, HS_CTAP_GET_ASSERTION);
	hs_cbor_put_map(b, n);
	if (has(h, 1)) {
		hs_cbor_put_int(b, 1);
		put_filled_text(b, h->rp);
	}
	if (has(h, 2)) {
		hs_cbor_put_int(b, 2);
		hs_cbor_put_bytes(b, filler, h->hash);
	}
	if (h->ids > 0) {
		hs_cbor_put_int(b, 3);
		put_ids(b, h);
	}
	if (h->extra) {
		hs_cbor_put_int(b, 4); // extensions: none is known here
		hs_cbor_put_map(b, 0);
	}
	hs_cbor_put_int(b, 5);
	put_options(b, h);
	if (h->auth > 0) {
		hs_cbor_put_int(b, 6);
		hs_cbor_put_bytes(b, filler, h->auth - 1);
	}
	if (h->proto != 0) {
		hs_cbor_put_int(b, 7);
		hs_cbor_put_int(b, h->proto);
	}
}

#endif
