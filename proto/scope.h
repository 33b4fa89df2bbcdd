// SPDX-License-Identifier: ISC
//
// The scope language (docs/PROTOCOL.scope): parse, canonical text, "is a under b", "is this
// request permitted", and the part of a scope that concerns one request. Pure and total.
// Not for certificates (cert.h) or policy.
#ifndef HS_PROTO_SCOPE_H
#define HS_PROTO_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proto/buf.h"
#include "proto/err.h"
#include "proto/limits.h"

enum hs_scope_key { // in the byte order of their names
	HS_KEY_ADDR,
	HS_KEY_CAP,
	HS_KEY_CMD,
	HS_KEY_HOST,
	HS_KEY_NS,
	HS_KEY_OPEN,
	HS_KEY_PERMIT,
	HS_KEY_USER,
	HS_KEY_COUNT
};

#define HS_PERMITS(X)                                                                      \
	X(HS_PERMIT_AGENT, "agent-forwarding")                                             \
	X(HS_PERMIT_PORT, "port-forwarding")                                               \
	X(HS_PERMIT_PTY, "pty")                                                            \
	X(HS_PERMIT_USER_RC, "user-rc")                                                    \
	X(HS_PERMIT_X11, "x11-forwarding")
enum hs_permit {
#define HS_PERMIT_ENUM(sym, name) sym,
	HS_PERMITS(HS_PERMIT_ENUM)
#undef HS_PERMIT_ENUM
	    HS_PERMIT_COUNT
};
const char *hs_permit_name(enum hs_permit p); // "pty"

#define HS_USES_ANY UINT64_MAX // max-uses *

// Opaque, immutable once parsed, always canonical. Safe to read from several threads.
struct hs_scope;

// Parses scope text, canonical or not (PROTOCOL.scope "Text"). On success *out owns a
// scope. HS_ERR_SCOPE with err->line and err->column and a sentence that names the line's
// fault; HS_ERR_TOO_LONG over a limit; HS_ERR_NOMEM. *out is NULL on failure.
int hs_scope_parse(struct hs_str text, struct hs_scope **out, struct hs_err *err);

// As hs_scope_parse, but refuses text that is not its own canonical form (HS_ERR_SCOPE).
int hs_scope_parse_canonical(struct hs_str text, struct hs_scope **out, struct hs_err *err);

void hs_scope_free(struct hs_scope **s); // frees and nulls; NULL and *NULL are fine

struct hs_str hs_scope_text(const struct hs_scope *s); // canonical text; lives as long as s
void hs_scope_digest(
    const struct hs_scope *s, uint8_t out[static 32]); // SHA-256 of that text

uint64_t hs_scope_max_ttl(const struct hs_scope *s);  // seconds, 1..HS_TTL_MAX
uint64_t hs_scope_max_uses(const struct hs_scope *s); // 1..HS_USES_MAX or HS_USES_ANY
uint32_t hs_scope_depth(const struct hs_scope *s);    // 0..HS_DEPTH_MAX
bool hs_scope_drains(const struct hs_scope *s);	      // what runs may end by itself, later

size_t hs_scope_statements(const struct hs_scope *s);
// The values of a key in a statement: canonical texts, sorted. n = 0 means none, never any.
size_t hs_scope_values(const struct hs_scope *s, size_t statement, enum hs_scope_key key);
struct hs_str hs_scope_value(
    const struct hs_scope *s, size_t statement, enum hs_scope_key key, size_t i);
// The words of cmd value i; *kind says which of the forms it is.
enum hs_cmd_kind {
	HS_CMD_EXACT,	   // exactly these words
	HS_CMD_PREFIX,	   // these words, then any further ones ("...")
	HS_CMD_ANY,	   // "*": anything; with the permit pty an interactive shell too
	HS_CMD_SFTP,	   // subsystem:sftp, read-only
	HS_CMD_SFTP_WRITE, // subsystem:sftp-write
};
const struct hs_str *hs_scope_cmd(const struct hs_scope *s, size_t statement, size_t i,
    enum hs_cmd_kind *kind, size_t *nwords);

// Is a single value a under a single value b, both canonical values of that key? False
// where one of them is not.
bool hs_scope_value_under(enum hs_scope_key key, struct hs_str a, struct hs_str b);

// The subset relation of PROTOCOL.scope: reflexive and transitive; where true, every
// request that a permits b permits too. Heads compare with <=.
bool hs_scope_under(const struct hs_scope *a, const struct hs_scope *b);

// As hs_scope_under, but the depth must be strictly less: a sub-delegation under its
// parent.
bool hs_scope_below(const struct hs_scope *a, const struct hs_scope *b);

// Could one request fall under both (PROTOCOL.policy "Overlapping")? Yes where in doubt,
// never no where some request does, of a server that goes by one name. Heads are not looked
// at.
bool hs_scope_overlaps(const struct hs_scope *a, const struct hs_scope *b);
// The same of two values of a key; yes where one of them is no value.
bool hs_scope_value_overlaps(enum hs_scope_key key, struct hs_str a, struct hs_str b);
// Does a value of that key in some statement of s overlap this one? Yes where it is no
// value.
bool hs_scope_touches(const struct hs_scope *s, enum hs_scope_key key, struct hs_str value);

// One thing that somebody wants to do. Which fields count depends on kind.
enum hs_request_kind {
	HS_REQ_LOGIN,	// user, host, addr: may this login happen at all
	HS_REQ_COMMAND, // user, host, addr, words, pty: may this command run; no words: any
	HS_REQ_SHELL,  // user, host, addr: an interactive shell, which takes the permit pty
	HS_REQ_SFTP,   // user, host, addr, pty, write: the sftp subsystem
	HS_REQ_PERMIT, // user, host, addr, permit
	HS_REQ_OPEN,   // user, host, addr, value: forward to value ("host:port")
	HS_REQ_NS,     // value: an SSHSIG namespace
	HS_REQ_CAP,    // value: action:resource
};

struct hs_request {
	enum hs_request_kind kind;
	struct hs_str user;
	const struct hs_str
	    *hosts; // the names that the server goes by: one match is enough
	size_t nhosts;
	struct hs_str
	    addr; // client address, textual IPv4/IPv6 without prefix; a v4-mapped one is
		  // read as IPv4. Empty: not known yet, only a login may be asked so, and
		  // addr lines are then left for later (from= and handseal-shell)
	const struct hs_str *words;
	size_t nwords;
	bool pty; // on a terminal, which the same statement has to permit
	bool write;
	enum hs_permit permit;
	struct hs_str value;
	struct hs_str ns; // where who asks was proven by a signature: in that namespace,
			  // which the same statement has to have; else empty
};

// Is the request permitted by some statement? HS_OK, or the narrowest reason that every
// statement shares: HS_NO_USER, HS_NO_HOST, HS_NO_ADDR, HS_NO_COMMAND, HS_NO_PTY,
// HS_NO_OTHER (see PROTOCOL.scope "Asking" for the order). *statement (may be NULL) is the
// first that permits it.
int hs_scope_permits(
    const struct hs_scope *s, const struct hs_request *req, size_t *statement);

// A new scope of those statements of s whose user, host and (where known) addr match req,
// with s's head: what handseal-verify hands on. The statements are kept as they are, so
// nothing is widened. The reason as above if none matches.
int hs_scope_filter(const struct hs_scope *s, const struct hs_request *req,
    struct hs_scope **out, struct hs_err *err);

#endif
