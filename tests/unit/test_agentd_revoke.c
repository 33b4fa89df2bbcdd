// SPDX-License-Identifier: ISC
//
// Revoking in the daemon's loop, where what goes wrong can be chosen: a log that cannot be
// written, what is under way when it comes, what is asked on a seat. What servers and
// ssh-keygen make of the lists is tests/e2e/revoke.t's.
#include "tests/lib/revoking.h"
#include <sys/stat.h>
#include "agentd/revocation.h"

static void
rule5_a_seat(void **unused)
{
	struct hs_buf key = {0};
	char session[HS_SESSION_ID_LEN + 1];

	(void)unused;
	begin(POLICY);
	open_session();
	memcpy(session, w.d.session.id, sizeof session);
	make();
	assert_int_equal(list(&key), 1);
	assert_true(signs(&key, "deploy"));
	assert_false(is_listed(session, 1));
	assert_int_equal(revokes(w.client, HS_REVOKE_IDS, id), 1);
	assert_true(got[0].certificates == 1 && got[0].seats == 1 && got[0].before == 0);
	assert_false(signs(&key, "deploy"));
	assert_int_equal(list(&key), 0);
	assert_null(w.d.seats->key.secret); // it is gone, not only refused
	assert_true(is_listed(session, 1) && is_listed(session, 2));
	assert_false(is_listed(session, 3));
	assert_int_equal(revokes(w.client, HS_REVOKE_IDS, id), 1);
	assert_true(got[0].certificates == 0 && got[0].seats == 0 && got[0].before == 2);
	hs_buf_free(&key);
	end();
}

// A list is no longer what it was only where something is new in it: else an agent could
// keep the daemon at its disk, and have the versions run away from the clock.
static void
rule7_again_and_again(void **unused)
{
	char path[PATH_MAX + 64];
	uint64_t version;

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	assert_int_equal(revokes(agent, HS_REVOKE_ALL, ""), 1);
	version = got[0].version;
	for (int i = 0; i < 20; i++)
		assert_int_equal(revokes(agent, HS_REVOKE_ALL, ""), 1);
	assert_in_range(got[0].version, version, version + 1); // the timer's first
	// one that could not be written is, the next time
	(void)snprintf(
	    path, sizeof path, "%s/lists/%s.list", world_set.state_dir, w.d.session.id);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	send_revoke(w.client, HS_REVOKE_AGENT, "claude");
	assert_int_equal(take_answer(w.client), 1); // there is nothing to write
	close(agent);
	agent = -1;
	close(w.client);
	w.client = world_dial();
	while (w.d.seats != NULL)
		world_turn(&w);
	make();
	send_revoke(w.client, HS_REVOKE_IDS, id);
	world_refused(&w, w.client, HS_EXT_REVOKE, HS_ERR_IO);
	assert_true(w.d.seats->revoked);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(revokes(w.client, HS_REVOKE_IDS, id), 1);
	assert_true(got[0].version > version && got[0].before > 0);
	assert_true(is_listed(w.d.session.id, w.d.seats->serial));
	end();
}

// The signature is made, its record is under way: it is not given out any more.
static void
what_is_under_way(void **unused)
{
	struct hs_buf key = {0}, data = {0};
	int other; // the seat's own asker goes with it

	(void)unused;
	begin(POLICY);
	other = world_dial();
	open_session();
	make();
	assert_int_equal(list(&key), 1);
	put_login(&data, &key, "deploy");
	atomic_store(&world_log_held, 1);
	ask_to_sign(&key, hs_buf_str(&data));
	for (int i = 0; i < 50; i++)
		world_turn(&w);
	send_revoke(other, HS_REVOKE_ALL, "");
	for (int i = 0; i < 50; i++)
		world_turn(&w);
	assert_false(w.d.session.open); // at once, whatever the disk does
	atomic_store(&world_log_held, 0);
	assert_int_equal(take_answer(other), 1);
	close(other);
	assert_true(got[0].whole);
	hs_buf_free(&key);
	hs_buf_free(&data);
	end();
}

// A certificate, likewise: whoever asked for it hears that it is gone.
static void
what_is_issued_meanwhile(void **unused)
{
	int other;

	(void)unused;
	for (int whole = 0; whole < 2; whole++) {
		begin(POLICY);
		other = world_dial();
		open_session();
		atomic_store(&world_log_held, 1);
		world_request(&w, other, SCOPE, "claude", "");
		for (int i = 0; i < 50; i++)
			world_turn(&w);
		assert_int_equal(w.d.session.nlive, 1);
		send_revoke(w.client, whole ? HS_REVOKE_ALL : HS_REVOKE_AGENT,
		    whole ? "" : "claude");
		for (int i = 0; i < 50; i++)
			world_turn(&w);
		assert_int_equal(w.d.session.nlive, 0);
		atomic_store(&world_log_held, 0);
		world_refused(&w, other, HS_EXT_REQUEST, HS_NO_GONE);
		assert_int_equal(take_answer(w.client), 1);
		assert_true(whole ? got[0].whole : got[0].certificates == 1);
		close(other);
		end();
	}
}

static void
rule9_unrecorded(void **unused)
{
	struct hs_buf key = {0};
	char session[HS_SESSION_ID_LEN + 1];

	(void)unused;
	begin(POLICY);
	open_session();
	memcpy(session, w.d.session.id, sizeof session);
	make();
	assert_int_equal(list(&key), 1);
	atomic_store(&world_log_broken, true);
	send_revoke(w.client, HS_REVOKE_IDS, id);
	world_refused(&w, w.client, HS_EXT_REVOKE, HS_NO_RECORD);
	assert_false(signs(&key, "deploy"));
	assert_true(is_listed(session, 1)); // it takes away, so it is done all the same
	atomic_store(&world_log_broken, false);
	assert_int_equal(revokes(w.client, HS_REVOKE_IDS, id), 1);
	assert_int_equal(got[0].before, 2);
	hs_buf_free(&key);
	end();
}

// The name that each may use; on a seat only what is its own.
static void
names(void **unused)
{
	static const struct {
		enum hs_agent_revoke_what what;
		const char *name;
		enum hs_code want;
	} tries[] = {{HS_REVOKE_IDS, "x", HS_ERR_USAGE},
	    {HS_REVOKE_IDS, ".1", HS_ERR_USAGE}, {HS_REVOKE_IDS, "0000.0", HS_ERR_USAGE},
	    {HS_REVOKE_IDS, "0000. ", HS_ERR_USAGE},
	    {HS_REVOKE_IDS, "00000000000000000.1", HS_ERR_USAGE},
	    {HS_REVOKE_IDS, "0000.2-1", HS_ERR_USAGE},
	    {HS_REVOKE_IDS, "0000.1-", HS_ERR_USAGE},
	    {HS_REVOKE_IDS, "0000.-1", HS_ERR_USAGE},
	    {HS_REVOKE_IDS, "0000.1-2-3", HS_ERR_USAGE},
	    {HS_REVOKE_IDS, "0000.0-1", HS_ERR_USAGE},
	    {HS_REVOKE_IDS, "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.0",
		HS_ERR_USAGE},
	    {HS_REVOKE_IDS, "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.1-9",
		HS_NO_SUCH},
	    {HS_REVOKE_IDS, "0000000000000000.1-9", HS_NO_SUCH},
	    {HS_REVOKE_IDS, "000.1", HS_ERR_USAGE},
	    {HS_REVOKE_AGENT, "Nobody", HS_ERR_USAGE},
	    {HS_REVOKE_AGENT, "nobody", HS_NO_SUCH},
	    {HS_REVOKE_SESSION, "xyz", HS_ERR_USAGE},
	    {HS_REVOKE_SESSION, "00000000000000000", HS_ERR_USAGE},
	    {HS_REVOKE_ROOT, "SHA256:", HS_ERR_USAGE},
	    {HS_REVOKE_ROOT, "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		HS_NO_SUCH}};
	int other;

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		send_revoke(w.client, tries[i].what, tries[i].name);
		world_refused(&w, w.client, HS_EXT_REVOKE, tries[i].want);
	}
	send_revoke(agent, HS_REVOKE_SESSION, w.d.session.id);
	world_refused(&w, agent, HS_EXT_REVOKE, HS_NO_SUCH);
	send_revoke(agent, HS_REVOKE_ROOT, w.d.session.held[0]->fingerprint);
	world_refused(&w, agent, HS_EXT_REVOKE, HS_NO_SUCH);
	assert_true(w.d.session.open && !w.d.seats->revoked);
	assert_int_equal(revokes(agent, HS_REVOKE_ALL, ""), 1); // itself
	assert_true(w.d.session.open && w.d.seats->revoked && !got[0].whole);
	other = world_dial(); // the seat's own asker goes with it
	assert_int_equal(
	    revokes(other, HS_REVOKE_ROOT, w.d.session.held[0]->fingerprint), 1);
	close(other);
	assert_true(got[0].whole && !w.d.session.open);
	end();
}

// By its agent's name and by one of its certificates, which stands for it.
static void
by_agent_and_by_certificate(void **unused)
{
	char name[64];

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	assert_int_equal(revokes(w.client, HS_REVOKE_AGENT, "claude"), 1);
	assert_true(w.d.seats->revoked && got[0].seats == 1);
	close(agent);
	agent = -1;
	close(w.client);
	w.client = world_dial();
	while (w.d.seats != NULL)
		world_turn(&w);
	make();
	(void)snprintf(name, sizeof name, "%.4s.%ju", w.d.session.id,
	    (uintmax_t)w.d.seats->parts[0].serial);
	assert_int_equal(revokes(w.client, HS_REVOKE_IDS, name), 1);
	assert_true(w.d.seats->revoked && got[0].certificates == 1 && got[0].seats == 1);
	end();
}

// ---- an index that lacks something

static void
index_of(const char *session, char path[static PATH_MAX + 64])
{
	(void)snprintf(
	    path, PATH_MAX + 64, "%s/sessions/%s.index", world_set.state_dir, session);
}

// What is missing could be what was named: then it is all of the seat, and no more.
static void
rule1_a_seat_reaches_no_further(void **unused)
{
	static const struct {
		enum hs_agent_revoke_what what;
		const char *name;
		bool lost; // all of the index, or it only has a line too many
	} tries[] = {{HS_REVOKE_AGENT, "nobody", false}, {HS_REVOKE_ALL, "", false},
	    {HS_REVOKE_IDS, "1", false}, {HS_REVOKE_AGENT, "nobody", true},
	    {HS_REVOKE_ALL, "", true}, {HS_REVOKE_IDS, "1", true}};
	char path[PATH_MAX + 64], name[64];
	struct hs_buf data = {0};

	(void)unused;
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		begin(POLICY);
		open_session();
		make();
		index_of(w.d.session.id, path);
		hs_buf_reset(&data);
		assert_true(keygen_read(path, &data));
		hs_put_fmt(&data, "nonsense\n");
		if (tries[i].lost)
			assert_int_equal(unlink(path), 0);
		else
			assert_true(keygen_write(path, hs_buf_str(&data)));
		(void)snprintf(name, sizeof name, "%s.9", w.d.session.id); // nobody's
		assert_int_equal(revokes(agent, tries[i].what,
				     tries[i].what == HS_REVOKE_IDS ? name : tries[i].name),
		    1);
		assert_false(got[0].whole);
		assert_true(w.d.session.open && w.d.seats->revoked);
		assert_true(got[0].until == w.d.session.held[0]->end);
		assert_true(is_listed(w.d.session.id, 1));
		assert_false(is_listed(w.d.session.id, 9));
		assert_int_equal(revokes(agent, HS_REVOKE_ALL, ""), 1);
		assert_true(got[0].seats == 0 && got[0].before > 0); // nor twice
		end();
	}
	hs_buf_free(&data);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule5_a_seat),
	    cmocka_unit_test(rule7_again_and_again), cmocka_unit_test(what_is_under_way),
	    cmocka_unit_test(what_is_issued_meanwhile), cmocka_unit_test(rule9_unrecorded),
	    cmocka_unit_test(names), cmocka_unit_test(by_agent_and_by_certificate),
	    cmocka_unit_test(rule1_a_seat_reaches_no_further)};
	int role = world_program(argc, argv);

	if (role >= 0)
		return role;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("revoke", tests, world_prepare, world_clear);
}
