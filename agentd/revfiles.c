// SPDX-License-Identifier: ISC
//
// Finding sessions. Contract in revfiles.h.
//
// Nothing here looks at the clock: one that is wrong when the daemon starts must not cost a
// key that is needed when it is right again.
#include "agentd/revfiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/files.h"
#include "agentd/log.h"
#include "agentd/revindex.h"
#include "agentd/revkey.h"
#include "proto/list.h"

typedef bool had_before(const struct hs_revlist_dirs *dirs, const char *id);

static bool
is_there(int dir, const char *id, const char *suffix, struct stat *st)
{
	char name[64];

	(void)snprintf(name, sizeof name, "%s%s", id, suffix);
	return fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) == 0;
}

struct found {
	struct hs_revfiles_session *f;
	bool granted;
};

static int
take_indexed(void *arg, const struct hs_indexed *i)
{
	struct found *x = arg;

	if (i->end > x->f->end)
		x->f->end = i->end;
	x->granted |= i->what == HS_INDEXED_GRANT;
	x->f->has.direct |= i->what == HS_INDEXED_DIRECT;
	return HS_OK;
}

static void
take_grant(struct hs_revfiles_session *f, uint64_t begin, uint64_t end)
{
	f->begin = begin;
	if (end > f->end)
		f->end = end;
}

// The touch that opened it stands in the key's certificate, which its list holds, too.
static bool
take_key(const struct hs_revlist_dirs *dirs, const char *id, struct hs_revfiles_session *f)
{
	struct hs_revkey key;
	struct hs_err why = {0};
	int rc = hs_revkey_load(dirs->sessions, id, &key, &why);

	if (rc == HS_OK)
		take_grant(f, key.begin, key.end);
	else
		hs_log("session %s: %s", id, hs_err_sentence(&why));
	f->keyless = rc == HS_NO_SUCH || rc == HS_ERR_FORMAT;
	hs_revkey_free(&key);
	return rc == HS_OK;
}

static bool
take_list(const struct hs_revlist_dirs *dirs, const char *id, struct hs_revfiles_session *f)
{
	struct hs_buf data = {0};
	struct hs_list l = {0};
	char name[64];
	bool good;

	(void)snprintf(name, sizeof name, "%s" HS_REVLIST_SUFFIX, id);
	good = hs_files_read_at(dirs->lists, name, HS_LIST_MAX, &data, NULL) == HS_OK &&
	       hs_list_parse(hs_buf_str(&data), &l, NULL) == HS_OK &&
	       strcmp(l.revoker.session, id) == 0;
	if (good)
		take_grant(f, l.revoker.cert.valid_after, l.revoker.grant.payload.end);
	hs_list_free(&l);
	hs_buf_free(&data);
	return good;
}

bool
hs_revfiles_read(
    const struct hs_revlist_dirs *dirs, const char *id, struct hs_revfiles_session *f)
{
	struct found found = {.f = f};
	enum hs_revindex_state state;
	struct hs_err why = {0};
	struct stat st = {0};
	bool key = is_there(dirs->sessions, id, HS_REVKEY_SUFFIX, &st);

	*f = (struct hs_revfiles_session){.end = 0};
	if (hs_revindex_read(dirs->sessions, id, take_indexed, &found, &state, &why) !=
	    HS_OK)
		hs_log("%s", hs_err_sentence(&why));
	if (!key && !is_there(dirs->sessions, id, HS_REVINDEX_SUFFIX, &st))
		(void)is_there(dirs->lists, id, HS_REVLIST_SUFFIX, &st);
	f->begin = (uint64_t)st.st_mtime; // where nothing says more
	// only direct certificates were touched for: it says so, and loses no grant's line
	if (!key && !found.granted && state != HS_REVINDEX_DAMAGED)
		return true;
	f->has.key = true;
	if (take_key(dirs, id, f) || take_list(dirs, id, f))
		return true;
	if (f->keyless && state != HS_REVINDEX_WHOLE)
		f->end = f->begin + HS_REVFILES_KEPT_S; // as long as it could matter
	return f->keyless || state == HS_REVINDEX_WHOLE;
}

// ---- which there are

// Those that have a file of that suffix there, and none that an earlier call looked for.
static int
tell_folder(const struct hs_revlist_dirs *dirs, int dir, const char *suffix,
    had_before *had, hs_revfiles_told *fn, void *arg, struct hs_err *err)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	char id[HS_SESSION_ID_LEN + 1] = "";
	const struct dirent *e;
	int rc = HS_OK;

	if (d == NULL && fd >= 0)
		(void)close(fd);
	if (d == NULL)
		return hs_fail(err, HS_ERR_IO, "sessions: %s", strerror(errno));
	while (rc == HS_OK && (e = readdir(d)) != NULL) {
		if (strlen(e->d_name) != HS_SESSION_ID_LEN + strlen(suffix) ||
		    strcmp(e->d_name + HS_SESSION_ID_LEN, suffix) != 0)
			continue;
		memcpy(id, e->d_name, HS_SESSION_ID_LEN);
		if (hs_session_id_valid(hs_str_c(id)) && (had == NULL || !had(dirs, id)))
			rc = fn(arg, id);
	}
	(void)closedir(d);
	return rc == HS_OK ? HS_OK : hs_fail(err, (enum hs_code)rc, "%s", "");
}

static bool
has_key(const struct hs_revlist_dirs *dirs, const char *id)
{
	struct stat st;

	return is_there(dirs->sessions, id, HS_REVKEY_SUFFIX, &st);
}

static bool
has_key_or_index(const struct hs_revlist_dirs *dirs, const char *id)
{
	struct stat st;

	return has_key(dirs, id) || is_there(dirs->sessions, id, HS_REVINDEX_SUFFIX, &st);
}

int
hs_revfiles_each(
    const struct hs_revlist_dirs *dirs, hs_revfiles_told *fn, void *arg, struct hs_err *err)
{
	int rc = tell_folder(dirs, dirs->sessions, HS_REVKEY_SUFFIX, NULL, fn, arg, err);

	if (rc == HS_OK)
		rc = tell_folder(
		    dirs, dirs->sessions, HS_REVINDEX_SUFFIX, has_key, fn, arg, err);
	if (rc == HS_OK)
		rc = tell_folder(
		    dirs, dirs->lists, HS_REVLIST_SUFFIX, has_key_or_index, fn, arg, err);
	return rc;
}

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
