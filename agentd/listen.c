// SPDX-License-Identifier: ISC
//
// Making the socket. A lock file beside it says whether a socket that is there already is
// somebody's or was left behind. Adoption from LISTEN_FDS is adopt.c's. Contract in
// listen.h.
#include "agentd/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "agentd/adopt.h"
#include "agentd/files.h"

#define BACKLOG 128

static int
set_path(struct hs_listener *l, const char *dir, const char *name, struct hs_err *err)
{
	char path[2 * PATH_MAX];
	int n = snprintf(path, sizeof path, "%s%s%s", dir, dir[0] != '\0' ? "/" : "", name);

	if (n < 0 || (size_t)n >= sizeof l->path)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "the socket's path has %d bytes, and a socket's path may have %zu: "
		    "%.100s…",
		    n, sizeof l->path - 1, path);
	memcpy(l->path, path, (size_t)n + 1);
	return HS_OK;
}

static int
default_path(struct hs_listener *l, struct hs_err *err)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	char dir[] = "/tmp/handseal-XXXXXXXXXX", name[32];
	char under[PATH_MAX];
	int n;

	if (run != NULL && run[0] == '/') {
		n = snprintf(under, sizeof under, "%s/handseal", run);
		if (n < 0 || (size_t)n >= sizeof under)
			return hs_fail(err, HS_ERR_TOO_LONG, "XDG_RUNTIME_DIR is too long");
		if (mkdir(under, 0700) != 0 && errno != EEXIST)
			return hs_fail(err, HS_ERR_IO, "%s: %s", under, strerror(errno));
		return set_path(l, under, "agent.sock", err);
	}
	if (mkdtemp(dir) == NULL)
		return hs_fail(err, HS_ERR_IO, "%s: %s", dir, strerror(errno));
	l->made_dir = true;
	(void)snprintf(name, sizeof name, "agent.%ld", (long)getpid());
	return set_path(l, dir, name, err);
}

static int
given_path(struct hs_listener *l, const char *address, struct hs_err *err)
{
	char cwd[PATH_MAX];

	if (address[0] == '\0' || address[strlen(address) - 1] == '/')
		return hs_fail(err, HS_ERR_IO, "-a needs the path of a socket");
	if (address[0] == '/')
		return set_path(l, "", address, err);
	if (getcwd(cwd, sizeof cwd) == NULL)
		return hs_fail(err, HS_ERR_IO, "the current folder: %s", strerror(errno));
	return set_path(l, cwd, address, err);
}

static int
check_folder(const struct hs_listener *l, struct hs_err *err)
{
	char dir[sizeof l->path];
	char *slash;
	int fd, rc;

	memcpy(dir, l->path, sizeof dir);
	slash = strrchr(dir, '/');
	slash[slash == dir ? 1 : 0] = '\0';
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return hs_fail(err, HS_ERR_IO, "%s: %s", dir, strerror(errno));
	rc = hs_files_trusted(fd, dir, err);
	close(fd);
	return rc;
}

// Takes the lock, on the file that has the name at the end: a daemon that is just ending
// removes the one that we may have opened.
static int
take_lock(struct hs_listener *l, struct hs_err *err)
{
	char path[sizeof l->path + 8];
	struct stat a, b;

	(void)snprintf(path, sizeof path, "%s.lock", l->path);
	for (;;) {
		l->lock = open(path,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
		    0600);
		if (l->lock < 0 || fstat(l->lock, &a) != 0)
			return hs_fail(err, HS_ERR_IO, "%s: %s", path, strerror(errno));
		// locks are empty, and what is none is not removed at the end either
		if (!S_ISREG(a.st_mode) || a.st_uid != geteuid() || a.st_size != 0) {
			close(l->lock);
			l->lock = -1;
			return hs_fail(err, HS_ERR_IO,
			    "%s is there and is not a lock of yours; it was left alone",
			    path);
		}
		if (hs_files_lock(l->lock) != HS_OK)
			return hs_fail(
			    err, HS_ERR_IO, "another handseald is running on %s", l->path);
		if (lstat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return HS_OK;
		close(l->lock);
		l->lock = -1;
	}
}

static bool
answers(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes;

	if (fd < 0)
		return true; // not known to be dead
	memcpy(sun.sun_path, path, strlen(path));
	yes =
	    connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0 || errno != ECONNREFUSED;
	close(fd);
	return yes;
}

static int
clear_place(const struct hs_listener *l, struct hs_err *err)
{
	struct stat st;

	if (lstat(l->path, &st) != 0) {
		if (errno == ENOENT)
			return HS_OK;
		return hs_fail(err, HS_ERR_IO, "%s: %s", l->path, strerror(errno));
	}
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
		return hs_fail(err, HS_ERR_IO,
		    "%s is there and is not a socket of yours; it was left alone", l->path);
	if (answers(l->path))
		return hs_fail(err, HS_ERR_IO, "another program listens on %s", l->path);
	if (unlink(l->path) != 0)
		return hs_fail(err, HS_ERR_IO, "%s: %s", l->path, strerror(errno));
	return HS_OK;
}

static int
make_socket(struct hs_listener *l, struct hs_err *err)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct stat st;
	mode_t mask;
	int bad;

	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return hs_fail(err, HS_ERR_IO, "socket: %s", strerror(errno));
	memcpy(sun.sun_path, l->path, strlen(l->path));
	mask = umask(0177);
	bad = bind(l->fd, (struct sockaddr *)&sun, sizeof sun);
	umask(mask);
	if (bad != 0)
		return hs_fail(err, HS_ERR_IO, "%s: %s", l->path, strerror(errno));
	if (lstat(l->path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return hs_fail(err, HS_ERR_IO, "%s was replaced", l->path);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	if (listen(l->fd, BACKLOG) != 0)
		return hs_fail(err, HS_ERR_IO, "%s: %s", l->path, strerror(errno));
	return HS_OK;
}

int
hs_listen_open(const char *address, struct hs_listener *out, struct hs_err *err)
{
	bool adopted = false;
	int rc;

	*out = (struct hs_listener){.fd = -1, .lock = -1};
	rc = hs_adopt(&out->fd, out->path, sizeof out->path, &adopted, err);
	if (rc != HS_OK || adopted) {
		out->adopted = adopted;
		if (adopted && address != NULL)
			rc =
			    hs_fail(err, HS_ERR_IO, "-a and LISTEN_FDS exclude each other");
		goto out;
	}
	rc = address != NULL ? given_path(out, address, err) : default_path(out, err);
	if (rc == HS_OK)
		rc = check_folder(out, err);
	if (rc == HS_OK)
		rc = take_lock(out, err);
	if (rc == HS_OK)
		rc = clear_place(out, err);
	if (rc == HS_OK)
		rc = make_socket(out, err);
out:
	if (rc != HS_OK)
		hs_listen_close(out);
	return rc;
}

void
hs_listen_close(struct hs_listener *l)
{
	char path[sizeof l->path + 8];
	struct stat st;
	char *slash;

	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	if (l->adopted)
		return;
	if (l->ino != 0 && lstat(l->path, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino)
		(void)unlink(l->path);
	if (l->lock >= 0 && flock(l->lock, LOCK_EX | LOCK_NB) == 0) {
		(void)snprintf(path, sizeof path, "%s.lock", l->path);
		(void)unlink(path);
	}
	if (l->lock >= 0)
		close(l->lock);
	l->lock = -1;
	slash = strrchr(l->path, '/');
	if (l->made_dir && slash != NULL) {
		*slash = '\0';
		(void)rmdir(l->path);
	}
}
