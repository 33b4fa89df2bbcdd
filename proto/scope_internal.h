// SPDX-License-Identifier: ISC
//
// How a scope lies in memory, and what the scope_*.c files offer each other. Private to
// them, and to serverconf.c, whose names have the same grammar: the contract for everybody
// else is scope.h.
#ifndef HS_PROTO_SCOPE_INTERNAL_H
#define HS_PROTO_SCOPE_INTERNAL_H

#include "proto/scope.h"
#include "proto/text.h"

// Memory that is given back all at once.
struct arena_chunk;
struct arena {
	struct arena_chunk *chunks;
};

void *scope_alloc(
    struct arena *a, size_t size); // aligned for anything; NULL if out of memory
void scope_arena_free(struct arena *a);

// A block of addresses. bytes behind the family's length are zero.
struct scope_cidr {
	uint8_t family; // 4 or 6; 0 is `*`
	uint8_t prefix; // bits
	uint8_t bytes[16];
};

struct scope_cmd {
	enum hs_cmd_kind kind;
	const struct hs_str *words; // of EXACT and PREFIX, without the `...`
	size_t nwords;
};

struct scope_value {
	struct hs_str text; // canonical
	uint8_t key;	    // enum hs_scope_key
	bool any;	    // `*`; cap's `*:*` is not marked so
	bool wide;	    // may cover other values than its equal
	bool dropped;	    // while making canonical: covered by another
	uint16_t line;	    // where it stood, for messages
	union {
		struct scope_cidr addr;
		struct scope_cmd cmd;
	};
};

struct scope_statement {
	struct scope_value *v; // sorted by key, then text
	size_t n;
	unsigned line; // its first
	bool dropped;  // as in a value
	// key k's values are v[first[k]] to before v[first[k + 1]]
	uint16_t first[HS_KEY_COUNT + 1];
};

struct hs_scope {
	uint64_t max_ttl, max_uses; // 0: not seen yet
	uint32_t depth;
	bool drain;
	size_t n;
	struct scope_statement *st;
	struct hs_buf text;
	struct arena arena;
};

// ---- scope_value.c: the grammar of each key's values

const char *scope_key_name(enum hs_scope_key key);
bool scope_key_is_login(enum hs_scope_key key); // user, host, addr, cmd, permit, open

// Reads one value and makes it canonical. Its text is a view into in where that is
// canonical already, else it and the words are in the arena. in is shown text
// (hs_text_shown) without blanks around it, 1 to HS_SCOPE_BYTES_MAX bytes. err->column is
// 1-based within in, err->line 0.
int scope_value_read(struct arena *a, enum hs_scope_key key, struct hs_str in,
    struct scope_value *out, struct hs_err *err);

// As scope_value_read, of cmd (scope_cmd.c).
int scope_cmd_read(
    struct arena *a, struct hs_str in, struct scope_value *out, struct hs_err *err);

bool scope_is_user(struct hs_str s); // a login name, not `*`
bool scope_is_host(struct hs_str s); // a host name, not a pattern

// ---- scope_addr.c: addresses without the system's resolver

#define SCOPE_ADDR_MAX 64 // more than any textual address or block

// An address without prefix; a v4-mapped one becomes IPv4 if allowed, else it is refused.
bool scope_addr_read(struct hs_str s, bool mapped, struct scope_cidr *out);
int scope_cidr_read(struct hs_str s, struct scope_cidr *out, struct hs_err *err);
// Writes the canonical address, without prefix, NUL-terminated. Returns its length.
size_t scope_addr_write(const struct scope_cidr *c, char out[static SCOPE_ADDR_MAX]);
bool scope_cidr_holds(const struct scope_cidr *outer, const struct scope_cidr *inner);

// ---- scope_relation.c

bool scope_value_covers(
    const struct scope_value *b, const struct scope_value *a); // a under b
bool scope_host_covers(struct hs_str b, struct hs_str a);
bool scope_cap_covers(struct hs_str b, struct hs_str a);
bool scope_words_begin(
    const struct hs_str *words, size_t nwords, const struct hs_str *begin, size_t nbegin);
bool scope_statement_under(
    const struct scope_statement *a, const struct scope_statement *b);

// ---- scope_overlap.c

bool scope_value_overlaps(const struct scope_value *a, const struct scope_value *b);

// ---- scope.c

// Sorts and drops what repeats or is covered, and writes the text.
int scope_make_canonical(struct hs_scope *s, struct hs_err *err);

#endif
