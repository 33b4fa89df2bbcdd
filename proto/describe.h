// SPDX-License-Identifier: ISC
//
// Scopes, times and spans in words for a person, as prompts, the CLI and explain show them.
// Pure: times are UTC. Not for parsing, nothing reads these back.
#ifndef HS_PROTO_DESCRIBE_H
#define HS_PROTO_DESCRIBE_H

#include "proto/scope.h"

// Lines, each behind indent and ended by LF, that say everything the scope allows, e.g.
//   deploy@web1.example.com web2.example.com   systemctl restart web | systemctl status web
//   from any address; no terminal, no forwarding
//   each certificate up to 15 min, any number of times, not to be passed on
// Several values of a key stand side by side; nothing is left out or abbreviated.
void hs_describe_scope(struct hs_buf *b, const struct hs_scope *s, const char *indent);
// The same of a direct certificate, without the head: it is one, and counts no uses. Where
// it allows any command, stock sshd gives an interactive shell without `permit pty` too.
void hs_describe_statements(struct hs_buf *b, const struct hs_scope *s, const char *indent);
// One short line without LF for tables: "deploy@web1 web2: systemctl restart web | …".
void hs_describe_scope_short(struct hs_buf *b, const struct hs_scope *s);
void hs_describe_time(struct hs_buf *b, uint64_t unix_seconds); // "2026-11-23 18:05:00 UTC"
void hs_describe_span(struct hs_buf *b, uint64_t seconds);	// "3 h 41 min", "45 s"

#endif
