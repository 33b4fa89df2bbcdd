// SPDX-License-Identifier: ISC
//
// The peer's credentials. Contract in peer.h.
#include "agentd/peer.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int
hs_peer_read(int fd, struct hs_peer *out)
{
	struct ucred cred;
	socklen_t len = sizeof cred;
	char link[64];
	ssize_t n;

	*out = (struct hs_peer){0};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 || len != sizeof cred)
		return HS_ERR_IO;
	out->uid = cred.uid;
	out->pid = cred.pid > 0 ? (uint64_t)cred.pid : 0;
	if (cred.pid <= 0)
		return HS_OK;
	(void)snprintf(link, sizeof link, "/proc/%ld/exe", (long)cred.pid);
	n = readlink(link, out->exe, sizeof out->exe - 1);
	out->exe[n > 0 ? n : 0] = '\0';
	return HS_OK;
}

int
hs_peer_allowed(const struct hs_peer *p, uid_t self)
{
	return p->uid == self ? HS_OK : HS_NO_PEER;
}
