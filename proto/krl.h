// SPDX-License-Identifier: ISC
//
// OpenSSH key revocation lists (PROTOCOL.krl), written and read: serials under a CA, keys,
// fingerprints. A key in one revokes every certificate that it signed, later ones too. Who
// may write a list and which is believed is list.h's.
#ifndef HS_PROTO_KRL_H
#define HS_PROTO_KRL_H

#include "proto/key.h"

#define HS_KRL_HASH 32 // a fingerprint's bytes, SHA-256

// ---- writing

// The head. version grows with each list of the same kind; date is Unix seconds; comment is
// for people. Sections follow, in any order, each any number of times.
void hs_krl_begin(struct hs_buf *b, uint64_t version, uint64_t date, const char *comment);
void hs_krl_put_keys(struct hs_buf *b, const struct hs_key *keys, size_t n);
void hs_krl_put_hashes(struct hs_buf *b, const uint8_t (*hashes)[HS_KRL_HASH], size_t n);

struct hs_krl_range {
	uint64_t lo, hi; // serials, both included; 1 <= lo <= hi
};
// Sorts ranges and joins those that overlap or touch: how many are left.
size_t hs_krl_join(struct hs_krl_range *r, size_t n);
// Serials under ca (NULL: under any, as ssh-keygen's "-s none"), as lists, ranges and
// bitmaps, whichever are the smallest together. r is sorted and joined in place. HS_OK,
// HS_ERR_FORMAT (a range that is none), HS_ERR_NOMEM, HS_ERR_TOO_LONG above HS_BUF_MAX.
int hs_krl_put_serials(
    struct hs_buf *b, const struct hs_key *ca, struct hs_krl_range *r, size_t n);

// ---- reading

struct hs_krl { // views into the blob
	uint64_t version, date;
	struct hs_str comment;
	struct hs_str sections;
};
// Takes a list apart, all of it. HS_ERR_FORMAT: another format or version, flags, signed by
// a section of its own (which OpenSSH does not read any more), a serial 0, a bitmap above
// 16384 bits (OpenSSH reads none), an unknown section, or an unknown extension that says it
// is critical; HS_ERR_SHORT; HS_ERR_TRAILING; HS_ERR_TOO_LONG above HS_BUF_MAX.
int hs_krl_parse(struct hs_str blob, struct hs_krl *out);

enum hs_krl_what {
	HS_KRL_SERIALS, // lo to hi, under ca
	HS_KRL_KEY_ID,	// value, under ca
	HS_KRL_KEY,	// value: a key's blob
	HS_KRL_SHA1,	// value: 20 bytes
	HS_KRL_SHA256,	// value: 32 bytes
};
struct hs_krl_item {
	enum hs_krl_what what;
	struct hs_str ca; // a key's blob; empty: under any
	uint64_t lo, hi;
	struct hs_str value;
};
// All that a parsed list revokes, in its order; stops at the first that is not HS_OK, and
// returns that.
typedef int hs_krl_each(void *arg, const struct hs_krl_item *item);
int hs_krl_walk(const struct hs_krl *k, hs_krl_each *fn, void *arg);

// Does it name that key, itself or by its fingerprint? And a certificate's serial under
// that CA, the CA itself included? Both look at the whole list.
bool hs_krl_has_key(const struct hs_krl *k, const struct hs_key *key);
bool hs_krl_has_serial(const struct hs_krl *k, const struct hs_key *ca, uint64_t serial);

#endif
