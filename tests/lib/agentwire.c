// SPDX-License-Identifier: ISC
//
// Extensions over a test client's connection. Contract in agentwire.h.
#include "tests/lib/agentwire.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "proto/key.h"
#include "proto/names.h"

// The descriptor goes with the first byte; the rest follows by itself.
static size_t
send_first(const struct hs_buf *b, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec iov = {.iov_base = b->p, .iov_len = b->len};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = sizeof control.room};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	n = sendmsg(wire.sock, &m, MSG_NOSIGNAL);
	return n > 0 ? (size_t)n : 0;
}

void
hs_wire_send_fd(
    const char *ext, void (*put)(struct hs_buf *, const void *), const void *m, int fd)
{
	struct hs_buf b = {0};
	size_t mark = hs_agent_frame_begin(&b), sent = 0;

	hs_put_u8(&b, HS_AGENT_EXTENSION);
	hs_put_cstring(&b, ext);
	if (put != NULL)
		put(&b, m);
	hs_agent_frame_end(&b, mark);
	if (fd >= 0)
		sent = send_first(&b, fd);
	wire_send(b.p + sent, b.len - sent);
	hs_buf_free(&b);
}

void
hs_wire_send(const char *ext, void (*put)(struct hs_buf *, const void *), const void *m)
{
	hs_wire_send_fd(ext, put, m, -1);
}

void
hs_wire_show(const char *word, struct hs_str s)
{
	printf("%s %.*s\n", word, (int)s.len, s.len > 0 ? (const char *)s.p : "");
}

void
hs_wire_show_hex(struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++)
		printf("%02x", s.p[i]);
	putchar('\n');
}

struct hs_rd
hs_wire_answer(const char *ext, enum hs_agent_status *status)
{
	struct hs_agent_refusal no = {0};
	struct hs_rd r;
	int rc;

	if (!wire_receive())
		wire_die("the connection ended");
	rc = hs_agent_parse_reply(wire.body, ext, status, &r, &no);
	if (rc != HS_OK)
		wire_die(hs_code_sentence((enum hs_code)rc));
	if (*status == HS_AGENT_REFUSED) {
		hs_wire_show("refused", no.code);
		hs_wire_show("sentence", no.sentence);
		hs_wire_show("remedy", no.remedy);
		exit(3);
	}
	return r;
}

void
hs_wire_check(int rc)
{
	if (rc != HS_OK)
		wire_die(hs_code_sentence((enum hs_code)rc));
}

struct hs_str
hs_wire_file(const char *path)
{
	static struct hs_buf b;
	uint8_t chunk[65536];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		wire_die(path);
	hs_buf_reset(&b);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		hs_put_raw(&b, chunk, n);
	fclose(f);
	return hs_buf_str(&b);
}

static void
make_key(const char *seed_text, uint8_t pub[static 32], uint8_t secret[static 64])
{
	uint8_t seed[32];

	crypto_generichash(
	    seed, sizeof seed, (const uint8_t *)seed_text, strlen(seed_text), NULL, 0);
	crypto_sign_seed_keypair(pub, secret, seed);
}

void
hs_wire_key(const char *seed, struct hs_buf *key)
{
	uint8_t pub[32], secret[64];

	make_key(seed, pub, secret);
	hs_buf_reset(key);
	hs_put_cstring(key, "ssh-ed25519");
	hs_put_string(key, pub, sizeof pub);
}

void
hs_wire_sign(const char *seed, const struct hs_buf *message, struct hs_buf *proof)
{
	uint8_t pub[32], secret[64], sig[64];
	struct hs_buf bytes = {0};

	make_key(seed, pub, secret);
	hs_sshsig_put_signed(&bytes, HS_NS_REQUEST, hs_buf_str(message));
	crypto_sign_detached(sig, NULL, bytes.p, bytes.len, secret);
	hs_buf_reset(proof);
	hs_put_cstring(proof, "ssh-ed25519");
	hs_put_string(proof, sig, sizeof sig);
	hs_buf_free(&bytes);
}

void
hs_wire_request_frame(
    const char *session, const char *scope, const char *agent, struct hs_buf *out)
{
	struct hs_agent_request m = {.scope = hs_str_c(scope), .agent = hs_str_c(agent)};
	struct hs_buf key = {0}, proof = {0}, message = {0}, bytes = {0};
	uint8_t pub[32], secret[64], sig[64];
	size_t mark;

	crypto_sign_keypair(pub, secret);
	hs_put_cstring(&key, "ssh-ed25519");
	hs_put_string(&key, pub, sizeof pub);
	m.key = hs_buf_str(&key);
	hs_agent_put_proof_message(&message, session, &m);
	hs_sshsig_put_signed(&bytes, HS_NS_REQUEST, hs_buf_str(&message));
	crypto_sign_detached(sig, NULL, bytes.p, bytes.len, secret);
	hs_put_cstring(&proof, "ssh-ed25519");
	hs_put_string(&proof, sig, sizeof sig);
	m.proof = hs_buf_str(&proof);
	mark = hs_agent_frame_begin(out);
	hs_put_u8(out, HS_AGENT_EXTENSION);
	hs_put_cstring(out, HS_EXT_REQUEST);
	hs_agent_request_put(out, &m);
	hs_agent_frame_end(out, mark);
	hs_buf_free(&key);
	hs_buf_free(&proof);
	hs_buf_free(&message);
	hs_buf_free(&bytes);
}
