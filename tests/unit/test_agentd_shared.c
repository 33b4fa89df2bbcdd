// SPDX-License-Identifier: ISC
//
// Seats that are shared with another user, in the daemon's loop: who may be shared with,
// what stands in the prompt, the log and the socket's access list, and a policy that
// changes at each moment. Real other users are tests/e2e/shared.t's.
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include "agentd/sharing.h"
#include "tests/lib/seating.h"

#define THEM   4711
#define SHARED "AllowUser 4711\n" POLICY

static struct hs_policy policy;

static void
ask_shared(int sock, uint32_t uid)
{
	const struct hs_agent_seat m = {.what = HS_SEAT_MAKE,
	    .scope = hs_str_c(SCOPE),
	    .agent = hs_str_c("claude"),
	    .reason = hs_str_c("to look"),
	    .uid = uid};

	world_send(sock, HS_EXT_SEAT, WORLD_PUT(seat), &m, -1);
}

static bool
shown(const char *what)
{
	const struct hs_buf *b = &w.d.touches->shown;

	return memmem(b->p, b->len, what, strlen(what)) != NULL;
}

// ---- whom

static void
find(const char *text, uid_t uid, uid_t self, enum hs_code want)
{
	struct hs_refusal why = {0};
	struct hs_sharing s;
	struct hs_buf b = {0};

	hs_policy_free(&policy);
	assert_int_equal(
	    hs_policy_parse(hs_str_c(text), false, &policy, NULL, NULL), HS_OK);
	assert_int_equal(hs_sharing_find(&policy, uid, self, &s, &why), want);
	assert_int_equal(why.err.code, want);
	assert_int_equal(why.remedy[0] != '\0', want != HS_OK); // rule9
	assert_int_equal(s.uid, want == HS_OK ? uid : 0);
	hs_sharing_put(&b, &s);
	if (want == HS_OK)
		assert_non_null(memmem(b.p, b.len, "uid ", 4));
	hs_buf_free(&b);
	hs_policy_free(&policy);
}

static void
rule2_who_is_named(void **unused)
{
	(void)unused;
	find("", THEM, 1000, HS_NO_POLICY);
	find("AllowUser none\n", THEM, 1000, HS_NO_POLICY);
	find("AllowUser 4711\n", THEM, 1000, HS_OK);
	find("AllowUser 47110 471\n", THEM, 1000, HS_NO_POLICY);
	find("AllowUser 4711\n", 1000, 1000, HS_ERR_USAGE);
	find("AllowUser 4711\n", THEM, THEM, HS_ERR_USAGE);
	find("AllowUser daemon\n", 1, 1000, HS_OK); // which every /etc/passwd has
	find("AllowUser daemon\n", 2, 1000, HS_NO_POLICY);
	find("AllowUser no-such-user\n", THEM, 1000, HS_NO_POLICY);
	find("AllowUser 4711 daemon\n", 65534, 1000, HS_NO_POLICY);
}

// ---- making one

static void
rule9_who_is_not(void **unused)
{
	(void)unused;
	begin(SHARED);
	open_session();
	ask_shared(w.client, THEM + 1);
	world_refused(&w, w.client, HS_EXT_SEAT, HS_NO_POLICY);
	assert_string_not_equal(world_record("does not name uid 4712 in AllowUser"), "");
	ask_shared(w.client, geteuid() != 0 ? geteuid() : 0xffffffff);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_SEAT, &body), HS_AGENT_REFUSED);
	assert_null(w.d.seats);
	end();
}

static void
has(const char *path, const char *want)
{
	struct {
		struct posix_acl_xattr_header head;
		struct posix_acl_xattr_entry v[5];
	} list;
	char text[128] = "";

	assert_int_equal(
	    getxattr(path, "system.posix_acl_access", &list, sizeof list), sizeof list);
	for (size_t i = 0; i < 5; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%x:%d:%o ",
		    le16toh(list.v[i].e_tag), (int)le32toh(list.v[i].e_id),
		    le16toh(list.v[i].e_perm));
	assert_string_equal(text, want);
}

static void
the_user_and_nobody_else(void **unused)
{
	struct stat st;

	(void)unused;
	begin(SHARED);
	open_session();
	assert_string_not_equal(world_record("and share a seat with 4711, for"), "");
	ask_shared(w.client, THEM);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	seated();
	assert_string_not_equal(world_record("\"share\":4711"), "");
	has(socket_path, "1:-1:6 2:4711:6 4:-1:0 10:-1:6 20:-1:0 ");
	assert_int_equal(strncmp(socket_path, "/tmp/handseal.seat-", 19), 0);
	*strrchr(socket_path, '/') = '\0';
	has(socket_path, "1:-1:7 2:4711:1 4:-1:0 10:-1:1 20:-1:0 ");
	assert_int_equal(stat(socket_path, &st), 0);
	assert_int_equal(st.st_uid, geteuid());
	end();
}

// Another user's descriptors are dropped where they come, not closed here.
static void
no_descriptor_is_taken(void **unused)
{
	int ends[2], fds;

	(void)unused;
	begin(SHARED);
	open_session();
	ask_shared(w.client, THEM);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	seated();
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 30; i++)
		world_turn(&w);
	fds = world_streams();
	world_answer(agent, "4F7", HS_ANSWER_ARM, ends[0]); // which a seat does not know
	assert_int_equal(world_frame(&w, agent).p[0], HS_AGENT_FAILURE);
	world_streams_are(&w, fds);
	assert_int_equal(w.d.conns->passed, -1);
	close(ends[0]);
	close(ends[1]);
	end();
}

static void
one_below_is_shared_as_it_is(void **unused)
{
	static const char deep[] = "depth 1\n" CEILING;
	const struct hs_agent_seat m = {.what = HS_SEAT_MAKE,
	    .scope = hs_str_c(deep),
	    .agent = hs_str_c("claude"),
	    .uid = THEM};
	struct hs_agent_seated low;

	(void)unused;
	begin(SHARED);
	world_watch(&w, agent = world_dial());
	world_send(w.client, HS_EXT_SEAT, WORLD_PUT(seat), &m, -1);
	world_asked(&w, w.client, HS_EXT_SEAT, code);
	assert_true(shown("NEW, on a seat of its own, which uid 4711 may use, while"));
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	close(agent);
	seated();
	ask_shared(agent, THEM + 1);
	world_refused(&w, agent, HS_EXT_SEAT, HS_NO_POLICY);
	ask(agent, SCOPE, ""); // says nothing of it
	assert_int_equal(world_reply(&w, agent, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_seated_get(&body, &low), HS_OK);
	assert_int_equal(w.d.seats->shared.uid, THEM);
	assert_non_null(w.d.seats->parent);
	end();
}

// ---- the policy changes

static void
rule1_a_policy_that_changed_widens_nothing(void **unused)
{
	(void)unused;
	begin(POLICY);
	open_session(); // for nobody else
	world_watch(&w, agent = world_dial());
	world_reload(&w, SHARED);
	ask_shared(w.client, THEM); // though the grant covers it
	world_asked(&w, w.client, HS_EXT_SEAT, code);
	assert_true(shown("which uid 4711 may use"));
	close(agent);
	agent = -1;
	end();
}

static void
between_prompt_and_touch(void **unused)
{
	(void)unused;
	begin(SHARED);
	world_helper("wait");
	world_watch(&w, agent = world_dial());
	ask_shared(w.client, THEM);
	world_asked(&w, w.client, HS_EXT_SEAT, code);
	world_until(&w, ARMED);
	world_reload(&w, POLICY);
	world_touch();
	world_pending(w.client, code, 30);
	world_refused(&w, w.client, HS_EXT_PENDING, HS_NO_POLICY);
	assert_null(w.d.seats);
	assert_false(w.d.session.open);
	close(agent);
	agent = -1;
	end();
}

// Whom it may be shared with stands in the text of `open`.
static void
rule6_between_open_and_touch(void **unused)
{
	(void)unused;
	begin(POLICY);
	world_helper("wait");
	world_open(w.client, CEILING, 600);
	world_asked(&w, w.client, HS_EXT_OPEN, code);
	assert_false(shown("share a seat"));
	world_until(&w, ARMED);
	world_reload(&w, SHARED);
	world_touch();
	world_pending(w.client, code, 30);
	world_refused(&w, w.client, HS_EXT_PENDING, HS_NO_POLICY);
	assert_false(w.d.session.open);
	end();
}

// As the policy says now, for what is connected too. The connection is made another's by
// hand.
static void
who_is_connected(void **unused)
{
	struct hs_conn *c;
	uint8_t byte;

	(void)unused;
	begin(SHARED);
	open_session();
	ask_shared(w.client, THEM);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	seated();
	for (int i = 0; i < 30; i++)
		world_turn(&w);
	c = w.d.conns;
	c->other = true;
	c->peer.uid = THEM;
	assert_true(hs_seat_admits(c->seat, &c->peer));
	request(agent, HS_AGENT_LIST, (struct hs_str){0});
	assert_int_equal(world_frame(&w, agent).p[0], HS_AGENT_IDENTITIES);
	assert_false(hs_seat_admits(NULL, &c->peer));
	c->peer.uid = THEM + 1;
	assert_false(hs_seat_admits(c->seat, &c->peer));
	c->peer.uid = 0; // as little as one that no seat is shared with
	assert_false(hs_seat_admits(c->seat, &c->peer));
	c->peer.uid = THEM;
	world_reload(&w, POLICY);
	request(agent, HS_AGENT_LIST, (struct hs_str){0});
	for (int i = 0; i < 30; i++)
		world_turn(&w);
	assert_int_equal(recv(agent, &byte, 1, MSG_DONTWAIT), 0);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule2_who_is_named),
	    cmocka_unit_test(rule9_who_is_not), cmocka_unit_test(the_user_and_nobody_else),
	    cmocka_unit_test(no_descriptor_is_taken),
	    cmocka_unit_test(one_below_is_shared_as_it_is),
	    cmocka_unit_test(rule1_a_policy_that_changed_widens_nothing),
	    cmocka_unit_test(between_prompt_and_touch),
	    cmocka_unit_test(rule6_between_open_and_touch),
	    cmocka_unit_test(who_is_connected)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
