// SPDX-License-Identifier: ISC
//
// handseal-shell: what the line that handseal-verify prints forces sshd to run. It runs
// with the rights of the account that was logged in to, and holds nothing; what it adds is
// that only the scope's commands run, no shell reads them, and what runs ends with what
// allowed it. Only the process's surroundings are here.
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include <sodium.h>
#include "client/verify/lib/drop.h"
#include "client/verify/lib/note.h"
#include "client/verify/supervise.h"
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

// what: "runs", "refused, CODE, SENTENCE" and so on. The id is that of sshd's own line and
// of the daemon's log; the root and the address are as handseal-verify writes them.
static void
note(int priority, const struct hs_shell_ask *ask, const char *what)
{
	char root[HS_FINGERPRINT_LEN + 1] = "?";
	struct hs_buf b = {0};
	struct hs_key key;

	if (hs_key_parse(ask->arg->root, &key) == HS_OK)
		hs_key_fingerprint(&key, root);
	hs_put_fmt(&b, "%s: %s: ", ask->user, what);
	put_command(&b, ask->command);
	hs_put_fmt(&b, " (from %.*s, root %s, id \"",
	    ask->addr != NULL ? (int)strcspn(ask->addr, " ") : 1,
	    ask->addr != NULL ? ask->addr : "?", root);
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

// How it ended, for the log.
static void
note_end(const struct hs_shell_ask *ask, const struct hs_shell_end *end)
{
	char what[600], left[80] = "";

	if (end->left > 0)
		(void)snprintf(left, sizeof left,
		    ", nor was what is still below it: %zu processes or more", end->left);
	if (end->code != HS_OK)
		(void)snprintf(what, sizeof what,
		    "was ended after %" PRIu64 " s, %s, %s%s%s", end->seconds,
		    hs_code_name(end->code), hs_err_sentence(&end->err),
		    end->closed ? ", and its connection with it"
				: ", but its connection was not",
		    left);
	else if (WIFSIGNALED(end->status))
		(void)snprintf(what, sizeof what, "ended after %" PRIu64 " s by signal %d",
		    end->seconds, WTERMSIG(end->status));
	else
		(void)snprintf(what, sizeof what,
		    "ended after %" PRIu64 " s with status %d", end->seconds,
		    WEXITSTATUS(end->status));
	note(end->code != HS_OK ? LOG_NOTICE : LOG_INFO, ask, what);
}

// sshd tells its client by what signal a command ended, so we end by the same.
static int
end_alike(const struct hs_shell_end *end)
{
	sigset_t one;
	int sig;

	if (end->code != HS_OK)
		return HS_SHELL_REFUSED;
	if (!WIFSIGNALED(end->status))
		return WEXITSTATUS(end->status);
	sig = WTERMSIG(end->status);
	(void)signal(sig, SIG_DFL);
	(void)sigemptyset(&one);
	(void)sigaddset(&one, sig);
	(void)raise(sig);
	(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
	return 128 + sig;
}

struct becoming {
	const struct hs_shell_ask *ask;
	const struct hs_shell_run *run;
	const struct hs_shell_account *account;
	char **env;
};

static int
become(void *arg)
{
	const struct becoming *b = arg;
	struct hs_err err = {0};
	int status;

	hs_drop_leave();
	status = hs_shell_exec(b->run, b->account, b->env, &err);
	note(LOG_NOTICE, b->ask, hs_err_sentence(&err));
	fprintf(stderr, "handseal: %s\n", hs_err_sentence(&err));
	return status;
}

static int
run(const struct hs_shell_ask *ask, const struct hs_shell_account *account)
{
	char folder[HS_LISTS_PATH_MAX];
	struct hs_shell_run r;
	struct hs_shell_watch watch = {.inotify = -1};
	struct becoming b = {ask, &r, account, NULL};
	struct hs_shell_job job = {.become = become,
	    .arg = &b,
	    .start = hs_shell_time_now(),
	    .end = ask->arg->grant_end,
	    .watch = &watch};
	struct hs_shell_end end;
	struct hs_err err = {0};
	int status;

	// what is revoked is asked last: a refusal by the scope needs no files
	if (hs_shell_decide(ask, &r, &err) != HS_OK ||
	    hs_shell_revoked(ask->arg, ask->user, ask->now, false, folder, &err) != HS_OK) {
		status = refused(ask, &err);
		goto out;
	}
	b.env = hs_shell_environment(environ, account);
	if (b.env == NULL) {
		(void)hs_fail(&err, HS_ERR_NOMEM, "out of memory");
		status = refused(ask, &err);
		goto out;
	}
	if (r.drains)
		job.end = UINT64_MAX;
	hs_shell_watch_begin(&watch, ask->arg, ask->user, folder);
	note(LOG_INFO, ask, "runs");
	if (hs_shell_supervise(&job, &end, &err) != HS_OK) {
		status = refused(ask, &err);
		goto out;
	}
	note_end(ask, &end);
	status = end_alike(&end);
out:
	hs_shell_watch_end(&watch);
	hs_shell_environment_free(b.env);
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
