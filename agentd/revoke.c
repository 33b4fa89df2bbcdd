// SPDX-License-Identifier: ISC
//
// Revocations on disk. Contract in revoke.h.
#include "agentd/revoke.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/files.h"
#include "agentd/log.h"
#include "proto/krl.h"

static int
write_all(int fd, struct hs_str s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		s.p += n;
		s.len -= (size_t)n;
	}
	return fsync(fd);
}

static int
failed(struct hs_err *err, const char *what)
{
	return hs_fail(err, HS_ERR_IO, "%s: %s", what, strerror(errno));
}

// The line is whole or not there: what was written of one that failed is taken back.
static int
append_line(
    int dir, const char *id, const struct hs_key *key, uint64_t now, struct hs_err *err)
{
	struct hs_buf line = {0};
	int fd, rc = HS_OK;
	struct stat st;

	hs_put_fmt(&line, "%" PRIu64 " session %s ", now, id);
	hs_key_put_line(&line, key);
	hs_put_u8(&line, '\n');
	fd = openat(dir, "revoked",
	    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	if (hs_buf_err(&line) != HS_OK)
		rc = hs_fail(err, HS_ERR_NOMEM, "%s", "");
	else if (fd < 0 || fstat(fd, &st) != 0)
		rc = failed(err, "revoked");
	else if (write_all(fd, hs_buf_str(&line)) != 0) {
		rc = failed(err, "revoked");
		if (ftruncate(fd, st.st_size) != 0)
			hs_log("revoked: %s", strerror(errno));
	}
	if (fd >= 0)
		(void)close(fd);
	hs_buf_free(&line);
	return rc;
}

static int
write_list(
    int dir, const char *id, const struct hs_key *key, uint64_t now, struct hs_err *err)
{
	char name[64], temporary[72];
	struct hs_buf list = {0};
	int fd, rc = HS_OK;

	(void)snprintf(name, sizeof name, "%s.krl", id);
	(void)snprintf(temporary, sizeof temporary, ".%s", name);
	hs_krl_begin(&list, 1, now, id);
	hs_krl_put_keys(&list, key, 1);
	(void)unlinkat(dir, temporary, 0); // of a daemon that was killed here
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (hs_buf_err(&list) != HS_OK)
		rc = hs_fail(err, HS_ERR_NOMEM, "%s", "");
	else if (fd < 0 || write_all(fd, hs_buf_str(&list)) != 0 ||
		 renameat(dir, temporary, dir, name) != 0 || fsync(dir) != 0)
		rc = failed(err, name);
	if (fd >= 0)
		(void)close(fd);
	hs_buf_free(&list);
	return rc;
}

int
hs_revoke_session(const char *dir, const char *id, const struct hs_key *session_key,
    uint64_t now, struct hs_err *err)
{
	char krl[PATH_MAX];
	int n = snprintf(krl, sizeof krl, "%s/krl", dir), state = -1, lists = -1, rc;

	if (n < 0 || (size_t)n >= sizeof krl)
		return hs_fail(err, HS_ERR_TOO_LONG, "the path under %s is too long", dir);
	rc = hs_files_make_dirs(krl, err);
	if (rc == HS_OK)
		rc = hs_files_open_dir(dir, &state, err);
	if (rc == HS_OK)
		rc = append_line(state, id, session_key, now, err);
	if (rc == HS_OK && fsync(state) != 0)
		rc = failed(err, dir);
	if (rc == HS_OK)
		rc = hs_files_open_dir(krl, &lists, err);
	if (rc == HS_OK)
		rc = write_list(lists, id, session_key, now, err);
	if (state >= 0)
		(void)close(state);
	if (lists >= 0)
		(void)close(lists);
	return rc;
}
