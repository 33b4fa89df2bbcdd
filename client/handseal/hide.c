// SPDX-License-Identifier: ISC
//
// Hiding key files behind mounts. Contract in hide.h.
#include "client/handseal/hide.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

static int
refused(struct hs_err *err, const char *what)
{
	return hs_fail(err, HS_ERR_UNSUPPORTED,
	    "--hide-keys: this system does not let us %s: %s", what, strerror(errno));
}

static int
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), saved;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	saved = errno;
	close(fd);
	errno = saved;
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

// Each id stands for itself; all others are nobody in there.
static int
map_ids(uid_t uid, gid_t gid, struct hs_err *err)
{
	char uids[64], gids[64];

	snprintf(uids, sizeof uids, "%u %u 1\n", (unsigned)uid, (unsigned)uid);
	snprintf(gids, sizeof gids, "%u %u 1\n", (unsigned)gid, (unsigned)gid);
	if (write_file("/proc/self/setgroups", "deny") != 0 ||
	    write_file("/proc/self/uid_map", uids) != 0 ||
	    write_file("/proc/self/gid_map", gids) != 0)
		return refused(err, "map our ids in a user namespace");
	return HS_OK;
}

// In a user namespace of our own no mount reaches out of it, whatever "/" is. As root, one
// that did would hide the keys from everybody.
static int
enter(struct hs_err *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int rc = HS_OK;

	if (uid != 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
			return refused(err, "make a user namespace");
		rc = map_ids(uid, gid, err);
	} else if (unshare(CLONE_NEWNS) != 0) {
		return refused(err, "make a mount namespace");
	}
	if (rc == HS_OK && uid == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
		return refused(err, "keep mounts to ourselves");
	return rc;
}

static int
bind_over(const char *path, const char *cover, struct hs_err *err)
{
	if (mount(cover, path, NULL, MS_BIND, NULL) == 0)
		return HS_OK;
	return hs_fail(err, HS_ERR_UNSUPPORTED,
	    "--hide-keys: this system does not let us cover %s: %s", path, strerror(errno));
}

// Flags that the mount has from outside must be said again, or the kernel refuses.
static int
cover_with(const char *path, const char *cover, struct hs_err *err)
{
	static const struct {
		unsigned long has, flag;
	} flags[] = {{ST_NOSUID, MS_NOSUID}, {ST_NODEV, MS_NODEV}, {ST_NOEXEC, MS_NOEXEC},
	    {ST_NOATIME, MS_NOATIME}, {ST_NODIRATIME, MS_NODIRATIME},
	    {ST_RELATIME, MS_RELATIME}};
	unsigned long remount = MS_REMOUNT | MS_BIND | MS_RDONLY;
	struct stat a, b;
	struct statvfs fs;
	int rc = bind_over(path, cover, err);

	if (rc != HS_OK)
		return rc;
	if (statvfs(path, &fs) != 0 || stat(path, &a) != 0 || stat(cover, &b) != 0 ||
	    a.st_dev != b.st_dev || a.st_ino != b.st_ino || a.st_size != 0)
		return hs_fail(
		    err, HS_ERR_UNSUPPORTED, "--hide-keys: %s is not covered", path);
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if ((fs.f_flag & flags[i].has) != 0)
			remount |= flags[i].flag;
	return mount(NULL, path, NULL, remount, NULL) == 0
		   ? HS_OK
		   : refused(err, "make a cover read-only");
}

int
hs_hide(const struct hs_keyfiles *k, const char *cover, struct hs_err *err)
{
	int rc;

	if (k->n == 0)
		return HS_OK;
	rc = enter(err);
	for (size_t i = 0; rc == HS_OK && i < k->n; i++)
		rc = cover_with(k->f[i].path, cover, err);
	// programs that change who they are would only fail there in a stranger way
	if (rc == HS_OK && geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		rc = refused(err, "give up privileges");
	return rc;
}

// Each file covered by itself takes the same rights, and hides nothing.
static void
try_it(const struct hs_keyfiles *k, int out)
{
	struct hs_err err = {0};
	int rc = enter(&err);
	ssize_t n = 0;

	for (size_t i = 0; rc == HS_OK && i < k->n; i++)
		rc = bind_over(k->f[i].path, k->f[i].path, &err);
	if (rc != HS_OK)
		n = write(out, err.text, strlen(err.text));
	_exit(rc == HS_OK ? 0 : n > 0 ? 1 : 2);
}

int
hs_hide_check(const struct hs_keyfiles *k, struct hs_err *err)
{
	char text[sizeof err->text] = "";
	int fds[2], status = 0;
	ssize_t n;
	pid_t pid;

	if (k->n == 0)
		return HS_OK;
	if (pipe2(fds, O_CLOEXEC) != 0)
		return hs_fail(err, HS_ERR_IO, "cannot make a pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0)
		try_it(k, fds[1]);
	close(fds[1]);
	n = pid < 0 ? 0 : read(fds[0], text, sizeof text - 1);
	close(fds[0]);
	if (pid < 0)
		return hs_fail(err, HS_ERR_IO, "cannot fork: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return HS_OK;
	return hs_fail(err, HS_ERR_UNSUPPORTED, "%s",
	    n > 0 ? text : "--hide-keys: it could not be tried");
}
