// SPDX-License-Identifier: ISC
//
// What is watched while a command runs: the clock, and the server's files. Contract in
// supervise.h.
//
// Each second it is looked whether a file changed, and inotify, where it works, says so at
// once. Only what changed, or could not be read, is read again: the look itself is a stat a
// file.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>
#include "client/verify/lib/note.h"
#include "client/verify/supervise.h"

// ---- the clock

enum hs_shell_due
hs_shell_due(const struct hs_shell_time *start, const struct hs_shell_time *now,
    uint64_t end, uint64_t *left)
{
	uint64_t end_ms = end > UINT64_MAX / 1000 ? UINT64_MAX : end * 1000;
	uint64_t most = end_ms > start->wall ? end_ms - start->wall : 0;
	uint64_t ran = now->boot > start->boot ? now->boot - start->boot : 0;
	uint64_t by_wall = end_ms > now->wall ? end_ms - now->wall : 0;
	uint64_t by_boot = most > ran ? most - ran : 0;

	*left = by_wall < by_boot ? by_wall : by_boot;
	if (*left == 0)
		return HS_SHELL_ENDS;
	if (*left <= HS_SHELL_NOTICE_MS)
		return HS_SHELL_NOTICE;
	*left -= HS_SHELL_NOTICE_MS;
	return HS_SHELL_RUNS;
}

// ---- the files

struct trace {
	uint64_t dev, ino, size, mode, uid;
	int64_t mtime, mtime_ns, ctime, ctime_ns;
	int error;
};

// Adds one file. Each is added by itself, so that the order in a folder does not matter.
static void
add(uint8_t seen[static 32], int dir, const char *name)
{
	crypto_generichash_state h;
	struct trace t;
	struct stat st;
	uint8_t one[32];

	memset(&t, 0, sizeof t); // padding too
	if (fstatat(dir, name, &st, 0) != 0) {
		t.error = errno;
	} else {
		t.dev = st.st_dev;
		t.ino = st.st_ino;
		t.size = (uint64_t)st.st_size;
		t.mode = st.st_mode;
		t.uid = st.st_uid;
		t.mtime = st.st_mtim.tv_sec;
		t.mtime_ns = st.st_mtim.tv_nsec;
		t.ctime = st.st_ctim.tv_sec;
		t.ctime_ns = st.st_ctim.tv_nsec;
	}
	(void)crypto_generichash_init(&h, NULL, 0, sizeof one);
	(void)crypto_generichash_update(&h, (const uint8_t *)name, strlen(name) + 1);
	(void)crypto_generichash_update(&h, (const uint8_t *)&t, sizeof t);
	(void)crypto_generichash_final(&h, one, sizeof one);
	for (size_t i = 0; i < sizeof one; i++)
		seen[i] ^= one[i];
}

static void
look_at_all(const struct hs_shell_watch *w, uint8_t seen[static 32])
{
	static const char *const names[] = {"roots", "verify.conf", "revoked"};
	char dir[HS_LISTS_PATH_MAX], path[HS_LISTS_PATH_MAX + 128];
	struct hs_list_subject s;
	const struct dirent *e;
	DIR *d;

	memset(seen, 0, 32);
	hs_shell_folder(w->arg, dir);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		add(seen, AT_FDCWD, path);
	}
	(void)snprintf(path, sizeof path, "%s/roots.d/%s", dir, w->user);
	add(seen, AT_FDCWD, path);
	if (w->folder[0] == '\0' || hs_shell_subject(w->arg, &s) != HS_OK)
		return;
	// the folder's own times tell nothing of a list that is written over
	add(seen, AT_FDCWD, w->folder);
	d = opendir(w->folder);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, s.session, HS_SESSION_ID_LEN) == 0 ||
		    strncmp(e->d_name, "root-", 5) == 0)
			add(seen, dirfd(d), e->d_name);
	if (d != NULL)
		(void)closedir(d);
}

// ---- our own limits

static const unsigned limited[HS_SHELL_LIMITS] = {RLIMIT_NOFILE, RLIMIT_AS, RLIMIT_DATA};

static void
read_limits(rlim_t out[static HS_SHELL_LIMITS])
{
	struct rlimit now;

	for (size_t i = 0; i < HS_SHELL_LIMITS; i++)
		out[i] = getrlimit(limited[i], &now) == 0 ? now.rlim_cur : 0;
}

// Whoever runs below us may lower our limits: what can then not be read is no missing file.
static int
can_look(const struct hs_shell_watch *w, struct hs_err *err)
{
	rlim_t now[HS_SHELL_LIMITS];
	bool lowered = false;
	int fd = open("/", O_PATH | O_CLOEXEC);
	bool none = fd < 0 && errno == EMFILE;

	if (fd >= 0)
		(void)close(fd);
	read_limits(now);
	for (size_t i = 0; i < HS_SHELL_LIMITS; i++)
		lowered = lowered || now[i] < w->limits[i];
	return none || lowered
		   ? hs_fail(err, HS_ERR_IO,
			 "it can no longer be seen whether this was revoked: %s",
			 lowered ? "this process had its limits lowered" : strerror(EMFILE))
		   : HS_OK;
}

// ---- all of it

static void
listen_to(const struct hs_shell_watch *w)
{
	const uint32_t what = IN_CREATE | IN_DELETE | IN_MOVE | IN_CLOSE_WRITE | IN_ATTRIB;
	char dir[HS_LISTS_PATH_MAX];

	if (w->inotify < 0)
		return;
	hs_shell_folder(w->arg, dir);
	// what cannot be listened to is looked at each second
	(void)inotify_add_watch(w->inotify, dir, what);
	if (w->folder[0] != '\0')
		(void)inotify_add_watch(w->inotify, w->folder, what);
}

void
hs_shell_watch_begin(struct hs_shell_watch *w, const struct hs_shell_arg *arg,
    const char *user, const char *folder)
{
	memset(w, 0, sizeof *w);
	w->arg = arg;
	w->user = user;
	(void)hs_str_copy(hs_str_c(folder), w->folder, sizeof w->folder);
	read_limits(w->limits);
	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	listen_to(w);
	look_at_all(w, w->seen);
	w->again = true; // what changed since it was decided is not seen yet
}

static void
drain(int fd)
{
	char events[4096];

	while (fd >= 0 && read(fd, events, sizeof events) > 0)
		;
}

static bool
is_untrusted(int rc)
{
	return rc == HS_NO_ROOT_UNKNOWN || rc == HS_NO_USER_ROOT;
}

int
hs_shell_watch_look(struct hs_shell_watch *w, uint64_t now, struct hs_err *err)
{
	char folder[HS_LISTS_PATH_MAX];
	uint8_t seen[32];
	bool changed;
	int rc;

	if ((rc = can_look(w, err)) != HS_OK)
		return rc;
	drain(w->inotify);
	look_at_all(w, seen);
	changed = memcmp(seen, w->seen, sizeof seen) != 0;
	if (!changed && !w->again)
		return HS_OK;
	memcpy(w->seen, seen, sizeof seen);
	rc = hs_shell_revoked(w->arg, w->user, now, !changed, folder, err);
	// why it could not be read may go without a trace in the files; that a list is too
	// old does not
	w->again = changed || (rc != HS_OK && rc != HS_NO_LIST);
	if (folder[0] != '\0' && strcmp(folder, w->folder) != 0) {
		(void)hs_str_copy(hs_str_c(folder), w->folder, sizeof w->folder);
		w->again = true;
	}
	listen_to(w);
	// a root that is not there yet, in a file that is being written, is there at the
	// next
	if (rc == HS_NO_REVOKED || (is_untrusted(rc) && (!changed || (int)w->last == rc)))
		return rc;
	if (rc != HS_OK && !is_untrusted(rc) && w->last != (enum hs_code)rc)
		hs_note(LOG_WARNING,
		    "what runs is not ended, but nothing would start: %s, %s",
		    hs_code_name((enum hs_code)rc), hs_err_sentence(err));
	w->last = (enum hs_code)rc;
	return HS_OK;
}

void
hs_shell_watch_end(struct hs_shell_watch *w)
{
	if (w->inotify >= 0)
		(void)close(w->inotify);
	w->inotify = -1;
}
