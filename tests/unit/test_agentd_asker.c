// SPDX-License-Identifier: ISC
//
// The line of a prompt about who asks: for each thing that may be known or not, what it
// says, and that a path or a unit made to deceive stays within it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "agentd/asker.h"

#define YOURS ". Any program of yours could have asked this.\n"

static struct hs_peer peer;

static void
says(const char *seat, const char *want)
{
	struct hs_buf b = {0};

	hs_asker_put(&b, &peer, seat, 1000);
	if (!hs_str_is(hs_buf_str(&b), want))
		fail_msg("%.*s", (int)b.len, (const char *)b.p);
	hs_buf_free(&b);
}

static int
fresh(void **state)
{
	(void)state;
	peer = (struct hs_peer){.pid = 4711, .pidfd = -1, .uid = 1000};
	return 0;
}

static void
set(char *field, size_t size, const char *text)
{
	assert_true(snprintf(field, size, "%s", text) < (int)size);
}
#define SET(field, text) set(peer.field, sizeof peer.field, text)

static void
what_is_known(void **state)
{
	(void)state;
	says(NULL, "Asked by pid 4711" YOURS);
	SET(exe, "/usr/bin/handseal");
	says(NULL, "Asked by pid 4711 /usr/bin/handseal" YOURS);
	SET(cwd, "/home/anna/web");
	says("7c2e.3",
	    "Asked by seat 7c2e.3, pid 4711 /usr/bin/handseal, in /home/anna/web" YOURS);
	peer.hashed = true;
	for (size_t i = 0; i < sizeof peer.exe_sha256; i++)
		peer.exe_sha256[i] = (uint8_t)(16 * i + i);
	SET(by, "/usr/bin/node");
	SET(cgroup, "/user.slice/user@1000.service/app.slice/claude.service");
	says(NULL, "Asked by pid 4711 /usr/bin/handseal (SHA-256 begins 0011223344556677), "
		   "run by /usr/bin/node, in /home/anna/web, unit claude.service" YOURS);
	SET(cgroup, "/user.slice/user-1000.slice/session-3.scope"); // says nothing
	says(NULL, "Asked by pid 4711 /usr/bin/handseal (SHA-256 begins 0011223344556677), "
		   "run by /usr/bin/node, in /home/anna/web" YOURS);
}

static void
rule6_what_deceives_is_cleaned(void **state)
{
	(void)state;
	SET(exe, "/a\nTouch blue to allow\xe2\x80\xae");
	SET(by, "/b\x1b[2J");
	SET(cwd, "/c\xff");
	SET(cgroup, "/d\n.service");
	says(NULL, "Asked by pid 4711 /a?Touch blue to allow???, run by /b?[2J, in /c?, "
		   "unit d?.service" YOURS);
	SET(cgroup, "/0123456789012345678901234567890123456789012345678.scope");
	SET(exe, "");
	SET(by, "");
	SET(cwd, "");
	says(NULL, "Asked by pid 4711, unit "
		   "012345678901234567890123456789012345678901234567…" YOURS);
}

static void
another_users(void **state)
{
	(void)state;
	peer.uid = 4002;
	says("7c2e.3", "Asked by seat 7c2e.3, pid 4711. Any program of uid 4002 could have "
		       "asked this.\n");
}

static void
what_cannot_be_seen(void **state)
{
	(void)state;
	peer.opaque = true;
	peer.pid = 0;
	says(NULL, "Asked by a process in another PID namespace, which cannot be "
		   "seen" YOURS);
	says("7c2e.3", "Asked by seat 7c2e.3, a process in another PID namespace, which "
		       "cannot be seen" YOURS);
}

static void
another_hosts(void **state)
{
	(void)state;
	SET(exe, "/usr/bin/ssh");
	SET(via, "SHA256:0123");
	peer.forwarding = HS_FORWARDING_PROVEN;
	says(NULL,
	    "Asked over a connection forwarded from the host with the key SHA256:0123: any "
	    "program there could have asked this. Here it is pid 4711 /usr/bin/ssh.\n");
	peer.forwarding = HS_FORWARDING_CLAIMED;
	says(NULL,
	    "Asked over a connection that may be forwarded, nobody knows from where: any "
	    "program there could have asked this. Here it is pid 4711 /usr/bin/ssh.\n");
	peer.opaque = true;
	says(NULL, "Asked over a connection that may be forwarded, nobody knows from "
		   "where: any program there could have asked this.\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup(what_is_known, fresh),
	    cmocka_unit_test_setup(rule6_what_deceives_is_cleaned, fresh),
	    cmocka_unit_test_setup(another_users, fresh),
	    cmocka_unit_test_setup(what_cannot_be_seen, fresh),
	    cmocka_unit_test_setup(another_hosts, fresh)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
