// SPDX-License-Identifier: ISC
//
// The processes below handseal-shell, and sshd's above it, found in /proc and signalled.
// Contract in supervise.h.
//
// handseal-shell is a subreaper, so whatever was started below it and is not ended stays
// below it, however often it forked. A pid may be another's by the time it is signalled: it
// is pinned by a pidfd first, and its start compared again behind that.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "client/verify/supervise.h"
#include "proto/procfs.h"
#include "proto/text.h"

#define PROC_TEXT_MAX 4096

struct process {
	struct hs_procfs_stat st;
	bool below;
};

struct table {
	struct process *v; // by pid
	size_t n, room;
};

static ssize_t
read_proc(uint64_t pid, const char *name, char text[static PROC_TEXT_MAX])
{
	char path[64];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof path, "/proc/%ju/%s", (uintmax_t)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	do
		n = read(fd, text, PROC_TEXT_MAX);
	while (n < 0 && errno == EINTR);
	(void)close(fd);
	return n;
}

static int
look(void *arg, uint64_t pid, struct hs_procfs_stat *out)
{
	char text[PROC_TEXT_MAX];
	ssize_t n = read_proc(pid, "stat", text);

	(void)arg;
	if (n < 0)
		return HS_NO_SUCH;
	if (hs_procfs_stat_get((struct hs_str){(uint8_t *)text, (size_t)n}, out) != HS_OK)
		return HS_ERR_FORMAT;
	return out->id.pid == pid ? HS_OK : HS_ERR_FORMAT;
}

// A pidfd of that very process, or -1.
static int
open_process(const struct hs_procfs_id *id)
{
	struct hs_procfs_stat now;
	int fd = (int)syscall(SYS_pidfd_open, (pid_t)id->pid, 0);

	if (fd < 0)
		return -1;
	if (look(NULL, id->pid, &now) == HS_OK && now.id.start == id->start)
		return fd;
	(void)close(fd);
	return -1;
}

// ---- below

static int
by_pid(const void *pa, const void *pb)
{
	const struct process *a = pa, *b = pb;

	return (a->st.id.pid > b->st.id.pid) - (a->st.id.pid < b->st.id.pid);
}

static struct process *
find(const struct table *t, uint64_t pid)
{
	const struct process key = {.st = {.id = {.pid = pid}}};

	return t->n == 0 ? NULL : bsearch(&key, t->v, t->n, sizeof *t->v, by_pid);
}

static int
read_table(struct table *t)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	int rc = d != NULL ? 0 : -1;

	while (rc == 0 && (e = readdir(d)) != NULL) {
		struct process p = {0};
		uint64_t pid;

		if (hs_text_u64(hs_str_c(e->d_name), INT_MAX, &pid) != HS_OK ||
		    look(NULL, pid, &p.st) != HS_OK)
			continue;
		if (t->n == t->room) {
			size_t room = t->room > 0 ? 2 * t->room : 256;
			struct process *v = reallocarray(t->v, room, sizeof *v);

			if (v == NULL) {
				rc = -1;
				break;
			}
			t->v = v;
			t->room = room;
		}
		t->v[t->n++] = p;
	}
	if (d != NULL)
		(void)closedir(d);
	if (t->n > 0)
		qsort(t->v, t->n, sizeof *t->v, by_pid);
	return rc;
}

// Marks what is below pid: each round finds one generation more, at the least.
static void
mark(struct table *t, uint64_t pid)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < t->n; i++) {
			struct process *p = &t->v[i];
			const struct process *parent;

			if (p->below || p->st.id.pid == pid)
				continue;
			parent = find(t, p->st.ppid);
			p->below = p->st.ppid == pid || (parent != NULL && parent->below);
			more = more || p->below;
		}
	}
}

size_t
hs_shell_tree_signal(int sig)
{
	struct table t = {0};
	size_t n = 0;

	// what was read of a table that could not be read whole is signalled all the same
	(void)read_table(&t);
	mark(&t, (uint64_t)getpid());
	for (size_t i = 0; i < t.n; i++) {
		int fd;

		if (!t.v[i].below || (fd = open_process(&t.v[i].st.id)) < 0)
			continue;
		n++;
		if (sig != 0)
			(void)syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
		(void)close(fd);
	}
	free(t.v);
	return n;
}

// ---- straight below

int
hs_shell_children_open(void)
{
	char path[64];

	// where this /proc counts processes in another way than we do, there is none such
	(void)snprintf(
	    path, sizeof path, "/proc/self/task/%jd/children", (intmax_t)getpid());
	return open(path, O_RDONLY | O_CLOEXEC);
}

// Nothing is reaped in between, so each number is still that child's.
uint64_t
hs_shell_children_kill(int fd)
{
	char text[PROC_TEXT_MAX];
	uint64_t sum = 0;
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, text, sizeof text, at)) > 0) {
		size_t begin = 0;

		for (size_t i = 0; i < (size_t)n; i++) {
			struct hs_str word = {(uint8_t *)text + begin, i - begin};
			uint64_t pid;

			if (text[i] != ' ')
				continue;
			if (hs_text_u64(word, INT_MAX, &pid) == HS_OK && pid > 1) {
				(void)kill((pid_t)pid, SIGKILL);
				sum += pid;
			}
			begin = i + 1;
		}
		if (begin == 0)
			break;
		at += (off_t)begin; // what was cut off comes whole
	}
	return sum;
}

// ---- above

static bool
is_ours(uint64_t pid)
{
	char text[PROC_TEXT_MAX];
	ssize_t n = read_proc(pid, "status", text);
	uint64_t uid;

	return n > 0 &&
	       hs_procfs_uid_get((struct hs_str){(uint8_t *)text, (size_t)n}, &uid) ==
		   HS_OK &&
	       uid == getuid();
}

static bool
is_connection(uint64_t pid)
{
	char text[PROC_TEXT_MAX];
	ssize_t n = read_proc(pid, "cmdline", text);

	return n > 0 &&
	       hs_procfs_is_connection((struct hs_str){(uint8_t *)text, (size_t)n});
}

int
hs_shell_connection_open(void)
{
	struct hs_procfs_id above[HS_ANCESTORS_MAX];
	size_t n = hs_procfs_ancestry(look, NULL, (uint64_t)getpid(), above);

	// between us and it there may be the login shell, which started us
	for (size_t i = 0; i < n; i++) {
		int fd = open_process(&above[i]);

		if (fd < 0)
			return -1;
		if (is_ours(above[i].pid) && is_connection(above[i].pid))
			return fd;
		(void)close(fd);
		if (!is_ours(above[i].pid))
			return -1;
	}
	return -1;
}

// Has it ended, within ms? Without room for a descriptor poll waits for none.
static bool
has_ended(int pidfd, int ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int n = poll(&p, 1, ms);

	if (n >= 0)
		return n > 0;
	(void)poll(NULL, 0, ms);
	return syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) != 0 && errno == ESRCH;
}

bool
hs_shell_connection_end(int pidfd)
{
	static const int signals[] = {SIGTERM, SIGKILL};

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		(void)syscall(SYS_pidfd_send_signal, pidfd, signals[i], NULL, 0);
		if (has_ended(pidfd, HS_SHELL_GRACE_MS))
			return true;
	}
	return false;
}
