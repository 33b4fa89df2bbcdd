// SPDX-License-Identifier: ISC
//
// Copies of ssh's configuration files. Contract in sshcopy.h.
#include "client/handseal/sshcopy.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/paths.h"
#include "client/handseal/sshconfig.h"

int
hs_sshcopy_user_dir(char *out, size_t size, struct hs_err *err)
{
	const struct passwd *pw = getpwuid(getuid());
	int n;

	if (pw == NULL || pw->pw_dir == NULL || pw->pw_dir[0] != '/')
		return hs_fail(err, HS_ERR_IO, "uid %u has no home folder, says passwd",
		    (unsigned)getuid());
	n = snprintf(out, size, "%s/.ssh", pw->pw_dir);
	if (n < 0 || (size_t)n >= size)
		return hs_fail(err, HS_ERR_TOO_LONG, "the home folder's path is too long");
	return HS_OK;
}

// The number of that file's copy, which is made later if it is not there yet: a file that
// is included twice, or by itself, has one copy.
static int
find(struct hs_sshcopy *c, const char *path, size_t *number, struct hs_err *err)
{
	struct hs_sshcopy_file *grown;

	for (size_t i = 0; i < c->n; i++)
		if (c->f[i].user == c->user && strcmp(c->f[i].path, path) == 0) {
			*number = i;
			return HS_OK;
		}
	if (c->n == HS_SSHCOPY_FILES)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "the ssh configuration has more than %d files", HS_SSHCOPY_FILES);
	grown = reallocarray(c->f, c->n + 1, sizeof *grown);
	if (grown == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "out of memory");
	c->f = grown;
	c->f[c->n] = (struct hs_sshcopy_file){.path = strdup(path), .user = c->user};
	if (c->f[c->n].path == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "out of memory");
	*number = c->n++;
	return HS_OK;
}

// readconf.c on Include: relative to the folder of the configuration, ~ in the user's only.
// Newer versions expand % and ${} too, some by the host that is called: no copy made
// beforehand can follow that.
static int
anchor(const struct hs_sshcopy *c, struct hs_str pattern, char out[static HS_PATHS_MAX],
    struct hs_err *err)
{
	bool home = pattern.p[0] == '~';
	int n;

	if ((home && !c->user) || memchr(pattern.p, '%', pattern.len) != NULL ||
	    memchr(pattern.p, '$', pattern.len) != NULL)
		return hs_fail(err, HS_ERR_CONFIG,
		    "Include %.*s cannot be followed: name the file itself",
		    (int)pattern.len, (const char *)pattern.p);
	n = snprintf(out, HS_PATHS_MAX, "%s%s%.*s",
	    home || pattern.p[0] == '/' ? "" : c->dir,
	    home || pattern.p[0] == '/' ? "" : "/", (int)pattern.len,
	    (const char *)pattern.p);
	if (n < 0 || n >= HS_PATHS_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG, "the path of an Include is too long");
	return HS_OK;
}

static void
put_name(struct hs_buf *b, size_t number)
{
	if (number == 0)
		hs_put_fmt(b, HS_SSHCOPY_TOP);
	else
		hs_put_fmt(b, "%zu", number);
}

static int
include(void *arg, struct hs_str pattern, struct hs_buf *out, struct hs_err *err)
{
	struct hs_sshcopy *c = arg;
	char path[HS_PATHS_MAX];
	glob_t g = {0};
	size_t number = 0;
	int rc = anchor(c, pattern, path, err), found;

	if (rc != HS_OK)
		return rc;
	found = glob(path, GLOB_TILDE, NULL, &g);
	if (found != 0 && found != GLOB_NOMATCH)
		rc = hs_fail(err, HS_ERR_IO, "Include %s cannot be looked up", path);
	for (size_t i = 0; rc == HS_OK && found == 0 && i < g.gl_pathc; i++) {
		rc = find(c, g.gl_pathv[i], &number, err);
		hs_put_fmt(out, " ");
		hs_put_u8(out, 0);
		hs_put_fmt(out, "/");
		put_name(out, number);
	}
	globfree(&g);
	return rc;
}

// What ssh says of a configuration file that others may have written.
static int
check_owner(const struct stat *st, const char *path, struct hs_err *err)
{
	if (st->st_uid != 0 && st->st_uid != getuid())
		return hs_fail(err, HS_ERR_CONFIG,
		    "%s belongs to uid %u: ssh would not read it", path,
		    (unsigned)st->st_uid);
	if ((st->st_mode & 022) != 0)
		return hs_fail(
		    err, HS_ERR_CONFIG, "others can write %s: chmod go-w %s", path, path);
	return HS_OK;
}

// A file that is gone, and a folder, are empty to ssh.
static int
read_file(const char *path, bool check, struct hs_buf *out, struct hs_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = HS_OK;
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return HS_OK;
	if (fd < 0 || fstat(fd, &st) != 0) {
		rc = hs_fail(err, HS_ERR_IO, "cannot read %s: %s", path, strerror(errno));
	} else {
		if (check)
			rc = check_owner(&st, path, err);
		if (rc == HS_OK && (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)))
			rc = hs_paths_read_fd(fd, path, HS_SSHCOPY_BYTES, out, err);
		else if (rc == HS_OK && !S_ISDIR(st.st_mode))
			rc = hs_fail(err, HS_ERR_IO, "%s is no file", path);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
copy(struct hs_sshcopy *c, size_t i, bool check, struct hs_err *err)
{
	struct hs_buf text = {0}, filtered = {0};
	struct hs_err fault = {0};
	int rc = read_file(c->f[i].path, check, &text, err);

	if (rc == HS_OK) {
		// what is found moves c->f, so the copy is put there afterwards
		rc = hs_sshconfig_filter(hs_buf_str(&text), include, c, &filtered, &fault);
		if (rc != HS_OK)
			(void)hs_fail(err, (enum hs_code)rc, "%s:%u: %s", c->f[i].path,
			    fault.line, hs_err_sentence(&fault));
	}
	c->bytes += filtered.len;
	if (rc == HS_OK && c->bytes > HS_SSHCOPY_BYTES)
		rc = hs_fail(err, HS_ERR_TOO_LONG,
		    "the ssh configuration has more than %u bytes", HS_SSHCOPY_BYTES);
	hs_buf_free(&text);
	if (rc == HS_OK)
		c->f[i].text = filtered;
	else
		hs_buf_free(&filtered);
	return rc;
}

// The configuration whose first file is dir/name, from there on.
static int
walk(struct hs_sshcopy *c, const char *dir, const char *name, bool user, bool check,
    struct hs_err *err)
{
	char path[HS_PATHS_MAX];
	size_t i = 0;
	int n = snprintf(path, sizeof path, "%s/%s", dir, name), rc;

	if (n < 0 || n >= (int)sizeof path)
		return hs_fail(err, HS_ERR_TOO_LONG, "the path of ssh's files is too long");
	c->dir = dir;
	c->user = user;
	rc = find(c, path, &i, err);
	for (size_t first = i; rc == HS_OK && i < c->n; i++)
		rc = copy(c, i, check || i > first, err);
	return rc;
}

int
hs_sshcopy_read(
    struct hs_sshcopy *c, const char *user_dir, const char *system_dir, struct hs_err *err)
{
	struct hs_buf *top;
	size_t system;
	int rc = walk(c, user_dir, "config", true, true, err);

	system = c->n;
	if (rc == HS_OK) // ssh trusts the system's own file as it is
		rc = walk(c, system_dir, "ssh_config", false, false, err);
	c->dir = NULL;
	if (rc != HS_OK)
		return rc;
	// ssh given -F reads nothing else: what it would have read next stands behind it
	top = &c->f[0].text;
	hs_put_fmt(top, "Match all\nInclude ");
	hs_put_u8(top, 0);
	hs_put_fmt(top, "/%zu\n", system);
	return hs_buf_err(top) == HS_OK ? HS_OK
					: hs_fail(err, HS_ERR_NOMEM, "out of memory");
}

// Not hs_paths_write: nothing of this has to outlive a crash, and a sync costs time.
static int
write_new(const char *path, struct hs_str data, struct hs_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || !hs_paths_write_fd(fd, data)) {
		(void)hs_fail(err, HS_ERR_IO, "cannot write %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return HS_ERR_IO;
	}
	return close(fd) == 0
		   ? HS_OK
		   : hs_fail(err, HS_ERR_IO, "cannot write %s: %s", path, strerror(errno));
}

static int
write_one(const struct hs_sshcopy *c, size_t i, const char *dir, struct hs_err *err)
{
	struct hs_str text = hs_buf_str(&c->f[i].text);
	struct hs_buf whole = {0}, path = {0};
	int rc;

	for (size_t at = 0; at < text.len; at++) {
		if (text.p[at] == 0)
			hs_put_fmt(&whole, "%s", dir);
		else
			hs_put_u8(&whole, text.p[at]);
	}
	hs_put_fmt(&path, "%s/", dir);
	put_name(&path, i);
	hs_put_u8(&path, 0);
	rc = hs_buf_err(&whole) != HS_OK ? hs_buf_err(&whole) : hs_buf_err(&path);
	if (rc != HS_OK)
		rc = hs_fail(err, (enum hs_code)rc, "the ssh configuration is too long");
	else
		rc = write_new((const char *)path.p, hs_buf_str(&whole), err);
	hs_buf_free(&whole);
	hs_buf_free(&path);
	return rc;
}

int
hs_sshcopy_write(const struct hs_sshcopy *c, const char *dir, struct hs_err *err)
{
	int rc = HS_OK;

	for (size_t i = 0; rc == HS_OK && i < c->n; i++)
		rc = write_one(c, i, dir, err);
	return rc;
}

void
hs_sshcopy_free(struct hs_sshcopy *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->f[i].path);
		hs_buf_free(&c->f[i].text);
	}
	free(c->f);
	*c = (struct hs_sshcopy){0};
}
