// SPDX-License-Identifier: ISC
//
// XDG folders, bounded reads, whole-or-nothing writes. Contract in paths.h.
#include "client/handseal/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
home(void)
{
	const char *h = getenv("HOME");
	const struct passwd *pw;

	if (h != NULL && h[0] == '/')
		return h;
	pw = getpwuid(getuid());
	return pw != NULL && pw->pw_dir != NULL && pw->pw_dir[0] == '/' ? pw->pw_dir : NULL;
}

static int
xdg(const char *variable, const char *fallback, const char *what, const char *name,
    char out[static HS_PATHS_MAX], struct hs_err *err)
{
	const char *base = getenv(variable), *between = "";
	int n;

	if (base == NULL || base[0] != '/') {
		base = home();
		between = fallback;
	}
	if (base == NULL)
		return hs_fail(err, HS_ERR_IO, "there is no home folder: set HOME");
	n = snprintf(out, HS_PATHS_MAX, "%s%s/handseal%s%s", base, between,
	    name[0] != '\0' ? "/" : "", name);
	if (n < 0 || n >= HS_PATHS_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG, "the path of %s is too long", what);
	return HS_OK;
}

int
hs_paths_config(const char *name, char out[static HS_PATHS_MAX], struct hs_err *err)
{
	return xdg("XDG_CONFIG_HOME", "/.config", "the configuration", name, out, err);
}

int
hs_paths_state(const char *name, char out[static HS_PATHS_MAX], struct hs_err *err)
{
	return xdg("XDG_STATE_HOME", "/.local/state", "the state", name, out, err);
}

int
hs_paths_make(const char *dir, struct hs_err *err)
{
	char path[HS_PATHS_MAX];
	size_t len = strlen(dir);

	if (len == 0 || len >= sizeof path)
		return hs_fail(err, HS_ERR_TOO_LONG, "the path of a folder is too long");
	memcpy(path, dir, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		path[i] = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return hs_fail(
			    err, HS_ERR_IO, "cannot make %s: %s", path, strerror(errno));
		path[i] = dir[i];
	}
	return HS_OK;
}

int
hs_paths_read_fd(
    int fd, const char *path, size_t max, struct hs_buf *out, struct hs_err *err)
{
	uint8_t chunk[4096];
	size_t got = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
		if (got > max)
			break;
		hs_put_raw(out, chunk, (size_t)n);
	}
	explicit_bzero(chunk, sizeof chunk);
	if (n < 0)
		return hs_fail(err, HS_ERR_IO, "cannot read %s: %s", path, strerror(errno));
	if (got > max)
		return hs_fail(
		    err, HS_ERR_TOO_LONG, "%s has more than %zu bytes", path, max);
	return hs_buf_err(out) == HS_OK ? HS_OK
					: hs_fail(err, HS_ERR_NOMEM, "out of memory");
}

int
hs_paths_read(
    const char *path, size_t max, bool stdin_ok, struct hs_buf *out, struct hs_err *err)
{
	struct stat st;
	int fd, rc;

	if (stdin_ok && strcmp(path, "-") == 0)
		return hs_paths_read_fd(STDIN_FILENO, "standard input", max, out, err);
	// O_NONBLOCK: a FIFO that nobody writes to must not hang us before it is looked at
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return hs_fail(err, errno == ENOENT ? HS_NO_SUCH : HS_ERR_IO,
		    "cannot read %s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)))
		rc = hs_fail(err, HS_ERR_IO, "%s is no file", path);
	else if (fcntl(fd, F_SETFL, 0) != 0)
		rc = hs_fail(err, HS_ERR_IO, "cannot read %s: %s", path, strerror(errno));
	else
		rc = hs_paths_read_fd(fd, path, max, out, err);
	close(fd);
	return rc;
}

bool
hs_paths_write_fd(int fd, struct hs_str data)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.p, data.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data.p += n;
		data.len -= (size_t)n;
	}
	return true;
}

// The folder's entry must be on disk too, or a crash could leave a key without its
// certificate.
static int
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[HS_PATHS_MAX] = ".";
	int fd, rc;

	if (slash != NULL) {
		size_t n = slash == path ? 1 : (size_t)(slash - path);

		memcpy(dir, path, n);
		dir[n] = '\0';
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc != 0 && errno != EINVAL ? -1 : 0;
}

static int
put_in_place(const char *temp, const char *path, bool replace, struct hs_err *err)
{
	if (replace) {
		if (rename(temp, path) == 0)
			return HS_OK;
	} else if (link(temp, path) == 0) {
		return HS_OK; // the temporary name goes with the caller's unlink
	}
	if (errno == EEXIST)
		return hs_fail(err, HS_ERR_IO, "%s exists, and is never overwritten", path);
	return hs_fail(err, HS_ERR_IO, "cannot write %s: %s", path, strerror(errno));
}

// Beside path, and hidden: what reads all of a folder passes it over.
static int
temporary(const char *path, char out[static HS_PATHS_MAX], struct hs_err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	int n =
	    snprintf(out, HS_PATHS_MAX, "%.*s.%s.XXXXXX", (int)(name - path), path, name);

	if (n < 0 || n >= HS_PATHS_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG, "the path is too long");
	return HS_OK;
}

int
hs_paths_write(
    const char *path, struct hs_str data, mode_t mode, bool replace, struct hs_err *err)
{
	char temp[HS_PATHS_MAX];
	int fd, rc = temporary(path, temp, err);
	bool there = true;

	if (rc != HS_OK)
		return rc;
	fd = mkostemp(temp, O_CLOEXEC); // 0600 from the start
	if (fd < 0)
		return hs_fail(
		    err, HS_ERR_IO, "cannot write %s: %s", path, strerror(errno));
	if (!hs_paths_write_fd(fd, data) || fchmod(fd, mode) != 0 || fsync(fd) != 0)
		rc = hs_fail(err, HS_ERR_IO, "cannot write %s: %s", path, strerror(errno));
	if (close(fd) != 0 && rc == HS_OK)
		rc = hs_fail(err, HS_ERR_IO, "cannot write %s: %s", path, strerror(errno));
	if (rc == HS_OK) {
		rc = put_in_place(temp, path, replace, err);
		there = rc != HS_OK || !replace;
	}
	if (there)
		(void)unlink(temp);
	if (rc == HS_OK && sync_folder(path) != 0) {
		rc = hs_fail(err, HS_ERR_IO, "cannot sync the folder of %s: %s", path,
		    strerror(errno));
		if (!replace)
			(void)unlink(path);
	}
	return rc;
}
