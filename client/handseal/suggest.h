// SPDX-License-Identifier: ISC
//
// The command line a person would type next, written so that it can be pasted into a shell.
#ifndef HS_CLIENT_SUGGEST_H
#define HS_CLIENT_SUGGEST_H

#include "client/handseal/subject.h"
#include "proto/scope.h"

// Appends "ssh -i KEY USER@HOST 'COMMAND'" for the first statement that a login is for;
// what it leaves open stands there in capitals. Nothing if no statement is for a login.
void hs_suggest_ssh(
    struct hs_buf *b, const struct hs_scope *scope, const struct hs_subject *subject);

#endif
