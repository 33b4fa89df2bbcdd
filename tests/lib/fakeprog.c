// SPDX-License-Identifier: ISC
//
// A program in another's place. Contract in fakeprog.h.
#include "tests/lib/fakeprog.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

// ---- the fake

static char folder[256], role[64];

static FILE *
create(const char *what, const char *mode)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", folder, what);
	f = fopen(path, mode);
	if (f == NULL)
		_exit(99);
	return f;
}

static void
write_list(const char *suffix, char **list)
{
	char name[128];
	FILE *f;

	(void)snprintf(name, sizeof name, "%s.%s", role, suffix);
	f = create(name, "w");
	for (; *list != NULL; list++)
		(void)fwrite(*list, 1, strlen(*list) + 1, f);
	(void)fclose(f);
}

static void
add_pid(pid_t pid)
{
	FILE *f = create("pids", "a");

	fprintf(f, "%ld\n", (long)pid);
	(void)fclose(f);
}

static unsigned
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n - 3; // ".", ".." and the folder's own
}

static void
write_state(unsigned fds)
{
	char name[128], cwd[256], in[64] = "";
	FILE *f;

	(void)snprintf(name, sizeof name, "%s.state", role);
	if (readlink("/proc/self/fd/0", in, sizeof in - 1) < 0)
		in[0] = '\0';
	f = create(name, "w");
	fprintf(f, "fds %u\nleader %d\ncwd %s\nstdin %s\n", fds,
	    getpid() == getpgrp() && getpid() == getsid(0),
	    getcwd(cwd, sizeof cwd) != NULL ? cwd : "?", in);
	(void)fclose(f);
}

static void
be_stubborn(void)
{
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
}

static void
wait_here(void)
{
	alarm(120); // should nobody end it
	for (;;)
		pause();
}

static void
wait_for_sigint(void)
{
	char name[128];
	sigset_t set;
	int sig;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	usleep(300000); // as notify-send, which until then is ended by it
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	alarm(120);
	(void)sigwait(&set, &sig);
	(void)snprintf(name, sizeof name, "%s.closed", role);
	(void)fclose(create(name, "w"));
	_exit(0);
}

static void
obey(const char *order)
{
	if (strncmp(order, "print=", 6) == 0) {
		(void)puts(order + 6);
		(void)fflush(stdout);
	} else if (strncmp(order, "complain=", 9) == 0) {
		(void)fprintf(stderr, "%s\n", order + 9);
	} else if (strncmp(order, "fd3=", 4) == 0) {
		if (write(3, order + 4, strlen(order + 4)) < 0)
			_exit(98);
	} else if (strncmp(order, "exit=", 5) == 0) {
		_exit((int)strtol(order + 5, NULL, 10));
	} else if (strncmp(order, "kill=", 5) == 0) {
		(void)raise((int)strtol(order + 5, NULL, 10));
	} else if (strcmp(order, "stubborn") == 0) {
		be_stubborn();
	} else if (strcmp(order, "child") == 0) {
		pid_t pid = fork();

		if (pid == 0) {
			be_stubborn();
			wait_here();
		}
		add_pid(pid);
	} else if (strcmp(order, "wait") == 0) {
		wait_here();
	} else if (strcmp(order, "close") == 0) {
		wait_for_sigint();
	}
}

int
fakeprog_run(int argc, char **argv)
{
	unsigned fds = count_fds();
	char path[256], name[128], orders[512], *save = orders, *order;
	const char *prompt = getenv("SSH_ASKPASS_PROMPT"), *base;
	size_t n;
	FILE *f;

	if (argc < 1 || (size_t)snprintf(path, sizeof path, "%s", argv[0]) >= sizeof path)
		return 99;
	base = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	if (strncmp(base, "test_", 5) == 0)
		return -1;
	(void)snprintf(role, sizeof role, "%.60s",
	    strcmp(base, "askpass") != 0 ? base
	    : prompt != NULL		 ? prompt
					 : "pin");
	(void)snprintf(folder, sizeof folder, "%s", dirname(path));
	add_pid(getpid());
	write_state(fds);
	write_list("env", environ);
	write_list("args", argv);
	(void)snprintf(name, sizeof name, "%s.do", role);
	f = create(name, "r");
	n = fread(orders, 1, sizeof orders - 1, f);
	orders[n] = '\0';
	(void)fclose(f);
	(void)snprintf(name, sizeof name, "%s.ready", role);
	(void)fclose(create(name, "w"));
	while ((order = strsep(&save, " \n")) != NULL)
		obey(order);
	return 0;
}

// ---- the test

void
fakeprog_make(const char *dir, const char *name)
{
	char self[256], path[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n <= 0 ||
	    (size_t)snprintf(path, sizeof path, "%s/%s", dir, name) >= sizeof path)
		abort();
	self[n] = '\0';
	if (symlink(self, path) != 0)
		abort();
}

void
fakeprog_order(const char *dir, const char *to, const char *orders)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s.do", dir, to);
	f = fopen(path, "w");
	if (f == NULL || fputs(orders, f) < 0 || fclose(f) != 0)
		abort();
}

bool
fakeprog_has(const char *dir, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

const char *
fakeprog_file(const char *dir, const char *name, unsigned long *len)
{
	static char text[256 * 1024];
	char path[512];
	size_t n = 0;
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "r");
	if (f != NULL) {
		n = fread(text, 1, sizeof text - 1, f);
		(void)fclose(f);
	}
	text[n] = '\0';
	if (len != NULL)
		*len = n;
	return text;
}

static bool
runs(long pid)
{
	char path[64], text[256];
	const char *state;
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	n = fread(text, 1, sizeof text - 1, f);
	(void)fclose(f);
	text[n] = '\0';
	state = strrchr(text, ')');
	// one that nobody has reaped yet has ended all the same
	return state != NULL && state[1] != '\0' && state[2] != 'Z' && state[2] != 'X';
}

bool
fakeprog_all_ended(const char *dir)
{
	const char *p = fakeprog_file(dir, "pids", NULL);
	char *end;

	for (long pid; (pid = strtol(p, &end, 10)) > 0 && end != p; p = end) {
		if (runs(pid))
			return false;
	}
	return true;
}
