// SPDX-License-Identifier: ISC
//
// A seat's folder and socket. Who connects to it: the agent it was made for, and whatever
// that starts; other users cannot enter the folder, but the one it is shared with. Contract
// in seatsocket.h.
#include "agentd/seatsocket.h"

#include <dirent.h>
#include <errno.h>
#include <endian.h>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG	   128
#define SUFFIX	   ".seat-"
#define RANDOM	   "XXXXXX"
#define SOCKET	   "agent.sock"
#define LEVELS_MAX 16 // of folders in folders; a path ends before that
#define YOUNG_S	   10
#define COMMON	   "/tmp" // where other users come too
#define SHARED	   COMMON "/handseal" SUFFIX

static int
io_failed(struct hs_refusal *why, const char *what)
{
	hs_fail(&why->err, HS_ERR_IO, "a seat's socket cannot be made: %s: %s", what,
	    strerror(errno));
	return hs_refusal_remedy(why, "see that the socket's folder can be written");
}

// Is there room for a socket in it?
static bool
fits(const char *dir, int len)
{
	const size_t most = sizeof((struct sockaddr_un *)0)->sun_path;

	return dir[0] == '/' && len > 0 && (size_t)len + sizeof "/" SOCKET <= most;
}

// Beside the daemon's own socket, or where no other user may come there, under /tmp. Below
// a seat in that one's folder: an agent in a mount namespace may see no other. Where that
// path would be too long, further out.
static void
name_folder(struct hs_seat *s)
{
	int n = -1;

	if (s->parent != NULL)
		n = snprintf(s->dir, sizeof s->dir, "%s/" RANDOM, s->parent->dir);
	if (!fits(s->dir, n) && s->shared.uid == 0)
		n = snprintf(s->dir, sizeof s->dir, "%s" SUFFIX RANDOM, s->d->set->socket);
	if (!fits(s->dir, n))
		(void)snprintf(s->dir, sizeof s->dir, SHARED RANDOM);
}

static int
make_folder(struct hs_seat *s, struct hs_refusal *why)
{
	name_folder(s);
	if (mkdtemp(s->dir) == NULL) {
		int rc = io_failed(why, s->dir);

		s->dir[0] = '\0';
		return rc;
	}
	(void)snprintf(s->socket, sizeof s->socket, "%.*s/" SOCKET,
	    (int)(sizeof s->socket - sizeof "/" SOCKET), s->dir);
	return HS_OK;
}

// Gives one user that right to what is ours and has no access list; nobody else any. Both
// are in the kernel's own form (acl(5)), so that no library is needed for three numbers.
static int
let_in(const char *path, uint16_t own, uid_t uid, uint16_t right)
{
	const uint32_t nobody = htole32((uint32_t)ACL_UNDEFINED_ID);
	const struct {
		struct posix_acl_xattr_header head;
		struct posix_acl_xattr_entry v[5];
	} list = {{htole32(POSIX_ACL_XATTR_VERSION)},
	    {{htole16(ACL_USER_OBJ), htole16(own), nobody},
		{htole16(ACL_USER), htole16(right), htole32(uid)},
		{htole16(ACL_GROUP_OBJ), 0, nobody},
		{htole16(ACL_MASK), htole16(right), nobody},
		{htole16(ACL_OTHER), 0, nobody}}};

	return lsetxattr(path, "system.posix_acl_access", &list, sizeof list, 0);
}

// The socket first: until the folder is open to that user nobody reaches it.
static int
share(struct hs_seat *s, struct hs_refusal *why)
{
	uid_t uid = s->shared.uid;

	if (let_in(s->socket, ACL_READ | ACL_WRITE, uid, ACL_READ | ACL_WRITE) == 0 &&
	    let_in(s->dir, ACL_READ | ACL_WRITE | ACL_EXECUTE, uid, ACL_EXECUTE) == 0)
		return HS_OK;
	hs_fail(&why->err, HS_ERR_IO, "the seat's socket cannot be shared: %s: %s", s->dir,
	    errno == EOPNOTSUPP ? "this file system has no access lists" : strerror(errno));
	return hs_refusal_remedy(why, "have " COMMON " on a file system with access lists");
}

static int
listen_on(const char *path, int *out)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(sa.sun_path, path, strlen(path) + 1); // make_folder saw to its length
	if (fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0 &&
	    chmod(path, 0600) == 0 && listen(fd, BACKLOG) == 0) {
		*out = fd;
		return 0;
	}
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static void
on_connection(uv_stream_t *listener, int status)
{
	struct hs_seat *s = listener->data;

	if (status == 0)
		(void)hs_conn_accept(s->d, listener, s);
}

static int
open_socket(struct hs_seat *s, struct hs_refusal *why)
{
	int fd = -1;

	if (listen_on(s->socket, &fd) != 0)
		return io_failed(why, s->socket);
	if (uv_pipe_open(&s->listener, fd) != 0) {
		(void)close(fd);
		return io_failed(why, s->socket);
	}
	if (uv_listen((uv_stream_t *)&s->listener, BACKLOG, on_connection) != 0)
		return io_failed(why, s->socket);
	return HS_OK;
}

// The folder of one below a seat is in a folder that an agent may write: what it put in its
// place is not followed.
void
hs_seatsocket_remove(struct hs_seat *s)
{
	int fd = s->dir[0] != '\0'
		     ? open(s->dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
		     : -1;

	if (fd >= 0) {
		(void)unlinkat(fd, SOCKET, 0);
		(void)close(fd);
	}
	if (s->dir[0] != '\0')
		(void)rmdir(s->dir);
}

static void remove_left(int dir, const char *name, unsigned level);

static bool
is_below(const char *name)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	return strlen(name) == sizeof RANDOM - 1 && strspn(name, letters) == strlen(name);
}

// Folders of seats below the one whose folder this is; what else is there stays.
static void
remove_below(int dir, unsigned level)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (fd >= 0 && d == NULL)
		(void)close(fd);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (is_below(e->d_name))
			remove_left(dir, e->d_name, level + 1);
	if (d != NULL)
		closedir(d);
}

static void
remove_left(int dir, const char *name, unsigned level)
{
	int fd = level < LEVELS_MAX
		     ? openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
		     : -1;

	if (fd < 0)
		return;
	(void)unlinkat(fd, SOCKET, 0);
	remove_below(fd, level);
	(void)close(fd);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

// In a common folder another daemon's seats lie too, which is asked by connecting. One that
// is just being made does not listen yet.
static bool
is_left(int dir, const char *name)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct stat st;
	int n = snprintf(sa.sun_path, sizeof sa.sun_path, COMMON "/%s/" SOCKET, name), fd;
	bool left;

	if (n < 0 || (size_t)n >= sizeof sa.sun_path ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode) ||
	    st.st_uid != geteuid() || st.st_mtime + YOUNG_S > time(NULL))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	left = fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof sa) != 0 &&
	       errno == ECONNREFUSED;
	if (fd >= 0)
		(void)close(fd);
	return left;
}

static void
clean(const char *folder, const char *prefix, bool common)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 &&
		    (!common || is_left(dirfd(d), e->d_name)))
			remove_left(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
}

void
hs_seats_clean(const char *socket)
{
	const char *slash = strrchr(socket, '/');
	char folder[PATH_MAX], prefix[NAME_MAX + 1];

	clean(COMMON, SHARED + sizeof COMMON, true);
	if (slash == NULL ||
	    snprintf(prefix, sizeof prefix, "%s" SUFFIX, slash + 1) >= (int)sizeof prefix)
		return;
	(void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - socket), socket);
	clean(folder[0] != '\0' ? folder : "/", prefix, false);
}

int
hs_seatsocket_open(struct hs_seat *s, struct hs_refusal *why)
{
	int rc = make_folder(s, why);

	if (rc == HS_OK)
		rc = open_socket(s, why);
	if (rc == HS_OK && s->shared.uid != 0)
		rc = share(s, why);
	return rc;
}
