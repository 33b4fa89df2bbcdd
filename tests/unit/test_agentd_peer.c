// SPDX-License-Identifier: ISC
//
// Who is at the other end: real processes that fork, run other programs, hide and end, and
// kernels that know less. That what is read is of one process that was alive, or is
// dropped.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agentd/peer.h"
#include "tests/lib/peers.h"
#include "tests/lib/world.h"

static struct peers_one one;
static struct hs_peer peer;
static char self[PATH_MAX];

// "0::" and the path, read in a way of its own; "" where there is no such line.
static void
cgroup_of(pid_t pid, char out[static 4096])
{
	char path[64], line[4096];
	FILE *f;

	out[0] = '\0';
	(void)snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "0::%255[^\n]", out) == 1)
			break;
	fclose(f);
}

static void
a_process(void **state)
{
	char cwd[PATH_MAX], cgroup[4096];
	struct stat st;
	int fds;

	(void)state;
	assert_non_null(getcwd(cwd, sizeof cwd));
	assert_int_equal(stat(self, &st), 0);
	peers_start(&one);
	peers_name(&one, "a) R 1 (b\n");
	fds = world_fds();
	peers_look(&one, &peer);
	assert_int_equal(world_fds(), fds + 1);
	assert_int_equal(peer.pid, one.pid);
	assert_int_equal(peer.uid, geteuid());
	assert_false(peer.opaque || peer.pidfd_weak || peer.hashed);
	assert_true(peer.pidfd >= 0 && peers_all(&peer));
	assert_int_equal(peer.start, peers_start_of(one.pid));
	assert_string_equal(peer.exe, self);
	assert_int_equal(peer.exe_ino, st.st_ino);
	assert_string_equal(peer.cwd, cwd);
	cgroup_of(one.pid, cgroup);
	assert_string_equal(peer.cgroup, cgroup);
	assert_int_equal(peer.ancestors[0].pid, getpid());
	assert_int_equal(hs_peer_allowed(&peer, geteuid()), HS_OK);
	assert_int_equal(hs_peer_allowed(&peer, geteuid() + 1), HS_NO_PEER);
	hs_peer_close(&peer);
	assert_int_equal(peer.pidfd, -1);
	assert_int_equal(world_fds(), fds);
	hs_peer_close(&peer);
	assert_true(peers_all(&peer)); // what was read stays
	peers_stop(&one);
}

static void
a_copy_owns_nothing(void **state)
{
	struct hs_peer copy;

	(void)state;
	peers_start(&one);
	peers_look(&one, &peer);
	hs_peer_copy(&copy, &peer);
	assert_int_equal(copy.pidfd, -1);
	assert_true(hs_peer_same(&copy, &peer) && peers_all(&copy));
	assert_int_equal(hs_peer_open_exe(&copy), -1);
	hs_peer_close(&copy);
	assert_int_equal(fcntl(peer.pidfd, F_GETFD), FD_CLOEXEC);
	hs_peer_close(&peer);
	peers_stop(&one);
}

static void
what_is_no_peer(void **state)
{
	int ends[2], sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	peer.pidfd = 0;
	assert_int_equal(hs_peer_read(ends[0], &peer), HS_ERR_IO);
	assert_int_equal(peer.pidfd, -1);
	assert_int_equal(hs_peer_read(sock, &peer), HS_OK); // connected to nobody
	assert_true(peer.opaque && peers_nothing(&peer));
	assert_int_equal(hs_peer_allowed(&peer, geteuid()), HS_NO_PEER);
	hs_peer_close(&peer);
	close(ends[0]);
	close(ends[1]);
	close(sock);
}

// ---- programs

static void
another_program(void **state)
{
	struct hs_peer before, after;
	char path[PATH_MAX], gone[PATH_MAX + 16];
	struct stat st;
	int fd;

	(void)state;
	peers_copy("other", path);
	assert_int_equal(stat(path, &st), 0);
	peers_start(&one);
	peers_look(&one, &before);
	fd = hs_peer_open_exe(&before);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	peers_dial(&one);
	peers_exec(
	    &one, path); // between connecting and being looked at: seen as what it is
	fd = peers_accept();
	assert_int_equal(hs_peer_read(fd, &after), HS_OK);
	close(fd);
	assert_string_equal(before.exe, self);
	assert_string_equal(after.exe, path);
	assert_int_equal(after.exe_ino, st.st_ino);
	assert_true(before.pid == after.pid && before.start == after.start);
	assert_false(hs_peer_same(&before, &after));
	assert_int_equal(hs_peer_open_exe(&before), -1); // it runs another by now
	assert_int_equal(unlink(path), 0);
	fd = hs_peer_open_exe(&after);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_ino, after.exe_ino);
	close(fd);
	hs_peer_close(&before);
	hs_peer_close(&after);
	peers_look(&one, &after);
	(void)snprintf(gone, sizeof gone, "%s (deleted)", path);
	assert_string_equal(after.exe, gone);
	assert_false(hs_peer_same(&after, &(struct hs_peer){.pid = after.pid}));
	hs_peer_close(&after);
	peers_stop(&one);
}

// Undumpable, and not our privilege to look: it is there, and its program is unknown.
static int
hidden(void *unused)
{
	int rc;

	(void)unused;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return PEERS_CANNOT;
	peers_start(&one);
	peers_hide(&one);
	peers_look(&one, &peer);
	rc = peer.pidfd >= 0 && peer.start == peers_start_of(one.pid) &&
	     peer.nancestors > 0 && peer.exe[0] == '\0' && peer.cwd[0] == '\0' &&
	     peer.exe_ino == 0 && hs_peer_open_exe(&peer) == -1;
	peers_stop(&one);
	return rc ? PEERS_RIGHT : PEERS_WRONG;
}

static void
a_hidden_process(void **state)
{
	(void)state;
	peers_try(hidden);
}

// ---- ancestors

static void
deep(void **state)
{
	struct hs_procfs_id line[40]; // the last is the peer
	const struct hs_procfs_id *us = line;
	size_t n = sizeof line / sizeof line[0];

	(void)state;
	peers_start(&one);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			peers_fork(&one);
		line[i] = (struct hs_procfs_id){(uint64_t)one.pid, peers_start_of(one.pid)};
	}
	peers_look(&one, &peer);
	assert_int_equal(peer.pid, line[n - 1].pid);
	assert_int_equal(peer.nancestors, HS_ANCESTORS_MAX);
	us += n - 1;
	assert_int_equal(hs_peer_distance(&peer, us->pid, us->start), 0); // itself
	for (size_t i = 1; i < n; i++) {
		size_t want = i <= HS_ANCESTORS_MAX ? i : 0;

		us--;
		assert_int_equal(hs_peer_distance(&peer, us->pid, us->start), want);
		assert_int_equal(hs_peer_below(&peer, us->pid, us->start), want != 0);
		assert_false(hs_peer_below(&peer, us->pid, us->start + 1));
		assert_false(hs_peer_below(&peer, us->pid + 1000000, us->start));
	}
	assert_false(hs_peer_below(&peer, 1, peers_start_of(1)));
	assert_false(hs_peer_below(&peer, 0, 0));
	hs_peer_close(&peer);
	peers_stop(&one);
}

static void
up_to_the_first(void **state)
{
	(void)state;
	peers_start(&one);
	peers_look(&one, &peer);
	assert_true(peer.nancestors > 0 && peer.nancestors < HS_ANCESTORS_MAX);
	assert_int_equal(
	    hs_peer_distance(&peer, (uint64_t)getpid(), peers_start_of(getpid())), 1);
	for (size_t i = 0; i < peer.nancestors; i++) {
		assert_true(peer.ancestors[i].pid > 1);
		assert_int_equal(
		    peer.ancestors[i].start, peers_start_of((pid_t)peer.ancestors[i].pid));
	}
	hs_peer_close(&peer);
	peers_stop(&one);
}

// Its parent ends: it is handed to the nearest subreaper, and below that from then on.
static void
an_orphan(void **state)
{
	struct hs_procfs_id reaper, parent;
	bool handed = false;

	(void)state;
	peers_start(&one);
	peers_reap(&one);
	reaper = (struct hs_procfs_id){(uint64_t)one.pid, peers_start_of(one.pid)};
	peers_fork(&one);
	parent = (struct hs_procfs_id){(uint64_t)one.pid, peers_start_of(one.pid)};
	peers_fork(&one);
	peers_look(&one, &peer);
	assert_int_equal(hs_peer_distance(&peer, parent.pid, parent.start), 1);
	assert_int_equal(hs_peer_distance(&peer, reaper.pid, reaper.start), 2);
	hs_peer_close(&peer);
	assert_int_equal(kill((pid_t)parent.pid, SIGKILL), 0);
	for (int i = 0; !handed && i < PEERS_DEADLINE_MS / 20; i++) {
		peers_look(&one, &peer);
		handed = peer.nancestors > 0 && peer.ancestors[0].pid == reaper.pid;
		hs_peer_close(&peer);
		usleep(20000);
	}
	assert_true(handed);
	assert_int_equal(hs_peer_distance(&peer, reaper.pid, reaper.start), 1);
	assert_false(hs_peer_below(&peer, parent.pid, parent.start));
	peers_stop(&one);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_process),
	    cmocka_unit_test(a_copy_owns_nothing), cmocka_unit_test(what_is_no_peer),
	    cmocka_unit_test(another_program), cmocka_unit_test(a_hidden_process),
	    cmocka_unit_test(deep), cmocka_unit_test(up_to_the_first),
	    cmocka_unit_test(an_orphan)};
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	int rc = peers_program(argc, argv);

	if (rc >= 0)
		return rc;
	if (n <= 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, peers_prepare, peers_clear);
}
