// SPDX-License-Identifier: ISC
//
// Seats in the daemon's loop, where what goes wrong can be chosen: a log that cannot be
// written, an asker that goes at each moment, a policy that changes, keys and data that are
// not the seat's. What stock programs make of a seat is tests/e2e/seat.t's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agentd/seat.h"
#include "agentd/touch.h"
#include "proto/names.h"
#include "tests/lib/world.h"

#define STATEMENT "\naddr *\ncmd uptime\nhost *\nns git\nuser deploy\n"
#define CEILING	  "max-ttl 3600\nmax-uses 10\n" STATEMENT
#define SCOPE	  "max-ttl 60\nmax-uses 3\n" STATEMENT
#define POLICY	  "Agent claude\n    Scope *\nAgent unknown\n    Scope *\n"

static struct world w;
static int agent; // on the seat
static char code[4];
static struct hs_rd body;
static char socket_path[PATH_MAX], id[64];

static void
begin(const char *policy)
{
	world_helper("sign");
	world_set.show_ms = world_set.gap_ms = 0;
	world_policy(policy);
	world_begin(&w);
	agent = -1;
}

static void
end(void)
{
	if (agent >= 0)
		close(agent);
	world_end(&w);
	assert_null(w.d.seats);
	if (socket_path[0] != '\0')
		assert_int_not_equal(access(socket_path, F_OK), 0);
	socket_path[0] = '\0';
}

static void
open_session(void)
{
	struct hs_agent_opened m;

	world_open(w.client, CEILING, 600);
	world_asked(&w, w.client, HS_EXT_OPEN, code);
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_opened_get(&body, &m), HS_OK);
	world_until(&w, -1);
}

static void
ask(int sock, const char *scope, const char *reason)
{
	const struct hs_agent_seat m = {.what = HS_SEAT_MAKE,
	    .scope = hs_str_c(scope),
	    .agent = hs_str_c("claude"),
	    .reason = hs_str_c(reason)};

	world_send(sock, HS_EXT_SEAT, WORLD_PUT(seat), &m, -1);
}

static void
seated(void)
{
	struct hs_agent_seated m;

	assert_int_equal(hs_agent_seated_get(&body, &m), HS_OK);
	assert_int_equal(hs_str_copy(m.socket, socket_path, sizeof socket_path), HS_OK);
	assert_int_equal(hs_str_copy(m.id, id, sizeof id), HS_OK);
	agent = world_dial_at(socket_path);
}

static void
make(void)
{
	ask(w.client, SCOPE, "");
	assert_int_equal(world_reply(&w, w.client, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	seated();
}

// ---- requests of the RFC

static void
request(int sock, uint8_t type, struct hs_str rest)
{
	struct hs_buf b = {0};
	size_t mark = hs_agent_frame_begin(&b);

	hs_put_u8(&b, type);
	hs_put_raw(&b, rest.p, rest.len);
	hs_agent_frame_end(&b, mark);
	assert_int_equal(send(sock, b.p, b.len, MSG_NOSIGNAL), b.len);
	hs_buf_free(&b);
}

// How many keys are listed; the first, copied.
static uint32_t
list(struct hs_buf *key)
{
	struct hs_rd r;
	struct hs_str blob;
	uint8_t type;
	uint32_t n;

	request(agent, HS_AGENT_LIST, (struct hs_str){0});
	r = hs_rd_of(world_frame(&w, agent));
	assert_int_equal(hs_get_u8(&r, &type), HS_OK);
	assert_int_equal(type, HS_AGENT_IDENTITIES);
	assert_int_equal(hs_get_u32(&r, &n), HS_OK);
	hs_buf_reset(key);
	if (n > 0 && hs_get_string(&r, &blob) == HS_OK)
		hs_put_raw(key, blob.p, blob.len);
	return n;
}

// A login of user by the key that was listed, as its client signs it.
static void
put_login(struct hs_buf *b, const struct hs_buf *key, const char *user)
{
	hs_put_cstring(b, "the session");
	hs_put_u8(b, 50);
	hs_put_cstring(b, user);
	hs_put_cstring(b, "ssh-connection");
	hs_put_cstring(b, "publickey");
	hs_put_u8(b, 1);
	hs_put_cstring(b, "ssh-ed25519-cert-v01@openssh.com");
	hs_put_str(b, hs_buf_str(key));
}

static void
ask_to_sign(const struct hs_buf *key, struct hs_str data)
{
	struct hs_buf b = {0};

	hs_put_str(&b, hs_buf_str(key));
	hs_put_str(&b, data);
	hs_put_u32(&b, 0);
	request(agent, HS_AGENT_SIGN, hs_buf_str(&b));
	hs_buf_free(&b);
}

// Is a login of user signed, by the seat's key?
static bool
signs(const struct hs_buf *key, const char *user)
{
	struct hs_buf data = {0};
	struct hs_str frame;
	struct hs_rd r;
	struct hs_str sig;
	uint8_t type;

	put_login(&data, key, user);
	ask_to_sign(key, hs_buf_str(&data));
	frame = world_frame(&w, agent);
	r = hs_rd_of(frame);
	assert_int_equal(hs_get_u8(&r, &type), HS_OK);
	if (type == HS_AGENT_SIGNED) {
		assert_int_equal(hs_get_string(&r, &sig), HS_OK);
		assert_int_equal(hs_rd_end(&r), HS_OK);
		assert_int_equal(
		    hs_sig_verify(&w.d.seats->pub, sig, hs_buf_str(&data), NULL), HS_OK);
	} else {
		assert_int_equal(type, HS_AGENT_FAILURE);
		assert_int_equal(frame.len, 1);
	}
	hs_buf_free(&data);
	return type == HS_AGENT_SIGNED;
}

static uint64_t
left(void)
{
	return w.d.seats->parts[0].uses_left;
}

// ---- tests

static void
signs_what_it_may(void **unused)
{
	struct hs_buf key = {0}, bare = {0};

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	assert_int_equal(w.d.session.held[0]->uses_left, 7); // three are the seat's
	assert_int_equal(list(&key), 1);
	assert_true(signs(&key, "deploy"));
	assert_false(signs(&key, "root"));
	assert_int_equal(left(), 2);
	hs_key_put(&bare, &w.d.seats->pub); // the login names another key then
	assert_false(signs(&bare, "deploy"));
	key.p[key.len - 1] ^= 1;
	assert_false(signs(&key, "deploy"));
	key.p[key.len - 1] ^= 1;
	assert_true(signs(&key, "deploy") && signs(&key, "deploy"));
	assert_false(signs(&key, "deploy"));
	assert_int_equal(list(&key), 0); // nothing that is no good is offered
	hs_buf_free(&key);
	hs_buf_free(&bare);
	end();
}

// Another seat's certificate, and one of none, are not this seat's to sign with.
static void
anothers_certificate(void **unused)
{
	struct hs_buf key = {0};
	int other, first;

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	first = agent;
	other = world_dial();
	ask(other, SCOPE, "");
	assert_int_equal(world_reply(&w, other, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	seated();
	assert_int_equal(list(&key), 1);
	close(agent);
	agent = first;
	assert_false(signs(&key, "deploy"));
	hs_buf_free(&key);
	close(other);
	end();
}

static void
what_is_no_request(void **unused)
{
	static const uint8_t types[] = {0, 1, 5, 9, 11, 13, 17, 18, 19, 22, 23, 25, 255};
	struct hs_buf key = {0};

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	for (size_t i = 0; i < sizeof types; i++) {
		request(agent, types[i], hs_str_c("\1")); // too much, or too little
		assert_int_equal(world_frame(&w, agent).p[0], HS_AGENT_FAILURE);
	}
	assert_int_equal(list(&key), 1);
	hs_buf_free(&key);
	end();
}

static void
rule4_unrecorded_signs_nothing(void **unused)
{
	struct hs_buf key = {0};

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	assert_int_equal(list(&key), 1);
	atomic_store(&world_log_broken, true);
	assert_false(signs(&key, "deploy"));
	assert_int_equal(left(), 3); // it comes back
	assert_int_equal(w.d.seats->logins, 0);
	atomic_store(&world_log_broken, false);
	assert_true(signs(&key, "deploy"));
	hs_buf_free(&key);
	end();
}

static void
rule4_unrecorded_is_not_made(void **unused)
{
	(void)unused;
	begin(POLICY);
	open_session();
	atomic_store(&world_log_broken, true);
	ask(w.client, SCOPE, "");
	world_refused(&w, w.client, HS_EXT_SEAT, HS_NO_RECORD);
	assert_null(w.d.seats);
	assert_int_equal(w.d.session.held[0]->uses_left, 10);
	assert_int_equal(w.d.session.nlive, 0);
	atomic_store(&world_log_broken, false);
	make(); // and the connection may ask again
	end();
}

// While its record is under way, and later.
static void
whoever_asked_goes(void **unused)
{
	int other;

	(void)unused;
	for (int later = 0; later < 2; later++) {
		begin(POLICY);
		open_session();
		other = world_dial();
		atomic_store(&world_log_held, later == 0);
		ask(other, SCOPE, "");
		while (w.d.seats == NULL)
			world_turn(&w);
		if (later == 1)
			assert_int_equal(
			    world_reply(&w, other, HS_EXT_SEAT, &body), HS_AGENT_DONE);
		close(other);
		world_turn(&w);
		atomic_store(&world_log_held, false); // it is made first, for nobody
		while (w.d.seats != NULL)
			world_turn(&w);
		assert_int_equal(w.d.session.held[0]->uses_left, 10); // nothing was used
		end();
	}
}

static void
a_touch_makes_one(void **unused)
{
	struct hs_buf key = {0};

	(void)unused;
	begin(POLICY);
	world_prompts(NULL);
	agent = world_dial();
	world_watch(&w, agent);
	ask(w.client, SCOPE, "");
	world_asked(&w, w.client, HS_EXT_SEAT, code);
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	close(agent);
	seated();
	assert_string_equal(strchr(id, '.'), ".1");
	assert_true(w.d.seats->parts[0].touched);
	assert_true(
	    hs_str_is(w.d.session.held[0]->grant.payload.holder, w.d.seats->holder));
	assert_int_equal(list(&key), 1);
	assert_true(signs(&key, "deploy"));
	hs_buf_free(&key);
	end();
}

// A seat's asking is its connection's: parked or not, it goes with it.
static void
its_asker_goes_while_it_waits(void **unused)
{
	static const int states[] = {ARMED, PARKED};
	int other, watcher;

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		begin(POLICY);
		world_helper("wait");
		watcher = world_dial();
		world_watch(&w, watcher);
		other = world_dial();
		ask(other, SCOPE, "");
		world_asked(&w, other, HS_EXT_SEAT, code);
		world_until(&w, ARMED);
		if (states[i] == PARKED) {
			world_answer(w.client, code, HS_ANSWER_LATER, -1);
			(void)world_reply(&w, w.client, HS_EXT_ANSWER, &body);
			world_until(&w, PARKED);
		}
		close(other);
		world_until(&w, -1);
		assert_null(w.d.seats);
		assert_false(w.d.session.open);
		close(watcher);
		end();
	}
}

static void
denied_meanwhile(void **unused)
{
	struct hs_buf key = {0}, notes = {0};

	(void)unused;
	begin(POLICY);
	open_session();
	make();
	assert_int_equal(list(&key), 1);
	world_policy("Deny user deploy\n" POLICY);
	assert_int_equal(hs_daemon_reload(&w.d, &notes, NULL), HS_OK);
	assert_false(signs(&key, "deploy"));
	assert_int_equal(list(&key), 0);
	world_policy(POLICY);
	assert_int_equal(hs_daemon_reload(&w.d, &notes, NULL), HS_OK);
	assert_int_equal(list(&key), 1);
	assert_true(signs(&key, "deploy"));
	hs_buf_free(&notes);
	hs_buf_free(&key);
	end();
}

static void
refuse_to_make(const char *scope, enum hs_code want)
{
	ask(w.client, scope, "");
	world_refused(&w, w.client, HS_EXT_SEAT, want);
}

static void
refused(void **unused)
{
	const struct hs_agent_seat end_it = {.what = HS_SEAT_END};

	(void)unused;
	begin(POLICY);
	open_session();
	world_send(w.client, HS_EXT_SEAT, WORLD_PUT(seat), &end_it, -1);
	world_refused(&w, w.client, HS_EXT_SEAT, HS_NO_SUCH);
	refuse_to_make("max-ttl nothing\n", HS_ERR_SCOPE);
	refuse_to_make("max-ttl 60\nmax-uses 11\n" STATEMENT, HS_NO_REASON);
	make();
	refuse_to_make(SCOPE, HS_NO_BUSY);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(signs_what_it_may),
	    cmocka_unit_test(anothers_certificate), cmocka_unit_test(what_is_no_request),
	    cmocka_unit_test(rule4_unrecorded_signs_nothing),
	    cmocka_unit_test(rule4_unrecorded_is_not_made),
	    cmocka_unit_test(whoever_asked_goes), cmocka_unit_test(a_touch_makes_one),
	    cmocka_unit_test(its_asker_goes_while_it_waits),
	    cmocka_unit_test(denied_meanwhile), cmocka_unit_test(refused)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
