// SPDX-License-Identifier: ISC
//
// Looking up what is revoked. Contract in lists.h.
//
// Who writes in the folder: whatever brings lists there, perhaps a user of its own. A list
// is signed, so what counts is inside; but its file must not hold up a login: it is opened
// without waiting, no link is followed, and its size and number are bounded.
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

static int
read_file(int dir, const char *name, struct hs_buf *data, struct hs_err *err)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int rc;

	if (fd < 0)
		return hs_fail(err, HS_ERR_IO, "%s: %s", name, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		rc = hs_fail(err, HS_ERR_IO, "%s is not a regular file", name);
	else
		rc = hs_config_read_fd(fd, name, HS_LIST_MAX, data, err);
	(void)close(fd);
	return rc;
}

static void
take_file(struct looking *l, int dir, const char *name, bool of_root)
{
	struct hs_buf data = {0};
	struct hs_err err = {0};
	int rc = read_file(dir, name, &data, &err);

	if (rc == HS_OK)
		rc = of_root ? hs_rlist_take(
				   &l->out->found, hs_buf_str(&data), l->root, l->s, &err)
			     : hs_list_take(&l->out->found, hs_buf_str(&data), &l->c->roots,
				   l->s, l->now, &err);
	if (rc != HS_OK)
		l->on_bad(l->arg, name, &err);
	hs_buf_free(&data);
}

// A folder that cannot be read is no folder without lists.
static int
take_folder(struct looking *l)
{
	const char *path = l->c->server.revocations;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	unsigned n = 0, nroot = 0;

	if (d == NULL && fd >= 0)
		(void)close(fd);
	if (d == NULL)
		return hs_fail(&l->out->err, HS_NO_LIST, "%s: %s", path, strerror(errno));
	errno = 0;
	while ((e = readdir(d)) != NULL) {
		if (is_called(e->d_name, l->s->session) && n++ < HS_LISTS_OF_SESSION)
			take_file(l, dirfd(d), e->d_name, false);
		if (is_of_root(e->d_name, l->root_id) && nroot++ < HS_LISTS_OF_ROOT)
			take_file(l, dirfd(d), e->d_name, true);
	}
	(void)closedir(d);
	if (n > HS_LISTS_OF_SESSION)
		return hs_fail(&l->out->err, HS_NO_LIST,
		    "%s holds more than %u lists of this session", path,
		    HS_LISTS_OF_SESSION);
	if (nroot > HS_LISTS_OF_ROOT)
		return hs_fail(&l->out->err, HS_NO_LIST,
		    "%s holds more than %u lists of this root", path, HS_LISTS_OF_ROOT);
	return HS_OK;
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
	int rc, unread;

	memset(out, 0, sizeof *out);
	if (root != NULL)
		hs_rlist_root_id(root, l.root_id);
	rc = hs_barred(hs_buf_str(&c->revoked), root,
	    s != NULL && !s->direct ? s->session : NULL, &out->err);
	if (rc != HS_OK || s == NULL || c->server.revocations[0] == '\0')
		return rc;
	out->looked = true;
	unread = take_folder(&l);
	out->unread = unread != HS_OK;
	rc = hs_list_judge(&out->found, s, c->server.lists_fresh, now, &judged);
	if (rc == HS_OK && unread != HS_OK)
		rc = unread; // what was not read could have named it
	else if (rc != HS_OK)
		out->err = judged;
	if (rc == HS_NO_LIST && c->server.lists_optional) {
		out->waived = true;
		return HS_OK;
	}
	return rc;
}
