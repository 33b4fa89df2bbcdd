// SPDX-License-Identifier: ISC
//
// Preloaded into a program under test, and not into what that starts: system calls that
// change or read files fail as the file HS_FAULTS says (faults.h), by their number. The
// files are those below HS_FAULTS_UNDER; sockets, pipes and all other files are left alone.
// What fails has not been done, but that the kernel may have: nothing is undone here.
#include "tests/preload/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct hs_faults *plan;
static char under[PATH_MAX];

// A program whose files cannot fail would pass for one that stands it.
__attribute__((constructor)) static void
map(void)
{
	const char *path = getenv("HS_FAULTS"), *folders = getenv("HS_FAULTS_UNDER");
	int fd = path != NULL ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC)
			      : -1;
	void *p = fd >= 0
		      ? mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
		      : MAP_FAILED;

	unsetenv("LD_PRELOAD");
	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED || folders == NULL || strlen(folders) >= sizeof under)
		_exit(127);
	memcpy(under, folders, strlen(folders) + 1);
	plan = p;
}

// ---- which calls count

static bool
is_under(const char *path)
{
	for (const char *at = under; plan != NULL && *at != '\0';) {
		size_t n = strcspn(at, ":");

		if (n > 0 && strncmp(path, at, n) == 0 &&
		    (path[n] == '/' || path[n] == '\0'))
			return true;
		at += n + (at[n] == ':');
	}
	return false;
}

// Where an open file or folder is; false for what is neither.
static bool
path_of(int fd, char out[static PATH_MAX])
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = syscall(SYS_readlinkat, AT_FDCWD, link, out, PATH_MAX - 1);
	if (n <= 0 || out[0] != '/')
		return false;
	out[n] = '\0';
	return true;
}

static bool
path_at(int dir, const char *name, char out[static PATH_MAX])
{
	size_t n;

	out[0] = '\0';
	if (name[0] != '/' && dir != AT_FDCWD && !path_of(dir, out))
		return false;
	n = strlen(out);
	return snprintf(out + n, PATH_MAX - n, "%s%s", n > 0 ? "/" : "", name) <
	       (int)(PATH_MAX - n);
}

// Counts the call, and says whether it fails; errno is set then, 0 for a short write.
static bool
fails(enum hs_faults_call call, const char *what, const char *path)
{
	uint64_t i = __atomic_add_fetch(&plan->count, 1, __ATOMIC_SEQ_CST), from, until;
	const char *leaf = strrchr(path, '/');

	if (i < HS_FAULTS_TRACED) {
		plan->traced[i] = (uint8_t)call;
		(void)snprintf(plan->told[i], HS_FAULTS_TOLD, "%s %s", what,
		    leaf != NULL ? leaf + 1 : path);
	}
	from = __atomic_load_n(&plan->from, __ATOMIC_SEQ_CST);
	until = __atomic_load_n(&plan->until, __ATOMIC_SEQ_CST);
	if (from == 0 || i < from || i >= until || (plan->mask & 1u << call) == 0)
		return false;
	__atomic_add_fetch(&plan->hits, 1, __ATOMIC_SEQ_CST);
	errno = i > from && plan->then != 0 ? plan->then : plan->error;
	return true;
}

static bool
fd_fails(enum hs_faults_call call, const char *what, int fd)
{
	char path[PATH_MAX];
	int was = errno;
	bool bad = path_of(fd, path) && is_under(path);

	errno = was;
	return bad && fails(call, what, path);
}

static bool
at_fails(enum hs_faults_call call, const char *what, int dir, const char *name)
{
	char path[PATH_MAX];
	int was = errno;
	bool bad = path_at(dir, name, path) && is_under(path);

	errno = was;
	return bad && fails(call, what, path);
}

// ---- what is written and read

ssize_t
write(int fd, const void *p, size_t n)
{
	if (fd_fails(HS_CALL_WRITE, "write", fd)) {
		if (errno != 0)
			return -1;
		n = n > 1 ? n / 2 : n;
	}
	return syscall(SYS_write, fd, p, n);
}

ssize_t
pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	if (!fd_fails(HS_CALL_WRITE, "pwritev", fd))
		return syscall(SYS_pwritev, fd, v, n, at, 0);
	if (errno != 0)
		return -1;
	return syscall(SYS_pwrite64, fd, v[0].iov_base,
	    v[0].iov_len > 1 ? v[0].iov_len / 2 : v[0].iov_len, at);
}

ssize_t
read(int fd, void *p, size_t n)
{
	return fd_fails(HS_CALL_READ, "read", fd) ? -1 : syscall(SYS_read, fd, p, n);
}

ssize_t
pread(int fd, void *p, size_t n, off_t at)
{
	return fd_fails(HS_CALL_READ, "pread", fd) ? -1
						   : syscall(SYS_pread64, fd, p, n, at);
}

static int
sync_by(long call, const char *what, int fd)
{
	struct timespec t = {plan->slow_ms / 1000, plan->slow_ms % 1000 * 1000000L};
	bool bad = fd_fails(HS_CALL_SYNC, what, fd);
	int was = errno;

	if (plan->slow_ms > 0)
		(void)syscall(SYS_nanosleep, &t, NULL);
	errno = was;
	return bad ? -1 : (int)syscall(call, fd);
}

int
fsync(int fd)
{
	return sync_by(SYS_fsync, "fsync", fd);
}

int
fdatasync(int fd)
{
	return sync_by(SYS_fdatasync, "fdatasync", fd);
}

int
ftruncate(int fd, off_t len)
{
	return fd_fails(HS_CALL_CHANGE, "ftruncate", fd)
		   ? -1
		   : (int)syscall(SYS_ftruncate, fd, len);
}

int
fchmod(int fd, mode_t mode)
{
	return fd_fails(HS_CALL_CHANGE, "fchmod", fd) ? -1
						      : (int)syscall(SYS_fchmod, fd, mode);
}

// ---- names

static int
open_by(int dir, const char *name, int flags, va_list ap)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0;
	mode_t mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;

	if ((flags & O_PATH) == 0 && at_fails(writes ? HS_CALL_CREATE : HS_CALL_OPEN,
					 writes ? "create" : "open", dir, name))
		return -1;
	return (int)syscall(SYS_openat, dir, name, flags, mode);
}

int
openat(int dir, const char *name, int flags, ...)
{
	va_list ap;
	int fd;

	va_start(ap, flags);
	fd = open_by(dir, name, flags, ap);
	va_end(ap);
	return fd;
}

int
open(const char *name, int flags, ...)
{
	va_list ap;
	int fd;

	va_start(ap, flags);
	fd = open_by(AT_FDCWD, name, flags, ap);
	va_end(ap);
	return fd;
}

int
mkdir(const char *path, mode_t mode)
{
	if (syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0) { // on any disk
		errno = EEXIST;
		return -1;
	}
	return at_fails(HS_CALL_CREATE, "mkdir", AT_FDCWD, path)
		   ? -1
		   : (int)syscall(SYS_mkdir, path, mode);
}

char *
mkdtemp(char *template)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	char *end = template + strlen(template) - 6;
	unsigned char r[6];

	if (at_fails(HS_CALL_CREATE, "mkdtemp", AT_FDCWD, template))
		return NULL;
	do {
		if (syscall(SYS_getrandom, r, sizeof r, 0) != sizeof r)
			return NULL;
		for (size_t i = 0; i < sizeof r; i++)
			end[i] = letters[r[i] % (sizeof letters - 1)];
	} while (syscall(SYS_mkdir, template, 0700) != 0 && errno == EEXIST);
	return template;
}

int
bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_un *sun = (const void *)sa;

	if (sa->sa_family == AF_UNIX && sun->sun_path[0] == '/' &&
	    at_fails(HS_CALL_CREATE, "bind", AT_FDCWD, sun->sun_path))
		return -1;
	return (int)syscall(SYS_bind, fd, sa, len);
}

int
renameat2(int from, const char *a, int to, const char *b, unsigned flags)
{
	return at_fails(HS_CALL_NAME, "rename", to, b)
		   ? -1
		   : (int)syscall(SYS_renameat2, from, a, to, b, flags);
}

int
renameat(int from, const char *a, int to, const char *b)
{
	return renameat2(from, a, to, b, 0);
}

int
unlinkat(int dir, const char *name, int flags)
{
	return at_fails(HS_CALL_NAME, "unlink", dir, name)
		   ? -1
		   : (int)syscall(SYS_unlinkat, dir, name, flags);
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int
rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int
chmod(const char *path, mode_t mode)
{
	return at_fails(HS_CALL_CHANGE, "chmod", AT_FDCWD, path)
		   ? -1
		   : (int)syscall(SYS_chmod, path, mode);
}

int
lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
	return at_fails(HS_CALL_CHANGE, "lsetxattr", AT_FDCWD, path)
		   ? -1
		   : (int)syscall(SYS_lsetxattr, path, name, value, size, flags);
}
