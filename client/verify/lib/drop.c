// SPDX-License-Identifier: ISC
//
// Giving up what is not needed. Contract in drop.h.
#include "client/verify/lib/drop.h"

#include <sys/prctl.h>
#include <sys/resource.h>

static struct rlimit core_before;
static bool core_saved;

int
hs_drop_enter(bool no_new_privs)
{
	struct rlimit none;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return -1;
	if (getrlimit(RLIMIT_CORE, &core_before) != 0)
		return -1;
	none = core_before;
	none.rlim_cur = 0;
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return -1;
	core_saved = true;
	if (no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return 0;
}

void
hs_drop_leave(void)
{
	if (core_saved)
		(void)setrlimit(RLIMIT_CORE, &core_before);
}
