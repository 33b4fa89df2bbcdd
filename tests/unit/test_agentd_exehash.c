// SPDX-License-Identifier: ISC
//
// Hashes of peers' executables: computed once, kept while the file is the same, and given
// up where it changes, cannot be read, is too big or is another by now.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/lib/hashing.h"
#include "tests/lib/world.h"

static void
computed_once(void **state)
{
	struct hashing_asked a = {0};
	int fds;

	(void)state;
	hashing_begin(0);
	hashing_hold();
	fds = world_fds();
	assert_true(hashing_ask(&a));
	assert_int_equal(world_fds(), fds + 1);
	hashing_release();
	hashing_finish();
	hashing_got(&a, HS_OK);
	assert_int_equal(world_fds(), fds);
	assert_false(hashing_ask(&a));
	hashing_got(&a, HS_OK);
	assert_int_equal(world_fds(), fds);
	hashing_end();
}

static void
a_fresh_file_is_not_kept(void **state)
{
	static const uint64_t settled[] = {HS_EXEHASH_SETTLED * 1000, UINT64_MAX};
	struct hashing_asked a = {0};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		hashing_begin(settled[i]);
		for (int k = 0; k < 2; k++) {
			assert_true(hashing_ask(&a));
			hashing_finish();
			hashing_got(&a, HS_OK);
		}
		hashing_end();
	}
}

static void
a_changed_file(void **state)
{
	struct hashing_asked a = {0};

	(void)state;
	hashing_begin(0);
	assert_true(hashing_ask(&a));
	hashing_finish();
	hashing_touch(hashing.path);
	assert_true(hashing_ask(&a));
	hashing_finish();
	hashing_got(&a, HS_OK);
	assert_false(hashing_ask(&a));
	hashing_end();
}

static void
a_deleted_file(void **state)
{
	struct hashing_asked a = {0};

	(void)state;
	hashing_begin(0);
	assert_int_equal(unlink(hashing.path), 0);
	assert_true(hashing_ask(&a));
	hashing_finish();
	hashing_got(&a, HS_OK);
	hashing_end();
}

// A file that runs is not written to, so it has ended before its asker's turn on the pool.
static void
changed_meanwhile(void **state)
{
	struct hashing_asked a = {0};
	int fd;

	(void)state;
	for (int how = 0; how < 3; how++) {
		hashing_begin(0);
		hashing_hold();
		assert_true(hashing_ask(&a));
		assert_int_equal(kill(hashing.one.first, SIGKILL), 0);
		assert_int_equal(waitid(P_PID, (id_t)hashing.one.first, &(siginfo_t){0},
				     WEXITED | WNOWAIT),
		    0);
		fd = open(hashing.path, O_WRONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		if (how == 0)
			hashing_touch(hashing.path);
		else if (how == 1)
			assert_int_equal(pwrite(fd, "x", 1, 0), 1);
		else
			assert_int_equal(ftruncate(fd, 1), 0);
		close(fd);
		hashing_release();
		hashing_finish();
		hashing_got(&a, HS_ERR_IO);
		hashing_end();
	}
}

static void
not_the_peer_any_more(void **state)
{
	struct hashing_asked a = {0};
	char other[PATH_MAX];

	(void)state;
	hashing_begin(0);
	assert_true(hashing_ask(&a));
	hashing_finish();
	hashing_got(&a, HS_OK);
	peers_copy("other", other);
	peers_exec(&hashing.one, other);
	assert_false(hashing_ask(&a));
	hashing_got(&a, HS_NO_SUCH);
	assert_int_equal(unlink(other), 0);
	hashing_end();
	hashing_begin(0);
	hs_peer_close(&hashing.peer);
	assert_false(hashing_ask(&a));
	hashing_got(&a, HS_NO_SUCH);
	hashing_end();
}

static void
too_big(void **state)
{
	struct hashing_asked a = {0};

	(void)state;
	hashing_begin(0);
	hs_peer_close(&hashing.peer);
	peers_stop(&hashing.one);
	assert_int_equal(
	    truncate(hashing.path, (off_t)HS_EXEHASH_FILE_MAX + 1), 0); // sparse
	peers_start(&hashing.one);
	peers_exec(&hashing.one, hashing.path);
	peers_look(&hashing.one, &hashing.peer);
	assert_false(hashing_ask(&a));
	hashing_got(&a, HS_ERR_TOO_LONG);
	hashing_end();
}

// Of a user's own files, one that it may run and not read. As the daemon does it,
// in a process that cannot be dumped.
static int
unreadable(void *unused)
{
	struct hashing_asked a = {0};

	(void)unused;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return PEERS_CANNOT;
	hashing_begin(0);
	if (chmod(hashing.path, 0111) != 0 || !hashing_ask(&a))
		return PEERS_WRONG;
	hashing_finish();
	if (a.calls != 1 || a.code != HS_ERR_IO)
		return PEERS_WRONG;
	if (chmod(hashing.path, 0555) != 0 || !hashing_ask(&a))
		return PEERS_WRONG;
	hashing_finish();
	if (a.calls != 1 || a.code != HS_OK)
		return PEERS_WRONG;
	hashing_end();
	return PEERS_RIGHT;
}

static void
an_unreadable_file(void **state)
{
	(void)state;
	assert_int_equal(chmod(peers_dir, 0777), 0);
	peers_try(unreadable);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_unreadable_file), // before there is a pool
	    cmocka_unit_test(computed_once), cmocka_unit_test(a_fresh_file_is_not_kept),
	    cmocka_unit_test(a_changed_file), cmocka_unit_test(a_deleted_file),
	    cmocka_unit_test(changed_meanwhile), cmocka_unit_test(not_the_peer_any_more),
	    cmocka_unit_test(too_big)};
	int rc = hashing_program(argc, argv);

	if (rc >= 0)
		return rc;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, peers_prepare, peers_clear);
}
