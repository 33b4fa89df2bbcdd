// SPDX-License-Identifier: ISC
//
// The policy file (docs/PROTOCOL.policy): what a person decided beforehand that a touch may
// open. Text to struct and back, the warnings, and what a system's policy narrows. Pure:
// who may write the file is checked by who opens it. What follows from a policy is
// decide.h's.
#ifndef HS_PROTO_POLICY_H
#define HS_PROTO_POLICY_H

#include "proto/scope.h"

#define HS_POLICY_BYTES_MAX  (256u * 1024)
#define HS_POLICY_LINE_MAX   16384 // bytes of a line, without its LF
#define HS_POLICY_SCOPES_MAX 64
#define HS_POLICY_AGENTS_MAX 64
#define HS_POLICY_DENIES_MAX 256  // of one text, and of two when one narrows the other
#define HS_POLICY_VALUE_MAX  1024 // bytes of what a Deny line denies
#define HS_POLICY_PARK_MAX   86400
#define HS_POLICY_COUNT_MAX  100 // of each count in Limits
#define HS_POLICY_NOTES_MAX                                                                \
	100 // errors and warnings told of one text; the rest are counted
#define HS_POLICY_PATH_MAX	256
#define HS_POLICY_FILES_MAX	8 // of known_hosts
#define HS_POLICY_USERS_MAX	8 // of AllowUser
#define HS_POLICY_USER_MAX	64
#define HS_POLICY_PUBLISHES_MAX 8
#define HS_POLICY_PUBLISH_MAX	1024 // bytes of a command, with its NUL
#define HS_POLICY_PUBLISH_WORDS 32

struct hs_policy_scope {
	char name[HS_AGENT_NAME_MAX + 1];
	unsigned line;
	struct hs_scope *scope; // owned
	bool always;		// Touch always: never part of a session's ceiling
	bool verify;		// Verify pin
	bool trusted;		// Trust was said:
	bool direct;		// direct, else chain
};

struct hs_policy_agent {
	char name[HS_AGENT_NAME_MAX + 1];
	unsigned line;
	bool any;			      // Scope *: whatever a touch allows
	uint8_t scopes[HS_POLICY_SCOPES_MAX]; // indexes
	size_t nscopes;			      // 0 and not any: nothing
	char exe[HS_POLICY_PATH_MAX];	      // absolute, "" = not said; a hint
};

struct hs_policy_deny { // Deny KEY VALUE: no touch can allow what this overlaps
	enum hs_scope_key key;
	char *value; // owned; canonical
	unsigned line;
	bool system; // from the system's policy
};

struct hs_policy_publish { // brings lists of what is revoked somewhere
	char name[HS_AGENT_NAME_MAX + 1];
	char words[HS_POLICY_PUBLISH_MAX]; // as hs_words_put writes them
};

enum hs_unplug {
	HS_UNPLUG_KEEP,
	HS_UNPLUG_CLOSE,
	HS_UNPLUG_REVOKE
}; // in the order of strictness

// What `open` was touched for, asked for over a forwarded connection.
enum hs_forwarded {
	HS_FORWARDED_GRANT, // issues silently, as to any program of the user
	HS_FORWARDED_ASK,   // each certificate costs a touch
	HS_FORWARDED_DENY   // and that, and all else, is refused
};			    // in the order of strictness

// What the system's policy can narrow beside Deny; bits of hs_policy.narrowed.
enum hs_policy_word {
	HS_POLICY_MAX_TTL = 1u << 0,
	HS_POLICY_IDLE = 1u << 1,
	HS_POLICY_VERIFY = 1u << 2,
	HS_POLICY_MAIN_SOCKET = 1u << 3,
	HS_POLICY_ESCALATE = 1u << 4,
	HS_POLICY_UNPLUG = 1u << 5,
	HS_POLICY_PARK = 1u << 6,
	HS_POLICY_PROMPTS = 1u << 7,
	HS_POLICY_PROMPTS_ALL = 1u << 8,
	HS_POLICY_WAITING = 1u << 9,
	HS_POLICY_HOST_BINDING = 1u << 10,
	HS_POLICY_FORWARDED = 1u << 11,
	HS_POLICY_USERS = 1u << 12,
	HS_POLICY_LOG_KEEP = 1u << 13,
	HS_POLICY_LOG_COPY = 1u << 14,
};

struct hs_policy {
	bool exists; // false: there is no file (hs_policy_none)
	struct hs_policy_scope scopes[HS_POLICY_SCOPES_MAX];
	size_t nscopes;
	struct hs_policy_agent agents[HS_POLICY_AGENTS_MAX];
	size_t nagents;
	struct hs_policy_deny *denies; // owned
	size_t ndenies;
	uint8_t open[HS_POLICY_SCOPES_MAX]; // Session's Scope: what `open` asks for when
					    // told none
	size_t nopen;
	uint64_t max_ttl; // seconds; of a session
	uint64_t idle;	  // seconds; 0: never by idling
	bool verify;	  // Session's Verify pin: every touch
	bool main_asks;	  // MainSocket ask
	enum hs_forwarded forwarded;
	bool escalate; // Escalate ask
	enum hs_unplug unplug;
	// KnownHosts: the files that say by which names a server's key is known; absolute,
	// or ~/ and more. 0 of them: `none`, so no key has a name
	char known_hosts[HS_POLICY_FILES_MAX][HS_POLICY_PATH_MAX];
	size_t nknown_hosts;
	// AllowUser: login names and uids, as words, of other users that a seat may be
	// shared with. limits_users: it was said, so that a system's leaves no others
	char users[HS_POLICY_USERS_MAX][HS_POLICY_USER_MAX + 1];
	size_t nusers;
	bool limits_users;
	struct hs_policy_publish publish[HS_POLICY_PUBLISHES_MAX];
	size_t npublish;
	bool binding; // HostBinding require: no login over a connection that is not bound
	uint64_t log_size; // LogSize: bytes after which a file of the audit log is finished
	uint64_t log_age;  // LogAge: seconds after which it is
	uint64_t log_keep; // LogKeep: seconds that a finished one is kept; 0: for ever
	bool log_copy;	   // LogCopy syslog
	uint64_t park;	   // Limits Park: seconds that an unanswered request is kept
	uint32_t per_asker; // Limits Prompts: prompts of one asker in 5 minutes
	uint32_t all;	    // Limits PromptsAll: of all askers
	uint32_t waiting;   // Limits Waiting: askings without an outcome at one time
	unsigned narrowed;  // enum hs_policy_word: what the system's policy made stricter
	uint8_t digest[32]; // SHA-256 of the file's bytes; of no bytes where there is none
};

enum hs_policy_note_kind { HS_POLICY_ERROR, HS_POLICY_WARNING };
typedef void hs_policy_note(
    void *arg, enum hs_policy_note_kind kind, const struct hs_err *err);

// Reads a policy text; system says that it is the system's, which may only narrow; what
// such a text does not say is left at its widest. Every error is told (on_note may be
// NULL), sorted, each with its line and column, up to HS_POLICY_NOTES_MAX, and how many
// more there are at line 0; where there is no error, the warnings likewise. HS_OK where
// there is no error; else HS_ERR_CONFIG, HS_ERR_TOO_LONG (the text) or HS_ERR_NOMEM, each
// told as well, and *out holds nothing. *out is zeroed first; hs_policy_free always.
int hs_policy_parse(struct hs_str text, bool system, struct hs_policy *out,
    hs_policy_note *on_note, void *arg);
void hs_policy_free(struct hs_policy *p);

// What holds where there is no file: whatever `open` names, nothing beyond it.
void hs_policy_none(struct hs_policy *out);

// Narrows p by the system's policy: limits become the smaller, denials are united, the
// stricter word wins. HS_ERR_NOMEM, or HS_ERR_TOO_LONG where that makes too many denials: p
// is not to be used then.
int hs_policy_narrow(struct hs_policy *p, const struct hs_policy *system);

// Appends what is in force as a text that hs_policy_parse reads back to the same, but for
// lines, digest and what came from the system's policy, which a comment says. Where there
// is no file it says that instead, with the limits and denials that hold. As long as it is
// no longer than HS_POLICY_BYTES_MAX, that is, which odd quoting can make it.
void hs_policy_put(struct hs_buf *b, const struct hs_policy *p);

// Appends the commented default that `handseal enroll` writes. It parses, and allows
// nothing.
void hs_policy_put_default(struct hs_buf *b);

// Does AllowUser have that word? A name and its uid are two words.
bool hs_policy_names_user(const struct hs_policy *p, struct hs_str word);
bool hs_policy_publish_same(const struct hs_policy *a, const struct hs_policy *b);

const struct hs_policy_scope *hs_policy_find(const struct hs_policy *p, struct hs_str name);

// The named scopes as one: their statements together, the smallest head. For `open` and
// `request --scope NAME...`. HS_ERR_USAGE where no name is given; HS_NO_SUCH with the name
// that is not there; HS_ERR_SCOPE where they do not fit together (too long); HS_ERR_NOMEM.
// *out is the caller's, NULL on failure.
int hs_policy_union(const struct hs_policy *p, const struct hs_str *names, size_t n,
    struct hs_scope **out, struct hs_err *err);

#endif
