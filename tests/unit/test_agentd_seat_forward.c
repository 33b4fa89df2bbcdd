// SPDX-License-Identifier: ISC
//
// A seat is not forwarded: nothing is done over a connection that says it is, or may have
// said so, and none is made for one. The rest of forwarding is test_agentd_forward.c's.
#include "tests/lib/binding.h"

static struct hostmint host;

static int
make_host(void **state)
{
	hostmint_make(&host, HS_HK_ED25519);
	return world_prepare(state);
}

static int
drop_host(void **state)
{
	hostmint_free(&host);
	return world_clear(state);
}

static void
refused_on_the_seat(const struct bind *m, bool taken)
{
	const struct hs_agent_request more = {
	    .scope = hs_str_c(SCOPE), .reason = hs_str_c("more")};
	struct hs_buf key = {0};

	assert_int_equal(list(&key), 1);
	assert_true(binds(agent, m, HS_AGENT_EXTENSION_FAILURE));
	assert_int_equal(w.d.conns->binds != NULL && w.d.conns->binds->n > 0, taken);
	assert_false(signs(&key, "deploy"));
	assert_int_equal(
	    w.d.seats->refusals[(w.d.seats->nrefusals - 1) % HS_SEAT_REFUSALS].why.err.code,
	    HS_NO_FORWARD);
	request(agent, HS_AGENT_LIST, (struct hs_str){0});
	assert_int_equal(world_frame(&w, agent).p[0], HS_AGENT_FAILURE);
	world_send(agent, HS_EXT_REQUEST, WORLD_PUT(request), &more, -1);
	world_refused(&w, agent, HS_EXT_REQUEST, HS_NO_FORWARD);
	ask(agent, SCOPE, "");
	world_refused(&w, agent, HS_EXT_SEAT, HS_NO_FORWARD);
	close(agent);
	agent = world_dial_at(socket_path); // the agent itself goes on
	assert_int_equal(list(&key), 1);
	assert_true(signs(&key, "deploy"));
	hs_buf_free(&key);
}

static void
a_seat_refuses_forwarding(void **unused)
{
	const struct bind proven = {.host = &host, .forwarding = true},
			  claimed = {.host = &host, .forwarding = true, .bad = true},
			  unread = {.host = &host, .cut = 1};

	(void)unused;
	begin(POLICY);
	open_session();
	agent = world_dial(); // nor is one made for another host
	assert_true(binds(agent, &proven, HS_AGENT_SUCCESS));
	ask(agent, SCOPE, "");
	world_refused(&w, agent, HS_EXT_SEAT, HS_NO_FORWARD);
	close(agent);
	make();
	refused_on_the_seat(&proven, true);
	refused_on_the_seat(&claimed, false);
	refused_on_the_seat(&unread, false);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_seat_refuses_forwarding)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_host, drop_host);
}
