// SPDX-License-Identifier: ISC
//
// The peer's credentials. Contract in peer.h.
#include "agentd/peer.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void
read_link(pid_t pid, const char *what, char out[static PATH_MAX])
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof link, "/proc/%ld/%s", (long)pid, what);
	n = readlink(link, out, PATH_MAX - 1);
	out[n > 0 ? n : 0] = '\0';
}

int
hs_peer_read(int fd, struct hs_peer *out)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	*out = (struct hs_peer){0};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 || len != sizeof cred)
		return HS_ERR_IO;
	out->uid = cred.uid;
	out->pid = cred.pid > 0 ? (uint64_t)cred.pid : 0;
	if (cred.pid <= 0)
		return HS_OK;
	read_link(cred.pid, "exe", out->exe);
	read_link(cred.pid, "cwd", out->cwd);
	return HS_OK;
}

int
hs_peer_allowed(const struct hs_peer *p, uid_t self)
{
	return p->uid == self ? HS_OK : HS_NO_PEER;
}
