// SPDX-License-Identifier: ISC
//
// A world in which a client asks for more, another one looks on and a third answers: for
// the tests of what becomes of an asking. Only for tests that are linked with agentd's
// objects.
#ifndef HS_TESTS_ASKING_H
#define HS_TESTS_ASKING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "agentd/touch.h"
#include "proto/names.h"
#include "tests/lib/world.h"

#define SCOPE "max-ttl 60\nmax-uses *\n\naddr *\nhost web1\nuser deploy\n"

static const char policy[] = "Agent claude\n    Scope *\n";
static struct world w;
static int watcher, other;
static char code[4];
static struct hs_rd body;

static inline void
begin(const char *how, uint32_t show_ms)
{
	world_helper(how);
	world_set.show_ms = show_ms;
	world_set.gap_ms = 0;
	world_policy(policy);
	world_begin(&w);
	watcher = world_dial();
	world_watch(&w, watcher);
	other = world_dial();
}

static inline void
request(void)
{
	world_request(&w, w.client, SCOPE, "claude", "to look");
	world_asked(&w, w.client, HS_EXT_REQUEST, code);
}

static inline void
end(void)
{
	world_end(&w);
	close(watcher);
	close(other);
}

#endif
