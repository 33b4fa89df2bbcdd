// SPDX-License-Identifier: ISC
//
// Command line and environment. Contract in options.h.
#include "agentd/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "proto/text.h"

const char *
hs_options_usage(void)
{
	return "usage: handseald [-s | -c] [-D] [-a SOCKET] [-t TTL] [COMMAND [ARG...]]\n"
	       "       handseald [-s | -c] -k\n";
}

static int
check_together(const struct hs_daemon_options *o, bool sh, bool csh, struct hs_err *err)
{
	if (sh && csh)
		return hs_fail(err, HS_ERR_USAGE, "-s and -c exclude each other");
	if (o->command != NULL && (sh || csh || o->kill || o->foreground))
		return hs_fail(err, HS_ERR_USAGE, "-s, -c, -k and -D take no command");
	if (o->kill && o->foreground)
		return hs_fail(err, HS_ERR_USAGE, "-k and -D exclude each other");
	return HS_OK;
}

static bool
is_csh(const char *shell)
{
	size_t n = shell != NULL ? strlen(shell) : 0;

	return n >= 3 && strcmp(shell + n - 3, "csh") == 0;
}

int
hs_options_parse(int argc, char **argv, const char *shell, struct hs_daemon_options *out,
    struct hs_err *err)
{
	bool sh = false, csh = false;
	int c, rc;

	*out = (struct hs_daemon_options){.ttl = HS_SESSION_TTL};
	opterr = 0;
	optind = 0;
	// '+': what follows COMMAND is COMMAND's
	while ((c = getopt(argc, argv, "+:sckDa:t:")) != -1) {
		switch (c) {
		case 's':
			sh = true;
			break;
		case 'c':
			csh = true;
			break;
		case 'k':
			out->kill = true;
			break;
		case 'D':
			out->foreground = true;
			break;
		case 'a':
			out->address = optarg;
			break;
		case 't':
			if (hs_text_span(hs_str_c(optarg), HS_SESSION_TTL, &out->ttl) !=
			    HS_OK)
				return hs_fail(err, HS_ERR_USAGE,
				    "-t %s: a session lasts 1s to 8h; write seconds, or "
				    "90m, or 4h",
				    optarg);
			break;
		case ':':
			return hs_fail(err, HS_ERR_USAGE, "-%c needs a value", optopt);
		default:
			return hs_fail(err, HS_ERR_USAGE, "-%c is no option", optopt);
		}
	}
	if (optind < argc)
		out->command = argv + optind;
	rc = check_together(out, sh, csh, err);
	out->csh = csh || (!sh && out->command == NULL && is_csh(shell));
	return rc;
}

// $NAME/handseal/LEAF, or $HOME/FALLBACK/handseal/LEAF. As XDG says, a relative $NAME is
// ignored.
static int
xdg_path(const char *name, const char *fallback, const char *leaf, char *out, size_t size,
    struct hs_err *err)
{
	const char *base = getenv(name), *home = getenv("HOME");
	int n;

	if (base != NULL && base[0] == '/')
		n = snprintf(out, size, "%s/handseal%s", base, leaf);
	else if (home != NULL && home[0] == '/')
		n = snprintf(out, size, "%s/%s/handseal%s", home, fallback, leaf);
	else
		return hs_fail(err, HS_ERR_CONFIG, "neither %s nor HOME is set", name);
	if (n < 0 || (size_t)n >= size)
		return hs_fail(err, HS_ERR_CONFIG, "the path under %s is too long", name);
	return HS_OK;
}

static int
env_seconds(
    const char *name, uint64_t most, uint64_t otherwise, uint32_t *out, struct hs_err *err)
{
	const char *s = getenv(name);
	uint64_t n = otherwise;

	if (s != NULL && (hs_text_u64(hs_str_c(s), most, &n) != HS_OK || n == 0))
		return hs_fail(
		    err, HS_ERR_CONFIG, "%s is 1 to %" PRIu64 ", not %s", name, most, s);
	*out = (uint32_t)n;
	return HS_OK;
}

// The program that the variable names, if that is an absolute path, else the installed one.
static int
program_path(
    const char *name, const char *installed, char *out, size_t size, struct hs_err *err)
{
	const char *path = getenv(name);
	int n;

	if (path == NULL || path[0] != '/')
		path = installed;
	n = snprintf(out, size, "%s", path);
	if (n < 0 || (size_t)n >= size)
		return hs_fail(err, HS_ERR_CONFIG, "the path in %s is too long", name);
	return HS_OK;
}

static int
home_path(char *out, size_t size, struct hs_err *err)
{
	const char *home = getenv("HOME");
	int n = snprintf(out, size, "%s", home != NULL && home[0] == '/' ? home : "");

	if (n < 0 || (size_t)n >= size)
		return hs_fail(err, HS_ERR_CONFIG, "the path in HOME is too long");
	return HS_OK;
}

// What asks for others: they are installed together. A name that is too long is none.
static void
client_path(char *out, size_t size)
{
	static const char name[] = "handseal";
	ssize_t n = readlink("/proc/self/exe", out, size - 1);
	char *slash;

	out[n > 0 ? n : 0] = '\0';
	slash = strrchr(out, '/');
	if (slash != NULL && (size_t)(slash - out) + 1 + sizeof name <= size)
		memcpy(slash + 1, name, sizeof name);
	else
		out[0] = '\0';
}

int
hs_options_settings(
    const struct hs_daemon_options *o, struct hs_settings *out, struct hs_err *err)
{
	int rc;

	client_path(out->client, sizeof out->client);
	out->ttl_max = o->ttl;
	out->show_ms = HS_SHOW_MS;
	out->grace_ms = HS_GRACE_MS;
	out->gap_ms = HS_GAP_MS;
	rc = env_seconds(
	    "HANDSEAL_TOUCH_SECONDS", HS_TOUCH_ARMED, HS_TOUCH_ARMED, &out->armed, err);
	if (rc == HS_OK)
		rc = env_seconds(
		    "HANDSEAL_SEAT_SECONDS", HS_SEAT_CERT_TTL, 0, &out->seat_renew_s, err);
	if (rc == HS_OK)
		rc = env_seconds("HANDSEAL_LISTS_SECONDS", HS_LISTS_SECONDS,
		    HS_LISTS_SECONDS, &out->lists_s, err);
	if (rc == HS_OK)
		rc = env_seconds("HANDSEAL_PUBLISH_SECONDS", HS_PUBLISH_SECONDS,
		    HS_PUBLISH_SECONDS, &out->publish_ms, err);
	out->publish_ms *= 1000;
	if (rc == HS_OK)
		rc = xdg_path("XDG_CONFIG_HOME", ".config", "/roots", out->roots_dir,
		    sizeof out->roots_dir, err);
	if (rc == HS_OK)
		rc = xdg_path("XDG_CONFIG_HOME", ".config", "/policy", out->policy,
		    sizeof out->policy, err);
	if (rc == HS_OK)
		rc = xdg_path("XDG_STATE_HOME", ".local/state", "", out->state_dir,
		    sizeof out->state_dir, err);
	if (rc == HS_OK)
		rc = program_path("HANDSEAL_SK_HELPER", HS_LIBEXECDIR "/handseal-sk-helper",
		    out->helper, sizeof out->helper, err);
	if (rc == HS_OK)
		rc = program_path("HANDSEAL_KNOWN_HOSTS",
		    HS_LIBEXECDIR "/handseal-known-hosts", out->known_hosts,
		    sizeof out->known_hosts, err);
	if (rc == HS_OK)
		rc = home_path(out->home, sizeof out->home, err);
	return rc;
}
