// SPDX-License-Identifier: ISC
//
// Peers over the borders of PID namespaces: one that is outside of ours is opaque, one in a
// namespace below ours is seen as any other, and a /proc that counts otherwise than we do
// is not believed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/lib/peers.h"

static struct peers_one one;
static struct hs_peer peer;
static int outside[2]; // what is said to who stays outside

// Runs fn as the first process of a new PID namespace.
static int
within(int (*fn)(void *), void *arg)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0)
		return PEERS_CANNOT;
	pid = fork();
	if (pid == 0)
		_exit(fn(arg));
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
								    : PEERS_WRONG;
}

static int
see_who_is_outside(void *unused)
{
	int fd;

	(void)unused;
	if (write(outside[1], "x", 1) != 1)
		return PEERS_WRONG;
	fd = peers_accept();
	if (hs_peer_read(fd, &peer) != HS_OK)
		return PEERS_WRONG;
	return peer.pid == 0 && peer.opaque && peers_nothing(&peer) ? PEERS_RIGHT
								    : PEERS_WRONG;
}

static int
from_within(void *unused)
{
	(void)unused;
	return within(see_who_is_outside, NULL);
}

static void
rule9_outside_of_ours(void **state)
{
	int status;
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(outside), 0);
	peers_start(&one); // out here
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(from_within(NULL));
	close(outside[1]);
	if (read(outside[0], &c, 1) == 1)
		peers_dial(&one);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(outside[0]);
	peers_stop(&one);
	if (WIFEXITED(status) && WEXITSTATUS(status) == PEERS_CANNOT)
		skip();
	assert_int_equal(status, 0);
}

// /proc is still that of outside: number 2 is somebody else's there.
static int
see_by_a_foreign_proc(void *unused)
{
	(void)unused;
	peers_start(&one);
	peers_look(&one, &peer);
	if (peer.pid != (uint64_t)one.pid || peer.opaque || peer.pidfd < 0)
		return PEERS_WRONG;
	return peers_nothing(&peer) ? PEERS_RIGHT : PEERS_WRONG;
}

static int
see_by_its_own_proc(void *unused)
{
	(void)unused;
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) != 0)
		return PEERS_CANNOT;
	peers_start(&one);
	peers_look(&one, &peer);
	// its parent is number 1 here, which is nobody's ancestor
	return peer.start != 0 && peer.exe[0] == '/' && peer.cwd[0] == '/' &&
		       peer.nancestors == 0
		   ? PEERS_RIGHT
		   : PEERS_WRONG;
}

static int
foreign(void *unused)
{
	(void)unused;
	return within(see_by_a_foreign_proc, NULL);
}

static int
own(void *unused)
{
	(void)unused;
	return within(see_by_its_own_proc, NULL);
}

static void
a_proc_that_counts_otherwise(void **state)
{
	(void)state;
	peers_try(foreign);
}

static void
a_proc_that_counts_alike(void **state)
{
	(void)state;
	peers_try(own);
}

static int
be_below(void *unused)
{
	(void)unused;
	peers_start(&one);
	peers_dial(&one);
	peers_stop(&one);
	return PEERS_RIGHT;
}

// Dials from a namespace below, and stays until it is looked at.
static int
dial_from_below(void *arg)
{
	(void)arg;
	return within(be_below, NULL);
}

static int
stay(void *until)
{
	char c;

	peers_start(&one);
	peers_dial(&one);
	if (read(*(int *)until, &c, 1) != 0)
		return PEERS_WRONG;
	peers_stop(&one);
	return PEERS_RIGHT;
}

static void
below_ours(void **state)
{
	int until[2], status, fd;
	pid_t pid;

	(void)state;
	if (peers_apart(dial_from_below, NULL) == PEERS_CANNOT)
		skip();
	close(peers_accept());
	assert_int_equal(pipe(until), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(until[1]);
		_exit(within(stay, &until[0]));
	}
	fd = peers_accept();
	assert_int_equal(hs_peer_read(fd, &peer), HS_OK);
	assert_true(peer.pid > 2 && !peer.opaque && peer.exe[0] == '/');
	// the namespace's first process, who made that, and the test
	assert_int_equal(peer.nancestors > 2 ? peer.ancestors[1].pid : 0, pid);
	assert_int_equal(peer.ancestors[2].pid, getpid());
	hs_peer_close(&peer);
	close(fd);
	close(until[0]);
	close(until[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule9_outside_of_ours),
	    cmocka_unit_test(a_proc_that_counts_otherwise),
	    cmocka_unit_test(a_proc_that_counts_alike), cmocka_unit_test(below_ours)};
	int rc = peers_program(argc, argv);

	if (rc >= 0)
		return rc;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, peers_prepare, peers_clear);
}
