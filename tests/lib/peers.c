// SPDX-License-Identifier: ISC
//
// Processes that do as they are told. Contract in peers.h.
#include "tests/lib/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct order {
	char what;	 // d e f h n s
	char text[1000]; // an order is one write to a pipe, and so one read
};

char peers_dir[] = "/tmp/hs-peers.XXXXXX";
static struct sockaddr_un address;
static socklen_t address_len;
static int listener = -1;

// ---- as a peer; what fails ends it, which the test sees

static void
need(bool ok)
{
	if (!ok)
		_exit(99);
}

static void
say(int said)
{
	pid_t self = getpid();

	need(write(said, &self, sizeof self) == sizeof self);
}

static void
dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0); // which an exec leaves open

	need(fd >= 0 && connect(fd, (struct sockaddr *)&address, address_len) == 0);
}

static void
become(const char *path, int hold, int said)
{
	char in[16], out[16], len[16];
	char name[sizeof address.sun_path * 2 + 1] = "";

	for (size_t i = 0; i < sizeof address.sun_path; i++)
		(void)snprintf(name + 2 * i, 3, "%02x", (uint8_t)address.sun_path[i]);
	(void)snprintf(in, sizeof in, "%d", hold);
	(void)snprintf(out, sizeof out, "%d", said);
	(void)snprintf(len, sizeof len, "%u", address_len);
	(void)execl(path, path, "--peer", in, out, name, len, (char *)NULL);
}

// The parent waits for whatever is below it.
static void
split(void)
{
	pid_t pid = fork();

	need(pid >= 0);
	if (pid == 0)
		return;
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(0);
}

static void
obey(int hold, int said)
{
	struct order o;

	say(said);
	while (read(hold, &o, sizeof o) == sizeof o) {
		switch (o.what) {
		case 'd':
			dial();
			break;
		case 'e':
			become(o.text, hold, said);
			need(false);
			break;
		case 'f':
			split();
			break;
		case 'h':
			need(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
			break;
		case 'n':
			need(prctl(PR_SET_NAME, o.text, 0, 0, 0) == 0);
			break;
		default:
			need(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
			break;
		}
		say(said);
	}
	_exit(0);
}

int
peers_program(int argc, char **argv)
{
	char digits[3] = "";

	if (argc != 6 || strcmp(argv[1], "--peer") != 0 ||
	    strlen(argv[4]) != 2 * sizeof address.sun_path)
		return -1;
	address.sun_family = AF_UNIX;
	for (size_t i = 0; i < sizeof address.sun_path; i++) {
		memcpy(digits, argv[4] + 2 * i, 2);
		address.sun_path[i] = (char)strtoul(digits, NULL, 16);
	}
	address_len = (socklen_t)strtoul(argv[5], NULL, 10);
	obey((int)strtol(argv[2], NULL, 10), (int)strtol(argv[3], NULL, 10));
	return 0;
}

// ---- as the test

int
peers_prepare(void **state)
{
	(void)state;
	address.sun_family = AF_UNIX;
	address_len = sizeof address;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	// the kernel chooses an abstract name
	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)) != 0 ||
	    listen(listener, 8) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &address_len) != 0)
		return -1;
	return mkdtemp(peers_dir) != NULL ? 0 : -1;
}

int
peers_clear(void **state)
{
	(void)state;
	close(listener);
	return rmdir(peers_dir); // a test that leaves something there is told
}

void
peers_copy(const char *name, char path[static PATH_MAX])
{
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), out;
	char chunk[65536];
	ssize_t n;

	(void)snprintf(path, PATH_MAX, "%s/%s", peers_dir, name);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, chunk, sizeof chunk)) > 0)
		assert_int_equal(write(out, chunk, (size_t)n), n);
	assert_int_equal(n, 0);
	close(in);
	close(out);
}

static void
hear(struct peers_one *p)
{
	assert_int_equal(read(p->said, &p->pid, sizeof p->pid), sizeof p->pid);
}

static void
tell(struct peers_one *p, char what, const char *text)
{
	struct order o = {.what = what};

	(void)snprintf(o.text, sizeof o.text, "%s", text);
	assert_int_equal(write(p->hold, &o, sizeof o), sizeof o);
	hear(p);
}

void
peers_start(struct peers_one *p)
{
	int hold[2], said[2];

	assert_int_equal(pipe(hold), 0);
	assert_int_equal(pipe(said), 0);
	p->first = fork();
	assert_true(p->first >= 0);
	if (p->first == 0) {
		close(hold[1]);
		close(said[0]);
		obey(hold[0], said[1]);
	}
	close(hold[0]);
	close(said[1]);
	assert_int_equal(fcntl(hold[1], F_SETFD, FD_CLOEXEC), 0);
	assert_int_equal(fcntl(said[0], F_SETFD, FD_CLOEXEC), 0);
	p->hold = hold[1];
	p->said = said[0];
	hear(p);
}

void
peers_exec(struct peers_one *p, const char *path)
{
	tell(p, 'e', path);
}

void
peers_fork(struct peers_one *p)
{
	tell(p, 'f', "");
}

void
peers_reap(struct peers_one *p)
{
	tell(p, 's', "");
}

void
peers_name(struct peers_one *p, const char *comm)
{
	tell(p, 'n', comm);
}

void
peers_hide(struct peers_one *p)
{
	tell(p, 'h', "");
}

void
peers_dial(struct peers_one *p)
{
	tell(p, 'd', "");
}

void
peers_stop(struct peers_one *p)
{
	int status;

	close(p->hold);
	close(p->said);
	assert_int_equal(waitpid(p->first, &status, 0), p->first);
}

int
peers_accept(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

void
peers_look(struct peers_one *p, struct hs_peer *out)
{
	int fd;

	peers_dial(p);
	fd = peers_accept();
	assert_int_equal(hs_peer_read(fd, out), HS_OK);
	close(fd);
}

uint64_t
peers_start_of(pid_t pid)
{
	char path[64], text[4096];
	const char *at;
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	at = strrchr(text, ')');
	for (int field = 2; field < 22; field++) {
		assert_non_null(at);
		at = strchr(at + 1, ' ');
	}
	assert_non_null(at);
	return strtoull(at, NULL, 10);
}

int
peers_apart(int (*fn)(void *arg), void *arg)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void
peers_try(int (*fn)(void *arg))
{
	int rc = peers_apart(fn, NULL);

	if (rc == PEERS_CANNOT)
		skip();
	assert_int_equal(rc, PEERS_RIGHT);
}

bool
peers_nothing(const struct hs_peer *p)
{
	return p->start == 0 && p->exe[0] == '\0' && p->exe_dev == 0 && p->exe_ino == 0 &&
	       p->cwd[0] == '\0' && p->cgroup[0] == '\0' && p->nancestors == 0 &&
	       !p->hashed && hs_peer_open_exe(p) == -1;
}

bool
peers_all(const struct hs_peer *p)
{
	return p->start != 0 && p->exe[0] == '/' && p->exe_ino != 0 && p->cwd[0] == '/' &&
	       p->nancestors > 0;
}
