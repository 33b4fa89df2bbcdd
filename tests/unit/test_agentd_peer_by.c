// SPDX-License-Identifier: ISC
//
// Who ran `handseal`: real processes below each other, each of them a copy of this program
// under some name. The nearest that is another program counts; what has ended, may not be
// seen, or is no ancestor any more does not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/lib/peers.h"

static struct peers_one one;
static struct hs_peer peer;
static char client[PATH_MAX], agent[PATH_MAX];

// A chain of those programs, the last of which connects.
static void
chain(const char *const *programs, size_t n)
{
	peers_start(&one);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			peers_fork(&one);
		peers_exec(&one, programs[i]);
	}
	peers_look(&one, &peer);
	hs_peer_read_by(&peer, client);
}

static void
end(void)
{
	hs_peer_close(&peer);
	peers_stop(&one);
}

static void
whoever_ran_it(void **state)
{
	const char *const programs[] = {agent, client};

	(void)state;
	chain(programs, 2);
	assert_true(peer.fronts);
	assert_string_equal(peer.exe, client);
	assert_string_equal(peer.by, agent);
	assert_string_equal(hs_peer_hint(&peer), agent);
	hs_peer_forward(&peer, NULL); // not where it may be another host's
	assert_string_equal(hs_peer_hint(&peer), "");
	end();
}

static void
behind_itself(void **state)
{
	const char *const programs[] = {agent, client, client, client};

	(void)state;
	chain(programs, 4);
	assert_string_equal(peer.by, agent);
	end();
}

static void
nobody_else_asks_for_another(void **state)
{
	const char *const programs[] = {client, agent};

	(void)state;
	chain(programs, 2);
	assert_false(peer.fronts);
	assert_string_equal(peer.by, "");
	assert_string_equal(hs_peer_hint(&peer), agent);
	hs_peer_read_by(&peer, ""); // where it is not known which program `handseal` is
	assert_false(peer.fronts);
	end();
}

// Pids are used again: another process of that pid is no ancestor.
static void
another_process_of_that_pid(void **state)
{
	const char *const programs[] = {agent, client};

	(void)state;
	chain(programs, 2);
	peer.by[0] = '\0';
	peer.ancestors[0].start++;
	hs_peer_read_by(&peer, client);
	assert_true(peer.fronts);
	assert_string_equal(peer.by, "");
	assert_string_equal(hs_peer_hint(&peer), ""); // and not `handseal` itself
	end();
}

static void
one_that_has_ended(void **state)
{
	const char *const programs[] = {agent, client};

	(void)state;
	chain(programs, 2);
	peer.by[0] = '\0';
	assert_int_equal(kill(one.first, SIGKILL), 0);
	assert_int_equal(waitpid(one.first, NULL, 0), one.first);
	hs_peer_read_by(&peer, client);
	assert_string_equal(peer.by, "");
	assert_int_equal(kill(one.pid, SIGKILL), 0);
	close(one.hold);
	close(one.said);
	hs_peer_close(&peer);
}

static void
and_the_one_who_asks(void **state)
{
	const char *const programs[] = {agent, client};
	struct pollfd gone;

	(void)state;
	chain(programs, 2);
	peer.by[0] = '\0';
	assert_int_equal(kill(one.pid, SIGKILL), 0);
	gone = (struct pollfd){.fd = peer.pidfd, .events = POLLIN};
	assert_int_equal(poll(&gone, 1, PEERS_DEADLINE_MS), 1);
	hs_peer_read_by(&peer, client);
	assert_string_equal(peer.by, "");
	end();
}

// An ancestor that may not be looked at is one that nobody knows, and not the next one.
static int
hidden(void *unused)
{
	int rc;

	(void)unused;
	if (geteuid() == 0 && (chmod(peers_dir, 0755) != 0 || chmod(agent, 0755) != 0 ||
				  chmod(client, 0755) != 0))
		return PEERS_WRONG;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return PEERS_CANNOT;
	peers_start(&one);
	peers_exec(&one, agent);
	peers_fork(&one);
	peers_hide(&one);
	peers_fork(&one);
	peers_exec(&one, client);
	peers_look(&one, &peer);
	hs_peer_read_by(&peer, client);
	rc = peer.fronts && peer.nancestors > 1 && peer.by[0] == '\0';
	peers_stop(&one);
	return rc ? PEERS_RIGHT : PEERS_WRONG;
}

static void
a_hidden_one(void **state)
{
	(void)state;
	peers_try(hidden);
}

static int
prepare(void **state)
{
	if (peers_prepare(state) != 0)
		return -1;
	peers_copy("handseal", client);
	peers_copy("agent", agent);
	return 0;
}

static int
clear(void **state)
{
	(void)unlink(client);
	(void)unlink(agent);
	return peers_clear(state);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(whoever_ran_it),
	    cmocka_unit_test(behind_itself), cmocka_unit_test(nobody_else_asks_for_another),
	    cmocka_unit_test(another_process_of_that_pid),
	    cmocka_unit_test(one_that_has_ended), cmocka_unit_test(and_the_one_who_asks),
	    cmocka_unit_test(a_hidden_one)};
	int rc = peers_program(argc, argv);

	if (rc >= 0)
		return rc;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, prepare, clear);
}
