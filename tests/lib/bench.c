// SPDX-License-Identifier: ISC
//
// Starting and ending what is measured. Contract in bench.h.
#include "tests/lib/bench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct bench_world bench;
static char dir[] = "/tmp/hs-bench.XXXXXX";
static const char *build;

static void
clean_up(void)
{
	const pid_t pids[] = {bench.daemon, bench.agent, bench.key};
	pid_t rm;

	for (size_t i = 0; i < 3; i++)
		if (pids[i] > 0 && kill(pids[i], SIGTERM) == 0)
			(void)waitpid(pids[i], NULL, 0);
	// handseald is no child of ours any more
	for (int i = 0; i < 100 && bench.daemon > 0 && kill(bench.daemon, 0) == 0; i++)
		(void)usleep(20000);
	rm = fork();
	if (rm == 0) {
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
		_exit(1);
	}
	(void)waitpid(rm, NULL, 0);
}

void
bench_die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1); // clean_up follows
}

static pid_t
start(char *const *argv)
{
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork");
	if (pid > 0)
		return pid;
	if (freopen("/dev/null", "r", stdin) == NULL ||
	    freopen("/dev/null", "w", stdout) == NULL)
		_exit(1);
	execvp(argv[0], argv);
	_exit(127);
}

static void
run(char *const *argv)
{
	int status = 1;

	if (waitpid(start(argv), &status, 0) < 0 || status != 0)
		bench_die(argv[0]);
}

// Starts a daemon as a person would, so without a word on stderr for each certificate: the
// pid that it prints.
static pid_t
start_background(char *const *argv)
{
	char said[1024] = {0}, *at;
	size_t len = 0;
	ssize_t n;
	int p[2];
	pid_t pid = pipe(p) == 0 ? fork() : -1;

	if (pid < 0)
		bench_die("fork");
	if (pid == 0) {
		(void)dup2(p[1], STDOUT_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(p[1]);
	while (len < sizeof said - 1 &&
	       (n = read(p[0], said + len, sizeof said - 1 - len)) > 0)
		len += (size_t)n;
	close(p[0]);
	(void)waitpid(pid, NULL, 0);
	at = strstr(said, "Agent pid ");
	if (at == NULL)
		bench_die(argv[0]);
	return (pid_t)strtol(at + strlen("Agent pid "), NULL, 10);
}

// A path below the scratch folder, or a program of ours; kept for ever.
static char *
join(const char *folder, const char *leaf)
{
	char *s = NULL;

	if (asprintf(&s, "%s/%s", folder, leaf) < 0)
		bench_die("memory");
	return s;
}

int
bench_dial(const char *at)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = -1;

	memcpy(sun.sun_path, at, strlen(at) + 1);
	for (int i = 0; i < 200; i++) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0)
			return fd;
		close(fd);
		(void)usleep(50000);
	}
	bench_die(at);
}

double
bench_clock(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) != 0)
		bench_die("clock");
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double
bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof *v, by_size);
	return v[n / 2];
}

long
bench_resident_kb(pid_t pid)
{
	char file[64], line[256];
	long kb = 0;
	FILE *f;

	(void)snprintf(file, sizeof file, "/proc/%ld/status", (long)pid);
	f = fopen(file, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			kb = strtol(line + 6, NULL, 10);
	if (f != NULL)
		fclose(f);
	return kb;
}

const char *
bench_ssh_agent(void)
{
	char *sock = join(dir, "ssh.sock"), *key = join(dir, "id");
	char *agent[] = {"ssh-agent", "-D", "-a", sock, NULL};
	char *keygen[] = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key, NULL};
	char *add[] = {"ssh-add", "-q", key, NULL};

	run(keygen);
	bench.agent = start(agent);
	close(bench_dial(sock));
	if (setenv("SSH_AUTH_SOCK", sock, 1) != 0)
		bench_die("setenv");
	run(add);
	return sock;
}

const char *
bench_handseald(void)
{
	char *sock = join(dir, "a.sock"), *ksock = join(dir, "k.sock"),
	     *kctl = join(dir, "k.ctl");
	char *key[] = {
	    join(build, "softkey"), "-s", ksock, "-c", kctl, "-S", join(dir, "k"), NULL};
	char *touch[] = {join(build, "softkey-ctl"), kctl, "auto", "on", NULL};
	char *serve[] = {join(build, "handseald"), "-s", "-a", sock, NULL};
	char *device = NULL;

	if (asprintf(&device, "softkey:%s", ksock) < 0 ||
	    setenv("XDG_CONFIG_HOME", dir, 1) != 0 ||
	    setenv("XDG_STATE_HOME", dir, 1) != 0 ||
	    setenv("HANDSEAL_SOCK", sock, 1) != 0 ||
	    setenv("HANDSEAL_SK_HELPER", join(build, "handseal-sk-helper"), 1) != 0 ||
	    setenv("HANDSEAL_KNOWN_HOSTS", join(build, "handseal-known-hosts"), 1) != 0)
		bench_die("setenv");
	bench.key = start(key);
	close(bench_dial(kctl));
	run(touch);
	bench.daemon = start_background(serve);
	close(bench_dial(sock));
	run((char *[]){join(build, "handseal"), "enroll", "--device", device, "--name",
	    "bench", NULL});
	return sock;
}

void
bench_begin(void)
{
	build = getenv("HS_BUILD");
	if (build == NULL || mkdtemp(dir) == NULL)
		bench_die("HS_BUILD, the build folder");
	(void)atexit(clean_up);
}
