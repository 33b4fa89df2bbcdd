// SPDX-License-Identifier: ISC
//
// The clients of a daemon in a test's loop: frames out, replies in. Contract in world.h.
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "proto/names.h"

int
world_dial(void)
{
	return world_dial_at(world_set.socket);
}

int
world_dial_at(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(strlen(path) < sizeof sun.sun_path);
	memcpy(sun.sun_path, path, strlen(path));
	assert_int_equal(connect(sock, (struct sockaddr *)&sun, sizeof sun), 0);
	return sock;
}

void
world_send(int sock, const char *ext, void (*put)(struct hs_buf *, const void *),
    const void *m, int fd)
{
	struct hs_buf b = {0};
	size_t mark = hs_agent_frame_begin(&b);
	union {
		struct cmsghdr align;
		char mem[CMSG_SPACE(sizeof fd)];
	} control = {0};
	struct iovec v;
	struct msghdr msg = {.msg_iov = &v, .msg_iovlen = 1};

	hs_put_u8(&b, HS_AGENT_EXTENSION);
	hs_put_cstring(&b, ext);
	if (put != NULL)
		put(&b, m);
	hs_agent_frame_end(&b, mark);
	v = (struct iovec){b.p, b.len};
	if (fd >= 0) {
		msg.msg_control = control.mem;
		msg.msg_controllen = sizeof control.mem;
		*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
		    .cmsg_type = SCM_RIGHTS,
		    .cmsg_len = CMSG_LEN(sizeof fd)};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &fd, sizeof fd);
	}
	assert_int_equal(sendmsg(sock, &msg, MSG_NOSIGNAL), b.len);
	hs_buf_free(&b);
}

void
world_open(int sock, const char *scope, uint64_t ttl)
{
	const struct hs_agent_open m = {.scope = hs_str_c(scope), .ttl = ttl};

	world_send(sock, HS_EXT_OPEN, WORLD_PUT(open), &m, -1);
}

// A signature of the agent's key over the SSHSIG bytes of message.
static void
prove(struct hs_str message, struct hs_buf *key, struct hs_buf *proof)
{
	struct hs_buf bytes = {0};
	uint8_t pub[32], secret[64], sig[64];

	assert_int_equal(crypto_sign_seed_keypair(pub, secret, world_agent.secret), 0);
	hs_key_put(key, &world_agent.key);
	hs_sshsig_put_signed(&bytes, HS_NS_REQUEST, message);
	crypto_sign_detached(sig, NULL, bytes.p, bytes.len, secret);
	hs_put_cstring(proof, "ssh-ed25519");
	hs_put_string(proof, sig, sizeof sig);
	hs_buf_free(&bytes);
}

static void
request(struct world *w, int sock, struct hs_agent_request m)
{
	struct hs_buf key = {0}, proof = {0}, message = {0};

	hs_key_put(&key, &world_agent.key);
	m.key = hs_buf_str(&key);
	hs_agent_put_proof_message(&message, w->d.session.id, &m);
	hs_buf_free(&key);
	prove(hs_buf_str(&message), &key, &proof);
	m.key = hs_buf_str(&key);
	m.proof = hs_buf_str(&proof);
	world_send(sock, HS_EXT_REQUEST, WORLD_PUT(request), &m, -1);
	hs_buf_free(&key);
	hs_buf_free(&proof);
	hs_buf_free(&message);
}

void
world_request(
    struct world *w, int sock, const char *scope, const char *agent, const char *reason)
{
	request(w, sock,
	    (struct hs_agent_request){.scope = hs_str_c(scope),
		.agent = hs_str_c(agent),
		.reason = hs_str_c(reason)});
}

void
world_request_direct(
    struct world *w, int sock, const char *scope, const char *agent, const char *reason)
{
	request(w, sock,
	    (struct hs_agent_request){.scope = hs_str_c(scope),
		.agent = hs_str_c(agent),
		.reason = hs_str_c(reason),
		.direct = 1});
}

void
world_pending(int sock, const char *code, uint32_t wait)
{
	const struct hs_agent_pending m = {.code = hs_str_c(code), .wait = wait};

	world_send(sock, HS_EXT_PENDING, WORLD_PUT(pending), &m, -1);
}

void
world_pending_by_key(int sock, const char *code, uint32_t wait)
{
	struct hs_agent_pending m = {.code = hs_str_c(code), .wait = wait};
	struct hs_buf key = {0}, proof = {0}, message = {0};

	hs_key_put(&key, &world_agent.key);
	hs_agent_put_wait_message(&message, m.code, hs_buf_str(&key));
	hs_buf_free(&key);
	prove(hs_buf_str(&message), &key, &proof);
	m.key = hs_buf_str(&key);
	m.proof = hs_buf_str(&proof);
	world_send(sock, HS_EXT_PENDING, WORLD_PUT(pending), &m, -1);
	hs_buf_free(&key);
	hs_buf_free(&proof);
	hs_buf_free(&message);
}

void
world_answer(int sock, const char *code, enum hs_agent_answer_what what, int pin_fd)
{
	const struct hs_agent_answer m = {
	    .code = hs_str_c(code), .what = (uint8_t)what, .pin = pin_fd >= 0};

	world_send(sock, HS_EXT_ANSWER, WORLD_PUT(answer), &m, pin_fd);
}

void
world_watch(struct world *w, int sock)
{
	struct hs_agent_events m = {.after = 0, .prompts = 1};
	struct hs_rd body;

	world_send(sock, HS_EXT_EVENTS, WORLD_PUT(events), &m, -1);
	assert_int_equal(world_reply(w, sock, HS_EXT_EVENTS, &body), HS_AGENT_DONE);
	assert_int_equal(hs_get_u64(&body, &m.after), HS_OK);
	m.wait = 3600;
	world_send(sock, HS_EXT_EVENTS, WORLD_PUT(events), &m, -1);
	for (int i = 0; i < 5; i++)
		world_turn(w);
}

struct hs_str
world_frame(struct world *w, int sock)
{
	struct hs_str frame;
	uint8_t chunk[4096], head[4] = {0};
	size_t used, want = 4;

	hs_buf_free(&w->got);
	for (int i = 0; i < WORLD_DEADLINE_MS; i++) {
		// no more than this reply: another may be behind it
		ssize_t n = recv(sock, chunk,
		    want - w->got.len < sizeof chunk ? want - w->got.len : sizeof chunk,
		    MSG_DONTWAIT);

		if (n == 0)
			fail_msg("the daemon ended the connection");
		hs_put_raw(&w->got, chunk, n > 0 ? (size_t)n : 0);
		if (want == 4 && w->got.len == 4) {
			memcpy(head, w->got.p, 4);
			want = 4 + (((size_t)head[0] << 24) | ((size_t)head[1] << 16) |
				       ((size_t)head[2] << 8) | head[3]);
		}
		if (want > 4 && w->got.len == want)
			break;
		if (n < 0)
			world_turn(w);
	}
	assert_int_equal(hs_agent_frame(hs_buf_str(&w->got), &frame, &used), HS_OK);
	return frame;
}

enum hs_agent_status
world_reply(struct world *w, int sock, const char *ext, struct hs_rd *body)
{
	struct hs_agent_refusal no;
	enum hs_agent_status status;
	struct hs_str frame = world_frame(w, sock);

	assert_int_equal(hs_agent_parse_reply(frame, ext, &status, body, &no), HS_OK);
	if (status == HS_AGENT_REFUSED)
		*body = hs_rd_of(no.code);
	return status;
}

void
world_refused(struct world *w, int sock, const char *ext, enum hs_code code)
{
	struct hs_rd body;

	assert_int_equal(world_reply(w, sock, ext, &body), HS_AGENT_REFUSED);
	assert_int_equal(hs_code_from_name((const char *)body.p, body.left), code);
}

static bool
measuring(const struct world *w)
{
	const struct hs_conn *c = w->d.conns;

	while (c != NULL && c->measuring == NULL)
		c = c->next;
	return c != NULL;
}

void
world_asked(struct world *w, int sock, const char *ext, char code[static 4])
{
	struct hs_agent_asked m;
	struct hs_rd body;

	if (world_reply(w, sock, ext, &body) == HS_AGENT_REFUSED)
		fail_msg("refused: %.*s", (int)body.left, (const char *)body.p);
	assert_int_equal(hs_agent_asked_get(&body, &m), HS_OK);
	assert_int_equal(hs_str_copy(m.code, code, 4), HS_OK);
	for (int i = 0; measuring(w) && i < WORLD_DEADLINE_MS; i++)
		world_turn(w);
	assert_false(measuring(w));
}

const char *
world_record(const char *what)
{
	static char found[65536];
	char path[PATH_MAX], line[sizeof found];
	FILE *f;

	found[0] = '\0';
	(void)snprintf(path, sizeof path, "%s/audit.jsonl", world_dir);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		if (strstr(line, what) != NULL)
			memcpy(found, line, sizeof found);
	assert_int_equal(fclose(f), 0);
	return found;
}
