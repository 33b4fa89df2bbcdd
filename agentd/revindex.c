// SPDX-License-Identifier: ISC
//
// Indexes of sessions. Contract in revindex.h.
#include "agentd/revindex.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "agentd/files.h"
#include "agentd/log.h"

#define WAITING_MAX (HS_BUF_MAX / 2) // bytes
#define BOOT_LEN    36		     // of a boot's id, a UUID
#define ENDED	    "end"

// Of this boot, "" where it cannot be told: then nothing is of the same.
static void
read_boot(char out[static BOOT_LEN + 1])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, out, BOOT_LEN) : -1;

	out[n == BOOT_LEN ? BOOT_LEN : 0] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

static void
name_of(const char *session, char *out, size_t size)
{
	(void)snprintf(out, size, "%s" HS_REVINDEX_SUFFIX, session);
}

int
hs_revindex_begin(struct hs_revindex *x, int dir, const char *session, struct hs_err *err)
{
	char name[64], boot[BOOT_LEN + 1];
	struct hs_buf line = {0};
	bool made;
	int rc;

	hs_revindex_free(x);
	name_of(session, name, sizeof name);
	rc = hs_statefile_open(&x->file, dir, name, &made, err);
	if (rc == HS_OK && !made)
		rc = hs_fail(err, HS_ERR_IO, "%s is there already", name);
	read_boot(boot);
	hs_put_fmt(&line, "boot %s\n", boot);
	if (rc == HS_OK)
		rc = hs_statefile_add(&x->file, hs_buf_str(&line), true, err);
	hs_buf_free(&line);
	if (rc != HS_OK)
		hs_revindex_free(x);
	return rc;
}

int
hs_revindex_note(struct hs_revindex *x, const struct hs_indexed *i,
    enum hs_revindex_when when, struct hs_err *err)
{
	struct hs_buf line = {0};
	int rc;

	hs_indexed_put(&line, i);
	rc = hs_buf_err(&line);
	if (rc == HS_OK && x->waiting.len + line.len > WAITING_MAX)
		rc = HS_ERR_TOO_LONG; // what waits stays: its release is under way
	if (rc == HS_OK) {
		hs_put_raw(&x->waiting, line.p, line.len);
		rc =
		    hs_buf_err(&x->waiting); // where it fails, nothing is released any more
	}
	hs_buf_free(&line);
	if (rc != HS_OK)
		return hs_fail(
		    err, (enum hs_code)rc, "the session's index: too much waits");
	if (when == HS_REVINDEX_FLUSHED)
		return HS_OK;
	if (hs_revindex_flush(x, err) != HS_OK)
		return HS_ERR_IO;
	return when == HS_REVINDEX_WRITTEN || fdatasync(x->file.fd) == 0
		   ? HS_OK
		   : hs_fail(err, HS_ERR_IO, "the session's index: %s", strerror(errno));
}

int
hs_revindex_flush(struct hs_revindex *x, struct hs_err *err)
{
	struct hs_err why = {0};

	if (hs_buf_err(&x->waiting) != HS_OK)
		return hs_fail(err, HS_ERR_NOMEM, "the session's index: out of memory");
	if (x->waiting.len == 0)
		return HS_OK;
	// what cannot be written waits for the next time: its release fails, or is retried
	if (hs_statefile_add(&x->file, hs_buf_str(&x->waiting), false, &why) != HS_OK)
		return hs_fail(
		    err, HS_ERR_IO, "the session's index: %s", hs_err_sentence(&why));
	hs_buf_reset(&x->waiting);
	return HS_OK;
}

int
hs_revindex_end(struct hs_revindex *x)
{
	struct hs_err err = {0};
	int fd = x->file.fd;

	if (fd >= 0 &&
	    (hs_revindex_flush(x, &err) != HS_OK ||
		hs_statefile_add(&x->file, hs_str_c(ENDED "\n"), false, &err) != HS_OK))
		hs_log("%s", hs_err_sentence(&err)); // it counts as not complete
	x->file.fd = -1;
	hs_revindex_free(x);
	return fd;
}

void
hs_revindex_free(struct hs_revindex *x)
{
	hs_statefile_close(&x->file);
	hs_buf_free(&x->waiting);
}

// ---- reading

struct reading {
	hs_revindex_each *fn;
	void *arg;
	bool same_boot, ended, bad;
};

// What cannot be read is skipped: then it could have been anything, a grant's line too.
static int
take_line(void *arg, struct hs_str line, unsigned number)
{
	struct reading *r = arg;
	char boot[BOOT_LEN + 1];
	struct hs_indexed i;

	if (number == 1) {
		read_boot(boot);
		r->same_boot = boot[0] != '\0' && line.len == 5 + BOOT_LEN &&
			       memcmp(line.p, "boot ", 5) == 0 &&
			       memcmp(line.p + 5, boot, BOOT_LEN) == 0;
		return HS_OK;
	}
	r->bad |= r->ended; // there is more behind the end
	r->ended = hs_str_is(line, ENDED);
	if (r->ended)
		return HS_OK;
	if (hs_indexed_parse(line, &i) != HS_OK) {
		r->bad = true;
		return HS_OK;
	}
	return r->fn(r->arg, &i);
}

int
hs_revindex_waiting(const struct hs_revindex *x, hs_revindex_each *fn, void *arg)
{
	struct hs_str left = hs_buf_str(&x->waiting);
	int rc = hs_buf_err(&x->waiting);
	struct hs_str line;
	struct hs_indexed i;

	while (rc == HS_OK && hs_str_cut(&left, '\n', &line)) {
		rc = hs_indexed_parse(line, &i);
		if (rc == HS_OK)
			rc = fn(arg, &i);
	}
	return rc;
}

int
hs_revindex_read(int dir, const char *session, hs_revindex_each *fn, void *arg,
    enum hs_revindex_state *state, struct hs_err *err)
{
	struct reading r = {.fn = fn, .arg = arg};
	uint64_t torn = 0;
	char name[64];
	int fd, rc;

	*state = HS_REVINDEX_DAMAGED;
	name_of(session, name, sizeof name);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return hs_fail(err, errno == ENOENT ? HS_NO_SUCH : HS_ERR_IO, "%s: %s",
		    name, strerror(errno));
	rc = hs_files_trusted(fd, name, err);
	if (rc == HS_OK)
		rc = hs_statefile_lines(fd, HS_REVSTATE_LINE_MAX, take_line, &r, &torn);
	(void)close(fd);
	if (rc == HS_ERR_TOO_LONG) { // what is behind is not known
		r.bad = true;
		rc = HS_OK;
	}
	if (rc == HS_OK && !r.bad)
		*state = torn == 0 && (r.ended || r.same_boot) ? HS_REVINDEX_WHOLE
							       : HS_REVINDEX_CUT;
	return rc;
}
