// SPDX-License-Identifier: ISC
//
// Where a server's owner reads what was decided: syslog (LOG_AUTHPRIV), or stderr for tests
// and for trying things out. One line an event, nothing in it that could forge another. Not
// for what the person at the other end sees.
#ifndef HS_CLIENT_VERIFY_NOTE_H
#define HS_CLIENT_VERIFY_NOTE_H

#include <stdbool.h>
#include "proto/buf.h"

// Call first. name stays the caller's and must live as long as the program.
void hs_note_open(const char *name, bool to_stderr);

// Writes text as one line; what hs_text_shown refuses becomes '?'. priority as in
// syslog(3), without a facility.
void hs_note_line(int priority, struct hs_str text);

// The same from a format.
void hs_note(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
