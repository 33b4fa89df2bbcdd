// SPDX-License-Identifier: ISC
//
// Connections to the main socket that another host forwards, as their client's binds say:
// they are told apart, asked about and recorded, and what is a person's to do is refused. A
// seat's are test_agentd_seat_forward.c's, what ssh really sends is
// tests/e2e/forwarded.t's.
#include "tests/lib/binding.h"

#define ANY    "Agent unknown\n    Scope *\n"
#define GRANT  "Forwarded grant\n" POLICY
#define SILENT "max-ttl 60\nmax-uses 1\n" STATEMENT

static struct hostmint host, second;
static char fingerprint[HS_FINGERPRINT_LEN + 1];
static int far; // a client on the other host

static int
make_hosts(void **state)
{
	hostmint_make(&host, HS_HK_ED25519);
	hostmint_make(&second, HS_HK_P256);
	hs_hostkey_fingerprint(hs_buf_str(&host.blob), fingerprint);
	return world_prepare(state);
}

static int
drop_hosts(void **state)
{
	hostmint_free(&host);
	hostmint_free(&second);
	return world_clear(state);
}

// The connection that was made last.
static const struct hs_conn *
newest(void)
{
	for (int i = 0; i < 30; i++)
		world_turn(&w);
	return w.d.conns;
}

static void
forward(void)
{
	const struct bind m = {.host = &host, .forwarding = true};

	far = world_dial();
	assert_true(binds(far, &m, HS_AGENT_SUCCESS));
	assert_int_equal(hs_peer_origin(&newest()->peer), HS_ORIGIN_FORWARDED);
	assert_string_equal(w.d.conns->peer.via, fingerprint);
}

// Does the last record of event say it?
static bool
says(const char *event, const char *what)
{
	char want[64];

	(void)snprintf(want, sizeof want, "\"event\":\"%s\"", event);
	return strstr(world_record(want), what) != NULL;
}

// The certificate of an answer, or of an outcome.
static enum hs_origin
issued(void)
{
	struct hs_agent_issued m;
	struct hs_delegation d;
	enum hs_origin o;

	assert_int_equal(hs_agent_issued_get(&body, &m), HS_OK);
	assert_int_equal(hs_delegation_parse(m.certificate, &d, NULL), HS_OK);
	o = d.origin;
	hs_delegation_free(&d);
	return o;
}

static void
rule9_what_is_a_persons_is_refused(void **unused)
{
	const struct hs_agent_policy reload = {.what = HS_POLICY_ASK_RELOAD},
				     show = {.what = HS_POLICY_ASK_SHOW};
	int ends[2];

	(void)unused;
	begin(POLICY);
	forward();
	world_open(far, CEILING, 600);
	world_refused(&w, far, HS_EXT_OPEN, HS_NO_PEER);
	assert_true(says("refuse", "\"origin\":\"forwarded\",\"via\":\"SHA256:"));
	assert_true(says("refuse", fingerprint));
	assert_true(says("refuse", "forwarded from another host, from where nobody may "
				   "open a session"));
	world_send(far, HS_EXT_POLICY, WORLD_PUT(policy), &reload, -1);
	world_refused(&w, far, HS_EXT_POLICY, HS_NO_PEER);
	assert_int_equal(pipe(ends), 0);
	world_answer(far, "4F7", HS_ANSWER_ARM, ends[0]);
	close(ends[0]);
	close(ends[1]);
	world_refused(&w, far, HS_EXT_ANSWER, HS_NO_PEER);
	assert_true(says("refuse", "from where nobody may hand over a PIN"));
	world_send(far, HS_EXT_POLICY, WORLD_PUT(policy), &show, -1);
	assert_int_equal(world_reply(&w, far, HS_EXT_POLICY, &body), HS_AGENT_DONE);
	world_send(far, HS_EXT_STATUS, NULL, NULL, -1);
	assert_int_equal(world_reply(&w, far, HS_EXT_STATUS, &body), HS_AGENT_DONE);
	world_open(w.client, CEILING, 600); // who is here may
	world_asked(&w, w.client, HS_EXT_OPEN, code);
	assert_true(says("ask", "\"origin\":\"local\",\"exe\""));
	close(far);
	end();
}

static void
rule6_its_requests_are_shown_as_such(void **unused)
{
	const struct hs_touch *t;

	(void)unused;
	begin(POLICY);
	open_session();
	world_watch(&w, w.client);
	forward();
	world_request(&w, far, SILENT, "claude", "to look"); // which the session covers
	world_asked(&w, far, HS_EXT_REQUEST, code);
	t = w.d.touches;
	assert_true(
	    memmem(t->shown.p, t->shown.len, fingerprint, HS_FINGERPRINT_LEN) != NULL);
	assert_non_null(
	    memmem(t->shown.p, t->shown.len, "over a connection forwarded", 27));
	assert_non_null(memmem(t->shown.p, t->shown.len, ", from another host", 19));
	assert_true(says("ask", "\"origin\":\"forwarded\""));
	world_pending(far, code, 30);
	assert_int_equal(world_reply(&w, far, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	assert_int_equal(issued(), HS_ORIGIN_FORWARDED);
	assert_true(says("issue", "\"origin\":\"forwarded\""));
	close(far);
	end();
}

static void
by_the_policys_word(void **unused)
{
	(void)unused;
	begin(GRANT);
	open_session();
	forward();
	world_request(&w, far, SILENT, "claude", "");
	assert_int_equal(world_reply(&w, far, HS_EXT_REQUEST, &body), HS_AGENT_DONE);
	assert_int_equal(issued(), HS_ORIGIN_FORWARDED);
	close(far);
	far = world_dial();
	world_request(&w, far, SILENT, "claude", "");
	assert_int_equal(world_reply(&w, far, HS_EXT_REQUEST, &body), HS_AGENT_DONE);
	assert_int_equal(issued(), HS_ORIGIN_LOCAL);
	close(far);
	end();
	begin("Forwarded deny\n" POLICY);
	open_session();
	forward();
	world_request(&w, far, SILENT, "claude", "to look");
	world_refused(&w, far, HS_EXT_REQUEST, HS_NO_FORWARD);
	close(far);
	end();
}

// What was said stays said, whoever says another thing.
static void
it_never_gets_better(void **unused)
{
	const struct bind login = {.host = &second},
			  forged = {.host = &host, .forwarding = true, .bad = true},
			  hop = {.host = &second, .forwarding = true};

	(void)unused;
	begin(POLICY);
	forward();
	assert_true(binds(far, &login, HS_AGENT_SUCCESS));
	assert_true(binds(far, &hop, HS_AGENT_SUCCESS));
	assert_int_equal(hs_peer_origin(&newest()->peer), HS_ORIGIN_FORWARDED);
	assert_string_equal(w.d.conns->peer.via, fingerprint); // the host that is next
	assert_true(binds(far, &forged, HS_AGENT_EXTENSION_FAILURE));
	assert_int_equal(hs_peer_origin(&newest()->peer), HS_ORIGIN_OPAQUE);
	assert_true(says("refuse", "\"origin\":\"opaque\",\"via\":"));
	assert_true(says("refuse", "\"ext\":\"session-bind@openssh.com\""));
	assert_true(binds(far, &hop, HS_AGENT_SUCCESS));
	assert_int_equal(hs_peer_origin(&newest()->peer), HS_ORIGIN_OPAQUE);
	world_open(far, CEILING, 600);
	world_refused(&w, far, HS_EXT_OPEN, HS_NO_PEER);
	assert_true(
	    says("refuse", "may be forwarded from another host, nobody knows which"));
	close(far);
	end();
}

// Nor does who spoils the proof get what a proven one would not.
static void
rule1_a_spoilt_proof_gains_nothing(void **unused)
{
	const struct bind forged = {.host = &host, .forwarding = true, .bad = true};

	(void)unused;
	begin(POLICY);
	open_session();
	world_watch(&w, w.client);
	for (int alone = 0; alone < 2; alone++) { // behind a good one, and alone
		if (alone == 0)
			forward();
		else
			far = world_dial();
		assert_true(binds(far, &forged, HS_AGENT_EXTENSION_FAILURE));
		world_request(&w, far, SILENT, "claude", "to look");
		world_asked(&w, far, HS_EXT_REQUEST, code);
		assert_true(says("ask", "\"origin\":\"opaque\""));
		assert_true(says("ask", "from nobody knows which host"));
		close(far);
		world_until(&w, -1);
	}
	end();
}

// A bind that proves nothing: what it claimed counts, and what cannot be read may have.
static void
rule10_bad_binds(void **unused)
{
	static const struct {
		struct bind m;
		enum hs_origin origin;
	} rows[] = {{{.forwarding = true, .bad = true}, HS_ORIGIN_OPAQUE},
	    {{.bad = true}, HS_ORIGIN_LOCAL}, {{.cut = 1}, HS_ORIGIN_OPAQUE},
	    {{.cut = 20}, HS_ORIGIN_OPAQUE}};

	(void)unused;
	begin(POLICY);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bind m = rows[i].m;

		m.host = &host;
		far = world_dial();
		assert_true(binds(far, &m, HS_AGENT_EXTENSION_FAILURE));
		assert_int_equal(hs_peer_origin(&newest()->peer), rows[i].origin);
		assert_string_equal(w.d.conns->peer.via, "");
		assert_true(says("refuse", rows[i].origin == HS_ORIGIN_LOCAL
					       ? "\"origin\":\"local\""
					       : "\"origin\":\"opaque\""));
		close(far);
	}
	end();
}

static void
no_more_than_sixteen(void **unused)
{
	const struct bind login = {.host = &host},
			  hop = {.host = &host, .forwarding = true};

	(void)unused;
	begin(POLICY);
	far = world_dial();
	for (int i = 0; i < 16; i++)
		assert_true(binds(far, &login, HS_AGENT_SUCCESS));
	assert_true(binds(far, &login, HS_AGENT_EXTENSION_FAILURE));
	assert_int_equal(hs_peer_origin(&newest()->peer), HS_ORIGIN_LOCAL);
	assert_true(binds(far, &hop, HS_AGENT_EXTENSION_FAILURE)); // and is not looked at
	assert_int_equal(hs_peer_origin(&newest()->peer), HS_ORIGIN_OPAQUE);
	assert_true(says("refuse", "\"code\":\"busy\""));
	close(far);
	end();
}

static void
no_executable_of_another_host_matches(void **unused)
{
	char self[PATH_MAX] = {0}, policy[PATH_MAX + 128];

	(void)unused;
	assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
	(void)snprintf(policy, sizeof policy,
	    "Forwarded grant\nAgent claude\n    Scope *\n    Exe %s\n", self);
	begin(policy);
	open_session();
	far = world_dial();
	world_request(&w, far, SILENT, "claude", "");
	assert_int_equal(world_reply(&w, far, HS_EXT_REQUEST, &body), HS_AGENT_DONE);
	close(far);
	forward();
	assert_string_equal(w.d.conns->peer.exe, self);
	world_request(&w, far, SILENT, "claude", "");
	world_refused(&w, far, HS_EXT_REQUEST, HS_NO_AGENT);
	close(far);
	end();
}

// A prompt that another host says it shows is shown to nobody.
static void
rule9_it_is_no_place_for_prompts(void **unused)
{
	const struct bind m = {.host = &host, .forwarding = true};
	struct hs_buf notes = {0};
	int watcher;

	(void)unused;
	begin(POLICY);
	forward();
	world_watch(&w, far);
	world_request(&w, w.client, SILENT, "claude", "to look");
	world_refused(&w, w.client, HS_EXT_REQUEST, HS_NO_CHANNEL);
	watcher = world_dial(); // nor is one that says so later
	world_watch(&w, watcher);
	assert_true(newest()->watches);
	world_policy("Deny user other\n" POLICY);
	assert_int_equal(hs_daemon_reload(&w.d, &notes, NULL), HS_OK); // which it is told
	assert_int_equal(world_reply(&w, watcher, HS_EXT_EVENTS, &body), HS_AGENT_DONE);
	assert_true(binds(watcher, &m, HS_AGENT_SUCCESS));
	assert_false(newest()->watches);
	world_request(&w, w.client, SILENT, "claude", "to look");
	world_refused(&w, w.client, HS_EXT_REQUEST, HS_NO_CHANNEL);
	hs_buf_free(&notes);
	close(watcher);
	close(far);
	end();
}

static void
another_origin_is_another_asking(void **unused)
{
	char other[4];

	(void)unused;
	begin(POLICY);
	world_helper("wait");
	world_watch(&w, w.client);
	forward();
	world_request(&w, far, SILENT, "claude", "to look");
	world_asked(&w, far, HS_EXT_REQUEST, code);
	agent = world_dial();
	world_request(&w, agent, SILENT, "claude", "to look"); // the same, by the same key
	world_asked(&w, agent, HS_EXT_REQUEST, other);
	assert_string_not_equal(code, other);
	close(far);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule9_what_is_a_persons_is_refused),
	    cmocka_unit_test(rule6_its_requests_are_shown_as_such),
	    cmocka_unit_test(by_the_policys_word), cmocka_unit_test(it_never_gets_better),
	    cmocka_unit_test(rule1_a_spoilt_proof_gains_nothing),
	    cmocka_unit_test(rule10_bad_binds), cmocka_unit_test(no_more_than_sixteen),
	    cmocka_unit_test(no_executable_of_another_host_matches),
	    cmocka_unit_test(rule9_it_is_no_place_for_prompts),
	    cmocka_unit_test(another_origin_is_another_asking)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_hosts, drop_hosts);
}
