// SPDX-License-Identifier: ISC
//
// Runs a program under Landlock, for tests of what that gives: with the options of setpriv
// from util-linux 2.40 on, where an older one has none of them. Not for production.
//	landlocked --abi
//	landlocked [--no-new-privs] --landlock-access fs|scope... --landlock-rule
//	    path-beneath:RIGHT[,RIGHT...]:PATH... CMD [ARG...]
// scope: no abstract sockets and no signals to processes outside. No RIGHT means all.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VERSION_FLAG 1
#define PATH_BENEATH 1
#define RULES_MAX    32
#define FILE_RIGHTS  0xc007 // those that a rule for what is no folder may have
#define SCOPES	     3	    // abstract sockets, signals

struct ruleset { // landlock(7)
	uint64_t fs, net, scope;
};
struct beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

// Bit by bit, each with the ABI that it came with.
static const struct {
	int abi;
	const char *name;
} rights[] = {{1, "execute"}, {1, "write-file"}, {1, "read-file"}, {1, "read-dir"},
    {1, "remove-dir"}, {1, "remove-file"}, {1, "make-char"}, {1, "make-dir"},
    {1, "make-reg"}, {1, "make-sock"}, {1, "make-fifo"}, {1, "make-block"}, {1, "make-sym"},
    {2, "refer"}, {3, "truncate"}, {5, "ioctl-dev"}};
#define NRIGHTS (sizeof rights / sizeof rights[0])

static _Noreturn void
die(const char *what)
{
	fprintf(
	    stderr, "landlocked: %s: %s\n", what, errno != 0 ? strerror(errno) : "usage");
	exit(2);
}

static int
abi(void)
{
	long v = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);

	return v < 0 ? 0 : (int)v;
}

static uint64_t
all_rights(void)
{
	uint64_t all = 0;

	for (size_t i = 0; i < NRIGHTS; i++)
		if (rights[i].abi <= abi())
			all |= UINT64_C(1) << i;
	return all;
}

static uint64_t
read_rights(const char *s, size_t len)
{
	uint64_t r = len == 0 ? all_rights() : 0;

	for (const char *end = s + len; s < end;) {
		size_t n = strcspn(s, ",:"), i = 0;

		while (i < NRIGHTS &&
		       (strlen(rights[i].name) != n || strncmp(rights[i].name, s, n) != 0))
			i++;
		if (i == NRIGHTS)
			die(s);
		r |= UINT64_C(1) << i;
		s += n + 1;
	}
	return r & all_rights();
}

static void
add_rule(int set, const char *rule)
{
	static const char kind[] = "path-beneath:";
	const char *words = rule + sizeof kind - 1, *path;
	struct beneath b;

	errno = 0;
	if (strncmp(rule, kind, sizeof kind - 1) != 0 ||
	    (path = strchr(words, ':')) == NULL)
		die(rule);
	b.allowed = read_rights(words, (size_t)(path - words));
	b.fd = open(path + 1, O_PATH | O_CLOEXEC);
	if (b.fd < 0)
		die(path + 1);
	if (openat(b.fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC) < 0)
		b.allowed &= FILE_RIGHTS;
	if (syscall(SYS_landlock_add_rule, set, PATH_BENEATH, &b, 0) != 0)
		die(rule);
	(void)close(b.fd);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {{"abi", no_argument, NULL, 'v'},
	    {"no-new-privs", no_argument, NULL, 'n'},
	    {"landlock-access", required_argument, NULL, 'a'},
	    {"landlock-rule", required_argument, NULL, 'r'}, {0}};
	const char *rules[RULES_MAX];
	struct ruleset set = {0};
	size_t n = 0;
	int opt, fd;

	while ((opt = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		if (opt == 'v')
			return printf("%d\n", abi()) < 0;
		if (opt == 'a' && strcmp(optarg, "fs") == 0)
			set.fs = all_rights();
		else if (opt == 'a' && strcmp(optarg, "scope") == 0)
			set.scope = SCOPES;
		else if (opt == 'r' && n < RULES_MAX)
			rules[n++] = optarg;
		else if (opt != 'n')
			die("an option");
	}
	if (optind == argc)
		die("a program is missing");
	fd = (int)syscall(
	    SYS_landlock_create_ruleset, &set, abi() >= 6 ? sizeof set : sizeof set.fs, 0);
	if (fd < 0)
		die("landlock_create_ruleset");
	for (size_t i = 0; i < n; i++)
		add_rule(fd, rules[i]);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		die("landlock_restrict_self");
	execvp(argv[optind], argv + optind);
	die(argv[optind]);
}
