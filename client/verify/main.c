// SPDX-License-Identifier: ISC
//
// handseal-verify: what a server installs, and what an auditor holds a certificate up to.
// Only the command line is here: keys.c answers sshd, explain.c answers people.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <sodium.h>
#include "client/verify/check.h"
#include "client/verify/evidence.h"
#include "client/verify/explain.h"
#include "client/verify/inplace.h"
#include "client/verify/keys.h"
#include "client/verify/lib/drop.h"
#include "client/verify/lib/note.h"
#include "client/verify/sig.h"
#include "proto/err.h"

#define EXIT_USAGE 2

static const char usage_text[] =
    "usage: handseal-verify [--config DIR] [--log stderr] [--shell PATH]\n"
    "                       keys USER TYPE BASE64 [--connection %C]\n"
    "                       [--else CMD [ARG...]]\n"
    "       handseal-verify [--config DIR] explain CERT [--user USER] [--from ADDR]\n"
    "                       [--at TIME] [--cmd CMD] [--audit LOG] [--json]\n"
    "       handseal-verify [--config DIR] check-config [--user USER] [--json]\n"
    "       handseal-verify [--config DIR] evidence FILE [--roots FILE] [--json]\n"
    "       handseal-verify [--config DIR] sig -n NAMESPACE -s SIGNATURE [--roots FILE]\n"
    "                       [--cap ACTION:RESOURCE] [--at TIME] [-I ROOT] [--json]\n"
    "                       <MESSAGE\n"
    "       handseal-verify [--config DIR] [--ssh-keygen PATH] -Y ...\n"
    "       handseal-verify --version\n";

struct options {
	const char *config, *log, *shell, *keygen;
};

static int
usage(const char *why, const char *what)
{
	fprintf(stderr, "handseal-verify: %s%s%s\n%s", why, what != NULL ? ": " : "",
	    what != NULL ? what : "", usage_text);
	return EXIT_USAGE;
}

// Takes `NAME VALUE` off the arguments where they begin with it: 1 taken, 0 something else,
// -1 no value or given before.
static int
take(int *argc, char ***argv, const char *name, const char **value)
{
	if (*argc < 1 || strcmp((*argv)[0], name) != 0)
		return 0;
	if (*argc < 2 || *value != NULL)
		return -1;
	*value = (*argv)[1];
	*argc -= 2;
	*argv += 2;
	return 1;
}

// A path that can stand in an authorized_keys line and in a login shell's -c without
// quoting.
static int
plain_path(const char *path)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/+-";

	return path[0] == '/' && path[strspn(path, plain)] == '\0';
}

static int
common_options(int *argc, char ***argv, struct options *o)
{
	while (*argc > 0 && (*argv)[0][0] == '-' && strncmp((*argv)[0], "-Y", 2) != 0) {
		int c = take(argc, argv, "--config", &o->config);

		c = c != 0 ? c : take(argc, argv, "--log", &o->log);
		c = c != 0 ? c : take(argc, argv, "--shell", &o->shell);
		c = c != 0 ? c : take(argc, argv, "--ssh-keygen", &o->keygen);
		if (c == 0)
			return usage("unknown option", (*argv)[0]);
		if (c < 0)
			return usage("no value, or given twice", (*argv)[0]);
	}
	if (o->log != NULL && strcmp(o->log, "stderr") != 0)
		return usage("--log knows only stderr, not", o->log);
	if (o->config != NULL && o->config[0] == '\0')
		return usage("--config needs a folder", NULL);
	if (o->keygen != NULL && o->keygen[0] != '/')
		return usage("--ssh-keygen needs an absolute path", o->keygen);
	if (o->shell != NULL && !plain_path(o->shell))
		return usage("--shell needs an absolute path of letters, digits and ._/+-",
		    o->shell);
	return 0;
}

static const char *
folder(const struct options *o)
{
	return o->config != NULL ? o->config : HS_SYSCONFDIR "/handseal";
}

// Everything after `keys`: three words as sshd gives them, whatever they look like.
static int
run_keys(int argc, char **argv, const struct options *o)
{
	struct hs_keys_ask ask = {.config = folder(o),
	    .own = o->config != NULL,
	    .shell = o->shell != NULL ? o->shell : HS_LIBEXECDIR "/handseal-shell"};

	if (argc < 3)
		return usage("keys needs USER TYPE BASE64, as sshd's %u %t %k", NULL);
	ask.user = argv[0];
	ask.type = argv[1];
	ask.base64 = argv[2];
	argc -= 3;
	argv += 3;
	if (take(&argc, &argv, "--connection", &ask.connection) < 0)
		return usage("--connection needs sshd's %C", NULL);
	if (argc > 0) {
		if (strcmp(argv[0], "--else") != 0)
			return usage("keys does not know", argv[0]);
		if (argc < 2 || argv[1][0] != '/')
			return usage("--else needs the absolute path of a command", NULL);
		ask.other = argv + 1;
	}
	if (o->keygen != NULL)
		return usage("--ssh-keygen is for -Y", NULL);
	hs_note_open("handseal-verify", o->log != NULL);
	if (hs_drop_enter(ask.other == NULL) != 0 || sodium_init() < 0) {
		hs_note(LOG_ERR, "could not be set up: %s", strerror(errno));
		return 1;
	}
	return hs_keys(&ask);
}

// Options that have no meaning but for sshd's question, or in the place of ssh-keygen.
static int
no_others(const struct options *o)
{
	if (o->log != NULL || o->shell != NULL)
		return usage("--log and --shell are for keys", NULL);
	return o->keygen != NULL ? usage("--ssh-keygen is for -Y", NULL) : 0;
}

static int
set_up(void)
{
	if (hs_drop_enter(true) == 0 && sodium_init() >= 0)
		return 0;
	fprintf(stderr, "handseal-verify: could not be set up: %s\n", strerror(errno));
	return 1;
}

// What stands behind a command: `NAME VALUE` pairs, --json, and a file where operand is
// not NULL. Each once, in any order.
struct pair {
	const char *name;
	const char **value;
};

static int
read_words(int argc, char **argv, const struct pair *v, const char **operand, bool *json,
    const char *unknown)
{
	while (argc > 0) {
		int c = 0;

		for (const struct pair *p = v; c == 0 && p->name != NULL; p++)
			c = take(&argc, &argv, p->name, p->value);
		if (c < 0)
			return usage("no value, or given twice", argv[0]);
		if (c > 0)
			continue;
		if (strcmp(argv[0], "--json") == 0 && !*json)
			*json = true;
		else if ((argv[0][0] != '-' || argv[0][1] == '\0') && operand != NULL &&
			 *operand == NULL)
			*operand = argv[0];
		else
			return usage(unknown, argv[0]);
		argc--;
		argv++;
	}
	return 0;
}

static int
read_time(const char *at, bool *has, uint64_t *out)
{
	*has = at != NULL;
	return at == NULL || hs_explain_time(at, out) == HS_OK
		   ? 0
		   : usage("--at takes Unix seconds or 2026-01-31T18:05:00Z, not", at);
}

static int
run_explain(int argc, char **argv, const struct options *o)
{
	struct hs_explain_ask ask = {.config = folder(o), .own = o->config != NULL};
	const char *at = NULL;
	const struct pair pairs[] = {{"--user", &ask.user}, {"--from", &ask.from},
	    {"--at", &at}, {"--cmd", &ask.cmd}, {"--audit", &ask.audit}, {NULL, NULL}};
	int rc = no_others(o);

	if (rc == 0)
		rc = read_words(
		    argc, argv, pairs, &ask.cert, &ask.json, "explain does not take");
	if (rc != 0)
		return rc;
	if (ask.cert == NULL)
		return usage("explain needs a file with a certificate, or -", NULL);
	if (ask.user == NULL && (ask.from != NULL || ask.cmd != NULL))
		return usage("--from and --cmd need --user", NULL);
	if (ask.cmd != NULL && ask.from == NULL)
		return usage(
		    "--cmd needs --from: what may run can depend on the address", NULL);
	if ((rc = read_time(at, &ask.has_at, &ask.at)) != 0)
		return rc;
	return set_up() == 0 ? hs_explain(&ask) : 1;
}

static int
run_check(int argc, char **argv, const struct options *o)
{
	struct hs_check_ask ask = {.config = folder(o), .own = o->config != NULL};
	const struct pair pairs[] = {{"--user", &ask.user}, {NULL, NULL}};
	int rc = no_others(o);

	if (rc == 0)
		rc = read_words(
		    argc, argv, pairs, NULL, &ask.json, "check-config does not take");
	if (rc != 0)
		return rc;
	return set_up() == 0 ? hs_check(&ask) : 1;
}

static int
run_evidence(int argc, char **argv, const struct options *o)
{
	struct hs_evidence_ask ask = {.config = folder(o)};
	const struct pair pairs[] = {{"--roots", &ask.roots}, {NULL, NULL}};
	int rc = no_others(o);

	if (rc == 0)
		rc = read_words(
		    argc, argv, pairs, &ask.file, &ask.json, "evidence does not take");
	if (rc != 0)
		return rc;
	if (ask.file == NULL)
		return usage("evidence needs a file, or -", NULL);
	return set_up() == 0 ? hs_verify_evidence(&ask) : 1;
}

static int
run_sig(int argc, char **argv, const struct options *o)
{
	struct hs_sig_ask ask = {.config = folder(o), .own = o->config != NULL};
	const char *at = NULL;
	const struct pair pairs[] = {{"-n", &ask.ns}, {"-s", &ask.sig}, {"-I", &ask.id},
	    {"--roots", &ask.roots}, {"--cap", &ask.cap}, {"--at", &at}, {NULL, NULL}};
	int rc = no_others(o);

	if (rc == 0)
		rc = read_words(argc, argv, pairs, NULL, &ask.json, "sig does not take");
	if (rc != 0)
		return rc;
	if (ask.ns == NULL || ask.sig == NULL)
		return usage(
		    "sig needs -n NAMESPACE and -s SIGNATURE, and the message on stdin",
		    NULL);
	if (strcmp(ask.sig, "-") == 0)
		return usage("-s needs a file: the message is on stdin", NULL);
	if ((rc = read_time(at, &ask.has_at, &ask.at)) != 0)
		return rc;
	return set_up() == 0 ? hs_sig(&ask) : 1;
}

// argv[0] is -Y; what stands before it is ours to write over.
static int
run_inplace(int argc, char **argv, const struct options *o)
{
	static char name[] = "ssh-keygen";
	struct hs_inplace_ask ask = {.config = folder(o),
	    .own = o->config != NULL,
	    .keygen = o->keygen != NULL ? o->keygen : "/usr/bin/ssh-keygen",
	    .argv = argv - 1,
	    .argc = argc + 1};

	if (o->log != NULL || o->shell != NULL)
		return usage("--log and --shell are for keys", NULL);
	ask.argv[0] = name;
	if (hs_drop_enter(false) != 0 || sodium_init() < 0) {
		fprintf(
		    stderr, "handseal-verify: could not be set up: %s\n", strerror(errno));
		return 1;
	}
	return hs_inplace(&ask);
}

int
main(int argc, char **argv)
{
	struct options o = {0};
	int rc;

	if (argc < 1)
		return EXIT_USAGE;
	argc--;
	argv++;
	if (argc == 1 && strcmp(argv[0], "--version") == 0) {
		printf("handseal-verify %s\n", HS_VERSION);
		return 0;
	}
	if (argc == 1 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
		printf("%s", usage_text);
		return 0;
	}
	rc = common_options(&argc, &argv, &o);
	if (rc != 0)
		return rc;
	if (argc > 0 && strncmp(argv[0], "-Y", 2) == 0)
		return run_inplace(argc, argv, &o);
	if (argc > 0 && strcmp(argv[0], "keys") == 0)
		return run_keys(argc - 1, argv + 1, &o);
	if (argc > 0 && strcmp(argv[0], "explain") == 0)
		return run_explain(argc - 1, argv + 1, &o);
	if (argc > 0 && strcmp(argv[0], "check-config") == 0)
		return run_check(argc - 1, argv + 1, &o);
	if (argc > 0 && strcmp(argv[0], "evidence") == 0)
		return run_evidence(argc - 1, argv + 1, &o);
	if (argc > 0 && strcmp(argv[0], "sig") == 0)
		return run_sig(argc - 1, argv + 1, &o);
	return argc > 0 ? usage("unknown command", argv[0])
			: usage("what shall it do?", NULL);
}
