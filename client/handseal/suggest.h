// SPDX-License-Identifier: ISC
//
// The command line a person would type next, written so that it can be pasted into a shell.
#ifndef HS_CLIENT_SUGGEST_H
#define HS_CLIENT_SUGGEST_H

#include "client/handseal/subject.h"
#include "proto/scope.h"

// Appends "ssh -i KEY USER@HOST 'COMMAND'" for the first statement that a login is for;
// what it leaves open stands there in capitals. Nothing if no statement is for a login. On
// a seat subject is NULL: ssh finds the key by its agent.
void hs_suggest_ssh(
    struct hs_buf *b, const struct hs_scope *scope, const struct hs_subject *subject);

// What a request would be for; what is empty, or could not be shown as it is, becomes a
// word in capitals.
struct hs_suggest_wish {
	struct hs_str user, host;
	struct hs_str command; // as --cmd takes it
	struct hs_str ns;      // where this is given, nothing else is asked for
};

// Appends "handseal request --user USER --host HOST --cmd 'CMD' --reason 'WHY'".
void hs_suggest_request(struct hs_buf *b, const struct hs_suggest_wish *wish);

#endif
