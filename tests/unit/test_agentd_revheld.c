// SPDX-License-Identifier: ISC
//
// Revoking on a disk that takes its time: the syncs of the state folder wait where the test
// says, or fail. Others are served meanwhile, nothing is answered before it is on disk
// (rules 5 and 7), and what is under way survives whatever else happens. What is revoked is
// test_agentd_revoke.c's.
#include "tests/lib/revoking.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include "agentd/revocation.h"

static atomic_int allowed = -1; // so many syncs may go on; -1: all
static atomic_int stuck;	// so many wait
static atomic_bool broken;	// they fail
static atomic_bool on_loop;	// one came on the loop's thread, where nobody may wait
static atomic_bool watched;
static pthread_t loop_thread;

static bool
is_state(int fd)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return strncmp(path, world_set.state_dir, strlen(world_set.state_dir)) == 0;
}

static bool
may_go(void)
{
	int n = atomic_load(&allowed);

	while (n > 0)
		if (atomic_compare_exchange_weak(&allowed, &n, n - 1))
			return true;
	return n < 0;
}

// All syncs of this program come here.
static int
sync_it(int fd, long call)
{
	if (is_state(fd) && atomic_load(&watched)) {
		if (pthread_equal(pthread_self(), loop_thread)) {
			atomic_store(&on_loop, true);
		} else {
			atomic_fetch_add(&stuck, 1);
			while (!may_go())
				(void)usleep(500);
			atomic_fetch_sub(&stuck, 1);
		}
		if (atomic_load(&broken)) {
			errno = EIO;
			return -1;
		}
	}
	return (int)syscall(call, fd);
}

int
fsync(int fd)
{
	return sync_it(fd, SYS_fsync);
}

int
fdatasync(int fd)
{
	return sync_it(fd, SYS_fdatasync);
}

// From here on so many go on.
static void
hold(int n)
{
	loop_thread = pthread_self();
	atomic_store(&allowed, n);
	atomic_store(&watched, true);
}

static void
let_go(void)
{
	atomic_store(&allowed, -1);
}

static void
end_held(void)
{
	let_go();
	end();
	atomic_store(&watched, false);
	assert_false(atomic_exchange(&on_loop, false));
}

static bool
answered(int sock)
{
	char c;

	return recv(sock, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

// Turns until a sync waits; false: there was an answer, so none did.
static bool
is_stuck(int sock)
{
	for (int i = 0; i < WORLD_DEADLINE_MS; i++) {
		if (sock >= 0 && answered(sock)) // lists that are due may wait then
			return false;
		// the last that went on may still be counted
		if (atomic_load(&allowed) == 0 && atomic_load(&stuck) > 0)
			return true;
		world_turn(&w);
	}
	fail_msg("no sync, and no answer");
	return false;
}

static void
turn(void)
{
	for (int i = 0; i < 50; i++)
		world_turn(&w);
}

static void
is_served(int sock)
{
	world_request(&w, sock, SCOPE, "claude", "");
	assert_int_equal(world_reply(&w, sock, HS_EXT_REQUEST, &body), HS_AGENT_DONE);
}

// Where there is no session any more: an answer that is recorded, too.
static void
is_told(int sock)
{
	send_revoke(sock, HS_REVOKE_AGENT, "nobody");
	world_refused(&w, sock, HS_EXT_REVOKE, HS_NO_SUCH);
}

// The file `revoked`; *n: its lines.
static const char *
remembered(size_t *n)
{
	static struct hs_buf data;
	char path[PATH_MAX + 64];

	(void)snprintf(path, sizeof path, "%s/revoked", world_set.state_dir);
	hs_buf_reset(&data);
	assert_true(keygen_read(path, &data));
	*n = 0;
	for (size_t i = 0; i < data.len; i++)
		*n += data.p[i] == '\n';
	hs_put_u8(&data, 0);
	assert_int_equal(hs_buf_err(&data), HS_OK);
	return (const char *)data.p;
}

static bool
is_remembered(const char *session, const char *serials)
{
	char line[64];
	size_t n;

	(void)snprintf(line, sizeof line, " %s %s ", session, serials);
	return strstr(remembered(&n), line) != NULL;
}

// Wherever the disk stands still.
static void
rule7_others_are_served(void **unused)
{
	static const enum hs_agent_revoke_what whats[] = {HS_REVOKE_IDS, HS_REVOKE_SESSION};
	struct hs_buf key = {0};
	char session[HS_SESSION_ID_LEN + 1];
	int other, second, k;
	bool waits;

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		bool whole = whats[i] == HS_REVOKE_SESSION;

		for (k = 0, waits = true; waits; k++) {
			begin(POLICY);
			other = world_dial();
			second = world_dial();
			open_session();
			memcpy(session, w.d.session.id, sizeof session);
			make();
			assert_int_equal(list(&key), 1);
			hold(k);
			send_revoke(other, whats[i], whole ? session : id);
			waits = is_stuck(other);
			if (waits) {
				assert_false(answered(other));
				assert_int_equal(w.d.session.open, !whole);
				if (!whole) {
					assert_false(signs(&key, "deploy"));
					assert_int_equal(list(&key), 0);
					is_served(w.client);
				} else {
					assert_null(w.d.seats);
					is_told(second);
				}
				assert_false(answered(other));
				let_go();
			}
			assert_int_equal(take_answer(other), 1);
			assert_true(got[0].whole == whole);
			assert_true(is_remembered(session, whole ? "*" : "1-2"));
			assert_true(is_listed(session, 1) && is_listed(session, 2));
			close(other);
			close(second);
			end_held();
		}
		assert_in_range(k, 6, 20); // five files and folders at least
	}
	hs_buf_free(&key);
}

// Two more meanwhile, one of them of the same: each is answered in its turn, once all that
// it is about is on disk.
static void
rule5_others_revoke_meanwhile(void **unused)
{
	const char *lines;
	char session[HS_SESSION_ID_LEN + 1];
	int first, second;
	size_t n;

	(void)unused;
	for (int k = 0; k < 5; k++) {
		begin(POLICY);
		first = world_dial();
		second = world_dial();
		open_session();
		memcpy(session, w.d.session.id, sizeof session);
		make(); // 1 and 2
		is_served(w.client);
		hold(k);
		send_revoke(first, HS_REVOKE_IDS, id);
		assert_true(is_stuck(first));
		send_revoke(second, HS_REVOKE_AGENT, "claude"); // and 3
		send_revoke(w.client, HS_REVOKE_AGENT, "claude");
		turn();
		assert_int_equal(w.d.session.nlive, 0);
		assert_false(answered(first) || answered(second) || answered(w.client));
		let_go();
		assert_int_equal(take_answer(first), 1);
		assert_true(got[0].certificates == 1 && got[0].seats == 1);
		assert_int_equal(take_answer(second), 1);
		assert_true(got[0].certificates == 1 && got[0].before == 2);
		assert_true(is_listed(session, 3));
		assert_int_equal(take_answer(w.client), 1);
		assert_true(got[0].certificates == 0 && got[0].before == 3);
		lines = remembered(&n);
		assert_int_equal(n, 2);
		assert_true(strstr(lines, " 1-2 ") < strstr(lines, " 3 "));
		close(first);
		close(second);
		end_held();
	}
}

// A policy is read, the session is closed, or whoever asked goes and then the daemon ends.
static void
rule5_other_ends_meanwhile(void **unused)
{
	char session[HS_SESSION_ID_LEN + 1];
	struct hs_buf notes = {0};
	struct hs_keys last;
	int other;

	(void)unused;
	for (int how = 0; how < 3; how++) {
		begin(POLICY);
		other = world_dial();
		open_session();
		memcpy(session, w.d.session.id, sizeof session);
		make();
		hold(0);
		send_revoke(other, HS_REVOKE_IDS, id);
		assert_true(is_stuck(other));
		if (how == 0) {
			assert_int_equal(hs_daemon_reload(&w.d, &notes, NULL), HS_OK);
			hs_buf_free(&notes);
		} else if (how == 1) {
			hs_daemon_session_close(&w.d, "closed", "", &last);
			hs_keys_wipe(&last);
		} else {
			close(other);
		}
		turn();
		assert_true(how == 2 || !answered(other));
		assert_false(hs_revocation_idle(w.d.revocation));
		let_go();
		if (how < 2) {
			assert_int_equal(take_answer(other), 1);
			close(other);
		}
		end_held();
		assert_true(is_remembered(session, "1-2") && is_listed(session, 1));
	}
}

// It counts here all the same, and the next writes it.
static void
rule5_a_disk_that_fails(void **unused)
{
	struct hs_buf key = {0};
	char session[HS_SESSION_ID_LEN + 1];
	size_t n;
	int other;

	(void)unused;
	begin(POLICY);
	other = world_dial();
	open_session();
	memcpy(session, w.d.session.id, sizeof session);
	make();
	assert_int_equal(list(&key), 1);
	atomic_store(&broken, true);
	hold(-1);
	for (int i = 0; i < 2; i++) {
		send_revoke(other, HS_REVOKE_IDS, id);
		world_refused(&w, other, HS_EXT_REVOKE, HS_ERR_IO);
		assert_false(signs(&key, "deploy"));
		(void)remembered(&n);
		assert_int_equal(n, 0);
	}
	atomic_store(&broken, false);
	assert_int_equal(revokes(other, HS_REVOKE_IDS, id), 1);
	assert_int_equal(got[0].before, 2);
	assert_true(is_remembered(session, "1-2") && is_listed(session, 1));
	(void)remembered(&n);
	assert_int_equal(n, 1);
	close(other);
	hs_buf_free(&key);
	end_held();
}

// The log's disk is the slow one: nothing is remembered that is not on record.
static void
rule5_recorded_first(void **unused)
{
	char session[HS_SESSION_ID_LEN + 1];
	size_t n;

	(void)unused;
	begin(POLICY);
	open_session();
	memcpy(session, w.d.session.id, sizeof session);
	hold(-1);
	atomic_store(&world_log_held, 1);
	send_revoke(w.client, HS_REVOKE_ALL, "");
	for (int i = 0; i < WORLD_DEADLINE_MS && w.d.session.open; i++)
		world_turn(&w);
	assert_false(w.d.session.open);
	while (!hs_revocation_idle(w.d.revocation)) // its index ends
		world_turn(&w);
	turn();
	(void)remembered(&n);
	assert_int_equal(n, 0);
	atomic_store(&world_log_held, 0);
	assert_int_equal(take_answer(w.client), 1);
	assert_true(is_remembered(session, "*") && is_listed(session, 1));
	end_held();
}

// Nobody asks: the key is pulled out, or a seat's asker goes that let its agent log in.
static void
rule5_by_itself(void **unused)
{
	struct hs_buf key = {0};
	char session[HS_SESSION_ID_LEN + 1], path[HS_DEVICE_PATH_MAX];
	int other;

	(void)unused;
	for (int pulled = 0; pulled < 2; pulled++) {
		begin(pulled ? "Unplug revoke\n" POLICY : POLICY);
		other = world_dial();
		open_session();
		memcpy(session, w.d.session.id, sizeof session);
		memcpy(path, w.d.session.touched_at.path[0], sizeof path);
		make();
		assert_int_equal(list(&key), 1);
		assert_true(signs(&key, "deploy"));
		hold(0);
		if (pulled) {
			hs_daemon_device(&w.d, path, false);
			assert_false(w.d.session.open);
		} else {
			close(w.client);
			w.client = -1;
		}
		assert_true(is_stuck(-1));
		assert_null(w.d.seats);
		if (pulled)
			is_told(other);
		else
			is_served(other);
		assert_string_equal(world_record("\"event\":\"revoke\""), "");
		let_go();
		while (world_record("\"event\":\"revoke\"")[0] == '\0')
			world_turn(&w);
		assert_true(is_remembered(session, pulled ? "*" : "1-2"));
		assert_true(is_listed(session, 1));
		close(other);
		end_held();
	}
	hs_buf_free(&key);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule7_others_are_served),
	    cmocka_unit_test(rule5_others_revoke_meanwhile),
	    cmocka_unit_test(rule5_other_ends_meanwhile),
	    cmocka_unit_test(rule5_a_disk_that_fails),
	    cmocka_unit_test(rule5_recorded_first), cmocka_unit_test(rule5_by_itself)};
	int role = world_program(argc, argv);

	if (role >= 0)
		return role;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(
	    "revoke held", tests, world_prepare, world_clear);
}
