// SPDX-License-Identifier: ISC
//
// Sessions by their files. Contract in revfiles.h.
#include "agentd/revfiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/log.h"
#include "agentd/revindex.h"
#include "agentd/revkey.h"
#include "proto/names.h"

#define KEPT_S (30 * 24 * 3600) // a session's files, after they were last written

bool
hs_revfiles_remove(const struct hs_revlist_dirs *dirs, const char *id)
{
	const struct {
		int dir;
		const char *suffix;
	} files[] = {{dirs->lists, HS_REVLIST_SUFFIX}, {dirs->krl, HS_REVLIST_KRL},
	    {dirs->sessions, HS_REVINDEX_SUFFIX}, {dirs->sessions, HS_REVKEY_SUFFIX}};
	char name[64];
	bool gone = true;

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		(void)snprintf(name, sizeof name, "%s%s", id, files[i].suffix);
		if (unlinkat(files[i].dir, name, 0) != 0 && errno != ENOENT)
			gone = false;
	}
	return gone;
}

struct found {
	uint64_t end;
	struct hs_revlist_has has;
};

static int
take_indexed(void *arg, const struct hs_indexed *i)
{
	struct found *f = arg;

	if (i->end > f->end)
		f->end = i->end;
	f->has.direct |= i->what == HS_INDEXED_DIRECT;
	return HS_OK;
}

// Where the index does not say all, a session has what the touch that opened it allowed: so
// it can still be revoked as a whole.
static bool
end_by_key(int sessions, const char *id, uint64_t *end)
{
	struct hs_revkey key;
	struct hs_err why = {0};

	if (hs_revkey_load(sessions, id, &key, &why) != HS_OK) {
		hs_log("session %s: %s", id, hs_err_sentence(&why));
		return false;
	}
	if (key.end > *end)
		*end = key.end;
	hs_revkey_free(&key);
	return true;
}

bool
hs_revfiles_read(const struct hs_revlist_dirs *dirs, const char *id,
    struct hs_revlist_has *has, uint64_t *end)
{
	struct found found = {.has = *has};
	struct hs_err why = {0};
	bool complete;
	int rc =
	    hs_revindex_read(dirs->sessions, id, take_indexed, &found, &complete, &why);

	if (rc != HS_OK)
		hs_log("%s", hs_err_sentence(&why));
	if (!complete && has->key)
		rc = end_by_key(dirs->sessions, id, &found.end) ? HS_OK : HS_ERR_IO;
	*has = found.has;
	*end = found.end;
	return rc == HS_OK;
}

// Its index is what is written last; without one, the key.
static bool
is_old(int sessions, const char *index, const char *key, time_t now)
{
	struct stat st;

	return (fstatat(sessions, index, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
		   fstatat(sessions, key, &st, AT_SYMLINK_NOFOLLOW) == 0) &&
	       st.st_mtime < now - KEPT_S;
}

// The session that a file is of: by its key, or by its index where it has none, for only
// direct certificates were touched for.
static bool
id_of(int sessions, const char *file, char id[static HS_SESSION_ID_LEN + 1], bool *keyed)
{
	const char *suffix = file + HS_SESSION_ID_LEN;
	char name[64];

	if (strlen(file) <= HS_SESSION_ID_LEN)
		return false;
	memcpy(id, file, HS_SESSION_ID_LEN);
	id[HS_SESSION_ID_LEN] = '\0';
	*keyed = strcmp(suffix, HS_REVKEY_SUFFIX) == 0;
	(void)snprintf(name, sizeof name, "%s" HS_REVKEY_SUFFIX, id);
	return hs_session_id_valid(hs_str_c(id)) &&
	       (*keyed || (strcmp(suffix, HS_REVINDEX_SUFFIX) == 0 &&
			      faccessat(sessions, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0));
}

static int
look_at(const struct hs_revlist_dirs *dirs, const char *file, time_t now,
    hs_revfiles_session *fn, void *arg)
{
	char id[HS_SESSION_ID_LEN + 1], name[64];
	bool key;

	if (!id_of(dirs->sessions, file, id, &key))
		return HS_OK;
	(void)snprintf(name, sizeof name, "%s" HS_REVINDEX_SUFFIX, id);
	if (is_old(dirs->sessions, name, file, now)) {
		(void)hs_revfiles_remove(dirs, id);
		return HS_OK;
	}
	return fn(arg, id, key);
}

int
hs_revfiles_each(const struct hs_revlist_dirs *dirs, time_t now, hs_revfiles_session *fn,
    void *arg, struct hs_err *err)
{
	int fd = openat(dirs->sessions, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	int rc = HS_OK;

	if (d == NULL && fd >= 0)
		(void)close(fd);
	if (d == NULL)
		return hs_fail(err, HS_ERR_IO, "sessions: %s", strerror(errno));
	while (rc == HS_OK && (e = readdir(d)) != NULL)
		rc = look_at(dirs, e->d_name, now, fn, arg);
	(void)closedir(d);
	return rc == HS_OK ? HS_OK : hs_fail(err, (enum hs_code)rc, "%s", "");
}
