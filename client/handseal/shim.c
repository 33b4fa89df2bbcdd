// SPDX-License-Identifier: ISC
//
// The shim in front of ssh, scp and sftp. Contract in shim.h.
#include "client/handseal/shim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/cli.h"
#include "client/handseal/paths.h"
#include "client/handseal/seatdir.h"

#define FAILED 255 // as ssh
#define EXTRA  12  // arguments that are added at most

// The path that the kernel was told to run, whatever argv[0] is.
static const char *
called_as(void)
{
	return (const char *)(uintptr_t)getauxval(AT_EXECFN);
}

const char *
hs_shim_name(void)
{
	static const char *const names[] = {"ssh", "scp", "sftp"};
	const char *path = called_as(), *name = path != NULL ? strrchr(path, '/') : NULL;

	name = name != NULL ? name + 1 : path;
	for (size_t i = 0; name != NULL && i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return names[i];
	return NULL;
}

// The folder of the seat: ours is the bin in it. A link to us that somebody made elsewhere
// has no seat to use.
static int
find_seat(const char *name, char seat[static HS_PATHS_MAX])
{
	char dir[HS_PATHS_MAX], agent[HS_PATHS_MAX], *slash;
	const char *path = called_as();
	struct stat st;
	int n = snprintf(dir, sizeof dir, "%.*s", (int)(strlen(path) - strlen(name)), path);

	if (n < 0 || n >= (int)sizeof dir)
		return -1;
	if (dir[0] == '/')
		snprintf(seat, HS_PATHS_MAX, "%.*s", n - 1, dir);
	else if (realpath(n > 0 ? dir : ".", seat) == NULL)
		return -1;
	slash = strrchr(seat, '/');
	if (slash == NULL || !hs_seatdir_is_plain(seat))
		return -1;
	*slash = '\0';
	n = snprintf(agent, sizeof agent, "%s/" HS_SEATDIR_AGENT, seat);
	return n > 0 && n < (int)sizeof agent && lstat(agent, &st) == 0 &&
		       S_ISLNK(st.st_mode)
		   ? 0
		   : -1;
}

// Is it in the folder of a seat? Shims of an outer seat may be links to another copy of
// this program: that would find ours in turn, and so on.
static bool
is_shim(const char *path)
{
	char agent[HS_PATHS_MAX];
	struct stat st;
	int n = snprintf(agent, sizeof agent, "%.*s/../" HS_SEATDIR_AGENT,
	    (int)(strrchr(path, '/') - path), path);

	return n > 0 && n < (int)sizeof agent && lstat(path, &st) == 0 &&
	       S_ISLNK(st.st_mode) && lstat(agent, &st) == 0 && S_ISLNK(st.st_mode);
}

// The next program of that name in PATH that is neither this one nor a shim.
static int
find_real(const char *name, char out[static HS_PATHS_MAX])
{
	const char *p = getenv("PATH");
	struct stat us, st;
	int rc = 127;

	if (p == NULL)
		p = "/usr/bin:/bin";
	if (stat("/proc/self/exe", &us) != 0)
		return FAILED;
	for (;; p++) {
		size_t len = strcspn(p, ":");
		int n = snprintf(
		    out, HS_PATHS_MAX, "%.*s%s%s", (int)len, p, len > 0 ? "/" : "./", name);

		p += len;
		if (n > 0 && n < HS_PATHS_MAX && stat(out, &st) == 0 &&
		    S_ISREG(st.st_mode) &&
		    (st.st_dev != us.st_dev || st.st_ino != us.st_ino) && !is_shim(out)) {
			if (access(out, X_OK) == 0)
				return 0;
			rc = 126;
		}
		if (*p == '\0')
			return rc;
	}
}

struct command {
	char *argv[EXTRA + 1];
	size_t n;
	char shim[HS_PATHS_MAX + 8], config[HS_PATHS_MAX + 16], agent[HS_PATHS_MAX + 32];
};

static void
add(struct command *c, const char *arg)
{
	c->argv[c->n++] = (char *)(uintptr_t)arg;
}

// argv[0] is the shim, since that is what ssh runs for a ProxyJump: so the jump's ssh gets
// all this too, and not only the -F that ssh hands on. IdentityFile=none, beside others or
// alone, leaves out the keys of ~/.ssh that ssh would try by itself. ControlPath=none: some
// programs give options by which ssh finds a connection of the person, or of another seat,
// and leaves one behind for whoever comes next.
static void
add_ssh(struct command *c, const char *seat)
{
	snprintf(
	    c->config, sizeof c->config, "%s/" HS_SEATDIR_SSH "/" HS_SSHCOPY_TOP, seat);
	snprintf(c->agent, sizeof c->agent, "IdentityAgent=%s/" HS_SEATDIR_AGENT, seat);
	add(c, c->shim);
	add(c, "-F");
	add(c, c->config);
	add(c, "-o");
	add(c, c->agent);
	add(c, "-o");
	add(c, "IdentityFile=none");
	add(c, "-o");
	add(c, "PubkeyAuthentication=yes");
	add(c, "-o");
	add(c, "ControlPath=none");
}

int
hs_shim_run(const char *name, int argc, char **argv)
{
	char seat[HS_PATHS_MAX], real[HS_PATHS_MAX], **all;
	struct command c = {0};
	int rc;

	if (find_seat(name, seat) != 0) {
		hs_cli_say(
		    "this is handseal under the name of %s, outside of a seat", name);
		return FAILED;
	}
	rc = find_real(name, real);
	if (rc != 0) {
		hs_cli_say(rc == 127
			       ? "there is no %s in PATH behind the seat's own"
			       : "what PATH has for %s behind the seat's own cannot be run",
		    name);
		return rc;
	}
	snprintf(c.shim, sizeof c.shim, "%s/" HS_SEATDIR_BIN "/ssh", seat);
	if (strcmp(name, "ssh") == 0) {
		add_ssh(&c, seat);
	} else { // they call ssh by a path of their own
		add(&c, argc > 0 ? argv[0] : name);
		add(&c, "-S");
		add(&c, c.shim);
	}
	all = calloc(c.n + (size_t)(argc > 0 ? argc : 1), sizeof *all);
	if (all == NULL) {
		hs_cli_say("out of memory");
		return FAILED;
	}
	memcpy(all, c.argv, c.n * sizeof *all);
	for (int i = 1; i < argc; i++)
		all[c.n + (size_t)i - 1] = argv[i];
	execv(real, all);
	hs_cli_say("cannot run %s: %s", real, strerror(errno));
	free(all);
	return 126;
}
