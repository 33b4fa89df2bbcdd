// SPDX-License-Identifier: ISC
//
// Seats in the daemon's loop (world.h), and an agent on one: asking for it, listing,
// signing. Only for tests that are linked with agentd's objects.
#ifndef HS_TESTS_SEATING_H
#define HS_TESTS_SEATING_H

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

static inline void
begin(const char *policy)
{
	world_helper("sign");
	world_set.show_ms = world_set.gap_ms = 0;
	world_policy(policy);
	world_begin(&w);
	agent = -1;
}

static inline void
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

static inline void
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

static inline void
ask(int sock, const char *scope, const char *reason)
{
	const struct hs_agent_seat m = {.what = HS_SEAT_MAKE,
	    .scope = hs_str_c(scope),
	    .agent = hs_str_c("claude"),
	    .reason = hs_str_c(reason)};

	world_send(sock, HS_EXT_SEAT, WORLD_PUT(seat), &m, -1);
}

static inline void
seated(void)
{
	struct hs_agent_seated m;

	assert_int_equal(hs_agent_seated_get(&body, &m), HS_OK);
	assert_int_equal(hs_str_copy(m.socket, socket_path, sizeof socket_path), HS_OK);
	assert_int_equal(hs_str_copy(m.id, id, sizeof id), HS_OK);
	agent = world_dial_at(socket_path);
}

static inline void
make(void)
{
	ask(w.client, SCOPE, "");
	assert_int_equal(world_reply(&w, w.client, HS_EXT_SEAT, &body), HS_AGENT_DONE);
	seated();
}

// ---- requests of the RFC

static inline void
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
static inline uint32_t
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
static inline void
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

static inline void
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
static inline bool
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

static inline uint64_t
left(void)
{
	return w.d.seats->parts[0].uses_left;
}

#endif
