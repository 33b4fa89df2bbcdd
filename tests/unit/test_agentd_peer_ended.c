// SPDX-License-Identifier: ISC
//
// Peers that end: before they are looked at, after, and in the middle; and kernels that
// know less. What is read is of one process that was alive, or it is dropped.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/lib/peers.h"
#include "tests/lib/syscalls.h"
#include "tests/lib/world.h"

#define SO_PEERPIDFD_NR 77

static struct peers_one one;
static struct hs_peer peer;

static void
end(bool reaped)
{
	assert_int_equal(kill(one.first, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)one.first, &(siginfo_t){0},
			     reaped ? WEXITED : WEXITED | WNOWAIT),
	    0);
}

static void
ended_before(void **state)
{
	int fd;

	(void)state;
	for (int reaped = 0; reaped < 2; reaped++) {
		peers_start(&one);
		peers_dial(&one);
		fd = peers_accept();
		end(reaped);
		assert_int_equal(hs_peer_read(fd, &peer), HS_OK);
		assert_int_equal(peer.pid, one.pid);
		assert_int_equal(peer.uid, geteuid());
		assert_true(peers_nothing(&peer) && !peer.opaque && !peer.pidfd_weak);
		assert_int_equal(hs_peer_open_exe(&peer), -1);
		hs_peer_close(&peer);
		close(fd);
		close(one.hold);
		close(one.said);
		if (!reaped)
			assert_int_equal(waitpid(one.first, NULL, 0), one.first);
	}
}

static void
ended_since(void **state)
{
	(void)state;
	for (int reaped = 0; reaped < 2; reaped++) {
		peers_start(&one);
		peers_look(&one, &peer);
		end(reaped);
		assert_true(peers_all(&peer)); // of what it was then
		assert_int_equal(hs_peer_open_exe(&peer), -1);
		hs_peer_close(&peer);
		close(one.hold);
		close(one.said);
		if (!reaped)
			assert_int_equal(waitpid(one.first, NULL, 0), one.first);
	}
}

static void
kill_it(void *pid)
{
	(void)kill(*(pid_t *)pid, SIGKILL);
	(void)waitid(P_PID, (id_t) * (pid_t *)pid, &(siginfo_t){0}, WEXITED | WNOWAIT);
}

// It ends after it was seen alive, and while it is read: a zombie still has a stat.
static int
ends_meanwhile(void *unused)
{
	int fd;

	(void)unused;
	peers_start(&one);
	peers_dial(&one);
	fd = peers_accept();
	if (!syscalls_stop(SYS_statx, kill_it, &one.first))
		return PEERS_CANNOT;
	if (hs_peer_read(fd, &peer) != HS_OK || peer.pid != (uint64_t)one.pid ||
	    peer.pidfd < 0)
		return PEERS_WRONG;
	return peers_nothing(&peer) && peers_start_of(one.pid) != 0 ? PEERS_RIGHT
								    : PEERS_WRONG;
}

static int
ends_while_opened(void *unused)
{
	int fds;

	(void)unused;
	peers_start(&one);
	peers_look(&one, &peer);
	if (!peers_all(&peer) || !syscalls_stop(SYS_statx, kill_it, &one.first))
		return PEERS_CANNOT;
	fds = world_fds();
	return hs_peer_open_exe(&peer) == -1 && world_fds() == fds ? PEERS_RIGHT
								   : PEERS_WRONG;
}

static void
ended_meanwhile(void **state)
{
	(void)state;
	peers_try(ends_meanwhile);
	peers_try(ends_while_opened);
}

// ---- other kernels

static int
older(void *unused)
{
	(void)unused;
	peers_start(&one);
	if (!syscalls_fail(SYS_getsockopt, 2, SO_PEERPIDFD_NR, ENOPROTOOPT))
		return PEERS_CANNOT;
	peers_look(&one, &peer);
	if (peer.pidfd < 0 || !peer.pidfd_weak || !peers_all(&peer))
		return PEERS_WRONG;
	kill_it(&one.first);
	if (hs_peer_open_exe(&peer) != -1)
		return PEERS_WRONG;
	hs_peer_close(&peer);
	return PEERS_RIGHT;
}

static int
oldest(void *unused)
{
	(void)unused;
	peers_start(&one);
	if (!syscalls_fail(SYS_getsockopt, 2, SO_PEERPIDFD_NR, ENOPROTOOPT) ||
	    !syscalls_fail(SYS_pidfd_open, -1, 0, ENOSYS))
		return PEERS_CANNOT;
	peers_look(&one, &peer);
	return peer.pidfd == -1 && peer.pid == (uint64_t)one.pid && peers_nothing(&peer)
		   ? PEERS_RIGHT
		   : PEERS_WRONG;
}

// Kernels before 6.16 say so of a peer that was reaped. Its number is not asked for then.
static int
reaped_on_older(void *unused)
{
	(void)unused;
	peers_start(&one);
	if (!syscalls_fail(SYS_getsockopt, 2, SO_PEERPIDFD_NR, ESRCH))
		return PEERS_CANNOT;
	peers_look(&one, &peer);
	return peer.pidfd == -1 && !peer.pidfd_weak && peers_nothing(&peer) ? PEERS_RIGHT
									    : PEERS_WRONG;
}

static int
no_statx(void *unused)
{
	(void)unused;
	peers_start(&one);
	if (!syscalls_fail(SYS_statx, -1, 0, ENOSYS))
		return PEERS_CANNOT;
	peers_look(&one, &peer);
	return peer.start != 0 && peer.cwd[0] == '/' && peer.exe[0] == '\0' &&
		       peer.exe_ino == 0
		   ? PEERS_RIGHT
		   : PEERS_WRONG;
}

static void
kernels_that_know_less(void **state)
{
	(void)state;
	peers_try(older);
	peers_try(oldest);
	peers_try(reaped_on_older);
	peers_try(no_statx);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(ended_before),
	    cmocka_unit_test(ended_since), cmocka_unit_test(ended_meanwhile),
	    cmocka_unit_test(kernels_that_know_less)};
	int rc = peers_program(argc, argv);

	if (rc >= 0)
		return rc;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, peers_prepare, peers_clear);
}
