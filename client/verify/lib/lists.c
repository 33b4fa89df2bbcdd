// SPDX-License-Identifier: ISC
//
// Looking up what is revoked. Contract in lists.h.
//
// Who writes in the folder: whatever brings lists there, perhaps a user of its own. A list
// is signed, so what counts is inside; but its file must not hold up a login: it is opened
// without waiting, no link is followed, and its size and number are bounded. What is over
// a bound, or cannot be read for another reason than its own, could name anything: so it
// refuses, whatever verify.conf says of lists that are missing.
#include "client/verify/lib/lists.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "proto/barred.h"

#define SUFFIX	    ".list"
#define ROOT_PREFIX "root-"

struct looking {
	const struct hs_config *c;
	const struct hs_key *root; // NULL: not known
	char root_id[HS_SESSION_ID_LEN + 1];
	const struct hs_list_subject *s;
	uint64_t now;
	hs_lists_bad *on_bad;
	void *arg;
	struct hs_lists *out;
	unsigned nsession, nroot; // files of either kind
	size_t bytes;		  // of all that were read
	struct hs_err unread;	  // why one that was there was not
};

// ID.list or ID-....list
static bool
is_called(const char *name, const char *id)
{
	size_t n = strlen(name);

	return id[0] != '\0' && n >= HS_SESSION_ID_LEN + strlen(SUFFIX) &&
	       memcmp(name, id, HS_SESSION_ID_LEN) == 0 &&
	       (name[HS_SESSION_ID_LEN] == '-' ||
		   n == HS_SESSION_ID_LEN + strlen(SUFFIX)) &&
	       strcmp(name + n - strlen(SUFFIX), SUFFIX) == 0;
}

static bool
is_of_root(const char *name, const char *id)
{
	return strncmp(name, ROOT_PREFIX, strlen(ROOT_PREFIX)) == 0 &&
	       is_called(name + strlen(ROOT_PREFIX), id);
}

// For the first reason; NULL once there is one.
static struct hs_err *
unread(struct looking *l)
{
	return l->unread.code == HS_OK ? &l->unread : NULL;
}

// What is gone, a link or no file is none. HS_NO_LISTS_UNREAD: it could not be read.
static int
read_file(int dir, const char *name, struct hs_buf *data, struct hs_err *err)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool none;
	struct stat st;
	int rc;

	if (fd < 0) {
		none = errno == ENOENT || errno == ELOOP || errno == ENXIO;
		return hs_fail(err, none ? HS_ERR_IO : HS_NO_LISTS_UNREAD, "%s: %s", name,
		    strerror(errno));
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		rc = hs_fail(err, HS_ERR_IO, "%s is not a regular file", name);
	} else {
		rc = hs_config_read_fd(fd, name, HS_LIST_MAX, data, err);
		if (rc == HS_ERR_IO)
			rc = HS_NO_LISTS_UNREAD;
	}
	(void)close(fd);
	return rc;
}

static void
take_file(struct looking *l, int dir, const char *name, bool of_root)
{
	struct hs_buf data = {0};
	struct hs_err err = {0};
	int rc;

	if (l->bytes > HS_LISTS_BYTES) {
		(void)hs_fail(unread(l), HS_NO_LISTS_UNREAD,
		    "%s holds more than %u bytes of lists of this session and root",
		    l->c->server.revocations, HS_LISTS_BYTES);
		return;
	}
	rc = read_file(dir, name, &data, &err);
	l->bytes += data.len;
	if (rc == HS_OK)
		rc = of_root ? hs_rlist_take(
				   &l->out->found, hs_buf_str(&data), l->root, l->s, &err)
			     : hs_list_take(&l->out->found, hs_buf_str(&data), &l->c->roots,
				   l->s, l->now, &err);
	if (rc == HS_NO_LISTS_UNREAD || rc == HS_ERR_NOMEM)
		(void)hs_fail(unread(l), HS_NO_LISTS_UNREAD, "%s/%s",
		    l->c->server.revocations, hs_err_sentence(&err));
	if (rc != HS_OK)
		l->on_bad(l->arg, name, &err);
	hs_buf_free(&data);
}

static void
take_entry(struct looking *l, int dir, const char *name)
{
	const char *path = l->c->server.revocations;

	if (is_called(name, l->s->session)) {
		if (l->nsession++ < HS_LISTS_OF_SESSION)
			take_file(l, dir, name, false);
		else
			(void)hs_fail(unread(l), HS_NO_LISTS_UNREAD,
			    "%s holds more than %u lists of this session", path,
			    HS_LISTS_OF_SESSION);
	} else if (is_of_root(name, l->root_id)) {
		if (l->nroot++ < HS_RLIST_FILES_MAX)
			take_file(l, dir, name, true);
		else
			(void)hs_fail(unread(l), HS_NO_LISTS_UNREAD,
			    "%s holds more than %u lists of this root", path,
			    HS_RLIST_FILES_MAX);
	}
}

// A folder that cannot be read is no folder without lists: HS_NO_LIST where it is not to be
// had, HS_NO_LISTS_UNREAD where not all that is in it was read.
static int
take_folder(struct looking *l)
{
	const char *path = l->c->server.revocations;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	int why = errno;

	if (d == NULL && fd >= 0)
		(void)close(fd);
	if (d == NULL && (why == EMFILE || why == ENFILE || why == ENOMEM || why == EIO))
		(void)hs_fail(unread(l), HS_NO_LISTS_UNREAD, "%s: %s", path, strerror(why));
	else if (d == NULL)
		return hs_fail(&l->out->err, HS_NO_LIST, "%s: %s", path, strerror(why));
	while (d != NULL && (errno = 0, e = readdir(d)) != NULL)
		take_entry(l, dirfd(d), e->d_name);
	if (d != NULL && errno != 0)
		(void)hs_fail(
		    unread(l), HS_NO_LISTS_UNREAD, "%s: %s", path, strerror(errno));
	if (d != NULL)
		(void)closedir(d);
	if (l->unread.code != HS_OK)
		l->out->err = l->unread;
	return (int)l->unread.code;
}

int
hs_lists_look(const struct hs_config *c, const struct hs_key *root,
    const struct hs_list_subject *s, uint64_t now, hs_lists_bad *on_bad, void *arg,
    struct hs_lists *out)
{
	struct looking l = {.c = c,
	    .root = root,
	    .s = s,
	    .now = now,
	    .on_bad = on_bad,
	    .arg = arg,
	    .out = out};
	struct hs_err judged = {0};
	int rc, taken;

	memset(out, 0, sizeof *out);
	if (root != NULL)
		hs_rlist_root_id(root, l.root_id);
	rc = hs_barred(hs_buf_str(&c->revoked), root,
	    s != NULL && !s->direct ? s->session : NULL, &out->err);
	if (rc != HS_OK || s == NULL || c->server.revocations[0] == '\0')
		return rc;
	out->looked = true;
	taken = take_folder(&l);
	out->unread = taken != HS_OK;
	rc = hs_list_judge(&out->found, s, c->server.lists_fresh, now, &judged);
	if (rc == HS_NO_REVOKED || taken == HS_OK)
		out->err = judged;
	else
		rc = taken; // what was not read could have named it
	if (rc == HS_NO_LIST && c->server.lists_optional) {
		out->waived = true;
		return HS_OK;
	}
	return rc;
}
