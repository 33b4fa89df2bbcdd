// SPDX-License-Identifier: ISC
//
// What a client asked an SSH server to run, as text, taken apart into something that a
// scope can be asked about. Pure. Shared by those that run commands and the one that
// explains them, so that all give one answer.
#ifndef HS_PROTO_COMMAND_H
#define HS_PROTO_COMMAND_H

#include "proto/scope.h"
#include "proto/text.h"

struct hs_command {
	enum hs_request_kind kind; // HS_REQ_SHELL, HS_REQ_SFTP or HS_REQ_COMMAND
	struct hs_words words;	   // owned; the command's own memory
	struct hs_str *list;	   // owned; the same words as hs_request wants them
	size_t n;
};

// text NULL: nothing was asked for, which is an interactive shell. The text of sshd's usual
// Subsystem lines is the sftp subsystem, with options of sftp-server behind it: sshd passes
// on nothing that would tell the subsystem from the command. HS_NO_COMMAND with a sentence
// where it cannot be taken apart without a shell, or asks of sftp-server what is not known,
// HS_ERR_NOMEM. *out is zeroed first; hs_command_free always.
int hs_command_parse(const char *text, struct hs_command *out, struct hs_err *err);
// The same of bytes, which ask for something.
int hs_command_take(struct hs_str text, struct hs_command *out, struct hs_err *err);
void hs_command_free(struct hs_command *c);
// A first word by which sshd, or one of its usual Subsystem lines, means the sftp server.
bool hs_command_is_sftp(struct hs_str word);

#endif
