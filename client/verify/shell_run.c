// SPDX-License-Identifier: ISC
//
// Becoming the command, without a shell in between unless the scope allows anything.
// Contract in shell.h.
#include "client/verify/shell.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const sftp_servers[] = {"/usr/lib/openssh/sftp-server",
    "/usr/libexec/openssh/sftp-server", "/usr/libexec/sftp-server",
    "/usr/lib/ssh/sftp-server", "/usr/lib/sftp-server"};

static const char *
path_of(char **env)
{
	for (; *env != NULL; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return "";
}

// Tries the name in one folder. Returns only if it is not there (0) or cannot be run
// (errno).
static int
try_folder(const char *dir, size_t dirlen, char **argv, char **env)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%.*s/%s", (int)dirlen, dir, argv[0]);

	if (n < 0 || (size_t)n >= sizeof path)
		return 0;
	(void)execve(path, argv, env);
	return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
}

// Searches the fixed PATH alone, whose folders are all absolute. A name with a slash must
// be absolute itself: what a relative one means would hang on where the login shell left
// us.
static int
exec_words(char **argv, char **env, struct hs_err *err)
{
	const char *dir = path_of(env);
	int fault = 0;

	if (argv[0] == NULL)
		return HS_SHELL_NOT_FOUND;
	if (argv[0][0] == '/') {
		(void)execve(argv[0], argv, env);
		fault = errno == ENOENT || errno == ENOTDIR ? 0 : errno;
	} else if (strchr(argv[0], '/') != NULL) {
		(void)hs_fail(err, HS_NO_SUCH, "%s: a path must begin with /", argv[0]);
		return HS_SHELL_NOT_FOUND;
	} else if (argv[0][0] != '\0') {
		while (*dir != '\0') {
			size_t len = strcspn(dir, ":");
			int e = try_folder(dir, len, argv, env);

			fault = fault == 0 ? e : fault;
			dir += len;
			dir += *dir == ':';
		}
	}
	if (fault == 0) {
		(void)hs_fail(err, HS_NO_SUCH, "%s: command not found", argv[0]);
		return HS_SHELL_NOT_FOUND;
	}
	(void)hs_fail(err, HS_ERR_IO, "%s: %s", argv[0], strerror(fault));
	return HS_SHELL_REFUSED;
}

// With the options that were asked for, which are the owner's where the Subsystem line has
// some: what it logs, who may read what it makes, read-only for everybody.
static int
exec_sftp(const struct hs_command *c, bool writes, char **env, struct hs_err *err)
{
	char name[] = "sftp-server", readonly[] = "-R";
	char **argv = calloc(c->n + 2, sizeof *argv);
	size_t n = 0;

	if (argv == NULL) {
		(void)hs_fail(err, HS_ERR_NOMEM, "out of memory");
		return HS_SHELL_REFUSED;
	}
	argv[n++] = name;
	if (!writes)
		argv[n++] = readonly;
	for (size_t i = 1; i < c->n; i++) // NUL-terminated in the words' own memory
		argv[n++] = (char *)(uintptr_t)c->list[i].p;
	for (size_t i = 0; i < sizeof sftp_servers / sizeof sftp_servers[0]; i++)
		(void)execve(sftp_servers[i], argv, env);
	free(argv);
	(void)hs_fail(err, HS_NO_SUCH, "sftp-server is not installed here");
	return HS_SHELL_NOT_FOUND;
}

// As sshd does it: "-bash" for a login, and "bash -c TEXT" where there is a text.
static int
exec_login_shell(const struct hs_shell_account *account, const char *text, char **env,
    struct hs_err *err)
{
	const char *base = strrchr(account->shell, '/');
	char name[256], option[] = "-c";
	char *argv[] = {name, NULL, NULL, NULL};
	int n = snprintf(name, sizeof name, "%s%s", text == NULL ? "-" : "",
	    base != NULL ? base + 1 : account->shell);

	if (text != NULL) {
		argv[1] = option;
		argv[2] = (char *)(uintptr_t)text;
	}
	if (n > 0 && (size_t)n < sizeof name)
		(void)execve(account->shell, argv, env);
	else
		errno = ENAMETOOLONG;
	(void)hs_fail(err, HS_ERR_IO, "%s: %s", account->shell, strerror(errno));
	return HS_SHELL_REFUSED;
}

int
hs_shell_exec(const struct hs_shell_run *run, const struct hs_shell_account *account,
    char **env, struct hs_err *err)
{
	const struct hs_command *c = &run->command;
	char **argv;
	int status;

	if (run->by_shell != NULL || c->kind == HS_REQ_SHELL)
		return exec_login_shell(account, run->by_shell, env, err);
	if (c->kind == HS_REQ_SFTP)
		return exec_sftp(c, run->sftp_write, env, err);
	argv = calloc(c->n + 1, sizeof *argv);
	if (argv == NULL) {
		(void)hs_fail(err, HS_ERR_NOMEM, "out of memory");
		return HS_SHELL_REFUSED;
	}
	for (size_t i = 0; i < c->n; i++) // NUL-terminated in the words' own memory
		argv[i] = (char *)(uintptr_t)c->list[i].p;
	status = exec_words(argv, env, err);
	free(argv);
	return status;
}
