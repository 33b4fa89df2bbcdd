// SPDX-License-Identifier: ISC
//
// The folder of a seat. Contract in seatdir.h.
#include "client/handseal/seatdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/paths.h"

#define NAME "handseal-run.XXXXXX"

static const char *const shims[] = {"ssh", "scp", "sftp"};
static const char *const folders[] = {HS_SEATDIR_BIN, HS_SEATDIR_SSH};

bool
hs_seatdir_is_plain(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._+@-";

	return path[0] == '/' && strspn(path, plain) == strlen(path);
}

static int
failed(const char *what, struct hs_err *err)
{
	return hs_fail(err, HS_ERR_IO, "cannot make %s: %s", what, strerror(errno));
}

// A runtime folder that cannot be had, or be written as ssh wants it, is none.
static int
make_folder(struct hs_seatdir *d, struct hs_err *err)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	int n;

	if (base != NULL && hs_seatdir_is_plain(base)) {
		n = snprintf(d->path, sizeof d->path, "%s/" NAME, base);
		if (n > 0 && n < (int)sizeof d->path && mkdtemp(d->path) != NULL)
			return HS_OK;
	}
	snprintf(d->path, sizeof d->path, "/tmp/" NAME);
	if (mkdtemp(d->path) != NULL)
		return HS_OK;
	d->path[0] = '\0';
	return failed("a folder in /tmp", err);
}

static void
join(const struct hs_seatdir *d, const char *folder, const char *name,
    char out[static HS_PATHS_MAX])
{
	snprintf(out, HS_PATHS_MAX, "%s/%s%s%s", d->path, folder,
	    name[0] != '\0' ? "/" : "", name);
}

static int
link_to(const char *target, const char *path, struct hs_err *err)
{
	return symlink(target, path) == 0 ? HS_OK : failed(path, err);
}

// Links, and no scripts: they work where the folder is mounted noexec, and start no shell.
static int
fill(const struct hs_seatdir *d, const char *socket, struct hs_err *err)
{
	char self[HS_PATHS_MAX], path[HS_PATHS_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	int rc = HS_OK, fd;

	if (n <= 0)
		return hs_fail(
		    err, HS_ERR_IO, "cannot find this program: %s", strerror(errno));
	self[n] = '\0';
	if (access(self, X_OK) != 0)
		return hs_fail(err, HS_ERR_IO, "cannot find this program: %s: %s", self,
		    strerror(errno));
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		join(d, folders[i], "", path);
		if (mkdir(path, 0700) != 0)
			return failed(path, err);
	}
	for (size_t i = 0; rc == HS_OK && i < sizeof shims / sizeof shims[0]; i++) {
		join(d, HS_SEATDIR_BIN, shims[i], path);
		rc = link_to(self, path, err);
	}
	join(d, HS_SEATDIR_AGENT, "", path);
	if (rc == HS_OK)
		rc = link_to(socket, path, err);
	join(d, HS_SEATDIR_COVER, "", path);
	if (rc != HS_OK)
		return rc;
	fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (fd < 0)
		return failed(path, err);
	close(fd);
	return HS_OK;
}

int
hs_seatdir_make(struct hs_seatdir *d, const struct hs_sshcopy *ssh, const char *socket,
    struct hs_err *err)
{
	char path[HS_PATHS_MAX];
	int rc = make_folder(d, err);

	if (rc != HS_OK)
		return rc;
	rc = fill(d, socket, err);
	join(d, HS_SEATDIR_SSH, "", path);
	if (rc == HS_OK)
		rc = hs_sshcopy_write(ssh, path, err);
	if (rc != HS_OK)
		hs_seatdir_remove(d);
	return rc;
}

// What else somebody put there stays, and the folder with it.
static void
remove_folder(const char *path)
{
	const struct dirent *e;
	DIR *d = opendir(path);

	while (d != NULL && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	(void)rmdir(path);
}

void
hs_seatdir_remove(struct hs_seatdir *d)
{
	char path[HS_PATHS_MAX];

	if (d->path[0] == '\0')
		return;
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		join(d, folders[i], "", path);
		remove_folder(path);
	}
	remove_folder(d->path);
	d->path[0] = '\0';
}
