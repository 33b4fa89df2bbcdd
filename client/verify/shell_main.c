// SPDX-License-Identifier: ISC
//
// handseal-shell: what the line that handseal-verify prints forces sshd to run. It runs
// with the rights of the account that was logged in to, and holds nothing; what it adds is
// that only the scope's commands run, and no shell reads them. Only the process's
// surroundings are here.
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include <sodium.h>
#include "client/verify/lib/drop.h"
#include "client/verify/lib/note.h"
#include "client/verify/shell.h"
#include "proto/text.h"

#define EXIT_USAGE  2
#define ARG_MAX_LEN (HS_SCOPE_BYTES_MAX + HS_KEY_ID_MAX + 64)

static void
put_command(struct hs_buf *b, const char *command)
{
	struct hs_str s = {0};

	if (command == NULL) {
		hs_put_fmt(b, "an interactive shell");
		return;
	}
	s.p = (const uint8_t *)command;
	s.len = strnlen(command, 512); // the log's line is bounded too
	hs_text_put_clean(b, s);
}

// what: "ran", "refused CODE: SENTENCE" and so on.
static void
note(int priority, const struct hs_shell_ask *ask, const char *what)
{
	struct hs_buf b = {0};

	hs_put_fmt(&b, "%s: %s: ", ask->user, what);
	put_command(&b, ask->command);
	hs_put_fmt(&b, " (id \"");
	hs_text_put_clean(&b, ask->arg->id);
	hs_put_fmt(&b, "\")");
	hs_note_line(priority, hs_buf_str(&b));
	hs_buf_free(&b);
}

static int
refused(const struct hs_shell_ask *ask, const struct hs_err *err)
{
	struct hs_buf allowed = {0};
	char what[400];

	(void)snprintf(what, sizeof what, "refused, %s, %s", hs_code_name(err->code),
	    hs_err_sentence(err));
	note(LOG_NOTICE, ask, what);
	fprintf(stderr, "handseal: refused, %s: %s\n", hs_code_name(err->code),
	    hs_err_sentence(err));
	if (err->code == HS_NO_COMMAND || err->code == HS_NO_PTY) {
		hs_shell_put_allowed(&allowed, ask->arg, "  ");
		if (hs_buf_err(&allowed) == HS_OK && allowed.len > 0)
			fprintf(stderr, "It allows:\n%.*s", (int)allowed.len,
			    (const char *)allowed.p);
	}
	hs_buf_free(&allowed);
	return HS_SHELL_REFUSED;
}

static int
run(const struct hs_shell_ask *ask, const struct hs_shell_account *account)
{
	struct hs_shell_run r;
	struct hs_err err = {0};
	char **env = NULL;
	int status;

	// what is revoked is asked last: a refusal by the scope needs no files
	if (hs_shell_decide(ask, &r, &err) != HS_OK ||
	    hs_shell_revoked(ask->arg, ask->user, ask->now, &err) != HS_OK) {
		status = refused(ask, &err);
		goto out;
	}
	env = hs_shell_environment(environ, account);
	if (env == NULL) {
		(void)hs_fail(&err, HS_ERR_NOMEM, "out of memory");
		status = refused(ask, &err);
		goto out;
	}
	note(LOG_INFO, ask, "runs");
	hs_drop_leave();
	status = hs_shell_exec(&r, account, env, &err);
	note(LOG_NOTICE, ask, hs_err_sentence(&err));
	fprintf(stderr, "handseal: %s\n", hs_err_sentence(&err));
out:
	hs_shell_environment_free(env);
	hs_shell_run_free(&r);
	return status;
}

static bool
filled(const char *s)
{
	return s != NULL && s[0] != '\0';
}

int
main(int argc, char **argv)
{
	struct hs_shell_account account = {0};
	struct hs_shell_arg arg = {0};
	struct hs_shell_ask ask = {.arg = &arg};
	const struct passwd *pw;
	struct hs_buf raw = {0};
	time_t now;
	int status = HS_SHELL_REFUSED;

	hs_note_open("handseal-shell", false);
	if (argc != 2) {
		fprintf(stderr, "handseal-shell: sshd runs this, by the line that "
				"handseal-verify prints for a login\n");
		return EXIT_USAGE;
	}
	if (hs_drop_enter(false) != 0 || sodium_init() < 0) {
		hs_note(LOG_ERR, "could not be set up: %s", strerror(errno));
		return HS_SHELL_REFUSED;
	}
	pw = getpwuid(getuid());
	if (pw == NULL || !filled(pw->pw_name) || !filled(pw->pw_dir)) {
		hs_note(LOG_ERR, "uid %ju has no account", (uintmax_t)getuid());
		fprintf(stderr, "handseal: refused, internal: this uid has no account\n");
		return HS_SHELL_REFUSED;
	}
	if (hs_text_base64url(hs_str_c(argv[1]), ARG_MAX_LEN, &raw) != HS_OK ||
	    hs_shell_arg_parse(hs_buf_str(&raw), &arg) != HS_OK) {
		hs_note(LOG_ERR, "%s: the argument is malformed", pw->pw_name);
		fprintf(stderr,
		    "handseal: refused, malformed: the argument is not one that "
		    "handseal-verify makes\n");
		goto out;
	}
	account.name = ask.user = pw->pw_name;
	account.home = pw->pw_dir;
	account.shell = filled(pw->pw_shell) ? pw->pw_shell : "/bin/sh";
	account.root = getuid() == 0;
	now = time(NULL);
	ask.now = now > 0 ? (uint64_t)now : UINT64_MAX;
	ask.addr = getenv("SSH_CONNECTION");
	ask.command = getenv("SSH_ORIGINAL_COMMAND");
	// the second counts where somebody's start files unset the first
	ask.pty = getenv("SSH_TTY") != NULL || isatty(STDIN_FILENO);
	status = run(&ask, &account);
out:
	hs_buf_free(&raw);
	return status;
}
