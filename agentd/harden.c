// SPDX-License-Identifier: ISC
//
// Process-wide hardening; the session key's own protection is in keys.c. Contract in
// harden.h.
#include "agentd/harden.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define FILES 4096 // HS_CONNS_MAX connections, each with its peer's pidfd, and room

int
hs_harden(struct hs_err *err)
{
	const struct rlimit none = {0, 0};
	struct rlimit files;

	umask(077);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return hs_fail(err, HS_ERR_IO, "PR_SET_DUMPABLE: %s", strerror(errno));
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return hs_fail(err, HS_ERR_IO, "RLIMIT_CORE: %s", strerror(errno));
	// as many connections as are promised, where the hard limit lets us
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < FILES) {
		files.rlim_cur = files.rlim_max < FILES ? files.rlim_max : FILES;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return hs_fail(err, HS_ERR_IO, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
	return HS_OK;
}
