// SPDX-License-Identifier: ISC
//
// Looking through the environment. Contract in prompt_env.h.
#include "agentd/prompt_env.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/child.h"

#define ENTRY_MAX   4096 // one variable for a child
#define NOTIFY_SEND "notify-send"

static const char *
get(char *const *from, const char *name)
{
	size_t len = strlen(name);

	for (; *from != NULL; from++) {
		if (strncmp(*from, name, len) == 0 && (*from)[len] == '=')
			return *from + len + 1;
	}
	return NULL;
}

static bool
is_set(char *const *from, const char *name)
{
	const char *v = get(from, name);

	return v != NULL && *v != '\0';
}

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

// ---- what the children may know

static bool
is_passed_on(const char *entry)
{
	static const char *const names[] = {"DISPLAY=", "WAYLAND_DISPLAY=", "XAUTHORITY=",
	    "DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR=", "HOME=", "LANG=", "LC_"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strncmp(entry, names[i], strlen(names[i])) == 0)
			return strlen(entry) < ENTRY_MAX;
	}
	return false;
}

static int
add(struct hs_prompt_env *e, const char *entry)
{
	e->child[e->nchild] = strdup(entry);
	if (e->child[e->nchild] == NULL)
		return HS_ERR_NOMEM;
	e->nchild++;
	return HS_OK;
}

static int
pass_on(struct hs_prompt_env *e, char *const *from)
{
	int rc = add(e, HS_CHILD_PATH);

	for (; rc == HS_OK && *from != NULL && e->nchild < HS_PROMPT_ENV_MAX; from++) {
		if (is_passed_on(*from))
			rc = add(e, *from);
	}
	return rc;
}

// ---- askpass

static const char *
judge_askpass(const char *path, const char *require, bool ours)
{
	if (require != NULL && strcasecmp(require, "never") == 0)
		return "SSH_ASKPASS_REQUIRE is never";
	if (path == NULL)
		return "no SSH_ASKPASS";
	if (path[0] == '\0')
		return ours ? "HANDSEAL_ASKPASS is empty" : "no SSH_ASKPASS";
	if (path[0] != '/')
		return ours ? "HANDSEAL_ASKPASS is no absolute path"
			    : "SSH_ASKPASS is no absolute path";
	if (strlen(path) >= PATH_MAX || !is_program(path))
		return ours ? "HANDSEAL_ASKPASS names no program that can be run"
			    : "SSH_ASKPASS names no program that can be run";
	return NULL;
}

static int
find_askpass(struct hs_prompt_env *e, char *const *from)
{
	const char *path = get(from, "HANDSEAL_ASKPASS");
	const char *require = get(from, "SSH_ASKPASS_REQUIRE");
	bool ours = path != NULL;

	if (!ours)
		path = get(from, "SSH_ASKPASS");
	e->no_askpass = judge_askpass(path, require, ours);
	if (!is_set(from, "DISPLAY") && !is_set(from, "WAYLAND_DISPLAY") &&
	    (require == NULL || strcasecmp(require, "force") != 0))
		e->no_display = "no display";
	if (e->no_askpass != NULL || e->no_display != NULL)
		return HS_OK;
	e->askpass = strdup(path);
	return e->askpass != NULL ? HS_OK : HS_ERR_NOMEM;
}

// ---- notifications

static bool
has_bus(char *const *from)
{
	const char *address = get(from, "DBUS_SESSION_BUS_ADDRESS");
	const char *dir = get(from, "XDG_RUNTIME_DIR");
	char path[PATH_MAX];
	struct stat st;

	if (address != NULL && *address != '\0')
		return strncmp(address, "disabled:", 9) != 0;
	if (dir == NULL || dir[0] != '/' ||
	    (size_t)snprintf(path, sizeof path, "%s/bus", dir) >= sizeof path)
		return false;
	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int
search(struct hs_prompt_env *e, const char *folders)
{
	char path[PATH_MAX];

	while (folders != NULL) {
		const char *colon = strchrnul(folders, ':');
		int len = (int)(colon - folders < PATH_MAX ? colon - folders : PATH_MAX);

		// an empty or relative folder is wherever one happens to be
		if (folders[0] == '/' &&
		    (size_t)snprintf(path, sizeof path, "%.*s/%s", len, folders,
			NOTIFY_SEND) < sizeof path &&
		    is_program(path)) {
			e->notify_send = strdup(path);
			return e->notify_send != NULL ? HS_OK : HS_ERR_NOMEM;
		}
		folders = *colon == ':' ? colon + 1 : NULL;
	}
	e->no_notify = "no " NOTIFY_SEND;
	return HS_OK;
}

int
hs_prompt_env_read(struct hs_prompt_env *e, char *const *from)
{
	int rc;

	memset(e, 0, sizeof *e);
	rc = pass_on(e, from);
	if (rc == HS_OK)
		rc = find_askpass(e, from);
	if (rc == HS_OK && !has_bus(from))
		e->no_notify = "no session bus";
	else if (rc == HS_OK)
		rc = search(e, get(from, "PATH"));
	return rc;
}

void
hs_prompt_env_free(struct hs_prompt_env *e)
{
	free(e->askpass);
	free(e->notify_send);
	for (size_t i = 0; i < e->nchild; i++)
		free(e->child[i]);
	memset(e, 0, sizeof *e);
}
