// SPDX-License-Identifier: ISC
//
// The environment that handseal-shell gives to a command. Contract in shell.h.
//
// What the account is comes from the system, not from what stands in our environment: the
// login shell has read its start files before us. Of the rest only names pass that tell a
// program where it runs, and only with values that no program takes for code or a path to
// load from: sshd's AcceptEnv lets the client choose LANG and LC_*.
#include "client/verify/shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENV_MAX 64

#define PATH_USER "/usr/local/bin:/usr/bin:/bin"
#define PATH_ROOT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char plain_value[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@+-";

// Names set by the client or by anybody's start files.
static bool
is_foreign(const char *entry, size_t name)
{
	static const char *const names[] = {"LANG", "LANGUAGE", "TERM", "TZ"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == name && memcmp(entry, names[i], name) == 0)
			return true;
	return name > 3 && memcmp(entry, "LC_", 3) == 0;
}

// Names that sshd and its PAM modules set for this session.
static bool
is_session(const char *entry, size_t name)
{
	static const char *const names[] = {"SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY",
	    "SSH_AUTH_SOCK", "SSH_USER_AUTH", "DISPLAY", "XDG_RUNTIME_DIR",
	    "XDG_SESSION_ID"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == name && memcmp(entry, names[i], name) == 0)
			return true;
	return false;
}

static bool
keeps(const char *entry, bool foreign)
{
	const char *eq = strchr(entry, '=');
	const char *value;
	size_t name;

	if (eq == NULL)
		return false;
	name = (size_t)(eq - entry);
	if (!foreign)
		return is_session(entry, name);
	if (!is_foreign(entry, name))
		return false;
	value = eq + 1;
	// Europe/Berlin is a time zone; a path from the root or upwards is somebody's file
	if (name == 2) {
		if (value[0] == '/' || strstr(value, "..") != NULL)
			return false;
		while (*(value += strspn(value, plain_value)) == '/')
			value++;
		return *value == '\0';
	}
	return value[strspn(value, plain_value)] == '\0';
}

static int
add(char **env, size_t *n, const char *name, const char *value)
{
	if (*n >= ENV_MAX || asprintf(&env[*n], "%s=%s", name, value) < 0)
		return -1;
	(*n)++;
	return 0;
}

static int
copy(char **out, size_t *n, char **env, bool foreign)
{
	for (; env != NULL && *env != NULL && *n < ENV_MAX; env++) {
		if (!keeps(*env, foreign))
			continue;
		out[*n] = strdup(*env);
		if (out[*n] == NULL)
			return -1;
		(*n)++;
	}
	return 0;
}

char **
hs_shell_environment(char **env, const struct hs_shell_account *account)
{
	char **out = calloc(ENV_MAX + 1, sizeof *out);
	size_t n = 0;

	if (out == NULL)
		return NULL;
	if (add(out, &n, "HOME", account->home) != 0 ||
	    add(out, &n, "USER", account->name) != 0 ||
	    add(out, &n, "LOGNAME", account->name) != 0 ||
	    add(out, &n, "SHELL", account->shell) != 0 ||
	    add(out, &n, "PATH", account->root ? PATH_ROOT : PATH_USER) != 0)
		goto fail;
	// sshd's own come first: a client that sends many must not crowd them out
	if (copy(out, &n, env, false) != 0 || copy(out, &n, env, true) != 0)
		goto fail;
	return out;
fail:
	out[n] = NULL;
	hs_shell_environment_free(out);
	return NULL;
}

void
hs_shell_environment_free(char **env)
{
	for (size_t i = 0; env != NULL && env[i] != NULL; i++)
		free(env[i]);
	free(env);
}
