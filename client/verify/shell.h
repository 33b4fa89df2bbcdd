// SPDX-License-Identifier: ISC
//
// The parts of handseal-shell: deciding (pure), the environment that a command gets,
// running it.
#ifndef HS_CLIENT_VERIFY_SHELL_H
#define HS_CLIENT_VERIFY_SHELL_H

#include <stdbool.h>
#include "proto/chain.h"
#include "proto/command.h"
#include "proto/list.h"

#define HS_SHELL_REFUSED   126
#define HS_SHELL_NOT_FOUND 127

// What sshd says of the session, and the clock.
struct hs_shell_ask {
	const struct hs_shell_arg *arg;
	uint64_t now;	  // Unix seconds
	const char *user; // the login
	const char *addr; // SSH_CONNECTION; its first field is the client. NULL is refused
	const char *command; // SSH_ORIGINAL_COMMAND, NULL for an interactive shell
	bool pty;
};

struct hs_shell_run {
	// Not NULL: `cmd *` permits it, so the account's login shell runs this text, as
	// sshd would without us. The caller's SSH_ORIGINAL_COMMAND.
	const char *by_shell;
	struct hs_command command; // else; owned: hs_shell_run_free
	bool sftp_write;	   // HS_REQ_SFTP: the scope permits writing too
	bool drains;		   // it may run on after the grant's end
};

// Does the scope permit this session, and what is to be run? One statement must permit all
// of it: user, address, command and, where there is one, the terminal. HS_OK or the reason.
// Pure. *out is zeroed first.
int hs_shell_decide(
    const struct hs_shell_ask *ask, struct hs_shell_run *out, struct hs_err *err);
void hs_shell_run_free(struct hs_shell_run *r);

// Appends what the scope in arg does allow, a line each behind indent; nothing where it is
// no scope.
void hs_shell_put_allowed(
    struct hs_buf *b, const struct hs_shell_arg *arg, const char *indent);

// What the argument says of the certificate, for looking it up. HS_ERR_FORMAT. Pure.
int hs_shell_subject(const struct hs_shell_arg *arg, struct hs_list_subject *s);
// The folder of roots, verify.conf and revoked.
void hs_shell_folder(const struct hs_shell_arg *arg, char dir[static HS_LISTS_PATH_MAX]);
// Was what user logged in by taken back, by what the server's files say now? HS_OK, or the
// reason: HS_NO_REVOKED; HS_NO_LIST; HS_NO_ROOT_UNKNOWN or HS_NO_USER_ROOT where roots was
// changed so, or is gone; or what is wrong with those files, which this account must be
// able to read. folder: of Revocations; empty where there is none, or verify.conf does not
// hold. again: what does not count, and what is waived, stands in the log already.
int hs_shell_revoked(const struct hs_shell_arg *arg, const char *user, uint64_t now,
    bool again, char folder[static HS_LISTS_PATH_MAX], struct hs_err *err);

// The account, as the system knows it.
struct hs_shell_account {
	const char *name, *home, *shell;
	bool root;
};

// The environment for a command: NULL-terminated, made of what is known to be harmless in
// env, the account, and a PATH of the system's own folders. NULL when out of memory.
char **hs_shell_environment(char **env, const struct hs_shell_account *account);
void hs_shell_environment_free(char **env);

// Becomes the command. Returns only on failure: HS_SHELL_NOT_FOUND, or HS_SHELL_REFUSED
// where it is there but cannot be run, with a sentence.
int hs_shell_exec(const struct hs_shell_run *run, const struct hs_shell_account *account,
    char **env, struct hs_err *err);

#endif
