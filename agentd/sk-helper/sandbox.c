// SPDX-License-Identifier: ISC
//
// Process-wide hardening of the helper. Contract in sandbox.h.
#include "agentd/sk-helper/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "proto/helper.h"

static bool pin_there;

// A key that is opened as descriptor 1 would be written our answer.
static int
check_stdio(struct hs_err *err)
{
	if (fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) < 0)
		return hs_fail(err, HS_ERR_IO, "standard input or output is closed");
	if (fcntl(STDERR_FILENO, F_GETFD) < 0 && open("/dev/null", O_RDWR) != STDERR_FILENO)
		return hs_fail(err, HS_ERR_IO, "/dev/null: %s", strerror(errno));
	return HS_OK;
}

int
hs_sandbox_enter(struct hs_err *err)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	const struct rlimit none = {0, 0};
	int rc = check_stdio(err);

	if (rc != HS_OK)
		return rc;
	umask(077);
	// told now, since another file that is opened later may get the number
	pin_there = fcntl(HS_HELPER_PIN_FD, F_SETFD, FD_CLOEXEC) == 0;
	if (close_range(HS_HELPER_PIN_FD + 1, UINT_MAX, 0) != 0)
		return hs_fail(err, HS_ERR_IO, "close_range: %s", strerror(errno));
	if (sigaction(SIGPIPE, &ignore, NULL) != 0)
		return hs_fail(err, HS_ERR_IO, "SIGPIPE: %s", strerror(errno));
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return hs_fail(err, HS_ERR_IO, "RLIMIT_CORE: %s", strerror(errno));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0)
		return hs_fail(err, HS_ERR_IO, "prctl: %s", strerror(errno));
	return HS_OK;
}

int
hs_sandbox_pin(bool offered, struct hs_err *err)
{
	if (offered && !pin_there)
		return hs_fail(err, HS_ERR_USAGE,
		    "the request says that a PIN comes on descriptor %d, which is closed",
		    HS_HELPER_PIN_FD);
	if (!offered && pin_there)
		(void)close(HS_HELPER_PIN_FD);
	pin_there = offered;
	return HS_OK;
}
