// SPDX-License-Identifier: ISC
//
// One line of the audit log, read back (docs/PROTOCOL.audit): exactly the form
// that hs_auditline_put writes, and nothing is copied or allocated. Members that this
// version does not know are carried. Pure; what the records mean is auditcheck.h's.
#ifndef HS_PROTO_AUDITREAD_H
#define HS_PROTO_AUDITREAD_H

#include "proto/auditline.h"

#define HS_AUDIT_MEMBERS_MAX 64 // members of one record

// Known members and what their values must be.
#define HS_AUDIT_MEMBERS(X)                                                                \
	X(HS_AM_EVENT, "event", HS_AUDIT_WORD)                                             \
	X(HS_AM_CLOCK, "clock", HS_AUDIT_TEXT)                                             \
	X(HS_AM_MACHINE, "machine", HS_AUDIT_HEX)                                          \
	X(HS_AM_PID, "pid", HS_AUDIT_NUMBER)                                               \
	X(HS_AM_UID, "uid", HS_AUDIT_NUMBER)                                               \
	X(HS_AM_EXE, "exe", HS_AUDIT_TEXT)                                                 \
	X(HS_AM_START, "start", HS_AUDIT_NUMBER)                                           \
	X(HS_AM_CGROUP, "cgroup", HS_AUDIT_TEXT)                                           \
	X(HS_AM_EXE_SHA256, "exe_sha256", HS_AUDIT_HEX)                                    \
	X(HS_AM_AGENT, "agent", HS_AUDIT_TEXT)                                             \
	X(HS_AM_EXT, "ext", HS_AUDIT_TEXT)                                                 \
	X(HS_AM_SESSION, "session", HS_AUDIT_TEXT)                                         \
	X(HS_AM_CODE, "code", HS_AUDIT_WORD)                                               \
	X(HS_AM_SENTENCE, "sentence", HS_AUDIT_TEXT)                                       \
	X(HS_AM_REASON, "reason", HS_AUDIT_TEXT)                                           \
	X(HS_AM_SCOPE, "scope", HS_AUDIT_TEXT)                                             \
	X(HS_AM_DIGEST, "digest", HS_AUDIT_HEX)                                            \
	X(HS_AM_POLICY, "policy", HS_AUDIT_HEX)                                            \
	X(HS_AM_SERIAL, "serial", HS_AUDIT_DECIMAL)                                        \
	X(HS_AM_SERIALS, "serials", HS_AUDIT_TEXT)                                         \
	X(HS_AM_PARENT, "parent", HS_AUDIT_DECIMAL)                                        \
	X(HS_AM_SEAT, "seat", HS_AUDIT_DECIMAL)                                            \
	X(HS_AM_END, "end", HS_AUDIT_NUMBER)                                               \
	X(HS_AM_KEY, "key", HS_AUDIT_TEXT)                                                 \
	X(HS_AM_ROOT, "root", HS_AUDIT_TEXT)                                               \
	X(HS_AM_ROOT_KEY, "root_key", HS_AUDIT_TEXT)                                       \
	X(HS_AM_HUMAN, "human", HS_AUDIT_TEXT)                                             \
	X(HS_AM_AAGUID, "aaguid", HS_AUDIT_HEX)                                            \
	X(HS_AM_ATTESTATION, "attestation", HS_AUDIT_TEXT)                                 \
	X(HS_AM_TRANSPORT, "transport", HS_AUDIT_TEXT)                                     \
	X(HS_AM_FLAGS, "flags", HS_AUDIT_NUMBER)                                           \
	X(HS_AM_COUNTER, "counter", HS_AUDIT_NUMBER)                                       \
	X(HS_AM_SIMULATED, "simulated", HS_AUDIT_TRUE)                                     \
	X(HS_AM_USER, "user", HS_AUDIT_TEXT)                                               \
	X(HS_AM_HOST, "host", HS_AUDIT_TEXT)                                               \
	X(HS_AM_NS, "ns", HS_AUDIT_TEXT)                                                   \
	X(HS_AM_ASK, "ask", HS_AUDIT_TEXT)                                                 \
	X(HS_AM_SHOWN, "shown", HS_AUDIT_TEXT)                                             \
	X(HS_AM_GRANT, "grant", HS_AUDIT_BASE64)                                           \
	X(HS_AM_DIRECT, "direct", HS_AUDIT_BASE64)                                         \
	X(HS_AM_SIGNATURE, "signature", HS_AUDIT_BASE64)                                   \
	X(HS_AM_COUNT, "count", HS_AUDIT_NUMBER)                                           \
	X(HS_AM_FIRST, "first", HS_AUDIT_NUMBER)                                           \
	X(HS_AM_LAST, "last", HS_AUDIT_NUMBER)                                             \
	X(HS_AM_HEAD, "head", HS_AUDIT_HEX)                                                \
	X(HS_AM_SHA256, "sha256", HS_AUDIT_HEX)                                            \
	X(HS_AM_JUMP, "jump", HS_AUDIT_SIGNED)

enum hs_audit_member {
#define HS_AM_ENUM(sym, name, type) sym,
	HS_AUDIT_MEMBERS(HS_AM_ENUM)
#undef HS_AM_ENUM
	    HS_AM_COUNT_OF
};

enum hs_audit_type {
	HS_AUDIT_WORD,	  // a string of [a-z-]
	HS_AUDIT_TEXT,	  // a string
	HS_AUDIT_HEX,	  // a string of lower-case hex, of an even number of digits
	HS_AUDIT_BASE64,  // a string
	HS_AUDIT_DECIMAL, // a string that is a number, for those that JSON would round
	HS_AUDIT_NUMBER,  // 0..2^64-1
	HS_AUDIT_SIGNED,  // a number that may be negative
	HS_AUDIT_TRUE,	  // true; absent is false
	HS_AUDIT_OTHER,	  // of an unknown member: a number, true, false
};

struct hs_audit_field {
	struct hs_str name;
	struct hs_str raw; // a string's content as escaped, without quotes; else the token
	bool string;
};

// Views into the line, which must outlive it.
struct hs_auditread {
	uint64_t seq, time;
	uint8_t prev[HS_AUDIT_HASH];
	struct hs_str event;
	struct hs_audit_field v[HS_AUDIT_MEMBERS_MAX]; // all but seq, prev and time
	size_t n;
	uint8_t at[HS_AM_COUNT_OF]; // 1-based index of known members, 0: absent
};

// Reads a line, LF included. HS_ERR_FORMAT with the fault and err->column, 1-based: not the
// writer's form, a known member of another type, a name twice.
int hs_auditread(struct hs_str line, struct hs_auditread *out, struct hs_err *err);

const char *hs_auditread_name(enum hs_audit_member m);
bool hs_auditread_has(const struct hs_auditread *r, enum hs_audit_member m);
// The string as escaped, "" where it is absent: enough to compare, or for what needs no
// escapes (words, hex, base64, session ids, fingerprints).
struct hs_str hs_auditread_raw(const struct hs_auditread *r, enum hs_audit_member m);
bool hs_auditread_is(const struct hs_auditread *r, enum hs_audit_member m, const char *s);
// A number or a decimal string; 0 where it is absent.
uint64_t hs_auditread_u64(const struct hs_auditread *r, enum hs_audit_member m);
// Is this one of serials?
bool hs_auditread_lists(const struct hs_auditread *r, uint64_t serial);
// Appends the text itself, UTF-8; nothing where it is absent.
void hs_auditread_put(
    struct hs_buf *b, const struct hs_auditread *r, enum hs_audit_member m);
// The same of any string as escaped; well-formed because hs_auditread has taken it.
void hs_auditread_unescape(struct hs_buf *b, struct hs_str raw);
// Appends what a hex or base64 member is of, at most max bytes. HS_ERR_FORMAT, also where
// it is absent; HS_ERR_TOO_LONG.
int hs_auditread_bytes(
    const struct hs_auditread *r, enum hs_audit_member m, size_t max, struct hs_buf *out);

#endif
