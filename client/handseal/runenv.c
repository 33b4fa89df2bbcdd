// SPDX-License-Identifier: ISC
//
// Environment and command line of a seat's program. Contract in runenv.h.
#include "client/handseal/runenv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/paths.h"
#include "proto/text.h"

#define DEFAULT_PATH "/bin:/usr/bin" // execvp's
#define ELLIPSIS     "\xe2\x80\xa6"

// Set anew, or not at all: GIT_SSH and RSYNC_RSH would name another ssh, and
// GIT_SSH_VARIANT how that takes its options; the daemon or the agent behind the pids is
// not what the sockets lead to now.
static const char *const gone[] = {"HANDSEAL_SOCK", "HANDSEAL_SEAT", "HANDSEAL_PID",
    "SSH_AUTH_SOCK", "SSH_AGENT_PID", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSH",
    "RSYNC_RSH", "PATH"};

static const char *
value_of(const char *entry, const char *name)
{
	size_t n = strlen(name);

	return strncmp(entry, name, n) == 0 && entry[n] == '=' ? entry + n + 1 : NULL;
}

static bool
is_gone(const char *entry)
{
	for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
		if (value_of(entry, gone[i]) != NULL)
			return true;
	return false;
}

static bool
add(char **env, size_t *n, const char *name, const char *value, const char *more)
{
	size_t size = strlen(name) + strlen(value) + strlen(more) + 3;

	env[*n] = malloc(size);
	if (env[*n] == NULL)
		return false;
	snprintf(env[(*n)++], size, "%s=%s%s", name, value, more);
	return true;
}

// git gives its command to a shell, and asks neither that nor ssh.variant of the person's
// configuration how it takes options.
static bool
add_git(char **env, size_t *n, const char *bin)
{
	struct hs_buf path = {0}, quoted = {0};
	bool done = false;

	hs_put_fmt(&path, "%s/ssh", bin);
	hs_words_put(&quoted, hs_buf_str(&path), true);
	hs_put_u8(&quoted, 0);
	if (hs_buf_err(&path) == HS_OK && hs_buf_err(&quoted) == HS_OK)
		done = add(env, n, "GIT_SSH_COMMAND", (const char *)quoted.p, "") &&
		       add(env, n, "GIT_SSH_VARIANT", "ssh", "");
	hs_buf_free(&path);
	hs_buf_free(&quoted);
	return done;
}

char **
hs_runenv_make(char *const *old, const struct hs_runenv_seat *seat)
{
	const char *path = NULL;
	size_t n = 0, count = 0;
	char **env;
	bool done;

	while (old[count] != NULL)
		count++;
	env = calloc(count + 7, sizeof *env);
	if (env == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *value = value_of(old[i], "PATH");

		if (path == NULL)
			path = value;
		if (!is_gone(old[i]) && (env[n++] = strdup(old[i])) == NULL) {
			hs_runenv_free(env);
			return NULL;
		}
	}
	done = add(env, &n, "HANDSEAL_SOCK", seat->socket, "") &&
	       add(env, &n, "SSH_AUTH_SOCK", seat->socket, "") &&
	       add(env, &n, "HANDSEAL_SEAT", seat->id, "") && add_git(env, &n, seat->bin);
	if (done) {
		struct hs_buf b = {0};

		hs_put_fmt(&b, "%s:", seat->bin);
		hs_put_u8(&b, 0);
		done = hs_buf_err(&b) == HS_OK && add(env, &n, "PATH", (const char *)b.p,
						      path != NULL ? path : DEFAULT_PATH);
		hs_buf_free(&b);
	}
	if (!done) {
		hs_runenv_free(env);
		return NULL;
	}
	return env;
}

void
hs_runenv_free(char **env)
{
	for (size_t i = 0; env != NULL && env[i] != NULL; i++)
		free(env[i]);
	free(env);
}

static int
look_at(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return 127;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? 0 : 126;
}

int
hs_runenv_look(const char *command, const char *path)
{
	char file[HS_PATHS_MAX];
	int found = 127;

	if (strchr(command, '/') != NULL)
		return look_at(command);
	if (command[0] == '\0')
		return 127;
	if (path == NULL)
		path = DEFAULT_PATH;
	for (;; path++) {
		size_t len = strcspn(path, ":");
		int n = snprintf(file, sizeof file, "%.*s%s%s", (int)len, path,
			len > 0 ? "/" : "./", command),
		    rc = n > 0 && n < (int)sizeof file ? look_at(file) : 127;

		if (rc == 0)
			return 0;
		if (rc < found)
			found = rc;
		path += len;
		if (*path == '\0')
			return found;
	}
}

void
hs_runenv_put_line(struct hs_buf *b, char *const *argv, size_t max)
{
	struct hs_buf words = {0}, clean = {0};
	size_t len;

	for (size_t i = 0; argv[i] != NULL && words.len <= max; i++) {
		if (i > 0)
			hs_put_u8(&words, ' ');
		hs_words_put(&words, hs_str_c(argv[i]), i == 0);
	}
	hs_text_put_clean(&clean, hs_buf_str(&words));
	len = clean.len;
	if (len > max) {
		len = max - (sizeof ELLIPSIS - 1);
		while (len > 0 && (clean.p[len] & 0xc0) == 0x80)
			len--;
	}
	if (hs_buf_err(&words) == HS_OK && hs_buf_err(&clean) == HS_OK && clean.len > 0)
		hs_put_raw(b, clean.p, len);
	if (len < clean.len)
		hs_put_raw(b, ELLIPSIS, sizeof ELLIPSIS - 1);
	hs_buf_free(&words);
	hs_buf_free(&clean);
}
