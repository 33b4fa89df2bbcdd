// SPDX-License-Identifier: ISC
//
// What the files that read a policy text (policy_parse.c, _words.c, _agent.c, _scope.c,
// _notes.c, _warn.c) share: the reader's state, places, notes. Private to them;
// the contract for everybody else is policy.h.
#ifndef HS_PROTO_POLICY_INTERNAL_H
#define HS_PROTO_POLICY_INTERNAL_H

#include "proto/policy.h"
#include "proto/scope_internal.h"
#include "proto/serverconf_internal.h"
#include "proto/text.h"

enum policy_block {
	POLICY_TOP,
	POLICY_SESSION,
	POLICY_SCOPE,
	POLICY_AGENT,
	POLICY_LIMITS,
	POLICY_BLOCKS
};

#define POLICY_KEYWORDS	  39
#define POLICY_KEEP_MIN	  86400	   // seconds, of LogKeep
#define POLICY_AT_SESSION SIZE_MAX // a reference from Session's list

struct policy_place {
	unsigned line, column; // 1-based
};

// The first HS_POLICY_NOTES_MAX of a kind, and how many there were.
struct policy_notes {
	struct hs_err v[HS_POLICY_NOTES_MAX];
	size_t n, total;
};

// A name in a list, looked up when all scopes are known.
struct policy_ref {
	struct hs_str name;
	struct policy_place at;
	size_t agent; // whose list: an index, or POLICY_AT_SESSION
};

// A value of the statement that is being read.
struct policy_value {
	struct scope_value v; // texts in the policy's or in the draft's arena
	struct policy_place at;
};

#define POLICY_DRAFT_LINES                                                                 \
	(HS_SCOPE_BYTES_MAX / 4) // the shortest, "ns a\n", has five bytes

// The Scope block that is being read. Its statements are put together as scope text, and
// each line of that knows where it comes from.
struct policy_draft {
	struct hs_policy_scope *out; // NULL: only looked at, for the errors in it
	struct policy_place at;	     // the line that opened it
	bool bad;		     // there was an error in it
	bool risky;		     // some statement allows more than it looks
	uint64_t ttl, uses, depth;
	bool drain;
	struct hs_buf text; // statements, each behind an empty line
	struct policy_place from[POLICY_DRAFT_LINES];
	size_t lines;
	bool named;	    // some line of a statement stands in it
	struct arena arena; // of values, for one statement
	struct policy_value values[HS_SCOPE_VALUES_MAX];
	size_t nvalues;
	struct policy_place statement; // where the statement began
	bool begun;		       // `Statement` began it
	unsigned tried, faulty;	       // keys that stand in it, well or not; and not well
	bool full;		       // that a statement is too long was said
};

struct policy_parser {
	struct hs_policy *p;
	bool system;
	struct conf_line l;
	const struct policy_keyword *keyword; // of the line
	enum policy_block block;
	bool skip;			// the block is an error as a whole
	unsigned block_line;		// that opened it
	unsigned first_line;		// that opened the first block, 0: none yet
	unsigned opened[POLICY_BLOCKS]; // lines of blocks that stand once
	unsigned seen[POLICY_KEYWORDS]; // lines in this block
	struct policy_ref *refs;	// owned
	size_t nrefs, refs_room;
	struct hs_policy_agent *agent; // whose block this is; NULL: only looked at
	struct policy_draft draft;
	struct policy_notes errors, warnings;
	int rc; // HS_ERR_NOMEM, once it happened
};

struct policy_keyword {
	const char *name;
	enum policy_block block;
	bool repeats; // may stand more than once
	bool narrows; // may stand in the system's policy
	void (*read)(struct policy_parser *x);
	enum hs_scope_key key; // of a scope's values
};

// ---- policy_notes.c

// The place of at, which points into the line.
struct policy_place policy_at(const struct policy_parser *x, const uint8_t *at);
void policy_refuse(struct policy_parser *x, struct policy_place at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void policy_warn(struct policy_parser *x, struct policy_place at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void policy_no_memory(struct policy_parser *x);
// Sorts and tells them, on_note may be NULL.
void policy_tell(struct policy_notes *notes, enum hs_policy_note_kind kind,
    hs_policy_note *on_note, void *arg);

// ---- policy_parse.c

// Takes the next word of a list; false, with the error told, where there is none to take.
bool policy_next(struct policy_parser *x, struct hs_str *word);
// Takes the line's one value; false, with the error told, where it has none or more.
bool policy_one(struct policy_parser *x, struct hs_str *word);
bool policy_stands(const struct policy_parser *x, const char *name); // in this block

// ---- policy_log.c

void policy_read_log_size(struct policy_parser *x);
void policy_read_log_age(struct policy_parser *x);
void policy_read_log_keep(struct policy_parser *x);
void policy_read_log_copy(struct policy_parser *x);

// ---- policy_words.c

extern const struct policy_keyword policy_keywords[POLICY_KEYWORDS];

// One of n words, in the order of strictness; n, with the error told, for another.
size_t policy_choice(struct policy_parser *x, const char *const *words, size_t n);
bool policy_span(struct policy_parser *x, struct hs_str in, uint64_t max, uint64_t *out);

// ---- policy_agent.c

void policy_read_list(struct policy_parser *x);
void policy_read_agent_list(struct policy_parser *x);
void policy_read_exe(struct policy_parser *x);
// Absolute, without `.`, `..`, empty parts and a `/` at its end. Not empty.
bool policy_is_path(struct hs_str s);
void policy_open_agent(struct policy_parser *x, struct hs_str name);
void policy_resolve(struct policy_parser *x); // the lists' names, when all is read

// ---- policy_users.c

void policy_read_users(struct policy_parser *x);
void policy_narrow_users(struct hs_policy *p, const struct hs_policy *system);
// ---- policy_publish.c

void policy_read_publish(struct policy_parser *x);

// ---- policy_scope.c

void policy_open_scope(struct policy_parser *x, struct hs_str name);
void policy_close_scope(struct policy_parser *x);
void policy_read_values(struct policy_parser *x);
void policy_read_statement(struct policy_parser *x);
void policy_read_scope_ttl(struct policy_parser *x);
void policy_read_scope_uses(struct policy_parser *x);
void policy_read_scope_depth(struct policy_parser *x);
void policy_read_scope_end(struct policy_parser *x);
void policy_read_scope_touch(struct policy_parser *x);
void policy_read_scope_verify(struct policy_parser *x);
void policy_read_scope_trust(struct policy_parser *x);

// ---- policy_warn.c

void policy_warn_value(struct policy_parser *x, const struct policy_value *v);
void policy_warn_statement(struct policy_parser *x); // it ends
void policy_warn_scope(struct policy_parser *x);     // it ends
void policy_warn_whole(struct policy_parser *x);

#endif
