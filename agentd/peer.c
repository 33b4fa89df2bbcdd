// SPDX-License-Identifier: ISC
//
// The peer's credentials, and its process in /proc. What that holds is the process's own
// choice, and it may end, and its number be used again, at any moment. Contract in peer.h.
#include "agentd/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "proto/hostkey.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#define STAT_MAX   2048 // of /proc/PID/stat
#define CGROUP_MAX 8192 // of /proc/PID/cgroup
#define STATUS_MAX 4096 // of /proc/PID/status

// ---- reading

// At most max bytes of a small file; what does not fit is cut off. "" if it cannot be read.
static struct hs_str
read_file(int dir, const char *name, char *buf, size_t max)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	do {
		len += (size_t)n;
		n = fd >= 0 ? read(fd, buf + len, max - len) : 0;
	} while (n > 0);
	if (fd >= 0)
		(void)close(fd);
	return (struct hs_str){(const uint8_t *)buf, len};
}

static void
read_link(int dir, const char *name, char out[static PATH_MAX])
{
	ssize_t n = readlinkat(dir, name, out, PATH_MAX - 1);

	out[n > 0 ? n : 0] = '\0';
}

static int
look(void *unused, uint64_t pid, struct hs_procfs_stat *out)
{
	char path[64], text[STAT_MAX];
	int rc;

	(void)unused;
	(void)snprintf(path, sizeof path, "/proc/%" PRIu64 "/stat", pid);
	rc = hs_procfs_stat_get(read_file(AT_FDCWD, path, text, sizeof text), out);
	return rc == HS_OK && out->id.pid != pid ? HS_NO_SUCH : rc;
}

// ---- the process

static int
take_pidfd(int fd, pid_t pid, bool *weak)
{
	int pidfd = -1;
	socklen_t len = sizeof pidfd;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0)
		return pidfd;
	if (errno != ENOPROTOOPT || pid <= 0)
		return -1;
	*weak = true;
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static bool
alive(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int n;

	do
		n = poll(&p, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 0; // it can be read once the process has ended
}

// Its folder in /proc, bound to one process. -1 where /proc is of another PID namespace, so
// that numbers mean others there.
static int
open_proc(const struct hs_peer *p)
{
	char path[64], text[STATUS_MAX];

	if (hs_procfs_counts_alike(
		read_file(AT_FDCWD, "/proc/self/status", text, sizeof text)) != HS_OK)
		return -1;
	(void)snprintf(path, sizeof path, "/proc/%" PRIu64, p->pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

// O_PATH asks nothing of the file system, which may be a program of the peer's. *st gets
// which file it is, as far as that is known without asking either.
static int
open_exe(int dir, struct statx *st)
{
	int fd = openat(dir, "exe", O_PATH | O_CLOEXEC);

	if (fd >= 0 &&
	    statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, st) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static uint64_t
dev_of(const struct statx *st)
{
	return (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor;
}

// The path is of the very file that *st is of.
static void
read_exe(int dir, char out[static PATH_MAX], struct statx *st)
{
	char path[64];
	int fd = open_exe(dir, st);

	out[0] = '\0';
	if (fd < 0)
		return;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	read_link(AT_FDCWD, path, out);
	(void)close(fd);
}

static void
read_all(int dir, struct hs_peer *p)
{
	char text[CGROUP_MAX];
	struct hs_procfs_stat st;
	struct hs_str cgroup;
	struct statx exe;

	read_exe(dir, p->exe, &exe);
	if (p->exe[0] != '\0') {
		p->exe_dev = dev_of(&exe);
		p->exe_ino = exe.stx_ino;
	}
	read_link(dir, "cwd", p->cwd);
	if (hs_procfs_cgroup_get(read_file(dir, "cgroup", text, sizeof text), &cgroup) ==
	    HS_OK)
		(void)hs_str_copy(cgroup, p->cgroup, sizeof p->cgroup);
	if (hs_procfs_stat_get(read_file(dir, "stat", text, sizeof text), &st) != HS_OK)
		return;
	p->start = st.id.start;
	p->nancestors = hs_procfs_ancestry(look, NULL, p->pid, p->ancestors);
}

int
hs_peer_read(int fd, struct hs_peer *out)
{
	struct ucred cred;
	socklen_t len = sizeof cred;
	int dir;

	*out = (struct hs_peer){.pidfd = -1};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 || len != sizeof cred)
		return HS_ERR_IO;
	out->uid = cred.uid;
	out->pid = cred.pid > 0 ? (uint64_t)cred.pid : 0;
	out->opaque = out->pid == 0;
	out->pidfd = take_pidfd(fd, cred.pid, &out->pidfd_weak);
	if (out->pidfd < 0 || out->opaque || !alive(out->pidfd))
		return HS_OK;
	dir = open_proc(out);
	if (dir < 0)
		return HS_OK;
	read_all(dir, out);
	(void)close(dir);
	if (!alive(out->pidfd)) // its number may be another's since
		*out = (struct hs_peer){.pid = out->pid,
		    .uid = out->uid,
		    .pidfd = out->pidfd,
		    .pidfd_weak = out->pidfd_weak};
	return HS_OK;
}

// The executable of an ancestor; "" where it has ended, or may not be seen.
static void
read_ancestor(const struct hs_procfs_id *id, char out[static PATH_MAX])
{
	char path[64], text[STAT_MAX];
	struct hs_procfs_stat st;
	struct statx exe;
	int dir;

	out[0] = '\0';
	(void)snprintf(path, sizeof path, "/proc/%" PRIu64, id->pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	// the folder is of one process: the one that was an ancestor, if it began then
	if (hs_procfs_stat_get(read_file(dir, "stat", text, sizeof text), &st) == HS_OK &&
	    st.id.pid == id->pid && st.id.start == id->start)
		read_exe(dir, out, &exe);
	(void)close(dir);
}

void
hs_peer_read_by(struct hs_peer *p, const char *client)
{
	char exe[PATH_MAX] = "";

	p->fronts = client[0] != '\0' && strcmp(p->exe, client) == 0;
	if (!p->fronts)
		return;
	for (size_t i = 0; i < p->nancestors; i++) {
		read_ancestor(&p->ancestors[i], exe);
		if (strcmp(exe, client) != 0)
			break;
	}
	if (strcmp(exe, client) != 0)
		(void)hs_str_copy(hs_str_c(exe), p->by, sizeof p->by); // too long: none
	if (p->by[0] != '\0' && !alive(p->pidfd))
		p->by[0] = '\0';
}

// ---- what was read

void
hs_peer_close(struct hs_peer *p)
{
	if (p->pidfd >= 0)
		(void)close(p->pidfd);
	p->pidfd = -1;
}

void
hs_peer_copy(struct hs_peer *to, const struct hs_peer *p)
{
	*to = *p;
	to->pidfd = -1;
}

enum hs_origin
hs_peer_origin(const struct hs_peer *p)
{
	return hs_origin_of(!p->opaque, p->forwarding);
}

void
hs_peer_forward(struct hs_peer *p, const struct hs_str *host_key)
{
	enum hs_forwarding f =
	    host_key != NULL ? HS_FORWARDING_PROVEN : HS_FORWARDING_CLAIMED;

	if (host_key != NULL && p->via[0] == '\0')
		hs_hostkey_fingerprint(*host_key, p->via);
	if (f > p->forwarding)
		p->forwarding = f;
}

const char *
hs_peer_hint(const struct hs_peer *p)
{
	if (hs_peer_origin(p) != HS_ORIGIN_LOCAL)
		return "";
	return p->fronts ? p->by : p->exe;
}

int
hs_peer_allowed(const struct hs_peer *p, uid_t self)
{
	return p->uid == self ? HS_OK : HS_NO_PEER;
}

int
hs_peer_open_exe(const struct hs_peer *p)
{
	struct statx st;
	int dir = p->pidfd >= 0 && p->exe[0] != '\0' ? open_proc(p) : -1;
	int fd = dir >= 0 ? open_exe(dir, &st) : -1;

	if (dir >= 0)
		(void)close(dir);
	if (fd < 0 ||
	    (dev_of(&st) == p->exe_dev && st.stx_ino == p->exe_ino && alive(p->pidfd)))
		return fd;
	(void)close(fd);
	return -1;
}

bool
hs_peer_same(const struct hs_peer *a, const struct hs_peer *b)
{
	return a->start != 0 && a->pid == b->pid && a->start == b->start &&
	       a->exe_dev == b->exe_dev && a->exe_ino == b->exe_ino;
}

unsigned
hs_peer_distance(const struct hs_peer *p, uint64_t pid, uint64_t start)
{
	for (size_t i = 0; i < p->nancestors; i++)
		if (p->ancestors[i].pid == pid && p->ancestors[i].start == start)
			return (unsigned)i + 1;
	return 0;
}

bool
hs_peer_below(const struct hs_peer *p, uint64_t runner_pid, uint64_t runner_start)
{
	return hs_peer_distance(p, runner_pid, runner_start) != 0;
}
